//! Cases: files that once went wrong, each with the right result.

use std::fs;

use autoaugment::loader::decode::{self, DecodeOptions, DecodedImage, Reduction, Truncated};
use image::RgbImage;

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/cases/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn decoded(name: &str) -> (DecodedImage, Vec<Reduction>) {
    decode::decode(&file(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn refusal(name: &str) -> String {
    decode::decode(&file(name)).unwrap_err().to_string()
}

/// What Pillow saved of the file.
fn pillow(name: &str) -> RgbImage {
    image::load_from_memory(&file(name)).unwrap().to_rgb8()
}

#[test]
fn whole_files_have_pillows_bytes() {
    for name in [
        "jpeg-one-scan-a-component-420.jpg",
        "jpeg-photo-420.jpg",
        "jpeg-photo-444.jpg",
        "jpeg-4x4-420.jpg",
        "jpeg-sampling-3x1.jpg",
        "jpeg-short-app14.jpg",
        "jpeg-arithmetic.jpg",
        "jpeg-arithmetic-progressive.jpg",
        "png-rgb16.png",
        "bmp-565.bmp",
    ] {
        let (image, _) = decoded(name);
        let expected = pillow(&format!("{}.pillow.png", name.rsplit_once('.').unwrap().0));
        let size = (image.width as u32, image.height as u32, image.channels);
        assert_eq!(size, (expected.width(), expected.height(), 3), "{name}");
        assert!(image.data == expected.into_raw(), "{name}");
    }
}

#[test]
fn a_png_without_its_last_chunk_is_whole() {
    let bytes = file("png-without-iend.png");
    let (image, reductions) = decode::decode(&bytes).unwrap();
    let whole = [&bytes[..], b"\0\0\0\0IEND\xAE\x42\x60\x82"].concat();
    assert_eq!(image.data, image::load_from_memory(&whole).unwrap().to_rgb8().into_raw());
    assert_eq!(reductions, []);
}

#[test]
fn damaged_jpegs_are_refused_or_said_to_be_damaged() {
    assert!(refusal("jpeg-bad-marker.jpg").starts_with("unreadable JPEG: "));
    // Twelve bits per value, in the frame header.
    let mut bytes = file("jpeg-photo-420.jpg");
    let frame = bytes.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    bytes[frame + 4] = 12;
    let deep = decode::decode(&bytes).unwrap_err().to_string();
    assert_eq!(deep, "unreadable JPEG: 12 bits per value; 8 is what Pillow and this library read");
    // Pillow opens this one, and so its bytes are taken. That it is damaged is said.
    let (image, reductions) = decoded("jpeg-cut-with-end-marker.jpg");
    assert_eq!(image.data, pillow("jpeg-cut-with-end-marker.pillow.png").into_raw());
    assert_eq!(reductions, [Reduction::Damage]);
    // Without the marker it ends too early.
    let bytes = file("jpeg-cut-with-end-marker.jpg");
    let cut = &bytes[..bytes.len() - 2];
    assert_eq!(decode::decode(cut).unwrap_err().to_string(), "unreadable JPEG: the data are truncated");
    let (filled, reductions) = DecodeOptions::new().truncated(Truncated::Fill).decode(cut).unwrap();
    assert_eq!((filled.data, reductions), (image.data, vec![Reduction::Damage]));
}

#[test]
fn gifs_have_no_false_notice_and_one_frame() {
    assert_eq!(decoded("gif-opaque.gif").1, []);
    let (image, reductions) = decoded("gif-second-frame-65535x65535.gif");
    assert!(image.data.len() < 1000, "{}", image.data.len());
    assert_eq!(reductions, [Reduction::Frames]);
}

#[test]
fn hostile_pngs_cost_little() {
    let claim = refusal("png-57-bytes-says-23100x23100.png");
    assert!(claim.contains("the header says 23100 x 23100 pixels"), "{claim}");
    let palette = refusal("png-plte-4-bytes-panics.png");
    assert_eq!(palette, "unreadable PNG: a palette of 4 bytes");
    // The profile is not decompressed.
    let (image, _) = decoded("png-2x2-iccp-45MB.png");
    assert_eq!((image.width, image.height), (2, 2));
}

/// Pillow opens this one, and the decoder that is built in does not.
#[test]
fn lossless_jpegs_are_refused_by_name() {
    let got = refusal("jpeg-lossless-4x4.jpg");
    assert_eq!(got, "unreadable JPEG: lossless and hierarchical files cannot be decoded; convert the file to PNG");
    let filled = DecodeOptions::new().truncated(Truncated::Fill).decode(&file("jpeg-lossless-4x4.jpg"));
    assert_eq!(filled.unwrap_err().to_string(), got);
}

/// Decoders of other crates read these in another way than libtiff.
#[test]
fn tiffs_of_rare_forms_have_pillows_bytes() {
    for (name, channels) in [
        ("tiff-fillorder2-gray", 1),
        ("tiff-packbits-predictor2-4x4", 1),
        ("tiff-rgba-premultiplied", 3),
        ("tiff-rgbx-extra0-deflate-predictor", 3),
    ] {
        let (image, _) = decoded(&format!("{name}.tif"));
        let rgb: Vec<u8> = image.data.chunks(channels).flat_map(|v| [v[0], v[channels / 2], v[channels - 1]]).collect();
        assert_eq!((image.channels, rgb), (channels, pillow(&format!("{name}.pillow.png")).into_raw()), "{name}");
    }
}
