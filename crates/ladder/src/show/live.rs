//! The lines that are shown while runs are made.

use isoflop::report::number::plain;
use isoflop_base::format_si;

use super::duration;
use crate::plan::PlannedRun;
use crate::pool::View;
use crate::records::End;

/// One line on a run that ended.
#[must_use]
pub fn ended_line(run: &PlannedRun, end: Result<&End, &str>) -> String {
    match end {
        Ok(End::Done { result }) => format!(
            "{}: {:.4} nats/token{}{}",
            run.id(),
            result.loss,
            result
                .loss_se
                .map_or_else(String::new, |se| format!(" ± {}", plain(se, 2))),
            result
                .nats_per_byte
                .map_or_else(String::new, |nats| format!(
                    ", {:.4} bits/byte",
                    nats / std::f64::consts::LN_2
                ))
        ),
        Ok(End::Diverged { reason }) => format!("{}: diverged, {reason}", run.id()),
        Err(reason) => format!("{}: failed, {reason}", run.id()),
    }
}

/// Cells of a bar.
const BAR: usize = 24;

/// The lines of a live view: all runs, then each run that is being made.
#[must_use]
pub fn live_lines(view: &View) -> Vec<String> {
    let ended = view.recorded + view.failed;
    let under_way: f64 = view.running.iter().map(|r| r.share).sum();
    let share = (ended as f64 + under_way) / view.total.max(1) as f64;
    let left = view.secs_left.map_or_else(String::new, |secs| {
        format!(", about {} left", duration(secs))
    });
    let mut lines = vec![format!(
        "{} {ended} of {} runs{left}",
        bar(share),
        view.total
    )];
    for run in &view.running {
        let mut line = format!("{} {}", bar(run.share), run.id);
        if let Some(loss) = run.train_loss {
            line.push_str(&format!("  training loss {} {loss:.3}", curve(&run.losses)));
        }
        if let Some(rate) = run.tokens_per_sec {
            line.push_str(&format!("  {} tokens/s", format_si(rate, 3)));
        }
        lines.push(line);
    }
    lines
}

/// Cells of a curve.
const CURVE: usize = 16;

/// A curve in one line of text, highest to lowest over its own range.
pub(super) fn curve(points: &[f64]) -> String {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let ends = |(low, high): (f64, f64), x: &f64| (low.min(*x), high.max(*x));
    let (low, high) = points.iter().fold((f64::INFINITY, f64::NEG_INFINITY), ends);
    let cells = CURVE.min(points.len());
    (0..cells)
        .map(|cell| {
            let x = points[cell * points.len() / cells];
            let place = (x - low) / (high - low).max(f64::MIN_POSITIVE);
            STEPS[((place * 7.0).round() as usize).min(7)]
        })
        .collect()
}

fn bar(share: f64) -> String {
    let full = (share.clamp(0.0, 1.0) * BAR as f64).floor() as usize;
    format!(
        "{}{} {:>3.0} %",
        "█".repeat(full),
        "░".repeat(BAR - full),
        100.0 * share
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_falls_from_full_to_empty() {
        let falling: Vec<f64> = (0..32).map(|i| 5.0 - f64::from(i) / 10.0).collect();
        let text = curve(&falling);
        assert_eq!(text.chars().count(), CURVE);
        assert!(text.starts_with('█') && text.ends_with('▁'), "{text}");
        assert_eq!(curve(&[]), "");
        assert_eq!(curve(&[2.0, 2.0]), "▁▁");
    }
}
