//! The written-out backward pass against central differences, in double precision.

use isoflop_trainer::model::{Model, Sequences};
use isoflop_trainer::random::Random;
use isoflop_trainer::shape::{OutputKind, Shape};

/// Step of the difference: its error is of order h² ≈ 1e-10, the rounding of the loss of order 1e-16/h ≈ 1e-11.
const STEP: f64 = 1e-5;
/// Allowed difference, relative to the size of the gradient of a tensor.
const CLOSE: f64 = 1e-7;

fn shape(output: OutputKind) -> Shape {
    // A context beyond one band of scores, and a width that no vector fits.
    Shape {
        layers: 2,
        width: 12,
        heads: 3,
        hidden: 20,
        context: 37,
        vocabulary: 11,
        output,
    }
}

fn tokens(n: usize) -> Vec<u16> {
    let mut random = Random::new(5, "tokens", 0);
    (0..n).map(|_| (random.unit() * 11.0) as u16).collect()
}

#[test]
fn gradients_agree_with_central_differences_in_every_tensor() {
    for output in [OutputKind::Tied, OutputKind::Untied] {
        let model = Model::<f64>::new(shape(output));
        let (inputs, targets) = (tokens(74), tokens(75)[1..].to_vec());
        let of = Sequences {
            inputs: &inputs,
            targets: &targets,
        };
        let mut ws = model.workspace(2);
        let mut values = model.start(3);
        // Gains away from one, so that their part in every derivative shows.
        let mut random = Random::new(9, "gains", 0);
        values
            .iter_mut()
            .for_each(|v| *v *= 1.0 + 0.3 * random.normal());
        let scale = 0.5;
        let mut gradient = vec![0.0; values.len()];
        let total = model.gradient(&values, of, scale, &mut ws, &mut gradient);
        let mut losses = Vec::new();
        model.losses(&values, of, &mut ws, &mut losses);
        assert!((losses.iter().sum::<f64>() - total).abs() < 1e-9);

        for tensor in model.shape().tensors() {
            let size = gradient[tensor.range.clone()]
                .iter()
                .fold(0.0f64, |m, g| m.max(g.abs()));
            assert!(size > 1e-3, "a gradient of {size} shows nothing");
            let every = (tensor.range.len() / 12).max(1);
            for at in tensor.range.step_by(every) {
                let mut at_step = |h: f64| {
                    let kept = values[at];
                    values[at] = kept + h;
                    losses.clear();
                    model.losses(&values, of, &mut ws, &mut losses);
                    values[at] = kept;
                    losses.iter().sum::<f64>()
                };
                let difference = scale * (at_step(STEP) - at_step(-STEP)) / (2.0 * STEP);
                assert!(
                    (difference - gradient[at]).abs() < CLOSE * size.max(1.0),
                    "{output:?} parameter {at}: {difference} by differences, {} by the backward pass",
                    gradient[at]
                );
            }
        }
    }
}

#[test]
fn single_precision_gives_the_gradients_of_double_precision() {
    let shape = shape(OutputKind::Untied);
    let (double, single) = (Model::<f64>::new(shape), Model::<f32>::new(shape));
    let (inputs, targets) = (tokens(37), tokens(38)[1..].to_vec());
    let of = Sequences {
        inputs: &inputs,
        targets: &targets,
    };
    let exact_values = double.start(3);
    let values: Vec<f32> = exact_values.iter().map(|v| *v as f32).collect();
    let (mut exact, mut found) = (vec![0.0f64; values.len()], vec![0.0f32; values.len()]);
    double.gradient(&exact_values, of, 1.0, &mut double.workspace(1), &mut exact);
    single.gradient(&values, of, 1.0, &mut single.workspace(1), &mut found);
    for tensor in shape.tensors() {
        let (a, b) = (&exact[tensor.range.clone()], &found[tensor.range]);
        let size: f64 = a.iter().map(|x| x * x).sum::<f64>().sqrt();
        let off: f64 = a
            .iter()
            .zip(b)
            .map(|(x, y)| (x - f64::from(*y)).powi(2))
            .sum::<f64>()
            .sqrt();
        // Some hundred roundings of 6e-8 each.
        assert!(off < 1e-5 * size, "{off} of {size}");
    }
}

#[test]
fn a_token_does_not_see_what_follows_it() {
    let model = Model::<f64>::new(shape(OutputKind::Tied));
    let values = model.start(1);
    let mut ws = model.workspace(1);
    let (mut inputs, targets) = (tokens(37), tokens(38)[1..].to_vec());
    let losses = |inputs: &[u16], ws: &mut _| {
        let mut losses = Vec::new();
        let of = Sequences {
            inputs,
            targets: &targets,
        };
        model.losses(&values, of, ws, &mut losses);
        losses
    };
    let before = losses(&inputs, &mut ws);
    inputs[33] = (inputs[33] + 1) % 11;
    let after = losses(&inputs, &mut ws);
    assert_eq!(before[..33], after[..33]);
    assert!(before[33..].iter().zip(&after[33..]).all(|(a, b)| a != b));
}
