//! Sentences that several documents share, each worded here and nowhere else.

use isoflop_base::{Estimate, format_quantity};
use isoflop_document::doc::{Block, Document};
use isoflop_document::number::{count, counted, percent, plain};
use isoflop_document::phrase::{capitalised, human, shell};
use isoflop_fit::{
    Fit, Identifiability, ObjectiveRecord, Provenance, ResidualScale, SkippedRows, Status,
    UncertaintyRecord,
};
use isoflop_law::Law;

/// What a fit that was not saved is called in commands.
pub const UNSAVED: &str = "fit.json";

/// The equation of a formula without its `let` steps, on one line.
pub fn last_step(formula: &str) -> String {
    let last = formula
        .split([';', '\n'])
        .rfind(|step| !step.trim().is_empty())
        .unwrap_or_default();
    last.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a table of the fit came through a pipe.
pub fn is_piped(fit: &Fit) -> bool {
    fit.provenance.tables.iter().any(|t| t.name == "<stdin>")
}

/// The command that saves a fit for others to read.
pub fn save_command(fit: &Fit) -> String {
    format!("{} -o {UNSAVED}", command(fit))
}

/// The command that makes this fit again.
pub fn command(fit: &Fit) -> String {
    let tables: Vec<String> = fit
        .provenance
        .tables
        .iter()
        .map(|t| shell(&t.name))
        .collect();
    let mut words = vec![
        "isoflop fit".to_owned(),
        tables.join(" "),
        format!("--law {}", law_argument(fit)),
    ];
    let own = fit
        .law
        .parse()
        .ok()
        .and_then(|law| law.objective)
        .unwrap_or_else(|| "huber-log:2mad".to_owned());
    for (name, value) in &fit.provenance.options {
        let usual = match name.as_str() {
            "objective" => *value == own,
            "uncertainty" => value == "default",
            "level" => value == "0.95",
            // Recorded as found; the number of starts decides nothing that another choice would not.
            "starts" => true,
            // `--group COLUMN` fits all groups, this one among them.
            "group-value" => true,
            _ => false,
        };
        if name == "independent" {
            words.push("--independent".to_owned());
        } else if !usual {
            words.push(format!("--{name} {}", shell(value)));
        }
    }
    if fit.provenance.seed != 0 {
        words.push(format!("--seed {}", fit.provenance.seed));
    }
    words.join(" ")
}

/// Names the file of a law in the commands of a document: a fit knows the law's short name and not where its file is.
pub fn name_law_file(doc: &mut Document, id: &str, path: &str) {
    let stem = format!("--law {}", shell(&format!("{id}.toml")));
    let named = format!("--law {}", shell(path));
    for block in &mut doc.blocks {
        if let Block::Code(lines) = block {
            for line in lines {
                *line = line.replace(&stem, &named);
            }
        }
    }
}

/// How the law is named on a command line: its formula, its name in the catalogue, or else its file.
fn law_argument(fit: &Fit) -> String {
    let law = &fit.law;
    if law.id == "formula" {
        shell(&law.formula)
    } else if is_builtin(fit) {
        shell(&law.id)
    } else {
        shell(&format!("{}.toml", law.id))
    }
}

/// Whether the law is that of the catalogue, with the changes that the command says and in the unit of the column.
fn is_builtin(fit: &Fit) -> bool {
    let Ok(law) = Law::builtin(&fit.law.id) else {
        return false;
    };
    if law.text == fit.law.text {
        return true;
    }
    let options = fit.provenance.options.iter();
    let changes: Vec<String> = options
        .filter(|(name, _)| name == "coef")
        .map(|(_, value)| value.clone())
        .collect();
    let changed = law.with_changes(&changes);
    let unit = fit.law.parse().ok().map(|own| own.response().unit.clone());
    let (Ok(changed), Some(unit)) = (changed, unit) else {
        return false;
    };
    let in_unit = changed.with_response_unit(&unit);
    let same = |found: &Law| found.text == fit.law.text;
    same(&changed) || in_unit.is_ok_and(|law| same(&law))
}

/// Names the saved file in the commands of a document whose fit was saved, and leaves out the one that saves it.
pub fn name_saved(doc: &mut Document, path: &str) {
    let save = format!(" -o {UNSAVED}");
    let (word, named) = (format!(" {UNSAVED} "), format!(" {} ", shell(path)));
    for block in &mut doc.blocks {
        if let Block::Code(lines) = block {
            let follows = |line: &String| !line.ends_with(&save);
            if lines.iter().any(follows) {
                lines.retain(follows);
            }
            for line in lines {
                *line = line.replace(&word, &named);
            }
        }
    }
}

/// A number with its unit, written the way people write it: `70B params`, `5.76e23 FLOP`.
pub(super) fn quantity(x: f64, unit: &str) -> String {
    format_quantity(x, unit, 3)
}

/// Name of the response on the scale of the residuals.
pub fn residual_scale(objective: &ObjectiveRecord) -> String {
    match &objective.scale {
        ResidualScale::Raw => "observed − fitted".to_owned(),
        ResidualScale::Ln => "ln observed − ln fitted".to_owned(),
        ResidualScale::LeftSide(left) => format!("observed − fitted of {left}"),
    }
}

/// What was minimised and where the intervals come from, in one sentence: the first thing a reader must know of a fit.
pub(super) fn fitted_by(fit: &Fit) -> String {
    let o = &fit.objective;
    let delta = o.delta.map_or_else(String::new, |d| plain(d, 3));
    let noise = o
        .spelling
        .split_once(':')
        .and_then(|(_, c)| c.strip_suffix("mad"));
    let corner = match noise {
        Some(multiple) => format!("δ = {delta}, {multiple} × the noise"),
        None => format!("δ = {delta}"),
    };
    let penalty = match o.penalty.as_str() {
        "squared" => "least squares".to_owned(),
        "abs" => "least absolute deviations".to_owned(),
        "huber" => format!("Huber's penalty ({corner})"),
        "soft-l1" => format!("the soft-L1 penalty ({corner})"),
        "quantile" => format!("the quantile τ = {delta}"),
        "binomial" => "the binomial likelihood".to_owned(),
        "student" => format!("Student's t (ν = {delta})"),
        other => other.to_owned(),
    };
    let scale = match &o.scale {
        _ if o.penalty == "binomial" => String::new(),
        ResidualScale::Raw => String::new(),
        ResidualScale::Ln => " on the logarithm of the response".to_owned(),
        ResidualScale::LeftSide(left) => format!(" on {left}"),
    };
    let intervals = match fit.uncertainty.method.as_str() {
        "none" => "no intervals".to_owned(),
        method => format!(
            "{} intervals by {}",
            percent(fit.uncertainty.level),
            method_name(method)
        ),
    };
    let caution = match &fit.uncertainty.caution {
        Some(caution) => format!("; {caution}"),
        None => String::new(),
    };
    let rows = rows(fit);
    format!("{rows} fitted by {penalty}{scale}; {intervals}{caution}.")
}

/// How many runs were fitted; rows that are no runs of their own are named so.
pub(super) fn rows(fit: &Fit) -> String {
    let dependent = ["dependent-runs", "alike-rows"];
    if fit.notes.iter().any(|n| dependent.contains(&&*n.code)) {
        format!("{}, not independent,", counted(fit.n, "row"))
    } else {
        counted(fit.n, "run")
    }
}

/// A method of uncertainty as a sentence names it.
fn method_name(method: &str) -> &str {
    match method {
        "covariance" => "the covariance at the optimum",
        "sandwich" => "the sandwich covariance at the optimum",
        "profile" => "the profile of the objective",
        "bootstrap" => "a bootstrap of the runs",
        "bca" => "a bias-corrected bootstrap of the runs",
        "cluster" => "a bootstrap of whole groups of runs",
        "wild" => "a wild bootstrap of the residuals",
        "parametric" => "a parametric bootstrap",
        other => other,
    }
}

pub(super) fn objective(o: &ObjectiveRecord) -> String {
    let delta = o.delta.map_or_else(String::new, |d| plain(d, 4));
    let penalty = match o.penalty.as_str() {
        "squared" => "sum of r²".to_owned(),
        "abs" => "sum of |r|".to_owned(),
        "huber" => format!("Huber penalty, δ = {delta}"),
        "soft-l1" => format!("soft-L1 penalty, δ = {delta}"),
        "quantile" => format!("check function of the quantile τ = {delta}"),
        "binomial" => "binomial likelihood, above that of the shares themselves".to_owned(),
        "student" => format!("Student-t likelihood, ν = {delta}"),
        other => other.to_owned(),
    };
    let scale = match &o.scale {
        ResidualScale::Raw => "on the response as it is".to_owned(),
        ResidualScale::Ln => "on the logarithm of the response".to_owned(),
        ResidualScale::LeftSide(left) => format!("on {left}"),
    };
    let mut text = format!(
        "{penalty}, {scale} (--objective {}); value {}",
        o.spelling,
        plain(o.value, 9)
    );
    if let Some(s) = o.fitted_scale {
        text.push_str(&format!(", fitted scale {}", plain(s, 3)));
    }
    if let Some(inside) = o.inside {
        text.push_str(&format!("; {} of the runs lie within δ", percent(inside)));
    }
    text
}

pub(super) fn convergence(fit: &Fit) -> String {
    let c = &fit.certificate;
    let verdict = match fit.status {
        Status::Converged => "converged, a strict minimum",
        Status::Degenerate if !c.at_bound.is_empty() => {
            "degenerate, a coefficient sits on its bound"
        }
        Status::Degenerate => "degenerate, a combination of coefficients is not identified",
        Status::NotConverged => "not converged, the coefficients must not be used",
    };
    let mut text = format!(
        "{verdict}: scaled gradient {}, predicted decrease by a further step {} of the objective, smallest \
         eigenvalue of the scaled Hessian {}",
        plain(c.gradient, 2),
        plain(c.predicted_decrease, 2),
        plain(c.smallest_eigenvalue, 2),
    );
    if !c.interpolated.is_empty() {
        let largest = c
            .interpolated
            .iter()
            .map(|(_, dual)| dual.abs())
            .fold(0.0, f64::max);
        text.push_str(&format!(
            "; the fit passes exactly through {}, largest dual {} of 1",
            counted(c.interpolated.len(), "run"),
            plain(largest, 3)
        ));
    }
    if !c.at_bound.is_empty() {
        text.push_str(&format!("; on a bound: {}", c.at_bound.join(", ")));
    }
    text
}

pub(super) fn starts(fit: &Fit) -> String {
    let s = &fit.starts;
    let mut text = format!(
        "{} screened, {} solved, {} of them reached the best optimum",
        count(s.tried),
        count(s.solved),
        count(s.reached_best)
    );
    if let [best, second, ..] = s.basins.as_slice() {
        let gap = (second.objective - best.objective) / best.objective.abs().max(f64::MIN_POSITIVE);
        text.push_str(&format!("; next best basin is worse by {}", percent(gap)));
    }
    text
}

/// The verdict on its own line, then one line a weak direction.
pub(super) fn identifiability(i: &Identifiability, coefs: &[(String, Estimate)]) -> String {
    let condition = format!("condition {} (1 is best)", plain(i.condition, 2));
    if i.weak.is_empty() {
        let unsure = uncertain(coefs);
        // Few runs with much noise: one optimum, E = 1.7 with a standard error of 200.
        if unsure.is_empty() {
            return format!("no combination of coefficients is weakly determined; {condition}");
        }
        return format!(
            "one optimum, but poorly determined: the standard error exceeds the value of {}; {condition}",
            unsure.join(", ")
        );
    }
    let weak = i
        .weak
        .iter()
        .map(|w| w.words.trim_end_matches('.').to_owned());
    let head = format!(
        "{}; {condition}",
        counted(i.weak.len(), "weakly determined direction")
    );
    [head]
        .into_iter()
        .chain(weak)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Coefficients whose standard error is larger than they are; zero itself is a value.
fn uncertain(coefs: &[(String, Estimate)]) -> Vec<&str> {
    let unsure = coefs
        .iter()
        .filter(|(_, e)| e.value != 0.0 && e.se.is_some_and(|se| se > e.value.abs()));
    unsure.map(|(name, _)| name.as_str()).collect()
}

pub(super) fn uncertainty(u: &UncertaintyRecord) -> String {
    let mut text = u.meaning.trim_end_matches('.').to_owned();
    if u.resamples > 0 && u.certified < u.resamples {
        text.push_str(&format!(
            "; {} of {} resamples reached a certified optimum, the others are left out",
            count(u.certified),
            count(u.resamples)
        ));
    }
    if text.is_empty() {
        return text;
    }
    format!("{}.", capitalised(&text))
}

/// The first places of a group of skipped rows, and how many more there are.
pub(super) fn places(skipped: &SkippedRows) -> String {
    const SHOWN: usize = 4;
    let listed: Vec<&str> = skipped
        .places
        .iter()
        .take(SHOWN)
        .map(String::as_str)
        .collect();
    let rest = skipped.rows.saturating_sub(listed.len());
    match (listed.is_empty(), rest) {
        (true, _) => String::new(),
        (false, 0) => listed.join(", "),
        (false, rest) => format!("{} and {} more", listed.join(", "), count(rest)),
    }
}

/// Where a fit comes from: tables, law, options, version.
#[must_use]
pub fn provenance(p: &Provenance) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = p
        .tables
        .iter()
        .map(|t| {
            (
                "table".to_owned(),
                format!(
                    "{}, {}, sha256 {}",
                    t.name,
                    counted(t.rows, "row"),
                    short(&t.sha256)
                ),
            )
        })
        .collect();
    pairs.push(("law".into(), format!("sha256 {}", short(&p.law_sha256))));
    let options: Vec<String> = p
        .options
        .iter()
        .map(|(name, value)| format!("{name} {}", shell(value)))
        .collect();
    if !options.is_empty() {
        pairs.push(("options".into(), options.join(", ")));
    }
    pairs.push((
        "made by".into(),
        format!("isoflop {}, seed {}", p.version, p.seed),
    ));
    pairs
}

/// The first twelve digits of a hash: enough to tell two files apart; the JSON holds the rest.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

/// A point ten times beyond the largest run in every input that spans more than one value: `N=20B,D=800B`.
pub(super) fn next_point(fit: &Fit) -> Option<String> {
    let mut parts = Vec::new();
    for (name, values) in &fit.points.inputs {
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
        if !largest.is_finite() {
            return None;
        }
        let ahead = if smallest > 0.0 && largest > smallest {
            10.0 * largest
        } else {
            largest
        };
        parts.push(format!("{name}={}", human(ahead)));
    }
    for (name, levels) in &fit.points.levels {
        parts.push(format!("{name}={}", levels.first()?));
    }
    (!parts.is_empty()).then(|| parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_say_how_many_are_not_shown() {
        let skipped = SkippedRows {
            reason: "loss is missing".into(),
            rows: 6,
            places: (1..=6).map(|i| format!("a:{i}")).collect(),
        };
        assert_eq!(places(&skipped), "a:1, a:2, a:3, a:4 and 2 more");
    }

    #[test]
    fn a_coefficient_below_its_standard_error_is_not_called_determined() {
        let with_error = |se: f64| -> String {
            let estimate = Estimate {
                value: 1.7,
                se: Some(se),
                unit: String::new(),
                interval: None,
            };
            let alone = Identifiability {
                condition: 12.0,
                weak: Vec::new(),
            };
            identifiability(&alone, &[("E".to_owned(), estimate)])
        };
        assert!(with_error(0.02).starts_with("no combination"));
        let unsure = with_error(200.0);
        assert!(unsure.contains("exceeds the value of E"), "{unsure}");
    }
}
