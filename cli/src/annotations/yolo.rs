//! Yolo: a folder of labels, one text file for each image. A line is one object: its class, then its box as center x,
//! center y, width and height, or the corners of its polygon. All are fractions of the image's sides. A line of a pose
//! has its box, and behind it x, y and the visibility of each keypoint: 0, 1 or 2.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use autoaugment::Size;
use autoaugment::targets::BoundingBox;
use walkdir::WalkDir;

use super::targets::{Keypoint, Moved, Object, order};
use crate::terminal::{self, quoted};
use crate::{outcome, read};

/// The most bytes of a file of labels, and of class names.
const MOST: u64 = 16 << 20;
/// The file of class names that labeling tools leave in the folder.
const CLASSES: &str = "classes.txt";
/// How far coordinates may be out of 0..=1: they are rounded.
const ROUNDING: f64 = 0.01;

pub struct Yolo {
    folder: PathBuf,
    /// The names of the classes, if they are known.
    classes: Option<Vec<String>>,
    /// The names of the keypoints, if the labels are of poses.
    keypoints: Vec<String>,
}

impl Yolo {
    /// The labels in `folder`. The names of classes are in `classes`, or in the folder's `classes.txt`. With names of
    /// `keypoints` each label is a pose.
    pub fn open(folder: &Path, classes: Option<&Path>, keypoints: &[String]) -> anyhow::Result<Self> {
        ensure!(folder.is_dir(), "{}: it is no folder; --yolo takes the folder of the labels", terminal::name(folder));
        let own = folder.join(CLASSES);
        let classes = match classes {
            Some(path) => Some(path),
            None => own.is_file().then_some(own.as_path()),
        };
        let names = |path| {
            let names: Vec<String> = text(path)?.lines().map(|line| line.trim().to_string()).collect();
            let last = names.iter().rposition(|name| !name.is_empty()).map_or(0, |place| place + 1);
            ensure!(last > 0, "{}: there are no names of classes, one a line", terminal::name(path));
            Ok(names[..last].to_vec())
        };
        let classes = classes.map(names).transpose()?;
        Ok(Yolo { folder: folder.to_path_buf(), classes, keypoints: keypoints.to_vec() })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The label file of an image, by its path inside the input folder.
    pub fn path(&self, image: &Path) -> PathBuf {
        self.folder.join(image.with_extension("txt"))
    }

    /// The objects of an image; none if it has no label file.
    pub fn objects(&self, image: &Path, size: Size) -> anyhow::Result<Option<Vec<Object>>> {
        let path = self.path(image);
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        let text = text(&path)?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let object = |(number, line): (usize, &str)| {
            let object = self.object(number, line, size);
            object.with_context(|| format!("{}, line {}", terminal::name(&path), number + 1))
        };
        lines.map(object).collect::<anyhow::Result<_>>().map(Some)
    }

    fn object(&self, number: usize, line: &str, size: Size) -> anyhow::Result<Object> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some((class, words)) = words.split_first() else { bail!("the line is empty") };
        let Ok(class) = class.parse::<usize>() else {
            bail!("the class `{}` is not a whole number from 0", quoted(class));
        };
        if let Some(names) = &self.classes
            && class >= names.len()
        {
            bail!("the class {class} is outside 0..{}", names.len());
        }
        let (width, height) = (size.width as f64, size.height as f64);
        let (words, points) = match self.keypoints.len() {
            0 => (words, &[][..]),
            points if words.len() == 4 + 3 * points => words.split_at(4),
            points => bail!(
                "there are {} numbers behind the class; a pose has {}: a box of 4, and x, y and the visibility of each \
                 of {points} keypoints",
                words.len(),
                4 + 3 * points
            ),
        };
        let numbers: Vec<f64> = words.iter().map(|word| coordinate(word)).collect::<anyhow::Result<_>>()?;
        let keypoint = |words: &[&str]| {
            let (x, y) = (coordinate(words[0])?, coordinate(words[1])?);
            match words[2].parse::<f64>() {
                Ok(0.0) => Ok(None),
                Ok(visibility @ (1.0 | 2.0)) => Ok(Some(Keypoint { point: [x * width, y * height], visibility })),
                _ => bail!("the visibility `{}` of a keypoint is none of 0, 1 and 2", quoted(words[2])),
            }
        };
        let keypoints = points.chunks_exact(3).map(keypoint).collect::<anyhow::Result<_>>()?;
        let name = self.classes.as_ref().map(|names| names[class].clone());
        let name = name.unwrap_or_else(|| class.to_string());
        let object = Object { number, class, name, keypoints, ..Object::default() };
        match numbers[..] {
            [x, y, w, h] => {
                let [left, right, top, bottom] = [x - w / 2.0, x + w / 2.0, y - h / 2.0, y + h / 2.0];
                ensure!(w >= 0.0 && h >= 0.0, "the box has the sides {w} and {h}; they are at least 0");
                if [left, top].iter().any(|v| *v < -ROUNDING) || [right, bottom].iter().any(|v| *v > 1.0 + ROUNDING) {
                    bail!("the box, {left} to {right} by {top} to {bottom}, is outside the image, 0 to 1 by 0 to 1");
                }
                let (left, right, top, bottom) = (left * width, right * width, top * height, bottom * height);
                Ok(Object { bounds: Some(BoundingBox { left, top, right, bottom }), ..object })
            }
            _ if numbers.len() >= 6 && numbers.len().is_multiple_of(2) => {
                let corners = numbers.chunks_exact(2).map(|point| [point[0] * width, point[1] * height]);
                Ok(Object { polygons: vec![corners.collect()], ..object })
            }
            _ => bail!(
                "there are {} numbers behind the class; a box has 4, and a polygon 2 for each of 3 or more corners; \
                 for poses name the --keypoints",
                numbers.len()
            ),
        }
    }

    /// The lines of an image's objects.
    pub fn lines(&self, moved: &Moved) -> String {
        let (width, height) = (moved.size.width as f64, moved.size.height as f64);
        let mut text = String::new();
        for object in &moved.targets.objects {
            let boxes = object.bounds.iter().map(|b| {
                let center = [(b.left + b.right) / 2.0 / width, (b.top + b.bottom) / 2.0 / height];
                let sides = [(b.right - b.left) / width, (b.bottom - b.top) / height];
                let points = order(object.keypoints.len(), moved.is_mirrored, &self.keypoints);
                let points = points.into_iter().flat_map(|place| match object.keypoints[place] {
                    Some(Keypoint { point: [x, y], visibility }) => [x / width, y / height, visibility],
                    None => [0.0; 3],
                });
                center.into_iter().chain(sides).chain(points).collect()
            });
            let polygons = object.polygons.iter();
            let polygons = polygons.map(|polygon| polygon.iter().flat_map(|[x, y]| [x / width, y / height]).collect());
            for numbers in boxes.chain(polygons) {
                let numbers: Vec<f64> = numbers;
                let numbers: Vec<String> = numbers.into_iter().map(fraction).collect();
                text += &format!("{} {}\n", object.class, numbers.join(" "));
            }
        }
        text
    }

    /// Label files that belong to none of the images, as how many and the first.
    pub fn missing<'a>(&self, images: impl Iterator<Item = &'a Path>) -> Option<(usize, PathBuf)> {
        let known: std::collections::HashSet<PathBuf> = images.map(|image| image.with_extension("txt")).collect();
        let files = WalkDir::new(&self.folder).sort_by_file_name().into_iter().flatten();
        let labels = files.filter(|entry| entry.file_type().is_file() && entry.file_name() != CLASSES);
        let inside = labels.filter_map(|entry| entry.path().strip_prefix(&self.folder).ok().map(Path::to_path_buf));
        let mut missing = inside.filter(|path| path.extension().is_some_and(|e| e == "txt") && !known.contains(path));
        let first = missing.next()?;
        Some((1 + missing.count(), first))
    }
}

/// A number of a label: a fraction of the image's side.
fn coordinate(word: &str) -> anyhow::Result<f64> {
    match word.parse::<f64>() {
        Ok(value) if (-ROUNDING..=1.0 + ROUNDING).contains(&value) => Ok(value),
        Ok(value) => bail!(
            "{value} is outside 0..=1; coordinates are fractions of the image's sides, and poses need --keypoints"
        ),
        Err(_) => bail!("`{}` is not a number", quoted(word)),
    }
}

/// A number with up to 8 decimals, as many as it has.
fn fraction(value: f64) -> String {
    format!("{:.8}", value + 0.0).trim_end_matches('0').trim_end_matches('.').to_string()
}

fn text(path: &Path) -> anyhow::Result<String> {
    use std::io::Read;
    let read = || {
        let (file, metadata) = read::open(path)?;
        if metadata.len() > MOST {
            return Err(outcome::RunFailed(format!("the file has more than {MOST} bytes")).into());
        }
        let mut text = String::new();
        file.take(MOST).read_to_string(&mut text)?;
        anyhow::Ok(text)
    };
    read().with_context(|| terminal::name(path))
}
