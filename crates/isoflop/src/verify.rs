//! A saved fit, run again from its tables and options: does the same come out, to the byte?

use isoflop_base::Diagnostics;
use isoflop_fit::{Fit, fit};
use isoflop_report::json;
use serde::Serialize;
use serde_json::Value;

use crate::reload::{Reloaded, reload};

/// Differences listed at most.
const LISTED: usize = 20;

/// What a repeated fit showed. `schema` is `isoflop.verify/1`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verification {
    /// `isoflop.verify/1`.
    pub schema: String,
    /// Whether the repeated fit equals the saved one to the byte.
    pub same: bool,
    /// Version that saved the fit, and this one.
    pub versions: (String, String),
    /// Values that differ, by their place in the document: (place, saved, now); at most twenty.
    pub differences: Vec<(String, String, String)>,
    /// How many values differ in all.
    pub differing: usize,
}

/// Repeats a saved fit from the tables and options that it names.
///
/// # Errors
///
/// Diagnostics when a table cannot be read any more, when an option has no meaning in this version, and those of the fit.
pub fn verify(saved: &Fit) -> Result<Verification, Diagnostics> {
    let again = repeat(saved, &[])?;
    let (old, new) = (json::text(saved), json::text(&again));
    let mut differences = Vec::new();
    let mut differing = 0;
    if old != new {
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
        compare("", &parse(&old), &parse(&new), &mut |place, a, b| {
            differing += 1;
            if differences.len() < LISTED {
                differences.push((place.to_owned(), a, b));
            }
        });
    }
    Ok(Verification {
        schema: "isoflop.verify/1".to_owned(),
        same: old == new,
        versions: (saved.provenance.version.clone(), again.provenance.version),
        differences,
        differing,
    })
}

/// The fit again from its tables and options, with more changes of its coefficients.
pub(crate) fn repeat(saved: &Fit, changes: &[String]) -> Result<Fit, Diagnostics> {
    let Reloaded {
        law,
        table,
        mut options,
        ..
    } = reload(saved)?;
    options.coefs.extend(changes.iter().cloned());
    let mut again = fit(&law, &table?, &options)?;
    // What a check has written into the fit is the check's to repeat.
    again.calibration.clone_from(&saved.calibration);
    Ok(again)
}

/// Calls `differ` for every leaf that is not the same in both documents.
fn compare(place: &str, a: &Value, b: &Value, differ: &mut impl FnMut(&str, String, String)) {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            for (key, value) in x {
                compare(
                    &format!("{place}/{key}"),
                    value,
                    y.get(key).unwrap_or(&Value::Null),
                    differ,
                );
            }
            for key in y.keys().filter(|k| !x.contains_key(*k)) {
                differ(
                    &format!("{place}/{key}"),
                    "nothing".to_owned(),
                    y[key].to_string(),
                );
            }
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            for (i, (v, w)) in x.iter().zip(y).enumerate() {
                compare(&format!("{place}/{i}"), v, w, differ);
            }
        }
        _ if a == b => {}
        (Value::Array(x), Value::Array(y)) => {
            differ(
                place,
                format!("{} entries", x.len()),
                format!("{} entries", y.len()),
            );
        }
        _ => differ(place, a.to_string(), b.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datasets::dataset;
    use isoflop_data::{ReadOptions, read};
    use isoflop_fit::{FitOptions, Uncertainty};
    use isoflop_law::Law;

    #[test]
    fn an_untouched_fit_is_the_same_and_a_touched_one_is_not() {
        let set = dataset("simulated-ladder").expect("comes with the program");
        let table = read(&[set.input()], &ReadOptions::default()).expect("reads");
        let law = Law::builtin("chinchilla").expect("in the catalogue");
        let options = FitOptions {
            derive: vec!["a = beta / (alpha + beta)".to_owned()],
            coefs: vec!["alpha in [0, 1]".to_owned()],
            uncertainty: Uncertainty::Bootstrap { resamples: 50 },
            ..FitOptions::default()
        };
        let mut saved = fit(&law, &table, &options).expect("fits");
        let found = verify(&saved).expect("repeats");
        assert!(found.same, "{:?}", found.differences);
        saved.coefs[0].1.value += 1e-9;
        let found = verify(&saved).expect("repeats");
        assert_eq!((found.same, found.differing), (false, 1));
        assert_eq!(found.differences[0].0, "/coefs/E/value");
    }
}
