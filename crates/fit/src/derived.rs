//! Quantities that follow from the coefficients: ties of the law, and what `--derive` asks for, with the error of the
//! coefficients carried through.

use crate::engine::Solved;
use crate::uncertainty::{Spread, percentile};
use isoflop_base::{Diagnostic, Diagnostics, Estimate, Excerpt, Interval, closest};
use isoflop_formula::ast::Expr;
use isoflop_law::{Coef, Law};
use isoflop_numerics::dist;

/// A derived quantity: its name and expression.
pub(crate) type Derived = (String, Expr);

/// Reads and checks the quantities that were asked for.
pub(crate) fn parse(law: &Law, texts: &[String]) -> Result<Vec<Derived>, Diagnostics> {
    let mut known: Vec<String> = law
        .coefs
        .iter()
        .filter(|c| c.index.is_empty())
        .map(|c| c.name.clone())
        .collect();
    let mut faults = Diagnostics::default();
    let mut out: Vec<Derived> = Vec::new();
    for text in texts {
        match isoflop_formula::parse_assignment(text, "<derive>") {
            Err(found) => faults.0.extend(found.0),
            Ok((name, expr)) => {
                for (used, span) in expr.names() {
                    // A level is named in backquotes, `E[c4]`: whether it exists is known only with the table.
                    if known.iter().any(|k| k == used) || used.contains('[') {
                        continue;
                    }
                    let mut d = Diagnostic::error(
                        "unknown-coefficient",
                        format!("the law has no coefficient `{used}`"),
                    )
                    .at(Excerpt::of(
                        "<derive>",
                        text,
                        span,
                        "not a coefficient",
                    ));
                    if let Some(near) =
                        closest(used, known.iter().map(String::as_str)).filter(|_| used.len() > 1)
                    {
                        d = d.help(format!("did you mean `{near}`?"));
                    }
                    faults
                        .0
                        .push(d.help(format!("its coefficients are {}", known.join(", "))));
                }
                known.push(name.clone());
                out.push((name, expr));
            }
        }
    }
    if faults.0.is_empty() {
        Ok(out)
    } else {
        Err(faults)
    }
}

/// Refuses a quantity that has no value at the optimum: a level that does not occur, a logarithm of nothing.
pub(crate) fn check(solved: &Solved<'_>) -> Result<(), Diagnostics> {
    let theta = crate::uncertainty::optimum(solved);
    let coordinates = solved.frame.bound.program().coordinates();
    let mut faults = Diagnostics::default();
    for (k, (name, expr)) in solved.derived.iter().enumerate() {
        let values = Values {
            solved,
            theta: &theta,
        };
        let value = values.derived(k);
        if value.is_finite() {
            continue;
        }
        let unknown = expr.names().into_iter().find(|(used, _)| {
            let earlier = solved.derived[..k].iter().any(|(n, _)| n == used);
            !earlier && values.named(used, 0).is_none()
        });
        faults.0.push(match unknown {
            Some((level, _)) => {
                let known: Vec<&str> = coordinates.iter().map(|c| c.name.as_str()).collect();
                let mut d = Diagnostic::error(
                    "unknown-level",
                    format!("`{name}`: the fit has no coefficient `{level}`"),
                );
                if let Some(near) = closest(level, known.iter().copied()) {
                    d = d.help(format!("did you mean `{near}`?"));
                }
                let shown: Vec<&str> = known.into_iter().take(20).collect();
                d.help(format!("it has {}", shown.join(", ")))
            }
            None => Diagnostic::error(
                "no-value",
                format!("`{name} = {expr}` is {value} at the optimum: it has no value there"),
            )
            .help("check the expression: a logarithm or a root of a negative number, or a division by zero"),
        });
    }
    if faults.0.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

/// Values and errors of the derived quantities.
pub(crate) fn estimates(solved: &Solved<'_>, spread: &Spread) -> Vec<(String, Estimate)> {
    (0..solved.derived.len())
        .map(|k| {
            let name = solved.derived[k].0.clone();
            let value = |theta: &[f64]| Values { solved, theta }.derived(k);
            (name, estimate(solved, spread, String::new(), value))
        })
        .collect()
}

/// Values and errors of a tied coefficient: one, or one for each level of its index.
pub(crate) fn tied(solved: &Solved<'_>, spread: &Spread, coef: &Coef) -> Vec<(String, Estimate)> {
    let names: Vec<String> = if coef.index.is_empty() {
        vec![coef.name.clone()]
    } else {
        let key = coef.index.join(",");
        let levels = solved.binding.levels.iter().find(|(k, _)| *k == key);
        levels.map_or_else(Vec::new, |(_, levels)| {
            let named = levels.iter().map(|l| format!("{}[{l}]", coef.name));
            named.collect()
        })
    };
    let one = |name: String| {
        let value = estimate(solved, spread, coef.unit.clone(), |theta| {
            Values { solved, theta }.named(&name, 0).unwrap_or(f64::NAN)
        });
        (name, value)
    };
    names.into_iter().map(one).collect()
}

fn estimate(
    solved: &Solved<'_>,
    spread: &Spread,
    unit: String,
    value: impl Fn(&[f64]) -> f64,
) -> Estimate {
    let at = &spread.joint.at;
    let best = value(at);
    let level = solved.options.level;
    if spread.joint.draws.len() > 1 {
        let sample: Vec<f64> = spread
            .joint
            .draws
            .iter()
            .map(|d| value(d))
            .filter(|x| x.is_finite())
            .collect();
        if sample.len() * 10 > spread.joint.draws.len() * 9 {
            let (se, interval) = percentile(&sample, level);
            return Estimate {
                value: best,
                se: Some(se),
                unit,
                interval: Some(interval),
            };
        }
    }
    if spread.joint.covariance.is_empty() {
        return Estimate {
            value: best,
            se: None,
            unit,
            interval: None,
        };
    }
    let gradient: Vec<f64> = (0..at.len())
        .map(|j| {
            let h = 1e-6 * (1.0 + at[j].abs());
            let shifted = |by: f64| {
                let mut x = at.clone();
                x[j] += by;
                value(&x)
            };
            (shifted(h) - shifted(-h)) / (2.0 * h)
        })
        .collect();
    let variance: f64 = gradient
        .iter()
        .zip(&spread.joint.covariance)
        .map(|(g, row)| g * row.iter().zip(&gradient).map(|(v, h)| v * h).sum::<f64>())
        .sum();
    let se = variance.max(0.0).sqrt();
    let df = spread.joint.freedom(solved.binding.n);
    let t = dist::t_quantile(0.5 + 0.5 * level, df);
    let interval = along(solved, spread, &gradient, se, t, &value).unwrap_or(Interval {
        level,
        lower: best - t * se,
        upper: best + t * se,
    });
    Estimate {
        value: best,
        se: Some(se),
        unit,
        interval: Some(interval),
    }
}

/// The ends of an interval in the direction of the coefficients in which the quantity varies most beside their errors:
/// one that is a power or a product of coefficients gets an interval symmetric in its logarithm, a share stays a share.
/// |alpha − beta| turns on the way: the ends are those of all it passes.
fn along(
    solved: &Solved<'_>,
    spread: &Spread,
    gradient: &[f64],
    se: f64,
    t: f64,
    value: &impl Fn(&[f64]) -> f64,
) -> Option<Interval> {
    let coordinates = solved.frame.bound.program().coordinates();
    let at = &spread.joint.at;
    let step: Vec<f64> = spread
        .joint
        .covariance
        .iter()
        .map(|row| row.iter().zip(gradient).map(|(v, g)| v * g).sum::<f64>() / se)
        .collect();
    let moved = |side: f64| -> f64 {
        let moved = at.iter().zip(&step).zip(coordinates);
        let theta: Vec<f64> = moved
            .map(|((x, s), c)| (x + side * t * s).clamp(c.lower, c.upper))
            .collect();
        value(&theta)
    };
    let half = i32::from(PLACES);
    let places = (-half..=half).map(|k| moved(f64::from(k) / f64::from(half)));
    let (mut lower, mut upper) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in places {
        if !value.is_finite() {
            return None;
        }
        lower = lower.min(value);
        upper = upper.max(value);
    }
    Some(Interval {
        level: solved.options.level,
        lower,
        upper,
    })
}

/// Places on each side of the optimum at which a derived quantity is looked at.
const PLACES: u8 = 8;

/// Coefficients and what follows from them at one point.
struct Values<'a> {
    solved: &'a Solved<'a>,
    theta: &'a [f64],
}

impl Values<'_> {
    /// A coefficient by name, through ties; a level as `E[c4]`.
    fn named(&self, name: &str, depth: usize) -> Option<f64> {
        let coordinates = self.solved.frame.bound.program().coordinates();
        if let Some(j) = coordinates.iter().position(|c| c.name == name) {
            return Some(coordinates[j].coefficient(self.theta[j]));
        }
        let (plain, level) = match name.strip_suffix(']').and_then(|n| n.split_once('[')) {
            Some((plain, level)) => (plain, Some(level)),
            None => (name, None),
        };
        let coef = self.solved.law.coefs.iter().find(|c| c.name == plain)?;
        match (&coef.fixed, &coef.tie) {
            (Some(value), _) => Some(*value),
            (None, Some((_, tie))) if depth <= self.solved.law.coefs.len() => {
                // An indexed name in the tie of a level means that same level.
                let lookup = |n: &str, index: Option<&[String]>| match (index, level) {
                    (Some(_), Some(level)) => self.named(&format!("{n}[{level}]"), depth + 1),
                    _ => self.named(n, depth + 1),
                };
                isoflop_formula::evaluate(tie, &lookup).ok()
            }
            _ => None,
        }
    }

    fn derived(&self, k: usize) -> f64 {
        let lookup = |name: &str, _: Option<&[String]>| {
            let earlier = self.solved.derived[..k].iter().position(|(n, _)| n == name);
            match earlier {
                Some(e) => Some(self.derived(e)),
                None => self.named(name, 0),
            }
        };
        isoflop_formula::evaluate(&self.solved.derived[k].1, &lookup).unwrap_or(f64::NAN)
    }
}
