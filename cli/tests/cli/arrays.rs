//! `apply` on `.npy` arrays, in every output form.

use npyz::{AutoSerialize, NpyFile, Order, Serialize, WriteOptions, WriterBuilder};

use crate::folder::Folder;

pub fn npy<T: Serialize + AutoSerialize + Copy>(values: &[T], shape: &[u64], order: Order) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = WriteOptions::new().default_dtype().shape(shape).order(order);
    let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
    writer.extend(values.iter().copied()).unwrap();
    writer.finish().unwrap();
    bytes
}

/// 70 images of 4 x 5 x 3: more than are worked on at once.
fn colors() -> Vec<u8> {
    (0..70 * 4 * 5 * 3u32).map(|i| (i * 31 + i / 60) as u8).collect()
}

fn array(bytes: &[u8]) -> (Vec<u64>, String) {
    let file = NpyFile::new(bytes).unwrap();
    (file.shape().to_vec(), file.dtype().descr())
}

#[test]
fn bytes_come_out_in_either_layout() {
    let folder = Folder::new();
    folder.write("in.npy", npy(&colors(), &[70, 4, 5, 3], Order::C));
    folder.run("apply in.npy --out out --op Invert --device cpu").ends_with(0).says("wrote 70 images to");
    let out = folder.read("out/in.npy");
    assert_eq!(array(&out), (vec![70, 4, 5, 3], "'|u1'".to_string()));
    let inverted: Vec<u8> = colors().iter().map(|v| 255 - v).collect();
    assert_eq!(NpyFile::new(&out[..]).unwrap().into_vec::<u8>().unwrap(), inverted);
    // Turned to planes and back.
    folder.run("apply in.npy --out planes.npy --output-layout nchw --op Invert --device cpu").ends_with(0);
    assert_eq!(array(&folder.read("planes.npy")).0, [70, 3, 4, 5]);
    let back = "apply planes.npy --out back.npy --layout nchw --output-layout nhwc --op Identity --device cpu";
    folder.run(back).ends_with(0);
    assert_eq!(folder.read("back.npy"), out);
}

#[test]
fn floats_are_normalized() {
    let folder = Folder::new();
    folder.write("in.npy", npy(&colors(), &[70, 4, 5, 3], Order::C));
    folder.run("apply in.npy --out f32.npy --dtype f32 --op Identity --device cpu").ends_with(0);
    let floats = folder.read("f32.npy");
    assert_eq!(array(&floats), (vec![70, 4, 5, 3], "'<f4'".to_string()));
    let floats: Vec<f32> = NpyFile::new(&floats[..]).unwrap().into_vec().unwrap();
    let (mean, std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    let expected = colors().into_iter().enumerate().map(|(i, v)| (f32::from(v) / 255.0 - mean[i % 3]) / std[i % 3]);
    assert!(floats.iter().copied().eq(expected));
    folder
        .run("apply in.npy --out f16.npy --dtype f16 --mean 0.5 --std 0.25,0.5,1 --op Identity --device cpu")
        .ends_with(0);
    let halves = folder.read("f16.npy");
    assert_eq!(array(&halves).1, "'<f2'");
    let halves: Vec<half::f16> = NpyFile::new(&halves[..]).unwrap().into_vec().unwrap();
    let std = [0.25, 0.5, 1.0];
    let expected = colors().into_iter().enumerate();
    let expected = expected.map(|(i, v)| half::f16::from_f32((f32::from(v) / 255.0 - 0.5) / std[i % 3]));
    assert!(halves.iter().copied().eq(expected));
}

#[test]
fn gray_arrays_stay_flat_and_copies_follow_each_other() {
    let folder = Folder::new();
    let values: Vec<u8> = (0..3 * 6 * 5).collect();
    folder.write("in.npy", npy(&values, &[3, 6, 5], Order::C));
    folder.run("apply in.npy --out out.npy --copies 2 --op Identity --device cpu").ends_with(0);
    let out = folder.read("out.npy");
    assert_eq!(array(&out).0, [6, 6, 5]);
    let expected: Vec<u8> = values.chunks(30).flat_map(|image| [image, image].concat()).collect();
    assert_eq!(NpyFile::new(&out[..]).unwrap().into_vec::<u8>().unwrap(), expected);
}

#[test]
fn an_arrays_plan_can_be_applied_again() {
    let folder = Folder::new();
    folder.write("in.npy", npy(&colors(), &[70, 4, 5, 3], Order::C));
    let policy = "SamplePairing 0.7 9 + Rotate 0.6 9; Cutout 0.8 7 + Equalize 0.5 4";
    let drawn = ["apply", "in.npy", "--out", "a.npy", "--copies", "3", "--plan-out", "plan.json", "--policy", policy];
    folder.run_with(&[&drawn[..], &["--device", "cpu"]].concat(), &[]).ends_with(0);
    folder.run("apply in.npy --out b.npy --plan plan.json --device cpu").ends_with(0);
    assert_eq!(folder.read("a.npy"), folder.read("b.npy"));
    assert_ne!(folder.read("a.npy")[128..], folder.read("in.npy")[128..]);
}

#[test]
fn no_images_are_no_error() {
    let folder = Folder::new();
    folder.write("in.npy", npy::<u8>(&[], &[0, 4, 5, 3], Order::C));
    folder.run("apply in.npy --out out.npy --device cpu").ends_with(0);
    assert_eq!(array(&folder.read("out.npy")).0, [0, 4, 5, 3]);
}

#[test]
fn arrays_that_cannot_be_used_are_refused() {
    let folder = Folder::new();
    let bytes = colors();
    folder.write("good.npy", npy(&bytes, &[70, 4, 5, 3], Order::C));
    folder.write("float.npy", npy(&[0.5f32; 12], &[1, 2, 2, 3], Order::C));
    folder.write("fortran.npy", npy(&bytes, &[70, 4, 5, 3], Order::Fortran));
    folder.write("alpha.npy", npy(&bytes[..80], &[1, 4, 5, 4], Order::C));
    folder.write("line.npy", npy(&bytes, &[4200], Order::C));
    let good = folder.read("good.npy");
    folder.write("cut.npy", &good[..good.len() - 1]);
    folder.write("text.npy", "not an array");
    folder.write("empty.npy", "");
    let cases = [
        ("apply float.npy --out out", "float.npy: the array's type is '<f4' and must be u8 ('|u1')"),
        ("apply fortran.npy --out out", "fortran.npy: the array is in Fortran order and must be in C order"),
        ("apply alpha.npy --out out", "read as N x H x W x C (see --layout): batch: 4 channels: an alpha channel"),
        ("apply good.npy --out out --layout nchw", "read as N x C x H x W (see --layout): batch: 4 channels"),
        ("apply line.npy --out out", "line.npy: the array's shape is [4200] and must have 4 sides"),
        ("apply cut.npy --out out", "cut.npy: the file is truncated: the shape needs 4200 bytes and there are 4199"),
        ("apply text.npy --out out", "text.npy: not a .npy file"),
        ("apply empty.npy --out out", "empty.npy: not a .npy file"),
        ("apply none.npy --out out", "none.npy: No such file"),
        ("apply good.npy cut.npy --out out", "an array must be the only input, and there are 2 inputs"),
        ("apply good.npy --out out --format jpeg", "--format is for image files"),
        ("apply good.npy --out out --mean 0.5", "--mean and --std are for floats; add --dtype f32 or f16"),
        ("apply good.npy --out out --dtype f32 --std 0", "--std not 0"),
        ("apply good.npy --out out --dtype f32 --mean 1,2", "`1,2` must be three numbers, R,G,B, or one"),
    ];
    for (command, message) in cases {
        folder.run(command).ends_with(2).says(message);
    }
    assert!(!folder.exists("out"));
}

#[test]
fn arrays_are_resized() {
    let folder = Folder::new();
    folder.write("in.npy", npy(&colors(), &[70, 4, 5, 3], Order::C));
    folder
        .run("apply in.npy --out out.npy --recipe imagenet --dtype f16 --output-layout nchw --device cpu")
        .ends_with(0);
    assert_eq!(array(&folder.read("out.npy")), (vec![70, 3, 224, 224], "'<f2'".to_string()));
    folder.run("apply in.npy --out crop.npy --op Crop(x=0,y=0,width=2,height=3) --device cpu").ends_with(0);
    assert_eq!(array(&folder.read("crop.npy")).0, [70, 3, 2, 3]);
}

#[test]
fn arrays_go_through_standard_input_and_output() {
    let folder = Folder::new();
    folder.write("in.npy", npy(&colors(), &[70, 4, 5, 3], Order::C));
    folder.run("apply in.npy --out want.npy --copies 2 --policy svhn --device cpu").ends_with(0);
    let whole = folder.read("in.npy");
    let through = folder.run_fed("apply - --out - --copies 2 --policy svhn --device cpu", &whole).ends_with(0);
    assert_eq!(through.says("wrote 140 images to standard output").bytes, folder.read("want.npy"));
    folder.run("apply in.npy --out - --op Invert --device cpu --plan-out plan.json").ends_with(0);
    folder.run_fed("apply - --out a.npy --op Invert --device cpu", &whole).ends_with(0);
    folder.run("apply in.npy --out b.npy --plan plan.json --device cpu").ends_with(0);
    assert_eq!(folder.read("a.npy"), folder.read("b.npy"));
}

#[test]
fn what_cannot_go_through_standard_input_or_output_is_refused() {
    let folder = Folder::new();
    folder.write("in.npy", npy(&colors(), &[70, 4, 5, 3], Order::C));
    let whole = folder.read("in.npy");
    let mut zeros = whole[..10].to_vec();
    zeros.resize(1 << 20, 0);
    for (call, input, words) in [
        ("apply - --out -", &whole[..whole.len() - 1], "-: the file is truncated: the shape needs 4200 bytes and"),
        ("apply - --out -", &whole[..40], "-: the file is truncated in its header"),
        ("apply - --out -", &zeros[..], "-: not a .npy file"),
        ("apply - --out -", &[], "-: not a .npy file of version 1, 2 or 3"),
        ("apply - --out out", &whole[..], "--out out: an array from standard input has no name"),
        ("apply - in.npy --out -", &whole[..], "an array must be the only input"),
        ("apply - --out a.npy --plan -", &whole[..], "--plan -: the array is on standard input"),
        ("apply - --out a.npy --policy -", &whole[..], "--policy -: the array is on standard input"),
        ("apply - --out - --report", &whole[..], "--out -: the array, --report and --plan-out - all go to"),
        ("apply in.npy --out - --plan-out -", &[], "--out -: the array, --report and --plan-out - all go to"),
        ("preview - --policy -", &whole[..], "--policy -: the array is on standard input"),
        ("preview - in.npy", &whole[..], "an array must be the only input, and there are 2 inputs"),
    ] {
        let run = folder.run_fed(call, input).ends_with(2).says(words);
        assert!(run.bytes.is_empty() && run.stdout.is_empty(), "{call}");
    }
    assert_eq!(folder.files("."), ["in.npy"]);
}
