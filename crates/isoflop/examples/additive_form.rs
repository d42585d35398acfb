//! Is the additive form right? The test of the outer exponent on public sweeps: writes docs/stories/additive-form.md.
//!
//! ```sh
//! cargo run --release -p isoflop --example additive_form -- DATA [OUT.md]
//! ```
//!
//! DATA is the folder of public runs. Some seconds.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use isoflop::{
    BacktestOptions, Candidate, Copies, FitOptions, FormTest, Input, Law, Objective, ReadOptions,
    RunTable, extrapolation, form_test, read,
};

/// A sweep: its name, file, filter of rows, and columns of params, tokens and loss.
type Sweep = (&'static str, &'static str, &'static str, [&'static str; 3]);

const PLAIN: [&str; 3] = ["params", "tokens", "loss"];
const SWEEPS: [Sweep; 12] = [
    (
        "Chinchilla (Epoch AI)",
        "chinchilla_epoch/chinchilla.csv",
        "loss < 3.44",
        PLAIN,
    ),
    (
        "Chinchilla (ml-scalefit)",
        "isoflops/isoflops.csv",
        "experiment == \"ml_scalefit__massivetext__chinchilla\"",
        PLAIN,
    ),
    (
        "(Mis)fitting, all parameters",
        "misfitting_runs/final.csv",
        "",
        PLAIN,
    ),
    (
        "(Mis)fitting, without embeddings",
        "misfitting_runs/final.csv",
        "",
        ["params_non_embedding", "tokens", "loss"],
    ),
    (
        "Porian et al., tuned",
        "porian_refinedweb/isoflop_points.csv",
        "experiment == \"rw_5_tuned_no_decay\"",
        PLAIN,
    ),
    (
        "Porian et al., cosine",
        "porian_refinedweb/isoflop_points.csv",
        "experiment == \"rw_4_cosine_decay\"",
        PLAIN,
    ),
    (
        "Gadre et al., C4",
        "gadre_overtraining/models.csv",
        "train_data == \"C4\"",
        ["params", "tokens", "loss_c4_val"],
    ),
    (
        "Gadre et al., RedPajama",
        "gadre_overtraining/models.csv",
        "train_data == \"RedPajama\"",
        ["params", "tokens", "loss_c4_val"],
    ),
    (
        "Gadre et al., RefinedWeb",
        "gadre_overtraining/models.csv",
        "train_data == \"RefinedWeb\"",
        ["params", "tokens", "loss_c4_val"],
    ),
    (
        "Muennighoff et al., one epoch",
        "datablations/runs.csv",
        "epochs <= 1.01",
        PLAIN,
    ),
    (
        "Farseer",
        "sldbench-dev/farseer/train.csv",
        "",
        ["N", "D", "loss"],
    ),
    (
        "Fantastic optimizers, AdamW",
        "fantastic_optimizers/cells.csv",
        "optimizer == \"adamw\"",
        ["params", "chinchilla", "loss"],
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(data) = arguments.first().map(Path::new) else {
        eprintln!("usage: additive_form DATA [OUT.md]");
        return ExitCode::from(2);
    };
    let text = page(data);
    match arguments.get(1) {
        Some(out) => std::fs::write(out, text).expect("the page can be written"),
        None => println!("{text}"),
    }
    ExitCode::SUCCESS
}

/// The sweep's runs, under the names that the law knows.
fn runs(data: &Path, sweep: &Sweep) -> RunTable {
    let (name, file, filter, columns) = sweep;
    let options = ReadOptions {
        filter: (!filter.is_empty()).then(|| (*filter).to_owned()),
        copies: Copies::Keep,
        ..ReadOptions::default()
    };
    let path = data.join(file);
    let input = Input::from_arg(path.to_str().expect("a path in UTF-8"));
    let table = read(&[input], &options).unwrap_or_else(|e| panic!("{name}: {e}"));
    let of = |column: &str| -> Vec<f64> {
        let found = table.column(column).and_then(|c| c.numbers());
        found.unwrap_or_else(|| panic!("{name}: {column}")).to_vec()
    };
    let [params, tokens, loss] = columns.map(of);
    // This file gives data as multiples of 20 tokens a parameter.
    let tokens: Vec<f64> = if columns[1] == "chinchilla" {
        params
            .iter()
            .zip(&tokens)
            .map(|(n, m)| 20.0 * n * m)
            .collect()
    } else {
        tokens
    };
    let columns: [(&str, &[f64]); 3] = [("params", &params), ("tokens", &tokens), ("loss", &loss)];
    RunTable::from_columns(name, &columns).keeping_copies()
}

/// Held-out errors of both forms over the same cuts.
fn held_out(table: &RunTable, options: &FitOptions) -> Option<(f64, f64)> {
    let (own, outer) = (
        Law::builtin("chinchilla").ok()?,
        Law::builtin("outer-exponent").ok()?,
    );
    let laws = [
        Candidate {
            name: "additive",
            law: &own,
        },
        Candidate {
            name: "outer",
            law: &outer,
        },
    ];
    let found = extrapolation(&laws, table, options, &BacktestOptions::default()).ok()?;
    let error = |law: &str| {
        let ranked = found.ranking.iter().find(|r| r.law == law);
        ranked.map(|r| r.rmse_log)
    };
    Some((error("additive")?, error("outer")?))
}

fn page(data: &Path) -> String {
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    let options = FitOptions {
        objective: Some(Objective::parse("squared-log").expect("parses")),
        ..FitOptions::default()
    };
    let mut rows = Vec::new();
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for sweep in &SWEEPS {
        let table = runs(data, sweep);
        let Some(test) = form_test(&law, &table, &options) else {
            continue;
        };
        let held = held_out(&table, &options);
        rows.push(row(sweep.0, &test, held));
        found.push(test);
        errors.extend(held);
    }
    let against = found.iter().filter(|t| t.p < 0.05).count();
    let below = found.iter().filter(|t| t.interval.1 < 1.0).count();
    let open = found.iter().filter(|t| !t.floor_identified).count();
    let mut text = format!(
        "# Is the additive form right?\n\nWritten by `cargo run --release -p isoflop --example additive_form -- DATA`.\n\n\
         `L = E + A/N^alpha + B/D^beta` adds what is lost for want of size and for want of data. `L = E + (A/N^alpha + B/D^beta)^k` \
         has one number more and is the same law at k = 1. {against} of {} public sweeps speak against k = 1 at 5 %, {below} of \
         them for a k below 1. In {open} sweeps E is no longer identified once k is free: the runs do not say what loss no model \
         will go below.\n\n\
         p: F test of a Huber fit of ln L, δ 1.5 standard deviations; runs count as independent, and checkpoints or seeds that \
         share a run make p too small. Intervals of k are those of the same test at 5 %. a = beta/(alpha + beta); N\\*: optimal \
         parameters at 100 times the compute of the largest run; held-out error: root mean square of ln(predicted/observed) \
         over the cuts of `isoflop check`, least squares on ln L.\n\n",
        found.len()
    );
    text.push_str(
        "| runs | n | k [95 %] | p | E additive | E, k free (over the interval of k) | a additive → k free | N\\* at 100 × \
         additive → k free | held-out error additive → k free |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text.push_str(&changes(&found, &errors));
    text.push_str(
        "\nOn one's own runs: `isoflop check runs.csv --law chinchilla` prints the test, and the backtest of both forms.\n",
    );
    text
}

/// What the exponent changes, in words.
fn changes(found: &[FormTest], errors: &[(f64, f64)]) -> String {
    let range = |values: Vec<f64>| {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (low, high)
    };
    let moved = range(
        found
            .iter()
            .map(|t| t.exponent - t.exponent_additive)
            .collect(),
    );
    let sizes = found.iter().filter_map(|t| t.budgets.last());
    let sizes = range(sizes.map(|b| b.params / b.params_additive).collect());
    let better = errors.iter().filter(|(own, outer)| outer < own).count();
    let known = || found.iter().filter(|t| t.floor_identified);
    let lower = known().filter(|t| t.floor < t.floor_additive).count();
    format!(
        "\n## What it changes\n\nk itself moves the loss and not the optimum: where A/N^alpha + B/D^beta is smallest, any power of it \
         is. What moves the plan is that alpha and beta are other numbers once k is free. a changes by {:+.3} to {:+.3}, and N\\* at \
         100 times the largest run by a factor of {:.2} to {:.2}. E is lower with k free in {lower} of the {} sweeps that identify \
         it.\n\nThe form with k has the smaller held-out error in {better} of {} sweeps only. A test that says no to k = 1 says that \
         the additive form does not describe these runs, and not that the wider form foretells larger ones better: a number more \
         is a number to be wrong about beyond the runs.\n",
        moved.0,
        moved.1,
        sizes.0,
        sizes.1,
        known().count(),
        errors.len()
    )
}

fn row(name: &str, t: &FormTest, held: Option<(f64, f64)>) -> Vec<String> {
    let far = t.budgets.last();
    let floor = if t.floor_identified {
        format!(
            "{:.3} ({:.3} to {:.3})",
            t.floor, t.floor_range.0, t.floor_range.1
        )
    } else {
        format!(
            "not identified ({:.3} to {:.3})",
            t.floor_range.0, t.floor_range.1
        )
    };
    vec![
        name.to_owned(),
        t.n.to_string(),
        format!("{:.2} [{:.2}, {:.2}]", t.k, t.interval.0, t.interval.1),
        if t.p < 1e-4 {
            "< 0.0001".to_owned()
        } else {
            format!("{:.4}", t.p)
        },
        format!("{:.3}", t.floor_additive),
        floor,
        format!("{:.3} → {:.3}", t.exponent_additive, t.exponent),
        far.map_or(String::new(), |b| {
            format!("{:.2e} → {:.2e}", b.params_additive, b.params)
        }),
        held.map_or("–".to_owned(), |(a, b)| format!("{a:.4} → {b:.4}")),
    ]
}
