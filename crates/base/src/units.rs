//! The units that tables and command lines use, each with its factor to the unit this project counts in:
//! FLOP, tokens, seconds, bytes; nats, bits and perplexity are kept apart, never converted.

/// A unit as written: the factor `factor × 10^exponent` turns a number in it into a number in `name`.
///
/// The power of ten is kept apart, so that `0.0288T` is read as `0.0288e12`, which rounds once.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// The unit that numbers are counted in after conversion, for example `FLOP`.
    pub name: String,
    /// What is left of the factor without its power of ten; 1 for most units.
    pub factor: f64,
    /// Power of ten of the factor.
    pub exponent: i32,
}

impl Unit {
    fn new(name: &str, factor: f64, exponent: i32) -> Self {
        Self {
            name: name.to_owned(),
            factor,
            exponent,
        }
    }

    /// The whole factor.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.factor * 10f64.powi(self.exponent)
    }
}

/// Spelling in lower case, unit counted in, factor, power of ten.
const WORDS: &[(&[&str], &str, f64, i32)] = &[
    (&["token", "tokens", "tok", "toks"], "tokens", 1.0, 0),
    (
        &["param", "params", "parameter", "parameters"],
        "params",
        1.0,
        0,
    ),
    (&["nat", "nats"], "nats", 1.0, 0),
    (
        &["nats/token", "nat/token", "nats per token", "nats/tok"],
        "nats/token",
        1.0,
        0,
    ),
    (&["nats/byte", "nats per byte"], "nats/byte", 1.0, 0),
    (&["nats/char", "nats per character"], "nats/char", 1.0, 0),
    (&["bit", "bits"], "bits", 1.0, 0),
    (
        &["bits/token", "bit/token", "bits per token", "bits/tok"],
        "bits/token",
        1.0,
        0,
    ),
    (&["bpb", "bits/byte", "bits per byte"], "bits/byte", 1.0, 0),
    (
        &["bpc", "bits/char", "bits per character"],
        "bits/char",
        1.0,
        0,
    ),
    (&["ppl", "perplexity"], "perplexity", 1.0, 0),
    (&["%", "percent", "pct"], "fraction", 1.0, -2),
    (&["s", "sec", "secs", "second", "seconds"], "s", 1.0, 0),
    (&["min", "mins", "minute", "minutes"], "s", 60.0, 0),
    (&["h", "hr", "hrs", "hour", "hours"], "s", 3600.0, 0),
    (&["d", "day", "days"], "s", 86_400.0, 0),
    (&["wk", "week", "weeks"], "s", 604_800.0, 0),
    (&["month", "months"], "s", 2_629_800.0, 0),
    (&["yr", "year", "years"], "s", 31_557_600.0, 0),
    (&["usd", "$", "dollar", "dollars"], "USD", 1.0, 0),
    (&["eur", "€", "euro", "euros"], "EUR", 1.0, 0),
    (&["byte", "bytes"], "bytes", 1.0, 0),
    (&["kb"], "bytes", 1.0, 3),
    (&["mb"], "bytes", 1.0, 6),
    (&["gb"], "bytes", 1.0, 9),
    (&["tb"], "bytes", 1.0, 12),
    (&["pb"], "bytes", 1.0, 15),
    (&["kib"], "bytes", 1024.0, 0),
    (&["mib"], "bytes", 1_048_576.0, 0),
    (&["gib"], "bytes", 1_073_741_824.0, 0),
    (&["tib"], "bytes", 1_099_511_627_776.0, 0),
    (
        &["step", "steps", "iteration", "iterations"],
        "steps",
        1.0,
        0,
    ),
    (
        &["example", "examples", "sample", "samples"],
        "examples",
        1.0,
        0,
    ),
    (&["sequence", "sequences", "seqs"], "sequences", 1.0, 0),
    (&["epoch", "epochs"], "epochs", 1.0, 0),
];

/// Letters and words that multiply, in lower case, with their power of ten. A lower-case `m` is a
/// million: nobody counts parameters in thousandths.
const SCALES: &[(&[&str], i32)] = &[
    (&["k", "thousand", "thousands"], 3),
    (&["m", "mn", "mln", "mio", "million", "millions"], 6),
    (&["b", "bn", "bln", "g", "billion", "billions"], 9),
    (&["t", "tn", "trn", "trillion", "trillions"], 12),
    (&["quadrillion", "quadrillions"], 15),
];

/// Prefixes of FLOP, short and long, in lower case, with their power of ten.
const FLOP_PREFIXES: &[(&str, &str, i32)] = &[
    ("k", "kilo", 3),
    ("m", "mega", 6),
    ("g", "giga", 9),
    ("t", "tera", 12),
    ("p", "peta", 15),
    ("e", "exa", 18),
    ("z", "zetta", 21),
    ("y", "yotta", 24),
];

const SECONDS_PER_DAY: f64 = 86_400.0;

/// The unit written as `text`, or none if it is not known. Case and surrounding space do not matter.
///
/// # Example
///
/// ```
/// let unit = isoflop_base::parse_unit("PF-days").unwrap();
/// assert_eq!((unit.name.as_str(), unit.scale()), ("FLOP", 8.64e19));
/// ```
#[must_use]
pub fn parse_unit(text: &str) -> Option<Unit> {
    let text = text.trim();
    let lower = text.to_lowercase();
    WORDS
        .iter()
        .find(|(words, ..)| words.contains(&lower.as_str()))
        .map(|(_, name, factor, exponent)| Unit::new(name, *factor, *exponent))
        .or_else(|| flop(&lower))
        .or_else(|| device_time(text, &lower))
}

/// The power of ten of a scale letter or word (`B` → 9), or none.
#[must_use]
pub fn parse_scale(text: &str) -> Option<i32> {
    let lower = text.trim().to_lowercase();
    SCALES
        .iter()
        .find(|(words, _)| words.contains(&lower.as_str()))
        .map(|(_, exponent)| *exponent)
}

/// `FLOP`, `ZFLOP`, `petaflops`, `TFLOP/s`, `PF-days`, `PFLOP/s-days`.
fn flop(lower: &str) -> Option<Unit> {
    let (prefix, rest) = match lower.find("flop") {
        Some(at) => (&lower[..at], &lower[at + 4..]),
        None => short_flop(lower)?,
    };
    let exponent = if prefix.is_empty() {
        0
    } else {
        FLOP_PREFIXES
            .iter()
            .find(|(short, long, _)| prefix == *short || prefix == *long)?
            .2
    };
    match rest
        .strip_prefix("(s)")
        .or(rest.strip_prefix('s'))
        .unwrap_or(rest)
    {
        "" => Some(Unit::new("FLOP", 1.0, exponent)),
        "/s" | "/sec" | "/second" => Some(Unit::new("FLOP/s", 1.0, exponent)),
        days if is_days(days.strip_prefix("/s").unwrap_or(days)) => {
            Some(Unit::new("FLOP", SECONDS_PER_DAY, exponent))
        }
        _ => None,
    }
}

/// `pf-days` and `pf/s-days`, split into prefix and what follows `f`.
fn short_flop(lower: &str) -> Option<(&str, &str)> {
    let (head, tail) = lower.split_once('f')?;
    let days = tail.strip_prefix('s').unwrap_or(tail);
    is_days(days.strip_prefix("/s").unwrap_or(days)).then_some((head, tail))
}

fn is_days(text: &str) -> bool {
    matches!(text, "-day" | "-days" | " day" | " days" | "day" | "days")
}

/// `H100-hours`, `A100 days`, `gpu-hours`: hours of that device, its name as written.
fn device_time(text: &str, lower: &str) -> Option<Unit> {
    let at = lower.rfind(['-', ' '])?;
    let device = text.get(..at)?.trim();
    let hours = match &lower[at + 1..] {
        "h" | "hour" | "hours" | "hrs" => 1.0,
        "d" | "day" | "days" => 24.0,
        _ => return None,
    };
    let named = device.chars().any(char::is_alphabetic)
        && device.chars().all(|c| c.is_alphanumeric() || c == '-')
        && parse_scale(device).is_none();
    named.then(|| Unit::new(&format!("{device}-hours"), hours, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_convert_to_the_unit_we_count_in() {
        for (text, name, scale) in [
            ("tokens", "tokens", 1.0),
            ("ZFLOP", "FLOP", 1e21),
            ("zettaFLOPs", "FLOP", 1e21),
            ("FLOP(s)", "FLOP", 1.0),
            ("TFLOP/s", "FLOP/s", 1e12),
            ("TFLOPS/s", "FLOP/s", 1e12),
            ("PF-days", "FLOP", 8.64e19),
            ("pfdays", "FLOP", 8.64e19),
            ("PFLOPdays", "FLOP", 8.64e19),
            ("PFLOP/s-days", "FLOP", 8.64e19),
            ("petaflop/s-day", "FLOP", 8.64e19),
            ("pfs-days", "FLOP", 8.64e19),
            ("pf/s-days", "FLOP", 8.64e19),
            ("H100-hours", "H100-hours", 1.0),
            ("A100 days", "A100-hours", 24.0),
            ("weeks", "s", 604_800.0),
            ("%", "fraction", 0.01),
            ("bpb", "bits/byte", 1.0),
            ("GiB", "bytes", 1_073_741_824.0),
        ] {
            let unit = parse_unit(text).unwrap_or_else(|| panic!("{text} is a unit"));
            assert_eq!(unit.name, name, "{text}");
            assert!((unit.scale() / scale - 1.0).abs() < 1e-15, "{text}");
        }
    }

    #[test]
    fn words_that_are_no_unit_are_refused() {
        for text in [
            "", "adam", "flux", "xflop", "k days", "12m-4B", "-hours", "flop/day",
        ] {
            assert_eq!(parse_unit(text), None, "{text}");
        }
    }

    #[test]
    fn lower_case_m_is_a_million() {
        assert_eq!(parse_scale("m"), Some(6));
        assert_eq!(parse_scale(" Bn "), Some(9));
        assert_eq!(parse_scale("x"), None);
    }
}
