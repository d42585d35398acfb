//! The words of verdicts: whether what a fit said of a larger run, and of its irreducible loss, came true.

use isoflop_answer::{EntropyCheck, Verdict};
use isoflop_base::{format_quantity, format_si};

use crate::number::{percent, plain};

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
        Some(true) => "It came true: the measured loss lies inside the interval.",
        Some(false) => "It did not come true: the measured loss lies outside the interval.",
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
    let truth = check.on_held_out.unwrap_or(check.floor);
    let language = format!(
        "the language itself scores {truth:.4} nats/token on the same held-out tokens (its entropy rate is {:.4})",
        check.rate
    );
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
             6.2M tokens, 8 times the compute of any run it was fitted to; 2.0400 was measured, 2 % more. It came true: \
             the measured loss lies inside the interval."
        );
        assert!(verdict_sentence(&verdict(Some(1.9))).ends_with("lies outside the interval."));
        assert!(verdict_sentence(&verdict(None)).ends_with("no measured loss yet."));
    }
}
