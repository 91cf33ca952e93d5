//! Variants: the kernels that the assembler can make, for tests of all of them.

use std::collections::BTreeMap;

use crate::batch::Layout;
use crate::gpu::compile::WORKGROUP_MEMORY;
use crate::gpu::compile::mixing::{self, MixVariant};
use crate::gpu::compile::program::{Kinds, StageKind};
use crate::gpu::compile::schedule::Kernel;
use crate::gpu::compile::shader::{self, Variant};
use crate::ops::{Category, OpKind};
use crate::output::Dtype;

pub(super) const KERNELS: [Kernel; 7] = [
    Kernel::Statistics(0),
    Kernel::Resize,
    Kernel::MixtureToIntermediate,
    Kernel::Mixture,
    Kernel::ApplyToIntermediate,
    Kernel::Apply,
    Kernel::Small,
];
pub(super) const LAYOUTS: [Layout; 2] = [Layout::Nhwc, Layout::Nchw];
pub(super) const DTYPES: [Dtype; 3] = [Dtype::U8, Dtype::F32, Dtype::F16];
/// Pixels of the smallest and the largest tile that WebGPU's 16 KiB of workgroup memory hold.
pub(super) const TILES: [usize; 2] = [512, 2560];

/// Every text that a kernel can have, with a variant that has it: every set of kinds, every form of input and output
/// with sets of kinds that share no file, every operation alone, and all of them together.
pub(super) fn every() -> BTreeMap<String, Variant> {
    let mut variants = Vec::new();
    for kernel in KERNELS {
        variants.extend(sets_of_kinds().map(|kinds| Variant { kinds, ..plain(kernel) }));
        for kinds in [Kinds::default(), Kinds::POINTS, Kinds::POINTS.union(Kinds::WARPS), all_kinds()] {
            variants.extend(forms(Variant { kinds, ..plain(kernel) }));
        }
        for &op in OpKind::ALL {
            let kinds = if op.category() == Category::Warp { Kinds::WARPS } else { Kinds::of_operations(&[op]) };
            variants.push(Variant { kinds, operations: vec![op], ..plain(kernel) });
        }
    }
    for tile in TILES {
        let histograms = shader::histograms(Kernel::Small, tile, WORKGROUP_MEMORY);
        variants.push(Variant { tile, histograms, kinds: all_kinds(), ..plain(Kernel::Small) });
    }
    let possible = |v: &Variant| match v.kernel {
        Kernel::Statistics(_) => !v.kinds.has(StageKind::Interpolated),
        kernel if kernel.only_sums() => v.kinds == Kinds::default(),
        _ => true,
    };
    variants.into_iter().filter(possible).map(|v| (shader::assemble(&v), v)).collect()
}

/// Every text of the kernel that mixes.
pub(super) fn every_mix() -> Vec<(String, MixVariant)> {
    let mut variants = Vec::new();
    for channels in [1, 3] {
        for input in LAYOUTS {
            for output in LAYOUTS {
                variants.extend(DTYPES.map(|dtype| MixVariant { channels, input, output, dtype }));
            }
        }
    }
    variants.into_iter().map(|v| (mixing::assemble(&v), v)).collect()
}

fn plain(kernel: Kernel) -> Variant {
    Variant {
        kernel,
        kinds: Kinds::default(),
        operations: OpKind::ALL.to_vec(),
        from_intermediate: true,
        viewed: true,
        weighted: true,
        channels: 3,
        input: Layout::Nhwc,
        output: Layout::Nhwc,
        dtype: Dtype::U8,
        whole_quads: true,
        tile: if kernel == Kernel::Small { TILES[0] } else { 0 },
        histograms: shader::histograms(kernel, TILES[0], WORKGROUP_MEMORY),
    }
}

/// All of them.
pub(super) fn all_kinds() -> Kinds {
    Kinds::POINTS.union(Kinds::WARPS).union(Kinds::of(&[StageKind::Window, StageKind::Box]))
}

/// All of them, but for the box, which is beside others only where they make a difference to what it is called from or
/// calls.
fn sets_of_kinds() -> impl Iterator<Item = Kinds> {
    use StageKind::*;
    let beside_box = subsets(&[Table, Warp, Interpolated, Window]).map(|kinds| kinds.union(Kinds::of(&[Box])));
    subsets(&[Table, Pixel, Mask, Mix, Warp, IndexMap, Interpolated, Window]).chain(beside_box)
}

fn subsets(kinds: &[StageKind]) -> impl Iterator<Item = Kinds> {
    (0..1 << kinds.len()).map(move |set| {
        let chosen = kinds.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1);
        chosen.map(|(_, &kind)| Kinds::of(&[kind])).fold(Kinds::default(), Kinds::union)
    })
}

fn forms(variant: Variant) -> Vec<Variant> {
    let mut forms = Vec::new();
    for (channels, input) in [(3, Layout::Nhwc), (3, Layout::Nchw), (1, Layout::Nhwc), (1, Layout::Nchw)] {
        for output in LAYOUTS {
            for dtype in DTYPES {
                for bits in 0..8 {
                    let [whole_quads, from_intermediate, viewed] = [1, 2, 4].map(|bit| bits & bit == bit);
                    forms.push(Variant {
                        channels,
                        input,
                        output,
                        dtype,
                        whole_quads,
                        from_intermediate,
                        viewed,
                        weighted: viewed,
                        ..variant.clone()
                    });
                }
            }
        }
    }
    forms
}
