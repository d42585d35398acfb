//! Plans with the certified fit of the digitised Chinchilla runs.

use std::sync::OnceLock;

use isoflop::plan::{Ask, Convention, Given, Plan, PlanLaw, PlanRequest, PlanRow, plan};
use isoflop::{Fit, FitOptions, Input, Law, Objective, ReadOptions, Uncertainty, fit, read};
use isoflop_testkit::outside;

/// Published and derived numbers carry eight digits.
const EIGHT_DIGITS: f64 = 5e-8;

/// Numbers that were computed in double precision by another program.
const DOUBLE: f64 = 1e-12;

#[track_caller]
fn close(found: f64, wanted: f64, tolerance: f64) {
    let gap = (found / wanted - 1.0).abs();
    assert!(
        gap <= tolerance,
        "{found:e} for {wanted:e}, relative gap {gap:.2e}"
    );
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

fn only(law: &PlanLaw, request: &PlanRequest) -> (Plan, PlanRow) {
    let found = plan(std::slice::from_ref(law), request).expect("a plan");
    let row = found.rows[0].clone();
    (found, row)
}

/// The certified fit of the digitised Chinchilla runs, with 200 draws.
fn certified() -> &'static Fit {
    static FIT: OnceLock<Fit> = OnceLock::new();
    FIT.get_or_init(|| {
        let options = ReadOptions {
            filter: Some("loss < 3.44".to_owned()),
            ..ReadOptions::default()
        };
        let runs = read(
            &[Input::Path(outside("chinchilla_epoch/chinchilla.csv"))],
            &options,
        )
        .expect("the file reads");
        let law = Law::builtin("chinchilla").expect("in the catalogue");
        let options = FitOptions {
            objective: Some(Objective::parse("huber-log:1e-3").expect("an objective")),
            uncertainty: Uncertainty::Bootstrap { resamples: 200 },
            ..FitOptions::default()
        };
        fit(&law, &runs, &options).expect("fits")
    })
}

#[test]
fn the_certified_fit_gives_the_optimum_of_its_law() {
    let law = PlanLaw::of_fit("fit", certified(), &Given::default()).expect("plans");
    let found = plan(
        &[law],
        &request(&[Ask::Compute(5.76e23), Ask::Compute(1e21)]),
    )
    .expect("a plan");
    let [large, small] = found.rows.as_slice() else {
        panic!("two rows")
    };
    close(large.params.value, 7.319_043_9e10, EIGHT_DIGITS);
    close(large.tokens.value, 1.311_646_7e12, EIGHT_DIGITS);
    close(
        large.loss.as_ref().unwrap().value,
        1.973_912_11,
        EIGHT_DIGITS,
    );
    close(small.params.value, 2.791_737_5e9, EIGHT_DIGITS);
    close(small.tokens.value, 5.969_997_9e10, EIGHT_DIGITS);
    for row in [large, small] {
        close(
            6.0 * row.params.value * row.tokens.value,
            row.compute,
            DOUBLE,
        );
        let i = row.params.interval.expect("draws give an interval");
        assert!(i.lower < row.params.value && row.params.value < i.upper);
    }
    // Runs reach 1.6e10 params and about 1e22 FLOP.
    let beyond = |name: &str| large.beyond.iter().find(|(n, _)| n == name).unwrap().1;
    assert!(beyond("N") > 0.5 && beyond("C") > 1.0 && beyond("D/N") == 0.0);
    assert!(found.notes.iter().any(|n| n.code == "extrapolation"));
    let power = |name: &str| {
        &found.laws[0]
            .exponents
            .iter()
            .find(|(n, _)| n == name)
            .unwrap()
            .1
    };
    close(power("params").value, 0.513_898, 1e-4);
    close(power("params").value + power("tokens").value, 1.0, DOUBLE);
}

#[test]
fn published_models_waste_what_the_law_says() {
    let mut ask = request(&[]);
    ask.models = true;
    let law = PlanLaw::of_fit("fit", certified(), &Given::default()).expect("plans");
    let found = plan(&[law], &ask).expect("a plan");
    let names: Vec<&str> = found.models.iter().map(|m| m.model.as_str()).collect();
    assert_eq!(
        names,
        [
            "GPT-3",
            "Gopher",
            "MT-NLG",
            "Chinchilla",
            "PaLM",
            "LLaMA-65B",
            "Llama-3-70B"
        ]
    );
    let of = |name: &str| found.models.iter().find(|m| m.model == name).unwrap();
    close(of("GPT-3").flops, 3.15e23, DOUBLE);
    close(of("Chinchilla").loss.value, 1.973_366_8, 1e-6);
    // Chinchilla lies on the frontier of its own refit, GPT-3 and MT-NLG far from it.
    assert!(of("Chinchilla").waste.value < 0.01 && of("LLaMA-65B").waste.value < 0.01);
    assert!(of("GPT-3").waste.value > 0.3 && of("MT-NLG").waste.value > of("GPT-3").waste.value);
    // The waste is that of the closed form: its optimum has the model's loss.
    let gpt3 = of("GPT-3");
    let law = PlanLaw::of_fit("fit", certified(), &Given::default()).expect("plans");
    let (_, cheapest) = only(&law, &request(&[Ask::Loss(gpt3.loss.value)]));
    close(1.0 - cheapest.compute / gpt3.flops, gpt3.waste.value, 1e-9);
    assert!(of("Llama-3-70B").optimal_params.value > 2e11);
    for model in &found.models {
        assert!(
            model.waste.value >= 0.0 && model.waste.value < 1.0,
            "{}",
            model.model
        );
    }
}
