//! Predictions of a fitted law, with their distance beyond the data.

use isoflop_base::{Interval, Note};
use serde::{Deserialize, Serialize};

/// Predictions at points. `schema` is `isoflop.predict/1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// `isoflop.predict/1`.
    pub schema: String,
    /// Formula of the law.
    pub formula: String,
    /// Unit of the response.
    pub unit: String,
    /// How the intervals were made, in words.
    pub method: String,
    /// One entry a point, in the order asked.
    pub points: Vec<PredictedPoint>,
    /// Warnings that hold for all points.
    pub notes: Vec<Note>,
}

/// One predicted response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictedPoint {
    /// Inputs by letter.
    #[serde(with = "isoflop_fit::as_map")]
    pub at: Vec<(String, f64)>,
    /// Index values by name.
    #[serde(with = "isoflop_fit::as_map")]
    pub levels: Vec<(String, String)>,
    /// Predicted response.
    pub value: f64,
    /// Interval for the law's value: coefficient error only.
    pub confidence: Option<Interval>,
    /// Interval for a new run: coefficient error and residual noise.
    pub prediction: Option<Interval>,
    /// Orders of magnitude beyond the runs used, by `N`, `D`, `C`, `D/N` (and any other input); 0 inside,
    /// negative below the smallest, positive above the largest.
    #[serde(with = "isoflop_fit::as_map")]
    pub beyond: Vec<(String, f64)>,
}
