//! Where to start: a low-discrepancy sequence over a box that follows from the law, its ranges and the data.
//!
//! Amplitudes are measured at the centre of the data, so their box is a share of the typical response, whatever the
//! units. Every second start takes the values that the law file declares, where it declares any. A law that declares one
//! value for every coefficient names a point, and that point is the first start.
//!
//! A coefficient of which nothing is declared is sought where its place in the formula and the scale of the data put it,
//! and amplitudes are then given by linear least squares.

use crate::centre::Centre;
use crate::engine::solved_starts;
use crate::projection::Projection;
use crate::scales::Habitat;
use isoflop_formula::ast::{BinaryOp, Expr, ExprKind, Function};
use isoflop_law::Law;
use isoflop_law::tape::{Coordinate, Workspace};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// What the box of a start is made from.
pub(crate) struct Scene<'a> {
    pub law: &'a Law,
    pub coordinates: &'a [Coordinate],
    pub centre: &'a Centre,
    /// Inputs by letter, rows used.
    pub inputs: &'a [(String, Vec<f64>)],
    /// Responses, raw.
    pub response: &'a [f64],
    /// Where coefficients are sought of which nothing is declared.
    pub habitats: &'a BTreeMap<String, Habitat>,
    /// Gives the amplitudes of a start.
    pub projection: Option<&'a Projection<'a>>,
}

/// Whether a law leaves some coefficient without a range and a start.
pub(crate) fn is_open(law: &Law, coordinates: &[Coordinate]) -> bool {
    coordinates.iter().any(|c| open(law, c))
}

/// Of a coefficient that is open nothing is declared that would say where to look.
fn open(law: &Law, c: &Coordinate) -> bool {
    let coef = &law.coefs[c.coef];
    let unbounded = if law.is_typed() {
        coef.lower.is_infinite() || coef.upper.is_infinite()
    } else {
        !c.log && c.lower.is_infinite() && c.upper.is_infinite()
    };
    unbounded && coef.start.is_empty() && coef.prior.is_none()
}

/// `count` starts in the solver's coordinates.
pub(crate) fn starts(scene: &Scene<'_>, count: usize) -> Vec<Vec<f64>> {
    let automatic = boxes(scene);
    let declared: Vec<Option<(f64, f64)>> = scene
        .coordinates
        .iter()
        .map(|c| declared_box(scene.law, c))
        .collect();
    let any_declared = declared.iter().any(Option::is_some);
    let point = declared_point(scene);
    let axes = axes(scene.coordinates);
    let golden = golden_ratio(axes.iter().max().map_or(0, |last| last + 1));
    let habitats: Vec<Option<Habitat>> = scene
        .coordinates
        .iter()
        .map(|c| {
            let name = &scene.law.coefs[c.coef].name;
            let found = scene.habitats.get(name).copied();
            found.filter(|_| open(scene.law, c))
        })
        .collect();
    let workspace = || scene.projection.map(Projection::workspace);
    let all: Vec<Vec<f64>> = (0..count)
        .into_par_iter()
        .map_init(workspace, |ws, i| {
            if let (0, Some(point)) = (i, &point) {
                return point.clone();
            }
            let use_declared = any_declared && i % 2 == 1;
            let mut from_file = Vec::new();
            let phi: Vec<f64> = (0..automatic.len())
                .map(|j| {
                    let u = sequence(i, axes[j], golden);
                    if let Some(habitat) = habitats[j]
                        && !scene.centre.is_centred(j)
                    {
                        let c = &scene.coordinates[j];
                        let coef = &scene.law.coefs[c.coef];
                        return c.of(habitat.draw(u, coef.lower, coef.upper));
                    }
                    let (low, high) = match declared[j] {
                        Some(range) if use_declared => {
                            from_file.push(j);
                            range
                        }
                        _ => automatic[j],
                    };
                    low + u * (high - low)
                })
                .collect();
            let phi = centred(scene, phi, &from_file);
            match (scene.projection, ws) {
                (Some(projection), Some(ws)) if from_file.is_empty() => {
                    projected(scene, projection, ws, phi, i)
                }
                _ => phi,
            }
        })
        .collect();
    match scene.projection {
        Some(projection) if count >= FEW_STARTS && projection.refines() => {
            refined(scene, projection, all)
        }
        _ => all,
    }
}

/// With fewer starts than this, each of them is what was asked for.
pub(crate) const FEW_STARTS: usize = 32;

/// The best of the starts and a sample of the others, each brought to the bottom of its valley; of those the best.
fn refined(scene: &Scene<'_>, projection: &Projection<'_>, starts: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let p = scene.coordinates.len();
    let mut theta = vec![0.0; p];
    let mut ws = projection.workspace();
    let mut sums: Vec<(f64, usize)> = starts
        .iter()
        .enumerate()
        .map(|(i, start)| {
            scene.centre.to_law(start, &mut theta);
            (projection.sum(&mut ws, &theta), i)
        })
        .filter(|(sum, _)| sum.is_finite())
        .collect();
    sums.sort_by(|a, b| a.0.total_cmp(&b.0));
    let tried = if p <= 5 { 60 } else { 160 };
    let best = (2 * tried / 3).min(sums.len());
    let stride = ((sums.len() - best) / (tried / 3)).max(1);
    let others = sums[best..].iter().step_by(stride).take(tried / 3);
    let chosen: Vec<usize> = sums[..best].iter().chain(others).map(|(_, i)| *i).collect();
    let mut ends: Vec<(f64, Vec<f64>)> = chosen
        .par_iter()
        .map_init(
            || projection.workspace(),
            |ws, i| {
                let mut theta = vec![0.0; p];
                scene.centre.to_law(&starts[*i], &mut theta);
                let sum = projection.refine(ws, &mut theta)?;
                Some((sum, scene.centre.centred(&theta)))
            },
        )
        .flatten()
        .collect();
    if ends.is_empty() {
        return starts;
    }
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    // A short search, as of a backtest's cuts, solves a third of what it screens.
    ends.truncate(solved_starts(p, starts.len().div_ceil(3)));
    ends.into_iter().map(|(_, x)| x).collect()
}

/// A start with its best amplitudes. Where the law overflows, such as for a rate of one and a column that goes to a
/// thousand, what is no logarithm is drawn towards zero first.
fn projected(
    scene: &Scene<'_>,
    projection: &Projection<'_>,
    ws: &mut Workspace,
    phi: Vec<f64>,
    i: usize,
) -> Vec<f64> {
    let mut at = vec![0.0; phi.len()];
    scene.centre.to_law(&phi, &mut at);
    for times in 0..8 {
        let share = 0.25f64.powi(times + if times > 0 { (i % 3) as i32 } else { 0 });
        let mut theta: Vec<f64> = at
            .iter()
            .zip(scene.coordinates)
            .map(|(x, c)| match c.log || times == 0 {
                true => *x,
                false => (x * share).clamp(c.lower, c.upper),
            })
            .collect();
        if projection.project(ws, &mut theta) {
            return scene.centre.centred(&theta);
        }
    }
    phi
}

/// A declared amplitude is a raw coefficient: it is brought to the centre with the exponents of the same start.
fn centred(scene: &Scene<'_>, mut phi: Vec<f64>, from_file: &[usize]) -> Vec<f64> {
    let raw = scene.centre.centred(&phi);
    for j in from_file {
        if scene.centre.is_centred(*j) {
            phi[*j] = raw[*j];
        }
    }
    phi
}

/// More levels of an index than this start from one value that they share: in a box of hundreds of sides every point is
/// near a corner, and the levels part from each other in the first steps.
const OWN_STARTS: usize = 8;

/// The axis of the sequence that each coordinate takes its place from.
fn axes(coordinates: &[Coordinate]) -> Vec<usize> {
    let levels = |coef| coordinates.iter().filter(|c| c.coef == coef).count();
    let mut next = 0;
    let mut out: Vec<usize> = Vec::with_capacity(coordinates.len());
    for (j, c) in coordinates.iter().enumerate() {
        let shared = coordinates[..j].iter().position(|d| d.coef == c.coef);
        match shared {
            Some(first) if levels(c.coef) > OWN_STARTS => out.push(out[first]),
            _ => {
                out.push(next);
                next += 1;
            }
        }
    }
    out
}

/// The generalised golden ratio: the root above one of g^(dim + 1) = g + 1.
fn golden_ratio(dim: usize) -> f64 {
    let mut g = 2.0f64;
    for _ in 0..64 {
        g = (1.0 + g).powf(1.0 / (dim as f64 + 1.0));
    }
    g
}

/// Roberts' sequence: fractional parts of multiples of powers of the generalised golden ratio.
fn sequence(i: usize, j: usize, golden: f64) -> f64 {
    (0.5 + (i as f64 + 1.0) * golden.powi(-(j as i32 + 1))).fract()
}

/// The one point that a law declares, in the solver's coordinates.
fn declared_point(scene: &Scene<'_>) -> Option<Vec<f64>> {
    let theta: Option<Vec<f64>> = scene
        .coordinates
        .iter()
        .map(|c| match scene.law.coefs[c.coef].start.as_slice() {
            [one] => Some(c.of(*one)).filter(|x| x.is_finite()),
            _ => None,
        })
        .collect();
    theta.map(|theta| scene.centre.centred(&theta))
}

fn declared_box(law: &Law, c: &Coordinate) -> Option<(f64, f64)> {
    let start = &law.coefs[c.coef].start;
    let values: Vec<f64> = start
        .iter()
        .map(|x| c.of(*x))
        .filter(|x| x.is_finite())
        .collect();
    let low = values.iter().copied().reduce(f64::min)?;
    let high = values.iter().copied().reduce(f64::max)?;
    let margin = if high > low {
        0.0
    } else {
        0.1 * (1.0 + low.abs())
    };
    Some(((low - margin).max(c.lower), (high + margin).min(c.upper)))
}

fn boxes(scene: &Scene<'_>) -> Vec<(f64, f64)> {
    let mut response = scene.response.to_vec();
    response.sort_unstable_by(f64::total_cmp);
    let typical = response[response.len() / 2].abs().max(f64::MIN_POSITIVE);
    let smallest = if response[0] > 0.0 {
        response[0]
    } else {
        0.1 * typical
    };
    (0..scene.coordinates.len())
        .map(|j| {
            let c = &scene.coordinates[j];
            let coef = &scene.law.coefs[c.coef];
            let place = place_of(scene.law, &coef.name);
            let (low, high) = match place {
                _ if scene.centre.is_centred(j) => (typical.ln() - 5.0, typical.ln() + 0.7),
                Place::Floor if c.log => (smallest.ln() - 3.0, smallest.ln()),
                Place::LogFloor => (smallest.ln() - 3.0, smallest.ln()),
                Place::Scale(letter) => scale_box(scene, c, &letter),
                Place::Exponent if c.lower < 0.0 => (-1.0, 1.0),
                Place::Exponent if c.log => (0.02f64.ln(), 2f64.ln()),
                Place::Exponent => (0.03, 1.2),
                _ if c.log => ((1e-2 * typical).ln(), (1e2 * typical).ln()),
                _ if c.lower.is_finite() && c.upper.is_finite() => (c.lower, c.upper),
                _ => (-2.0 * typical, 2.0 * typical),
            };
            let (low, high) = (low.max(c.lower), high.min(c.upper));
            if low < high {
                (low, high)
            } else {
                (c.lower.max(-1e3), c.upper.min(1e3))
            }
        })
        .collect()
}

/// The range of the column that a coefficient is divided by or divides, widened to what a fitted scale may be.
fn scale_box(scene: &Scene<'_>, c: &Coordinate, letter: &str) -> (f64, f64) {
    let Some((_, column)) = scene.inputs.iter().find(|(name, _)| name == letter) else {
        return (-1.0, 1.0);
    };
    let low = column.iter().copied().fold(f64::INFINITY, f64::min);
    let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if c.log && low > 0.0 {
        (low.ln() - 1.0, high.ln() + 1.0)
    } else {
        (low, high)
    }
}

/// What a coefficient does in its law, as far as its place in the formula tells.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    /// A term of its own on the right side.
    Floor,
    /// A term of its own inside a log-sum-exp.
    LogFloor,
    /// Divides a column or is divided by it.
    Scale(String),
    /// In an exponent.
    Exponent,
    Elsewhere,
}

fn place_of(law: &Law, name: &str) -> Place {
    let whole: Vec<&Expr> = law
        .formula
        .lets
        .iter()
        .map(|l| &l.value)
        .chain([&law.formula.right])
        .collect();
    if is_term(&law.formula.right, name) {
        return Place::Floor;
    }
    if whole.iter().any(|e| is_log_term(e, name)) {
        return Place::LogFloor;
    }
    let letters: Vec<&str> = law.vars.iter().map(|v| v.name.as_str()).collect();
    for e in &whole {
        if let Some(letter) = scale_partner(e, name, &letters) {
            return Place::Scale(letter);
        }
    }
    if whole.iter().any(|e| in_exponent(e, name)) {
        Place::Exponent
    } else {
        Place::Elsewhere
    }
}

fn is_name(e: &Expr, name: &str) -> bool {
    matches!(&e.kind, ExprKind::Name(n) | ExprKind::Indexed { name: n, .. } if n == name)
}

fn is_term(e: &Expr, name: &str) -> bool {
    match &e.kind {
        ExprKind::Binary(BinaryOp::Add, a, b) => is_term(a, name) || is_term(b, name),
        _ => is_name(e, name),
    }
}

fn is_log_term(e: &Expr, name: &str) -> bool {
    match &e.kind {
        ExprKind::Call(Function::Logsumexp, args) => args.iter().any(|a| is_name(a, name)),
        _ => e.children().into_iter().any(|c| is_log_term(c, name)),
    }
}

fn scale_partner(e: &Expr, name: &str, letters: &[&str]) -> Option<String> {
    if let ExprKind::Binary(BinaryOp::Div, a, b) = &e.kind {
        for (x, y) in [(a, b), (b, a)] {
            if let ExprKind::Name(letter) = &y.kind
                && is_name(x, name)
                && letters.contains(&letter.as_str())
            {
                return Some(letter.clone());
            }
        }
    }
    e.children()
        .into_iter()
        .find_map(|c| scale_partner(c, name, letters))
}

fn in_exponent(e: &Expr, name: &str) -> bool {
    let uses = |e: &Expr| e.names().iter().any(|(n, _)| *n == name);
    match &e.kind {
        ExprKind::Binary(BinaryOp::Pow, a, b) => uses(b) || in_exponent(a, name),
        ExprKind::Binary(BinaryOp::Mul, a, b) => {
            let logarithm = |e: &Expr| matches!(&e.kind, ExprKind::Call(Function::Ln, _));
            (is_name(a, name) && logarithm(b))
                || (is_name(b, name) && logarithm(a))
                || in_exponent(a, name)
                || in_exponent(b, name)
        }
        _ => e.children().into_iter().any(|c| in_exponent(c, name)),
    }
}
