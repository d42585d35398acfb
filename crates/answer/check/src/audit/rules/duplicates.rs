//! Are the rows independent measurements?
//!
//! # What it checks
//!
//! Rows that repeat others in every cell, rows that give the same response to all digits at the same inputs under another
//! label, and settings (all inputs of the law equal) that occur several times with losses that differ by less than the
//! residuals: seeds, restarts, several evaluations of one model. The test is the F test of lack of fit; it errs in one
//! table of a hundred.
//!
//! # Why it matters
//!
//! Repeats share whatever the law gets wrong at their setting. Counted as independent they shrink every interval without
//! adding information about the law.
//!
//! # What to do
//!
//! Average repeats, or resample whole settings (`--uncertainty cluster:COLUMN:1000`, by a column that names the setting).
//!
//! # Source
//!
//! Davison, Hinkley 1997, Bootstrap Methods and their Application, section 3.8; Draper, Smith 1998, Applied Regression
//! Analysis, section 2.1 (lack of fit and pure error); Li, Kudugunta, Zettlemoyer 2025,
//! arXiv:2502.18969 (averaging over seeds is an item of its checklist).

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::Subject;
use isoflop_base::Severity;
use isoflop_fit::Fit;
use isoflop_numerics::dist::f_tail;

pub(super) const RULE: Rule = Rule {
    name: "duplicates",
    question: "Are the rows independent measurements?",
    source: "Davison, Hinkley 1997, section 3.8; arXiv:2502.18969, checklist",
    look,
};

/// Share of rows in repeated settings that matters.
const MANY: f64 = 0.2;
/// Probability with which independent repeats are taken for dependent ones.
const CHANCE: f64 = 0.01;
/// Share of rows that say again what another says that is told.
const AGAIN: f64 = 0.02;
/// Digits with which two measurements do not agree by chance.
const DIGITS: usize = 5;

fn look(subject: &Subject<'_>) -> Verdict {
    let mut found = subject.noted(&[
        "copied-rows",
        "repeated-rows",
        "dependent-runs",
        "alike-rows",
    ]);
    let Some(fit) = subject.fit else {
        return Verdict::of(found, || "no row repeats another".to_owned());
    };
    let n = subject.runs.residuals.len();
    if n == 0 || fit.points.inputs.is_empty() {
        return Verdict::CannotTell("the fit does not keep its runs".to_owned());
    }
    let settings = repeated_settings(fit, n);
    found.extend(said_again(subject, fit, &settings));
    let rows: usize = settings.iter().map(Vec::len).sum();
    let resemblance = resemblance(subject, &settings);
    let by_cluster = fit.uncertainty.method == "cluster";
    if let Some(r) = &resemblance
        && r.p_value < CHANCE
        && rows as f64 > MANY * n as f64
        && !by_cluster
    {
        let counted = found.iter().any(|f| f.code == "dependent-runs");
        found.push(dependent(n, rows, settings.len(), r, counted));
    }
    Verdict::of(found, || match (settings.len(), resemblance) {
        (0, _) => "no two rows have the same inputs".to_owned(),
        (k, None) => format!("{rows} rows repeat {k} settings"),
        (k, Some(r)) => format!(
            "{rows} rows repeat {k} settings, and on the scale of the residuals repeats differ by {:.2e}, settings from the law by {:.2e} (p = {:.2}){}",
            r.within,
            r.between,
            r.p_value,
            if by_cluster {
                "; the intervals resample whole clusters"
            } else {
                ""
            }
        ),
    })
}

/// Intervals that count groups already allow for it.
fn dependent(n: usize, rows: usize, settings: usize, r: &Resemblance, counted: bool) -> Found {
    let (severity, advice) = if counted {
        (
            Severity::Info,
            "the intervals count groups of rows: see what they were grouped by",
        )
    } else {
        (
            Severity::Warning,
            "average the repeats, or resample settings: --uncertainty cluster:COLUMN:1000, with a column that names the setting",
        )
    };
    Found::new(
        "dependent-rows",
        severity,
        format!(
            "{rows} of {n} rows repeat {settings} settings of the inputs, and repeats agree with each other better than with the law: they \
             differ by {:.2e}, the means of settings from the law by {:.2e} (F = {:.1}, p = {:.0e})",
            r.within, r.between, r.ratio, r.p_value
        ),
    )
    .number("rows", rows as f64)
    .number("settings", settings as f64)
    .number("within", r.within)
    .number("between", r.between)
    .number("p_value", r.p_value)
    .advice(advice)
}

/// Groups of rows with equal inputs and levels, of two rows and more.
fn repeated_settings(fit: &Fit, n: usize) -> Vec<Vec<usize>> {
    let inputs = &fit.points.inputs;
    let key = |i: usize| -> Vec<u64> { inputs.iter().map(|(_, v)| v[i].to_bits()).collect() };
    let levels = |i: usize| -> Vec<&str> {
        let columns = fit.points.levels.iter();
        columns.map(|(_, v)| v[i].as_str()).collect()
    };
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_cached_key(|i| (key(*i), levels(*i), *i));
    order
        .chunk_by(|a, b| key(*a) == key(*b) && levels(*a) == levels(*b))
        .filter(|group| group.len() > 1)
        .map(<[usize]>::to_vec)
        .collect()
}

/// Rows of one setting with one and the same response: the run stands in the table under two labels.
fn said_again(subject: &Subject<'_>, fit: &Fit, settings: &[Vec<usize>]) -> Option<Found> {
    let response = &fit.points.response;
    let precise = |y: f64| {
        let text = format!("{y:e}");
        let mantissa = text.split('e').next().unwrap_or_default();
        mantissa.bytes().filter(u8::is_ascii_digit).count() >= DIGITS
    };
    let mut again: Vec<usize> = Vec::new();
    for setting in settings {
        let mut order = setting.clone();
        order.sort_by(|a, b| response[*a].total_cmp(&response[*b]).then(a.cmp(b)));
        for same in order.chunk_by(|a, b| response[*a] == response[*b]) {
            if precise(response[same[0]]) {
                again.extend(&same[1..]);
            }
        }
    }
    again.sort_unstable();
    (again.len() as f64 > AGAIN * response.len() as f64).then(|| {
        Found::warning(
            "same-measurement",
            format!(
                "{} of {} rows have the inputs and the response of another row to all digits, and differ from it in other columns only ({}): \
                 one measurement counts several times",
                again.len(),
                response.len(),
                subject.runs.list(&again)
            ),
        )
        .number("rows", again.len() as f64)
        .advice("keep one row of each run: see what the column says in which they differ, and leave the others out with --where")
    })
}

/// How much better repeats agree with each other than with the law.
struct Resemblance {
    /// Standard deviation of repeats.
    within: f64,
    /// Standard deviation of a row by what its setting lies off the law.
    between: f64,
    ratio: f64,
    p_value: f64,
}

/// The F test of lack of fit; rows that are not repeated take no part in the noise. None without repeats.
fn resemblance(subject: &Subject<'_>, settings: &[Vec<usize>]) -> Option<Resemblance> {
    let yardstick = subject.yardstick().filter(|y| !y.exact)?;
    let scores = yardstick.scores();
    let mut within = 0.0;
    for setting in settings {
        let mean = setting.iter().map(|i| scores[*i]).sum::<f64>() / setting.len() as f64;
        within += setting
            .iter()
            .map(|i| (scores[*i] - mean).powi(2))
            .sum::<f64>();
    }
    let rows: usize = settings.iter().map(Vec::len).sum();
    let pure = (rows - settings.len()) as f64;
    let lack = yardstick.freedom() as f64 - pure;
    if pure < 2.0 || lack < 2.0 {
        return None;
    }
    let total: f64 = scores.iter().map(|s| s * s).sum();
    let between = (total - within).max(0.0) / lack;
    let within = (within / pure).max(f64::MIN_POSITIVE);
    Some(Resemblance {
        within: within.sqrt(),
        between: between.sqrt(),
        ratio: between / within,
        p_value: f_tail(between / within, lack, pure),
    })
}
