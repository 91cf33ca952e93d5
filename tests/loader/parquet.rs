//! Parquet files: as the Hugging Face hub has them, by row group, and each way to be unusable.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::parquet::basic::Compression;
use ::parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use autoaugment::loader::{Dataset, Labels, Loader, Locality, OnError, ParquetShards};
use image::ImageFormat;

use super::images::{encoded, identity, picture, refusal, rgb, size};

const HUB: &str = "message schema {
    OPTIONAL GROUP image { OPTIONAL BINARY bytes; OPTIONAL BINARY path (UTF8); }
    OPTIONAL INT64 label;
}";

fn png(seed: u64) -> Vec<u8> {
    encoded(picture(size(6, 5), seed), ImageFormat::Png)
}

/// A file with the rows `first..`, in groups, where image i is `png(i)` and has label i.
fn write(path: &Path, first: u64, groups: &[u64], compression: Compression) -> PathBuf {
    let schema = Arc::new(parse_message_type(HUB).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut writer = SerializedFileWriter::new(File::create(path).unwrap(), schema, properties).unwrap();
    let mut next = first;
    for &rows in groups {
        let own = next..next + rows;
        next += rows;
        let mut group = writer.next_row_group().unwrap();
        let images: Vec<_> = own.clone().map(|i| ByteArray::from(png(i))).collect();
        let paths: Vec<_> = own.clone().map(|i| ByteArray::from(format!("{i}.png").into_bytes())).collect();
        for (values, level) in [(images, 2), (paths, 2)] {
            let mut column = group.next_column().unwrap().unwrap();
            let levels = vec![level; rows as usize];
            column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None).unwrap();
            column.close().unwrap();
        }
        let mut column = group.next_column().unwrap().unwrap();
        let labels: Vec<_> = own.map(|i| i as i64).collect();
        column.typed::<Int64Type>().write_batch(&labels, Some(&vec![1; rows as usize]), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
    path.to_path_buf()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Written by pyarrow with the metadata of `datasets`; see tests/fixtures/parquet.py.
#[test]
fn files_of_the_hub_are_read() {
    for name in ["hub-snappy.parquet", "hub-zstd.parquet"] {
        let path = fixture(name);
        let dataset = ParquetShards::open([&path]).unwrap();
        assert_eq!(dataset.classes(), ["cat", "dog", "eel"]);
        assert_eq!(dataset.len(), 7);
        assert_eq!(dataset.locality(), Some(Locality { starts: vec![0, 3, 6].into(), together: 8 }));
        for i in [6, 0, 2, 1] {
            let sample = dataset.read(i).unwrap();
            assert_eq!((sample.label(), sample.size()), (i as u32 % 3, size(4, 3)));
            assert_eq!(rgb(&sample), [10 * i as u8; 36]);
        }
        let named = "column `image.bytes` has no value; files that are only named cannot be read";
        assert_eq!(refusal(dataset.read(3)), named);
        assert_eq!(refusal(dataset.read(4)), "column `label` has no value");
        assert_eq!(refusal(dataset.read(5)), "column `label`: expected a class number as label, got `-1`");
        assert_eq!(dataset.name(5), format!("row 2 of row group 1 of {}", path.display()));
        let loader = Loader::builder(dataset, identity()).on_error(OnError::Skip).build().unwrap();
        let mut epoch = loader.epoch(0);
        assert_eq!(epoch.next().unwrap().unwrap().labels, [0, 1, 2, 0]);
        assert_eq!(epoch.failed().samples, 3);

        let without = ParquetShards::builder().labels(Labels::None).open([&path]).unwrap();
        assert_eq!((4..7).map(|i| without.read(i).unwrap().label()).collect::<Vec<_>>(), [0, 0, 0]);
        let fewer = ParquetShards::builder().classes(["cat", "dog"]).open([&path]).unwrap();
        let below = "column `label`: expected a label below 2, the number of classes, got 2";
        assert_eq!(refusal(fewer.read(2)), below);
    }
}

#[test]
fn row_groups_are_read_once_and_shuffled_together() {
    let folder = tempfile::tempdir().unwrap();
    let groups = [5, 1, 4, 6, 2, 7];
    write(&folder.path().join("a-0.parquet"), 0, &groups, Compression::SNAPPY);
    write(&folder.path().join("a-1.parquet"), 25, &groups, Compression::UNCOMPRESSED);
    let open = || {
        let files = [folder.path().join("a-{0..1}.parquet")];
        ParquetShards::builder().row_groups(3).open(files).unwrap()
    };
    let dataset = open();
    assert_eq!(dataset.len(), 50);
    for i in (0..50).rev() {
        let sample = dataset.read(i).unwrap();
        assert_eq!((sample.label(), rgb(&sample)), (i as u32, picture(size(6, 5), i as u64).into_raw()));
    }
    let shuffled = |epoch, threads| {
        let loader = Loader::builder(open(), identity()).batch_size(7).threads(threads).shuffle(true).seed(3);
        loader.build().unwrap().epoch(epoch).flat_map(|batch| batch.unwrap().labels).collect::<Vec<_>>()
    };
    let labels = shuffled(0, 2);
    let mut sorted = labels.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..50).collect::<Vec<_>>());
    assert_eq!(shuffled(0, 1), labels);
    assert_ne!(shuffled(1, 2), labels);
    // Three groups at a time.
    let starts = dataset.locality().unwrap().starts.into_owned();
    let block = |label: u32| starts.partition_point(|&start| start <= label as usize);
    let mut seen: Vec<usize> = Vec::new();
    for &label in &labels {
        if !seen.contains(&block(label)) {
            assert!(seen.len() < 12);
            // A new group of three begins only when the one before it is done.
            if seen.len().is_multiple_of(3) {
                let done: usize = labels.iter().filter(|&&l| seen.contains(&block(l))).count();
                assert_eq!(labels[..done].iter().filter(|&&l| seen.contains(&block(l))).count(), done);
            }
            seen.push(block(label));
        }
    }
    assert_eq!(seen.len(), 12);
}

/// Row groups of one file, read by several threads at once, each from its own place.
#[test]
fn threads_do_not_get_each_others_bytes() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("a.parquet"), 0, &[5, 1, 4, 6, 2, 7, 3, 2], Compression::SNAPPY);
    let dataset = ParquetShards::builder().row_groups(1).open([folder.path().join("a.parquet")]).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let dataset = &dataset;
            scope.spawn(move || {
                for k in 0..300 {
                    let i = (k * 7 + thread * 11) % 30;
                    let sample = dataset.read(i).unwrap();
                    assert_eq!((sample.label(), rgb(&sample)), (i as u32, picture(size(6, 5), i as u64).into_raw()));
                }
            });
        }
    });
}

#[test]
fn columns_are_found_or_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.parquet");
    let schema = "message schema {
        REQUIRED GROUP left { REQUIRED BINARY bytes; }
        REQUIRED GROUP right { REQUIRED BINARY bytes; }
        REQUIRED INT32 fine;
        REQUIRED BINARY name (UTF8);
        REPEATED INT32 tags;
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(File::create(&path).unwrap(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let gray = |seed| encoded(image::DynamicImage::from(picture(size(6, 5), seed)).into_luma8(), ImageFormat::Png);
    let bytes = |values: Vec<Vec<u8>>| values.into_iter().map(ByteArray::from).collect::<Vec<_>>();
    for values in [bytes(vec![png(0), png(1)]), bytes(vec![gray(2), gray(3)])] {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
    }
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int32Type>().write_batch(&[7, 4], None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let names = bytes(vec![b"dog".to_vec(), b"fox".to_vec()]);
    column.typed::<ByteArrayType>().write_batch(&names, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int32Type>().write_batch(&[1, 2, 3], Some(&[1, 1, 1]), Some(&[0, 1, 0])).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();

    let refused = |builder: autoaugment::loader::ParquetShardsBuilder| {
        refusal(builder.open([&path])).replace(&format!("{}/", folder.path().display()), "")
    };
    let all = "left.bytes, right.bytes, fine, name, tags";
    let several = format!("s.parquet: several columns have `bytes`; choose by `image_column` among {all}");
    assert_eq!(refused(ParquetShards::builder()), several);
    let left = || ParquetShards::builder().image_column("left");
    let label = "there is no column `label`; choose by `label_column`, or by `Labels::None`; the columns are";
    assert_eq!(refused(left()), format!("s.parquet: {label} {all}"));
    let missing = format!("s.parquet: there is no column `leaf`; the columns are {all}");
    assert_eq!(refused(left().label_column("leaf")), missing);
    let lists = "s.parquet: column `tags`: expected one label a row, got lists of INT32";
    assert_eq!(refused(left().label_column("tags")), lists);
    let kind = "s.parquet: column `fine`: expected one image file a row, got INT32";
    assert_eq!(refused(ParquetShards::builder().image_column("fine").label_column("fine")), kind);

    let dataset = left().mask_column("right").label_column("fine").open([&path]).unwrap();
    let sample = dataset.read(1).unwrap();
    assert_eq!((sample.label(), rgb(&sample)), (4, picture(size(6, 5), 1).into_raw()));
    let mask = image::DynamicImage::from(picture(size(6, 5), 3)).into_luma8().into_raw();
    assert_eq!(sample.decode_mask().unwrap().unwrap(), mask);
    let named = left().label_column("name").classes(["cat", "dog"]).open([&path]).unwrap();
    assert_eq!(named.read(0).unwrap().label(), 1);
    let fox = "column `name`: expected a class number or a name of the class list as label, got `fox`";
    assert_eq!(refusal(named.read(1)), fox);
}

#[test]
fn unusable_files_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let good = write(&place("good.parquet"), 0, &[3], Compression::SNAPPY);
    let refused = |error: String| error.replace(&format!("{}/", folder.path().display()), "");
    let open = |bytes: &[u8]| {
        fs::write(place("s.parquet"), bytes).unwrap();
        ParquetShards::open([place("s.parquet")])
    };
    let bytes = fs::read(&good).unwrap();
    for broken in [&b""[..], b"PAR1 this is no parquet file PAR1", &bytes[..bytes.len() - 9], &bytes[100..]] {
        let reason = refused(refusal(open(broken).and_then(|dataset| dataset.read(0).map(drop))));
        assert!(reason.starts_with("s.parquet: "), "{reason}");
    }
    let small = refused(refusal(ParquetShards::builder().largest_row_group(100).open([&good])));
    assert!(small.starts_with("good.parquet: row group 0 has ") && small.contains("at most 100 are read"), "{small}");
    let empty = write(&place("empty.parquet"), 0, &[], Compression::SNAPPY);
    assert_eq!(refused(refusal(ParquetShards::open([empty]))), "empty.parquet: the file has no rows");
    let other = refused(refusal(ParquetShards::open([good.clone(), fixture("none.parquet")])));
    assert!(other.contains("none.parquet: "), "{other}");
    assert_eq!(refusal(ParquetShards::open::<&str>([])), "parquet files: expected at least one file");
    // Changed bytes are an error or other pixels, and never a panic.
    for at in (4..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x55;
        if let Ok(dataset) = open(&changed) {
            for i in 0..dataset.len().min(4) {
                let _ = dataset.read(i);
            }
        }
    }
}

#[test]
fn a_page_larger_than_its_column_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(&folder.path().join("s.parquet"), 0, &[5], Compression::SNAPPY);
    let mut bytes = fs::read(&path).unwrap();
    // Behind the file's mark: the type of the first page, and its size, a number of two bytes.
    assert_eq!((bytes[4], bytes[6], bytes[7] & 0x80, bytes[8] & 0x80), (0x15, 0x15, 0x80, 0));
    bytes[7..9].copy_from_slice(&[0xFE, 0x7F]);
    fs::write(&path, bytes).unwrap();
    let reason = refusal(ParquetShards::open([path]).unwrap().read(0));
    assert!(reason.contains("row group 0: column `image.bytes`: a page says that it has "), "{reason}");
    assert!(reason.contains(", and 8191 decompressed; its column has "), "{reason}");
}
