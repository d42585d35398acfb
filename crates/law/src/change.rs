//! Changes to the coefficients of a law, as typed by a user: `E = 1.7` fixes, `alpha in [0, 1]` bounds,
//! `beta = alpha` ties, a bare `E` only says that E is a coefficient.

use isoflop_base::{Diagnostic, Diagnostics, Excerpt, Span};
use isoflop_formula::{Place, evaluate, number, parse_assignment, parse_expr_at};

use crate::file::did_you_mean;
use crate::law::{Coef, Law, VarRole};
use crate::{print, rules};

/// What messages call the text.
const FILE: &str = "<coefficient>";

impl Law {
    /// This law with other coefficient declarations; its text holds the changes. A later change of a
    /// coefficient wins over an earlier one. Starting values outside new bounds are dropped.
    ///
    /// # Errors
    ///
    /// Every fault of every change, each with its place: a coefficient that the law has not, bounds in the
    /// wrong order, a value outside the bounds, a tie that leads back to itself.
    ///
    /// # Example
    ///
    /// ```
    /// use isoflop_law::Law;
    ///
    /// let law = Law::builtin("chinchilla")?.with_changes(&["beta = alpha".to_owned(), "E = 1.7".to_owned()])?;
    /// assert_eq!(law.coef("E").and_then(|e| e.fixed), Some(1.7));
    /// # Ok::<(), isoflop_base::Diagnostics>(())
    /// ```
    pub fn with_changes(&self, changes: &[String]) -> Result<Self, Diagnostics> {
        let mut law = self.clone();
        let mut faults = Vec::new();
        for change in changes {
            if let Err(found) = apply(&mut law, change.trim()) {
                faults.extend(found.0);
            }
        }
        if !faults.is_empty() {
            return Err(Diagnostics(faults));
        }
        if changes.is_empty() {
            return Ok(law);
        }
        Self::from_toml(
            &law.id,
            &format!("<{} with changes>", law.id),
            &print::law_file(&law),
        )
    }
}

impl Law {
    /// This law with its response in another unit, and with it the coefficients that are in the response's unit; its text
    /// says so. Published numbers are left out: they are those of the unit before.
    ///
    /// # Errors
    ///
    /// None that the law has not had before.
    ///
    /// # Example
    ///
    /// ```
    /// use isoflop_law::Law;
    ///
    /// let law = Law::builtin("chinchilla")?.with_response_unit("bits/byte")?;
    /// assert_eq!(law.response().unit, "bits/byte");
    /// assert_eq!(law.coef("E").map(|e| e.unit.as_str()), Some("bits/byte"));
    /// # Ok::<(), isoflop_base::Diagnostics>(())
    /// ```
    pub fn with_response_unit(&self, unit: &str) -> Result<Self, Diagnostics> {
        let mut law = self.clone();
        law.variants.clear();
        law.checks.clear();
        let before = self.response().unit.clone();
        for var in law.vars.iter_mut().filter(|v| v.role == VarRole::Response) {
            unit.clone_into(&mut var.unit);
        }
        for coef in law
            .coefs
            .iter_mut()
            .filter(|c| !before.is_empty() && c.unit == before)
        {
            unit.clone_into(&mut coef.unit);
        }
        Self::from_toml(
            &law.id,
            &format!("<{} in {unit}>", law.id),
            &print::law_file(&law),
        )
    }
}

/// The coefficient that a change as typed speaks of: the first word of `E = 1.7`, `alpha in [0, 1]`, `beta=alpha`.
#[must_use]
pub fn changed_coef(change: &str) -> Option<&str> {
    change
        .split(|c: char| c == '=' || c.is_whitespace())
        .find(|word| !word.is_empty())
}

fn apply(law: &mut Law, change: &str) -> Result<(), Diagnostics> {
    if let Some((name, range)) = split_bounds(change) {
        let (lower, upper) = bounds(change, range)?;
        let coef = find(law, name, change)?;
        if let Some(fixed) = coef.fixed.filter(|x| !(lower..=upper).contains(x)) {
            let message = format!(
                "`{name}` is fixed at {}, outside the new bounds",
                number(fixed)
            );
            return Err(fault(
                "outside-range",
                message,
                change,
                whole(change),
                "change its value first",
            ));
        }
        (coef.lower, coef.upper) = (lower, upper);
        coef.start.retain(|x| (lower..=upper).contains(x));
        return Ok(());
    }
    if !change.contains('=') {
        return find(law, change.trim_matches('`'), change).map(|_| ());
    }
    let (name, expr) = parse_assignment(change, FILE)?;
    let coef = find(law, &name, change)?;
    if expr.names().is_empty() {
        let value = evaluate(&expr, &|_, _| None).unwrap_or(f64::NAN);
        if !value.is_finite() || !(coef.lower..=coef.upper).contains(&value) {
            let message = format!(
                "{} lies outside the range [{}, {}] of `{name}`",
                number(value),
                number(coef.lower),
                number(coef.upper)
            );
            let help = format!("change the range as well, before it: `{name} in [lower, upper]`");
            return Err(fault("outside-range", message, change, expr.span, &help));
        }
        (coef.fixed, coef.tie) = (Some(value), None);
        return Ok(());
    }
    let text = change[expr.span.start..expr.span.end].to_owned();
    // Read again by itself, so that the spans of the tie count from its own text.
    let tie = parse_expr_at(&text, &Place::whole(FILE, &text))?;
    for (other, at) in expr.names() {
        if law.coef(other).is_none() {
            return Err(unknown(law, other, change, at));
        }
    }
    let coef = find(law, &name, change)?;
    (coef.fixed, coef.tie) = (None, Some((text, tie)));
    if let Some(path) = rules::cycle(law, &name) {
        let message = format!(
            "the tie of `{name}` leads back to itself: {}",
            path.join(" → ")
        );
        return Err(fault(
            "cyclic-tie",
            message,
            change,
            expr.span,
            "leave one coefficient of the circle without a tie",
        ));
    }
    Ok(())
}

/// `alpha in [0, 1]` as name and the text from the bracket on.
fn split_bounds(change: &str) -> Option<(&str, &str)> {
    let (name, rest) = change.split_once(" in ")?;
    rest.trim_start()
        .starts_with('[')
        .then(|| (name.trim().trim_matches('`'), rest.trim_start()))
}

fn bounds(change: &str, range: &str) -> Result<(f64, f64), Diagnostics> {
    let at = Span::new(change.len() - range.len(), change.len());
    let inside = range
        .trim_end()
        .strip_prefix('[')
        .and_then(|r| r.strip_suffix(']'));
    let parts: Vec<&str> = inside
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .collect();
    let [lower, upper] = parts.as_slice() else {
        return Err(fault(
            "bad-range",
            "a range has two numbers".to_owned(),
            change,
            at,
            "write `alpha in [0, 1]`",
        ));
    };
    match (bound(lower), bound(upper)) {
        (Some(lower), Some(upper)) if lower < upper => Ok((lower, upper)),
        (Some(lower), Some(upper)) => {
            let message = format!(
                "the lower bound {} is not below the upper bound {}",
                number(lower),
                number(upper)
            );
            Err(fault(
                "bad-range",
                message,
                change,
                at,
                "a single value is fixed with `=`",
            ))
        }
        _ => Err(fault(
            "bad-range",
            "a bound is not a number".to_owned(),
            change,
            at,
            "write numbers, `inf` or `-inf`",
        )),
    }
}

fn bound(text: &str) -> Option<f64> {
    if let Some(infinite) = ["inf", "+inf", "-inf"].iter().find(|t| **t == text) {
        return infinite.parse().ok();
    }
    let expr = isoflop_formula::parse_expr(text, FILE).ok()?;
    evaluate(&expr, &|_, _| None).ok().filter(|x| !x.is_nan())
}

fn find<'a>(law: &'a mut Law, name: &str, change: &str) -> Result<&'a mut Coef, Diagnostics> {
    match law.coefs.iter().position(|c| c.name == name) {
        Some(i) => Ok(&mut law.coefs[i]),
        None => {
            let start = change.find(name).unwrap_or(0);
            Err(unknown(
                law,
                name,
                change,
                Span::new(start, start + name.len()),
            ))
        }
    }
}

fn unknown(law: &Law, name: &str, change: &str, at: Span) -> Diagnostics {
    let help = did_you_mean(name, law.coefs.iter().map(|c| c.name.as_str()));
    fault(
        "unknown-coefficient",
        format!("the law {} has no coefficient `{name}`", law.id),
        change,
        at,
        &help,
    )
}

fn whole(change: &str) -> Span {
    Span::new(0, change.len())
}

fn fault(code: &'static str, message: String, change: &str, at: Span, help: &str) -> Diagnostics {
    let mut fault = Diagnostic::error(code, message).at(Excerpt::of(FILE, change, at, "here"));
    if !help.is_empty() {
        fault = fault.help(help);
    }
    fault.into()
}
