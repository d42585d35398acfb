//! Notes: the result can be used, and this is what its reader must know.

use crate::Severity;
use serde::{Deserialize, Serialize};

/// One piece of evidence: a named number or word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Evidence {
    /// A number; its unit is in the name when it has one (`delta_ln`, `span_orders`).
    Number(f64),
    /// A name, a list of names, a sentence.
    Text(String),
}

/// A note on a result. `message` is worded by whoever found it, once, and shown by every face as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// Stable name in kebab case, for example `bound-hit`.
    pub code: String,
    /// How bad.
    pub severity: Severity,
    /// What was found, with its numbers: a sentence without full stop.
    pub message: String,
    /// The numbers again, by name, in a fixed order.
    pub evidence: Vec<(String, Evidence)>,
    /// What to do; empty when there is nothing to do.
    pub advice: String,
}
