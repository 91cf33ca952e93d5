//! CheckedPlan: a plan that was checked against a batch, so that no later step has to check it again.

use super::Plan;
use crate::batch::{Size, Sizes};
use crate::error::Result;

/// A plan that was checked against the sizes of a batch. [`Plan::checked`] makes one.
///
/// The calls that take a [`Plan`] check it once, where it comes in. All code behind them takes this type instead, for a
/// batch of the sizes that were checked.
///
/// ```
/// use autoaugment::{Plan, Size};
/// let sizes = [Size { width: 40, height: 30 }, Size { width: 33, height: 32 }];
/// let crop = Plan::uniform(2, vec!["Crop(x=0, y=0, width=24, height=24)".parse()?]);
/// assert_eq!(crop.checked(&sizes[..])?.size(), Size { width: 24, height: 24 });
/// assert!(crop.checked(&sizes[..1]).is_err()); // one image, and a plan for two
/// # Ok::<(), autoaugment::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CheckedPlan<'a> {
    plan: &'a Plan,
    size: Size,
}

impl<'a> CheckedPlan<'a> {
    /// The plan.
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// The size of all images after their operations.
    pub fn size(&self) -> Size {
        self.size
    }

    /// A plan whose check gave `size` before, where plan and size were kept apart.
    #[cfg(feature = "loader")]
    pub(crate) fn again(plan: &'a Plan, size: Size) -> Self {
        CheckedPlan { plan, size }
    }
}

impl Plan {
    /// Checks the plan against images of these sizes; see [`Plan::check`].
    ///
    /// # Errors
    /// Those of [`Plan::check`].
    pub fn checked<'s>(&self, sizes: impl Into<Sizes<'s>>) -> Result<CheckedPlan<'_>> {
        Ok(CheckedPlan { plan: self, size: self.check(sizes)? })
    }
}
