//! Files made by hand: headers that lie, and small files that stand for much.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(data);
    [&(data.len() as u32).to_be_bytes()[..], kind, data, &crc.sum().to_be_bytes()].concat()
}

fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// So many zeros compressed. They are never in memory, as a child's peak would begin at that of this process.
fn deflated_zeros(mut bytes: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    while bytes > 0 {
        let part = bytes.min(1 << 16);
        encoder.write_all(&vec![0; part]).unwrap();
        bytes -= part;
    }
    encoder.finish().unwrap()
}

/// A PNG of these sides, bits and color type, with other chunks before its data, which are `data` compressed.
pub fn png(width: u32, height: u32, bits: u8, color: u8, others: &[Vec<u8>], data: &[u8]) -> Vec<u8> {
    compressed_png(width, height, bits, color, others, &deflated(data))
}

fn compressed_png(width: u32, height: u32, bits: u8, color: u8, others: &[Vec<u8>], data: &[u8]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[bits, color, 0, 0, 0]].concat();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    file.extend(chunk(b"IHDR", &header));
    others.iter().for_each(|other| file.extend(other));
    file.extend(chunk(b"IDAT", data));
    file.extend(chunk(b"IEND", &[]));
    file
}

/// A whole gray PNG of zeros.
pub fn black_png(width: u32, height: u32) -> Vec<u8> {
    compressed_png(width, height, 8, 0, &[], &deflated_zeros((width as usize + 1) * height as usize))
}

/// 2 x 2 pixels, and a chunk whose `megabytes` of zeros are compressed to a thousandth.
pub fn png_with_bomb(kind: &[u8; 4], megabytes: usize) -> Vec<u8> {
    let zeros = deflated_zeros(megabytes << 20);
    let start: &[u8] = if kind == b"iTXt" { b"x\0\x01\0\0\0" } else { b"x\0\0" };
    png(2, 2, 8, 0, &[chunk(kind, &[start, &zeros].concat())], &[0; 6])
}

/// A palette of so many bytes, which need not be a multiple of 3.
pub fn png_with_palette(bytes: usize) -> Vec<u8> {
    png(2, 2, 8, 3, &[chunk(b"PLTE", &vec![7; bytes])], &[0; 6])
}

/// A GIF whose canvas is 2 x 2 and whose frames have these sides.
pub fn gif(canvas: [u16; 2], frames: &[[u16; 2]]) -> Vec<u8> {
    let mut file = b"GIF89a".to_vec();
    canvas.iter().for_each(|side| file.extend(side.to_le_bytes()));
    file.extend([0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
    for [width, height] in frames {
        file.extend([0x2C, 0, 0, 0, 0]);
        [width, height].iter().for_each(|side| file.extend(side.to_le_bytes()));
        // Four black pixels.
        file.extend([0, 2, 2, 0x84, 0x51, 0]);
    }
    file.push(0x3B);
    file
}

/// A BMP header; `compression` 1 is run lengths of 8 bits.
pub fn bmp(width: i32, height: i32, bits: u16, compression: u32, data: &[u8]) -> Vec<u8> {
    let colors = if bits == 8 { 256 * 4 } else { 0 };
    let start = 54 + colors;
    let mut file = b"BM".to_vec();
    for value in [(start + data.len()) as u32, 0, start as u32, 40, width as u32, height as u32] {
        file.extend(value.to_le_bytes());
    }
    file.extend([1, 0]);
    file.extend(bits.to_le_bytes());
    for value in [compression, data.len() as u32, 2835, 2835, 0, 0] {
        file.extend(value.to_le_bytes());
    }
    file.extend(vec![9; colors]);
    file.extend(data);
    file
}

/// The start of a JPEG that says these sides.
pub fn jpeg_header(width: u16, height: u16) -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8];
    file.extend(height.to_be_bytes());
    file.extend(width.to_be_bytes());
    file.extend([1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0, 0, 0xFF, 0xD9]);
    file
}

/// A WebP in the extended form that says these sides.
pub fn webp_header(width: u32, height: u32) -> Vec<u8> {
    let sides = [width - 1, height - 1].map(|side| side.to_le_bytes());
    let extended = [&[0; 4][..], &sides[0][..3], &sides[1][..3]].concat();
    let body = [b"WEBPVP8X".to_vec(), 10_u32.to_le_bytes().to_vec(), extended].concat();
    [b"RIFF".to_vec(), (body.len() as u32).to_le_bytes().to_vec(), body].concat()
}

/// A TIFF of one uncompressed strip that is said to have these sides and lie at this place.
pub fn tiff(width: u32, height: u32, place: u32) -> Vec<u8> {
    let fields: [(u16, u32); 9] = [
        (256, width),
        (257, height),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, place),
        (277, 1),
        (278, height),
        (279, width.saturating_mul(height)),
    ];
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    file.extend((fields.len() as u16).to_le_bytes());
    for (tag, value) in fields {
        file.extend(tag.to_le_bytes());
        file.extend([4, 0, 1, 0, 0, 0]);
        file.extend(value.to_le_bytes());
    }
    // The next directory.
    file.extend([0; 4]);
    file
}

/// A .npy file of version 1 with this header, and so many bytes of data.
pub fn npy(header: &str, data: usize) -> Vec<u8> {
    let header = format!("{header}\n");
    let length = u16::try_from(header.len()).unwrap();
    [b"\x93NUMPY\x01\0", &length.to_le_bytes()[..], header.as_bytes(), &vec![0; data]].concat()
}

/// An array of bytes of this shape.
pub fn array(shape: &str, data: usize) -> Vec<u8> {
    npy(&format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({shape})}}"), data)
}
