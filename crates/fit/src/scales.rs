//! The size that a coefficient may be expected to have, read off its place in the formula and the scale of the data.
//!
//! A demand goes down the formula: the whole is as large as the response, an exponent is near one, what stands inside an
//! exponential changes by a few over the data, a sine turns between once and as often as the runs can show, and
//! a coefficient added to a column lies where the column does. What the columns are worth is divided out on the way,
//! so the unit of a column never matters. These are places to start from, not bounds.

use std::collections::BTreeMap;

use isoflop_formula::ast::{BinaryOp, Expr, ExprKind, Function, UnaryOp};
use isoflop_formula::evaluate;
use isoflop_law::Law;

/// Rows that are looked at.
const ROWS: usize = 200;

/// Where a coefficient is sought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Habitat {
    /// About this size, within so many powers of ten either way, of either sign.
    Size { centre: f64, decades: f64 },
    /// On the axis of a column that runs from `low` to `high`; `outside` is the share of starts beyond its ends.
    Place { low: f64, high: f64, outside: f64 },
}

impl Habitat {
    /// The value at u in [0, 1) that the range of the coefficient allows.
    pub fn draw(self, u: f64, lower: f64, upper: f64) -> f64 {
        let value = match self {
            Self::Size { centre, decades } => {
                let power = |share: f64| centre * 10f64.powf(decades * (2.0 * share - 1.0));
                if lower >= 0.0 {
                    power(u)
                } else if upper <= 0.0 {
                    -power(u)
                } else if u < 0.5 {
                    power(2.0 * u)
                } else {
                    -power(2.0 * u - 1.0)
                }
            }
            Self::Place { low, high, outside } => {
                let width = high - low;
                let beyond = |share: f64| width * 10f64.powf(2.5 * share - 1.5);
                if u >= outside {
                    low + width * ((u - outside) / (1.0 - outside) * 1.2 - 0.1)
                } else if u < 0.5 * outside {
                    low - beyond(2.0 * u / outside)
                } else {
                    high + beyond(2.0 * u / outside - 1.0)
                }
            }
        };
        value.clamp(lower, upper)
    }
}

/// The habitat of every coefficient that the formula names. `inputs` are the columns by letter, `response` on the scale
/// of the right side.
pub(crate) fn habitats(
    law: &Law,
    inputs: &[(String, Vec<f64>)],
    response: &[f64],
) -> BTreeMap<String, Habitat> {
    let n = response.len();
    let step = n.div_ceil(ROWS).max(1);
    let finite: Vec<f64> = response
        .iter()
        .copied()
        .step_by(step)
        .filter(|y| y.is_finite())
        .collect();
    let mut walk = Walk {
        law,
        inputs,
        rows: (0..n).step_by(step).collect(),
        turns: 0.5 * n as f64,
        response: typical(&finite),
        found: BTreeMap::new(),
        steps: BTreeMap::new(),
    };
    for step in &law.formula.lets {
        let known = walk.known(&step.value);
        let natural = walk.natural(&step.value);
        let visits = 0;
        let own = Step {
            known,
            natural,
            visits,
        };
        walk.steps.insert(&step.name, own);
    }
    let size = walk.response;
    walk.visit(&law.formula.right, Demand::of(size, Spot::Term));
    let found = walk.found.into_iter();
    found.map(|(name, (_, habitat))| (name, habitat)).collect()
}

/// What a part of the formula is to be.
#[derive(Clone, Copy, Debug)]
struct Demand {
    size: f64,
    spot: Spot,
    /// How far the part may be from that size, in powers of ten.
    decades: f64,
    /// Whether it is known that the part, or a factor of it, stands squared.
    even: bool,
    /// Whether the part must keep clear of zero: below the line, under a logarithm or a broken power.
    pole: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Spot {
    Term,
    /// Inside a function that levels off or grows without measure: what counts is how far it moves over the data.
    Argument,
    /// Inside a sine.
    Angle,
    Exponent,
    /// Beside a known term of a sum.
    Beside,
}

/// A bump as wide as a fiftieth of the data, or as all of them: what stands squared in its exponential.
const BUMP: f64 = 50.0;

impl Demand {
    fn of(size: f64, spot: Spot) -> Self {
        let decades = match spot {
            Spot::Term | Spot::Angle => 1.5,
            Spot::Argument => 1.6,
            Spot::Exponent => 1.0,
            Spot::Beside => 2.0,
        };
        Self {
            size,
            spot,
            decades,
            even: false,
            pole: false,
        }
    }

    fn sized(self, size: f64) -> Self {
        Self { size, ..self }
    }

    /// The demand on what stands squared, or in another even power, inside an exponential.
    fn squared(self) -> Self {
        let size = if self.spot == Spot::Argument && !self.even {
            BUMP
        } else {
            self.size
        };
        Self {
            size,
            even: true,
            ..self
        }
    }

    /// The more a place says of a coefficient, the more it counts where there are several.
    fn rank(self) -> u8 {
        match self.spot {
            Spot::Term => 1,
            Spot::Exponent => 2,
            Spot::Beside => 3,
            Spot::Argument => 4,
            Spot::Angle => 5,
        }
    }
}

struct Walk<'a> {
    law: &'a Law,
    inputs: &'a [(String, Vec<f64>)],
    rows: Vec<usize>,
    /// Turns of a sine that the runs can show.
    turns: f64,
    response: f64,
    found: BTreeMap<String, (u8, Habitat)>,
    steps: BTreeMap<&'a str, Step>,
}

/// What is known of a `let` step, found once for all its uses.
struct Step {
    /// Its values, where no coefficient is in it.
    known: Option<Vec<f64>>,
    natural: f64,
    /// How often it was looked at for the places of its coefficients.
    visits: usize,
}

/// Uses of a step that are followed: each asks something else of its coefficients, and a chain of steps that are used twice
/// each has two to the number of steps.
const VISITS: usize = 4;

impl<'a> Walk<'a> {
    fn visit(&mut self, expr: &'a Expr, demand: Demand) {
        let demand = demand.sized(sound(demand.size));
        match &expr.kind {
            ExprKind::Number(_) | ExprKind::Text(_) => {}
            ExprKind::Name(name) | ExprKind::Indexed { name, .. } => match self.step(name) {
                Some(value) => {
                    let visits = self.steps.get_mut(name.as_str()).map(|s| &mut s.visits);
                    if visits.is_some_and(|v| std::mem::replace(v, *v + 1) < VISITS) {
                        self.visit(value, demand);
                    }
                }
                None => self.size(name, demand),
            },
            ExprKind::Unary(_, a) => self.visit(a, demand),
            ExprKind::Binary(op, a, b) => self.binary(expr, *op, a, b, demand),
            ExprKind::Call(function, args) => self.call(*function, args, demand),
            ExprKind::If(test, a, b) => {
                self.visit(test, demand);
                self.visit(a, demand);
                self.visit(b, demand);
            }
            ExprKind::Solve {
                lower,
                upper,
                equation,
                ..
            } => {
                for part in [lower, upper, equation] {
                    self.visit(part, demand);
                }
            }
        }
    }

    fn binary(&mut self, expr: &'a Expr, op: BinaryOp, a: &'a Expr, b: &'a Expr, demand: Demand) {
        match op {
            BinaryOp::Add | BinaryOp::Sub => self.sum(expr, demand),
            BinaryOp::Mul | BinaryOp::Div => self.product(expr, demand),
            BinaryOp::Pow => self.power(a, b, demand),
            BinaryOp::And | BinaryOp::Or => {
                self.visit(a, demand);
                self.visit(b, demand);
            }
            // A comparison turns where its sides are equal.
            _ => {
                let terms = [(a, 1.0), (b, -1.0)];
                self.terms(&terms, Demand::of(demand.size, Spot::Term));
            }
        }
    }

    fn call(&mut self, function: Function, args: &'a [Expr], demand: Demand) {
        let inner = match function {
            Function::Exp
            | Function::Sigmoid
            | Function::Tanh
            | Function::Atan
            | Function::Softplus => Demand::of(3.0, Spot::Argument),
            Function::Sin | Function::Cos => {
                let centre = std::f64::consts::TAU * (0.25 * self.turns.max(1.0)).sqrt();
                let mut angle = Demand::of(centre, Spot::Angle);
                angle.decades = 0.5 * (self.turns / 0.25).max(2.0).log10();
                angle
            }
            Function::Ln | Function::Log2 | Function::Log10 => {
                let mut inside = Demand::of(demand.size.min(20.0).exp(), Spot::Beside);
                inside.pole = true;
                inside
            }
            Function::Sqrt => demand.sized(demand.size * demand.size),
            Function::Abs => demand,
            // Where two branches meet, one lies as the other.
            Function::Min | Function::Max | Function::Logsumexp => {
                let known: Vec<Vec<f64>> = args.iter().filter_map(|a| self.known(a)).collect();
                for arg in args {
                    match (bare(arg), known.first()) {
                        (Some(name), Some(column)) if self.step(name).is_none() => {
                            self.place(name, column, 1.0, 0.1);
                        }
                        _ => self.visit(arg, demand),
                    }
                }
                return;
            }
        };
        args.iter().for_each(|arg| self.visit(arg, inner));
    }

    fn power(&mut self, base: &'a Expr, exponent: &'a Expr, demand: Demand) {
        if let Ok(c) = evaluate(exponent, &|_, _| None) {
            let demand = if c % 2.0 == 0.0 {
                demand.squared()
            } else {
                demand
            };
            let root = if c == 0.0 {
                1.0
            } else {
                demand.size.powf(1.0 / c)
            };
            let mut inner = demand.sized(root);
            inner.decades /= c.abs().max(1.0);
            inner.pole |= c < 0.0 || c.fract() != 0.0;
            self.visit(base, inner);
            return;
        }
        match evaluate(base, &|_, _| None) {
            Ok(b) if b > 0.0 && b != 1.0 => {
                let reach = (3.0 / b.ln()).abs();
                self.visit(exponent, Demand::of(reach, Spot::Argument));
            }
            _ => {
                self.visit(exponent, Demand::of(0.7, Spot::Exponent));
                let mut inner = Demand::of(1.0, Spot::Beside);
                inner.pole = true;
                self.visit(base, inner);
            }
        }
    }

    fn sum(&mut self, expr: &'a Expr, demand: Demand) {
        let mut terms = Vec::new();
        self.flatten_sum(expr, 1.0, &mut terms);
        self.terms(&terms, demand);
    }

    fn terms(&mut self, terms: &[(&'a Expr, f64)], demand: Demand) {
        let (mut known, mut open) = (None::<Vec<f64>>, Vec::new());
        for (term, sign) in terms {
            match self.known(term) {
                Some(column) => {
                    let sum = known.get_or_insert_with(|| vec![0.0; column.len()]);
                    sum.iter_mut()
                        .zip(&column)
                        .for_each(|(s, x)| *s += sign * x);
                }
                None => open.push((*term, *sign)),
            }
        }
        let Some(column) = known else {
            for (term, _) in open {
                match bare(term) {
                    Some(name) if demand.spot == Spot::Angle && self.step(name).is_none() => {
                        let turn = std::f64::consts::PI;
                        self.place(name, &[-turn, turn], 1.0, 0.0);
                    }
                    _ => self.visit(term, demand),
                }
            }
            return;
        };
        let varies = spread(&column) > 1e-12 * typical(&column);
        if let ([(term, sign)], true) = (open.as_slice(), varies)
            && let Some(name) = bare(term)
            && self.step(name).is_none()
        {
            self.place(name, &column, -sign, if demand.pole { 0.7 } else { 0.25 });
            return;
        }
        let size = if demand.spot == Spot::Argument && varies {
            demand.size
        } else {
            typical(&column)
        };
        let spot = if demand.spot == Spot::Term {
            Spot::Beside
        } else {
            demand.spot
        };
        for (term, _) in open {
            self.visit(
                term,
                Demand {
                    size,
                    spot,
                    ..demand
                },
            );
        }
    }

    fn product(&mut self, expr: &'a Expr, demand: Demand) {
        let mut factors = Vec::new();
        self.flatten_product(expr, 1.0, &mut factors);
        let (mut known, mut open) = (None::<Vec<f64>>, Vec::new());
        for (factor, power) in factors {
            match self.known(factor) {
                Some(column) => {
                    let product = known.get_or_insert_with(|| vec![1.0; column.len()]);
                    product
                        .iter_mut()
                        .zip(&column)
                        .for_each(|(p, x)| *p *= x.powf(power));
                }
                None => open.push((factor, power)),
            }
        }
        let worth = known.map_or(1.0, |column| {
            let moving = matches!(demand.spot, Spot::Argument | Spot::Angle);
            match spread(&column) {
                width if moving && width > 1e-12 * typical(&column) => width,
                _ => typical(&column),
            }
        });
        let even = |(e, _): &(&Expr, f64)| {
            matches!(&e.kind, ExprKind::Binary(BinaryOp::Pow, _, c)
                if evaluate(c, &|_, _| None).is_ok_and(|c| c % 2.0 == 0.0))
        };
        let demand = if open.iter().any(even) {
            demand.squared()
        } else {
            demand
        };
        let rest = demand.size / worth;
        let sizes: Vec<f64> = open.iter().map(|(e, _)| self.natural(e)).collect();
        for (i, (factor, power)) in open.iter().enumerate() {
            let others: f64 = (0..open.len())
                .filter(|j| *j != i)
                .map(|j| sizes[j].powf(open[j].1))
                .product();
            let mut inner = demand.sized((rest / others).powf(*power));
            inner.pole = *power < 0.0;
            self.visit(factor, inner);
        }
    }

    /// The size of an expression whose coefficients have theirs.
    fn natural(&self, expr: &'a Expr) -> f64 {
        if let Some(column) = self.known(expr) {
            return typical(&column);
        }
        sound(match &expr.kind {
            ExprKind::Name(name) => self.steps.get(name.as_str()).map_or(1.0, |s| s.natural),
            ExprKind::Unary(_, a) => self.natural(a),
            ExprKind::Binary(BinaryOp::Add | BinaryOp::Sub, ..) => {
                let mut terms = Vec::new();
                self.flatten_sum(expr, 1.0, &mut terms);
                let known: Vec<f64> = terms
                    .iter()
                    .filter_map(|(e, _)| self.known(e))
                    .map(|column| match spread(&column) {
                        0.0 => typical(&column),
                        width => width,
                    })
                    .collect();
                let open = terms.iter().map(|(e, _)| self.natural(e));
                known
                    .iter()
                    .copied()
                    .reduce(f64::max)
                    .unwrap_or_else(|| open.fold(0.0, f64::max))
            }
            ExprKind::Binary(BinaryOp::Mul, a, b) => self.natural(a) * self.natural(b),
            ExprKind::Binary(BinaryOp::Div, a, b) => self.natural(a) / self.natural(b),
            ExprKind::Binary(BinaryOp::Pow, base, exponent) => {
                let exponent = evaluate(exponent, &|_, _| None);
                exponent.map_or(1.0, |c| self.natural(base).powf(c))
            }
            _ => 1.0,
        })
    }

    fn flatten_sum(&self, expr: &'a Expr, sign: f64, out: &mut Vec<(&'a Expr, f64)>) {
        match &expr.kind {
            ExprKind::Binary(BinaryOp::Add, a, b) => {
                self.flatten_sum(a, sign, out);
                self.flatten_sum(b, sign, out);
            }
            ExprKind::Binary(BinaryOp::Sub, a, b) => {
                self.flatten_sum(a, sign, out);
                self.flatten_sum(b, -sign, out);
            }
            ExprKind::Unary(UnaryOp::Neg, a) => self.flatten_sum(a, -sign, out),
            _ => out.push((expr, sign)),
        }
    }

    fn flatten_product(&self, expr: &'a Expr, power: f64, out: &mut Vec<(&'a Expr, f64)>) {
        match &expr.kind {
            ExprKind::Binary(BinaryOp::Mul, a, b) => {
                self.flatten_product(a, power, out);
                self.flatten_product(b, power, out);
            }
            ExprKind::Binary(BinaryOp::Div, a, b) => {
                self.flatten_product(a, power, out);
                self.flatten_product(b, -power, out);
            }
            ExprKind::Unary(UnaryOp::Neg, a) => self.flatten_product(a, power, out),
            _ => out.push((expr, power)),
        }
    }

    /// The values of an expression without a coefficient.
    fn known(&self, expr: &Expr) -> Option<Vec<f64>> {
        let names = expr.names();
        if names.iter().any(|(name, _)| self.law.coef(name).is_some()) {
            return None;
        }
        let rows = 0..self.rows.len();
        rows.map(|at| self.value(expr, at)).collect()
    }

    /// The value at a row that is looked at, counted among those.
    fn value(&self, expr: &Expr, at: usize) -> Option<f64> {
        let lookup = |name: &str, _: Option<&[String]>| {
            if let Some(step) = self.steps.get(name) {
                return step.known.as_ref().map(|column| column[at]);
            }
            let input = self.inputs.iter().find(|(letter, _)| letter == name);
            input.map(|(_, column)| column[self.rows[at]])
        };
        evaluate(expr, &lookup).ok()
    }

    fn step(&self, name: &str) -> Option<&'a Expr> {
        self.law.formula.step(name)
    }

    fn size(&mut self, name: &str, demand: Demand) {
        let habitat = Habitat::Size {
            centre: demand.size,
            decades: demand.decades,
        };
        self.note(name, demand.rank(), habitat);
    }

    /// A coefficient that lies where `sign` times the column does.
    fn place(&mut self, name: &str, column: &[f64], sign: f64, outside: f64) {
        let ends = column.iter().filter(|x| x.is_finite()).map(|x| sign * x);
        let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| {
            (a.min(x), b.max(x))
        });
        if low < high {
            self.note(name, 6, Habitat::Place { low, high, outside });
        }
    }

    fn note(&mut self, name: &str, rank: u8, habitat: Habitat) {
        if self.law.coef(name).is_none() {
            return;
        }
        let known = self.found.get(name).map_or(0, |(rank, _)| *rank);
        if rank > known {
            self.found.insert(name.to_owned(), (rank, habitat));
        }
    }
}

fn bare(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Name(name) | ExprKind::Indexed { name, .. } => Some(name),
        _ => None,
    }
}

/// The median of |x|, zeros left out.
fn typical(column: &[f64]) -> f64 {
    let mut sizes: Vec<f64> = column
        .iter()
        .map(|x| x.abs())
        .filter(|x| *x > 0.0 && x.is_finite())
        .collect();
    if sizes.is_empty() {
        return 1.0;
    }
    isoflop_numerics::dist::median_in_place(&mut sizes)
}

fn spread(column: &[f64]) -> f64 {
    let finite = column.iter().copied().filter(|x| x.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| {
        (a.min(x), b.max(x))
    });
    (high - low).max(0.0)
}

/// A size that arithmetic can go on with.
fn sound(size: f64) -> f64 {
    if size.is_finite() && size > 0.0 {
        size.clamp(1e-150, 1e150)
    } else {
        1.0
    }
}
