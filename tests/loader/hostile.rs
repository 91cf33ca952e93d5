//! Hostile: headers that lie, images that do not fit, files that are no files. Each costs its own sample and no more.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use autoaugment::loader::decode::{self, DecodeOptions};
use autoaugment::loader::{Cifar, Dataset, Idx, ImageFolder, Loader, OnError, Sample, TarShards};
use autoaugment::transform::RandomCrop;
use autoaugment::{Augmenter, Device, Executor, Layout, Output, Policy, RaggedBatch, Transform};
use image::ImageFormat;

use super::images::{encoded, identity, numbered, picture, refusal, size};

/// A lossless WebP that consists of its header. Its data might be of any length, so that the header is believed.
fn lying_webp(width: u32, height: u32) -> Vec<u8> {
    let sides = (width - 1) | (height - 1) << 14;
    let mut data = vec![0x2F];
    data.extend(sides.to_le_bytes());
    data.push(0);
    let mut file = b"RIFF".to_vec();
    file.extend((12 + data.len() as u32).to_le_bytes());
    file.extend(b"WEBPVP8L");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

/// Files of one class.
fn folder(files: &[(String, Vec<u8>)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("class")).unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join("class").join(name), bytes).unwrap();
    }
    folder
}

/// Sixteen headers of 167 million pixels each among four images. Together they claim 8 GB.
fn lies_among_images() -> tempfile::TempDir {
    let mut files: Vec<_> = (0..16).map(|i| (format!("lie{i}.webp"), lying_webp(12_900, 12_950))).collect();
    let good = |i| (format!("good{i}.png"), encoded(picture(size(40, 30), i), ImageFormat::Png));
    files.extend((0..4).map(good));
    folder(&files)
}

#[test]
fn a_lying_header_costs_its_own_sample() {
    let folder = lies_among_images();
    check_lies(folder.path());
}

fn check_lies(folder: &Path) {
    let loader = Loader::builder(ImageFolder::open(folder).unwrap(), cropper(24)).batch_size(64).threads(2);
    let loader = loader.on_error(OnError::Skip).build().unwrap();
    let mut epoch = loader.epoch(0);
    let batch = epoch.next().unwrap().unwrap();
    assert_eq!(batch.indices, [0, 1, 2, 3]);
    assert!(epoch.next().is_none());
    assert_eq!(epoch.failed().samples, 16);
    for failed in &epoch.failed().named {
        let why = &failed.reason;
        assert!(failed.name.contains("lie") && (why.contains("WebP") || why.contains("no memory")), "{failed:?}");
    }
}

/// The same where 1.5 GB of memory can be had.
#[cfg(target_os = "linux")]
#[test]
fn a_lying_header_costs_its_own_sample_with_little_memory() {
    const FOLDER: &str = "AUTOAUGMENT_TEST_FOLDER";
    if let Some(folder) = std::env::var_os(FOLDER) {
        return check_lies(Path::new(&folder));
    }
    let folder = lies_among_images();
    let limited = "ulimit -v 1500000; exec \"$0\" \"$@\"";
    let mut child = Command::new("sh");
    child.arg("-c").arg(limited).arg(std::env::current_exe().unwrap());
    child.args(["hostile::a_lying_header_costs_its_own_sample_with_little_memory", "--exact"]);
    let output = child.env(FOLDER, folder.path()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

fn cropper(side: usize) -> Arc<Augmenter> {
    let transform = Transform::new().random_crop(RandomCrop::padded(side, side, 0));
    Arc::new(Augmenter::builder(transform).device(Device::Cpu).build().unwrap())
}

#[test]
fn an_image_that_is_too_small_for_a_crop_is_named() {
    let image = |side, seed| encoded(picture(size(side, side), seed), ImageFormat::Png);
    let folder = folder(&[
        ("a.png".to_string(), image(40, 0)),
        ("b.png".to_string(), image(5, 1)),
        ("c.png".to_string(), image(36, 2)),
    ]);
    let dataset = || ImageFolder::open(folder.path()).unwrap();
    let rule = "height 32 is more than the padded image has";
    let stopping = Loader::builder(dataset(), cropper(32)).build().unwrap();
    let refused = refusal(stopping.epoch(0).next().unwrap());
    assert!(refused.contains("sample 1 (") && refused.contains("b.png") && refused.contains(rule), "{refused}");
    let skipping = Loader::builder(dataset(), cropper(32)).on_error(OnError::Skip).build().unwrap();
    let mut epoch = skipping.epoch(0);
    assert_eq!(epoch.next().unwrap().unwrap().indices, [0, 2]);
    let failed = epoch.failed();
    assert!(failed.samples == 1 && failed.named[0].reason.contains(rule), "{failed:?}");
    // The others have the draws that they have without it.
    let alone = Loader::builder(dataset(), cropper(5)).build().unwrap();
    assert_eq!(alone.epoch(0).next().unwrap().unwrap().indices, [0, 1, 2]);
}

#[test]
fn large_images_have_the_bytes_of_small_ones() {
    let sides = [(30, 20), (2500, 2300), (64, 64), (2400, 2400)];
    let pictures: Vec<_> = (0..).zip(sides).map(|(i, (w, h))| picture(size(w, h), i)).collect();
    let files = (0..).zip(&pictures).map(|(i, p)| (format!("{i}.png"), encoded(p.clone(), ImageFormat::Png)));
    let folder = folder(&files.collect::<Vec<_>>());
    let pixels: Vec<u8> = pictures.iter().flat_map(|p| p.as_raw().clone()).collect();
    let sizes: Vec<_> = sides.iter().map(|&(w, h)| size(w, h)).collect();
    let whole = RaggedBatch::packed(pixels, &sizes, 3).unwrap();
    // The policy comes first, so that whole images are decoded.
    let transform = Transform::new().policy(Policy::cifar10()).random_crop(RandomCrop::padded(20, 20, 0));
    let build = || Augmenter::builder(transform.clone()).seed(3);
    let dataset = || ImageFolder::open(folder.path()).unwrap();
    let loader = Loader::builder(dataset(), build().device(Device::Cpu).build().unwrap()).build().unwrap();
    let batch = loader.epoch(0).next().unwrap().unwrap();
    let cpu = Executor::new(Device::Cpu).unwrap();
    let (expected, _) = cpu.apply(&whole, &batch.plan, &Output::u8_as(Layout::Nhwc)).unwrap();
    assert_eq!(batch.images.host().unwrap().data, expected.data);
    #[cfg(feature = "gpu")]
    if let Some(gpu) = crate::support::gpu::gpu() {
        let loader = Loader::builder(dataset(), build().gpu(gpu.clone()).build().unwrap()).build().unwrap();
        let batch = loader.epoch(0).next().unwrap().unwrap();
        assert_eq!(gpu.download(batch.images.device().unwrap()).unwrap().data, expected.data);
    }
}

#[test]
fn the_limit_of_pixels_is_the_users() {
    let bytes = encoded(picture(size(40, 30), 0), ImageFormat::Png);
    let limited = DecodeOptions::new().max_pixels(1199);
    let rule = "the header claims 40 x 30 pixels; an image may have at most 1199 (see `max_pixels`)";
    assert_eq!(refusal(limited.decode(&bytes)), rule);
    assert_eq!(refusal(limited.measure(&bytes)), rule);
    assert!(limited.max_pixels(1200).decode(&bytes).is_ok());
    let folder = folder(&[("a.png".to_string(), bytes)]);
    let dataset = || ImageFolder::open(folder.path()).unwrap();
    let loader = Loader::builder(dataset(), identity()).decoding(limited).build().unwrap();
    assert!(refusal(loader.epoch(0).next().unwrap()).ends_with(rule));
    // 179 million pixels unless set, whatever the color. More are a choice.
    let lie = lying_webp(16_000, 12_000);
    let refused = refusal(decode::measure(&lie));
    assert!(
        refused.ends_with("16000 x 12000 pixels; an image may have at most 178956970 (see `max_pixels`)"),
        "{refused}"
    );
    let wide = DecodeOptions::new().max_pixels(1 << 40);
    assert_eq!(wide.measure(&lie).unwrap().0, size(16_000, 12_000));
    let sample = Sample::encoded(lie, 0).unwrap();
    assert!(sample.clone().with_options(wide).is_ok());
    assert_eq!(refusal(sample.with_options(DecodeOptions::default())), refused);
}

#[test]
fn a_file_is_looked_at_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let sparse = |name: &str, head: &[u8], bytes: u64| {
        let path = folder.path().join(name);
        fs::write(&path, head).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_len(bytes).unwrap();
        path
    };
    // 8 TB would never be read.
    let options = DecodeOptions::new();
    let other = sparse("other.png", b"", 8 << 40);
    assert!(refusal(options.read_file(&other)).contains("not"), "{}", refusal(options.read_file(&other)));
    let image = encoded(picture(size(4, 4), 0), ImageFormat::Png);
    let padded = sparse("padded.png", &image, 1 << 20);
    assert_eq!(options.read_file(&padded).unwrap().len(), 1 << 20);
    assert!(options.measure_file(&padded).is_ok());
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let zeros = folder.path().join("zeros.png");
    std::os::unix::fs::symlink("/dev/zero", &zeros).unwrap();
    for path in [&pipe, &zeros] {
        let refused = [
            refusal(Idx::open(path, path).map(drop)),
            refusal(Cifar::cifar10([path]).map(drop)),
            refusal(TarShards::open([path]).map(drop)),
        ];
        for refused in refused {
            let name = path.display();
            assert_eq!(refused, format!("{name}: expected a regular file, got a pipe, a socket or a device"));
        }
        let refused = refusal(DecodeOptions::new().read_file(path));
        assert_eq!(refused, "expected a regular file, got a pipe, a socket or a device");
    }
}

#[test]
fn a_copied_set_survives_what_happens_to_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("batch.bin");
    let records: Vec<u8> = (0..30_730).map(|i| if i % 3073 == 0 { 7 } else { i as u8 }).collect();
    fs::write(&path, &records).unwrap();
    let mapped = Cifar::cifar10([&path]).unwrap();
    let before = super::images::all(&mapped);
    let copied = mapped.copied().unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
    assert_eq!(super::images::all(&copied), before);
    assert_eq!(copied.len(), 10);
}

#[test]
fn odd_numbers_are_errors_or_do_no_harm() {
    let loader = Loader::builder(numbered(10), identity()).batch_size(4).prefetch(usize::MAX).build().unwrap();
    assert_eq!(loader.epoch(0).map(|batch| batch.unwrap().labels.len()).sum::<usize>(), 10);
    struct Endless;
    impl Dataset for Endless {
        fn len(&self) -> usize {
            usize::MAX
        }

        fn read(&self, index: usize) -> autoaugment::Result<Sample<'_>> {
            Sample::pixels(vec![index as u8; 16], size(4, 4), 1, Layout::Nhwc, 0)
        }
    }
    let refused = refusal(Loader::builder(Endless, identity()).shuffle(true).build());
    assert_eq!(refused, format!("loader: {} samples are too many to shuffle", usize::MAX));
    let loader = Loader::builder(Endless, identity()).batch_size(4).build().unwrap();
    assert_eq!(loader.epoch(0).next().unwrap().unwrap().indices, [0, 1, 2, 3]);
}
