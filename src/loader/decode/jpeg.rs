//! Jpeg: JPEGs by libjpeg-turbo's code, whose bytes are Pillow's.
//!
//! The C function beside this file makes one call of a whole decode, in which libjpeg's errors are values. Pillow sets
//! what is set there: the slow integer transform and smooth upsampling.
//!
//! # Tried
//! Keeping a decoder object for each thread. libjpeg frees an image's memory after each image anyway, and it would keep
//! the tables of one file for the next, which may lack them.

use std::ffi::{c_char, c_int, c_long, c_uchar, c_uint};
use std::ops::Range;

use super::jpeg_header::JpegHeader;
use super::{Outcome, Truncated, allocate};
use crate::batch::Size;
use crate::error::{Error, Result};

// The crate is used from C only. This links its library.
use mozjpeg_sys as _;

/// A progressive file may have any number of scans, each of which costs a pass. Encoders write some ten.
const MAX_SCANS: c_uint = 500;

/// The most bytes that libjpeg may hold for the coefficients of a file in several scans: those of some 179 million
/// pixels of three full channels.
const MAX_MEMORY: c_long = c_long::MAX >> if size_of::<c_long>() == 8 { 33 } else { 1 };

/// The length of libjpeg's messages.
const MESSAGE: usize = 200;

/// The fields of the C struct of this name, in its order.
#[repr(C)]
struct Request {
    bytes: *const c_uchar,
    length: usize,
    channels: c_uint,
    scale: c_uint,
    fill: c_uint,
    max_scans: c_uint,
    max_memory: c_long,
    header_width: c_uint,
    header_height: c_uint,
    left: c_uint,
    top: c_uint,
    width: c_uint,
    height: c_uint,
    out: *mut c_uchar,
    stride: usize,
    row: *mut c_uchar,
    rows_done: c_uint,
    warnings: c_long,
    message: [c_char; MESSAGE],
}

unsafe extern "C" {
    fn autoaugment_jpeg_decode(request: *mut Request) -> c_int;
    fn autoaugment_jpeg_simd() -> c_int;
}

/// The decoder, for messages.
pub(super) fn describe() -> super::JpegDecoder {
    // SAFETY: the function only returns a constant.
    let simd = unsafe { autoaugment_jpeg_simd() } != 0;
    super::JpegDecoder { name: "mozjpeg (libjpeg-turbo)", simd, exact: true }
}

/// The part of an image that is wanted, at the decoded scale.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    pub rows: Range<usize>,
    pub columns: Range<usize>,
}

/// The size at 1/`scale`.
pub(super) fn scaled(size: Size, scale: usize) -> Size {
    Size { width: size.width.div_ceil(scale), height: size.height.div_ceil(scale) }
}

/// Decodes a region at 1/`scale` to `out`, of rows x columns x channels bytes. Color has three channels, CMYK too.
pub(super) fn decode_into(
    bytes: &[u8],
    header: &JpegHeader,
    scale: usize,
    cut: &Cut,
    truncated: Truncated,
    out: &mut [u8],
) -> Result<Outcome> {
    let size = scaled(header.size, scale);
    let channels = if header.components == 1 { 1 } else { 3 };
    let (rows, columns) = (cut.rows.len(), cut.columns.len());
    let is_inside = cut.rows.end <= size.height && cut.columns.end <= size.width;
    if !is_inside || rows == 0 || columns == 0 || out.len() != rows * columns * channels {
        return Err(Error::Decode(format!(
            "rows {:?} and columns {:?} of {} x {} pixels do not fit a buffer of {} bytes",
            cut.rows,
            cut.columns,
            size.width,
            size.height,
            out.len()
        )));
    }
    if header.is_progressive && scans(bytes) > MAX_SCANS as usize {
        return Err(Error::Decode(format!("unreadable JPEG: there are more than {MAX_SCANS} scans")));
    }
    // One row as libjpeg writes it.
    let mut row = allocate(size.width * header.components)?;
    if truncated == Truncated::Fill {
        // Memory that Pillow did not write is zero: black, and white in CMYK.
        out.fill(if header.components == 4 { 255 } else { 0 });
    }
    let mut request = Request {
        bytes: bytes.as_ptr(),
        length: bytes.len(),
        channels: header.components as c_uint,
        scale: scale as c_uint,
        fill: (truncated == Truncated::Fill).into(),
        max_scans: MAX_SCANS,
        max_memory: MAX_MEMORY,
        header_width: header.size.width as c_uint,
        header_height: header.size.height as c_uint,
        left: cut.columns.start as c_uint,
        top: cut.rows.start as c_uint,
        width: columns as c_uint,
        height: rows as c_uint,
        out: out.as_mut_ptr(),
        stride: columns * channels,
        row: row.as_mut_ptr(),
        rows_done: 0,
        warnings: 0,
        message: [0; MESSAGE],
    };
    // SAFETY: `bytes` has `length` bytes. `out` has `height` rows of `stride` bytes, and no more is written, because
    // the function checks libjpeg's size against the header's and the region against the size. `row` has the bytes of
    // a whole row. None of the pointers is kept.
    let result = unsafe { autoaugment_jpeg_decode(&raw mut request) };
    let reason = match result {
        0 => return Ok(Outcome { is_damaged: request.warnings > 0, ..Outcome::default() }),
        1 => message(&request.message),
        2 => "the data are truncated".to_string(),
        3 => format!("there are more than {MAX_SCANS} scans"),
        4 => "two headers differ in the size".to_string(),
        6 => "there are two frame headers".to_string(),
        _ => "two headers differ in the colors".to_string(),
    };
    // Pillow fills on damage too. Without a usable header there is nothing to fill.
    if truncated == Truncated::Fill && matches!(result, 1 | 2 | 6) {
        return Ok(Outcome { is_damaged: true, ..Outcome::default() });
    }
    Err(Error::Decode(format!("unreadable JPEG: {reason}")))
}

/// The number of markers of scans, or a few more: one in metadata counts too. Each scan of a progressive
/// file costs a pass over all blocks, and they are counted before the first.
fn scans(bytes: &[u8]) -> usize {
    bytes.windows(2).filter(|marker| *marker == [0xFF, 0xDA]).count()
}

fn message(text: &[c_char]) -> String {
    let bytes: Vec<_> = text.iter().map(|&c| c as u8).take_while(|&c| c != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
