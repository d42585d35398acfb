//! The audit of public sweeps: what `isoflop check` finds in each, in one page. DIR is a folder of tables, of which some
//! may not be shipped with the project.
//!
//! ```sh
//! cargo run --release -p isoflop --example audits -- DIR docs/audits.md
//! ```
#![expect(
    clippy::print_stdout,
    reason = "a program for the command line: without a second argument the page is what it prints"
)]

use std::fmt::Write as _;
use std::path::Path;

use isoflop::{
    Check, Checked, Diagnostics, FitOptions, Input, Law, ReadOptions, Severity, Uncertainty, check,
    fit, read,
};

/// A sweep: title, file, law, `--map`, `--where`.
struct Sweep {
    title: &'static str,
    file: &'static str,
    law: &'static str,
    map: &'static [(&'static str, &'static str)],
    filter: Option<&'static str>,
}

const SWEEP: Sweep = Sweep {
    title: "",
    file: "",
    law: "chinchilla",
    map: &[],
    filter: None,
};

const SWEEPS: &[Sweep] = &[
    Sweep {
        title: "Chinchilla points, all 245",
        file: "chinchilla_epoch/chinchilla.csv",
        ..SWEEP
    },
    Sweep {
        title: "Chinchilla points, the 240 of Besiroglu et al.",
        file: "chinchilla_epoch/chinchilla.csv",
        filter: Some("not excluded_in_refit"),
        ..SWEEP
    },
    Sweep {
        title: "IsoFLOP curves of three collections",
        file: "isoflops/isoflops.csv",
        ..SWEEP
    },
    Sweep {
        title: "(Mis)Fitting, every checkpoint",
        file: "misfitting_runs/checkpoints.csv",
        ..SWEEP
    },
    Sweep {
        title: "(Mis)Fitting, last checkpoints",
        file: "misfitting_runs/final.csv",
        ..SWEEP
    },
    Sweep {
        title: "Porian et al., five settings together",
        file: "porian_refinedweb/isoflop_points.csv",
        ..SWEEP
    },
    Sweep {
        title: "Porian et al., tuned and without decay",
        file: "porian_refinedweb/isoflop_points.csv",
        filter: Some("experiment == \"rw_5_tuned_no_decay\""),
        ..SWEEP
    },
    Sweep {
        title: "Muennighoff et al., repeated data",
        file: "datablations/runs.csv",
        ..SWEEP
    },
    Sweep {
        title: "Muennighoff et al., the law for repeated data on the authors' runs",
        file: "datablations/runs.csv",
        law: "data-constrained",
        filter: Some("in_authors_fit"),
        ..SWEEP
    },
    Sweep {
        title: "Gadre et al., loss on C4",
        file: "gadre_overtraining/models.csv",
        map: &[("loss", "loss_c4_val")],
        ..SWEEP
    },
    Sweep {
        title: "Step Law, dense models",
        file: "steplaw_dense/runs.csv",
        ..SWEEP
    },
    Sweep {
        title: "Sizes in millions in half of the rows",
        file: "messy/params_in_millions_half.csv",
        ..SWEEP
    },
    Sweep {
        title: "Nats, bits and perplexities in one column",
        file: "messy/mixed_loss_scales.csv",
        ..SWEEP
    },
    Sweep {
        title: "Steps in the column of tokens",
        file: "messy/steps_called_tokens.csv",
        ..SWEEP
    },
    Sweep {
        title: "Compute of the forward pass in some rows",
        file: "messy/flops_forward_only.csv",
        ..SWEEP
    },
    Sweep {
        title: "One model size",
        file: "messy/one_model_size.csv",
        ..SWEEP
    },
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let data = words.first().expect("DIR, a folder of tables");
    let page = page(Path::new(data));
    match words.get(1) {
        Some(file) => std::fs::write(file, page).unwrap_or_else(|e| panic!("{file}: {e}")),
        None => print!("{page}"),
    }
}

/// The page for a folder of tables.
pub fn page(data: &Path) -> String {
    let mut page = String::from(
        "# Audits of public sweeps\n\nWhat `isoflop check` finds in each, with 200 resamples for the intervals. \
         [findings.md](findings.md) explains the findings. Written by\n\n```sh\ncargo run --release -p isoflop --example audits \
         -- DIR docs/audits.md\n```\n\n| sweep | law | runs | errors | warnings | notes |\n|---|---|---|---|---|---|\n",
    );
    let checks: Vec<(&Sweep, Result<Check, Diagnostics>)> = SWEEPS
        .iter()
        .map(|sweep| (sweep, audit(data, sweep)))
        .collect();
    for (sweep, check) in &checks {
        let Ok(check) = check else {
            let _ = writeln!(
                page,
                "| {} | `{}` | refused | | | |",
                sweep.title, sweep.law
            );
            continue;
        };
        let of = |severity: Severity| {
            check
                .findings
                .iter()
                .filter(|f| f.severity == severity)
                .count()
        };
        let _ = writeln!(
            page,
            "| {} | `{}` | {} | {} | {} | {} |",
            sweep.title,
            sweep.law,
            check.n,
            of(Severity::Error),
            of(Severity::Warning),
            of(Severity::Info)
        );
    }
    for (sweep, check) in &checks {
        let _ = write!(page, "\n## {}\n\n", sweep.title);
        let filter = sweep
            .filter
            .map_or_else(String::new, |f| format!(", `--where '{f}'`"));
        let _ = writeln!(page, "`{}`{filter}\n", sweep.file);
        let check = match check {
            Ok(check) => check,
            Err(refused) => {
                for d in &refused.0 {
                    let _ = writeln!(page, "- refused, `{}`: {}", d.code, plain(&d.message));
                }
                continue;
            }
        };
        for f in &check.findings {
            let severity = match f.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "note",
            };
            let _ = writeln!(page, "- {severity} `{}`: {}", f.code, plain(&f.message));
        }
    }
    page
}

fn audit(data: &Path, sweep: &Sweep) -> Result<Check, Diagnostics> {
    let path = data.join(sweep.file);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let name = sweep.file.rsplit('/').next().unwrap_or(sweep.file);
    let input = Input::Reader {
        name: name.to_owned(),
        bytes,
    };
    let reader = ReadOptions {
        map: sweep
            .map
            .iter()
            .map(|(role, column)| ((*role).to_owned(), (*column).to_owned()))
            .collect(),
        filter: sweep.filter.map(str::to_owned),
        ..ReadOptions::default()
    };
    let table = read(&[input], &reader)?;
    let law = Law::builtin(sweep.law)?;
    let options = FitOptions {
        uncertainty: Uncertainty::Bootstrap { resamples: 200 },
        ..FitOptions::default()
    };
    let what = Checked {
        law: &law,
        table: Some(&table),
        options: &options,
        points: &[],
        rivals: &[],
        backtest: None,
        changed: &[],
    };
    check(&what, fit(&law, &table, &options))
}

/// Text that Markdown takes as it is; what stands in backquotes it takes anyhow.
fn plain(text: &str) -> String {
    let pieces = text.split('`').enumerate().map(|(k, piece)| {
        if k % 2 == 0 {
            piece.replace('*', "\\*").replace('_', "\\_")
        } else {
            piece.to_owned()
        }
    });
    pieces.collect::<Vec<_>>().join("`")
}
