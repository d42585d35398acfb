//! Rules about the fit: for each a table that it finds fault with, and one that it does not.

use crate::support::{
    Run, check_of, checked, chinchilla, grid, grid_of, is_clear, quick, rule, said, surface, table,
    usual,
};
use insta::assert_snapshot;
use isoflop_backtest::BacktestOptions;
use isoflop_base::{Evidence, Severity};
use isoflop_check::{Check, Checked, Outcome, check};
use isoflop_fit::{Fit, FitOptions, Objective, Status, Uncertainty, fit};
use isoflop_law::Law;
use isoflop_predict::Point;
use std::collections::BTreeMap;

/// The check of a fit that was changed by hand.
fn check_changed(change: impl Fn(&mut Fit)) -> Check {
    let (law, table, options) = (chinchilla(), table(&usual()), quick());
    let mut found = fit(&law, &table, &options).unwrap_or_else(|e| panic!("{e}"));
    change(&mut found);
    let what = Checked {
        rivals: &[],
        backtest: None,
        law: &law,
        table: Some(&table),
        options: &options,
        points: &[],
        changed: &[],
    };
    check(&what, Ok(found)).unwrap_or_else(|e| panic!("{e}"))
}

fn number(check: &Check, name: &str, evidence: &str) -> f64 {
    let found = &rule(check, name).findings[0];
    match found.evidence.iter().find(|(n, _)| n == evidence) {
        Some((_, Evidence::Number(x))) => *x,
        other => panic!("{evidence}: {other:?}"),
    }
}

#[test]
fn planted_runs_without_fault_pass_the_rules_about_the_fit() {
    let check = check_of(&usual());
    for name in [
        "optimum",
        "starts",
        "bounds",
        "identified",
        "irreducible",
        "influence",
        "rungs",
        "residuals",
        "intervals",
        "record",
    ] {
        // A note may be chance: of these runs the noise looks uneven with p = 0.01.
        let rule = rule(&check, name);
        let grave = rule
            .findings
            .iter()
            .any(|f| f.severity >= Severity::Warning);
        let told = matches!(rule.outcome, Outcome::Clear | Outcome::Found);
        assert!(told && !grave, "{}", said(&check, name));
    }
    assert_snapshot!(said(&check, "influence"));
}

/// Sixty tables without any fault, of three designs that determine all coefficients. A rule that cries wolf is not
/// listened to.
#[test]
fn rules_hardly_ever_warn_of_runs_that_follow_the_law() {
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    let designs = [(8, 7, 0.003), (7, 7, 0.002), (12, 10, 0.005)];
    for seed in 0..60 {
        let (sizes, ratios, noise) = designs[seed as usize % designs.len()];
        let check = check_of(&grid_of(100 + seed, sizes, ratios, noise));
        let grave = check
            .findings
            .iter()
            .filter(|f| f.severity >= Severity::Warning);
        for finding in grave {
            *told.entry(finding.code.clone()).or_default() += 1;
        }
    }
    // Three in sixty is one in twenty.
    assert!(told.values().all(|n| *n <= 3), "{told:?}");
}

#[test]
fn an_optimum_without_certificate_is_an_error() {
    let check = check_changed(|fit| {
        fit.status = Status::NotConverged;
        fit.certificate.gradient = 0.03;
    });
    assert_eq!(
        rule(&check, "optimum").findings[0].code,
        "uncertified-optimum"
    );
    assert!(check.says_no());
}

#[test]
fn a_single_start_and_a_rival_optimum_are_found() {
    let options = FitOptions {
        starts: Some(1),
        ..quick()
    };
    let check = checked(&chinchilla(), &usual(), &options);
    assert_snapshot!(said(&check, "starts"));
    let check = check_changed(|fit| {
        let mut rival = fit.starts.basins[0].clone();
        rival.objective *= 1.005;
        for (_, value) in rival.coefs.iter_mut().filter(|(n, _)| n == "beta") {
            *value *= 1.5;
        }
        fit.starts.basins.push(rival);
    });
    assert_eq!(rule(&check, "starts").findings[0].code, "rival-optimum");
}

#[test]
fn a_coefficient_on_its_bound_is_found() {
    let options = FitOptions {
        coefs: vec!["alpha in [0.5, 1]".to_owned()],
        ..quick()
    };
    let check = checked(&chinchilla(), &usual(), &options);
    assert_snapshot!(said(&check, "bounds"));
}

#[test]
fn what_noisy_runs_leave_open_is_named() {
    let check = check_of(&grid(5, 4, 0.05));
    assert!(
        !rule(&check, "identified").findings.is_empty(),
        "{}",
        said(&check, "identified")
    );
    let found = rule(&check, "irreducible").findings.first();
    assert_eq!(
        found.map(|f| f.code.as_str()),
        Some("irreducible-undetermined")
    );
}

#[test]
fn a_floor_that_ran_to_zero_is_told() {
    let mut runs = usual();
    for run in &mut runs {
        // Runs of great size that fall as if there were no floor at all.
        if run.params > 2e9 {
            run.loss -= 0.4;
        }
    }
    let check = check_of(&runs);
    assert_snapshot!(said(&check, "irreducible"));
}

#[test]
fn a_law_without_a_floor_has_no_irreducible_loss_to_determine() {
    let law = Law::from_formula(
        "L = A/N^alpha + B/D^beta",
        &["params", "tokens", "loss"],
        &[],
    )
    .unwrap_or_else(|e| panic!("{e}"));
    let check = checked(&law, &usual(), &quick());
    assert_eq!(rule(&check, "irreducible").outcome, Outcome::DoesNotApply);
    // The floor that the runs have and the law lacks is seen in the residuals.
    assert_snapshot!(said(&check, "residuals"));
}

#[test]
fn losses_of_two_decimals_are_coarser_than_a_corner_of_a_thousandth() {
    let mut runs = grid(8, 12, 0.003);
    for run in &mut runs {
        run.loss = (run.loss * 50.0).round() / 50.0;
    }
    assert_snapshot!(said(&check_of(&runs), "corner"));
}

#[test]
fn a_few_runs_that_decide_an_exponent_are_named_with_the_move_of_the_optimal_size() {
    let mut runs = usual();
    // The runs of least data of the three largest sizes went wrong, and squares do not forgive.
    for i in [35, 42, 49] {
        runs[i].loss *= 1.1;
    }
    let options = FitOptions {
        objective: Some(Objective::parse("squared-log").expect("a spelling")),
        ..quick()
    };
    let check = checked(&chinchilla(), &runs, &options);
    let found = &rule(&check, "influence").findings;
    assert_eq!(
        found.first().map(|f| f.code.as_str()),
        Some("runs-decide"),
        "{}",
        said(&check, "influence")
    );
    assert_snapshot!(said(&check, "influence"));
    // A robust penalty passes them by.
    assert!(is_clear(&check_of(&runs), "influence"));
}

#[test]
fn a_badly_trained_size_is_found_and_the_others_are_not() {
    let mut runs = usual();
    for run in &mut runs[21..28] {
        run.loss *= 1.02;
    }
    let check = check_of(&runs);
    assert_snapshot!(said(&check, "rungs"));
    assert_eq!(rule(&check, "rungs").findings.len(), 1);
}

#[test]
fn corpora_with_other_losses_are_found_and_equal_ones_are_not() {
    let of = |lift: f64| -> Vec<Run> {
        usual()
            .into_iter()
            .enumerate()
            .map(|(i, mut run)| {
                let other = i % 2 == 1;
                run.loss *= if other { 1.0 + lift } else { 1.0 };
                run.with("corpus", if other { "web" } else { "books" })
            })
            .collect()
    };
    assert_snapshot!(said(&check_of(&of(0.01)), "sources"));
    assert!(is_clear(&check_of(&of(0.0)), "sources"));
}

#[test]
fn tokenizers_are_told_by_their_column() {
    let runs: Vec<Run> = usual()
        .into_iter()
        .enumerate()
        .map(|(i, run)| run.with("tokenizer", if i % 2 == 0 { "gpt2" } else { "llama" }))
        .collect();
    assert_snapshot!(said(&check_of(&runs), "sources"));
}

#[test]
fn another_count_of_params_is_fitted_and_its_exponent_told() {
    let with = |embedding: f64| -> Vec<Run> {
        usual()
            .into_iter()
            .map(|run| {
                let without = run.params - embedding;
                run.with("params_non_embedding", without)
            })
            .collect()
    };
    assert_snapshot!(said(&check_of(&with(3e7)), "embeddings"));
    assert!(is_clear(&check_of(&with(1e5)), "embeddings"));
}

/// Budgets on the published surface of Hoffmann et al., each with sizes from 1/16 to 16 times a centre that is `off`
/// times the optimum.
fn isoflops(off: [f64; 5]) -> Vec<Run> {
    let law: [f64; 5] = [1.6934, 406.4, 410.7, 0.3392, 0.2849];
    let [_, a, b, alpha, beta] = law;
    let mut runs = Vec::new();
    for (k, off) in off.into_iter().enumerate() {
        let flops = 1e19 * 10f64.powf(k as f64);
        let g = (alpha * a / (beta * b)).powf(1.0 / (alpha + beta));
        let optimal = g * (flops / 6.0).powf(beta / (alpha + beta));
        for j in -4..=4 {
            let params = off * optimal * 2f64.powi(j);
            let tokens = flops / (6.0 * params);
            let loss = surface(law, params, tokens);
            let run = Run {
                params,
                tokens,
                loss,
                more: Vec::new(),
            };
            runs.push(run.with("flops", flops));
        }
    }
    runs
}

/// The exact bias of least-squares parabolas in ln N on these grids: N* over its true value at each budget is 0.954,
/// 1.045, 1.053, 1.030, 1.044 for centres off by 1/4, 1/2, 1, 2, 4, and the exponent is off by +0.007268 where the
/// centre drifts from 1/4 to 4. Computed apart from this program, by normal equations in a few lines of Python.
#[test]
fn the_bias_of_parabolas_on_an_off_centre_grid_is_simulated() {
    let drifting = check_of(&isoflops([0.25, 0.5, 1.0, 2.0, 4.0]));
    assert_snapshot!(said(&drifting, "grid"));
    assert!((number(&drifting, "grid", "exponent_bias") - 0.007_268).abs() < 1e-5);
    assert!((number(&drifting, "grid", "size_ratio_at_largest_budget") - 1.044).abs() < 1e-3);
    // A centred grid as wide as that is still biased: the surface is not symmetric.
    let centred = check_of(&isoflops([1.0; 5]));
    assert!((number(&centred, "grid", "size_ratio_at_largest_budget") - 1.053).abs() < 1e-3);
    assert!(number(&centred, "grid", "exponent_bias").abs() < 1e-6);
    assert_eq!(
        rule(&check_of(&usual()), "grid").outcome,
        Outcome::DoesNotApply
    );
}

#[test]
fn a_fit_without_intervals_says_so() {
    let options = FitOptions {
        uncertainty: Uncertainty::None,
        ..FitOptions::default()
    };
    let check = checked(&chinchilla(), &usual(), &options);
    assert_snapshot!(said(&check, "intervals"));
}

#[test]
fn the_curvature_of_a_penalty_without_a_bend_is_no_error() {
    let by = |objective: &str| {
        let options = FitOptions {
            objective: Some(Objective::parse(objective).expect("a spelling")),
            uncertainty: Uncertainty::Covariance,
            ..FitOptions::default()
        };
        checked(&chinchilla(), &usual(), &options)
    };
    assert_snapshot!(said(&by("huber-log:0.0001"), "intervals"));
    assert!(is_clear(&by("huber-log:2mad"), "intervals"));
    assert!(is_clear(&by("squared-log"), "intervals"));
}

#[test]
fn the_digits_that_must_be_printed_are_counted() {
    let check = check_of(&grid(8, 7, 0.0003));
    assert_eq!(
        rule(&check, "rounding").findings[0].code,
        "rounding",
        "{}",
        said(&check, "rounding")
    );
    assert!(number(&check, "rounding", "relative_rise_at_3_digits") > 0.01);
    assert!(is_clear(&check_of(&grid(5, 4, 0.05)), "rounding"));
}

#[test]
fn points_beyond_the_runs_are_told_with_their_distance() {
    let (law, table, options) = (chinchilla(), table(&usual()), quick());
    let found = fit(&law, &table, &options);
    let point = |n: f64, d: f64| Point {
        at: vec![("N".to_owned(), n), ("D".to_owned(), d)],
        levels: Vec::new(),
    };
    let points = [point(1e8, 1e9), point(7e10, 1.4e12), point(6e9, 2e12)];
    let what = Checked {
        rivals: &[],
        backtest: None,
        law: &law,
        table: Some(&table),
        options: &options,
        points: &points,
        changed: &[],
    };
    assert_snapshot!(said(
        &check(&what, found).unwrap_or_else(|e| panic!("{e}")),
        "reach"
    ));
}

#[test]
fn a_distance_that_the_backtest_covers_is_no_leap() {
    let (law, table, options) = (chinchilla(), table(&usual()), quick());
    let found = fit(&law, &table, &options);
    let point = |n: f64, d: f64| Point {
        at: vec![("N".to_owned(), n), ("D".to_owned(), d)],
        levels: Vec::new(),
    };
    let how = BacktestOptions::default();
    let what = Checked {
        law: &law,
        table: Some(&table),
        options: &options,
        points: &[point(2e10, 2e12), point(7e13, 1.4e16)],
        rivals: &[],
        backtest: Some(&how),
        changed: &[],
    };
    let check = check(&what, found).unwrap_or_else(|e| panic!("{e}"));
    let told: Vec<Severity> = rule(&check, "reach")
        .findings
        .iter()
        .map(|f| f.severity)
        .collect();
    assert_eq!(
        told,
        [Severity::Info, Severity::Warning],
        "{}",
        said(&check, "reach")
    );
    assert!(said(&check, "reach").contains("the backtest reaches"));
}

#[test]
fn tables_that_are_gone_or_changed_are_told() {
    let (law, table, options) = (chinchilla(), table(&usual()), quick());
    let found = fit(&law, &table, &options).unwrap_or_else(|e| panic!("{e}"));
    let changed = ["runs.csv".to_owned()];
    let of = |table, changed| {
        let what = Checked {
            rivals: &[],
            backtest: None,
            law: &law,
            table,
            options: &options,
            points: &[],
            changed,
        };
        let check = check(&what, Ok(found.clone())).unwrap_or_else(|e| panic!("{e}"));
        rule(&check, "record").findings[0].code.clone()
    };
    assert_eq!(of(None, &[]), "tables-gone");
    assert_eq!(of(Some(&table), &changed), "tables-changed");
}

#[test]
fn the_checklist_is_answered_where_runs_and_fit_say_it() {
    let check = check_of(&usual());
    let answer = |asks: &str| {
        let item = check.checklist.iter().find(|i| i.asks.contains(asks));
        item.unwrap_or_else(|| panic!("no item {asks}"))
            .answer
            .clone()
    };
    assert_eq!(
        answer("functional form").as_deref(),
        Some("L = E + A / N^alpha + B / D^beta, with E, A, B, alpha, beta free")
    );
    assert_eq!(
        answer("how many models").as_deref(),
        Some("56 runs, 8 sizes from 50M to 5B params, 100M to 1T tokens")
    );
    assert_eq!(answer("why this form"), None);
    assert_eq!(answer("learning rate"), None);
}

/// Rules that fit the runs again, with the standard deviations that the fit had.
#[test]
fn rules_that_refit_keep_the_standard_deviations() {
    let sized = |run: Run| {
        let sd = 0.003 * run.loss;
        run.with("sd", sd)
    };
    let mut runs: Vec<Run> = usual().into_iter().map(sized).collect();
    // A third of the runs again, a tenth off, and said to be known to a factor of a thousand only.
    let junk: Vec<Run> = runs.iter().step_by(3).cloned().collect();
    for mut run in junk {
        run.loss *= 1.1;
        run.more[0].1 = (1e3 * run.loss).to_string();
        runs.push(run);
    }
    let options = FitOptions {
        sigma: Some("sd".to_owned()),
        uncertainty: Uncertainty::Covariance,
        ..FitOptions::default()
    };
    let found = checked(&chinchilla(), &runs, &options);
    for name in ["outliers", "influence", "rungs", "residuals", "rounding"] {
        let outcome = &rule(&found, name).outcome;
        assert_ne!(*outcome, Outcome::CannotTell, "{}", said(&found, name));
    }
}
