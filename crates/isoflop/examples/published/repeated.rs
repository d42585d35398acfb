//! Loss when data are repeated, on the runs of Muennighoff et al. 2023.

use isoflop::{At, Fit, Law};

use super::book::{Book, Rule, evidence};
use super::setup::{Ask, Setup, value};

const FOLDER: &str = "datablations";

/// The C4 coefficients that the authors hold, digits of their code.
const HELD: [&str; 5] = [
    "E = 1.8691436784",
    "A = 520.82495166",
    "B = 1487.71609378",
    "alpha = 0.3526596",
    "beta = 0.3526596",
];

/// The data term alone: repeated tokens lose value, parameters do not.
const DATA_ONLY: &str = "loss = E + A / params^alpha + B / (min(unique_tokens, tokens) * (1 + R_D * (1 - exp(-(tokens / \
                         min(unique_tokens, tokens) - 1) / R_D))))^beta";

/// So many epochs that nothing decays.
const NEVER: f64 = 1e9;

pub fn answer(book: &mut Book, setup: &Setup) {
    let base = Ask {
        file: "datablations/runs.csv",
        law: "data-constrained",
        filter: "in_authors_fit",
        objective: "huber-log:1e-3",
        ..Ask::default()
    };
    let near = [HELD.as_slice(), &["R_D in [10, 20]", "R_N in [4, 7]"]].concat();
    let near = setup.fit(&Ask {
        coefs: &near,
        ..base.clone()
    });
    let best = setup.fit(&Ask {
        coefs: &HELD,
        ..base.clone()
    });
    let told = format!(
        "{}; within R_D 10 to 20 and R_N 4 to 7. Over all values {} of {} starts end at R_D = {:.2}, R_N = {:.3} with a lower \
         objective, {:.10}",
        evidence(&near),
        best.starts.reached_best,
        best.starts.solved,
        value(&best, "R_D"),
        value(&best, "R_N"),
        best.objective.value
    );
    let local = Rule::Near(
        2e-3,
        "the published pair is near a local minimum, which is this; the lowest minimum lies elsewhere",
    );
    for (quantity, name) in [("R_D* (data", "R_D"), ("R_N* (excess", "R_N")] {
        book.answer(FOLDER, quantity, &[value(&near, name)], &local, &told);
    }
    book.answer(
        FOLDER,
        "Huber objective at the optimum",
        &[near.objective.value],
        &Rule::AtMost,
        &told,
    );
    shares(book, setup, &near, &base);
    evaluations(book);
    book.not_a_fit(
        FOLDER,
        "fixed C4 coefficients",
        "held; the 54 points behind them are not in the folder",
    );
    book.rest(FOLDER, "a rule in words");
}

/// Shares of the variance of the loss itself that fits to its logarithm explain.
fn shares(book: &mut Book, setup: &Setup, near: &Fit, base: &Ask<'_>) {
    let losses = &near.points.response;
    book.answer(
        FOLDER,
        "R2 of the data-constrained law",
        &[explained(losses, &near.points.fitted)],
        &Rule::Digits,
        &evidence(near),
    );
    let plain = explained(losses, &at_decay(near, NEVER, NEVER));
    book.answer(
        FOLDER,
        "R2 without any decay",
        &[plain],
        &Rule::Digits,
        "no free coefficient: the law evaluated at the runs",
    );
    let data = setup.fit(&Ask {
        law: DATA_ONLY,
        coefs: &HELD,
        ..base.clone()
    });
    let told = format!("{}, R_D = {:.4}", evidence(&data), value(&data, "R_D"));
    let share = explained(&data.points.response, &data.points.fitted);
    // The quantity names the R_D that was fitted; the row's value is the share.
    book.answer(
        FOLDER,
        "R2 decaying data only",
        &[share],
        &Rule::Digits,
        &told,
    );
    let params = explained(losses, &at_decay(near, NEVER, 713.0));
    book.answer(
        FOLDER,
        "R2 decaying parameters only",
        &[params],
        &Rule::Digits,
        "the law evaluated at the printed R_N* = 713, which is no minimum: the objective falls from there to below R_N = 1",
    );
    book.not_a_fit(
        FOLDER,
        "R2 geometric variant",
        "a form whose formula is not in the folder",
    );
}

/// The published predictions, from the published coefficients.
fn evaluations(book: &mut Book) {
    for (quantity, params, tokens) in [
        ("predicted loss N=6.34e9", 6.34e9, 242e9),
        ("predicted loss N=8.67e9", 8.67e9, 178e9),
    ] {
        let inputs = [("N", params), ("D", tokens), ("U", 25e9)];
        let loss = evaluate(15.387756, 5.309743, &inputs);
        book.answer(
            FOLDER,
            quantity,
            &[loss],
            &Rule::Near(1e-11, "the coefficients are held to ten digits"),
            "the law `data-constrained:paper` evaluated",
        );
    }
}

/// Losses of the law at the runs of a fit, with these decays.
fn at_decay(fit: &Fit, tokens: f64, params: f64) -> Vec<f64> {
    (0..fit.n)
        .map(|row| {
            let inputs: Vec<(&str, f64)> = fit
                .points
                .inputs
                .iter()
                .map(|(name, column)| (name.as_str(), column[row]))
                .collect();
            evaluate(tokens, params, &inputs)
        })
        .collect()
}

fn evaluate(decay_tokens: f64, decay_params: f64, inputs: &[(&str, f64)]) -> f64 {
    let law = Law::builtin("data-constrained").expect("in the catalogue");
    let mut coefs: Vec<(String, f64)> = HELD
        .iter()
        .map(|text| {
            let (name, number) = text.split_once(" = ").expect("a value");
            (name.to_owned(), number.parse().expect("a number"))
        })
        .collect();
    coefs.push(("R_D".to_owned(), decay_tokens));
    coefs.push(("R_N".to_owned(), decay_params));
    let inputs: Vec<(String, f64)> = inputs.iter().map(|(n, x)| ((*n).to_owned(), *x)).collect();
    law.value(&At {
        coefs: &coefs,
        inputs: &inputs,
        levels: &[],
    })
    .expect("the law has a value")
}

/// 1 − Σ(y − ŷ)² / Σ(y − ȳ)².
fn explained(observed: &[f64], fitted: &[f64]) -> f64 {
    let mean = observed.iter().sum::<f64>() / observed.len() as f64;
    let left: f64 = observed
        .iter()
        .zip(fitted)
        .map(|(y, f)| (y - f).powi(2))
        .sum();
    let whole: f64 = observed.iter().map(|y| (y - mean).powi(2)).sum();
    1.0 - left / whole
}
