//! Training runs in, scaling laws out: read a table, fit a law, predict, report.
//!
//! ```text
//! runs ──read──▶ RunTable ─┐
//!                          ├─ fit ─▶ Fit ─ predict ─▶ Prediction ─▶ report
//! formula ───────▶ Law ────┘
//! ```
//!
//! A law is a formula, not code; there is one [`fit`] for every law. A [`Fit`] carries standard errors, the evidence
//! that its optimum is one ([`Fit::certificate`]), what the data do not determine, and where every number comes
//! from. Faults of an input are [`Diagnostics`] that point at the cell or the piece of formula; trouble that leaves
//! a usable result travels in [`Fit::notes`].
//!
//! # Example
//!
//! ```
//! use isoflop::{FitOptions, Law, ReadOptions, dataset, fit, read, report};
//!
//! let set = dataset("simulated-ladder").expect("the data set comes with the program");
//! let runs = read(&[set.input()], &ReadOptions::default())?;
//! let law = Law::builtin("chinchilla")?;
//! let fit = fit(&law, &runs, &FitOptions::default())?;
//!
//! let (name, irreducible) = &fit.coefs[0];
//! assert_eq!(name, "E");
//! assert!((irreducible.value - 1.80).abs() < 0.05);
//! print!("{}", report::render::markdown(&report::fit_document(&fit)));
//! # Ok::<(), isoflop::Diagnostics>(())
//! ```
#![forbid(unsafe_code)]

mod datasets;
mod demo;
mod gain;
pub mod ledger;
mod plan_file;
mod plan_request;
mod reload;
pub mod report;
mod saved;
mod settings;
mod story;
mod threads;
mod usable;
mod verify;
mod words;

pub use datasets::{DataSet, LadderSource, dataset, datasets};
pub use demo::{DEMO_FIT, Demo, demo};
pub use gain::pinned_gain;
pub use plan_file::{PlanSpec, Word};
pub use reload::{Reloaded, point_reader, reload};
pub use saved::{fit_from_json, fits_from_json, one_fit_from_json, plan_laws_from_json};
pub use settings::merged;
pub use story::{Story, StoryCheck, StoryOptions, story};
pub use threads::set_threads;
pub use usable::{UNUSABLE, unusable, unusable_group, unusable_notes, unusable_recipe};
pub use verify::{Verification, verify};

pub use isoflop_backtest::ledger::{Entry, Forecast, Kept, LedgerCheck, Score, forecast, score};
pub use isoflop_backtest::{
    BacktestOptions, COMBINED, Candidate, Cut, Extrapolation, NotJudged, extrapolation,
    predict_together,
};
pub use isoflop_base::{
    Diagnostic, Diagnostics, Estimate, Evidence, Interval, Note, Severity, closest,
    format_quantity, parse_quantity, parse_unit,
};
pub use isoflop_breaks::{Breaks, breaks};
pub use isoflop_check::{
    Check, Checked, Finding, FormBudget, FormTest, LawComparison, check, compare_laws, form_test,
};
pub use isoflop_data::{
    Copies, Input, ReadOptions, RunTable, header_duration, header_factor, read,
};
pub use isoflop_fit::recipe::{Method, Minima, Weighting};
pub use isoflop_fit::{
    Dependence, Fit, FitOptions, Fits, MOST_RESAMPLES, Objective, Recipe, RecipeOptions, Status,
    Uncertainty, UsedRuns, fit, fit_groups, fit_owned, recipe, used_runs,
};
pub use isoflop_law::{At, Law, Var, VarRole, catalogue, changed_coef};
pub use isoflop_plan as plan;
pub use isoflop_predict::profile::{Profile, ProfiledPrediction, profile};
pub use isoflop_predict::verdict::{EntropyCheck, HeldOutRun, Verdict, entropy_check, verdict};
pub use isoflop_predict::{
    Point, PredictedPoint, Prediction, predict, predict_published, predict_through,
};
pub use isoflop_summary::words::phrases::UNSAVED;
