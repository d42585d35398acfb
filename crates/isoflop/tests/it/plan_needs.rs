//! What plans take and what limits them, worked out by hand.

use isoflop::plan::{
    Ask, BindingLimit, Convention, Given, Hardware, PlanLaw, PlanRequest, ServeMeasure, Serving,
    accelerator, plan,
};
use isoflop::{Law, PlanSpec, Word};

/// Numbers that another program computed in double precision.
const DOUBLE: f64 = 1e-12;

#[track_caller]
fn close(found: f64, wanted: f64, tolerance: f64) {
    let gap = (found / wanted - 1.0).abs();
    assert!(
        gap <= tolerance,
        "{found:e} for {wanted:e}, relative gap {gap:.2e}"
    );
}

fn usual() -> Law {
    Law::builtin("flops-6nd").expect("in the catalogue")
}

fn request(ask: &[Ask]) -> PlanRequest {
    let convention = Convention::new(&usual(), &Given::default()).expect("a convention");
    PlanRequest {
        ask: ask.to_vec(),
        ..PlanRequest::new(convention)
    }
}

fn huber() -> PlanLaw {
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    PlanLaw::published(&law, Some("huber"), &Given::default(), 0).expect("published values")
}

#[test]
fn wall_time_is_that_of_the_catalogue() {
    // The reference value of train-days: 3.8e25 FLOP on 16,384 H100 at 40 % take 67.83 days.
    let mut hardware = Hardware::new(accelerator("h100").expect("in the table"));
    hardware.count = Some(16_384.0);
    hardware.per_hour = Some(2.0);
    let mut ask = request(&[Ask::Compute(3.8e25)]);
    ask.hardware = Some(hardware);
    let found = plan(&[huber()], &ask).expect("a plan");
    let needs = found.rows[0].needs.as_ref().expect("hardware");
    close(
        needs.days.as_ref().unwrap().value,
        67.829_406_567_836_66,
        DOUBLE,
    );
    let hours = needs.accelerator_hours.value;
    close(hours, 67.829_406_567_836_66 * 24.0 * 16_384.0, DOUBLE);
    close(needs.dollars.as_ref().unwrap().value, 2.0 * hours, DOUBLE);
    // 700 W and a site that takes a fifth more, in kWh.
    close(
        needs.energy.as_ref().unwrap().value,
        hours * 0.7 * 1.2,
        DOUBLE,
    );
    let row = &found.rows[0];
    close(needs.training_memory.value, 16.0 * row.params.value, DOUBLE);
    close(needs.data.value, 4.0 * row.tokens.value, DOUBLE);
    assert_eq!(
        needs.accelerators_to_hold,
        (16.0 * row.params.value / 80e9).ceil()
    );
    assert!(found.assumptions.iter().all(|a| !a.source.is_empty()));
}

#[test]
fn served_in_money_no_other_size_is_cheaper() {
    let mut hardware = Hardware::new(accelerator("h100").expect("in the table"));
    hardware.per_hour = Some(2.0);
    hardware.serve_per_hour = Some(3.0);
    let [train, prefill, decode] =
        [(2.0, 0.4), (3.0, 0.4), (3.0, 0.05)].map(|(price, mfu)| price / (9.894e14 * mfu * 3600.0));
    let mut ask = request(&[Ask::Compute(1e23)]);
    ask.serving = Some(Serving {
        prefill: 4e11,
        decode: 1e11,
        measure: ServeMeasure::Money,
    });
    ask.hardware = Some(hardware);
    let found = plan(&[huber()], &ask).expect("a plan");
    let row = &found.rows[0];
    let served = row.serving.as_ref().expect("served");
    let (e, a, b) = (
        1.817_218_099_010_08,
        477.825_868_233_905,
        2_143.417_363_360_46,
    );
    let (alpha, beta) = (0.347_310_498_881_755, 0.367_172_432_627_762);
    let loss = row.loss.as_ref().unwrap().value;
    let cost = |n: f64| {
        let d = ((loss - e - a / f64::powf(n, alpha)) / b).powf(-1.0 / beta);
        6.0 * n * d * train + 2.0 * n * (4e11 * prefill + 1e11 * decode)
    };
    let best = served.params.value;
    close(served.lifetime.value, cost(best), 1e-9);
    for step in [0.9, 0.99, 0.999, 1.001, 1.01, 1.1] {
        assert!(cost(best * step) > cost(best), "{step}");
    }
    let plain = cost(row.params.value);
    close(served.saved.value, 1.0 - cost(best) / plain, 1e-9);
    // Decoding is dear: in FLOP the shift is smaller.
    ask.serving = Some(Serving {
        prefill: 4e11,
        decode: 1e11,
        measure: ServeMeasure::Flops,
    });
    let flops = plan(&[huber()], &ask).expect("a plan");
    assert!(flops.rows[0].serving.as_ref().unwrap().params.value > best);
}

#[test]
fn served_under_limits_that_leave_one_model_is_said_to_have_no_other() {
    let mut ask = request(&[Ask::Compute(1e24)]);
    let tokens = |n: f64| Serving {
        prefill: n,
        decode: 0.0,
        measure: ServeMeasure::Flops,
    };
    ask.serving = Some(tokens(1e12));
    ask.limits.max_params = Some(1e9);
    ask.limits.max_tokens = Some(1e10);
    let code = |found: &isoflop::plan::Plan| found.notes.iter().any(|n| n.code == "no-serving");
    let found = plan(&[huber()], &ask).expect("a plan");
    let served = found.rows[0].serving.as_ref().expect("the plan's own");
    assert_eq!((served.saved.value, served.size_ratio.value), (0.0, 1.0));
    assert!(code(&found));
    // Without limits there is one, and a single token moves it by less than rounding shows.
    ask.limits = Default::default();
    ask.serving = Some(tokens(1.0));
    let found = plan(&[huber()], &ask).expect("a plan");
    let served = found.rows[0].serving.as_ref().expect("served");
    assert!(!code(&found));
    assert_eq!(served.saved.value, 0.0);
}

#[test]
fn unique_tokens_end_where_muennighoff_says() {
    let law = Law::builtin("data-constrained").expect("in the catalogue");
    let given = Given {
        unique: Some(25e9),
        ..Given::default()
    };
    let own = PlanLaw::published(&law, None, &given, 0).expect("plans");
    let mut ask = request(&[Ask::Compute(1e22)]);
    ask.given = given;
    let found = plan(&[own], &ask).expect("a plan");
    // Effective data saturate at (1 + R_D) U, effective params at (1 + R_N) of what U asks for.
    let (e, a, b, power): (f64, f64, f64, f64) = (
        1.869_143_678_4,
        520.824_951_66,
        1_487.716_093_78,
        0.352_659_6,
    );
    let (r_d, r_n): (f64, f64) = (15.387_756, 5.309_743);
    let g = (a / b).powf(1.0 / (2.0 * power));
    let params = g * (g * 25e9) * (1.0 + r_n);
    let tokens: f64 = 25e9 * (1.0 + r_d);
    let floor = e + a / params.powf(power) + b / tokens.powf(power);
    close(found.laws[0].floor.as_ref().unwrap().value, floor, 1e-9);
}

#[test]
fn memory_and_precision_limit_the_size() {
    let spec = PlanSpec {
        compute: vec![Word::from("1e24")],
        max_memory: Some("24GB@int4".to_owned()),
        ..PlanSpec::default()
    };
    let request = spec.request(&usual(), None).expect("a request");
    let found = plan(&[huber()], &request).expect("a plan");
    // Four fifths of 24 GB at half a byte.
    close(found.rows[0].params.value, 0.8 * 24e9 / 0.5, 1e-9);
    assert_eq!(found.rows[0].held, [BindingLimit::MaxParams]);
    assert_eq!(found.assumptions[0].name, "memory-share");
}

/// Where the law has saturated, the curve of a loss is rounding, and a search along it found a model that cost 18 times as
/// much as the plan's own.
#[test]
fn what_is_served_never_costs_more_than_the_plans_own_model() {
    let law = Law::builtin("data-constrained").expect("in the catalogue");
    for (flops, max_params, unique, served) in [
        (2.6e23, 6.03e10, 1.3e9, 9.39e11),
        (3.68e23, 1.59e9, 8.73e9, 6.99e13),
        (1e24, 1e11, 1e10, 1e13),
    ] {
        let given = Given {
            unique: Some(unique),
            ..Given::default()
        };
        let own = PlanLaw::published(&law, None, &given, 0).expect("plans");
        let mut ask = request(&[Ask::Compute(flops)]);
        ask.given = given;
        ask.limits.max_params = Some(max_params);
        ask.serving = Some(Serving {
            prefill: served,
            decode: 0.0,
            measure: ServeMeasure::Flops,
        });
        let found = plan(&[own], &ask).expect("a plan");
        let served = found.rows[0].serving.as_ref().expect("a model to serve");
        assert!(served.saved.value >= 0.0, "{:?}", served.saved);
    }
}

#[test]
fn a_served_model_that_takes_more_days_than_there_are_is_said() {
    let hardware = |ask: &mut PlanRequest| {
        let mut h = Hardware::new(accelerator("h100").expect("known"));
        h.count = Some(512.0);
        ask.hardware = Some(h);
    };
    let mut ask = request(&[Ask::Compute(3.7e23)]);
    hardware(&mut ask);
    ask.serving = Some(Serving {
        prefill: 5e13,
        decode: 0.0,
        measure: ServeMeasure::Flops,
    });
    let found = plan(&[huber()], &ask).expect("a plan");
    let row = &found.rows[0];
    let served = row.serving.as_ref().expect("served");
    let days = |needs: &isoflop::plan::Needs| needs.days.as_ref().expect("counted").value;
    let (own, life) = (
        days(row.needs.as_ref().expect("needs")),
        days(served.needs.as_ref().expect("needs")),
    );
    assert!(life > 1.05 * own, "{life} {own}");
    assert!((life / own / served.training_ratio - 1.0).abs() < 1e-9);
    assert!(found.notes.iter().any(|n| n.code == "serving-over-budget"));
}

#[test]
fn published_models_are_not_judged_on_the_unique_tokens_of_the_request() {
    let law = Law::builtin("data-constrained").expect("in the catalogue");
    let losses = |unique: Option<f64>| {
        let given = Given {
            unique,
            ..Given::default()
        };
        let own = PlanLaw::published(&law, None, &given, 0).expect("plans");
        let mut ask = request(&[Ask::Compute(1e23)]);
        ask.given = given;
        ask.models = true;
        let found = plan(&[own], &ask).expect("a plan");
        let all = found.models.iter().map(|m| m.loss.value);
        all.collect::<Vec<f64>>()
    };
    assert_eq!(losses(Some(2e9)), losses(None));
}
