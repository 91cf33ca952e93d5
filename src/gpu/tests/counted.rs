//! What whole batches cost by count, without a device: dispatches and the bytes that they read and write.

use crate::batch::{Layout, Placement, Shape};
use crate::gpu::compile::WORKGROUP_MEMORY;
use crate::gpu::compile::commands::{Chunk, Commands, Prepared, WholeBatch};
use crate::gpu::compile::grouping::Grouping;
use crate::gpu::compile::schedule::Sources;
use crate::gpu::compile::tables::Tables;
use crate::output::Output;
use crate::plan::Plan;
use crate::policy::Policy;
use crate::sampler::Sampler;
use crate::schemes::Scheme;
use crate::transform::Transform;

const SEEDS: u64 = 64;

/// What runs 256 square images of this side.
fn commands(plan: &Plan, side: usize, grouping: Grouping, tables: &mut Tables) -> Commands {
    let shape = shape(side);
    let placed = Placement::uniform(shape, Layout::Nhwc);
    let sources: Vec<u32> = (0..256).map(|i| placed.range(i).start as u32).collect();
    let prepared = Prepared::new(plan, &placed, &Output::u8(), tables).unwrap();
    let output = &Output::u8();
    let whole = WholeBatch { prepared: &prepared, shape, layout: Layout::Nhwc, output, operations: plan.operations() };
    let places = Sources { images: &sources, partners: &|partner| sources[partner] };
    Commands::of(&Chunk::of(&whole, 0..256, places, 0), grouping, WORKGROUP_MEMORY).unwrap()
}

fn shape(side: usize) -> Shape {
    Shape { images: 256, height: side, width: side, channels: 3 }
}

fn plan(scheme: impl Into<Transform>, side: usize, seed: u64) -> Plan {
    let indices: Vec<u64> = (0..256).collect();
    Sampler::new(scheme, seed).unwrap().plan(shape(side), 0, &indices).unwrap()
}

/// Dispatches, and bytes as a multiple of a copy's, for many seeds.
fn counted(policy: &Policy, side: usize, grouping: Grouping) -> Vec<(usize, f64)> {
    let mut tables = Tables::new();
    let mut count = |seed| {
        let work = commands(&plan(policy.clone(), side, seed), side, grouping, &mut tables);
        let bytes = (work.bytes_read + work.bytes_written) as f64;
        (work.commands.len(), bytes / (2 * shape(side).values()) as f64)
    };
    (0..SEEDS).map(&mut count).collect()
}

#[test]
fn large_images_take_four_dispatches_and_little_more_than_a_copy() {
    for policy in [Policy::imagenet(), Policy::cifar10(), Policy::svhn(), Policy::v0()] {
        let is_imagenet = policy == Policy::imagenet();
        for (dispatches, bytes) in counted(&policy, 224, Grouping::ByClass) {
            assert!(dispatches <= 4, "{dispatches} dispatches");
            // Half of a copy more would be a pass of statistics over every image.
            let most = if is_imagenet { 1.35 } else { 1.5 };
            assert!((1.0..=most).contains(&bytes), "{bytes} times the bytes of a copy");
        }
    }
}

#[test]
fn small_images_take_one_dispatch_and_the_bytes_of_a_copy() {
    for policy in [Policy::imagenet(), Policy::cifar10(), Policy::svhn(), Policy::v0()] {
        for counts in counted(&policy, 32, Grouping::Auto) {
            assert_eq!(counts, (1, 1.0));
        }
    }
}

/// What chains of any length take depends on the longest only, and branches run side by side.
#[test]
fn dispatches_grow_with_the_length_of_chains_and_not_with_how_many_there_are() {
    let mut tables = Tables::new();
    let mut dispatches = |text: &str| {
        let scheme: Scheme = text.parse().unwrap();
        let each = (0..8).map(|seed| commands(&plan(scheme.clone(), 224, seed), 224, Grouping::ByClass, &mut tables));
        each.map(|work| work.commands.len()).max().unwrap()
    };
    // Each level has at most two passes of statistics and one dispatch that stores or three that finish; a level takes
    // two operations, or one where a filter or a statistic follows an interpolated warp.
    for (n, levels) in [(1, 1), (2, 1), (3, 2), (4, 2), (8, 4)] {
        let got = dispatches(&format!("randaugment(n={n})"));
        assert!(got <= 3 * levels + 2, "n={n}: {got}");
    }
    for depth in [1, 2, 3] {
        let of = |width| format!("augmix(depth={depth}, width={width})");
        let [narrow, wide, widest] = [1, 4, 16].map(|width| dispatches(&of(width)));
        // Whatever the width; a level in which a class has nobody has a dispatch less.
        assert!(narrow <= wide && wide == widest, "{narrow} {wide} {widest}");
        assert!(widest <= 5 * depth + 1, "{depth}: {widest}");
    }
}

/// Six passes, of which the first does what stands before it, and the last what comes behind.
#[test]
fn a_blur_takes_five_dispatches_more_and_none_more_for_small_images() {
    for (policy, dispatches) in [
        ("GaussianBlur 1 5", 6),
        ("Invert 1 0 + GaussianBlur 1 5 + Rotate 1 3", 6),
        ("Rotate 1 3 + GaussianBlur 1 5 + Invert 1 0", 6),
        ("Equalize 1 0 + GaussianBlur 1 3 + Equalize 1 0", 8),
        ("GaussianBlur 1 1 + Sharpness 1 3\nGaussianBlur 1 2", 7),
        ("GaussianBlur 1 1 + GaussianBlur 1 2", 12),
    ] {
        let policy: Policy = policy.parse().unwrap();
        assert!(counted(&policy, 224, Grouping::Single).iter().all(|(got, _)| *got == dispatches), "{policy}");
        assert!(counted(&policy, 32, Grouping::Whole).iter().all(|counts| *counts == (1, 1.0)), "{policy}");
    }
}
