//! A gain with what the laws leave held at one value in both recipes: their data often cannot tell it from the powers.

use isoflop_base::{Diagnostic, Diagnostics, parse_quantity};
use isoflop_fit::Fit;
use isoflop_plan::{Convention, Gain, Given, PlanLaw, PlanRequest, gain};

use crate::verify::repeat;

/// The coefficient that is held when none is named.
const FLOOR: &str = "E";

/// Fits both recipes again from their tables, with `pin` (`1.7`, or `c=1.7` for another name) held in both.
///
/// # Errors
///
/// `bad-pin` when a law has no such coefficient or the value is no number; those of reading, fitting and of [`gain`].
pub fn pinned_gain(
    recipes: [(&str, &Fit); 2],
    pin: &str,
    given: &Given,
    convention: &Convention,
    request: &PlanRequest,
) -> Result<Gain, Diagnostics> {
    let (coef, value) = pin.split_once('=').unwrap_or((FLOOR, pin));
    let coef = coef.trim();
    let value = parse_quantity(value)
        .map_err(|why| Diagnostic::error("bad-pin", format!("`--pin {pin}`: {why}")))?
        .value;
    let mut laws = Vec::new();
    for (name, fit) in recipes {
        let law = fit.law.parse()?;
        if law.coef(coef).is_none() {
            let names: Vec<&str> = law.coefs.iter().map(|c| c.name.as_str()).collect();
            let d = Diagnostic::error(
                "bad-pin",
                format!("the law of {name} has no coefficient `{coef}`"),
            );
            return Err(d
                .help(format!(
                    "its coefficients are {}; write --pin COEF=VALUE",
                    names.join(", ")
                ))
                .into());
        }
        let again = repeat(fit, &[format!("{coef} = {value}")])?;
        laws.push(PlanLaw::of_fit(name, &again, given)?);
    }
    let mut found = gain(
        &laws[0],
        &laws[1],
        convention,
        &request.scales(),
        request.level,
    )?;
    found.pinned = Some(value);
    Ok(found)
}
