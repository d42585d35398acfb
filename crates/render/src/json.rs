//! JSON: results as they are.

use serde::Serialize;
use serde_json::json;

/// A result as indented JSON with a line end. Numbers that JSON cannot hold become `null`.
#[must_use]
pub fn text<T: Serialize>(result: &T) -> String {
    match serde_json::to_string_pretty(result) {
        Ok(text) => text + "\n",
        Err(fault) => {
            json!({"schema": "isoflop.error/1", "message": fault.to_string()}).to_string() + "\n"
        }
    }
}
