//! Rules of a recipe: expressions of the sizes of a run.

use isoflop_base::{Diagnostic, Diagnostics, closest};
use isoflop_formula::ast::Expr;
use isoflop_formula::{Place, evaluate, parse_expr};

use crate::number::Rule;

/// A rule that was read.
#[derive(Clone, Debug)]
pub struct Expression {
    name: &'static str,
    text: String,
    expr: Expr,
}

/// What a rule may use: a name and its value.
pub type Sizes = [(&'static str, f64)];

impl Expression {
    /// Reads a rule; `names` are those it may use.
    ///
    /// # Errors
    ///
    /// Those of the grammar, and `unknown-name` with a suggestion.
    pub fn read(name: &'static str, rule: &Rule, names: &[&str]) -> Result<Self, Diagnostics> {
        let file = format!("<{name}>");
        let expr = parse_expr(&rule.0, &file)?;
        let place = Place::whole(&file, &rule.0);
        let unknown: Vec<Diagnostic> = expr
            .names()
            .into_iter()
            .filter(|(used, _)| !names.contains(used))
            .map(|(used, span)| {
                let fault =
                    Diagnostic::error("unknown-name", format!("`{used}` is no size of a run"))
                        .at(place.excerpt(span, "not known here"))
                        .help(format!("a rule may use {}", names.join(", ")));
                match closest(used, names.iter().copied()) {
                    Some(near) => fault.help(format!("did you mean `{near}`?")),
                    None => fault,
                }
            })
            .collect();
        if unknown.is_empty() {
            Ok(Self {
                name,
                text: rule.0.clone(),
                expr,
            })
        } else {
            Err(Diagnostics(unknown))
        }
    }

    /// Its value for a run.
    ///
    /// # Errors
    ///
    /// `bad-rule` when it is not a finite number from 0.
    pub fn value(&self, run: &str, sizes: &Sizes) -> Result<f64, Diagnostic> {
        let lookup = |name: &str, _: Option<&[String]>| {
            sizes.iter().find(|(n, _)| *n == name).map(|(_, x)| *x)
        };
        match evaluate(&self.expr, &lookup) {
            Ok(x) if x.is_finite() && x >= 0.0 => Ok(x),
            Ok(x) => Err(Diagnostic::error(
                "bad-rule",
                format!("`{}` = {} is {x} for {run}", self.name, self.text),
            )),
            Err(e) => Err(Diagnostic::error(
                "bad-rule",
                format!("`{}`: {e}", self.name),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_the_value_of_its_expression() {
        let rule = Expression::read("learning-rate", &"0.003 * (N / 1e5)^-0.25".into(), &["N"]);
        let value = rule.unwrap().value("a run", &[("N", 1.6e6)]).unwrap();
        assert!((value - 0.0015).abs() < 1e-12);
    }

    #[test]
    fn unknown_names_and_bad_values_are_told() {
        let faults = Expression::read("batch", &"tokns / 2".into(), &["tokens", "N"]).unwrap_err();
        assert_eq!(faults.0[0].code, "unknown-name");
        assert!(faults.0[0].help.iter().any(|h| h.contains("`tokens`")));
        let rule = Expression::read("batch", &"ln(N)".into(), &["N"]).unwrap();
        assert_eq!(
            rule.value("a run", &[("N", 0.5)]).unwrap_err().code,
            "bad-rule"
        );
    }
}
