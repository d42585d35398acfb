//! The pictures of a plan: optimal size and data against compute, and the price of other sizes.

use crate::{Plan, PlanRow};
use isoflop_base::{Estimate, format_quantity};

use isoflop_document::doc::{Axis, AxisScale, Colour, Guide, Mark, Panel, Plot, Series};
use isoflop_document::number::percent;

/// Optimal size and data against compute, for two budgets and more.
pub(super) fn budgets(plan: &Plan) -> Option<Plot> {
    let rows_of = |law: &str| -> Vec<&PlanRow> {
        let own = plan.rows.iter().filter(|r| r.law == law);
        let mut rows: Vec<&PlanRow> = own.filter(|r| r.target_loss.is_none()).collect();
        rows.sort_by(|a, b| a.compute.total_cmp(&b.compute));
        rows
    };
    if !plan.laws.iter().any(|law| rows_of(&law.name).len() > 1) {
        return None;
    }
    let panel = |label: &str, pick: fn(&PlanRow) -> &Estimate| {
        let mut series = Vec::new();
        for (k, law) in plan.laws.iter().enumerate() {
            let rows = rows_of(&law.name);
            let found: Vec<(f64, &Estimate)> = rows
                .iter()
                .map(|r| (r.compute, pick(r)))
                .filter(|(_, e)| e.value.is_finite() && e.value > 0.0)
                .collect();
            if found.len() > 1 {
                let label = if plan.laws.len() > 1 {
                    law.name.clone()
                } else {
                    String::new()
                };
                series.push(banded(label, k, &found, |y| y));
            }
        }
        Panel {
            x: Axis {
                label: "training compute, FLOP".to_owned(),
                scale: AxisScale::Log,
            },
            y: Axis {
                label: label.to_owned(),
                scale: AxisScale::Log,
            },
            height: 1.6,
            guide: Guide::None,
            series,
        }
    };
    Some(Plot {
        title: "Optimal size and data".to_owned(),
        subtitle: String::new(),
        description: format!(
            "Optimal params and tokens against training compute; the bands are {} intervals.",
            percent(plan.level)
        ),
        legend: if plan.laws.len() > 1 {
            "law".to_owned()
        } else {
            String::new()
        },
        columns: 1,
        panels: vec![
            panel("params", |r| &r.params),
            panel("tokens", |r| &r.tokens),
        ],
    })
}

/// A line with the intervals as its band; a place without an interval is as wide as the line.
fn banded(label: String, kind: usize, rows: &[(f64, &Estimate)], y: fn(f64) -> f64) -> Series {
    let points = rows.iter().map(|(x, e)| (*x, y(e.value))).collect();
    let ends = |e: &Estimate| {
        e.interval
            .map_or((e.value, e.value), |i| (i.lower, i.upper))
    };
    let ends: Vec<(f64, f64)> = rows
        .iter()
        .map(|(_, e)| ends(e))
        .map(|(low, high)| (y(low), y(high)))
        .collect();
    let line = Series::new(label, Mark::Line, Colour::Category(kind), points);
    if ends.iter().any(|(low, high)| low < high) {
        line.between(ends)
    } else {
        line
    }
}

/// Additional compute against size, at the loss of each optimum.
pub(super) fn sizes(plan: &Plan) -> Option<Plot> {
    let mut series = Vec::new();
    for (k, found) in plan.sizes.iter().enumerate() {
        let label = if plan.sizes.len() > 1 {
            format!(
                "{}, {}",
                found.law,
                format_quantity(found.compute, "FLOP", 3)
            )
        } else {
            String::new()
        };
        let one = Estimate {
            value: 0.0,
            se: None,
            unit: String::new(),
            interval: None,
        };
        let rows = found
            .rows
            .iter()
            .filter_map(|r| Some((r.size, r.overhead.as_ref()?)));
        let mut rows: Vec<(f64, &Estimate)> = rows
            .chain([(1.0, &one)])
            .filter(|(_, e)| e.value.is_finite())
            .collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        if rows.len() > 2 {
            series.push(banded(label, k, &rows, |y| 1.0 + y));
        }
    }
    if series.is_empty() {
        return None;
    }
    Some(Plot {
        title: "The price of other sizes".to_owned(),
        subtitle: String::new(),
        description: format!(
            "Training compute relative to the optimum against size relative to the optimum, all at the same loss; bands are \
             {} intervals.",
            percent(plan.level)
        ),
        legend: if plan.sizes.len() > 1 {
            "optimum".to_owned()
        } else {
            String::new()
        },
        columns: 1,
        panels: vec![Panel {
            x: Axis {
                label: "size relative to the optimum".to_owned(),
                scale: AxisScale::Log,
            },
            y: Axis {
                label: "compute relative to the optimum".to_owned(),
                scale: AxisScale::Log,
            },
            height: 1.6,
            guide: Guide::None,
            series,
        }],
    })
}
