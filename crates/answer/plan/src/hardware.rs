//! What a plan takes: accelerator-hours, time, money, energy, memory, data; and budgets given in those.
//!
//! # Formula
//!
//! ```text
//! hours = C / (peak · mfu · 3600)    days = hours / (24 · accelerators)    dollars = hours · price
//! energy = hours · watts · pue       memory = bytes a parameter · N        data = bytes a token · D
//! ```

use isoflop_base::{Diagnostic, Estimate, closest};
use serde::{Deserialize, Serialize};

use super::PlanRequest;
use super::spread::scaled;

const ACCELERATORS: &str = include_str!("../data/accelerators.toml");

/// An accelerator: peak rate without sparsity, memory, power.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accelerator {
    /// Short name.
    pub id: String,
    /// Full name.
    pub title: String,
    /// Peak rate in FLOP/s.
    pub peak: f64,
    /// Number format of the peak rate.
    pub precision: String,
    /// Memory in bytes.
    pub memory: f64,
    /// Rated power in watts, where the maker states one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watts: Option<f64>,
    /// Where the numbers come from.
    pub source: String,
}

#[derive(Deserialize)]
struct Table {
    accelerator: Vec<Accelerator>,
}

/// The accelerators that are known.
///
/// # Panics
///
/// Never: the table comes with the program.
#[must_use]
pub fn accelerators() -> Vec<Accelerator> {
    let table: Table =
        toml::from_str(ACCELERATORS).expect("the table comes with the program and is tested");
    table.accelerator
}

/// The accelerator of a name; capitals and what stands after a hyphen do not matter (`H100`, `h100-sxm`).
///
/// # Errors
///
/// `unknown-accelerator` with the nearest name.
pub fn accelerator(name: &str) -> Result<Accelerator, Diagnostic> {
    let wanted = name.trim().to_lowercase();
    let all = accelerators();
    let stem = |id: &str| wanted == id || wanted.starts_with(&format!("{id}-"));
    if let Some(found) = all.iter().find(|a| stem(&a.id)) {
        return Ok(found.clone());
    }
    let d = Diagnostic::error(
        "unknown-accelerator",
        format!("there is no accelerator `{name}` in the table"),
    );
    let names = || all.iter().map(|a| a.id.as_str());
    let d = match closest(&wanted, names()) {
        Some(near) => d.help(format!("did you mean `{near}`?")),
        None => d,
    };
    let listed: Vec<&str> = names().collect();
    Err(d.help(format!(
        "it knows {}; for another give its --peak in FLOP/s",
        listed.join(", ")
    )))
}

/// What a model is trained and served on, with every number that turns compute into something else.
#[derive(Clone, Debug, PartialEq)]
pub struct Hardware {
    /// The accelerator.
    pub accelerator: Accelerator,
    /// How many.
    pub count: Option<f64>,
    /// Share of the peak rate that training reaches.
    pub mfu: f64,
    /// The same when a prompt is read.
    pub mfu_prefill: f64,
    /// The same when text is written.
    pub mfu_decode: f64,
    /// Dollars for an accelerator-hour of training.
    pub per_hour: Option<f64>,
    /// Dollars for an accelerator-hour of serving; that of training without one.
    pub serve_per_hour: Option<f64>,
    /// Power of the whole site for each watt of an accelerator.
    pub pue: f64,
    /// Bytes of text a token.
    pub bytes_per_token: f64,
    /// Bytes a parameter takes in training.
    pub training_bytes: f64,
    /// Bytes a parameter takes when served.
    pub serving_bytes: f64,
    /// Names of the numbers above that were given and not assumed.
    pub given: Vec<String>,
}

const SECONDS_PER_HOUR: f64 = 3600.0;
const HOURS_PER_DAY: f64 = 24.0;

impl Hardware {
    /// An accelerator with the usual assumptions.
    #[must_use]
    pub fn new(accelerator: Accelerator) -> Self {
        Self {
            accelerator,
            count: None,
            mfu: 0.4,
            mfu_prefill: 0.4,
            mfu_decode: 0.05,
            per_hour: None,
            serve_per_hour: None,
            pue: 1.2,
            bytes_per_token: 4.0,
            training_bytes: 16.0,
            serving_bytes: 2.0,
            given: Vec::new(),
        }
    }

    /// FLOP of one accelerator in an hour of training.
    fn flops_per_hour(&self) -> f64 {
        self.accelerator.peak * self.mfu * SECONDS_PER_HOUR
    }

    /// FLOP of `count` accelerators in `days` days.
    #[must_use]
    pub fn flops_of_time(&self, count: f64, days: f64) -> f64 {
        count * days * HOURS_PER_DAY * self.flops_per_hour()
    }

    /// FLOP that `dollars` buy at a price for an accelerator-hour.
    #[must_use]
    pub fn flops_of_dollars(&self, dollars: f64, per_hour: f64) -> f64 {
        dollars / per_hour * self.flops_per_hour()
    }

    /// Dollars that a FLOP costs: in training, in prefill, in decoding.
    pub(super) fn prices(&self) -> Option<[f64; 3]> {
        let train = self.per_hour?;
        let serve = self.serve_per_hour.unwrap_or(train);
        let of = |price: f64, mfu: f64| price / (self.accelerator.peak * mfu * SECONDS_PER_HOUR);
        Some([
            of(train, self.mfu),
            of(serve, self.mfu_prefill),
            of(serve, self.mfu_decode),
        ])
    }
}

/// What one answer takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Needs {
    /// Accelerator-hours of training.
    pub accelerator_hours: Estimate,
    /// Days on the accelerators that there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Estimate>,
    /// Dollars of training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dollars: Option<Estimate>,
    /// Energy of training, the site included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<Estimate>,
    /// Text, repetitions counted as often as they are read.
    pub data: Estimate,
    /// Memory of weights, gradients and the state of the optimiser.
    pub training_memory: Estimate,
    /// Memory of the weights when served.
    pub serving_memory: Estimate,
    /// Fewest accelerators that hold the training memory.
    pub accelerators_to_hold: f64,
}

/// What size, tokens and compute take.
pub(super) fn needs(h: &Hardware, params: &Estimate, tokens: &Estimate, flops: &Estimate) -> Needs {
    let hours = scaled(flops, 1.0 / h.flops_per_hour(), "accelerator-hours");
    let training_memory = scaled(params, h.training_bytes, "bytes");
    Needs {
        days: h
            .count
            .map(|n| scaled(&hours, 1.0 / (n * HOURS_PER_DAY), "days")),
        dollars: h.per_hour.map(|price| scaled(&hours, price, "USD")),
        energy: h
            .accelerator
            .watts
            .map(|w| scaled(&hours, w * h.pue / 1000.0, "kWh")),
        data: scaled(tokens, h.bytes_per_token, "bytes"),
        serving_memory: scaled(params, h.serving_bytes, "bytes"),
        accelerators_to_hold: (training_memory.value / h.accelerator.memory).ceil(),
        accelerator_hours: hours,
        training_memory,
    }
}

/// A number that a plan rests on and that is neither law nor request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assumption {
    /// Its name, as in a plan file.
    pub name: String,
    /// Value.
    pub value: f64,
    /// Unit.
    pub unit: String,
    /// `given`, or where it comes from.
    pub source: String,
}

/// The assumptions behind a request.
pub(super) fn assumptions(request: &PlanRequest) -> Vec<Assumption> {
    let mut out = request.assumptions.clone();
    let Some(h) = &request.hardware else {
        return out;
    };
    let mut add = |name: &str, value: Option<f64>, unit: &str, source: &str| {
        let source = if h.given.iter().any(|g| g == name) {
            "given"
        } else {
            source
        };
        out.extend(value.map(|value| Assumption {
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
            source: source.to_owned(),
        }));
    };
    let own = h.accelerator.source.as_str();
    add("peak", Some(h.accelerator.peak), "FLOP/s", own);
    add(
        "mfu",
        Some(h.mfu),
        "",
        "assumed: large runs report 0.35 to 0.55",
    );
    add("gpus", h.count, "accelerators", "given");
    add("per-gpu-hour", h.per_hour, "USD", "given");
    add("watts", h.accelerator.watts, "W", own);
    add(
        "pue",
        h.accelerator.watts.map(|_| h.pue),
        "",
        "assumed: power of a site for each watt of its machines",
    );
    add("memory", Some(h.accelerator.memory), "bytes", own);
    add(
        "bytes-per-token",
        Some(h.bytes_per_token),
        "bytes/token",
        "assumed: English text",
    );
    add(
        "training-bytes",
        Some(h.training_bytes),
        "bytes/param",
        "assumed: bf16 weights and gradients, fp32 weights and two moments",
    );
    add(
        "serving-bytes",
        Some(h.serving_bytes),
        "bytes/param",
        "assumed: bf16 weights",
    );
    if request.serving.as_ref().is_some_and(|s| s.in_money()) {
        add(
            "mfu-prefill",
            Some(h.mfu_prefill),
            "",
            "assumed: prompts are read as in training",
        );
        add(
            "mfu-decode",
            Some(h.mfu_decode),
            "",
            "assumed: text is written at the speed of memory",
        );
        add(
            "serve-per-gpu-hour",
            h.serve_per_hour.or(h.per_hour),
            "USD",
            "as in training",
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accelerators_are_found_by_the_names_people_use() {
        for name in ["H100", "h100-sxm", " a100 ", "tpu-v5p"] {
            assert!(accelerator(name).is_ok(), "{name}");
        }
        let fault = accelerator("h10").expect_err("no such accelerator");
        assert_eq!(fault.code, "unknown-accelerator");
        assert!(fault.help[0].contains("h100"));
        assert!(
            accelerators()
                .iter()
                .all(|a| a.peak > 1e14 && !a.source.is_empty())
        );
    }

    #[test]
    fn thirty_days_of_512_accelerators() {
        let h = Hardware::new(accelerator("h100").expect("in the table"));
        let flops = h.flops_of_time(512.0, 30.0);
        // 512 · 30 · 86400 s · 9.894e14 FLOP/s · 0.4
        assert!((flops / 5.252_146_790_4e23 - 1.0).abs() < 1e-7, "{flops:e}");
        let hours = 512.0 * 30.0 * 24.0;
        assert!((h.flops_of_dollars(hours * 2.0, 2.0) / flops - 1.0).abs() < 1e-12);
    }
}
