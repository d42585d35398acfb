//! What a fit will know, before anything is spent: from the information matrix of the law at assumed coefficients.
//!
//! # Formula
//!
//! ```text
//! J = ∂ ln L / ∂ ln θ  over the runs        cov(ln θ) = s² (JᵀJ)⁻¹
//! var(ln L at a new point) = g cov gᵀ,      and + s² for a new run
//! ```
//!
//! with the scatter s of a run about the law. It is what a fit by least squares on ln L would give if the law were right
//! and linear over its errors; relative errors above a half are therefore an order of magnitude, not more.

use isoflop::{At, Input, Law, ReadOptions, VarRole, read};
use isoflop_numerics::dist::t_quantile;
use isoflop_numerics::linear::{inverse_positive, quadratic};
use serde::Serialize;

use crate::plan::{Part, Plan, PlannedRun};
use crate::table;

/// Relative step of the differences: their error is of order h² = 1e-8.
const STEP: f64 = 1e-4;

/// Expected errors of the fit of a ladder.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Precision {
    /// Name, assumed value and expected standard error of each coefficient.
    pub coefs: Vec<ExpectedCoef>,
    /// Relative half-widths of the intervals at each held-out point.
    pub held_out: Vec<ExpectedPoint>,
    /// Assumed relative scatter of a run.
    pub noise: f64,
    /// Level of the half-widths.
    pub level: f64,
}

/// A coefficient.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExpectedCoef {
    /// Name.
    pub name: String,
    /// Assumed value.
    pub value: f64,
    /// Expected standard error.
    pub se: f64,
}

/// A held-out point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExpectedPoint {
    /// Name of the run.
    pub id: String,
    /// Assumed loss.
    pub loss: f64,
    /// Half-width for the law, relative.
    pub law: f64,
    /// Half-width for a new run, relative.
    pub run: f64,
}

/// The expected errors of a plan.
///
/// # Errors
///
/// Why they cannot be told, in words.
pub fn precision(plan: &Plan, law: &Law) -> Result<Precision, String> {
    let assumed = assumed(plan, law)?;
    let p = assumed.len();
    let train = fitted(plan)?;
    if train.len() <= p {
        return Err(format!(
            "{} runs do not determine {p} coefficients and the scatter about them",
            train.len()
        ));
    }
    let slopes = |run: &PlannedRun| slopes(law, &assumed, run);
    let rows: Vec<Vec<f64>> = train.iter().map(|r| slopes(r)).collect::<Result<_, _>>()?;
    let mut gram = vec![0.0; p * p];
    for row in &rows {
        for i in 0..p {
            for j in 0..p {
                gram[i * p + j] += row[i] * row[j];
            }
        }
    }
    let noise = plan.file.fit.noise;
    let covariance = inverse_positive(&gram, p).ok_or(
        "these runs do not determine the coefficients: they need more different sizes and lengths",
    )?;
    let coefs = assumed
        .iter()
        .enumerate()
        .map(|(i, (name, value))| ExpectedCoef {
            name: name.clone(),
            value: *value,
            se: value.abs() * noise * covariance[i * p + i].sqrt(),
        });
    let level = plan.file.fit.level;
    let t = t_quantile(0.5 + level / 2.0, (train.len() - p) as f64);
    let mut held_out: Vec<ExpectedPoint> = Vec::new();
    for run in plan.runs.iter().filter(|r| r.part == Part::HeldOut) {
        let g = slopes(run)?;
        let variance = quadratic(&covariance, &g, &g);
        held_out.push(ExpectedPoint {
            id: run.id().to_owned(),
            loss: value(law, &assumed, run)?,
            law: t * noise * variance.sqrt(),
            run: t * noise * (1.0 + variance).sqrt(),
        });
    }
    Ok(Precision {
        coefs: coefs.collect(),
        held_out,
        noise,
        level,
    })
}

/// The planned runs of `[train]` that `[fit] where` keeps.
fn fitted(plan: &Plan) -> Result<Vec<&PlannedRun>, String> {
    let train = || plan.runs.iter().filter(|r| r.part == Part::Train);
    let Some(filter) = &plan.file.fit.filter else {
        return Ok(train().collect());
    };
    let reader = ReadOptions {
        filter: Some(filter.clone()),
        ..ReadOptions::default()
    };
    let planned = Input::Reader {
        name: "planned runs".to_owned(),
        bytes: table::planned(train()).into_bytes(),
    };
    let kept = read(&[planned], &reader).map_err(|faults| {
        let why = faults.first_message();
        format!("[fit] where = {filter:?} cannot be told of runs that are not made: {why}")
    })?;
    let lines = (0..kept.rows()).filter_map(|row| {
        let id = kept.column(table::NAME)?.text(row)?;
        train().find(|run| run.id() == id)
    });
    Ok(lines.collect())
}

/// Coefficients of the ladder file, and of the catalogue where it says nothing.
fn assumed(plan: &Plan, law: &Law) -> Result<Vec<(String, f64)>, String> {
    let published = law.variants.first();
    law.coefs
        .iter()
        .filter(|c| c.fixed.is_none() && c.tie.is_none())
        .map(|c| {
            let said = plan.file.fit.assume.get(&c.name).copied();
            let known = published.and_then(|v| {
                v.coefs.iter().find(|(name, _)| *name == c.name).map(|(_, x)| *x)
            });
            said.or(known)
                .map(|x| (c.name.clone(), x))
                .ok_or_else(|| {
                    format!(
                        "nothing is known of the coefficient {0}: say what to assume, [fit] assume = {{ {0} = … }}",
                        c.name
                    )
                })
        })
        .collect()
}

fn inputs(law: &Law, run: &PlannedRun) -> Result<Vec<(String, f64)>, String> {
    let spec = &run.spec;
    law.vars
        .iter()
        .filter(|v| v.role == VarRole::Input)
        .map(|v| {
            let value = match v.column.as_str() {
                "params" => spec.shape.params() as f64,
                "params_non_embedding" => spec.shape.non_embedding_params() as f64,
                "tokens" => spec.trained_tokens() as f64,
                "flops" => spec.flops(),
                other => {
                    return Err(format!(
                        "a plan knows no `{other}` of a run, which the law takes"
                    ));
                }
            };
            Ok((v.name.clone(), value))
        })
        .collect()
}

fn value(law: &Law, coefs: &[(String, f64)], run: &PlannedRun) -> Result<f64, String> {
    let inputs = inputs(law, run)?;
    let at = At {
        coefs,
        inputs: &inputs,
        levels: &[],
    };
    match law.value(&at) {
        Ok(x) if x.is_finite() && x > 0.0 => Ok(x),
        Ok(x) => Err(format!("the law has the value {x} for {}", run.id())),
        Err(e) => Err(e.to_string()),
    }
}

/// ∂ ln L / ∂ ln θ for each coefficient, by central differences.
fn slopes(law: &Law, coefs: &[(String, f64)], run: &PlannedRun) -> Result<Vec<f64>, String> {
    let mut moved = coefs.to_vec();
    let mut all = Vec::with_capacity(coefs.len());
    for index in 0..coefs.len() {
        let mut ln_at = |factor: f64| {
            moved[index].1 = coefs[index].1 * factor;
            value(law, &moved, run).map(f64::ln)
        };
        let (up, down) = (ln_at(STEP.exp())?, ln_at((-STEP).exp())?);
        all.push((up - down) / (2.0 * STEP));
        moved[index].1 = coefs[index].1;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::LadderFile;

    fn plan(lengths: &str) -> Plan {
        let text = format!(
            "[train]\nsizes = [\"10k\", \"30k\", \"100k\"]\ntokens-per-param = {lengths}\n[held-out]\nsizes = [\"300k\"]\n\
             tokens-per-param = [20]\n[data]\nkind = \"synthetic\"\n[fit]\nnoise = 0.01\n\
             assume = {{ E = 1.8, A = 60, B = 100, alpha = 0.5, beta = 0.5 }}\n"
        );
        Plan::new(LadderFile::parse(&text, "l").unwrap()).unwrap()
    }

    #[test]
    fn slopes_are_those_of_the_law_by_hand() {
        let law = Law::builtin("chinchilla").unwrap();
        let plan = plan("[10, 40]");
        let run = &plan.runs[0];
        let (n, d) = (
            run.spec.shape.params() as f64,
            run.spec.trained_tokens() as f64,
        );
        let (a, b) = (60.0 / n.sqrt(), 100.0 / d.sqrt());
        let loss = 1.8 + a + b;
        let by_hand = [
            1.8 / loss,
            a / loss,
            b / loss,
            -0.5 * a * n.ln() / loss,
            -0.5 * b * d.ln() / loss,
        ];
        let found = slopes(&law, &assumed(&plan, &law).unwrap(), run).unwrap();
        for (x, expected) in found.iter().zip(by_hand) {
            assert!((x - expected).abs() < 1e-7, "{x} is not {expected}");
        }
    }

    #[test]
    fn twice_the_seeds_give_errors_smaller_by_the_root_of_two() {
        let law = Law::builtin("chinchilla").unwrap();
        let one = precision(&plan("[5, 20, 80]"), &law).unwrap();
        let mut double = plan("[5, 20, 80]");
        let mut again: Vec<PlannedRun> = double.runs[..9].to_vec();
        double.runs.append(&mut again);
        let two = precision(&double, &law).unwrap();
        for (a, b) in one.coefs.iter().zip(&two.coefs) {
            assert!((a.se / b.se - 2f64.sqrt()).abs() < 1e-6);
        }
        assert_eq!(one.held_out.len(), 1);
        assert!(
            one.held_out[0].run > one.held_out[0].law && two.held_out[0].law < one.held_out[0].law
        );
    }

    #[test]
    fn runs_that_the_fit_leaves_out_determine_nothing() {
        let law = Law::builtin("chinchilla").unwrap();
        let all = plan("[5, 20, 80]");
        let mut some = plan("[1, 5, 20, 80]");
        some.file.fit.filter = Some("tokens >= 3 * params".to_owned());
        assert_eq!(fitted(&some).unwrap().len(), 9);
        let (all, some) = (
            precision(&all, &law).unwrap(),
            precision(&some, &law).unwrap(),
        );
        assert_eq!(all, some);
        let mut none = plan("[5, 20, 80]");
        none.file.fit.filter = Some("loss < 3".to_owned());
        let why = precision(&none, &law).unwrap_err();
        assert!(why.contains("not made") && why.contains("loss"), "{why}");
    }

    #[test]
    fn runs_that_do_not_determine_the_law_are_told() {
        let law = Law::builtin("chinchilla").unwrap();
        assert!(
            precision(&plan("[20]"), &law)
                .unwrap_err()
                .contains("do not determine")
        );
    }
}
