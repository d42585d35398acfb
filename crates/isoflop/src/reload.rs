//! What a saved fit was made of: its law, its options, and its tables, read again from where they were.

use isoflop_base::{Diagnostic, Diagnostics};
use isoflop_data::{Copies, Input, ReadOptions, RunTable, read};
use isoflop_fit::{Fit, FitOptions, Objective, Uncertainty};
use isoflop_law::Law;

use crate::datasets::dataset;

/// What a saved fit was made of.
#[derive(Debug)]
pub struct Reloaded {
    /// The law inside the fit.
    pub law: Law,
    /// Its tables as they are now, or why they cannot be read.
    pub table: Result<RunTable, Diagnostics>,
    /// Tables whose bytes are not those that were fitted.
    pub changed: Vec<String>,
    /// Options of the fit.
    pub options: FitOptions,
}

/// Takes a saved fit apart, and reads its tables again.
///
/// # Errors
///
/// Diagnostics when an option has no meaning in this version, or when the law inside the fit cannot be read.
pub fn reload(saved: &Fit) -> Result<Reloaded, Diagnostics> {
    let (reader, options) = options(saved)?;
    let law = Law::from_toml(&saved.law.id, "<saved law>", &saved.law.text)?;
    let inputs: Vec<Input> = saved
        .provenance
        .tables
        .iter()
        .map(|t| match dataset(&t.name) {
            Some(set) if !std::path::Path::new(&t.name).exists() => set.input(),
            _ => Input::from_arg(&t.name),
        })
        .collect();
    let table = read(&inputs, &reader);
    let changed = table.as_ref().map_or_else(
        |_| Vec::new(),
        |now| {
            let same = |name: &str, hash: &str| {
                now.sources()
                    .iter()
                    .any(|s| s.name == name && s.sha256 == hash)
            };
            let tables = saved.provenance.tables.iter();
            tables
                .filter(|t| !same(&t.name, &t.sha256))
                .map(|t| t.name.clone())
                .collect()
        },
    );
    Ok(Reloaded {
        law,
        table,
        changed,
        options,
    })
}

/// The options that a saved fit names.
fn options(saved: &Fit) -> Result<(ReadOptions, FitOptions), Diagnostics> {
    let mut reader = ReadOptions::default();
    let mut options = FitOptions {
        seed: saved.provenance.seed,
        uncertainty: Uncertainty::Default,
        ..FitOptions::default()
    };
    for (name, value) in &saved.provenance.options {
        match name.as_str() {
            "objective" => options.objective = Some(Objective::parse(value)?),
            "weights" => options.weights = Some(value.clone()),
            "starts" => options.starts = value.parse().ok(),
            "uncertainty" if value == "default" => {}
            "uncertainty" => options.uncertainty = Uncertainty::parse(value)?,
            "level" => options.level = value.parse().unwrap_or(options.level),
            "coef" => options.coefs.push(value.clone()),
            "derive" => options.derive.push(value.clone()),
            "map" => reader.map.extend(ReadOptions::parse_map(value)?),
            "let" => reader.lets.push(value.clone()),
            "where" => reader.filter = Some(value.clone()),
            "copies" => reader.copies = Copies::Keep,
            _ => {
                let d = Diagnostic::error(
                    "unknown-option",
                    format!("this version does not know the option `{name}`"),
                )
                .help(format!(
                    "the fit was saved by isoflop {}",
                    saved.provenance.version
                ));
                return Err(d.into());
            }
        }
        if matches!(name.as_str(), "map" | "let" | "where" | "copies") {
            options.reader.push((name.clone(), value.clone()));
        }
    }
    Ok((reader, options))
}
