//! A plot as data for the charts of a page. Ranges and ticks are those of the static figure.

use std::fmt::Write as _;

use super::scale::{Scale, Tick};
use isoflop_document::doc::{AxisScale, Colour, Guide, Look, Mark, Naming, Panel, Plot, Series};

/// Dots that a chart draws at most.
pub(super) const MOST_DOTS: usize = 2_000;

/// The plot as JSON that can stand inside a `<script>`: no `<` is left in it.
pub(super) fn data(plot: &Plot) -> String {
    let mut out = String::from("{");
    let _ = write!(
        out,
        "\"legend\":{},\"columns\":{},\"panels\":[",
        text(&plot.legend),
        plot.across()
    );
    for (k, one) in plot.panels.iter().enumerate() {
        if k > 0 {
            out.push(',');
        }
        panel(&mut out, one);
    }
    out.push_str("]}");
    out
}

/// Dots of the plot that its charts leave out.
pub(super) fn left_out(plot: &Plot) -> usize {
    let most = |panel: &Panel| {
        let every = stride(panel);
        let dots = panel.series.iter().filter(|s| s.mark == Mark::Dots);
        dots.map(|s| s.points.len() - s.points.len().div_ceil(every))
            .sum()
    };
    plot.panels.iter().map(most).max().unwrap_or(0)
}

/// Every how many dots one is drawn.
fn stride(panel: &Panel) -> usize {
    let dots = panel.series.iter().filter(|s| s.mark == Mark::Dots);
    let all: usize = dots.map(|s| s.points.len()).sum();
    all.div_ceil(MOST_DOTS).max(1)
}

fn panel(out: &mut String, panel: &Panel) {
    let (x, y) = Scale::of_panel(panel);
    out.push_str("{\"x\":");
    axis(out, &panel.x.label, panel.x.scale, &x);
    out.push_str(",\"y\":");
    axis(out, &panel.y.label, panel.y.scale, &y);
    let guide = match panel.guide {
        Guide::None => "",
        Guide::Zero => "zero",
        Guide::Diagonal => "diagonal",
    };
    let _ = write!(
        out,
        ",\"height\":{},\"guide\":\"{guide}\",\"series\":[",
        number(panel.height)
    );
    let every = stride(panel);
    for (k, one) in panel.series.iter().enumerate() {
        if k > 0 {
            out.push(',');
        }
        series(out, one, if one.mark == Mark::Dots { every } else { 1 });
    }
    out.push_str("]}");
}

fn axis(out: &mut String, label: &str, kind: AxisScale, scale: &Scale) {
    let kind = match kind {
        AxisScale::Linear => "linear",
        AxisScale::Log => "log",
    };
    let (low, high) = scale.domain();
    let _ = write!(
        out,
        "{{\"label\":{},\"type\":\"{kind}\",\"domain\":[{},{}],\"ticks\":",
        text(label),
        precise(low),
        precise(high)
    );
    ticks(out, scale, &scale.ticks(7));
    out.push_str(",\"few\":");
    ticks(out, scale, &scale.ticks(4));
    out.push('}');
}

fn ticks(out: &mut String, scale: &Scale, ticks: &[Tick]) {
    out.push('[');
    for (k, tick) in ticks.iter().enumerate() {
        let comma = if k > 0 { "," } else { "" };
        let _ = write!(
            out,
            "{comma}[{},{}]",
            precise(scale.value(tick.at)),
            text(&tick.label)
        );
    }
    out.push(']');
}

fn series(out: &mut String, series: &Series, every: usize) {
    let mark = match series.mark {
        Mark::Dots => "dots",
        Mark::Line => "line",
        Mark::Band => "band",
    };
    let naming = match series.naming {
        Naming::Legend => "legend",
        Naming::End => "end",
        Naming::On => "on",
        Naming::Hidden => "",
    };
    let look = match series.look {
        Look::Full => "",
        Look::Open => "open",
        Look::Faint => "faint",
    };
    let colour = match series.colour {
        Colour::Category(k) => format!("{}", k % 7),
        // The page has the ramp in eleven steps, so that it can change with the light.
        Colour::Ramp(share) => format!("\"r{:.0}\"", share.clamp(0.0, 1.0) * 10.0),
        Colour::Ink => "\"ink\"".to_owned(),
    };
    let _ = write!(
        out,
        "{{\"label\":{},\"mark\":\"{mark}\",\"naming\":\"{naming}\",\"look\":\"{look}\",\"colour\":{colour},\"x\":",
        text(&series.label)
    );
    let points = || series.points.iter().step_by(every);
    list(out, points().map(|p| number(p.0)));
    out.push_str(",\"y\":");
    list(out, points().map(|p| number(p.1)));
    if !series.ends.is_empty() {
        let ends = || series.ends.iter().step_by(every);
        out.push_str(",\"low\":");
        list(out, ends().map(|p| number(p.0)));
        out.push_str(",\"high\":");
        list(out, ends().map(|p| number(p.1)));
    }
    if !series.runs.is_empty() {
        out.push_str(",\"run\":");
        list(out, series.runs.iter().step_by(every).map(usize::to_string));
    }
    out.push('}');
}

fn list(out: &mut String, items: impl Iterator<Item = String>) {
    out.push('[');
    for (k, item) in items.enumerate() {
        if k > 0 {
            out.push(',');
        }
        out.push_str(&item);
    }
    out.push(']');
}

/// Six digits: finer than a pixel. What has no place is `null`.
fn number(x: f64) -> String {
    shortest(format!("{x:.5e}").parse().unwrap_or(f64::NAN))
}

/// Twelve digits, so that a tick stands where its label says.
fn precise(x: f64) -> String {
    shortest(format!("{x:.11e}").parse().unwrap_or(f64::NAN))
}

fn shortest(x: f64) -> String {
    if !x.is_finite() {
        return "null".to_owned();
    }
    let (plain, power) = (format!("{x}"), format!("{x:e}"));
    if power.len() < plain.len() {
        power
    } else {
        plain
    }
}

/// Text as JSON, without any character that could end a script or begin a tag.
pub(super) fn text(words: &str) -> String {
    let json = serde_json::Value::from(words).to_string();
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoflop_document::doc::Axis;

    fn plot(dots: usize) -> Plot {
        let axis = || Axis {
            label: "</script><b>".into(),
            scale: AxisScale::Log,
        };
        let points: Vec<(f64, f64)> = (1..=dots).map(|k| (k as f64, 2.0)).collect();
        let series = Series::new("a", Mark::Dots, Colour::Ink, points);
        Plot {
            panels: vec![Panel {
                x: axis(),
                y: axis(),
                height: 1.0,
                guide: Guide::None,
                series: vec![series.of_runs((0..dots).collect())],
            }],
            ..Plot::default()
        }
    }

    #[test]
    fn data_are_json_that_cannot_leave_a_script() {
        let found = data(&plot(3));
        assert!(!found.contains('<'), "{found}");
        let value: serde_json::Value = serde_json::from_str(&found).expect("is JSON");
        assert_eq!(value["panels"][0]["x"]["label"], "</script><b>");
        assert_eq!(value["panels"][0]["series"][0]["x"][2], 3);
    }

    #[test]
    fn no_dot_is_left_out_up_to_two_thousand() {
        assert_eq!(left_out(&plot(MOST_DOTS)), 0);
        assert_eq!(left_out(&plot(MOST_DOTS + 1)), 1000);
        let value: serde_json::Value = serde_json::from_str(&data(&plot(5000))).expect("is JSON");
        let runs = value["panels"][0]["series"][0]["run"].as_array();
        assert_eq!(runs.map(Vec::len), Some(1667));
    }

    #[test]
    fn numbers_are_short_and_what_has_no_place_is_null() {
        assert_eq!(number(1.4e12), "1.4e12");
        assert_eq!(number(2.123_456_789), "2.12346");
        assert_eq!(number(f64::NAN), "null");
    }
}
