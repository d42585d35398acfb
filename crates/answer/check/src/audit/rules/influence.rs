//! Do a few runs decide the answer?
//!
//! # What it checks
//!
//! The fit is repeated without every single run, then without the worst two, three … (at most five, and at most one run
//! in twenty), and asked how far exponents (of a law without any: its coefficients) and the compute-optimal size move.
//! Refits, not approximations. In a small table the run in a corner decides something always: a warning needs a move beyond
//! what 99 of 100 tables of this design give whose noise is normal (simulated on the law linearised about its optimum).
//!
//! # Why it matters
//!
//! Five of the 245 digitised Chinchilla runs move beta from 0.37 to 0.45. A law that rests on a handful of runs is a
//! statement about those runs.
//!
//! # What to do
//!
//! Look at the named runs: are they trained and measured like the others? Report the fit with and without them.
//!
//! # Source
//!
//! Cook, Weisberg 1982, Residuals and Influence in Regression; Broderick, Giordano, Meager 2020, arXiv:2011.14999
//! (dropping a small share of the data); Besiroglu et al. 2024, arXiv:2404.10102.

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::optimum::{coefficients, exponents, is_surface, optimal_params};
use crate::audit::subject::Subject;
use crate::audit::yardstick::dot;
use isoflop_base::Severity;
use isoflop_fit::{Fit, Refits, refits};

pub(super) const RULE: Rule = Rule {
    name: "influence",
    question: "Do a few runs decide the answer?",
    source: "Cook, Weisberg 1982; arXiv:2011.14999; arXiv:2404.10102",
    look,
};

/// A few runs decide when they move an exponent by this share of it, and by a standard error: the corner runs of any
/// design move it by two standard errors where that is next to nothing.
const MATTERS: f64 = 0.15;
/// Shift in standard errors that decides however small it is.
const DECIDES_ANYHOW: f64 = 3.0;
/// Most runs that are taken away.
const MOST: usize = 5;
/// With more runs than this, only the likely ones are tried.
const ALL: usize = 600;
/// Likely runs for a second and third.
const LIKELY: usize = 16;

/// Something that runs may decide.
struct Aim {
    name: String,
    value: f64,
    se: Option<f64>,
    coordinate: Option<usize>,
}

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(fit) = subject.fit else {
        return Verdict::CannotTell("there is no fit".to_owned());
    };
    let table = subject.runs_table(&[]);
    let asked = table.and_then(|t| {
        refits(&subject.law, &t, fit, |r| {
            Search::new(subject, fit, r).run()
        })
    });
    match asked {
        Some(Some(verdict)) => verdict,
        Some(None) => Verdict::DoesNotApply("the law has no coefficient that a run could move".to_owned()),
        None => Verdict::CannotTell(
            "fits in stages, with pooled coefficients or of more than 20,000 runs are not repeated here".to_owned(),
        ),
    }
}

struct Search<'s> {
    subject: &'s Subject<'s>,
    fit: &'s Fit,
    refits: &'s Refits<'s>,
    aims: Vec<Aim>,
    /// Compute at which the optimal size is asked.
    flops: Option<f64>,
    /// How far chance moves an aim, in its standard errors, by the number of runs left out; and the standard error of
    /// each aim on which that is measured. Empty where it is not known.
    chance: Vec<f64>,
    errors: Vec<f64>,
}

impl<'s> Search<'s> {
    fn new(subject: &'s Subject<'s>, fit: &'s Fit, refits: &'s Refits<'s>) -> Self {
        // A law without exponents is asked for all its coefficients.
        let names = exponents(&subject.law);
        let coordinates = refits.coordinates().iter().enumerate();
        let aims: Vec<Aim> = coordinates
            .filter(|(_, c)| names.is_empty() || names.contains(&c.name.as_str()))
            .filter_map(|(j, c)| {
                let (_, estimate) = fit.coefs.iter().find(|(n, _)| *n == c.name)?;
                Some(Aim {
                    name: c.name.clone(),
                    value: estimate.value,
                    se: estimate.se,
                    coordinate: Some(j),
                })
            })
            .collect();
        let largest = subject
            .runs
            .compute()
            .map(|c| c.into_iter().fold(0.0, f64::max));
        let mut search = Self {
            subject,
            fit,
            refits,
            aims,
            flops: largest.filter(|_| is_surface(&subject.law)),
            chance: Vec::new(),
            errors: Vec::new(),
        };
        search.learn_chance();
        search
    }

    /// What leaving out runs does where there is nothing but noise.
    fn learn_chance(&mut self) {
        let Some(yardstick) = self.subject.yardstick() else {
            return;
        };
        let follows = self.aims.iter().map(|a| yardstick.follows(a.coordinate?));
        let Some(follows) = follows.collect::<Option<Vec<Vec<f64>>>>() else {
            return;
        };
        let seed = self.fit.provenance.seed;
        self.chance = yardstick.chance_of_dropping(&follows, self.most(), seed);
        let error = |f: &Vec<f64>| yardstick.sd * dot(f, f).sqrt();
        self.errors = follows.iter().map(error).collect();
    }

    fn most(&self) -> usize {
        (self.subject.runs.n / 20).clamp(1, MOST)
    }

    /// Whether leaving out `runs` moves an aim from its value farther than chance does.
    fn beyond_chance(&self, aim: &Aim, at: &[f64], runs: usize) -> bool {
        let known = self.aims.iter().position(|a| a.name == aim.name);
        let (Some(error), Some(limit), Some(j)) = (
            known.and_then(|k| self.errors.get(k)),
            self.chance.get(runs - 1),
            aim.coordinate,
        ) else {
            return true;
        };
        ((at[j] - self.fit.joint.at[j]) / error).abs() > *limit
    }

    fn optimal(&self, at: &[f64]) -> Option<f64> {
        let range = self.subject.range("N")?;
        let coefs = coefficients(self.fit, at);
        optimal_params(
            &self.subject.law,
            &coefs,
            self.flops?,
            (range.min, range.max),
        )
    }

    /// The shift of an aim in standard errors; where there is none, in shares that matter.
    fn shift(aim: &Aim, value: f64) -> f64 {
        let moved = value - aim.value;
        match aim.se {
            Some(se) if se > 0.0 => moved / se,
            _ => moved / (MATTERS * aim.value.abs()),
        }
    }

    /// Whether a shift in those units decides the answer.
    fn decides(aim: &Aim, shift: f64) -> bool {
        let relative = match aim.se {
            Some(se) if se > 0.0 => shift * se / aim.value.abs(),
            _ => shift * MATTERS,
        };
        let grave = aim.se.is_some() && shift >= DECIDES_ANYHOW;
        grave || (shift >= 1.0 && relative >= MATTERS)
    }

    fn value(&self, aim: &Aim, at: &[f64]) -> Option<f64> {
        let j = aim.coordinate?;
        Some(self.refits.coordinates()[j].coefficient(at[j]))
    }

    /// Runs worth trying: all of a small table, else the influential, the ill-fitted and the extreme.
    fn candidates(&self) -> Vec<usize> {
        let runs = &self.subject.runs;
        if runs.n <= ALL {
            return (0..runs.n).collect();
        }
        let mut by_residual: Vec<usize> = (0..runs.residuals.len()).collect();
        let size = |i: usize| runs.residuals[i].abs();
        by_residual.sort_by(|a, b| size(*b).total_cmp(&size(*a)).then(a.cmp(b)));
        let mut chosen: Vec<usize> = by_residual.into_iter().take(LIKELY).collect();
        let places = self.fit.leverage.iter().map(|l| &l.place);
        chosen.extend(places.filter_map(|p| runs.places.iter().position(|q| q == p)));
        for axis in self.subject.axes() {
            let order = |a: &usize, b: &usize| axis.at[*a].total_cmp(&axis.at[*b]);
            chosen.extend((0..axis.at.len()).min_by(order));
            chosen.extend((0..axis.at.len()).max_by(order));
        }
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    fn run(&self) -> Option<Verdict> {
        if self.aims.is_empty() {
            return None;
        }
        let most = self.most();
        let single: Vec<Vec<usize>> = self.candidates().into_iter().map(|i| vec![i]).collect();
        let ends = self.refits.without(&single);
        // The aim that one run moves most, and the runs by how far they move it in that direction.
        let shift_of = |aim: &Aim, end: &Option<Vec<f64>>| {
            let value = end.as_ref().and_then(|at| self.value(aim, at));
            value.map_or(0.0, |v| Self::shift(aim, v))
        };
        let (aim, sign) = self
            .aims
            .iter()
            .map(|aim| {
                let far = ends
                    .iter()
                    .map(|e| shift_of(aim, e))
                    .fold(0.0, |m: f64, s| if s.abs() > m.abs() { s } else { m });
                (aim, far)
            })
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
        let sign = sign.signum();
        let mut ranked: Vec<(usize, f64)> = single
            .iter()
            .zip(&ends)
            .map(|(run, end)| (run[0], sign * shift_of(aim, end)))
            .collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let mut dropped = vec![ranked.first()?.0];
        let mut shifts = vec![ranked.first()?.1];
        while dropped.len() < most {
            let sets: Vec<Vec<usize>> = ranked
                .iter()
                .map(|(run, _)| *run)
                .filter(|run| !dropped.contains(run))
                .take(LIKELY)
                .map(|run| [dropped.clone(), vec![run]].concat())
                .collect();
            let next = self.refits.without(&sets);
            let best = sets
                .iter()
                .zip(&next)
                .map(|(set, end)| (set, sign * shift_of(aim, end)))
                .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(a.0)));
            let Some((set, shift)) = best else { break };
            dropped.clone_from(set);
            shifts.push(shift);
        }
        let take = shifts.iter().position(|s| Self::decides(aim, *s));
        let all = self.without(aim, &dropped);
        Some(match take {
            // As many runs as it takes, and how far all that were tried move it.
            Some(k) => {
                let few = self.without(aim, &dropped[..=k]);
                few.zip(all).map_or_else(unsettled, |(few, all)| {
                    self.found(aim, (&dropped[..=k], &few), (&dropped, &all))
                })
            }
            None => all.map_or_else(unsettled, |all| {
                let (runs, that) = counted(dropped.len());
                Verdict::Clear(format!(
                    "without {runs} that {that} it most ({}) {}",
                    self.list(&dropped),
                    all.words(aim)
                ))
            }),
        })
    }

    fn list(&self, runs: &[usize]) -> String {
        let mut sorted = runs.to_vec();
        sorted.sort_unstable();
        self.subject.runs.list(&sorted)
    }

    /// What the fit without some runs gives.
    fn without(&self, aim: &Aim, runs: &[usize]) -> Option<Without> {
        let at = self.refits.without(&[runs.to_vec()]).pop().flatten()?;
        let optimal = self
            .optimal(&self.fit.joint.at)
            .zip(self.optimal(&at))
            .map(|(with, without)| without / with);
        Some(Without {
            value: self.value(aim, &at)?,
            optimal,
            at,
        })
    }

    fn found(&self, aim: &Aim, few: (&[usize], &Without), all: (&[usize], &Without)) -> Verdict {
        let (runs, _) = counted(few.0.len());
        let beyond = self.beyond_chance(aim, &few.1.at, few.0.len());
        let mut message = format!("without {runs} {} {}", self.list(few.0), few.1.words(aim));
        if all.0.len() > few.0.len() {
            message = format!(
                "{message}; without the {} that move it most ({}) to {:.4}",
                all.0.len(),
                self.list(all.0),
                all.1.value
            );
        }
        let severity = if beyond {
            Severity::Warning
        } else {
            message = format!("{message}; in a table of this design chance does as much");
            Severity::Info
        };
        let mut found = Found::new("runs-decide", severity, message)
            .text("runs", self.list(few.0))
            .number("value", aim.value)
            .number("value_without", few.1.value)
            .text("most", self.list(all.0))
            .number("value_without_most", all.1.value);
        if let Some(ratio) = few.1.optimal {
            found = found.number("optimal_size_ratio", ratio);
        }
        found
            .advice("look at these runs, and report the fit with and without them (--where)")
            .alone()
    }
}

/// What the fit without some runs gives.
struct Without {
    /// The optimum, by coordinate.
    at: Vec<f64>,
    value: f64,
    /// N* over that of all runs.
    optimal: Option<f64>,
}

impl Without {
    fn words(&self, aim: &Aim) -> String {
        let errors = aim
            .se
            .filter(|se| *se > 0.0)
            .map_or_else(String::new, |se| {
                format!(" ({:+.1} standard errors)", (self.value - aim.value) / se)
            });
        let size = self.optimal.map_or_else(String::new, |ratio| {
            let percent = 100.0 * (ratio - 1.0);
            format!(", and N* at the largest compute of the runs moves by {percent:+.0}%")
        });
        format!(
            "{} goes from {:.4} to {:.4}{errors}{size}",
            aim.name, aim.value, self.value
        )
    }
}

fn unsettled() -> Verdict {
    Verdict::CannotTell("the fit without the most influential runs does not settle".to_owned())
}

/// `the run`, `the 3 runs`, and the verb that goes with it.
fn counted(runs: usize) -> (String, &'static str) {
    match runs {
        1 => ("the run".to_owned(), "moves"),
        k => (format!("the {k} runs"), "move"),
    }
}
