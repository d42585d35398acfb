//! Pictures in a terminal: braille characters hold two by four dots each.

use super::scale::{Scale, Tick};
use isoflop_document::doc::{Guide, Mark, Panel, Plot};

/// Columns for the labels of the vertical axis.
const MARGIN: usize = 9;

/// The picture as lines of at most `width` columns.
pub(super) fn plot(plot: &Plot, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for panel in &plot.panels {
        let tall = plot.panels.iter().map(|p| p.height).fold(0.0, f64::max);
        let rows = if panel.height >= tall { 16 } else { 7 };
        lines.extend(panel_lines(
            panel,
            width.min(100).saturating_sub(MARGIN + 3).max(20),
            rows,
        ));
    }
    lines
}

fn panel_lines(panel: &Panel, columns: usize, rows: usize) -> Vec<String> {
    let (x, y) = Scale::of_panel(panel);
    let mut canvas = Canvas::new(columns, rows);
    guide(panel, &mut canvas, &x, &y);
    for series in &panel.series {
        let place = |&(a, b): &(f64, f64)| Some((x.place(a)?, y.place(b)?));
        match series.mark {
            Mark::Dots => series
                .points
                .iter()
                .filter_map(place)
                .for_each(|(a, b)| canvas.blob(a, b)),
            Mark::Band => {}
            Mark::Line => series.points.windows(2).for_each(|pair| {
                if let (Some(a), Some(b)) = (place(&pair[0]), place(&pair[1])) {
                    canvas.line(a, b);
                }
            }),
        }
    }
    let mut labels = vec![String::new(); rows];
    for tick in y
        .ticks((rows / 2).min(6))
        .into_iter()
        .filter(|t| !t.label.is_empty())
    {
        labels[rows - 1 - cell(tick.at, rows)] = tick.label;
    }
    let mut lines = vec![format!("  {:>MARGIN$} {}", "", panel.y.label)];
    for (label, row) in labels.iter().zip(canvas.rows()) {
        let edge = if label.is_empty() { '│' } else { '┤' };
        lines.push(format!("  {label:>MARGIN$}{edge}{}", row.trim_end()));
    }
    lines.extend(horizontal_axis(&x.ticks(columns / 12), columns));
    lines.push(format!("  {:>MARGIN$} {:^columns$}", "", panel.x.label));
    lines
}

fn guide(panel: &Panel, canvas: &mut Canvas, x: &Scale, y: &Scale) {
    match panel.guide {
        Guide::None => {}
        Guide::Zero => {
            if let Some(zero) = y.place(0.0) {
                (0..canvas.columns * 2)
                    .step_by(4)
                    .for_each(|i| canvas.dot(i, canvas.height(zero)));
            }
        }
        Guide::Diagonal => {
            let values = panel
                .series
                .iter()
                .flat_map(|s| s.points.iter().flat_map(|p| [p.0, p.1]));
            let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
                (l.min(v), h.max(v))
            });
            if let (Some(a), Some(b), Some(c), Some(d)) =
                (x.place(low), y.place(low), x.place(high), y.place(high))
            {
                canvas.line((a, b), (c, d));
            }
        }
    }
}

/// The axis line with its ticks, and their labels centred below where they do not collide.
fn horizontal_axis(ticks: &[Tick], columns: usize) -> [String; 2] {
    let mut axis = vec!['─'; columns];
    let mut labels = vec![' '; columns + 8];
    let mut free = 0;
    for tick in ticks.iter().filter(|t| !t.label.is_empty()) {
        let at = cell(tick.at, columns);
        axis[at] = '┬';
        let length = tick.label.chars().count();
        let from = at.saturating_sub(length / 2);
        if from >= free && from + length <= labels.len() {
            for (slot, c) in labels[from..].iter_mut().zip(tick.label.chars()) {
                *slot = c;
            }
            free = from + length + 1;
        }
    }
    [
        format!("  {:>MARGIN$}└{}", "", axis.iter().collect::<String>()),
        format!(
            "  {:>MARGIN$} {}",
            "",
            labels.iter().collect::<String>().trim_end()
        ),
    ]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a few hundred cells, clamped to them"
)]
fn cell(share: f64, cells: usize) -> usize {
    ((share.clamp(0.0, 1.0) * cells as f64) as usize).min(cells - 1)
}

/// Dots in cells of two by four.
struct Canvas {
    columns: usize,
    lines: usize,
    cells: Vec<u8>,
}

impl Canvas {
    fn new(columns: usize, lines: usize) -> Self {
        Self {
            columns,
            lines,
            cells: vec![0; columns * lines],
        }
    }

    /// Dot row of a place, counted from the top.
    fn height(&self, share: f64) -> usize {
        self.lines * 4 - 1 - cell(share, self.lines * 4)
    }

    fn dot(&mut self, x: usize, y: usize) {
        // Bit of each dot of a cell, in the order of Unicode's braille block.
        const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        if x < self.columns * 2 && y < self.lines * 4 {
            self.cells[(y / 4) * self.columns + x / 2] |= BITS[y % 4][x % 2];
        }
    }

    /// A run: a small square, so that it stands out from the lines.
    fn blob(&mut self, x: f64, y: f64) {
        let (column, row) = (cell(x, self.columns * 2), self.height(y));
        for (i, j) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            self.dot(column + i, row + j);
        }
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let steps = 2 * (self.columns * 2).max(self.lines * 4);
        for i in 0..=steps {
            #[expect(clippy::cast_precision_loss, reason = "at most a few thousand steps")]
            let t = i as f64 / steps as f64;
            let place = (from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1));
            self.dot(cell(place.0, self.columns * 2), self.height(place.1));
        }
    }

    fn rows(&self) -> impl Iterator<Item = String> {
        self.cells.chunks(self.columns).map(|row| {
            row.iter()
                .map(|&bits| if bits == 0 { ' ' } else { braille(bits) })
                .collect::<String>()
        })
    }
}

fn braille(bits: u8) -> char {
    char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoflop_document::doc::{Axis, AxisScale, Colour, Series};

    #[test]
    fn a_power_law_is_a_straight_line_on_log_axes() {
        let axis = |label: &str| Axis {
            label: label.into(),
            scale: AxisScale::Log,
        };
        let points = (0..20)
            .map(|i| 10f64.powf(6.0 + 0.2 * f64::from(i)))
            .map(|x| (x, 1e4 / x.sqrt()))
            .collect();
        let series = Series::new(String::new(), Mark::Dots, Colour::Category(0), points);
        let panel = Panel {
            x: axis("params N"),
            y: axis("loss L"),
            height: 1.0,
            guide: Guide::None,
            series: vec![series],
        };
        let lines = panel_lines(&panel, 40, 8);
        insta::assert_snapshot!(lines.join("\n"), @r"
           loss L
        10┤ ⠰⠆⢠⡄
          │     ⠘⠃⢠⡄⣀
          │         ⠉ ⠶ ⣤
          │               ⠛ ⠶ ⣀
         1┤                   ⠉⠘⠃⢠⡄⢀⡀
          │                        ⠈⠁⠰⠆⢠⡄
          │                              ⠘⠃⠶ ⣀
          │                                  ⠉ ⠶ ⣤
          └─┬──────────────────┬───────────────────
           1M                100M
                           params N
        ");
    }
}
