//! The one fit: bind, compile, start, solve, certify, say how sure.

use std::borrow::Cow;

use crate::absolute::smallest_delta;
use crate::binding::{self, Binding, Wants};
use crate::cells;
use crate::dependence::{self, Groups};
use crate::derived::{self, Derived};
use crate::noise;
use crate::options::{Corner, Dependence, FitOptions, Objective, PenaltyKind, Scale, Uncertainty};
use crate::parts::{self, Parts, Starts};
use crate::pool::{self, Pool};
use crate::result::Fit;
use crate::solve::{self, Aim, End, Tilt, robust_spread};
use crate::starts::FEW_STARTS;
use crate::target::{Frame, Memory, Target};
use crate::weights::Weights;
use crate::{kink, mirror, record, settle, slips, staged, structure, vanish};
use isoflop_base::{Diagnostic, Diagnostics};
use isoflop_data::RunTable;
use isoflop_law::tape::{Bound, Output, Program};
use isoflop_law::{Law, Prior, VarRole};
use isoflop_numerics::kernels;
use isoflop_numerics::minimise::Limits;
use isoflop_numerics::penalty::Penalty;

/// Everything that is known once the optimum is found; the record of a fit is made from it.
pub(crate) struct Solved<'a> {
    pub law: &'a Law,
    pub options: &'a FitOptions,
    pub objective: Objective,
    pub binding: &'a Binding,
    /// Groups of runs that hang together, found or named.
    pub groups: Option<Groups>,
    pub frame: &'a Frame<'a>,
    pub aim: Aim,
    pub nat: f64,
    pub limits: &'a Limits,
    pub tried: usize,
    /// Ends of all solved starts, best first.
    pub ends: Vec<End>,
    /// What `--derive` asks for.
    pub derived: Vec<Derived>,
}

/// Fits a law to a table of runs.
///
/// # Formula
///
/// ```text
/// minimise  Σᵢ wᵢ ρ(g(yᵢ) − g(f(xᵢ; θ)))  over the coefficients θ
/// ```
///
/// g is the scale of the objective (the response itself, its logarithm, or the left side of the law) and ρ the penalty.
/// Every start that is worth it is solved to a zero gradient; the result says how many agreed, and certifies the best.
///
/// # Errors
///
/// Diagnostics when the request or the table is at fault: `unknown-column`, `no-usable-rows`, `too-few-runs`,
/// `not-identified`, `bad-objective`, `no-start`, and those of the law's own changes.
pub fn fit(law: &Law, table: &RunTable, options: &FitOptions) -> Result<Fit, Diagnostics> {
    fit_table(law, Cow::Borrowed(table), options)
}

/// [`fit`] of a table that is given up: its other columns are let go before anything is solved, which matters from
/// millions of rows on.
///
/// # Errors
///
/// As [`fit`].
pub fn fit_owned(law: &Law, table: RunTable, options: &FitOptions) -> Result<Fit, Diagnostics> {
    fit_table(law, Cow::Owned(table), options)
}

fn fit_table(
    law: &Law,
    table: Cow<'_, RunTable>,
    options: &FitOptions,
) -> Result<Fit, Diagnostics> {
    let changed;
    let given = law;
    let law = if options.coefs.is_empty() {
        law
    } else {
        changed = law.with_changes(&options.coefs)?;
        &changed
    };
    let in_unit;
    let law = match binding::response_unit(law, &table) {
        Some(unit) => {
            in_unit = binding::in_unit(given, law, &unit)?;
            &in_unit
        }
        None => law,
    };
    check_level(options.level)?;
    if law.stages.is_empty() {
        fit_once(law, table, options)
    } else {
        staged::fit(law, &table, options)
    }
}

/// The runs of a table that a fit with these options would use.
#[derive(Clone, Debug, PartialEq)]
pub struct UsedRuns {
    /// Row of the table of each run.
    pub rows: Vec<usize>,
    /// Inputs by letter.
    pub inputs: Vec<(String, Vec<f64>)>,
    /// Index columns by name: the level of each run.
    pub levels: Vec<(String, Vec<String>)>,
    /// Response.
    pub response: Vec<f64>,
    /// Column of each letter.
    pub columns: Vec<(String, String)>,
}

/// The runs that [`fit`] would use, with their columns.
///
/// # Errors
///
/// As [`fit`] has them for columns that are missing and tables without a usable row.
pub fn used_runs(
    law: &Law,
    table: &RunTable,
    options: &FitOptions,
) -> Result<UsedRuns, Diagnostics> {
    let objective = objective_of(law, table, options)?;
    let mut found = binding::bind(law, table, &wants(options, &objective))?;
    settle::leave_out_valueless(law, &mut found)?;
    Ok(UsedRuns {
        rows: found.rows,
        inputs: found.inputs,
        levels: found.indexes,
        response: found.response,
        columns: found.columns,
    })
}

/// What the options need of a table beside the law's columns.
fn wants<'a>(options: &'a FitOptions, objective: &'a Objective) -> Wants<'a> {
    Wants {
        weights: options.weights.as_deref(),
        sigma: options
            .sigma
            .as_deref()
            .map(|name| (name, objective.scale == Scale::Ln)),
        clusters: match &options.uncertainty {
            Uncertainty::Cluster { column, .. } => Some(column),
            _ => None,
        },
        positive_response: objective.scale == Scale::Ln,
        share: match &objective.penalty {
            PenaltyKind::Binomial { trials } => Some(trials.as_deref()),
            _ => None,
        },
    }
}

/// All coefficients at once. The law has its changes already.
pub(crate) fn fit_once(
    law: &Law,
    table: Cow<'_, RunTable>,
    options: &FitOptions,
) -> Result<Fit, Diagnostics> {
    let derived = derived::parse(law, &options.derive)?;
    let objective = objective_of(law, &table, options)?;
    sigma_fits(options, &objective)?;
    let names = dependence::run_names(&table, law);
    let columns = slips::columns(law, &table);
    let mut binding = binding::bind_table(law, table, &wants(options, &objective))?;
    settle::leave_out_valueless(law, &mut binding)?;
    // Groups are numbered among the rows that are left: one row without a value in every run once moved all of them.
    let checkpoints = dependence::checkpoints(&binding, &names);
    drop(names);
    // Runs are told by their places from here on.
    binding.rows = Vec::new();
    let found = settle::signs(law, &binding, options, &objective)?;
    let law = found.as_ref().map_or(law, |f| &f.law);
    let program = Program::compile(law, &binding.levels, output_of(&objective))?;
    structure::enough_runs(&program, law, &binding)?;
    let parts = Parts::new(&program, law, &binding, &objective)?;
    let unpooled = parts.frame();
    let mut pools = pool::pools(law, &program, unpooled.observed);
    takes_priors(&objective, parts.priors.is_empty() && pools.is_empty())?;
    let count = starts_of(law, &program, options);
    let drawn =
        |count: usize| settle::starts(law, &program, &parts.centre, &binding, &objective, count);
    let points = match &found {
        Some(found) if !found.ends.is_empty() => {
            let best = found.ends_in(&program, &parts.centre).into_iter();
            best.take(AGAIN).map(|e| e.outcome.x).collect()
        }
        _ => drawn(count)?,
    };
    let starts = Starts::of(points, law, &program, options);
    let limits = parts::limits(law, &unpooled, &objective);
    if pools.iter().any(|p| p.estimated) {
        pools = settled(
            &unpooled,
            pools,
            binding.weights(),
            &objective,
            &starts,
            &limits,
        )?;
    }
    let frame = Frame {
        pools: &pools,
        ..unpooled
    };
    let found_ends = optimum(&frame, binding.weights(), &objective, &starts, &limits);
    let (aim, nat, mut ends) = found_ends.map_err(|fault| slips::bracketed(law, fault))?;
    if let Some(found) = &found {
        let scale = ends[0].outcome.x.get(program.coordinates().len()).copied();
        let others = found
            .ends_in(&program, &parts.centre)
            .into_iter()
            .skip(AGAIN);
        ends.extend(others.map(|mut end| {
            end.outcome.x.extend(scale);
            end
        }));
    }
    let unrefined = || drawn(FEW_STARTS - 1).unwrap_or_default();
    let identified = structure::identified(&frame, law, &binding, &ends, unrefined);
    identified.map_err(|fault| slips::named(law, &columns, fault))?;
    binding.notes.dedup();
    let mut groups = groups(&binding, options, checkpoints, &frame, aim, &ends[0]);
    if let Some(alike) = groups.take_if(|g| textbook(&objective, options, g)) {
        binding.notes.insert(0, alike.not_counted(binding.n));
    }
    let solved = Solved {
        law,
        options,
        objective,
        binding: &binding,
        groups,
        frame: &frame,
        aim,
        nat,
        limits: &limits,
        tried: count,
        ends,
        derived,
    };
    derived::check(&solved)?;
    Ok(record::record(&solved))
}

/// Ends of the search for signs that are solved again in the coordinates of the settled law.
const AGAIN: usize = 3;

/// What a program computes for residuals of this objective.
pub(crate) fn output_of(objective: &Objective) -> Output {
    match objective.scale {
        Scale::Raw => Output::Response,
        Scale::Ln => Output::LnResponse,
        Scale::AsWritten => Output::AsWritten,
    }
}

/// Points to screen.
pub(crate) fn starts_of(law: &Law, program: &Program, options: &FitOptions) -> usize {
    let default = || match law.is_typed() && program.is_implicit() {
        true => IMPLICIT_STARTS,
        false => default_starts(program.coordinates().len()),
    };
    options.starts.unwrap_or_else(default).max(1)
}

/// Rounding size of a residual.
pub(crate) fn floor(observed: &[f64]) -> f64 {
    let largest = observed.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    4.0 * f64::EPSILON * largest.max(f64::MIN_POSITIVE)
}

fn takes_priors(objective: &Objective, none: bool) -> Result<(), Diagnostic> {
    let absolute = matches!(
        objective.penalty,
        PenaltyKind::Absolute | PenaltyKind::Quantile { .. }
    );
    if none || !absolute {
        return Ok(());
    }
    Err(Diagnostic::error(
        "bad-objective",
        "least absolute deviations take no prior: they have no size of a nat",
    )
    .help("use a Huber penalty, such as `--objective huber-log:2mad`, or leave the prior out"))
}

/// The groups that errors are counted by: those that were named, checkpoints of one run, or cells whose residuals hang
/// together.
fn groups(
    binding: &Binding,
    options: &FitOptions,
    checkpoints: Option<Groups>,
    frame: &Frame<'_>,
    aim: Aim,
    end: &End,
) -> Option<Groups> {
    if let Uncertainty::Cluster { column, .. } = &options.uncertainty {
        return Some(Groups::named(&binding.clusters, column));
    }
    // Shares scatter as their trials do, and more where trials hang together: `overdispersed` says so.
    let trials = aim == Aim::Penalty(Penalty::Binomial);
    if trials || options.dependence == Dependence::None {
        return None;
    }
    if checkpoints.is_some() || options.uncertainty == Uncertainty::None {
        return checkpoints;
    }
    let corner = match aim {
        Aim::Penalty(Penalty::Huber { delta } | Penalty::SoftL1 { delta }) => delta,
        _ => f64::INFINITY,
    };
    let p = frame.bound.program().coordinates().len();
    let mut target = Target::new(frame, binding.weights(), Penalty::Squared, 0.0);
    let residuals = target.residuals(&end.outcome.x[..p]);
    // A corner far below the noise would make signs of all residuals.
    let corner = corner.max(2.0 * robust_spread(residuals.clone()));
    let x = &end.outcome.x[..p];
    cells::cells(binding, &mut target, x, &residuals, corner)
}

/// NIST certifies Nelson by the covariance of least squares, with four alike rows a cell: asked for by name it counts rows.
fn textbook(objective: &Objective, options: &FitOptions, groups: &Groups) -> bool {
    let squared = objective.penalty == PenaltyKind::Squared;
    squared && options.uncertainty == Uncertainty::Covariance && groups.inferred
}

fn check_level(level: f64) -> Result<(), Diagnostic> {
    if level > 0.0 && level < 1.0 {
        return Ok(());
    }
    Err(Diagnostic::error(
        "bad-level",
        format!("the level of an interval must lie between 0 and 1, found {level}"),
    )
    .help("write 0.95 for intervals that cover 95%"))
}

/// Refuses what absolute standard deviations of the response cannot be combined with.
fn sigma_fits(options: &FitOptions, objective: &Objective) -> Result<(), Diagnostic> {
    if options.sigma.is_none() {
        return Ok(());
    }
    let refuse =
        |message: &str, help: &str| Err(Diagnostic::error("bad-sigma", message).help(help));
    if options.weights.is_some() {
        return refuse(
            "standard deviations and weights both say how much a run counts",
            "keep one: --sigma for standard deviations in the unit of the response, --weights for relative weights",
        );
    }
    if objective.penalty != PenaltyKind::Squared || objective.scale == Scale::AsWritten {
        return refuse(
            "standard deviations of the response are those of a sum of squares",
            "use --objective squared or squared-log, or leave --objective out",
        );
    }
    match options.uncertainty {
        Uncertainty::Profile | Uncertainty::Parametric { .. } | Uncertainty::Bca { .. } => refuse(
            "this method takes the size of the noise from the residuals, and --sigma says what it is",
            "use --uncertainty covariance, or bootstrap:1000 to take the scatter of the runs instead",
        ),
        _ => Ok(()),
    }
}

fn objective_of(
    law: &Law,
    table: &RunTable,
    options: &FitOptions,
) -> Result<Objective, Diagnostics> {
    if let Some(objective) = &options.objective {
        return Ok(objective.clone());
    }
    if options.sigma.is_some() {
        // Known standard deviations are those of a sum of squares.
        let scale = if law.response().positive {
            Scale::Ln
        } else {
            Scale::Raw
        };
        return Ok(Objective {
            penalty: PenaltyKind::Squared,
            scale,
        });
    }
    if let Some(text) = &law.objective {
        return Ok(Objective::parse(text)?);
    }
    let logarithm = Objective {
        penalty: PenaltyKind::Huber(Corner::Mad(2.0)),
        scale: Scale::Ln,
    };
    let plain = Objective {
        penalty: PenaltyKind::Squared,
        scale: Scale::AsWritten,
    };
    let sure = law.response().column == "loss" || (is_loss(law) && !law.is_typed());
    if law.response().positive || sure {
        return Ok(logarithm);
    }
    if !law.is_typed() {
        return Ok(plain);
    }
    // A formula says nothing of the sign of its response, so the runs do: log-likelihoods have no logarithm, and a column
    // that happens to be called L may be anything.
    let found = binding::bind(law, table, &wants(options, &plain))?;
    let positive = found.response.iter().all(|y| *y > 0.0);
    Ok(if positive { logarithm } else { plain })
}

/// Whether a law predicts a loss, which is above zero at any size of run.
pub(crate) fn is_loss(law: &Law) -> bool {
    let response = law.response();
    ["L", "loss"].contains(&response.name.as_str()) || response.column == "loss"
}

fn default_starts(p: usize) -> usize {
    match p {
        0..=5 => 512,
        6..=8 => 1024,
        _ => 2048,
    }
}

/// Points to screen for a typed formula with a `solve`.
const IMPLICIT_STARTS: usize = 128;

/// How many of the screened starts are solved.
pub(crate) fn solved_starts(p: usize, tried: usize) -> usize {
    (if p <= 5 { 24 } else { 48 }).min(tried)
}

/// Observed responses on the scale of the residuals.
pub(crate) fn observed(
    law: &Law,
    binding: &Binding,
    scale: Scale,
) -> Result<Vec<f64>, Diagnostics> {
    let values = match scale {
        Scale::Raw => binding.response.clone(),
        Scale::Ln => {
            let mut out = vec![0.0; binding.n];
            kernels::ln_column(&mut out, &binding.response);
            out
        }
        Scale::AsWritten => {
            let program = Program::compile(law, &Vec::new(), Output::Observed)?;
            let columns = columns(&program, law, binding);
            let bound = program.bind(binding.n, &columns, &[]);
            let mut out = vec![0.0; binding.n];
            bound.evaluate(&mut program.workspace(), &[], &mut out);
            out
        }
    };
    match values.iter().position(|x| !x.is_finite()) {
        None => Ok(values),
        Some(i) => Err(Diagnostic::error(
            "bad-response",
            format!(
                "the left side of the law has no value at {}: the response there is {}",
                binding.places.get(i),
                binding.response[i]
            ),
        )
        .help("leave that row out with --where, or measure residuals on another scale with --objective")
        .into()),
    }
}

pub(crate) fn columns<'b>(program: &Program, law: &Law, binding: &'b Binding) -> Vec<&'b [f64]> {
    program
        .vars()
        .iter()
        .map(|letter| {
            if *letter == law.response().name {
                return binding.response.as_slice();
            }
            binding
                .inputs
                .iter()
                .find(|(name, _)| name == letter)
                .map_or(&[][..], |(_, c)| c.as_slice())
        })
        .collect()
}

pub(crate) fn bind_program<'p>(program: &'p Program, law: &Law, binding: &Binding) -> Bound<'p> {
    let codes = codes(program, binding);
    program.bind(binding.n, &columns(program, law, binding), &codes)
}

/// The level of each run, for every indexed coefficient.
pub(crate) fn codes(program: &Program, binding: &Binding) -> Vec<Vec<u32>> {
    let of = |index: &str| {
        let levels = binding.levels.iter().find(|(k, _)| k == index);
        let labels = &levels.expect("bound with its levels").1;
        let code = |l: &String| {
            let at = labels.binary_search(l);
            at.expect("levels come from the same rows") as u32
        };
        let combined = binding::combined(&binding.indexes, index);
        combined.iter().map(code).collect()
    };
    program.groups().iter().map(|g| of(&g.index)).collect()
}

pub(crate) fn priors(law: &Law, program: &Program) -> Vec<(usize, Prior)> {
    program
        .coordinates()
        .iter()
        .enumerate()
        .filter_map(|(j, c)| law.coefs[c.coef].prior.map(|prior| (j, prior)))
        .collect()
}

/// The penalty with its numbers, the size of a nat, and the ends of all solved starts, best first.
pub(crate) fn optimum(
    frame: &Frame<'_>,
    weights: Weights<'_>,
    objective: &Objective,
    starts: &Starts,
    limits: &Limits,
) -> Result<(Aim, f64, Vec<End>), Diagnostic> {
    let Starts { points, solved } = starts;
    let corner = |corner: Corner| -> Result<f64, Diagnostic> {
        match corner {
            Corner::Fixed(delta) => Ok(delta),
            Corner::Mad(multiple) => {
                let spread = noise::scale(frame, weights, points, limits)
                    .ok_or_else(|| no_start(points.len()))?;
                // A perfect fit has no spread of its own, and a corner of zero would divide by zero.
                Ok((multiple * spread).max(smallest_delta(frame)))
            }
        }
    };
    let aim = match objective.penalty {
        PenaltyKind::Squared => Aim::Penalty(Penalty::Squared),
        PenaltyKind::Absolute => Aim::Absolute(Tilt::EVEN),
        PenaltyKind::Quantile { tau } => Aim::Absolute(Tilt {
            up: tau,
            down: 1.0 - tau,
        }),
        PenaltyKind::Binomial { .. } => Aim::Penalty(Penalty::Binomial),
        PenaltyKind::Huber(c) => Aim::Penalty(Penalty::Huber { delta: corner(c)? }),
        PenaltyKind::SoftL1(c) => Aim::Penalty(Penalty::SoftL1 { delta: corner(c)? }),
        PenaltyKind::Student { nu } => Aim::Penalty(Penalty::Student { nu, scale: 1.0 }),
    };
    if frame.priors.is_empty() && frame.pools.is_empty() {
        return Ok((
            aim,
            0.0,
            search(frame, weights, aim, 0.0, points, limits, *solved)?,
        ));
    }
    with_priors(frame, weights, aim, points, limits, *solved)
}

fn search(
    frame: &Frame<'_>,
    weights: Weights<'_>,
    aim: Aim,
    nat: f64,
    starts: &[Vec<f64>],
    limits: &Limits,
    solved: usize,
) -> Result<Vec<End>, Diagnostic> {
    let mut ends = solve::multi_start(frame, weights, aim, nat, starts, limits, solved);
    ends.retain(|e| e.objective.is_finite());
    if let Aim::Penalty(penalty) = aim {
        finish(frame, weights, penalty, nat, limits, &mut ends);
    }
    // Better objective first; at the same optimum (to rounding) the one with the smaller gradient left.
    ends.sort_by(|a, b| a.objective.total_cmp(&b.objective));
    if let Some(best) = ends.first().map(|e| e.objective) {
        let close = |e: &End| (e.objective - best).abs() <= 1e-13 * best.abs();
        let tied = ends.iter().filter(|e| close(e)).count();
        ends[..tied].sort_by(|a, b| a.outcome.decrease.total_cmp(&b.outcome.decrease));
        mirror::upright(frame, &mut ends);
        return Ok(ends);
    }
    Err(no_start(starts.len()))
}

fn no_start(starts: usize) -> Diagnostic {
    Diagnostic::error(
        "no-start",
        format!("none of {starts} starting points gives the law a finite value on all runs"),
    )
    .help("check the formula and the units of the columns, or give ranges and starts for the coefficients in a law file")
}

/// Finishes the best searches that stopped beside a kink of the law on the kink itself, and those that stopped on the way
/// of a coefficient to zero without it.
fn finish(
    frame: &Frame<'_>,
    weights: Weights<'_>,
    penalty: Penalty,
    nat: f64,
    limits: &Limits,
    ends: &mut [End],
) {
    ends.sort_by(|a, b| a.objective.total_cmp(&b.objective));
    let converged = ends.first().is_none_or(|e| e.outcome.converged);
    let large = frame.bound.rows() > MOST_ROWS;
    if converged || large || matches!(penalty, Penalty::Student { .. }) {
        return;
    }
    let mut target = Target::new(frame, weights, penalty, nat);
    for end in ends.iter_mut().take(8) {
        if end.outcome.converged {
            continue;
        }
        let found = vanish::finish(&mut target, end, limits);
        if let Some(found) = found.or_else(|| kink::finish(&mut target, end, limits)) {
            *end = found;
        }
    }
}

/// Kinks are sought in the slopes of every run, which are kept for it.
const MOST_ROWS: usize = 20_000;

/// The pools with the standard deviations that the runs give them.
fn settled(
    unpooled: &Frame<'_>,
    mut pools: Vec<Pool>,
    weights: Weights<'_>,
    objective: &Objective,
    starts: &Starts,
    limits: &Limits,
) -> Result<Vec<Pool>, Diagnostic> {
    let (aim, mut nat, ends) = optimum(
        &Frame {
            pools: &pools,
            ..*unpooled
        },
        weights,
        objective,
        starts,
        limits,
    )?;
    let Aim::Penalty(penalty) = aim else {
        return Ok(pools);
    };
    let student = matches!(penalty, Penalty::Student { .. });
    let mut x = ends[0].outcome.x.clone();
    for _ in 0..POOL_STEPS {
        let frame = Frame {
            pools: &pools,
            ..*unpooled
        };
        let Some(posterior) = pool::posterior(&frame, weights, penalty, nat, &x) else {
            break;
        };
        if !student && penalty != Penalty::Binomial {
            nat = nat_of(&frame, weights, penalty, &x) * dear(weights.len(), posterior.effective);
        }
        let (next, change) = posterior.next(&pools);
        pools = next;
        let frame = Frame {
            pools: &pools,
            ..*unpooled
        };
        let start = &x[..frame.bound.program().coordinates().len()];
        let memory = Memory::new(&frame);
        let (end, _) = solve::solve(&frame, weights, aim, nat, start, limits, memory);
        if !end.objective.is_finite() {
            break;
        }
        x = end.outcome.x;
        if change < 1e-5 {
            break;
        }
    }
    Ok(pools)
}

/// Steps of expectation–maximisation; where levels hardly differ it goes slowly, and the last steps change nothing.
const POOL_STEPS: usize = 300;

/// n/(n − coefficients): noise is larger than the residuals, to which the coefficients were fitted.
fn dear(runs: usize, effective: f64) -> f64 {
    let n = runs as f64;
    n / (n - effective).max(1.0)
}

/// A prior counts in nats: the penalty's own size of a nat follows from the residuals, Σψ²/Σψ', and is found by
/// repeating the fit until it settles.
fn with_priors(
    frame: &Frame<'_>,
    weights: Weights<'_>,
    aim: Aim,
    starts: &[Vec<f64>],
    limits: &Limits,
    solved: usize,
) -> Result<(Aim, f64, Vec<End>), Diagnostic> {
    let penalty = match aim {
        Aim::Penalty(penalty) => penalty,
        Aim::Absolute(tilt) => tilt.smooth(smallest_delta(frame)),
    };
    if matches!(penalty, Penalty::Student { .. } | Penalty::Binomial) {
        return Ok((
            aim,
            1.0,
            search(frame, weights, aim, 1.0, starts, limits, solved)?,
        ));
    }
    let spread = robust_spread(frame.observed.to_vec());
    let mut nat = penalty.at(0.05 * spread.max(frame.floor))[1]
        .powi(2)
        .max(f64::MIN_POSITIVE);
    let mut ends = search(frame, weights, aim, nat, starts, limits, solved)?;
    for _ in 0..30 {
        let x = &ends[0].outcome.x;
        let mut next = nat_of(frame, weights, penalty, x);
        if !frame.pools.is_empty() {
            let posterior = pool::posterior(frame, weights, penalty, nat, x);
            next *= posterior.map_or(1.0, |post| dear(weights.len(), post.effective));
        }
        let settled = (next / nat - 1.0).abs() < 1e-10;
        nat = next;
        if settled {
            break;
        }
        let (end, _) = solve::solve(
            frame,
            weights,
            aim,
            nat,
            &ends[0].outcome.x,
            limits,
            Memory::new(frame),
        );
        if end.objective.is_finite() {
            ends[0] = end;
        }
    }
    Ok((
        aim,
        nat,
        search(frame, weights, aim, nat, starts, limits, solved)?,
    ))
}

pub(crate) fn nat_of(frame: &Frame<'_>, weights: Weights<'_>, penalty: Penalty, x: &[f64]) -> f64 {
    let residuals = Target::new(frame, weights, penalty, 0.0).residuals(x);
    let (mut scores, mut curvature) = (0.0, 0.0);
    for (r, w) in residuals.iter().zip(weights.iter()) {
        let [_, slope, curve, majorant] = penalty.at(*r);
        scores += w * slope * slope;
        // A corner far inside the residuals leaves hardly a run with curvature; the majorant bounds it.
        curvature += w * curve.max(1e-3 * majorant);
    }
    let mean_weight = weights.mean();
    (mean_weight * scores / curvature).max(f64::MIN_POSITIVE)
}

/// Letters of the inputs of a law.
pub(crate) fn input_letters(law: &Law) -> Vec<&str> {
    law.vars
        .iter()
        .filter(|v| v.role == VarRole::Input)
        .map(|v| v.name.as_str())
        .collect()
}
