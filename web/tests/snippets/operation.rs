use autoaugment::{Op, Plan, Result};

/// `Executor::apply` takes it.
pub fn plan(images: usize) -> Result<Plan> {
    let op: Op = "ShearX(factor=-0.23333333333333334, interpolation=bilinear, fill=[128,128,128])".parse()?;
    Ok(Plan::uniform(images, vec![op]))
}
