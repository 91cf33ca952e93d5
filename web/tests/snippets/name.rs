use autoaugment::{Augmenter, Result, Scheme};

/// Its `augment(&batch, epoch, &indices)` draws for each image and applies the draws.
pub fn augmenter() -> Result<Augmenter> {
    let scheme: Scheme = "imagenet".parse()?;
    Augmenter::builder(scheme)
        .seed(18446744073709551615)
        .build()
}
