//! What was said to `isoflop plan`. Its options have the names of a plan file's keys.

use clap::Args;
use isoflop::{PlanSpec, Word};

/// `isoflop plan`
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// Saved fits (fit.json; fits.json:GROUP for one of several), published laws (NAME or NAME:VARIANT from `isoflop laws`), law files; or one plan file
    #[arg(value_name = "FIT.json|LAW|plan.toml")]
    laws: Vec<String>,
    /// More laws to set beside, separated by commas
    #[arg(long = "laws", value_name = "A,B", value_delimiter = ',')]
    more: Vec<String>,
    /// Compute-equivalent gain of the second law over the first, at the scales of --compute; two groups of one file are
    /// two laws
    #[arg(long)]
    pub(crate) gain: bool,
    /// Fix the irreducible loss at this value in both recipes of --gain: a value of the coefficient E, or COEF=VALUE;
    /// both fits are run again
    #[arg(long, value_name = "LOSS", requires = "gain")]
    pub(crate) pin: Option<String>,
    #[command(flatten)]
    budget: BudgetArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    also: AlsoArgs,
    #[command(flatten)]
    hardware: HardwareArgs,
}

/// What is asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is asked")]
struct BudgetArgs {
    /// Budget: FLOP, `40 PF-days`, `1e6 H100-hours`, or a range 1e20..1e26:7; may be repeated
    #[arg(long, value_name = "C")]
    compute: Vec<String>,
    /// Accelerators to train on
    #[arg(long, value_name = "512xH100")]
    gpus: Option<String>,
    /// Time to train: days, or `2 weeks`
    #[arg(long, value_name = "DAYS")]
    days: Option<String>,
    /// Money to train with
    #[arg(long, value_name = "USD")]
    dollars: Option<String>,
    /// Least compute for this loss; may be repeated
    #[arg(long, value_name = "LOSS")]
    target_loss: Vec<String>,
    /// How compute is counted: a name from `isoflop flops --list`, a law file or a formula [default: flops-6nd]
    #[arg(long, value_name = "NAME|FORMULA")]
    convention: Option<String>,
    /// Other inputs and levels of laws: n=8, corpus=c4; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    at: Vec<String>,
    /// Which input of a law plays a role: params=size; roles are params, tokens, flops, unique_tokens
    #[arg(long, value_name = "ROLE=INPUT")]
    map: Vec<String>,
    /// Level of the intervals [default: 0.95]
    #[arg(long, value_name = "SHARE")]
    level: Option<String>,
}

/// What size and data keep to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// The size, given
    #[arg(long, value_name = "N")]
    params: Option<String>,
    /// The tokens, given
    #[arg(long, value_name = "D")]
    tokens: Option<String>,
    /// Largest size
    #[arg(long, value_name = "N")]
    max_params: Option<String>,
    /// Memory that the weights must fit in, with their number format
    #[arg(long, value_name = "24GB@int4")]
    max_memory: Option<String>,
    /// Share of that memory for weights [default: 0.8]
    #[arg(long, value_name = "SHARE")]
    memory_share: Option<String>,
    /// Most tokens
    #[arg(long, value_name = "D")]
    max_tokens: Option<String>,
    /// Unique tokens there are; laws that know repetition pass over them more than once
    #[arg(long, value_name = "U")]
    unique: Option<String>,
    /// Table of shapes to choose from: layers, width, heads, vocabulary …
    #[arg(long, value_name = "FILE")]
    shapes: Option<String>,
    /// How the params of shapes are counted [default: params-llama]
    #[arg(long, value_name = "NAME")]
    params_convention: Option<String>,
}

/// What else is asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Beyond the optimum")]
struct AlsoArgs {
    /// Tokens served over the model's life: the model that is cheapest in all
    #[arg(long, value_name = "TOKENS")]
    serve: Option<String>,
    /// What serving makes least: flop or usd [default: flop]
    #[arg(long, value_name = "UNIT")]
    serve_in: Option<String>,
    /// Share of served tokens that is read in prompts [default: 0.75]
    #[arg(long, value_name = "SHARE")]
    prefill_share: Option<String>,
    /// Other sizes at the same loss, relative to the optimum: 0.25,0.5,2; what they cost and when they pay
    #[arg(long, value_name = "K,K", value_delimiter = ',', num_args = 0..=1, default_missing_value = "0.1,0.2,0.3,0.5,0.75,1.5,2,4")]
    sizes: Vec<String>,
    /// Place published models on the plan, with their waste under the law
    #[arg(long)]
    models: bool,
}

/// What it is trained on.
#[derive(Debug, Args)]
#[command(next_help_heading = "Hardware and money")]
struct HardwareArgs {
    /// Accelerator, where --gpus names none
    #[arg(long, value_name = "NAME")]
    accelerator: Option<String>,
    /// Its peak rate without sparsity, FLOP/s
    #[arg(long, value_name = "FLOP/s")]
    peak: Option<String>,
    /// Its memory
    #[arg(long, value_name = "80GB")]
    memory: Option<String>,
    /// Its power
    #[arg(long, value_name = "W")]
    watts: Option<String>,
    /// Share of the peak rate that training reaches [default: 0.4]
    #[arg(long, value_name = "SHARE")]
    mfu: Option<String>,
    /// The same when prompts are read [default: 0.4]
    #[arg(long, value_name = "SHARE")]
    mfu_prefill: Option<String>,
    /// The same when text is written [default: 0.05]
    #[arg(long, value_name = "SHARE")]
    mfu_decode: Option<String>,
    /// Dollars for an accelerator-hour
    #[arg(long, value_name = "USD")]
    per_gpu_hour: Option<String>,
    /// The same for serving [default: as in training]
    #[arg(long, value_name = "USD")]
    serve_per_gpu_hour: Option<String>,
    /// Power of the site for each watt of its machines [default: 1.2]
    #[arg(long, value_name = "FACTOR")]
    pue: Option<String>,
    /// Bytes of text a token [default: 4]
    #[arg(long, value_name = "BYTES")]
    bytes_per_token: Option<String>,
    /// Bytes a parameter takes in training [default: 16]
    #[arg(long, value_name = "BYTES")]
    training_bytes: Option<String>,
    /// Bytes a parameter takes when served [default: 2]
    #[arg(long, value_name = "BYTES")]
    serving_bytes: Option<String>,
}

impl PlanArgs {
    /// The laws that were named, in order.
    pub(crate) fn laws(&self) -> Vec<String> {
        self.laws.iter().chain(&self.more).cloned().collect()
    }

    /// Words that may name files of laws, plans and conventions.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        let laws = self.laws.iter().chain(&self.more);
        laws.chain(&self.budget.convention).map(String::as_str)
    }

    /// The table of shapes.
    pub(crate) fn shapes(&self) -> Option<&str> {
        self.limits.shapes.as_deref()
    }

    /// Lays what was said over a plan file.
    pub(crate) fn over(self, base: PlanSpec) -> PlanSpec {
        let many = |said: Vec<String>, base: Vec<Word>| {
            if said.is_empty() {
                base
            } else {
                said.into_iter().map(Word).collect()
            }
        };
        let word = |said: Option<String>, base: Option<Word>| said.map(Word).or(base);
        let (b, l, a, h) = (self.budget, self.limits, self.also, self.hardware);
        PlanSpec {
            laws: base.laws,
            compute: many(b.compute, base.compute),
            target_loss: many(b.target_loss, base.target_loss),
            gpus: b.gpus.or(base.gpus),
            days: word(b.days, base.days),
            dollars: word(b.dollars, base.dollars),
            convention: b.convention.or(base.convention),
            at: if b.at.is_empty() { base.at } else { b.at },
            map: if b.map.is_empty() { base.map } else { b.map },
            params: word(l.params, base.params),
            tokens: word(l.tokens, base.tokens),
            max_params: word(l.max_params, base.max_params),
            max_memory: l.max_memory.or(base.max_memory),
            memory_share: word(l.memory_share, base.memory_share),
            max_tokens: word(l.max_tokens, base.max_tokens),
            unique: word(l.unique, base.unique),
            serve: word(a.serve, base.serve),
            prefill_share: word(a.prefill_share, base.prefill_share),
            serve_in: a.serve_in.or(base.serve_in),
            sizes: many(a.sizes, base.sizes),
            models: a.models || base.models,
            shapes: l.shapes.or(base.shapes),
            params_convention: l.params_convention.or(base.params_convention),
            accelerator: h.accelerator.or(base.accelerator),
            peak: word(h.peak, base.peak),
            memory: word(h.memory, base.memory),
            watts: word(h.watts, base.watts),
            mfu: word(h.mfu, base.mfu),
            mfu_prefill: word(h.mfu_prefill, base.mfu_prefill),
            mfu_decode: word(h.mfu_decode, base.mfu_decode),
            per_gpu_hour: word(h.per_gpu_hour, base.per_gpu_hour),
            serve_per_gpu_hour: word(h.serve_per_gpu_hour, base.serve_per_gpu_hour),
            pue: word(h.pue, base.pue),
            bytes_per_token: word(h.bytes_per_token, base.bytes_per_token),
            training_bytes: word(h.training_bytes, base.training_bytes),
            serving_bytes: word(h.serving_bytes, base.serving_bytes),
            level: word(b.level, base.level),
            seed: base.seed,
            assumed: base.assumed,
        }
    }
}
