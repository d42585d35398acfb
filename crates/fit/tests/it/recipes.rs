//! Recipes against published optima, and on grids whose answer is known.

use crate::support::{close, coef, csv, plain, table};
use isoflop_data::{Input, ReadOptions, RunTable, read};
use isoflop_fit::recipe::{Curve, Method, Minima, Weighting};
use isoflop_fit::{FitOptions, Recipe, RecipeOptions, fit, recipe};
use isoflop_law::Law;
use isoflop_testkit::testdata;
use std::fmt::Write as _;

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

/// A minimum outside the runs is named, not used: the lowest budget has no size below its optimum.
#[test]
fn a_minimum_outside_the_runs_is_left_out_with_its_reason() {
    let mut text = String::new();
    for line in grid_text(0.25, 4.0, 0.35, 0.35, 0.0).lines() {
        let cells: Vec<f64> = line.split(',').flat_map(str::parse).collect();
        // The optimum of 1e19 FLOP has 1.3e8 parameters.
        if cells.get(2) != Some(&1e19) || cells[0] > 1.5e8 {
            text += &format!("{line}\n");
        }
    }
    let options = quick(Method::IsoFlop(Curve::Parabola), Minima::Bracketed);
    let found = follow(&csv(&text), &options);
    let left: Vec<_> = found.budgets.iter().filter(|b| !b.used()).collect();
    assert_eq!(left.len(), 1);
    close(left[0].flops, 1e19, 1e-12, "its compute");
    assert!(
        left[0].reason.contains("below the smallest size"),
        "{}",
        left[0].reason
    );
}

/// The five settings of Porian et al. 2024: exponents of the weighted regression on the authors' optima (to the digits
/// printed), and of our own minima of the runs by the same interpolation (within the authors' 95 % intervals).
const PORIAN: &[(&str, f64, [f64; 2])] = &[
    ("rw_1_reproduce_kaplan", 0.8353, [0.8235, 0.846]),
    ("rw_2_count_last_layer", 0.7065, [0.6915, 0.7169]),
    ("rw_3_correct_warmup", 0.6020, [0.5914, 0.6173]),
    ("rw_4_cosine_decay", 0.5715, [0.5598, 0.5885]),
    ("rw_5_tuned_no_decay", 0.4969, [0.4907, 0.5045]),
];

#[test]
fn weighted_optima_give_the_exponents_of_porian_and_others() {
    let law = Law::from_formula("N = k * C^a", &["params", "flops"], &[]).expect("a formula");
    for (setting, exponent, _) in PORIAN {
        let options = ReadOptions {
            map: vec![("N".to_owned(), "params_opt".to_owned())],
            filter: Some(format!("experiment == \"{setting}\"")),
            lets: vec!["w = 1 / ln_params_opt_std^2".to_owned()],
            ..ReadOptions::default()
        };
        let input = Input::Path(testdata("porian_refinedweb/optima.csv"));
        let table = read(&[input], &options).expect("the file can be read");
        let options = FitOptions {
            weights: Some("w".to_owned()),
            ..plain("squared-log")
        };
        let fit = fit(&law, &table, &options).expect("a line");
        let a = coef(&fit, "a");
        assert!((a - exponent).abs() < 5e-5, "{setting}: {a} for {exponent}");
    }
}

#[test]
fn interpolated_minima_of_porian_s_runs_lie_in_the_published_intervals() {
    for (setting, _, [low, high]) in PORIAN {
        let filter = format!("experiment == \"{setting}\"");
        let table = table("porian_refinedweb/isoflop_points.csv", Some(&filter));
        let options = RecipeOptions {
            snap: 0.02,
            ..quick(Method::IsoFlop(Curve::Akima), Minima::Bracketed)
        };
        let a = follow(&table, &options).allocations[0].exponent.value;
        assert!(
            (*low..=*high).contains(&a),
            "{setting}: {a} outside [{low}, {high}]"
        );
    }
}

/// A grid of a known law: six budgets, sizes from a `low` to a `high` multiple of the optimum.
fn grid(low: f64, high: f64, alpha: f64, beta: f64, noise: f64) -> RunTable {
    csv(&grid_text(low, high, alpha, beta, noise))
}

fn grid_text(low: f64, high: f64, alpha: f64, beta: f64, noise: f64) -> String {
    let (a, b) = (400.0, 2000.0);
    let g = (alpha * a / (beta * b)).powf(1.0 / (alpha + beta));
    let mut random = isoflop_testkit::Random::new(11);
    let mut text = String::from("params,tokens,flops,loss\n");
    for k in 0..6 {
        let c = 1e19 * 10f64.powf(0.5 * f64::from(k));
        let best = g * (c / 6.0).powf(beta / (alpha + beta));
        for j in 0..9 {
            let n = best * low * (high / low).powf(f64::from(j) / 8.0);
            let d = c / (6.0 * n);
            let loss = 1.8 + a / n.powf(alpha) + b / d.powf(beta);
            let loss = loss * (noise * random.normal()).exp();
            writeln!(text, "{n:e},{d:e},{c:e},{loss:e}").expect("a string takes all text");
        }
    }
    text
}

/// On a grid that is centred on the optimum of a law whose terms are alike, a parabola is right; on one that is not,
/// its error is what the simulation on the fitted law says.
#[test]
fn the_bias_of_the_recipe_is_measured_on_its_own_grid() {
    let options = quick(Method::IsoFlop(Curve::Parabola), Minima::Bracketed);
    let even = follow(&grid(0.25, 4.0, 0.35, 0.35, 0.0), &options);
    let bias = even.bias.expect("the law fits its own runs");
    assert!((bias.exponent_of_law - 0.5).abs() < 1e-5);
    assert!((bias.exponent_without_noise - 0.5).abs() < 1e-5);

    let uneven = follow(&grid(0.02, 8.0, 0.2, 0.6, 0.0), &options);
    let bias = uneven.bias.expect("the law fits its own runs");
    close(bias.exponent_of_law, 0.75, 1e-5, "exponent of the law");
    let found = uneven.allocations[0].exponent.value;
    close(
        found,
        bias.exponent_without_noise,
        1e-6,
        "runs without noise are their own simulation",
    );
    assert!(
        (bias.params_ratio - 1.0).abs() > 0.02,
        "{}",
        bias.params_ratio
    );
}

#[test]
fn intervals_of_the_exponent_hold_it_and_threads_change_nothing() {
    let options = RecipeOptions {
        weighting: Weighting::Variance,
        resamples: 400,
        ..quick(Method::IsoFlop(Curve::Parabola), Minima::Bracketed)
    };
    let table = grid(0.25, 4.0, 0.35, 0.35, 0.002);
    let found = follow(&table, &options);
    let interval = found.allocations[0]
        .exponent
        .interval
        .expect("resamples were asked for");
    assert!(interval.contains(0.5), "{interval:?}");
    assert!(interval.upper - interval.lower < 0.2, "{interval:?}");
    let alone = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a pool");
    let again = alone.install(|| follow(&table, &options));
    assert_eq!(found, again);
}

/// The envelope of runs of a known law: noise-free, its best runs follow the law's own allocation to the spacing of
/// the sizes.
#[test]
fn the_envelope_follows_the_optimum() {
    let mut text = String::from("params,tokens,loss\n");
    for i in 0..12 {
        let n = 1e8 * 10f64.powf(0.2 * f64::from(i));
        for j in 0..40 {
            let d = 1e9 * 10f64.powf(0.1 * f64::from(j));
            let loss = 1.8 + 400.0 / n.powf(0.35) + 2000.0 / d.powf(0.35);
            writeln!(text, "{n:e},{d:e},{loss:e}").expect("a string takes all text");
        }
    }
    let options = RecipeOptions {
        snap: 0.3,
        ..quick(Method::Envelope, Minima::Bracketed)
    };
    let found = follow(&csv(&text), &options);
    let a = found.allocations[0].exponent.value;
    assert!((a - 0.5).abs() < 0.04, "{a}");
    assert!(
        found
            .budgets
            .iter()
            .any(|b| b.reason.contains("size of all"))
    );
}

#[test]
fn too_few_minima_are_refused_with_every_reason() {
    let text = "params,tokens,flops,loss\n1e8,1e9,6e17,3.0\n2e8,5e8,6e17,3.1\n1e9,1e10,6e19,2.5\n";
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    let faults = recipe(&law, &csv(text), &RecipeOptions::default()).expect_err("no minimum");
    let fault = &faults.0[0];
    assert_eq!(fault.code, "too-few-minima");
    assert!(
        fault
            .help
            .iter()
            .any(|h| h.contains("2 different sizes, 3 are needed")),
        "{fault}"
    );
    assert!(
        fault
            .help
            .iter()
            .any(|h| h.contains("1 different sizes, 3 are needed")),
        "{fault}"
    );
}

/// Two runs of one setting whose losses agree to all digits are one row to a law that knows no other column; the bias
/// was then measured on fewer losses than there are runs.
#[test]
fn runs_that_agree_in_size_tokens_and_loss_leave_the_bias_measurable() {
    let grid = csv(&law_grid());
    let twice = csv(&with_learning_rates(&law_grid()));
    let exact = follow(
        &grid,
        &quick(Method::IsoFlop(Curve::Parabola), Minima::Bracketed),
    );
    let found = follow(
        &twice,
        &quick(Method::IsoFlop(Curve::Parabola), Minima::Bracketed),
    );
    assert_eq!(found.n, 2 * exact.n);
    let bias = |recipe: &Recipe| recipe.bias.as_ref().map(|b| b.exponent_without_noise);
    let (once, both) = (bias(&exact), bias(&found));
    assert!(
        once.zip(both).is_some_and(|(a, b)| (a - b).abs() < 1e-9),
        "{once:?} {both:?}"
    );
}

/// Three budgets of seven sizes on a known surface.
fn law_grid() -> String {
    let mut text = "params,tokens,flops,loss\n".to_owned();
    for flops in [1e19, 1e20, 1e21] {
        for k in -3..=3 {
            let n = 0.1 * f64::sqrt(flops) * 2f64.powi(k);
            let d = flops / (6.0 * n);
            let loss = 1.8172 + 477.83 / n.powf(0.3473) + 2143.4 / d.powf(0.3672);
            writeln!(text, "{n:e},{d:e},{flops:e},{loss:e}").expect("a string takes all text");
        }
    }
    text
}

/// Every row once for each of two learning rates.
fn with_learning_rates(text: &str) -> String {
    let mut lines = text.lines();
    let mut out = format!("{},learning_rate\n", lines.next().unwrap_or_default());
    for line in lines {
        writeln!(out, "{line},0.001\n{line},0.002").expect("a string takes all text");
    }
    out
}
