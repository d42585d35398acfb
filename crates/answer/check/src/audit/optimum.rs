//! The compute-optimal size of a law of N and D, and what follows from coefficients.

use isoflop_fit::Fit;
use isoflop_law::{At, Law, VarRole};
use isoflop_numerics::search::golden_section;

/// Orders of magnitude that are searched beyond the sizes trained.
const BEYOND: f64 = 4.0;

/// Whether the law takes N and D and nothing else, without an index.
pub(crate) fn is_surface(law: &Law) -> bool {
    let takes = |name: &str| law.var(name).is_some_and(|v| v.role == VarRole::Input);
    law.vars.len() == 3 && takes("N") && takes("D")
}

/// Coefficients by name at a point of the solver's coordinates; fixed and tied ones need none.
pub(crate) fn coefficients(fit: &Fit, at: &[f64]) -> Vec<(String, f64)> {
    fit.joint
        .coordinates
        .iter()
        .zip(at)
        .map(|(label, x)| match label.strip_prefix("ln ") {
            Some(name) => (name.to_owned(), x.exp()),
            None => (label.clone(), *x),
        })
        .collect()
}

/// N* at compute 6ND = `flops`: where the law is lowest, by golden section in ln N. None when the lowest value lies at
/// an end of the search, four orders of magnitude beyond the sizes from `low` to `high`.
pub(crate) fn optimal_params(
    law: &Law,
    coefs: &[(String, f64)],
    flops: f64,
    (low, high): (f64, f64),
) -> Option<f64> {
    let mut inputs = [("N".to_owned(), 0.0), ("D".to_owned(), 0.0)];
    let value = |ln_n: f64| {
        inputs[0].1 = ln_n.exp();
        inputs[1].1 = flops / (6.0 * inputs[0].1);
        let at = At {
            coefs,
            inputs: &inputs,
            levels: &[],
        };
        law.value(&at).unwrap_or(f64::INFINITY)
    };
    let margin = BEYOND * std::f64::consts::LN_10;
    let (from, to) = (low.ln() - margin, high.ln() + margin);
    let at = golden_section(value, from, to, 1e-6);
    (at > from + 0.01 && at < to - 0.01).then(|| at.exp())
}

/// The exponent a of N* = k C^a, between a tenth and ten times a compute.
pub(crate) fn exponent(
    law: &Law,
    coefs: &[(String, f64)],
    flops: f64,
    sizes: (f64, f64),
) -> Option<f64> {
    let above = optimal_params(law, coefs, 10.0 * flops, sizes)?;
    let below = optimal_params(law, coefs, 0.1 * flops, sizes)?;
    Some((above / below).ln() / 100f64.ln())
}

/// Names of coefficients that stand in an exponent of the formula.
pub(crate) fn exponents(law: &Law) -> Vec<&str> {
    let text = &law.formula_text;
    law.coefs
        .iter()
        .map(|c| c.name.as_str())
        .filter(|name| stands_in_exponent(text, name))
        .collect()
}

fn stands_in_exponent(formula: &str, name: &str) -> bool {
    formula.match_indices('^').any(|(at, _)| {
        let rest = formula[at + 1..].trim_start_matches([' ', '(', '-']);
        rest.strip_prefix(name)
            .is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_optimum_of_a_known_surface_is_its_closed_form() {
        let law = Law::builtin("chinchilla").expect("in the catalogue");
        let coefs = &law.variant("huber").expect("a variant").coefs;
        let found = optimal_params(&law, coefs, 5.76e23, (1e8, 1e10)).expect("inside");
        assert!((found / 7.319_043_9e10 - 1.0).abs() < 1e-5, "{found}");
        // A public notebook prints 25.66 here, after it overwrote its axis of compute with ratios.
        let ratio = 5.76e23 / (6.0 * found * found);
        assert!((ratio - 17.921).abs() < 5e-4, "{ratio}");
        let a = exponent(&law, coefs, 1e21, (1e8, 1e10)).expect("inside");
        assert!((a - 0.513_899_5).abs() < 1e-5, "{a}");
    }

    #[test]
    fn exponents_are_told_by_the_formula() {
        let law = Law::builtin("chinchilla").expect("in the catalogue");
        assert_eq!(exponents(&law), ["alpha", "beta"]);
        assert!(stands_in_exponent("L = A*N^(-a)", "a"));
        assert!(!stands_in_exponent("L = A*N^alpha", "al"));
    }
}
