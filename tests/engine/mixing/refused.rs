//! What is refused, and how it is said.

use autoaugment::mixing::{MixPlan, MixedImage, Mixing, Rectangle};
use autoaugment::{Layout, Shape, Size, Tensor, TensorData};

const SHAPE: Shape = Shape { images: 2, height: 3, width: 4, channels: 1 };

const WHOLE: MixedImage = MixedImage { index: 0, partner: 1, lambda: 0.5, rectangle: None };

fn refusal(second: MixedImage) -> String {
    MixPlan::new(vec![WHOLE, second]).check(SHAPE).unwrap_err().to_string()
}

#[test]
fn texts() {
    for (text, message) in [
        ("mixup(alpha=0)", "mixup: alpha 0 is not a finite number above 0"),
        ("cutmix(alpha=-1)", "cutmix: alpha -1 is not a finite number above 0"),
        ("cutmix(alpha=inf)", "cutmix: alpha inf is not a finite number above 0"),
        ("mixup(alpha=NaN)", "mixup: alpha NaN is not a finite number above 0"),
        ("mixup(alpha=much)", "mixing: expected a number as alpha, got `much`"),
        ("mixup(alpha)", "mixing: `alpha` in `mixup(alpha)` is not `parameter=value`"),
        ("mixup(alpha=1", "mixing: `mixup(alpha=1` has no closing parenthesis"),
        ("mixup(alpha=1, alpha=1)", "mixing: `alpha` stands twice in `mixup(alpha=1, alpha=1)`"),
        ("mixup(alpa=1)", "unknown parameter `alpa`; did you mean `alpha`?"),
        ("mixup(per=images)", "unknown scope of a draw `images`; did you mean `image`?"),
        ("mixupp", "unknown mixing `mixupp`; did you mean `mixup`?"),
    ] {
        assert_eq!(text.parse::<Mixing>().unwrap_err().to_string(), message, "{text}");
    }
}

#[test]
fn sizes_without_pixels() {
    let mixing: Mixing = "cutmix".parse().unwrap();
    let error = mixing.plan(0, 0, &[0], Size { width: 0, height: 4 }).unwrap_err().to_string();
    assert_eq!(error, "batch: images of 0 x 4 pixels: both sides must be at least 1");
}

#[test]
fn plans_that_do_not_fit() {
    let length = MixPlan::new(vec![WHOLE]).check(SHAPE).unwrap_err().to_string();
    assert_eq!(length, "expected a plan for 2 images, got one for 1");
    let partner = refusal(MixedImage { partner: 2, ..WHOLE });
    assert_eq!(partner, "image 1: batch: the partner 2 is outside the batch of 2 images");
    for lambda in [-0.1, 1.5, f64::NAN] {
        let message = format!("image 1: mixing: lambda {lambda} is outside 0..=1");
        assert_eq!(refusal(MixedImage { lambda, ..WHOLE }), message);
    }
    for (x, y, width, height) in [(1, 0, 4, 1), (0, 3, 1, 1), (usize::MAX, 0, 2, 1)] {
        let rectangle = Some(Rectangle { x, y, width, height });
        let message = format!(
            "image 1: batch: the rectangle x={x}, y={y}, width={width}, height={height} is outside the image of 4 x 3 pixels"
        );
        assert_eq!(refusal(MixedImage { rectangle, ..WHOLE }), message);
    }
    MixPlan::new(vec![WHOLE; 2]).check(SHAPE).unwrap();
}

#[test]
fn sums_of_bytes() {
    let bytes = Tensor { shape: SHAPE, layout: Layout::Nhwc, data: TensorData::U8(vec![7; 24]) };
    let error = MixPlan::new(vec![WHOLE; 2]).apply(&bytes).unwrap_err().to_string();
    let reason = "MixUp needs f32 or f16 output, got u8";
    assert_eq!(error, format!("image 0: output: {reason}"));
}

#[test]
fn tensors_of_another_length_than_their_shape() {
    let short = Tensor { shape: SHAPE, layout: Layout::Nhwc, data: TensorData::F32(vec![7.0; 23]) };
    let error = MixPlan::new(vec![WHOLE; 2]).apply(&short).unwrap_err().to_string();
    assert_eq!(error, "batch: expected 24 values for the shape of the tensor, got 23");
}

#[test]
fn labels() {
    let plan = MixPlan::new(vec![WHOLE; 2]);
    let many = plan.labels(&[0, 0], usize::MAX).unwrap_err().to_string();
    assert_eq!(many, format!("batch: 2 labels x {} classes are too many", usize::MAX));
    let error = plan.labels(&[0, 3], 3).unwrap_err().to_string();
    assert_eq!(error, "image 1: batch: the class 3 is outside 0..3");
    let none = plan.labels(&[], 0).unwrap_err().to_string();
    assert_eq!(none, "batch: the number of classes must be at least 1, got 0");
    let part = plan.soft_labels(&[0.0; 5], 2).unwrap_err().to_string();
    assert_eq!(part, "batch: expected a multiple of 2 label values, got 5");
    let length = plan.soft_labels(&[0.0; 6], 2).unwrap_err().to_string();
    assert_eq!(length, "expected a plan for 3 images, got one for 2");
}

#[test]
fn files() {
    let unknown = MixPlan::from_json(r#"{"version": 2, "images": []}"#).unwrap_err().to_string();
    assert_eq!(unknown, "mixing plan: version 2 is not supported; this build reads versions 1..=1");
    let extra = MixPlan::from_json(r#"{"version": 1, "images": [{"partner": 0, "lambda": 1, "size": 3}]}"#);
    assert!(extra.unwrap_err().to_string().contains("unknown field `size`"));
}

/// Batches of one image and of none.
#[test]
fn little_is_not_refused() {
    let mixing: Mixing = "cutmix".parse().unwrap();
    let shape = |images| Shape { images, ..SHAPE };
    let tensor = |images| Tensor {
        shape: shape(images),
        layout: Layout::Nchw,
        data: TensorData::F32((0..12 * images).map(|v| v as f32).collect()),
    };
    for images in [0, 1] {
        let indices: Vec<u64> = (0..images as u64).collect();
        let plan = mixing.plan(0, 0, &indices, SHAPE.size()).unwrap();
        assert_eq!(plan.apply(&tensor(images)).unwrap(), tensor(images));
        assert_eq!(plan.labels(&vec![1; images], 2).unwrap(), [0.0, 1.0].repeat(images));
    }
}
