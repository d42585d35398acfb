//! How many breaks a curve has: by a test against one fewer, with an interval for each place.
//!
//! # Formula
//!
//! ```text
//! T  = n ln(RSS_k / RSS_m)              least squares on ln y, k and m > k breaks
//! p  = (1 + #{T* ≥ T}) / (1 + B)        T* from B curves simulated from the fit with k breaks
//! ```
//!
//! The simulated noise has the standard deviation of the residuals with the most breaks and their correlation from one point
//! to the next (an AR(1) process), because points of one training run do not scatter independently: with independent noise
//! nearly every curve has breaks. The number of breaks is the smallest that neither one more nor two more
//! improve beyond chance.
//!
//! # Source
//!
//! Caballero et al. 2022, arXiv:2210.14891, for the laws; the bootstrap of a likelihood ratio after McLachlan 1987.

use isoflop_base::{Diagnostic, Diagnostics, Interval};
use isoflop_data::RunTable;
use isoflop_fit::{Fit, FitOptions, Objective, Uncertainty, fit, used_runs};
use isoflop_law::Law;
use isoflop_numerics::dist;
use isoflop_numerics::random::Stream;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Laws with no break, one, two and three.
const LAWS: [&str; 4] = ["power-floor", "bnsl1", "bnsl2", "bnsl3"];
/// More points than this take long to simulate, and fits do not keep them.
const MOST_POINTS: usize = 2_000;
/// A break is taken when fewer than this share of curves without it look as if they had it.
const CHANCE: f64 = 0.05;

/// How many breaks a curve has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breaks {
    /// Points of the curve.
    pub n: usize,
    /// Range of x.
    pub range: (f64, f64),
    /// Breaks that the data show.
    pub found: usize,
    /// BreakPlaces of these breaks.
    pub places: Vec<BreakPlace>,
    /// The tests, fewest breaks first: each against the most that were taken before it.
    pub tests: Vec<BreakTest>,
    /// The answer in words.
    pub verdict: String,
}

/// One more break, or not?
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BreakTest {
    /// Breaks in question.
    pub breaks: usize,
    /// Breaks that they are tested against.
    pub against: usize,
    /// n ln of the ratio of the sums of squares.
    pub statistic: f64,
    /// Share of curves simulated with the fewer breaks that reach it.
    pub p: f64,
    /// Curves simulated.
    pub simulations: usize,
    /// Residual standard deviation with these breaks, of ln y.
    pub sd: f64,
    /// Correlation of neighbouring residuals that was simulated.
    pub correlation: f64,
}

/// Where a break lies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BreakPlace {
    /// Value of x.
    pub at: f64,
    /// Interval from curves simulated from the fit.
    pub interval: Option<Interval>,
    /// Whether the interval lies inside the points.
    pub inside: bool,
}

/// Finds the breaks of a curve: one input, one response, both above zero.
///
/// # Errors
///
/// As [`fit()`] has them, and `too-few-runs` with fewer than twelve points.
pub fn breaks(
    table: &RunTable,
    options: &FitOptions,
    simulations: usize,
) -> Result<Breaks, Diagnostics> {
    let law = Law::builtin(LAWS[0])?;
    let used = used_runs(&law, table, options)?;
    let x = used.inputs.first().map_or(&[][..], |(_, x)| x.as_slice());
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|a, b| x[*a].total_cmp(&x[*b]));
    let curve = Curve {
        x: order.iter().map(|i| x[*i]).collect(),
        y: order.iter().map(|i| used.response[*i]).collect(),
    };
    let n = curve.x.len();
    if n < 2 * coefficients(1) {
        let fault = Diagnostic::error(
            "too-few-runs",
            format!("{n} points cannot show a break: the law with one has six coefficients"),
        );
        return Err(fault
            .help(format!(
                "give at least {} points of one curve",
                2 * coefficients(1)
            ))
            .into());
    }
    if n > MOST_POINTS {
        let fault = Diagnostic::error(
            "too-many-runs",
            format!("{n} points: breaks are sought among {MOST_POINTS} at most"),
        );
        return Err(fault
            .help("take one curve, or every tenth point of it, with --where")
            .into());
    }
    let mut out = Breaks {
        n,
        range: (curve.x[0], curve.x[n - 1]),
        found: 0,
        places: Vec::new(),
        tests: Vec::new(),
        verdict: String::new(),
    };
    // Residuals of a law with nearly as many coefficients as points say nothing of the noise.
    let most = (1..LAWS.len())
        .rev()
        .find(|k| n >= 2 * coefficients(*k))
        .unwrap_or(1);
    let fits: Vec<Fit> = (0..=most)
        .map(|k| curve.fit(k, None, Uncertainty::None, options.seed))
        .collect::<Result<_, _>>()?;
    let noise = Noise::of(&fits[most]);
    for more in 1..=most {
        // Two breaks together may be seen where one of them alone is not: a hump needs both.
        let test = curve.test(
            &fits[out.found],
            &fits[more],
            more,
            simulations,
            options.seed,
            noise,
        );
        let taken = test.p < CHANCE;
        out.tests.push(BreakTest {
            against: out.found,
            ..test
        });
        if taken {
            out.found = more;
        } else if more > out.found + 1 {
            break;
        }
    }
    if out.found > 0 {
        let how = Uncertainty::Parametric {
            resamples: simulations.max(100),
        };
        let sure = curve.fit(out.found, None, how, options.seed)?;
        out.places = places(&sure, out.found, out.range);
    }
    out.verdict = verdict(&out);
    Ok(out)
}

/// Coefficients of the law with so many breaks.
fn coefficients(breaks: usize) -> usize {
    3 * breaks + 3
}

struct Curve {
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Curve {
    /// Least squares on ln y with so many breaks; of other responses at the same x where they are given.
    fn fit(
        &self,
        breaks: usize,
        other: Option<&[f64]>,
        uncertainty: Uncertainty,
        seed: u64,
    ) -> Result<Fit, Diagnostics> {
        let law = Law::builtin(LAWS[breaks])?;
        let y = other.unwrap_or(&self.y);
        let table = RunTable::from_columns("curve", &[("x", &self.x), ("y", y)]).keeping_copies();
        let options = FitOptions {
            objective: Some(Objective::parse("squared-log")?),
            uncertainty,
            seed,
            // The same for the curve and for the simulated ones, lest the larger law be searched better in one of them.
            starts: Some(128),
            ..FitOptions::default()
        };
        fit(&law, &table, &options)
    }

    fn test(
        &self,
        fewer: &Fit,
        more: &Fit,
        breaks: usize,
        simulations: usize,
        seed: u64,
        noise: Noise,
    ) -> BreakTest {
        let n = self.x.len() as f64;
        let statistic = |a: &Fit, b: &Fit| {
            let floor = f64::MIN_POSITIVE;
            n * (rss(a).max(floor) / rss(b).max(floor)).ln().max(0.0)
        };
        let found = statistic(fewer, more);
        let few = LAWS.iter().position(|id| *id == fewer.law.id).unwrap_or(0);
        let simulated: Vec<f64> = (0..simulations as u64)
            .into_par_iter()
            .map(|replicate| {
                let mut stream = Stream::new(seed, "breaks", replicate + 1_000_000 * breaks as u64);
                let y = noise.around(&fewer.points.fitted, &mut stream);
                let again = |k: usize| self.fit(k, Some(&y), Uncertainty::None, seed);
                let (Ok(a), Ok(b)) = (again(few), again(breaks)) else {
                    return f64::INFINITY;
                };
                statistic(&a, &b)
            })
            .collect();
        let reached = simulated.iter().filter(|t| **t >= found).count();
        BreakTest {
            breaks,
            against: few,
            statistic: found,
            p: (1.0 + reached as f64) / (1.0 + simulations as f64),
            simulations,
            sd: noise.sd,
            correlation: noise.correlation,
        }
    }
}

/// Noise of ln y that remembers the point before.
#[derive(Clone, Copy, Debug)]
struct Noise {
    sd: f64,
    correlation: f64,
}

impl Noise {
    /// From the residuals of the law with the most breaks: those of a law that is too stiff are correlated by its misfit.
    fn of(fit: &Fit) -> Self {
        let n = fit.n as f64;
        let spare = (n - fit.joint.at.len() as f64).max(1.0);
        Self {
            sd: (rss(fit) / spare).sqrt(),
            correlation: correlation(&fit.points.residual),
        }
    }

    /// A curve around fitted values, with noise that remembers.
    fn around(self, fitted: &[f64], stream: &mut Stream) -> Vec<f64> {
        let Self { sd, correlation } = self;
        let fresh = (1.0 - correlation * correlation).sqrt();
        let mut noise = sd * dist::normal_quantile(stream.open_unit());
        fitted
            .iter()
            .map(|f| {
                let y = f * noise.exp();
                let next = dist::normal_quantile(stream.open_unit());
                noise = correlation * noise + fresh * sd * next;
                y
            })
            .collect()
    }
}

fn rss(fit: &Fit) -> f64 {
    fit.points.residual.iter().map(|r| r * r).sum()
}

/// Correlation of neighbouring residuals, 0 to 0.95. Fitted residuals are less correlated than the noise was; 1/n and a
/// little more is given back.
fn correlation(residuals: &[f64]) -> f64 {
    let total: f64 = residuals.iter().map(|r| r * r).sum();
    let next: f64 = residuals.windows(2).map(|w| w[0] * w[1]).sum();
    let n = residuals.len() as f64;
    if total > 0.0 {
        (next / total + 4.0 / n).clamp(0.0, 0.95)
    } else {
        0.0
    }
}

/// The places of the breaks, in rising order.
fn places(fit: &Fit, found: usize, range: (f64, f64)) -> Vec<BreakPlace> {
    let mut out: Vec<BreakPlace> = (1..=found)
        .filter_map(|k| {
            let name = format!("d{k}");
            let (_, estimate) = fit.coefs.iter().find(|(n, _)| *n == name)?;
            let ends = estimate.interval.map(|i| (i.lower, i.upper));
            let inside = ends.is_some_and(|(a, b)| a >= range.0 && b <= range.1);
            Some(BreakPlace {
                at: estimate.value,
                interval: estimate.interval,
                inside,
            })
        })
        .collect();
    out.sort_by(|a, b| a.at.total_cmp(&b.at));
    out
}

fn verdict(found: &Breaks) -> String {
    let last = found.tests.last();
    let against = last.map_or(String::new(), |t| {
        if t.p < CHANCE {
            "no more could be tested".to_owned()
        } else {
            format!(
                "with {} breaks, {:.0} % of {} curves simulated with fewer fit as much better by chance",
                t.breaks,
                100.0 * t.p,
                t.simulations
            )
        }
    });
    match found.found {
        0 => format!(
            "No break in range: a power law with a floor describes the {} points from {:.3e} to {:.3e}; {against}. A break \
             beyond the points cannot be seen.",
            found.n, found.range.0, found.range.1
        ),
        n => {
            let outside = found.places.iter().filter(|p| !p.inside).count();
            let doubt = if outside > 0 {
                " A place without an interval inside the points is a bend whose place the data do not tell."
            } else {
                ""
            };
            format!(
                "{n} break{} among {} points; {against}.{doubt}",
                if n == 1 { "" } else { "s" },
                found.n
            )
        }
    }
}
