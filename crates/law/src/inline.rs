//! A law from a bare formula, as typed on the command line: `L = E + A / N^alpha + B / D^beta`.
//!
//! Which names are what:
//!
//! 1. The one name on the left is the response.
//! 2. A name listed as a coefficient is one, whatever else it could be.
//! 3. The letters `L N D C` are loss, params, tokens and flops, unless the table lacks that column and has
//!    one of the very letter; any other name of a column is that column.
//! 4. Every other name is a coefficient, except that a name of four or more letters that nearly is a column
//!    is refused as a slip. Greek letters in words (`alpha`, `delta` …) are never taken for slips.
//!
//! Coefficients are free, and columns may hold any number, but for what `ranges.rs` finds that mathematics asks;
//! `Law::with_changes` sets ranges.

use isoflop_base::{Diagnostic, Diagnostics, Span, closest};
use isoflop_formula::ast::Formula;
use isoflop_formula::{Place, parse_formula};

use crate::conventions::Conventions;
use crate::law::{Coef, Law, Var, VarRole};
use crate::ranges::{Positive, TYPED};
use crate::{print, rules};

/// What messages call the text.
const FILE: &str = "<formula>";

/// Letter, column, unit of the variables that every scaling law speaks of.
const STANDARD: [(&str, &str, &str); 4] = [
    ("L", "loss", "nats/token"),
    ("N", "params", "params"),
    ("D", "tokens", "tokens"),
    ("C", "flops", "FLOP"),
];

const GREEK: [&str; 24] = [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi",
    "psi", "omega",
];

impl Law {
    /// A law from a formula. `columns` are the table's columns; `extra_coefs` are names that are coefficients
    /// even if they look like columns. The module documentation of the source says how names and ranges are found.
    ///
    /// # Errors
    ///
    /// Faults of the formula, a left side without exactly one name, names that look like misspelt columns.
    ///
    /// # Example
    ///
    /// ```
    /// use isoflop_law::Law;
    ///
    /// let law = Law::from_formula("L = E + A / N^alpha", &["params", "loss"], &[])?;
    /// let coefs: Vec<_> = law.coefs.iter().map(|c| (c.name.as_str(), c.lower, c.upper)).collect();
    /// let inf = f64::INFINITY;
    /// assert_eq!(coefs, [("E", -inf, inf), ("A", -inf, inf), ("alpha", -inf, inf)]);
    /// # Ok::<(), isoflop_base::Diagnostics>(())
    /// ```
    pub fn from_formula(
        text: &str,
        columns: &[&str],
        extra_coefs: &[&str],
    ) -> Result<Self, Diagnostics> {
        let text = text.trim();
        let formula = parse_formula(text, FILE)?;
        let place = Place::whole(FILE, text);
        let response = response(&formula, &place)?;
        let mut vars = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        let mut faults = Vec::new();
        for used in formula.uses() {
            if names.contains(&used.name) || vars.iter().any(|v: &Var| v.name == used.name) {
                continue;
            }
            let is_response = used.name == response;
            let known = known_var(used.name, columns).filter(|_| used.index.is_empty());
            if let Some(var) = known.filter(|_| is_response || !extra_coefs.contains(&used.name)) {
                vars.push(var);
            } else if is_response {
                vars.push(plain_var(used.name, used.name, ""));
            } else {
                faults.extend(slip(used.name, columns, extra_coefs, &place, used.span));
                names.push(used.name);
            }
        }
        if !faults.is_empty() {
            return Err(Diagnostics(faults));
        }
        for var in vars.iter_mut().filter(|v| v.name == response) {
            var.role = VarRole::Response;
        }
        let is_var = |name: &str| vars.iter().any(|v| v.name == name);
        let positive = Positive::new(&formula, &is_var);
        for var in &mut vars {
            var.positive = positive.holds(&var.name);
        }
        let coefs = names.iter().map(|name| coef(name, &positive)).collect();
        let mut law = assemble(text, formula.clone(), vars, coefs);
        rules::indexes(&mut law, &place, &mut faults);
        rules::bound_names(&law, &place, &mut faults);
        if !faults.is_empty() {
            return Err(Diagnostics(faults));
        }
        Self::from_toml(&law.id, FILE, &print::law_file(&law))
    }

    /// The law of a fit to a typed formula as it was typed: signs that the fit has settled, `[0, inf]`, are open again
    /// unless the formula itself asks for them. Other laws as they are. Changes of the user are made again by the fit.
    ///
    /// # Errors
    ///
    /// None for the law of a fit; those of a law file for one that was changed by hand.
    pub fn unsettled(&self) -> Result<Self, Diagnostics> {
        if !self.is_typed() {
            return Ok(self.clone());
        }
        let is_var = |name: &str| self.vars.iter().any(|v| v.name == name);
        let positive = Positive::new(&self.formula, &is_var);
        let mut law = self.clone();
        for coef in &mut law.coefs {
            if coef.lower == 0.0 && coef.upper == f64::INFINITY {
                (coef.lower, coef.upper) = positive.range(&coef.name);
            }
        }
        Self::from_toml(&law.id, FILE, &print::law_file(&law))
    }
}

fn response<'a>(formula: &'a Formula, place: &Place<'_>) -> Result<&'a str, Diagnostics> {
    let missing = |at: Span, message: &str| {
        let fault = Diagnostic::error("left-side", message).at(place.excerpt(at, "here"));
        Diagnostics::from(
            fault.help("write the predicted column on the left, as in `L = E + A / N^alpha`"),
        )
    };
    let Some(left) = &formula.left else {
        return Err(missing(formula.right.span, "the formula has no left side"));
    };
    let names = left.names();
    match names.first() {
        Some((name, _)) if names.iter().all(|(n, _)| n == name) => Ok(name),
        Some(_) => Err(missing(
            left.span,
            "the left side names more than one thing, expected the response alone",
        )),
        None => Err(missing(left.span, "the left side names no column")),
    }
}

fn known_var(name: &str, columns: &[&str]) -> Option<Var> {
    let standard = STANDARD
        .iter()
        .find(|(letter, column, _)| *letter == name || *column == name);
    match standard {
        Some((_, column, unit))
            if *column == name || columns.contains(column) || !columns.contains(&name) =>
        {
            Some(plain_var(name, column, unit))
        }
        _ if columns.contains(&name) => Some(plain_var(name, name, "")),
        _ => None,
    }
}

fn plain_var(name: &str, column: &str, unit: &str) -> Var {
    Var {
        name: name.to_owned(),
        column: column.to_owned(),
        unit: unit.to_owned(),
        doc: String::new(),
        role: VarRole::Input,
        positive: true,
        domain: None,
    }
}

/// A coefficient's name that nearly is a column.
fn slip(
    name: &str,
    columns: &[&str],
    extra: &[&str],
    place: &Place<'_>,
    at: Span,
) -> Option<Diagnostic> {
    if name.chars().count() < 4 || extra.contains(&name) || GREEK.contains(&name) {
        return None;
    }
    let near = closest(
        name,
        columns
            .iter()
            .copied()
            .chain(STANDARD.map(|(_, column, _)| column)),
    )?;
    let message = format!("`{name}` is no column of the table, and would become a coefficient");
    let fault = Diagnostic::error("unknown-name", message).at(place.excerpt(at, "here"));
    Some(
        fault
            .help(format!("did you mean `{near}`?"))
            .help(format!("if it is a coefficient, declare it: --coef {name}")),
    )
}

fn coef(name: &str, positive: &Positive) -> Coef {
    let (lower, upper) = positive.range(name);
    Coef {
        name: name.to_owned(),
        doc: String::new(),
        unit: String::new(),
        lower,
        upper,
        start: Vec::new(),
        index: Vec::new(),
        fixed: None,
        tie: None,
        prior: None,
        pool: None,
        span: Span::default(),
    }
}

fn assemble(text: &str, formula: Formula, vars: Vec<Var>, coefs: Vec<Coef>) -> Law {
    Law {
        id: "formula".to_owned(),
        title: TYPED.to_owned(),
        formula_text: text.to_owned(),
        formula,
        vars,
        coefs,
        objective: None,
        simplex: Vec::new(),
        stages: Vec::new(),
        variants: Vec::new(),
        checks: Vec::new(),
        source: String::new(),
        key: String::new(),
        conventions: Conventions::default(),
        trust: String::new(),
        note: String::new(),
        tags: Vec::new(),
        text: String::new(),
    }
}
