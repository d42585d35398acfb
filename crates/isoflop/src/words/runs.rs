//! The runs as a table: where each is, its inputs, what was observed, fitted and left.

use isoflop_fit::Fit;

use isoflop_document::doc::{Frame, Value};
use isoflop_summary::words::phrases::residual_scale;

pub(super) fn frame(fit: &Fit) -> Frame {
    let points = &fit.points;
    if points.response.is_empty() {
        return Frame::default();
    }
    let law = fit.law.parse().ok();
    let response = law.as_ref().map(isoflop_law::Law::response);
    let named = response.map_or("response", |v| v.column.as_str());
    let unit = response.map_or("", |v| v.unit.as_str());
    let mut frame = Frame::with_columns(&["run"]);
    let mut add = |name: &str, unit: &str| {
        frame.columns.push(name.to_owned());
        let same = unit == name;
        frame.units.push(if same { "" } else { unit }.to_owned());
    };
    for (letter, _) in &points.inputs {
        let range = fit.ranges.iter().find(|r| r.name == *letter);
        let column = range.map_or(letter.as_str(), |r| r.column.as_str());
        add(
            if column.is_empty() { letter } else { column },
            range.map_or("", |r| r.unit.as_str()),
        );
    }
    for (name, _) in &points.levels {
        add(name, "");
    }
    add(named, unit);
    add(&format!("fitted {named}"), unit);
    add("residual", &residual_scale(&fit.objective));
    frame.units.insert(0, String::new());
    let numbers = |values: &[f64], row: usize| {
        let found = values.get(row).copied().filter(|x| x.is_finite());
        Value::from(found)
    };
    for row in 0..points.response.len() {
        let place = points.place.get(row).map_or("", |p| short_place(p));
        let mut cells = vec![Value::Text(place.to_owned())];
        cells.extend(points.inputs.iter().map(|(_, x)| numbers(x, row)));
        cells.extend(points.levels.iter().map(|(_, names)| {
            names
                .get(row)
                .map_or(Value::Missing, |n| Value::Text(n.clone()))
        }));
        for values in [&points.response, &points.fitted, &points.residual] {
            cells.push(numbers(values, row));
        }
        frame.rows.push(cells);
    }
    frame
}

/// A place without the folders of its file: the tables are named in full in the provenance.
fn short_place(place: &str) -> &str {
    place.rsplit(['/', '\\']).next().unwrap_or(place)
}
