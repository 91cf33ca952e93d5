//! Views and the caller's memory: the bytes of the packed path, wherever images lie and results go.

mod cpu;
#[cfg(feature = "gpu")]
mod gpu;
mod refused;

use autoaugment::half::f16;
use autoaugment::{Dtype, Executor, Images, Layout, Output, Plan, Shape, Tensor, TensorData, TensorMut};

use crate::support::batches::differences;

/// Compares the results of views, returned and written to the caller's memory, with those of the packed batch.
fn check(executor: &Executor, packed: Images<'_>, views: Images<'_>, plan: &Plan, outputs: &[Output], what: &str) {
    let mut failures = Vec::new();
    for output in outputs {
        let (expected, packed_report) = executor.apply(packed, plan, output).unwrap();
        let (got, report) = executor.apply(views, plan, output).unwrap();
        assert_eq!((got.shape, got.layout), (expected.shape, expected.layout), "{what}");
        assert_eq!((report.images, report.groups), (packed_report.images, packed_report.groups), "{what}");
        let mut written = filled(&expected);
        let report = executor.apply_to(views, plan, output, &mut written).unwrap();
        assert_eq!(report.images, packed_report.images, "{what}");
        for (data, form) in [(&got.data, "returned"), (&written, "written")] {
            let lines = differences(expected.shape, plan, &expected.data, data);
            failures.extend(lines.into_iter().map(|line| format!("{form}, {output:?}: {line}")));
        }
    }
    let count = failures.len();
    failures.truncate(20);
    assert!(count == 0, "{what}: {count} images differ\n{}", failures.join("\n"));
}

/// Memory for such a tensor, in which every value is one that no result has by chance.
fn filled(tensor: &Tensor) -> TensorData {
    let values = tensor.data.len();
    match tensor.data.dtype() {
        Dtype::U8 => TensorData::U8(vec![0xA5; values]),
        Dtype::F32 => TensorData::F32(vec![f32::NAN; values]),
        _ => TensorData::F16(vec![f16::NAN; values]),
    }
}

#[test]
fn a_differing_value_is_found() {
    let plan = Plan::uniform(2, vec![]);
    let shape = Shape { images: 2, height: 1, width: 2, channels: 1 };
    let expected = Tensor { shape, layout: Layout::Nhwc, data: TensorData::U8(vec![1, 2, 3, 4]) };
    let mut written = filled(&expected);
    assert_eq!(differences(shape, &plan, &expected.data, &written).len(), 2);
    if let TensorMut::U8(values) = TensorMut::from(&mut written) {
        values.copy_from_slice(&[1, 2, 3, 5]);
    }
    assert_eq!(differences(shape, &plan, &expected.data, &written).len(), 1);
}
