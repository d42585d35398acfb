//! Can a fit be trusted? The audit answers from the runs and the fit; the backtest and the ranking of laws stand
//! beside it.
#![forbid(unsafe_code)]

mod audit;
mod check;
mod checked;
mod compare_laws;
mod form;
pub mod words;

pub use audit::{Answered, Finding, Item, Outcome};
pub use check::{Check, check};
pub use checked::Checked;
pub use compare_laws::{ComparedCoef, ComparedLaw, LawComparison, compare_laws};
pub use form::{FormBudget, FormTest, form_test};
