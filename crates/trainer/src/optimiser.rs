//! AdamW with decoupled decay, clipping by the norm of the whole gradient, and rates scaled by width.

use crate::kernels::{self, AdamStep, Real};
use crate::shape::{Shape, Tensor, TensorKind};
use crate::spec::Recipe;

/// Moments of all parameters.
#[derive(Debug)]
pub struct Optimiser<R> {
    tensors: Vec<Tensor>,
    recipe: Recipe,
    /// Rate of matrices over that of gains.
    matrix_scale: f64,
    /// First moments.
    pub first: Vec<R>,
    /// Second moments.
    pub second: Vec<R>,
}

impl<R: Real> Optimiser<R> {
    /// An optimiser at rest.
    #[must_use]
    pub fn new(shape: &Shape, recipe: Recipe) -> Self {
        let n = shape.params();
        Self {
            tensors: shape.tensors(),
            recipe,
            matrix_scale: recipe
                .base_width
                .map_or(1.0, |base| base / shape.width as f64),
            first: vec![R::ZERO; n],
            second: vec![R::ZERO; n],
        }
    }

    /// Makes step `step` (from 0) at a share of the peak rate. Gives the norm of the gradient before clipping; when
    /// that is not finite, nothing moves.
    pub fn step(&mut self, step: usize, share: f64, values: &mut [R], gradient: &[R]) -> f64 {
        let squares: f64 = self
            .tensors
            .iter()
            .map(|t| kernels::sum_squares(&gradient[t.range.clone()]))
            .sum();
        let norm = squares.sqrt();
        if !norm.is_finite() {
            return norm;
        }
        let recipe = &self.recipe;
        let count = i32::try_from(step + 1).unwrap_or(i32::MAX);
        let first_scale = 1.0 / (1.0 - recipe.beta1.powi(count));
        let plain = recipe.learning_rate * share;
        for tensor in &self.tensors {
            let (rate, decay) = match tensor.kind {
                TensorKind::Gain => (plain, 0.0),
                TensorKind::Matrix(_) => (plain * self.matrix_scale, plain * recipe.weight_decay),
            };
            let numbers = AdamStep {
                rate: R::of(rate * first_scale),
                keep: R::of(1.0 - decay),
                beta1: R::of(recipe.beta1),
                beta2: R::of(recipe.beta2),
                second_scale: R::of(1.0 / (1.0 - recipe.beta2.powi(count))),
                epsilon: R::of(recipe.epsilon),
                gradient_scale: R::of((recipe.clip / norm).min(1.0)),
            };
            let range = tensor.range.clone();
            kernels::adamw(
                &numbers,
                &mut values[range.clone()],
                &gradient[range.clone()],
                &mut self.first[range.clone()],
                &mut self.second[range],
            );
        }
        norm
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::OutputKind;

    const SHAPE: Shape = Shape {
        layers: 1,
        width: 2,
        heads: 1,
        hidden: 1,
        context: 2,
        vocabulary: 2,
        output: OutputKind::Tied,
    };

    #[test]
    fn the_first_steps_are_those_of_adamw_by_hand() {
        let recipe = Recipe {
            learning_rate: 0.1,
            base_width: Some(1.0),
            weight_decay: 0.5,
            beta1: 0.9,
            beta2: 0.99,
            epsilon: 0.0,
            clip: 1e9,
            ..Recipe::default()
        };
        let n = SHAPE.params();
        let mut optimiser = Optimiser::<f64>::new(&SHAPE, recipe);
        let mut values = vec![1.0; n];
        let gradient: Vec<f64> = (0..n)
            .map(|i| if i % 2 == 0 { 3.0 } else { -3.0 })
            .collect();
        optimiser.step(0, 1.0, &mut values, &gradient);
        // The first step of Adam is the rate times the sign, here scaled by 1/2 for matrices of width 2.
        assert!((values[0] - (0.95 - 0.05)).abs() < 1e-12);
        assert!((values[1] - (0.95 + 0.05)).abs() < 1e-12);
        let gain = SHAPE.layout().norm.start;
        let sign = gradient[gain].signum();
        assert!((values[gain] - (1.0 - 0.1 * sign)).abs() < 1e-12);
        // Moments of two equal gradients, corrected, are that gradient again: another step of the same length.
        optimiser.step(1, 1.0, &mut values, &gradient);
        assert!((values[gain] - (1.0 - 0.2 * sign)).abs() < 1e-12);
    }

    #[test]
    fn clipping_cuts_the_whole_gradient() {
        let recipe = Recipe {
            clip: 1.0,
            ..Recipe::default()
        };
        let n = SHAPE.params();
        let mut optimiser = Optimiser::<f64>::new(&SHAPE, recipe);
        let gradient = vec![2.0; n];
        let norm = optimiser.step(0, 1.0, &mut vec![0.0; n], &gradient);
        assert!((norm - 2.0 * (n as f64).sqrt()).abs() < 1e-12);
        let length: f64 = optimiser.first.iter().map(|m| m * m).sum::<f64>().sqrt();
        assert!((length - 0.1).abs() < 1e-12);
    }

    #[test]
    fn a_gradient_that_is_not_finite_moves_nothing() {
        let n = SHAPE.params();
        let mut optimiser = Optimiser::<f32>::new(&SHAPE, Recipe::default());
        let mut values = vec![1.0; n];
        let mut gradient = vec![0.0; n];
        gradient[3] = f32::NAN;
        assert!(!optimiser.step(0, 1.0, &mut values, &gradient).is_finite());
        assert!(values.iter().all(|v| *v == 1.0));
    }
}
