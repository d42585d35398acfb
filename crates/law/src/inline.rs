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
//! Ranges of coefficients, read off their places:
//!
//! | place                                                                        | range     |
//! | ---------------------------------------------------------------------------- | --------- |
//! | exponent of a decaying power: `N^-b`, `A / N^b`, `(c / N)^b`                  | [0, 3]    |
//! | exponent elsewhere: `N^b`                                                     | [-3, 3]   |
//! | amplitude or scale of a power, or a term beside powers: `E + A / N^b`         | [0, inf)  |
//! | anywhere else: `a + b * x`, `ln(L) = a - b * ln(N)`, inside a function        | free      |
//!
//! So a law made of powers keeps its amplitudes positive, as all published ones have them, and a line may
//! slope either way. A coefficient with several places gets a range that admits all of them. `a - b * N^c`
//! keeps b positive too: the sign is in the formula. `Law::with_changes` sets other ranges.

use std::collections::BTreeMap;

use isoflop_base::{Diagnostic, Diagnostics, Span, closest};
use isoflop_formula::ast::{BinaryOp, Expr, ExprKind, Formula, UnaryOp};
use isoflop_formula::{Place, parse_formula};

use crate::law::{Coef, Law, Var, VarRole};
use crate::print;

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
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
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
    /// assert_eq!(coefs, [("E", 0.0, inf), ("A", 0.0, inf), ("alpha", 0.0, 3.0)]);
    /// # Ok::<(), isoflop_base::Diagnostics>(())
    /// ```
    pub fn from_formula(text: &str, columns: &[&str], extra_coefs: &[&str]) -> Result<Self, Diagnostics> {
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
        let ranges = ranges(&formula, &vars);
        let coefs = names.iter().map(|name| coef(name, &ranges)).collect();
        let law = assemble(text, formula.clone(), vars, coefs);
        Self::from_toml(&law.id, FILE, &print::law_file(&law))
    }
}

fn response<'a>(formula: &'a Formula, place: &Place<'_>) -> Result<&'a str, Diagnostics> {
    let missing = |at: Span, message: &str| {
        let fault = Diagnostic::error("left-side", message).at(place.excerpt(at, "here"));
        Diagnostics::from(fault.help("write the predicted column on the left, as in `L = E + A / N^alpha`"))
    };
    let Some(left) = &formula.left else {
        return Err(missing(formula.right.span, "the formula has no left side"));
    };
    let names = left.names();
    match names.first() {
        Some((name, _)) if names.iter().all(|(n, _)| n == name) => Ok(name),
        Some(_) => Err(missing(left.span, "the left side names more than one thing, expected the response alone")),
        None => Err(missing(left.span, "the left side names no column")),
    }
}

fn known_var(name: &str, columns: &[&str]) -> Option<Var> {
    let standard = STANDARD.iter().find(|(letter, column, _)| *letter == name || *column == name);
    match standard {
        Some((_, column, unit)) if *column == name || columns.contains(column) || !columns.contains(&name) => {
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
    }
}

/// A coefficient's name that nearly is a column.
fn slip(name: &str, columns: &[&str], extra: &[&str], place: &Place<'_>, at: Span) -> Option<Diagnostic> {
    if name.chars().count() < 4 || extra.contains(&name) || GREEK.contains(&name) {
        return None;
    }
    let near = closest(name, columns.iter().copied().chain(STANDARD.map(|(_, column, _)| column)))?;
    let message = format!("`{name}` is no column of the table, and would become a coefficient");
    let fault = Diagnostic::error("unknown-name", message).at(place.excerpt(at, "here"));
    Some(fault.help(format!("did you mean `{near}`?")).help(format!("if it is a coefficient, declare it: --coef {name}")))
}

fn coef(name: &str, ranges: &BTreeMap<String, Places>) -> Coef {
    let (lower, upper) = ranges.get(name).map_or((f64::NEG_INFINITY, f64::INFINITY), |p| p.range());
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
        span: Span::default(),
    }
}

fn assemble(text: &str, formula: Formula, vars: Vec<Var>, coefs: Vec<Coef>) -> Law {
    Law {
        id: "formula".to_owned(),
        title: "Formula as typed".to_owned(),
        formula_text: text.to_owned(),
        formula,
        vars,
        coefs,
        objective: None,
        variants: Vec::new(),
        checks: Vec::new(),
        source: String::new(),
        trust: String::new(),
        note: String::new(),
        tags: Vec::new(),
        text: String::new(),
    }
}

/// The places in which a name was seen.
#[derive(Clone, Copy, Debug, Default)]
struct Places {
    decaying: bool,
    exponent: bool,
    amplitude: bool,
    free: bool,
}

impl Places {
    fn range(self) -> (f64, f64) {
        let inf = f64::INFINITY;
        match self {
            Self { free: true, .. } | Self { exponent: true, amplitude: true, .. } => (-inf, inf),
            Self { amplitude: true, .. } => (0.0, inf),
            Self { exponent: true, .. } => (-3.0, 3.0),
            Self { decaying: true, .. } => (0.0, 3.0),
            Self { .. } => (-inf, inf),
        }
    }
}

/// What a name means where the walk stands.
#[derive(Clone, Copy, PartialEq)]
enum Spot {
    Free,
    Amplitude,
    Exponent { falling: bool },
}

/// A walk over the formula that notes the places of every name.
struct Walk<'a> {
    /// Variables, and `let` names whose value holds one.
    varying: Vec<&'a str>,
    seen: BTreeMap<String, Places>,
}

fn ranges(formula: &Formula, vars: &[Var]) -> BTreeMap<String, Places> {
    let mut walk = Walk {
        varying: vars.iter().map(|v| v.name.as_str()).collect(),
        seen: BTreeMap::new(),
    };
    for step in &formula.lets {
        walk.visit(&step.value, Spot::Free, false);
        if walk.varies(&step.value) {
            walk.varying.push(&step.name);
        }
    }
    walk.visit(&formula.right, Spot::Free, false);
    walk.seen
}

impl<'a> Walk<'a> {
    /// `below` says whether the walk stands in a denominator.
    fn visit(&mut self, expr: &'a Expr, place: Spot, below: bool) {
        match &expr.kind {
            ExprKind::Name(name) | ExprKind::Indexed { name, .. } => self.note(name, place),
            ExprKind::Unary(UnaryOp::Neg, a) => {
                let place = match place {
                    Spot::Exponent { falling } => Spot::Exponent { falling: !falling },
                    other => other,
                };
                self.visit(a, place, below);
            }
            ExprKind::Binary(BinaryOp::Pow, base, exponent) => {
                let scale = if self.varies(base) && place == Spot::Free { Spot::Amplitude } else { place };
                self.visit(base, scale, below);
                let place = match place {
                    Spot::Exponent { .. } => place,
                    _ => Spot::Exponent { falling: below != self.falls(base) },
                };
                self.visit(exponent, place, below);
            }
            ExprKind::Binary(op @ (BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div), a, b) => {
                let place = if place == Spot::Free && self.has_power(expr) { Spot::Amplitude } else { place };
                self.visit(a, place, below);
                let subtracted = *op == BinaryOp::Sub;
                let place = match place {
                    Spot::Exponent { falling } if subtracted => Spot::Exponent { falling: !falling },
                    other => other,
                };
                self.visit(b, place, below != (*op == BinaryOp::Div));
            }
            _ => {
                for part in expr.children() {
                    self.visit(part, Spot::Free, false);
                }
            }
        }
    }

    fn note(&mut self, name: &str, place: Spot) {
        let places = self.seen.entry(name.to_owned()).or_default();
        match place {
            Spot::Free => places.free = true,
            Spot::Amplitude => places.amplitude = true,
            Spot::Exponent { falling: true } => places.decaying = true,
            Spot::Exponent { falling: false } => places.exponent = true,
        }
    }

    /// Whether a variable stands anywhere in it.
    fn varies(&self, expr: &Expr) -> bool {
        expr.names().iter().any(|(name, _)| self.varying.contains(name))
    }

    /// Whether it is a ratio with variables below the line only.
    fn falls(&self, base: &Expr) -> bool {
        matches!(&base.kind, ExprKind::Binary(BinaryOp::Div, a, b) if !self.varies(a) && self.varies(b))
    }

    /// Whether a power of a variable is among its terms and factors.
    fn has_power(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Binary(BinaryOp::Pow, base, _) => self.varies(base),
            ExprKind::Binary(BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div, a, b) => {
                self.has_power(a) || self.has_power(b)
            }
            ExprKind::Unary(UnaryOp::Neg, a) => self.has_power(a),
            _ => false,
        }
    }
}
