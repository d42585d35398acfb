//! The record of a fit: everything found, put together once.

use crate::certificate::{self, final_penalty};
use crate::derived;
use crate::engine::{Solved, bind_program};
use crate::identify;
use crate::leverage;
use crate::notes;
use crate::options::{Corner, Dependence, Objective, PenaltyKind, Scale};
use crate::pool::Pool;
use crate::result::{
    Fit, LawRecord, ObjectiveRecord, Points, PoolRecord, Provenance, Range, ResidualSummary,
};
use crate::solve::{Aim, robust_spread};
use crate::spelling::uncertainty_spelling;
use crate::target::Target;
use crate::uncertainty::{self, Spread};
use crate::value_scale::ResidualScale;
use isoflop_base::Estimate;
use isoflop_law::tape::{Output, Program};
use isoflop_numerics::penalty::Penalty;

/// Fits of more runs than this do not keep them.
const KEPT_POINTS: usize = 20_000;

pub(crate) fn record<'a>(solved: &'a Solved<'a>) -> Fit {
    let end = &solved.ends[0];
    let peak = certificate::peak(solved, end);
    let (certificate, status) = certificate::certify(solved, end, &peak);
    let spread = uncertainty::spread(solved, &peak, status);
    let penalty = final_penalty(solved, end);
    let ranges = ranges(solved);
    let mut target = Target::new(solved.frame, solved.binding.weights(), penalty, solved.nat);
    let residuals = target.residuals(&end.outcome.x);
    let objective = objective(solved, penalty, &residuals);
    let points = points(solved, &residuals);
    let residuals = summary(solved, residuals);
    let mut notes = solved.binding.notes.clone();
    notes.extend(spread.notes.iter().cloned());
    let coefs = in_law_order(solved, &spread);
    let leverage = leverage::leverage(solved, &peak, &coefs);
    let mut fit = Fit {
        schema: "isoflop.fit/1".to_owned(),
        law: LawRecord {
            id: solved.law.id.clone(),
            title: solved.law.title.clone(),
            formula: solved.law.formula_text.clone(),
            text: solved.law.text.clone(),
        },
        n: solved.binding.n,
        skipped: solved.binding.skipped.clone(),
        objective,
        status,
        starts: certificate::starts(solved),
        stages: Vec::new(),
        certificate,
        coefs,
        pools: pools(solved),
        derived: derived::estimates(solved, &spread),
        uncertainty: spread.record,
        identifiability: identify::identifiability(solved, &peak),
        residuals,
        ranges,
        leverage,
        notes,
        provenance: provenance(solved),
        joint: spread.joint,
        points,
        calibration: None,
        digest: None,
    };
    let found = notes::notes(solved, &fit);
    fit.notes.extend(found);
    fit
}

fn pools(solved: &Solved<'_>) -> Vec<PoolRecord> {
    let theta = uncertainty::optimum(solved);
    let coordinates = solved.frame.bound.program().coordinates();
    let record = |pool: &Pool| {
        let log = coordinates[pool.coordinates[0]].log;
        pool.record(solved.law, &theta, log)
    };
    solved.frame.pools.iter().map(record).collect()
}

fn objective(solved: &Solved<'_>, penalty: Penalty, residuals: &[f64]) -> ObjectiveRecord {
    let (name, delta) = match (solved.aim, penalty) {
        (Aim::Absolute(_), _) => match solved.objective.penalty {
            PenaltyKind::Quantile { tau } => ("quantile", Some(tau)),
            _ => ("abs", None),
        },
        (_, Penalty::Tilted { delta, .. }) => ("huber", Some(delta)),
        (_, Penalty::Binomial) => ("binomial", None),
        (_, Penalty::Squared) => ("squared", None),
        (_, Penalty::Huber { delta }) => ("huber", Some(delta)),
        (_, Penalty::SoftL1 { delta }) => ("soft-l1", Some(delta)),
        (_, Penalty::Student { nu, .. }) => ("student", Some(nu)),
    };
    let corner = match (solved.aim, penalty) {
        (Aim::Penalty(_), Penalty::Huber { delta } | Penalty::SoftL1 { delta }) => Some(delta),
        _ => None,
    };
    let inside = corner
        .map(|d| residuals.iter().filter(|r| r.abs() <= d).count() as f64 / residuals.len() as f64);
    ObjectiveRecord {
        penalty: name.to_owned(),
        delta,
        scale: match solved.objective.scale {
            Scale::Raw => ResidualScale::Raw,
            Scale::Ln => ResidualScale::Ln,
            Scale::AsWritten => {
                let left = solved.law.formula.left.as_ref();
                ResidualScale::LeftSide(left.map_or_else(String::new, ToString::to_string))
            }
        },
        fitted_scale: match penalty {
            Penalty::Student { scale, .. } => Some(scale),
            _ => None,
        },
        value: solved.ends[0].objective,
        inside,
        spelling: spelling(&solved.objective),
    }
}

/// The objective as `--objective` spells it.
fn spelling(objective: &Objective) -> String {
    let suffix = match objective.scale {
        Scale::Raw => "",
        Scale::Ln => "-log",
        Scale::AsWritten => "-lhs",
    };
    let corner = |c: Corner| match c {
        Corner::Fixed(d) => format!("{d}"),
        Corner::Mad(m) => format!("{m}mad"),
    };
    match &objective.penalty {
        PenaltyKind::Quantile { tau } => format!("quantile{suffix}:{tau}"),
        PenaltyKind::Binomial { trials: None } => "binomial".to_owned(),
        PenaltyKind::Binomial {
            trials: Some(column),
        } => format!("binomial:{column}"),
        PenaltyKind::Squared => format!("squared{suffix}"),
        PenaltyKind::Absolute => format!("abs{suffix}"),
        PenaltyKind::Huber(c) => format!("huber{suffix}:{}", corner(*c)),
        PenaltyKind::SoftL1(c) => format!("soft-l1{suffix}:{}", corner(*c)),
        PenaltyKind::Student { nu } => format!("student{suffix}:{nu}"),
    }
}

/// Fitted coefficients, with fixed and tied ones in their places: the law's own order.
fn in_law_order(solved: &Solved<'_>, spread: &Spread) -> Vec<(String, Estimate)> {
    let coordinates = solved.frame.bound.program().coordinates();
    let mut out = Vec::new();
    for (k, coef) in solved.law.coefs.iter().enumerate() {
        if let Some(value) = coef.fixed {
            let fixed = Estimate {
                value,
                se: None,
                unit: coef.unit.clone(),
                interval: None,
            };
            out.push((coef.name.clone(), fixed));
        } else if coef.tie.is_some() {
            out.extend(derived::tied(solved, spread, coef));
        } else {
            let own = coordinates
                .iter()
                .zip(&spread.estimates)
                .filter(|(c, _)| c.coef == k);
            out.extend(own.map(|(_, estimate)| estimate.clone()));
        }
    }
    out
}

fn summary(solved: &Solved<'_>, residuals: Vec<f64>) -> ResidualSummary {
    let n = residuals.len() as f64;
    let observed = solved.frame.observed;
    let mean = observed.iter().sum::<f64>() / n;
    let total: f64 = observed.iter().map(|t| (t - mean) * (t - mean)).sum();
    let squares: f64 = residuals.iter().map(|r| r * r).sum();
    let worst = (0..residuals.len()).fold(0, |m, i| {
        if residuals[i].abs() > residuals[m].abs() {
            i
        } else {
            m
        }
    });
    ResidualSummary {
        rms: (squares / n).sqrt(),
        max_abs: residuals[worst].abs(),
        robust_sd: robust_spread(residuals),
        max_at: solved.binding.places.get(worst),
        r_squared: if total > 0.0 {
            1.0 - squares / total
        } else {
            0.0
        },
    }
}

fn ranges(solved: &Solved<'_>) -> Vec<Range> {
    let mut out: Vec<Range> = solved
        .binding
        .inputs
        .iter()
        .map(|(letter, column)| {
            let var = solved.law.vars.iter().find(|v| v.name == *letter);
            let name = solved
                .binding
                .columns
                .iter()
                .find(|(l, _)| l == letter)
                .map_or("", |(_, c)| c.as_str());
            let unit = var.map_or("", |v| v.unit.as_str());
            range(letter, name, unit, column.clone())
        })
        .collect();
    let input = |letter: &str| {
        solved
            .binding
            .inputs
            .iter()
            .find(|(l, _)| l == letter)
            .map(|(_, c)| c)
    };
    if let (Some(n), Some(d)) = (input("N"), input("D")) {
        if input("C").is_none() {
            let c: Vec<f64> = n.iter().zip(d).map(|(n, d)| 6.0 * n * d).collect();
            out.push(range("C", "", "FLOP (6ND)", c));
        }
        let ratio: Vec<f64> = n.iter().zip(d).map(|(n, d)| d / n).collect();
        out.push(range("D/N", "", "tokens per parameter", ratio));
    }
    out
}

fn range(name: &str, column: &str, unit: &str, mut sorted: Vec<f64>) -> Range {
    sorted.sort_unstable_by(f64::total_cmp);
    let (min, max) = (sorted[0], sorted[sorted.len() - 1]);
    sorted.dedup();
    Range {
        name: name.to_owned(),
        column: column.to_owned(),
        unit: unit.to_owned(),
        min,
        max,
        distinct: sorted.len(),
    }
}

fn provenance(solved: &Solved<'_>) -> Provenance {
    let o = solved.options;
    let mut options: Vec<(String, String)> =
        vec![("objective".to_owned(), spelling(&solved.objective))];
    if let Some(weights) = &o.weights {
        options.push(("weights".to_owned(), weights.clone()));
    }
    if let Some(sigma) = &o.sigma {
        options.push(("sigma".to_owned(), sigma.clone()));
    }
    options.push(("starts".to_owned(), solved.tried.to_string()));
    options.push((
        "uncertainty".to_owned(),
        uncertainty_spelling(&o.uncertainty),
    ));
    if o.dependence == Dependence::None {
        options.push(("independent".to_owned(), String::new()));
    }
    options.push(("level".to_owned(), o.level.to_string()));
    options.extend(o.coefs.iter().map(|c| ("coef".to_owned(), c.clone())));
    options.extend(o.derive.iter().map(|d| ("derive".to_owned(), d.clone())));
    options.extend(o.reader.iter().cloned());
    Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        tables: solved.binding.tables.clone(),
        law_sha256: isoflop_data::sha256_hex(solved.law.text.as_bytes()),
        seed: o.seed,
        options,
    }
}

fn points(solved: &Solved<'_>, residuals: &[f64]) -> Points {
    if solved.binding.n > KEPT_POINTS {
        return Points::default();
    }
    Points {
        place: solved.binding.places.iter().collect(),
        inputs: solved.binding.inputs.clone(),
        levels: solved.binding.indexes.clone(),
        response: solved.binding.response.clone(),
        fitted: fitted(solved),
        residual: residuals.to_vec(),
    }
}

/// The law's values on the scale of the response.
fn fitted(solved: &Solved<'_>) -> Vec<f64> {
    let mut out = vec![f64::NAN; solved.binding.n];
    if let Ok(program) = Program::compile(solved.law, &solved.binding.levels, Output::Response) {
        let bound = bind_program(&program, solved.law, solved.binding);
        bound.evaluate(
            &mut program.workspace(),
            &uncertainty::optimum(solved),
            &mut out,
        );
    }
    out
}
