//! Encode: images as files. A file appears under its name only when it is complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::ValueEnum;
use image::codecs::bmp::BmpEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageError, ImageResult};

use crate::outcome::RunFailed;

/// The form of a written file. All but JPEG keep every byte.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Format {
    Png,
    Jpeg,
    Webp,
    Bmp,
}

impl Format {
    /// The format of a file's extension.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_lowercase().as_str() {
            "png" => Some(Format::Png),
            "jpg" | "jpeg" => Some(Format::Jpeg),
            "webp" => Some(Format::Webp),
            "bmp" => Some(Format::Bmp),
            _ => None,
        }
    }

    /// The extension of new files.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Png => "png",
            Format::Jpeg => "jpg",
            Format::Webp => "webp",
            Format::Bmp => "bmp",
        }
    }
}

/// Encodes an image's interleaved bytes. An EXIF orientation other than 1 is written too; BMP has no place for it.
pub fn encode(
    data: &[u8],
    [height, width, channels]: [usize; 3],
    format: Format,
    quality: u8,
    orientation: u8,
) -> ImageResult<Vec<u8>> {
    let color = if channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    let mut file = Vec::new();
    let (w, h) = (width as u32, height as u32);
    match format {
        Format::Png => with_orientation(PngEncoder::new(&mut file), orientation)?.write_image(data, w, h, color)?,
        Format::Jpeg => {
            let encoder = JpegEncoder::new_with_quality(&mut file, quality);
            with_orientation(encoder, orientation)?.write_image(data, w, h, color)?;
        }
        Format::Webp => {
            with_orientation(WebPEncoder::new_lossless(&mut file), orientation)?.write_image(data, w, h, color)?;
        }
        Format::Bmp => BmpEncoder::new(&mut file).write_image(data, w, h, color)?,
    }
    Ok(file)
}

/// Adds an EXIF block of one entry, the orientation.
fn with_orientation<E: ImageEncoder>(mut encoder: E, orientation: u8) -> ImageResult<E> {
    if orientation != 1 {
        let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
        encoder.set_exif_metadata(exif).map_err(ImageError::Unsupported)?;
    }
    Ok(encoder)
}

/// A file under construction. It has a hidden name beside its target, and is renamed when it is complete.
pub struct Pending {
    target: PathBuf,
    beside: PathBuf,
    file: File,
    is_finished: bool,
}

impl Pending {
    /// Creates the file, and its folder if need be.
    pub fn create(target: &Path) -> io::Result<Self> {
        let name = target.file_name().ok_or_else(|| io::Error::other("not a file name"))?;
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        let beside = target.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
        let file = File::create(&beside)?;
        Ok(Pending { target: target.to_path_buf(), beside, file, is_finished: false })
    }

    /// The file under construction.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Gives the file its name.
    pub fn finish(mut self) -> io::Result<()> {
        fs::rename(&self.beside, &self.target)?;
        self.is_finished = true;
        Ok(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.is_finished {
            // What cannot be removed stays under its hidden name; the target was not touched.
            let _ = fs::remove_file(&self.beside);
        }
    }
}

/// Writes a whole file at once.
pub fn write_whole(target: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || -> io::Result<()> {
        let mut pending = Pending::create(target)?;
        let mut out = BufWriter::new(pending.file());
        out.write_all(bytes)?;
        out.flush()?;
        drop(out);
        pending.finish()
    };
    write().context(RunFailed(format!("{} could not be written", target.display())))
}

/// Refuses to overwrite.
pub fn check_free<'a>(targets: impl IntoIterator<Item = &'a Path>, force: bool) -> anyhow::Result<()> {
    if force {
        return Ok(());
    }
    let taken: Vec<_> = targets.into_iter().filter(|path| path.symlink_metadata().is_ok()).collect();
    match taken[..] {
        [] => Ok(()),
        [one] => anyhow::bail!("{} exists; --force overwrites it", one.display()),
        [first, ..] => {
            anyhow::bail!("{} and {} more files exist; --force overwrites them", first.display(), taken.len() - 1)
        }
    }
}
