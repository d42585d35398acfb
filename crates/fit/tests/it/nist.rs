//! The 27 nonlinear problems of NIST's Statistical Reference Datasets: digits of agreement with the certified
//! coefficients, their standard deviations and the residual sum of squares.
//!
//! All are certified to eleven digits, so eleven is the most that can be counted.

use crate::support::csv;
use isoflop_fit::{Fit, FitOptions, Objective, Status, Uncertainty, fit};
use isoflop_law::Law;

/// A problem, where its fit starts, and what came out.
struct Outcome {
    name: String,
    start: &'static str,
    coefs: f64,
    errors: f64,
    sum: f64,
    status: Status,
    agreed: String,
}

struct Problem {
    name: String,
    law: Law,
    sum_of_squares: f64,
}

/// Least digits of (coefficients, standard deviations, sum of squares).
///
/// The residuals of Lanczos1 are 1e-13 beside responses of 2.5, four hundred times their rounding: whatever is
/// proportional to them keeps two digits in double precision, though the coefficients keep all.
fn least_digits(problem: &str) -> (f64, f64, f64) {
    match problem {
        "Lanczos1" => (9.0, 2.0, 2.0),
        _ => (9.0, 9.0, 9.0),
    }
}

/// Terms that a law holds several times over: exchanging two of them changes nothing, so they are compared in the
/// rising order of their last coefficient.
const EXCHANGED: &[(&str, &[&[&str]])] = &[
    ("ENSO", &[&["b8", "b9", "b7"], &["b5", "b6", "b4"]]),
    ("Gauss", &[&["b3", "b5", "b4"], &["b6", "b8", "b7"]]),
    ("Lanczos", &[&["b1", "b2"], &["b3", "b4"], &["b5", "b6"]]),
    ("MGH17", &[&["b2", "b4"], &["b3", "b5"]]),
];

/// Coefficients that may change their sign together.
const SIGNS: &[(&str, &[&str])] = &[
    ("Eckerle4", &["b1", "b2"]),
    ("Gauss", &["b5"]),
    ("Gauss", &["b8"]),
    ("ENSO", &["b6", "b4"]),
    ("ENSO", &["b9", "b7"]),
];

fn golden(file: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../testkit/golden/nist");
    std::fs::read_to_string(format!("{folder}/{file}")).expect("the golden file can be read")
}

fn problems() -> Vec<Problem> {
    let certified = golden("certified.csv");
    let problem = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let file = format!("{}.toml", cells[0]);
        Problem {
            name: cells[0].to_owned(),
            law: Law::from_toml(cells[0], &file, &golden(&file)).expect("a law file"),
            sum_of_squares: cells[2].parse().expect("a number"),
        }
    };
    certified.lines().skip(1).map(problem).collect()
}

/// −log₁₀ of the relative error.
fn digits(found: f64, wanted: f64) -> f64 {
    let gap = ((found - wanted) / wanted).abs();
    if gap.is_nan() {
        return 0.0;
    }
    (-gap.log10()).clamp(0.0, 11.0)
}

/// (name, value, standard deviation), with the symmetries of the law undone.
fn canonical(problem: &str, fit: &Fit) -> Vec<(String, f64, f64)> {
    let mut found: Vec<(String, f64, f64)> = fit
        .coefs
        .iter()
        .map(|(name, e)| (name.clone(), e.value, e.se.unwrap_or(f64::NAN)))
        .collect();
    let place = |name: &str| {
        let at = fit.coefs.iter().position(|(n, _)| n == name);
        at.expect("the fit has this coefficient")
    };
    for (_, names) in SIGNS.iter().filter(|(p, _)| problem.starts_with(p)) {
        let negative = found[place(names[names.len() - 1])].1 < 0.0;
        for name in names.iter().filter(|_| negative) {
            found[place(name)].1 *= -1.0;
        }
    }
    for (_, terms) in EXCHANGED.iter().filter(|(p, _)| problem.starts_with(p)) {
        let read = |term: &&[&str]| -> Vec<(f64, f64)> {
            let pick = |name: &&str| (found[place(name)].1, found[place(name)].2);
            term.iter().map(pick).collect()
        };
        let mut sorted: Vec<Vec<(f64, f64)>> = terms.iter().map(read).collect();
        sorted.sort_by(|a, b| a[a.len() - 1].0.total_cmp(&b[b.len() - 1].0));
        for (term, values) in terms.iter().zip(sorted) {
            for (name, (value, se)) in term.iter().zip(values) {
                (found[place(name)].1, found[place(name)].2) = (value, se);
            }
        }
    }
    found
}

/// Fits a problem: from the `start`th of the two certified starts alone, or from many.
fn solve(problem: &Problem, start: Option<usize>) -> Outcome {
    let mut law = problem.law.clone();
    if let Some(k) = start {
        for coef in &mut law.coefs {
            coef.start = vec![coef.start[k]];
        }
    }
    let options = FitOptions {
        starts: start.map(|_| 1),
        uncertainty: Uncertainty::Covariance,
        ..FitOptions::default()
    };
    let table = csv(&golden(&format!("{}.csv", problem.name)));
    let fit = fit(&law, &table, &options)
        .unwrap_or_else(|faults| panic!("{} from {start:?}: {faults:?}", problem.name));
    let certified = problem.law.variant("certified").expect("certified values");
    let of = |list: &[(String, f64)], name: &str| {
        let found = list.iter().find(|(n, _)| n == name);
        found.expect("every coefficient is certified").1
    };
    let found = canonical(&problem.name, &fit);
    let least = |of: &dyn Fn(&(String, f64, f64)) -> f64| found.iter().map(of).fold(11.0, f64::min);
    Outcome {
        name: problem.name.clone(),
        start: match start {
            Some(0) => "first",
            Some(_) => "second",
            None => "many",
        },
        coefs: least(&|(n, value, _)| digits(*value, of(&certified.coefs, n))),
        errors: least(&|(n, _, se)| digits(*se, of(&certified.errors, n))),
        sum: digits(fit.objective.value, problem.sum_of_squares),
        status: fit.status,
        agreed: format!("{}/{}", fit.starts.reached_best, fit.starts.solved),
    }
}

/// Prints the table, then asserts every line of it.
#[expect(
    clippy::print_stdout,
    reason = "the digits are what the tests are read for"
)]
#[track_caller]
fn assert_digits(outcomes: &[Outcome]) {
    println!("problem   start   coefficients  deviations  sum of squares  starts agreed");
    for o in outcomes {
        let numbers = format!("{:12.1}  {:10.1}  {:14.1}", o.coefs, o.errors, o.sum);
        println!("{:9} {:7} {numbers}  {:>13}", o.name, o.start, o.agreed);
    }
    let short: Vec<String> = outcomes
        .iter()
        .filter(|o| {
            let (coefs, errors, sum) = least_digits(&o.name);
            o.status != Status::Converged || o.coefs < coefs || o.errors < errors || o.sum < sum
        })
        .map(|o| format!("{} from {} starts: {:?}", o.name, o.start, o.status))
        .collect();
    assert!(
        short.is_empty(),
        "fewer digits than promised: {}",
        short.join(", ")
    );
}

#[test]
fn both_certified_starts_lead_to_the_certified_values() {
    let outcomes: Vec<Outcome> = problems()
        .iter()
        .flat_map(|p| [solve(p, Some(0)), solve(p, Some(1))])
        .collect();
    assert_eq!(outcomes.len(), 54);
    assert_digits(&outcomes);
}

#[test]
fn many_starts_lead_to_the_certified_values() {
    let outcomes: Vec<Outcome> = problems().iter().map(|p| solve(p, None)).collect();
    assert_eq!(outcomes.len(), 27);
    assert_digits(&outcomes);
}

/// The same problems as formulas that a user types: nothing is said of any coefficient.
#[test]
fn typed_formulas_lead_to_the_certified_values() {
    let typed = |problem: &Problem| {
        let table = csv(&golden(&format!("{}.csv", problem.name)));
        let columns: Vec<&str> = table.columns().map(|c| c.name.as_str()).collect();
        let law = Law::from_formula(&problem.law.formula_text, &columns, &[]).expect("reads");
        // Nelson is certified on the logarithm that its left side takes.
        let objective = Objective::parse("squared-lhs").expect("parses");
        let options = FitOptions {
            objective: Some(objective),
            ..FitOptions::default()
        };
        let fit = fit(&law, &table, &options)
            .unwrap_or_else(|faults| panic!("{}: {faults:?}", problem.name));
        let certified = problem.law.variant("certified").expect("certified values");
        let least = canonical(&problem.name, &fit)
            .iter()
            .map(|(name, value, _)| {
                let of = certified.coefs.iter().find(|(n, _)| n == name);
                digits(*value, of.expect("every coefficient is certified").1)
            })
            .fold(11.0, f64::min);
        (least < 6.0 || fit.status != Status::Converged)
            .then(|| format!("{} {least:.1} digits, {:?}", problem.name, fit.status))
    };
    let problems = problems();
    assert_eq!(problems.len(), 27);
    let short: Vec<String> = problems.iter().filter_map(typed).collect();
    assert!(short.is_empty(), "{}", short.join("; "));
}
