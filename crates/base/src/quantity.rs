//! Numbers as people write them: `1.4B`, `411,616,256`, `40 PF-days`, `~3B`, `2.736 nats`, `n/a`.

use crate::number_text::{Decimal, scan_decimal};
use crate::units::{Unit, parse_scale, parse_unit};

/// What stands between the whole part and the fraction of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecimalMark {
    /// `3.14`, with `,` between thousands.
    #[default]
    Point,
    /// `3,14`, with `.` between thousands.
    Comma,
}

/// A number read from text.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// The value, in `unit`; infinite where the text says so, never NaN.
    pub value: f64,
    /// The unit the value is counted in, if one was written: `FLOP` for `0.2488 ZFLOP`.
    pub unit: Option<String>,
    /// Whether the text calls itself approximate: `~3B`, `70B (est.)`.
    pub approximate: bool,
    /// What stands after `±`, in `unit`.
    pub error: Option<f64>,
    /// Whether a scale letter, a word or a scaling unit was written (`7B`), so that a column in
    /// millions must not multiply it again.
    pub scaled: bool,
}

/// Why a text is not a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuantityError {
    /// A marker for a value that is not there: empty, `n/a`, `-`, `null`.
    Missing,
    /// `NaN`: something was computed, and failed.
    Nan,
    /// A spreadsheet's error value, such as `#DIV/0!`.
    Spreadsheet,
    /// A number followed by a word that is no known unit.
    UnknownUnit(String),
    /// A comma where a decimal point is expected, as in `3,14`.
    DecimalComma,
    /// `>1T`, `<= 3`: a bound, not a value.
    Bound,
    /// Not a number at all.
    NotANumber,
}

impl std::fmt::Display for QuantityError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("no value"),
            Self::Nan => f.write_str("NaN, not a value"),
            Self::Spreadsheet => f.write_str("an error value of a spreadsheet"),
            Self::UnknownUnit(word) => write!(f, "a number with the unknown unit `{word}`"),
            Self::DecimalComma => f.write_str("a decimal comma where a decimal point is expected"),
            Self::Bound => f.write_str("a bound, not a value"),
            Self::NotANumber => f.write_str("not a number such as 70B, 1.4T or 5.76e23"),
        }
    }
}

impl std::error::Error for QuantityError {}

/// Texts that stand for a value that is not there, in lower case.
const MISSING: &[&str] = &[
    "", "n/a", "na", "n.a.", "#n/a", "<na>", "null", "none", "nil", "missing", "unknown", "tbd",
    "-", "--", "---", "–", "—", "~", "?", ".",
];

/// Words before a number that make it approximate, in lower case.
const ABOUT: &[&str] = &[
    "~",
    "≈",
    "∼",
    "approximately",
    "approx.",
    "approx",
    "about",
    "around",
    "circa",
    "ca.",
    "ca ",
    "est.",
];

/// Reads a number as people write it, with a decimal point.
///
/// # Errors
///
/// [`QuantityError`] says what the text is instead; markers of missing values are
/// [`QuantityError::Missing`].
///
/// # Example
///
/// ```
/// let q = isoflop_base::parse_quantity("40 PF-days")?;
/// assert_eq!((q.value, q.unit.as_deref()), (3.456e21, Some("FLOP")));
/// # Ok::<(), isoflop_base::QuantityError>(())
/// ```
pub fn parse_quantity(text: &str) -> Result<Quantity, QuantityError> {
    parse_quantity_with(text, DecimalMark::Point)
}

/// Reads a number as people write it, with a stated decimal mark.
///
/// # Errors
///
/// As [`parse_quantity`].
pub fn parse_quantity_with(text: &str, mark: DecimalMark) -> Result<Quantity, QuantityError> {
    let text = text.trim();
    refuse_markers(text)?;
    let (text, about_before) = strip_about(text);
    let (text, about_after) = strip_estimate(text);
    let (text, currency) = strip_currency(text);
    let (number, rest) = scan_decimal(text, mark)?;
    let (error, rest) = strip_error(rest, mark)?;
    let (scale, mut unit) = parse_rest(rest.trim())?;
    if let Some(name) = currency {
        if unit.is_some() {
            return Err(QuantityError::UnknownUnit(rest.trim().to_owned()));
        }
        unit = parse_unit(name);
    }
    let exponent = scale.unwrap_or(0) + unit.as_ref().map_or(0, |u| u.exponent);
    let factor = unit.as_ref().map_or(1.0, |u| u.factor);
    Ok(Quantity {
        value: number.value(exponent) * factor,
        approximate: about_before || about_after,
        error: error.map(|e| e.value(exponent) * factor),
        scaled: scale.is_some()
            || unit
                .as_ref()
                .is_some_and(|u| u.exponent != 0 || u.factor != 1.0),
        unit: unit.map(|u| u.name),
    })
}

fn refuse_markers(text: &str) -> Result<(), QuantityError> {
    let lower = text.to_lowercase();
    if MISSING.contains(&lower.as_str()) {
        return Err(QuantityError::Missing);
    }
    if matches!(
        lower.as_str(),
        "nan" | "-nan" | "+nan" | "nan(ind)" | "-nan(ind)"
    ) {
        return Err(QuantityError::Nan);
    }
    if text.starts_with('#') && text.ends_with(['!', '?']) {
        return Err(QuantityError::Spreadsheet);
    }
    if text.starts_with(['<', '>', '≤', '≥', '≲', '≳']) {
        return Err(QuantityError::Bound);
    }
    Ok(())
}

/// Takes words such as `~` and `about` off the front.
fn strip_about(text: &str) -> (&str, bool) {
    let lower = text.to_lowercase();
    ABOUT
        .iter()
        .find(|word| lower.starts_with(**word))
        .and_then(|word| text.get(word.len()..))
        .map_or((text, false), |rest| (rest.trim_start(), true))
}

/// Takes `(est.)`, `(approx)` or a question mark off the end.
fn strip_estimate(text: &str) -> (&str, bool) {
    if let Some(rest) = text.strip_suffix('?') {
        return (rest.trim_end(), true);
    }
    let Some((head, inside)) = text.strip_suffix(')').and_then(|t| t.rsplit_once('(')) else {
        return (text, false);
    };
    let inside = inside.trim().to_lowercase();
    let approximate =
        inside.starts_with("est") || ABOUT.iter().any(|word| inside.starts_with(word.trim()));
    if approximate || inside == "?" {
        (head.trim_end(), true)
    } else {
        (text, false)
    }
}

fn strip_currency(text: &str) -> (&str, Option<&'static str>) {
    for (sign, name) in [("US$", "usd"), ("$", "usd"), ("€", "eur")] {
        if let Some(rest) = text.strip_prefix(sign) {
            return (rest.trim_start(), Some(name));
        }
    }
    (text, None)
}

/// Takes `± 0.02` off the front of what follows the number.
fn strip_error(rest: &str, mark: DecimalMark) -> Result<(Option<Decimal>, &str), QuantityError> {
    let trimmed = rest.trim_start();
    let Some(after) = trimmed.strip_prefix('±').or(trimmed.strip_prefix("+/-")) else {
        return Ok((None, rest));
    };
    let (error, rest) = scan_decimal(after.trim_start(), mark)?;
    Ok((Some(error), rest))
}

/// What may follow a number: a scale, a unit, or a scale and a unit; brackets around a unit are allowed.
fn parse_rest(rest: &str) -> Result<(Option<i32>, Option<Unit>), QuantityError> {
    let bare = bracketed(rest).unwrap_or(rest);
    if bare.is_empty() {
        return Ok((None, None));
    }
    if let Some(scale) = parse_scale(bare) {
        return Ok((Some(scale), None));
    }
    if let Some(unit) = parse_unit(bare) {
        return Ok((None, Some(unit)));
    }
    if let Some((head, tail)) = bare.split_once(char::is_whitespace)
        && let Some(scale) = parse_scale(head)
    {
        let tail = tail.trim();
        if let Some(unit) = parse_unit(bracketed(tail).unwrap_or(tail)) {
            return Ok((Some(scale), Some(unit)));
        }
    }
    if bare.starts_with(char::is_alphabetic)
        && bare
            .chars()
            .all(|c| c.is_alphabetic() || " ()/-".contains(c))
    {
        Err(QuantityError::UnknownUnit(bare.to_owned()))
    } else {
        Err(QuantityError::NotANumber)
    }
}

fn bracketed(text: &str) -> Option<&str> {
    text.strip_prefix('(')
        .and_then(|t| t.strip_suffix(')'))
        .or_else(|| text.strip_prefix('[').and_then(|t| t.strip_suffix(']')))
        .map(str::trim)
}

#[cfg(test)]
mod tests;
