//! Broken images and bombs: each is its own error, or a whole image, and the others are written.

use image::ImageFormat;

use crate::files::{black_png, bmp, gif, jpeg_header, png, png_with_bomb, png_with_palette, tiff, webp_header};
use crate::row::{self, Row, encoded, image, put, row};

/// A whole image of each format, by the extension.
fn whole_images() -> [(&'static str, Vec<u8>); 6] {
    let image = image(40, 30);
    let ppm = [b"P6 40 30 255\n", &image.as_raw()[..]].concat();
    [
        ("png", encoded(&image, ImageFormat::Png)),
        ("jpg", encoded(&image, ImageFormat::Jpeg)),
        ("webp", encoded(&image, ImageFormat::WebP)),
        ("bmp", encoded(&image, ImageFormat::Bmp)),
        ("gif", encoded(&image, ImageFormat::Gif)),
        ("ppm", ppm),
    ]
}

/// An image that cannot be read, between two good ones.
fn broken(name: &str, file: &'static str, bytes: Vec<u8>) -> Row {
    row(name, "invert in --out out").file(file, bytes).ends(1).says(file).leaves(&["a.png", "c.png"]).peak(700)
}

/// An image that can be read, though it looks like a bomb.
fn read(name: &str, file: &'static str, bytes: Vec<u8>, peak: u64) -> Row {
    row(name, "invert in --out out").file(file, bytes).leaves(&["a.png", "b.png", "c.png"]).peak(peak)
}

/// The name of the broken file with an extension.
fn named(extension: &str) -> &'static str {
    match extension {
        "png" => "in/b.png",
        "jpg" => "in/b.jpg",
        "webp" => "in/b.webp",
        "bmp" => "in/b.bmp",
        "gif" => "in/b.gif",
        _ => "in/b.ppm",
    }
}

pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (extension, whole) in whole_images() {
        let file = named(extension);
        rows.push(broken(&format!("an empty {extension}"), file, Vec::new()).says("the file is empty"));
        rows.push(broken(&format!("text as {extension}"), file, b"this is not an image".to_vec()).says("not a JPEG"));
        rows.push(broken(&format!("half of a {extension}"), file, whole[..whole.len() / 2].to_vec()));
        rows.push(broken(&format!("20 bytes of a {extension}"), file, whole[..20].to_vec()));
    }
    let zeros = vec![0; 100_000];
    rows.extend([
        broken("PNG of 57 bytes that says 23100 x 23100", "in/b.png", png(23100, 23100, 1, 0, &[], &[])),
        broken(
            "PNG that says 2147483647 x 2147483647",
            "in/b.png",
            png(i32::MAX as u32, i32::MAX as u32, 8, 2, &[], &[]),
        ),
        broken("PNG of no width", "in/b.png", png(0, 5, 8, 2, &[], &[])),
        broken("PNG of 3 bits", "in/b.png", png(2, 2, 3, 2, &[], &[0; 14])),
        broken("PNG whose data are too short", "in/b.png", png(2000, 2000, 8, 2, &[], &zeros)),
        broken("BMP that says 30000 x 30000", "in/b.bmp", bmp(30000, 30000, 24, 0, &[0; 64])),
        broken("BMP of negative width", "in/b.bmp", bmp(-5, 5, 24, 0, &[0; 99])),
        broken("BMP of the least height", "in/b.bmp", bmp(5, i32::MIN, 24, 0, &[0; 99])),
        broken("GIF whose first frame is 65535 x 65535", "in/b.gif", gif([65535, 65535], &[[65535, 65535]])),
        broken("PPM that says 100000 x 100000", "in/b.ppm", b"P6 100000 100000 255 xxx".to_vec()),
        broken("PPM that says 99999999999999999999", "in/b.ppm", b"P6 99999999999999999999 1 255 xxx".to_vec()),
        broken("PPM whose header never ends", "in/b.ppm", [&b"P6 "[..], &vec![b' '; 200_000]].concat()),
        broken("PPM of comments", "in/b.ppm", [&b"P6\n"[..], &b"#x\n".repeat(50_000)].concat()),
        broken("JPEG that says 65535 x 65535", "in/b.jpg", jpeg_header(65535, 65535)),
        broken("JPEG of no height", "in/b.jpg", jpeg_header(5, 0)),
        broken("JPEG of marks alone", "in/b.jpg", [&[0xFF, 0xD8][..], &vec![0xFF; 200_000]].concat()),
        broken("WebP that says 16383 x 16383", "in/b.webp", webp_header(16383, 16383)),
        broken("TIFF that says 40000 x 40000", "in/b.tif", tiff(40000, 40000, 0)),
        broken("TIFF whose strip is behind its end", "in/b.tif", tiff(20, 20, 4_000_000)),
        broken("TIFF whose directory is behind its end", "in/b.tif", b"II*\0\xFF\xFF\xFF\x7F".to_vec()),
        row("16 copies of the largest lie", "invert in --out out")
            .ends(1)
            .peak(150)
            .leaves(&["a.png", "c.png"])
            .with(|folder| {
                for i in 0..16 {
                    put(folder, &format!("in/b{i}.png"), &png(23100, 23100, 1, 0, &[], &[]));
                }
            })
            .says("16 inputs failed"),
        row("a lie at preview", "preview in --out out/sheet.png")
            .file("in/b.png", png(23100, 23100, 1, 0, &[], &[]))
            .ends(1)
            .says("in/b.png")
            .leaves(&["sheet.png"]),
        row("a lie at bench", "bench in").file("in/b.png", png(23100, 23100, 1, 0, &[], &[])).ends(1).says("in/b.png"),
        row("no good image at preview", "preview in/b.png --out out/sheet.png")
            .file("in/b.png", "x")
            .ends(1)
            .says("no image could be read"),
    ]);
    for bytes in [1, 4, 8, 100, 767] {
        let name = format!("PNG with a palette of {bytes} bytes");
        // Pillow takes some and refuses others; here each is decoded or named.
        let script = "invert in --out out; code=$?; [ $code = 0 ] || [ $code = 1 ]";
        rows.push(row(&name, script).file("in/b.png", png_with_palette(bytes)));
    }
    for (kind, name) in [(b"iCCP", "iCCP"), (b"zTXt", "zTXt"), (b"iTXt", "iTXt")] {
        rows.push(read(&format!("PNG of 2 x 2 with {name} of 200 MB"), "in/b.png", png_with_bomb(kind, 200), 150));
    }
    rows.extend([
        row("GIF whose second frame says 65535 x 65535", "invert in --out out; [ $? -le 1 ]")
            .file("in/b.gif", gif([2, 2], &[[2, 2], [65535, 65535]]))
            .peak(150),
        row("seven of them at preview", "preview in --out out/sheet.png; [ $? -le 1 ]")
            .with(|folder| {
                for i in 0..7 {
                    put(folder, &format!("in/b{i}.gif"), &gif([2, 2], &[[2, 2], [65535, 65535]]));
                }
            })
            .leaves(&["sheet.png"])
            .peak(200),
        row("ten BMPs of run lengths that stand for 100 megapixels", "invert in --out out; [ $? -le 1 ]").with(
            |folder| {
                for i in 0..10 {
                    put(folder, &format!("in/b{i}.bmp"), &bmp(10_000, 10_000, 8, 1, &[255, 3, 0, 1]));
                }
            },
        ),
        read("PNG of 60 kB that is 8000 x 8000", "in/b.png", black_png(8000, 8000), 500),
        row("six of them", "invert in --out out")
            .with(|folder| {
                let bomb = black_png(8000, 8000);
                (0..6).for_each(|i| put(folder, &format!("in/b{i}.png"), &bomb));
            })
            .peak(900),
        row("three PNG that are too large for the memory", "invert in --out out")
            .with(|folder| {
                let bomb = black_png(16_000, 11_000);
                (0..3).for_each(|i| put(folder, &format!("in/b{i}.png"), &bomb));
            })
            .memory(450)
            .ends(1)
            .says("in/b1.png: ")
            .leaves(&["a.png", "c.png"]),
        row("images too small for a crop", "aa apply in --device cpu --out out --recipe cifar")
            .file("in/b.png", row::png(40, 40))
            .ends(1)
            .says("in/a.png")
            .says("in/c.png")
            .leaves(&["b.png"]),
        row("a recipe of one pixel", "aa apply in --device cpu --out out --recipe imagenet")
            .file("in/b.png", row::png(1, 1))
            .leaves(&["a.png", "b.png", "c.png"]),
        row("an image of one row", "apply in --out out").file("in/b.png", row::png(5000, 1)),
        row("5,000 files", "invert in --out out --quiet")
            .with(|folder| (0..5000).for_each(|i| put(folder, &format!("in/{i}.png"), &row::png(1, 1))))
            .peak(200),
        row("500 broken files", "invert in --out out 2>&1 | wc -l >&2")
            .with(|folder| (0..500).for_each(|i| put(folder, &format!("in/{i}.png"), b"broken")))
            .says("503")
            .leaves(&["a.png", "c.png"]),
    ]);
    rows
}
