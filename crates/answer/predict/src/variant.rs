//! Published coefficient sets of a law: the one that is meant, and what its digits say.

use isoflop_base::{Diagnostic, Evidence, Note, Severity, closest};
use isoflop_law::{Law, Variant};

/// The fault of a law without coefficients of this name, or without any.
#[must_use]
pub fn no_variant(law: &Law, variant: Option<&str>) -> Diagnostic {
    let names: Vec<&str> = law.variants.iter().map(|v| v.name.as_str()).collect();
    match variant {
        Some(name) if !names.is_empty() => {
            let message = format!("the law {} has no variant `{name}`", law.id);
            let d = Diagnostic::error("unknown-variant", message);
            match closest(name, names.iter().copied()) {
                Some(near) => d.help(format!("did you mean `{}:{near}`?", law.id)),
                None => d.help(format!("its variants are {}", names.join(", "))),
            }
        }
        _ => {
            let message = format!(
                "the law {} has no published coefficients to plan with",
                law.id
            );
            Diagnostic::error("no-published-values", message)
                .help("fit it to your runs, and give the saved fit")
        }
    }
}

/// Whether `short` is `long` written with fewer digits, rounded or cut.
fn is_rounded(short: f64, long: f64) -> bool {
    let text = format!("{short}");
    let decimals = text.split_once('.').map_or(0, |(_, d)| d.len());
    let unit = 10f64.powi(i32::try_from(decimals).unwrap_or(17));
    let near = |x: f64| (x / unit - short).abs() < 1e-9 * short.abs();
    let scaled = long * unit;
    short != long && (near(scaled.round()) || near(scaled.trunc()))
}

/// Whether one coefficient set is another with fewer digits; the coefficients that differ, shorter first.
#[must_use]
pub fn rounding(
    short: &[(String, f64)],
    long: &[(String, f64)],
) -> Option<Vec<(String, f64, f64)>> {
    let mut differ = Vec::new();
    for (name, x) in short {
        let y = long.iter().find(|(n, _)| n == name)?.1;
        if *x == y {
            continue;
        }
        if !is_rounded(*x, y) {
            return None;
        }
        differ.push((name.clone(), *x, y));
    }
    (!differ.is_empty()).then_some(differ)
}

/// Says that the chosen coefficients are printed with fewer digits than others of the same law.
#[must_use]
pub fn rounding_notes(law: &Law, chosen: &Variant, named: bool) -> Vec<Note> {
    let better = law
        .variants
        .iter()
        .find_map(|v| Some((v, rounding(&chosen.coefs, &v.coefs)?)));
    let worse = law
        .variants
        .iter()
        .find_map(|v| Some((v, rounding(&v.coefs, &chosen.coefs)?)));
    if let Some((variant, differ)) = better {
        return vec![rounded_note(
            Severity::Warning,
            format!(
                "the coefficients of {}:{} are printed with fewer digits than those of {}:{}: {}",
                law.id,
                chosen.name,
                law.id,
                variant.name,
                digits(&differ)
            ),
            format!("use {}:{}", law.id, variant.name),
        )];
    }
    let Some((variant, differ)) = worse else {
        return Vec::new();
    };
    let choice = if named {
        ", as asked"
    } else {
        ", the first of the law"
    };
    vec![rounded_note(
        Severity::Info,
        format!(
            "{}:{}{choice}, has more digits than {}:{}, which moves every answer: {}",
            law.id,
            chosen.name,
            law.id,
            variant.name,
            digits(&differ)
        ),
        String::new(),
    )]
}

fn rounded_note(severity: Severity, message: String, advice: String) -> Note {
    Note {
        code: "rounded-coefficients".to_owned(),
        severity,
        evidence: vec![("coefficients".to_owned(), Evidence::Text(message.clone()))],
        message,
        advice,
    }
}

fn digits(differ: &[(String, f64, f64)]) -> String {
    let words: Vec<String> = differ
        .iter()
        .map(|(name, short, long)| format!("{name} = {short} for {long}"))
        .collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_digits_are_told_from_other_numbers() {
        for (short, long) in [
            (0.34, 0.3392),
            (0.28, 0.2849),
            (1.69, 1.6934),
            (0.29, 0.299),
            (0.53, 0.537),
        ] {
            assert!(is_rounded(short, long), "{short} {long}");
            assert!(!is_rounded(long, short), "{long} {short}");
        }
        assert!(!is_rounded(0.28, 0.3658) && !is_rounded(482.01, 477.83));
    }
}
