//! A backtest each of seven public collections of runs.

use std::fmt::Write as _;
use std::path::Path;

use isoflop::{
    BacktestOptions, COMBINED, Candidate, Copies, FitOptions, Input, Law, ReadOptions,
    extrapolation, read,
};

/// A collection and the laws that are asked about it.
struct Ask {
    folder: &'static str,
    file: &'static str,
    filter: &'static str,
    map: &'static [(&'static str, &'static str)],
    laws: &'static [&'static str],
    axis: Option<&'static str>,
}

const ASKED: [Ask; 7] = [
    Ask {
        folder: "chinchilla_epoch",
        file: "chinchilla.csv",
        filter: "loss < 3.44",
        map: &[],
        laws: &["chinchilla", "chinchilla-tied", "outer-exponent"],
        axis: None,
    },
    Ask {
        folder: "misfitting_runs",
        file: "final.csv",
        filter: "",
        map: &[],
        laws: &["chinchilla", "chinchilla-tied", "outer-exponent"],
        axis: None,
    },
    Ask {
        folder: "isoflops",
        file: "isoflops.csv",
        filter: "experiment == \"ml_scalefit__massivetext__chinchilla\"",
        map: &[],
        laws: &["chinchilla", "chinchilla-tied", "outer-exponent"],
        axis: None,
    },
    Ask {
        folder: "porian_refinedweb",
        file: "isoflop_points.csv",
        filter: "experiment == \"rw_5_tuned_no_decay\"",
        map: &[],
        laws: &["chinchilla", "chinchilla-tied", "outer-exponent"],
        axis: None,
    },
    Ask {
        folder: "gadre_overtraining",
        file: "models.csv",
        filter: "train_data == \"C4\"",
        map: &[("loss", "loss_c4_val")],
        laws: &["chinchilla", "chinchilla-tied", "outer-exponent"],
        axis: None,
    },
    Ask {
        folder: "datablations",
        file: "runs.csv",
        filter: "in_authors_fit",
        map: &[],
        laws: &["chinchilla", "data-constrained"],
        axis: None,
    },
    Ask {
        folder: "learning_curves",
        file: "curves.csv",
        filter: "run == \"GPT2-2.80B-c4-1.0\"",
        map: &[("x", "tokens"), ("y", "loss")],
        laws: &["m4", "bnsl1", "bnsl2", "power-floor"],
        axis: None,
    },
];

pub fn write(text: &mut String, data: &Path) {
    let _ = writeln!(
        text,
        "\n## Backtests\n\nWhat `isoflop check` says of seven collections: the largest runs held out at up to six cuts. \
         Error: mean square over the runs of each cut, mean over cuts. Inside: share of the runs held out within the \
         interval widened by what the smaller cuts had shown, mean over cuts."
    );
    let mut rows = Vec::new();
    for ask in &ASKED {
        rows.extend(one(data, ask));
    }
    super::table(
        text,
        &[
            "runs",
            "law",
            "cuts",
            "farthest (orders)",
            "error",
            "bias",
            "CRPS",
            "inside 50 %",
            "80 %",
            "95 %",
            "widening per decade",
            "weight",
        ],
        &rows,
    );
}

fn one(data: &Path, ask: &Ask) -> Vec<Vec<String>> {
    let path = data.join(ask.folder).join(ask.file);
    let reader = ReadOptions {
        filter: (!ask.filter.is_empty()).then(|| ask.filter.to_owned()),
        map: ask
            .map
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect(),
        copies: Copies::Once,
        ..ReadOptions::default()
    };
    let input = Input::from_arg(path.to_str().expect("a path in UTF-8"));
    let table = read(&[input], &reader).unwrap_or_else(|e| panic!("{}: {e}", ask.folder));
    let laws: Vec<(&str, Law)> = ask
        .laws
        .iter()
        .map(|id| (*id, Law::builtin(id).expect("in the catalogue")))
        .collect();
    let candidates: Vec<Candidate<'_>> = laws
        .iter()
        .map(|(name, law)| Candidate { name, law })
        .collect();
    let how = BacktestOptions {
        axis: ask.axis.map(str::to_owned),
        ..BacktestOptions::default()
    };
    let options = FitOptions::default();
    let found = extrapolation(&candidates, &table, &options, &how)
        .unwrap_or_else(|e| panic!("{}: {e}", ask.folder));
    assert!(
        found.not_judged.is_empty(),
        "{}: {:?}",
        ask.folder,
        found.not_judged
    );
    let mut first = true;
    found
        .ranking
        .iter()
        .map(|r| {
            let own: Vec<_> = found.backtest.iter().filter(|c| c.law == r.law).collect();
            let mean = |pick: &dyn Fn(&isoflop::Cut) -> f64| {
                own.iter().map(|c| pick(c)).sum::<f64>() / own.len() as f64
            };
            let inside = |level: &str| {
                let share = mean(&|c| {
                    let at = c.coverage_widened.iter().find(|(l, _)| l == level);
                    at.map_or(f64::NAN, |(_, s)| *s)
                });
                format!("{share:.2}")
            };
            let widening = found.widening.iter().find(|w| w.law == r.law);
            let runs = if std::mem::take(&mut first) {
                ask.folder
            } else {
                ""
            };
            vec![
                runs.to_owned(),
                if r.baseline {
                    format!("({})", r.law)
                } else if r.law == COMBINED {
                    "**combined**".to_owned()
                } else {
                    r.law.clone()
                },
                r.cuts.to_string(),
                format!("{:.2}", own.iter().map(|c| c.farthest).fold(0.0, f64::max)),
                format!("{:.4}", r.rmse_log),
                format!("{:+.4}", mean(&|c| c.bias_log)),
                format!("{:.4}", mean(&|c| c.crps)),
                inside("0.5"),
                inside("0.8"),
                inside("0.95"),
                widening.map_or(String::new(), |w| format!("{:.3}", w.per_decade)),
                r.weight.map_or(String::new(), |w| format!("{w:.2}")),
            ]
        })
        .collect()
}
