//! A table and a law in, a certified fit out. There is one [`fit`] for every law.
//!
//! ```text
//! bind (columns, rows) → compile → starts → screen → solve → certify → uncertainty → record
//! ```
#![forbid(unsafe_code)]

mod absolute;
pub mod as_map;
mod binding;
mod cells;
mod centre;
mod certificate;
mod dependence;
mod derived;
mod engine;
mod fitted;
mod groups;
mod identify;
mod kink;
mod leverage;
mod mirror;
mod noise;
mod notes;
mod options;
mod parts;
mod pool;
mod projection;
pub mod recipe;
mod record;
mod refit;
mod result;
mod scales;
mod sealed;
mod settle;
mod slips;
mod solve;
mod spelling;
mod staged;
mod starts;
mod structure;
mod target;
mod uncertainty;
mod value_scale;
mod vanish;
mod weights;

pub use engine::{UsedRuns, fit, fit_owned, used_runs};
pub use fitted::{Fitted, InputRow, coordinates_of, fingerprint};
pub use groups::{Fits, GROUP, GroupFit, fit_groups};
pub use options::{Corner, Dependence, FitOptions, Objective, PenaltyKind, Scale, Uncertainty};
pub use recipe::{Recipe, RecipeOptions, recipe};
pub use refit::{Linear, Refits, refits};
pub use result::{
    Basin, Calibration, Certificate, Fit, Identifiability, Joint, LawRecord, Leverage,
    ObjectiveRecord, Points, PoolRecord, Provenance, Range, ResidualSummary, SkippedRows,
    StageRecord, Starts, Status, TableRecord, UNSEALED, UncertaintyRecord, WeakDirection,
};
pub use spelling::MOST_RESAMPLES;
pub use value_scale::{ResidualScale, ValueScale};
