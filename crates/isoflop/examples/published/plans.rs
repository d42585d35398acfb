//! Optima of published coefficients, as a plan gives them.

use isoflop::Law;
use isoflop::plan::{Ask, Convention, Given, PlanLaw, PlanRequest, PlanRow, USUAL, plan};

use super::book::{Book, Rule};

pub fn answer(book: &mut Book) {
    for (quantity, variant) in [
        (
            "tokens per parameter at C=5.88e23, Hoffmann rounded",
            "paper",
        ),
        (
            "tokens per parameter at C=5.88e23, Hoffmann TeX",
            "paper-tex",
        ),
    ] {
        let row = optimum("chinchilla", variant, 5.88e23, None);
        book.answer(
            "chinchilla_epoch",
            quantity,
            &[row.tokens_per_param.value],
            &Rule::Digits,
            &format!("`plan chinchilla:{variant}`, closed form"),
        );
    }
    let row = optimum("data-constrained", "paper", 5.76e23, None);
    book.answer(
        "datablations",
        "Chinchilla-optimal at",
        &[row.params.value, row.tokens.value],
        &Rule::Near(1e-11, "the coefficients are held to ten digits"),
        "`plan data-constrained`, solver",
    );
    let row = optimum("data-constrained", "paper", 1e22, Some(25e9));
    let epochs = row.epochs.as_ref().expect("unique tokens are given").value;
    book.answer(
        "datablations",
        "optimal allocation",
        &[row.tokens.value, epochs, row.params.value],
        &Rule::Near(
            1e-3,
            "the published pair is the best point of a grid; this is the optimum between its points, with a lower loss",
        ),
        "`plan data-constrained --unique 25e9`, solver",
    );
}

fn optimum(law: &str, variant: &str, flops: f64, unique: Option<f64>) -> PlanRow {
    let given = Given {
        unique,
        ..Given::default()
    };
    let builtin = |id: &str| Law::builtin(id).expect("in the catalogue");
    let own =
        PlanLaw::published(&builtin(law), Some(variant), &given, 0).expect("published values");
    let convention = Convention::new(&builtin(USUAL), &given).expect("a convention");
    let request = PlanRequest {
        ask: vec![Ask::Compute(flops)],
        given,
        ..PlanRequest::new(convention)
    };
    let mut found = plan(&[own], &request).expect("a plan");
    found.rows.swap_remove(0)
}
