//! Warnings of a fit, each with its numbers and what to do.

use crate::certificate::final_penalty;
use crate::engine::Solved;
use crate::result::{Certificate, Fit, Leverage, Range, Status};
use crate::solve::Aim;
use crate::target::Target;
use crate::uncertainty::is_exact;
use crate::{mirror, slips};
use isoflop_base::{Evidence, Note, Severity};
use isoflop_law::Law;
use isoflop_numerics::dist::t_above;
use isoflop_numerics::penalty::Penalty;

/// Probability with which chance alone makes a run in a table that is said to carry the fit.
const CARRIES: f64 = 0.01;

pub(crate) fn notes(solved: &Solved<'_>, fit: &Fit) -> Vec<Note> {
    let mut notes = Vec::new();
    notes.extend(constant(solved));
    if is_exact(solved) {
        // Rare optima, carriers and corners are rounding there.
        notes.push(exact(fit));
        return notes;
    }
    notes.extend(optimum(solved.law, fit));
    notes.extend(mirror::note(solved, fit));
    notes.extend(bounds(&fit.certificate));
    notes.extend(corner(solved, fit));
    notes.extend(resolution(solved, fit));
    notes.extend(dispersion(solved));
    notes.extend(contradicted(solved));
    notes.extend(open_directions(fit));
    notes.extend(fit.ranges.iter().filter_map(|r| narrow(solved, r)));
    notes.extend(carried(fit));
    notes.extend(correlated_inputs(solved));
    notes
}

fn note(
    code: &str,
    severity: Severity,
    message: String,
    evidence: &[(&str, f64)],
    advice: &str,
) -> Note {
    Note {
        code: code.to_owned(),
        severity,
        message,
        evidence: evidence
            .iter()
            .map(|(k, v)| ((*k).to_owned(), Evidence::Number(*v)))
            .collect(),
        advice: advice.to_owned(),
    }
}

/// A response that does not vary says nothing of any input: the floor is fitted, and the rest is rounding.
fn constant(solved: &Solved<'_>) -> Option<Note> {
    let response = &solved.binding.response;
    let first = *response.first()?;
    response.iter().all(|y| *y == first).then(|| {
        let name = &solved.law.response().name;
        note(
            "constant-response",
            Severity::Error,
            format!(
                "{name} is {first} in all {} runs: nothing can be learnt from it",
                response.len()
            ),
            &[("response", first)],
            "look whether the column was filled in or is another one (--map)",
        )
    })
}

fn exact(fit: &Fit) -> Note {
    note(
        "exact-fit",
        Severity::Info,
        "the law passes through all runs to rounding: no noise to make intervals from".to_owned(),
        &[("largest_residual", fit.residuals.max_abs)],
        "simulated losses need noise to show how sure a fit is",
    )
}

fn optimum(law: &Law, fit: &Fit) -> Option<Note> {
    let c = &fit.certificate;
    if fit.status == Status::NotConverged {
        let usual = "do not use these coefficients; give ranges and starts in a law file, or try --starts 4096";
        let advice = match slips::brackets(law) {
            Some(words) => format!("{usual}; {words}"),
            None => usual.to_owned(),
        };
        return Some(note(
            "not-converged",
            Severity::Error,
            format!(
                "no optimum was reached: scaled gradient {:.1e}, smallest eigenvalue {:.1e}",
                c.gradient, c.smallest_eigenvalue
            ),
            &[
                ("scaled_gradient", c.gradient),
                ("smallest_eigenvalue", c.smallest_eigenvalue),
            ],
            &advice,
        ));
    }
    let (reached, solved) = (fit.starts.reached_best, fit.starts.solved);
    (reached * 10 < solved || (reached == 1 && solved > 2)).then(|| {
        note(
            "rare-optimum",
            Severity::Warning,
            format!("only {reached} of {solved} solved starts reached the best objective: a better one may exist"),
            &[("reached_best", reached as f64), ("solved", solved as f64)],
            "repeat with more starts (--starts 8192) and see whether the objective falls",
        )
    })
}

fn bounds(c: &Certificate) -> Option<Note> {
    if c.at_bound.is_empty() {
        return None;
    }
    let names = c.at_bound.join(", ");
    Some(Note {
        code: "bound-hit".to_owned(),
        severity: Severity::Warning,
        message: format!("{names} ended on a bound: the data would rather go beyond it"),
        evidence: vec![("coefficients".to_owned(), Evidence::Text(names))],
        advice: "resamples and profiles let it leave the bound again, errors from the curvature do not; widen its range, or fit a law without it".to_owned(),
    })
}

/// Hardly a residual inside the corner: the fit is least absolute deviations in all but name.
fn corner(solved: &Solved<'_>, fit: &Fit) -> Option<Note> {
    let share = fit.objective.inside?;
    let delta = fit.objective.delta?;
    (share < 0.25 && solved.binding.n >= 8).then(|| {
        note(
            "small-corner",
            Severity::Info,
            format!(
                "{:.0}% of the residuals lie inside δ = {delta:.3e}: this is close to a fit of least absolute deviations",
                100.0 * share
            ),
            &[("share_inside", share), ("delta", delta)],
            "a corner relative to the noise, such as huber-log:2mad, uses the data better; compare the coefficients",
        )
    })
}

/// Responses read off a grid (few distinct values): a corner below their spacing pretends to a precision they lack.
fn resolution(solved: &Solved<'_>, fit: &Fit) -> Option<Note> {
    let end = &solved.ends[0];
    let delta = match (solved.aim, final_penalty(solved, end)) {
        (Aim::Penalty(_), Penalty::Huber { delta } | Penalty::SoftL1 { delta }) => delta,
        _ => return None,
    };
    let mut sorted = solved.frame.observed.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let gaps: Vec<f64> = sorted
        .windows(2)
        .map(|w| w[1] - w[0])
        .filter(|g| *g > 0.0)
        .collect();
    let distinct = gaps.len() + 1;
    if distinct * 10 > sorted.len() * 9 || gaps.is_empty() {
        return None;
    }
    let spacing = isoflop_numerics::dist::median(&gaps);
    (delta < spacing).then(|| {
        note(
            "corner-below-resolution",
            Severity::Warning,
            format!(
                "δ = {delta:.3e} is below the resolution of the data: {} responses take {distinct} distinct values, \
                 {spacing:.2e} apart in the median on the scale of the residuals",
                fit.n
            ),
            &[("delta", delta), ("spacing", spacing), ("distinct", distinct as f64), ("n", fit.n as f64)],
            "take δ from the noise: --objective huber-log:2mad",
        )
    })
}

/// Shares that scatter more than their trials allow: trials of one run are then not independent, or the law is wrong.
fn dispersion(solved: &Solved<'_>) -> Option<Note> {
    if solved.aim != Aim::Penalty(Penalty::Binomial) {
        return None;
    }
    let weights = solved.binding.weights();
    let mut target = Target::new(solved.frame, weights, Penalty::Binomial, solved.nat);
    let residuals = target.residuals(&solved.ends[0].outcome.x);
    let mut squares = 0.0;
    for (i, r) in residuals.iter().enumerate() {
        let p = solved.frame.observed[i] - r;
        if p > 0.0 && p < 1.0 {
            squares += weights[i] * r * r / (p * (1.0 - p));
        }
    }
    let coefficients = solved.frame.bound.program().coordinates().len();
    let df = solved.binding.n.saturating_sub(coefficients).max(1) as f64;
    let dispersion = squares / df;
    (dispersion > 1.0 + 3.0 * (2.0 / df).sqrt() && dispersion > 1.3).then(|| {
        note(
            "overdispersed",
            Severity::Warning,
            format!(
                "the shares scatter {dispersion:.2} times as much as independent trials would: Pearson's χ² is {squares:.1} \
                 on {df} degrees of freedom, so binomial errors are too small"
            ),
            &[("dispersion", dispersion), ("degrees_of_freedom", df)],
            "use --uncertainty sandwich, or cluster:COLUMN:N by what the trials share",
        )
    })
}

/// Standard deviations that the scatter of the runs contradicts: the errors of the coefficients stand on them.
fn contradicted(solved: &Solved<'_>) -> Option<Note> {
    let name = solved.options.sigma.as_ref()?;
    let weights = solved.binding.weights();
    let mut target = Target::new(solved.frame, weights, Penalty::Squared, solved.nat);
    let residuals = target.residuals(&solved.ends[0].outcome.x);
    let squares: f64 = residuals
        .iter()
        .enumerate()
        .map(|(i, r)| weights[i] * r * r)
        .sum();
    let coefficients = solved.frame.bound.program().coordinates().len();
    let df = solved.binding.n.saturating_sub(coefficients) as f64;
    if df < 1.0 {
        return None;
    }
    let ratio = squares / df;
    let chance = 3.0 * (2.0 / df).sqrt();
    let (says, severity, advice) = if ratio > 1.3 && ratio > 1.0 + chance {
        (
            "more",
            Severity::Warning,
            "the standard deviations leave noise out, or the law is wrong: --weights takes them as relative, and the size of \
             the noise from the runs",
        )
    } else if ratio < 1.0 / 1.3 && ratio < 1.0 - chance {
        (
            "less",
            Severity::Info,
            "intervals are wider than the runs ask for: --weights takes them as relative, and the size of the noise from the \
             runs",
        )
    } else {
        return None;
    };
    Some(note(
        "sigma-contradicted",
        severity,
        format!(
            "the runs scatter {says} than `{name}` says, {:.3} times as much: χ² is {squares:.1} on {df} degrees of freedom",
            ratio.sqrt()
        ),
        &[
            ("scatter", ratio.sqrt()),
            ("chi_squared", squares),
            ("degrees_of_freedom", df),
        ],
        advice,
    ))
}

fn open_directions(fit: &Fit) -> Option<Note> {
    let weakest = fit
        .identifiability
        .weak
        .first()
        .filter(|w| w.eigenvalue < 1e-9)?;
    Some(note(
        "open-direction",
        Severity::Warning,
        weakest.words.clone(),
        &[("eigenvalue", weakest.eigenvalue)],
        "fix or tie one of these coefficients, or add runs that separate them",
    ))
}

/// A short range or few distinct values of an input.
fn narrow(solved: &Solved<'_>, range: &Range) -> Option<Note> {
    let is_input = solved
        .binding
        .inputs
        .iter()
        .any(|(letter, _)| *letter == range.name);
    if !(is_input || range.name == "D/N") || range.min <= 0.0 {
        return None;
    }
    let orders = (range.max / range.min).log10();
    if is_input && range.distinct < 4 {
        return Some(note(
            "few-values",
            Severity::Warning,
            format!(
                "{} takes {} distinct values only: an exponent of it rests on as many points",
                range.name, range.distinct
            ),
            &[("distinct", range.distinct as f64)],
            "add runs at other values",
        ));
    }
    let enough = if range.name == "D/N" { 0.5 } else { 1.0 };
    (orders < enough).then(|| {
        note(
            "narrow-range",
            Severity::Warning,
            format!("{} spans {orders:.2} orders of magnitude: exponents and any prediction beyond are weakly supported", range.name),
            &[("span_orders", orders)],
            "add runs that widen the range",
        )
    })
}

/// A run that contradicts the others and moves the answer. In a small table the run in a corner always moves something by
/// a standard error, so that the move alone is no news.
fn carried(fit: &Fit) -> Option<Note> {
    let (n, p) = (fit.n, fit.joint.at.len());
    let freedom = n.checked_sub(p).filter(|d| *d >= 2)? as f64;
    let sd = fit.residuals.robust_sd * (n as f64 / freedom).sqrt();
    let off = |run: &Leverage| {
        let i = fit.points.place.iter().position(|p| *p == run.place)?;
        let left = (1.0 - run.leverage).max(0.01).sqrt();
        let sds = fit.points.residual[i] / (sd * left);
        let chance = 2.0 * t_above(sds.abs(), freedom) * n as f64;
        (chance < CARRIES).then_some(sds)
    };
    let (top, sds) = fit
        .leverage
        .iter()
        .filter(|l| l.shift_se.abs() > 1.0)
        .find_map(|l| off(l).map(|sds| (l, sds)))?;
    Some(note(
        "one-run-carries",
        Severity::Warning,
        format!(
            "the run at {} lies {:.1} standard deviations off the law, and without it {} moves by {:+.1} standard errors",
            top.place,
            sds.abs(),
            top.moves,
            top.shift_se
        ),
        &[
            ("shift_se", top.shift_se),
            ("leverage", top.leverage),
            ("standard_deviations", sds),
        ],
        "check that run, and fit again without it (--where)",
    ))
}

/// Two inputs that move together: their exponents cannot be told apart.
fn correlated_inputs(solved: &Solved<'_>) -> Option<Note> {
    let inputs = &solved.binding.inputs;
    for (i, (a, x)) in inputs.iter().enumerate() {
        for (b, y) in &inputs[i + 1..] {
            let Some(r) = log_correlation(x, y) else {
                continue;
            };
            if r.abs() > 0.98 {
                return Some(note(
                    "tied-inputs",
                    Severity::Warning,
                    format!(
                        "{a} and {b} move together (correlation of logarithms {r:.4}): their effects can hardly be told apart"
                    ),
                    &[("correlation", r)],
                    "add runs with other ratios of the two",
                ));
            }
        }
    }
    None
}

pub(crate) fn log_correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.iter().chain(y).any(|v| *v <= 0.0) {
        return None;
    }
    let n = x.len() as f64;
    let mean = |column: &[f64]| column.iter().map(|v| v.ln()).sum::<f64>() / n;
    let (mx, my) = (mean(x), mean(y));
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        let (a, b) = (a.ln() - mx, b.ln() - my);
        xx += a * a;
        xy += a * b;
        yy += b * b;
    }
    let r = xy / (xx * yy).sqrt();
    r.is_finite().then_some(r)
}
