//! Does the compute count the last layer, and everywhere the same way?
//!
//! # What it checks
//!
//! Stated compute against 6ND: whether it is that of parameters without embeddings (the head's matrix product is then
//! missing), and whether a column says that conventions differ between rows.
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
//! Porian et al. 2024, arXiv:2406.19146; Kaplan et al. 2020, arXiv:2001.08361, Table 1.

use super::Rule;
use super::embeddings::leaves_out_embeddings;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::Subject;
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
    Verdict::Clear(if of_six {
        format!("compute is 6ND of `{used}`; it holds the last layer if that column does")
    } else {
        format!(
            "compute over 6ND lies from {low:.2} to {high:.2}, in the middle {middle:.2}: counted by layers, or noisy"
        )
    })
}
