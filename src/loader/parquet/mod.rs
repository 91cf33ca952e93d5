//! ParquetShards: parquet files of images and labels, as data sets of the Hugging Face hub come.
//!
//! A column has the image's file as `struct { bytes, path }`, or as bytes. Another column has the class as a whole
//! number. The library `datasets` writes the types of columns and the names of classes into each file.

mod columns;
mod pages;
mod row_group;
mod shared_file;

use std::path::{Path, PathBuf};

use ::parquet::file::reader::{ChunkReader, FileReader, RowGroupReader, SerializedFileReader};

use self::columns::Columns;
use self::row_group::{Row, RowGroup};
use self::shared_file::SharedFile;
use super::brace_expansion::expand_paths;
use super::caught::caught;
use super::contents::refused;
use super::dataset::{Dataset, Locality, Sample};
use super::recent::Recent;
use super::regular_file;
use super::tar_shards::{ClassList, Labels};
use crate::error::{Error, Result};

/// The samples of one or several parquet files, in the order of the files and of their rows.
///
/// Opening reads the end of each file, which says where the row groups are. A row group is read as a whole when one of
/// its samples is wanted. Some row groups stay in memory, 8 unless set, and [`Dataset::locality`] tells the loader. So
/// a loader shuffles the row groups, and then the samples of each 8 of them. At most 16 files are open at once.
///
/// The image column is the one with `bytes` in it. If there are several, it is `image` or `img`. The label column is
/// `label`, `labels` or `cls`, else the only one whose type is `ClassLabel`. The names of the classes are those in the
/// file unless you give a list. A row without an image or with another label is a broken sample. Columns compressed by
/// Snappy or zstd can be read, and columns that are not compressed.
///
/// ```no_run
/// use autoaugment::loader::ParquetShards;
/// let dataset = ParquetShards::open(["data/train-{00000..00012}-of-00013.parquet"])?;
/// let coarse = ParquetShards::builder().image_column("img").label_column("coarse_label").open(["cifar.parquet"])?;
/// # Ok::<(), autoaugment::Error>(())
/// ```
pub struct ParquetShards {
    files: Vec<PathBuf>,
    columns: Columns,
    classes: ClassList,
    groups: Vec<Group>,
    /// The first sample of each row group.
    starts: Vec<usize>,
    len: usize,
    together: usize,
    opened: Recent<Opened>,
    read: Recent<RowGroup>,
}

struct Opened {
    reader: SerializedFileReader<SharedFile>,
    file: SharedFile,
}

struct Group {
    file: usize,
    /// Its number in the file.
    number: usize,
    rows: usize,
}

/// Collects the options of [`ParquetShards`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ParquetShardsBuilder {
    options: Options,
    class_names: Vec<String>,
    largest_row_group: u64,
    row_groups: usize,
}

#[derive(Clone, Debug, Default)]
struct Options {
    image: Option<String>,
    label: Option<String>,
    mask: Option<String>,
    labels: Labels,
}

/// The most files that are open at once.
const OPEN: usize = 16;

/// The bytes that a value takes in memory besides its own.
const ROW: i64 = 64;

impl ParquetShards {
    /// Opens the files, in this order, with the default options.
    ///
    /// # Errors
    /// Those of [`ParquetShardsBuilder::open`].
    pub fn open<P: AsRef<Path>>(files: impl IntoIterator<Item = P>) -> Result<Self> {
        ParquetShards::builder().open(files)
    }

    /// Starts with the default options.
    pub fn builder() -> ParquetShardsBuilder {
        ParquetShardsBuilder {
            options: Options::default(),
            class_names: Vec::new(),
            largest_row_group: 1 << 30,
            row_groups: 8,
        }
    }

    /// The row group of a sample, and the sample's row in it.
    fn find(&self, index: usize) -> (usize, usize) {
        let group = self.starts.partition_point(|&start| start <= index) - 1;
        (group, index - self.starts[group])
    }

    fn row_group(&self, number: usize) -> Result<RowGroup> {
        let Group { file, number, rows } = self.groups[number];
        let path = &self.files[file];
        let opened = self.opened.get(file, || open(path))?;
        let failed = |reason: String| refused(path, format!("row group {number}: {reason}"));
        caught(|| {
            let group = opened.reader.get_row_group(number).map_err(|e| e.to_string())?;
            self.check_pages(&opened.file, &*group)?;
            RowGroup::read(&*group, &self.columns, rows)
        })
        .map_err(failed)
    }

    /// Refuses a group whose pages would take more memory than the metadata says.
    fn check_pages(&self, file: &SharedFile, group: &dyn RowGroupReader) -> std::result::Result<(), String> {
        let from = |at| file.get_read(at).map_err(|e| e.to_string());
        for column in self.columns.all() {
            let chunk = group.metadata().column(column.number);
            let decompressed = u64::try_from(chunk.uncompressed_size()).unwrap_or(0);
            let checked = pages::check(from, chunk.byte_range(), decompressed);
            checked.map_err(|reason| format!("column `{}`: {reason}", column.name))?;
        }
        Ok(())
    }
}

impl ParquetShardsBuilder {
    /// The column of images: `image` for `image.bytes`. Found by its type unless set.
    pub fn image_column(mut self, name: impl Into<String>) -> Self {
        self.options.image = Some(name.into());
        self
    }

    /// The column of labels. Found by its name or type unless set.
    pub fn label_column(mut self, name: impl Into<String>) -> Self {
        self.options.label = Some(name.into());
        self
    }

    /// The column of masks, see [`Sample::decode_mask`]. None unless set.
    pub fn mask_column(mut self, name: impl Into<String>) -> Self {
        self.options.mask = Some(name.into());
        self
    }

    /// Whether samples have labels; [`Labels::Classes`] unless set.
    pub fn labels(mut self, labels: Labels) -> Self {
        self.options.labels = labels;
        self
    }

    /// The names of the classes in the order of their labels; those in the first file unless set. A label column of
    /// texts needs them.
    pub fn classes<C: Into<String>>(mut self, names: impl IntoIterator<Item = C>) -> Self {
        self.class_names = names.into_iter().map(Into::into).collect();
        self
    }

    /// The number of row groups that stay in memory and are shuffled together; 8 unless set, at least 1.
    pub fn row_groups(mut self, together: usize) -> Self {
        self.row_groups = together.max(1);
        self
    }

    /// The most bytes of a row group's images, labels and masks when decompressed, and 64 for each value; 1 GiB unless
    /// set.
    pub fn largest_row_group(mut self, bytes: u64) -> Self {
        self.largest_row_group = bytes;
        self
    }

    /// Opens the files, in this order. A path that is no file may have braces, see
    /// [`expand_braces`](super::expand_braces).
    ///
    /// # Errors
    /// [`Error::Dataset`] with the file if it cannot be read, is no parquet file, lacks a column, has too large row
    /// groups, or has no rows. The same if a column differs from the first file's, and for a class list with one name
    /// twice.
    pub fn open<P: AsRef<Path>>(self, files: impl IntoIterator<Item = P>) -> Result<ParquetShards> {
        let files = expand_paths(files)?;
        let opened = Recent::new(OPEN);
        let (mut groups, mut starts, mut len) = (Vec::new(), Vec::new(), 0usize);
        let mut columns: Option<Columns> = None;
        for (file, path) in files.iter().enumerate() {
            let failed = |reason: String| refused(path, reason);
            let opened = opened.get(file, || open(path))?;
            let metadata = opened.reader.metadata();
            let found = Columns::find(metadata, &self.options).map_err(failed)?;
            let columns = columns.get_or_insert_with(|| found.clone());
            if !columns.are_those_of(&found) {
                return Err(failed("its columns differ from those of the first file".to_string()));
            }
            let before = len;
            for (number, group) in metadata.row_groups().iter().enumerate() {
                let sizes = found.all().map(|column| group.column(column.number).uncompressed_size());
                // A row takes memory even if nothing is stored for it.
                let rows = sizes.clone().map(|_| group.num_rows().saturating_mul(ROW));
                let unsigned = |bytes| u64::try_from(bytes).unwrap_or(u64::MAX);
                let bytes = sizes.chain(rows).fold(0u64, |sum, bytes| sum.saturating_add(unsigned(bytes)));
                if bytes > self.largest_row_group {
                    let most = self.largest_row_group;
                    let rule = format!("at most {most} are read; `largest_row_group` allows more");
                    return Err(failed(format!("row group {number} has {bytes} bytes, and {rule}")));
                }
                let rows = usize::try_from(group.num_rows()).ok().filter(|rows| *rows <= u32::MAX as usize);
                let rows = rows.ok_or_else(|| failed(format!("row group {number}: {} rows", group.num_rows())))?;
                if rows > 0 {
                    starts.push(len);
                    groups.push(Group { file, number, rows });
                    len += rows;
                }
            }
            if len == before {
                return Err(failed("the file has no rows".to_string()));
            }
        }
        let Some(mut columns) = columns else {
            return Err(refused(Path::new("parquet files"), "expected at least one file"));
        };
        let names = match self.class_names.is_empty() {
            true => std::mem::take(&mut columns.classes),
            false => self.class_names,
        };
        let classes = ClassList::new(names).map_err(|reason| refused(&files[0], reason))?;
        let together = self.row_groups;
        let read = Recent::new(together);
        Ok(ParquetShards { files, columns, classes, groups, starts, len, together, opened, read })
    }
}

/// Reads the end of a file.
fn open(path: &Path) -> Result<Opened> {
    let (file, bytes) = regular_file::open(path).map_err(|e| refused(path, e))?;
    let file = SharedFile::new(file, bytes);
    let reader = caught(|| SerializedFileReader::new(file.clone()).map_err(|e| e.to_string()));
    let reader = reader.map_err(|reason| refused(path, format!("not a readable parquet file: {reason}")))?;
    Ok(Opened { reader, file })
}

impl Dataset for ParquetShards {
    fn len(&self) -> usize {
        self.len
    }

    fn read(&self, index: usize) -> Result<Sample<'_>> {
        let (number, row) = self.find(index);
        let group = self.read.get(number, || self.row_group(number))?;
        let Row { image, mask, label } = group.row(row, &self.columns, &self.classes).map_err(Error::Decode)?;
        let sample = Sample::encoded(image.to_vec(), label)?;
        Ok(match mask {
            Some(mask) => sample.with_mask(mask.to_vec()),
            None => sample,
        })
    }

    fn name(&self, index: usize) -> String {
        let (number, row) = self.find(index);
        let Group { file, number, .. } = self.groups[number];
        format!("row {row} of row group {number} of {}", self.files[file].display())
    }

    fn classes(&self) -> &[String] {
        &self.classes.names
    }

    fn locality(&self) -> Option<Locality<'_>> {
        Some(Locality { starts: (&self.starts).into(), together: self.together })
    }
}
