//! `preview` as a new user would try it: data sets, tiny, tall and gray images, one and none.

use image::{Rgb, RgbImage};
use serde_json::json;

use crate::folder::{Folder, color, gray};

/// The text of a sheet's file by its key.
fn text(folder: &Folder, sheet: &str, key: &str) -> String {
    let bytes = folder.read(sheet);
    let reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
    let chunks = &reader.info().utf8_text;
    chunks.iter().find(|chunk| chunk.keyword == key).unwrap().get_text().unwrap()
}

/// Runs the command that a sheet holds, with another name for the result.
fn again(folder: &Folder, sheet: &str, out: &str) -> Vec<u8> {
    let command = text(folder, sheet, "Command");
    let program = assert_cmd::cargo::cargo_bin("autoaugment");
    let arguments = command.strip_prefix("autoaugment ").unwrap();
    let script = format!("mv {sheet} old.png && \"$0\" {arguments} 2>&1 && mv {sheet} {out} && mv old.png {sheet}");
    let mut shell = std::process::Command::new("sh");
    let run = shell.current_dir(folder.path("")).arg("-ec").arg(script).arg(program).output().unwrap();
    assert!(run.status.success(), "{command}\n{}", String::from_utf8_lossy(&run.stdout));
    folder.read(out)
}

#[cfg(unix)]
#[test]
fn a_sheet_is_made_again_from_itself() {
    let folder = Folder::new();
    folder.image("in/a b.png", color(60, 40, 0));
    folder.image("in/b.png", gray(9, 60));
    folder.write("own.txt", "convention tensorflow\nRotate 1 9 + Invert 0.5 0\nShearX 0.7 3\n");
    folder.write("it's.json", autoaugment::Policy::svhn().to_json());
    let calls: [&[&str]; 6] = [
        &["in", "--policy", "own.txt", "--seed", "7"],
        &["in/a b.png", "in/b.png", "--policy", "it's.json", "--draws", "3", "--epoch", "2"],
        &["in", "--policy=own.txt", "--columns", "2", "--fill", "9"],
        &["in", "--policy", "Invert 0.5 0; Rotate 0.5 3", "--recipe", "imagenet"],
        &["in", "--policy", "augmix", "--columns", "2"],
        &["in", "--op", "Rotate(degrees=30)", "--op", "HorizontalFlip", "--op", "AutoContrast"],
    ];
    for call in calls {
        let arguments =
            [&["preview"], call, &["--device", "cpu", "--size", "48", "--out", "s.png", "--force"]].concat();
        folder.run_with(&arguments, &[]).ends_with(0);
        let sheet = folder.read("s.png");
        assert!(text(&folder, "s.png", "Software").starts_with("autoaugment 0."));
        // The policy's file is not needed.
        let is_policy = |word: &&str| folder.exists(word) && !word.starts_with("in");
        let file = call.iter().filter_map(|word| word.rsplit('=').next()).find(is_policy);
        if let Some(file) = file {
            std::fs::rename(folder.path(file), folder.path("away")).unwrap();
        }
        let made = again(&folder, "s.png", "again.png");
        if let Some(file) = file {
            std::fs::rename(folder.path("away"), folder.path(file)).unwrap();
        }
        assert!(made == sheet, "{call:?} gives another sheet");
    }
}

/// Where a sheet has a picture: its pixels, taken from the middle of squares of `factor`.
fn shrunk(sheet: &RgbImage, (x, y): (u32, u32), (width, height): (u32, u32), factor: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |dx, dy| *sheet.get_pixel(x + dx * factor, y + dy * factor))
}

/// The upper left corners of pictures in a row: below the heading, beside one another.
fn corner(sheet: &RgbImage, column: u32, side: u32) -> (u32, u32) {
    let x = 22 + column * (side + 11);
    // The frame is the first line of this color.
    let is_frame = |y: &u32| (0..20).all(|dx| sheet.get_pixel(x + dx, *y).0 == [222, 225, 230]);
    (x, (0..sheet.height()).find(is_frame).unwrap() + 1)
}

/// What is shown of a tiny image is what `apply` writes, each pixel as a square.
#[test]
fn small_images_are_augmented_at_their_own_size() {
    let folder = Folder::new();
    folder.image("in/tiny.png", color(15, 12, 0));
    for op in ["Equalize", "AutoContrast", "Rotate(degrees=20)", "Sharpness(factor=1.9)", "TranslateX(pixels=3)"] {
        folder.run(&format!("preview in --op {op} --size 64 --device cpu --out s.png --force")).ends_with(0);
        folder.run(&format!("apply in/tiny.png --op {op} --device cpu --out x.png --force")).ends_with(0);
        let (sheet, applied) = (folder.pixels("s.png").to_rgb8(), folder.pixels("x.png").to_rgb8());
        // 64 / 15 = 4 pixels for one.
        assert_eq!(shrunk(&sheet, corner(&sheet, 1, 64), (15, 12), 4), applied, "{op}");
        assert_eq!(shrunk(&sheet, corner(&sheet, 0, 64), (15, 12), 4), color(15, 12, 0), "{op}");
    }
}

/// Column k of the draws is copy k - 1 of `apply` with the same inputs.
#[test]
fn draws_are_those_of_apply() {
    let folder = Folder::new();
    for i in 0..3 {
        folder.image(&format!("in/{i}.png"), color(16, 16, i));
    }
    let options = "--policy randaugment --seed 5 --device cpu";
    folder.run(&format!("preview in --draws 2 --size 64 {options}")).ends_with(0);
    folder.run(&format!("apply in --copies 2 --out out {options} --plan-out plan.json")).ends_with(0);
    let sheet = folder.pixels("preview.png").to_rgb8();
    for (column, copy) in [(1, "0"), (2, "1")] {
        let applied = folder.pixels(&format!("out/0_{copy}.png")).to_rgb8();
        assert_eq!(shrunk(&sheet, corner(&sheet, column, 64), (16, 16), 4), applied, "copy {copy}");
    }
    // And the plan shows the same.
    folder.run("preview in --plan plan.json --size 64 --device cpu --out plan.png").ends_with(0);
    let planned = folder.pixels("plan.png").to_rgb8();
    for column in [1, 2] {
        let [a, b] = [&sheet, &planned].map(|sheet| shrunk(sheet, corner(sheet, column, 64), (16, 16), 4));
        assert_eq!(a, b, "entry {column}");
    }
}

#[test]
fn three_hundred_images_make_a_sheet_that_can_be_opened() {
    let folder = Folder::new();
    for class in ["a", "b", "c"] {
        for i in 0..100 {
            folder.image(&format!("in/{class}/{i:02}.png"), color(20, 14, i));
        }
    }
    let run = folder.run("preview in --device cpu --size 64").ends_with(0);
    run.says("8 of 300 images are shown, chosen by the seed; --images shows more");
    let sheet = folder.pixels("preview.png").to_rgb8();
    assert!(sheet.height() < 1200 && sheet.width() < 700, "{:?}", sheet.dimensions());
    folder.run("preview in --device cpu --size 64 --seed 1 --out other.png").ends_with(0);
    assert_ne!(folder.pixels("other.png").to_rgb8(), sheet);
    let refused = folder.run("preview in --device cpu --images 300 --size 1024 --columns 100 --out x.png").ends_with(2);
    refused.says("a sheet of 300 images in 26 columns would have 8178 megapixels and may have 100; lower --images");
    folder.run("preview in --device cpu --images 300 --size 32 --out all.png").ends_with(0);
}

#[test]
fn every_shape_is_shown_whole() {
    let folder = Folder::new();
    folder.image("in/tall.png", color(10, 200, 0));
    folder.image("in/wide.png", color(300, 20, 0));
    folder.image("in/gray.png", gray(50, 40));
    folder.image("in/dot.png", color(1, 1, 5));
    folder.run("preview in --device cpu --columns 3").ends_with(0);
    folder.run("preview in/dot.png --device cpu --draws 30 --policy trivialaugment --out one.png").ends_with(0);
    let sheet = folder.pixels("one.png").to_rgb8();
    assert!(sheet.width() <= 2200 && sheet.height() > 600, "30 draws go on below: {:?}", sheet.dimensions());
    folder.write("empty/notes.txt", "");
    folder.run("preview empty --out none.png").ends_with(2).says("empty: there are no images");
    folder.run("preview in/none.png --out none.png").ends_with(2).says("in/none.png: there is no such file");
}

#[test]
fn captions_say_what_was_done() {
    let folder = Folder::new();
    folder.image("in/a.png", color(64, 64, 0));
    // What a caption says is on the sheet as pixels; what it says it from is tested in the library. Here it must fit.
    for policy in
        ["augmix", "augmix-m5-w4-d2", "original-mstd0.5", "v0r-mstd0.5", "3a", "SamplePairing 1 9 + Cutout 1 9"]
    {
        let arguments = ["preview", "in", "--policy", policy, "--device", "cpu", "--force", "--columns", "2"];
        folder.run_with(&arguments, &[]).ends_with(0);
    }
    folder.run("preview in --policy original-mstd0.5 --sub-policies 3,25 --device cpu --out timm.png").ends_with(0);
    folder.run("preview in --policy original-mstd0.5 --sub-policies 26 --device cpu --out x.png").ends_with(2);
    let refused = folder.run("preview in --policy randaugment --sub-policies 1 --device cpu --out x.png").ends_with(2);
    refused.says("--sub-policies is for learned policies, and randaugment(n=2, m=9) is none");
}

#[test]
fn data_sets_and_arrays_are_shown() {
    let folder = Folder::new();
    let mut records = Vec::new();
    for i in 0..30_u8 {
        records.push(i % 10);
        records.extend(std::iter::repeat_n(i * 8, 3072));
    }
    folder.write("data/data_batch_1.bin", records);
    folder
        .run("preview data --device cpu --size 64 --batch --out cifar.png")
        .ends_with(0)
        .says("8 of 30 images are shown");
    let mixing = "preview data/data_batch_1.bin --device cpu --size 64 --mixup 0.4 --cutmix 1 --policy trivialaugment";
    folder.run(&format!("{mixing} --out mixed.png")).ends_with(0);
    folder.image("in/a.png", color(9, 9, 0));
    folder.image("in/b.png", color(8, 9, 0));
    let refused = folder.run("preview in --mixup 0.2 --device cpu --out x.png").ends_with(2);
    refused.says("images of 9 x 9 and 8 x 9 cannot be mixed; add --recipe");
    folder.run("preview in --mixup 0.2 --recipe imagenet --device cpu --size 64 --out x.png").ends_with(0);
    // An image that is too small for its crop is named, and the others are shown.
    folder.image("in/c.png", color(40, 40, 0));
    let run = folder.run("preview in --recipe cifar --device cpu --size 64 --out y.png").ends_with(1);
    run.says("error: in/a.png: ").says("is more than the padded image has").says("wrote y.png");
    let mut npy =
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3, 8, 8), }".to_vec();
    npy.resize(127, b' ');
    npy.push(b'\n');
    npy.extend((0..3 * 3 * 64).map(|i| (i * 7) as u8));
    folder.write("x.npy", npy);
    folder.run("preview x.npy --layout nchw --device cpu --size 64 --out array.png --op Identity").ends_with(0);
    let sheet = folder.pixels("array.png").to_rgb8();
    let planes = |c: u32| Rgb([0, 1, 2].map(|plane| ((plane * 64 + c) * 7) as u8));
    let shown = shrunk(&sheet, corner(&sheet, 0, 64), (8, 8), 8);
    assert!((0..8).all(|y| (0..8).all(|x| *shown.get_pixel(x, y) == planes(y * 8 + x))));
    folder.run("preview x.npy in --device cpu --out z.png").ends_with(2).says("an array must be the only input");
    folder.run("preview in --layout nchw --device cpu --out z.png").ends_with(2).says("--layout is for .npy arrays");
}

/// A file of a tar archive, as POSIX has it.
fn archived(name: &str, data: &[u8]) -> Vec<u8> {
    let mut header = [0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", data.len()).as_bytes());
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let padding = vec![0; data.len().next_multiple_of(512) - data.len()];
    [&header[..], data, &padding].concat()
}

#[test]
fn shards_and_idx_files_are_shown() {
    let folder = Folder::new();
    let mut shard = Vec::new();
    for i in 0..3_u8 {
        folder.image("a.png", color(20, 20, i.into()));
        shard.extend(archived(&format!("{i}.png"), &std::fs::read(folder.path("a.png")).unwrap()));
        shard.extend(archived(&format!("{i}.cls"), &[b'0' + i]));
    }
    shard.extend([0; 1024]);
    folder.write("shard-0.tar", shard);
    let whole = "--images 3 --op Identity --device cpu --size 40";
    folder.run(&format!("preview shard-0.tar {whole} --out tar.png")).ends_with(0);
    folder.write("idx/t-labels-idx1-ubyte", b"\0\0\x08\x01\0\0\0\x03\0\x01\x02");
    let images = [&b"\0\0\x08\x03\0\0\0\x03\0\0\0\x14\0\0\0\x14"[..], &[77; 3 * 400]].concat();
    folder.write("idx/t-images-idx3-ubyte", images);
    folder.run(&format!("preview idx {whole} --out idx.png")).ends_with(0);
    let sheet = folder.pixels("idx.png").to_rgb8();
    assert_eq!(shrunk(&sheet, corner(&sheet, 0, 40), (20, 20), 2), RgbImage::from_pixel(20, 20, Rgb([77; 3])));
}

/// The file is one that pyarrow wrote: 7 gray images, of which one only names its file.
#[test]
fn parquet_files_are_shown() {
    let folder = Folder::new();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/hub-snappy.parquet");
    folder.write("data/train.parquet", std::fs::read(file).unwrap());
    let call = "--images 7 --op Identity --device cpu --size 32";
    let run = folder.run(&format!("preview data {call}"));
    if run.stderr.contains("this build cannot read parquet files; build it with the feature `parquet`") {
        eprintln!("skipped: a build without parquet");
        return;
    }
    let run = run.ends_with(1).says("column `image.bytes` has no value").says("error: 3 inputs failed");
    run.says("wrote preview.png");
    let sheet = folder.pixels("preview.png").to_rgb8();
    // Image 0 is black, 4 x 3, and 32 / 4 = 8 pixels stand for one.
    assert_eq!(shrunk(&sheet, corner(&sheet, 0, 32), (4, 3), 8), RgbImage::new(4, 3));
}

#[test]
fn a_plan_by_hand_shows_its_entries() {
    let folder = Folder::new();
    for name in ["a", "b", "c"] {
        folder.image(&format!("in/{name}.png"), color(16, 16, u32::from(name.as_bytes()[0])));
    }
    let pairing = json!({"op": "SamplePairing", "weight": 1, "partner": 1});
    let plan = json!({"version": 2, "images": [
        {"file": "a.png", "sub_policy": 3, "ops": [pairing]},
        {"file": "c.png", "ops": []},
        {"file": "a.png", "ops": [{"op": "Invert"}]},
    ]});
    folder.write("plan.json", plan.to_string());
    folder.run("preview in --plan plan.json --images 1 --size 64 --device cpu").ends_with(0).says("wrote preview.png");
    let sheet = folder.pixels("preview.png").to_rgb8();
    let shown = shrunk(&sheet, corner(&sheet, 1, 64), (16, 16), 4);
    assert_eq!(shown, color(16, 16, u32::from(b'c')), "the partner is another image, which has no row");
    folder.run("preview in --plan plan.json --op Invert --out x.png").ends_with(2).says("cannot be used with");
}
