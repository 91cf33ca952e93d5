//! Sheets: what the page plans and runs, without a browser.

use autoaugment::{Batch, Device, Executor, Layout, Output, Plan, PlannedImage, Policy, Sampler, Shape, Size};
use autoaugment_web::request::Request;
use autoaugment_web::sheet::{Picture, Sheet};
use autoaugment_web::{failure::Failure, listing};
use serde_json::{Value, json};

fn request(policy: &str, view: Value) -> Request {
    let json = json!({ "policy": policy, "convention": "", "interpolation": "", "seed": "5", "view": view });
    Request::read(&json.to_string()).unwrap()
}

/// Images of two sizes, in the order small, large, small.
fn pictures() -> Vec<Picture> {
    let picture = |(k, (width, height)): (usize, (usize, usize))| Picture {
        size: Size { width, height },
        rgb: (0..3 * width * height).map(|i| (i * (7 + k) % 251) as u8).collect(),
    };
    [(9, 7), (20, 11), (9, 7)].into_iter().enumerate().map(picture).collect()
}

fn sizes() -> Vec<Size> {
    pictures().iter().map(|picture| picture.size).collect()
}

#[test]
fn draws_are_those_of_the_samples_of_a_run_with_copies() {
    let sheet = Sheet::new(&request("cifar10", json!({ "draws": { "columns": 4 } })), &sizes()).unwrap();
    let described = sheet.describe();
    let sampler = Sampler::new(Policy::cifar10(), 5).unwrap();
    let each: Vec<Size> = sizes().into_iter().flat_map(|size| [size; 4]).collect();
    let expected = sampler.plan(&each[..], 0, &Vec::from_iter(0..12)).unwrap();
    let cells = described["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 12);
    for cell in cells {
        let place = cell["row"].as_u64().unwrap() * 4 + cell["column"].as_u64().unwrap();
        assert_eq!(cell["ops"], json!(expected.images()[place as usize].ops));
    }
}

#[test]
fn cells_have_the_pixels_of_their_operations() {
    let pictures = pictures();
    let executor = Executor::new(Device::Cpu).unwrap();
    let views = [
        json!({ "draws": { "columns": 3 } }),
        json!({ "sub-policies": { "numbers": [1, 7] } }),
        json!({ "sweep": { "op": "Brightness", "magnitude": 4, "negative": true } }),
    ];
    for view in views {
        let sheet = Sheet::new(&request("imagenet", view), &sizes()).unwrap();
        let done = sheet.run(&pictures, &executor).unwrap();
        let described = sheet.describe();
        let cells = described["cells"].as_array().unwrap();
        assert_eq!(done.cells.len(), cells.len());
        for (cell, got) in cells.iter().zip(&done.cells) {
            let picture = &pictures[cell["row"].as_u64().unwrap() as usize];
            let Size { width, height } = picture.size;
            let shape = Shape { images: 1, height, width, channels: 3 };
            let batch = Batch::new(&picture.rgb[..], shape, Layout::Nhwc).unwrap();
            let ops = serde_json::from_value(cell["ops"].clone()).unwrap();
            let plan = Plan::new(vec![PlannedImage { ops, ..PlannedImage::default() }]);
            let (expected, _) = executor.apply(&batch, &plan, &Output::u8()).unwrap();
            assert_eq!(expected.data.as_u8(), Some(&got[..]), "{cell}");
        }
    }
}

#[test]
fn pairs_are_the_next_images_of_the_same_size() {
    let view = json!({ "sweep": { "op": "SamplePairing", "magnitude": 9, "negative": false } });
    let sheet = Sheet::new(&request("", view), &sizes()).unwrap();
    let partners: Vec<_> =
        sheet.describe()["cells"].as_array().unwrap().iter().map(|c| c["ops"][0]["partner"].clone()).collect();
    // The two small images pair with each other, the large one with itself, in each column.
    assert_eq!(partners[..4], [1, 0, 1, 0]);
    assert_eq!(partners[partners.len() - 2..], [0, 0]);
}

#[test]
fn a_difference_is_that_of_the_two_columns_before_it() {
    let view = json!({ "compare": { "number": 1, "other": "tensorflow", "always": true } });
    let sheet = Sheet::new(&request("Solarize 0.1 3", view), &sizes()).unwrap();
    let done = sheet.run(&pictures(), &Executor::new(Device::Cpu).unwrap()).unwrap();
    // Columns of the two small images, then those of the large one.
    for (one, other, difference) in [(0, 2, 4), (1, 3, 5), (6, 7, 8)] {
        let apart: Vec<_> = done.cells[one].iter().zip(&done.cells[other]).map(|(a, b)| a.abs_diff(*b)).collect();
        assert_eq!(done.cells[difference], apart);
        assert!(apart.iter().any(|&value| value > 0));
    }
    assert_eq!(done.captions.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [4, 5, 8]);
}

#[test]
fn what_cannot_be_is_refused_at_its_field() {
    let draws = |columns: usize| json!({ "draws": { "columns": columns } });
    let compare =
        |other: &str, number: usize| json!({ "compare": { "number": number, "other": other, "always": true } });
    let sweep = |op: &str, magnitude: f64| json!({ "sweep": { "op": op, "magnitude": magnitude, "negative": false } });
    let with = |change: fn(&mut Request)| {
        let mut request = request("imagenet", draws(1));
        change(&mut request);
        request
    };
    for (request, field, message) in [
        (request("imagnet", draws(1)), "policy", "did you mean `imagenet`?"),
        (request("Rotate 0.5", draws(1)), "policy", "`Rotate 0.5` is not `OPERATION PROBABILITY MAGNITUDE`"),
        (request("imagenet", draws(0)), "columns", "0 columns: a sheet has 1 to 64"),
        (request("imagenet", draws(65)), "columns", "65 columns: a sheet has 1 to 64"),
        (request("imagenet", compare("opencv", 1)), "other", "there is no `opencv`"),
        (request("imagenet", compare("fast-autoaugment", 1)), "other", "outside 0..=1"),
        (
            request("imagenet", compare("timm", 26)),
            "number",
            "there is no sub-policy 26; this policy has the numbers 1 to 25",
        ),
        (request("imagenet", compare("timm", 0)), "number", "there is no sub-policy 0"),
        (request("augmix", compare("timm", 1)), "policy", "has no sub-policies; choose a learned policy"),
        (request("", sweep("Spin", 1.0)), "op", "`Spin`"),
        (request("", sweep("Rotate", 11.0)), "magnitude", "Rotate: magnitude 11 is outside"),
        (with(|r| r.seed = "-1".to_string()), "seed", "`-1` is not a whole number"),
        (with(|r| r.convention = "opencv".to_string()), "convention", "there is no `opencv`"),
        (with(|r| r.interpolation = "area".to_string()), "interpolation", "`area`"),
    ] {
        let Failure { field: got, message: said } = Sheet::new(&request, &sizes()).err().unwrap();
        assert!(got == field && said.contains(message), "{got}: {said}");
    }
    let large = vec![Size { width: 4000, height: 4000 }; 2];
    let Failure { field, message } = Sheet::new(&request("imagenet", draws(1)), &large).err().unwrap();
    assert_eq!(
        (field, &message[..]),
        ("columns", "the sheet would have 32 megapixels and may have 24; take fewer columns, or smaller images")
    );
    assert_eq!(Request::read("{").unwrap_err().field, "request");
}

#[test]
fn the_lists_have_what_the_library_has() {
    let all = listing::all();
    let deep = all["conventions"].as_array().unwrap().iter().find(|c| c["name"] == "fast-autoaugment").unwrap();
    assert_eq!((deep["last"].as_u64(), deep["fractional"].as_bool()), (Some(1), Some(true)));
    assert!(deep["with_magnitude"].as_array().unwrap().contains(&json!("Rotate")));
    assert!(!deep["with_magnitude"].as_array().unwrap().contains(&json!("Invert")));
    // Every policy that the page offers makes a sheet.
    for policy in all["policies"].as_array().unwrap() {
        let request = request(policy["name"].as_str().unwrap(), json!({ "draws": { "columns": 2 } }));
        Sheet::new(&request, &sizes()).unwrap();
        listing::policy(&request).unwrap();
    }
    let learned = listing::policy(&request("Invert 1 0", json!({ "draws": { "columns": 2 } }))).unwrap();
    assert_eq!(learned["sub_policies"], json!([[{ "op": "Invert", "probability": 1.0, "magnitude": 0.0 }]]));
}
