//! Array form: the options of arrays.

use anyhow::bail;
use autoaugment::{Dtype, Layout, Normalize, Output};
use clap::Args;

use crate::{choices, values};

/// The form of arrays.
#[derive(Args)]
#[command(next_help_heading = "Arrays (.npy)")]
pub struct ArrayForm {
    /// Order of the input's axes [default: nhwc]
    #[arg(long, value_name = "LAYOUT", value_parser = values::layouts())]
    pub layout: Option<Layout>,
    /// Order of the output's axes [default: the input's]
    #[arg(long, value_name = "LAYOUT", value_parser = values::layouts())]
    output_layout: Option<Layout>,
    /// Type of the output's values; floats are (v / 255 - mean) / std [default: u8]
    #[arg(long, value_name = "DTYPE", value_parser = values::dtypes())]
    dtype: Option<Dtype>,
    /// Means of red, green and blue, R,G,B or one number [default: ImageNet's 0.485,0.456,0.406]
    #[arg(long, value_name = "R,G,B", value_parser = numbers, allow_hyphen_values = true)]
    mean: Option<[f32; 3]>,
    /// Standard deviations, R,G,B or one number [default: ImageNet's 0.229,0.224,0.225]
    #[arg(long, value_name = "R,G,B", value_parser = numbers)]
    std: Option<[f32; 3]>,
}

fn numbers(text: &str) -> Result<[f32; 3], String> {
    choices::three(text, "numbers")
}

impl ArrayForm {
    /// Refuses the options where the input is no array.
    pub fn check_unused(&self) -> anyhow::Result<()> {
        let given = [
            ("--layout", self.layout.is_some()),
            ("--output-layout", self.output_layout.is_some()),
            ("--dtype", self.dtype.is_some()),
            ("--mean", self.mean.is_some()),
            ("--std", self.std.is_some()),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((name, _)) => bail!("{name} is for .npy arrays, and the input is image files"),
            None => Ok(()),
        }
    }

    pub fn output(&self, input: Layout) -> anyhow::Result<Output> {
        let layout = self.output_layout.unwrap_or(input);
        let mut normalize = Normalize::IMAGENET;
        normalize.mean = self.mean.unwrap_or(normalize.mean);
        normalize.std = self.std.unwrap_or(normalize.std);
        let dtype = self.dtype.unwrap_or(Dtype::U8);
        if dtype == Dtype::U8 && (self.mean.is_some() || self.std.is_some()) {
            bail!("--mean and --std are for floats; add --dtype f32 or f16");
        }
        let is_usable = |v: &f32| v.is_finite();
        if !normalize.mean.iter().all(is_usable) || !normalize.std.iter().all(|v| is_usable(v) && *v != 0.0) {
            bail!("--mean {:?} --std {:?}: both must be finite and --std not 0", normalize.mean, normalize.std);
        }
        choices::output(dtype, layout, normalize)
    }
}
