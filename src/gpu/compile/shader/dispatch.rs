//! Dispatch: the parts of a kernel that choose among operations and kinds of stages, generated from the one list of
//! operations.

use std::fmt::Write as _;

use super::super::program::{ARG_FILL, ARG_OP, Kinds, StageKind};
use super::Variant;
use crate::ops::{Category, OpKind, RequiredStats};

/// The operations whose WGSL the kernel needs.
pub(super) fn operations(variant: &Variant) -> impl Iterator<Item = &OpKind> {
    let kinds = variant.kinds;
    variant.operations.iter().filter(move |op| match op.category() {
        Category::Point(_) => kinds.has(StageKind::Table),
        Category::Pixel => kinds.has(StageKind::Pixel),
        Category::Window => kinds.has(StageKind::Window),
        Category::Mask => kinds.has(StageKind::Mask),
        Category::Mix => kinds.has(StageKind::Mix),
        Category::Copy
        | Category::Warp
        | Category::Blur
        | Category::CropOrFlip
        | Category::Resize
        | Category::Branches => false,
    })
}

/// One step of a table, by operation.
pub(super) fn point_op(variant: &Variant) -> String {
    let mut arms = String::new();
    for &op in operations(variant) {
        let Category::Point(needs) = op.category() else { continue };
        let (number, f) = (op as u32, op.function());
        let each = |call: &str| {
            let channel = |c: &str| call.replace('@', &format!("value.{c}"));
            format!("return vec3<u32>({}, {}, {});", channel("x"), channel("y"), channel("z"))
        };
        let body = match needs {
            RequiredStats::Nothing => each(&format!("{f}(@, arg)")),
            RequiredStats::Histogram => {
                format!("return through({f}(pushed_counts(base, value, t), t), value, t);")
            }
            RequiredStats::Luma => {
                format!(
                    "let mean = mean_of(luma_sum(base, round), image_pixels);\n      {}",
                    each(&format!("{f}(@, mean, arg)"))
                )
            }
        };
        let _ = writeln!(arms, "    case {number}u: {{\n      {body}\n    }}");
    }
    format!(
        "fn point_op(base: u32, op: u32, round: u32, arg: u32, value: vec3<u32>, t: u32) -> vec3<u32> {{\n  \
         switch (op) {{\n{arms}    default: {{ return value; }}\n  }}\n}}\n"
    )
}

/// The other kinds' functions, by operation; `args` is the place of the stage's arguments.
pub(super) fn dispatch_by_op(variant: &Variant) -> String {
    let mut text = String::new();
    let mut by_op = |kind: StageKind, category: Category, signature: &str, call: &str, otherwise: &str| {
        if !variant.kinds.has(kind) {
            return;
        }
        let mut arms = String::new();
        for op in operations(variant).filter(|op| op.category() == category) {
            let call = call.replace('@', op.function());
            let _ = writeln!(arms, "    case {}u: {{ return {call}; }}", *op as u32);
        }
        let _ = writeln!(
            text,
            "fn {signature} {{\n  switch (programs[args + {ARG_OP}u]) {{\n{arms}    \
             default: {{ return {otherwise}; }}\n  }}\n}}"
        );
    };
    by_op(
        StageKind::Pixel,
        Category::Pixel,
        "pixel_op(args: u32, pixel: vec3<u32>) -> vec3<u32>",
        "@(pixel, programs[args])",
        "pixel",
    );
    by_op(
        StageKind::Window,
        Category::Window,
        "window_op(args: u32, pixel: vec3<u32>, sum: vec3<u32>) -> vec3<u32>",
        "@(pixel, sum, programs[args])",
        "pixel",
    );
    by_op(
        StageKind::Mask,
        Category::Mask,
        "mask_op(args: u32, x: u32, y: u32) -> bool",
        "@(x, y, programs[args], programs[args + 1u], programs[args + 2u], programs[args + 3u])",
        "false",
    );
    by_op(
        StageKind::Mix,
        Category::Mix,
        "mix_op(args: u32, pixel: vec3<u32>, other: vec3<u32>) -> vec3<u32>",
        "@(pixel, other, programs[args])",
        "pixel",
    );
    text
}

/// The result of a stage for a fetched pixel.
pub(super) fn stage_point(variant: &Variant, stage: &str) -> String {
    let args = "program + stage_args";
    let arms = [
        (StageKind::Table, "return look_up(pixel);".to_string()),
        (StageKind::Pixel, format!("return pack(pixel_op({args}, unpack(pixel)));")),
        (StageKind::Mask, format!("return select(pixel, programs[{args} + {ARG_FILL}u], mask_op({args}, x, y));")),
        (
            StageKind::Mix,
            format!("return pack(mix_op({args}, unpack(pixel), partner_at(programs[{args} + 1u], x, y)));"),
        ),
    ];
    let arms = present(variant.kinds, &arms);
    let kind = kind_of(stage);
    format!(
        "fn stage_point(pixel: u32, x: u32, y: u32) -> u32 {{\n  switch ({kind}) {{\n{arms}    \
         default: {{ return pixel; }}\n  }}\n}}\n"
    )
}

/// The result of a stage for the pixel at some coordinates.
pub(super) fn stage_at(kinds: Kinds, stage: &str, name: &str) -> String {
    let whole = [
        (StageKind::Interpolated, "return stage_interpolated(x, y);".to_string()),
        (StageKind::Window, "return stage_window(x, y);".to_string()),
        (StageKind::Box, "return stage_box(x, y);".to_string()),
    ];
    let places = [
        (StageKind::Warp, "place = stage_warp(x, y);".to_string()),
        (StageKind::IndexMap, "place = stage_index_map(x, y);".to_string()),
    ];
    let mut arms = present(kinds, &whole);
    arms += &present(kinds, &places);
    let kind = kind_of(stage);
    let outside = if kinds.intersection(Kinds::WARPS) == Kinds::default() {
        String::new()
    } else {
        format!(
            "  if (place.x < 0 || place.x >= i32(image_width) || place.y < 0 || place.y >= i32(image_height)) {{\n    \
             return programs[program + stage_args + {ARG_FILL}u];\n  }}\n"
        )
    };
    format!(
        "fn {name}(x: u32, y: u32) -> u32 {{\n  var place = vec2<i32>(i32(x), i32(y));\n  \
         switch ({kind}) {{\n{arms}    default: {{}}\n  }}\n{outside}  \
         return stage_point(below_at(u32(place.x), u32(place.y)), x, y);\n}}\n"
    )
}

fn kind_of(stage: &str) -> String {
    format!("programs[program + WORD_{}]", stage.to_uppercase())
}

/// The arms of a `switch` for the present kinds.
fn present(kinds: Kinds, arms: &[(StageKind, String)]) -> String {
    let there = arms.iter().filter(|(kind, _)| kinds.has(*kind));
    there.map(|(kind, body)| format!("    case {}u: {{ {body} }}\n", *kind as u32)).collect()
}
