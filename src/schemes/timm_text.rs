//! timm's configuration strings: `rand-m9-mstd0.5-inc1`, `v0-mstd0.5`.
//!
//! They mean the same as in timm 1.0.31. Four things are refused that timm accepts, because they hardly mean what it
//! makes of them:
//!
//! * a section without a number, which timm ignores (`mstdinf`)
//! * a section that occurs twice
//! * the name of an unknown set of operations
//! * a number outside the range of its type
//!
//! `v0` alone is TensorFlow's policy here, so timm's without noise is `v0-mstd0`. `augmix` alone is torchvision's, so
//! timm's is `augmix-m3`.

use std::fmt;
use std::str::FromStr;

use super::{Scheme, TimmAugMix, TimmAutoAugment, TimmList, TimmRandAugment, TimmSet};
use crate::error::{Error, Result};

fn syntax(message: String) -> Error {
    Error::Syntax { what: "timm's configuration string", message }
}

/// The scheme of `text`, if its first word is one of timm's.
pub(super) fn scheme(text: &str) -> Option<Result<Scheme>> {
    let (word, sections) = match text.split_once('-') {
        Some((word, sections)) => (word, Some(sections)),
        None => (text, None),
    };
    let sections = Sections { text, list: sections.map_or_else(Vec::new, |s| s.split('-').collect()) };
    match word {
        "rand" => Some(rand(&sections)),
        "v0" if sections.list.is_empty() => None,
        "augmix" if !sections.list.is_empty() => Some(aug_mix(&sections)),
        _ => TimmList::ALL.into_iter().find(|list| list.name() == word).map(|list| auto(list, &sections)),
    }
}

struct Sections<'a> {
    text: &'a str,
    list: Vec<&'a str>,
}

impl Sections<'_> {
    /// Calls `each` with key and value of every section. It returns whether it knows the key.
    fn read(&self, mut each: impl FnMut(&str, &str) -> Result<bool>) -> Result<()> {
        let text = self.text;
        let mut seen: Vec<&str> = Vec::new();
        for section in &self.list {
            // Sets of operations have names, all else has numbers.
            let digit = if section.starts_with('t') { Some(1) } else { section.find(|c: char| c.is_ascii_digit()) };
            let Some((key, value)) = digit.and_then(|at| section.split_at_checked(at)) else {
                return Err(syntax(format!("`{section}` in `{text}` has no number")));
            };
            if seen.contains(&key) {
                return Err(syntax(format!("`{key}` stands twice in `{text}`")));
            }
            if !each(key, value)? {
                return Err(syntax(format!("timm has no section `{section}` in `{text}`")));
            }
            seen.push(key);
        }
        Ok(())
    }

    fn number<T: FromStr>(&self, key: &str, value: &str, of: &str) -> Result<T> {
        value.parse().map_err(|_| syntax(format!("`{key}{value}` in `{}`: `{value}` is not {of}", self.text)))
    }
}

fn rand(sections: &Sections<'_>) -> Result<Scheme> {
    let mut scheme = TimmRandAugment::default();
    let (whole, real) = ("a whole number", "a number");
    sections.read(|key, value| {
        match key {
            "m" => scheme.m = sections.number(key, value, whole)?,
            "n" => scheme.n = sections.number(key, value, whole)?,
            "p" => scheme.p = sections.number(key, value, real)?,
            "inc" => scheme.increasing = sections.number::<u32>(key, value, whole)? != 0,
            "mstd" => {
                let mstd: f64 = sections.number(key, value, real)?;
                scheme.mstd = if mstd > 100.0 { f64::INFINITY } else { mstd };
            }
            "mmax" => {
                let mmax = sections.number(key, value, whole)?;
                // timm takes 0 for none.
                scheme.mmax = if mmax == 0 { 10 } else { mmax };
            }
            "t" => {
                let found = TimmSet::NAMES.into_iter().find(|(name, _)| *name == value);
                let unknown = || syntax(format!("`t{value}` in `{}` must be tweights, t3a or t3aw", sections.text));
                (_, scheme.set) = found.ok_or_else(unknown)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(scheme.into())
}

fn aug_mix(sections: &Sections<'_>) -> Result<Scheme> {
    let mut scheme = TimmAugMix::default();
    let (whole, real) = ("a whole number", "a number");
    sections.read(|key, value| {
        match key {
            "m" => scheme.m = sections.number(key, value, whole)?,
            "w" => scheme.width = sections.number(key, value, whole)?,
            "d" => scheme.depth = sections.number(key, value, whole)?,
            "a" => scheme.alpha = sections.number(key, value, real)?,
            "mstd" => scheme.mstd = sections.number(key, value, real)?,
            "b" => scheme.blended = sections.number::<u32>(key, value, whole)? != 0,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(scheme.into())
}

fn auto(list: TimmList, sections: &Sections<'_>) -> Result<Scheme> {
    let mut mstd = 0.0;
    sections.read(|key, value| {
        if key == "mstd" {
            mstd = sections.number(key, value, "a number")?;
        }
        Ok(key == "mstd")
    })?;
    Ok(TimmAutoAugment::new(list).mstd(mstd).into())
}

impl fmt::Display for TimmRandAugment {
    /// Its configuration string. timm's defaults are left out, except the magnitude.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let default = TimmRandAugment::default();
        write!(f, "rand-m{}", self.m)?;
        if self.n != default.n {
            write!(f, "-n{}", self.n)?;
        }
        if self.p != default.p {
            write!(f, "-p{}", self.p)?;
        }
        if self.mstd == f64::INFINITY {
            f.write_str("-mstd101")?;
        } else if self.mstd != default.mstd {
            write!(f, "-mstd{}", self.mstd)?;
        }
        if self.mmax != default.mmax {
            write!(f, "-mmax{}", self.mmax)?;
        }
        if self.increasing {
            f.write_str("-inc1")?;
        }
        match TimmSet::NAMES.into_iter().find(|(_, set)| *set == self.set) {
            Some((name, _)) => write!(f, "-t{name}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for TimmAugMix {
    /// Its configuration string.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let default = TimmAugMix::default();
        write!(f, "augmix-m{}", self.m)?;
        if self.width != default.width {
            write!(f, "-w{}", self.width)?;
        }
        if self.depth != default.depth {
            write!(f, "-d{}", self.depth)?;
        }
        if self.mstd != default.mstd {
            write!(f, "-mstd{}", self.mstd)?;
        }
        if self.alpha != default.alpha {
            write!(f, "-a{}", self.alpha)?;
        }
        if self.blended { f.write_str("-b1") } else { Ok(()) }
    }
}

impl fmt::Display for TimmAutoAugment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.list().name())?;
        let mstd = self.deviation();
        // timm's v0 is not the policy that is called v0 here.
        if mstd != 0.0 || self.list() == TimmList::V0 { write!(f, "-mstd{mstd}") } else { Ok(()) }
    }
}
