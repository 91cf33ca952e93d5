//! Views on the CPU.

use autoaugment::{Batch, Device, Executor, ImageView, Layout, OpKind, Output, Plan, PlannedImage, Shape, Size};
use proptest::collection::vec;
use proptest::prelude::*;

use super::check;
use crate::support::arbitrary;
use crate::support::batches::{EVERY_FORM, batch_of, mixtures, pairs, random, rgb};
use crate::support::chains::{Chains, chains, resizes, some_op};
use crate::support::views::Scattered;

fn cpu() -> Executor {
    Executor::new(Device::Cpu).unwrap()
}

fn check_uniform(batch: &Batch<'_>, plan: &Plan, outputs: &[Output], what: &str) {
    let scattered = Scattered::of_uniform(batch, &mut random(5));
    check(&cpu(), batch.into(), (&scattered.views()).into(), plan, outputs, what);
}

#[test]
fn images_of_different_sizes() {
    for (channels, seed) in [(1, 1), (3, 2)] {
        for Chains { batch, plan, .. } in [resizes(20, channels, seed), chains(60, channels, 5, seed, some_op)] {
            for scattered in [Scattered::of(&batch, &mut random(seed)), Scattered::planar(&batch)] {
                check(&cpu(), (&batch).into(), (&scattered.views()).into(), &plan, &EVERY_FORM, "different sizes");
            }
        }
    }
}

#[test]
fn every_pair_of_operations_whether_padded_or_planar() {
    for (channels, layout) in [(3, Layout::Nhwc), (3, Layout::Nchw), (1, Layout::Nhwc), (1, Layout::Nchw)] {
        let shape = Shape { channels, ..rgb(OpKind::ALL.len().pow(2), 13, 37) };
        let plan = Plan::new(pairs(shape, 3));
        check_uniform(&batch_of(shape, layout, 4), &plan, &EVERY_FORM[..2], &format!("{layout:?} x {channels}"));
    }
}

#[test]
fn branches_and_partners() {
    for layout in [Layout::Nhwc, Layout::Nchw] {
        let shape = rgb(30, 19, 23);
        let batch = batch_of(shape, layout, 6);
        check_uniform(&batch, &mixtures(shape, 3, 3, 7), &EVERY_FORM, "AugMix");
        let partners: Vec<PlannedImage> = (0..30)
            .map(|i| PlannedImage {
                ops: vec![format!("SamplePairing(weight=0.3, partner={})", (i * 17 + 5) % 30).parse().unwrap()],
                ..Default::default()
            })
            .collect();
        check_uniform(&batch, &Plan::new(partners), &EVERY_FORM, "SamplePairing");
    }
}

#[test]
fn large_images_divided_among_threads() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    for layout in [Layout::Nhwc, Layout::Nchw] {
        let shape = rgb(2, 700, 300);
        let chains =
            ["", "Invert", "Equalize;Rotate(degrees=20)", "SamplePairing(weight=0.4, partner=1);Contrast(factor=0.5)"];
        for chain in chains {
            let ops: Vec<_> = chain.split(';').filter(|op| !op.is_empty()).map(|op| op.parse().unwrap()).collect();
            let plan = Plan::uniform(2, ops);
            pool.install(|| check_uniform(&batch_of(shape, layout, 8), &plan, &EVERY_FORM, chain));
        }
    }
}

#[test]
fn a_view_can_be_a_part_of_a_larger_image() {
    let whole: Vec<u8> = (0..6 * 5).collect();
    // Two rows of three pixels from column 2 of row 1.
    let part = ImageView::with_row_stride(&whole[6 + 2..], Size { width: 3, height: 2 }, 1, 6).unwrap();
    let (tensor, report) = cpu().apply(&[part], &Plan::uniform(1, vec![]), &Output::u8()).unwrap();
    assert_eq!(tensor.data.as_u8(), Some(&[8, 9, 10, 14, 15, 16][..]));
    assert_eq!((report.bytes_read, report.bytes_written), (6, 6));
    // What comes after the last row is not counted either, where there are no gaps.
    for (data, size) in [(&whole[..], Size { width: 6, height: 2 }), (&whole[..], Size { width: 5, height: 1 })] {
        let part = ImageView::with_row_stride(data, size, 1, 6).unwrap();
        let plan = Plan::uniform(1, vec!["AutoContrast".parse().unwrap()]);
        let (tensor, _) = cpu().apply(&[part], &plan, &Output::u8()).unwrap();
        assert_eq!(tensor.data.as_u8().and_then(|values| values.iter().max()), Some(&255), "{size:?}");
    }
}

/// A batch of one size, its chains, and for each image where it starts in its memory and the gap between its rows.
fn any_views() -> impl Strategy<Value = (Batch<'static>, Plan, Vec<(usize, usize)>)> {
    let shape = (1..4_usize, 1..20_usize, 1..20_usize, prop_oneof![Just(1_usize), Just(3)]);
    shape.prop_flat_map(|(images, height, width, channels)| {
        let shape = Shape { images, height, width, channels };
        let data = vec(any::<u8>(), shape.values());
        let batch = data.prop_map(move |data| Batch::new(data, shape, Layout::Nhwc).unwrap());
        let chain = vec(arbitrary::op(images), 0..5);
        let image = chain.prop_map(|ops| PlannedImage { ops, ..Default::default() });
        (batch, vec(image, images).prop_map(Plan::new), vec((0..9_usize, 0..40_usize), images))
    })
}

proptest! {
    #[test]
    fn any_strides_and_gaps((batch, plan, places) in any_views()) {
        let shape = batch.shape();
        let row = shape.width * shape.channels;
        let images = batch.data().chunks(shape.values_per_image()).zip(&places);
        let memory: Vec<Vec<u8>> = images.map(|(image, &(start, gap))| {
            let rows = image.chunks(row).flat_map(|row| row.iter().copied().chain(std::iter::repeat_n(0x5A, gap)));
            std::iter::repeat_n(0xA5, start).chain(rows).collect()
        }).collect();
        let views: Vec<_> = memory.iter().zip(&places).map(|(memory, &(start, gap))| {
            ImageView::with_row_stride(&memory[start..], shape.size(), shape.channels, row + gap).unwrap()
        }).collect();
        check(&cpu(), (&batch).into(), (&views).into(), &plan, &EVERY_FORM[..3], "any strides");
    }
}
