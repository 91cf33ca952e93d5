//! Compressed: shards of gzip and zstd, which are unpacked as a whole.

use std::fs;

use autoaugment::loader::{Dataset, Loader, TarShards};

use super::super::images::{identity, picture, refusal, rgb, size};
use super::{gzip, png, tar, write};

/// A file of zstd with its bytes as they are: the frame's head, blocks of at most 128 KiB, no sum.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0xA0];
    frame.extend((bytes.len() as u32).to_le_bytes());
    let blocks: Vec<_> = bytes.chunks(1 << 17).collect();
    for (i, block) in blocks.iter().enumerate() {
        let head = (block.len() as u32) << 3 | u32::from(i + 1 == blocks.len());
        frame.extend(&head.to_le_bytes()[..3]);
        frame.extend(*block);
    }
    frame
}

#[test]
fn compressed_shards_are_unpacked_and_shuffled_by_groups() {
    let folder = tempfile::tempdir().unwrap();
    let unpacked = tempfile::tempdir().unwrap();
    let images: Vec<_> = (0..28).map(png).collect();
    let mut shards = Vec::new();
    for shard in 0..7 {
        let names: Vec<_> = (0..4).flat_map(|i| [format!("{shard}{i}.png"), format!("{shard}{i}.cls")]).collect();
        let labels: Vec<_> = (0..4).map(|i| (4 * shard + i).to_string()).collect();
        let files: Vec<(&str, &[u8])> = (0..8)
            .map(|i| match i % 2 {
                0 => (names[i].as_str(), &images[4 * shard + i / 2][..]),
                _ => (names[i].as_str(), labels[i / 2].as_bytes()),
            })
            .collect();
        let bytes = tar(&files);
        shards.push(match shard % 3 {
            // Two frames, with a frame of other data between them.
            0 => {
                let skipped = [&[0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0][..], b"any"].concat();
                let both = [zstd(&bytes[..700]), skipped, zstd(&bytes[700..])].concat();
                write(folder.path(), &format!("{shard}.tar.zst"), &both)
            }
            1 => write(folder.path(), &format!("{shard}.tar.gz"), &gzip(&bytes)),
            _ => write(folder.path(), &format!("{shard}.tar"), &bytes),
        });
    }
    let open = || TarShards::builder().unpack_to(unpacked.path()).open(&shards).unwrap();
    let dataset = open();
    assert_eq!(dataset.len(), 28);
    for i in (0..28).rev() {
        let sample = dataset.read(i).unwrap();
        assert_eq!((sample.label(), rgb(&sample)), (i as u32, picture(size(6, 5), i as u64).into_raw()));
    }
    let loader = Loader::builder(open(), identity()).batch_size(4).shuffle(true).build().unwrap();
    let labels: Vec<u32> = loader.epoch(0).flat_map(|batch| batch.unwrap().labels).collect();
    // The first four shards of the epoch come first, all their samples shuffled.
    let mut first: Vec<_> = labels[..16].iter().map(|label| label / 4).collect();
    assert!(first.windows(2).filter(|pair| pair[0] != pair[1]).count() > 4, "{labels:?}");
    first.sort_unstable();
    first.dedup();
    assert_eq!(first.len(), 4, "{labels:?}");
    let mut all = labels.clone();
    all.sort_unstable();
    assert_eq!(all, (0..28).collect::<Vec<_>>());
    // What was unpacked has no name, and leaves nothing behind.
    assert_eq!(fs::read_dir(unpacked.path()).unwrap().count(), 0);

    let name = |error: String| error.replace(&format!("{}/", folder.path().display()), "");
    let large = name(refusal(TarShards::builder().largest_unpacked(2000).open([&shards[1]])));
    assert!(large.contains("1.tar.gz: ") && large.contains("more than 2000 bytes when unpacked"), "{large}");
    let whole = fs::read(&shards[1]).unwrap();
    let cut = name(refusal(TarShards::open([write(folder.path(), "cut.tar.gz", &whole[..whole.len() - 20])])));
    assert!(cut.starts_with("cut.tar.gz: "), "{cut}");
    let frame = fs::read(&shards[0]).unwrap();
    let cut = name(refusal(TarShards::open([write(folder.path(), "cut.tar.zst", &frame[..frame.len() - 2000])])));
    assert!(cut.starts_with("cut.tar.zst: ") && cut.contains("unreadable zstd data"), "{cut}");
}
