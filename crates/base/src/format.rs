//! Numbers written the way people write them: `70B`, `1.4T`, `5.76e23 FLOP`, `2.736 nats`.

/// Powers of ten from which a letter is used, with the letter.
const LETTERS: &[(i32, &str)] = &[(12, "T"), (9, "B"), (6, "M"), (3, "k")];

/// Above this power of ten a number is written as `5.76e23`.
const SCIENTIFIC_FROM: i32 = 15;

/// Below this power of ten a number is written as `3.2e-5`.
const SCIENTIFIC_BELOW: i32 = -4;

/// Writes a number with `digits` significant digits and a scale letter: `70B`, `1.4T`, `5.76e23`, `0.3478`.
/// Zeros at the end of a fraction are left out.
///
/// # Example
///
/// ```
/// assert_eq!(isoflop_base::format_si(1.4e12, 3), "1.4T");
/// assert_eq!(isoflop_base::format_si(5.76e23, 3), "5.76e23");
/// ```
#[must_use]
pub fn format_si(value: f64, digits: usize) -> String {
    let Some(number) = Rounded::new(value, digits) else {
        return plain_special(value);
    };
    if number.exponent >= SCIENTIFIC_FROM || number.exponent < SCIENTIFIC_BELOW {
        return number.scientific();
    }
    LETTERS
        .iter()
        .find(|(from, _)| number.exponent >= *from)
        .map_or_else(
            || number.plain(0),
            |(from, letter)| format!("{}{letter}", number.plain(*from)),
        )
}

/// Writes a number with its unit: `70B params`, `5.76e23 FLOP`, `2.736 nats`. Compute never takes a
/// letter, and a fraction is written in percent.
///
/// # Example
///
/// ```
/// assert_eq!(isoflop_base::format_quantity(6.3e9, "FLOP", 2), "6.3e9 FLOP");
/// assert_eq!(isoflop_base::format_quantity(0.251, "fraction", 3), "25.1%");
/// ```
#[must_use]
pub fn format_quantity(value: f64, unit: &str, digits: usize) -> String {
    match unit {
        "" => format_si(value, digits),
        "fraction" => format!("{}%", format_si(value * 100.0, digits)),
        "USD" => {
            let sign = if value < 0.0 { "-" } else { "" };
            format!("{sign}${}", format_si(value.abs(), digits))
        }
        "FLOP" | "FLOP/s" => match Rounded::new(value, digits) {
            Some(number) if number.exponent >= 6 => format!("{} {unit}", number.scientific()),
            _ => format!("{} {unit}", format_si(value, digits)),
        },
        _ => format!("{} {unit}", format_si(value, digits)),
    }
}

fn plain_special(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else if value.is_nan() {
        "NaN".to_owned()
    } else if value > 0.0 {
        "inf".to_owned()
    } else {
        "-inf".to_owned()
    }
}

/// A finite number that is not zero, rounded to significant digits before a scale is chosen, so that
/// 999.96M at three digits is `1B` and not `1000M`.
struct Rounded {
    negative: bool,
    /// Significant digits without a point, no zeros at the end.
    digits: String,
    /// Power of ten of the first digit.
    exponent: i32,
}

impl Rounded {
    fn new(value: f64, digits: usize) -> Option<Self> {
        if !value.is_finite() || value == 0.0 {
            return None;
        }
        let text = format!("{:.*e}", digits.max(1) - 1, value.abs());
        let (mantissa, exponent) = text.split_once('e')?;
        let significant = mantissa.replace('.', "");
        Some(Self {
            negative: value < 0.0,
            digits: significant.trim_end_matches('0').to_owned(),
            exponent: exponent.parse().ok()?,
        })
    }

    fn sign(&self) -> &'static str {
        if self.negative { "-" } else { "" }
    }

    fn scientific(&self) -> String {
        let (first, rest) = self.digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        format!("{}{first}{point}{rest}e{}", self.sign(), self.exponent)
    }

    /// The number divided by `10^from`, without an exponent.
    fn plain(&self, from: i32) -> String {
        let whole = self.exponent - from + 1;
        let Ok(whole) = usize::try_from(whole) else {
            return format!(
                "{}0.{}{}",
                self.sign(),
                "0".repeat(whole.unsigned_abs() as usize),
                self.digits
            );
        };
        if whole == 0 {
            return format!("{}0.{}", self.sign(), self.digits);
        }
        if whole >= self.digits.len() {
            return format!(
                "{}{}{}",
                self.sign(),
                self.digits,
                "0".repeat(whole - self.digits.len())
            );
        }
        let (head, tail) = self.digits.split_at(whole);
        format!("{}{head}.{tail}", self.sign())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_quantity;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        for (value, digits, expected) in [
            (70e9, 3, "70B"),
            (1.4e12, 3, "1.4T"),
            (5.76e23, 3, "5.76e23"),
            (411_616_256.0, 3, "412M"),
            (999.96e6, 3, "1B"),
            (999.4, 2, "1k"),
            (12_500.0, 3, "12.5k"),
            (0.347_812, 4, "0.3478"),
            (0.0021, 2, "0.0021"),
            (0.000_032, 2, "3.2e-5"),
            (123.0, 2, "120"),
            (-2.5e9, 3, "-2.5B"),
            (0.0, 3, "0"),
            (f64::NAN, 3, "NaN"),
            (f64::NEG_INFINITY, 3, "-inf"),
            (1e15, 3, "1e15"),
            (2.0, 4, "2"),
        ] {
            assert_eq!(format_si(value, digits), expected, "{value}");
        }
    }

    #[test]
    fn units_follow_the_number() {
        for (value, unit, expected) in [
            (5.76e23, "FLOP", "5.76e23 FLOP"),
            (70e9, "params", "70B params"),
            (2.7364, "nats", "2.74 nats"),
            (0.864, "fraction", "86.4%"),
            (-5e6, "USD", "-$5M"),
            (3.12e14, "FLOP/s", "3.12e14 FLOP/s"),
            (12.0, "FLOP", "12 FLOP"),
        ] {
            assert_eq!(format_quantity(value, unit, 3), expected);
        }
    }

    #[test]
    fn what_is_written_reads_back_to_the_digits_printed() {
        for exponent in -12..30 {
            for mantissa in [1.0, 1.234_567, 9.876_543, 9.999_999_9] {
                let value = mantissa * 10f64.powi(exponent);
                let back = parse_quantity(&format_si(value, 6)).unwrap().value;
                assert!(
                    (back / value - 1.0).abs() < 1e-5,
                    "{value} came back as {back}"
                );
            }
        }
    }
}
