//! Help: what `apply --help` says at length.

use crate::annotations;
use crate::outcome::EXIT_CODES;
use crate::values;

const DETAILS: &str = "\
Input files:
  A folder stands for its image files, and those of its folders, in the order of their names. The formats are PNG, \
JPEG, WebP, BMP, GIF, TIFF, and PBM, PGM and PPM. Hidden files and the output folder are left out. A file that cannot \
be decoded is named and skipped. Alpha is dropped, of 16 bits the high byte is taken, and an animation gives its first \
frame; standard error names such files. Palettes become RGB. Gray stays gray. The EXIF orientation is ignored, as \
Pillow does; --orientation apply turns the image upright, and --format same keeps an ignored one.

Random draws:
  The draws of an image depend on the seed, the epoch and the sample index, not on threads, device or batch. The \
sample index is the position among the inputs times the number of copies, plus the number of the copy. SamplePairing \
is the exception: it draws its partner among up to 64 inputs of the same size and channels. The plan names it.

Plans (--plan-out writes one, --plan applies one, whoever wrote it):
  {
    \"version\": 2,
    \"images\": [
      {\"file\": \"cats/cat.png\", \"index\": 0, \"sub_policy\": 3,
       \"ops\": [{\"op\": \"Posterize\", \"bits\": 4}]},
      {\"file\": \"dog.png\",
       \"ops\": [{\"op\": \"Rotate\", \"degrees\": 30}, {\"op\": \"Invert\"}]}
    ]
  }
  A plan has one entry per output. `file` is a path inside the input folder, with slashes, or the name of an input \
file. The k-th entry of a file becomes its copy k. Sub-policies count from 1. Without any `file`, and for arrays, the \
inputs take equally many entries each, in order. `index` and `sub_policy` may be left out. The `partner` of a \
SamplePairing is the number of another entry, from 0. The partner's image must have the same size, so SamplePairing \
comes before operations that change the size. Operations have the names and parameters of --op.";

/// The details, and the forms of all operations.
pub fn details() -> String {
    let forms: Vec<_> = values::all_operations().map(|op| format!("  {}", op.usage())).collect();
    let heading = "Operations (--op), with their parameters and defaults:";
    format!("{DETAILS}\n\n{}\n\n{heading}\n{}\n\n{EXIT_CODES}", annotations::DETAILS, forms.join("\n"))
}
