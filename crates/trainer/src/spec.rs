//! What one run is: a JSON document that says everything its result depends on.

use std::path::PathBuf;

use isoflop_base::{Diagnostic, Diagnostics};
use serde::{Deserialize, Serialize};

use crate::schedule::{Decline, Schedule};
use crate::shape::Shape;
use crate::source::SourceSpec;

/// Version of the document.
pub const SCHEMA: &str = "isoflop.train/1";

/// Tokens that go through the model at once; more only costs cache.
const PIECE_TOKENS: usize = 1024;

/// Lanes a batch is split into: as many threads can work on it.
const MOST_LANES: usize = 4;

/// Tokens that a lane is worth having for.
const LANE_TOKENS: usize = 1024;

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Spec {
    /// [`SCHEMA`].
    pub schema: String,
    /// Name of the run, given back in every event.
    pub id: String,
    /// The model.
    pub shape: Shape,
    /// The data.
    pub data: SourceSpec,
    /// Tokens to train on; rounded to whole batches.
    pub tokens: u64,
    /// Sequences of one step.
    pub batch: usize,
    /// How to train.
    pub recipe: Recipe,
    /// Seed of the start and of the order of the data.
    pub seed: u64,
    /// Held-out tokens to measure on; rounded up to whole sequences.
    pub held_out_tokens: usize,
    /// Threads; the result does not depend on them.
    #[serde(default = "one")]
    pub threads: usize,
    /// Where to go on from, and how often to write there; the result does not depend on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<CheckpointSpec>,
    /// Seconds between two events of progress; the result does not depend on it.
    #[serde(default = "one_second")]
    pub report_secs: f64,
}

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recipe {
    /// Peak learning rate, for gains and for matrices of a model of `base_width`.
    pub learning_rate: f64,
    /// Width at which the rate of matrices is `learning_rate`: at width w it is `learning_rate · base_width / w`. None
    /// trains matrices of all widths at the same rate.
    pub base_width: Option<f64>,
    /// Tokens of warm-up; rounded to whole steps.
    pub warmup_tokens: f64,
    /// After warm-up.
    pub decline: Decline,
    /// Learning rate of the last step as a share of the peak.
    pub final_share: f64,
    /// Decay of Adam's first moment.
    pub beta1: f64,
    /// Decay of Adam's second moment.
    pub beta2: f64,
    /// Added to the root of Adam's second moment.
    pub epsilon: f64,
    /// Decay of matrices, times the rate before it is scaled by width.
    pub weight_decay: f64,
    /// Largest norm of a gradient; longer ones are cut to it.
    pub clip: f64,
}

/// Checkpoints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CheckpointSpec {
    /// The file; the one before it is replaced in one go.
    pub path: PathBuf,
    /// Seconds between two checkpoints.
    pub every_secs: f64,
}

fn one() -> usize {
    1
}

fn one_second() -> f64 {
    1.0
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            learning_rate: 0.003,
            base_width: Some(64.0),
            warmup_tokens: 0.0,
            decline: Decline::Cosine,
            final_share: 0.1,
            beta1: 0.9,
            beta2: 0.95,
            epsilon: 1e-8,
            weight_decay: 0.1,
            clip: 1.0,
        }
    }
}

impl Spec {
    /// Reads a specification and reports all its faults.
    ///
    /// # Errors
    ///
    /// `bad-spec` for a document of another form; else the faults of its values.
    pub fn parse(text: &str, file: &str) -> Result<Self, Diagnostics> {
        let spec: Self = serde_json::from_str(text).map_err(|e| {
            Diagnostic::error("bad-spec", format!("{file} is no specification: {e}"))
        })?;
        let faults = spec.faults();
        if faults.is_empty() {
            Ok(spec)
        } else {
            Err(Diagnostics(faults))
        }
    }

    /// Everything that is wrong with it.
    #[must_use]
    pub fn faults(&self) -> Vec<Diagnostic> {
        let mut faults = self.shape.faults();
        let mut refuse = |found: String, help: &str| {
            faults.push(Diagnostic::error("bad-spec", found).help(help))
        };
        if self.schema != SCHEMA {
            refuse(
                format!("the schema is `{}`", self.schema),
                "expected isoflop.train/1",
            );
        }
        if self.shape.vocabulary != self.data.vocabulary() {
            let found = format!(
                "a vocabulary of {} for data of {} distinct tokens",
                self.shape.vocabulary,
                self.data.vocabulary()
            );
            refuse(found, "the two must be equal");
        }
        for (name, value) in [
            ("batch", self.batch as u64),
            ("tokens", self.tokens),
            ("threads", self.threads as u64),
            ("held-out-tokens", self.held_out_tokens as u64),
        ] {
            if value == 0 {
                refuse(format!("`{name}` is 0"), "a whole number above 0");
            }
        }
        let recipe = &self.recipe;
        let positive = |x: f64| x > 0.0 && x.is_finite();
        let share = |x: f64| (0.0..1.0).contains(&x);
        let decay = match recipe.decline {
            Decline::Cosine => true,
            Decline::Wsd { decay_share } => (0.0..=1.0).contains(&decay_share),
        };
        for (name, good, help) in [
            (
                "learning-rate",
                positive(recipe.learning_rate),
                "a number above 0",
            ),
            (
                "base-width",
                recipe.base_width.is_none_or(positive),
                "a number above 0, or null",
            ),
            (
                "warmup-tokens",
                recipe.warmup_tokens >= 0.0,
                "a number from 0",
            ),
            ("decay-share", decay, "a share from 0 to 1"),
            (
                "final-share",
                (0.0..=1.0).contains(&recipe.final_share),
                "a share from 0 to 1",
            ),
            ("beta1", share(recipe.beta1), "a share from 0 to below 1"),
            ("beta2", share(recipe.beta2), "a share from 0 to below 1"),
            ("epsilon", positive(recipe.epsilon), "a number above 0"),
            (
                "weight-decay",
                recipe.weight_decay >= 0.0,
                "a number from 0",
            ),
            ("clip", positive(recipe.clip), "a number above 0"),
            (
                "report-secs",
                self.report_secs >= 0.0,
                "a number of seconds",
            ),
        ] {
            if !good {
                refuse(format!("`{name}` cannot have this value"), help);
            }
        }
        faults
    }

    /// Tokens of one step.
    #[must_use]
    pub fn step_tokens(&self) -> u64 {
        (self.batch * self.shape.context) as u64
    }

    /// Steps of the run.
    #[must_use]
    pub fn steps(&self) -> usize {
        let step = self.step_tokens();
        ((self.tokens + step / 2) / step).max(1) as usize
    }

    /// Tokens the run is trained on: whole batches.
    #[must_use]
    pub fn trained_tokens(&self) -> u64 {
        self.steps() as u64 * self.step_tokens()
    }

    /// FLOP of training, by [`Shape::flops_per_token`].
    #[must_use]
    pub fn flops(&self) -> f64 {
        self.shape.flops_per_token() * self.trained_tokens() as f64
    }

    /// The schedule, matched to the run's length.
    #[must_use]
    pub fn schedule(&self) -> Schedule {
        let steps = self.steps();
        let warmup = (self.recipe.warmup_tokens / self.step_tokens() as f64).round() as usize;
        Schedule {
            steps,
            warmup: warmup.min(steps),
            decline: self.recipe.decline,
            final_share: self.recipe.final_share,
        }
    }

    /// How many parts the batch is split into. It depends on the specification alone, so that the sum of the parts,
    /// in their order, is the same at any number of threads.
    #[must_use]
    pub fn lanes(&self) -> usize {
        let tokens = self.batch * self.shape.context;
        (tokens / LANE_TOKENS).clamp(1, MOST_LANES).min(self.batch)
    }

    /// Sequences that go through the model at once.
    #[must_use]
    pub fn piece(&self) -> usize {
        (PIECE_TOKENS / self.shape.context).clamp(1, self.batch.div_ceil(self.lanes()))
    }

    /// Bytes that the run needs.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.shape
            .training_bytes(self.lanes(), self.threads, self.piece())
    }
}
