//! The digits of a number as people write them: groups of thousands, either decimal mark, `e`, `×10^`.

use crate::quantity::{DecimalMark, QuantityError};

/// A decimal number that is not rounded yet, so that a scale can join its exponent first.
#[derive(Clone, Debug)]
pub(crate) struct Decimal {
    /// Sign, digits and a point, as `f64` parses them; `inf` when infinite.
    digits: String,
    exponent: i32,
    /// Factor that is no power of ten: `2^20` is 1 with the power 1048576.
    power: f64,
}

impl Decimal {
    /// The number times `10^extra`, rounded once.
    pub(crate) fn value(&self, extra: i32) -> f64 {
        if self.digits.ends_with("inf") {
            return if self.digits.starts_with('-') {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            };
        }
        let text = format!("{}e{}", self.digits, self.exponent.saturating_add(extra));
        text.parse::<f64>().unwrap_or(f64::NAN) * self.power
    }
}

/// Splits a number off the front of `text`.
///
/// Thousands may be grouped by the mark that is not the decimal one, by `_`, `'`, or a space; a group
/// has exactly three digits, so `3,14` is no group and is refused as a decimal comma.
pub(crate) fn scan_decimal(
    text: &str,
    mark: DecimalMark,
) -> Result<(Decimal, &str), QuantityError> {
    let (sign, rest) = strip_sign(text);
    if let Some(rest) = strip_infinity(rest) {
        return Ok((decimal(format!("{sign}inf"), 0), rest));
    }
    let (whole, rest) = scan_grouped(rest, mark);
    let (fraction, rest) = scan_fraction(rest, mark, whole.is_empty());
    if whole.is_empty() && fraction.is_empty() {
        return Err(QuantityError::NotANumber);
    }
    refuse_other_mark(rest, mark)?;
    if fraction.is_empty()
        && let Some((power, rest)) = scan_power(rest)
    {
        let base: f64 = whole.parse().map_err(|_| QuantityError::NotANumber)?;
        if whole == "10" {
            return Ok((decimal(format!("{sign}1"), power), rest));
        }
        let mut number = decimal(format!("{sign}1"), 0);
        number.power = base.powi(power);
        return Ok((number, rest));
    }
    let (exponent, rest) = scan_exponent(rest);
    let whole = if whole.is_empty() { "0" } else { &whole };
    let fraction = if fraction.is_empty() { "0" } else { &fraction };
    Ok((decimal(format!("{sign}{whole}.{fraction}"), exponent), rest))
}

fn decimal(digits: String, exponent: i32) -> Decimal {
    Decimal {
        digits,
        exponent,
        power: 1.0,
    }
}

fn strip_sign(text: &str) -> (&'static str, &str) {
    if let Some(rest) = text.strip_prefix('-').or(text.strip_prefix('\u{2212}')) {
        ("-", rest)
    } else {
        ("", text.strip_prefix('+').unwrap_or(text))
    }
}

fn strip_infinity(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    for word in ["infinity", "inf", "∞"] {
        if lower.starts_with(word) {
            let rest = &text[word.len()..];
            return (!rest.starts_with(char::is_alphanumeric)).then_some(rest);
        }
    }
    None
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// The whole part without its group marks.
fn scan_grouped(text: &str, mark: DecimalMark) -> (String, &str) {
    let first = digits(text);
    let mut whole = text[..first].to_owned();
    let mut rest = &text[first..];
    let group_mark = rest.chars().next().filter(|c| {
        let mark_of_groups = match mark {
            DecimalMark::Point => ',',
            DecimalMark::Comma => '.',
        };
        *c == mark_of_groups || "_'’ \u{a0}\u{202f}\u{2009}".contains(*c)
    });
    let Some(group_mark) = group_mark.filter(|_| (1..=3).contains(&first)) else {
        return (whole, rest);
    };
    while let Some(after) = rest.strip_prefix(group_mark) {
        if digits(after) != 3 {
            break;
        }
        whole.push_str(&after[..3]);
        rest = &after[3..];
    }
    (whole, rest)
}

/// The digits after the decimal mark. A single point in a text with decimal commas is taken as the
/// decimal mark when what follows cannot be a group of three.
fn scan_fraction(text: &str, mark: DecimalMark, first: bool) -> (String, &str) {
    let after = match mark {
        DecimalMark::Point => text.strip_prefix('.'),
        DecimalMark::Comma => text.strip_prefix(',').or_else(|| text.strip_prefix('.')),
    };
    let Some(after) = after else {
        return (String::new(), text);
    };
    let n = digits(after);
    if n == 0 && first {
        return (String::new(), text);
    }
    (after[..n].to_owned(), &after[n..])
}

fn refuse_other_mark(rest: &str, mark: DecimalMark) -> Result<(), QuantityError> {
    match mark {
        DecimalMark::Point if rest.strip_prefix(',').is_some_and(|r| digits(r) > 0) => {
            Err(QuantityError::DecimalComma)
        }
        _ if rest.starts_with([',', '.']) => Err(QuantityError::NotANumber),
        _ => Ok(()),
    }
}

/// `e12`, `×10^12`, `x 10**12`, `·10¹²`; zero when there is none.
fn scan_exponent(text: &str) -> (i32, &str) {
    if let Some(after) = text.strip_prefix(['e', 'E'])
        && let Some((exponent, rest)) = scan_integer(after)
    {
        return (exponent, rest);
    }
    let times = text.trim_start().strip_prefix(['×', 'x', '*', '·', '⋅']);
    if let Some(ten) = times.and_then(|t| t.trim_start().strip_prefix("10"))
        && let Some((exponent, rest)) = scan_power(ten)
    {
        return (exponent, rest);
    }
    (0, text)
}

/// `^9`, `**9`, `⁹`.
fn scan_power(text: &str) -> Option<(i32, &str)> {
    if let Some(after) = text.strip_prefix('^').or(text.strip_prefix("**")) {
        return scan_integer(after);
    }
    let raised = text
        .char_indices()
        .find(|(_, c)| superscript(*c).is_none())
        .map_or(text.len(), |(at, _)| at);
    let plain: String = text[..raised].chars().filter_map(superscript).collect();
    plain.parse().ok().map(|power| (power, &text[raised..]))
}

fn superscript(c: char) -> Option<char> {
    match c {
        '⁻' => Some('-'),
        '⁰' => Some('0'),
        '¹' => Some('1'),
        '²' => Some('2'),
        '³' => Some('3'),
        '⁴'..='⁹' => char::from_digit(c as u32 - '⁰' as u32, 10),
        _ => None,
    }
}

fn scan_integer(text: &str) -> Option<(i32, &str)> {
    let (sign, after) = strip_sign(text);
    let n = digits(after);
    let value = format!("{sign}{}", &after[..n]).parse().ok()?;
    Some((value, &after[n..]))
}
