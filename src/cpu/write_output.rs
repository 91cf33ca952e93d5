//! Write output: interleaved bytes written in the output form.

use half::f16;
use rayon::prelude::*;

use super::kernels::planar::separate;
use crate::batch::Layout;
use crate::output::Form;
use crate::rgbx;

/// A type of values that tensors have.
pub(super) trait Value: Copy + Default + Send + Sync {
    fn of(value: f32) -> Self;
}

impl Value for f32 {
    fn of(value: f32) -> Self {
        value
    }
}

impl Value for f16 {
    fn of(value: f32) -> Self {
        f16::from_f32(value)
    }
}

/// Writes bytes into one image of a tensor.
pub(super) trait WriteOutput: Sync {
    type Value: Send;

    /// Writes pixels from number `first` on. `out` is all of the image.
    fn write(&self, first: usize, pixels: &[u8], out: &mut [Self::Value]);

    /// Writes all of the image, by several threads.
    fn write_all(&self, pixels: &[u8], out: &mut [Self::Value]);
}

/// Pixels that one thread writes at once.
const PART: usize = 1 << 14;

/// The three planes of an image.
fn planes_of<T>(out: &mut [T]) -> [&mut [T]; 3] {
    let plane = out.len() / 3;
    let (r, rest) = out.split_at_mut(plane);
    let (g, b) = rest.split_at_mut(plane);
    [r, g, b]
}

/// Writes RGB pixels to an image in planes, by several threads.
fn in_parts<T: Send>(pixels: &[u8], out: &mut [T], write: impl Fn(&[u8], [&mut [T]; 3]) + Sync) {
    let [r, g, b] = planes_of(out).map(|plane| plane.par_chunks_mut(PART));
    let parts = r.zip(g).zip(b).zip(pixels.par_chunks(3 * PART));
    parts.for_each(|(((r, g), b), pixels)| write(pixels, [r, g, b]));
}

/// Bytes in planes.
pub(super) struct Planes;

impl WriteOutput for Planes {
    type Value = u8;

    fn write(&self, first: usize, pixels: &[u8], out: &mut [u8]) {
        separate(pixels, planes_of(out).map(|plane| &mut plane[first..first + pixels.len() / 3]));
    }

    fn write_all(&self, pixels: &[u8], out: &mut [u8]) {
        in_parts(pixels, out, separate);
    }
}

/// Pixels of four bytes.
pub(super) struct Rgbx;

impl WriteOutput for Rgbx {
    type Value = u8;

    fn write(&self, first: usize, pixels: &[u8], out: &mut [u8]) {
        rgbx::spread(pixels, &mut out[first * 4..][..pixels.len() / 3 * 4]);
    }

    fn write_all(&self, pixels: &[u8], out: &mut [u8]) {
        let parts = out.par_chunks_mut(4 * PART).zip(pixels.par_chunks(3 * PART));
        parts.for_each(|(out, pixels)| rgbx::spread(pixels, out));
    }
}

/// The new value of each byte of each channel.
pub(super) struct Normalized<T> {
    table: Box<[[T; 256]; 3]>,
    channels: usize,
    in_planes: bool,
}

impl<T: Value> Normalized<T> {
    pub fn new(form: Form, channels: usize, layout: Layout) -> Self {
        let normalize = form.normalize();
        let value = |c, v| T::of(normalize.value(c, v as u8));
        let table = Box::new(std::array::from_fn(|c| std::array::from_fn(|v| value(c, v))));
        Normalized { table, channels, in_planes: layout == Layout::Nchw && channels == 3 }
    }

    /// Interleaved pixels.
    fn interleaved(&self, pixels: &[u8], out: &mut [T]) {
        let [r, g, b] = &*self.table;
        if self.channels == 1 {
            pixels.iter().zip(out).for_each(|(&v, out)| *out = r[usize::from(v)]);
            return;
        }
        for (pixel, out) in pixels.as_chunks::<3>().0.iter().zip(out.as_chunks_mut::<3>().0) {
            *out = [r[usize::from(pixel[0])], g[usize::from(pixel[1])], b[usize::from(pixel[2])]];
        }
    }

    fn planes(&self, pixels: &[u8], [red, green, blue]: [&mut [T]; 3]) {
        let [r, g, b] = &*self.table;
        let pixels = pixels.as_chunks::<3>().0;
        for (((pixel, red), green), blue) in pixels.iter().zip(red).zip(green).zip(blue) {
            *red = r[usize::from(pixel[0])];
            *green = g[usize::from(pixel[1])];
            *blue = b[usize::from(pixel[2])];
        }
    }
}

impl<T: Value> WriteOutput for Normalized<T> {
    type Value = T;

    fn write(&self, first: usize, pixels: &[u8], out: &mut [T]) {
        if !self.in_planes {
            return self.interleaved(pixels, &mut out[first * self.channels..][..pixels.len()]);
        }
        self.planes(pixels, planes_of(out).map(|plane| &mut plane[first..first + pixels.len() / 3]));
    }

    fn write_all(&self, pixels: &[u8], out: &mut [T]) {
        if self.in_planes {
            return in_parts(pixels, out, |pixels, planes| self.planes(pixels, planes));
        }
        let part = PART * self.channels;
        let parts = out.par_chunks_mut(part).zip(pixels.par_chunks(part));
        parts.for_each(|(out, pixels)| self.interleaved(pixels, out));
    }
}
