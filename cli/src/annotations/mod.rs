//! Annotations: what is known of images besides their pixels, read, moved with the images, and written again.

mod coco;
mod mask_folder;
mod out;
mod rle;
mod targets;
mod yolo;

use std::path::{Path, PathBuf};

use anyhow::bail;
use autoaugment::Size;
use clap::Args;

use crate::inputs::Input;
use crate::terminal::{self, Terminal, counted};
use crate::write;
use coco::Coco;
use mask_folder::MaskFolder;
pub use out::{AnnotationsOut, check_apart};
pub use targets::{Moved, Object, Rules, Targets};
use yolo::Yolo;

/// The help about annotations.
pub const DETAILS: &str = "\
Annotations (--coco, --yolo, --masks):
  Boxes, polygons, keypoints and masks follow the operations of their image. A box becomes the smallest box around its \
visible part. Parts that leave the image are cut off, and what leaves it altogether is left out; standard error tells \
how many. In a mirrored image, keypoints called left and right change places. A mask takes the nearest pixel. No \
annotation can follow the branches of AugMix if they move pixels; such images fail.";

/// The options of annotations.
#[derive(Args)]
#[command(next_help_heading = "Annotations")]
pub struct Annotated {
    /// A COCO file: boxes, polygons, runs and keypoints of all images
    #[arg(long, value_name = "FILE")]
    coco: Option<PathBuf>,
    /// A folder of YOLO labels, boxes, polygons or (with --keypoints) poses: cats/cat.txt for the image cats/cat.jpg
    #[arg(long, value_name = "DIR", conflicts_with = "coco")]
    yolo: Option<PathBuf>,
    /// YOLO's labels are poses, each a box and these points: nose,left_eye,right_eye
    #[arg(long, value_name = "NAME,NAME,...", value_delimiter = ',', requires = "yolo")]
    keypoints: Vec<String>,
    /// The names of YOLO's classes, one a line [default: classes.txt among the labels]
    #[arg(long, value_name = "FILE", requires = "yolo")]
    classes: Option<PathBuf>,
    /// A folder of masks: cats/cat.png, gray or with a palette, for the image cats/cat.jpg
    #[arg(long, value_name = "DIR")]
    masks: Option<PathBuf>,
    /// The label of mask pixels that come from outside the image [default: 0]
    #[arg(long, value_name = "LABEL", requires = "masks")]
    mask_fill: Option<u8>,
    /// Leave out objects of which a smaller fraction is visible [default: 0, all that can be seen]
    #[arg(long, value_name = "FRACTION", value_parser = fraction)]
    min_visible: Option<f64>,
}

fn fraction(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err(format!("`{text}` must be a number of 0 to 1")),
    }
}

impl Annotated {
    /// Whether there are annotations, or options about them.
    pub fn is_given(&self) -> bool {
        self.coco.is_some() || self.yolo.is_some() || self.masks.is_some() || self.min_visible.is_some()
    }

    /// The files that are read; folders are none.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.coco.as_deref().into_iter().chain(self.classes.as_deref())
    }

    /// Reads what belongs to the inputs, and checks the parts that are in one file.
    pub fn open(&self, inputs: &[Input], terminal: Terminal) -> anyhow::Result<Annotations> {
        if self.min_visible.is_some() && self.coco.is_none() && self.yolo.is_none() {
            bail!("--min-visible is for objects; add --coco or --yolo");
        }
        let annotations = Annotations {
            coco: self.coco.as_deref().map(Coco::read).transpose()?,
            yolo: match &self.yolo {
                Some(folder) => Some(Yolo::open(folder, self.classes.as_deref(), &self.keypoints)?),
                None => None,
            },
            masks: self.masks.as_deref().map(MaskFolder::open).transpose()?,
            rules: Rules {
                least_visible: self.min_visible.unwrap_or_default(),
                mask_fill: self.mask_fill.unwrap_or_default(),
            },
        };
        if let Some(masks) = &annotations.masks {
            let folder = write::resolved(masks.folder());
            if let Some(input) = inputs.iter().find(|input| write::resolved(&input.path).starts_with(&folder)) {
                let (folder, input) = (terminal::name(masks.folder()), terminal::name(&input.path));
                bail!("--masks {folder}: the mask {input} is an input too; name the folder of the images alone");
            }
        }
        annotations.tell_missing(inputs, terminal);
        Ok(annotations)
    }
}

/// Annotations of one or more kinds.
pub struct Annotations {
    coco: Option<Coco>,
    yolo: Option<Yolo>,
    masks: Option<MaskFolder>,
    pub rules: Rules,
}

impl Annotations {
    /// Says what has no image.
    fn tell_missing(&self, inputs: &[Input], terminal: Terminal) {
        let names: Vec<String> = inputs.iter().filter_map(Input::planned_name).collect();
        if let Some(coco) = &self.coco
            && let Some(missing) = coco.missing(names.iter().map(String::as_str))
        {
            terminal.note(&coco::missing_words(coco.path(), missing));
        }
        if let Some(yolo) = &self.yolo
            && let Some((count, first)) = yolo.missing(inputs.iter().map(|input| input.name.as_path()))
        {
            let files = counted(count, "label file", "label files");
            let (folder, first) = (terminal::name(yolo.folder()), terminal::name(&first));
            terminal.note(&format!("notice: {files} in {folder} of no input ({first}, ...)"));
        }
    }

    /// The targets of an image of `size`; None if there are no annotations of it.
    pub fn of(&self, input: &Input, size: Size) -> anyhow::Result<Option<Targets>> {
        let name = input.planned_name();
        let of_coco = match (&self.coco, &name) {
            (Some(coco), Some(name)) => coco.objects(name, size)?,
            _ => None,
        };
        let of_yolo = self.yolo.as_ref().map(|yolo| yolo.objects(&input.name, size)).transpose()?.flatten();
        let mask = self.masks.as_ref().map(|masks| masks.mask(&input.name, size)).transpose()?;
        let objects = of_coco.or(of_yolo);
        if objects.is_none() && mask.is_none() {
            return Ok(None);
        }
        Ok(Some(Targets { objects: objects.unwrap_or_default(), mask: mask.map(|mask| mask.labels) }))
    }
}
