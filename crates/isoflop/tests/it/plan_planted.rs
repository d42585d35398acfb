//! Plans from fits of simulated runs, whose best plan is known.

use isoflop::plan::{Ask, Convention, Given, PlanLaw, PlanRequest, gain, plan};
use isoflop::{Fit, FitOptions, Law, Objective, Uncertainty, fit};
use isoflop_testkit::{Coverage, Noise, Planted, Random};

/// A law as published ones are.
const TRUTH: [(&str, f64); 5] = [
    ("E", 1.82),
    ("A", 480.0),
    ("B", 2100.0),
    ("alpha", 0.348),
    ("beta", 0.366),
];

/// Eight sizes of 1e7 to 2e9 parameters, seven ratios of 5 to 320 tokens a parameter.
fn ladder(truth: &[(&str, f64)]) -> Planted {
    let mut design = Vec::new();
    for i in 0..8 {
        let n = 1e7 * 200f64.powf(f64::from(i) / 7.0);
        for j in 0..7 {
            design.push((vec![n, n * 5.0 * 2f64.powi(j)], String::new()));
        }
    }
    Planted::new("chinchilla", truth, design)
}

fn fitted(planted: &Planted, seed: u64, uncertainty: Uncertainty) -> Fit {
    let runs = planted.table(Noise::Log(0.004), seed);
    let options = FitOptions {
        objective: Some(Objective::parse("squared-log").expect("an objective")),
        uncertainty,
        ..FitOptions::default()
    };
    fit(planted.law(), &runs, &options).expect("fits")
}

fn usual() -> Convention {
    let law = Law::builtin("flops-6nd").expect("in the catalogue");
    Convention::new(&law, &Given::default()).expect("a convention")
}

fn request(ask: &[Ask]) -> PlanRequest {
    PlanRequest {
        ask: ask.to_vec(),
        ..PlanRequest::new(usual())
    }
}

/// Size and loss of the true optimum.
fn optimum(truth: &[(&str, f64)], flops: f64) -> (f64, f64) {
    let [e, a, b, alpha, beta] = ["E", "A", "B", "alpha", "beta"]
        .map(|name| truth.iter().find(|(n, _)| *n == name).expect("planted").1);
    let g = (alpha * a / (beta * b)).powf(1.0 / (alpha + beta));
    let n = g * (flops / 6.0).powf(beta / (alpha + beta));
    let d = flops / (6.0 * n);
    (n, e + a / n.powf(alpha) + b / d.powf(beta))
}

#[test]
fn intervals_of_the_optimum_hold_as_often_as_they_say() {
    const SIMULATIONS: u64 = 150;
    let planted = ladder(&TRUTH);
    let scales = [1e21, 1e24];
    let mut size = [Coverage::default(); 2];
    let mut loss = [Coverage::default(); 2];
    for seed in 0..SIMULATIONS {
        let found = fitted(&planted, seed, Uncertainty::Covariance);
        let law = PlanLaw::of_fit("fit", &found, &Given::default()).expect("plans");
        let made = plan(&[law], &request(&scales.map(Ask::Compute))).expect("a plan");
        for (k, row) in made.rows.iter().enumerate() {
            let (n, l) = optimum(&TRUTH, scales[k]);
            let i = row.params.interval.expect("a covariance gives draws");
            size[k].count(i.lower, i.upper, n);
            let i = row.loss.as_ref().and_then(|l| l.interval).expect("draws");
            loss[k].count(i.lower, i.upper, l);
        }
    }
    for coverage in size.iter().chain(&loss) {
        // Three binomial standard errors of 95 % in 150 simulations are 5.3 %.
        let gap = (coverage.share() - 0.95).abs();
        assert!(
            gap < 3.0 * coverage.error(0.95),
            "{coverage:?}: {}",
            coverage.share()
        );
    }
}

#[test]
fn a_solver_that_knows_no_form_spends_the_budget_as_the_closed_form_does() {
    let base = Law::builtin("chinchilla").expect("in the catalogue");
    let mut random = Random::new(3);
    for _ in 0..60 {
        let (alpha, beta) = (random.between(0.15, 0.8), random.between(0.15, 0.8));
        let (a, b) = (random.log_between(5.0, 5e4), random.log_between(5.0, 5e4));
        let coefs = format!("E = 1.7, A = {a}, B = {b}, alpha = {alpha}, beta = {beta}");
        let variant = format!("\n[[variant]]\nname = \"own\"\ncoefs = {{ {coefs} }}\n");
        let head = base.text.split("\n[[variant]]").next().expect("a law file");
        let law = |text: String| {
            let law = Law::from_toml("own", "own.toml", &text).expect("a law file");
            PlanLaw::published(&law, None, &Given::default(), 0).expect("plans")
        };
        let closed = law(format!("{head}{variant}"));
        let hidden = head.replace("B / D^beta", "B / D^beta + max(0, -1 / N)");
        let solver = law(format!("{hidden}{variant}"));
        let flops = random.log_between(1e17, 1e28);
        let ask = request(&[Ask::Compute(flops)]);
        let one = |law: &PlanLaw| plan(std::slice::from_ref(law), &ask).expect("a plan");
        let (x, y) = (one(&closed), one(&solver));
        assert_eq!(
            (x.laws[0].method.as_str(), y.laws[0].method.as_str()),
            ("closed form", "solver")
        );
        let (x, y) = (&x.rows[0], &y.rows[0]);
        let gap = (y.params.value / x.params.value - 1.0).abs();
        // Where the reducible loss is far below the floor, the loss itself rounds the optimum.
        assert!(gap < 1e-6, "{coefs} at {flops:e}: {gap:e}");
        assert!((6.0 * y.params.value * y.tokens.value / flops - 1.0).abs() < 1e-9);
        let (small, large) = (
            x.loss.as_ref().unwrap().value,
            y.loss.as_ref().unwrap().value,
        );
        assert!((large / small - 1.0).abs() < 1e-13, "{small} {large}");
    }
}

#[test]
fn a_recipe_that_needs_half_the_compute_has_a_gain_of_two() {
    // Both terms smaller by the power of a half that doubling the compute of the optimum would give.
    let (alpha, beta) = (TRUTH[3].1, TRUTH[4].1);
    let share = beta / (alpha + beta);
    let factor = 2f64.powf(-alpha * share);
    let mut better = TRUTH;
    better[1].1 *= factor;
    better[2].1 *= factor;
    let fits = |truth: &[(&str, f64)]| {
        let found = fitted(&ladder(truth), 11, Uncertainty::Bootstrap { resamples: 60 });
        PlanLaw::of_fit("recipe", &found, &Given::default()).expect("plans")
    };
    let (old, new) = (fits(&TRUTH), fits(&better));
    let scales = [1e19, 1e20, 1e21];
    let found = gain(&old, &new, &usual(), &scales, 0.95).expect("a gain");
    assert!(found.paired, "one seed and one number of resamples");
    for row in &found.rows {
        let own = row.gain.as_ref().expect("reached");
        let i = own.interval.expect("draws");
        assert!(i.contains(2.0) && i.upper - i.lower < 0.2, "{own:?}");
    }
    // The noise is the same in both, and resampled alike: what is left is the gain, without a trend.
    let single = found.single.expect("one number");
    assert!(
        (single.value - 2.0).abs() < 0.05,
        "{single:?} {:?}",
        found.refused
    );
    assert!(found.trend.interval.expect("draws").contains(0.0));

    // Another exponent of data: the gain grows, and there is no one number.
    let mut steeper = TRUTH;
    steeper[4].1 += 0.05;
    let found = gain(&old, &fits(&steeper), &usual(), &scales, 0.95).expect("a gain");
    assert!(
        found.single.is_none() && found.trend.value > 0.05,
        "{:?}",
        found.trend
    );
    assert!(
        found
            .refused
            .iter()
            .any(|why| why.contains("exponents of tokens")),
        "{:?}",
        found.refused
    );
}

/// Two recipes on one grid, each with noise of its own; the second needs a quarter of the compute, or as much.
fn pair(times: f64, seed: u64, uncertainty: &Uncertainty) -> [PlanLaw; 2] {
    let mut better = TRUTH;
    // N and D each count for the square root: both terms of the loss are those of `times` the compute.
    better[1].1 *= times.powf(-0.5 * TRUTH[3].1);
    better[2].1 *= times.powf(-0.5 * TRUTH[4].1);
    let law = |truth: &[(&str, f64)], seed: u64| {
        let found = fitted(&ladder(truth), seed, uncertainty.clone());
        PlanLaw::of_fit("recipe", &found, &Given::default()).expect("plans")
    };
    [law(&TRUTH, 2 * seed), law(&better, 2 * seed + 1)]
}

/// Both fits were once drawn from one stream: identical recipes differed "beyond their error" in nearly all tables.
#[test]
fn intervals_of_a_gain_hold_the_planted_gain() {
    for (uncertainty, tables) in [
        (Uncertainty::Covariance, 60),
        (Uncertainty::Bootstrap { resamples: 200 }, 30),
    ] {
        for times in [1.0, 4.0] {
            let (mut held, mut differ, mut headline) = (0, 0, 0);
            for seed in 0..tables {
                let [a, b] = pair(times, 100 + seed, &uncertainty);
                let found = gain(&a, &b, &usual(), &[1e22], 0.95).expect("a gain");
                let holds = |e: Option<&isoflop::Estimate>| {
                    e.and_then(|e| e.interval)
                        .is_some_and(|i| i.contains(times))
                };
                held += u64::from(holds(found.rows[0].gain.as_ref()));
                headline += u64::from(holds(found.headline.row.gain.as_ref()));
                differ += u64::from(!found.refused.is_empty());
            }
            // Of 60 intervals at 95 %, fewer than 51 hold in one of 2,000 samples; of 30, fewer than 24 in one of 600.
            let least = if tables == 60 { 51 } else { 24 };
            assert!(
                held >= least && headline >= least && differ <= tables - least,
                "{uncertainty:?}, gain {times}: {held} and {headline} of {tables} hold, {differ} are said to differ"
            );
        }
    }
}

#[test]
fn the_headline_of_a_gain_is_where_both_have_runs_whatever_was_asked() {
    let [a, b] = pair(4.0, 7, &Uncertainty::Covariance);
    let at = |scales: &[f64]| {
        gain(&a, &b, &usual(), scales, 0.95)
            .expect("a gain")
            .headline
    };
    let near = at(&[1e19]);
    assert_eq!(near, at(&[1e19, 1e24, 1e30]));
    // The largest run has 2e9 params and 320 tokens for each.
    assert!((near.row.compute / (6.0 * 2e9 * 2e9 * 320.0) - 1.0).abs() < 1e-9);
    let beyond = |of: &[(String, f64)]| of.iter().find(|(n, _)| n == "C").map_or(0.0, |(_, o)| *o);
    assert!(beyond(&near.row.beyond_b) < 1e-9, "{:?}", near.row);
    // The other recipe needs the gain times that compute for the same loss.
    let gain = near.row.gain.as_ref().expect("a gain").value;
    assert!(
        (beyond(&near.row.beyond_a) - gain.log10()).abs() < 1e-6,
        "{:?}",
        near.row
    );
}
