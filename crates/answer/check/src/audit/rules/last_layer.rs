//! Does the compute count the last layer, and everywhere the same way?
//!
//! # What it checks
//!
//! Stated compute against 6ND: whether it is that of parameters without embeddings (the head's matrix product is then
//! missing), whether a column says that conventions differ between rows, and whether the ratio of the two follows the size
//! as it does where one of them counts embeddings and the other does not: their share falls with N^(2/3), that of
//! attention with N^(1/3).
//!
//! # Why it matters
//!
//! The last layer multiplies by as many weights as the embedding has. With its FLOP counted the exponent of N* on
//! RefinedWeb is 0.71, without it 0.84.
//!
//! # What to do
//!
//! Count compute from all layers that multiply (`isoflop flops --list`), for all runs alike.
//!
//! # Source
//!
//! Porian et al. 2024, arXiv:2406.19146; Kaplan et al. 2020, arXiv:2001.08361, Table 1; Pearce, Song 2024,
//! arXiv:2406.12907, equation 6 (embeddings by size).

use super::Rule;
use super::embeddings::leaves_out_embeddings;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::Subject;
use isoflop_base::format_si;
use isoflop_numerics::dist::median;

pub(super) const RULE: Rule = Rule {
    name: "last-layer",
    question: "Does the compute count the last layer, and everywhere the same way?",
    source: "arXiv:2406.19146; arXiv:2001.08361, Table 1",
    look,
};

/// Columns that name a convention of counting.
const CONVENTION: [&str; 4] = [
    "flopconvention",
    "flopsconvention",
    "computeconvention",
    "flopcounting",
];
/// Relative agreement with 6ND that is no chance.
const AGREES: f64 = 0.005;
/// Ratio of the largest to the smallest size that shows how compute follows size.
const SPREAD: f64 = 3.0;
/// Embeddings over the other parameters at the smallest size that matter.
const MATTERS: f64 = 0.05;
/// Share of the difference between compute and 6ND that may have another cause.
const UNEXPLAINED: f64 = 0.1;

fn look(subject: &Subject<'_>) -> Verdict {
    if let Some(column) = subject.column(&CONVENTION) {
        let mut labels = subject.labels(column);
        labels.sort();
        labels.dedup();
        labels.retain(|l| !l.is_empty());
        if labels.len() > 1 && !subject.law_reads(column) {
            return Found::warning(
                "mixed-flop-conventions",
                format!("`{}` takes {} values ({}): N, C or both are counted in different ways in one fit", column.name, labels.len(), labels.join(", ")),
            )
            .text("column", &column.name)
            .number("conventions", labels.len() as f64)
            .advice("fit one convention at a time (--where), or count all rows again by one")
            .alone();
        }
    }
    if subject.is_computed("tokens") || subject.is_computed("params") {
        return Verdict::CannotTell(
            "tokens were computed from the stated compute as 6ND would have it".to_owned(),
        );
    }
    let runs = &subject.runs;
    let (Some(params), Some(tokens), Some(flops)) = (&runs.params, &runs.tokens, &runs.flops)
    else {
        return Verdict::CannotTell("params, tokens and stated flops are not all known".to_owned());
    };
    let ratios: Vec<f64> = (0..runs.n)
        .map(|i| flops[i] / (6.0 * params[i] * tokens[i]))
        .collect();
    let middle = median(&ratios);
    let agree = ratios.iter().filter(|r| (**r - 1.0).abs() < AGREES).count();
    let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ratios.iter().copied().fold(0.0, f64::max);
    let of_six = agree * 10 >= runs.n * 9;
    let used = subject.range("N").map_or("", |r| r.column.as_str());
    if of_six && leaves_out_embeddings(used) {
        return Found::warning(
            "last-layer-flop",
            format!("compute is 6ND with `{used}`, which leaves embeddings out: the FLOP of the last layer are not counted"),
        )
        .number("flops_per_param_token", 6.0 * middle)
        .advice("count 6 FLOP per token for the weights of the output layer as well")
        .alone();
    }
    if of_six && used.is_empty() {
        return Verdict::CannotTell(
            "compute is 6ND; no name says whether N holds the output layer".to_owned(),
        );
    }
    if !of_six && let Some(found) = embeddings_between(params, &ratios, used) {
        return found.alone();
    }
    Verdict::Clear(if of_six {
        format!("compute is 6ND of `{used}`; it holds the last layer if that column does")
    } else {
        format!(
            "compute over 6ND lies from {low:.2} to {high:.2}, in the middle {middle:.2}: counted by layers, or noisy"
        )
    })
}

/// Compute over 6ND as a function of size, where that is what embeddings make of it.
fn embeddings_between(params: &[f64], ratios: &[f64], used: &str) -> Option<Found> {
    let above = median(ratios) > 1.0;
    // With N' = ratio · N the parameters that compute counts, the larger count over the smaller is 1 + c · smaller^(−2/3).
    let excess: Vec<f64> = ratios
        .iter()
        .map(|r| if above { r - 1.0 } else { 1.0 / r - 1.0 })
        .collect();
    let smaller = params.iter().zip(ratios);
    let smaller: Vec<f64> = smaller
        .map(|(n, r)| if above { *n } else { n * r })
        .collect();
    let low = smaller.iter().copied().fold(f64::INFINITY, f64::min);
    let high = smaller.iter().copied().fold(0.0, f64::max);
    if high / low < SPREAD || smaller.len() < 3 || excess.iter().any(|e| !e.is_finite()) {
        return None;
    }
    let by = |power: f64| -> Vec<f64> { smaller.iter().map(|n| (n / low).powf(power)).collect() };
    let (embedding, attention) = (by(-2.0 / 3.0), by(-1.0 / 3.0));
    let (at_smallest, rest) = two_terms(&embedding, &attention, &excess);
    let total: f64 = excess.iter().map(|e| e * e).sum();
    if at_smallest < MATTERS || rest > UNEXPLAINED * total {
        return None;
    }
    let at = |size: f64| {
        let near = (0..params.len()).min_by(|a, b| {
            (params[*a] / size)
                .ln()
                .abs()
                .total_cmp(&(params[*b] / size).ln().abs())
        });
        near.map_or(f64::NAN, |i| ratios[i])
    };
    let least = params.iter().copied().fold(f64::INFINITY, f64::min);
    let most = params.iter().copied().fold(0.0, f64::max);
    let (way, meaning) = if above {
        (
            "falls",
            "sizes leave the embeddings out and compute counts them",
        )
    } else {
        (
            "rises",
            "sizes count the embeddings and compute leaves them out",
        )
    };
    let column = if used.is_empty() { "N" } else { used };
    Some(
        Found::warning(
            "sizes-and-flops-differ",
            format!(
                "stated compute over 6ND with `{column}` {way} from {:.2} at {} params to {:.2} at {}, as it does where {meaning}: an optimum \
                 read by one does not hold by the other",
                at(least),
                format_si(least, 3),
                at(most),
                format_si(most, 3)
            ),
        )
        .number("ratio_at_smallest", at(least))
        .number("ratio_at_largest", at(most))
        .advice("count sizes and compute from the same parameters (isoflop flops --list), and plan in that count"),
    )
}

/// Least squares of y on two columns with weights of at least zero: the weight of the first, and the sum of squares left.
fn two_terms(a: &[f64], b: &[f64], y: &[f64]) -> (f64, f64) {
    let dot = |u: &[f64], v: &[f64]| u.iter().zip(v).map(|(u, v)| u * v).sum::<f64>();
    let (aa, ab, bb, ay, by) = (dot(a, a), dot(a, b), dot(b, b), dot(a, y), dot(b, y));
    let rest = |p: f64, q: f64| {
        let squares = a
            .iter()
            .zip(b)
            .zip(y)
            .map(|((a, b), y)| (y - p * a - q * b).powi(2));
        squares.sum::<f64>()
    };
    let determinant = aa * bb - ab * ab;
    let both = (
        (ay * bb - by * ab) / determinant,
        (by * aa - ay * ab) / determinant,
    );
    let (p, q) = if both.0 >= 0.0 && both.1 >= 0.0 {
        both
    } else {
        let (first, second) = ((ay / aa).max(0.0), (by / bb).max(0.0));
        if rest(first, 0.0) <= rest(0.0, second) {
            (first, 0.0)
        } else {
            (0.0, second)
        }
    };
    (p, rest(p, q))
}
