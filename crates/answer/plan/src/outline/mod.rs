//! What a law of size and data looks like around its runs: IsoFLOP curves with their minima, the surface of the response,
//! the compute-optimal path.
//!
//! # Formula
//!
//! ```text
//! IsoFLOP curve of C     L(N, C/(6N)) over N            runs within the tolerance of C belong to it
//! path                   min L(N, D) subject to 6ND = C  for C from the smallest run to ten times the largest
//! ```

mod budgets;

use isoflop_base::Diagnostics;
use isoflop_fit::Fit;
use isoflop_law::{At, Law, VarRole};
use serde::{Deserialize, Serialize};

use crate::defaults::{middle, usual_levels};
use crate::{Ask, Convention, Given, PlanLaw, PlanRequest, USUAL, plan};
use budgets::{Chosen, chosen, ends, spread};

/// Places at which a curve is evaluated.
const STEPS: u32 = 64;
/// Places of the surface in either direction.
const GRID: u32 = 56;
/// FLOP for each parameter and token.
const FLOPS_PER_PARAM_TOKEN: f64 = 6.0;
/// How far a curve reaches on either side of its minimum, as a factor of size.
const REACH: f64 = 10.0;
/// How far another input of a run may lie from the value that is held, in logarithms: as far as rounding goes.
const NEAR_HELD: f64 = 1e-6;

/// A law around its runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    /// Letter of the size.
    pub params: String,
    /// Letter of the data.
    pub tokens: String,
    /// Other inputs and levels, with the value at which they are held.
    pub held: Vec<(String, String)>,
    /// Relative difference of compute up to which a run belongs to a budget.
    pub tolerance: f64,
    /// Whether the runs were made at these budgets; else they are spread over the range of the runs.
    pub made_at_budgets: bool,
    /// IsoFLOP curves, smallest budget first.
    pub budgets: Vec<BudgetCurve>,
    /// The compute-optimal path, smallest budget first.
    pub path: Vec<PathPoint>,
    /// The response over size and data.
    pub surface: Surface,
}

/// The law at one budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BudgetCurve {
    /// Training compute in FLOP, 6ND.
    pub flops: f64,
    /// Size and response along the budget.
    pub curve: Vec<(f64, f64)>,
    /// The smallest response; none when it lies at the end of what can be had.
    pub minimum: Option<PathPoint>,
    /// Runs of this budget at the values and levels that are held, as rows of the fit's points.
    pub runs: Vec<usize>,
}

/// An optimum on the path.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathPoint {
    /// Training compute in FLOP, 6ND.
    pub flops: f64,
    /// Size.
    pub params: f64,
    /// Data.
    pub tokens: f64,
    /// Response.
    pub loss: f64,
}

/// The response over a grid of sizes and data, both in equal factors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Surface {
    /// Sizes.
    pub params: Vec<f64>,
    /// Data.
    pub tokens: Vec<f64>,
    /// Response, a row for each amount of data; not a number where the law has none.
    pub loss: Vec<Vec<f64>>,
}

/// What a law looks like around the runs of its fit.
///
/// # Errors
///
/// In words, why there is no such picture: no size and data among the inputs, no runs kept in the fit, a response that
/// size and data do not lower.
pub fn outline(fit: &Fit) -> Result<Outline, String> {
    let law = fit
        .law
        .parse()
        .map_err(|_| "the law inside the fit cannot be read".to_owned())?;
    let (params, tokens) = roles(&law).ok_or("the law has no size and data among its inputs")?;
    let plane = Plane::new(fit, &law, params, tokens)?;
    let (sizes, data) = (plane.column(&plane.params)?, plane.column(&plane.tokens)?);
    let flops: Vec<f64> = sizes
        .iter()
        .zip(data)
        .map(|(n, d)| FLOPS_PER_PARAM_TOKEN * n * d)
        .collect();
    let (low, high) = ends(&flops);
    if !(low > 0.0 && high.is_finite()) {
        return Err("size and data are not above zero in every run".to_owned());
    }
    let own: Vec<usize> = (0..flops.len())
        .filter(|&row| plane.is_at_levels(row))
        .collect();
    let of = |values: &[f64]| own.iter().map(|&row| values[row]).collect::<Vec<f64>>();
    let mut found = chosen(&of(sizes), &of(&flops));
    for row in found.runs.iter_mut().flatten() {
        *row = own[*row];
    }
    let path_budgets = spread(low, 10.0 * high, 16);
    let path = plane.optima(&path_budgets)?;
    let minima = plane.optima(&found.flops)?;
    let budgets = curves(&plane, sizes, &found, &minima);
    let surface = plane.surface(sizes, data);
    Ok(Outline {
        held: plane.held(),
        tolerance: found.tolerance,
        made_at_budgets: found.made,
        budgets,
        path,
        surface,
        params: plane.params,
        tokens: plane.tokens,
    })
}

/// Letters of size and data among the inputs of a law.
fn roles(law: &Law) -> Option<(String, String)> {
    let input = |column: &str, letter: &str| {
        let mut inputs = law.vars.iter().filter(|v| v.role == VarRole::Input);
        let found = inputs.find(|v| v.column == column || (v.column == v.name && v.name == letter));
        found.map(|v| v.name.clone())
    };
    let follows = law
        .vars
        .iter()
        .any(|v| v.role == VarRole::Input && v.column == "flops");
    (!follows).then_some(())?;
    Some((input("params", "N")?, input("tokens", "D")?))
}

fn curves(
    plane: &Plane<'_>,
    sizes: &[f64],
    found: &Chosen,
    minima: &[PathPoint],
) -> Vec<BudgetCurve> {
    let at_values = |row: &usize| plane.is_at_values(*row);
    let mut out = Vec::new();
    for (flops, runs) in found.flops.iter().zip(&found.runs) {
        let minimum = minima
            .iter()
            .find(|m| (m.flops / flops - 1.0).abs() < 1e-9)
            .copied();
        let own = runs.iter().map(|&row| sizes[row]);
        let (mut low, mut high) = ends(&own.collect::<Vec<_>>());
        if let Some(best) = minimum {
            low = low.min(best.params / REACH);
            high = high.max(best.params * REACH);
        }
        if !(low > 0.0 && low < high) {
            continue;
        }
        let curve: Vec<(f64, f64)> = spread(low, high, STEPS)
            .into_iter()
            .filter_map(|n| {
                let loss = plane.value(n, flops / (FLOPS_PER_PARAM_TOKEN * n))?;
                Some((n, loss))
            })
            .collect();
        if curve.len() > 1 {
            out.push(BudgetCurve {
                flops: *flops,
                curve,
                minimum,
                runs: runs.iter().copied().filter(at_values).collect(),
            });
        }
    }
    out
}

/// A fitted law as a function of size and data alone.
struct Plane<'a> {
    fit: &'a Fit,
    law: &'a Law,
    params: String,
    tokens: String,
    coefs: Vec<(String, f64)>,
    others: Vec<(String, f64)>,
    levels: Vec<(String, String)>,
}

impl<'a> Plane<'a> {
    fn new(fit: &'a Fit, law: &'a Law, params: String, tokens: String) -> Result<Self, String> {
        if fit.points.response.is_empty() {
            return Err("the fit does not keep its runs".to_owned());
        }
        let others = fit
            .points
            .inputs
            .iter()
            .filter(|(name, _)| *name != params && *name != tokens)
            .filter_map(|(name, values)| Some((name.clone(), middle(values)?)))
            .collect();
        Ok(Self {
            fit,
            law,
            params,
            tokens,
            coefs: fit
                .coefs
                .iter()
                .map(|(n, e)| (n.clone(), e.value))
                .collect(),
            others,
            levels: usual_levels(&fit.points.levels),
        })
    }

    fn column(&self, letter: &str) -> Result<&'a [f64], String> {
        let found = self.fit.points.inputs.iter().find(|(n, _)| n == letter);
        found
            .map(|(_, x)| x.as_slice())
            .ok_or_else(|| format!("the fit does not keep {letter} of its runs"))
    }

    /// Whether a run has the levels that are held.
    fn is_at_levels(&self, row: usize) -> bool {
        let names = self.fit.points.levels.iter();
        names
            .zip(&self.levels)
            .all(|((_, all), (_, level))| all.get(row) == Some(level))
    }

    /// Whether the other inputs of a run are those that are held: the law as drawn says nothing of other runs.
    fn is_at_values(&self, row: usize) -> bool {
        let points = &self.fit.points;
        let same = |x: f64, held: f64| x == held || (x / held).ln().abs() <= NEAR_HELD;
        self.others.iter().all(|(name, held)| {
            let own = points.inputs.iter().find(|(n, _)| n == name);
            let own = own.and_then(|(_, values)| values.get(row));
            own.is_some_and(|x| same(*x, *held))
        })
    }

    fn value(&self, params: f64, tokens: f64) -> Option<f64> {
        let mut inputs = self.others.clone();
        inputs.push((self.params.clone(), params));
        inputs.push((self.tokens.clone(), tokens));
        let at = At {
            coefs: &self.coefs,
            inputs: &inputs,
            levels: &self.levels,
        };
        self.law.value(&at).ok().filter(|y| y.is_finite())
    }

    fn held(&self) -> Vec<(String, String)> {
        let numbers = self
            .others
            .iter()
            .map(|(n, x)| (n.clone(), isoflop_base::format_si(*x, 3)));
        numbers.chain(self.levels.iter().cloned()).collect()
    }

    /// Optima at budgets, without intervals; budgets without one are left out.
    fn optima(&self, budgets: &[f64]) -> Result<Vec<PathPoint>, String> {
        let said = |faults: Diagnostics| faults.first_message().to_owned();
        let mut plain = self.fit.clone();
        plain.joint.covariance.clear();
        plain.joint.draws.clear();
        let given = Given {
            at: self.others.clone(),
            levels: self.levels.clone(),
            ..Given::default()
        };
        let law = PlanLaw::of_fit(&self.fit.law.id, &plain, &given).map_err(said)?;
        let usual = Law::builtin(USUAL).map_err(said)?;
        let convention = Convention::new(&usual, &given).map_err(said)?;
        let request = PlanRequest {
            ask: budgets.iter().map(|c| Ask::Compute(*c)).collect(),
            given,
            ..PlanRequest::new(convention)
        };
        let found = plan(&[law], &request).map_err(said)?;
        let rows = found.rows.iter().filter(|row| row.held.is_empty());
        Ok(rows
            .filter_map(|row| {
                Some(PathPoint {
                    flops: row.compute,
                    params: row.params.value,
                    tokens: row.tokens.value,
                    loss: row.loss.as_ref()?.value,
                })
            })
            .collect())
    }

    /// The response over the range of the runs and a factor of three beyond.
    fn surface(&self, sizes: &[f64], data: &[f64]) -> Surface {
        let around = |values: &[f64]| {
            let (low, high) = ends(values);
            spread(low / 3.0, 3.0 * high, GRID)
        };
        let (params, tokens) = (around(sizes), around(data));
        let loss = tokens
            .iter()
            .map(|&d| {
                let row = params.iter();
                row.map(|&n| self.value(n, d).unwrap_or(f64::NAN)).collect()
            })
            .collect();
        Surface {
            params,
            tokens,
            loss,
        }
    }
}
