//! What is meant: typed requests made from the words of [`crate::args`]. All faults are collected.

use isoflop::{
    Copies, Dependence, Diagnostic, Diagnostics, Fit, FitOptions, Fits, Input, Law, Method, Minima,
    Objective, ReadOptions, Recipe, RecipeOptions, RunTable, Uncertainty, Weighting, changed_coef,
    closest, dataset, datasets, fit_groups, fit_owned, read, recipe,
};

use crate::args::{CopiesArg, FitArgs, HowArgs, MinimaArg, WeighArg};
use crate::law_ref::LawRef;

/// A fit that is asked for.
pub(crate) struct FitRequest {
    inputs: Vec<Input>,
    law: LawRef,
    reader: ReadOptions,
    options: FitOptions,
}

impl FitRequest {
    /// The request behind the words.
    pub(crate) fn new(
        inputs: &[String],
        law: &str,
        how: &HowArgs,
        seed: u64,
    ) -> Result<Self, Diagnostics> {
        let mut faults = Diagnostics::default();
        let reader = reader(how, &mut faults);
        let options = options(how, seed, &mut faults);
        if faults.0.is_empty() {
            Ok(Self {
                inputs: inputs.iter().map(|i| input(i)).collect(),
                law: LawRef::parse(law),
                reader,
                options,
            })
        } else {
            Err(faults)
        }
    }

    /// Reads the table and the law, reports the faults of both together, and fits.
    pub(crate) fn run(&self) -> Result<Fit, Diagnostics> {
        let (law, table) = self.load()?;
        maps_are_used(&table, &[&law])?;
        fit_owned(&law, table, &self.options)
    }

    /// The same for every group of a column.
    pub(crate) fn run_groups(&self, column: &str) -> Result<Fits, Diagnostics> {
        let (law, table) = self.load()?;
        maps_are_used(&table, &[&law])?;
        fit_groups(&law, &table, column, &self.options)
    }

    /// The law file, where the law is one.
    pub(crate) fn law_file(&self) -> Option<&str> {
        match &self.law {
            LawRef::File(path) => Some(path),
            _ => None,
        }
    }

    /// Reads the table alone.
    pub(crate) fn table(&self) -> Result<RunTable, Diagnostics> {
        read(&self.inputs, &self.reader).map_err(|faults| near_dataset(faults, &self.inputs))
    }

    /// The options of the fit.
    pub(crate) fn options(&self) -> &FitOptions {
        &self.options
    }

    /// Reads the table and the law, and reports the faults of both together.
    pub(crate) fn load(&self) -> Result<(Law, RunTable), Diagnostics> {
        let alone = self.law.load_alone();
        let table = match (read(&self.inputs, &self.reader), &alone) {
            (Ok(table), _) => table,
            (Err(faults), alone) => {
                let mut faults = near_dataset(faults, &self.inputs);
                faults.0.extend(
                    alone
                        .iter()
                        .filter_map(|law| law.as_ref().err())
                        .flat_map(|f| f.0.iter().cloned()),
                );
                return Err(faults);
            }
        };
        let law = match alone {
            Some(law) => law?,
            None => self.formula_law(&table)?,
        };
        self.coefs_do_something(&law, &table)?;
        Ok((law, table))
    }

    /// Refuses a bare name of `--coef` that changes nothing: the law has it as a coefficient without being told.
    fn coefs_do_something(&self, law: &Law, table: &RunTable) -> Result<(), Diagnostics> {
        let bare = |change: &&String| !change.contains('=') && !change.contains(" in ");
        let mut faults = Diagnostics::default();
        for change in self.options.coefs.iter().filter(bare) {
            let name = change.trim().trim_matches('`');
            if law.coef(name).is_none() {
                continue;
            }
            let others: Vec<&str> = changed_names(&self.options.coefs)
                .into_iter()
                .filter(|other| *other != name)
                .collect();
            let told = matches!(self.law, LawRef::Formula(_))
                && self
                    .law
                    .load(Some(table), &others)
                    .map_or(true, |without| without.coef(name).is_none());
            if !told {
                let message = format!(
                    "`--coef {change}` changes nothing: `{name}` is a coefficient of the law"
                );
                faults.0.push(
                    Diagnostic::error("nothing-changed", message).help(format!(
                        "'{name} = 1.7' fixes it, '{name} in [0, 1]' bounds it, '{name} = OTHER' ties it"
                    )),
                );
            }
        }
        if faults.0.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    fn formula_law(&self, table: &RunTable) -> Result<Law, Diagnostics> {
        self.law
            .load(Some(table), &changed_names(&self.options.coefs))
    }
}

/// Options that a recipe would not look at: minima are read off curves, not fitted by a law.
fn no_part_in_a_recipe(how: &HowArgs) -> Vec<Diagnostic> {
    let said = [
        ("--weights", how.weights.is_some()),
        ("--sigma", how.sigma.is_some()),
        ("--objective", how.objective.is_some()),
        ("--coef", !how.coef.is_empty()),
        ("--derive", !how.derive.is_empty()),
        ("--starts", how.starts.is_some()),
    ];
    let said = said.into_iter().filter(|(_, said)| *said);
    said.map(|(name, _)| {
        Diagnostic::error("nothing-changed", format!("{name} has no part in a recipe"))
            .help("leave it out, or fit a law without --recipe")
    })
    .collect()
}

/// Refuses a `--map` whose letter none of the laws knows: it would do nothing.
pub(crate) fn maps_are_used(table: &RunTable, laws: &[&Law]) -> Result<(), Diagnostics> {
    let mut known: Vec<&str> = Vec::new();
    for var in laws.iter().flat_map(|law| &law.vars) {
        for name in [var.name.as_str(), var.column.as_str()] {
            if !known.contains(&name) {
                known.push(name);
            }
        }
    }
    match table.unknown_maps(&known) {
        faults if faults.is_empty() => Ok(()),
        faults => Err(Diagnostics(faults)),
    }
}

/// The surface law by which the bias of a recipe is measured, unless `--law` names another.
const SURFACE: &str = "chinchilla";

/// Reads the table and follows a recipe.
pub(crate) fn run_recipe(said: &FitArgs, spelling: &str, seed: u64) -> Result<Recipe, Diagnostics> {
    let mut faults = Diagnostics::default();
    let reader = reader(&said.how, &mut faults);
    let base = options(&said.how, seed, &mut faults);
    faults.0.extend(no_part_in_a_recipe(&said.how));
    let resamples = match base.uncertainty {
        Uncertainty::Default => RecipeOptions::default().resamples,
        Uncertainty::None => 0,
        Uncertainty::Bootstrap { resamples } => resamples,
        _ => {
            faults.0.push(
                Diagnostic::error("bad-uncertainty", "a recipe resamples its runs")
                    .help("use --uncertainty bootstrap:N or none"),
            );
            0
        }
    };
    let method = Method::parse(spelling).map_err(|fault| faults.0.push(fault));
    let Ok(method) = method else {
        return Err(faults);
    };
    if !faults.0.is_empty() {
        return Err(faults);
    }
    let inputs: Vec<Input> = said.inputs.iter().map(|i| input(i)).collect();
    let table = read(&inputs, &reader).map_err(|f| near_dataset(f, &inputs))?;
    let law = LawRef::parse(said.law.as_deref().unwrap_or(SURFACE)).load(Some(&table), &[])?;
    maps_are_used(&table, &[&law])?;
    let asked = RecipeOptions {
        method,
        minima: match said.recipe_how.minima {
            MinimaArg::Bracketed => Minima::Bracketed,
            MinimaArg::Convex => Minima::Convex,
        },
        weighting: match said.recipe_how.minima_weights {
            WeighArg::Equal => Weighting::Equal,
            WeighArg::Variance => Weighting::Variance,
        },
        snap: said.recipe_how.snap,
        resamples,
        level: base.level,
        seed,
        reader: base.reader,
    };
    recipe(&law, &table, &asked)
}

/// Names on the left of `--coef`: what is fixed or bounded is a coefficient, whatever its name looks like.
fn changed_names(changes: &[String]) -> Vec<&str> {
    changes
        .iter()
        .filter_map(|change| changed_coef(change))
        .collect()
}

/// A name from `isoflop data`, or what the reader makes of it. A file of the same name comes first.
pub(crate) fn input(text: &str) -> Input {
    match dataset(text) {
        Some(set) if !std::path::Path::new(text).exists() => set.input(),
        _ => Input::from_arg(text),
    }
}

/// Adds did-you-mean for the name of a data set to a path that does not exist.
fn near_dataset(mut faults: Diagnostics, inputs: &[Input]) -> Diagnostics {
    for fault in faults
        .0
        .iter_mut()
        .filter(|f| f.code == "cannot-read" && f.help.is_empty())
    {
        let paths = inputs.iter().filter_map(|i| match i {
            Input::Path(path) => path.to_str(),
            _ => None,
        });
        for path in paths.filter(|p| fault.message.contains(*p)) {
            if let Some(near) = closest(path, datasets().iter().map(|s| s.name)) {
                fault
                    .help
                    .push(format!("did you mean the data set `{near}`?"));
            }
        }
    }
    faults
}

/// Tables as they are read by `--map`, `--where`, `--let` and `--copies`.
pub(crate) fn table(inputs: &[String], how: &HowArgs) -> Result<RunTable, Diagnostics> {
    let mut faults = Diagnostics::default();
    let reader = reader(how, &mut faults);
    if !faults.0.is_empty() {
        return Err(faults);
    }
    let inputs: Vec<Input> = inputs.iter().map(|i| input(i)).collect();
    read(&inputs, &reader).map_err(|f| near_dataset(f, &inputs))
}

fn reader(how: &HowArgs, faults: &mut Diagnostics) -> ReadOptions {
    let mut map = Vec::new();
    for text in &how.map {
        match ReadOptions::parse_map(text) {
            Ok(pairs) => map.extend(pairs),
            Err(fault) => faults.0.push(fault),
        }
    }
    let mut units = Vec::new();
    for text in &how.unit {
        match ReadOptions::parse_unit(text) {
            Ok(unit) => units.push(unit),
            Err(fault) => faults.0.push(fault),
        }
    }
    let nothing = |text: &String| ReadOptions::names(text).is_empty();
    if how.best_of.as_ref().is_some_and(nothing) {
        let fault = Diagnostic::error("bad-columns", "--best-of names no column");
        faults
            .0
            .push(fault.help("for example --best-of params,tokens"));
    }
    let copies = match how.copies {
        CopiesArg::Once => Copies::Once,
        CopiesArg::Keep => Copies::Keep,
    };
    ReadOptions {
        map,
        units,
        filter: how.filter.clone(),
        without: how.without.clone(),
        best_of: how
            .best_of
            .as_deref()
            .map_or_else(Vec::new, ReadOptions::names),
        lets: how.lets.clone(),
        copies,
    }
}

impl HowArgs {
    /// Refuses options that act on tables where a saved fit or a published law is given; `points` are read with `--map`.
    pub(crate) fn are_idle(&self, points: bool) -> Result<(), Diagnostic> {
        let given = [
            ("--map", !points && !self.map.is_empty()),
            ("--unit", !self.unit.is_empty()),
            ("--where", self.filter.is_some()),
            ("--without", !self.without.is_empty()),
            ("--let", !self.lets.is_empty()),
            ("--best-of", self.best_of.is_some()),
            ("--copies", self.copies == CopiesArg::Keep),
            ("--objective", self.objective.is_some()),
            ("--weights", self.weights.is_some()),
            ("--sigma", self.sigma.is_some()),
            ("--starts", self.starts.is_some()),
            ("--coef", !self.coef.is_empty()),
            ("--derive", !self.derive.is_empty()),
            ("--uncertainty", self.uncertainty.is_some()),
            ("--independent", self.independent),
        ];
        let Some((option, _)) = given.into_iter().find(|(_, given)| *given) else {
            return Ok(());
        };
        let message = format!("{option} does nothing here: no table is fitted");
        Err(Diagnostic::error("idle-option", message)
            .help("give the tables and --law, or fit again with this option and save the result"))
    }
}

fn options(how: &HowArgs, seed: u64, faults: &mut Diagnostics) -> FitOptions {
    let mut collect = |fault: Diagnostic| faults.0.push(fault);
    let objective = how
        .objective
        .as_deref()
        .and_then(|text| Objective::parse(text).map_err(&mut collect).ok());
    let uncertainty = how
        .uncertainty
        .as_deref()
        .and_then(|text| Uncertainty::parse(text).map_err(&mut collect).ok());
    let pairs = |name: &str, values: &[String]| {
        values
            .iter()
            .map(|v| (name.to_owned(), v.clone()))
            .collect::<Vec<_>>()
    };
    let filter: Vec<String> = how.filter.iter().cloned().collect();
    let best_of: Vec<String> = how.best_of.iter().cloned().collect();
    let copies: Vec<String> = (how.copies == CopiesArg::Keep)
        .then(|| "keep".to_owned())
        .into_iter()
        .collect();
    FitOptions {
        objective,
        weights: how.weights.clone(),
        sigma: how.sigma.clone(),
        starts: how.starts,
        uncertainty: uncertainty.unwrap_or(Uncertainty::Default),
        dependence: if how.independent {
            Dependence::None
        } else {
            Dependence::Found
        },
        level: how.level,
        seed,
        coefs: how.coef.clone(),
        derive: how.derive.clone(),
        reader: [
            pairs("map", &how.map),
            pairs("unit", &how.unit),
            pairs("let", &how.lets),
            pairs("where", &filter),
            pairs("without", &how.without),
            pairs("best-of", &best_of),
            pairs("copies", &copies),
        ]
        .concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_changed_coefficients_are_found() {
        let changes = [
            "E = 1.7".to_owned(),
            "alpha in [0, 1]".to_owned(),
            "beta=alpha".to_owned(),
        ];
        assert_eq!(changed_names(&changes), ["E", "alpha", "beta"]);
    }
}
