//! The reporting checklists of the field, in our words, each item answered from the runs and the fit where they say it.
//!
//! # Source
//!
//! Li, Kudugunta, Zettlemoyer 2025, arXiv:2502.18969, its checklist in four parts; Choshen, Zhang, Andreas 2024,
//! arXiv:2410.11840, sections 4 to 9; Alabdulmohsin, Neyshabur, Zhai 2022, arXiv:2209.06640, section 4.

use super::finding::{Answered, Outcome};
use super::stats::clusters;
use super::subject::Subject;
use isoflop_backtest::{Cut, Extrapolation};
use isoflop_base::format_si;
use isoflop_fit::Fit;
use isoflop_law::VarRole;
use serde::{Deserialize, Serialize};

/// One item of a checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Part of a report: `form`, `training`, `collection`, `fitting`, `judging`.
    pub part: String,
    /// What a reader wants to be told.
    pub asks: String,
    /// What the runs and the fit say; none where only the author knows.
    pub answer: Option<String>,
    /// Who asks.
    pub source: String,
}

/// What an item is answered from.
struct Known<'a> {
    subject: &'a Subject<'a>,
    answers: &'a [Answered],
    held_out: &'a Extrapolation,
}

type Answer = fn(&Known<'_>) -> Option<String>;

const MISFITTING: &str = "arXiv:2502.18969";
const GUIDE: &str = "arXiv:2410.11840";
const EXTRAPOLATION: &str = "arXiv:2209.06640";

/// Part, what is asked, who asks, what answers.
const ITEMS: &[(&str, &str, &str, Answer)] = &[
    (
        "form",
        "the functional form with all free coefficients",
        MISFITTING,
        form,
    ),
    (
        "form",
        "every variable with its unit",
        MISFITTING,
        variables,
    ),
    (
        "form",
        "which coefficients are tied, fixed or bounded",
        MISFITTING,
        ties,
    ),
    ("form", "why this form", MISFITTING, author),
    (
        "form",
        "the range for which the law is claimed",
        MISFITTING,
        range,
    ),
    (
        "training",
        "how many models, of which sizes, on how many tokens",
        MISFITTING,
        models,
    ),
    (
        "training",
        "corpus and tokenizer, and whether data repeat",
        MISFITTING,
        |k| {
            k.columns(&[
                "corpus",
                "dataset",
                "data",
                "traindata",
                "tokenizer",
                "uniquetokens",
                "epochs",
            ])
        },
    ),
    (
        "training",
        "how N, D and C are counted",
        MISFITTING,
        counting,
    ),
    (
        "training",
        "learning rate, schedule, warm-up, batch, and how they change with scale",
        MISFITTING,
        |k| {
            k.columns(&[
                "learningrate",
                "lr",
                "peaklr",
                "schedule",
                "lrdecay",
                "warmup",
                "warmupsteps",
                "batchsize",
                "batchsequences",
                "globalbatchsequences",
                "weightdecay",
            ])
        },
    ),
    (
        "training",
        "how depth, width and heads change with scale",
        MISFITTING,
        |k| {
            k.columns(&[
                "width",
                "ffnwidth",
                "depth",
                "layers",
                "heads",
                "architecture",
                "dmodel",
                "nlayers",
            ])
        },
    ),
    (
        "training",
        "whether code and configurations are public",
        MISFITTING,
        author,
    ),
    (
        "collection",
        "evaluation set, metric, unit of the loss",
        MISFITTING,
        metric,
    ),
    (
        "collection",
        "which checkpoints became data points",
        MISFITTING,
        |k| k.rule("checkpoints"),
    ),
    (
        "collection",
        "smoothing, averaging over seeds or weights",
        MISFITTING,
        author,
    ),
    ("collection", "the points themselves", MISFITTING, |k| {
        k.rule("record")
    }),
    (
        "fitting",
        "objective, with its corner and scale, sum or mean",
        MISFITTING,
        objective,
    ),
    ("fitting", "optimiser and tolerances", MISFITTING, |k| {
        k.rule("optimum")
    }),
    (
        "fitting",
        "starts, and the rule for the winner",
        MISFITTING,
        |k| k.rule("starts"),
    ),
    ("fitting", "points left out, and why", MISFITTING, |k| {
        k.rule("skipped")
    }),
    (
        "fitting",
        "intervals, and how they were made",
        MISFITTING,
        |k| k.rule("intervals"),
    ),
    (
        "fitting",
        "coefficients with enough digits",
        MISFITTING,
        |k| k.rule("rounding"),
    ),
    ("judging", "at least five model sizes", GUIDE, |k| {
        k.rule("sizes")
    }),
    (
        "judging",
        "the first tenth of each run left out",
        GUIDE,
        |k| k.rule("checkpoints"),
    ),
    (
        "judging",
        "how many coefficients the runs determine",
        GUIDE,
        |k| k.rule("identified"),
    ),
    (
        "judging",
        "error on the largest runs, held out, at several cuts",
        EXTRAPOLATION,
        backtest,
    ),
    (
        "judging",
        "the distance of every prediction from the runs",
        EXTRAPOLATION,
        |k| k.rule("reach"),
    ),
];

/// All items with their answers.
pub(crate) fn checklist(
    subject: &Subject<'_>,
    answers: &[Answered],
    held_out: &Extrapolation,
) -> Vec<Item> {
    let known = Known {
        subject,
        answers,
        held_out,
    };
    ITEMS
        .iter()
        .map(|(part, asks, source, answer)| Item {
            part: (*part).to_owned(),
            asks: (*asks).to_owned(),
            answer: answer(&known).filter(|a| !a.is_empty()),
            source: (*source).to_owned(),
        })
        .collect()
}

impl Known<'_> {
    /// What a rule of the audit said.
    fn rule(&self, name: &str) -> Option<String> {
        let answered = self.answers.iter().find(|a| a.rule == name)?;
        match answered.outcome {
            Outcome::Clear => Some(answered.message.clone()),
            Outcome::Found => {
                let said: Vec<&str> = answered
                    .findings
                    .iter()
                    .map(|f| f.message.as_str())
                    .collect();
                Some(said.join("; "))
            }
            Outcome::CannotTell | Outcome::DoesNotApply | Outcome::NotAsked => None,
        }
    }

    /// Which of these columns the table has, with their values where they are few.
    fn columns(&self, names: &[&str]) -> Option<String> {
        let found = names.iter().filter_map(|name| {
            let column = self.subject.column(&[name])?;
            let mut values = self.subject.labels(column);
            values.retain(|v| !v.is_empty());
            values.sort();
            values.dedup();
            Some(match values.len() {
                0 => format!("`{}`", column.name),
                1..=4 => format!("`{}`: {}", column.name, values.join(", ")),
                n => format!("`{}`: {n} values", column.name),
            })
        });
        Some(found.collect::<Vec<_>>().join("; "))
    }

    fn fit(&self) -> Option<&Fit> {
        self.subject.fit
    }
}

/// The law's own errors, from the cut nearest to all runs.
fn backtest(k: &Known<'_>) -> Option<String> {
    let own = |c: &&Cut| c.law == k.subject.law.id;
    let cuts: Vec<&Cut> = k.held_out.backtest.iter().filter(own).collect();
    let words: Vec<String> = cuts
        .iter()
        .map(|c| {
            format!(
                "{:.2}% at {:.1} orders of magnitude ({} runs)",
                100.0 * c.rmse_log,
                c.farthest,
                c.held
            )
        })
        .collect();
    (!words.is_empty()).then(|| {
        format!(
            "root mean square error of runs beyond {} cuts: {}",
            words.len(),
            words.join("; ")
        )
    })
}

/// Only the author knows.
fn author(_: &Known<'_>) -> Option<String> {
    None
}

fn form(k: &Known<'_>) -> Option<String> {
    let law = &k.subject.law;
    let free = law
        .coefs
        .iter()
        .filter(|c| c.fixed.is_none() && c.tie.is_none());
    let names: Vec<&str> = free.map(|c| c.name.as_str()).collect();
    let formula: Vec<&str> = law.formula_text.split_whitespace().collect();
    Some(format!(
        "{}, with {} free",
        formula.join(" "),
        names.join(", ")
    ))
}

fn variables(k: &Known<'_>) -> Option<String> {
    let words = k.subject.law.vars.iter().map(|v| {
        let unit = if v.unit.is_empty() {
            String::new()
        } else {
            format!(" ({})", v.unit)
        };
        let role = if v.role == VarRole::Response {
            ", predicted"
        } else {
            ""
        };
        format!("{} = {}{unit}{role}", v.name, v.column)
    });
    Some(words.collect::<Vec<_>>().join("; "))
}

fn ties(k: &Known<'_>) -> Option<String> {
    let words: Vec<String> = k
        .subject
        .law
        .coefs
        .iter()
        .filter_map(|c| match (&c.tie, c.fixed) {
            (Some((text, _)), _) => Some(format!("{} = {text}", c.name)),
            (None, Some(value)) => Some(format!("{} = {value}", c.name)),
            (None, None) if c.upper.is_finite() || c.lower != f64::NEG_INFINITY => {
                Some(format!("{} in [{}, {}]", c.name, c.lower, c.upper))
            }
            (None, None) => None,
        })
        .collect();
    Some(if words.is_empty() {
        "none".to_owned()
    } else {
        words.join("; ")
    })
}

fn range(k: &Known<'_>) -> Option<String> {
    let words = k.fit()?.ranges.iter().map(|r| {
        format!(
            "{} from {} to {}",
            r.name,
            format_si(r.min, 3),
            format_si(r.max, 3)
        )
    });
    Some(format!(
        "the runs have {}",
        words.collect::<Vec<_>>().join(", ")
    ))
}

fn models(k: &Known<'_>) -> Option<String> {
    let runs = &k.subject.runs;
    let params = runs.params.as_ref()?;
    let ends = |values: &[f64]| {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(0.0, f64::max);
        format!("{} to {}", format_si(low, 3), format_si(high, 3))
    };
    let tokens = runs
        .tokens
        .as_ref()
        .map_or_else(String::new, |d| format!(", {} tokens", ends(d)));
    let sizes = clusters(params, 0.05).len();
    Some(format!(
        "{} runs, {sizes} sizes from {} params{tokens}",
        runs.n,
        ends(params)
    ))
}

fn counting(k: &Known<'_>) -> Option<String> {
    let fit = k.fit()?;
    let columns = fit.ranges.iter().filter(|r| !r.column.is_empty());
    let from: Vec<String> = columns
        .map(|r| format!("{} from `{}`", r.name, r.column))
        .collect();
    let layer = k
        .rule("last-layer")
        .map_or_else(String::new, |said| format!("; {said}"));
    Some(format!("{}{layer}", from.join(", ")))
}

fn metric(k: &Known<'_>) -> Option<String> {
    let response = k.subject.law.response();
    let said = k
        .columns(&["evaluationset", "evalset", "losssplit", "metric"])
        .unwrap_or_default();
    let unit = if response.unit.is_empty() {
        "no unit stated"
    } else {
        response.unit.as_str()
    };
    let more = if said.is_empty() {
        String::new()
    } else {
        format!("; {said}")
    };
    Some(format!("`{}`, {unit}{more}", response.column))
}

fn objective(k: &Known<'_>) -> Option<String> {
    let o = &k.fit()?.objective;
    Some(format!(
        "--objective {}: summed, not averaged, on scale {}; {:.9e} at the optimum",
        o.spelling, o.scale, o.value
    ))
}
