//! Malformed: what is no shard, and what in a shard is no sample.

use std::fs;

use autoaugment::loader::{Dataset, Labels, TarShards};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tar::{EntryType, Header};

use super::super::images::refusal;
use super::{add, case, gzip, png, samples, tar, write};

#[test]
fn what_is_no_plain_file_in_a_shard_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, target) in [
        ("1.png", EntryType::Symlink, "../../etc/passwd"),
        ("2.png", EntryType::Link, "0.png"),
        ("3.png", EntryType::Fifo, ""),
        ("4.png", EntryType::Char, ""),
        ("folder.png/", EntryType::Directory, ""),
    ] {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        // A link has no contents, whatever its header says.
        header.set_size(if kind == EntryType::Symlink { 100_000 } else { 0 });
        header.set_path(name).unwrap();
        if !target.is_empty() {
            header.set_link_name_literal(target).unwrap();
        }
        header.set_cksum();
        builder.append(&header, &b""[..]).unwrap();
    }
    add(&mut builder, "5.png", b"", EntryType::GNUSparse);
    let shard = write(folder.path(), "s.tar", &builder.into_inner().unwrap());
    let dataset = TarShards::builder().labels(Labels::None).open([shard]).unwrap();
    let only = |name: &str, what: &str| {
        let reason = format!("{name}.png is {what}, and only plain files are read");
        (name.to_string(), Err(reason))
    };
    let expected = [
        only("1", "a link to ../../etc/passwd"),
        only("2", "a link to 0.png"),
        only("3", "a named pipe"),
        only("4", "a device"),
        only("5", "a sparse file"),
    ];
    assert_eq!(samples(&dataset), expected);
}

#[test]
fn malformed_shards_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let png = png(1);
    let good = tar(&[("1.png", &png), ("1.cls", b"0"), ("2.png", &png), ("2.cls", b"1")]);
    let refused = |error: String| error.replace(&format!("{}/", folder.path().display()), "");
    let open = |bytes: &[u8]| refused(refusal(TarShards::open([write(folder.path(), "s.tar", bytes)])));
    let no_samples = "s.tar: the shard has no samples (";
    assert!(open(b"").starts_with(no_samples));
    assert!(open(&tar(&[("a.txt", b"words")])).starts_with(no_samples));
    let chosen = TarShards::builder().image_extensions(["tif"]).open([write(folder.path(), "s.tar", &good)]);
    // Labels without images are broken samples, and not none.
    assert_eq!(chosen.unwrap().broken(), 2);
    let compressed = |name| format!("s.tar: the shard is compressed with {name}; plain, gzip and zstd shards are read");
    assert_eq!(open(b"BZh91AY"), compressed("bzip2"));
    assert_eq!(open(&[0xFD, b'7', b'z', b'X', b'Z', 0]), compressed("xz"));
    let text = open("this is no tar file. ".repeat(100).as_bytes());
    assert!(text.starts_with("s.tar: not a readable tar file: byte 0: "), "{text}");
    let mut sum = good.clone();
    sum[3] = b'x';
    assert_eq!(open(&sum), "s.tar: not a readable tar file: byte 0: the sum of a header is wrong");
    // Within a header, and within the image of the second sample.
    let second = 512 * (1 + png.len().div_ceil(512) + 2);
    let header = open(&good[..second + 100]);
    assert_eq!(header, format!("s.tar: not a readable tar file: byte {second}: it ends within a header"));
    let image = second + 512;
    assert_eq!(
        open(&good[..image + 40]),
        format!(
            "s.tar: truncated: 2.png has {} bytes from byte {}, and the shard ends at byte {}",
            png.len(),
            image,
            image + 40
        )
    );
    // A size that no file has, in the header and in PAX, and a name of half a gigabyte.
    let mut lie = Header::new_gnu();
    lie.set_path("1.png").unwrap();
    lie.set_size(u64::MAX);
    lie.set_cksum();
    assert!(open(lie.as_bytes()).starts_with("s.tar: truncated: 1.png has 18446744073709551615 bytes from byte 512"));
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_pax_extensions([("size", &b"99999999999999999999"[..])]).unwrap();
    add(&mut builder, "1.png", &png, EntryType::Regular);
    let pax = open(&builder.into_inner().unwrap());
    assert_eq!(pax, "s.tar: not a readable tar file: the PAX size `99999999999999999999`");
    let mut name = Header::new_gnu();
    name.set_path("././@LongLink").unwrap();
    name.set_entry_type(EntryType::GNULongName);
    name.set_size(1 << 29);
    name.set_cksum();
    let long = open(name.as_bytes());
    assert!(long.contains("a name or its fields have 536870912 bytes, and at most 1048576 are read"), "{long}");
    // A file with a hole claims more than there is memory.
    let shard = write(folder.path(), "hole.tar", &good);
    let mut huge = Header::new_gnu();
    huge.set_path("1.png").unwrap();
    huge.set_size(1 << 40);
    huge.set_cksum();
    fs::write(&shard, huge.as_bytes()).unwrap();
    fs::OpenOptions::new().write(true).open(&shard).unwrap().set_len((1 << 40) + 1024).unwrap();
    let hole = TarShards::builder().labels(Labels::None).open([shard]).unwrap();
    assert_eq!(refusal(hole.read(0)), "1.png has 1099511627776 bytes, and at most 536870912 are read");

    assert_eq!(refusal(TarShards::open::<&str>([])), "tar shards: expected at least one file");
    let missing = refused(refusal(TarShards::open([folder.path().join("{a,b}.tar")])));
    assert!(missing.starts_with("a.tar: "), "{missing}");
    assert_eq!(
        refused(refusal(TarShards::open([folder.path()]))),
        format!("{}: expected a regular file, got a folder", folder.path().display())
    );
}

/// Opening a named pipe would wait for ever.
#[cfg(unix)]
#[test]
fn a_named_pipe_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("p.tar");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let refused = refusal(TarShards::open([&pipe]));
    assert_eq!(refused, format!("{}: expected a regular file, got a pipe, a socket or a device", pipe.display()));
}

/// Bytes changed, cut off and repeated: a shard is taken or refused, and a panic of a decompressor is an error too.
#[test]
fn mutated_shards_are_taken_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let plain = fs::read(case("tar-one-without-label.tar")).unwrap();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_pax_extensions([("path", &b"a.png"[..]), ("size", &png(1).len().to_string().into_bytes())]).unwrap();
    add(&mut builder, "short", &png(1), EntryType::Regular);
    add(&mut builder, &format!("{}.cls", "n".repeat(150)), b"4", EntryType::Regular);
    let named = builder.into_inner().unwrap();
    // As the command line of zstd writes it, with a sum.
    let packed = fs::read(case("shard.tar.zst")).unwrap();
    assert_eq!(samples(&TarShards::open([case("shard.tar.zst")]).unwrap()).len(), 3);
    let seeds = [&plain, &named, &packed, &gzip(&plain)];
    let (mut taken, mut refused) = (0, 0);
    for i in 0..1200 {
        let mut bytes = seeds[i % seeds.len()].clone();
        for _ in 0..rng.random_range(1..4) {
            let at = rng.random_range(0..bytes.len());
            match rng.random_range(0..4) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes.extend_from_within(at..),
                _ => bytes[at] = rng.random(),
            }
        }
        let shard = write(folder.path(), "s", &bytes);
        match TarShards::builder().mask_extensions(["cls"]).largest_unpacked(1 << 20).open([shard]) {
            Ok(dataset) => {
                taken += 1;
                samples(&dataset);
            }
            Err(_) => refused += 1,
        }
    }
    assert!(taken > 100 && refused > 100, "{taken} taken, {refused} refused");
}
