//! Text: captions in a proper typeface, painted onto a sheet.

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use image::{Rgb, RgbImage};

/// A typeface in one size and color.
pub struct Pen {
    font: FontRef<'static>,
    scale: PxScale,
    color: Rgb<u8>,
}

impl Pen {
    /// Ubuntu Light, which the crate epaint_default_fonts brings along.
    pub fn new(pixels: f32, color: Rgb<u8>) -> anyhow::Result<Self> {
        let font = FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT)?;
        Ok(Pen { font, scale: PxScale::from(pixels), color })
    }

    /// From the top of a line to the top of the next.
    pub fn line(&self) -> f32 {
        self.font.as_scaled(self.scale).height() * 1.08
    }

    pub fn width(&self, text: &str) -> f32 {
        let scaled = self.font.as_scaled(self.scale);
        let mut previous = None;
        let advance = |c| {
            let id = scaled.glyph_id(c);
            let kern = previous.replace(id).map_or(0.0, |before| scaled.kern(before, id));
            scaled.h_advance(id) + kern
        };
        text.chars().map(advance).sum()
    }

    /// The text in lines no wider than `width`, as far as its words allow. Lines behind the first are set in.
    pub fn wrapped(&self, text: &str, width: f32) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(' ') {
            match lines.last_mut() {
                Some(line) if self.width(&format!("{line} {word}")) <= width => *line = format!("{line} {word}"),
                Some(_) => lines.push(format!("    {word}")),
                None => lines.push(word.to_string()),
            }
        }
        lines
    }

    /// The longest beginning of the text that fits, with an ellipsis if that is not all.
    fn fitted(&self, text: &str, width: f32) -> String {
        if self.width(text) <= width {
            return text.to_string();
        }
        let mut short: Vec<char> = text.chars().collect();
        while short.pop().is_some() {
            let candidate: String = short.iter().chain(&['…']).collect();
            if self.width(&candidate) <= width {
                return candidate;
            }
        }
        String::new()
    }

    /// Writes one line with its upper left corner at `(x, y)`, no wider than `width`.
    pub fn write(&self, sheet: &mut RgbImage, text: &str, (x, y): (f32, f32), width: f32) {
        let scaled = self.font.as_scaled(self.scale);
        let (mut x, baseline) = (x, y + scaled.ascent());
        let mut previous = None;
        for c in self.fitted(text, width).chars() {
            let id = scaled.glyph_id(c);
            x += previous.replace(id).map_or(0.0, |before| scaled.kern(before, id));
            let glyph = id.with_scale_and_position(self.scale, point(x, baseline.round()));
            x += scaled.h_advance(id);
            let Some(outline) = self.font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|dx, dy, coverage| {
                let (px, py) = (corner.x as i64 + i64::from(dx), corner.y as i64 + i64::from(dy));
                if let (Ok(px), Ok(py)) = (u32::try_from(px), u32::try_from(py))
                    && let Some(pixel) = sheet.get_pixel_mut_checked(px, py)
                {
                    blend(pixel, self.color, coverage);
                }
            });
        }
    }
}

/// Lays `color` over a pixel.
pub fn blend(pixel: &mut Rgb<u8>, color: Rgb<u8>, coverage: f32) {
    for (below, above) in pixel.0.iter_mut().zip(color.0) {
        let mixed = f32::from(*below) + (f32::from(above) - f32::from(*below)) * coverage.clamp(0.0, 1.0);
        *below = mixed.round() as u8;
    }
}
