//! Every law of the catalogue that can be planned with: the optimum is one, by the reference evaluator.

use isoflop::plan::{Ask, Convention, Given, PlanLaw, PlanRequest, plan};
use isoflop::{At, Law, VarRole, catalogue};

/// Steps in ln N to both sides of an optimum.
const STEPS: [f64; 6] = [0.01, 0.1, 0.5, 1.0, 2.0, 4.0];

/// Rounding of a loss, relative.
const ROUNDING: f64 = 1e-13;

/// Values for the inputs that a plan does not move, from the first check of a law.
fn given(law: &Law) -> Given {
    let mut given = Given::default();
    for check in law.checks.iter().take(1) {
        let moved = |name: &str| {
            let column = law.var(name).map_or("", |v| v.column.as_str());
            ["params", "tokens", "flops", "unique_tokens"].contains(&column)
        };
        let held = check.at.iter().filter(|(name, _)| !moved(name));
        given.at.extend(held.cloned());
        given.levels.extend(check.levels.iter().cloned());
    }
    given
}

/// The response by the reference evaluator.
fn response(law: &Law, variant: &str, given: &Given, params: f64, tokens: f64) -> f64 {
    let inputs: Vec<(String, f64)> = law
        .vars
        .iter()
        .filter(|v| v.role == VarRole::Input)
        .map(|v| {
            let value = match v.column.as_str() {
                "params" => params,
                "tokens" => tokens,
                "flops" => 6.0 * params * tokens,
                "unique_tokens" => f64::INFINITY,
                _ => {
                    given
                        .at
                        .iter()
                        .find(|(n, _)| *n == v.name)
                        .expect("given")
                        .1
                }
            };
            (v.name.clone(), value)
        })
        .collect();
    law.value(&At {
        coefs: &law.variant(variant).expect("named").coefs,
        inputs: &inputs,
        levels: &given.levels,
    })
    .expect("a value")
}

#[test]
fn no_step_along_the_budget_lowers_the_loss() {
    let usual = Law::builtin("flops-6nd").expect("in the catalogue");
    let mut checked = Vec::new();
    for (id, _) in catalogue() {
        let law = Law::builtin(id).expect("the catalogue parses");
        let given = given(&law);
        for variant in &law.variants {
            let Ok(own) = PlanLaw::published(&law, Some(&variant.name), &given, 0) else {
                continue;
            };
            let Ok(convention) = Convention::new(&usual, &Given::default()) else {
                panic!("6ND is a convention")
            };
            for flops in [1e19, 1e22, 1e25] {
                let request = PlanRequest {
                    ask: vec![Ask::Compute(flops)],
                    given: given.clone(),
                    ..PlanRequest::new(convention.clone())
                };
                let found = plan(std::slice::from_ref(&own), &request)
                    .unwrap_or_else(|e| panic!("{id}:{} at {flops:e}: {e}", variant.name));
                let row = &found.rows[0];
                let (n, d) = (row.params.value, row.tokens.value);
                assert!(
                    (6.0 * n * d / flops - 1.0).abs() < 1e-9,
                    "{id}: spends {:e}",
                    6.0 * n * d
                );
                let Some(loss) = &row.loss else { continue };
                let at = |params: f64| {
                    response(&law, &variant.name, &given, params, flops / (6.0 * params))
                };
                let best = at(n);
                assert!(
                    (best / loss.value - 1.0).abs() < 1e-9,
                    "{id}: {best} {}",
                    loss.value
                );
                for step in STEPS {
                    for other in [n * f64::exp(step), n * f64::exp(-step)] {
                        // A held optimum has no way out on one side; a model of less than one parameter is none.
                        let inside = other >= 1.0 && flops / (6.0 * other) >= 1.0;
                        let better = at(other) < best - ROUNDING * best.abs();
                        assert!(
                            !inside || !better,
                            "{id}:{} at {flops:e}: {n:e} ({best}) is worse than {other:e} ({}), held by {:?}",
                            variant.name,
                            at(other),
                            row.held
                        );
                    }
                }
                checked.push(format!("{id}:{}", variant.name));
                // The least compute for that loss is the budget, or less where the loss does not rise with less.
                let back = PlanRequest {
                    ask: vec![Ask::Loss(loss.value)],
                    ..request
                };
                let flat = found.notes.iter().any(|n| n.code == "flat-optimum");
                if row.held.is_empty() && !flat {
                    let back = plan(std::slice::from_ref(&own), &back)
                        .expect("the loss is that of a plan");
                    assert!(
                        back.rows[0].compute <= flops * (1.0 + 1e-6),
                        "{id}: {:e} for {flops:e}",
                        back.rows[0].compute
                    );
                }
            }
        }
    }
    checked.dedup();
    assert!(
        checked.len() >= 20,
        "{} laws checked: {checked:?}",
        checked.len()
    );
}
