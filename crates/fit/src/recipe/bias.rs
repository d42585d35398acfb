//! What the recipe itself gets wrong: it is run on losses of a law whose optimum is known, on the same grid of runs.
//!
//! A parabola through runs that lie unevenly about the optimum, or through a curve that is steeper on one side, has its
//! minimum elsewhere, even without any noise (Open Athena 2026; Czech et al. 2026).
//!
//! # Formula
//!
//! ```text
//! θ_s          a draw of the law fitted to the runs
//! e_s          ln N*(recipe on losses of θ_s with noise) − ln N*(θ_s)
//! interval     quantiles of ln N*(recipe on the runs) − e_s
//! ```
//!
//! The errors e_s hold the bias of the recipe on this grid, the noise of the runs and what is not known of the law.

use super::options::{Method, RecipeOptions};
use super::result::{Allocation, Bias, Budget};
use super::runs::Runs;
use super::{Replicate, envelope, find, warning};
use crate::engine::fit;
use crate::options::{FitOptions, Objective, PenaltyKind, Scale, Uncertainty};
use crate::recipe::line;
use crate::result::{Fit, Status};
use isoflop_base::Note;
use isoflop_data::RunTable;
use isoflop_law::surface::Surface;
use isoflop_law::tape::{Output, Program};
use isoflop_law::{Law, VarRole};
use isoflop_numerics::dist;
use isoflop_numerics::random::Stream;
use isoflop_numerics::search::golden_section;
use rayon::prelude::*;

/// A law fitted to the runs, whose optimum is known.
pub(super) struct Reference<'a> {
    runs: &'a Runs,
    fitted: Fit,
    surface: Surface,
    /// Whether the law's first input is N.
    params_first: bool,
    best: Vec<f64>,
    draws: Vec<Vec<f64>>,
    /// Residuals of the law on the logarithm of the loss, as wide as the noise: widened for the coefficients that were fitted
    /// to them, and for their scale being an estimate.
    residuals: Vec<f64>,
    /// Standard deviation of the noise, on the logarithm of the loss.
    noise: f64,
}

impl<'a> Reference<'a> {
    /// Fits the law to the runs. None when it takes other inputs than N and D, or when the fit did not converge to a
    /// strict minimum.
    pub fn new(law: &Law, runs: &'a Runs, options: &RecipeOptions) -> Option<Self> {
        let takes = |name: &str| law.var(name).is_some_and(|v| v.role == VarRole::Input);
        if law.vars.len() != 3 || !takes("N") || !takes("D") {
            return None;
        }
        let columns: [(&str, &[f64]); 3] = [
            ("params", &runs.params),
            ("tokens", &runs.tokens),
            ("loss", &runs.loss),
        ];
        // Two runs may agree in these three columns and still be two runs. Their compute was beside them when they were
        // examined, and speaks for ratios of tokens to params that are suspicious without it.
        let table = RunTable::from_columns("runs", &columns)
            .keeping_copies()
            .examined();
        let fitted = fit(law, &table, &fit_options(options)).ok()?;
        if fitted.status != Status::Converged {
            return None;
        }
        let surface = Surface::compile(law, &[]).ok()?;
        let program = Program::compile(law, &Vec::new(), Output::Response).ok()?;
        let coordinates = program.coordinates();
        let slots: Option<Vec<usize>> = surface
            .coefs()
            .iter()
            .map(|name| coordinates.iter().position(|c| c.name == *name))
            .collect();
        let slots = slots?;
        let raw = |theta: &[f64]| -> Vec<f64> {
            let value = |j: &usize| coordinates[*j].coefficient(theta[*j]);
            slots.iter().map(value).collect()
        };
        let mut out = Self {
            runs,
            best: raw(&fitted.joint.at),
            draws: fitted.joint.draws.iter().map(|d| raw(d)).collect(),
            params_first: surface.inputs().first().is_some_and(|name| name == "N"),
            residuals: Vec::new(),
            noise: 0.0,
            surface,
            fitted,
        };
        out.measure_noise(options.level);
        Some(out)
    }

    /// The residuals at the best fit, and their spread.
    fn measure_noise(&mut self, level: f64) {
        let exact = self.exact(&self.best);
        let pairs = self.runs.loss.iter().zip(&exact);
        let raw: Vec<f64> = pairs.map(|(observed, law)| (observed / law).ln()).collect();
        let n = raw.len() as f64;
        let free = (n - self.fitted.joint.at.len() as f64).max(1.0);
        let mean = raw.iter().sum::<f64>() / n;
        let squares: f64 = raw.iter().map(|r| (r - mean) * (r - mean)).sum();
        self.noise = (squares / free).sqrt();
        let tail = 0.5 * (1.0 + level);
        let unsure = dist::t_quantile(tail, free) / dist::normal_quantile(tail);
        let widen = unsure * (n / free).sqrt();
        self.residuals = raw.iter().map(|r| widen * (r - mean)).collect();
    }

    fn loss(&self, coefs: &[f64], params: f64, tokens: f64, work: &mut Vec<f64>) -> f64 {
        let inputs = if self.params_first {
            [params, tokens]
        } else {
            [tokens, params]
        };
        self.surface.at(coefs, &inputs, work)
    }

    /// The runs with losses of the law.
    fn exact(&self, coefs: &[f64]) -> Vec<f64> {
        let mut work = Vec::new();
        let runs = self.runs.params.iter().zip(&self.runs.tokens);
        runs.map(|(n, d)| self.loss(coefs, *n, *d, &mut work))
            .collect()
    }

    /// The same with residuals drawn anew on their logarithm.
    fn noisy(&self, exact: &[f64], stream: &mut Stream) -> Vec<f64> {
        let mut noise = || self.residuals[stream.below(self.residuals.len())].exp();
        exact.iter().map(|l| l * noise()).collect()
    }

    /// N*, D* and L* of the law for a budget, by golden section in ln N over the sizes trained and three orders of
    /// magnitude beyond each end; none where the law has its optimum beyond.
    fn optimum(&self, coefs: &[f64], flops: f64) -> Option<[f64; 3]> {
        let product = flops / self.runs.kappa;
        let work = std::cell::RefCell::new(Vec::new());
        let value = |ln_n: f64| {
            let n = ln_n.exp();
            let loss = self.loss(coefs, n, product / n, &mut work.borrow_mut());
            if loss.is_nan() { f64::INFINITY } else { loss }
        };
        let sizes = self.runs.params.iter().copied();
        let low = sizes.clone().fold(f64::INFINITY, f64::min);
        let high = sizes.fold(0.0, f64::max);
        let at = golden_section(value, low.ln() - 7.0, high.ln() + 7.0, 1e-7);
        let inside = at > low.ln() - 6.9 && at < high.ln() + 6.9;
        inside.then(|| [at.exp(), product / at.exp(), value(at)])
    }

    /// What the recipe gives for the budgets of the runs, corrected by what it gets wrong on simulated losses: one list a
    /// simulation, none where a budget has no minimum in it.
    pub fn corrected(&self, budgets: &[Budget], options: &RecipeOptions) -> Vec<Replicate> {
        (0..options.resamples as u64)
            .into_par_iter()
            .map(|replicate| {
                let mut stream = Stream::new(options.seed, "recipe simulation", replicate);
                let coefs = match self.draws.len() {
                    0 => &self.best,
                    count => &self.draws[replicate as usize % count],
                };
                let losses = self.noisy(&self.exact(coefs), &mut stream);
                let found = simulated(&self.runs.with_loss(losses), options);
                budgets
                    .iter()
                    .zip(&found)
                    .map(|(own, found)| {
                        let (flops, found) = (*found)?;
                        if !own.used() {
                            return None;
                        }
                        let truth = self.optimum(coefs, flops)?;
                        let value = |k: usize| own.optimum(k) * truth[k] / found[k];
                        Some([value(0), value(1), value(2)])
                    })
                    .collect()
            })
            .collect()
    }

    /// The bias in numbers.
    pub fn bias(&self, options: &RecipeOptions) -> Option<Bias> {
        let exact = self.runs.with_loss(self.exact(&self.best));
        let found = find(&exact, options);
        let without_noise = exponent(&found)?;
        let used: Vec<&Budget> = found.iter().filter(|b| b.used()).collect();
        let truth: Option<Vec<f64>> = used
            .iter()
            .map(|b| self.optimum(&self.best, b.flops).map(|o| o[0]))
            .collect();
        let truth = truth?;
        let of_law = slope(&used.iter().map(|b| b.flops).collect::<Vec<_>>(), &truth)?;
        let noisy = self.exponents(&exact.loss, options);
        let mean = noisy.iter().sum::<f64>() / noisy.len() as f64;
        let square = noisy.iter().map(|a| (a - mean) * (a - mean)).sum::<f64>();
        let last = used.len() - 1;
        Some(Bias {
            law: self.fitted.law.formula.clone(),
            exponent_of_law: of_law,
            exponent_without_noise: without_noise,
            params_ratio: used[last].optimum(0) / truth[last],
            simulations: noisy.len(),
            exponent_with_noise: mean,
            exponent_sd: (square / (noisy.len() as f64 - 1.0).max(1.0)).sqrt(),
            noise_sd: self.noise,
        })
    }

    /// The exponents that the recipe finds on losses of the best fit with noise.
    fn exponents(&self, exact: &[f64], options: &RecipeOptions) -> Vec<f64> {
        (0..SIMULATIONS)
            .into_par_iter()
            .filter_map(|replicate| {
                let mut stream = Stream::new(options.seed, "recipe bias", replicate);
                let losses = self.noisy(exact, &mut stream);
                exponent(&find(&self.runs.with_loss(losses), options))
            })
            .collect()
    }
}

/// Simulations of the best fit with noise.
const SIMULATIONS: u64 = 200;

fn fit_options(options: &RecipeOptions) -> FitOptions {
    FitOptions {
        objective: Some(Objective {
            penalty: PenaltyKind::Huber(crate::options::Corner::Mad(2.0)),
            scale: Scale::Ln,
        }),
        uncertainty: match options.resamples {
            0 => Uncertainty::None,
            resamples => Uncertainty::Bootstrap { resamples },
        },
        seed: options.seed,
        ..FitOptions::default()
    }
}

/// The minimum of every budget of simulated runs, with its compute. Of an envelope that of every bin: which bins count is
/// decided by the runs that were made.
fn simulated(runs: &Runs, options: &RecipeOptions) -> Vec<Option<(f64, [f64; 3])>> {
    let found = match options.method {
        Method::IsoFlop(_) => find(runs, options),
        Method::Envelope => envelope::all(runs, options),
    };
    found
        .iter()
        .map(|b| {
            b.used()
                .then(|| (b.flops, [b.optimum(0), b.optimum(1), b.optimum(2)]))
        })
        .collect()
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

/// A relative difference of the optimal size that is not worth a word.
const SMALL: f64 = 0.02;

/// A bias that is not small beside the error of the exponent, or that moves the optimal size, must be said.
pub(super) fn note(bias: Option<&Bias>, allocations: &[Allocation]) -> Option<Note> {
    let Some(bias) = bias else {
        return Some(warning(
            "recipe-bias-unknown",
            "what the recipe itself gets wrong on this grid is not known, because no law could be fitted to the runs: its \
             intervals hold the scatter of the losses only and are too short"
                .to_owned(),
            &[],
            "fit a law of N and D to the runs with --law and see why it gives no optimum",
        ));
    };
    let off = bias.exponent_without_noise - bias.exponent_of_law;
    let se = allocations.first().and_then(|a| a.exponent.se)?;
    let moved = bias.params_ratio - 1.0;
    let matters = (off.abs() > 0.5 * se && off.abs() > 0.002) || moved.abs() > SMALL;
    matters.then(|| {
        warning(
            "recipe-bias",
            format!(
                "on this grid of runs the recipe is off by {off:+.4} in the exponent even without noise, beside a standard \
                 error of {se:.4}, and by a factor of {:.3} in the optimal size at the largest budget: the curves are not \
                 symmetric about the optimum as the recipe takes them to be. The intervals hold this, the estimates do not",
                bias.params_ratio
            ),
            &[("bias", off), ("se", se), ("params_ratio", bias.params_ratio)],
            "take the corrected values, or fit a law of N and D to all runs instead",
        )
    })
}
