//! Compute-equivalent gain: how much more compute the old recipe needs to reach what the new one reaches.
//!
//! # Formula
//!
//! ```text
//! gain(C) = C_A(ℓ) / C    with    ℓ = L_B*(C)    and    C_A(ℓ) the least compute of A for the loss ℓ
//! trend   = d ln gain / d ln C, by least squares over the scales that were asked
//! ```
//!
//! Both recipes at their optimum. What is said first is the gain at the largest compute at which both have runs: a mean over
//! whatever scales were asked would hold extrapolations as well. When the exponents differ, no single number holds at all
//! scales, and none is given.
//!
//! Draws of two fits are independent, each from a stream of its own. Only where both were resampled alike on the same rows
//! is draw b of A held against draw b of B: what both share, row by row, drops out then.

use isoflop_base::{Diagnostic, Diagnostics, Estimate, Evidence, Note, Severity, format_quantity};
use isoflop_fit::fingerprint;
use isoflop_numerics::random::Stream;
use serde::{Deserialize, Serialize};

use super::convention::Convention;
use super::problem::{Best, NoPlan, Setting};
use super::rows::{beyond, free_region};
use super::source::{Answers, PlanLaw};
use super::spread::estimate;

/// The gain of recipe B over recipe A. `schema` is `isoflop.gain/1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gain {
    /// `isoflop.gain/1`.
    pub schema: String,
    /// Version of isoflop.
    pub version: String,
    /// The recipe that is measured against.
    pub a: String,
    /// The recipe whose gain it is.
    pub b: String,
    /// How compute is counted: name and formula.
    pub convention: (String, String),
    /// What the law of each leaves at any compute.
    pub floors: [Estimate; 2],
    /// The value at which what is left was held in both, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<f64>,
    /// The gain where it is known best.
    pub headline: Headline,
    /// One row for each scale.
    pub rows: Vec<GainRow>,
    /// Power of compute by which the gain grows.
    pub trend: Estimate,
    /// B's exponents less A's, by name.
    #[serde(with = "isoflop_fit::as_map")]
    pub exponents: Vec<(String, Estimate)>,
    /// One gain for all scales, that of the headline; none when it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single: Option<Estimate>,
    /// Why one number is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// Whether the draws of both belong together.
    pub paired: bool,
    /// What the reader must know.
    pub notes: Vec<Note>,
}

/// The gain at the largest compute at which both recipes have runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Headline {
    /// How the scale was chosen.
    pub place: HeadlinePlace,
    /// The gain there.
    pub row: GainRow,
}

/// How the scale of a headline was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeadlinePlace {
    /// The largest compute at which both recipes have runs.
    Measured,
    /// The largest compute of the smaller sweep, below all runs of the other: no scale is measured by both.
    Apart,
    /// The largest compute of the one recipe whose runs are known.
    OneSide,
    /// The middle of the scales that were asked: the runs of neither are known.
    Asked,
}

/// The gain at one scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GainRow {
    /// Compute of B.
    pub compute: f64,
    /// Loss of B there.
    pub loss: Estimate,
    /// The gain; none when A never reaches the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<Estimate>,
    /// Share of the draws in which A never reaches the loss.
    pub unreachable: f64,
    /// Orders of magnitude beyond the runs of A and B.
    #[serde(with = "isoflop_fit::as_map")]
    pub beyond_a: Vec<(String, f64)>,
    /// The same for B.
    #[serde(with = "isoflop_fit::as_map")]
    pub beyond_b: Vec<(String, f64)>,
}

/// Half the step in ln C over which a trend is measured when one scale is asked.
const STEP: f64 = 0.5;

/// A power of compute without an error that changes a gain by a tenth in ten decades.
const MATTERS: f64 = 0.005;

/// Share of scales' draws without a gain above which no trend is told.
const MOST_MISSING: f64 = 0.1;

/// The gain of `b` over `a` at scales of compute.
///
/// # Errors
///
/// `nothing-asked` without a scale, `bad-number` for one that is not above zero, `cannot-plan` for laws that give no
/// loss, `infeasible` when B has no optimum at any scale.
pub fn gain(
    a: &PlanLaw,
    b: &PlanLaw,
    convention: &Convention,
    scales: &[f64],
    level: f64,
) -> Result<Gain, Diagnostics> {
    check(&[a, b], scales)?;
    let pair = Pair::new(a, b, convention, level);
    let mut rows = Vec::new();
    for c in scales {
        rows.push(pair.row(*c)?);
    }
    let (place, at) = pair.measured(scales);
    let headline = Headline {
        place,
        row: pair.row(at)?,
    };
    let trend = pair.trend(scales, level);
    let exponents = pair.exponents(level);
    // Each of several questions is asked at a level at which all of them together are wrong as seldom as one alone.
    let strict = 1.0 - (1.0 - level) / (exponents.len() + 1) as f64;
    let sure = (pair.trend(scales, strict), pair.exponents(strict));
    let refused = refusals((&trend, &exponents), (&sure.0, &sure.1), &rows);
    let floors = [&pair.a, &pair.b].map(|s| {
        let sample: Vec<f64> = s.source.draws.iter().map(|t| s.left(t)).collect();
        estimate(
            s.left(&s.source.best),
            &sample,
            level,
            &s.source.law.response().unit,
        )
    });
    Ok(Gain {
        schema: "isoflop.gain/1".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        a: a.name.clone(),
        b: b.name.clone(),
        convention: (
            convention.law.id.clone(),
            convention.law.formula_text.clone(),
        ),
        floors,
        pinned: None,
        single: headline.row.gain.clone().filter(|_| refused.is_empty()),
        notes: notes(a, b, &rows, pair.paired),
        headline,
        rows,
        trend,
        exponents,
        refused,
        paired: pair.paired,
    })
}

fn check(laws: &[&PlanLaw], scales: &[f64]) -> Result<(), Diagnostics> {
    let mut faults = Diagnostics::default();
    if scales.is_empty() {
        let d = Diagnostic::error("nothing-asked", "a gain needs a scale of compute");
        faults.0.push(d.help("for example --compute 1e20..1e24:5"));
    }
    for c in scales.iter().filter(|c| !(**c > 0.0 && c.is_finite())) {
        let message = format!("compute = {c} is not a number above zero");
        faults.0.push(Diagnostic::error("bad-number", message));
    }
    for law in laws.iter().filter(|l| l.answers != Answers::Loss) {
        let message = format!(
            "a gain needs laws of the loss: {} gives {}",
            law.name,
            law.law.response().column
        );
        faults.0.push(Diagnostic::error("cannot-plan", message));
    }
    if let [a, b] = laws {
        let (x, y) = (a.law.response(), b.law.response());
        if x.unit != y.unit {
            let message = format!(
                "the losses of {} and {} have other units: {} and {}",
                a.name, b.name, x.unit, y.unit
            );
            faults.0.push(
                Diagnostic::error("other-units", message)
                    .help("fit both to losses in one unit, such as --let 'loss = loss * ln(2)' for bits in nats"),
            );
        }
    }
    if faults.0.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

struct Pair<'a> {
    a: Setting<'a>,
    b: Setting<'a>,
    level: f64,
    /// Whether draw k of both belongs together.
    paired: bool,
    /// The draw of B that each draw of A is held against; empty where they are paired.
    partners: Vec<usize>,
}

impl<'a> Pair<'a> {
    fn new(a: &'a PlanLaw, b: &'a PlanLaw, convention: &'a Convention, level: f64) -> Self {
        let alike = matches!((&a.resampled, &b.resampled), (Some(x), Some(y)) if x == y);
        // The very same law on both sides differs from itself by nothing.
        let same = a.best == b.best && a.draws == b.draws;
        let paired = (alike || same) && a.draws.len() == b.draws.len();
        Self {
            a: Setting::new(a, convention, free_region()),
            b: Setting::new(b, convention, free_region()),
            level,
            paired,
            partners: if paired { Vec::new() } else { shuffled(b) },
        }
    }

    /// The largest compute at which both recipes have runs, or what comes nearest to it.
    fn measured(&self, scales: &[f64]) -> (HeadlinePlace, f64) {
        let range = |law: &PlanLaw| {
            let range = law.ranges.iter().find(|r| r.name == "C");
            range.map(|r| (r.min, r.max)).filter(|(low, _)| *low > 0.0)
        };
        match (range(self.a.source), range(self.b.source)) {
            (Some(a), Some(b)) => {
                let at = a.1.min(b.1);
                if at >= a.0.max(b.0) {
                    (HeadlinePlace::Measured, at)
                } else {
                    (HeadlinePlace::Apart, at)
                }
            }
            (Some((_, at)), None) | (None, Some((_, at))) => (HeadlinePlace::OneSide, at),
            (None, None) => {
                let ln = scales.iter().map(|c| c.ln()).sum::<f64>() / scales.len() as f64;
                let middle = if let [one] = scales { *one } else { ln.exp() };
                (HeadlinePlace::Asked, middle)
            }
        }
    }
}

/// The draws of a law in an order of its own. Resamples of one seed are drawn by the same numbers: beside another table
/// they would move together by chance.
fn shuffled(law: &PlanLaw) -> Vec<usize> {
    let mut order: Vec<usize> = (0..law.draws.len()).collect();
    let mut stream = Stream::new(fingerprint(&law.best, &[]), "gain-partners", 0);
    for k in (1..order.len()).rev() {
        order.swap(k, stream.below(k + 1));
    }
    order
}

impl Pair<'_> {
    /// ln of the gain, with B's optimum; infinite where A never reaches its loss.
    fn ln_gain(
        &self,
        theta: [&[f64]; 2],
        ln_c: f64,
        near: [Option<Best>; 2],
    ) -> Result<(f64, Best, Option<Best>), NoPlan> {
        let b = self.b.budget(theta[1], ln_c, near[1])?;
        match self.a.target(theta[0], b.loss, 0.0, near[0]) {
            Ok(a) => Ok((a.ln_c - b.ln_c, b, Some(a))),
            Err(NoPlan::Floor(_)) => Ok((f64::INFINITY, b, None)),
            Err(other) => Err(other),
        }
    }

    fn best(&self) -> [&[f64]; 2] {
        [&self.a.source.best, &self.b.source.best]
    }

    /// Pairs of draws; a recipe without uncertainty stays at its best.
    fn draws(&self) -> Vec<[&[f64]; 2]> {
        let (a, b) = (&self.a.source.draws, &self.b.source.draws);
        let count = if a.is_empty() || b.is_empty() {
            a.len().max(b.len())
        } else {
            a.len().min(b.len())
        };
        let [best_a, best_b] = self.best();
        (0..count)
            .map(|k| {
                let partner = self.partners.get(k).copied().unwrap_or(k);
                [
                    a.get(k).map_or(best_a, Vec::as_slice),
                    b.get(partner).map_or(best_b, Vec::as_slice),
                ]
            })
            .collect()
    }

    /// A quantity at every pair of draws.
    fn over(&self, quantity: impl Fn([&[f64]; 2]) -> f64) -> Vec<f64> {
        self.draws().into_iter().map(quantity).collect()
    }

    fn row(&self, c: f64) -> Result<GainRow, Diagnostic> {
        let ln_c = c.ln();
        let (ln_gain, b, a) = self.ln_gain(self.best(), ln_c, [None, None]).map_err(|_| {
            let asked = format_quantity(c, "FLOP", 3);
            Diagnostic::error(
                "infeasible",
                format!("{} has no optimum at {asked}", self.b.source.name),
            )
        })?;
        let near = [a, Some(b)];
        let mut losses = Vec::new();
        let mut gains = Vec::new();
        for theta in self.draws() {
            match self.ln_gain(theta, ln_c, near) {
                Ok((ln_gain, b, _)) => {
                    gains.push(ln_gain.exp());
                    losses.push(b.loss);
                }
                Err(_) => {
                    gains.push(f64::NAN);
                    losses.push(f64::NAN);
                }
            }
        }
        let lost = gains.iter().filter(|g| g.is_infinite()).count();
        Ok(GainRow {
            compute: c,
            loss: estimate(
                b.loss,
                &losses,
                self.level,
                &self.b.source.law.response().unit,
            ),
            gain: ln_gain
                .is_finite()
                .then(|| estimate(ln_gain.exp(), &gains, self.level, "")),
            unreachable: lost as f64 / gains.len().max(1) as f64,
            beyond_a: a.map_or_else(Vec::new, |a| beyond(self.a.source, &a)),
            beyond_b: beyond(self.b.source, &b),
        })
    }

    fn trend(&self, scales: &[f64], level: f64) -> Estimate {
        let at: Vec<f64> = match scales {
            [one] => vec![one.ln() - STEP, one.ln() + STEP],
            many => many.iter().map(|c| c.ln()).collect(),
        };
        let slope = |theta: [&[f64]; 2]| {
            let points: Vec<(f64, f64)> = at
                .iter()
                .filter_map(|x| Some((*x, self.ln_gain(theta, *x, [None, None]).ok()?.0)))
                .collect();
            slope(&points)
        };
        let best = slope(self.best());
        estimate(best, &self.over(slope), level, "")
    }

    /// B's powers of size and data less A's, where both laws are sums of powers.
    fn exponents(&self, level: f64) -> Vec<(String, Estimate)> {
        let both = |theta: [&[f64]; 2]| {
            let (a, b) = (self.a.closed(theta[0])?, self.b.closed(theta[1])?);
            let ((a_n, a_d), (b_n, b_d)) = (a.powers(), b.powers());
            Some((b_n - a_n, b_d - a_d))
        };
        let Some(best) = both(self.best()) else {
            return Vec::new();
        };
        let missing = (f64::NAN, f64::NAN);
        let size = self.over(|t| both(t).unwrap_or(missing).0);
        let data = self.over(|t| both(t).unwrap_or(missing).1);
        vec![
            ("params".to_owned(), estimate(best.0, &size, level, "")),
            ("tokens".to_owned(), estimate(best.1, &data, level, "")),
        ]
    }
}

/// The slope of a line by least squares; NaN with a value that is not finite.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean = |pick: fn(&(f64, f64)) -> f64| points.iter().map(pick).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let top: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let bottom: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    top / bottom
}

/// A trend, and differences of exponents by name.
type Changes<'a> = (&'a Estimate, &'a [(String, Estimate)]);

/// Why there is no one number: what changes with scale by its interval in `sure`, told with that of the request.
fn refusals(told: Changes<'_>, sure: Changes<'_>, rows: &[GainRow]) -> Vec<String> {
    let (trend, exponents) = told;
    let away = |e: &Estimate| match e.interval {
        Some(i) => !i.contains(0.0),
        // Nobody knows the error: a difference that shows within a few decades is one.
        None => e.value.abs() > MATTERS,
    };
    let ends = |e: &Estimate| {
        e.interval.map_or_else(String::new, |i| {
            format!(" [{:.3}, {:.3}]", i.lower, i.upper)
        })
    };
    let mut why = Vec::new();
    let differ = exponents.iter().zip(sure.1);
    for ((name, e), _) in differ.filter(|(_, (_, sure))| away(sure)) {
        why.push(format!(
            "the exponents of {name} differ by {:.3}{}, {}",
            e.value,
            ends(e),
            if e.interval.is_some() {
                "beyond their error"
            } else {
                "and their error is not known"
            }
        ));
    }
    if away(sure.0) {
        let way = if trend.value > 0.0 {
            "grows"
        } else {
            "shrinks"
        };
        why.push(format!(
            "the gain {way} with compute, by the power {:.3}{}",
            trend.value,
            ends(trend)
        ));
    }
    if trend.value.is_nan()
        || rows
            .iter()
            .any(|r| r.gain.is_none() || r.unreachable > MOST_MISSING)
    {
        why.push("at some scale the first recipe never reaches the loss of the second".to_owned());
    }
    why
}

/// Says that two losses were not measured on the same data: those of a publication against those of own runs, or of two
/// publications that state other corpora.
fn other_corpora(a: &PlanLaw, b: &PlanLaw) -> Option<String> {
    let stated = |law: &PlanLaw| match law.law.conventions.loss.as_str() {
        "" => "the data of its source".to_owned(),
        words => words.to_owned(),
    };
    match (a.runs, b.runs) {
        (Some(_), Some(_)) => None,
        (None, None) => (stated(a) != stated(b)).then(|| {
            format!(
                "the loss of {} is in {}, that of {} in {}: losses on other data do not compare, and a gain is one of the same loss",
                a.name,
                stated(a),
                b.name,
                stated(b)
            )
        }),
        (own, _) => {
            let (own, published) = if own.is_some() { (a, b) } else { (b, a) };
            Some(format!(
                "the loss of {} is in {}, that of {} is one of its own runs: losses on other data or by another tokenizer do not \
                 compare, and a gain is one of the same loss",
                published.name,
                stated(published),
                own.name
            ))
        }
    }
}

fn notes(a: &PlanLaw, b: &PlanLaw, rows: &[GainRow], paired: bool) -> Vec<Note> {
    let mut notes: Vec<Note> = a.notes.iter().chain(&b.notes).cloned().collect();
    let note = |code: &str, severity, message: String, advice: &str| Note {
        code: code.to_owned(),
        severity,
        message,
        evidence: Vec::new(),
        advice: advice.to_owned(),
    };
    if let Some(message) = other_corpora(a, b) {
        notes.push(note(
            "other-corpora",
            Severity::Warning,
            message,
            "fit both recipes to runs that were measured on the same data",
        ));
    }
    if a.draws.is_empty() || b.draws.is_empty() {
        let without = match (a.draws.is_empty(), b.draws.is_empty()) {
            (true, true) => {
                "neither recipe carries an uncertainty: there are no intervals".to_owned()
            }
            (true, false) => format!(
                "{} carries no uncertainty: the intervals hold the error of {} only",
                a.name, b.name
            ),
            _ => format!(
                "{} carries no uncertainty: the intervals hold the error of {} only",
                b.name, a.name
            ),
        };
        notes.push(note(
            "no-intervals",
            Severity::Warning,
            without,
            "fit both with --uncertainty bootstrap:1000",
        ));
    } else if !paired {
        notes.push(note(
            "not-paired",
            Severity::Info,
            "the draws of the recipes do not belong together: their errors are taken to be independent".to_owned(),
            "when both were measured on the same rows of one grid, fit both with --uncertainty bootstrap:N, the same N and --seed",
        ));
    }
    let far = rows
        .iter()
        .flat_map(|r| {
            r.beyond_a
                .iter()
                .chain(&r.beyond_b)
                .map(move |(n, o)| (r.compute, n, *o))
        })
        .max_by(|x, y| x.2.abs().total_cmp(&y.2.abs()))
        .filter(|(.., orders)| *orders != 0.0);
    if let Some((compute, name, orders)) = far {
        notes.push(Note {
            evidence: vec![("orders".to_owned(), Evidence::Number(orders))],
            ..note(
                "extrapolation",
                if orders.abs() >= 1.0 {
                    Severity::Warning
                } else {
                    Severity::Info
                },
                format!(
                    "the gain at {} rests on points {:.2} orders of magnitude {} the runs in {name}",
                    format_quantity(compute, "FLOP", 3),
                    orders.abs(),
                    if orders > 0.0 { "above" } else { "below" }
                ),
                "a gain measured at small scale may grow or shrink: read its trend",
            )
        });
    }
    notes
}
