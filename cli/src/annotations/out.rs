//! Out: annotations of augmented images. Each kind is written into the output folder, under its own name.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail};
use autoaugment::{PlannedImage, Size};

use super::coco::CocoOut;
use super::mask_folder::{self, MaskFolder};
use super::targets::{Tally, Targets};
use super::{Annotations, Moved};
use crate::inputs::Input;
use crate::terminal::{self, Terminal, counted};
use crate::write::{self, Kept};

pub struct AnnotationsOut<'a> {
    annotations: &'a Annotations,
    coco: Option<CocoOut<'a>>,
    folder: PathBuf,
    overwrites: bool,
    told: Mutex<Told>,
}

/// What is told at the end.
#[derive(Default)]
struct Told {
    tally: Tally,
    /// Outputs of images without annotations, and the first one's image.
    without: usize,
    first_without: Option<String>,
}

/// Refuses annotations that would be written over those that are read.
pub fn check_apart(annotations: &Annotations, out: &Path, overwrites: bool, kept: &Kept<'_>) -> anyhow::Result<()> {
    if let Some(coco) = &annotations.coco {
        let target = inside(out, coco.path());
        kept.check(&target)?;
        write::check_free(&target, overwrites)?;
    }
    let yolo = annotations.yolo.as_ref().map(|yolo| yolo.folder());
    let masks = annotations.masks.as_ref().map(MaskFolder::folder);
    for folder in yolo.into_iter().chain(masks) {
        let target = inside(out, folder);
        if write::resolved(&target) == write::resolved(folder) {
            bail!("--out {}: the annotations in {} would be overwritten", terminal::name(out), terminal::name(folder));
        }
        if !overwrites && target.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            bail!("{} exists; --force overwrites its files", terminal::name(&target));
        }
    }
    Ok(())
}

/// The path of a file or folder of this name in the output folder.
fn inside(out: &Path, own: &Path) -> PathBuf {
    let own = write::resolved(own);
    out.join(own.file_name().unwrap_or(own.as_os_str()))
}

impl<'a> AnnotationsOut<'a> {
    /// Files of `folder`. With `keeps_ids` each image has one output.
    pub fn new(annotations: &'a Annotations, folder: &Path, keeps_ids: bool, overwrites: bool) -> Self {
        let coco = annotations.coco.as_ref().map(|coco| CocoOut::new(coco, keeps_ids));
        AnnotationsOut { annotations, coco, folder: folder.to_path_buf(), overwrites, told: Mutex::default() }
    }

    /// Whether one file has the annotations of all outputs.
    pub fn is_one_file(&self) -> bool {
        self.coco.is_some()
    }

    /// The annotations of an input after its operations; None if it has none.
    pub fn moved(&self, input: &Input, planned: &PlannedImage, size: Size) -> anyhow::Result<Option<Moved>> {
        let targets = self.annotations.of(input, size)?;
        targets.map(|targets: Targets| targets.moved(planned, size, self.annotations.rules)).transpose()
    }

    /// Writes the files of one output, `name` inside the folder. They come before their image, so that an image that is
    /// there has its annotations.
    pub fn write(&self, input: &Input, name: &Path, moved: Option<&Moved>, before: Size) -> anyhow::Result<()> {
        let Some(moved) = moved else { return Ok(()) };
        if let Some(labels) = &self.annotations.yolo {
            let target = inside(&self.folder, labels.folder()).join(name.with_extension("txt"));
            write::whole(&target, labels.lines(moved).as_bytes(), self.overwrites)?;
        }
        if let (Some(masks), Some(labels)) = (&self.annotations.masks, &moved.targets.mask) {
            let palette = masks.mask(&input.name, before)?.palette;
            let target = inside(&self.folder, masks.folder()).join(name.with_extension("png"));
            let bytes = mask_folder::encode(labels, palette.as_deref(), moved.size);
            let bytes = bytes.with_context(|| format!("{} could not be encoded", terminal::name(&target)))?;
            write::whole(&target, &bytes, self.overwrites)?;
        }
        Ok(())
    }

    /// Counts an output that is there, number `id`, and adds it to the file of all.
    pub fn count(&self, id: usize, input: &Input, name: &Path, moved: Option<&Moved>) {
        if let (Some(coco), Some(moved), Some(own)) = (&self.coco, moved, input.planned_name()) {
            let parts: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
            coco.add(id, &own, parts.join("/"), moved);
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match moved {
            Some(moved) => told.tally.add(moved.tally),
            None => {
                told.without += 1;
                told.first_without.get_or_insert_with(|| terminal::name(&input.path));
            }
        }
    }

    /// Writes the file of all, and tells what became of the objects.
    pub fn finish(&self, terminal: Terminal) -> anyhow::Result<()> {
        if let (Some(out), Some(coco)) = (&self.coco, &self.annotations.coco) {
            let target = inside(&self.folder, coco.path());
            out.finish(&target, self.overwrites)?;
            terminal.note(&format!("wrote {}", terminal::name(&target)));
        }
        let told = std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner));
        let Told { tally, without, first_without } = told;
        if let Some(first) = first_without {
            let outputs = counted(without, "output has", "outputs have");
            terminal.note(&format!("notice: {outputs} no annotations ({first}, ...)"));
        }
        if tally.objects > 0 {
            let Tally { objects, cut, gone } = tally;
            let objects = counted(objects, "object", "objects");
            terminal.note(&format!("moved {objects}: {cut} partly outside the image and cut off, {gone} left out"));
        }
        Ok(())
    }
}
