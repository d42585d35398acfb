//! Questions of fits and laws, one module each.
#![forbid(unsafe_code)]

mod audit;
mod chain;
mod check;
mod compare_laws;
pub mod ledger;
mod outline;
pub mod plan;
mod predict;
mod profile;
mod published;
mod sound;
mod story;
mod verdict;

pub use audit::{Answered, Finding, Item, Outcome};
pub use chain::predict_through;
pub use check::{
    BacktestOptions, Band, BreakPlace, BreakTest, Breaks, COMBINED, Candidate, Check, Checked, Cut,
    Extrapolation, FormBudget, FormTest, HeldOut, NotJudged, Ranked, Widening, breaks, check,
    extrapolation, form_test, predict_together, widening_unseen,
};
pub use compare_laws::{ComparedCoef, ComparedLaw, LawComparison, compare_laws};
pub use outline::{BudgetCurve, Outline, PathPoint, Surface, outline, usual};
pub use predict::{Point, PredictedPoint, Prediction, Share, predict};
pub use profile::{Profile, ProfileRow, ProfiledPoint, ProfiledPrediction, profile};
pub use published::predict_published;
pub use sound::unsound;
pub use story::{Story, UNSAVED};
pub use verdict::{EntropyCheck, HeldOutRun, Verdict, entropy_check, verdict};
