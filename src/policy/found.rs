//! Found: the policies that this project's search found.
//!
//! `fashion-mnist-found`, by `autoaugment search FOLDER --preset warm --seed 0 --out found.json`. The folder has the
//! IDX files of Fashion-MNIST (Xiao et al., arXiv 1708.07747). The proxy is the command's: 512 of the 60,000 training
//! images, 5,000 others for validation, and the micro child. PPO proposed 400 policies. The best 20 were tried three
//! times more, and the best 5 of them are joined.
//!
//! Accuracies on the 10,000 test images, which no search saw. A micro network is trained for 240 epochs on the 512
//! images of the search, with 8 seeds. Gains over no policy are paired by seed, with their standard errors:
//!
//! | policy | accuracy, % | gain |
//! |--|--|--|
//! | `fashion-mnist-found` | 80.21 | +5.63 ± 0.23 |
//! | the same search with four seeds, the mean | 79.70 | +5.12 ± 0.27 |
//! | the best 5 of as many random policies, the mean of four | 80.05 | +5.47 ± 0.29 |
//! | a policy for clothes by hand, `examples/train/shifts.txt` | 78.94 | +4.35 ± 0.33 |
//! | `svhn` | 78.89 | +4.31 ± 0.35 |
//! | `trivialaugment` | 78.68 | +4.10 ± 0.37 |
//! | `cifar10` | 78.33 | +3.75 ± 0.32 |
//! | `imagenet` | 77.89 | +3.31 ± 0.35 |
//! | 25 random sub-policies, the mean of three draws | 77.77 | +3.19 ± 0.28 |
//! | none | 74.58 | |
//!
//! It is that of seed 0, chosen before any test; the other seeds found worse ones. The command gives this policy again.
//! Its journal without times has the SHA-256 `99a39c45a88b5363440f77f0dd9ac746e7be34f755ab17a0700d42fe5ce540af`, by
//! `sed -E 's/,"seconds":[0-9.e+-]+//' found.journal | sort | sha256sum`.

use super::Policy;
use super::presets::Pair;
use crate::convention::Convention;
use crate::ops::OpKind::*;

#[rustfmt::skip]
const FASHION_MNIST: [Pair<u8>; 25] = [
    [(Brightness, 1.0, 7), (SamplePairing, 0.4, 1)],
    [(ShearX, 0.4, 1), (ShearY, 0.6, 3)],
    [(Equalize, 0.4, 3), (ShearX, 0.4, 3)],
    [(Equalize, 0.4, 1), (ShearY, 0.6, 5)],
    [(ShearX, 0.6, 8), (ShearX, 1.0, 1)],
    [(ShearX, 0.6, 4), (Posterize, 0.6, 1)],
    [(Equalize, 0.6, 5), (ShearX, 0.7, 2)],
    [(Equalize, 0.7, 9), (Solarize, 0.0, 3)],
    [(ShearX, 0.6, 5), (Equalize, 0.4, 5)],
    [(ShearY, 0.6, 5), (Brightness, 0.6, 5)],
    [(Equalize, 0.6, 4), (ShearY, 0.6, 2)],
    [(ShearX, 0.4, 5), (ShearX, 0.7, 4)],
    [(Equalize, 0.6, 5), (ShearX, 1.0, 2)],
    [(ShearX, 0.4, 5), (ShearY, 0.4, 5)],
    [(Equalize, 0.6, 5), (ShearY, 0.7, 5)],
    [(Equalize, 0.3, 5), (ShearX, 0.4, 5)],
    [(Equalize, 0.6, 5), (ShearY, 0.7, 2)],
    [(ShearY, 0.6, 5), (ShearX, 0.3, 2)],
    [(ShearX, 0.6, 1), (ShearY, 0.6, 4)],
    [(ShearY, 0.6, 4), (Equalize, 0.6, 4)],
    [(Equalize, 1.0, 0), (Posterize, 0.6, 5)],
    [(Equalize, 0.6, 1), (ShearY, 0.6, 4)],
    [(ShearY, 0.6, 5), (Solarize, 0.4, 5)],
    [(ShearY, 0.4, 5), (ShearX, 1.0, 3)],
    [(ShearX, 1.0, 1), (Solarize, 0.4, 1)],
];

impl Policy {
    /// The policy that the search of this project found on 512 images of Fashion-MNIST: shears and equalizing.
    pub fn fashion_mnist_found() -> Self {
        Policy::of(Convention::Torchvision, &FASHION_MNIST)
    }
}
