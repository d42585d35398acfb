//! Numbers of a plan with their intervals, as every table of it shows them.

use isoflop_base::{Estimate, Interval, format_quantity, format_si};
use isoflop_document::number::{plain, shown};

use crate::PlanRow;

/// Whether an interval is wider than rounding: what is given or held has none.
pub(super) fn is_wide(i: &Interval) -> bool {
    i.upper - i.lower > 1e-9 * i.upper.abs().max(i.lower.abs())
}

/// A size with its interval: `73.2B [61B, 88B]`; a narrow interval shows more digits.
pub fn sized(e: &Estimate) -> String {
    let Some(i) = e.interval.filter(is_wide) else {
        return size(e.value, 3);
    };
    let width = (i.upper - i.lower) / e.value.abs();
    let digits = match width {
        w if w >= 0.2 => 2,
        w if w >= 0.02 => 3,
        w if w >= 0.002 => 4,
        _ => 6,
    };
    format!(
        "{} [{}, {}]",
        size(e.value, digits.max(3)),
        size(i.lower, digits),
        size(i.upper, digits)
    )
}

pub(super) fn size(x: f64, digits: usize) -> String {
    if x.is_finite() {
        format_si(x, digits)
    } else {
        plain(x, 3)
    }
}

/// A number with its interval, digits by its error.
pub(super) fn numbered(e: &Estimate) -> String {
    let parts = shown(e);
    match e.interval {
        Some(i) if is_wide(&i) => format!("{} {}", parts.value, parts.interval),
        _ => plain(e.value, 5),
    }
}

/// A share with its interval, in percent; above ten as a factor.
pub(super) fn shared(e: &Estimate) -> String {
    let one = |x: f64| match x {
        x if !x.is_finite() => plain(x, 3),
        x if x.abs() >= 10.0 => format!("{} ×", plain(x, 3)),
        x => format!("{} %", plain(100.0 * x, if x.abs() < 0.1 { 2 } else { 3 })),
    };
    let Some(i) = e.interval.filter(is_wide) else {
        return one(e.value);
    };
    let all = [e.value, i.lower, i.upper].map(one);
    let in_percent = all.iter().all(|text| text.ends_with(" %"));
    let [value, lower, upper] = &all;
    if in_percent {
        let bare = |text: &str| text.trim_end_matches(" %").to_owned();
        format!("{value} [{}, {}]", bare(lower), bare(upper))
    } else {
        format!("{value} [{lower}, {upper}]")
    }
}

/// Budget or target of a row, as it was asked.
pub(super) fn asked(row: &PlanRow) -> String {
    match row.target_loss {
        Some(loss) => format!("loss {}", plain(loss, 5)),
        None => format_quantity(row.compute, "FLOP", 3),
    }
}

/// `N +1.3, D +0.8`.
pub(super) fn beyond(beyond: &[(String, f64)]) -> String {
    if beyond.is_empty() {
        return String::new();
    }
    // A hundredth of an order of magnitude is no distance, and -0.0 no number.
    let outside: Vec<String> = beyond
        .iter()
        .filter(|(_, orders)| orders.abs() >= 0.005)
        .map(|(name, orders)| match orders.abs() {
            x if x < 0.05 => format!("{name} {orders:+.2}"),
            _ => format!("{name} {orders:+.1}"),
        })
        .collect();
    if outside.is_empty() {
        "inside".to_owned()
    } else {
        outside.join(", ")
    }
}
