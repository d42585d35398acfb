//! From a number of parameters to a shape.

use isoflop_trainer::shape::Shape;

use crate::file::{ModelSection, ShapeSection};

/// Layers that are tried.
const MOST_LAYERS: usize = 64;
/// Widths are multiples of this.
const WIDTH_STEP: usize = 4;
/// How much a missed number of parameters weighs against a missed proportion of width to depth: a factor of e in
/// proportion is as bad as a twelfth in parameters.
const SIZE_WEIGHT: f64 = 12.0;

/// The shape nearest to a number of parameters, embedding included, at about the proportions of the model section.
#[must_use]
pub fn of_size(params: f64, model: &ModelSection, vocabulary: usize) -> Shape {
    let mut best: Option<(f64, Shape)> = None;
    for layers in model.layers.map_or(1..=MOST_LAYERS, |l| l..=l) {
        let width = nearest_width(params, layers, model, vocabulary);
        for width in [width.saturating_sub(WIDTH_STEP), width, width + WIDTH_STEP] {
            if width < WIDTH_STEP {
                continue;
            }
            let shape = of_width(layers, width, model, vocabulary);
            let size = (shape.params() as f64 / params).ln().abs();
            let aspect = (width as f64 / layers as f64 / model.aspect).ln().abs();
            let badness = SIZE_WEIGHT * size + aspect;
            if best.is_none_or(|(least, _)| badness < least) {
                best = Some((badness, shape));
            }
        }
    }
    best.map_or_else(
        || of_width(1, WIDTH_STEP, model, vocabulary),
        |(_, shape)| shape,
    )
}

/// The shape that a ladder file gives, with heads and hidden width where it leaves them out.
#[must_use]
pub fn of_section(section: &ShapeSection, model: &ModelSection, vocabulary: usize) -> Shape {
    let shape = of_width(section.layers, section.width, model, vocabulary);
    Shape {
        heads: section.heads.unwrap_or(shape.heads),
        hidden: section.hidden.unwrap_or(shape.hidden),
        ..shape
    }
}

fn of_width(layers: usize, width: usize, model: &ModelSection, vocabulary: usize) -> Shape {
    Shape {
        layers,
        width,
        heads: heads(width, model.head_width),
        hidden: model.expansion * width,
        context: model.context,
        vocabulary,
        output: model.output,
    }
}

/// Of the numbers of heads that split a width into even parts, the one whose head is nearest to `head_width`.
fn heads(width: usize, head_width: usize) -> usize {
    let off = |heads: usize| {
        (width as f64 / heads as f64 / head_width.max(1) as f64)
            .ln()
            .abs()
    };
    (1..=width / 2)
        .filter(|heads| width.is_multiple_of(2 * heads))
        .min_by(|a, b| off(*a).total_cmp(&off(*b)))
        .unwrap_or(1)
}

/// The multiple of the step whose model has about so many parameters, by bisection: more width has more parameters.
fn nearest_width(params: f64, layers: usize, model: &ModelSection, vocabulary: usize) -> usize {
    let count = |steps: usize| {
        let width = steps * WIDTH_STEP;
        let blocks = layers * (4 * width * width + 2 * width * model.expansion * width);
        (blocks + vocabulary * width) as f64
    };
    let (mut low, mut high) = (1usize, 1 << 14);
    while high - low > 1 {
        let middle = low.midpoint(high);
        if count(middle) <= params {
            low = middle;
        } else {
            high = middle;
        }
    }
    low * WIDTH_STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_met_within_a_tenth() {
        let model = ModelSection::default();
        for params in [5e3, 1e4, 3e4, 1e5, 3e5, 1e6, 1e7] {
            let shape = of_size(params, &model, 32);
            assert_eq!(shape.faults(), []);
            let off = (shape.params() as f64 / params).ln().abs();
            assert!(off < 0.1, "{params}: {shape:?} has {}", shape.params());
        }
        let large = of_size(1e7, &model, 32);
        let aspect = large.width as f64 / large.layers as f64;
        assert!((12.0..48.0).contains(&aspect), "{large:?}");
    }

    #[test]
    fn a_depth_that_is_given_is_kept() {
        let model = ModelSection {
            layers: Some(2),
            ..ModelSection::default()
        };
        for params in [5e3, 1e5, 1e6] {
            let shape = of_size(params, &model, 32);
            let off = (shape.params() as f64 / params).ln().abs();
            assert!(shape.layers == 2 && off < 0.25, "{shape:?}");
        }
    }

    #[test]
    fn heads_split_the_width() {
        assert_eq!(heads(64, 32), 2);
        assert_eq!(heads(128, 32), 4);
        assert_eq!(heads(20, 32), 1);
        assert_eq!(heads(100, 32), 2);
    }
}
