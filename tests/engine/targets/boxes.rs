//! Boxes: what is left of one is around the pixels that are left of it, and no larger than it must be.

use autoaugment::targets::{BoundingBox, MovedBox};
use autoaugment::{Op, PlannedImage, Size};
use rand::RngExt;

use super::painted::{Painted, random_chains};
use crate::support::chains::random;

fn bounds(left: f64, top: f64, right: f64, bottom: f64) -> BoundingBox {
    BoundingBox { left, top, right, bottom }
}

fn sides(b: BoundingBox) -> [f64; 4] {
    [b.left, b.top, b.right, b.bottom]
}

fn around(points: impl Iterator<Item = [f64; 2]>) -> Option<BoundingBox> {
    points
        .map(|[x, y]| bounds(x, y, x, y))
        .reduce(|a, b| bounds(a.left.min(b.left), a.top.min(b.top), a.right.max(b.right), a.bottom.max(b.bottom)))
}

/// The box around the output pixels that came out of `part`, and how many there are.
fn painted_box(painted: &Painted, part: BoundingBox) -> (Option<BoundingBox>, usize) {
    let is_in = |value: u32| {
        let [x, y] = painted.source(value);
        part.left < x && x < part.right && part.top < y && y < part.bottom
    };
    let inked: Vec<_> = painted.pixels().filter(|(_, v)| *v != 0 && is_in(*v)).map(|(center, _)| center).collect();
    let corners = inked.iter().flat_map(|[x, y]| [[x - 0.5, y - 0.5], [x + 0.5, y + 0.5]]);
    (around(corners), inked.len())
}

/// A part of whole pixels, some of them large.
fn some_part(size: Size, rng: &mut impl rand::Rng) -> BoundingBox {
    let mut span = |side: usize| {
        let (a, b) = (rng.random_range(0..side), rng.random_range(1..=side));
        (a.min(b - 1) as f64, b.max(a + 1) as f64)
    };
    let ((left, right), (top, bottom)) = (span(size.width), span(size.height));
    bounds(left, top, right, bottom)
}

#[test]
fn one_operation_within_a_pixel_of_what_was_painted() {
    let size = Size { width: 60, height: 48 };
    let mut rng = random(41);
    for op in [
        "ShearX(factor=0.3)",
        "ShearX(factor=-0.21)",
        "ShearY(factor=0.17)",
        "ShearY(factor=-0.3)",
        "TranslateX(pixels=13.4)",
        "TranslateY(pixels=-7.5)",
        "Rotate(degrees=30)",
        "Rotate(degrees=-45)",
        "Rotate(degrees=90)",
        "Rotate(degrees=137)",
        "Rotate(degrees=180)",
        "Crop(x=-7, y=11, width=40, height=50)",
        "Resize(width=31, height=77)",
        "Resize(width=50, height=20, box=[3.5,2,44,40.25])",
        "HorizontalFlip",
        "VerticalFlip",
    ] {
        let painted = Painted::new(vec![op.parse().unwrap()], size);
        let transform = painted.image().geometric_transform(size).unwrap();
        let is_turned = op.starts_with("Rot") || op.starts_with("Shear");
        let mut compared = 0;
        for _ in 0..300 {
            let part = some_part(size, &mut rng);
            let is_small = part.right - part.left < 4.0 || part.bottom - part.top < 4.0;
            let MovedBox { bounds: moved, visible_fraction: share, .. } = transform.bounding_box(part).unwrap();
            let (seen, pixels) = painted_box(&painted, part);
            // Of a slanted wedge at the border, and of slivers, pixels have only the thicker part.
            if is_small || is_turned && share < 1.0 {
                continue;
            }
            let (moved, seen) = match (moved, seen) {
                (Some(moved), Some(seen)) => (moved, seen),
                // A strip of less than a pixel is rounded away, or to a whole one.
                (rest, seen) => {
                    let thin = |b: BoundingBox| (b.right - b.left).min(b.bottom - b.top) <= 1.0;
                    assert!(rest.or(seen).is_none_or(thin), "{op}: {part:?} became {rest:?}, and {seen:?} is painted");
                    continue;
                }
            };
            let off = sides(moved).iter().zip(sides(seen)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(off <= 1.0, "{op}: {part:?} became {moved:?}, and {seen:?} is painted");
            let stretch = transform.matrix()[0] * transform.matrix()[4] - transform.matrix()[1] * transform.matrix()[3];
            let area = share * (part.right - part.left) * (part.bottom - part.top) * stretch.abs();
            let edge = (moved.right - moved.left) + (moved.bottom - moved.top);
            assert!((area - pixels as f64).abs() <= edge + 1.0, "{op}: {part:?}: area {area}, {pixels} pixels");
            compared += 1;
        }
        assert!(compared > 50, "{op}: {compared}");
    }
}

#[test]
fn chains_have_nothing_outside_the_box_and_points_at_all_its_sides() {
    let mut rng = random(42);
    let (mut whole, mut cut, mut gone) = (0, 0, 0);
    for (chain, painted) in random_chains(150, 4, 43).enumerate() {
        let transform = painted.image().geometric_transform(painted.before).unwrap();
        let far = *painted.roundings().last().unwrap();
        for _ in 0..4 {
            let part = some_part(painted.before, &mut rng);
            let moved = transform.bounding_box(part).unwrap();
            let (seen, _) = painted_box(&painted, part);
            let at = format!("chain {chain}: {part:?} became {moved:?}: {:?}", painted.ops);
            // What is seen of it is in the box, but for roundings and half a pixel.
            if let (Some(seen), Some(moved)) = (seen, moved.bounds) {
                let [a, b] = [sides(seen), sides(moved)];
                let out = f64::max((b[0] - a[0]).max(b[1] - a[1]), (a[2] - b[2]).max(a[3] - b[3]));
                assert!(out <= far + 0.5, "{at}; {seen:?} is painted");
            }
            // And the box is no larger than the points of a fine grid that are left. An area below the grid is not
            // found.
            let n = 240;
            let cell = |from: f64, to: f64, i: usize| from + (to - from) * (i as f64 + 0.5) / n as f64;
            let points = (0..n * n).map(|i| [cell(part.left, part.right, i % n), cell(part.top, part.bottom, i / n)]);
            let left: Vec<_> = points.map(|p| transform.keypoint(p)).filter(|k| k.is_inside).map(|k| k.point).collect();
            let share = left.len() as f64 / (n * n) as f64;
            assert!((share - moved.visible_fraction).abs() <= 0.02, "{at}; {share} of the points are left");
            let Some(grid) = around(left.into_iter()) else {
                assert!(moved.visible_fraction < 1e-3, "{at}");
                gone += 1;
                continue;
            };
            let moved_to = moved.bounds.unwrap();
            let [a, b] = [sides(grid), sides(moved_to)];
            assert!(b[0] <= a[0] && b[1] <= a[1] && b[2] >= a[2] && b[3] >= a[3], "{at}; points are left in {grid:?}");
            // One cell of the grid, as large as it got; a wedge cut off the outline ends up to some cells further.
            let [p, q, _, r, s, _] = transform.matrix();
            let (w, h) = ((part.right - part.left) / n as f64, (part.bottom - part.top) / n as f64);
            let cell = f64::max(p.abs() * w + q.abs() * h, r.abs() * w + s.abs() * h);
            let off = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(
                off <= if moved.visible_fraction == 1.0 { cell } else { 12.0 * cell },
                "{at}; points are left in {grid:?}"
            );
            *(if moved.visible_fraction == 1.0 { &mut whole } else { &mut cut }) += 1;
        }
    }
    assert!(whole > 50 && cut > 100 && gone > 20, "{whole} {cut} {gone}");
}

#[test]
fn known_boxes() {
    let size = Size { width: 10, height: 6 };
    let whole = bounds(0.0, 0.0, 10.0, 6.0);
    let corner = bounds(6.0, 0.0, 10.0, 2.0);
    for (ops, before, expected, share) in [
        ("Identity", corner, Some(corner), 1.0),
        ("Equalize", whole, Some(whole), 1.0),
        ("HorizontalFlip", corner, Some(bounds(0.0, 0.0, 4.0, 2.0)), 1.0),
        ("Rotate(degrees=180)", corner, Some(bounds(0.0, 4.0, 4.0, 6.0)), 1.0),
        ("TranslateX(pixels=3)", corner, Some(bounds(9.0, 0.0, 10.0, 2.0)), 0.25),
        ("TranslateX(pixels=4)", corner, None, 0.0),
        ("TranslateX(pixels=3)+TranslateX(pixels=-3)", corner, Some(bounds(6.0, 0.0, 7.0, 2.0)), 0.25),
        ("ShearX(factor=1)", corner, Some(bounds(4.0, 0.0, 10.0, 2.0)), 1.0),
        ("ShearX(factor=-1)", corner, Some(bounds(6.0, 0.0, 10.0, 2.0)), 0.75),
        ("Crop(x=8, y=1, width=9, height=9)", corner, Some(bounds(0.0, 0.0, 2.0, 1.0)), 0.25),
        ("Resize(width=20, height=3)", corner, Some(bounds(12.0, 0.0, 20.0, 1.0)), 1.0),
        // Partly or wholly outside before anything happens, or without area.
        ("Identity", bounds(8.0, -2.0, 12.0, 2.0), Some(bounds(8.0, 0.0, 10.0, 2.0)), 0.25),
        ("HorizontalFlip", bounds(-4.0, 1.0, -1.0, 2.0), None, 0.0),
        ("HorizontalFlip", bounds(10.0, 0.0, 12.0, 6.0), None, 0.0),
        ("HorizontalFlip", bounds(3.0, 1.0, 3.0, 5.0), None, 0.0),
        ("HorizontalFlip", bounds(3.0, 1.0, 3.0, 1.0), None, 0.0),
    ] {
        let ops: Vec<Op> = ops.split('+').map(|op| op.parse().unwrap()).collect();
        let transform = PlannedImage { ops: ops.clone(), ..Default::default() }.geometric_transform(size).unwrap();
        let moved = transform.bounding_box(before).unwrap();
        assert_eq!((moved.bounds, moved.visible_fraction), (expected, share), "{ops:?} {before:?}");
    }
    // One pixel is an image too.
    let pixel = Size { width: 1, height: 1 };
    for op in ["Rotate(degrees=90)", "HorizontalFlip", "TranslateX(pixels=0)", "Resize(width=1, height=1)"] {
        let transform =
            PlannedImage { ops: vec![op.parse().unwrap()], ..Default::default() }.geometric_transform(pixel).unwrap();
        let all = bounds(0.0, 0.0, 1.0, 1.0);
        let moved = transform.bounding_box(all).unwrap();
        assert_eq!((moved.bounds, moved.visible_fraction), (Some(all), 1.0), "{op}");
    }
}

#[test]
fn bad_boxes_and_impossible_operations_are_refused() {
    let size = Size { width: 10, height: 6 };
    let transform = PlannedImage::default().geometric_transform(size).unwrap();
    for (before, message) in [
        (bounds(3.0, 0.0, 2.0, 1.0), "BoundingBox: left 3 is right of the right side"),
        (bounds(0.0, 5.0, 2.0, 1.5), "BoundingBox: top 5 is below the bottom"),
        (bounds(0.0, 0.0, f64::NAN, 1.0), "BoundingBox: right NaN is not finite"),
        (bounds(0.0, 0.0, 1.0, f64::INFINITY), "BoundingBox: bottom inf is not finite"),
    ] {
        assert_eq!(transform.bounding_box(before).unwrap_err().to_string(), message);
    }
    let transform = |ops: Vec<Op>, size| PlannedImage { ops, ..Default::default() }.geometric_transform(size);
    let crop = "Crop(x=-7, y=0, width=3, height=3, border=reflect)".parse().unwrap();
    let small = "Resize(width=4, height=4)".parse().unwrap();
    assert_eq!(
        transform(vec![small, crop], size).unwrap_err().to_string(),
        "Crop: x -7 lets a mirrored border reach further than the image"
    );
    assert_eq!(
        transform(vec![], Size { width: 0, height: 3 }).unwrap_err().to_string(),
        "batch: images of 0 x 3 pixels: both sides must be at least 1"
    );
}
