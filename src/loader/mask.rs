//! Mask: a PNG of labels, one number per pixel, with the numbers as they are stored.
//!
//! The decoder of images would give a palette's colors. Labels are its indices.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Limits, Transformations};

use super::decode::allocate;
use crate::batch::Size;
use crate::error::{Error, Result};

/// Refuses a mask of another size than its image.
pub(super) fn check(mask: Size, image: Size) -> Result<()> {
    if mask == image {
        return Ok(());
    }
    let Size { width: w, height: h } = image;
    Err(Error::Decode(format!("mask: expected the image's {w} x {h} pixels, got {} x {}", mask.width, mask.height)))
}

/// The labels of a mask, which has the size of its image.
pub(super) fn decode(png: &[u8], size: Size) -> Result<Vec<u8>> {
    let unreadable = |e: png::DecodingError| Error::Decode(format!("mask: unreadable PNG: {e}"));
    if !png.starts_with(b"\x89PNG") {
        let rule = "a mask is a PNG file, which keeps each label";
        return Err(Error::Decode(format!("mask: {rule}, and this is none")));
    }
    // The pixels go to the caller's memory; the limit is on everything else.
    let mut decoder = Decoder::new_with_limits(Cursor::new(png), Limits { bytes: 64 << 20 });
    decoder.set_transformations(Transformations::IDENTITY);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(unreadable)?;
    let info = reader.info();
    let (width, height) = (info.width as usize, info.height as usize);
    check(Size { width, height }, size)?;
    let (color, depth) = reader.output_color_type();
    let (bits, scale) = match (color, depth) {
        (ColorType::Indexed | ColorType::Grayscale, BitDepth::One) => (1, 1),
        (ColorType::Indexed, BitDepth::Two) => (2, 1),
        (ColorType::Indexed, BitDepth::Four) => (4, 1),
        // Pillow spreads these over 0 to 255.
        (ColorType::Grayscale, BitDepth::Two) => (2, 85),
        (ColorType::Grayscale, BitDepth::Four) => (4, 17),
        (ColorType::Indexed | ColorType::Grayscale, BitDepth::Eight) => (8, 1),
        _ => {
            let rule = "a mask is gray or has a palette, with up to 8 bits";
            return Err(Error::Decode(format!("mask: {rule}; this PNG is {color:?} with {} bits", depth as u8)));
        }
    };
    let row = (width * bits).div_ceil(8);
    let mut packed = allocate(row * height)?;
    reader.next_frame(&mut packed).map_err(unreadable)?;
    if bits == 8 {
        return Ok(packed);
    }
    let mut labels = allocate(width * height)?;
    for (labels, row) in labels.chunks_exact_mut(width).zip(packed.chunks_exact(row)) {
        let value = |x: usize| (row[x * bits / 8] >> (8 - bits - x * bits % 8)) & ((1 << bits) - 1);
        (0..).zip(labels).for_each(|(x, label)| *label = value(x) * scale);
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(color: ColorType, depth: BitDepth, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 5, 2);
        encoder.set_color(color);
        encoder.set_depth(depth);
        if color == ColorType::Indexed {
            encoder.set_palette(vec![200; 3 * 16]);
        }
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        bytes
    }

    #[test]
    fn labels_are_numbers_as_numpy_sees_them() {
        let size = Size { width: 5, height: 2 };
        let read = |color, depth, data: &[u8]| decode(&png(color, depth, data), size).map_err(|e| e.to_string());
        let bits = [0b1010_1000, 0b0101_1000];
        assert_eq!(read(ColorType::Grayscale, BitDepth::One, &bits), Ok(vec![1, 0, 1, 0, 1, 0, 1, 0, 1, 1]));
        let twos = [0b0001_1011, 0b1100_0000, 0b0101_0101, 0b0100_0000];
        assert_eq!(read(ColorType::Indexed, BitDepth::Two, &twos), Ok(vec![0, 1, 2, 3, 3, 1, 1, 1, 1, 1]));
        assert_eq!(
            read(ColorType::Grayscale, BitDepth::Two, &twos),
            Ok(vec![0, 85, 170, 255, 255, 85, 85, 85, 85, 85])
        );
        let fours = [0x12, 0x34, 0x50, 0x67, 0x89, 0xA0];
        assert_eq!(read(ColorType::Indexed, BitDepth::Four, &fours), Ok((1..=10).collect()));
        assert_eq!(read(ColorType::Grayscale, BitDepth::Four, &fours), Ok((1..=10).map(|n| 17 * n).collect()));
        let bytes: Vec<u8> = (10..20).collect();
        assert_eq!(read(ColorType::Grayscale, BitDepth::Eight, &bytes), Ok(bytes.clone()));
        let refused = read(ColorType::Rgb, BitDepth::Eight, &[0; 30]).unwrap_err();
        let rule = "mask: a mask is gray or has a palette, with up to 8 bits; this PNG is Rgb with 8 bits";
        assert_eq!(refused, rule);
        let gray = png(ColorType::Grayscale, BitDepth::Eight, &bytes);
        let other = decode(&gray, Size { width: 2, height: 5 }).unwrap_err().to_string();
        assert_eq!(other, "mask: expected the image's 2 x 5 pixels, got 5 x 2");
        let none = decode(b"GIF89a", size).unwrap_err().to_string();
        assert_eq!(none, "mask: a mask is a PNG file, which keeps each label, and this is none");
        assert!(decode(&gray[..40], size).unwrap_err().to_string().starts_with("mask: unreadable PNG: "));
    }
}
