//! What the recipe itself gets wrong: it is run on losses of a law whose optimum is known, on the same grid of runs.
//!
//! A parabola through runs that lie unevenly about the optimum, or through a curve that is steeper on one side, has its
//! minimum elsewhere, even without any noise (Open Athena 2026; Czech et al. 2026).

use super::options::RecipeOptions;
use super::result::{Allocation, Bias, Budget};
use super::runs::Runs;
use super::{find, warning};
use crate::engine::{bind_program, fit};
use crate::options::{FitOptions, Objective, PenaltyKind, Scale, Uncertainty};
use crate::result::Status;
use crate::{binding, recipe::line};
use isoflop_base::Note;
use isoflop_data::RunTable;
use isoflop_law::tape::{Output, Program};
use isoflop_law::{At, Law, VarRole};
use isoflop_numerics::dist;
use isoflop_numerics::random::Stream;
use isoflop_numerics::search::golden_section;
use rayon::prelude::*;

/// Simulations with noise.
const SIMULATIONS: u64 = 200;

/// Runs the recipe on losses of the law fitted to the runs. None when the law takes other inputs than N and D, or when
/// its fit did not converge to a strict minimum.
pub(super) fn bias(law: &Law, runs: &Runs, options: &RecipeOptions) -> Option<Bias> {
    let takes = |name: &str| law.var(name).is_some_and(|v| v.role == VarRole::Input);
    if law.vars.len() != 3 || !takes("N") || !takes("D") {
        return None;
    }
    let columns: [(&str, &[f64]); 3] = [
        ("params", &runs.params),
        ("tokens", &runs.tokens),
        ("loss", &runs.loss),
    ];
    // Two runs may agree in these three columns and still be two runs.
    let table = RunTable::from_columns("runs", &columns).keeping_copies();
    let fit_options = FitOptions {
        objective: Some(Objective {
            penalty: PenaltyKind::Huber(crate::options::Corner::Mad(2.0)),
            scale: Scale::Ln,
        }),
        uncertainty: Uncertainty::None,
        ..FitOptions::default()
    };
    let fitted = fit(law, &table, &fit_options).ok()?;
    if fitted.status != Status::Converged {
        return None;
    }
    let exact = runs.with_loss(losses(law, &table, &fitted.joint.at)?);
    let found = find(&exact, options);
    let without_noise = exponent(&found)?;
    let coefs: Vec<(String, f64)> = fitted
        .coefs
        .iter()
        .map(|(name, e)| (name.clone(), e.value))
        .collect();
    let used: Vec<&Budget> = found.iter().filter(|b| b.used()).collect();
    let truth: Option<Vec<f64>> = used
        .iter()
        .map(|b| optimal_params(law, &coefs, b.flops / runs.kappa, &runs.params))
        .collect();
    let truth = truth?;
    let of_law = slope(&used.iter().map(|b| b.flops).collect::<Vec<_>>(), &truth)?;
    let sd = fitted.residuals.robust_sd;
    let noisy = simulate(&exact, sd, options);
    let mean = noisy.iter().sum::<f64>() / noisy.len() as f64;
    let square = noisy.iter().map(|a| (a - mean) * (a - mean)).sum::<f64>();
    let last = used.len() - 1;
    Some(Bias {
        law: fitted.law.formula.clone(),
        exponent_of_law: of_law,
        exponent_without_noise: without_noise,
        params_ratio: used[last].optimum(0) / truth[last],
        simulations: noisy.len(),
        exponent_with_noise: mean,
        exponent_sd: (square / (noisy.len() as f64 - 1.0).max(1.0)).sqrt(),
        noise_sd: sd,
    })
}

/// Losses of the law at the runs of the table.
fn losses(law: &Law, table: &RunTable, at: &[f64]) -> Option<Vec<f64>> {
    let wants = binding::Wants {
        weights: None,
        clusters: None,
        positive_response: true,
        share: None,
    };
    let binding = binding::bind(law, table, &wants).ok()?;
    let program = Program::compile(law, &binding.levels, Output::Response).ok()?;
    let bound = bind_program(&program, law, &binding);
    let mut out = vec![0.0; binding.n];
    bound.evaluate(&mut program.workspace(), at, &mut out);
    Some(out)
}

/// The exponent that the recipe finds, every minimum weighed alike.
fn exponent(budgets: &[Budget]) -> Option<f64> {
    let used: Vec<&Budget> = budgets.iter().filter(|b| b.used()).collect();
    let flops: Vec<f64> = used.iter().map(|b| b.flops).collect();
    let params: Vec<f64> = used.iter().map(|b| b.optimum(0)).collect();
    slope(&flops, &params)
}

fn slope(flops: &[f64], params: &[f64]) -> Option<f64> {
    let replicate = params.iter().map(|n| Some([*n; 3])).collect();
    let used: Vec<usize> = (0..flops.len()).collect();
    line(flops, &used, &vec![1.0; flops.len()], &replicate, 0).map(|(_, a)| a)
}

/// The recipe on losses with normal noise on their logarithm.
fn simulate(exact: &Runs, sd: f64, options: &RecipeOptions) -> Vec<f64> {
    (0..SIMULATIONS)
        .into_par_iter()
        .filter_map(|replicate| {
            let mut stream = Stream::new(options.seed, "recipe bias", replicate);
            let noisy = exact
                .loss
                .iter()
                .map(|l| l * (sd * dist::normal_quantile(stream.open_unit())).exp())
                .collect();
            exponent(&find(&exact.with_loss(noisy), options))
        })
        .collect()
}

/// The size at which the law is lowest along N·D = `product`, by golden section in ln N over the sizes trained and
/// three orders of magnitude beyond each end.
fn optimal_params(law: &Law, coefs: &[(String, f64)], product: f64, sizes: &[f64]) -> Option<f64> {
    let value = |ln_n: f64| {
        let n = ln_n.exp();
        let inputs = [("N".to_owned(), n), ("D".to_owned(), product / n)];
        law.value(&At {
            coefs,
            inputs: &inputs,
            levels: &[],
        })
        .unwrap_or(f64::INFINITY)
    };
    let low = sizes.iter().copied().fold(f64::INFINITY, f64::min);
    let high = sizes.iter().copied().fold(0.0, f64::max);
    let at = golden_section(value, low.ln() - 7.0, high.ln() + 7.0, 1e-7);
    (at > low.ln() - 6.9 && at < high.ln() + 6.9).then(|| at.exp())
}

/// A bias that is not small beside the error of the exponent must be said.
pub(super) fn note(bias: Option<&Bias>, allocations: &[Allocation]) -> Option<Note> {
    let bias = bias?;
    let off = bias.exponent_without_noise - bias.exponent_of_law;
    let se = allocations.first().and_then(|a| a.exponent.se)?;
    (off.abs() > 0.5 * se && off.abs() > 0.002).then(|| {
        warning(
            "recipe-bias",
            format!(
                "on this grid of runs the recipe is off by {off:+.4} in the exponent even without noise, beside a standard \
                 error of {se:.4}: the curves are not symmetric about the optimum as the recipe takes them to be"
            ),
            &[("bias", off), ("se", se)],
            "fit a law of N and D to all runs instead, or subtract the bias and say so",
        )
    })
}
