//! What a trainer says: one JSON document a line on standard output.
//!
//! A trainer of your own may say no more than one line `{"event": "final", "result": {"loss": 3.2}}`: everything else
//! is filled in by whoever started it.

use serde::{Deserialize, Serialize};

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// The run begins, or goes on from a checkpoint.
    Start(Start),
    /// Between two steps. Never a measurement of a shorter run: its schedule is not finished.
    Progress(Progress),
    /// Something to know that changes no result, such as a checkpoint that cannot be written.
    Note {
        /// What it is.
        message: String,
    },
    /// The run is done.
    Final(Final),
    /// The run is done and has no loss: it went out of bounds.
    Diverged(Diverged),
    /// The run could not be made.
    Fault {
        /// Name of the fault in kebab case.
        code: String,
        /// What was found and what was expected.
        message: String,
    },
}

/// `start`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Name of the run.
    pub id: String,
    /// Parameters.
    pub params: usize,
    /// Steps of the whole run.
    pub steps: usize,
    /// Steps that a checkpoint had done.
    pub resumed_step: u64,
    /// Bytes that the run needs.
    pub bytes: usize,
}

/// `progress`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// Steps of the whole run.
    pub steps: u64,
    /// Tokens done.
    pub tokens: u64,
    /// Running mean of the training loss, in nats a token.
    pub train_loss: f64,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Tokens a second since the start of this process.
    pub tokens_per_sec: f64,
}

/// `final`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Final {
    /// What was measured: the same bytes whenever and wherever on this kind of machine the run is made.
    pub result: RunResult,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
}

/// What a run has measured. A trainer of your own gives `loss` at least.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunResult {
    /// Held-out loss in nats a token.
    pub loss: f64,
    /// Its standard error, from blocks of the held-out tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss_se: Option<f64>,
    /// Held-out loss of the source itself on the same tokens, where the source is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_loss: Option<f64>,
    /// Standard error of the difference of the two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excess_se: Option<f64>,
    /// Held-out loss in nats a byte of the text that the tokens stand for, where the data are text: other than `loss`,
    /// it can be compared between tokenizers. Over ln 2 it is bits a byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nats_per_byte: Option<f64>,
    /// Running mean of the training loss at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_loss: Option<f64>,
    /// Held-out tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_out_tokens: Option<u64>,
    /// Parameters, embedding included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<u64>,
    /// Parameters without embedding and output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params_non_embedding: Option<u64>,
    /// Tokens trained on, repeated ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Distinct tokens there were to train on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_tokens: Option<u64>,
    /// FLOP of training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flops: Option<f64>,
}

/// How long a run took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timing {
    /// Seconds of this process, measuring included.
    pub wall_secs: f64,
    /// Training tokens a second.
    pub tokens_per_sec: f64,
    /// Training FLOP a second.
    pub flops_per_sec: f64,
}

/// `diverged`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diverged {
    /// Steps done.
    pub step: u64,
    /// What went out of bounds.
    pub reason: String,
}
