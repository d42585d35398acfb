//! The backtest of several laws, their ranking, and what it says of forecasts beyond the data.

use isoflop_base::{Diagnostic, Diagnostics};
use isoflop_data::RunTable;
use isoflop_fit::{Calibration, FitOptions, ValueScale, used_runs};
use isoflop_law::Law;
use isoflop_numerics::random::Stream;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::backtest::{BASELINES, Forecast, Rival, Runs, baseline, forecast};
use super::calibrate::{Miss, widened, widening};
use super::candidates::{least_runs, same_forecast, same_response, twin_of};
use super::combine::{alone, bounded, slope, together};
use super::coverage::coverage;
use super::cuts::{Axis, Split, splits};
use isoflop_numerics::scoring::{ScaledT, rms};

/// What the joined forecast of all laws is called.
pub const COMBINED: &str = "combined";

/// How a backtest is made.
#[derive(Clone, Debug)]
pub struct BacktestOptions {
    /// Quantity that orders the runs, by letter or column; none takes C = 6ND, or the law's first input.
    pub axis: Option<String>,
    /// Cuts at most.
    pub cuts: usize,
    /// Whether several laws are joined to one forecast, judged beside them.
    pub join: bool,
}

impl Default for BacktestOptions {
    fn default() -> Self {
        Self {
            axis: None,
            cuts: 6,
            join: true,
        }
    }
}

/// Held-out errors of laws and baselines.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Extrapolation {
    /// Why there is no backtest; none when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_backtest: Option<String>,
    /// Quantity that the runs were ordered by, with its unit.
    pub axis: String,
    /// Its letter; `C` for 6ND.
    pub letter: String,
    /// Its largest value.
    pub largest: f64,
    /// `ln` of the response, or `raw`.
    pub scale: String,
    /// Scores by cut and law, smallest cut first.
    pub backtest: Vec<Cut>,
    /// Scores by distance beyond the cut.
    pub bands: Vec<Band>,
    /// Laws and baselines by held-out error, best first.
    pub ranking: Vec<Ranked>,
    /// How much wider forecasts must be, by law.
    pub widening: Vec<Widening>,
    /// Every prediction of the law that is checked; where laws were joined, of the best one and of the combination.
    pub held_out: Vec<HeldOut>,
    /// Laws that could not be judged at a cut, and why.
    pub not_judged: Vec<NotJudged>,
}

impl Extrapolation {
    /// What a fit of the law keeps of its backtest; none when it was not judged.
    #[must_use]
    pub fn calibration(&self, law: &str) -> Option<Calibration> {
        let own = self.widening.iter().find(|w| w.law == law)?;
        Some(Calibration {
            axis: self.letter.clone(),
            largest: self.largest,
            scale: if self.scale == "ln" {
                ValueScale::Ln
            } else {
                ValueScale::Raw
            },
            per_decade: own.per_decade,
            cuts: own.cuts,
        })
    }

    /// How far a law was tested: the letter of the axis, and the orders of magnitude to the farthest run that was held out
    /// and foretold.
    pub fn reach(&self, law: &str) -> Option<(String, f64)> {
        let own = self.backtest.iter().filter(|c| c.law == law);
        let farthest = own.map(|c| c.farthest).reduce(f64::max)?;
        Some((self.letter.clone(), farthest))
    }

    /// No backtest, and why.
    pub fn none(why: &str) -> Self {
        Self {
            no_backtest: Some(why.to_owned()),
            ..Self::default()
        }
    }
}

/// Score of one law beyond one cut of the runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cut {
    /// Largest value of the axis that was fitted.
    pub cut: f64,
    /// The law, a baseline, or `combined`.
    pub law: String,
    /// Runs fitted.
    pub fitted: usize,
    /// Runs held out.
    pub held: usize,
    /// Orders of magnitude to the farthest run held out.
    pub farthest: f64,
    /// Root mean square of ln(predicted/observed) on the runs held out.
    pub rmse_log: f64,
    /// Mean of ln(predicted/observed): above zero when the law promises less than came true.
    pub bias_log: f64,
    /// Continuous ranked probability score, in the unit of the errors.
    pub crps: f64,
    /// Share of the runs held out inside the interval that holds the law to be true, by level.
    #[serde(with = "isoflop_fit::as_map")]
    pub coverage: Vec<(String, f64)>,
    /// The same for the interval widened by what the smaller cuts had shown.
    #[serde(with = "isoflop_fit::as_map")]
    pub coverage_widened: Vec<(String, f64)>,
}

/// Scores of one law at one distance beyond the cuts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// The law.
    pub law: String,
    /// From so many orders of magnitude.
    pub from: f64,
    /// To so many.
    pub to: f64,
    /// Predictions, over all cuts.
    pub n: usize,
    /// Root mean square of ln(predicted/observed).
    pub rmse_log: f64,
    /// Mean of ln(predicted/observed).
    pub bias_log: f64,
    /// Share inside the widened interval, by level.
    #[serde(with = "isoflop_fit::as_map")]
    pub coverage_widened: Vec<(String, f64)>,
}

/// A law and its held-out error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// The law.
    pub law: String,
    /// Root mean square of ln(predicted/observed): mean square over the runs of each cut, mean over the cuts that all
    /// ranked laws share.
    pub rmse_log: f64,
    /// Cuts in that mean.
    pub cuts: usize,
    /// 95 % interval of its error less that of the first, by resampling runs in pairs; none for the first.
    pub worse_by: Option<(f64, f64)>,
    /// Coefficients.
    pub coefs: usize,
    /// Root mean square of the residuals inside the largest cut: for the reader, not for the ranking.
    pub rms_inside: f64,
    /// Weight in the combination beyond the largest cut; none for baselines.
    pub weight: Option<f64>,
    /// Whether it knows no law.
    pub baseline: bool,
}

/// Widening of one law's intervals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Widening {
    /// The law.
    pub law: String,
    /// Standard deviation to add for each order of magnitude beyond the runs fitted, in quadrature.
    pub per_decade: f64,
    /// Cuts that it was learnt from.
    pub cuts: usize,
    /// Held-out score: the mean over these cuts of the mean ln density after widening.
    pub score: f64,
}

/// One prediction of a run that was held out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldOut {
    /// The law.
    pub law: String,
    /// The cut.
    pub cut: f64,
    /// Where the run is, as `file:line`.
    pub place: String,
    /// Value of the axis.
    pub at: f64,
    /// Orders of magnitude beyond the cut.
    pub beyond: f64,
    /// Response.
    pub observed: f64,
    /// Predicted response.
    pub predicted: f64,
    /// Lower end of the widened 90 % interval.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
}

/// A law that says nothing beyond a cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotJudged {
    /// The law.
    pub law: String,
    /// The cut; none when it could not be fitted at all.
    pub cut: Option<f64>,
    /// Why.
    pub why: String,
}

/// A law under its name.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Name in tables: its id or formula.
    pub name: &'a str,
    /// The law.
    pub law: &'a Law,
}

/// What one law said beyond one cut.
struct Trial {
    cut: usize,
    law: usize,
    forecast: Forecast,
    /// As it would have been at the time, the law held to be true.
    plain: Vec<ScaledT>,
    /// What is widened by distance.
    base: Vec<ScaledT>,
    /// Widened by what the smaller cuts had shown.
    wide: Vec<ScaledT>,
    kappa: f64,
}

/// Holds out the largest runs, fits the rest, and scores what every law says of them.
///
/// # Errors
///
/// The columns of the first law that are missing, an axis without orders of magnitude, and `no-cut` when the runs are
/// too few or of one size.
pub fn extrapolation(
    laws: &[Candidate<'_>],
    table: &RunTable,
    options: &FitOptions,
    how: &BacktestOptions,
) -> Result<Extrapolation, Diagnostics> {
    let first = laws.first().ok_or_else(|| {
        Diagnostics::from(Diagnostic::error("no-law", "there is no law to check"))
    })?;
    let used = used_runs(first.law, table, options)?;
    let axis = Axis::of(first.law, &used, how.axis.as_deref())?;
    let runs = Runs::new(table, &used, &axis);
    let cuts = splits(
        &axis.values,
        how.cuts.max(1),
        least_runs(first.law, used.rows.len()),
    );
    if cuts.is_empty() {
        let fault = Diagnostic::error(
            "no-cut",
            format!(
                "the {} runs have too few values of {} to hold out the largest and fit the rest",
                used.rows.len(),
                axis.label
            ),
        );
        return Err(fault
            .help("add runs of other sizes, or name another axis: --axis tokens")
            .into());
    }
    let mut study = Study::new(laws, &runs, &cuts, options, how.join);
    study.judge();
    Ok(study.told(options.seed))
}

pub(crate) struct Study<'a> {
    names: Vec<String>,
    candidates: usize,
    /// Whether the laws are joined.
    pub join: bool,
    runs: &'a Runs<'a>,
    cuts: &'a [Split],
    trials: Vec<Trial>,
    not_judged: Vec<NotJudged>,
    /// Laws that are another one in other letters.
    twins: Vec<usize>,
}

impl<'a> Study<'a> {
    /// Fits every law below every cut.
    pub fn new(
        laws: &[Candidate<'_>],
        runs: &'a Runs<'a>,
        cuts: &'a [Split],
        options: &FitOptions,
        join: bool,
    ) -> Self {
        let mut names: Vec<String> = laws.iter().map(|l| l.name.to_owned()).collect();
        names.extend(BASELINES.iter().map(|b| (*b).to_owned()));
        let asked: Vec<(usize, usize)> = (0..cuts.len())
            .flat_map(|cut| (0..names.len()).map(move |law| (cut, law)))
            .collect();
        let rivals: Vec<Rival<'_>> = laws
            .par_iter()
            .enumerate()
            .map(|(k, l)| {
                let mut own = options.clone();
                // A saved fit records its number of starts, which is that of its law and not of the one judged beside it.
                own.starts = own.starts.filter(|_| join || k == 0);
                Rival::new(l.law, runs.table, &own)
            })
            .collect();
        let said: Vec<Result<Forecast, String>> = asked
            .par_iter()
            .map(|(cut, law)| match laws.get(*law) {
                Some(one) if !same_response(laws[0].law, one.law) => Err(format!(
                    "its response is {}, and {} is judged",
                    one.law.response().column,
                    laws[0].law.response().column
                )),
                Some(_) => forecast(&rivals[*law], runs, &cuts[*cut]),
                None => baseline(&names[*law], runs, &cuts[*cut]),
            })
            .collect();
        let mut study = Self {
            candidates: laws.len(),
            join: join && laws.len() > 1,
            names,
            runs,
            cuts,
            trials: Vec::new(),
            not_judged: Vec::new(),
            twins: Vec::new(),
        };
        for ((cut, law), said) in asked.into_iter().zip(said) {
            match said {
                Ok(forecast) => study.trials.push(Trial {
                    cut,
                    law,
                    plain: alone(&forecast),
                    base: bounded(&forecast),
                    forecast,
                    wide: Vec::new(),
                    kappa: 0.0,
                }),
                Err(why) => study.not_judged.push(NotJudged {
                    law: study.names[law].clone(),
                    cut: Some(cuts[cut].at),
                    why,
                }),
            }
        }
        study.drop_twins();
        study
    }

    /// Drops laws that are another law in other letters: `beta * x^c` is `a * x^-b`, and would have two votes.
    fn drop_twins(&mut self) {
        for law in 1..self.candidates {
            let twin = (0..law).find(|other| self.is_twin(*other, law));
            let Some(other) = twin else { continue };
            self.trials.retain(|t| t.law != law);
            self.twins.push(law);
            self.not_judged.retain(|n| n.law != self.names[law]);
            self.not_judged.push(NotJudged {
                law: self.names[law].clone(),
                cut: None,
                why: twin_of(&self.names[other]),
            });
        }
    }

    /// Whether two laws have as many coefficients and say the same beyond every cut at which either was judged.
    fn is_twin(&self, a: usize, b: usize) -> bool {
        let of = |law: usize| self.trials.iter().filter(move |t| t.law == law);
        let same = |t: &Trial| {
            let other = of(b).find(|o| o.cut == t.cut);
            other.is_some_and(|o| same_forecast(&t.forecast, &o.forecast))
        };
        of(a).count() == of(b).count() && of(a).count() > 0 && of(a).all(same)
    }

    /// The misses of a law at the cuts before `end`, of runs at most as large as `largest`.
    fn misses(&self, law: usize, end: usize, largest: f64) -> Vec<Vec<Miss>> {
        let trials = self.trials.iter().filter(|t| t.law == law && t.cut < end);
        trials
            .map(|t| {
                let split = &self.cuts[t.cut];
                let held = split.held.iter().zip(&t.base);
                held.filter(|(i, _)| self.runs.axis.values[**i] <= largest)
                    .map(|(i, predicted)| Miss {
                        predicted: *predicted,
                        beyond: self.runs.beyond(*i, split.at),
                        observed: self.runs.observed(*i),
                    })
                    .collect()
            })
            .collect()
    }

    /// κ of a law as known before a cut, where its fit promises this change for each order of magnitude, and its score after
    /// widening, the mean over the cuts.
    pub fn known(&self, law: usize, end: usize, largest: f64, slope: f64) -> (f64, f64) {
        let misses = self.misses(law, end, largest);
        let kappa = widening(&misses, slope);
        let seen: Vec<&Vec<Miss>> = misses.iter().filter(|runs| !runs.is_empty()).collect();
        let score: f64 = seen
            .iter()
            .map(|runs| {
                let one = |m: &Miss| widened(m.predicted, kappa, m.beyond).ln_density(m.observed);
                runs.iter().map(one).sum::<f64>() / runs.len() as f64
            })
            .sum();
        (kappa, score / seen.len().max(1) as f64)
    }

    /// Widens every forecast by what smaller cuts had shown, and joins the laws the same way.
    pub fn judge(&mut self) {
        let combined = self.names.len();
        if self.join {
            self.names.push(COMBINED.to_owned());
        }
        for cut in 0..self.cuts.len() {
            let at = self.cuts[cut].at;
            for k in 0..self.trials.len() {
                if self.trials[k].cut == cut {
                    let trial = &self.trials[k];
                    self.trials[k].kappa = self.known(trial.law, cut, at, trial.forecast.slope).0;
                }
            }
            if self.join {
                self.joined(cut, combined);
            }
            for k in 0..self.trials.len() {
                if self.trials[k].cut == cut {
                    let held = self.cuts[cut].held.iter();
                    let kappa = self.trials[k].kappa;
                    self.trials[k].wide = held
                        .zip(&self.trials[k].base)
                        .map(|(i, p)| widened(*p, kappa, self.runs.beyond(*i, at)))
                        .collect();
                }
            }
        }
    }

    /// Whether a law is another one in other letters, by what the cuts showed.
    pub fn has_twin(&self, law: usize) -> bool {
        self.twins.contains(&law)
    }

    /// The combination among the laws.
    pub fn combined(&self) -> usize {
        self.candidates + BASELINES.len()
    }

    fn joined(&mut self, cut: usize, combined: usize) {
        let of_cut = self
            .trials
            .iter()
            .filter(|t| t.cut == cut && t.law < self.candidates);
        let of_cut: Vec<&Forecast> = of_cut.map(|t| &t.forecast).collect();
        if of_cut.is_empty() {
            return;
        }
        let (joined, _, weights) = together(&of_cut);
        let forecast = Forecast {
            centre: joined.iter().map(|p| p.centre).collect(),
            coefficients: joined.iter().map(|p| p.sd).collect(),
            noise: vec![0.0; joined.len()],
            last: f64::NAN,
            known: 0.0,
            slope: slope(&of_cut, &weights),
            evidence: 0.0,
            runs: self.cuts[cut].fitted.len() as f64,
            count: of_cut.iter().map(|f| f.count).sum(),
            rms: of_cut.iter().map(|f| f.rms).fold(f64::INFINITY, f64::min),
            variance: of_cut.first().map_or(0.0, |f| f.variance),
        };
        let (kappa, _) = self.known(combined, cut, self.cuts[cut].at, forecast.slope);
        self.trials.push(Trial {
            cut,
            law: combined,
            forecast,
            plain: joined.clone(),
            base: joined,
            wide: Vec::new(),
            kappa,
        });
    }

    fn told(&self, seed: u64) -> Extrapolation {
        let mut order: Vec<&Trial> = self.trials.iter().collect();
        order.sort_by_key(|t| (t.cut, self.place(t.law)));
        let ranking = self.ranking(seed);
        let first = ranking
            .iter()
            .find(|r| !r.baseline && r.law != COMBINED)
            .filter(|_| self.join)
            .map_or(self.names[0].as_str(), |r| r.law.as_str());
        let shown = |law: &str| law == COMBINED || law == first;
        Extrapolation {
            axis: self.runs.axis.label.clone(),
            letter: self.runs.axis.name.clone(),
            largest: self.runs.axis.values.iter().copied().fold(0.0, f64::max),
            scale: if self.runs.measure.ln { "ln" } else { "raw" }.to_owned(),
            no_backtest: None,
            backtest: order.iter().map(|t| self.cut(t)).collect(),
            bands: self.bands(),
            widening: self.widening(),
            held_out: order
                .iter()
                .filter(|t| shown(&self.names[t.law]))
                .flat_map(|t| self.held_out(t))
                .collect(),
            not_judged: self.not_judged.clone(),
            ranking,
        }
    }

    /// Candidates first, then the combination, then baselines.
    fn place(&self, law: usize) -> usize {
        match law {
            law if law < self.candidates => law,
            law if law < self.candidates + BASELINES.len() => law + 1,
            _ => self.candidates,
        }
    }

    fn widening(&self) -> Vec<Widening> {
        let all = self.cuts.len();
        let judged = |law: &usize| self.trials.iter().any(|t| t.law == *law);
        let own = |law: usize| law < self.candidates || law >= self.candidates + BASELINES.len();
        (0..self.names.len())
            .filter(|law| own(*law) && judged(law))
            .map(|law| {
                // The largest cut's fit is the nearest to that of all runs.
                let last = self.trials.iter().filter(|t| t.law == law);
                let slope = last
                    .max_by_key(|t| t.cut)
                    .map_or(f64::NAN, |t| t.forecast.slope);
                let (per_decade, score) = self.known(law, all, f64::INFINITY, slope);
                Widening {
                    law: self.names[law].clone(),
                    per_decade: self.runs.measure.unit * per_decade,
                    cuts: self.trials.iter().filter(|t| t.law == law).count(),
                    score,
                }
            })
            .collect()
    }

    fn errors(&self, trial: &Trial) -> Vec<f64> {
        let held = self.cuts[trial.cut].held.iter().zip(&trial.plain);
        held.map(|(i, p)| p.centre - self.runs.observed(*i))
            .collect()
    }

    fn cut(&self, trial: &Trial) -> Cut {
        let split = &self.cuts[trial.cut];
        let n = split.held.len() as f64;
        let unit = self.runs.measure.unit;
        let errors = self.errors(trial);
        let observed = |k: usize| self.runs.observed(split.held[k]);
        let share = |of: &[ScaledT]| coverage(of, &observed);
        let crps = |(k, p): (usize, &ScaledT)| p.crps(observed(k));
        let beyond = split.held.iter().map(|i| self.runs.beyond(*i, split.at));
        Cut {
            cut: split.at,
            law: self.names[trial.law].clone(),
            fitted: split.fitted.len(),
            held: split.held.len(),
            farthest: beyond.fold(0.0, f64::max),
            rmse_log: unit * rms(&errors),
            bias_log: unit * errors.iter().sum::<f64>() / n,
            crps: unit * trial.wide.iter().enumerate().map(crps).sum::<f64>() / n,
            coverage: share(&trial.plain),
            coverage_widened: share(&trial.wide),
        }
    }

    /// Thirds of the distances, by law.
    fn bands(&self) -> Vec<Band> {
        let mut all: Vec<f64> = Vec::new();
        for split in self.cuts {
            all.extend(split.held.iter().map(|i| self.runs.beyond(*i, split.at)));
        }
        all.sort_by(f64::total_cmp);
        let at = |share: f64| all[((all.len() - 1) as f64 * share) as usize];
        let mut edges = vec![0.0, at(1.0 / 3.0), at(2.0 / 3.0), at(1.0)];
        edges.dedup();
        let unit = self.runs.measure.unit;
        let mut out = Vec::new();
        let mut laws: Vec<usize> = (0..self.names.len()).collect();
        laws.sort_by_key(|law| self.place(*law));
        for law in laws {
            for pair in edges.windows(2) {
                let (mut errors, mut wide, mut observed) = (Vec::new(), Vec::new(), Vec::new());
                for trial in self.trials.iter().filter(|t| t.law == law) {
                    let split = &self.cuts[trial.cut];
                    for (k, i) in split.held.iter().enumerate() {
                        let d = self.runs.beyond(*i, split.at);
                        if d > pair[0] && d <= pair[1] {
                            observed.push(self.runs.observed(*i));
                            errors.push(trial.plain[k].centre - self.runs.observed(*i));
                            wide.push(trial.wide[k]);
                        }
                    }
                }
                if !errors.is_empty() {
                    out.push(Band {
                        law: self.names[law].clone(),
                        from: pair[0],
                        to: pair[1],
                        n: errors.len(),
                        rmse_log: unit * rms(&errors),
                        bias_log: unit * errors.iter().sum::<f64>() / errors.len() as f64,
                        coverage_widened: coverage(&wide, &|k| observed[k]),
                    });
                }
            }
        }
        out
    }

    fn held_out(&self, trial: &Trial) -> Vec<HeldOut> {
        let split = &self.cuts[trial.cut];
        let back = |x: f64| self.runs.measure.back(x);
        let held = split.held.iter().zip(&trial.wide);
        held.map(|(i, p)| HeldOut {
            law: self.names[trial.law].clone(),
            cut: split.at,
            place: self.runs.table.place(self.runs.used.rows[*i]),
            at: self.runs.axis.values[*i],
            beyond: self.runs.beyond(*i, split.at),
            observed: self.runs.used.response[*i],
            predicted: back(p.centre),
            lower: back(p.centre - p.half(0.9)),
            upper: back(p.centre + p.half(0.9)),
        })
        .collect()
    }

    /// Laws by error over the cuts at which the most of them were judged.
    fn ranking(&self, seed: u64) -> Vec<Ranked> {
        let judged: Vec<Vec<usize>> = (0..self.names.len())
            .map(|law| {
                let own = self.trials.iter().filter(|t| t.law == law);
                own.map(|t| t.cut).collect()
            })
            .collect();
        let half = |cuts: &Vec<usize>| 2 * cuts.len() >= self.cuts.len();
        let mut enough: Vec<usize> = (0..self.names.len())
            .filter(|l| half(&judged[*l]))
            .collect();
        let common = |laws: &[usize]| -> Vec<usize> {
            let all = |cut: &usize| laws.iter().all(|law| judged[*law].contains(cut));
            (0..self.cuts.len()).filter(all).collect()
        };
        let mut shared = common(&enough);
        while shared.is_empty() && enough.len() > 1 {
            // Laws that were never judged together cannot be ranked together: the least judged one goes.
            let least = enough.iter().copied().min_by_key(|law| judged[*law].len());
            enough.retain(|law| Some(*law) != least);
            shared = common(&enough);
        }
        // Squared errors: law, then run, then cut.
        let squares: Vec<Vec<Vec<(usize, f64)>>> = enough
            .iter()
            .map(|law| self.squares(*law, &shared))
            .collect();
        let counts: Vec<f64> = vec![1.0; self.runs.used.rows.len()];
        let score = |k: usize, counts: &[f64]| weighted(&squares[k], counts, &shared);
        let mut order: Vec<(usize, f64)> =
            (0..enough.len()).map(|k| (k, score(k, &counts))).collect();
        order.sort_by(|a, b| a.1.total_cmp(&b.1));
        let unit = self.runs.measure.unit;
        let weights = self.last_weights();
        let first = order.first().map_or(0, |o| o.0);
        order
            .iter()
            .map(|(k, error)| {
                let law = enough[*k];
                let last = self
                    .trials
                    .iter()
                    .filter(|t| t.law == law)
                    .max_by_key(|t| t.cut);
                Ranked {
                    law: self.names[law].clone(),
                    rmse_log: unit * *error,
                    cuts: shared.len(),
                    worse_by: (*k != first).then(|| {
                        paired(
                            seed,
                            &|c: &[f64]| score(*k, c) - score(first, c),
                            counts.len(),
                        )
                    }),
                    coefs: last.map_or(0, |t| t.forecast.count),
                    rms_inside: last.map_or(f64::NAN, |t| unit * t.forecast.rms),
                    weight: weights.iter().find(|(l, _)| *l == law).map(|(_, w)| *w),
                    baseline: self.place(law) > self.candidates,
                }
            })
            .collect()
    }

    fn squares(&self, law: usize, shared: &[usize]) -> Vec<Vec<(usize, f64)>> {
        let mut out = vec![Vec::new(); self.runs.used.rows.len()];
        let own = self
            .trials
            .iter()
            .filter(|t| t.law == law && shared.contains(&t.cut));
        for trial in own {
            for (i, e) in self.cuts[trial.cut].held.iter().zip(self.errors(trial)) {
                out[*i].push((trial.cut, e * e));
            }
        }
        out
    }

    /// Weights beyond the largest cut.
    fn last_weights(&self) -> Vec<(usize, f64)> {
        if !self.join {
            return Vec::new();
        }
        let last = self.cuts.len() - 1;
        let own = self
            .trials
            .iter()
            .filter(|t| t.cut == last && t.law < self.candidates);
        let own: Vec<&Trial> = own.collect();
        let forecasts: Vec<&Forecast> = own.iter().map(|t| &t.forecast).collect();
        let (_, _, weights) = together(&forecasts);
        own.iter().map(|t| t.law).zip(weights).collect()
    }
}

/// Root of the mean over cuts of the mean square over their runs, each run counted so often.
fn weighted(squares: &[Vec<(usize, f64)>], counts: &[f64], shared: &[usize]) -> f64 {
    let cuts = shared.iter().map(|cut| {
        let (mut sum, mut total) = (0.0, 0.0);
        for (run, count) in squares.iter().zip(counts) {
            for (_, square) in run.iter().filter(|(c, _)| c == cut) {
                sum += count * square;
                total += count;
            }
        }
        (total > 0.0).then(|| sum / total)
    });
    // A resample may leave a cut without runs; it then says nothing of it.
    let known: Vec<f64> = cuts.flatten().collect();
    (known.iter().sum::<f64>() / known.len().max(1) as f64).sqrt()
}

/// 95 % interval of a difference over 1,000 resamples of the runs.
fn paired(seed: u64, difference: &(dyn Fn(&[f64]) -> f64 + Sync), n: usize) -> (f64, f64) {
    let mut found: Vec<f64> = (0..1000u64)
        .into_par_iter()
        .map(|b| {
            let mut stream = Stream::new(seed, "compare", b);
            let mut counts = vec![0.0; n];
            for _ in 0..n {
                counts[stream.below(n)] += 1.0;
            }
            difference(&counts)
        })
        .collect();
    found.sort_by(f64::total_cmp);
    (found[25], found[974])
}
