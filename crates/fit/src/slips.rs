//! What a refusal says of a typed formula whose writer meant something else: a name that is no column, a bracket of `solve`
//! beside its root.

use crate::structure::raised;
use isoflop_base::Diagnostic;
use isoflop_data::RunTable;
use isoflop_formula::ast::{Expr, ExprKind};
use isoflop_formula::evaluate;
use isoflop_law::Law;

/// Columns that are listed.
const SHOWN: usize = 12;

/// The columns of the table of a typed formula.
pub(crate) fn columns(law: &Law, table: &RunTable) -> Vec<String> {
    if !law.is_typed() {
        return Vec::new();
    }
    table
        .columns()
        .take(SHOWN)
        .map(|c| c.name.clone())
        .collect()
}

/// A refusal with the names that were taken for coefficients because no column has them.
pub(crate) fn named(law: &Law, columns: &[String], fault: Diagnostic) -> Diagnostic {
    if columns.is_empty() {
        return fault;
    }
    let free = law
        .coefs
        .iter()
        .filter(|c| c.fixed.is_none() && c.tie.is_none());
    let all: Vec<&str> = free.map(|c| c.name.as_str()).collect();
    // What is raised to a power is a column in nearly every law.
    let raised: Vec<&str> = all
        .iter()
        .copied()
        .filter(|name| raised(law, name))
        .collect();
    let names = if raised.is_empty() { &all } else { &raised };
    let (verb, they) = if names.len() == 1 {
        ("is", "it is a coefficient")
    } else {
        ("are", "they are coefficients")
    };
    let mut fault = fault.help(format!(
        "{} {verb} no column of the table, so {they}; its columns are {}",
        names.join(", "),
        columns.join(", ")
    ));
    if all.contains(&"pi") {
        fault = fault.help("for the number pi write 3.141592653589793");
    }
    fault
}

/// A refusal of a law without a value, with the brackets in which its unknowns are sought.
pub(crate) fn bracketed(law: &Law, fault: Diagnostic) -> Diagnostic {
    match brackets(law) {
        Some(words) => fault.help(words),
        None => fault,
    }
}

/// Where the unknowns of a law are sought, and what it means when they are not there.
pub(crate) fn brackets(law: &Law) -> Option<String> {
    let mut found = Vec::new();
    let steps = law.formula.lets.iter().map(|s| &s.value);
    let mut open: Vec<&Expr> = steps.chain([&law.formula.right]).collect();
    while let Some(expr) = open.pop() {
        if let ExprKind::Solve {
            name, lower, upper, ..
        } = &expr.kind
            && let (Ok(low), Ok(high)) =
                (evaluate(lower, &|_, _| None), evaluate(upper, &|_, _| None))
        {
            found.push(format!("{name} is sought between {low} and {high}"));
        }
        open.extend(expr.children());
    }
    found.sort();
    found.dedup();
    (!found.is_empty()).then(|| {
        let words = found.join(", ");
        format!("{words}, and the law has no value where its equation has no root there: widen the bracket of `solve`")
    })
}
