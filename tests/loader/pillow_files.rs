//! PillowFiles: thousands of files, whole, damaged and turned, are opened or refused as Pillow does, with its bytes.

use std::collections::BTreeMap;

use autoaugment::loader::decode::{self, DecodeOptions, DecodedImage, JpegDecoder, Orientation};

use super::support::conformance::{Python, say};

/// A file, and what Pillow makes of it.
struct Case {
    name: String,
    file: Vec<u8>,
    opened: Option<Opened>,
}

/// An image, with RGB bytes.
#[derive(PartialEq)]
struct Opened {
    is_gray: bool,
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Opened {
    fn ours(image: DecodedImage) -> Self {
        let (is_gray, width, height) = (image.channels == 1, image.width, image.height);
        let rgb = if is_gray { image.data.iter().flat_map(|&gray| [gray; 3]).collect() } else { image.data };
        Opened { is_gray, width, height, rgb }
    }
}

fn number(bytes: &mut &[u8]) -> usize {
    let (number, rest) = bytes.split_first_chunk().unwrap();
    *bytes = rest;
    u32::from_le_bytes(*number) as usize
}

fn taken<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(count);
    *bytes = rest;
    taken
}

fn cases(mut bytes: &[u8]) -> Vec<Case> {
    let bytes = &mut bytes;
    let mut cases = Vec::new();
    while !bytes.is_empty() {
        let length = number(bytes);
        let name = String::from_utf8(taken(bytes, length).to_vec()).unwrap();
        let length = number(bytes);
        let file = taken(bytes, length).to_vec();
        let opened = (taken(bytes, 1) == [1]).then(|| {
            let is_gray = taken(bytes, 1) == [1];
            let (width, height) = (number(bytes), number(bytes));
            Opened { is_gray, width, height, rgb: taken(bytes, width * height * 3).to_vec() }
        });
        cases.push(Case { name, file, opened });
    }
    cases
}

/// How ours and Pillow's result of a file differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    Bytes,
    WeRefuse,
    PillowRefuses,
}

/// The differences that there are, each with its reason. All others fail.
fn is_listed(difference: Difference, name: &str, ours: &str, jpeg: JpegDecoder) -> bool {
    match difference {
        // `image-webp` notices other damage than libwebp does, and fills it in another way.
        _ if name.starts_with("damaged") && name.ends_with("webp") => true,
        // libtiff reads the tags again by rules of its own: what it needs, how often, and what it guesses. Its zlib
        // finds damage behind the last pixel only if it comes to it.
        Difference::WeRefuse | Difference::PillowRefuses if name.starts_with("damaged") && name.ends_with("tif") => {
            true
        }
        // libjpeg's plain and vector code differ where coefficients are out of range, and Pillow has the latter.
        Difference::Bytes => name.starts_with("damaged") && name.ends_with("jpg") && !jpeg.simd,
        // Pillow takes the whole colors of such a palette. A frame that does not fill an APNG is against its rules.
        Difference::WeRefuse if name.ends_with("png") => {
            ours.contains("a palette of") || ours.contains("does not fill the image")
        }
        // zlib keeps its last bytes until more data come, so that Pillow takes some complete images for truncated.
        Difference::PillowRefuses if name.ends_with("png") => true,
        _ => false,
    }
}

#[test]
fn files_are_opened_or_refused_as_pillow_does_with_its_bytes() {
    let Some(python) = Python::find_for("files that Pillow writes") else { return };
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("records");
    python.run("files.py", [&records]);
    let jpeg = decode::jpeg_decoder();
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut listed: BTreeMap<(Difference, String), usize> = BTreeMap::new();
    let mut failures = Vec::new();
    let mut regions = 0;
    for Case { name, file, opened } in cases(&std::fs::read(records).unwrap()) {
        let kind = name.split_once('/').unwrap().0;
        let extension = name.rsplit_once('.').unwrap().1;
        let ours = decode::decode(&file).map(|(image, _)| Opened::ours(image));
        if let Err(error) = &ours {
            // Only other crates' decoders may panic.
            assert!(extension == "webp" || !error.to_string().contains("panicked"), "{name}: {error}");
        }
        let outcome = if opened.is_some() { "opened" } else { "refused" };
        *counts.entry((format!("{kind} {extension}"), outcome)).or_default() += 1;
        let difference = match (&ours, &opened) {
            (Ok(ours), Some(opened)) if ours == opened => {
                if kind == "whole" {
                    regions += check_regions(&name, &file, opened);
                }
                continue;
            }
            (Err(_), None) => continue,
            (Ok(_), Some(_)) => Difference::Bytes,
            (Err(_), Some(_)) => Difference::WeRefuse,
            (Ok(_), None) => Difference::PillowRefuses,
        };
        let message = ours.err().map(|error| error.to_string()).unwrap_or_default();
        if is_listed(difference, &name, &message, jpeg) {
            *listed.entry((difference, format!("{kind} {extension}"))).or_default() += 1;
            continue;
        }
        let kept = std::env::temp_dir().join(format!("differs-{}", name.replace('/', "-")));
        std::fs::write(&kept, file).unwrap();
        failures.push(format!("{name}: {difference:?}: {message} ({})", kept.display()));
    }
    say(&format!("files compared with Pillow: {counts:?}; {regions} regions; listed differences: {listed:?}"));
    assert!(failures.is_empty(), "{} files:\n{}", failures.len(), failures.join("\n"));
    let of = |kind: &str| counts.iter().filter(|((name, _), _)| name.starts_with(kind)).map(|(_, n)| n).sum::<usize>();
    assert!(of("whole") >= 3000 && of("damaged") >= 5000, "{counts:?}");
    // The comparison has both kinds of results.
    let all = |outcome| counts.iter().filter(|((_, o), _)| *o == outcome).map(|(_, n)| n).sum::<usize>();
    assert!(all("opened") > 4000 && all("refused") > 1000, "{counts:?}");
    // Of any kind of file, few.
    assert!(listed.values().all(|&number| number < 20), "{listed:?}");
}

/// Regions anywhere in the image have the bytes of the whole. Returns how many were looked at.
fn check_regions(name: &str, file: &[u8], Opened { width, height, rgb, .. }: &Opened) -> usize {
    let options = DecodeOptions::new();
    let channels = options.measure(file).unwrap().1;
    let mut random = (file.len() * 7919 + 1) as u64;
    let mut below = |end: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % end
    };
    let mut range = |end: usize| {
        let (a, b) = (below(end), below(end));
        a.min(b)..a.max(b) + 1
    };
    for _ in 0..2 {
        let (rows, columns) = (range(*height), range(*width));
        let mut out = vec![7; rows.len() * columns.len() * channels];
        options.decode_region(file, rows.clone(), columns.clone(), &mut out).unwrap();
        let out: Vec<u8> = out.chunks_exact(channels).flat_map(|v| [v[0], v[channels / 2], v[channels - 1]]).collect();
        let row = |y: usize| &rgb[(y * width + columns.start) * 3..(y * width + columns.end) * 3];
        let expected: Vec<u8> = rows.clone().flat_map(row).copied().collect();
        assert!(out == expected, "{name}: rows {rows:?}, columns {columns:?}");
    }
    2
}

#[test]
fn orientations_are_applied_as_pillow_does() {
    let Some(python) = Python::find_for("orientations of files") else { return };
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("records");
    python.run("orientation.py", [&records]);
    let cases = cases(&std::fs::read(records).unwrap());
    let options = DecodeOptions::new().orientation(Orientation::Apply);
    let mut failures = Vec::new();
    let mut turned = 0;
    for Case { name, file, opened } in &cases {
        let opened = opened.as_ref().unwrap_or_else(|| panic!("{name}: Pillow opens none of it"));
        let (image, _) = options.decode(file).unwrap_or_else(|e| panic!("{name}: {e}"));
        let stored = Opened::ours(decode::decode(file).unwrap().0);
        let ours = Opened::ours(image);
        turned += usize::from(ours != stored);
        let path = folder.path().join("image");
        std::fs::write(&path, file).unwrap();
        let (size, _) = options.measure_file(&path).unwrap();
        assert_eq!((size.width, size.height), (ours.width, ours.height), "{name}");
        if ours != *opened {
            failures.push(name.as_str());
        }
    }
    say(&format!("orientations compared with Pillow: {} files, of which {turned} are turned", cases.len()));
    assert!(failures.is_empty(), "{} of {}: {}", failures.len(), cases.len(), failures.join(", "));
    assert!(cases.len() > 700 && turned > 250, "{} {turned}", cases.len());
}
