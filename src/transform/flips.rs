//! Flips: the image is mirrored with some probability.

use serde::{Deserialize, Serialize};

use rand::RngExt;

use super::check_probability;
use crate::draw::Context;
use crate::error::Result;
use crate::ops::{self, Op, OpKind};
use crate::random::Purpose;
use crate::schemes::Draws;

/// Mirrors left and right with some probability.
///
/// Source: torchvision's `RandomHorizontalFlip`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomHorizontalFlip {
    /// 0 (never) to 1 (always); usually 0.5.
    pub probability: f64,
}

impl Draws for RandomHorizontalFlip {
    fn check(&self) -> Result<()> {
        check_probability("RandomHorizontalFlip", self.probability)
    }

    fn operations(&self) -> Vec<OpKind> {
        vec![OpKind::HorizontalFlip]
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        if context.stream(Purpose::HorizontalFlip).random::<f64>() < self.probability {
            ops.push(ops::HorizontalFlip {}.into());
        }
        Ok(None)
    }
}

/// Mirrors top and bottom with some probability.
///
/// Source: torchvision's `RandomVerticalFlip`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomVerticalFlip {
    /// 0 (never) to 1 (always); usually 0.5.
    pub probability: f64,
}

impl Draws for RandomVerticalFlip {
    fn check(&self) -> Result<()> {
        check_probability("RandomVerticalFlip", self.probability)
    }

    fn operations(&self) -> Vec<OpKind> {
        vec![OpKind::VerticalFlip]
    }

    fn draw(&self, context: &Context<'_>, ops: &mut Vec<Op>) -> Result<Option<usize>> {
        if context.stream(Purpose::VerticalFlip).random::<f64>() < self.probability {
            ops.push(ops::VerticalFlip {}.into());
        }
        Ok(None)
    }
}
