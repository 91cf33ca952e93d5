//! MaskFolder: a folder of masks, one PNG for each image, with one label for each pixel.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use autoaugment::Size;
use autoaugment::loader::Sample;
use png::{BitDepth, ColorType};

use crate::{read, terminal};

/// The most bytes of a mask's file.
const MOST: u64 = 1 << 28;

pub struct MaskFolder {
    folder: PathBuf,
}

/// The labels of an image, and the colors in which its file shows them.
pub struct Mask {
    pub labels: Vec<u8>,
    pub palette: Option<Vec<u8>>,
}

impl MaskFolder {
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        ensure!(folder.is_dir(), "{}: it is no folder; --masks takes the folder of the masks", terminal::name(folder));
        Ok(MaskFolder { folder: folder.to_path_buf() })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The mask of an image, by its path inside the input folder.
    pub fn path(&self, image: &Path) -> PathBuf {
        self.folder.join(image.with_extension("png"))
    }

    /// The mask of an image of `size`.
    pub fn mask(&self, image: &Path, size: Size) -> anyhow::Result<Mask> {
        let path = self.path(image);
        let mask = || {
            let (file, metadata) = read::open(&path)?;
            ensure!(metadata.len() <= MOST, "the file has {} bytes and may have {MOST}", metadata.len());
            let mut bytes = Vec::new();
            file.take(MOST).read_to_end(&mut bytes)?;
            let own = Sample::encoded(&bytes[..], 0)?.with_mask(&bytes[..]);
            if own.size() != size {
                let ([w, h], [width, height]) = ([own.size().width, own.size().height], [size.width, size.height]);
                bail!("the mask has {w} x {h} pixels, and its image {width} x {height}");
            }
            let labels = own.decode_mask()?.context("there are no labels")?;
            Ok(Mask { labels, palette: palette(&bytes)? })
        };
        mask().with_context(|| terminal::name(&path))
    }
}

fn palette(bytes: &[u8]) -> anyhow::Result<Option<Vec<u8>>> {
    let reader = png::Decoder::new(Cursor::new(bytes)).read_info()?;
    let info = reader.info();
    let palette = info.palette.as_ref().filter(|_| info.color_type == ColorType::Indexed);
    Ok(palette.map(|palette| palette.to_vec()))
}

/// A mask's file: with a palette if it had one, or gray.
pub fn encode(labels: &[u8], palette: Option<&[u8]>, size: Size) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size.width as u32, size.height as u32);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_color(ColorType::Grayscale);
    if let Some(palette) = palette {
        let most = labels.iter().max().copied().unwrap_or_default();
        // The label outside the image may be none of the palette's.
        let mut palette = palette.to_vec();
        palette.resize(palette.len().max(3 * (usize::from(most) + 1)), 0);
        encoder.set_color(ColorType::Indexed);
        encoder.set_palette(palette);
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(labels)?;
    writer.finish()?;
    Ok(bytes)
}
