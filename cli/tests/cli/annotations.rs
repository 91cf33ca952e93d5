//! Annotations: `apply` moves them with the images, and `preview` draws them where they belong.

use image::{Rgb, RgbImage};
use serde_json::{Value, json};

use crate::folder::{Folder, color};

const RED: [u8; 3] = [200, 20, 30];
const BLUE: [u8; 3] = [20, 40, 210];

/// A gray image of 40 x 30 with a red rectangle at 4..14 x 6..12 and a blue one at 20..36 x 15..27.
fn rectangles() -> RgbImage {
    RgbImage::from_fn(40, 30, |x, y| {
        Rgb(match (x, y) {
            (4..14, 6..12) => RED,
            (20..36, 15..27) => BLUE,
            _ => [128; 3],
        })
    })
}

/// The smallest box around all pixels of a color: left, top, width and height.
fn around(image: &RgbImage, color: [u8; 3]) -> Option<[f64; 4]> {
    let places: Vec<_> = image.enumerate_pixels().filter(|(_, _, p)| p.0 == color).map(|(x, y, _)| (x, y)).collect();
    let (left, right) = (places.iter().map(|p| p.0).min()?, places.iter().map(|p| p.0).max()? + 1);
    let (top, bottom) = (places.iter().map(|p| p.1).min()?, places.iter().map(|p| p.1).max()? + 1);
    Some([left, top, right - left, bottom - top].map(f64::from))
}

fn coco() -> Value {
    json!({
        "info": {"year": 2026},
        "images": [{"id": 7, "file_name": "a.png", "width": 40, "height": 30, "license": 3}],
        "categories": [
            {"id": 1, "name": "red", "keypoints": ["left_corner", "right_corner"]},
            {"id": 5, "name": "blue"}
        ],
        "annotations": [
            {"id": 11, "image_id": 7, "category_id": 1, "bbox": [4, 6, 10, 6], "area": 60, "iscrowd": 0,
             "segmentation": [[4, 6, 14, 6, 14, 12, 4, 12]], "num_keypoints": 2, "keypoints": [4, 6, 2, 13, 6, 1]},
            {"id": 12, "image_id": 7, "category_id": 5, "bbox": [20, 15, 16, 12], "area": 192, "iscrowd": 1,
             "segmentation": {"size": [30, 40], "counts": blue_runs()}}
        ]
    })
}

/// The blue rectangle, column by column.
fn blue_runs() -> Vec<u32> {
    let mut counts = vec![20 * 30 + 15];
    for _ in 20..35 {
        counts.extend([12, 18]);
    }
    counts.extend([12, 3 + 4 * 30]);
    counts
}

fn annotated() -> Folder {
    let folder = Folder::new();
    folder.image("in/a.png", rectangles());
    folder.write("coco.json", coco().to_string());
    folder.write("labels/a.txt", "0 0.225 0.3 0.25 0.2\n1 0.7 0.7 0.4 0.4\n");
    folder.write("labels/classes.txt", "red\nblue\n");
    let mask = image::GrayImage::from_fn(40, 30, |x, y| {
        image::Luma([match rectangles().get_pixel(x, y).0 {
            RED => 1,
            BLUE => 2,
            _ => 0,
        }])
    });
    folder.image("masks/a.png", mask);
    folder
}

fn moved(folder: &Folder, name: &str) -> Value {
    serde_json::from_slice(&folder.read(name)).unwrap()
}

/// Under each operation, the pixels under the moved box are the rectangle's, and those around it are not.
#[test]
fn boxes_stay_on_their_rectangles() {
    let folder = annotated();
    let chains: [&[&str]; 6] = [
        &["Invert", "Invert"],
        &["HorizontalFlip"],
        &["VerticalFlip", "TranslateX(pixels=3)"],
        &["Crop(x=2,y=3,width=36,height=25)"],
        &["Resize(width=80,height=90)"],
        &["Crop(x=-4,y=-2,width=50,height=40)", "HorizontalFlip", "Resize(width=100,height=80)"],
    ];
    for (i, chain) in chains.iter().enumerate() {
        let out = format!("out{i}");
        let mut call = vec!["apply", "in", "--out", &out, "--coco", "coco.json", "--masks", "masks", "--device", "cpu"];
        call.extend(chain.iter().flat_map(|op| ["--op", op]));
        folder
            .run_with(&call, &[])
            .ends_with(0)
            .says("moved 2 objects: 0 partly outside the image and cut off, 0 left");
        let image = folder.pixels(&format!("{out}/a.png")).to_rgb8();
        let result = moved(&folder, &format!("{out}/coco.json"));
        assert_eq!(result["images"][0]["id"], 7, "one copy keeps its ids");
        assert_eq!((&result["images"][0]["width"], &result["info"]["year"]), (&image.width().into(), &2026.into()));
        for (k, color) in [RED, BLUE].into_iter().enumerate() {
            let expected = around(&image, color).unwrap();
            let annotation = &result["annotations"][k];
            let bbox: Vec<f64> = serde_json::from_value(annotation["bbox"].clone()).unwrap();
            let is_near = bbox.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9);
            assert!(is_near, "{chain:?}: {bbox:?}, and the pixels are at {expected:?}");
            assert!((annotation["area"].as_f64().unwrap() - bbox[2] * bbox[3]).abs() < 1e-6, "{annotation}");
        }
        let corner = &result["annotations"][0]["segmentation"][0];
        assert_eq!(corner.as_array().unwrap().len(), 8);
        // The mask has its labels where the colors are, and the runs their ones.
        let mask = folder.pixels(&format!("{out}/masks/a.png")).to_luma8();
        for (pixel, label) in image.pixels().zip(mask.pixels()) {
            let expected = match pixel.0 {
                RED => 1,
                BLUE => 2,
                _ => 0,
            };
            assert_eq!(label.0[0], expected, "{chain:?}");
        }
        let runs: Vec<usize> =
            serde_json::from_value(result["annotations"][1]["segmentation"]["counts"].clone()).unwrap();
        let ones: usize = runs.iter().skip(1).step_by(2).sum();
        assert_eq!(ones, image.pixels().filter(|pixel| pixel.0 == BLUE).count());
    }
}

#[test]
fn mirrored_keypoints_change_places() {
    let folder = annotated();
    folder.run("apply in --out out --op HorizontalFlip --coco coco.json --device cpu").ends_with(0);
    let keypoints = &moved(&folder, "out/coco.json")["annotations"][0]["keypoints"];
    // The corners of 4..14 are now at 26..36: what was the right one is the left one.
    assert_eq!(*keypoints, json!([26.0, 6.0, 1.0, 35.0, 6.0, 2.0]));
}

#[test]
fn yolo_labels_follow_and_copies_have_their_own() {
    let folder = annotated();
    let flip = "apply in --out out --op HorizontalFlip --op Crop(x=0,y=0,width=20,height=30) --copies 2 --yolo labels";
    folder
        .run(&format!("{flip} --device cpu"))
        .ends_with(0)
        .says("moved 4 objects: 0 partly outside the image and cut off, 2 left out");
    assert_eq!(folder.files("out"), ["a_0.png", "a_1.png", "labels/a_0.txt", "labels/a_1.txt"]);
    // The blue box 20..36 x 15..27 is at 4..20 now, the red one is outside 0..20.
    assert_eq!(String::from_utf8(folder.read("out/labels/a_1.txt")).unwrap(), "1 0.6 0.7 0.8 0.4\n");
    let image = folder.pixels("out/a_1.png").to_rgb8();
    assert_eq!(around(&image, BLUE), Some([4.0, 15.0, 16.0, 12.0]));
    assert_eq!(around(&image, RED), None);
    folder.write("labels/a.txt", "1 0.5 0.5 0.9 0.5 0.9 0.9 0.5 0.9\n");
    folder.run("apply in --out poly --op VerticalFlip --yolo labels --device cpu").ends_with(0);
    let text = String::from_utf8(folder.read("poly/labels/a.txt")).unwrap();
    assert_eq!(text, "1 0.5 0.5 0.9 0.5 0.9 0.1 0.5 0.1\n");
    let most =
        "apply in --out most --op Crop(x=0,y=0,width=25,height=30) --coco coco.json --min-visible 0.5 --device cpu";
    folder.run(most).ends_with(0).says("1 left out");
    assert_eq!(moved(&folder, "most/coco.json")["annotations"].as_array().unwrap().len(), 1);
}

#[test]
fn poses_of_yolo_follow() {
    let folder = annotated();
    folder.write("labels/a.txt", "0 0.225 0.3 0.25 0.2 0.1 0.2 2 0.35 0.2 1 0 0 0\n");
    let call = "--op HorizontalFlip --yolo labels --device cpu";
    let names = "--keypoints left_corner,right_corner,middle";
    folder.run(&format!("apply in --out out {call} {names}")).ends_with(0).says("moved 1 object");
    // The box 4..14 is at 26..36. What was the right corner, at 14, is the left one, at 26.
    let text = String::from_utf8(folder.read("out/labels/a.txt")).unwrap();
    assert_eq!(text, "0 0.775 0.3 0.25 0.2 0.65 0.2 1 0.9 0.2 2 0 0 0\n");
    folder.run(&format!("preview in --size 160 {call} {names} --out pose.png")).ends_with(0);
    // Out of the image, a keypoint is not known.
    let crop = "apply in --out cut --op Crop(x=8,y=0,width=32,height=30) --yolo labels --device cpu";
    folder.run(&format!("{crop} {names}")).ends_with(0).says("1 partly outside");
    let text = String::from_utf8(folder.read("cut/labels/a.txt")).unwrap();
    assert_eq!(text, "0 0.09375 0.3 0.1875 0.2 0 0 0 0.1875 0.2 1 0 0 0\n");
    for (names, text, words) in [
        ("", "0 0.2 0.3 0.2 0.2 0.1 0.2 2", "2 is outside 0..=1; coordinates are fractions of the image's sides, and"),
        ("", "0 0.2 0.3 0.2 0.2 0.1 0.2 0", "there are 7 numbers behind the class"),
        ("--keypoints a,b", "0 0.2 0.3 0.2 0.2 0.1 0.2 2", "there are 7 numbers behind the class; a pose has 10"),
        ("--keypoints a", "0 0.2 0.3 0.2 0.2 0.1 0.2 0.5", "the visibility `0.5` of a keypoint is none of 0, 1 and 2"),
        ("--keypoints a", "0 0.2 0.3 0.2 0.2 0.1 1e9 2", "1000000000 is outside 0..=1"),
    ] {
        folder.write("labels/a.txt", text);
        let run = folder.run(&format!("apply in --out x {call} {names}")).ends_with(1);
        run.says("labels/a.txt, line 1: ").says(words);
    }
    folder.run("apply in --out x --op Invert --keypoints a --device cpu").ends_with(2).says("--yolo");
}

#[test]
fn one_copy_each_of_many_is_one_coco_file() {
    let folder = annotated();
    folder.image("in/b.png", rectangles());
    folder.image("in/c.png", rectangles());
    let mut all = coco();
    all["images"].as_array_mut().unwrap().push(json!({"id": 9, "file_name": "b.png"}));
    all["images"].as_array_mut().unwrap().push(json!({"id": 10, "file_name": "gone.png"}));
    all["annotations"]
        .as_array_mut()
        .unwrap()
        .push(json!({"id": 40, "image_id": 9, "category_id": 5, "bbox": [1, 1, 2, 2]}));
    folder.write("coco.json", all.to_string());
    let run =
        folder.run("apply in --out out --copies 3 --policy trivialaugment --coco coco.json --device cpu").ends_with(0);
    let run = run.says("notice: 1 image of coco.json not among the inputs (gone.png, ...)");
    run.says("notice: 3 outputs have no annotations (in/c.png, ...)").says("moved 9 objects");
    let result = moved(&folder, "out/coco.json");
    let names: Vec<_> = result["images"].as_array().unwrap().iter().map(|i| i["file_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a_0.png", "a_1.png", "a_2.png", "b_0.png", "b_1.png", "b_2.png"]);
    let ids: Vec<_> = result["images"].as_array().unwrap().iter().map(|i| i["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6]);
    // The same again, image by image.
    folder
        .run("apply in --out again --copies 3 --policy trivialaugment --coco coco.json --resume --device cpu")
        .ends_with(0);
    std::fs::remove_file(folder.path("again/a_1.png")).unwrap();
    folder
        .run("apply in --out again --copies 3 --policy trivialaugment --coco coco.json --resume --device cpu")
        .ends_with(0);
    assert_eq!(folder.read("again/coco.json"), folder.read("out/coco.json"));
}

#[test]
fn broken_annotations_are_named() {
    let folder = annotated();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut all = coco();
        change(&mut all);
        all.to_string()
    };
    let nan = coco().to_string().replacen("\"area\":60", "\"area\":NaN", 1);
    for (text, words) in [
        ("{\"images\": [".to_string(), "coco.json: no COCO file: EOF while parsing"),
        ("[1]".to_string(), "coco.json: no COCO file: invalid"),
        (nan, "coco.json: no COCO file: expected value at line 1"),
        (with(&|all| all["annotations"][0]["image_id"] = 8.into()), "coco.json: annotation 11: no image has the id 8"),
        (with(&|all| all["annotations"][0]["category_id"] = 2.into()), "annotation 11: no category has the id 2"),
        (
            with(&|all| all["annotations"][1]["bbox"][2] = 30.into()),
            "annotation 12: its box, 20 to 50 by 15 to 27, is outside",
        ),
        (with(&|all| all["annotations"][1]["bbox"][3] = (-1).into()), "annotation 12: its box has 16 x -1 pixels"),
        (
            with(&|all| all["annotations"][0]["segmentation"][0] = json!([1, 2, 3])),
            "annotation 11: a polygon has 3 numbers",
        ),
        (
            with(&|all| all["annotations"][0]["keypoints"] = json!([1, 2])),
            "annotation 11: its keypoints have 2 numbers",
        ),
    ] {
        folder.write("coco.json", text);
        folder.run("apply in --out out --op Invert --coco coco.json --device cpu").ends_with(2).says(words);
        assert!(!folder.exists("out"), "{words}");
    }
    for (text, words) in [
        (
            with(&|all| all["images"][0]["width"] = 41.into()),
            "in/a.png: coco.json says that it has 41 x 30 pixels, and it has 40 x 30",
        ),
        (
            with(&|all| all["annotations"][1]["segmentation"]["counts"] = json!([5])),
            "annotation 12: the runs of its segmentation do not add up",
        ),
    ] {
        folder.write("coco.json", text);
        folder.run("apply in --out out --op Invert --coco coco.json --device cpu --force").ends_with(1).says(words);
        assert!(!folder.exists("out/a.png"), "{words}");
    }
    for (text, words) in [
        ("0 0.5 0.5 0.2 nan", "labels/a.txt, line 1: NaN is outside 0..=1"),
        ("\n2 0.5 0.5 0.2 0.2", "labels/a.txt, line 2: the class 2 is outside 0..2"),
        ("-1 0.5 0.5 0.2 0.2", "line 1: the class `-1` is not a whole number from 0"),
        ("0 0.5 0.5 1.7 0.2", "line 1: 1.7 is outside 0..=1"),
        ("0 0.1 0.5 0.9 0.2", "line 1: the box, -0.35 to 0.55 by 0.4 to 0.6, is outside the image"),
        ("0 0.1 0.5 0.9", "line 1: there are 3 numbers behind the class"),
        ("0 a b c d", "line 1: `a` is not a number"),
    ] {
        folder.write("labels/a.txt", text);
        let run = folder.run("apply in --out yolo --op Invert --yolo labels --device cpu").ends_with(1);
        run.says("error: in/a.png: ").says(words);
        assert!(!folder.exists("yolo/a.png"), "{words}");
    }
    folder.image("masks/a.png", image::GrayImage::new(3, 3));
    let run = folder.run("apply in --out masked --op Invert --masks masks --device cpu").ends_with(1);
    run.says("in/a.png: masks/a.png: the mask has 3 x 3 pixels, and its image 40 x 30");
    folder.image("masks/a.png", color(40, 30, 0));
    folder
        .run("apply in --out masked --op Invert --masks masks --device cpu")
        .ends_with(1)
        .says("a mask is gray or has a palette");
    folder.image("masks/a.png", image::ImageBuffer::<image::Luma<u16>, _>::new(40, 30));
    let run = folder.run("apply in --out masked --op Invert --masks masks --device cpu").ends_with(1);
    run.says("with up to 8 bits; this PNG is Grayscale with 16 bits");
    std::fs::remove_file(folder.path("masks/a.png")).unwrap();
    folder
        .run("apply in --out masked --op Invert --masks masks --device cpu")
        .ends_with(1)
        .says("in/a.png: masks/a.png: No such file");
}

#[test]
fn annotations_are_not_written_over_themselves() {
    let folder = annotated();
    folder.image("masks/a.png", image::GrayImage::new(40, 30));
    for (call, words) in [
        ("apply in --out . --op Invert --coco coco.json --force", "coco.json would be overwritten"),
        ("apply in --out . --op Invert --yolo labels --force", "the annotations in labels would be overwritten"),
        ("apply masks --out out --op Invert --masks masks", "the mask masks/a.png is an input too"),
        ("apply in --out out --op Invert --coco coco.json --yolo labels", "cannot be used with"),
        ("apply in --out out --op Invert --yolo none", "none: it is no folder"),
        ("apply in --out out --op Invert --min-visible 0.5", "--min-visible is for objects"),
    ] {
        folder.run(&format!("{call} --device cpu")).ends_with(2).says(words);
    }
    folder.write("out/coco.json", "mine");
    folder
        .run("apply in --out out --op Invert --coco coco.json --device cpu")
        .ends_with(2)
        .says("out/coco.json exists");
}

/// The outline of a box is drawn around the rectangle, before and after.
#[test]
fn a_sheet_draws_boxes_where_they_belong() {
    let folder = annotated();
    let sheet = |options: &str, out: &str| {
        let call = format!("preview in --op HorizontalFlip --size 160 --device cpu --out {out} {options}");
        folder.run(&call).ends_with(0);
        folder.pixels(out).to_rgb8()
    };
    let plain = sheet("", "plain.png");
    for (options, out) in [("--coco coco.json", "coco.png"), ("--yolo labels", "yolo.png")] {
        let drawn = sheet(options, out);
        // Both pictures are 160 x 120, four pixels for one; the title of the command is longer in one of them.
        let orange = [230, 159, 0];
        let columns: Vec<_> =
            drawn.enumerate_pixels().filter(|(_, _, p)| p.0 == orange).map(|(x, y, _)| (x, y)).collect();
        let reds: Vec<_> = plain.enumerate_pixels().filter(|(_, _, p)| p.0 == RED).map(|(x, y, _)| (x, y)).collect();
        // The original is left of the flipped one.
        let middle = 28 + 160 + 7;
        for is_left in [true, false] {
            let side = |places: &[(u32, u32)]| {
                let own: Vec<_> = places.iter().filter(|(x, _)| (*x < middle) == is_left).copied().collect();
                let x = own.iter().map(|p| p.0);
                let y = own.iter().map(|p| p.1);
                [x.clone().min(), x.max(), y.clone().min(), y.max()].map(Option::unwrap)
            };
            let (outline, rectangle) = (side(&columns), side(&reds));
            let is_around = outline.iter().zip(rectangle).all(|(a, b)| a.abs_diff(b) <= 2);
            assert!(is_around, "{out}: {outline:?} is not around {rectangle:?}");
        }
    }
    // A mask is laid over the picture.
    let masked = sheet("--masks masks", "masks.png");
    assert!(!masked.pixels().any(|p| p.0 == RED) && plain.pixels().any(|p| p.0 == RED));
    folder.run("preview in --op Invert --coco none.json --device cpu --out x.png").ends_with(2).says("none.json");
}
