//! Plan files: everything a plan was asked and everything it assumed, in words that people write. Running the file
//! gives the plan again.

use std::collections::BTreeMap;

use isoflop_base::{Diagnostic, Diagnostics, Excerpt, Span};
use isoflop_plan::Plan;
use serde::{Deserialize, Deserializer, Serialize};

/// A number as people write it: in TOML a number or a text such as `"70B"`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Word(pub String);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Whole(i64),
            Number(f64),
            Text(String),
        }
        Ok(Self(match Written::deserialize(d)? {
            Written::Whole(n) => n.to_string(),
            Written::Number(x) => format!("{x}"),
            Written::Text(text) => text,
        }))
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<f64> for Word {
    fn from(x: f64) -> Self {
        // The shortest text that reads back as the same number.
        let plain = format!("{x}");
        let short = format!("{x:e}");
        Self(if plain.len() <= 12 { plain } else { short })
    }
}

/// What a plan is asked, with names as in a plan file and on the command line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct PlanSpec {
    /// Saved fits, names of the catalogue with `:VARIANT` or without, law files.
    pub laws: Vec<String>,
    /// Budgets: FLOP, `40 PF-days`, `1e6 H100-hours`, or a range `1e20..1e26:7`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compute: Vec<Word>,
    /// Target losses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub target_loss: Vec<Word>,
    /// Accelerators: `512xH100`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus: Option<String>,
    /// Time to train: days, or with a unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<Word>,
    /// Money to train with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dollars: Option<Word>,
    /// How compute is counted: a law of the catalogue or a formula.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub convention: Option<String>,
    /// Other inputs and levels of laws: `n=8`, `corpus=c4`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<String>,
    /// Inputs that play a role under another name: `params=size`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub map: Vec<String>,
    /// The size, when it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<Word>,
    /// The tokens, when they are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Word>,
    /// Largest size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_params: Option<Word>,
    /// Largest memory for the weights: `24GB@int4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_memory: Option<String>,
    /// Share of that memory that the weights may fill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_share: Option<Word>,
    /// Most tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<Word>,
    /// Unique tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique: Option<Word>,
    /// Tokens served over the model's life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serve: Option<Word>,
    /// Share of them that is read in prompts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefill_share: Option<Word>,
    /// What serving makes least: `flop` or `usd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serve_in: Option<String>,
    /// Sizes relative to the optimum.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<Word>,
    /// Whether published models are placed on the plan.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub models: bool,
    /// Table of shapes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shapes: Option<String>,
    /// How the params of a shape are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params_convention: Option<String>,
    /// Accelerator, where `gpus` does not name one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accelerator: Option<String>,
    /// Its peak rate in FLOP/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak: Option<Word>,
    /// Its memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Word>,
    /// Its power in watts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watts: Option<Word>,
    /// Share of the peak rate that training reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfu: Option<Word>,
    /// The same when prompts are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfu_prefill: Option<Word>,
    /// The same when text is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfu_decode: Option<Word>,
    /// Dollars for an accelerator-hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_gpu_hour: Option<Word>,
    /// The same for serving.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serve_per_gpu_hour: Option<Word>,
    /// Power of the site for each watt of its machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pue: Option<Word>,
    /// Bytes of text a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_token: Option<Word>,
    /// Bytes a parameter takes in training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training_bytes: Option<Word>,
    /// Bytes a parameter takes when served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serving_bytes: Option<Word>,
    /// Level of the intervals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Word>,
    /// Seed of draws made from a covariance or from published errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Numbers that nobody gave, as they were assumed; to change one, give it above.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub assumed: BTreeMap<String, Word>,
}

impl PlanSpec {
    /// Reads a plan file.
    ///
    /// # Errors
    ///
    /// `bad-plan-file` that points at the line and says which keys there are.
    pub fn from_toml(text: &str, file: &str) -> Result<Self, Diagnostics> {
        toml::from_str(text).map_err(|e| {
            let d = Diagnostic::error("bad-plan-file", "this is not a plan file");
            let label = e.message().to_owned();
            let d = match e.span() {
                Some(span) => d.at(Excerpt::of(file, text, Span::new(span.start, span.end), label)),
                None => d.help(label),
            };
            d.help("`isoflop plan … -o plan.toml` writes one; its keys are the options of `isoflop plan`")
                .into()
        })
    }

    /// Words of the command that plans by one law under this request, without budget, traffic, unique data and size: those
    /// are what a reader of its page moves.
    #[must_use]
    pub fn command(&self, law: &str) -> Vec<String> {
        let mut words = vec!["isoflop".to_owned(), "plan".to_owned(), law.to_owned()];
        let text = |word: &Option<Word>| word.as_ref().map(|w| w.0.clone());
        let money = self.serve_in.as_deref() == Some("usd");
        let only = |paid: bool, value: Option<String>| value.filter(|_| paid);
        let mut options = vec![("convention", self.convention.clone())];
        options.extend(self.at.iter().map(|at| ("at", Some(at.clone()))));
        options.extend(self.map.iter().map(|map| ("map", Some(map.clone()))));
        options.extend([
            ("tokens", text(&self.tokens)),
            ("max-tokens", text(&self.max_tokens)),
            ("serve-in", self.serve_in.clone()),
            ("prefill-share", only(money, text(&self.prefill_share))),
            ("gpus", only(money, self.gpus.clone())),
            ("accelerator", only(money, self.accelerator.clone())),
            ("peak", only(money, text(&self.peak))),
            ("mfu", only(money, text(&self.mfu))),
            ("mfu-prefill", only(money, text(&self.mfu_prefill))),
            ("mfu-decode", only(money, text(&self.mfu_decode))),
            ("per-gpu-hour", only(money, text(&self.per_gpu_hour))),
            (
                "serve-per-gpu-hour",
                only(money, text(&self.serve_per_gpu_hour)),
            ),
            ("level", text(&self.level)),
            ("seed", self.seed.filter(|s| *s != 0).map(|s| s.to_string())),
        ]);
        for (name, value) in options {
            if let Some(value) = value {
                words.extend([format!("--{name}"), value]);
            }
        }
        words
    }

    /// The plan file of a plan: what was asked, with the assumptions it was made under.
    #[must_use]
    pub fn to_toml(&self, plan: &Plan) -> String {
        let mut own = self.clone();
        let convention = |own: &Self| {
            own.convention
                .clone()
                .unwrap_or_else(|| plan.convention.0.clone())
        };
        own.convention = Some(convention(&own));
        own.level = Some(Word::from(plan.level));
        for a in &plan.assumptions {
            if a.source != GIVEN {
                own.assumed.insert(a.name.clone(), Word::from(a.value));
            }
        }
        let text = toml::to_string(&own).unwrap_or_default();
        format!("# isoflop plan THIS-FILE gives this plan again.\n{text}")
    }
}

/// Where a number comes from that was given.
pub(crate) const GIVEN: &str = "given";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_written_as_numbers_or_as_words() {
        let text = "laws = [\"fit.json\"]\ncompute = [1e24, \"40 PF-days\"]\ndays = 30\n";
        let spec = PlanSpec::from_toml(text, "plan.toml").expect("a plan file");
        let words: Vec<&str> = spec.compute.iter().map(|w| w.0.as_str()).collect();
        assert_eq!(words, ["1000000000000000000000000", "40 PF-days"]);
        assert_eq!(spec.days, Some(Word::from("30")));
    }

    #[test]
    fn an_unknown_key_is_pointed_at() {
        let faults =
            PlanSpec::from_toml("laws = []\nbudget = 1\n", "plan.toml").expect_err("no such key");
        let at = faults.0[0].excerpt.as_ref().expect("a place");
        assert_eq!((at.line, at.column), (2, 1));
    }

    #[test]
    fn numbers_are_written_so_that_they_read_back() {
        for x in [9.894e14, 0.4, 1.0 / 3.0, 80e9, 700.0] {
            assert_eq!(Word::from(x).0.parse::<f64>(), Ok(x));
        }
    }
}
