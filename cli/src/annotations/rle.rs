//! Rle: regions as COCO writes them, runs of zeros and ones in turns, column by column.

use anyhow::bail;
use autoaugment::Size;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rle {
    /// Height and width.
    pub size: [usize; 2],
    pub counts: Counts,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Counts {
    Plain(Vec<u64>),
    /// The same in letters, as COCO's own tools write them.
    Packed(String),
}

impl Rle {
    /// Runs of a region, which has 1 or 0 for each pixel.
    pub fn of(region: &[u8], size: Size) -> Self {
        let (mut counts, mut last) = (vec![0], 0);
        for x in 0..size.width {
            for y in 0..size.height {
                let value = region[y * size.width + x];
                if value != last {
                    counts.push(0);
                    last = value;
                }
                if let Some(count) = counts.last_mut() {
                    *count += 1;
                }
            }
        }
        Rle { size: [size.height, size.width], counts: Counts::Plain(counts) }
    }

    /// 1 or 0 for each pixel of an image of `size`.
    pub fn region(&self, size: Size) -> anyhow::Result<Vec<u8>> {
        let Size { width, height } = size;
        if self.size != [height, width] {
            let [h, w] = self.size;
            bail!("the runs of its segmentation are for {w} x {h} pixels, and the image has {width} x {height}");
        }
        let counts = match &self.counts {
            Counts::Plain(counts) => counts.clone(),
            Counts::Packed(letters) => unpacked(letters)?,
        };
        let pixels = (width * height) as u64;
        if counts.iter().try_fold(0, |sum: u64, &count| sum.checked_add(count)) != Some(pixels) {
            bail!("the runs of its segmentation do not add up to the image's {pixels} pixels");
        }
        let mut region = vec![0; width * height];
        let mut place = 0;
        for (i, &count) in counts.iter().enumerate() {
            for p in place..place + count as usize {
                region[p % height * width + p / height] = (i % 2) as u8;
            }
            place += count as usize;
        }
        Ok(region)
    }
}

/// Numbers of 5 bits a letter, the lowest first. From the third on they are differences to the last but one.
fn unpacked(letters: &str) -> anyhow::Result<Vec<u64>> {
    let mut counts: Vec<i64> = Vec::new();
    let (mut number, mut shift) = (0_i64, 0);
    for letter in letters.bytes() {
        let bits = i64::from(letter) - 48;
        if !(0..64).contains(&bits) || shift > 55 {
            bail!("the runs of its segmentation are not COCO's letters");
        }
        number |= (bits & 31) << shift;
        shift += 5;
        if bits & 32 != 0 {
            continue;
        }
        if bits & 16 != 0 {
            number |= -1 << shift;
        }
        if counts.len() > 2 {
            number += counts[counts.len() - 2];
        }
        counts.push(number);
        (number, shift) = (0, 0);
    }
    match counts.iter().map(|&count| u64::try_from(count)).collect() {
        Ok(counts) if shift == 0 => Ok(counts),
        _ => bail!("the runs of its segmentation are not COCO's letters"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_regions_are_each_others_inverse() {
        let size = Size { width: 3, height: 2 };
        let region = [0, 1, 1, 1, 1, 0];
        let rle = Rle::of(&region, size);
        assert!(matches!(&rle.counts, Counts::Plain(counts) if counts == &[1, 4, 1]), "{rle:?}");
        assert_eq!(rle.region(size).unwrap(), region);
        assert_eq!(Rle::of(&[1; 6], size).region(size).unwrap(), [1; 6]);
        assert!(rle.region(Size { width: 2, height: 3 }).is_err());
    }

    /// As `pycocotools.mask.encode` writes them.
    #[test]
    fn letters_are_those_of_coco() {
        // An image of 10 x 20 whose columns 2..5 are full: 40 zeros, 60 ones, 100 zeros.
        assert_eq!(unpacked("X1l1T3").unwrap(), [40, 60, 100]);
        assert_eq!(unpacked("T3d0`2d0\\O").unwrap(), [100, 20, 80, 40, 60]);
        assert!(unpacked("X").is_err() && unpacked("\u{1}").is_err());
    }
}
