//! What can be refused before anything is solved: too few runs, coefficients that no data of this shape determine.

use std::collections::BTreeSet;

use crate::binding::{Binding, told};
use crate::engine::input_letters;
use crate::settle::VALUELESS;
use crate::slips;
use crate::solve::End;
use crate::target::{Frame, Target};
use isoflop_base::{Diagnostic, Severity};
use isoflop_formula::ast::{BinaryOp, Expr, ExprKind, Function};
use isoflop_law::Law;
use isoflop_law::tape::Program;
use isoflop_numerics::linear::{self, Triangle};
use isoflop_numerics::penalty::Penalty;

/// A column whose largest value is below this multiple of its smallest says nothing about an exponent.
const NARROW: f64 = 1.1;

/// Refuses fewer runs than coefficients.
pub(crate) fn enough_runs(
    program: &Program,
    law: &Law,
    binding: &Binding,
) -> Result<(), Diagnostic> {
    let p = program.coordinates().len();
    if p == 0 {
        return Err(
            Diagnostic::error("nothing-to-fit", "the law has no free coefficient")
                .help("free a coefficient, or evaluate the law with `isoflop laws eval`"),
        );
    }
    if binding.n > p {
        return Ok(());
    }
    let names: Vec<&str> = program
        .coordinates()
        .iter()
        .map(|c| c.name.as_str())
        .take(12)
        .collect();
    let runs = if binding.n == 1 {
        "1 run".to_owned()
    } else {
        format!("{} runs", binding.n)
    };
    let coefs = if p == 1 {
        "1 coefficient".to_owned()
    } else {
        format!("{p} coefficients")
    };
    let mut d = Diagnostic::error(
        "too-few-runs",
        format!("{runs} cannot determine {coefs} ({}) and their errors: at least {} are needed", names.join(", "), p + 1),
    )
    .help("add runs, fix a coefficient (`--coef 'E = 1.7'`), tie two (`--coef 'beta = alpha'`), or fit a law with fewer");
    for s in &binding.skipped {
        d = d.help(format!("{} rows were not used: {}", s.rows, s.reason));
    }
    if binding.skipped.iter().any(|s| s.reason == VALUELESS) {
        d = slips::bracketed(law, d);
    }
    Err(told(d, &binding.notes, Severity::Warning))
}

/// Refuses a fit in which some combination of coefficients changes nothing, neither at the optimum nor at the other ends
/// nor at the starts as they were drawn: a combination that is open at the optimum alone is the data's doing, and the fit
/// says so. Where two exponentials do no better than one, every refined start has lost the second.
pub(crate) fn identified(
    frame: &Frame<'_>,
    law: &Law,
    binding: &Binding,
    ends: &[End],
    drawn: impl FnOnce() -> Vec<Vec<f64>>,
) -> Result<(), Diagnostic> {
    let p = frame.bound.program().coordinates().len();
    if p > 60 || !frame.priors.is_empty() || !frame.pools.is_empty() {
        return Ok(());
    }
    let mut look = Look {
        target: Target::new(frame, binding.weights(), Penalty::Squared, 0.0),
        n: binding.n,
        p,
    };
    let best = ends.first().map(|e| &e.outcome.x[..p]);
    let flat = narrow_inputs(law, binding);
    if !flat.is_empty()
        && let Some(open) = best.and_then(|x| look.open(x, 1e-2))
        && !open.is_empty()
    {
        let refusal = refusal(frame, binding, &open, &flat);
        return Err(told(refusal, &binding.notes, Severity::Warning));
    }
    let solved = ends.iter().step_by(4).take(8);
    let mut points: Vec<Vec<f64>> = solved.map(|e| e.outcome.x[..p].to_vec()).collect();
    let mut drawn = Some(drawn);
    let mut found: Vec<Vec<f64>> = Vec::new();
    let mut looked = 0;
    while !points.is_empty() {
        for point in std::mem::take(&mut points) {
            let Some(open) = look.open(&point, 1e-12) else {
                continue;
            };
            if open.is_empty() {
                return Ok(());
            }
            looked += 1;
            found = open;
        }
        points = drawn.take().map_or_else(Vec::new, |draw| draw());
    }
    if looked < 3 {
        return Ok(());
    }
    let refusal = refusal(frame, binding, &found, &[]);
    Err(told(refusal, &binding.notes, Severity::Warning))
}

/// A look at the rank of the law's slopes at a point.
struct Look<'a> {
    target: Target<'a>,
    n: usize,
    p: usize,
}

impl Look<'_> {
    /// The combinations whose effect is below a share of what their parts have; none where the slopes are not finite.
    fn open(&mut self, at: &[f64], threshold: f64) -> Option<Vec<Vec<f64>>> {
        let mut triangle = Triangle::new(self.p);
        self.target
            .visit_blocks(at, |_, _, rows| triangle.add(rows));
        let r = triangle.finish()?;
        let pairs = scaled_singular(&r, self.n, self.p)?.into_iter();
        let open = pairs.filter(|(value, _)| *value <= threshold);
        Some(open.map(|(_, vector)| vector).collect())
    }
}

/// Singular values of J scaled to columns of unit length, rising, with their vectors, from its triangle; a coefficient
/// without any effect comes alone.
fn scaled_singular(r: &[f64], n: usize, p: usize) -> Option<Vec<(f64, Vec<f64>)>> {
    let square = |k: usize| r.iter().skip(k).step_by(p).map(|x| x * x).sum::<f64>();
    let scale: Vec<f64> = (0..p).map(|k| square(k).sqrt()).collect();
    if let Some(k) = scale
        .iter()
        .position(|s| *s <= 1e-12 * (n as f64).sqrt() * f64::MIN_POSITIVE.sqrt())
    {
        let mut only = vec![0.0; p];
        only[k] = 1.0;
        return Some(vec![(0.0, only)]);
    }
    let scaled: Vec<f64> = r
        .iter()
        .enumerate()
        .map(|(i, x)| x / scale[i % p])
        .collect();
    linear::singular(&scaled, p)
}

/// Inputs under a power or a logarithm that hardly change: (letter, column, smallest, largest). A calendar year or a
/// temperature in kelvin that is not raised to a power changes by what it changes, not by a share of itself.
fn narrow_inputs(law: &Law, binding: &Binding) -> Vec<(String, String, f64, f64)> {
    input_letters(law)
        .into_iter()
        .filter(|letter| law.var(letter).is_some_and(|v| v.positive) && raised(law, letter))
        .filter_map(|letter| {
            let (_, column) = binding.inputs.iter().find(|(name, _)| name == letter)?;
            let low = column.iter().copied().fold(f64::INFINITY, f64::min);
            let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let name = binding
                .columns
                .iter()
                .find(|(l, _)| l == letter)
                .map_or(letter, |(_, c)| c.as_str());
            (low > 0.0 && high / low < NARROW)
                .then(|| (letter.to_owned(), name.to_owned(), low, high))
        })
        .collect()
}

/// Whether an input stands, alone or in a product, under a power with a coefficient or a logarithm.
pub(crate) fn raised(law: &Law, letter: &str) -> bool {
    let lets = law.formula.lets.iter().map(|step| &step.value);
    lets.chain([&law.formula.right])
        .any(|e| raised_in(law, e, letter))
}

fn raised_in(law: &Law, expr: &Expr, letter: &str) -> bool {
    let own = match &expr.kind {
        ExprKind::Binary(BinaryOp::Pow, base, exponent) => {
            let names = law.formula.depends_on(exponent);
            let moves = names.into_iter().any(|name| law.coef(name).is_some());
            moves && factor(law, base, letter)
        }
        ExprKind::Call(Function::Ln | Function::Log2 | Function::Log10, args) => {
            factor(law, &args[0], letter)
        }
        _ => false,
    };
    let children = expr.children();
    own || children.into_iter().any(|e| raised_in(law, e, letter))
}

/// Whether an expression is a product or a quotient of which the letter is a factor, with `let` steps followed once each.
fn factor(law: &Law, expr: &Expr, letter: &str) -> bool {
    let mut followed = BTreeSet::new();
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        match &expr.kind {
            ExprKind::Name(name) if name == letter => return true,
            ExprKind::Name(name) if followed.insert(name) => open.extend(law.formula.step(name)),
            ExprKind::Binary(BinaryOp::Mul | BinaryOp::Div, a, b) => {
                open.extend([a.as_ref(), b.as_ref()]);
            }
            _ => {}
        }
    }
    false
}

fn refusal(
    frame: &Frame<'_>,
    binding: &Binding,
    open: &[Vec<f64>],
    flat: &[(String, String, f64, f64)],
) -> Diagnostic {
    let coordinates = frame.bound.program().coordinates();
    let names: Vec<&str> = (0..coordinates.len())
        .filter(|j| open.iter().any(|vector| vector[*j].abs() > 0.05))
        .map(|j| coordinates[j].name.as_str())
        .collect();
    let list = names.join(", ");
    let runs = binding.n;
    if flat.is_empty() {
        let message = if names.len() == 1 {
            format!("{list} has no effect on the law at these {runs} runs")
        } else {
            format!(
                "the {runs} runs cannot tell {list} apart: a combination of them changes nothing"
            )
        };
        return Diagnostic::error("not-identified", message)
            .help("fix or tie one of them (`--coef 'NAME = VALUE'`), or fit a law without it");
    }
    let reasons: Vec<String> = flat
        .iter()
        .map(|(_, column, low, high)| {
            let spread = 100.0 * (high / low - 1.0);
            if spread < 0.05 {
                format!("all {runs} runs have {column} = {low:.4e}")
            } else {
                format!("{column} varies by {spread:.1} % only ({low:.4e} to {high:.4e})")
            }
        })
        .collect();
    let letters: Vec<&str> = flat.iter().map(|(l, ..)| l.as_str()).collect();
    Diagnostic::error(
        "not-identified",
        format!("{}: {list} cannot be told apart", reasons.join(" and ")),
    )
    .help(format!(
        "add runs with other values of {}, or fit a law without {}",
        letters.join(" and "),
        letters.join(" and ")
    ))
    .help("or fix the coefficients that belong to it (`--coef 'NAME = VALUE'`)")
}
