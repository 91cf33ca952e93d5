//! torchvision's own results, written by `fixture.py`: the same bits of images and labels, on the host and on the GPU.

use autoaugment::mixing::{MixPlan, MixedImage, Rectangle};
use autoaugment::{Batch, Device, Executor, Layout, Normalize, Output, Plan, Shape, Size, TensorData};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    mean: [f32; 3],
    std: [f32; 3],
    classes: usize,
    cases: Vec<Case>,
    boxes: Vec<Drawn>,
}

/// Lambda, center, width, height, the box's ends, and the lambda that is left.
type Drawn = (f64, usize, usize, usize, usize, usize, usize, usize, usize, f64);

#[derive(Deserialize)]
struct Case {
    mixing: String,
    lambda: f64,
    center: Option<[usize; 2]>,
    shape: [usize; 4],
    dtype: String,
    bytes: String,
    labels: Vec<u32>,
    mixed: String,
    soft_labels: String,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("torchvision.json")).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn bits(data: &TensorData) -> Vec<u8> {
    match data {
        TensorData::U8(values) => values.clone(),
        TensorData::F32(values) => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        TensorData::F16(values) => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
    }
}

impl Case {
    fn batch(&self) -> Batch<'static> {
        let [images, channels, height, width] = self.shape;
        Batch::new(bytes(&self.bytes), Shape { images, height, width, channels }, Layout::Nchw).unwrap()
    }

    fn plan(&self) -> MixPlan {
        let [images, _, height, width] = self.shape;
        let size = Size { width, height };
        let rectangle = self.center.map(|[x, y]| Rectangle::around(x, y, self.lambda, size));
        let lambda = rectangle.map_or(self.lambda, |rectangle| rectangle.remaining_fraction(size));
        let image = |i| MixedImage { index: 0, partner: (i + images - 1) % images, lambda, rectangle };
        MixPlan::new((0..images).map(image).collect())
    }

    fn output(&self, fixture: &Fixture) -> Output {
        let normalize = Normalize { mean: fixture.mean, std: fixture.std };
        match &*self.dtype {
            "float32" => Output::f32(Layout::Nchw, normalize),
            _ => Output::f16(Layout::Nchw, normalize),
        }
    }

    fn name(&self) -> String {
        format!("{} {} {:?} {:?}", self.mixing, self.lambda, self.shape, self.dtype)
    }
}

#[test]
fn images_on_the_host() {
    let fixture = fixture();
    assert_eq!(fixture.cases.len(), 40);
    for case in &fixture.cases {
        let nothing = Plan::uniform(case.shape[0], vec![]);
        let executor = Executor::new(Device::Cpu).unwrap();
        let (normalized, _) = executor.apply(&case.batch(), &nothing, &case.output(&fixture)).unwrap();
        let mixed = case.plan().apply(&normalized).unwrap();
        assert_eq!(bits(&mixed.data), bytes(&case.mixed), "{}", case.name());
    }
}

#[cfg(feature = "gpu")]
#[test]
fn images_on_the_gpu() {
    let Some(gpu) = crate::support::gpu::gpu() else { return };
    let fixture = fixture();
    for case in &fixture.cases {
        let batch = gpu.upload(&case.batch()).unwrap();
        let (mixed, _) = gpu.mix(&batch, &case.plan(), &case.output(&fixture)).unwrap();
        assert_eq!(bits(&gpu.download(&mixed).unwrap().data), bytes(&case.mixed), "{}", case.name());
    }
}

#[test]
fn labels() {
    let fixture = fixture();
    for case in &fixture.cases {
        let soft = case.plan().labels(&case.labels, fixture.classes).unwrap();
        assert_eq!(bits(&TensorData::F32(soft)), bytes(&case.soft_labels), "{}", case.name());
    }
}

#[test]
fn boxes() {
    let fixture = fixture();
    assert_eq!(fixture.boxes.len(), 300);
    for (lambda, x, y, width, height, left, top, right, bottom, rest) in fixture.boxes {
        let size = Size { width, height };
        let rectangle = Rectangle::around(x, y, lambda, size);
        let expected = Rectangle { x: left, y: top, width: right - left, height: bottom - top };
        assert_eq!(
            (rectangle, rectangle.remaining_fraction(size)),
            (expected, rest),
            "{lambda} at {x}, {y} of {size:?}"
        );
    }
}
