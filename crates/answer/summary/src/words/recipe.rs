//! The words of a recipe: power laws through the minima, every budget with its minimum or the reason, the bias.

use isoflop_base::Estimate;
use isoflop_fit::Recipe;
use isoflop_fit::recipe::{Allocation, Bias, Budget};

use super::phrases::{places, provenance};
use isoflop_document::doc::{
    Axis, AxisScale, Block, Colour, Document, Frame, Guide, Mark, Panel, Plot, Series, Table, Value,
};
use isoflop_document::number::{counted, percent, plain, shown};
use isoflop_document::phrase::human;

/// Places at which a curve is drawn.
const STEPS: u32 = 48;

/// What a recipe says.
#[must_use]
pub fn recipe_document(recipe: &Recipe) -> Document {
    let mut doc = Document::new(title(recipe));
    doc.heading("Power laws through the minima");
    doc.push(Block::Table(laws(recipe)));
    doc.paragraph(how(recipe));
    if let Some(bias) = &recipe.bias {
        doc.heading("Bias of the recipe on this grid");
        doc.paragraph(bias_words(bias));
    }
    doc.heading("Budgets");
    doc.push(Block::Table(budgets(recipe)));
    doc.push(Block::Plot(picture(recipe)));
    if !recipe.skipped.is_empty() {
        doc.heading("Rows left out");
        let mut table = Table::with_columns(&[">rows", "reason", "where"]);
        for s in &recipe.skipped {
            table
                .rows
                .push(vec![s.rows.to_string(), s.reason.clone(), places(s)]);
        }
        doc.push(Block::Table(table));
    }
    if !recipe.notes.is_empty() {
        doc.heading("Notes");
        doc.push(Block::Notes(recipe.notes.clone()));
    }
    doc.heading("Provenance");
    doc.push(Block::KeyValues(provenance(&recipe.provenance)));
    doc.frame = frame(recipe);
    doc
}

fn title(recipe: &Recipe) -> String {
    match recipe.method.split_once(':') {
        Some((_, curve)) => format!("Minima of IsoFLOP curves ({curve})"),
        None => "Envelope of least loss".to_owned(),
    }
}

fn laws(recipe: &Recipe) -> Table {
    let interval = format!("{} interval", percent(recipe.level));
    let mut table = Table::with_columns(&[
        "law",
        "name",
        ">estimate",
        "± se",
        &interval,
        ">corrected",
        "by the scatter of the minima",
    ]);
    for allocation in &recipe.allocations {
        let corrected = allocation.corrected;
        let lines = [
            ("a", &allocation.exponent, corrected.map(|c| c.exponent)),
            ("k", &allocation.constant, corrected.map(|c| c.constant)),
        ];
        for (name, estimate, corrected) in lines {
            let parts = shown(estimate);
            table.rows.push(vec![
                allocation.fit.law.formula.clone(),
                name.to_owned(),
                parts.value,
                parts.se,
                parts.interval,
                corrected.map_or_else(String::new, |x| plain(x, 4)),
                scatter(allocation, name),
            ]);
        }
    }
    table.without_empty_columns()
}

fn scatter(allocation: &Allocation, name: &str) -> String {
    let found = allocation.fit.coefs.iter().find(|(n, _)| n == name);
    found.map_or_else(String::new, |(_, e)| shown(e).interval)
}

fn how(recipe: &Recipe) -> String {
    let used = recipe.budgets.iter().filter(|b| b.used()).count();
    let spread = match &recipe.bias {
        Some(bias) => format!(
            "percentiles of {} simulations, in which the recipe is run on this grid with losses of {} fitted to the runs and \
             noise of {}: they hold what the recipe itself gets wrong, which `corrected` takes out, as well as the noise",
            recipe.resamples,
            bias.law,
            percent(bias.noise_sd)
        ),
        None if recipe.method == "envelope" => format!(
            "percentiles of {} resamples with the runs of each bin drawn with replacement; what the recipe itself gets wrong \
             is not in them",
            recipe.resamples
        ),
        None => format!(
            "percentiles of {} resamples with residuals of the curves drawn anew on the same grid; what the recipe itself \
             gets wrong is not in them",
            recipe.resamples
        ),
    };
    format!(
        "Least squares of the logarithm over {used} of {}, {}; C/(N·D) is {} in the median. Intervals: {spread}.",
        counted(recipe.budgets.len(), "budget"),
        counted(recipe.n, "run"),
        plain(recipe.flops_per_param_token, 4),
    )
}

fn bias_words(bias: &Bias) -> String {
    format!(
        "Run on losses of {} fitted to the same runs, without noise, the recipe finds a = {} where the law's own optimum \
         over the same budgets has {}: a bias of {:+.4}; at the largest budget its size is {} times the optimal one. With noise of {} \
         in {} simulations a is {} ± {}.",
        bias.law,
        plain(bias.exponent_without_noise, 4),
        plain(bias.exponent_of_law, 4),
        bias.exponent_without_noise - bias.exponent_of_law,
        plain(bias.params_ratio, 3),
        percent(bias.noise_sd),
        bias.simulations,
        plain(bias.exponent_with_noise, 4),
        plain(bias.exponent_sd, 2),
    )
}

fn budgets(recipe: &Recipe) -> Table {
    let mut table = Table::with_columns(&[
        ">FLOP",
        ">runs",
        ">N*",
        &percent(recipe.level),
        ">D*",
        ">D*/N*",
        ">loss*",
        "",
    ]);
    for b in &recipe.budgets {
        let value = |e: &Option<Estimate>, digits: usize| {
            e.as_ref()
                .map_or_else(String::new, |e| plain(e.value, digits))
        };
        let size = |e: &Option<Estimate>| e.as_ref().map_or_else(String::new, |e| human(e.value));
        let interval = b
            .params_opt
            .as_ref()
            .and_then(|e| e.interval)
            .map_or_else(String::new, |i| {
                format!("[{}, {}]", human(i.lower), human(i.upper))
            });
        table.rows.push(vec![
            human(b.flops),
            b.runs.len().to_string(),
            size(&b.params_opt),
            interval,
            size(&b.tokens_opt),
            ratio(b).map_or_else(String::new, |r| plain(r, 3)),
            value(&b.loss_opt, 5),
            remark(b),
        ]);
    }
    table.without_empty_columns()
}

fn ratio(b: &Budget) -> Option<f64> {
    Some(b.tokens_opt.as_ref()?.value / b.params_opt.as_ref()?.value)
}

/// Why a budget does not count, or what is odd about one that does.
fn remark(b: &Budget) -> String {
    if !b.used() {
        return format!("not used: {}", b.reason);
    }
    match b.place {
        Some(place) if place < 0.2 => "off centre: few smaller sizes".to_owned(),
        Some(place) if place > 0.8 => "off centre: few larger sizes".to_owned(),
        _ => String::new(),
    }
}

fn picture(recipe: &Recipe) -> Plot {
    let last = (recipe.budgets.len().max(2) - 1) as f64;
    let mut series = Vec::new();
    for (i, b) in recipe.budgets.iter().enumerate() {
        let colour = Colour::Ramp(i as f64 / last);
        let label = human(b.flops);
        if !b.curve.is_empty() {
            series.push(Series::new(label.clone(), Mark::Line, colour, curve(b)));
        }
        series.push(Series::new(
            label,
            Mark::Dots,
            colour,
            b.runs.iter().map(|r| (r.params, r.loss)).collect(),
        ));
    }
    let minima = recipe
        .budgets
        .iter()
        .filter(|b| b.used())
        .filter_map(|b| Some((b.params_opt.as_ref()?.value, b.loss_opt.as_ref()?.value)));
    series.push(Series::new(
        "minima".to_owned(),
        Mark::Line,
        Colour::Category(0),
        minima.collect(),
    ));
    Plot {
        title: title(recipe),
        subtitle: String::new(),
        description: "Loss over params, one curve a budget, with a line through the minima."
            .to_owned(),
        legend: "FLOP".to_owned(),
        columns: 1,
        panels: vec![Panel {
            x: Axis {
                label: "params N".to_owned(),
                scale: AxisScale::Log,
            },
            y: Axis {
                label: "loss L".to_owned(),
                scale: AxisScale::Linear,
            },
            height: 2.6,
            guide: Guide::None,
            series,
        }],
    }
}

fn curve(b: &Budget) -> Vec<(f64, f64)> {
    let (Some(first), Some(last)) = (b.runs.first(), b.runs.last()) else {
        return Vec::new();
    };
    let (low, high) = (
        (first.params / b.centre).ln(),
        (last.params / b.centre).ln(),
    );
    (0..=STEPS)
        .map(|k| {
            let x = low + (high - low) * f64::from(k) / f64::from(STEPS);
            let y = b.curve.iter().rev().fold(0.0, |sum, c| sum * x + c);
            (b.centre * x.exp(), y)
        })
        .collect()
}

fn frame(recipe: &Recipe) -> Frame {
    let mut frame = Frame::with_columns(&[
        "flops",
        "runs",
        "params_opt",
        "params_opt_lower",
        "params_opt_upper",
        "tokens_opt",
        "loss_opt",
        "used",
        "reason",
    ]);
    for b in &recipe.budgets {
        let value = |e: &Option<Estimate>| Value::from(e.as_ref().map(|e| e.value));
        let interval = b.params_opt.as_ref().and_then(|e| e.interval);
        frame.rows.push(vec![
            Value::Number(b.flops),
            Value::Number(b.runs.len() as f64),
            value(&b.params_opt),
            Value::from(interval.map(|i| i.lower)),
            Value::from(interval.map(|i| i.upper)),
            value(&b.tokens_opt),
            value(&b.loss_opt),
            Value::Text(b.used().to_string()),
            Value::Text(b.reason.clone()),
        ]);
    }
    frame
}
