//! False alarms and power of the audit on simulated sweeps: the small version of docs/alarms.md.

use crate::support::{chinchilla, quick};
use isoflop_base::{Diagnostics, Severity};
use isoflop_check::{Check, Checked, check};
use isoflop_data::RunTable;
use isoflop_fit::fit;
use isoflop_testkit::sweeps::{DESIGNS, FAULTS, Fault, clean};
use std::collections::BTreeMap;

/// Tables of each design.
const TABLES: u64 = 12;
/// Tables of each design with a fault.
const FAULTY: u64 = 4;
/// Probability below which fewer named faults are no chance.
const CHANCE: f64 = 1e-3;

fn audit(table: &RunTable) -> Result<Check, Diagnostics> {
    let (law, options) = (chinchilla(), quick());
    let what = Checked {
        law: &law,
        table: Some(table),
        options: &options,
        points: &[],
        rivals: &[],
        backtest: None,
        changed: &[],
    };
    check(&what, fit(&law, table, &options))
}

/// No rule warns of more than one table in twenty. Rules err in one of a hundred: of 96 tables that is seven or more with
/// probability 4e-5.
#[test]
fn no_rule_warns_often_of_sweeps_without_fault() {
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for design in DESIGNS {
        for seed in 0..TABLES {
            let check = audit(&clean(design, seed).table()).expect("a check");
            let grave = |f: &&isoflop_check::Finding| f.severity >= Severity::Warning;
            for finding in check.findings.iter().filter(grave) {
                let place = format!("{design} {seed}");
                told.entry(finding.code.clone()).or_default().push(place);
            }
        }
    }
    assert!(told.values().all(|tables| tables.len() <= 6), "{told:#?}");
}

/// Each fault is named as often as the table of faults promises, but for what chance does to so few tables.
#[test]
fn planted_faults_are_named_as_often_as_promised() {
    let mut missed = Vec::new();
    for fault in FAULTS {
        let found: usize = fault.designs.iter().map(|d| named(fault, d.0)).sum();
        let promised = fault.designs.iter().flat_map(|d| [d.1; FAULTY as usize]);
        if chance_of_at_most(found, promised) < CHANCE {
            let of = fault.designs.len() * FAULTY as usize;
            missed.push(format!("{}: {found} of {of}", fault.name));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Tables of a design in which a fault is named.
fn named(fault: &Fault, design: &str) -> usize {
    let names = |seed: &u64| {
        match audit(&fault.sweep(design, 1000 + seed).table()) {
            Ok(check) => {
                let mut codes = check.findings.iter().map(|f| f.code.as_str());
                codes.any(|code| fault.codes.contains(&code))
            }
            // Perplexities of hundreds of thousands among losses are refused before anything is asked.
            Err(refused) => refused.0.iter().all(|d| d.code == "impossible-number"),
        }
    };
    (0..FAULTY).filter(names).count()
}

/// The probability of at most so many successes in trials with these probabilities.
fn chance_of_at_most(found: usize, promised: impl Iterator<Item = f64>) -> f64 {
    let mut of = vec![1.0];
    for p in promised {
        let mut next = vec![0.0; of.len() + 1];
        for (k, q) in of.iter().enumerate() {
            next[k] += q * (1.0 - p);
            next[k + 1] += q * p;
        }
        of = next;
    }
    of.iter().take(found + 1).sum()
}

#[test]
fn chance_is_that_of_a_binomial() {
    assert!((chance_of_at_most(1, [0.5; 4].into_iter()) - 5.0 / 16.0).abs() < 1e-12);
}
