//! Keypoints: every pixel's center goes where the pixel goes, and is gone where the pixel is.

use autoaugment::{Op, PlannedImage, Size};

use super::painted::{Painted, random_chains};

/// How far a point is from the image's edge at the step where it is nearest, less the roundings there; negative
/// outside.
fn margin(painted: &Painted, start: [f64; 2], roundings: &[f64], sign: f64) -> f64 {
    let steps = (0..=painted.ops.len()).map(|k| {
        let transform = PlannedImage { ops: painted.ops[..k].to_vec(), ..Default::default() }
            .geometric_transform(painted.before)
            .unwrap();
        let ([x, y], size) = (transform.keypoint(start).point, transform.size());
        let inside = x.min(y).min(size.width as f64 - x).min(size.height as f64 - y);
        inside + sign * roundings[k]
    });
    steps.fold(f64::INFINITY, f64::min)
}

#[test]
fn points_go_where_pixels_go() {
    let (mut followed, mut kept, mut gone) = (0, 0, 0);
    for (chain, painted) in random_chains(120, 4, 31).enumerate() {
        let transform = painted.image().geometric_transform(painted.before).unwrap();
        assert_eq!(transform.size(), painted.after);
        let roundings = painted.roundings();
        let far = roundings.last().unwrap();
        for (center, value) in painted.pixels().filter(|(_, value)| *value != 0) {
            let moved = transform.keypoint(painted.source(value));
            let off = (moved.point[0] - center[0]).abs().max((moved.point[1] - center[1]).abs());
            assert!(off <= *far, "chain {chain}: {moved:?} is not at {center:?}: {:?}", painted.ops);
            followed += 1;
            if !moved.is_inside {
                let outside = margin(&painted, painted.source(value), &roundings, 1.0);
                assert!(outside >= 0.0, "chain {chain}: {value} is seen at {center:?}: {:?}", painted.ops);
            }
        }
        for value in (1..=(painted.before.width * painted.before.height) as u32).step_by(7) {
            let start = painted.source(value);
            let moved = transform.keypoint(start);
            gone += usize::from(!moved.is_inside);
            if moved.is_inside && margin(&painted, start, &roundings, -1.0) > 0.5 {
                let [x, y] = moved.point.map(|v| v as usize);
                assert_ne!(painted.values[y * painted.after.width + x], 0, "chain {chain}: {value}: {:?}", painted.ops);
                kept += 1;
            }
        }
    }
    // Enough of each.
    assert!(followed > 10_000 && kept > 1_000 && gone > 1_000, "{followed} {kept} {gone}");
}

#[test]
fn known_points() {
    let size = Size { width: 8, height: 8 };
    for (ops, point, expected, is_inside) in [
        ("Rotate(degrees=90)", [8.0, 4.0], [4.0, 0.0], true),
        ("Rotate(degrees=-90)", [8.0, 4.0], [4.0, 8.0], true),
        ("Rotate(degrees=180)", [1.0, 2.0], [7.0, 6.0], true),
        ("ShearX(factor=0.5)", [5.0, 4.0], [3.0, 4.0], true),
        ("ShearX(factor=0.5)", [1.0, 4.0], [-1.0, 4.0], false),
        ("ShearY(factor=-0.5)", [4.0, 1.0], [4.0, 3.0], true),
        ("TranslateX(pixels=2.5)", [1.0, 1.0], [3.5, 1.0], true),
        ("TranslateY(pixels=-2)", [1.0, 1.0], [1.0, -1.0], false),
        ("HorizontalFlip", [0.0, 1.0], [8.0, 1.0], true),
        ("VerticalFlip", [0.5, 1.0], [0.5, 7.0], true),
        ("Crop(x=-1, y=2, width=4, height=4)", [2.0, 3.0], [3.0, 1.0], true),
        ("Resize(width=4, height=16)", [2.0, 3.0], [1.0, 6.0], true),
        ("Resize(width=8, height=8, box=[2,2,4,6])", [3.0, 3.0], [4.0, 2.0], true),
        ("Resize(width=8, height=8, box=[2,2,4,6])", [1.0, 3.0], [-4.0, 2.0], false),
        ("Invert", [1.0, 2.0], [1.0, 2.0], true),
        ("Cutout(x=0, y=0, width=8, height=8)", [1.0, 2.0], [1.0, 2.0], true),
        ("SamplePairing(weight=0.4, partner=3)", [1.0, 2.0], [1.0, 2.0], true),
        // Gone is gone, though the last operation moves it back.
        ("TranslateX(pixels=6)+TranslateX(pixels=-6)", [3.0, 1.0], [3.0, 1.0], false),
        ("Identity", [-0.1, 1.0], [-0.1, 1.0], false),
        ("Identity", [1.0, 8.1], [1.0, 8.1], false),
    ] {
        let ops: Vec<Op> = ops.split('+').map(|op| op.parse().unwrap()).collect();
        let moved =
            PlannedImage { ops: ops.clone(), ..Default::default() }.geometric_transform(size).unwrap().keypoint(point);
        assert_eq!((moved.point, moved.is_inside), (expected, is_inside), "{ops:?} {point:?}");
    }
    let still = PlannedImage::default().geometric_transform(size).unwrap();
    assert!(!still.keypoint([f64::NAN, 1.0]).is_inside);
}
