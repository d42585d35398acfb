//! How numbers are shown: digits follow the standard error, very large and very small ones are scientific.

use isoflop_base::Estimate;

/// An uncertain number, ready to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The value.
    pub value: String,
    /// The standard error with its sign, `± 0.015`; empty when there is none.
    pub se: String,
    /// The interval, `[0.317, 0.373]`; empty when there is none.
    pub interval: String,
}

/// Decimal places that show `digits` significant digits of `x`.
#[must_use]
pub fn places(x: f64, digits: i32) -> i32 {
    if x == 0.0 || !x.is_finite() {
        digits - 1
    } else {
        digits - 1 - magnitude(x)
    }
}

/// Power of ten of the leading digit.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the logarithm of a finite number lies within ±324"
)]
fn magnitude(x: f64) -> i32 {
    x.abs().log10().floor() as i32
}

/// Whether a number is shown as `1.23e9` rather than in full.
fn is_scientific(x: f64) -> bool {
    x != 0.0 && !(1e-3..1e6).contains(&x.abs())
}

/// A number with that many significant digits at most, without trailing zeros.
#[must_use]
pub fn plain(x: f64, digits: usize) -> String {
    if !x.is_finite() {
        return unbounded(x);
    }
    let digits = digits.max(1);
    if is_scientific(x) {
        let text = format!("{x:.*e}", digits - 1);
        return match text.split_once('e') {
            Some((mantissa, exponent)) => format!("{}e{exponent}", trimmed(mantissa)),
            None => text,
        };
    }
    let wanted = i32::try_from(digits).unwrap_or(17);
    trimmed(&fixed(x, places(x, wanted))).to_owned()
}

fn unbounded(x: f64) -> String {
    match (x.is_nan(), x > 0.0) {
        (true, _) => "not a number".to_owned(),
        (false, true) => "∞".to_owned(),
        (false, false) => "-∞".to_owned(),
    }
}

fn trimmed(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

/// A number at `places` decimals.
#[must_use]
pub fn fixed(x: f64, places: i32) -> String {
    let places = usize::try_from(places.clamp(0, 17)).unwrap_or(0);
    let text = format!("{x:.places$}");
    // A negative number that rounds to zero must not be shown as `-0.00`.
    if text.starts_with('-') && text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.')) {
        text[1..].to_owned()
    } else {
        text
    }
}

/// A number at `places` decimals, scientific when that would hide it or drown it in zeros.
fn beside(x: f64, places: i32) -> String {
    let hidden = x != 0.0 && x.abs() < 0.5 * 10f64.powi(-places.max(0));
    if !x.is_finite() || x.abs() >= 1e6 || hidden {
        plain(x, 3)
    } else {
        fixed(x, places)
    }
}

/// An uncertain number in parts: the standard error with two digits, the interval at the same decimals, the
/// value with at least four digits. Digits left of the decimal point are never rounded away.
#[must_use]
pub fn shown(e: &Estimate) -> Shown {
    let Some(spread) = spread(e) else {
        return Shown {
            value: plain(e.value, 6),
            se: se(e, |s| plain(s, 2)),
            interval: interval(e, |x| plain(x, 4)),
        };
    };
    if is_scientific(e.value) || spread < 1e-8 {
        return Shown {
            value: plain(e.value, if spread < 1e-8 * e.value.abs() { 9 } else { 4 }),
            se: se(e, |s| plain(s, 2)),
            interval: interval(e, |x| plain(x, 3)),
        };
    }
    let coarse = places(spread, 2).max(0);
    let fine = coarse.max(places(e.value, 4)).min(12);
    Shown {
        value: fixed(e.value, fine),
        se: se(e, |s| beside(s, coarse)),
        interval: interval(e, |x| beside(x, coarse)),
    }
}

/// The standard error, or what stands for one: a quarter of the width of the interval.
fn spread(e: &Estimate) -> Option<f64> {
    let quarter = e.interval.map(|i| (i.upper - i.lower) / 4.0);
    // Two resamples far away from the others make an error of 1e5 beside an interval of 300: digits follow the interval.
    let se = e.se.map(|s| match quarter {
        Some(q) if is_decided_by_few(s, q) => q,
        _ => s,
    });
    se.or(quarter)
        .filter(|s| s.is_finite() && *s > 0.0 && e.value.is_finite())
}

/// Whether a standard error is far wider than its interval, whose width is four of them for normal draws: 4,000 beside
/// [1, 9] is the work of a few resamples.
fn is_decided_by_few(se: f64, quarter: f64) -> bool {
    quarter > 0.0 && se > 3.0 * quarter
}

/// Whether the standard error says how uncertain the estimate is; also where there is none.
#[must_use]
pub fn has_plain_error(e: &Estimate) -> bool {
    let Some(i) = e.interval else {
        return true;
    };
    let (below, above) = (e.value - i.lower, i.upper - e.value);
    // ± 30,694 beside 19,738 [3,992, 112,294] would name values below zero.
    let is_skewed = above > 3.0 * below || below > 3.0 * above;
    let is_wide = e.se.is_some_and(|s| s > 0.3 * e.value.abs());
    let quarter = (i.upper - i.lower) / 4.0;
    !(is_skewed && is_wide || e.se.is_some_and(|s| is_decided_by_few(s, quarter)))
}

fn se(e: &Estimate, show: impl Fn(f64) -> String) -> String {
    if !has_plain_error(e) {
        return "–".to_owned();
    }
    e.se.map_or_else(String::new, |s| format!("± {}", show(s)))
}

fn interval(e: &Estimate, show: impl Fn(f64) -> String) -> String {
    e.interval.map_or_else(String::new, |i| {
        format!("[{}, {}]", show(i.lower), show(i.upper))
    })
}

/// An uncertain number on one line, with its unit: `0.3473 ± 0.015 [0.317, 0.373] nats/token`.
#[must_use]
pub fn inline(e: &Estimate) -> String {
    let parts = shown(e);
    [parts.value, parts.se, parts.interval, e.unit.clone()]
        .into_iter()
        .filter(|part| !part.is_empty() && part != "–")
        .collect::<Vec<_>>()
        .join(" ")
}

/// A count with thousands marked: `12,345`.
#[must_use]
pub fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun, in the singular when it is one: `1 run`, `240 runs`.
#[must_use]
pub fn counted(n: usize, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// A share as a percentage: `16 %`, `99.7 %`; never rounded to 0 or 100 when it is not.
#[must_use]
pub fn percent(share: f64) -> String {
    let whole = (share * 100.0).round();
    if (share * 100.0 - whole).abs() < 1e-9 || (5.0..=95.0).contains(&whole) {
        return format!("{whole:.0} %");
    }
    let shown = if share > 0.5 {
        (share * 1000.0).floor() / 10.0
    } else {
        share * 100.0
    };
    format!("{} %", plain(shown, if share > 0.5 { 3 } else { 2 }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoflop_base::Interval;

    #[test]
    fn an_error_that_says_less_than_its_interval_is_a_dash() {
        let skewed = estimate(19738.0, 30694.0, 3992.0, 112_294.0);
        assert_eq!(shown(&skewed).se, "–");
        assert!(!inline(&skewed).contains('–'));
        let few = estimate(1.8, 40.0, 1.6, 2.0);
        assert_eq!(shown(&few).se, "–");
        let plain = estimate(1.8, 0.1, 1.6, 2.0);
        assert_eq!(shown(&plain).se, "± 0.10");
    }

    fn estimate(value: f64, se: f64, lower: f64, upper: f64) -> Estimate {
        Estimate {
            value,
            se: Some(se),
            unit: String::new(),
            interval: Some(Interval {
                level: 0.95,
                lower,
                upper,
            }),
        }
    }

    #[test]
    fn digits_follow_the_standard_error() {
        let cases = [
            (
                estimate(0.347_310_5, 0.015_40, 0.3168, 0.3733),
                "0.3473 ± 0.015 [0.317, 0.373]",
            ),
            (
                estimate(477.8259, 124.49, 286.09, 743.61),
                "477.8 ± 124 [286, 744]",
            ),
            (
                estimate(2143.417, 1293.2, 1042.37, 5810.36),
                "2143 [1042, 5810]",
            ),
            (
                estimate(1.817_218, 0.025_66, 1.7694, 1.8712),
                "1.817 ± 0.026 [1.769, 1.871]",
            ),
            (
                estimate(1.817_218_1, 0.000_012, 1.817_19, 1.817_24),
                "1.817218 ± 0.000012 [1.817190, 1.817240]",
            ),
            (
                estimate(7.319e10, 2.1e9, 6.9e10, 7.81e10),
                "7.319e10 ± 2.1e9 [6.9e10, 7.81e10]",
            ),
            (
                estimate(-0.02, 0.5, -1.0, 0.9),
                "-0.02000 ± 0.50 [-1.00, 0.90]",
            ),
            (estimate(12.0, 3e8, 1e-9, 4e9), "12.00 [1e-9, 4e9]"),
        ];
        for (given, expected) in cases {
            assert_eq!(inline(&given), expected);
        }
    }

    #[test]
    fn a_number_without_error_keeps_six_digits() {
        let bare = Estimate {
            value: 1.817_218_099,
            se: None,
            unit: "nats/token".into(),
            interval: None,
        };
        assert_eq!(inline(&bare), "1.81722 nats/token");
        assert_eq!(
            inline(&Estimate {
                value: 0.5,
                se: Some(0.0),
                unit: String::new(),
                interval: None
            }),
            "0.5 ± 0"
        );
    }

    #[test]
    fn plain_numbers_are_short() {
        let cases = [
            (0.001, 3, "0.001"),
            (0.0, 3, "0"),
            (5.76e23, 3, "5.76e23"),
            (0.000_101_827_4, 6, "1.01827e-4"),
            (999_999.0, 3, "999999"),
            (f64::INFINITY, 3, "∞"),
            (2.0, 4, "2"),
        ];
        for (x, digits, expected) in cases {
            assert_eq!(plain(x, digits), expected);
        }
    }

    #[test]
    fn counts_and_shares_read_well() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "run"), "1 run");
        assert_eq!(percent(39.0 / 240.0), "16 %");
        assert_eq!(percent(0.9996), "99.9 %");
        assert_eq!(percent(0.003), "0.3 %");
        assert_eq!(percent(1.0), "100 %");
    }
}
