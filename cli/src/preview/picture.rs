//! Picture: an image as a sheet shows it, scaled to fit and with its annotations.

use autoaugment::Size;
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use super::text::{Pen, blend};
use crate::annotations::{Object, Targets};

/// Images that are more than so many times larger are first made smaller by averages, which is faster.
const AVERAGED: u32 = 4;

/// Colors of classes that people tell apart who see them differently, by Okabe and Ito.
const COLORS: [Rgb<u8>; 7] = [
    Rgb([230, 159, 0]),
    Rgb([86, 180, 233]),
    Rgb([0, 158, 115]),
    Rgb([240, 228, 66]),
    Rgb([213, 94, 0]),
    Rgb([204, 121, 167]),
    Rgb([0, 114, 178]),
];

pub fn color(class: usize) -> Rgb<u8> {
    COLORS[class % COLORS.len()]
}

/// The size of an image of `size` in a square of `most` pixels. Small images grow by a whole factor.
pub fn fitted(size: Size, most: u32) -> (u32, u32) {
    let (width, height) = (size.width as u32, size.height as u32);
    let longest = width.max(height).max(1);
    if longest <= most {
        let factor = most / longest;
        return (width * factor, height * factor);
    }
    let side = |side: u32| (u64::from(side) * u64::from(most)).div_ceil(u64::from(longest)).max(1) as u32;
    (side(width), side(height))
}

/// The image in a square of `most` pixels: enlarged by a whole factor with the nearest pixel, or reduced.
pub fn scaled(image: &RgbImage, most: u32) -> RgbImage {
    let size = Size { width: image.width() as usize, height: image.height() as usize };
    let (width, height) = fitted(size, most);
    if width >= image.width() {
        return imageops::resize(image, width, height, FilterType::Nearest);
    }
    if image.width() / width > AVERAGED && image.height() / height > AVERAGED {
        let smaller = imageops::thumbnail(image, width * 2, height * 2);
        return imageops::resize(&smaller, width, height, FilterType::Lanczos3);
    }
    imageops::resize(image, width, height, FilterType::Lanczos3)
}

/// Draws the targets of an image of `size` over its picture, with the names of classes in boxes.
pub fn draw(picture: &mut RgbImage, targets: &Targets, size: Size, pen: &Pen) {
    let scale = [f64::from(picture.width()) / size.width as f64, f64::from(picture.height()) / size.height as f64];
    let place = |[x, y]: [f64; 2]| [x * scale[0], y * scale[1]];
    if let Some(mask) = &targets.mask {
        tint(picture, mask, size, |label| (label != 0).then(|| color(usize::from(label) - 1)));
    }
    for object in &targets.objects {
        let Object { bounds, polygons, region, keypoints, class, .. } = object;
        let color = color(*class);
        if let Some(region) = region {
            tint(picture, region, size, |bit| (bit == 1).then_some(color));
        }
        if let Some(b) = bounds {
            let corners = [[b.left, b.top], [b.right, b.top], [b.right, b.bottom], [b.left, b.bottom]];
            outline(picture, &corners.map(place), color);
        }
        for polygon in polygons {
            outline(picture, &polygon.iter().copied().map(place).collect::<Vec<_>>(), color);
        }
        for keypoint in keypoints.iter().flatten() {
            dot(picture, place(keypoint.point), 2.5, color);
        }
    }
    for Object { bounds, class, name, .. } in &targets.objects {
        if let Some(b) = bounds {
            label(picture, name, place([b.left, b.top]), place([b.right, b.bottom]), color(*class), pen);
        }
    }
}

/// Lays half of a color over each pixel whose label has one.
fn tint(picture: &mut RgbImage, labels: &[u8], size: Size, color: impl Fn(u8) -> Option<Rgb<u8>>) {
    let (width, height) = (u64::from(picture.width()), u64::from(picture.height()));
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let (x, y) = (u64::from(x) * size.width as u64 / width, u64::from(y) * size.height as u64 / height);
        if let Some(color) = labels.get(y as usize * size.width + x as usize).and_then(|&label| color(label)) {
            blend(pixel, color, 0.5);
        }
    }
}

/// A line around corners, two pixels wide and inside the picture.
fn outline(picture: &mut RgbImage, corners: &[[f64; 2]], color: Rgb<u8>) {
    let inside = |v: f64, side: u32| v.clamp(1.0, (f64::from(side) - 1.0).max(1.0));
    let corners: Vec<_> =
        corners.iter().map(|[x, y]| [inside(*x, picture.width()), inside(*y, picture.height())]).collect();
    for (from, to) in corners.iter().zip(corners.iter().cycle().skip(1)) {
        let length = (to[0] - from[0]).abs().max((to[1] - from[1]).abs());
        let steps = (2.0 * length).ceil().max(1.0) as u32;
        for step in 0..=steps {
            let at = f64::from(step) / f64::from(steps);
            let [x, y] = [from[0] + (to[0] - from[0]) * at, from[1] + (to[1] - from[1]) * at];
            for (dx, dy) in [(-1, -1), (0, -1), (-1, 0), (0, 0)] {
                put(picture, x.round() as i64 + dx, y.round() as i64 + dy, color);
            }
        }
    }
}

/// The name of a class in the upper left corner of its box, if there is room for it.
fn label(
    picture: &mut RgbImage,
    name: &str,
    [left, top]: [f64; 2],
    [right, bottom]: [f64; 2],
    color: Rgb<u8>,
    pen: &Pen,
) {
    let (width, height) = (pen.width(name) + 4.0, pen.line());
    if name.is_empty() || f64::from(width) > right - left || f64::from(height) > bottom - top {
        return;
    }
    let (x, y) = (left.round() as i64, top.round() as i64);
    for dy in 0..height.round() as i64 {
        for dx in 0..width.round() as i64 {
            put(picture, x + dx, y + dy, color);
        }
    }
    pen.write(picture, name, (x as f32 + 2.0, y as f32), width);
}

/// A disk with a dark edge.
fn dot(picture: &mut RgbImage, [x, y]: [f64; 2], radius: f64, color: Rgb<u8>) {
    let reach = radius.ceil() as i64 + 1;
    for dy in -reach..=reach {
        for dx in -reach..=reach {
            let distance = ((dx * dx + dy * dy) as f64).sqrt();
            let (px, py) = ((x - 0.5).round() as i64 + dx, (y - 0.5).round() as i64 + dy);
            if distance <= radius {
                put(picture, px, py, color);
            } else if distance <= radius + 1.0 {
                put(picture, px, py, Rgb([24, 28, 36]));
            }
        }
    }
}

fn put(picture: &mut RgbImage, x: i64, y: i64, color: Rgb<u8>) {
    if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
        && let Some(pixel) = picture.get_pixel_mut_checked(x, y)
    {
        *pixel = color;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_fit_and_keep_their_shape() {
        for (size, expected) in [
            ((15, 15), (150, 150)),
            ((160, 20), (160, 20)),
            ((32, 20), (160, 100)),
            ((81, 3), (81, 3)),
            ((640, 427), (160, 107)),
            ((10, 4000), (1, 160)),
            ((1, 1), (160, 160)),
        ] {
            let size = Size { width: size.0, height: size.1 };
            assert_eq!(fitted(size, 160), expected, "{size:?}");
        }
        let image = RgbImage::from_fn(2, 1, |x, _| Rgb([x as u8; 3]));
        let large = scaled(&image, 5);
        assert_eq!(large.dimensions(), (4, 2));
        assert_eq!((large.get_pixel(1, 1).0, large.get_pixel(2, 0).0), ([0; 3], [1; 3]));
    }
}
