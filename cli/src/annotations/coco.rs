//! Coco: annotations of all images in one JSON file.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail, ensure};
use autoaugment::Size;
use autoaugment::targets::BoundingBox;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::rle::Rle;
use super::targets::{Keypoint, Moved, Object, area, order};
use crate::terminal::{self, quoted};
use crate::{read, write};

/// The most bytes of a file. In memory it takes a few times as much.
const MOST: u64 = 1 << 30;

/// How far a box may reach out of its image, in pixels: coordinates are rounded.
const ROUNDING: f64 = 1.0;

/// The file's fields. Those that are not known here stay as they are.
#[derive(Deserialize, Serialize)]
struct Contents {
    images: Vec<Image>,
    annotations: Vec<Annotation>,
    #[serde(default)]
    categories: Vec<Category>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Clone, Deserialize, Serialize)]
struct Image {
    id: i64,
    file_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    width: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    height: Option<usize>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Clone, Deserialize, Serialize)]
struct Annotation {
    id: i64,
    image_id: i64,
    category_id: i64,
    /// Left, top, width and height.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bbox: Option<[f64; 4]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    area: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    segmentation: Option<Segmentation>,
    /// x, y and visibility of each point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keypoints: Option<Vec<f64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    num_keypoints: Option<usize>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(untagged)]
enum Segmentation {
    /// x, y, x, y, ... of each polygon.
    Polygons(Vec<Vec<f64>>),
    Runs(Rle),
}

#[derive(Clone, Deserialize, Serialize)]
struct Category {
    id: i64,
    name: String,
    /// The names of the keypoints.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keypoints: Vec<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// A file that was read and checked.
pub struct Coco {
    path: PathBuf,
    contents: Contents,
    /// The places of images by name; by the last part of the name where only one has it.
    by_name: HashMap<String, usize>,
    by_last_part: HashMap<String, Option<usize>>,
    /// The places of the annotations of each image, by its id.
    of_image: HashMap<i64, Vec<usize>>,
}

impl Coco {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        Coco::read_file(path).with_context(|| terminal::name(path))
    }

    fn read_file(path: &Path) -> anyhow::Result<Self> {
        let (file, metadata) = read::open(path)?;
        ensure!(metadata.len() <= MOST, "the file has {} bytes and may have {MOST}", metadata.len());
        let contents: Contents = serde_json::from_reader(BufReader::new(file)).context("no COCO file")?;
        contents.check()?;
        let (mut by_name, mut by_last_part) = (HashMap::new(), HashMap::new());
        for (place, image) in contents.images.iter().enumerate() {
            by_name.insert(image.file_name.clone(), place);
            let last = by_last_part.entry(last_part(&image.file_name).to_string());
            last.and_modify(|place| *place = None).or_insert(Some(place));
        }
        let mut of_image: HashMap<i64, Vec<usize>> = HashMap::new();
        for (place, annotation) in contents.annotations.iter().enumerate() {
            of_image.entry(annotation.image_id).or_default().push(place);
        }
        Ok(Coco { path: path.to_path_buf(), contents, by_name, by_last_part, of_image })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The image of a name: of the whole name, or of its last part.
    fn image(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied().or_else(|| self.by_last_part.get(last_part(name)).copied().flatten())
    }

    /// Images of the file that none of the inputs is, as how many and the first.
    pub fn missing<'a>(&self, inputs: impl Iterator<Item = &'a str>) -> Option<(usize, &str)> {
        let there: HashSet<usize> = inputs.filter_map(|name| self.image(name)).collect();
        let mut missing = (0..self.contents.images.len()).filter(|place| !there.contains(place));
        let first = missing.next()?;
        Some((1 + missing.count(), &self.contents.images[first].file_name))
    }

    /// The objects of an image of `size`. None if the file does not have the image.
    pub fn objects(&self, name: &str, size: Size) -> anyhow::Result<Option<Vec<Object>>> {
        let Some(place) = self.image(name) else { return Ok(None) };
        let image = &self.contents.images[place];
        let Size { width, height } = size;
        if image.width.is_some_and(|w| w != width) || image.height.is_some_and(|h| h != height) {
            bail!(
                "{} says that it has {} x {} pixels, and it has {width} x {height}",
                terminal::name(&self.path),
                image.width.unwrap_or_default(),
                image.height.unwrap_or_default(),
            );
        }
        let places = self.of_image.get(&image.id).into_iter().flatten();
        let object = |(number, &place): (usize, &usize)| {
            let annotation = &self.contents.annotations[place];
            self.object(number, annotation, size)
                .with_context(|| format!("{}, annotation {}", terminal::name(&self.path), annotation.id))
        };
        places.enumerate().map(object).collect::<anyhow::Result<_>>().map(Some)
    }

    fn object(&self, number: usize, annotation: &Annotation, size: Size) -> anyhow::Result<Object> {
        let class = self.contents.categories.iter().position(|category| category.id == annotation.category_id);
        let bounds = annotation.bbox.map(|[left, top, width, height]| BoundingBox {
            left,
            top,
            right: left + width,
            bottom: top + height,
        });
        if let Some(bounds) = bounds {
            check_inside(bounds, size)?;
        }
        let mut object = Object { number, class: class.unwrap_or_default(), bounds, ..Object::default() };
        object.name = class.map(|class| self.contents.categories[class].name.clone()).unwrap_or_default();
        match &annotation.segmentation {
            Some(Segmentation::Polygons(polygons)) => {
                let corners = |flat: &Vec<f64>| flat.chunks_exact(2).map(|point| [point[0], point[1]]).collect();
                object.polygons = polygons.iter().map(corners).collect();
            }
            Some(Segmentation::Runs(runs)) => object.region = Some(runs.region(size)?),
            None => {}
        }
        // A keypoint is a column and a row, whose center is half a pixel further.
        let keypoint = |numbers: &[f64]| {
            let point = [numbers[0] + 0.5, numbers[1] + 0.5];
            (numbers[2] > 0.0).then_some(Keypoint { point, visibility: numbers[2] })
        };
        object.keypoints = annotation.keypoints.iter().flat_map(|flat| flat.chunks_exact(3)).map(keypoint).collect();
        Ok(object)
    }
}

/// Refuses a box that is not in its image.
pub fn check_inside(bounds: BoundingBox, size: Size) -> anyhow::Result<()> {
    let BoundingBox { left, top, right, bottom } = bounds;
    let (width, height) = (size.width as f64, size.height as f64);
    let is_inside = left >= -ROUNDING && top >= -ROUNDING && right <= width + ROUNDING && bottom <= height + ROUNDING;
    if !is_inside {
        bail!("its box, {left} to {right} by {top} to {bottom}, is outside the image's {width} x {height} pixels");
    }
    Ok(())
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

impl Contents {
    fn check(&self) -> anyhow::Result<()> {
        let mut sizes = HashMap::new();
        for image in &self.images {
            let size = image.width.zip(image.height).map(|(width, height)| Size { width, height });
            if sizes.insert(image.id, size).is_some() {
                bail!("two images have the id {}", image.id);
            }
        }
        let categories: HashSet<_> = self.categories.iter().map(|category| category.id).collect();
        ensure!(categories.len() == self.categories.len(), "two categories have the same id");
        for annotation in &self.annotations {
            let Annotation { id, image_id, category_id, .. } = annotation;
            let Some(size) = sizes.get(image_id) else { bail!("annotation {id}: no image has the id {image_id}") };
            if !categories.is_empty() && !categories.contains(category_id) {
                bail!("annotation {id}: no category has the id {category_id}");
            }
            annotation.check(*size).with_context(|| format!("annotation {id}"))?;
        }
        Ok(())
    }
}

impl Annotation {
    fn check(&self, size: Option<Size>) -> anyhow::Result<()> {
        if let Some([left, top, width, height]) = self.bbox {
            ensure!(width >= 0.0 && height >= 0.0, "its box has {width} x {height} pixels; sides are at least 0");
            if let Some(size) = size {
                check_inside(BoundingBox { left, top, right: left + width, bottom: top + height }, size)?;
            }
        }
        if let Some(Segmentation::Polygons(polygons)) = &self.segmentation {
            for polygon in polygons {
                let numbers = polygon.len();
                ensure!(
                    numbers >= 6 && numbers.is_multiple_of(2),
                    "a polygon has {numbers} numbers; it needs x and y of at least 3 corners"
                );
            }
        }
        let numbers = self.keypoints.as_ref().map_or(0, Vec::len);
        ensure!(numbers.is_multiple_of(3), "its keypoints have {numbers} numbers; each has x, y and its visibility");
        Ok(())
    }
}

/// What is written: the images and annotations of the outputs, by their numbers.
pub struct CocoOut<'a> {
    coco: &'a Coco,
    /// Whether outputs keep the ids of images and annotations. They do where each image has one copy.
    keeps_ids: bool,
    outputs: Mutex<BTreeMap<usize, (Image, Vec<Annotation>)>>,
}

impl<'a> CocoOut<'a> {
    pub fn new(coco: &'a Coco, keeps_ids: bool) -> Self {
        CocoOut { coco, keeps_ids, outputs: Mutex::default() }
    }

    /// Adds an output: the image `name` as `file_name`.
    pub fn add(&self, id: usize, name: &str, file_name: String, moved: &Moved) {
        let Some(place) = self.coco.image(name) else { return };
        let contents = &self.coco.contents;
        let mut image = contents.images[place].clone();
        let own = self.coco.of_image.get(&image.id).map_or(&[][..], Vec::as_slice);
        (image.file_name, image.width, image.height) = (file_name, Some(moved.size.width), Some(moved.size.height));
        let annotation = |object: &Object| {
            let annotation = contents.annotations.get(*own.get(object.number)?)?.clone();
            let category = contents.categories.iter().find(|category| category.id == annotation.category_id);
            let names = category.map_or(&[][..], |category| &category.keypoints);
            Some(annotation.moved(object, moved, names))
        };
        let annotations = moved.targets.objects.iter().filter_map(annotation).collect();
        let mut outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        outputs.insert(id, (image, annotations));
    }

    /// Writes the file.
    pub fn finish(&self, target: &Path, overwrites: bool) -> anyhow::Result<()> {
        let outputs = std::mem::take(&mut *self.outputs.lock().unwrap_or_else(PoisonError::into_inner));
        let (mut images, mut annotations): (Vec<Image>, Vec<Annotation>) = (Vec::new(), Vec::new());
        for (mut image, own) in outputs.into_values() {
            if !self.keeps_ids {
                image.id = images.len() as i64 + 1;
            }
            for mut annotation in own {
                annotation.image_id = image.id;
                if !self.keeps_ids {
                    annotation.id = annotations.len() as i64 + 1;
                }
                annotations.push(annotation);
            }
            images.push(image);
        }
        let Contents { categories, others, .. } = &self.coco.contents;
        let contents = Contents { images, annotations, categories: categories.clone(), others: others.clone() };
        write::with(target, overwrites, |file: &mut File| {
            let mut out = std::io::BufWriter::new(file);
            serde_json::to_writer(&mut out, &contents).map_err(std::io::Error::from)?;
            out.flush()
        })
    }
}

impl Annotation {
    fn moved(mut self, object: &Object, moved: &Moved, keypoint_names: &[String]) -> Self {
        self.bbox = object.bounds.map(|b| [b.left, b.top, b.right - b.left, b.bottom - b.top]);
        let mut own_area = self.bbox.map(|[_, _, width, height]| width * height);
        match &mut self.segmentation {
            Some(Segmentation::Polygons(polygons)) if !polygons.is_empty() => {
                *polygons = object.polygons.iter().map(|polygon| polygon.iter().flatten().copied().collect()).collect();
                own_area = Some(object.polygons.iter().map(|polygon| area(polygon)).sum());
            }
            Some(Segmentation::Runs(runs)) => {
                let region = object.region.as_deref().unwrap_or_default();
                *runs = Rle::of(region, moved.size);
                own_area = Some(region.iter().filter(|&&bit| bit == 1).count() as f64);
            }
            _ => {}
        }
        self.area = self.area.and(own_area);
        if let Some(flat) = &mut self.keypoints {
            let places = order(object.keypoints.len(), moved.is_mirrored, keypoint_names);
            let point = |place: usize| match object.keypoints[place] {
                Some(Keypoint { point: [x, y], visibility }) => [x - 0.5, y - 0.5, visibility],
                None => [0.0; 3],
            };
            *flat = places.into_iter().flat_map(point).collect();
            let known = object.keypoints.iter().flatten().count();
            self.num_keypoints = self.num_keypoints.map(|_| known);
        }
        self
    }
}

/// The name of the file for a message.
pub fn missing_words(path: &Path, (count, first): (usize, &str)) -> String {
    let images = terminal::counted(count, "image", "images");
    format!("notice: {images} of {} not among the inputs ({}, ...)", terminal::name(path), quoted(first))
}
