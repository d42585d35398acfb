//! Losses that do not lie on one smooth surface: several scales in one column, or runs that diverged.

use isoflop_base::{Evidence, Note, Severity};

use super::surface::Terms;
use super::{Scene, between, literal, median, quoted, written};
use crate::accounting::count;
use crate::select::{NeedKind, number};
use crate::table::note;

/// Rows below which nothing is said.
const FEWEST: usize = 12;
/// Rows that are enough to find the surface; the others are compared with it.
const SAMPLE: usize = 2000;
/// Distance in logarithms from which a row is off the surface: no noise of training is 15 %.
const OFF: f64 = 0.15;
/// Distance that is always near.
const TIGHT: f64 = 0.005;
/// Starting surfaces of the search for scales.
const STARTS: usize = 12;
/// A step of a smooth slope is less than this many times one beside it.
const SMOOTH: f64 = 4.0;
/// Rounds of sorting rows by scale and finding the surface again.
const ROUNDS: usize = 8;

/// A scale that a loss can be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    Nats,
    Bits,
    Perplexity,
}

const SCALES: [Scale; 3] = [Scale::Nats, Scale::Bits, Scale::Perplexity];

impl Scale {
    /// The logarithm of the loss in nats; not finite where the value cannot be on this scale.
    fn ln_nats(self, value: f64) -> f64 {
        match self {
            Self::Nats => value.ln(),
            Self::Bits => (value * std::f64::consts::LN_2).ln(),
            Self::Perplexity if value > 1.0 => value.ln().ln(),
            Self::Perplexity => f64::NAN,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Nats => "nats",
            Self::Bits => "bits",
            Self::Perplexity => "perplexity",
        }
    }
}

pub(super) fn check(scene: &Scene<'_>) -> Option<Note> {
    let loss = scene.loss?;
    let values: Vec<f64> = scene
        .rows
        .iter()
        .map(|r| number(&loss.column, *r))
        .collect();
    if values.len() < FEWEST || values.iter().any(|v| *v <= 0.0) {
        return None;
    }
    let terms = Terms::new(scene);
    let stride = values.len().div_ceil(SAMPLE);
    let sample: Vec<usize> = (0..values.len()).step_by(stride).collect();
    let mut residuals = distances(scene, &terms, &values, terms.all(), &sample)?;
    // At one size and one number of tokens most losses are alike, and a surface through the settings of a sweep
    // would bend towards the corner in which all runs diverged. A learning curve is far from flat.
    if !terms.scales {
        let flat = distances(scene, &terms, &values, 1, &sample)?;
        if spread(&residuals) > spread(&flat) / 2.0 {
            residuals = flat;
        }
    }
    let off = residuals.iter().filter(|e| e.abs() > OFF).count();
    if off == 0 {
        return None;
    }
    mixed_scales(scene, &terms, &values, &sample, off)
        .or_else(|| diverged(scene, &values, &residuals))
}

/// Distances of the logarithms of all rows from the surface with the first `degree` terms.
fn distances(
    scene: &Scene<'_>,
    terms: &Terms<'_>,
    values: &[f64],
    degree: usize,
    sample: &[usize],
) -> Option<Vec<f64>> {
    let logs: Vec<f64> = sample.iter().map(|i| values[*i].ln()).collect();
    let surface = terms.fit(&logs, degree, sample)?;
    let mut residuals: Vec<f64> = (0..values.len())
        .map(|i| values[i].ln() - terms.at(&surface, i))
        .collect();
    centre_by_level(scene, &mut residuals);
    Some(residuals)
}

/// Standard deviation of what is near the middle, by the median distance from it.
fn spread(residuals: &[f64]) -> f64 {
    let middle = median(&mut residuals.to_vec());
    let mut distances: Vec<f64> = residuals.iter().map(|e| (e - middle).abs()).collect();
    1.4826 * median(&mut distances)
}

/// Takes out what a level of a text input (a corpus, a tokenizer) adds to all its rows.
fn centre_by_level(scene: &Scene<'_>, residuals: &mut [f64]) {
    for need in scene.needs.iter().filter(|n| n.kind == NeedKind::Level) {
        let mut groups: std::collections::BTreeMap<String, Vec<usize>> =
            std::collections::BTreeMap::new();
        for (i, row) in scene.rows.iter().enumerate() {
            let level = need.column.text(*row).unwrap_or_default();
            groups.entry(level).or_default().push(i);
        }
        for rows in groups.values() {
            let mut inside: Vec<f64> = rows.iter().map(|i| residuals[*i]).collect();
            let middle = median(&mut inside);
            rows.iter().for_each(|i| residuals[*i] -= middle);
        }
    }
}

/// A surface and the scale on which each row is nearest to it.
struct Sorting {
    scales: Vec<Scale>,
    distances: Vec<f64>,
    /// Mean distance of the sample, far rows counted alike.
    cost: f64,
}

impl Sorting {
    /// Whether the rows of every scale are as near to the surface as those of the most common one: runs that
    /// diverged may land near it on some scale, but not that near.
    fn is_tight(&self, counts: &[usize; 3]) -> bool {
        let typical = SCALES.map(|scale| {
            let of_scale = self.scales.iter().zip(&self.distances);
            let mut distances: Vec<f64> = of_scale
                .filter(|(s, _)| **s == scale)
                .map(|(_, d)| *d)
                .collect();
            median(&mut distances)
        });
        let most = (0..SCALES.len()).max_by_key(|i| counts[*i]).unwrap_or(0);
        let within = typical[most].max(TIGHT) * 3.0;
        within < OFF && typical.iter().all(|d| d.is_nan() || *d < within)
    }
}

/// Reports rows on other scales, if telling scales apart explains nearly all rows that are off one surface.
fn mixed_scales(
    scene: &Scene<'_>,
    terms: &Terms<'_>,
    values: &[f64],
    sample: &[usize],
    off: usize,
) -> Option<Note> {
    let mut pooled: Vec<f64> = sample
        .iter()
        .flat_map(|i| SCALES.map(|s| s.ln_nats(values[*i])))
        .filter(|x| x.is_finite())
        .collect();
    pooled.sort_by(f64::total_cmp);
    let quantile = |k: usize| pooled[(2 * k + 1) * pooled.len() / (2 * STARTS)];
    let best = (0..STARTS)
        .filter_map(|k| sort(terms, values, sample, quantile(k)))
        .min_by(|a, b| a.cost.total_cmp(&b.cost))?;
    let left = best.distances.iter().filter(|d| **d > OFF).count();
    let counts = SCALES.map(|s| best.scales.iter().filter(|b| **b == s).count());
    let least = 3.max(values.len() / 25);
    let present = counts.iter().filter(|n| **n >= least).count();
    // A few rows above the others are runs that diverged, unless the others are in nats and they fit exactly.
    let few_above = counts[0] < least && off * 5 <= values.len();
    if few_above
        || present < 2
        || left * 4 > off
        || off * 25 < values.len()
        || !best.is_tight(&counts)
        || follows_drops(scene, values, &best.scales)
    {
        return None;
    }
    let kinds: Vec<String> = SCALES
        .iter()
        .zip(counts)
        .filter(|(_, n)| *n > 0)
        .map(|(scale, n)| format!("{} in {}", count(n, "row"), scale.name()))
        .collect();
    let message = format!(
        "the values of {} do not lie on one surface: they look like several scales in one column ({})",
        quoted(&scene.loss?.column.name),
        kinds.join(", ")
    );
    let most = counts.iter().copied().max().unwrap_or(0);
    let mut found = note(
        "mixed-loss-scales",
        Severity::Error,
        message,
        Some(values.len() - most),
    );
    for (scale, n) in SCALES.iter().zip(counts) {
        let evidence = (scale.name().to_owned(), Evidence::Number(n as f64));
        found.evidence.push(evidence);
    }
    found.advice = format!(
        "this fit is not reliable; say in a column which scale each row is on and convert with --let, perplexity by ln({0}), bits by {0}*0.6931472",
        written(&scene.loss?.column.name)
    );
    Some(found)
}

/// Whether scales change on a smooth slope, along an input at which the others stay: a curve that drops from 11 to 3 meets
/// every scale on its way, by steps like those before and after. From one scale to another is a jump.
fn follows_drops(scene: &Scene<'_>, values: &[f64], scales: &[Scale]) -> bool {
    let inputs: Vec<Vec<f64>> = scene
        .inputs()
        .map(|need| {
            scene
                .rows
                .iter()
                .map(|r| number(&need.column, *r))
                .collect()
        })
        .collect();
    (0..inputs.len()).any(|along| {
        let others = |i: usize| -> Vec<u64> {
            let rest = inputs.iter().enumerate().filter(|(k, _)| *k != along);
            rest.map(|(_, column)| column[i].to_bits()).collect()
        };
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|a, b| {
            inputs[along][*a]
                .total_cmp(&inputs[along][*b])
                .then(a.cmp(b))
        });
        order.sort_by_cached_key(|i| others(*i));
        // Steps of the logarithm; none from one curve to the next.
        let steps: Vec<Option<f64>> = order
            .windows(2)
            .map(|pair| {
                let same = others(pair[0]) == others(pair[1]);
                same.then(|| (values[pair[1]] / values[pair[0]]).ln())
            })
            .collect();
        let beside = |k: usize| {
            let before = k.checked_sub(1).and_then(|i| steps[i]);
            let after = steps.get(k + 1).copied().flatten();
            [before, after].into_iter().flatten()
        };
        let (mut changes, mut smooth) = (0usize, 0usize);
        for (k, step) in steps.iter().enumerate() {
            if let Some(step) = step
                && scales[order[k]] != scales[order[k + 1]]
            {
                changes += 1;
                smooth +=
                    usize::from(beside(k).any(|b| b * step > 0.0 && step.abs() < SMOOTH * b.abs()));
            }
        }
        changes > 0 && smooth * 10 >= changes * 9
    })
}

/// Sorts rows by scale around a surface that starts flat at `level`.
fn sort(terms: &Terms<'_>, values: &[f64], sample: &[usize], level: f64) -> Option<Sorting> {
    let mut surface = vec![level];
    for round in 0..2 * ROUNDS {
        let logs: Vec<f64> = sample
            .iter()
            .map(|i| nearest(values[*i], terms.at(&surface, *i)).1)
            .collect();
        let degree = if round < ROUNDS {
            terms.linear
        } else {
            terms.all()
        };
        surface = terms.fit(&logs, degree, sample)?;
    }
    let mut sorting = Sorting {
        scales: Vec::with_capacity(values.len()),
        distances: Vec::with_capacity(values.len()),
        cost: 0.0,
    };
    for (i, value) in values.iter().enumerate() {
        let height = terms.at(&surface, i);
        let (scale, log) = nearest(*value, height);
        sorting.scales.push(scale);
        sorting.distances.push((log - height).abs());
    }
    let clipped = sample.iter().map(|i| sorting.distances[*i].min(2.0 * OFF));
    sorting.cost = clipped.sum::<f64>() / sample.len() as f64;
    Some(sorting)
}

/// The scale on which a value is nearest to the surface, and the logarithm of the loss on it.
fn nearest(value: f64, height: f64) -> (Scale, f64) {
    let mut best = (Scale::Nats, Scale::Nats.ln_nats(value));
    for scale in [Scale::Bits, Scale::Perplexity] {
        let log = scale.ln_nats(value);
        if (log - height).abs() < (best.1 - height).abs() {
            best = (scale, log);
        }
    }
    best
}

/// Reports rows far above the surface with a gap between them and the rest.
fn diverged(scene: &Scene<'_>, values: &[f64], residuals: &[f64]) -> Option<Note> {
    let loss = scene.loss?;
    let middle = median(&mut residuals.to_vec());
    let spread = spread(residuals);
    let mut order: Vec<usize> = (0..residuals.len()).collect();
    order.sort_by(|a, b| residuals[*a].total_cmp(&residuals[*b]).then(a.cmp(b)));
    let upper = order.len() * 3 / 5;
    let gap = |i: usize| residuals[order[i]] - residuals[order[i - 1]];
    let cut =
        (upper.max(1)..order.len()).max_by(|a, b| gap(*a).total_cmp(&gap(*b)).then(b.cmp(a)))?;
    let least = OFF.max(6.0 * spread);
    if gap(cut) < OFF.max(4.0 * spread) || residuals[order[cut]] - middle < least {
        return None;
    }
    let mut far = order.split_off(cut);
    far.sort_unstable();
    let rows: Vec<usize> = far.iter().map(|i| scene.rows[*i]).collect();
    let lowest = far.iter().map(|i| values[*i]).fold(f64::INFINITY, f64::min);
    let highest = order.iter().map(|i| values[*i]).fold(0.0, f64::max);
    let name = quoted(&loss.column.name);
    let message = format!(
        "{} have {name} far above the rest (from {lowest:.4}, the lowest of all is {:.4}): diverged? ({})",
        scene.share(&rows),
        values.iter().copied().fold(f64::INFINITY, f64::min),
        scene.table.list_places(&rows)
    );
    let mut found = note(
        "diverged-runs",
        Severity::Warning,
        message,
        Some(rows.len()),
    );
    found.advice = if highest < lowest {
        let limit = literal(between(highest, lowest));
        format!(
            "leave them out with --where '{} < {limit}'",
            written(&loss.column.name)
        )
    } else {
        "look at these rows, and leave them out with --where if they diverged".to_owned()
    };
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scale_gives_the_same_loss_back() {
        for nats in [1.2, 2.5, 6.0] {
            let written = [nats, nats / std::f64::consts::LN_2, f64::exp(nats)];
            for (scale, value) in SCALES.iter().zip(written) {
                assert!(
                    (scale.ln_nats(value) - nats.ln()).abs() < 1e-12,
                    "{scale:?}"
                );
                assert_eq!(nearest(value, nats.ln()).0, *scale);
            }
        }
        assert!(!Scale::Perplexity.ln_nats(0.9).is_finite());
    }
}
