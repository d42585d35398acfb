//! Numbers that no run can have: a model of 0.06 parameters, 3 FLOP of compute, a loss below zero. They are faults where
//! the law says what the column is, and each says the option that mends it.

use isoflop_base::{Diagnostic, Note, Severity};

use super::{Scene, median, quoted, written};
use crate::column::Column;
use crate::select::{Need, NeedKind};

/// What is possible for a count of a role.
struct Limits {
    role: &'static str,
    /// What one is called: `a model of 0.06 parameters`.
    of: &'static str,
    /// The middle of a table that is counted in ones lies between these: it is in other units where it does not.
    middle: (f64, f64),
    /// From where on the middle is ordinary, to find the unit.
    ordinary: f64,
    /// Powers of ten of the units that people write.
    units: &'static [i32],
}

const LIMITS: [Limits; 3] = [
    Limits {
        role: "params",
        of: "parameters",
        middle: (3e3, 1e14),
        ordinary: 1e7,
        units: &[3, 6, 9, 12],
    },
    Limits {
        role: "tokens",
        of: "training tokens",
        middle: (3e4, 1e17),
        ordinary: 1e8,
        units: &[3, 6, 9, 12],
    },
    Limits {
        role: "flops",
        of: "FLOP",
        middle: (1e9, 1e30),
        ordinary: 1e17,
        units: &[9, 12, 15, 18, 21],
    },
];

/// A loss above this is no mean of log probabilities: a model that gives every token of a vocabulary of 10^43 the same
/// probability has 100 nats.
const MIDDLE_LOSS: f64 = 1e3;
const LARGEST_LOSS: f64 = 1e5;

/// Share of the rows from which on a disagreement is that of the table, not of rows.
const SYSTEMATIC: f64 = 0.9;

/// Why a number is no count of its role, of a single run: a model of 15 parameters.
#[must_use]
pub fn impossible_count(role: &str, value: f64) -> Option<String> {
    let limits = LIMITS.iter().find(|l| l.role == role)?;
    let few = value < limits.middle.0;
    few.then(|| format!("no run has {}", quantity(value, limits.of)))
}

pub(super) fn check(scene: &Scene<'_>) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for need in scene.needs {
        let limits = LIMITS.iter().find(|l| Some(l.role) == need.role);
        match (limits, need.role) {
            (Some(limits), _) => faults.extend(count(scene, need, limits)),
            (None, Some("loss")) => faults.extend(loss(scene, need)),
            _ => {}
        }
    }
    faults
}

/// Disagreements of nearly all rows that a note of severity error speaks of, as faults; they leave the notes.
pub(super) fn systematic(scene: &Scene<'_>, notes: &mut Vec<Note>) -> Vec<Diagnostic> {
    if scene.needs.iter().all(|n| n.role.is_none()) {
        return Vec::new();
    }
    // Stated compute that agrees with 6·params·tokens speaks for both, however few tokens a parameter has.
    let counts = agrees(scene);
    let least = SYSTEMATIC * scene.rows.len() as f64;
    let whole = |note: &Note| {
        let rows = note.evidence.iter().find(|(name, _)| name == "rows");
        let rows = rows.is_some_and(
            |(_, rows)| matches!(rows, isoflop_base::Evidence::Number(n) if *n >= least),
        );
        note.severity == Severity::Error
            && rows
            && !(counts && note.code.as_str() == "tokens-per-param")
            && matches!(
                note.code.as_str(),
                "unit-mismatch" | "tokens-per-param" | "flops-disagree"
            )
    };
    let (faults, rest): (Vec<Note>, Vec<Note>) = notes.drain(..).partition(whole);
    *notes = rest;
    let told = faults.into_iter().map(|note| {
        let mut fault = Diagnostic::error("units-disagree", note.message);
        if !note.advice.is_empty() {
            fault = fault.help(note.advice);
        }
        fault.help("if a column is another one than was taken, say so with `--map ROLE=COLUMN`")
    });
    told.collect()
}

fn count(scene: &Scene<'_>, need: &Need, limits: &Limits) -> Option<Diagnostic> {
    let (column, values) = (&need.column, need.column.numbers()?);
    let mut taken: Vec<f64> = scene.rows.iter().map(|r| values[*r]).collect();
    let middle = median(&mut taken);
    let below: Vec<usize> = scene
        .rows
        .iter()
        .copied()
        .filter(|r| values[*r] < 1.0)
        .collect();
    // What `--let` made was looked at by whoever wrote it.
    let said = scene.table.defined.contains(&column.name);
    let (low, high) = limits.middle;
    let outside = !said && !(low..=high).contains(&middle) && !agrees(scene);
    if taken.is_empty() || below.is_empty() && !outside {
        return None;
    }
    let rows = if outside { scene.rows } else { &below };
    let shown = taken.first().copied().unwrap_or(middle);
    let example = if middle > high { middle } else { shown };
    let message = format!(
        "{} is not in {}: {} {} {} {} no run has ({})",
        quoted(&column.name),
        limits.of,
        crate::accounting::count(rows.len(), "row"),
        if rows.len() == scene.rows.len() {
            "with".to_owned()
        } else {
            "including".to_owned()
        },
        quantity(example, limits.of),
        if outside {
            "and the like, which"
        } else {
            "which"
        },
        scene.table.list_places(rows)
    );
    let mut fault = Diagnostic::error("impossible-number", message);
    let whole = |r: &usize| values[*r].fract() == 0.0;
    if limits.role == "tokens" && outside && scene.rows.iter().all(whole) {
        fault = fault.help(format!(
            "if it counts steps, multiply by the tokens of one, batch size times sequence length: --let 'tokens = {}*TOKENS_PER_STEP'",
            written(&column.name)
        ));
    }
    if let Some(power) = unit(scene, need, limits, middle) {
        let factor = column.header_factor * 10f64.powi(power);
        fault = fault.help(format!(
            "if it is in {}: --let '{} = {}*{factor:e}'",
            unit_words(power, limits.role),
            limits.role,
            written(&column.name),
        ));
    } else if column.header_factor != 1.0 {
        fault = fault.help(format!(
            "its header was taken for a scale; if its numbers are not scaled: --let '{} = {}'",
            limits.role,
            written(&column.name)
        ));
    }
    if outside && below.is_empty() && column.header_factor == 1.0 {
        fault = fault.help(format!(
            "if the numbers are right as they are: --let '{} = {}'",
            limits.role,
            written(&column.name)
        ));
    }
    if below.len() < scene.rows.len() && !outside {
        let name = written(&column.name);
        fault = fault.help(format!("or leave these rows out: --where '{name} >= 1'"));
    }
    Some(fault.help(format!(
        "if another column is meant: --map {}=COLUMN",
        limits.role
    )))
}

/// Least compute of the largest run where stated compute speaks for the units of sizes and tokens: tables in billions agree
/// with a compute in their own unit as well.
const LEAST_COMPUTE: f64 = 1e8;

/// Whether stated compute agrees with 6·params·tokens, as in ladders of very small models: then the numbers are counts.
fn agrees(scene: &Scene<'_>) -> bool {
    let columns = [&scene.params, &scene.tokens, &scene.flops];
    let [Some(n), Some(d), Some(c)] = columns.map(|c| c.as_ref().and_then(|c| c.numbers())) else {
        return false;
    };
    let product = |row: &usize| 6.0 * n[*row] * d[*row];
    let near = |row: &&usize| (1.0 / 3.0..3.0).contains(&(c[**row] / product(row)));
    let agree = scene.rows.iter().filter(near).count() as f64;
    let largest = scene.rows.iter().map(product).fold(0.0, f64::max);
    largest >= LEAST_COMPUTE && agree >= SYSTEMATIC * scene.rows.len() as f64
}

fn quantity(value: f64, of: &str) -> String {
    let number = if (1e-3..1e6).contains(&value.abs()) {
        format!("{value}")
    } else {
        format!("{value:e}")
    };
    format!("{number} {of}")
}

/// The power of ten that brings the column to ones: by what the other columns say, else by what is ordinary.
fn unit(scene: &Scene<'_>, need: &Need, limits: &Limits, middle: f64) -> Option<i32> {
    if middle >= limits.ordinary {
        return None;
    }
    let plain = limits
        .units
        .iter()
        .copied()
        .find(|power| middle * 10f64.powi(*power) >= limits.ordinary)?;
    if limits.role != "tokens" {
        return Some(plain);
    }
    // Tokens may be in trillions where sizes are in billions; there are a few for each parameter at least.
    let size = scene
        .params
        .as_deref()
        .filter(|c| c.name != need.column.name);
    let Some(size) = size.map(|c| ones(scene, c)) else {
        return Some(plain);
    };
    let fits = |power: &i32| (0.5..3e5).contains(&(middle * 10f64.powi(*power) / size));
    Some(limits.units.iter().copied().find(fits).unwrap_or(plain))
}

/// The middle of a column of sizes in ones.
fn ones(scene: &Scene<'_>, size: &Column) -> f64 {
    let values = size.numbers().unwrap_or_default();
    let mut taken: Vec<f64> = scene.rows.iter().map(|r| values[*r]).collect();
    let middle = median(&mut taken);
    let limits = &LIMITS[0];
    let unit = (middle < limits.middle.0)
        .then(|| {
            let large = |p: &&i32| middle * 10f64.powi(**p) >= limits.ordinary;
            limits.units.iter().find(large)
        })
        .flatten();
    middle * unit.map_or(1.0, |p| 10f64.powi(*p))
}

fn unit_words(power: i32, role: &str) -> String {
    let word = match (power, role) {
        (_, "flops") => return format!("1e{power} FLOP"),
        (3, _) => "thousands",
        (6, _) => "millions",
        (9, _) => "billions",
        _ => "trillions",
    };
    word.to_owned()
}

/// Losses mostly below zero, or so far above what a loss is that they are something else.
fn loss(scene: &Scene<'_>, need: &Need) -> Option<Diagnostic> {
    let values = need.column.numbers()?;
    let unit = need.column.unit.as_str();
    let name = written(&need.column.name);
    // `--let 'loss = loss'` says that the numbers are right as they are.
    if scene.table.defined.contains(&need.column.name) {
        return None;
    }
    let all = 0..scene.table.rows();
    // Likelihoods of continuous data are densities, and their losses may be below zero where the law allows it.
    let signed = need.kind == NeedKind::Response;
    let below = |r: &usize| values[*r] < 0.0 && !signed;
    let negative: Vec<usize> = all.clone().filter(below).collect();
    let finite = |r: &usize| values[*r].is_finite();
    let mut taken: Vec<f64> = all.clone().filter(finite).map(|r| values[r]).collect();
    let (rows, total) = (taken.len(), negative.len());
    let middle = median(&mut taken);
    let tell = |rows: &[usize], what: &str| {
        let message = format!(
            "{} is {what} in {} ({}): no loss is",
            quoted(&need.column.name),
            crate::accounting::count(rows.len(), "row"),
            scene.table.list_places(rows)
        );
        Diagnostic::error("impossible-number", message)
    };
    // A few below zero, as of runs that diverged, are left out and counted: a logarithm has no use for them.
    if total * 2 > rows {
        return Some(
            tell(&negative, "below zero")
                .help(format!("if it is a log-likelihood: --let 'loss = -{name}'"))
                .help("if another column is meant: --map loss=COLUMN"),
        );
    }
    if unit == "perplexity" {
        return None;
    }
    let large: Vec<usize> = all
        .filter(|r| values[*r] > LARGEST_LOSS && values[*r].is_finite())
        .collect();
    if middle > MIDDLE_LOSS {
        let every: Vec<usize> = (0..scene.table.rows()).filter(finite).collect();
        return Some(
            tell(
                &every,
                &format!("far above what a loss is ({middle} in the middle)"),
            )
            .help(format!("if it is a perplexity: --let 'loss = ln({name})'"))
            .help("if it is a sum over tokens, divide it by their number with --let")
            .help(format!(
                "if the numbers are right as they are: --let 'loss = {name}'"
            ))
            .help("if another column is meant: --map loss=COLUMN"),
        );
    }
    (!large.is_empty()).then(|| {
        tell(&large, "above 1e5")
            .help(format!(
                "runs that diverged are left out with --where '{name} < 100'"
            ))
            .help("if another column is meant: --map loss=COLUMN")
    })
}
