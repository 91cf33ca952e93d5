//! RowGroup: the rows of a part of a parquet file, decompressed.

use ::parquet::basic::Type;
use ::parquet::column::reader::ColumnReader;
use ::parquet::data_type::{ByteArray, DataType};
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::RowGroupReader;

use super::columns::{Column, Columns};
use crate::loader::tar_shards::ClassList;

/// The images, labels and masks of a row group; `None` where a row has no value.
pub(super) struct RowGroup {
    images: Vec<Option<ByteArray>>,
    masks: Option<Vec<Option<ByteArray>>>,
    labels: Option<Written>,
}

/// Labels as they are written.
enum Written {
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<ByteArray>>),
}

/// A row, with its files.
pub(super) struct Row<'r> {
    pub image: &'r [u8],
    pub mask: Option<&'r [u8]>,
    pub label: u32,
}

impl RowGroup {
    pub fn read(group: &dyn RowGroupReader, columns: &Columns, rows: usize) -> Result<Self, String> {
        let bytes = |column: &Column| match reader(group, column)? {
            ColumnReader::ByteArrayColumnReader(reader) => values(reader, column, rows),
            _ => Err(unexpected(column)),
        };
        let labels = |column: &Column| match reader(group, column)? {
            ColumnReader::Int32ColumnReader(reader) => {
                let values = values(reader, column, rows)?;
                Ok(Written::Numbers(values.into_iter().map(|value| value.map(i64::from)).collect()))
            }
            ColumnReader::Int64ColumnReader(reader) => Ok(Written::Numbers(values(reader, column, rows)?)),
            ColumnReader::ByteArrayColumnReader(reader) => Ok(Written::Texts(values(reader, column, rows)?)),
            _ => Err(unexpected(column)),
        };
        Ok(RowGroup {
            images: bytes(&columns.image)?,
            masks: columns.mask.as_ref().map(bytes).transpose()?,
            labels: columns.label.as_ref().map(labels).transpose()?,
        })
    }

    /// A row, or the reason why it is broken.
    pub fn row(&self, row: usize, columns: &Columns, classes: &ClassList) -> Result<Row<'_>, String> {
        let empty = |column: &Column| format!("column `{}` has no value", column.name);
        let label = match (&self.labels, &columns.label) {
            (Some(labels), Some(column)) => {
                let named = |reason| format!("column `{}`: {reason}", column.name);
                match labels {
                    Written::Numbers(numbers) => {
                        let number = at(numbers, row).ok_or_else(|| empty(column))?;
                        let label = u32::try_from(*number)
                            .map_err(|_| format!("expected a class number as label, got `{number}`"));
                        label.and_then(|label| classes.checked(label)).map_err(named)?
                    }
                    Written::Texts(texts) => {
                        let text = at(texts, row).ok_or_else(|| empty(column))?;
                        classes.number(&String::from_utf8_lossy(text.data())).map_err(named)?
                    }
                }
            }
            _ => 0,
        };
        let mask = match (&self.masks, &columns.mask) {
            (Some(masks), Some(_)) => at(masks, row).map(ByteArray::data),
            _ => None,
        };
        let image = at(&self.images, row)
            .ok_or_else(|| format!("{}; files that are only named cannot be read", empty(&columns.image)))?;
        Ok(Row { image: image.data(), mask, label })
    }
}

fn at<T>(values: &[Option<T>], row: usize) -> Option<&T> {
    values.get(row)?.as_ref()
}

fn reader(group: &dyn RowGroupReader, column: &Column) -> Result<ColumnReader, String> {
    group.get_column_reader(column.number).map_err(|e| failed(column, &e))
}

/// All values of a column, one for each row.
fn values<T: DataType>(
    mut reader: ::parquet::column::reader::ColumnReaderImpl<T>,
    column: &Column,
    rows: usize,
) -> Result<Vec<Option<T::T>>, String> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let mut read = 0;
    while read < rows {
        let records = reader.read_records(rows - read, Some(&mut levels), None, &mut values);
        match records.map_err(|e| failed(column, &e))?.0 {
            0 => break,
            n => read += n,
        }
    }
    if read != rows {
        return Err(format!("column `{}`: expected {rows} rows, got {read}", column.name));
    }
    if column.max_def_level == 0 {
        return Ok(values.into_iter().map(Some).collect());
    }
    let mut values = values.into_iter();
    Ok(levels.iter().map(|&level| (level == column.max_def_level).then(|| values.next()).flatten()).collect())
}

fn unexpected(column: &Column) -> String {
    let Column { name, kind, .. } = column;
    format!("column `{name}`: expected {} as in the first file", name_of(*kind))
}

fn name_of(kind: Type) -> String {
    kind.to_string()
}

fn failed(column: &Column, error: &ParquetError) -> String {
    format!("column `{}`: {error}", column.name)
}
