//! Decoding: what every kind of file becomes, in color and in gray, at full size and scaled.

use std::sync::Arc;

use autoaugment::loader::{ColorMode, Dataset, Loader, Sample, decode};
use autoaugment::{Layout, Result, Size};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba};

use super::images::{encoded, identity, picture, refusal, rgb, size};

fn luma([r, g, b]: [u8; 3]) -> u8 {
    ((19595 * u32::from(r) + 38470 * u32::from(g) + 7471 * u32::from(b) + 32768) >> 16) as u8
}

#[test]
fn every_kind_of_file_is_decoded_to_its_place_as_the_decoder_alone_does() {
    let color = picture(size(13, 9), 4);
    let alpha = image::ImageBuffer::from_fn(13, 9, |x, y| {
        let Rgb([r, g, b]) = *color.get_pixel(x, y);
        Rgba([r, g, b, (x * y) as u8])
    });
    let dynamic = DynamicImage::from(color.clone());
    let files: Vec<(&str, Vec<u8>, usize)> = vec![
        ("PNG", encoded(color.clone(), ImageFormat::Png), 3),
        ("BMP", encoded(color.clone(), ImageFormat::Bmp), 3),
        ("WebP", encoded(color.clone(), ImageFormat::WebP), 3),
        ("GIF", encoded(color.clone(), ImageFormat::Gif), 3),
        ("JPEG", encoded(color.clone(), ImageFormat::Jpeg), 3),
        ("gray JPEG", encoded(dynamic.to_luma8(), ImageFormat::Jpeg), 1),
        ("gray PNG", encoded(dynamic.to_luma8(), ImageFormat::Png), 1),
        ("PNG with alpha", encoded(alpha, ImageFormat::Png), 3),
        ("gray PNG with alpha", encoded(dynamic.to_luma_alpha8(), ImageFormat::Png), 1),
        ("PNG of 16 bits", encoded(dynamic.to_rgb16(), ImageFormat::Png), 3),
        ("gray PNG of 16 bits", encoded(dynamic.to_luma16(), ImageFormat::Png), 1),
    ];
    for (what, bytes, channels) in files {
        let (picture, _) = decode::decode(&bytes).unwrap();
        let sample = Sample::encoded(&bytes, 5).unwrap();
        assert_eq!((sample.size(), sample.channels(), sample.label()), (size(13, 9), channels, 5), "{what}");
        assert_eq!(decode::measure(&bytes).unwrap(), (size(13, 9), channels), "{what}");
        let expanded: Vec<u8> = match channels {
            3 => picture.data.clone(),
            _ => picture.data.iter().flat_map(|&v| [v; 3]).collect(),
        };
        assert_eq!(rgb(&sample), expanded, "{what}");
        if !what.contains("JPEG") && !what.contains("GIF") && channels == 3 {
            assert_eq!(expanded, *color, "{what}");
        }
        let mut gray = vec![0; 13 * 9];
        sample.decode_into(ColorMode::Luma, &mut gray).unwrap();
        let expected: Vec<u8> = match channels {
            1 => picture.data,
            _ => picture.data.as_chunks().0.iter().map(|&pixel| luma(pixel)).collect(),
        };
        assert_eq!(gray, expected, "{what}");
        let refused = sample.decode_into(ColorMode::GrayOnly, &mut gray);
        match channels {
            1 => assert!(refused.is_ok()),
            _ => assert_eq!(refusal(refused), "the image has color, and the loader takes gray images only"),
        }
        assert_eq!(refusal(sample.decode_into(ColorMode::Rgb, &mut gray)), "expected a buffer of 351 bytes, got 117");
    }
}

#[test]
fn broken_files_are_refused_with_the_reason() {
    let png = encoded(picture(size(40, 40), 1), ImageFormat::Png);
    let jpeg = encoded(picture(size(40, 40), 1), ImageFormat::Jpeg);
    let kinds = "not a JPEG, PNG, WebP, BMP, GIF, TIFF or PNM file";
    assert_eq!(refusal(Sample::encoded(&b""[..], 0)), "the file is empty");
    assert_eq!(refusal(Sample::encoded(&b"words"[..], 0)), kinds);
    let avif = refusal(Sample::encoded(&b"\0\0\0\x20ftypavif"[..], 0));
    assert_eq!(avif, "AVIF files cannot be decoded; convert the file to PNG");
    let decoded = |bytes: &[u8]| {
        let sample = Sample::encoded(bytes.to_vec(), 0)?;
        sample.decode_into(ColorMode::Rgb, &mut vec![0; sample.size().pixels() * 3])
    };
    assert_eq!(refusal(decoded(&jpeg[..jpeg.len() - 9])), "unreadable JPEG: the data are truncated");
    let cut = refusal(decoded(&png[..png.len() / 2]));
    assert!(cut.starts_with("unreadable PNG: "), "{cut}");
    // A header may claim anything; memory is not asked for before it is believed.
    let mut large = png.clone();
    large[16..24].copy_from_slice(&[0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF]);
    let crc = crc(&large[12..29]);
    large[29..33].copy_from_slice(&crc.to_be_bytes());
    let claim = refusal(decoded(&large));
    assert!(claim.starts_with("unreadable PNG: the header says 65535 x 65535 pixels, and "), "{claim}");
    for size in [size(0, 3), size(3, 0)] {
        let refused = refusal(Sample::pixels(&[][..], size, 3, Layout::Nhwc, 0));
        assert!(refused.ends_with("both sides must be at least 1"), "{refused}");
    }
    let refused = refusal(Sample::pixels(vec![0; 11], size(2, 2), 3, Layout::Nhwc, 0));
    assert_eq!(refused, "batch: expected 12 bytes for an image of 2 x 2 x 3, got 11");
}

/// The check that PNG chunks have.
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// One file.
struct File(Vec<u8>);

impl Dataset for File {
    fn len(&self) -> usize {
        1
    }

    fn read(&self, _: usize) -> Result<Sample<'_>> {
        Sample::encoded(&self.0, 0)
    }
}

fn loaded(file: &[u8], scaled: Option<Size>, color: ColorMode) -> (Size, Vec<u8>) {
    let mut builder = Loader::builder(Arc::new(File(file.to_vec())), identity()).threads(1).color(color);
    if let Some(least) = scaled {
        builder = builder.scaled_decoding(least);
    }
    let batch = builder.build().unwrap().epoch(0).next().unwrap().unwrap();
    let tensor = batch.images.host().unwrap();
    (tensor.shape.size(), tensor.data.as_u8().unwrap().to_vec())
}

#[test]
fn jpegs_are_scaled_only_when_asked_for() {
    // Smooth, as JPEG keeps little else.
    let image = RgbImage::from_fn(200, 120, |x, y| Rgb([x as u8, 2 * y as u8, ((x + y) / 2) as u8]));
    let jpeg = encoded(image.clone(), ImageFormat::Jpeg);
    let full = decode::decode(&jpeg).unwrap().0.data;
    assert_eq!(loaded(&jpeg, None, ColorMode::Rgb), (size(200, 120), full.clone()));
    // Both sides have to be large enough.
    for (least, scaled) in [
        (size(1, 1), size(25, 15)),
        (size(25, 15), size(25, 15)),
        (size(25, 16), size(50, 30)),
        (size(26, 15), size(50, 30)),
        (size(60, 60), size(100, 60)),
    ] {
        let (got, pixels) = loaded(&jpeg, Some(least), ColorMode::Rgb);
        assert_eq!(got, scaled, "{least:?}");
        // It is the same picture: compared with means of the full one's blocks.
        let factor = 200 / scaled.width;
        let mut difference = 0.0;
        for (at, &value) in pixels.iter().enumerate() {
            let (c, x, y) = (at % 3, at / 3 % scaled.width * factor, at / 3 / scaled.width * factor);
            let block = (0..factor * factor).map(|i| full[((y + i / factor) * 200 + x + i % factor) * 3 + c]);
            let mean = block.map(f64::from).sum::<f64>() / (factor * factor) as f64;
            difference += (mean - f64::from(value)).abs();
        }
        assert!(difference / (pixels.len() as f64) < 2.0, "{least:?} {}", difference / pixels.len() as f64);
        assert_eq!(loaded(&jpeg, Some(least), ColorMode::Luma).0, scaled);
    }
    // What cannot be smaller, and what is no JPEG, keeps its bytes.
    assert_eq!(loaded(&jpeg, Some(size(101, 61)), ColorMode::Rgb), (size(200, 120), full));
    let png = encoded(image.clone(), ImageFormat::Png);
    assert_eq!(loaded(&png, Some(size(1, 1)), ColorMode::Rgb), (size(200, 120), image.into_raw()));
    let narrow = encoded(picture(size(4, 90), 3), ImageFormat::Jpeg);
    let (got, _) = loaded(&narrow, Some(size(1, 20)), ColorMode::Rgb);
    assert!(got.height >= 20, "{got:?}");
}
