//! Entry points of the fuzz targets. Each takes any bytes, never panics, and takes no more memory than its limit
//! allows.

#[path = "../../cli/src/run/npy_header.rs"]
mod npy_header;

use std::io::{Cursor, Write};
use std::path::Path;

use autoaugment::loader::decode::{DecodeOptions, Orientation, Truncated};
use autoaugment::loader::{Cifar, Cifar100Label, ColorMode, Dataset, Idx, Labels, Sample, TarShards, decode};
use autoaugment::policy::Framework;
use autoaugment::{Convention, Device, Interpolation, Op, OpKind, Plan, Policy, Scheme, Size};
use tempfile::NamedTempFile;

/// The most values of an image that is decoded here. Larger ones are measured only: they take time and test nothing
/// more.
const LARGEST_DECODED: usize = 1 << 22;

/// Policies, schemes, operations and names, as people write them.
pub fn policy_text(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(policy) = text.parse::<Policy>() {
        assert_eq!(policy.check(), Ok(()), "{policy}");
        assert_eq!(policy.to_string().parse(), Ok(policy));
    }
    if let Ok(policy) = Policy::from_json(text) {
        assert_eq!(policy.check(), Ok(()), "{policy}");
        assert_eq!(Policy::from_json(&policy.to_json()), Ok(policy));
    }
    if let Ok(scheme) = text.parse::<Scheme>() {
        assert_eq!(scheme.to_string().parse(), Ok(scheme));
    }
    if let Ok(op) = text.parse::<Op>() {
        assert_eq!(op.check(), Ok(()), "{op}");
        assert_eq!(op.to_string().parse(), Ok(op));
    }
    let _ = (text.parse::<OpKind>(), text.parse::<Convention>());
    let _ = (text.parse::<Interpolation>(), text.parse::<Device>());
}

/// Policies in the Python code of other frameworks. The first byte chooses the framework.
pub fn python_literal(data: &[u8]) {
    let Some((&first, text)) = data.split_first() else { return };
    let Ok(text) = str::from_utf8(text) else { return };
    let framework = Framework::ALL[usize::from(first) % Framework::ALL.len()];
    if let Ok(policy) = Policy::import(text, framework) {
        assert_eq!(policy.check(), Ok(()), "{policy}");
        assert_eq!(Policy::from_json(&policy.to_json()), Ok(policy));
    }
}

/// Plans as they are saved.
pub fn plan_json(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(plan) = Plan::from_json(text) {
        assert_eq!(Plan::from_json(&plan.to_json()), Ok(plan));
    }
}

/// The header of a NumPy array, as the command line reads it.
pub fn npy(data: &[u8]) {
    let _ = npy_header::read(&mut Cursor::new(data));
}

/// A file of images and one of labels. The first two bytes say how long the second is.
pub fn idx(data: &[u8]) {
    let Some((&[high, low], rest)) = data.split_first_chunk() else { return };
    let labels = usize::from(u16::from_be_bytes([high, low])).min(rest.len());
    let (labels, images) = rest.split_at(labels);
    with_file(labels, |labels| with_file(images, |images| Idx::open(images, labels).map(|d| read_all(&d)).ok()));
}

/// CIFAR-10 and both labels of CIFAR-100.
pub fn cifar(data: &[u8]) {
    with_file(data, |path| {
        let _ = Cifar::cifar10([path]).map(|d| read_all(&d));
        let _ = Cifar::cifar100([path], Cifar100Label::Fine).map(|d| read_all(&d));
        let _ = Cifar::cifar100([path], Cifar100Label::Coarse).map(|d| read_all(&d));
    });
}

/// A shard of images and labels, or of images and masks, compressed or not.
pub fn tar(data: &[u8]) {
    with_file(data, |path| {
        let options = || TarShards::builder().largest_unpacked(1 << 24);
        let _ = options().open([path]).map(|d| read_all(&d));
        let masks = options().image_extensions(["png", "jpg"]).mask_extensions(["seg.png"]);
        let _ = masks.labels(Labels::None).open([path]).map(|d| read_all(&d));
    });
}

/// An image file, decoded in every way there is.
pub fn image(data: &[u8]) {
    let Ok((size, channels)) = decode::measure(data) else { return };
    if size.pixels() * channels > LARGEST_DECODED {
        return;
    }
    if let Ok((picture, _)) = decode::decode(data) {
        assert_eq!((picture.width, picture.height, picture.channels), (size.width, size.height, channels));
        assert_eq!(picture.data.len(), size.pixels() * channels);
    }
    let options = DecodeOptions::new().truncated(Truncated::Fill).orientation(Orientation::Apply);
    if let Ok((picture, _)) = options.decode(data) {
        let (rows, columns) = (picture.height / 3..picture.height, 0..picture.width.div_ceil(2));
        let mut region = vec![0; rows.len() * columns.len() * picture.channels];
        let _ = options.decode_region(data, rows, columns, &mut region);
    }
    let Ok(sample) = Sample::encoded(data, 0) else { return };
    decode_sample(&sample.clone().scaled(Size { width: 1, height: 1 }));
    decode_sample(&sample);
}

fn read_all(dataset: &impl Dataset) {
    for index in 0..dataset.len().min(4) {
        assert!(!dataset.name(index).is_empty());
        if let Ok(sample) = dataset.read(index) {
            decode_sample(&sample);
        }
    }
}

fn decode_sample(sample: &Sample<'_>) {
    if sample.size().pixels() <= LARGEST_DECODED {
        let _ = sample.decode_mask();
    }
    for color in [ColorMode::Rgb, ColorMode::Luma] {
        let values = sample.size().pixels() * color.channels();
        if values <= LARGEST_DECODED {
            let _ = sample.decode_into(color, &mut vec![0; values]);
        }
    }
}

/// Calls `read` with a file that has these bytes.
fn with_file<R>(bytes: &[u8], read: impl FnOnce(&Path) -> R) -> R {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("bytes in it");
    read(file.path())
}
