//! One plan for every setting of the inputs that a plan does not move: `--at n=1,2,4,8` asks which number of experts
//! is best.

use isoflop_base::{Diagnostic, Diagnostics, Evidence, Note, Severity, format_quantity};
use isoflop_plan::{Plan, PlanRow};

use crate::plan_file::PlanSpec;

/// Most combinations of settings.
const MOST: usize = 200;

impl PlanSpec {
    /// This request once for every combination of the values of `at`, each with its name (`n=8`); one without a name
    /// when nothing has several values.
    ///
    /// # Errors
    ///
    /// `bad-point` for a value without a name, `many-settings` for more combinations than anyone reads.
    pub fn settings(&self) -> Result<Vec<(String, Self)>, Diagnostics> {
        let mut lists: Vec<(String, Vec<String>)> = Vec::new();
        for piece in self.at.iter().flat_map(|text| text.split(',')) {
            match (piece.split_once('='), lists.last_mut()) {
                (Some((name, value)), _) => {
                    lists.push((name.trim().to_owned(), vec![value.trim().to_owned()]));
                }
                (None, Some((_, values))) => values.push(piece.trim().to_owned()),
                (None, None) => {
                    let message = format!("`{piece}` is not of the form NAME=VALUE");
                    let d = Diagnostic::error("bad-point", message);
                    return Err(d.help("for example --at n=8 or --at n=1,2,4,8").into());
                }
            }
        }
        let count: usize = lists.iter().map(|(_, values)| values.len()).product();
        if count > MOST {
            let message =
                format!("{count} combinations of settings were asked for, {MOST} at most");
            return Err(Diagnostic::error("many-settings", message).into());
        }
        let mut out = vec![(String::new(), Vec::new())];
        for (name, values) in &lists {
            out = out
                .iter()
                .flat_map(|(label, at)| {
                    values.iter().map(move |value| {
                        let one = format!("{name}={value}");
                        let label = match (values.len(), label.is_empty()) {
                            (1, _) => label.clone(),
                            (_, true) => one.clone(),
                            _ => format!("{label}, {one}"),
                        };
                        (label, [at.clone(), vec![one]].concat())
                    })
                })
                .collect();
        }
        let own = |at| Self { at, ..self.clone() };
        Ok(out
            .into_iter()
            .map(|(label, at)| (label, own(at)))
            .collect())
    }
}

/// Plans of several settings as one, with a note on which setting is best.
///
/// # Errors
///
/// All faults when no setting has a plan.
pub fn merged(plans: Vec<Result<Plan, Diagnostics>>) -> Result<Plan, Diagnostics> {
    let mut out: Option<Plan> = None;
    let mut faults = Diagnostics::default();
    let several = plans.len() > 1;
    for plan in plans {
        match (plan, &mut out) {
            (Err(more), _) => faults.0.extend(more.0),
            (Ok(plan), None) => out = Some(plan),
            (Ok(plan), Some(own)) => add(own, plan),
        }
    }
    let Some(mut plan) = out else {
        return Err(faults);
    };
    for fault in faults.0 {
        plan.notes.push(Note {
            code: fault.code.to_owned(),
            severity: Severity::Warning,
            message: fault.message,
            evidence: Vec::new(),
            advice: fault.help.join("; "),
        });
    }
    if several {
        let best = best_settings(&plan);
        plan.notes.extend(best);
    }
    Ok(plan)
}

fn add(own: &mut Plan, more: Plan) {
    own.laws.extend(more.laws);
    own.rows.extend(more.rows);
    own.infeasible.extend(more.infeasible);
    own.sizes.extend(more.sizes);
    own.shapes.extend(more.shapes);
    own.models.extend(more.models);
    own.disagreements.extend(more.disagreements);
    let new: Vec<Note> = more
        .notes
        .into_iter()
        .filter(|n| !own.notes.contains(n))
        .collect();
    own.notes.extend(new);
}

/// For every question the row with the least loss, or the least compute for a target.
fn best_settings(plan: &Plan) -> Vec<Note> {
    let question = |row: &PlanRow| match row.target_loss {
        Some(loss) => (true, loss.to_bits()),
        None => (false, row.compute.to_bits()),
    };
    let merit = |row: &PlanRow| match row.target_loss {
        Some(_) => row.compute,
        None => row.loss.as_ref().map_or(f64::NAN, |l| l.value),
    };
    let mut seen = Vec::new();
    let mut notes = Vec::new();
    for row in &plan.rows {
        if seen.contains(&question(row)) {
            continue;
        }
        seen.push(question(row));
        let same = plan.rows.iter().filter(|r| question(r) == question(row));
        let Some(best) = same
            .filter(|r| !merit(r).is_nan())
            .min_by(|a, b| merit(a).total_cmp(&merit(b)))
        else {
            continue;
        };
        let asked = match row.target_loss {
            Some(loss) => format!("for a loss of {loss} the least compute"),
            None => format!(
                "at {} the least loss",
                format_quantity(row.compute, "FLOP", 3)
            ),
        };
        notes.push(Note {
            code: "best-setting".to_owned(),
            severity: Severity::Info,
            message: format!("of the settings asked, {asked} is that of {}", best.law),
            evidence: vec![("law".to_owned(), Evidence::Text(best.law.clone()))],
            advice: String::new(),
        });
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_of_settings_is_asked() {
        let spec = PlanSpec {
            at: vec!["n=1,8".to_owned(), "P=8".to_owned(), "S=0.5,0.9".to_owned()],
            ..PlanSpec::default()
        };
        let found = spec.settings().expect("settings");
        let labels: Vec<&str> = found.iter().map(|(label, _)| label.as_str()).collect();
        assert_eq!(
            labels,
            ["n=1, S=0.5", "n=1, S=0.9", "n=8, S=0.5", "n=8, S=0.9"]
        );
        assert_eq!(found[3].1.at, ["n=8", "P=8", "S=0.9"]);
        let plain = PlanSpec::default().settings().expect("settings");
        assert_eq!((plain.len(), plain[0].0.as_str()), (1, ""));
    }
}
