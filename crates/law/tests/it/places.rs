//! Where the laws of the catalogue are evaluated: coefficient sets, inputs over each law's domain, columns of a tape.

use isoflop_law::tape::{Bound, Levels, Output, Program};
use isoflop_law::{At, Coef, Law, VarRole, catalogue};
use isoflop_testkit::Random;

/// Coefficient values by name.
pub type Coefs = Vec<(String, f64)>;

/// Every law of the catalogue.
pub fn laws() -> Vec<Law> {
    let read = |(id, _): (&str, &str)| Law::builtin(id).unwrap_or_else(|e| panic!("{id}: {e}"));
    catalogue().into_iter().map(read).collect()
}

/// Rows at which a law is evaluated: inputs by letter, and the level of each index.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub inputs: Vec<(String, Vec<f64>)>,
    pub levels: Vec<(String, Vec<String>)>,
    pub count: usize,
}

/// The published coefficient sets of a law and those of its checks, each with a name for messages.
pub fn published(law: &Law) -> Vec<(String, Coefs)> {
    let variants = law
        .variants
        .iter()
        .map(|v| (v.name.clone(), v.coefs.clone()));
    let checks = law
        .checks
        .iter()
        .enumerate()
        .filter(|(_, c)| c.variant.is_empty())
        .map(|(k, c)| (format!("check {}", k + 1), c.coefs.clone()));
    variants.chain(checks).collect()
}

/// Coefficient sets drawn from the law's own starts, and published ones with every coefficient moved by up to a
/// factor of 1.5; all inside the declared ranges.
pub fn drawn(law: &Law, seed: u64) -> Vec<(String, Coefs)> {
    let mut random = Random::new(seed);
    let mut sets = Vec::new();
    let near: Vec<Coefs> = published(law).into_iter().map(|(_, c)| c).collect();
    for k in 0..3 {
        let base = &near[k % near.len()];
        let moved = base.iter().map(|(name, x)| {
            let coef = coef_of(law, name);
            let x = x * random.log_between(1.0 / 1.5, 1.5);
            (name.clone(), inside(coef, x))
        });
        sets.push((format!("moved {k}"), moved.collect()));
    }
    for k in 0..3 {
        let base = &near[k % near.len()];
        let started = base.iter().map(|(name, x)| {
            let coef = coef_of(law, name);
            let low = coef.start.iter().copied().fold(f64::INFINITY, f64::min);
            let high = coef.start.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let value = match (low, high) {
                _ if coef.start.is_empty() => *x,
                (low, high) if low > 0.0 => random.log_between(low, high),
                _ => random.between(low, high),
            };
            (name.clone(), inside(coef, value))
        });
        sets.push((format!("started {k}"), started.collect()));
    }
    sets
}

fn coef_of<'a>(law: &'a Law, name: &str) -> &'a Coef {
    let bare = name.split('[').next().unwrap_or(name);
    law.coef(bare)
        .unwrap_or_else(|| panic!("{}: {name}", law.id))
}

/// A value one hundredth of the range away from the bounds, where differences to both sides exist.
fn inside(coef: &Coef, value: f64) -> f64 {
    let margin = 0.01 * (coef.upper - coef.lower);
    if margin.is_finite() {
        value.clamp(coef.lower + margin, coef.upper - margin)
    } else {
        value
    }
}

/// Inputs over the domain of a law: the inputs of its checks widened by a decade to either side and filled at random,
/// uniform in the logarithm, and cut to the domain that the law states. Counts and ratios that a check has at one or
/// more are never below one; inputs that may be zero keep the range of the checks. The inputs of the checks come
/// first.
pub fn rows(law: &Law, count: usize, seed: u64) -> Rows {
    let mut random = Random::new(seed);
    let checks = law.checks.len();
    let mut rows = Rows {
        count: checks + count,
        ..Rows::default()
    };
    for var in law.vars.iter().filter(|v| v.role == VarRole::Input) {
        let given: Vec<f64> = law
            .checks
            .iter()
            .map(|c| number(&c.at, &var.name))
            .collect();
        let low = given.iter().copied().fold(f64::INFINITY, f64::min);
        let high = given.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (first, last) = var.domain.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        let draw = |random: &mut Random| {
            if var.positive {
                let floor = if low >= 1.0 { 1.0 } else { 0.0 };
                random.log_between((low / 10.0).max(floor).max(first), (high * 10.0).min(last))
            } else {
                random.between(low, high)
            }
        };
        let column = given
            .iter()
            .copied()
            .chain((0..count).map(|_| draw(&mut random)))
            .collect();
        rows.inputs.push((var.name.clone(), column));
    }
    for var in law.vars.iter().filter(|v| v.role == VarRole::Index) {
        let given: Vec<String> = law
            .checks
            .iter()
            .filter_map(|c| c.levels.iter().find(|(i, _)| *i == var.name))
            .map(|(_, level)| level.clone())
            .collect();
        let column = (0..rows.count)
            .map(|i| given[i % given.len()].clone())
            .collect();
        rows.levels.push((var.name.clone(), column));
    }
    rows
}

fn number(pairs: &[(String, f64)], name: &str) -> f64 {
    let found = pairs.iter().find(|(n, _)| n == name);
    found.unwrap_or_else(|| panic!("{name} has a value")).1
}

/// The law by the reference evaluator, row by row.
pub fn reference(law: &Law, coefs: &Coefs, rows: &Rows) -> Vec<f64> {
    (0..rows.count)
        .map(|i| {
            let inputs: Vec<(String, f64)> =
                rows.inputs.iter().map(|(n, c)| (n.clone(), c[i])).collect();
            let levels: Vec<(String, String)> = rows
                .levels
                .iter()
                .map(|(n, c)| (n.clone(), c[i].clone()))
                .collect();
            let at = At {
                coefs,
                inputs: &inputs,
                levels: &levels,
            };
            law.value(&at).unwrap_or_else(|e| panic!("{}: {e}", law.id))
        })
        .collect()
}

/// The level names of every index that a coefficient has, in the order of the alphabet.
fn levels(law: &Law, rows: &Rows) -> Levels {
    let mut out = Levels::new();
    for coef in law.coefs.iter().filter(|c| !c.index.is_empty()) {
        let [index] = coef.index.as_slice() else {
            panic!("{}: no law of the catalogue has two indexes", law.id)
        };
        if out.iter().any(|(name, _)| name == index) {
            continue;
        }
        let mut names = level_column(rows, index).to_vec();
        names.sort();
        names.dedup();
        out.push((index.clone(), names));
    }
    out
}

fn level_column<'a>(rows: &'a Rows, index: &str) -> &'a [String] {
    let found = rows.levels.iter().find(|(name, _)| name == index);
    &found.expect("every index has a column").1
}

/// The law compiled for an output, with everything needed to bind it to rows.
pub struct Compiled {
    pub program: Program,
    levels: Levels,
}

impl Compiled {
    pub fn new(law: &Law, rows: &Rows, output: Output) -> Self {
        let levels = levels(law, rows);
        let program =
            Program::compile(law, &levels, output).unwrap_or_else(|e| panic!("{}: {e}", law.id));
        Self { program, levels }
    }

    pub fn bind(&self, rows: &Rows) -> Bound<'_> {
        let columns: Vec<&[f64]> = self
            .program
            .vars()
            .iter()
            .map(|letter| {
                let found = rows.inputs.iter().find(|(name, _)| name == letter);
                found.map_or(&[][..], |(_, column)| column.as_slice())
            })
            .collect();
        let codes: Vec<Vec<u32>> = self
            .program
            .groups()
            .iter()
            .map(|group| {
                let (_, names) = self
                    .levels
                    .iter()
                    .find(|(name, _)| *name == group.index)
                    .expect("compiled with its levels");
                level_column(rows, &group.index)
                    .iter()
                    .map(|l| names.binary_search(l).expect("a level of these rows") as u32)
                    .collect()
            })
            .collect();
        self.program.bind(rows.count, &columns, &codes)
    }

    /// The solver's coordinates of a coefficient set.
    pub fn theta(&self, coefs: &Coefs) -> Vec<f64> {
        self.program
            .coordinates()
            .iter()
            .map(|c| c.of(number(coefs, &c.name)))
            .collect()
    }
}
