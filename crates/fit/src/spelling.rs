//! How objectives and uncertainties are spelled on the command line and in law files.

use crate::options::{Corner, Objective, PenaltyKind, Scale, Uncertainty};
use isoflop_base::{Diagnostic, closest};

const PENALTIES: [&str; 19] = [
    "squared",
    "squared-log",
    "squared-lhs",
    "huber",
    "huber-log",
    "huber-lhs",
    "abs",
    "abs-log",
    "abs-lhs",
    "soft-l1",
    "soft-l1-log",
    "soft-l1-lhs",
    "student",
    "student-log",
    "student-lhs",
    "quantile",
    "quantile-log",
    "quantile-lhs",
    "binomial",
];

pub(crate) fn parse_objective(text: &str) -> Result<Objective, Diagnostic> {
    let (name, argument) = match text.split_once(':') {
        Some((name, argument)) => (name.trim(), Some(argument.trim())),
        None => (text.trim(), None),
    };
    if !PENALTIES.contains(&name) {
        let mut d = Diagnostic::error("bad-objective", format!("`{text}` is not an objective"));
        if let Some(near) = closest(name, PENALTIES) {
            d = d.help(format!("did you mean `{near}`?"));
        }
        return Err(d.help(
            "write squared, huber:δ, abs, quantile:τ, soft-l1:δ or student:ν, with -log for residuals of the logarithm \
             (`huber-log:1e-3`), or -lhs for the left side as the law writes it; δ may be `2mad`; or binomial, \
             binomial:TRIALS for successes among trials",
        ));
    }
    let (base, scale) = if let Some(base) = name.strip_suffix("-log") {
        (base, Scale::Ln)
    } else if let Some(base) = name.strip_suffix("-lhs") {
        (base, Scale::AsWritten)
    } else {
        (name, Scale::Raw)
    };
    let refuse = |why: &str| {
        Err(Diagnostic::error(
            "bad-objective",
            format!("`{text}`: {why}"),
        ))
    };
    let penalty = match (base, argument) {
        ("squared", None) => PenaltyKind::Squared,
        ("abs", None) => PenaltyKind::Absolute,
        ("binomial", trials) => PenaltyKind::Binomial {
            trials: trials.map(str::to_owned),
        },
        ("quantile", argument) => match argument.map(str::parse::<f64>) {
            Some(Ok(tau)) if tau > 0.0 && tau < 1.0 => PenaltyKind::Quantile { tau },
            _ => return refuse("τ must be a number between 0 and 1, as in `quantile-log:0.1`"),
        },
        ("squared" | "abs", Some(_)) => return refuse("this penalty takes no number"),
        ("student", argument) => match argument.unwrap_or("4").parse::<f64>() {
            Ok(nu) if nu > 0.0 && nu.is_finite() => PenaltyKind::Student { nu },
            _ => return refuse("ν must be a number above zero, as in `student-log:4`"),
        },
        (_, argument) => {
            let corner = argument.map_or(Some(Corner::Fixed(1e-3)), parse_corner);
            match (base, corner) {
                (_, None) => {
                    return refuse(
                        "δ must be a number above zero or a multiple of the robust scale, as in `huber-log:1e-3` or `huber-log:2mad`",
                    );
                }
                ("huber", Some(corner)) => PenaltyKind::Huber(corner),
                (_, Some(corner)) => PenaltyKind::SoftL1(corner),
            }
        }
    };
    Ok(Objective { penalty, scale })
}

fn parse_corner(text: &str) -> Option<Corner> {
    let (digits, mad) = match text.strip_suffix("mad") {
        Some(digits) => (if digits.is_empty() { "1" } else { digits }, true),
        None => (text, false),
    };
    let value: f64 = digits.parse().ok()?;
    (value > 0.0 && value.is_finite()).then_some(if mad {
        Corner::Mad(value)
    } else {
        Corner::Fixed(value)
    })
}

pub(crate) fn parse_uncertainty(text: &str) -> Result<Uncertainty, Diagnostic> {
    let (name, argument) = match text.split_once(':') {
        Some((name, argument)) => (name.trim(), Some(argument.trim())),
        None => (text.trim(), None),
    };
    match (name, argument) {
        ("none", None) => Ok(Uncertainty::None),
        ("covariance", None) => Ok(Uncertainty::Covariance),
        ("sandwich", None) => Ok(Uncertainty::Sandwich),
        ("profile", None) => Ok(Uncertainty::Profile),
        ("bootstrap", n) => Ok(Uncertainty::Bootstrap {
            resamples: resamples(text, n)?,
        }),
        ("bca", n) => Ok(Uncertainty::Bca {
            resamples: resamples(text, n)?,
        }),
        ("wild", n) => Ok(Uncertainty::Wild {
            resamples: resamples(text, n)?,
        }),
        ("parametric", n) => Ok(Uncertainty::Parametric {
            resamples: resamples(text, n)?,
        }),
        ("cluster", Some(rest)) => {
            let (column, n) = match rest.rsplit_once(':') {
                Some((column, n)) => (column, Some(n)),
                None => (rest, None),
            };
            Ok(Uncertainty::Cluster {
                column: column.trim().to_owned(),
                resamples: resamples(text, n)?,
            })
        }
        _ => {
            let names = [
                "none",
                "covariance",
                "sandwich",
                "profile",
                "bootstrap",
                "bca",
                "wild",
                "parametric",
                "cluster",
            ];
            let mut d = Diagnostic::error(
                "bad-uncertainty",
                format!("`{text}` is not a way to find uncertainty"),
            );
            if let Some(near) = closest(name, names).filter(|n| *n != name) {
                d = d.help(format!("did you mean `{near}`?"));
            }
            Err(d.help(
                "write none, covariance, sandwich, profile, bootstrap:N, bca:N, wild:N, parametric:N or cluster:COLUMN:N",
            ))
        }
    }
}

/// Resamples at most: the ends of an interval are then known to a few thousandths of its width, and every one is kept in the
/// saved fit.
pub const MOST_RESAMPLES: usize = 100_000;

fn resamples(text: &str, n: Option<&str>) -> Result<usize, Diagnostic> {
    match n.unwrap_or("1000").parse::<usize>() {
        Ok(n) if (20..=MOST_RESAMPLES).contains(&n) => Ok(n),
        _ => Err(Diagnostic::error(
            "bad-uncertainty",
            format!(
                "`{text}`: the number of resamples must be a whole number from 20 to {MOST_RESAMPLES}"
            ),
        )),
    }
}

/// The way as `--uncertainty` spells it.
pub(crate) fn uncertainty_spelling(uncertainty: &Uncertainty) -> String {
    match uncertainty {
        Uncertainty::Default => "default".to_owned(),
        Uncertainty::None => "none".to_owned(),
        Uncertainty::Covariance => "covariance".to_owned(),
        Uncertainty::Sandwich => "sandwich".to_owned(),
        Uncertainty::Profile => "profile".to_owned(),
        Uncertainty::Bootstrap { resamples } => format!("bootstrap:{resamples}"),
        Uncertainty::Bca { resamples } => format!("bca:{resamples}"),
        Uncertainty::Wild { resamples } => format!("wild:{resamples}"),
        Uncertainty::Parametric { resamples } => format!("parametric:{resamples}"),
        Uncertainty::Cluster { column, resamples } => format!("cluster:{column}:{resamples}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_spellings() {
        assert_eq!(
            parse_objective("huber-log:1e-3"),
            Ok(Objective {
                penalty: PenaltyKind::Huber(Corner::Fixed(1e-3)),
                scale: Scale::Ln
            })
        );
        assert_eq!(
            parse_objective("huber-log:2mad").map(|o| o.penalty),
            Ok(PenaltyKind::Huber(Corner::Mad(2.0)))
        );
        assert_eq!(
            parse_objective("student-log:5").map(|o| o.penalty),
            Ok(PenaltyKind::Student { nu: 5.0 })
        );
        assert_eq!(
            parse_uncertainty("bootstrap:4000"),
            Ok(Uncertainty::Bootstrap { resamples: 4000 })
        );
    }

    #[test]
    fn refuses_with_advice() {
        for bad in ["hubr-log:1e-3", "huber:-1", "abs:3", "student:0", ""] {
            assert!(parse_objective(bad).is_err(), "{bad}");
        }
        for text in [
            "bca:500",
            "wild:500",
            "parametric:500",
            "cluster:seed:500",
            "profile",
            "sandwich",
        ] {
            let read = parse_uncertainty(text).map(|u| uncertainty_spelling(&u));
            assert_eq!(read.as_deref(), Ok(text));
        }
        for bad in ["boot", "bootstrap:3", "none:1", "cluster", "cluster:seed:x"] {
            assert!(parse_uncertainty(bad).is_err(), "{bad}");
        }
    }
}
