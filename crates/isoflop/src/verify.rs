//! A saved fit, run again from its tables and options: does the same come out, in every value?

use crate::report::json;
use isoflop_base::Diagnostics;
use isoflop_fit::{Fit, UNSEALED, fit};
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
    /// Whether the repeated fit equals the saved one in every value, to the last digit.
    pub same: bool,
    /// Tables whose bytes are not those that were fitted.
    pub changed: Vec<String>,
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
    let of = reload(saved)?;
    let changed = of.changed.clone();
    let again = again(saved, of, &[])?;
    let mut differences = Vec::new();
    let mut differing = 0;
    compare("", &values(saved), &values(&again), &mut |place, a, b| {
        differing += 1;
        if differences.len() < LISTED {
            differences.push((place.to_owned(), a, b));
        }
    });
    Ok(Verification {
        schema: "isoflop.verify/1".to_owned(),
        same: differing == 0,
        changed,
        versions: (saved.provenance.version.clone(), again.provenance.version),
        differences,
        differing,
    })
}

/// The fit again from its tables and options, with more changes of its coefficients.
pub(crate) fn repeat(saved: &Fit, changes: &[String]) -> Result<Fit, Diagnostics> {
    again(saved, reload(saved)?, changes)
}

fn again(saved: &Fit, of: Reloaded, changes: &[String]) -> Result<Fit, Diagnostics> {
    let Reloaded {
        law,
        table,
        mut options,
        ..
    } = of;
    options.coefs.extend(changes.iter().cloned());
    let mut again = fit(&law, &table?, &options)?;
    // What a check has written into the fit is the check's to repeat.
    again.calibration.clone_from(&saved.calibration);
    Ok(again)
}

/// What is compared: a digest differs whenever anything does, and the note on a missing one is the reader's.
fn values(fit: &Fit) -> Value {
    let mut fit = fit.clone();
    fit.notes.retain(|n| n.code != UNSEALED);
    let mut value = serde_json::from_str(&json::text(&fit)).unwrap_or(Value::Null);
    if let Some(fields) = value.as_object_mut() {
        fields.remove("digest");
    }
    value
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
