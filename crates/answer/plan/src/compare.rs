//! Several laws side by side: how far their answers lie apart, and why.

use isoflop_law::comparable;
use serde::{Deserialize, Serialize};

use super::source::PlanLaw;
use super::{LawUsed, PlanRow};
use isoflop_predict::variant::rounding;

/// Two laws that answer the same question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Disagreement {
    /// The two laws.
    pub laws: [String; 2],
    /// The budget; that of the first law for a target loss.
    pub compute: f64,
    /// The target loss, if that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_loss: Option<f64>,
    /// Params of the second over those of the first.
    pub params_ratio: f64,
    /// Tokens of the second over those of the first.
    pub tokens_ratio: f64,
    /// Whether the intervals of size have nothing in common; none without two intervals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apart: Option<bool>,
    /// Reasons that lie in the laws: what they count, their digits, where their runs end.
    pub why: Vec<String>,
}

/// Factor of size up to which two answers count as the same.
const SAME: f64 = 1.02;

/// How a reason begins that explains everything.
const ROUNDING: &str = "Rounding:";

/// Difference of exponents that matters within a few decades.
const OTHER_GROWTH: f64 = 0.01;

/// Says that optimal sizes grow by other powers of compute.
fn growth(used: &[LawUsed], names: [&String; 2]) -> Option<String> {
    let power = |name: &String| {
        let law = used.iter().find(|l| l.name == *name)?;
        law.exponents
            .iter()
            .find(|(n, _)| n == "params")
            .map(|(_, e)| e)
    };
    let (a, b) = (power(names[0])?, power(names[1])?);
    if (a.value - b.value).abs() < OTHER_GROWTH {
        return None;
    }
    let outside = match (a.interval, b.interval) {
        (Some(i), None) if !i.contains(b.value) => ", outside the interval of the first",
        (None, Some(i)) if !i.contains(a.value) => ", outside the interval of the second",
        _ => "",
    };
    Some(format!(
        "Growth: optimal params grow as C^{:.3} in {}, as C^{:.3} in {}{outside}.",
        a.value, names[0], b.value, names[1]
    ))
}

/// Every later law against the first, by question.
pub(super) fn disagreements(
    laws: &[PlanLaw],
    used: &[LawUsed],
    rows: &[PlanRow],
) -> Vec<Disagreement> {
    let Some((first, others)) = laws.split_first() else {
        return Vec::new();
    };
    let of =
        |law: &PlanLaw| -> Vec<&PlanRow> { rows.iter().filter(|r| r.law == law.name).collect() };
    let own = of(first);
    let mut out = Vec::new();
    for other in others {
        let mut why = reasons(first, other);
        if !why.iter().any(|w| w.starts_with(ROUNDING)) {
            why.extend(growth(used, [&first.name, &other.name]));
        }
        for b in of(other) {
            let asked = |a: &&&PlanRow| match b.target_loss {
                Some(loss) => a.target_loss == Some(loss),
                None => a.target_loss.is_none() && a.compute == b.compute,
            };
            let Some(a) = own.iter().find(asked) else {
                continue;
            };
            let apart = a
                .params
                .interval
                .zip(b.params.interval)
                .map(|(i, j)| i.upper < j.lower || j.upper < i.lower);
            let params_ratio = b.params.value / a.params.value;
            let agree = params_ratio < SAME && 1.0 / params_ratio < SAME;
            out.push(Disagreement {
                laws: [first.name.clone(), other.name.clone()],
                compute: a.compute,
                target_loss: a.target_loss,
                params_ratio,
                tokens_ratio: b.tokens.value / a.tokens.value,
                apart,
                why: if agree {
                    Vec::new()
                } else {
                    let mut why = why.clone();
                    why.extend([*a, b].into_iter().filter_map(far));
                    why
                },
            });
        }
    }
    out
}

/// Why two laws may disagree everywhere.
fn reasons(a: &PlanLaw, b: &PlanLaw) -> Vec<String> {
    let mut why = Vec::new();
    let coefs = |law: &PlanLaw| -> Vec<(String, f64)> {
        law.coefs().map(|(n, x)| (n.to_owned(), x)).collect()
    };
    if a.law.formula_text.trim() == b.law.formula_text.trim() {
        for (short, long) in [(a, b), (b, a)] {
            if let Some(differ) = rounding(&coefs(short), &coefs(long)) {
                let words: Vec<String> = differ
                    .iter()
                    .map(|(n, x, y)| format!("{n} = {x} for {y}"))
                    .collect();
                why.push(format!(
                    "{ROUNDING} {} is {} with fewer digits: {}.",
                    short.name,
                    long.name,
                    words.join(", ")
                ));
                return why;
            }
        }
    }
    if let Err(found) = comparable(&a.law, &b.law) {
        // A law of the loss and one of the optimal size answer this question alike.
        let other_kind = a.answers != b.answers;
        why.extend(
            found.into_iter().filter(|reason| {
                !(other_kind && reason.starts_with("They predict different things"))
            }),
        );
    }
    for name in ["D/N", "C"] {
        let ends = |law: &PlanLaw| {
            law.ranges
                .iter()
                .find(|r| r.name == name)
                .map(|r| (r.min, r.max))
        };
        if let (Some((low, high)), Some((from, to))) = (ends(a), ends(b))
            && (high / to > 3.0 || to / high > 3.0 || low / from > 3.0 || from / low > 3.0)
        {
            why.push(format!(
                "Range: {name} from {} to {} in {}, from {} to {} in {}.",
                isoflop_base::format_si(low, 2),
                isoflop_base::format_si(high, 2),
                a.name,
                isoflop_base::format_si(from, 2),
                isoflop_base::format_si(to, 2),
                b.name
            ));
        }
    }
    why
}

/// Says that an answer lies far beyond the runs of its law.
fn far(row: &PlanRow) -> Option<String> {
    let (name, orders) = row
        .beyond
        .iter()
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
        .filter(|(_, orders)| orders.abs() >= 1.0)?;
    Some(format!(
        "Range: the answer of {} lies {:.1} orders of magnitude {} its runs in {name}.",
        row.law,
        orders.abs(),
        if *orders > 0.0 { "above" } else { "below" }
    ))
}
