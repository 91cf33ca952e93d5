//! Columns: which columns of a parquet file are images, labels and masks.

use ::parquet::basic::Type;
use ::parquet::file::metadata::ParquetMetaData;
use serde_json::Value;

use super::Options;
use crate::loader::tar_shards::Labels;

/// The columns of a file by number, with the number of nested optional parts of each.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub image: Column,
    pub label: Option<Column>,
    pub mask: Option<Column>,
    /// The names of the classes, if the file has them.
    pub classes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub name: String,
    pub number: usize,
    pub kind: Type,
    pub max_def_level: i16,
}

impl Columns {
    /// Those that are read.
    pub fn all(&self) -> impl Iterator<Item = &Column> + Clone {
        [Some(&self.image), self.label.as_ref(), self.mask.as_ref()].into_iter().flatten()
    }

    /// Whether another file has the same columns.
    pub fn are_those_of(&self, other: &Columns) -> bool {
        (&self.image, &self.label, &self.mask) == (&other.image, &other.label, &other.mask)
    }

    pub fn find(metadata: &ParquetMetaData, options: &Options) -> Result<Self, String> {
        let leaves = leaves(metadata);
        let features = features(metadata);
        let of_type = |kind: &str| {
            let is_kind = |name: &str| features.get(name).and_then(|f| f.get("_type")) == Some(&Value::from(kind));
            leaves.iter().map(|leaf| leaf.top.as_str()).filter(move |top| is_kind(top)).collect::<Vec<_>>()
        };
        let all = || leaves.iter().map(|leaf| leaf.path.as_str()).collect::<Vec<_>>().join(", ");
        let named = |name: &str| {
            let found = leaves.iter().find(|leaf| leaf.path == name || leaf.path == format!("{name}.bytes"));
            found.ok_or_else(|| format!("there is no column `{name}`; the columns are {}", all()))
        };
        let image = match &options.image {
            Some(name) => named(name)?,
            None => {
                let mut images: Vec<_> =
                    leaves.iter().filter(|leaf| leaf.path == format!("{}.bytes", leaf.top)).collect();
                if let Some(name) = &options.mask {
                    images.retain(|leaf| leaf.top != *name);
                }
                let usual = images.iter().find(|leaf| matches!(leaf.top.as_str(), "image" | "img")).copied();
                match (usual, &images[..]) {
                    (Some(usual), _) => usual,
                    (None, [only]) => *only,
                    _ => {
                        let found =
                            if images.is_empty() { "no column has `bytes`" } else { "several columns have `bytes`" };
                        return Err(format!("{found}; choose by `image_column` among {}", all()));
                    }
                }
            }
        };
        let image = image.bytes()?;
        let mask = options.mask.as_deref().map(|name| named(name)?.bytes()).transpose()?;
        let label = match (&options.label, options.labels) {
            (_, Labels::None) => None,
            (Some(name), _) => Some(named(name)?),
            (None, _) => {
                let classes = of_type("ClassLabel");
                let usual = leaves.iter().find(|leaf| matches!(leaf.path.as_str(), "label" | "labels" | "cls"));
                match (usual, &classes[..]) {
                    (Some(usual), _) => Some(usual),
                    (None, [only]) => Some(named(only)?),
                    _ => {
                        let options = "choose by `label_column`, or by `Labels::None`";
                        return Err(format!("there is no column `label`; {options}; the columns are {}", all()));
                    }
                }
            }
        };
        let label = label.map(Leaf::label).transpose()?;
        let names = label.as_ref().and_then(|label| features.get(&label.name)?.get("names")?.as_array());
        let classes = names.into_iter().flatten().filter_map(Value::as_str).map(str::to_string).collect();
        Ok(Columns { image, label, mask, classes })
    }
}

/// A column that has values.
struct Leaf {
    /// `image.bytes`.
    path: String,
    /// `image`.
    top: String,
    column: Column,
    is_repeated: bool,
}

impl Leaf {
    fn bytes(&self) -> Result<Column, String> {
        match self.column.kind {
            Type::BYTE_ARRAY if !self.is_repeated => Ok(self.column.clone()),
            kind => Err(format!("column `{}`: expected one image file a row, got {}", self.path, self.words(kind))),
        }
    }

    fn label(&self) -> Result<Column, String> {
        match self.column.kind {
            Type::INT32 | Type::INT64 | Type::BYTE_ARRAY if !self.is_repeated => Ok(self.column.clone()),
            kind => Err(format!("column `{}`: expected one label a row, got {}", self.path, self.words(kind))),
        }
    }

    fn words(&self, kind: Type) -> String {
        format!("{}{kind}", if self.is_repeated { "lists of " } else { "" })
    }
}

fn leaves(metadata: &ParquetMetaData) -> Vec<Leaf> {
    let schema = metadata.file_metadata().schema_descr();
    let leaf = |(number, column): (usize, &::parquet::schema::types::ColumnDescPtr)| {
        let parts = column.path().parts();
        let top = parts.first().cloned().unwrap_or_default();
        Leaf {
            path: parts.join("."),
            column: Column {
                name: parts.join("."),
                number,
                kind: column.physical_type(),
                max_def_level: column.max_def_level(),
            },
            top,
            is_repeated: column.max_rep_level() > 0,
        }
    };
    schema.columns().iter().enumerate().map(leaf).collect()
}

/// The features of the library `datasets`, which it writes into each file: types of columns, and names of classes.
fn features(metadata: &ParquetMetaData) -> serde_json::Map<String, Value> {
    let pairs = metadata.file_metadata().key_value_metadata();
    let text = pairs.into_iter().flatten().find(|pair| pair.key == "huggingface").and_then(|pair| pair.value.as_ref());
    let read = |text: &String| {
        let value: Value = serde_json::from_str(text).ok()?;
        value.get("info")?.get("features")?.as_object().cloned()
    };
    text.and_then(read).unwrap_or_default()
}
