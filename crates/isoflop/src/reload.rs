//! What a saved fit was made of: its law, its options, and its tables, read again from where they were.

use isoflop_base::{Diagnostic, Diagnostics};
use isoflop_data::{Copies, Input, ReadOptions, RunTable, read};
use isoflop_fit::{Dependence, Fit, FitOptions, GROUP, Objective, Uncertainty};
use isoflop_law::Law;

use crate::datasets::dataset;

/// What a saved fit was made of.
#[derive(Debug)]
pub struct Reloaded {
    /// The law inside the fit, a formula as it was typed.
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
    // A fit starts from the formula as typed: from the signs that it settled another search would lead to the same
    // optimum with other rounding.
    let law = saved.law.parse()?.unsettled()?;
    let inputs: Vec<Input> = saved
        .provenance
        .tables
        .iter()
        .map(|t| match dataset(&t.name) {
            Some(set) if !std::path::Path::new(&t.name).exists() => set.input(),
            _ => Input::from_arg(&t.name),
        })
        .collect();
    let table = read(&inputs, &reader).and_then(|table| match of_group(saved) {
        Some((column, name)) => Ok(table.group(column, name)?),
        None => Ok(table),
    });
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

/// The column and the value of a fit to one group of its tables.
pub(crate) fn of_group(fit: &Fit) -> Option<(&str, &str)> {
    let [column, value] = GROUP.map(|option| {
        let mut said = fit.provenance.options.iter();
        said.find(|(name, _)| name == option)
            .map(|(_, value)| value.as_str())
    });
    column.zip(value)
}

/// How a table of points is read for a saved fit: names and made columns as the runs of the fit had them, as far as its inputs
/// rest on them. `said` are maps that were given with the points, which come first.
///
/// # Errors
///
/// `bad-map` for a map that cannot be read.
pub fn point_reader(saved: &Fit, said: &[String]) -> Result<ReadOptions, Diagnostics> {
    let mut reader = ReadOptions::default();
    for text in said {
        reader.map.extend(ReadOptions::parse_map(text)?);
    }
    let ranges = saved
        .ranges
        .iter()
        .map(|r| (r.name.as_str(), r.column.as_str()));
    let inputs = saved.points.inputs.iter().map(|(n, _)| n.as_str());
    let levels = saved.points.levels.iter().map(|(n, _)| n.as_str());
    let mut wanted: Vec<&str> = inputs.chain(levels).collect();
    let columns: Vec<&str> = ranges
        .filter(|(name, _)| wanted.contains(name))
        .map(|(_, column)| column)
        .collect();
    wanted.extend(columns);
    let law = saved.law.parse()?;
    let own = law
        .vars
        .iter()
        .filter(|v| wanted.contains(&v.name.as_str()));
    let declared: Vec<&str> = own.map(|v| v.column.as_str()).collect();
    wanted.extend(declared);
    let options = &saved.provenance.options;
    for (_, value) in options.iter().filter(|(name, _)| name == "map") {
        let pairs = ReadOptions::parse_map(value)?;
        let new = |(role, _): &(String, String)| {
            wanted.contains(&role.as_str()) && reader.map.iter().all(|(known, _)| known != role)
        };
        let pairs: Vec<(String, String)> = pairs.into_iter().filter(new).collect();
        wanted.extend(
            options
                .iter()
                .filter(|(n, v)| n == "let" && pairs.iter().any(|(_, column)| target(v) == column))
                .map(|(_, v)| target(v)),
        );
        reader.map.extend(pairs);
    }
    // From the last to the first: a column may be made from columns made before it.
    let lets = options.iter().filter(|(name, _)| name == "let").rev();
    let mut kept = Vec::new();
    for (_, text) in lets {
        if wanted.contains(&target(text)) {
            let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            wanted.extend(words.filter(|w| !w.is_empty()));
            kept.push(text.clone());
        }
    }
    kept.reverse();
    reader.lets = kept;
    Ok(reader)
}

/// The column that a `--let` makes.
fn target(text: &str) -> &str {
    text.split('=').next().unwrap_or_default().trim()
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
            "sigma" => options.sigma = Some(value.clone()),
            "starts" => options.starts = value.parse().ok(),
            "uncertainty" if value == "default" => {}
            "uncertainty" => options.uncertainty = Uncertainty::parse(value)?,
            "independent" => options.dependence = Dependence::None,
            "level" => options.level = value.parse().unwrap_or(options.level),
            "coef" => options.coefs.push(value.clone()),
            "derive" => options.derive.push(value.clone()),
            "map" => reader.map.extend(ReadOptions::parse_map(value)?),
            "unit" => reader.units.push(ReadOptions::parse_unit(value)?),
            "best-of" => reader.best_of = ReadOptions::names(value),
            "let" => reader.lets.push(value.clone()),
            "where" => reader.filter = Some(value.clone()),
            "without" => reader.without.push(value.clone()),
            "copies" => reader.copies = Copies::Keep,
            // Rows of a group are taken once the tables are read.
            option if GROUP.contains(&option) => {}
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
        if matches!(
            name.as_str(),
            "map" | "unit" | "best-of" | "let" | "where" | "without" | "copies"
        ) || GROUP.contains(&name.as_str())
        {
            options.reader.push((name.clone(), value.clone()));
        }
    }
    Ok((reader, options))
}
