//! The first line of a fit, and its evidence in a line each.

use isoflop_base::{Severity, format_si};
use isoflop_document::doc::Table;
use isoflop_document::number::{count, counted, fixed, percent, plain};
use isoflop_fit::{Fit, ObjectiveRecord, Range, ResidualScale, Status, UncertaintyRecord};

use super::phrases::{self, last_step};

/// A formula with numbers is shown up to this length.
const LONGEST: usize = 110;

/// More coefficients than this make no table of correlations that fits a screen.
const WIDEST: usize = 12;

/// How a verdict begins that forbids the use of a fit.
const FORBIDDEN: &str = "Do not use it";

/// The law with its numbers, how well it fits, and whether it may be used.
pub(super) fn headline(fit: &Fit) -> String {
    let fits = match fit.objective.scale {
        ResidualScale::Ln => format!("to {} (rms)", percent(fit.residuals.rms)),
        _ => format!("with residuals of {} (rms)", plain(fit.residuals.rms, 2)),
    };
    let law = with_numbers(fit);
    let runs = phrases::rows(fit);
    let objective = objective(&fit.objective);
    let verdict = usability(fit);
    let caution = match &fit.uncertainty.caution {
        Some(caution) => format!(" Intervals: {caution}."),
        None => String::new(),
    };
    let fitted = format!("{law} fits {runs} {fits}, {objective}.{caution}");
    // The numbers of a fit that must not be used are read after that is.
    match verdict.starts_with(FORBIDDEN) {
        true => format!("{verdict} {fitted}"),
        false => format!("{fitted} {verdict}"),
    }
}

/// Whether the fit may be used, in a sentence.
fn usability(fit: &Fit) -> String {
    let errors = fit.notes.iter().filter(|n| n.severity == Severity::Error);
    let codes: Vec<&str> = errors.map(|n| n.code.as_str()).collect();
    if !codes.is_empty() {
        return format!("{FORBIDDEN} ({}).", codes.join(", "));
    }
    let warnings = fit.notes.iter().filter(|n| n.severity == Severity::Warning);
    let read = match warnings.count() {
        0 => "",
        1 => ", with the warning below",
        _ => ", with the warnings below",
    };
    let bound = &fit.certificate.at_bound;
    match fit.status {
        Status::NotConverged => {
            format!("{FORBIDDEN}: the solver stopped before the gradient was zero.")
        }
        Status::Degenerate if bound.is_empty() => format!(
            "Degenerate: the runs do not determine every coefficient, so only predictions within the range of the runs can be used{read}."
        ),
        Status::Degenerate => format!(
            "Degenerate: {} at a bound, so only predictions within the range of the runs can be used{read}.",
            bound.join(", ")
        ),
        Status::Converged => format!("The optimum is certified; the fit can be used{read}."),
    }
}

/// The objective in a few words: `Huber penalty on ln L`.
fn objective(o: &ObjectiveRecord) -> String {
    let penalty = match o.penalty.as_str() {
        "squared" => "least squares",
        "abs" => "least absolute deviations",
        "huber" => "Huber penalty",
        "soft-l1" => "soft-L1 penalty",
        "quantile" => "quantile regression",
        "binomial" => return "binomial likelihood".to_owned(),
        "student" => "Student-t likelihood",
        other => other,
    };
    match &o.scale {
        ResidualScale::Raw => penalty.to_owned(),
        ResidualScale::Ln => format!("{penalty} on the logarithm of the response"),
        ResidualScale::LeftSide(left) => format!("{penalty} on {left}"),
    }
}

/// How intervals were made, by the name of the method: `95 % percentile intervals, pairs bootstrap, 1,000 resamples.`
pub(super) fn method(u: &UncertaintyRecord) -> String {
    let intervals = match u.method.as_str() {
        "none" => return "No standard errors or intervals.".to_owned(),
        "covariance" => "intervals from the covariance at the optimum",
        "sandwich" => "intervals from the sandwich covariance, robust to unequal noise",
        "profile" => "profile intervals",
        "bootstrap" => "percentile intervals, pairs bootstrap",
        "bca" => "bias-corrected and accelerated (BCa) intervals, pairs bootstrap",
        "cluster" => "percentile intervals, cluster bootstrap",
        "wild" => "percentile intervals, wild bootstrap",
        "parametric" => "percentile intervals, parametric bootstrap",
        other => other,
    };
    let mut text = format!("{} {intervals}", percent(u.level));
    if u.resamples > 0 {
        text.push_str(&format!(", {} resamples", count(u.resamples)));
        if u.certified < u.resamples {
            let dropped = u.resamples - u.certified;
            text.push_str(&format!(
                " ({} dropped: no certified optimum)",
                count(dropped)
            ));
        }
    }
    format!("{text}.")
}

/// Certificate, identifiability, residuals, range, leverage and provenance, a line each.
pub(super) fn evidence(fit: &Fit) -> Vec<(String, String)> {
    let mut pairs = vec![
        ("certificate".to_owned(), certificate(fit)),
        ("identifiability".to_owned(), identifiability(fit)),
        ("residuals".to_owned(), residuals(fit)),
    ];
    let dropped: usize = fit.skipped.iter().map(|s| s.rows).sum();
    if dropped > 0 {
        let reasons: Vec<String> = fit
            .skipped
            .iter()
            .take(2)
            .map(|s| format!("{} {}", count(s.rows), s.reason))
            .collect();
        let more = if fit.skipped.len() > 2 { ", …" } else { "" };
        let text = format!("{} ({}{more})", counted(dropped, "row"), reasons.join("; "));
        pairs.push(("left out".to_owned(), text));
    }
    if !fit.ranges.is_empty() {
        let ranges: Vec<String> = fit.ranges.iter().map(range).collect();
        pairs.push(("range".to_owned(), ranges.join(", ")));
    }
    if let Some(run) = fit.leverage.first() {
        let text = if run.moves.is_empty() {
            format!("largest {} at {}", plain(run.leverage, 2), run.place)
        } else {
            let shift = plain(run.shift_se, 2);
            format!(
                "without {}, {} moves by {shift} se, the most of any run",
                run.place, run.moves
            )
        };
        pairs.push(("leverage".to_owned(), text));
    }
    pairs.push(("provenance".to_owned(), provenance(fit)));
    pairs
}

fn certificate(fit: &Fit) -> String {
    let gradient = plain(fit.certificate.gradient, 2);
    let verdict = match fit.status {
        Status::Converged => "a strict minimum",
        Status::Degenerate if fit.certificate.at_bound.is_empty() => {
            "degenerate, flat in a direction"
        }
        Status::Degenerate => "a coefficient at its bound",
        Status::NotConverged => "not converged",
    };
    format!(
        "{verdict}, scaled gradient {gradient}; {} of {} solved starts reached it",
        count(fit.starts.reached_best),
        count(fit.starts.solved)
    )
}

/// The coefficients that trade off against each other, one group a weak direction.
fn identifiability(fit: &Fit) -> String {
    let i = &fit.identifiability;
    let condition = format!("condition number {}", plain(i.condition, 2));
    let groups: Vec<String> = i
        .weak
        .iter()
        .filter_map(|weak| {
            let largest = weak.weights.first()?.1.abs();
            let heavy = weak.weights.iter().filter(|(_, w)| w.abs() > 0.3 * largest);
            let names: Vec<&str> = heavy.map(|(name, _)| bare(name)).collect();
            let ordered = fit.coefs.iter().map(|(name, _)| name.as_str());
            let ordered: Vec<&str> = ordered.filter(|name| names.contains(name)).collect();
            let many = if ordered.len() > WIDEST { ", …" } else { "" };
            match ordered.is_empty() {
                true => Some(names.join(", ")),
                false => Some(ordered[..ordered.len().min(WIDEST)].join(", ") + many),
            }
        })
        .take(2)
        .collect();
    match groups.is_empty() {
        true => phrases::identifiability(i, &fit.coefs),
        false => format!(
            "{} trade off against each other; {condition}",
            groups.join("; and ")
        ),
    }
}

/// The coefficient of a coordinate: `A` of `ln A at the centre of the data`.
fn bare(coordinate: &str) -> &str {
    let name = coordinate.trim_end_matches(" at the centre of the data");
    name.strip_prefix("ln ").unwrap_or(name)
}

fn residuals(fit: &Fit) -> String {
    let r = &fit.residuals;
    format!(
        "rms {}, robust sd {}, largest {} at {}, R² {}",
        plain(r.rms, 3),
        plain(r.robust_sd, 3),
        plain(r.max_abs, 3),
        r.max_at,
        plain(r.r_squared, 5)
    )
}

/// `N 1M to 2B`.
fn range(range: &Range) -> String {
    let (min, max) = (format_si(range.min, 3), format_si(range.max, 3));
    format!("{} {min} to {max}", range.name)
}

fn provenance(fit: &Fit) -> String {
    let p = &fit.provenance;
    let tables: Vec<String> = p
        .tables
        .iter()
        .map(|t| format!("{} ({})", t.name, counted(t.rows, "row")))
        .collect();
    format!(
        "{}; objective {}, seed {}, isoflop {}",
        tables.join(", "),
        fit.objective.spelling,
        p.seed,
        p.version
    )
}

/// Correlations of the fitted coordinates, from the covariance or the draws; none without either or with very many.
pub(super) fn correlations(fit: &Fit) -> Option<Table> {
    let joint = &fit.joint;
    let p = joint.coordinates.len();
    if !(2..=WIDEST).contains(&p) {
        return None;
    }
    let covariance = if joint.covariance.is_empty() {
        moments(&joint.draws, p)?
    } else {
        joint.covariance.clone()
    };
    let mut heads = vec![String::new()];
    heads.extend(joint.coordinates.iter().map(|name| format!(">{name}")));
    let mut table = Table::with_columns(&heads);
    for (i, name) in joint.coordinates.iter().enumerate() {
        let mut row = vec![name.clone()];
        for j in 0..p {
            let scale = (covariance[i][i] * covariance[j][j]).sqrt();
            let r = covariance[i][j] / scale;
            let is_shown = j <= i && r.is_finite();
            row.push(if is_shown { fixed(r, 2) } else { String::new() });
        }
        table.rows.push(row);
    }
    Some(table)
}

/// The covariance of draws.
fn moments(draws: &[Vec<f64>], p: usize) -> Option<Vec<Vec<f64>>> {
    let n = draws.len() as f64;
    if draws.len() < 3 || draws.iter().any(|d| d.len() != p) {
        return None;
    }
    let mean = |k: usize| draws.iter().map(|d| d[k]).sum::<f64>() / n;
    let means: Vec<f64> = (0..p).map(mean).collect();
    let entry = |i: usize, j: usize| {
        let products = draws.iter().map(|d| (d[i] - means[i]) * (d[j] - means[j]));
        products.sum::<f64>() / (n - 1.0)
    };
    Some(
        (0..p)
            .map(|i| (0..p).map(|j| entry(i, j)).collect())
            .collect(),
    )
}

/// The equation with the fitted values for its coefficients; as the law writes it where that would be long or a coefficient
/// has an index.
#[must_use]
pub fn with_numbers(fit: &Fit) -> String {
    let formula = fit.law.formula.as_str();
    let steps = formula.split([';', '\n']).filter(|s| !s.trim().is_empty());
    let (count, bare) = (steps.count(), last_step(formula));
    if count > 1 {
        return bare;
    }
    let mut out = String::new();
    let mut rest = bare.as_str();
    while let Some(c) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        if !is_word(c) {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let end = rest
            .find(|c: char| !is_word(c) && c != '.')
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let known = fit.coefs.iter().find(|(name, _)| name == word);
        match known.filter(|_| !after.trim_start().starts_with('[')) {
            Some((_, e)) if e.value < 0.0 => out.push_str(&format!("({})", plain(e.value, 4))),
            Some((_, e)) => out.push_str(&plain(e.value, 4)),
            None => out.push_str(word),
        }
        rest = after;
    }
    if out.chars().count() <= LONGEST {
        out
    } else {
        bare
    }
}
