//! Sweep: the same rows over other sizes of batches and of images, for the plot.

use serde::Serialize;

use super::point::Point;

/// What changes from point to point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    BatchSize,
    ImageSize,
}

#[derive(Serialize)]
pub struct Sweep {
    pub over: Over,
    pub points: Vec<Point>,
}

/// Images and their sides, of each point.
pub type Points = Vec<(usize, usize)>;

impl Over {
    pub const ALL: [Over; 2] = [Over::BatchSize, Over::ImageSize];

    /// Around a batch of `images` squares. Batches have at most its bytes, so that whatever holds one holds all.
    pub fn points(self, images: usize, side: usize) -> Points {
        let mut points: Points = match self {
            Over::BatchSize => (0..=8).step_by(2).map(|power| ((images >> power).max(1), side)).collect(),
            Over::ImageSize => {
                let sides = [side.div_ceil(8), side.div_ceil(4), side.div_ceil(2), side, 2 * side];
                sides.into_iter().map(|s| (images.min(images * side * side / (s * s)), s)).collect()
            }
        };
        points.retain(|&(images, _)| images > 0);
        points.sort_unstable();
        points.sort_by_key(|&(_, side)| side);
        points.dedup();
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lie_around_the_batch() {
        assert_eq!(Over::BatchSize.points(256, 224), [1, 4, 16, 64, 256].map(|n| (n, 224)));
        assert_eq!(Over::BatchSize.points(5, 9), [(1, 9), (5, 9)]);
        assert_eq!(Over::BatchSize.points(8, 9), [(1, 9), (2, 9), (8, 9)]);
        let sides = [(256, 28), (256, 56), (256, 112), (256, 224), (64, 448)];
        assert_eq!(Over::ImageSize.points(256, 224), sides);
        assert_eq!(Over::ImageSize.points(1, 1), [(1, 1)]);
    }
}
