//! Is the irreducible loss determined?
//!
//! # What it checks
//!
//! The coefficient that is added to the law as it is (E): whether runs have gone below it, and its interval against what
//! they still have above it. A wide interval is a note, one that reaches zero a warning.
//!
//! # Why it matters
//!
//! Far extrapolations live on E: "the prediction varies as a function of what we assume the irreducible loss is". The
//! lowest loss seen is often half above it, so that E is itself an extrapolation.
//!
//! # What to do
//!
//! Show how the far prediction moves with E (`isoflop predict --profile E`), and give its interval.
//!
//! # Source
//!
//! marin issue 4697; Hoffmann et al. 2022, arXiv:2203.15556, Appendix D.2.

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::Subject;
use isoflop_base::Severity;
use isoflop_fit::Fit;
use isoflop_law::{At, Law};

pub(super) const RULE: Rule = Rule {
    name: "irreducible",
    question: "Is the irreducible loss determined?",
    source: "marin issue 4697; arXiv:2203.15556, Appendix D.2",
    look,
};

/// A floor below this share of the lowest response is none.
const NOTHING: f64 = 1e-3;
/// Width of the interval over the distance from E to the lowest response, from which E is not determined.
const WIDE: f64 = 0.5;

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(fit) = subject.fit else {
        return Verdict::CannotTell("there is no fit".to_owned());
    };
    let Some(name) = floor_of(&subject.law, fit) else {
        return Verdict::DoesNotApply("no coefficient of the law stands by itself".to_owned());
    };
    let Some((_, floor)) = fit.coefs.iter().find(|(n, _)| *n == name) else {
        return Verdict::DoesNotApply("no coefficient of the law stands by itself".to_owned());
    };
    let lowest = fit
        .points
        .response
        .iter()
        .copied()
        .fold(f64::INFINITY, f64::min);
    let above = lowest - floor.value;
    let held = subject.law.coef(&name).is_some_and(|c| c.fixed.is_some());
    if held && above > 0.0 {
        return Verdict::DoesNotApply(format!("{name} is held at {}", floor.value));
    }
    if above <= 0.0 {
        return Found::warning(
            "floor-above-runs",
            format!(
                "{name} = {:.4} lies above the lowest response {lowest:.4}: runs have gone below the irreducible loss of the law",
                floor.value
            ),
        )
        .number("value", floor.value)
        .number("lowest_response", lowest)
        .advice("the law does not hold over these runs: look at the residuals, leave the smallest runs out, or fit another law")
        .alone();
    }
    if floor.value < NOTHING * lowest {
        return Found::warning(
            "irreducible-undetermined",
            format!("{name} ran to zero: these runs show no floor, and the law falls for ever"),
        )
        .number("value", floor.value)
        .number("lowest_response", lowest)
        .advice(format!(
            "fix it at a value that other runs support (--coef '{name} = …'), or add runs that come nearer to it"
        ))
        .alone();
    }
    let said = format!(
        "{name} = {:.4}, the lowest response {lowest:.4} is {:.0}% above it",
        floor.value,
        100.0 * above / floor.value
    );
    let Some(interval) = floor.interval else {
        return Verdict::CannotTell(format!(
            "{said}; the fit has no intervals: fit with --uncertainty"
        ));
    };
    let width = interval.upper - interval.lower;
    if interval.lower > 0.0 && width <= WIDE * above {
        return Verdict::Clear(format!(
            "{said}, its interval [{:.4}, {:.4}]",
            interval.lower, interval.upper
        ));
    }
    let message = format!(
        "{said}, and its {:.0}% interval [{:.4}, {:.4}] is {:.0}% as wide as that distance: predictions far beyond the runs \
         move with what {name} is taken to be",
        100.0 * interval.level,
        interval.lower,
        interval.upper,
        100.0 * width / above
    );
    // An interval that is merely wide is what a small table gives; one that reaches zero says that there may be no floor.
    let severity = if interval.lower <= NOTHING * lowest {
        Severity::Warning
    } else {
        Severity::Info
    };
    Found::new("irreducible-undetermined", severity, message)
        .number("value", floor.value)
        .number("lower", interval.lower)
        .number("upper", interval.upper)
        .number("lowest_response", lowest)
        .advice(format!(
            "show the far prediction over {name}: isoflop predict … --profile {name}"
        ))
        .alone()
}

/// The fitted coefficient that is added to the response as it is: the response rises by as much as it does, at every
/// run looked at.
pub(crate) fn floor_of(law: &Law, fit: &Fit) -> Option<String> {
    let coefs: Vec<(String, f64)> = fit
        .coefs
        .iter()
        .map(|(n, e)| (n.clone(), e.value))
        .collect();
    let n = fit.points.response.len();
    let looked: Vec<usize> = [0, n / 3, n / 2, n.saturating_sub(1)]
        .into_iter()
        .filter(|i| *i < n)
        .collect();
    let at = |coefs: &[(String, f64)], i: usize| {
        let inputs: Vec<(String, f64)> = fit
            .points
            .inputs
            .iter()
            .map(|(name, values)| (name.clone(), values[i]))
            .collect();
        let levels: Vec<(String, String)> = fit
            .points
            .levels
            .iter()
            .map(|(name, labels)| (name.clone(), labels[i].clone()))
            .collect();
        law.value(&At {
            coefs,
            inputs: &inputs,
            levels: &levels,
        })
        .ok()
    };
    let is_floor = |name: &str| -> bool {
        let mut raised = coefs.clone();
        let mut step = 0.0;
        for (n, value) in &mut raised {
            if n == name {
                step = 0.01 * value.abs().max(0.1);
                *value += step;
            }
        }
        !looked.is_empty()
            && looked
                .iter()
                .all(|i| match (at(&coefs, *i), at(&raised, *i)) {
                    (Some(a), Some(b)) => ((b - a) / step - 1.0).abs() < 1e-6,
                    _ => false,
                })
    };
    let own = law
        .coefs
        .iter()
        .filter(|c| c.tie.is_none() && c.index.is_empty());
    own.map(|c| c.name.clone()).find(|name| is_floor(name))
}
