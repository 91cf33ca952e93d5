//! Results: one run as JSON and as a table, and what is new against the last one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::conformance::Conformance;
use crate::first_batch::FirstBatch;
use crate::speed::{Adapter, COLUMNS, Line};

/// Changes below this part are not told.
const NOTICED: f64 = 0.03;

/// Everything of one run.
#[derive(Serialize)]
pub struct Run {
    pub date: String,
    pub version: &'static str,
    pub adapter: Adapter,
    pub short: bool,
    pub conformance: Vec<Conformance>,
    /// Cold, then with what the driver kept.
    pub first_batch: Option<[FirstBatch; 2]>,
    pub speed: Vec<Line>,
    pub seconds: f64,
}

impl Run {
    pub fn differing_values(&self) -> usize {
        self.conformance.iter().map(|group| group.differing_values).sum()
    }

    /// Writes `gpu-<date>.json` and `.csv`, and returns the second one's path.
    pub fn write(&self, folder: &Path) -> Result<PathBuf> {
        let name = |extension: &str| folder.join(format!("gpu-{}.{extension}", self.date));
        whole(&name("json"), &format!("{}\n", serde_json::to_string_pretty(self)?))?;
        let lines = self.speed.iter().map(Line::csv);
        let table: Vec<String> = std::iter::once(COLUMNS.to_string()).chain(lines).collect();
        whole(&name("csv"), &format!("{}\n", table.join("\n")))?;
        Ok(name("csv"))
    }

    /// What changed against another run's rows.
    pub fn against(&self, last: &[Line]) -> String {
        let mut text = String::new();
        for line in &self.speed {
            let Some(before) = last.iter().find(|other| other.is_like(line)) else { continue };
            let ratio = line.images_per_second / before.images_per_second;
            if (ratio - 1.0).abs() > NOTICED {
                let Line { side, images, dtype, grouping, row, .. } = line;
                let _ =
                    writeln!(text, "{row}, {images} of {side} x {side} to {dtype}, {grouping}: {ratio:.2} of the last");
            }
        }
        text
    }
}

/// A file, or none: it is renamed when it is whole.
fn whole(path: &Path, text: &str) -> Result<()> {
    let part = path.with_extension("part");
    std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, path)).with_context(|| path.display().to_string())
}

/// The rows of the newest run in a folder that is older than `date`, and that run's date.
pub fn last(folder: &Path, date: &str) -> Result<Option<(String, Vec<Line>)>> {
    let mut dates = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let found = name.strip_prefix("gpu-").and_then(|rest| rest.strip_suffix(".csv"));
        dates.extend(found.filter(|found| *found < date).map(str::to_string));
    }
    let Some(newest) = dates.into_iter().max() else { return Ok(None) };
    let path = folder.join(format!("gpu-{newest}.csv"));
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let lines: Option<Vec<Line>> = text.lines().skip(1).map(parsed).collect();
    Ok(Some((newest, lines.with_context(|| format!("{}: a line does not have {COLUMNS}", path.display()))?)))
}

fn parsed(line: &str) -> Option<Line> {
    let fields: Vec<&str> = line.split(',').collect();
    let [side, images, dtype, grouping, row, images_per_second, gigabytes_per_second, of_limit, spread] = fields[..]
    else {
        return None;
    };
    Some(Line {
        side: side.parse().ok()?,
        images: images.parse().ok()?,
        dtype: dtype.to_string(),
        grouping: grouping.to_string(),
        row: row.to_string(),
        images_per_second: images_per_second.parse().ok()?,
        gigabytes_per_second: gigabytes_per_second.parse().ok()?,
        of_limit: of_limit.parse().ok()?,
        spread: spread.parse().ok()?,
    })
}

/// A name for a folder: small letters, digits and hyphens.
pub fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

/// Today in UTC, as year-month-day.
pub fn today() -> Result<String> {
    Ok(date(SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_secs() / 86_400))
}

/// The date of a day since 1970, in years that begin in March, so that a leap day is a year's last.
fn date(days: u64) -> String {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let of_month = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{of_month:02}", era * 400 + year + later)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_788, "2026-12-01"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn names_become_folders() {
        assert_eq!(slug("NVIDIA H100 80GB (HBM3)"), "nvidia-h100-80gb-hbm3");
    }

    #[test]
    fn rows_are_read_as_they_were_written() {
        let line = Line {
            side: 32,
            images: 256,
            dtype: "f16".to_string(),
            grouping: "by-class".to_string(),
            row: "gpu_resident".to_string(),
            images_per_second: 1234.5,
            gigabytes_per_second: 0.125,
            of_limit: 0.75,
            spread: 0.0625,
        };
        assert_eq!(parsed(&line.csv()), Some(line.clone()));
        assert_eq!(parsed("32,256"), None);
        let folder = tempfile::tempdir().unwrap();
        for (date, rate) in [("2026-01-02", "1.0"), ("2026-03-04", "617.25"), ("2026-12-31", "5.0")] {
            let text = line.csv().replace("1234.5", rate);
            std::fs::write(folder.path().join(format!("gpu-{date}.csv")), format!("{COLUMNS}\n{text}\n")).unwrap();
        }
        let (date, last) = last(folder.path(), "2026-12-01").unwrap().unwrap();
        assert_eq!((date.as_str(), last[0].images_per_second), ("2026-03-04", 617.25));
        let run = Run {
            date: "2026-12-01".to_string(),
            version: "0",
            adapter: Adapter {
                name: "a".to_string(),
                backend: String::new(),
                kind: String::new(),
                driver: String::new(),
                is_software: false,
                has_timestamps: false,
            },
            short: false,
            conformance: Vec::new(),
            first_batch: None,
            speed: vec![line],
            seconds: 0.0,
        };
        assert_eq!(run.against(&last), "gpu_resident, 256 of 32 x 32 to f16, by-class: 2.00 of the last\n");
        run.write(folder.path()).unwrap();
        assert_eq!(super::last(folder.path(), "2026-12-02").unwrap().unwrap().1, run.speed);
    }
}
