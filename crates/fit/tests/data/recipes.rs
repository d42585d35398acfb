//! Minima of three collections of IsoFLOP curves.

use crate::support::rows;
use isoflop_data::RunTable;
use isoflop_fit::recipe::{Curve, Method, Minima};
use isoflop_fit::{Recipe, RecipeOptions, recipe};
use isoflop_law::Law;
use isoflop_testkit::outside;

fn follow(table: &RunTable, options: &RecipeOptions) -> Recipe {
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    recipe(&law, table, options).unwrap_or_else(|e| panic!("{e}"))
}

fn quick(method: Method, minima: Minima) -> RecipeOptions {
    RecipeOptions {
        method,
        minima,
        resamples: 0,
        ..RecipeOptions::default()
    }
}

/// (rows, which minima, minima there are, exponent), all as the collectors of the points found them.
const ISOFLOPS: &[(&str, Minima, usize, f64)] = &[
    (
        "experiment == \"epochai_chinchilla__massivetext__chinchilla\" and not flagged_outlier",
        Minima::Bracketed,
        7,
        0.5414,
    ),
    (
        "experiment == \"epochai_chinchilla__massivetext__chinchilla\"",
        Minima::Convex,
        9,
        0.4951,
    ),
    (
        "experiment == \"misfitting__fineweb_c4__transformer\" and not flagged_outlier",
        Minima::Bracketed,
        14,
        0.5234,
    ),
    (
        "experiment == \"misfitting__fineweb_c4__transformer\"",
        Minima::Convex,
        22,
        0.5174,
    ),
    (
        "experiment == \"ml_scalefit__massivetext__chinchilla\" and not flagged_outlier",
        Minima::Bracketed,
        7,
        0.5415,
    ),
    (
        "experiment == \"ml_scalefit__massivetext__chinchilla\"",
        Minima::Convex,
        9,
        0.5134,
    ),
];

#[test]
fn parabolas_give_the_exponents_of_the_collectors() {
    for (filter, minima, count, exponent) in ISOFLOPS {
        let table = rows(&outside("isoflops/isoflops.csv"), Some(filter));
        let found = follow(&table, &quick(Method::IsoFlop(Curve::Parabola), *minima));
        let used = found.budgets.iter().filter(|b| b.used()).count();
        assert_eq!(used, *count, "{filter}");
        let a = found.allocations[0].exponent.value;
        assert!((a - exponent).abs() < 1e-4, "{filter}: {a} for {exponent}");
        // The tokens of ml_scalefit were read apart from its compute; elsewhere C = 6ND.
        if !filter.contains("ml_scalefit") {
            let b = found.allocations[1].exponent.value;
            assert!((a + b - 1.0).abs() < 1e-9, "{filter}: {a} + {b}");
        }
    }
}
