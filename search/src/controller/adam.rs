//! Adam: steps along a gradient, each parameter at its own scale (arXiv 1412.6980, algorithm 1).

/// The running means of a gradient and of its squares.
#[derive(Clone, Debug)]
pub(crate) struct Adam {
    mean: Vec<f32>,
    squares: Vec<f32>,
    steps: i32,
}

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

impl Adam {
    pub fn new(parameters: usize) -> Self {
        Adam { mean: vec![0.0; parameters], squares: vec![0.0; parameters], steps: 0 }
    }

    /// One step down the gradient. `decay` shrinks the parameters besides, as AdamW does (arXiv 1711.05101).
    pub fn step(&mut self, rate: f32, decay: f32, parameters: &mut [f32], gradient: &[f32]) {
        self.steps = self.steps.saturating_add(1);
        let (one, two) = (1.0 - BETA_1.powi(self.steps), 1.0 - BETA_2.powi(self.steps));
        let moments = self.mean.iter_mut().zip(&mut self.squares);
        for ((parameter, &slope), (mean, square)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *mean = BETA_1 * *mean + (1.0 - BETA_1) * slope;
            *square = BETA_2 * *square + (1.0 - BETA_2) * slope * slope;
            *parameter -= rate * (*mean / one / ((*square / two).sqrt() + EPSILON) + decay * *parameter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_is_the_rate_long() {
        let mut parameters = [1.0, -1.0, 0.5];
        Adam::new(3).step(0.1, 0.0, &mut parameters, &[3.0, -0.01, 0.0]);
        for (got, expected) in parameters.iter().zip([0.9, -0.9, 0.5]) {
            assert!((got - expected).abs() < 1e-5, "{parameters:?}");
        }
    }

    #[test]
    fn a_parabola_is_descended() {
        let (mut adam, mut at) = (Adam::new(1), [5.0f32]);
        for _ in 0..2000 {
            let slope = 2.0 * (at[0] - 2.0);
            adam.step(0.01, 0.0, &mut at, &[slope]);
        }
        assert!((at[0] - 2.0).abs() < 1e-2, "{at:?}");
    }
}
