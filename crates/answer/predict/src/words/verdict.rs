//! The words of verdicts: whether what a fit said of a larger run, and of its irreducible loss, came true.

use crate::verdict::{EntropyCheck, Verdict};
use isoflop_base::{format_quantity, format_si};
use isoflop_fit::{Fit, ResidualScale};
use isoflop_law::At;

use isoflop_document::doc::{Colour, Look, Mark, Plot, Series, Table};
use isoflop_document::number::{counted, percent, plain};
use isoflop_document::phrase::human;

/// The sentence that a ladder is made for.
#[must_use]
pub fn verdict_sentence(verdict: &Verdict) -> String {
    let larger = format!(
        "a model of {} on {} tokens, {} times the compute of any run it was fitted to",
        format_quantity(verdict.params, "params", 3),
        format_si(verdict.tokens, 3),
        plain(verdict.times_compute, 2)
    );
    let predicted = match verdict.interval {
        Some(i) => format!(
            "{:.4} nats/token [{:.4}, {:.4}] at {}",
            verdict.predicted,
            i.lower,
            i.upper,
            percent(i.level)
        ),
        None => format!("{:.4} nats/token", verdict.predicted),
    };
    let Some((measured, error)) = verdict.measured.zip(verdict.error) else {
        return format!(
            "The law of the small runs predicts {predicted} for {larger}. That run has no measured loss yet."
        );
    };
    let measured = match verdict.measured_se {
        Some(se) => format!("{measured:.4} ± {}", plain(se, 2)),
        None => format!("{measured:.4}"),
    };
    let came = match verdict.inside {
        Some(true) => "The measured loss lies inside the interval.",
        Some(false) => "The measured loss lies outside the interval.",
        None => "Nothing is shown by that: the fit has no certified optimum, or no interval.",
    };
    format!(
        "The law of the small runs predicted {predicted} for {larger}; {measured} was measured, {} {}. {came}",
        percent(error.abs()),
        if error > 0.0 { "less" } else { "more" }
    )
}

/// The sentence on the irreducible loss of a law beside the entropy of the language.
#[must_use]
pub fn entropy_sentence(check: &EntropyCheck) -> String {
    let language = match check.on_held_out {
        Some(truth) => format!(
            "the language itself scores {truth:.4} nats/token on the same held-out tokens (its entropy rate is {:.4})",
            check.rate
        ),
        None => format!(
            "the least mean loss over a context of the language is {:.4} nats/token (its entropy rate is {:.4}; its loss on \
             the held-out tokens is not recorded)",
            check.floor, check.rate
        ),
    };
    if !check.converged {
        return format!(
            "The fit did not converge, so nothing is said of the irreducible loss {}; {language}.",
            check.coef
        );
    }
    let Some(_) = check.interval else {
        return format!(
            "The irreducible loss {} of the law is {:.4}, without an interval to judge it by; {language}.",
            check.coef, check.value
        );
    };
    let Some((inside, interval)) = check.inside.zip(check.interval) else {
        return format!(
            "The irreducible loss {} is not determined by these runs; {language}.",
            check.coef
        );
    };
    let verdict = if inside { "inside" } else { "outside" };
    format!(
        "The irreducible loss {} of the law is {:.4} [{:.4}, {:.4}] at {}; {language}: the truth lies {verdict}.",
        check.coef,
        check.value,
        interval.lower,
        interval.upper,
        percent(interval.level)
    )
}

/// Held-out runs, one a row, with their compute over that of the largest run of the fit.
#[must_use]
pub fn verdict_table(verdicts: &[Verdict]) -> Table {
    let level = verdicts.iter().find_map(|v| v.interval).map(|i| i.level);
    let interval = level.map_or_else(String::new, |l| format!("{} interval", percent(l)));
    let mut table = Table::with_columns(&[
        ">params",
        ">tokens",
        ">compute",
        ">predicted",
        &interval,
        ">measured (nats/token)",
        ">error",
        "inside",
    ]);
    for v in verdicts {
        table.rows.push(vec![
            format_si(v.params, 3),
            format_si(v.tokens, 3),
            format!("{} ×", plain(v.times_compute, 2)),
            format!("{:.4}", v.predicted),
            v.interval
                .map_or_else(String::new, |i| format!("[{:.4}, {:.4}]", i.lower, i.upper)),
            v.measured.map_or_else(String::new, |m| format!("{m:.4}")),
            v.error
                .map_or_else(String::new, |e| format!("{:+.2} %", 100.0 * e)),
            v.inside
                .map_or("", |yes| if yes { "yes" } else { "no" })
                .to_owned(),
        ]);
    }
    table.without_empty_columns()
}

/// How many predictions came true, and by how much they were off.
#[must_use]
pub fn verdicts_sentence(verdicts: &[Verdict]) -> String {
    let judged: Vec<&Verdict> = verdicts.iter().filter(|v| v.inside.is_some()).collect();
    let Some(level) = judged.iter().find_map(|v| v.interval).map(|i| i.level) else {
        return "Nothing is shown by these predictions: there is no certified optimum, no interval, or no measured loss."
            .to_owned();
    };
    let came = judged.iter().filter(|v| v.inside == Some(true)).count();
    let errors = judged.iter().filter_map(|v| v.error);
    let worst = errors.map(f64::abs).fold(0.0, f64::max);
    let farthest = judged.iter().map(|v| v.times_compute).fold(0.0, f64::max);
    format!(
        "{came} of {} came true (the measured loss lies inside the {} interval for a new run), up to {} times the compute \
         of any run of the fit; the largest error is {:.2} %.",
        counted(judged.len(), "prediction"),
        percent(level),
        plain(farthest, 2),
        100.0 * worst
    )
}

/// The picture of a fit with the held-out runs in it: the law at their size as a line, the runs as dots, their distance
/// from the law among the residuals. Unchanged where the picture is not one over tokens.
#[must_use]
pub fn verdict_plot(mut plot: Plot, fit: &Fit, verdicts: &[Verdict]) -> Plot {
    let over_tokens = plot
        .panels
        .first()
        .is_some_and(|panel| panel.x.label.starts_with("tokens"));
    let law = fit
        .law
        .parse()
        .ok()
        .filter(|_| over_tokens && plot.panels.len() == 2);
    let Some(law) = law else {
        return plot;
    };
    let coefs: Vec<(String, f64)> = fit
        .coefs
        .iter()
        .map(|(name, e)| (name.clone(), e.value))
        .collect();
    let mut sizes: Vec<f64> = verdicts.iter().map(|v| v.params).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    for (index, size) in sizes.into_iter().enumerate() {
        let own = || verdicts.iter().filter(move |v| v.params == size);
        let series = |mark, points| {
            let label = format!("{}, held out", human(size));
            // Categories other than the first stand apart from the colours of sizes.
            let colour = Colour::Category(index + 1);
            Series::new(label, mark, colour, points).looking(Look::Open)
        };
        let longest = own().map(|v| v.tokens).fold(0.0, f64::max);
        // A single run has a line as well.
        let shortest = own().map(|v| v.tokens).fold(longest / SHORTER, f64::min);
        let line = (0..=STEPS).filter_map(|step| {
            let share = f64::from(step) / f64::from(STEPS);
            let tokens = shortest * (longest / shortest).powf(share);
            let inputs = [("N".to_owned(), size), ("D".to_owned(), tokens)];
            let at = At {
                coefs: &coefs,
                inputs: &inputs,
                levels: &[],
            };
            law.value(&at).ok().map(|loss| (tokens, loss))
        });
        let line: Vec<(f64, f64)> = line.collect();
        if !line.is_empty() {
            plot.panels[0].series.push(series(Mark::Line, line));
        }
        let measured = own().filter_map(|v| Some((v.tokens, v.measured?)));
        let dots = series(Mark::Dots, measured.collect());
        plot.panels[0].series.push(dots);
        let off = own().filter_map(|v| {
            let measured = v.measured?;
            let distance = match fit.objective.scale {
                ResidualScale::Ln => (measured / v.predicted).ln(),
                _ => measured - v.predicted,
            };
            Some((v.tokens, distance))
        });
        let dots = series(Mark::Dots, off.collect());
        plot.panels[1].series.push(dots);
    }
    let whole = plot.description.trim_end_matches('.').len();
    plot.description.truncate(whole);
    plot.description
        .push_str("; held-out runs in colours of their own, with the law at their size.");
    plot
}

/// How far below the longest held-out run the line of its size begins, at least.
const SHORTER: f64 = 4.0;
/// Steps of a line.
const STEPS: u32 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use isoflop_base::Interval;

    fn verdict(measured: Option<f64>) -> Verdict {
        let interval = Interval {
            level: 0.9,
            lower: 1.95,
            upper: 2.05,
        };
        Verdict {
            id: "a".to_owned(),
            params: 3.1e5,
            tokens: 6.2e6,
            times_compute: 8.0,
            predicted: 2.0,
            interval: Some(interval),
            measured,
            measured_se: None,
            error: measured.map(|m| 2.0 / m - 1.0),
            inside: measured.map(|m| interval.contains(m)),
        }
    }

    #[test]
    fn the_sentence_says_whether_it_came_true() {
        assert_eq!(
            verdict_sentence(&verdict(Some(2.04))),
            "The law of the small runs predicted 2.0000 nats/token [1.9500, 2.0500] at 90 % for a model of 310k params on \
             6.2M tokens, 8 times the compute of any run it was fitted to; 2.0400 was measured, 2 % more. The measured \
             loss lies inside the interval."
        );
        assert!(verdict_sentence(&verdict(Some(1.9))).ends_with("lies outside the interval."));
        assert!(verdict_sentence(&verdict(None)).ends_with("no measured loss yet."));
    }
}
