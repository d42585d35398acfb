//! Surfaces: loss by size and tokens, and error through loss.

use isoflop::{Fit, Point, predict, predict_through};

use super::book::{Book, Ends, Rule, evidence};
use super::setup::{Ask, Setup, ends, least, value};

pub fn answer(book: &mut Book, setup: &Setup) {
    chinchilla(book, setup);
    isoflops(book, setup);
    misfitting(book, setup);
    gadre(book, setup);
    book.rest(
        "learning_curves",
        "a protocol and an error level: `check` will score it",
    );
}

fn all(fit: &Fit, names: &[&str]) -> Vec<f64> {
    names.iter().map(|n| value(fit, n)).collect()
}

const FIVE: [&str; 5] = ["A", "B", "E", "alpha", "beta"];

/// The objective of a fit (Huber, δ = 1e-3, logarithms) at other coefficients of the same law, in the order of `FIVE`.
fn objective_at(fit: &Fit, coefs: [f64; 5]) -> f64 {
    const DELTA: f64 = 1e-3;
    let input = |name: &str| {
        let found = fit.points.inputs.iter().find(|(n, _)| n == name);
        &found.expect("the law has N and D").1
    };
    let (n, d) = (input("N"), input("D"));
    let [a, b, e, alpha, beta] = coefs;
    (0..fit.n)
        .map(|i| {
            let loss = e + a / n[i].powf(alpha) + b / d[i].powf(beta);
            let r = (fit.points.response[i].ln() - loss.ln()).abs();
            if r <= DELTA {
                0.5 * r * r
            } else {
                DELTA * (r - 0.5 * DELTA)
            }
        })
        .sum()
}

/// How far above the minimum of its own objective a published point lies.
fn above(fit: &Fit, coefs: [f64; 5]) -> String {
    let theirs = objective_at(fit, coefs);
    format!(
        "the objective at their point is {theirs:.9}, {:.0e} relative above ours",
        theirs / fit.objective.value - 1.0
    )
}

/// The same of a point printed as ln A, ln B, ln E, alpha and, unless it is tied to alpha, beta.
fn above_logs(fit: &Fit, theirs: &[f64]) -> String {
    let scales = [0, 1, 2].map(|k: usize| theirs[k].exp());
    let beta = theirs.get(4).unwrap_or(&theirs[3]);
    above(fit, [scales[0], scales[1], scales[2], theirs[3], *beta])
}

/// The numbers printed in a row.
pub fn printed(book: &Book, folder: &str, quantity: &str) -> Vec<f64> {
    let line = book
        .lines
        .iter()
        .find(|l| l.folder == folder && l.quantity.starts_with(quantity));
    let numbers = super::book::numbers(&line.expect("a row").value);
    numbers.iter().map(|p| p.value).collect()
}

fn chinchilla(book: &mut Book, setup: &Setup) {
    let folder = "chinchilla_epoch";
    let base = Ask {
        file: "chinchilla_epoch/chinchilla.csv",
        law: "chinchilla",
        filter: "loss < 3.44",
        objective: "abs-log",
        ..Ask::default()
    };
    // Four of the five headline numbers are those of absolute deviations, as the fifth is rounded.
    let lad = setup.fit(&base);
    for name in FIVE {
        let rule = Rule::Near(
            1e-5,
            "the authors' solver stops at 2085.43420, the certified optimum of the same objective rounds to 2085.44",
        );
        book.answer(folder, name, &[value(&lad, name)], &rule, &evidence(&lad));
    }
    let tpp = "tpp = (5.88e23/6)^((alpha-beta)/(alpha+beta)) / (alpha*A/(beta*B))^(2/(alpha+beta))";
    let huber = setup.fit(&Ask {
        objective: "huber-log:1e-3",
        uncertainty: "bootstrap:4000",
        derive: &["a = beta/(alpha+beta)", tpp],
        ..base.clone()
    });
    for name in FIVE {
        book.interval(
            folder,
            &format!("{name} 95% CI"),
            &[],
            &Ends {
                found: ends(&huber, name),
                share: 0.06,
                why: "the Monte Carlo error of the ends is larger than expected",
            },
            &format!("{}, 4,000 resamples, each certified", evidence(&huber)),
        );
    }
    book.answer(
        folder,
        "a = beta/(alpha+beta)",
        &[value(&huber, "a")],
        &Rule::Digits,
        &evidence(&huber),
    );
    let grid = printed(book, folder, "L-BFGS grid optimum");
    let why = above(&huber, [grid[0], grid[1], grid[2], grid[3], grid[4]]);
    book.answer(
        folder,
        "L-BFGS grid optimum",
        &all(&huber, &FIVE),
        &Rule::Near(3e-4, &why),
        &evidence(&huber),
    );
    book.answer(
        folder,
        "Huber objective at the optimum",
        &[huber.objective.value],
        &Rule::AtMost,
        &evidence(&huber),
    );
    book.answer(
        folder,
        "tokens per parameter at C=5.88e23, refit",
        &[value(&huber, "tpp")],
        &Rule::Digits,
        &evidence(&huber),
    );
    let whole = setup.fit(&Ask {
        filter: "",
        objective: "huber-log:1e-3",
        derive: &["lnA = ln(A)", "lnB = ln(B)", "lnE = ln(E)"],
        ..base
    });
    book.answer(
        folder,
        "Huber objective optimum, all 245",
        &[whole.objective.value],
        &Rule::Digits,
        &evidence(&whole),
    );
    let theirs = printed(book, folder, "A,B,E,alpha,beta with all 245");
    let why = above_logs(&whole, &theirs);
    book.answer(
        folder,
        "A,B,E,alpha,beta with all 245",
        &all(&whole, &["lnA", "lnB", "lnE", "alpha", "beta"]),
        &Rule::Known(&format!("{why}: it is not the minimum")),
        &evidence(&whole),
    );
    book.not_a_fit(
        folder,
        "Hoffmann et al. parameters",
        "published coefficients: `laws show chinchilla`",
    );
    book.not_a_fit(
        folder,
        "chi2(5)",
        "a test of published coefficients against a fit",
    );
}

fn isoflops(book: &mut Book, setup: &Setup) {
    let folder = "isoflops";
    for experiment in [
        "epochai_chinchilla__massivetext__chinchilla",
        "misfitting__fineweb_c4__transformer",
        "ml_scalefit__massivetext__chinchilla",
    ] {
        let fit = setup.fit(&Ask {
            file: "isoflops/isoflops.csv",
            law: "chinchilla",
            filter: &format!("experiment == \"{experiment}\" and not flagged_outlier"),
            objective: "huber-log:1e-3",
            derive: &["a = beta/(alpha+beta)"],
            ..Ask::default()
        });
        book.answer(
            folder,
            &format!("{experiment}: Approach 3"),
            &all(&fit, &["A", "B", "E", "alpha", "beta", "a"]),
            &Rule::Near(6e-4, "their BFGS stops a little above the minimum"),
            &evidence(&fit),
        );
    }
    let part = "217 points, of which this folder holds 124";
    book.not_a_fit(folder, "apple/ml-scalefit parametric fit (MSE)", part);
    book.not_a_fit(folder, "apple/ml-scalefit parametric fit (Huber)", part);
    let original = "fits of the original runs, which were not published";
    book.not_a_fit(folder, "Chinchilla Approach 2", original);
    book.not_a_fit(folder, "Chinchilla Approach 1 / 3", original);
}

fn misfitting(book: &mut Book, setup: &Setup) {
    let folder = "misfitting_runs";
    let base = Ask {
        file: "misfitting_runs/final.csv",
        law: "chinchilla",
        objective: "huber-log:1e-3",
        derive: &["lnA = ln(A)", "lnB = ln(B)", "lnE = ln(E)"],
        ..Ask::default()
    };
    let full = setup.fit(&base);
    let theirs = printed(book, folder, "Hoffmann form on final checkpoints");
    let why = above_logs(&full, &theirs);
    book.answer(
        folder,
        "Hoffmann form on final checkpoints",
        &all(&full, &["lnA", "lnB", "lnE", "alpha", "beta"]),
        &Rule::Near(5e-4, &why),
        &evidence(&full),
    );
    book.answer(
        folder,
        "Huber objective at that optimum",
        &[full.objective.value],
        &Rule::Near(1e-6, "rounding of the printed objective"),
        &evidence(&full),
    );
    let tied = setup.fit(&Ask {
        coefs: &["beta = alpha"],
        ..base.clone()
    });
    let theirs = printed(book, folder, "alpha=beta tied fit");
    let why = above_logs(&tied, &theirs);
    book.answer(
        folder,
        "alpha=beta tied fit",
        &all(&tied, &["lnA", "lnB", "lnE", "alpha"]),
        &Rule::Near(3e-4, &why),
        &evidence(&tied),
    );
    let every = setup.fit(&Ask {
        file: "misfitting_runs/checkpoints.csv",
        ..base.clone()
    });
    book.answer(
        folder,
        "All 4852 checkpoints",
        &all(&every, &FIVE),
        &Rule::Near(2e-3, "the collector's fit was a quick one"),
        &evidence(&every),
    );
    let table = least(&setup.table(&base), ["params", "tokens"], "loss");
    let best = setup.fit_table(&table, &base);
    book.answer(
        folder,
        "Best learning rate per (params,tokens)",
        &all(&best, &FIVE),
        &Rule::Near(5e-3, "the collector's fit was a quick one"),
        &evidence(&best),
    );
    let two = "an interpolation between two budgets, a line through two points: `fit --recipe isoflop` over all budgets is in \
               the folder isoflops";
    book.not_a_fit(folder, "IsoFLOP fit: N_opt", two);
    book.not_a_fit(folder, "IsoFLOP fit: D_opt", two);
}

fn gadre(book: &mut Book, setup: &Setup) {
    let folder = "gadre_overtraining";
    let base = Ask {
        file: "gadre_overtraining/models.csv",
        law: "over-training",
        map: &[("loss", "loss_c4_val")],
        filter: "train_data == \"RedPajama\" and ((tokens_per_param == 20 and params < 1e9) or (tokens_per_param == 320 and \
                 params < 2e7))",
        objective: "squared",
        uncertainty: "covariance",
        ..Ask::default()
    };
    let loss = setup.fit(&base);
    let error = setup.fit(&Ask {
        law: "error-from-loss",
        map: &[("error", "err_avg_17"), ("L", "loss_c4_val")],
        filter: "train_data == \"RedPajama\" and ((tokens_per_param == 20 and params < 2e9) or (tokens_per_param == 320 and \
                 params < 2e7))",
        ..base.clone()
    });
    let targets = setup.table(&Ask {
        filter: "train_data == \"RedPajama\" and ((params > 1e9 and tokens_per_param == 640) or params > 6e9)",
        ..base
    });
    let column = |name: &str| {
        targets
            .column(name)
            .and_then(|c| c.numbers())
            .expect("numbers")
            .to_vec()
    };
    let (n, d) = (column("params"), column("tokens"));
    let (true_loss, true_error) = (column("loss_c4_val"), column("err_avg_17"));
    for (which, small) in [("1.4B, M=640", true), ("6.9B, M=20", false)] {
        let row = (0..n.len())
            .find(|i| (n[*i] < 2e9) == small)
            .expect("a target");
        let point = Point {
            at: vec![("N".to_owned(), n[row]), ("D".to_owned(), d[row])],
            levels: Vec::new(),
        };
        let alone = predict(&loss, std::slice::from_ref(&point), 0.95)
            .expect("predicts")
            .points[0]
            .value;
        let chain = predict_through(&error, &loss, &[point], 0.95)
            .expect("predicts")
            .points[0]
            .value;
        let off = |x: f64, truth: f64| 100.0 * (x / truth - 1.0).abs();
        book.answer(
            folder,
            &format!("relative error, predicted C4 eval loss of {which}"),
            &[off(alone, true_loss[row])],
            &Rule::Digits,
            &evidence(&loss),
        );
        book.answer(
            folder,
            &format!("relative error, predicted 17-task error of {which}"),
            &[off(chain, true_error[row])],
            &Rule::Digits,
            &format!("{}, through the loss law", evidence(&error)),
        );
    }
    book.rest(folder, "not re-read, or a count of models");
}
