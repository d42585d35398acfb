//! From the words of a plan file or a command line to a request: numbers, ranges, budgets in other units, shapes.

use isoflop_base::{Diagnostic, Diagnostics, closest, format_si, parse_quantity};
use isoflop_data::RunTable;
use isoflop_law::{At, Law, VarRole};
use isoflop_plan::{
    Accelerator, Ask, Assumption, Convention, Given, Hardware, Limits, PlanRequest, ServeMeasure,
    Serving, Shape, USUAL, accelerator,
};

use crate::plan_file::{GIVEN, PlanSpec, Word};

/// Share of a memory that weights may fill: the rest holds the cache and the activations.
const MEMORY_SHARE: f64 = 0.8;

/// Share of served tokens that is read in prompts.
const PREFILL_SHARE: f64 = 0.75;

/// Roles of inputs.
const ROLES: [&str; 4] = ["params", "tokens", "flops", "unique_tokens"];

/// What may stand under `[assumed]`.
const ASSUMABLE: [&str; 13] = [
    "peak",
    "memory",
    "watts",
    "mfu",
    "mfu-prefill",
    "mfu-decode",
    "serve-per-gpu-hour",
    "pue",
    "bytes-per-token",
    "training-bytes",
    "serving-bytes",
    "memory-share",
    "prefill-share",
];

/// Most budgets of a range.
const MOST: usize = 1000;

/// How the params of shapes are counted unless another way is named.
const PARAMS_CONVENTION: &str = "params-llama";

impl PlanSpec {
    /// Inputs and levels that the plan does not move.
    ///
    /// # Errors
    ///
    /// `bad-point` and `bad-number` for what cannot be read.
    pub fn given(&self) -> Result<Given, Diagnostics> {
        let mut given = Given::default();
        let mut faults = Diagnostics::default();
        for piece in self.at.iter().flat_map(|text| text.split(',')) {
            let Some((name, value)) = piece
                .split_once('=')
                .filter(|(n, v)| !n.trim().is_empty() && !v.trim().is_empty())
            else {
                let d = Diagnostic::error(
                    "bad-point",
                    format!("`{piece}` is not of the form NAME=VALUE"),
                );
                faults
                    .0
                    .push(d.help("for example --at n=8 or --at corpus=c4"));
                continue;
            };
            let (name, value) = (name.trim().to_owned(), value.trim());
            match parse_quantity(value) {
                Ok(q) => given.at.push((name, q.value)),
                Err(_) => given.levels.push((name, value.to_owned())),
            }
        }
        for text in &self.map {
            match text
                .split_once('=')
                .map(|(role, name)| (role.trim(), name.trim()))
            {
                Some((role, name)) if ROLES.contains(&role) => {
                    given.roles.push((role.to_owned(), name.to_owned()));
                }
                _ => {
                    let message = format!("`--map {text}` is not of the form ROLE=INPUT");
                    let d = Diagnostic::error("bad-map", message);
                    faults
                        .0
                        .push(d.help(format!("roles are {}", ROLES.join(", "))));
                }
            }
        }
        given.unique = number("unique", self.unique.as_ref(), &mut faults);
        if faults.0.is_empty() {
            Ok(given)
        } else {
            Err(faults)
        }
    }

    /// Name or formula of the convention of compute.
    #[must_use]
    pub fn convention_name(&self) -> &str {
        self.convention.as_deref().unwrap_or(USUAL)
    }

    /// Name of the convention that counts the params of shapes.
    #[must_use]
    pub fn params_convention_name(&self) -> &str {
        self.params_convention
            .as_deref()
            .unwrap_or(PARAMS_CONVENTION)
    }

    /// The request, under a convention, with a table of shapes and the convention of their params.
    ///
    /// # Errors
    ///
    /// All faults of all words: `bad-number`, `bad-range`, `bad-gpus`, `missing-price` …
    pub fn request(
        &self,
        convention: &Law,
        shapes: Option<(&RunTable, &Law)>,
    ) -> Result<PlanRequest, Diagnostics> {
        let mut faults = Diagnostics::default();
        for name in self
            .assumed
            .keys()
            .filter(|n| !ASSUMABLE.contains(&n.as_str()))
        {
            let d = Diagnostic::error(
                "bad-plan-file",
                format!("nothing is assumed under the name `{name}`"),
            );
            faults.0.push(match closest(name, ASSUMABLE) {
                Some(near) => d.help(format!("did you mean `{near}`?")),
                None => d,
            });
        }
        let given = self.given().unwrap_or_else(|more| {
            faults.0.extend(more.0);
            Given::default()
        });
        // A convention that needs a shape has no value without one.
        let own = match Convention::new(convention, &given) {
            Err(_) if shapes.is_some() => {
                Law::builtin(USUAL).and_then(|law| Convention::new(&law, &given))
            }
            found => found,
        };
        let own = own.map_err(|more| faults.0.extend(more.0));
        let hardware = self.hardware(&mut faults);
        let mut assumptions = Vec::new();
        let limits = self.limits(&mut assumptions, &mut faults);
        let ask = self.ask(hardware.as_ref(), &mut faults);
        let serving = self.serving(hardware.as_ref(), &mut assumptions, &mut faults);
        let sizes = self
            .sizes
            .iter()
            .filter_map(|w| number("sizes", Some(w), &mut faults))
            .collect();
        let shapes = shapes.map_or_else(Vec::new, |(table, params)| {
            read_shapes(table, params, convention, &given).unwrap_or_else(|more| {
                faults.0.extend(more.0);
                Vec::new()
            })
        });
        let level = number("level", self.level.as_ref(), &mut faults);
        match own {
            Ok(convention) if faults.0.is_empty() => Ok(PlanRequest {
                ask,
                limits,
                given,
                serving,
                sizes,
                models: self.models,
                shapes,
                hardware,
                assumptions,
                level: level.unwrap_or(0.95),
                ..PlanRequest::new(convention)
            }),
            _ => Err(faults),
        }
    }

    fn limits(&self, assumptions: &mut Vec<Assumption>, faults: &mut Diagnostics) -> Limits {
        let mut limits = Limits {
            params: number("params", self.params.as_ref(), faults),
            tokens: number("tokens", self.tokens.as_ref(), faults),
            max_params: number("max-params", self.max_params.as_ref(), faults),
            max_tokens: number("max-tokens", self.max_tokens.as_ref(), faults),
        };
        let Some(text) = &self.max_memory else {
            return limits;
        };
        let given = number("memory-share", self.memory_share.as_ref(), faults);
        let assumed = number("memory-share", self.assumed.get("memory-share"), faults);
        let share = given.or(assumed).unwrap_or(MEMORY_SHARE);
        assumptions.push(Assumption {
            name: "memory-share".to_owned(),
            value: share,
            unit: String::new(),
            source: match given {
                Some(_) => GIVEN.to_owned(),
                None => {
                    "assumed: the rest of the memory holds the cache and the activations".to_owned()
                }
            },
        });
        match memory(text) {
            Ok((bytes, each)) => {
                let most = bytes * share / each;
                limits.max_params = Some(limits.max_params.map_or(most, |m| m.min(most)));
            }
            Err(fault) => faults.0.push(fault),
        }
        limits
    }

    fn ask(&self, hardware: Option<&Hardware>, faults: &mut Diagnostics) -> Vec<Ask> {
        let mut ask = Vec::new();
        for word in &self.compute {
            match budgets(&word.0, hardware) {
                Ok(found) => ask.extend(found.into_iter().map(Ask::Compute)),
                Err(fault) => faults.0.push(fault),
            }
        }
        for word in &self.target_loss {
            ask.extend(number("target-loss", Some(word), faults).map(Ask::Loss));
        }
        let days = self.days.as_ref().and_then(|w| days(w, faults));
        if let (Some(days), Some(h)) = (days, hardware) {
            match h.count {
                Some(count) => ask.push(Ask::Compute(h.flops_of_time(count, days))),
                None => faults.0.push(
                    Diagnostic::error("bad-gpus", "--days needs a number of accelerators")
                        .help("for example --gpus 512xH100 --days 30"),
                ),
            }
        }
        if let (Some(dollars), Some(h)) =
            (number("dollars", self.dollars.as_ref(), faults), hardware)
        {
            match h.per_hour {
                Some(price) => ask.push(Ask::Compute(h.flops_of_dollars(dollars, price))),
                None => faults.0.push(
                    Diagnostic::error(
                        "missing-price",
                        "--dollars needs the price of an accelerator-hour",
                    )
                    .help("for example --dollars 2e6 --per-gpu-hour 2.10"),
                ),
            }
        }
        ask
    }

    fn serving(
        &self,
        hardware: Option<&Hardware>,
        assumptions: &mut Vec<Assumption>,
        faults: &mut Diagnostics,
    ) -> Option<Serving> {
        let tokens = number("serve", self.serve.as_ref(), faults)?;
        let measure = match self.serve_in.as_deref() {
            None | Some("flop") => ServeMeasure::Flops,
            Some("usd") if hardware.is_some_and(|h| h.per_hour.is_some()) => ServeMeasure::Money,
            Some("usd") => {
                let d = Diagnostic::error(
                    "missing-price",
                    "serving in dollars needs the price of an accelerator-hour",
                );
                faults
                    .0
                    .push(d.help("give --per-gpu-hour, and --serve-per-gpu-hour where it differs"));
                ServeMeasure::Money
            }
            Some(other) => {
                let d = Diagnostic::error(
                    "bad-measure",
                    format!("serving is measured in flop or usd, not `{other}`"),
                );
                faults.0.push(d);
                ServeMeasure::Flops
            }
        };
        let given = number("prefill-share", self.prefill_share.as_ref(), faults);
        let assumed = number("prefill-share", self.assumed.get("prefill-share"), faults);
        let share = given.or(assumed).unwrap_or(PREFILL_SHARE);
        if !(0.0..=1.0).contains(&share) {
            let message = format!("prefill-share = {share} is not a share from 0 to 1");
            faults.0.push(Diagnostic::error("bad-number", message));
        }
        if measure == ServeMeasure::Money {
            assumptions.push(Assumption {
                name: "prefill-share".to_owned(),
                value: share,
                unit: String::new(),
                source: match given {
                    Some(_) => GIVEN.to_owned(),
                    None => "assumed: three tokens are read for each one written".to_owned(),
                },
            });
        }
        Some(Serving {
            prefill: tokens * share,
            decode: tokens * (1.0 - share),
            measure,
        })
    }

    /// The hardware, when anything is said that needs one.
    fn hardware(&self, faults: &mut Diagnostics) -> Option<Hardware> {
        let named = self.compute.iter().find_map(|w| {
            parse_quantity(&w.0)
                .ok()
                .and_then(|q| device(q.unit.as_deref()))
        });
        let asked = [
            &self.days,
            &self.dollars,
            &self.peak,
            &self.mfu,
            &self.per_gpu_hour,
        ];
        let wanted = self.gpus.is_some() || self.accelerator.is_some() || named.is_some();
        if !wanted && asked.iter().all(|w| w.is_none()) {
            return None;
        }
        let (count, of_gpus) = match self.gpus.as_deref().map(gpus) {
            Some(Ok((count, name))) => (Some(count), name),
            Some(Err(fault)) => {
                faults.0.push(fault);
                return None;
            }
            None => (None, None),
        };
        let peak = number("peak", self.peak.as_ref(), faults);
        let name = self.accelerator.clone().or(of_gpus).or(named);
        let own = match (name, peak) {
            (Some(name), peak) => match (accelerator(&name), peak) {
                (Ok(found), _) => found,
                // Any accelerator will do whose peak rate is given.
                (Err(_), Some(peak)) => custom(&name, peak),
                (Err(fault), None) => {
                    faults.0.push(fault);
                    return None;
                }
            },
            (None, Some(peak)) => custom("accelerator", peak),
            (None, None) => match accelerator("h100") {
                Ok(found) => found,
                Err(fault) => {
                    faults.0.push(fault);
                    return None;
                }
            },
        };
        let mut h = Hardware::new(own);
        h.count = count;
        let mut given = Vec::new();
        let mut set = |name: &str, word: &Option<Word>, to: &mut f64| {
            let own = word.as_ref();
            if let Some(x) = number(name, own.or(self.assumed.get(name)), faults) {
                *to = x;
                if own.is_some() {
                    given.push(name.to_owned());
                }
            }
        };
        let mut watts = f64::NAN;
        let (mut price, mut serve) = (f64::NAN, f64::NAN);
        set("peak", &self.peak, &mut h.accelerator.peak);
        set("memory", &self.memory, &mut h.accelerator.memory);
        set("watts", &self.watts, &mut watts);
        set("mfu", &self.mfu, &mut h.mfu);
        set("mfu-prefill", &self.mfu_prefill, &mut h.mfu_prefill);
        set("mfu-decode", &self.mfu_decode, &mut h.mfu_decode);
        set("per-gpu-hour", &self.per_gpu_hour, &mut price);
        set("serve-per-gpu-hour", &self.serve_per_gpu_hour, &mut serve);
        set("pue", &self.pue, &mut h.pue);
        set(
            "bytes-per-token",
            &self.bytes_per_token,
            &mut h.bytes_per_token,
        );
        set(
            "training-bytes",
            &self.training_bytes,
            &mut h.training_bytes,
        );
        set("serving-bytes", &self.serving_bytes, &mut h.serving_bytes);
        let some = |x: f64| (!x.is_nan()).then_some(x);
        h.accelerator.watts = some(watts).or(h.accelerator.watts);
        h.per_hour = some(price);
        h.serve_per_hour = some(serve);
        h.given = given;
        if h.mfu > 1.0 {
            let d = Diagnostic::error(
                "bad-number",
                format!("mfu = {} is not a share from 0 to 1", h.mfu),
            );
            faults.0.push(d.help("an MFU of 40 % is written 0.4"));
        }
        Some(h)
    }
}

fn custom(name: &str, peak: f64) -> Accelerator {
    Accelerator {
        id: name.to_owned(),
        title: name.to_owned(),
        peak,
        precision: String::new(),
        memory: 80e9,
        watts: None,
        source: "assumed".to_owned(),
    }
}

/// A number above zero.
fn number(name: &str, word: Option<&Word>, faults: &mut Diagnostics) -> Option<f64> {
    let text = &word?.0;
    match parse_quantity(text) {
        Ok(q) if q.value >= 0.0 => Some(q.value),
        Ok(q) => {
            let message = format!("{name} = {} is below zero", q.value);
            faults.0.push(Diagnostic::error("bad-number", message));
            None
        }
        Err(why) => {
            let d = Diagnostic::error("bad-number", format!("`{name} {text}`: {why}"));
            faults
                .0
                .push(d.help("numbers are written like 70B, 1.4T, 5.76e23 or 300e9"));
            None
        }
    }
}

/// Days, from a bare number or one with a unit of time.
fn days(word: &Word, faults: &mut Diagnostics) -> Option<f64> {
    match parse_quantity(&word.0) {
        Ok(q) if q.unit.as_deref() == Some("s") => Some(q.value / 86_400.0),
        _ => number("days", Some(word), faults),
    }
}

/// The accelerator of `H100-hours`.
fn device(unit: Option<&str>) -> Option<String> {
    unit?.strip_suffix("-hours").map(str::to_owned)
}

/// `512xH100`, `512 H100`, `512`: how many, and which.
fn gpus(text: &str) -> Result<(f64, Option<String>), Diagnostic> {
    let digits: String = text
        .trim()
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == ',')
        .collect();
    let rest = text.trim()[digits.len()..]
        .trim_start()
        .trim_start_matches(['x', 'X', '×', '*'])
        .trim();
    match digits.replace(',', "").parse::<f64>() {
        Ok(count) if count > 0.0 => Ok((count, (!rest.is_empty()).then(|| rest.to_owned()))),
        _ => Err(Diagnostic::error(
            "bad-gpus",
            format!("`{text}` is not a number of accelerators"),
        )
        .help("for example --gpus 512xH100")),
    }
}

/// Budgets of one word: a number, accelerator-hours, or a range in equal factors.
fn budgets(text: &str, hardware: Option<&Hardware>) -> Result<Vec<f64>, Diagnostic> {
    if let Some((from, rest)) = text.split_once("..") {
        let (to, count) = match rest.split_once(':') {
            Some((to, count)) => (to, count.trim().parse::<usize>().ok()),
            None => (rest, Some(0)),
        };
        let ends = parse_quantity(from).ok().zip(parse_quantity(to).ok());
        return match (ends.map(|(a, b)| (a.value, b.value)), count) {
            (Some((a, b)), Some(n)) if 0.0 < a && a < b && n != 1 && n <= MOST => Ok(range(a, b, n)),
            _ => Err(Diagnostic::error("bad-range", format!("`{text}` is not a range of budgets"))
                .help("for example 1e20..1e26:7 for seven budgets in equal factors, the ends among them")),
        };
    }
    let q = parse_quantity(text).map_err(|why| {
        Diagnostic::error("bad-number", format!("`compute {text}`: {why}"))
            .help("budgets are written like 5.76e23, 40 PF-days, 1e6 H100-hours or 1e20..1e26:7")
    })?;
    match (device(q.unit.as_deref()), hardware) {
        (Some(_), Some(h)) => Ok(vec![h.flops_of_time(1.0, q.value / 24.0)]),
        _ => match q.unit.as_deref() {
            None | Some("FLOP") => Ok(vec![q.value]),
            Some(other) => Err(Diagnostic::error(
                "bad-number",
                format!("`compute {text}`: {other} is no unit of compute"),
            )
            .help("budgets are written like 5.76e23, 40 PF-days, 1e6 H100-hours or 1e20..1e26:7")),
        },
    }
}

/// `count` numbers in equal factors; without a count, one a decade.
fn range(a: f64, b: f64, count: usize) -> Vec<f64> {
    let decades = (b / a).log10();
    let steps = match count {
        0 => (decades.ceil() as usize).clamp(1, MOST),
        n => n - 1,
    };
    (0..=steps)
        .map(|k| match k {
            0 => a,
            k if k == steps => b,
            // Powers of ten come out as themselves.
            k => {
                let at = a.log10() + decades * k as f64 / steps as f64;
                let near = at.round();
                if (at - near).abs() < 1e-9 {
                    format!("1e{near}").parse().unwrap_or(10f64.powf(at))
                } else {
                    10f64.powf(at)
                }
            }
        })
        .collect()
}

/// Bytes a parameter takes in a number format.
const FORMATS: [(&str, f64); 8] = [
    ("fp32", 4.0),
    ("bf16", 2.0),
    ("fp16", 2.0),
    ("fp8", 1.0),
    ("int8", 1.0),
    ("int4", 0.5),
    ("fp4", 0.5),
    ("nf4", 0.5),
];

/// `24GB@int4`: bytes in all, bytes a parameter; bf16 without a format.
fn memory(text: &str) -> Result<(f64, f64), Diagnostic> {
    let (size, format) = text.split_once('@').unwrap_or((text, "bf16"));
    let format = format.trim().to_lowercase();
    let each = FORMATS
        .iter()
        .find(|(name, _)| *name == format)
        .map(|(_, b)| *b);
    let bytes = parse_quantity(size)
        .ok()
        .filter(|q| q.unit.as_deref() == Some("bytes") && q.value > 0.0);
    match (bytes, each) {
        (Some(q), Some(each)) => Ok((q.value, each)),
        _ => {
            let names: Vec<&str> = FORMATS.iter().map(|(n, _)| *n).collect();
            Err(Diagnostic::error(
                "bad-memory",
                format!("`{text}` is not a memory with a number format"),
            )
            .help(format!(
                "for example 24GB@int4; formats are {}",
                names.join(", ")
            )))
        }
    }
}

/// The shapes of a table: params by one convention, compute by another, each from the columns that it names.
fn read_shapes(
    table: &RunTable,
    params: &Law,
    compute: &Law,
    given: &Given,
) -> Result<Vec<Shape>, Diagnostics> {
    let mut faults = Diagnostics::default();
    let mut columns = Vec::new();
    let mut find = |law: &Law, moved: &[&str]| {
        for var in law.vars.iter().filter(|v| v.role == VarRole::Input) {
            let known = given
                .at
                .iter()
                .any(|(n, _)| *n == var.name || *n == var.column);
            if known || moved.contains(&var.column.as_str()) {
                continue;
            }
            match table
                .column(&var.column)
                .or_else(|| table.column(&var.name))
            {
                Some(column) => columns.push((var.column.clone(), column)),
                None => {
                    let names: Vec<&str> = table.columns().map(|c| c.name.as_str()).collect();
                    let message =
                        format!("{} needs the column {} ({})", law.id, var.column, var.name);
                    let d = Diagnostic::error("missing-column", message);
                    faults.0.push(d.help(format!(
                        "the table has {}; a value for all rows is given by --at",
                        names.join(", ")
                    )));
                }
            }
        }
    };
    find(params, &[]);
    find(compute, &["params", "tokens"]);
    if !faults.0.is_empty() {
        return Err(faults);
    }
    let names = table.column("name").or_else(|| table.column("shape"));
    let mut shapes = Vec::new();
    for row in 0..table.rows() {
        let mut own = given.clone();
        for (name, column) in &columns {
            match column.numbers().map(|x| x[row]).filter(|x| x.is_finite()) {
                Some(x) => own.at.push((name.clone(), x)),
                None => {
                    let message = format!("{}: {} has no number", table.place(row), column.name);
                    faults.0.push(Diagnostic::error("bad-shape", message));
                }
            }
        }
        if !faults.0.is_empty() {
            continue;
        }
        match shape(params, compute, own) {
            Ok(mut found) => {
                // A name such as 8B reads as a number.
                let name = names.and_then(|c| match c.numbers() {
                    Some(x) => Some(format_si(x[row], 3)),
                    None => c.text(row),
                });
                found.name = name.unwrap_or_else(|| table.place(row));
                shapes.push(found);
            }
            Err(more) => faults.0.extend(more.0),
        }
    }
    if faults.0.is_empty() {
        Ok(shapes)
    } else {
        Err(faults)
    }
}

fn shape(params: &Law, compute: &Law, own: Given) -> Result<Shape, Diagnostics> {
    let inputs: Vec<(String, f64)> = params
        .vars
        .iter()
        .filter(|v| v.role == VarRole::Input)
        .filter_map(|v| {
            let value = own.at.iter().find(|(n, _)| *n == v.column || *n == v.name);
            value.map(|(_, x)| (v.name.clone(), *x))
        })
        .collect();
    let at = At {
        coefs: &[],
        inputs: &inputs,
        levels: &[],
    };
    let counted = params.value(&at).map_err(|e| {
        Diagnostic::error(
            "bad-shape",
            format!("{} cannot count this shape: {e}", params.id),
        )
    })?;
    let response = params.response();
    if response.column != "params" {
        let message = format!("{} gives {}, not params", params.id, response.column);
        return Err(Diagnostic::error("not-a-convention", message).into());
    }
    Ok(Shape {
        name: String::new(),
        params: counted,
        convention: Convention::new(compute, &own)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_budgets_hit_powers_of_ten() {
        let seven = budgets("1e20..1e26:7", None).expect("a range");
        assert_eq!(seven, [1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26]);
        assert_eq!(budgets("1e20..1e26", None).expect("a range"), seven);
        for bad in ["1e26..1e20", "1e20..1e26:1", "1..x", "0..5"] {
            assert_eq!(
                budgets(bad, None).map_err(|d| d.code),
                Err("bad-range"),
                "{bad}"
            );
        }
    }

    #[test]
    fn accelerators_and_memory_are_written_as_people_do() {
        assert_eq!(gpus("512xH100"), Ok((512.0, Some("H100".to_owned()))));
        assert_eq!(
            gpus("16,384 × h100"),
            Ok((16384.0, Some("h100".to_owned())))
        );
        assert_eq!(gpus("8"), Ok((8.0, None)));
        assert!(gpus("H100").is_err());
        assert_eq!(memory("24GB@int4"), Ok((24e9, 0.5)));
        assert_eq!(memory("80 GB"), Ok((80e9, 2.0)));
        assert!(memory("24@int4").is_err() && memory("24GB@int3").is_err());
    }

    #[test]
    fn budgets_come_in_time_and_money() {
        let spec = |edit: fn(&mut PlanSpec)| {
            let mut spec = PlanSpec::default();
            edit(&mut spec);
            let law = Law::builtin(USUAL).expect("in the catalogue");
            spec.request(&law, None).map(|r| r.ask)
        };
        let flops = 512.0 * 30.0 * 86_400.0 * 9.894e14 * 0.4;
        let close = |ask: Result<Vec<Ask>, Diagnostics>| match ask.as_deref() {
            Ok([Ask::Compute(c)]) => assert!((c / flops - 1.0).abs() < 1e-12, "{c:e}"),
            other => panic!("{other:?}"),
        };
        close(spec(|s| {
            s.gpus = Some("512xH100".to_owned());
            s.days = Some(Word::from("30"));
        }));
        close(spec(|s| s.compute = vec![Word::from("368640 H100-hours")]));
        close(spec(|s| {
            s.dollars = Some(Word::from("737280"));
            s.per_gpu_hour = Some(Word::from("2"));
        }));
        let faults = spec(|s| s.dollars = Some(Word::from("2e6"))).expect_err("no price");
        assert_eq!(faults.0[0].code, "missing-price");
    }
}
