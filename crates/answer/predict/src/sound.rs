//! Whether the parts of a saved fit fit together: lengths, signs, numbers that are numbers, coefficients that are those of
//! the optimum. Every verb that reads a saved fit asks this once, so that none of them meets a covariance of three rows
//! for four coefficients, or a coefficient that somebody has edited in one place of two.

use isoflop_base::Estimate;
use isoflop_fit::{Fit, Objective, coordinates_of};
use isoflop_law::tape::Coordinate;
use isoflop_numerics::linear::symmetric_eigen;

/// Relative difference of a coefficient and of its place at the optimum that rounding explains.
const ROUNDING: f64 = 1e-9;

/// Coefficients below this are zero.
const LEAST: f64 = 1e-250;

/// Negative variance, relative to the largest, that rounding explains.
const NEGATIVE: f64 = 1e-6;

/// What does not fit together in a saved fit, a sentence each; nothing for one that can be used.
#[must_use]
pub fn unsound(fit: &Fit) -> Vec<String> {
    let mut faults = Vec::new();
    let mut say = |holds: bool, what: &dyn Fn() -> String| {
        if !holds {
            faults.push(what());
        }
    };
    say(fit.n > 0, &|| "it was fitted to no runs".to_owned());
    counts(fit, &mut say);
    estimates(fit, &mut say);
    objective(fit, &mut say);
    points(fit, &mut say);
    evidence(fit, &mut say);
    match law(fit) {
        Ok(coordinates) => joint(fit, &coordinates, &mut say),
        Err(why) => faults.push(why),
    }
    faults
}

/// Takes note of what does not hold.
type Say<'a> = dyn FnMut(bool, &dyn Fn() -> String) + 'a;

/// The law inside, and the coordinates that it is solved in.
fn law(fit: &Fit) -> Result<Vec<Coordinate>, String> {
    let record = &fit.law;
    let law = record
        .parse()
        .map_err(|e| format!("the law inside cannot be read: {}", e.first_message()))?;
    if law.formula_text.trim() != record.formula.trim() {
        return Err(format!(
            "its formula is `{}`, that of the law file inside is `{}`",
            record.formula, law.formula_text
        ));
    }
    if fit.provenance.law_sha256 != isoflop_data::sha256_hex(record.text.as_bytes()) {
        return Err(
            "the law file inside is not the one that was fitted: its digest differs".to_owned(),
        );
    }
    coordinates_of(fit, &law).map_err(|e| {
        format!(
            "the law inside does not go with its coefficients: {}",
            e.first_message()
        )
    })
}

fn counts(fit: &Fit, say: &mut Say<'_>) {
    let (u, s) = (&fit.uncertainty, &fit.starts);
    say(u.level > 0.0 && u.level < 1.0, &|| {
        format!(
            "the level of its intervals is {}, not between 0 and 1",
            u.level
        )
    });
    say(u.certified <= u.resamples, &|| {
        format!("{} of {} resamples are certified", u.certified, u.resamples)
    });
    say(s.reached_best <= s.solved, &|| {
        format!(
            "{} of {} solved starts reached the best objective",
            s.reached_best, s.solved
        )
    });
    if let Some(c) = &fit.calibration {
        let holds = c.largest > 0.0 && c.largest.is_finite() && c.per_decade >= 0.0;
        say(holds && c.per_decade.is_finite(), &|| {
            format!(
                "its calibration has a largest run of {} and a widening of {}",
                c.largest, c.per_decade
            )
        });
    }
}

fn estimates(fit: &Fit, say: &mut Say<'_>) {
    say(!fit.coefs.is_empty(), &|| {
        "it has no coefficients".to_owned()
    });
    for (i, (name, _)) in fit.coefs.iter().enumerate() {
        let twice = fit.coefs[..i].iter().any(|(n, _)| n == name);
        say(!twice, &|| {
            format!("the coefficient {name} stands there twice")
        });
    }
    for (name, e) in fit.coefs.iter().chain(&fit.derived) {
        if let Some(why) = estimate(e) {
            say(false, &|| format!("{name}: {why}"));
        }
    }
}

/// What is wrong with a number and its error.
fn estimate(e: &Estimate) -> Option<String> {
    if !e.value.is_finite() {
        return Some(format!("its value is {}", e.value));
    }
    if let Some(se) = e.se.filter(|se| !(*se >= 0.0 && se.is_finite())) {
        return Some(format!("its standard error is {se}"));
    }
    let i = e.interval?;
    if !(i.level > 0.0 && i.level < 1.0) {
        return Some(format!("the level of its interval is {}", i.level));
    }
    (i.lower.is_nan() || i.upper.is_nan() || i.lower > i.upper)
        .then(|| format!("its interval runs from {} to {}", i.lower, i.upper))
}

fn objective(fit: &Fit, say: &mut Say<'_>) {
    let o = &fit.objective;
    say(Objective::parse(&o.spelling).is_ok(), &|| {
        format!("`{}` is no objective", o.spelling)
    });
    say(o.value.is_finite(), &|| {
        format!("its objective has the value {}", o.value)
    });
    for (what, x) in [("corner", o.delta), ("fitted scale", o.fitted_scale)] {
        let holds = x.is_none_or(|x| x > 0.0 && x.is_finite());
        say(holds, &|| {
            format!("the {what} of its objective is {}", x.unwrap_or_default())
        });
    }
    say(o.inside.is_none_or(|x| (0.0..=1.0).contains(&x)), &|| {
        "the share of residuals inside the corner is not between 0 and 1".to_owned()
    });
}

/// The runs are kept whole or not at all.
fn points(fit: &Fit, say: &mut Say<'_>) {
    let p = &fit.points;
    let rows = p.response.len();
    let one = |n: usize| n == rows;
    let mut lengths = vec![
        ("place", p.place.len()),
        ("fitted", p.fitted.len()),
        ("residual", p.residual.len()),
    ];
    lengths.extend(p.inputs.iter().map(|(name, x)| (name.as_str(), x.len())));
    lengths.extend(p.levels.iter().map(|(name, x)| (name.as_str(), x.len())));
    for (what, n) in lengths {
        say(one(n), &|| {
            format!("of its runs there are {rows} responses and {n} values of {what}")
        });
    }
    say(rows == 0 || rows == fit.n, &|| {
        format!("it was fitted to {} runs and holds {rows}", fit.n)
    });
    let numbers = p.inputs.iter().flat_map(|(_, x)| x).chain(&p.response);
    say(
        numbers
            .chain(&p.fitted)
            .chain(&p.residual)
            .all(|x| x.is_finite()),
        &|| "a number of its runs is not finite".to_owned(),
    );
}

fn evidence(fit: &Fit, say: &mut Say<'_>) {
    let r = &fit.residuals;
    for (what, x) in [
        ("rms", r.rms),
        ("robust standard deviation", r.robust_sd),
        ("largest size", r.max_abs),
    ] {
        say(x >= 0.0 && x.is_finite(), &|| {
            format!("the {what} of its residuals is {x}")
        });
    }
    for range in &fit.ranges {
        let ordered = range.min <= range.max && range.min.is_finite() && range.max.is_finite();
        say(ordered && range.distinct > 0, &|| {
            format!(
                "{} takes {} values from {} to {}",
                range.name, range.distinct, range.min, range.max
            )
        });
    }
    for pool in &fit.pools {
        say(
            pool.sd >= 0.0 && pool.mean.is_finite() && pool.sd.is_finite(),
            &|| format!("the levels of {} scatter by {}", pool.coef, pool.sd),
        );
    }
}

/// The joint uncertainty belongs to these coefficients: it has their number, and its middle is where they are.
fn joint(fit: &Fit, coordinates: &[Coordinate], say: &mut Say<'_>) {
    let (joint, p) = (&fit.joint, coordinates.len());
    for (what, n) in [
        ("names", joint.coordinates.len()),
        ("values", joint.at.len()),
    ] {
        say(n == p, &|| {
            format!("its law has {p} free coefficients, its optimum {n} {what}")
        });
    }
    let rows = &joint.covariance;
    let square = rows.is_empty() || (rows.len() == p && rows.iter().all(|r| r.len() == p));
    say(square, &|| format!("its covariance is not {p} by {p}"));
    let draws = joint
        .draws
        .iter()
        .all(|d| d.len() == p && d.iter().all(|x| x.is_finite()));
    say(draws, &|| {
        format!("a draw of its coefficients is not {p} numbers")
    });
    let counted = joint.df.is_none_or(|df| df > 0.0 && df.is_finite());
    say(counted, &|| {
        "its covariance has no degrees of freedom".to_owned()
    });
    if joint.at.len() != p || !square {
        return;
    }
    for (c, x) in coordinates.iter().zip(&joint.at) {
        let at = c.coefficient(*x);
        let said = fit.coefs.iter().find(|(name, _)| *name == c.name);
        let said = said.map(|(_, e)| e.value);
        // A coefficient whose logarithm is solved for ends at its bound 0 as a number that is hardly above it.
        let near = |s: f64| (s - at).abs() <= (ROUNDING * s.abs().max(at.abs())).max(LEAST);
        say(x.is_finite() && said.is_some_and(near), &|| match said {
            Some(said) => format!(
                "its coefficient {} is {said}, and {at} at its optimum",
                c.name
            ),
            None => format!("it has no coefficient {}", c.name),
        });
    }
    let labels = coordinates.iter().map(|c| &c.label).eq(&joint.coordinates);
    say(labels, &|| {
        format!(
            "the coordinates of its optimum are {}",
            joint.coordinates.join(", ")
        )
    });
    if !rows.is_empty() {
        say(is_covariance(rows), &|| {
            "its covariance is not that of any numbers: it is not symmetric, or a variance is below zero".to_owned()
        });
    }
}

/// Finite, symmetric, and without a negative variance in any direction beyond rounding.
fn is_covariance(rows: &[Vec<f64>]) -> bool {
    let p = rows.len();
    let sd: Vec<f64> = (0..p).map(|i| rows[i][i].sqrt()).collect();
    if !sd.iter().all(|s| s.is_finite()) {
        return false;
    }
    // Scaled to correlations, so that a coefficient of 1e12 does not hide one of 1e-3.
    let mut scaled = Vec::with_capacity(p * p);
    for i in 0..p {
        for j in 0..p {
            let scale = sd[i] * sd[j];
            let (a, b) = (rows[i][j], rows[j][i]);
            let symmetric = (a - b).abs() <= ROUNDING * scale.max(a.abs());
            if !a.is_finite() || !symmetric || a.abs() > (1.0 + NEGATIVE) * scale {
                return false;
            }
            scaled.push(if scale > 0.0 {
                0.5 * (a + b) / scale
            } else {
                0.0
            });
        }
    }
    symmetric_eigen(&scaled, p)
        .iter()
        .all(|(value, _)| *value >= -NEGATIVE * p as f64)
}
