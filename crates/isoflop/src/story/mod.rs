//! The story of a fit: its check, its plan and its picture gathered for one page.

use isoflop_backtest::BacktestOptions;
use isoflop_base::Diagnostics;
use isoflop_check::{Check, Checked, check};
use isoflop_fit::Fit;
use isoflop_law::Law;
use isoflop_plan::outline::outline;
use isoflop_plan::usual;
use isoflop_plan::{Ask, Convention, Given, LivePlan, Plan, PlanLaw, PlanRequest, USUAL, plan};
use isoflop_summary::words::phrases::UNSAVED;

use crate::reload::Reloaded;

mod result;

pub use result::Story;

/// What a story is to hold.
#[derive(Clone, Debug, Default)]
pub struct StoryOptions {
    /// The file that holds the fit, for commands; none if it was not saved.
    pub saved: Option<String>,
    /// Budget of the plan in FLOP; ten times the compute of the largest run without one.
    pub compute: Option<f64>,
    /// Values and levels for inputs that a plan does not move.
    pub given: Given,
}

/// Whether the law is fitted again without its largest runs, and its runs are audited.
#[derive(Clone, Debug)]
pub enum StoryCheck<'a> {
    /// Audit and backtest, of what the fit was made of: see [`reload`](crate::reload()).
    Whole(&'a Reloaded),
    /// Neither, and why in words.
    Without(String),
}

/// Gathers the story of a fit.
///
/// # Errors
///
/// Those of a plan whose budget or values were asked for. What only the defaults cannot have is said in the story.
pub fn story(
    mut fit: Fit,
    check: StoryCheck<'_>,
    how: &StoryOptions,
) -> Result<Story, Diagnostics> {
    let check = match check {
        StoryCheck::Whole(of) => checked(&fit, of),
        StoryCheck::Without(why) => Err(why),
    };
    // What the backtest says of intervals beyond the runs holds for the headline and the plan of the same page.
    if let (None, Ok(found)) = (&fit.calibration, &check) {
        fit.calibration = found.extrapolation.calibration(&fit.law.id);
    }
    let budget = budget(&fit, how.compute);
    let asked = how.compute.is_some() || !how.given.at.is_empty() || !how.given.levels.is_empty();
    let (given, held) = completed(&fit, &how.given);
    let plan = match planned(&fit, budget, &given) {
        Err(faults) if asked => return Err(faults),
        found => found.map_err(|faults| faults.first_message().to_owned()),
    };
    Ok(Story {
        schema: "isoflop.report/1".to_owned(),
        outline: outline(&fit),
        held: if plan.is_ok() { held } else { Vec::new() },
        live: LivePlan::of_fit(
            how.saved.as_deref().unwrap_or(UNSAVED),
            &fit,
            &Law::builtin(USUAL)?,
            &how.given,
            budget.map(|(flops, _)| flops),
        ),
        budget,
        plan,
        check,
        fit,
        saved: how.saved.clone(),
    })
}

/// What was given, completed by what is usual in the runs; and that part in words.
fn completed(fit: &Fit, given: &Given) -> (Given, Vec<(String, String)>) {
    let usual = usual(fit);
    let mut all = given.clone();
    let mut held = Vec::new();
    for (name, value) in usual.at {
        if given.at.iter().all(|(n, _)| *n != name) {
            held.push((name.clone(), isoflop_base::format_si(value, 3)));
            all.at.push((name, value));
        }
    }
    for (name, level) in usual.levels {
        if given.levels.iter().all(|(n, _)| *n != name) {
            held.push((name.clone(), level.clone()));
            all.levels.push((name, level));
        }
    }
    (all, held)
}

/// The budget that was asked for, or one an order of magnitude beyond the runs, in one digit.
fn budget(fit: &Fit, asked: Option<f64>) -> Option<(f64, bool)> {
    if let Some(flops) = asked {
        return Some((flops, true));
    }
    let largest = fit.ranges.iter().find(|r| r.name == "C")?.max;
    let beyond = format!("{:.0e}", 10.0 * largest).parse().ok()?;
    (largest > 0.0 && f64::is_finite(beyond)).then_some((beyond, false))
}

fn planned(fit: &Fit, budget: Option<(f64, bool)>, given: &Given) -> Result<Plan, Diagnostics> {
    let law = PlanLaw::of_fit(&fit.law.id, fit, given)?;
    let Some((flops, _)) = budget else {
        let d = isoflop_base::Diagnostic::error(
            "nothing-asked",
            "the runs do not say how much compute they took, and no budget was given",
        );
        return Err(d.help("give one: --compute 1e24").into());
    };
    let convention = Convention::new(&Law::builtin(USUAL)?, given)?;
    let request = PlanRequest {
        ask: vec![Ask::Compute(flops)],
        given: given.clone(),
        sizes: SIZES.to_vec(),
        level: fit.uncertainty.level,
        ..PlanRequest::new(convention)
    };
    plan(&[law], &request)
}

/// Sizes relative to the optimum whose price a story tells.
const SIZES: [f64; 7] = [0.1, 0.25, 0.5, 0.75, 1.5, 2.0, 4.0];

fn checked(fit: &Fit, of: &Reloaded) -> Result<Check, String> {
    let how = BacktestOptions::default();
    let what = Checked {
        law: &of.law,
        table: of.table.as_ref().ok(),
        options: &of.options,
        points: &[],
        rivals: &[],
        backtest: Some(&how),
        changed: &of.changed,
    };
    check(&what, Ok(fit.clone())).map_err(|faults| faults.first_message().to_owned())
}
