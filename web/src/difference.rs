//! Difference: how far two images of one size are apart.

use serde::Serialize;

/// The distance of two images, in levels of a channel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The part of all pixels that differ, 0 to 1.
    pub pixels: f64,
    /// The largest distance of two bytes.
    pub most: u8,
    /// The mean distance of all bytes.
    pub mean: f64,
}

impl Difference {
    /// The distance of two images of interleaved RGB, and the image of all distances.
    pub fn of(one: &[u8], other: &[u8]) -> (Self, Vec<u8>) {
        let apart: Vec<u8> = one.iter().zip(other).map(|(a, b)| a.abs_diff(*b)).collect();
        let pixels = (apart.len() / 3).max(1) as f64;
        let differing = apart.chunks_exact(3).filter(|pixel| **pixel != [0; 3]).count();
        let sum: u64 = apart.iter().map(|&value| u64::from(value)).sum();
        let difference = Difference {
            pixels: differing as f64 / pixels,
            most: apart.iter().copied().max().unwrap_or(0),
            mean: sum as f64 / (3.0 * pixels),
        };
        (difference, apart)
    }

    /// For people, in lines.
    pub fn caption(&self) -> Vec<String> {
        if self.most == 0 {
            return vec!["no pixel differs".to_string()];
        }
        let percent = 100.0 * self.pixels;
        vec![format!("{percent:.1} % of the pixels"), format!("by {:.1}, at most {}", self.mean, self.most)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_and_levels_are_counted() {
        let (difference, apart) = Difference::of(&[0, 0, 0, 10, 20, 30], &[0, 0, 0, 13, 20, 0]);
        assert_eq!(difference, Difference { pixels: 0.5, most: 30, mean: 5.5 });
        assert_eq!(apart, [0, 0, 0, 3, 0, 30]);
        assert_eq!(difference.caption(), ["50.0 % of the pixels", "by 5.5, at most 30"]);
        assert_eq!(Difference::of(&[7; 6], &[7; 6]).0.caption(), ["no pixel differs"]);
    }
}
