//! Damaged files: whatever bytes are in an image file, it is read or named as broken, and nothing else happens.

use assert_cmd::Command;
use image::{DynamicImage, ImageFormat, RgbImage};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const FORMATS: [(&str, ImageFormat); 5] = [
    ("png", ImageFormat::Png),
    ("jpg", ImageFormat::Jpeg),
    ("bmp", ImageFormat::Bmp),
    ("webp", ImageFormat::WebP),
    ("gif", ImageFormat::Gif),
];

/// A whole file of each format.
fn whole(format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_fn(12, 9, |x, y| image::Rgb([(x * 20) as u8, (y * 25) as u8, (x * y) as u8]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    DynamicImage::from(image).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// The same with some bytes changed, most often in the header.
fn damaged(mut bytes: Vec<u8>, random: &mut ChaCha8Rng) -> Vec<u8> {
    for _ in 0..random.random_range(1..5) {
        let reach = if random.random::<bool>() { bytes.len().min(64) } else { bytes.len() };
        if reach == 0 {
            break;
        }
        let at = random.random_range(0..reach);
        match random.random_range(0..7) {
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes[at] = random.random(),
            2 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][random.random_range(0..5)],
            // A length or a side, in full.
            3 => bytes.iter_mut().skip(at).take(4).for_each(|b| *b = 0xFF),
            4 => bytes.truncate(at),
            5 => drop(bytes.drain(at..(at + random.random_range(1..9)).min(bytes.len()))),
            _ => {
                let piece: Vec<u8> = bytes[at..].iter().take(12).copied().collect();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

#[test]
fn files_of_any_bytes_are_read_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: String, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut count = 0;
    for (extension, format) in FORMATS {
        let whole = whole(format);
        write(format!("whole-{extension}.{extension}"), &whole);
        for i in 0..100 {
            write(format!("{i}-{extension}.{extension}"), &damaged(whole.clone(), &mut random));
        }
        // The format's first bytes, and noise.
        for i in 0..10 {
            let noise: Vec<u8> = (0..random.random_range(0..200)).map(|_| random.random()).collect();
            let start = if i % 2 == 0 { &whole[..i.min(whole.len())] } else { &[] };
            write(format!("noise{i}-{extension}.{extension}"), &[start, &noise].concat());
        }
        count += 111;
    }
    let output = Command::cargo_bin("autoaugment")
        .unwrap()
        .current_dir(folder.path())
        .args(["apply", ".", "--out", "out", "--device", "cpu", "--op", "Invert", "--quiet"])
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    // Each file is either written or named.
    let written: Vec<_> = std::fs::read_dir(folder.path().join("out")).unwrap().collect();
    let named =
        errors.lines().filter(|line| FORMATS.iter().any(|(e, _)| line.contains(&format!("-{e}.{e}: ")))).count();
    assert_eq!(written.len() + named, count, "{} written and {named} named\n{errors}", written.len());
    assert!(named > count / 3 && written.len() > count / 20, "{} written, {named} named", written.len());
    for (extension, _) in FORMATS {
        assert!(folder.path().join(format!("out/whole-{extension}.png")).exists(), "{extension}");
    }
}
