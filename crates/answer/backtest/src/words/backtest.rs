//! The words of a backtest: held-out errors by cut and by distance, the ranking of laws, the picture.

use crate::{COMBINED, Cut, Extrapolation, HeldOut, NotJudged, Ranked};

use isoflop_document::doc::{
    Axis, AxisScale, Block, Colour, Document, Guide, Mark, Panel, Plot, Series, Table,
};
use isoflop_document::number::{counted, percent, plain};

/// Adds the backtest to a document; one sentence when there is none. `row_of` finds the run at a place.
pub fn backtest(doc: &mut Document, found: &Extrapolation, row_of: &dyn Fn(&str) -> Option<usize>) {
    doc.heading("Backtest");
    if let Some(why) = &found.no_backtest {
        doc.paragraph(format!("No run was held out: {why}."));
        return;
    }
    doc.paragraph(intro(found));
    doc.push(Block::Table(by_law(found)));
    doc.detail(|doc| doc.paragraph(HEADS));
    if let Some(note) = verdict(&found.ranking) {
        doc.paragraph(note);
    }
    if let Some(first) = found.held_out.first() {
        let shown = shown_law(found, first);
        doc.detail(|doc| {
            doc.paragraph(format!("By cut, {shown}:"));
            doc.push(Block::Table(by_cut(found, shown)));
            doc.paragraph(format!("By distance beyond the cut, {shown}:"));
            doc.push(Block::Table(by_distance(found, shown)));
        });
        doc.push(Block::Plot(picture(found, shown, row_of)));
    }
    doc.detail(|doc| doc.paragraph(widening(found)));
    if !found.not_judged.is_empty() {
        doc.paragraph(not_judged(&found.not_judged));
    }
}

/// What the heads of the tables mean.
const HEADS: &str = "Error: root mean square over the runs held out, and inside that of the runs fitted; bias: mean, below \
    zero where too little was predicted; CRPS: continuous ranked probability score, the error of the whole forecast, 0 at \
    best; 90 %: share of the runs held out that lie inside the intervals of 90 %. Baselines stand in brackets.";

/// Laws that were left out, the cuts of one reason together.
fn not_judged(all: &[NotJudged]) -> String {
    let mut groups: Vec<(&str, &str, Vec<String>)> = Vec::new();
    for one in all {
        let at = one.cut.map(|cut| plain(cut, 3));
        match groups.iter_mut().find(|g| g.0 == one.law && g.1 == one.why) {
            Some(group) => group.2.extend(at),
            None => groups.push((&one.law, &one.why, at.into_iter().collect())),
        }
    }
    let said: Vec<String> = groups
        .iter()
        .map(|(law, why, at)| match at.len() {
            0 => format!("{law} ({why})"),
            _ => format!("{law} at {} ({why})", at.join(", ")),
        })
        .collect();
    format!("Not judged: {}.", said.join("; "))
}

/// The combination where there is one, else the best law.
fn shown_law<'a>(found: &'a Extrapolation, first: &'a HeldOut) -> &'a str {
    let combined = found.held_out.iter().any(|h| h.law == COMBINED);
    if combined { COMBINED } else { &first.law }
}

fn cuts<'a>(found: &'a Extrapolation, law: &'a str) -> impl Iterator<Item = &'a Cut> {
    found.backtest.iter().filter(move |c| c.law == law)
}

fn unit(found: &Extrapolation) -> &'static str {
    if found.scale == "ln" {
        "ln(predicted/observed)"
    } else {
        "predicted − observed"
    }
}

fn intro(found: &Extrapolation) -> String {
    let mut at: Vec<f64> = found.backtest.iter().map(|c| c.cut).collect();
    at.sort_by(f64::total_cmp);
    at.dedup();
    let held: Vec<usize> = {
        let mut all: Vec<(f64, usize)> = found.backtest.iter().map(|c| (c.cut, c.held)).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        all.dedup();
        all.into_iter().map(|(_, n)| n).collect()
    };
    let places: Vec<String> = at.iter().map(|c| plain(*c, 3)).collect();
    let held: Vec<String> = held.iter().map(ToString::to_string).collect();
    format!(
        "The largest runs by {} were held out at {}: those above {} ({} runs). The rest was fitted with the same objective, \
         and the runs held out were predicted. Errors are {}. The cuts overlap, so their scores are not independent.",
        found.axis,
        counted(at.len(), "cut"),
        places.join(", "),
        held.join(", "),
        unit(found),
    )
}

fn number(x: f64) -> String {
    if x.abs() < 1e-9 {
        "0".to_owned()
    } else if x.abs() < 0.001 {
        format!("{x:.1e}")
    } else {
        format!("{x:.4}")
    }
}

fn by_law(found: &Extrapolation) -> Table {
    let weighted = found.ranking.iter().any(|r| r.weight.is_some());
    let mut columns = vec![
        "law",
        ">held-out error",
        ">worse than the first by (95 %)",
        ">bias",
        ">CRPS",
        ">inside 90 %",
        ">coefficients",
        ">error inside",
    ];
    if weighted {
        columns.push(">weight");
    }
    let mut table = Table::with_columns(&columns);
    // All numbers of the table are over the cuts at which every law in it was judged.
    let shared = |cut: f64| {
        let judged = |r: &Ranked| cuts(found, &r.law).any(|c| c.cut == cut);
        found.ranking.iter().all(judged)
    };
    for r in &found.ranking {
        let own: Vec<&Cut> = cuts(found, &r.law).filter(|c| shared(c.cut)).collect();
        let mean = |pick: &dyn Fn(&Cut) -> f64| {
            own.iter().map(|c| pick(c)).sum::<f64>() / own.len().max(1) as f64
        };
        let inside = mean(&|c: &Cut| level(&c.coverage_widened, "0.9"));
        let name = if r.baseline {
            format!("({})", r.law)
        } else {
            r.law.clone()
        };
        let mut row = vec![
            name,
            number(r.rmse_log),
            r.worse_by.map_or(String::new(), |(a, b)| {
                format!("{} to {}", number(a), number(b))
            }),
            number(mean(&|c: &Cut| c.bias_log)),
            number(mean(&|c: &Cut| c.crps)),
            percent(inside),
            r.coefs.to_string(),
            number(r.rms_inside),
        ];
        if weighted {
            row.push(r.weight.map_or(String::new(), |w| format!("{w:.2}")));
        }
        table.rows.push(row);
    }
    table
}

fn level(coverage: &[(String, f64)], at: &str) -> f64 {
    coverage
        .iter()
        .find(|(l, _)| l == at)
        .map_or(f64::NAN, |(_, share)| *share)
}

/// Whether two errors are one to rounding, as those of a law that has the form of a baseline.
fn same_error(a: &Ranked, b: &Ranked) -> bool {
    /// Errors of a logarithm below this are those of the solver.
    const NONE: f64 = 1e-9;
    /// Two solvers of the same objective agree to this share.
    const SHARE: f64 = 1e-6;
    let larger = a.rmse_log.max(b.rmse_log);
    larger < NONE || (a.rmse_log - b.rmse_log).abs() <= SHARE * larger
}

/// The sentence that no law beats a baseline; none when one does or nothing was ranked.
pub fn no_law_beats(ranking: &[Ranked]) -> Option<String> {
    let first = ranking.first().filter(|first| first.baseline)?;
    let best = ranking.iter().find(|r| !r.baseline && r.law != COMBINED)?;
    if same_error(first, best) {
        return None;
    }
    Some(format!(
        "No law beats the baseline “{}” over {}: do not extrapolate with these laws.",
        first.law,
        counted(best.cuts, "cut")
    ))
}

/// Who is first, and whether that is more than chance.
fn verdict(ranking: &[Ranked]) -> Option<String> {
    let laws: Vec<&Ranked> = ranking
        .iter()
        .filter(|r| !r.baseline && r.law != COMBINED)
        .collect();
    let best = laws.first()?;
    let first = ranking.first()?;
    if first.baseline && same_error(first, best) {
        return Some(format!(
            "{} predicts as the baseline “{}” does over {}: their errors differ by no more than rounding, so the backtest shows \
             no difference between them.",
            best.law,
            first.law,
            counted(best.cuts, "cut")
        ));
    }
    if let Some(beaten) = no_law_beats(ranking) {
        return Some(beaten);
    }
    let open: Vec<&str> = laws
        .iter()
        .filter(|r| r.law != best.law && r.worse_by.is_some_and(|(low, _)| low <= 0.0))
        .map(|r| r.law.as_str())
        .collect();
    let joined = ranking
        .iter()
        .find(|r| r.law == COMBINED)
        .map_or(String::new(), |r| {
            format!(
                " Model average: {} against {}.",
                number(r.rmse_log),
                number(best.rmse_log)
            )
        });
    let cuts = counted(best.cuts, "cut");
    let near: Vec<String> = ranking
        .iter()
        .filter(|r| r.baseline && first.law == best.law && !clearly_worse(r))
        .map(|r| format!("“{}”", r.law))
        .collect();
    let said = match (laws.len(), open.is_empty()) {
        (1, _) if !near.is_empty() => format!(
            "{} has the smallest error over {cuts}, but its error does not differ significantly from that of the baseline {}: the 95 % interval of the \
             difference contains zero (runs resampled in pairs, 1,000 times).",
            best.law,
            near.join(", ")
        ),
        (1, _) => format!(
            "{} predicts better than every baseline over {cuts}.",
            best.law
        ),
        (_, true) => format!(
            "{} predicts best of the laws; the 95 % interval of every other law's difference lies above zero (runs \
             resampled in pairs, 1,000 times, {cuts}).",
            best.law
        ),
        (_, false) => format!(
            "{} predicts best of the laws, but {} does not differ significantly from it: the 95 % interval of the \
             difference contains zero (runs resampled in pairs, 1,000 times, {cuts}).",
            best.law,
            open.join(", ")
        ),
    };
    let beside = if laws.len() > 1 && !near.is_empty() {
        format!(
            " Nor does it differ significantly from the baseline {}.",
            near.join(", ")
        )
    } else {
        String::new()
    };
    Some(said + &beside + &joined)
}

/// Whether the interval of the difference from the first lies above zero.
fn clearly_worse(r: &Ranked) -> bool {
    r.worse_by.is_some_and(|(low, _)| low > 0.0)
}

fn by_cut(found: &Extrapolation, law: &str) -> Table {
    let mut table = Table::with_columns(&[
        ">fitted up to",
        ">runs fitted",
        ">held out",
        ">farthest (orders)",
        ">error",
        ">bias",
        ">CRPS",
        ">50 %",
        ">80 %",
        ">95 %",
        ">95 % if the law were true",
    ]);
    table.rows = cuts(found, law)
        .map(|c| {
            let inside = |at: &str| percent(level(&c.coverage_widened, at));
            vec![
                plain(c.cut, 3),
                c.fitted.to_string(),
                c.held.to_string(),
                format!("{:.2}", c.farthest),
                number(c.rmse_log),
                number(c.bias_log),
                number(c.crps),
                inside("0.5"),
                inside("0.8"),
                inside("0.95"),
                percent(level(&c.coverage, "0.95")),
            ]
        })
        .collect();
    table
}

fn by_distance(found: &Extrapolation, law: &str) -> Table {
    let mut table = Table::with_columns(&[
        "orders beyond",
        ">predictions",
        ">error",
        ">bias",
        ">50 %",
        ">80 %",
        ">95 %",
    ]);
    let own = found.bands.iter().filter(|b| b.law == law);
    table.rows = own
        .map(|b| {
            let inside = |at: &str| percent(level(&b.coverage_widened, at));
            vec![
                format!("{:.2} to {:.2}", b.from, b.to),
                b.n.to_string(),
                number(b.rmse_log),
                number(b.bias_log),
                inside("0.5"),
                inside("0.8"),
                inside("0.95"),
            ]
        })
        .collect();
    table
}

fn widening(found: &Extrapolation) -> String {
    let each: Vec<String> = found
        .widening
        .iter()
        .map(|w| format!("{} {:.3} ({})", w.law, w.per_decade, counted(w.cuts, "cut")))
        .collect();
    format!(
        "Beyond the runs fitted, intervals are wider by a standard deviation, in quadrature, for each order of magnitude: {}. It \
         is what the held-out errors of the law's own cuts make of the widening that public curves and sweeps need ({:.3} before \
         any cut is seen); with few cuts, what is not known of it widens it too. The table's shares inside use what the smaller \
         cuts had shown at each cut.",
        each.join(", "),
        crate::widening_unseen(),
    )
}

/// Predicted against observed with the widened 90 % interval, one colour a distance.
fn picture(found: &Extrapolation, law: &str, row_of: &dyn Fn(&str) -> Option<usize>) -> Plot {
    let own: Vec<&HeldOut> = found.held_out.iter().filter(|h| h.law == law).collect();
    let bands: Vec<_> = found.bands.iter().filter(|b| b.law == law).collect();
    let series = bands
        .iter()
        .enumerate()
        .map(|(k, band)| {
            let inside: Vec<&&HeldOut> = own
                .iter()
                .filter(|h| h.beyond > band.from && h.beyond <= band.to)
                .collect();
            let colour = Colour::Ramp(k as f64 / bands.len().saturating_sub(1).max(1) as f64);
            let points = inside.iter().map(|h| (h.observed, h.predicted)).collect();
            let runs: Option<Vec<usize>> = inside.iter().map(|h| row_of(&h.place)).collect();
            Series::new(
                format!("{:.2} to {:.2}", band.from, band.to),
                Mark::Dots,
                colour,
                points,
            )
            .between(inside.iter().map(|h| (h.lower, h.upper)).collect())
            .of_runs(runs.unwrap_or_default())
        })
        .collect();
    let scale = if found.scale == "ln" {
        AxisScale::Log
    } else {
        AxisScale::Linear
    };
    Plot {
        title: format!("Runs held out: predicted by {law} against observed"),
        subtitle: String::new(),
        description: format!(
            "{} predictions of runs beyond the cut with their 90 % intervals, against what came; on the diagonal they agree.",
            own.len()
        ),
        legend: "orders of magnitude beyond the cut".to_owned(),
        columns: 1,
        panels: vec![Panel {
            x: Axis {
                label: "observed".to_owned(),
                scale,
            },
            y: Axis {
                label: "predicted".to_owned(),
                scale,
            },
            height: 2.2,
            guide: Guide::Diagonal,
            series,
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(law: &str, rmse_log: f64, baseline: bool) -> Ranked {
        Ranked {
            law: law.to_owned(),
            rmse_log,
            cuts: 4,
            worse_by: None,
            coefs: 3,
            rms_inside: rmse_log,
            weight: None,
            baseline,
        }
    }

    #[test]
    fn a_law_that_errs_as_its_baseline_is_not_said_to_lose_to_it() {
        let said = |floor: f64, law: f64| {
            let ranking = [
                ranked("power law + floor", floor, true),
                ranked("mine", law, false),
            ];
            verdict(&ranking).unwrap()
        };
        for (floor, law) in [(1e-13, 4e-11), (0.02, 0.02 * (1.0 + 1e-8))] {
            assert!(said(floor, law).contains("no difference"));
        }
        for (floor, law) in [(1e-13, 1e-6), (0.02, 0.0201)] {
            assert!(said(floor, law).contains("do not extrapolate"));
        }
    }
}
