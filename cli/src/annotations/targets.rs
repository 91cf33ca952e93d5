//! Targets: the objects and the mask of an image, and what becomes of them when the image is augmented.

use autoaugment::targets::{BoundingBox, GeometricTransform, Masks};
use autoaugment::{Device, Executor, Plan, PlannedImage, Size};

/// What is known of an image. Coordinates are in pixels, as in the library's module `targets`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Targets {
    pub objects: Vec<Object>,
    /// A label for each pixel.
    pub mask: Option<Vec<u8>>,
}

/// One object. It has a part of these forms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    /// Its place among the objects of its image.
    pub number: usize,
    /// The number of its class, which gives it a color.
    pub class: usize,
    /// The name of its class; empty if there is none.
    pub name: String,
    pub bounds: Option<BoundingBox>,
    pub polygons: Vec<Vec<[f64; 2]>>,
    /// Which pixels belong to it: 1 or 0 for each pixel of the image.
    pub region: Option<Vec<u8>>,
    /// None for a point that is not known, or that left the image.
    pub keypoints: Vec<Option<Keypoint>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Keypoint {
    pub point: [f64; 2],
    /// As files say it: 1 for a point that something covers, 2 for one that is seen.
    pub visibility: f64,
}

/// How many objects there were, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub objects: usize,
    /// Partly outside the image now.
    pub cut: usize,
    /// Outside the image now, or less visible than is asked for.
    pub gone: usize,
}

impl Tally {
    pub fn add(&mut self, other: Tally) {
        self.objects += other.objects;
        self.cut += other.cut;
        self.gone += other.gone;
    }
}

/// How targets follow their images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Objects of which a smaller fraction is visible are left out.
    pub least_visible: f64,
    /// The label of pixels that come from outside the image.
    pub mask_fill: u8,
}

/// An image's targets after its operations.
pub struct Moved {
    pub targets: Targets,
    pub tally: Tally,
    /// Whether left is right now.
    pub is_mirrored: bool,
    pub size: Size,
}

impl Targets {
    /// The targets after the operations of their image, which has `size` before.
    pub fn moved(&self, planned: &PlannedImage, size: Size, rules: Rules) -> anyhow::Result<Moved> {
        let transform = planned.geometric_transform(size)?;
        let mut objects = Vec::new();
        let mut tally = Tally { objects: self.objects.len(), ..Tally::default() };
        for object in &self.objects {
            let (object, visible) = object.moved(&transform, planned, size)?;
            if visible <= 0.0 || visible < rules.least_visible {
                tally.gone += 1;
                continue;
            }
            if visible < 1.0 - 1e-9 {
                tally.cut += 1;
            }
            objects.push(object);
        }
        let mask = self.mask.as_ref().map(|mask| pixels_moved(mask, planned, size, rules.mask_fill)).transpose()?;
        let [a, b, _, d, e, _] = transform.matrix();
        let is_mirrored = a * e - b * d < 0.0;
        Ok(Moved { targets: Targets { objects, mask }, tally, is_mirrored, size: transform.size() })
    }
}

impl Object {
    /// The object, and the fraction of it that is visible.
    fn moved(
        &self,
        transform: &GeometricTransform,
        planned: &PlannedImage,
        size: Size,
    ) -> anyhow::Result<(Object, f64)> {
        let mut moved = Object { bounds: None, polygons: Vec::new(), region: None, ..self.clone() };
        let mut visible: Option<f64> = None;
        if let Some(bounds) = self.bounds {
            let after = transform.bounding_box(bounds)?;
            moved.bounds = after.bounds;
            visible = Some(after.visible_fraction);
        }
        if !self.polygons.is_empty() {
            let polygons = self.polygons.iter().map(|polygon| transform.polygon(polygon));
            moved.polygons = polygons.collect::<Result<Vec<_>, _>>()?;
            moved.polygons.retain(|polygon| !polygon.is_empty());
            visible.get_or_insert_with(|| {
                let [a, b, _, d, e, _] = transform.matrix();
                let before: f64 = self.polygons.iter().map(|polygon| area(polygon)).sum();
                let after: f64 = moved.polygons.iter().map(|polygon| area(polygon)).sum();
                let whole = before * (a * e - b * d).abs();
                if whole > 0.0 { (after / whole).min(1.0) } else { 0.0 }
            });
        }
        if let Some(region) = &self.region {
            let region = pixels_moved(region, planned, size, 0)?;
            let there = f64::from(u8::from(region.contains(&1)));
            visible.get_or_insert(there);
            moved.region = Some(region);
        }
        let keypoint = |own: Keypoint| {
            let after = transform.keypoint(own.point);
            after.is_inside.then_some(Keypoint { point: after.point, ..own })
        };
        moved.keypoints = self.keypoints.iter().map(|known| known.and_then(keypoint)).collect();
        let has_point = moved.keypoints.iter().any(Option::is_some);
        Ok((moved, visible.unwrap_or(f64::from(u8::from(has_point)))))
    }
}

/// Labels of pixels, moved as the pixels are.
fn pixels_moved(labels: &[u8], planned: &PlannedImage, size: Size, fill: u8) -> anyhow::Result<Vec<u8>> {
    let executor = Executor::new(Device::Cpu)?;
    let plan = Plan::new(vec![planned.clone()]);
    let (moved, _) = Masks { fill, cutout: false }.apply(&executor, &plan, labels, &[size][..])?;
    Ok(moved)
}

/// The order of keypoints: in a mirrored image, `left_eye` is where `right_eye` was.
pub fn order(points: usize, is_mirrored: bool, names: &[String]) -> Vec<usize> {
    let partner = |place: usize| {
        let name = names.get(place)?;
        let other = match name.contains("left") {
            true => name.replace("left", "right"),
            false => name.replace("right", "left"),
        };
        names.iter().position(|name| *name == other).filter(|&other| other < points)
    };
    (0..points).map(|place| if is_mirrored { partner(place).unwrap_or(place) } else { place }).collect()
}

/// The area inside a polygon, by the sum of cross products around it.
pub fn area(polygon: &[[f64; 2]]) -> f64 {
    let next = polygon.iter().cycle().skip(1);
    polygon.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<f64>().abs() / 2.0
}
