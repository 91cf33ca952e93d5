//! Picture: an image that cases run on.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// An image as interleaved bytes, rows from the top.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub name: String,
    pub width: usize,
    pub height: usize,
    /// 1 (gray) or 3 (RGB).
    pub channels: usize,
    pub bytes: Vec<u8>,
}

impl Picture {
    /// The channels at column `x` of row `y`.
    pub fn pixel(&self, x: usize, y: usize) -> &[u8] {
        let start = (y * self.width + x) * self.channels;
        &self.bytes[start..start + self.channels]
    }

    /// A picture of the same shape with other bytes.
    pub fn with(&self, bytes: &[u8]) -> Self {
        Picture { name: self.name.clone(), bytes: bytes.to_vec(), ..*self }
    }

    /// The bytes of an RGB photograph of the repository.
    pub fn photo(path: &str) -> Vec<u8> {
        let path = repository().join(path);
        let file = File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut reader = png::Decoder::new(BufReader::new(file)).read_info().unwrap();
        let info = reader.info();
        assert_eq!(
            (info.color_type, info.bit_depth),
            (png::ColorType::Rgb, png::BitDepth::Eight),
            "{}",
            path.display()
        );
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut bytes).unwrap();
        bytes
    }

    /// Writes a PNG.
    pub fn save(&self, path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let file = File::create(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut encoder = png::Encoder::new(file, self.width as u32, self.height as u32);
        encoder.set_color(if self.channels == 1 { png::ColorType::Grayscale } else { png::ColorType::Rgb });
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(&self.bytes).unwrap();
    }
}

/// `count` bytes of the SplitMix64 generator, each number's low byte first.
pub fn splitmix64(seed: u64, count: usize) -> Vec<u8> {
    let numbers = (1..).map(|i: u64| {
        let mut z = seed.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    });
    numbers.flat_map(u64::to_le_bytes).take(count).collect()
}

/// The repository's root.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Fails where the page on the architecture does not have these words, wherever its lines break.
pub fn architecture_says(words: &str) {
    let page = std::fs::read_to_string(repository().join("docs/architecture.md")).unwrap();
    let words_of = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words_of(&page).contains(words), "docs/architecture.md does not say `{words}`");
}

/// `12,345`.
pub fn with_comma(n: usize) -> String {
    format!("{},{:03}", n / 1000, n % 1000)
}
