//! Stated compute against 6·params·tokens: units, forward passes, other accounting.

use std::collections::BTreeMap;

use isoflop_base::{Evidence, Note, Severity};

use super::units::{Misread, extent, median_log, unit_power};
use super::{Scene, in_ones, quoted};
use crate::column::Column;
use crate::table::note;

/// FLOP per parameter and token of dense training (`kaplan2020`, section 2.1).
const TRAINING: f64 = 6.0;
/// Share of the forward pass in it: 2 of 6.
const FORWARD: f64 = 1.0 / 3.0;
/// How near to one third a ratio must be; compute that is counted layer by layer is not that near.
const FORWARD_WITHIN: f64 = 0.02;
/// Logarithm of the factor from which a disagreement is told when no cause is known.
const FAR: f64 = 1.0;
/// Logarithm of the factor from which a disagreement of all rows is no other way of counting.
const ORDERS: f64 = 2.0;
/// Rows that make a pattern.
const FEW: usize = 3;

/// Rows by how their compute compares with 6·params·tokens.
#[derive(Default)]
struct Ratios {
    agree: Vec<usize>,
    units: BTreeMap<i32, Vec<usize>>,
    forward: Vec<usize>,
    beside_forward: usize,
    far: Vec<usize>,
}

pub(super) fn check(scene: &Scene<'_>) -> Vec<Note> {
    let (Some(params), Some(tokens)) = (&scene.params, &scene.tokens) else {
        return Vec::new();
    };
    let flops = scene.flops.as_deref();
    let columns = [Some(params.as_ref()), Some(tokens.as_ref()), flops];
    if !columns.iter().flatten().any(|c| scene.uses(c)) {
        return Vec::new();
    }
    let mut notes = Vec::new();
    if let Some(flops) = flops {
        let ratios = ratios(scene, params, tokens, flops);
        for (power, rows) in &ratios.units {
            notes.push(misread(
                scene,
                [params, tokens, flops],
                *power,
                rows,
                &ratios.agree,
            ));
        }
        notes.extend(forward_only(scene, flops, &ratios));
        notes.extend(far(scene, [params, tokens, flops], &ratios));
    } else {
        notes.extend(clusters(scene, "params", params));
        notes.extend(clusters(scene, "tokens", tokens));
    }
    notes
}

fn ratios(scene: &Scene<'_>, params: &Column, tokens: &Column, flops: &Column) -> Ratios {
    let at = |column: &Column, row: usize| column.numbers().map_or(f64::NAN, |v| v[row]);
    let mut ratios = Ratios::default();
    for row in scene.rows.iter().copied() {
        let ratio = at(flops, row) / (TRAINING * at(params, row) * at(tokens, row));
        let log = ratio.log10();
        if !log.is_finite() {
            continue;
        }
        if let Some(power) = unit_power(log) {
            ratios.units.entry(power).or_default().push(row);
        } else if (ratio / FORWARD - 1.0).abs() < FORWARD_WITHIN {
            ratios.forward.push(row);
        } else if log.abs() > FAR {
            ratios.far.push(row);
        } else {
            ratios.beside_forward += usize::from((0.2..0.6).contains(&ratio));
            ratios.agree.push(row);
        }
    }
    // Where ratios are all over the place, those near a thousand mean nothing.
    if ratios.far.len() * 10 > scene.rows.len() {
        let all = std::mem::take(&mut ratios.units).into_values().flatten();
        ratios.far.extend(all);
        ratios.far.sort_unstable();
    }
    ratios
}

fn finding(
    code: &str,
    severity: Severity,
    message: String,
    rows: &[usize],
    factor: f64,
    advice: String,
) -> Note {
    let mut found = note(code, severity, message, Some(rows.len()));
    let factor = ("factor".to_owned(), Evidence::Number(factor));
    found.evidence.push(factor);
    found.advice = advice;
    found
}

/// Rows whose compute is off by a power of a thousand: one of the three columns is in other units there.
fn misread(
    scene: &Scene<'_>,
    columns: [&Column; 3],
    power: i32,
    rows: &[usize],
    agree: &[usize],
) -> Note {
    let [params, tokens, flops] = columns;
    let culprit = culprit(columns, power, rows, agree);
    let disagrees = format!(
        "6*{}*{} disagrees with {} by a factor 1e{power} on {}",
        params.name,
        tokens.name,
        quoted(&flops.name),
        scene.share(rows)
    );
    let places = scene.table.list_places(rows);
    let factor = 10f64.powi(power);
    let Some((role, column, sign)) = culprit else {
        let message = format!("{disagrees} ({places}): one of the three is in other units there");
        let advice = "bring them to one unit with --let, for example --let 'params = params*1e6'";
        return finding(
            "unit-mismatch",
            Severity::Error,
            message,
            rows,
            factor,
            advice.to_owned(),
        );
    };
    let misread = Misread {
        role,
        column,
        power: sign * power,
        rows,
    };
    let clusters = misread
        .clusters(scene)
        .map_or(String::new(), |c| format!("{c}, and "));
    let message = format!("{clusters}{disagrees}: {} ({places})", misread.verdict());
    let half = 10f64.powi(power / 2);
    let sign = if power > 0 { ">" } else { "<" };
    let condition = format!(
        "{} {sign} {half:e}*6*{}*{}",
        in_ones(flops),
        in_ones(params),
        in_ones(tokens)
    );
    let advice = misread
        .correction(scene, Some(&condition))
        .map_or(String::new(), |option| {
            format!("correct them with {option}")
        });
    finding(
        "unit-mismatch",
        Severity::Error,
        message,
        rows,
        factor,
        advice,
    )
}

/// Which column is at fault: its role, itself, and the sign of the power that corrects it.
///
/// Beside rows that agree, it is the column that differs from them by the factor; without such rows, the
/// one whose values cannot be what the column says.
fn culprit<'a>(
    [params, tokens, flops]: [&'a Column; 3],
    power: i32,
    rows: &[usize],
    agree: &[usize],
) -> Option<(&'static str, &'a Column, i32)> {
    let candidates = [
        ("params", params, 1),
        ("tokens", tokens, 1),
        ("flops", flops, -1),
    ];
    if agree.len() >= FEW {
        let off = |(_, column, sign): &(&str, &Column, i32)| {
            let shift = median_log(column, rows) - median_log(column, agree);
            (shift + f64::from(sign * power)).abs()
        };
        return candidates
            .into_iter()
            .filter(|c| off(c) < 1.5)
            .min_by(|a, b| off(a).total_cmp(&off(b)));
    }
    let (_, largest_size) = extent(params, rows)?;
    let (_, most_tokens) = extent(tokens, rows)?;
    let (_, most_flops) = extent(flops, rows)?;
    let absurd = [
        power > 0 && largest_size < 1e5,
        power > 0 && most_tokens < 1e6,
        power < 0 && most_flops < 1e12,
    ];
    let found: Vec<_> = candidates
        .into_iter()
        .zip(absurd)
        .filter_map(|(c, absurd)| absurd.then_some(c))
        .collect();
    match found.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

/// Rows with a third of the compute, where other rows are not spread around that ratio.
fn forward_only(scene: &Scene<'_>, flops: &Column, ratios: &Ratios) -> Option<Note> {
    let rows = &ratios.forward;
    if rows.len() < FEW
        || rows.len() * 50 < scene.rows.len()
        || ratios.beside_forward * 5 > rows.len()
    {
        return None;
    }
    let effect = if ratios.agree.is_empty() {
        ""
    } else {
        ", so that budgets of these rows and of the others do not compare"
    };
    let message = format!(
        "{} disagrees with 6*params*tokens: {} have ratio 0.33 (forward pass only?){effect} ({})",
        quoted(&flops.name),
        scene.share(rows),
        scene.table.list_places(rows)
    );
    Some(finding(
        "forward-only-flops",
        Severity::Warning,
        message,
        rows,
        FORWARD,
        "count all passes with --let 'flops = 6*params*tokens'".to_owned(),
    ))
}

/// Rows that disagree by a factor that names no cause.
fn far(scene: &Scene<'_>, [params, tokens, flops]: [&Column; 3], ratios: &Ratios) -> Option<Note> {
    let rows = &ratios.far;
    if rows.is_empty() {
        return None;
    }
    let message = format!(
        "{} and 6*params*tokens differ by more than a factor 10 on {} ({})",
        quoted(&flops.name),
        scene.share(rows),
        scene.table.list_places(rows)
    );
    let middle = |column: &Column| median_log(column, rows);
    let orders = middle(flops) - middle(params) - middle(tokens) - TRAINING.log10();
    let severity = if rows.len() == scene.rows.len() && orders.abs() >= ORDERS {
        Severity::Error
    } else if rows.len() == scene.rows.len() {
        Severity::Info
    } else {
        Severity::Warning
    };
    Some(finding(
        "flops-disagree",
        severity,
        message,
        rows,
        10f64.powf(FAR),
        "check the units (--let 'flops = ...'), whether params are those active per token, and whether compute covers one epoch or all; compute that is to be counted anew: --let 'flops = 6*params*tokens'"
            .to_owned(),
    ))
}

/// Two clusters of one column a power of a thousand apart that would lie in the same range in one unit.
fn clusters(scene: &Scene<'_>, role: &'static str, column: &Column) -> Option<Note> {
    if !scene.uses(column) {
        return None;
    }
    let values = column.numbers()?;
    let mut order: Vec<usize> = scene
        .rows
        .iter()
        .copied()
        .filter(|r| values[*r] > 0.0)
        .collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]).then(a.cmp(b)));
    let cut = (1..order.len()).max_by(|a, b| {
        let gap = |i: usize| values[order[i]] / values[order[i - 1]];
        gap(*a).total_cmp(&gap(*b)).then(b.cmp(a))
    })?;
    let (low, high) = order.split_at(cut);
    let gap = values[high[0]] / values[low[cut - 1]];
    let power = 3 * ((median_log(column, high) - median_log(column, low)) / 3.0).round() as i32;
    let factor = 10f64.powi(power);
    let top = values[order[order.len() - 1]];
    let alike = low
        .iter()
        .filter(|r| (values[high[0]] / 2.0..=top * 2.0).contains(&(values[**r] * factor)))
        .count();
    let enough = low.len() >= FEW && high.len() >= FEW;
    if gap < 100.0 || power == 0 || !enough || alike * 2 < low.len() {
        return None;
    }
    let mut rows = low.to_vec();
    rows.sort_unstable();
    let misread = Misread {
        role,
        column,
        power,
        rows: &rows,
    };
    let message = format!(
        "{}: {} ({})",
        misread.clusters(scene)?,
        misread.verdict(),
        scene.table.list_places(&rows)
    );
    let advice = misread
        .correction(scene, None)
        .map_or(String::new(), |option| {
            format!("if so, correct them with {option}")
        });
    Some(finding(
        "unit-clusters",
        Severity::Error,
        message,
        &rows,
        factor,
        advice,
    ))
}
