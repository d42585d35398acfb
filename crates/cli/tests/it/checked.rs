//! The check as JSON, and its findings.

use std::path::Path;

use crate::program::isoflop;

/// The check of a table by the Chinchilla law.
pub fn check(table: &Path, more: &[&str]) -> serde_json::Value {
    let table = table.display().to_string();
    // The rules are looked at here, without the backtest.
    let mut args = vec![
        "check",
        &table,
        "--law",
        "chinchilla",
        "--json",
        "--no-backtest",
    ];
    args.extend(more);
    let said = isoflop(&args);
    serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {}{}", said.out, said.err))
}

pub fn codes(check: &serde_json::Value) -> Vec<&str> {
    let findings = check["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|f| f["code"].as_str().unwrap())
        .collect()
}

pub fn finding<'c>(check: &'c serde_json::Value, code: &str) -> &'c serde_json::Value {
    let findings = check["findings"].as_array().unwrap();
    findings
        .iter()
        .find(|f| f["code"] == code)
        .unwrap_or_else(|| panic!("no {code} among {:?}", codes(check)))
}
