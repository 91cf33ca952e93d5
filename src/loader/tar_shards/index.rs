//! Index: the samples of one shard, put together from its entries by WebDataset's rule.

use std::collections::HashMap;

use super::archive::{Entry, Forward, Kind, for_each_entry};
use super::labels::{ClassList, Labels};
use crate::loader::decode::EXTENSIONS;

/// The most bytes of a label's file.
const LARGEST_LABEL: u64 = 1 << 20;

/// The most bytes of the file of an image or a mask. A shard with holes can claim more than there is memory.
const LARGEST_FILE: u64 = 512 << 20;

/// What the files of a sample are, by their extensions.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    /// Extensions of images. If there are none, all that can be decoded.
    pub images: Vec<String>,
    /// Extensions of masks.
    pub masks: Vec<String>,
    pub labels: Labels,
    pub classes: ClassList,
}

/// A sample of a shard. A broken one has the reason in place of its label.
#[derive(Debug)]
pub(super) struct Found {
    pub key: String,
    pub image: Span,
    pub mask: Option<Span>,
    pub label: Result<u32, String>,
}

/// The place of a file's contents.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    pub offset: u64,
    pub bytes: u64,
}

/// The role of a file, and how well its extension fits: 0 for the whole extension, 1 for its last part. So `a.v1.jpg`
/// is an image unless there is an `a.jpg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Role {
    Image,
    Mask,
    Cls,
    Json,
}

/// The best file of a role.
#[derive(Debug)]
struct Part {
    name: String,
    fit: u8,
    kind: Kind,
    span: Span,
    /// The contents of a label's file.
    text: Result<String, String>,
    /// Another file that fits as well.
    rival: Option<String>,
}

/// The parts of a sample that are found so far.
#[derive(Default)]
struct Parts {
    found: Vec<(Role, Part)>,
}

/// The samples of a shard in the order in which their keys first occur. An error is about the whole shard.
pub(super) fn index<R: Forward>(reader: &mut R, length: Option<u64>, rules: &Rules) -> Result<Vec<Found>, String> {
    let mut order: Vec<(String, Parts)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for_each_entry(reader, length, |entry, reader| {
        let Some((key, extension)) = divided(&entry.name) else { return Ok(0) };
        let Some((role, fit)) = rules.role(&extension) else { return Ok(0) };
        let place = *places.entry(key.to_string()).or_insert_with(|| {
            order.push((key.to_string(), Parts::default()));
            order.len() - 1
        });
        let (text, read) = match role {
            Role::Cls | Role::Json => text(entry, reader)?,
            Role::Image | Role::Mask => (Ok(String::new()), 0),
        };
        order[place].1.add(role, fit, entry, text);
        Ok(read)
    })?;
    Ok(order.into_iter().filter_map(|(key, parts)| parts.sample(key, rules)).collect())
}

impl Rules {
    /// The role of a file with this extension. `None` if it is no part of a sample.
    fn role(&self, extension: &str) -> Option<(Role, u8)> {
        let is_one_of = |list: &[String]| list.iter().any(|known| known == extension);
        if is_one_of(&self.masks) {
            return Some((Role::Mask, 0));
        }
        let last = extension.rsplit('.').next().unwrap_or(extension);
        let fit = u8::from(last.len() < extension.len());
        if !self.images.is_empty() {
            if is_one_of(&self.images) {
                return Some((Role::Image, 0));
            }
        } else if EXTENSIONS.contains(&last) {
            return Some((Role::Image, fit));
        }
        match last {
            _ if self.labels == Labels::None => None,
            "cls" => Some((Role::Cls, fit)),
            "json" => Some((Role::Json, fit)),
            _ => None,
        }
    }

    fn image_extensions(&self) -> String {
        if self.images.is_empty() { EXTENSIONS.join(", ") } else { self.images.join(", ") }
    }
}

/// The key, which ends at the first dot of the file's name, and the extension in lower case. `None` for names that are
/// no part of a sample: hidden files, files without an extension, and WebDataset's own `__...__`.
fn divided(name: &str) -> Option<(&str, String)> {
    let base = name.rfind('/').map_or(0, |slash| slash + 1);
    let first = name.split('/').next().unwrap_or_default();
    if first.len() >= 4 && first.starts_with("__") && first.ends_with("__") {
        return None;
    }
    match name[base..].find('.')? {
        0 => None,
        dot => Some((&name[..base + dot], name[base + dot + 1..].to_lowercase())),
    }
}

/// The text of a label's file, and how many bytes were read.
fn text(entry: &Entry, reader: &mut impl Forward) -> Result<(Result<String, String>, u64), String> {
    if entry.bytes > LARGEST_LABEL {
        let reason = format!("expected a label file of at most {LARGEST_LABEL} bytes, got {}", entry.bytes);
        return Ok((Err(reason), 0));
    }
    let mut bytes = vec![0; entry.bytes as usize];
    let name = &entry.name;
    reader.read_exact(&mut bytes).map_err(|e| format!("truncated: {name}: {e}"))?;
    Ok((Ok(String::from_utf8_lossy(&bytes).into_owned()), entry.bytes))
}

impl Parts {
    fn add(&mut self, role: Role, fit: u8, entry: &Entry, text: Result<String, String>) {
        let span = Span { offset: entry.offset, bytes: entry.bytes };
        let new = Part { name: entry.name.clone(), fit, kind: entry.kind.clone(), span, text, rival: None };
        match self.found.iter_mut().find(|(known, _)| *known == role) {
            None => self.found.push((role, new)),
            Some((_, best)) if fit < best.fit => *best = new,
            Some((_, best)) if fit == best.fit => {
                best.rival.get_or_insert(new.name);
            }
            Some(_) => {}
        }
    }

    fn take(&mut self, role: Role) -> Option<Part> {
        let place = self.found.iter().position(|(known, _)| *known == role)?;
        Some(self.found.swap_remove(place).1)
    }

    /// The sample. `None` for metadata without an image and without a label.
    fn sample(mut self, key: String, rules: &Rules) -> Option<Found> {
        let (image, mask) = (self.take(Role::Image), self.take(Role::Mask));
        let (cls, json) = (self.take(Role::Cls), self.take(Role::Json));
        let has_cls = cls.is_some();
        let label = label(cls, json, rules);
        let broken = |key, reason| Some(Found { key, image: Span::default(), mask: None, label: Err(reason) });
        let Some(image) = image else {
            // A JSON file alone can be about the whole set. A label alone is half a sample, and so is a mask.
            if !has_cls && mask.is_none() && !matches!(label, Ok(Some(_))) {
                return None;
            }
            let half = if has_cls || mask.is_none() { "label" } else { "mask" };
            return broken(key, format!("it has a {half} and no image ({})", rules.image_extensions()));
        };
        let label = match label {
            Ok(Some(label)) => label,
            Ok(None) => return broken(key, "it has no label: no .cls, and no .json with `label` or `cls`".to_string()),
            Err(reason) => return broken(key, reason),
        };
        let image = match image.span("images", "`image_extensions`") {
            Ok(image) => image,
            Err(reason) => return broken(key, reason),
        };
        let mask = match mask.map(|mask| mask.span("masks", "`mask_extensions`")).transpose() {
            Ok(mask) => mask,
            Err(reason) => return broken(key, reason),
        };
        Some(Found { key, image, mask, label: Ok(label) })
    }
}

impl Part {
    /// Its place, if it is one plain file.
    fn span(self, what: &str, option: &str) -> Result<Span, String> {
        let Part { name, kind, span, rival, .. } = self;
        match (kind, rival) {
            (_, Some(rival)) if rival == name => Err(format!("{name} is there twice")),
            (_, Some(rival)) => Err(format!("it has two {what}, {name} and {rival}; choose by {option}")),
            (Kind::Other(what), None) => Err(format!("{name} is {what}, and only plain files are read")),
            (Kind::File, None) if span.bytes > LARGEST_FILE => {
                Err(format!("{name} has {} bytes, and at most {LARGEST_FILE} are read", span.bytes))
            }
            (Kind::File, None) => Ok(span),
        }
    }

    fn text(self) -> Result<String, String> {
        let Part { name, kind, text, rival, .. } = self;
        match (kind, rival) {
            (_, Some(rival)) => Err(format!("it has two labels, {name} and {rival}")),
            (Kind::Other(what), None) => Err(format!("{name} is {what}, and only plain files are read")),
            (Kind::File, None) => text.map_err(|reason| format!("{name}: {reason}")),
        }
    }
}

/// The label. A `.cls` decides, and then a `.json` is not looked at.
fn label(cls: Option<Part>, json: Option<Part>, rules: &Rules) -> Result<Option<u32>, String> {
    if rules.labels == Labels::None {
        return Ok(Some(0));
    }
    let Some(part) = cls else {
        let Some(part) = json else { return Ok(None) };
        let name = part.name.clone();
        return rules.classes.of_json(&part.text()?).map_err(|reason| format!("{name}: {reason}"));
    };
    let name = part.name.clone();
    let text = part.text()?;
    let number = rules.classes.number(text.trim_start_matches('\u{feff}'));
    number.map(Some).map_err(|reason| format!("{name}: {reason}"))
}
