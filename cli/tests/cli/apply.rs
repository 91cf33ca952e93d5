//! `apply` on files: names, formats, notices, broken files, and the same bytes however it is run.

use image::{DynamicImage, ImageFormat};

use crate::folder::{Folder, color, gray, jpeg};

/// Three sizes, color and gray, a folder in the folder.
fn some_images() -> Folder {
    let folder = Folder::new();
    for i in 0..5 {
        folder.image(&format!("in/{i}.png"), color(20, 12, i));
    }
    folder.image("in/deep/a.bmp", color(7, 9, 1));
    folder.image("in/deep/gray.png", gray(20, 12));
    folder.write("in/photo.jpg", jpeg(16, 16));
    folder.write("in/notes.txt", "no image");
    folder.write("in/.hidden.png", "no image either");
    folder
}

#[test]
fn a_folder_keeps_its_shape() {
    let folder = some_images();
    let run = folder.run("apply in --out out --copies 2 --device cpu").ends_with(0);
    run.says("running on the CPU").says("wrote 16 files to out");
    let expected = [
        "0_0.png",
        "0_1.png",
        "1_0.png",
        "1_1.png",
        "2_0.png",
        "2_1.png",
        "3_0.png",
        "3_1.png",
        "4_0.png",
        "4_1.png",
        "deep/a_0.png",
        "deep/a_1.png",
        "deep/gray_0.png",
        "deep/gray_1.png",
        "photo_0.png",
        "photo_1.png",
    ];
    assert_eq!(folder.files("out"), expected);
    assert!(matches!(folder.pixels("out/deep/gray_0.png"), DynamicImage::ImageLuma8(_)));
}

#[test]
fn braces_stand_for_names() {
    let folder = some_images();
    folder.run("apply in/{1..3..2}.png --out out --op Invert --device cpu").ends_with(0).says("wrote 2 files to out");
    assert_eq!(folder.files("out"), ["1.png", "3.png"]);
    folder
        .run("apply in/{1,9}.png --out more --op Invert --device cpu")
        .ends_with(2)
        .says("in/9.png: there is no such");
}

#[test]
fn images_of_other_kinds_are_named() {
    let folder = some_images();
    folder.write("in/photo.HEIC", "a photograph");
    let run = folder.run("apply in --out out --op Invert --device cpu").ends_with(1);
    run.says("in/photo.HEIC: HEIC files cannot be decoded; convert it to PNG");
    assert_eq!(folder.files("out").len(), 8);
}

#[test]
fn a_fixed_chain_gives_the_bytes_of_the_library() {
    let folder = Folder::new();
    let source = color(9, 4, 0);
    folder.image("cat.png", source.clone());
    folder.image("gray.png", gray(5, 5));
    folder.run("apply cat.png gray.png --out out --op Invert --op Posterize(bits=4) --device cpu").ends_with(0);
    let expected: Vec<u8> = source.as_raw().iter().map(|v| (255 - v) & 0xF0).collect();
    assert_eq!(folder.pixels("out/cat.png").to_rgb8().as_raw(), &expected);
    let expected: Vec<u8> = gray(5, 5).as_raw().iter().map(|v| (255 - v) & 0xF0).collect();
    assert_eq!(folder.pixels("out/gray.png").to_luma8().as_raw(), &expected);
}

#[test]
fn the_result_depends_on_neither_threads_nor_copies_nor_batches() {
    let folder = some_images();
    let run = |out: &str, threads: &str, policy: &str| {
        let arguments =
            ["apply", "in", "--out", out, "--copies", "3", "--policy", policy, "--seed", "5", "--device", "cpu"];
        folder.run_with(&arguments, &[("RAYON_NUM_THREADS", threads)]).ends_with(0);
        let read = |name: String| (folder.read(&format!("{out}/{name}")), name);
        folder.files(out).into_iter().map(read).collect::<Vec<_>>()
    };
    for policy in ["imagenet", "SamplePairing 1 9"] {
        let one = run(&format!("one{}", policy.len()), "1", policy);
        assert!(one == run(&format!("four{}", policy.len()), "4", policy), "{policy}: other bytes with four threads");
    }
    // The first file alone, then among others: it is sample 0 either way.
    folder.run("apply in/0.png --out alone --seed 5 --copies 3 --device cpu").ends_with(0);
    assert_eq!(folder.read("alone/0_2.png"), folder.read("one8/0_2.png"));
    // Another epoch draws anew.
    folder.run("apply in --out later --seed 5 --copies 3 --epoch 1 --device cpu").ends_with(0);
    assert!(
        folder.files("later").iter().any(|n| folder.read(&format!("later/{n}")) != folder.read(&format!("one8/{n}")))
    );
}

#[test]
fn broken_files_are_named_and_the_others_are_written() {
    let folder = some_images();
    let photo = jpeg(64, 64);
    folder.write("in/half.jpg", &photo[..photo.len() / 2]);
    folder.write("in/empty.png", []);
    folder.write("in/text.webp", "this is not an image");
    let png = folder.read("in/0.png");
    folder.write("in/cut.png", &png[..png.len() - 30]);
    let run = folder.run("apply in --out out --device cpu --report").ends_with(1);
    let run = run
        .says("error: in/half.jpg: unreadable JPEG: the data are truncated")
        .says("error: in/empty.png: the file is empty")
        .says("error: in/text.webp: not a JPEG, PNG, WebP, BMP, GIF, TIFF or PNM file")
        .says("error: in/cut.png: unreadable PNG: ")
        .says("error: 4 inputs failed")
        .says("wrote 8 files to out");
    assert_eq!(folder.files("out").len(), 8);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let of = |name: &str| report[name].as_u64().unwrap();
    assert_eq!((of("inputs"), of("failed"), of("written"), of("images")), (12, 4, 8, 8));
    assert_eq!(report["device"], "CPU");
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = some_images();
    std::os::unix::fs::symlink("nowhere.png", folder.path("in/link.png")).unwrap();
    let run = folder.run("apply in --out out --device cpu").ends_with(1);
    run.says("in/link.png: ").says("No such file or directory").says("error: 1 input failed");
    assert_eq!(folder.files("out").len(), 8);
}

#[test]
fn what_is_lost_is_said() {
    let folder = Folder::new();
    let rgba = image::RgbaImage::from_fn(4, 4, |x, y| image::Rgba([x as u8 * 9, y as u8 * 7, 40, (x * 60) as u8]));
    folder.image("in/alpha.png", rgba.clone());
    folder.image("in/deep.png", image::ImageBuffer::from_fn(4, 4, |x, y| image::Luma([(x * 9999 + y) as u16])));
    let frame = |v: u8| image::Frame::new(image::RgbaImage::from_pixel(4, 4, image::Rgba([v, v, v, 255])));
    let mut gif = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut gif);
    encoder.encode_frames([frame(0), frame(255)]).unwrap();
    drop(encoder);
    folder.write("in/moving.gif", gif);
    let run = folder.run("apply in --out out --op Identity --device cpu").ends_with(0);
    run.says("with an alpha channel, which was dropped (in/alpha.png")
        .says("notice: 1 image with more than 8 bits a channel, which were reduced to 8 (in/deep.png)")
        .says("notice: 1 image animated, of which the first frame was taken (in/moving.gif)");
    let expected: Vec<u8> = rgba.pixels().flat_map(|p| [p[0], p[1], p[2]]).collect();
    assert_eq!(folder.pixels("out/alpha.png").as_bytes(), expected);
    let deep = folder.pixels("out/deep.png");
    assert!(matches!(deep, DynamicImage::ImageLuma8(_)), "{:?}", deep.color());
    assert_eq!(deep.as_bytes()[1], (9999 >> 8) as u8);
    assert_eq!(folder.pixels("out/moving.png").to_rgb8().get_pixel(0, 0).0, [0, 0, 0]);
    let quiet = folder.run("apply in --out out2 --op Identity --device cpu --quiet").ends_with(0);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn formats_are_written_as_asked() {
    let folder = some_images();
    folder.image("in/still.gif", color(4, 4, 0));
    for (format, extension, kind) in [
        ("png", "png", ImageFormat::Png),
        ("jpeg", "jpg", ImageFormat::Jpeg),
        ("webp", "webp", ImageFormat::WebP),
        ("bmp", "bmp", ImageFormat::Bmp),
    ] {
        folder.run(&format!("apply in --out {format} --format {format} --op Invert --device cpu")).ends_with(0);
        for name in ["0", "photo", "deep/a", "deep/gray"] {
            let bytes = folder.read(&format!("{format}/{name}.{extension}"));
            assert_eq!(image::guess_format(&bytes).unwrap(), kind, "{name}");
        }
        if kind != ImageFormat::Jpeg {
            let path = format!("{format}/deep/a.{extension}");
            assert_eq!(folder.pixels(&path).to_rgb8(), folder.pixels("png/deep/a.png").to_rgb8(), "{format}");
        }
    }
    folder.run("apply in --out same --format same --op Invert --device cpu").ends_with(0);
    let names = folder.files("same");
    for name in ["0.png", "photo.jpg", "deep/a.bmp", "still.png"] {
        assert!(names.iter().any(|n| n == name), "{name} is not in {names:?}");
    }
}

#[test]
fn nothing_is_overwritten_unasked() {
    let folder = some_images();
    folder.write("out/2.png", "mine");
    let run = folder.run("apply in --out out --device cpu").ends_with(2);
    run.says("out/2.png exists; --force overwrites it");
    assert_eq!(folder.files("out"), ["2.png"], "nothing else may be written either");
    assert_eq!(folder.read("out/2.png"), b"mine");
    folder.write("plan.json", "mine");
    folder.run("apply in --out other --plan-out plan.json --device cpu").ends_with(2).says("plan.json exists");
    folder.run("apply in --out out --force --device cpu").ends_with(0);
    assert_ne!(folder.read("out/2.png"), b"mine");
    // The folder that is written to is no input, even inside one.
    folder.run("apply in --out in/out --device cpu").ends_with(0).says("wrote 8 files");
    folder.run("apply in --out in/out --force --device cpu").ends_with(0).says("wrote 8 files");
}

#[test]
fn only_a_gpu_will_do() {
    let folder = some_images();
    let run = folder.run("apply in --out out --device gpu");
    if run.code == 0 {
        // There is one, and it must be named.
        assert!(run.stderr.contains("running on ") && !run.stderr.contains("running on the CPU"), "{}", run.stderr);
        return;
    }
    run.ends_with(3).says("error: no usable GPU: ");
    assert!(!folder.exists("out"));
}

#[test]
fn without_cuda_it_is_said_what_is_missing() {
    let folder = some_images();
    let run = folder.run("apply in --out out --device cuda:0");
    // The library's tests compare the reasons.
    let Err(error) = autoaugment::Executor::new(autoaugment::Device::Cuda(0)) else {
        run.ends_with(0).says("(CUDA 0, experimental)");
        return;
    };
    assert_eq!(run.ends_with(3).stderr, format!("error: {error}\n"));
    assert!(!folder.exists("out"));
}

#[test]
fn a_recipe_brings_every_image_to_one_size_and_its_plan_says_how() {
    let folder = some_images();
    let run = "apply in --out out --recipe imagenet --policy cifar10 --seed 3 --device cpu --plan-out plan.json";
    folder.run(run).ends_with(0);
    let names = folder.files("out");
    assert_eq!(names.len(), 8);
    for name in &names {
        let pixels = folder.pixels(&format!("out/{name}"));
        assert_eq!((pixels.width(), pixels.height()), (224, 224), "{name}");
    }
    folder.run("apply in --out again --plan plan.json --device cpu").ends_with(0);
    for name in &names {
        assert_eq!(folder.pixels(&format!("again/{name}")), folder.pixels(&format!("out/{name}")), "{name}");
    }
    // CIFAR's crop needs images of 24 x 24 at least.
    let run = folder.run("apply in --out small --recipe cifar --device cpu").ends_with(1);
    run.says("0.png: image 0: stage 1: RandomCrop: height 32 is more than the padded image has");
    folder.run("apply in --out x --recipe imagnet --device cpu").ends_with(2).says("did you mean `imagenet`?");
}

#[test]
fn operations_that_change_the_size() {
    let folder = some_images();
    let resize = "--op Resize(width=6,height=5,interpolation=bicubic) --op HorizontalFlip";
    folder.run(&format!("apply in --out out {resize} --device cpu")).ends_with(0);
    let pixels = folder.pixels("out/deep/a.png");
    assert_eq!((pixels.width(), pixels.height()), (6, 5));
    // One plan, two sizes for images of one size.
    let image = |file: &str, side: usize| {
        format!(r#"{{"file": "{file}", "ops": [{{"op": "Crop", "x": 1, "y": -1, "width": {side}, "height": 4}}]}}"#)
    };
    folder.write("plan.json", format!(r#"{{"version": 1, "images": [{}, {}]}}"#, image("0.png", 3), image("1.png", 9)));
    folder.run("apply in --out two --plan plan.json --device cpu").ends_with(0);
    assert_eq!([0, 1].map(|i| folder.pixels(&format!("two/{i}.png")).width()), [3, 9]);
}

/// A JPEG of 16 x 8 pixels whose camera was turned by a quarter.
fn turned_jpeg() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new(&mut bytes);
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    image::ImageEncoder::set_exif_metadata(&mut encoder, exif).unwrap();
    encoder.encode_image(&image::RgbImage::from_fn(16, 8, |x, y| image::Rgb([x as u8 * 16, y as u8 * 30, 9]))).unwrap();
    bytes
}

#[test]
fn the_exif_orientation_is_ignored_kept_or_applied() {
    use autoaugment::loader::decode::stored_orientation;
    let folder = Folder::new();
    folder.write("in/turned.jpg", turned_jpeg());
    let run = folder.run("apply in --out ignored --op Identity --device cpu").ends_with(0);
    run.says("notice: 1 image with an EXIF orientation, which was ignored (in/turned.jpg)");
    let stored = folder.pixels("ignored/turned.png").to_rgb8();
    assert_eq!(stored.dimensions(), (16, 8));
    folder.run("apply in --out applied --op Identity --device cpu --orientation apply").ends_with(0);
    let upright = folder.pixels("applied/turned.png").to_rgb8();
    assert_eq!(upright, image::imageops::rotate90(&stored));
    folder.run("apply in --out same --op Identity --device cpu --format same").ends_with(0);
    assert_eq!(stored_orientation(&folder.read("same/turned.jpg")), Ok(6));
    folder.run("apply in --out both --op Identity --device cpu --format same --orientation apply").ends_with(0);
    assert_eq!(stored_orientation(&folder.read("both/turned.jpg")), Ok(1));
}

#[test]
fn truncated_files_are_filled_on_request() {
    let folder = Folder::new();
    let whole = jpeg(64, 64);
    folder.write("in/half.jpg", &whole[..whole.len() / 2]);
    folder.run("apply in --out out --op Identity --device cpu").ends_with(1).says("in/half.jpg: unreadable JPEG: ");
    let run = folder.run("apply in --out out --op Identity --device cpu --truncated fill").ends_with(0);
    run.says("notice: 1 image with damaged data, which was filled as Pillow fills it (in/half.jpg)");
    assert_eq!(folder.pixels("out/half.png").to_rgb8().dimensions(), (64, 64));
}

#[test]
fn one_image_is_written_as_the_file_that_is_named() {
    let folder = some_images();
    folder.run("apply in/0.png --out x.jpg --op Invert --device cpu").ends_with(0).says("wrote 1 file to x.jpg");
    assert_eq!(image::guess_format(&folder.read("x.jpg")).unwrap(), ImageFormat::Jpeg);
    folder.run("apply in/0.png --out deep/er/X.PNG --op Invert --device cpu").ends_with(0);
    let inverted: Vec<_> = color(20, 12, 0).as_raw().iter().map(|v| 255 - v).collect();
    assert_eq!(folder.pixels("deep/er/X.PNG").to_rgb8().as_raw(), &inverted);
    folder.run("apply in/0.png --out x.jpg --op Invert --device cpu").ends_with(2).says("x.jpg exists; --force");
    folder.run("apply in/0.png --out x.jpg --op Invert --device cpu --force").ends_with(0);
    for (call, words) in [
        ("apply in --out y.png --op Invert", "--out y.png: one file is written for one image, and there are 8 outputs"),
        ("apply in/0.png --out y.png --op Invert --copies 2", "and there are 2 outputs; name a folder"),
        ("apply in/0.png --out in/notes.txt --op Invert", "it is a file without the extension of an image"),
        ("apply in/0.png --out y.png --format jpeg --op Invert", "its name is of another format than --format"),
        ("apply in/0.png --out in/0.png --op Invert --force", "in/0.png would be overwritten, and the run reads it"),
        ("apply in --out in --op Invert", "--out in: it is an input too"),
        ("apply in --out ./in/deep/.. --op Invert --force", "it is an input too"),
    ] {
        folder.run(&format!("{call} --device cpu")).ends_with(2).says(words);
    }
    assert!(!folder.exists("y.png"));
}
