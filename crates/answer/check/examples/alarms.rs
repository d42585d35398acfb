//! False alarms and power of the audit: how often each finding is made of simulated sweeps without fault, and how often a
//! planted fault is named.
//!
//! ```sh
//! cargo run -p isoflop-check --example alarms -- 200 docs/alarms.md
//! ```
#![expect(
    clippy::print_stdout,
    reason = "a program for the command line: without a second argument the page is what it prints"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use isoflop_base::Severity;
use isoflop_check::{Check, Checked, check};
use isoflop_data::RunTable;
use isoflop_fit::{FitOptions, Uncertainty, fit};
use isoflop_law::Law;
use isoflop_testkit::sweeps::{DESIGNS, FAULTS, Fault, clean};
use rayon::prelude::*;

fn main() {
    let mut words = std::env::args().skip(1);
    let tables = words.next().and_then(|w| w.parse().ok()).unwrap_or(200u64);
    let page = page(tables);
    match words.next() {
        Some(file) => std::fs::write(&file, page).unwrap_or_else(|e| panic!("{file}: {e}")),
        None => println!("{page}"),
    }
}

fn audit(law: &Law, table: &RunTable) -> Option<Check> {
    let options = FitOptions {
        uncertainty: Uncertainty::Bootstrap {
            resamples: RESAMPLES,
        },
        ..FitOptions::default()
    };
    let what = Checked {
        law,
        table: Some(table),
        options: &options,
        points: &[],
        rivals: &[],
        backtest: None,
        changed: &[],
    };
    check(&what, fit(law, table, &options)).ok()
}

/// How often each finding was made, by code: as a warning or worse, and at all.
type Counts = BTreeMap<String, (usize, usize)>;

/// Resamples of each fit: findings hang on how intervals are made, hardly on their last digit.
const RESAMPLES: usize = 200;
/// Tables of a design without fault to one of a planted fault: shares near one half need fewer.
const FEWER: u64 = 4;

/// Tables with any warning.
const STRICT: &str = "any warning";

fn count(tables: u64, sweep: impl Fn(u64) -> RunTable + Sync) -> Counts {
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    let checks: Vec<Option<Check>> = (0..tables)
        .into_par_iter()
        .map(|seed| audit(&law, &sweep(seed)))
        .collect();
    let mut counts = Counts::new();
    for check in checks {
        let Some(check) = check else {
            counts.entry("no answer".to_owned()).or_default().0 += 1;
            continue;
        };
        let mut codes: Vec<(&str, bool)> = check
            .findings
            .iter()
            .map(|f| (f.code.as_str(), f.severity >= Severity::Warning))
            .collect();
        codes.sort_unstable();
        codes.reverse();
        codes.dedup_by_key(|c| c.0);
        for (code, grave) in codes {
            let own = counts.entry(code.to_owned()).or_default();
            own.0 += usize::from(grave);
            own.1 += 1;
        }
        counts.entry(STRICT.to_owned()).or_default().0 += usize::from(check.says_no());
    }
    counts
}

fn page(tables: u64) -> String {
    let faulty = (tables / FEWER).max(1);
    let clean: Vec<(&str, Counts)> = DESIGNS
        .iter()
        .map(|d| (*d, count(tables, |seed| clean(d, seed).table())))
        .collect();
    let mut out = format!(
        "# False alarms and power of the audit\n\nHow often `isoflop check` makes a finding of simulated sweeps, in per cent of {tables} \
         tables a design, {faulty} a planted fault, with {RESAMPLES} resamples, all else as by default, and no backtest. Written by\n\n\
         ```sh\ncargo xtask alarms {tables}\n```\n\nThe standard error of a share of 5 % is {:.1} for a design and {:.1} for all together; of one \
         of 50 % of the tables with a fault {:.0}. [findings.md](findings.md) explains the findings.\n\n{HOW}",
        error(0.05, tables),
        error(0.05, tables * DESIGNS.len() as u64),
        error(0.5, faulty)
    );
    out.push_str(&alarms(&clean, tables));
    out.push_str(&power(faulty));
    out
}

/// Standard error of a share of so many tables, in per cent.
fn error(share: f64, tables: u64) -> f64 {
    100.0 * (share * (1.0 - share) / tables as f64).sqrt()
}

/// What stands above the tables.
const HOW: &str = "\
Without fault means: the loss follows `L = E + A/N^alpha + B/D^beta` (three sets of coefficients in turn), the noise is \
normal, 0.4 % of the loss everywhere and independent from row to row. `grid20` and `grid40` are grids of 5 × 4 and 8 × 5 \
sizes and ratios of tokens to params, `isoflop42` six budgets of seven sizes, `random30` and `chin240` runs at random \
ratios, `seeds60` three independent seeds a setting, `recorded54` a grid with a dozen further columns that make no \
difference, `rounded56` losses of three decimals.

Every rule keeps its own level: a test of residuals errs in one table of a hundred (uneven noise: two), whatever number \
of runs, sizes, axes or columns it looks at, by one joint test or by Bonferroni's bound. So a rule warns of at most one \
in twenty tables without fault; of all rules together some warn of the share in the last line.
";

/// The table of sweeps without fault: warnings, and notes behind a plus.
fn alarms(clean: &[(&str, Counts)], tables: u64) -> String {
    let mut out = String::from(
        "\n## Sweeps without fault\n\nShare of tables with a warning; behind a plus, with a note of that name only.\n\n| finding |",
    );
    for (name, _) in clean {
        let _ = write!(out, " {name} |");
    }
    let _ = writeln!(out, " all |\n|---|{}", "---|".repeat(clean.len() + 1));
    let mut codes: Vec<&String> = clean.iter().flat_map(|(_, c)| c.keys()).collect();
    codes.sort();
    codes.dedup();
    codes.retain(|c| *c != STRICT);
    for code in codes {
        let _ = write!(out, "| `{code}` |");
        let (mut pooled, mut pooled_all) = (0, 0);
        for (_, counts) in clean {
            let (grave, all) = counts.get(code).copied().unwrap_or_default();
            (pooled, pooled_all) = (pooled + grave, pooled_all + all);
            let _ = write!(out, " {} |", told(grave, all, tables));
        }
        let _ = writeln!(
            out,
            " {} |",
            told(pooled, pooled_all, tables * clean.len() as u64)
        );
    }
    let _ = write!(out, "| any warning (`--strict` says no) |");
    let mut pooled = 0;
    for (_, counts) in clean {
        let (any, _) = counts.get(STRICT).copied().unwrap_or_default();
        pooled += any;
        let _ = write!(out, " {} |", percent(any, tables));
    }
    let _ = writeln!(out, " {} |", percent(pooled, tables * clean.len() as u64));
    out
}

/// The share with a warning; behind a plus, the share with a note only.
fn told(grave: usize, all: usize, tables: u64) -> String {
    let note = if all > grave {
        format!(" + {}", percent(all - grave, tables))
    } else {
        String::new()
    };
    format!("{}{note}", percent(grave, tables))
}

/// What the table of planted faults cannot say.
const LOW: &str = "\
A fault that is not named is not shown to be absent: on sweeps of twenty runs, which leave fifteen degrees of freedom, \
noise 7.5 times as large at one end passes about as often as it is named (a test by restricted likelihood names it hardly \
more often), and so does a bend in the exponent of D on six budgets. Intervals from resampled rows, the default, allow for \
uneven noise whether it is named or not.";

/// The table of planted faults.
fn power(tables: u64) -> String {
    let mut out = format!(
        "\n## Planted faults\n\nShare of tables in which the fault is named, by a warning or a note; other warnings of more than one table in ten \
         stand beside it. {LOW}\n\n| fault | finding | design | named | other warnings |\n|---|---|---|---|---|\n",
    );
    for fault in FAULTS {
        for (design, _) in fault.designs {
            let counts = count(tables, |seed| fault.sweep(design, 10_000 + seed).table());
            let _ = writeln!(out, "{}", row(fault, design, &counts, tables));
        }
    }
    out
}

fn row(fault: &Fault, design: &str, counts: &Counts, tables: u64) -> String {
    let codes: Vec<String> = fault.codes.iter().map(|c| format!("`{c}`")).collect();
    // Two findings may name one fault in the same table, or in different ones: the larger share is a lower bound.
    let named = fault
        .codes
        .iter()
        .map(|c| counts.get(*c).map_or(0, |n| n.1))
        .max();
    let others: Vec<String> = counts
        .iter()
        .filter(|(c, n)| {
            *c != STRICT && !fault.codes.contains(&c.as_str()) && n.0 as u64 * 10 > tables
        })
        .map(|(c, n)| format!("`{c}` {}", percent(n.0, tables)))
        .collect();
    format!(
        "| {} | {} | {design} | {} | {} |",
        fault.name,
        codes.join(" or "),
        percent(named.unwrap_or(0), tables),
        others.join(", ")
    )
}

fn percent(count: usize, tables: u64) -> String {
    let share = 100.0 * count as f64 / tables as f64;
    if share == 0.0 {
        "–".to_owned()
    } else {
        format!("{share:.1}")
    }
}
