//! Draws from a covariance that follow the law's own curvature: what predictions, plans and derived quantities of a
//! profile or a group-corrected covariance are made from.
//!
//! # Formula
//!
//! ```text
//! δ ~ Student's t with covariance Σ and its degrees of freedom
//! θ* = argmin Σ wᵢ (fᵢ(θ̂) + Jᵢ δ − fᵢ(θ))²
//! ```
//!
//! A law bends much more in its coefficients than in its fitted values: a straight step in (E, α) leaves the valley of
//! good fits, the nearest law to a straight step in the fitted values does not. Where a coefficient alone is looked at,
//! percentiles of θ* are the ends of its profile to the order of the surface's own curvature.
//!
//! # Source
//!
//! `bates_watts1988`, chapter 7: parameter-effects and intrinsic curvature.

use crate::certificate::Peak;
use crate::engine::Solved;
use crate::solve::{self, Aim};
use crate::target::{Frame, Memory, Target};
use isoflop_numerics::penalty::Penalty;
use isoflop_numerics::random::Stream;
use isoflop_numerics::{dist, linear};
use rayon::prelude::*;

/// Draws.
pub(super) const DRAWS: usize = 1000;
/// With more runs than this the law is straight within its errors, and steps are taken as they are.
const STRAIGHT: usize = 20_000;

/// Draws in the law's coordinates from a covariance in the solver's frame.
pub(super) fn draws(
    solved: &Solved<'_>,
    peak: &Peak,
    covariance: &[f64],
    df: f64,
) -> Vec<Vec<f64>> {
    let coordinates = solved.frame.bound.program().coordinates();
    let p = coordinates.len();
    let at = &solved.ends[0].outcome.x[..p];
    let axes = linear::symmetric_eigen(covariance, p);
    let plane = Plane::new(solved, peak, at);
    let seed = solved.options.seed ^ own_key(at);
    (0..DRAWS as u64)
        .into_par_iter()
        .map_init(
            || (Some(Memory::new(solved.frame)), Vec::new()),
            |(memory, observed), replicate| {
                let mut stream = Stream::new(seed, "plane", replicate);
                let chi = chi_over_df(&mut stream, df);
                let mut step = vec![0.0; p];
                for (variance, axis) in &axes {
                    // Rounding may leave a direction without variance slightly below zero.
                    let length = variance.max(0.0).sqrt() * normal(&mut stream) / chi.sqrt();
                    for (s, part) in step.iter_mut().zip(axis) {
                        *s += length * part;
                    }
                }
                let x = plane.nearest(&step, memory, observed);
                let mut theta = vec![0.0; p];
                solved.frame.centre.to_law(&x, &mut theta);
                for (t, c) in theta.iter_mut().zip(coordinates) {
                    *t = t.clamp(c.lower, c.upper);
                }
                theta
            },
        )
        .collect()
}

/// A number of its own for each fit (FNV-1a of its optimum): draws of two fits that are compared must be independent,
/// whatever their seeds.
fn own_key(at: &[f64]) -> u64 {
    let bytes = at.iter().flat_map(|x| x.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn normal(stream: &mut Stream) -> f64 {
    dist::normal_quantile(stream.open_unit())
}

/// A chi-squared number over its degrees of freedom, by Wilson and Hilferty.
pub(super) fn chi_over_df(stream: &mut Stream, df: f64) -> f64 {
    let share = 2.0 / (9.0 * df);
    (1.0 - share + share.sqrt() * normal(stream))
        .max(LEAST_ROOT)
        .powi(3)
}

/// The cube root of such a number is kept from zero, where the approximation ends.
const LEAST_ROOT: f64 = 0.05;

/// The tangent plane at the optimum.
struct Plane<'a> {
    solved: &'a Solved<'a>,
    at: &'a [f64],
    fitted: Vec<f64>,
    /// Row by row; empty where steps are taken as they are.
    jacobian: Vec<f64>,
}

impl<'a> Plane<'a> {
    fn new(solved: &'a Solved<'a>, peak: &Peak, at: &'a [f64]) -> Self {
        let held = peak.free.iter().any(|free| !free);
        // Priors hold directions that the runs do not: a refit to fitted values alone would lose them.
        let bound_by = !(solved.frame.priors.is_empty() && solved.frame.pools.is_empty());
        let (mut fitted, mut jacobian) = (Vec::new(), Vec::new());
        if !held && !bound_by && solved.binding.n <= STRAIGHT {
            let weights = solved.binding.weights();
            let mut target = Target::new(solved.frame, weights, Penalty::Squared, 0.0);
            target.visit(at, |i, residual, row| {
                fitted.push(solved.frame.observed[i] - residual);
                jacobian.extend_from_slice(row);
            });
        }
        Self {
            solved,
            at,
            fitted,
            jacobian,
        }
    }

    /// The law nearest to a step on the plane; the step itself where there is none.
    fn nearest(
        &self,
        step: &[f64],
        memory: &mut Option<Memory>,
        observed: &mut Vec<f64>,
    ) -> Vec<f64> {
        let p = step.len();
        let straight: Vec<f64> = self.at.iter().zip(step).map(|(x, s)| x + s).collect();
        if self.jacobian.is_empty() {
            return straight;
        }
        let solved = self.solved;
        observed.clear();
        observed.extend(
            self.fitted
                .iter()
                .zip(self.jacobian.chunks_exact(p))
                .map(|(f, row)| f + row.iter().zip(step).map(|(j, s)| j * s).sum::<f64>()),
        );
        let frame = Frame {
            observed,
            ..*solved.frame
        };
        let own = memory.take().unwrap_or_else(|| Memory::new(&frame));
        let (end, own) = solve::resolve(
            &frame,
            solved.binding.weights(),
            Aim::Penalty(Penalty::Squared),
            0.0,
            self.at,
            &solve::law_limits(solved.limits, p),
            own,
        );
        *memory = Some(own);
        let usable = end.outcome.x.iter().all(|x| x.is_finite());
        if usable { end.outcome.x } else { straight }
    }
}
