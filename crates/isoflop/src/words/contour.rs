//! Lines of equal value on a grid: marching squares, joined into long lines.

use std::collections::BTreeMap;

use isoflop_plan::outline::Surface;

/// An edge of the grid: row, column, and whether it runs along the row.
type Edge = (usize, usize, bool);

/// The line of a level as places of the surface, interrupted by places that are not finite.
pub(super) fn contour(surface: &Surface, level: f64) -> Vec<(f64, f64)> {
    let mut segments: Vec<(Edge, Edge)> = Vec::new();
    for row in 0..surface.tokens.len().saturating_sub(1) {
        for column in 0..surface.params.len().saturating_sub(1) {
            segments.extend(cell(surface, level, row, column).into_iter().flatten());
        }
    }
    let mut out = Vec::new();
    for line in joined(&segments) {
        if !out.is_empty() {
            out.push((f64::NAN, f64::NAN));
        }
        out.extend(line.into_iter().map(|edge| crossing(surface, level, edge)));
    }
    out
}

/// The pieces of the line in one cell: none, one, or two at a saddle.
fn cell(surface: &Surface, level: f64, row: usize, column: usize) -> [Option<(Edge, Edge)>; 2] {
    let z = |r: usize, c: usize| surface.loss[row + r][column + c];
    let corners = [z(0, 0), z(0, 1), z(1, 1), z(1, 0)];
    if corners.iter().any(|v| !v.is_finite()) {
        return [None, None];
    }
    let low: Edge = (row, column, true);
    let right: Edge = (row, column + 1, false);
    let high: Edge = (row + 1, column, true);
    let left: Edge = (row, column, false);
    let above = corners.map(|v| v >= level);
    let bits = above
        .iter()
        .rev()
        .fold(0, |bits, on| bits * 2 + u8::from(*on));
    let middle = corners.iter().sum::<f64>() / 4.0 >= level;
    match bits {
        1 | 14 => [Some((left, low)), None],
        2 | 13 => [Some((low, right)), None],
        4 | 11 => [Some((right, high)), None],
        8 | 7 => [Some((high, left)), None],
        3 | 12 => [Some((left, right)), None],
        6 | 9 => [Some((low, high)), None],
        5 if middle => [Some((low, right)), Some((high, left))],
        5 => [Some((left, low)), Some((right, high))],
        10 if middle => [Some((left, low)), Some((right, high))],
        10 => [Some((low, right)), Some((high, left))],
        _ => [None, None],
    }
}

/// Where the line crosses an edge, in equal factors along it.
fn crossing(surface: &Surface, level: f64, (row, column, along): Edge) -> (f64, f64) {
    let (other_row, other_column) = if along {
        (row, column + 1)
    } else {
        (row + 1, column)
    };
    let (a, b) = (
        surface.loss[row][column],
        surface.loss[other_row][other_column],
    );
    let part = ((level - a) / (b - a)).clamp(0.0, 1.0);
    let between = |from: f64, to: f64| from * (to / from).powf(part);
    (
        between(surface.params[column], surface.params[other_column]),
        between(surface.tokens[row], surface.tokens[other_row]),
    )
}

/// Segments that share an edge, put end to end; lines that end come before lines that close.
fn joined(segments: &[(Edge, Edge)]) -> Vec<Vec<Edge>> {
    let mut at: BTreeMap<Edge, Vec<usize>> = BTreeMap::new();
    for (k, (a, b)) in segments.iter().enumerate() {
        at.entry(*a).or_default().push(k);
        at.entry(*b).or_default().push(k);
    }
    let mut used = vec![false; segments.len()];
    let ends = at.iter().filter(|(_, own)| own.len() == 1);
    let starts: Vec<Edge> = ends
        .map(|(edge, _)| *edge)
        .chain(segments.iter().map(|s| s.0))
        .collect();
    let mut lines = Vec::new();
    for start in starts {
        let mut line = vec![start];
        let mut here = start;
        while let Some(&next) = at[&here].iter().find(|k| !used[**k]) {
            used[next] = true;
            let (a, b) = segments[next];
            here = if a == here { b } else { a };
            line.push(here);
        }
        if line.len() > 1 {
            lines.push(line);
        }
    }
    lines
}

/// Levels that share the surface about evenly, in three digits, smallest first.
pub(super) fn levels(surface: &Surface, most: usize) -> Vec<f64> {
    let mut all: Vec<f64> = surface
        .loss
        .iter()
        .flatten()
        .copied()
        .filter(|v| v.is_finite())
        .collect();
    all.sort_by(f64::total_cmp);
    if all.is_empty() || all[0] >= all[all.len() - 1] {
        return Vec::new();
    }
    let rounded = |v: f64| format!("{v:.1e}").parse().unwrap_or(v);
    let finer = |v: f64| format!("{v:.2e}").parse().unwrap_or(v);
    let at = |k: usize| all[(2 * k + 1) * (all.len() - 1) / (2 * most)];
    let mut coarse: Vec<f64> = (0..most).map(|k| rounded(at(k))).collect();
    coarse.dedup();
    if coarse.len() < most {
        coarse = (0..most).map(|k| finer(at(k))).collect();
        coarse.dedup();
    }
    coarse
}

#[cfg(test)]
mod tests {
    use super::*;

    /// z = x·y over 1..16 in equal factors, whose lines of equal value are hyperbolas.
    fn surface() -> Surface {
        let axis: Vec<f64> = (0..9).map(|k| 2f64.powf(f64::from(k) * 0.5)).collect();
        let row = |y: &f64| axis.iter().map(|x| (x * y).ln()).collect();
        Surface {
            loss: axis.iter().map(row).collect(),
            params: axis.clone(),
            tokens: axis,
        }
    }

    #[test]
    fn a_line_of_equal_value_has_that_value_everywhere() {
        let line = contour(&surface(), 16f64.ln());
        assert!(line.len() > 8, "one long line: {line:?}");
        assert!(line.iter().all(|p| p.0.is_finite()), "in one piece");
        assert!(line.iter().all(|(x, y)| (x * y / 16.0 - 1.0).abs() < 1e-9));
    }

    #[test]
    fn cells_without_a_value_interrupt_the_line() {
        let mut holed = surface();
        holed.loss[4][4] = f64::NAN;
        let line = contour(&holed, 16f64.ln());
        assert_eq!(line.iter().filter(|p| !p.0.is_finite()).count(), 1);
    }

    #[test]
    fn levels_rise_and_lie_inside() {
        let found = levels(&surface(), 6);
        assert_eq!(found.len(), 6);
        assert!(found.windows(2).all(|w| w[0] < w[1]));
        assert!(found[0] > 0.0 && found[5] < 256f64.ln());
    }
}
