//! What is settled about a law before its fit: the rows on which it has a value, its starts, and the signs of the
//! amplitudes of a formula as typed.
//!
//! A formula says nothing of the sign of its amplitudes, so both are searched. Those that are above zero at the optimum
//! are then fitted as their logarithms, the scale on which they vary, and their errors are those of a positive number.

use std::collections::BTreeMap;

use crate::binding::{self, Binding};
use crate::centre::Centre;
use crate::engine::{bind_program, is_loss, observed, optimum, output_of};
use crate::options::{FitOptions, Objective, Scale};
use crate::parts::{Parts, Starts};
use crate::projection::Projection;
use crate::solve::{self, End};
use crate::starts::{self, Scene};
use crate::{scales, structure};
use isoflop_base::Diagnostics;
use isoflop_formula::ast::ExprKind;
use isoflop_law::Law;
use isoflop_law::tape::{Output, Program};

/// With more coordinates than this, levels of an index by the hundred, both signs are not searched: amplitudes are taken
/// to be above zero, and the law of the fit says so.
const MANY: usize = 60;

/// Starts of the search for rows without a value.
const LOOKS: usize = 64;

/// Why a row without a value is left out.
pub(crate) const VALUELESS: &str = "the formula has no finite value there";

/// Leaves out rows on which a typed formula has no value wherever it starts: the logarithm of a negative number, one over
/// zero.
pub(crate) fn leave_out_valueless(law: &Law, binding: &mut Binding) -> Result<(), Diagnostics> {
    if !law.is_typed() {
        return Ok(());
    }
    let program = Program::compile(law, &binding.levels, Output::AsWritten)?;
    let mut seen = vec![false; binding.n];
    {
        let bound = bind_program(&program, law, binding);
        let centre = Centre::new(&bound);
        let habitats = scales::habitats(law, &binding.inputs, &binding.response);
        let scene = Scene {
            law,
            coordinates: program.coordinates(),
            centre: &centre,
            inputs: &binding.inputs,
            response: &binding.response,
            habitats: &habitats,
            projection: None,
        };
        let mut ws = program.workspace();
        let mut values = vec![0.0; binding.n];
        let mut theta = vec![0.0; program.coordinates().len()];
        for start in starts::starts(&scene, LOOKS) {
            centre.to_law(&start, &mut theta);
            bound.evaluate(&mut ws, &theta, &mut values);
            let finite = values.iter().map(|x| x.is_finite());
            seen.iter_mut().zip(finite).for_each(|(s, f)| *s |= f);
            if seen.iter().all(|s| *s) {
                return Ok(());
            }
        }
    }
    if seen.iter().any(|s| *s) {
        binding::drop_rows(binding, law, &seen, VALUELESS.to_owned());
    }
    Ok(())
}

/// Starts of a fit, in the solver's coordinates.
pub(crate) fn starts(
    law: &Law,
    program: &Program,
    centre: &Centre,
    binding: &Binding,
    objective: &Objective,
    count: usize,
) -> Result<Vec<Vec<f64>>, Diagnostics> {
    let open = starts::is_open(law, program.coordinates());
    let mut scene = Scene {
        law,
        coordinates: program.coordinates(),
        centre,
        inputs: &binding.inputs,
        response: &binding.response,
        habitats: &BTreeMap::new(),
        projection: None,
    };
    if !open {
        return Ok(starts::starts(&scene, count));
    }
    let written = Program::compile(law, &binding.levels, Output::AsWritten)?;
    let target = observed(law, binding, Scale::AsWritten).unwrap_or_default();
    let seen = if target.is_empty() {
        &binding.response
    } else {
        &target
    };
    let habitats = scales::habitats(law, &binding.inputs, seen);
    let plain = matches!(
        law.formula.left.as_ref().map(|l| &l.kind),
        Some(ExprKind::Name(_))
    );
    let relative = objective.scale == Scale::Ln && plain;
    let projection = (target.len() == binding.n)
        .then(|| Projection::new(law, &written, binding, &target, relative))
        .flatten();
    scene.habitats = &habitats;
    scene.projection = projection.as_ref();
    Ok(starts::starts(&scene, count))
}

/// A law with the signs that its runs give, and where its search ended.
pub(crate) struct Settled {
    pub law: Law,
    /// Ends of the search, best first; none to search again.
    pub ends: Vec<Reached>,
}

/// Where one start of the search ended.
pub(crate) struct Reached {
    coefs: Vec<f64>,
    objective: f64,
    converged: bool,
}

impl Settled {
    /// The ends in the coordinates of the settled law.
    pub fn ends_in(&self, program: &Program, centre: &Centre) -> Vec<End> {
        let coordinates = program.coordinates();
        let place = |end: &Reached| {
            let theta = end.coefs.iter().zip(coordinates).map(|(x, c)| c.of(*x));
            let x = centre.centred(&theta.collect::<Vec<f64>>());
            solve::reached(x, end.objective, end.converged)
        };
        self.ends.iter().map(place).collect()
    }
}

/// Searches over both signs of the amplitudes of a typed formula. None where it has none.
pub(crate) fn signs(
    law: &Law,
    binding: &Binding,
    options: &FitOptions,
    objective: &Objective,
) -> Result<Option<Settled>, Diagnostics> {
    if !law.is_typed() || law.coefs.iter().any(|c| c.pool.is_some()) {
        return Ok(None);
    }
    let logarithm = objective.scale == Scale::Ln;
    // The logarithm of k·x^a has a value where k is above zero, and nowhere else: its sign need not be sought.
    let sure = law.sole_factor().filter(|_| logarithm);
    let decided = match &sure {
        Some(name) => Some(law.with_changes(&[format!("{name} in [0, inf]")])?),
        None => None,
    };
    let law = decided.as_ref().unwrap_or(law);
    let names = law.amplitudes(is_loss(law) && logarithm);
    if names.is_empty() {
        let ends = Vec::new();
        return Ok(decided.map(|law| Settled { law, ends }));
    }
    let program = Program::compile(law, &binding.levels, output_of(objective))?;
    structure::enough_runs(&program, law, binding)?;
    if program.coordinates().len() > MANY {
        let changes: Vec<String> = names.iter().map(|n| format!("{n} in [0, inf]")).collect();
        let ends = Vec::new();
        let law = law.with_changes(&changes)?;
        return Ok(Some(Settled { law, ends }));
    }
    let parts = Parts::new(&program, law, binding, objective)?;
    let frame = parts.frame();
    let (starts, limits) = Starts::draw(law, &frame, binding, objective, options)?;
    let (_, _, ends) = optimum(&frame, binding.weights(), objective, &starts, &limits)?;
    let coordinates = program.coordinates();
    let values = |end: &End| -> Vec<f64> {
        let mut theta = vec![0.0; coordinates.len()];
        frame
            .centre
            .to_law(&end.outcome.x[..coordinates.len()], &mut theta);
        let raw = theta.iter().zip(coordinates);
        raw.map(|(x, c)| c.coefficient(*x)).collect()
    };
    let above = |name: &str, at: &[f64]| {
        let mut own = coordinates.iter().zip(at);
        own.all(|(c, x)| law.coefs[c.coef].name != name || *x > 0.0)
    };
    let best = values(&ends[0]);
    let runaway = !ends[0].outcome.converged;
    let positive: Vec<&String> = names
        .iter()
        .filter(|name| runaway || above(name, &best))
        .collect();
    let changes: Vec<String> = positive
        .iter()
        .map(|name| format!("{name} in [0, inf]"))
        .collect();
    let settled = law.with_changes(&changes)?;
    if runaway && !bounded_is_as_good(&settled, binding, options, objective, ends[0].objective)? {
        let ends = Vec::new();
        return Ok(decided.map(|law| Settled { law, ends }));
    }
    let reached = |end: &End| Reached {
        coefs: values(end),
        objective: end.objective,
        converged: end.outcome.converged,
    };
    let ends = if runaway {
        Vec::new()
    } else {
        let all = ends.iter().map(reached);
        all.filter(|e| positive.iter().all(|name| above(name, &e.coefs)))
            .collect()
    };
    Ok(Some(Settled { law: settled, ends }))
}

/// Whether a search without an optimum, whose amplitudes grow against each other for ever, has one close by where they
/// are above zero.
fn bounded_is_as_good(
    law: &Law,
    binding: &Binding,
    options: &FitOptions,
    objective: &Objective,
    free: f64,
) -> Result<bool, Diagnostics> {
    let program = Program::compile(law, &binding.levels, output_of(objective))?;
    let parts = Parts::new(&program, law, binding, objective)?;
    let frame = parts.frame();
    let (starts, limits) = Starts::draw(law, &frame, binding, objective, options)?;
    let found = optimum(&frame, binding.weights(), objective, &starts, &limits);
    Ok(found.is_ok_and(|(_, _, ends)| {
        ends[0].outcome.converged && ends[0].objective <= free + 0.5 * free.abs()
    }))
}
