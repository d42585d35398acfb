//! How many breaks a curve has: by a test against one fewer, with an interval for each place.
//!
//! # Formula
//!
//! ```text
//! T  = n ln(RSS_k / RSS_m)              least squares on ln y, k and m > k breaks
//! p  = share of B simulated curves and the curve itself whose smallest rank among T* is as small
//! ```
//!
//! T* are from B curves simulated from the fit with k breaks, each of them tested for k + 1 and for k + 2: two tests of one
//! question, whose smaller p is compared with the smaller p of every simulated curve, so that both together share
//! one nominal level of 5 %; how often curves without a break get one was not measured. Where more than a fifth of the
//! first curves look as broken, no more are simulated: no further ones would make it a break. The law without a break is
//! a power law with a limit, and may rise as well as fall: a
//! rising curve approaches a ceiling or grows without one, whichever fits better.
//!
//! The simulated noise has the standard deviation of the residuals with the most breaks and their correlation from one point
//! to the next (an AR(1) process), because points of one training run do not scatter independently: with independent noise
//! nearly every curve has breaks. The number of breaks is the smallest that neither one more nor two more
//! improve beyond chance.
//!
//! # Source
//!
//! Caballero et al. 2022, arXiv:2210.14891, for the laws; the bootstrap of a likelihood ratio after McLachlan 1987.
#![forbid(unsafe_code)]

pub mod words;

use isoflop_base::{Diagnostic, Diagnostics, Interval};
use isoflop_data::RunTable;
use isoflop_fit::{Fit, FitOptions, Objective, Uncertainty, fit, used_runs};
use isoflop_law::Law;
use isoflop_numerics::dist;
use isoflop_numerics::random::Stream;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Laws with one break, two and three.
const BROKEN: [&str; 3] = ["bnsl1", "bnsl2", "bnsl3"];
/// A power law with a limit below it, falling or rising: what the broken laws are without breaks.
const UNBROKEN: &str = r#"
title   = "Power law with a limit"
formula = "y = a + b * x^-c0"
[vars]
y = { column = "y", role = "response" }
x = { column = "x" }
[coefs]
a  = { range = [0, inf], start = [0.1, 1] }
b  = { range = [0, inf], start = [0.1, 1, 10] }
c0 = { range = [-3, 3], start = [-0.5, -0.2, 0.2, 0.5] }
"#;
/// A rising curve that approaches a ceiling.
const CEILING: &str = r#"
title   = "Power law with a ceiling"
formula = "y = a - b * x^-c0"
[vars]
y = { column = "y", role = "response" }
x = { column = "x" }
[coefs]
a  = { range = [0, inf], start = [0.5, 1, 10] }
b  = { range = [0, inf], start = [0.1, 1, 10] }
c0 = { range = [0, 3], start = [0.1, 0.3, 0.7] }
"#;
/// More points than this take long to simulate, and fits do not keep them.
const MOST_POINTS: usize = 2_000;
/// A break is taken when fewer than this share of curves without it look as if they had it.
const CHANCE: f64 = 0.05;
/// Curves simulated at a time, and the share from which no more are asked: it is far above the level that takes a break.
const BATCH: u64 = 40;
const PLENTY: f64 = 0.2;
/// Starts of a fit. The same for the curve and for the simulated ones, lest the larger law be searched better in one of them.
const STARTS: usize = 64;

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
    /// Share of curves simulated with the fewer breaks that look as much as if they had more: one more or two more, since both
    /// are tested.
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
    let law = Law::builtin("power")?;
    let used = used_runs(&law, table, options)?;
    let x = used.inputs.first().map_or(&[][..], |(_, x)| x.as_slice());
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|a, b| x[*a].total_cmp(&x[*b]));
    let curve = Curve::new(
        order.iter().map(|i| x[*i]).collect(),
        order.iter().map(|i| used.response[*i]).collect(),
    )?;
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
    let most = (1..=BROKEN.len())
        .rev()
        .find(|k| n >= 2 * coefficients(*k))
        .unwrap_or(1);
    let fits: Vec<Fit> = (0..=most)
        .map(|k| curve.fit(k, None, &Uncertainty::None, options.seed))
        .collect::<Result<_, _>>()?;
    let noise = Noise::of(&fits[most]);
    while out.found < most {
        let tests = curve.tests(&fits, out.found, simulations, options.seed, noise);
        // Two breaks together may be seen where one of them alone is not: a hump needs both.
        let taken = tests.iter().position(|t| t.p < CHANCE);
        out.tests
            .extend(tests.into_iter().take(taken.map_or(2, |at| at + 1)));
        match taken {
            Some(at) => out.found += at + 1,
            None => break,
        }
    }
    if out.found > 0 {
        let how = Uncertainty::Parametric {
            resamples: simulations.max(100),
        };
        let sure = curve.fit(out.found, None, &how, options.seed)?;
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
    /// Laws by their number of breaks; several are one hypothesis, and the best of them counts.
    laws: Vec<Vec<Law>>,
}

impl Curve {
    fn new(x: Vec<f64>, y: Vec<f64>) -> Result<Self, Diagnostics> {
        let mut unbroken = vec![Law::from_toml("unbroken", "unbroken.toml", UNBROKEN)?];
        if rises(&x, &y) {
            unbroken.push(Law::from_toml("ceiling", "ceiling.toml", CEILING)?);
        }
        let mut laws = vec![unbroken];
        for id in BROKEN {
            laws.push(vec![Law::builtin(id)?]);
        }
        Ok(Self { x, y, laws })
    }

    /// Least squares on ln y with so many breaks; of other responses at the same x where they are given.
    fn fit(
        &self,
        breaks: usize,
        other: Option<&[f64]>,
        uncertainty: &Uncertainty,
        seed: u64,
    ) -> Result<Fit, Diagnostics> {
        let y = other.unwrap_or(&self.y);
        let table = RunTable::from_columns("curve", &[("x", &self.x), ("y", y)]).keeping_copies();
        let options = FitOptions {
            objective: Some(Objective::parse("squared-log")?),
            uncertainty: uncertainty.clone(),
            seed,
            starts: Some(STARTS),
            ..FitOptions::default()
        };
        let mut best: Option<Fit> = None;
        let mut fault = None;
        for law in &self.laws[breaks] {
            match fit(law, &table, &options) {
                Ok(found) if best.as_ref().is_none_or(|b| rss(&found) < rss(b)) => {
                    best = Some(found);
                }
                Ok(_) => {}
                Err(why) => fault = Some(why),
            }
        }
        match (best, fault) {
            (Some(found), _) => Ok(found),
            (None, Some(why)) => Err(why),
            (None, None) => Err(Diagnostic::error("no-law", "there is no law to fit").into()),
        }
    }

    /// The tests for one break more and for two, on the same simulated curves.
    fn tests(
        &self,
        fits: &[Fit],
        found: usize,
        simulations: usize,
        seed: u64,
        noise: Noise,
    ) -> Vec<BreakTest> {
        let more: Vec<usize> = (found + 1..fits.len().min(found + 3)).collect();
        let n = self.x.len() as f64;
        let statistic = |a: &Fit, b: &Fit| {
            let floor = f64::MIN_POSITIVE;
            n * (rss(a).max(floor) / rss(b).max(floor)).ln().max(0.0)
        };
        let own: Vec<f64> = more
            .iter()
            .map(|k| statistic(&fits[found], &fits[*k]))
            .collect();
        let again = |replicate: u64| -> Vec<f64> {
            let mut stream = Stream::new(seed, "breaks", replicate + 1_000_000 * found as u64);
            let y = noise.around(&fits[found].points.fitted, &mut stream);
            let again = |k: usize| self.fit(k, Some(&y), &Uncertainty::None, seed).ok();
            let fewer = again(found);
            // A curve that cannot be fitted again counts as if it had a break.
            let of = |k: &usize| match (&fewer, again(*k)) {
                (Some(a), Some(b)) => statistic(a, &b),
                _ => f64::INFINITY,
            };
            more.iter().map(of).collect()
        };
        let mut all: Vec<Vec<f64>> = vec![own.clone()];
        let mut p = vec![1.0; own.len()];
        let wanted = simulations as u64;
        let mut made = 0;
        while made < wanted {
            let end = wanted.min(made + BATCH);
            let fresh: Vec<Vec<f64>> = (made..end).into_par_iter().map(again).collect();
            made = end;
            let at = all.len() - 1;
            all.splice(at..at, fresh);
            p = joint_p(&all);
            // Curves without a break are the ordinary case, and a few dozen simulated ones settle it.
            if p.iter().all(|p| *p > PLENTY) {
                break;
            }
        }
        more.iter()
            .zip(own.iter().zip(p))
            .map(|(k, (statistic, p))| BreakTest {
                breaks: *k,
                against: found,
                statistic: *statistic,
                p,
                simulations: made as usize,
                sd: noise.sd,
                correlation: noise.correlation,
            })
            .collect()
    }
}

/// For every statistic of the last member: the share of members whose smallest p over the statistics is at most its p. The p
/// of a member is its rank among all of them.
fn joint_p(all: &[Vec<f64>]) -> Vec<f64> {
    let share = |k: usize, value: f64| {
        let reached = all.iter().filter(|t| t[k] >= value).count();
        reached as f64 / all.len() as f64
    };
    let count = all.last().map_or(0, Vec::len);
    let ranked: Vec<Vec<f64>> = all
        .iter()
        .map(|t| (0..count).map(|k| share(k, t[k])).collect())
        .collect();
    let smallest = |p: &Vec<f64>| p.iter().copied().fold(1.0, f64::min);
    let least: Vec<f64> = ranked.iter().map(smallest).collect();
    let own = ranked.last().cloned().unwrap_or_default();
    own.iter()
        .map(|p| least.iter().filter(|m| **m <= *p).count() as f64 / all.len() as f64)
        .collect()
}

/// Whether a curve rises on the whole: its upper half lies above its lower half.
fn rises(x: &[f64], y: &[f64]) -> bool {
    let half = x.len() / 2;
    let mean = |part: &[f64]| part.iter().map(|y| y.ln()).sum::<f64>() / part.len().max(1) as f64;
    mean(&y[x.len() - half..]) > mean(&y[..half])
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
            "No break in range: a power law with a limit describes the {} points from {:.3e} to {:.3e}; {against}. A break \
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tests_of_one_question_share_their_chance_of_error() {
        // Nineteen curves and the twentieth: it is first by the second statistic, and another is first by the first.
        let mut all: Vec<Vec<f64>> = (0..19).map(|k| vec![f64::from(k), 0.0]).collect();
        all.push(vec![-1.0, 5.0]);
        let p = joint_p(&all);
        assert!((p[0] - 1.0).abs() < 1e-12, "{p:?}");
        // Two of twenty have a p of one in twenty in either test.
        assert!((p[1] - 0.1).abs() < 1e-12, "{p:?}");
    }

    #[test]
    fn curves_rise_or_fall_whatever_their_ends_do() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert!(rises(&x, &[1.5, 1.0, 2.0, 3.0, 4.0, 1.4]));
        assert!(!rises(&x, &[4.0, 3.0, 2.0, 1.0, 0.5, 0.7]));
    }
}
