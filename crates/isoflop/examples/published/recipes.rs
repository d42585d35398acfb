//! Compute-optimal sizes read off the runs.

use isoflop::{Law, Method, Minima, RecipeOptions, recipe};

use super::book::{Book, Rule, evidence};
use super::setup::{Ask, Setup, value};

pub fn answer(book: &mut Book, setup: &Setup) {
    isoflops(book, setup);
    porian(book, setup);
}

fn isoflops(book: &mut Book, setup: &Setup) {
    let folder = "isoflops";
    for experiment in [
        "epochai_chinchilla__massivetext__chinchilla",
        "misfitting__fineweb_c4__transformer",
        "ml_scalefit__massivetext__chinchilla",
    ] {
        for (rows, filter, minima) in [
            (
                "unflagged rows",
                " and not flagged_outlier",
                Minima::Bracketed,
            ),
            ("all rows", "", Minima::Convex),
        ] {
            let table = setup.table(&Ask {
                file: "isoflops/isoflops.csv",
                filter: &format!("experiment == \"{experiment}\"{filter}"),
                ..Ask::default()
            });
            let options = RecipeOptions {
                method: Method::parse("isoflop:parabola").expect("a recipe"),
                minima,
                ..RecipeOptions::default()
            };
            let surface = Law::builtin("chinchilla").expect("in the catalogue");
            let found = recipe(&surface, &table, &options).expect("minima");
            let used = found.budgets.iter().filter(|b| b.used()).count();
            let a = &found.allocations[0].exponent;
            let bias = found
                .bias
                .as_ref()
                .map_or(f64::NAN, |b| b.exponent_without_noise - b.exponent_of_law);
            let told = format!(
                "{used} of {} budgets, n = {}, standard error {:.3}, bias on this grid {bias:+.4}",
                found.budgets.len(),
                found.n,
                a.se.unwrap_or(f64::NAN),
            );
            let quantity = format!("{experiment}: Approach 2 exponent a (N_opt ∝ C^a), {rows}");
            book.answer(folder, &quantity, &[a.value], &Rule::Digits, &told);
        }
    }
}

/// The same exponent by the recipe, from the runs and not from the authors' optima.
fn interpolated(setup: &Setup, filter: &str) -> String {
    let table = setup.table(&Ask {
        file: "porian_refinedweb/isoflop_points.csv",
        filter,
        ..Ask::default()
    });
    let options = RecipeOptions {
        method: Method::parse("isoflop:akima").expect("a recipe"),
        snap: 0.02,
        resamples: 0,
        ..RecipeOptions::default()
    };
    let surface = Law::builtin("chinchilla").expect("in the catalogue");
    let found = recipe(&surface, &table, &options).expect("minima");
    format!(
        "`--recipe isoflop:akima` on the runs themselves: {:.4}, {} of {} budgets",
        found.allocations[0].exponent.value,
        found.budgets.iter().filter(|b| b.used()).count(),
        found.budgets.len()
    )
}

fn porian(book: &mut Book, setup: &Setup) {
    let folder = "porian_refinedweb";
    for setting in [
        "rw_1_reproduce_kaplan",
        "rw_2_count_last_layer",
        "rw_3_correct_warmup",
        "rw_4_cosine_decay",
        "rw_5_tuned_no_decay",
    ] {
        let filter = format!("experiment == \"{setting}\"");
        let base = Ask {
            file: "porian_refinedweb/optima.csv",
            law: "N = k * C^a",
            map: &[("N", "params_opt")],
            filter: &filter,
            lets: &["w = 1 / ln_params_opt_std^2"],
            weights: Some("w"),
            objective: "squared-log",
            ..Ask::default()
        };
        let fit = setup.fit(&base);
        let told = format!("{}; {}", evidence(&fit), interpolated(setup, &filter));
        book.answer(
            folder,
            &format!("{setting}: a (N_opt"),
            &[value(&fit, "a")],
            &Rule::Digits,
            &told,
        );
        let ratio = setup.fit(&Ask {
            law: "tokens_per_param_opt = k * C^q",
            map: &[],
            ..base
        });
        let ours = [value(&ratio, "k"), value(&ratio, "q")];
        let rule = Rule::Near(
            0.02,
            "k at C = 1 carries the rounding of q over sixteen orders of magnitude",
        );
        book.answer(
            folder,
            &format!("{setting}: tokens-per-parameter law"),
            &ours,
            &rule,
            &evidence(&ratio),
        );
    }
    book.rest(folder, "an exponent of another paper");
}
