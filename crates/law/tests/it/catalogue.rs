//! Every law that comes with the program proves itself.

use crate::places::laws;
use isoflop_formula::EvalError;
use isoflop_law::{At, Check, Law, VarRole, catalogue};

#[test]
fn every_check_of_every_law_holds() {
    let mut wrong = Vec::new();
    for law in laws() {
        assert!(!law.checks.is_empty(), "{} has no check", law.id);
        for check in &law.checks {
            let value = at_check(&law, check).unwrap_or_else(|e| panic!("{}: {e}", law.id));
            let error = ((value - check.value) / check.value).abs();
            if error.is_nan() || error > check.tolerance {
                wrong.push(format!(
                    "{}: {value} for {} at {:?}",
                    law.id, check.value, check.at
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a law gives at the point of a check, with its own coefficients before those of its variant.
fn at_check(law: &Law, check: &Check) -> Result<f64, EvalError> {
    let mut coefs = check.coefs.clone();
    if let Some(variant) = law.variant(&check.variant) {
        let own = |name: &str| check.coefs.iter().any(|(n, _)| n == name);
        coefs.extend(variant.coefs.iter().filter(|(n, _)| !own(n)).cloned());
    }
    law.value(&At {
        coefs: &coefs,
        inputs: &check.at,
        levels: &check.levels,
    })
}

#[test]
fn every_variant_is_checked() {
    for law in laws() {
        for variant in &law.variants {
            let checked = law.checks.iter().any(|c| c.variant == variant.name);
            assert!(
                checked,
                "{}: the variant {} has no check",
                law.id, variant.name
            );
        }
    }
}

#[test]
fn law_files_are_written_in_the_canonical_form() {
    for (id, text) in catalogue() {
        let law = Law::builtin(id).expect(id);
        assert_eq!(law.text, text, "{id}");
    }
}

#[test]
fn the_text_of_a_law_gives_the_law_again() {
    for law in laws() {
        let again = Law::from_toml(&law.id, "again", &law.text).expect(&law.id);
        assert_eq!(format!("{again:?}"), format!("{law:?}"));
    }
}

#[test]
fn published_values_lie_inside_the_ranges() {
    for law in laws() {
        for variant in &law.variants {
            for (name, value) in &variant.coefs {
                let coef = law
                    .coef(name)
                    .unwrap_or_else(|| panic!("{}: {name}", law.id));
                let inside = coef.lower <= *value && *value <= coef.upper;
                assert!(inside, "{} {}: {name} = {value}", law.id, variant.name);
            }
        }
    }
}

#[test]
fn the_catalogue_is_sorted_and_told_apart_by_its_titles() {
    let ids: Vec<_> = catalogue().into_iter().map(|(id, _)| id).collect();
    assert!(ids.is_sorted() && ids.len() >= 22);
    let mut titles: Vec<_> = laws().into_iter().map(|law| law.title).collect();
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), ids.len());
}

#[test]
fn published_laws_name_source_and_trust() {
    for law in laws().iter().filter(|law| !law.variants.is_empty()) {
        assert!(
            !law.source.is_empty() && !law.trust.is_empty(),
            "{}",
            law.id
        );
    }
}

#[test]
fn kaplan_and_chinchilla_meet_in_their_common_family() {
    let nested = Law::builtin("nested").expect("reads");
    let kaplan = Law::builtin("kaplan-lnd").expect("reads");
    assert_eq!(nested.checks[1].value, kaplan.checks[1].value);
    assert_eq!(nested.checks[1].at, kaplan.checks[1].at);
}

#[test]
fn an_unknown_law_gets_its_neighbour() {
    let faults = Law::builtin("chinchila").expect_err("misspelt");
    assert_eq!(faults.0[0].code, "unknown-law");
    assert_eq!(faults.0[0].help, ["did you mean `chinchilla`?"]);
}

#[test]
fn an_index_is_a_variable_of_its_own_role() {
    let law = Law::builtin("chinchilla-by-corpus").expect("reads");
    assert_eq!(law.var("corpus").map(|v| v.role), Some(VarRole::Index));
    assert_eq!(
        law.coef("E").map(|c| c.index.clone()),
        Some(vec!["corpus".to_owned()])
    );
}
