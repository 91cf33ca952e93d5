use autoaugment::{Augmenter, Result, Scheme};

/// Its `augment(&batch, epoch, &indices)` draws for each image and applies the draws.
pub fn augmenter() -> Result<Augmenter> {
    let scheme: Scheme = "convention timm
Rotate 0.6 9 + Solarize 0.4 5
Identity 1 0".parse()?;
    Augmenter::builder(scheme)
        .seed(18446744073709551615)
        .build()
}
