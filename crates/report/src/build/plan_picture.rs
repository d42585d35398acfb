//! The pictures of a plan: optimal size and data against compute, and the price of other sizes.

use isoflop_answer::plan::{Plan, PlanRow};
use isoflop_base::{Estimate, format_quantity};

use crate::doc::{Axis, AxisScale, Colour, Guide, Mark, Panel, Plot, Series};
use crate::number::percent;

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
            let mut line = |label: String, y: &dyn Fn(&Estimate) -> Option<f64>| {
                let points: Vec<(f64, f64)> = rows
                    .iter()
                    .filter_map(|r| Some((r.compute, y(pick(r))?)))
                    .filter(|p| p.1.is_finite() && p.1 > 0.0)
                    .collect();
                if points.len() > 1 {
                    series.push(Series::new(label, Mark::Line, Colour::Category(k), points));
                }
            };
            line(law.name.clone(), &|e| Some(e.value));
            line(law.name.clone(), &|e| e.interval.map(|i| i.lower));
            line(law.name.clone(), &|e| e.interval.map(|i| i.upper));
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
            height: 1.0,
            guide: Guide::None,
            series,
        }
    };
    Some(Plot {
        title: "Optimal size and data".to_owned(),
        subtitle: String::new(),
        description: format!(
            "Optimal params and tokens against training compute; the outer lines are the ends of the {} intervals.",
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

/// Additional compute against size, at the loss of each optimum.
pub(super) fn sizes(plan: &Plan) -> Option<Plot> {
    let mut series = Vec::new();
    for (k, found) in plan.sizes.iter().enumerate() {
        let label = format!(
            "{}, {}",
            found.law,
            format_quantity(found.compute, "FLOP", 3)
        );
        let mut line = |y: &dyn Fn(&Estimate) -> f64| {
            let mut points: Vec<(f64, f64)> = found
                .rows
                .iter()
                .filter_map(|r| Some((r.size, 1.0 + y(r.overhead.as_ref()?))))
                .chain([(1.0, 1.0)])
                .filter(|p| p.1.is_finite())
                .collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            if points.len() > 2 {
                series.push(Series::new(
                    label.clone(),
                    Mark::Line,
                    Colour::Category(k),
                    points,
                ));
            }
        };
        line(&|e| e.value);
        line(&|e| e.interval.map_or(f64::NAN, |i| i.lower));
        line(&|e| e.interval.map_or(f64::NAN, |i| i.upper));
    }
    if series.is_empty() {
        return None;
    }
    Some(Plot {
        title: "The price of other sizes".to_owned(),
        subtitle: String::new(),
        description: "Training compute relative to the optimum against size relative to the optimum, all at the same loss."
            .to_owned(),
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
            height: 1.0,
            guide: Guide::None,
            series,
        }],
    })
}
