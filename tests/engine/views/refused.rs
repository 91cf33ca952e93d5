//! What is refused: unusable views, views that are no batch together, and memory that does not fit the result.

use autoaugment::{
    Augmenter, Device, Dtype, Executor, ImageView, Layout, Normalize, Output, Plan, Policy, Size, TensorMut,
};

const SIZE: Size = Size { width: 5, height: 4 };

fn message<T>(result: autoaugment::Result<T>) -> String {
    result.err().map_or_else(|| "nothing was refused".to_string(), |error| error.to_string())
}

fn executors() -> Vec<Executor> {
    let cpu = Executor::new(Device::Cpu).unwrap();
    #[cfg(feature = "gpu")]
    return [cpu].into_iter().chain(crate::support::gpu::gpu().map(Executor::with_gpu)).collect();
    #[cfg(not(feature = "gpu"))]
    vec![cpu]
}

#[test]
fn memory_of_another_length_than_the_image() {
    let of = |bytes: usize| message(ImageView::new(&vec![0; bytes], SIZE, 3));
    let rule = "batch: an image of 5 x 4 pixels with 3 channels needs 60 bytes, got ";
    assert_eq!(of(59), format!("{rule}59"));
    // RGBA that is taken for RGB.
    assert_eq!(of(80), format!("{rule}80"));
    assert_eq!(message(ImageView::planar(&[0; 61], SIZE, 3)), format!("{rule}61"));
}

#[test]
fn rows_that_overlap_or_leave_the_memory() {
    let of = |bytes: usize, stride| message(ImageView::with_row_stride(&vec![0; bytes], SIZE, 3, stride));
    assert_eq!(of(100, 14), "batch: row stride 14 is less than a row of 5 pixels with 3 channels: 15 bytes");
    let rule = "batch: an image of 5 x 4 pixels with 3 channels and row stride 20 needs at least 75 bytes, got 74";
    assert_eq!(of(74, 20), rule);
    assert!(ImageView::with_row_stride(&[0; 75], SIZE, 3, 20).is_ok());
    assert!(of(75, usize::MAX / 2).contains("needs at least"));
}

#[test]
fn sizes_and_channels_that_no_image_has() {
    let of = |width, height, channels| message(ImageView::new(&[], Size { width, height }, channels));
    assert!(of(0, 3, 1).contains("both sides must be at least 1"));
    assert!(of(1 << 17, 1 << 17, 1).contains("2147483647"));
    assert!(of(usize::MAX, usize::MAX, 3).contains("2147483647"));
    assert!(of(2, 2, 4).contains("an alpha channel is not supported"));
    let strided = ImageView::with_row_stride(&[], Size { width: 3, height: 0 }, 1, 3);
    assert!(message(strided).contains("both sides must be at least 1"));
}

#[test]
fn views_that_are_no_batch_together() {
    let bytes = [0; 60];
    let (rgb, gray) = (ImageView::new(&bytes, SIZE, 3).unwrap(), ImageView::new(&bytes[..20], SIZE, 1).unwrap());
    let planar = ImageView::planar(&bytes, SIZE, 3).unwrap();
    for executor in executors() {
        let of = |views: &[ImageView<'_>]| {
            message(executor.apply(views, &Plan::uniform(views.len(), vec![]), &Output::u8()))
        };
        assert_eq!(of(&[]), "batch: a batch of views needs at least one image");
        assert_eq!(of(&[rgb, rgb, gray]), "image 2: batch: has 1 channels, and image 0 has 3; convert to one");
        assert_eq!(of(&[rgb, planar]), "image 1: batch: is C x H x W, and image 0 is H x W x C; convert to one layout");
        let small = ImageView::new(&bytes[..12], Size { width: 2, height: 2 }, 3).unwrap();
        assert!(of(&[rgb, small]).contains("crop or resize"));
    }
}

#[test]
fn memory_that_does_not_fit_the_result_is_not_written() {
    let bytes = [7; 60];
    let views = [ImageView::new(&bytes, SIZE, 3).unwrap()];
    let plan = Plan::uniform(1, vec![]);
    let floats = Output::f32(Layout::Nchw, Normalize::UNIT);
    for executor in executors() {
        let mut memory = vec![1_u8; 61];
        let refused = message(executor.apply_to(&views, &plan, &Output::u8(), &mut memory));
        assert_eq!(refused, "output: the memory for N x H x W x C = 1 x 4 x 5 x 3 must have 60 values, got 61");
        let refused = message(executor.apply_to(&views, &plan, &floats, &mut memory[..60]));
        assert_eq!(refused, "output: the memory for the result must be f32, got u8");
        // A plan that does not fit the batch.
        let refused = message(executor.apply_to(&views, &Plan::uniform(2, vec![]), &Output::u8(), &mut memory[..60]));
        assert!(refused.contains("plan for 1 images"), "{refused}");
        assert_eq!(memory, [1; 61]);
        executor.apply_to(&views, &plan, &Output::u8(), &mut memory[..60]).unwrap();
        assert_eq!((&memory[..60], memory[60]), (&[7; 60][..], 1));
    }
}

#[test]
fn an_augmenter_writes_what_it_returns() {
    let bytes: Vec<u8> = (0..60).collect();
    let views = [ImageView::new(&bytes, SIZE, 3).unwrap(); 4];
    let augmenter = Augmenter::builder(Policy::imagenet()).seed(9).device(Device::Cpu).build().unwrap();
    let augmented = augmenter.augment(&views, 2, &[4, 5, 6, 7]).unwrap();
    let mut memory = [0; 240];
    let (plan, report) = augmenter.augment_to(&views, 2, &[4, 5, 6, 7], &mut memory[..]).unwrap();
    assert_eq!((plan, report), (augmented.plan, augmented.report));
    assert_eq!(augmented.tensor.data.as_u8(), Some(&memory[..]));
    assert_eq!(augmented.tensor.data.as_bytes(), memory);
    let refused = message(augmenter.augment_to(&views, 2, &[4, 5, 6, 7], &mut memory[1..]));
    assert!(refused.contains("must have 240 values, got 239"), "{refused}");
}

#[test]
fn memory_says_what_it_is() {
    let mut values = vec![0.0_f32; 3];
    let mut memory = TensorMut::from(&mut values);
    assert_eq!((memory.dtype(), memory.len(), memory.is_empty()), (Dtype::F32, 3, false));
    assert_eq!(memory.reborrow().len(), 3);
}
