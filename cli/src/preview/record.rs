//! Record: how a sheet is made again, in its file.

use std::borrow::Cow;
use std::collections::HashMap;

use autoaugment::Scheme;
use color_quant::NeuQuant;
use image::{Rgb, RgbImage};

use super::Preview;
use crate::choices;

/// The version, as the sheet and its file have it.
pub const SOFTWARE: &str = concat!("autoaugment ", env!("CARGO_PKG_VERSION"));

/// One of so many pixels is looked at to choose colors.
const SAMPLED: i32 = 3;

/// The sheet's PNG, with texts that programs can read. With a palette it has 256 colors.
pub fn png(sheet: &RgbImage, texts: &[(&str, &str)], has_palette: bool) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, sheet.width(), sheet.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut data = Cow::Borrowed(sheet.as_raw().as_slice());
    if has_palette {
        let (indices, colors) = reduced(sheet);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(colors);
        // Neighboring indices have nothing to do with one another.
        encoder.set_filter(png::Filter::NoFilter);
        data = Cow::Owned(indices);
    }
    for (key, text) in texts {
        encoder.add_itxt_chunk((*key).to_string(), (*text).to_string())?;
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&data)?;
    writer.finish()?;
    Ok(bytes)
}

/// The picture in 256 colors: the index of each pixel's, and red, green and blue of each.
fn reduced(sheet: &RgbImage) -> (Vec<u8>, Vec<u8>) {
    let opaque = |pixel: &Rgb<u8>| [pixel.0[0], pixel.0[1], pixel.0[2], 255];
    let pixels: Vec<u8> = sheet.pixels().flat_map(opaque).collect();
    let colors = NeuQuant::new(SAMPLED, 256, &pixels);
    let mut known = HashMap::new();
    let index = |pixel: &Rgb<u8>| *known.entry(pixel.0).or_insert_with(|| colors.index_of(&opaque(pixel)) as u8);
    (sheet.pixels().map(index).collect(), colors.color_map_rgb())
}

impl Preview {
    /// The command, for a shell. A policy from a file is written out, so that the sheet is enough to repeat it.
    pub fn command(&self, scheme: Option<&Scheme>) -> String {
        let policy = self.drawing.policy.as_deref().filter(|text| choices::is_file(text));
        // In one line, as semicolons divide sub-policies too.
        let scheme = scheme.map(|scheme| scheme.to_string().replace('\n', "; "));
        let mut words = vec!["autoaugment".to_string()];
        for argument in std::env::args_os().skip(1) {
            let argument = argument.to_string_lossy();
            let shown = match (policy, &scheme) {
                (Some(file), Some(scheme)) if argument == file => Cow::Owned(scheme.clone()),
                (Some(file), Some(scheme)) if argument == format!("--policy={file}") => {
                    Cow::Owned(format!("--policy={scheme}"))
                }
                _ => argument,
            };
            words.push(quoted(&shown));
        }
        words.join(" ")
    }
}

/// A word as a POSIX shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./,=+:@%".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_words_as_they_were() {
        for (word, shown) in
            [("a/b-1.png", "a/b-1.png"), ("", "''"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("$x", "'$x'")]
        {
            assert_eq!(quoted(word), shown);
        }
    }
}
