//! What this machine has and what it can do: processors, memory, the speed of a model.

use std::collections::BTreeMap;

use isoflop_base::{Diagnostic, Diagnostics};
use isoflop_trainer::clock::Clock;
use isoflop_trainer::peak::product_rate;
use isoflop_trainer::protocol::Event;
use isoflop_trainer::shape::Shape;
use isoflop_trainer::source::language::{Language, LanguageSpec};
use isoflop_trainer::source::{Source, SourceSpec};
use isoflop_trainer::{Failure, Spec, train_on};

use crate::plan::{Plan, PlannedRun};

/// What the program itself and a small model's buffers take besides what is counted.
const OVERHEAD: u64 = 16 << 20;

/// Share of the free memory that a ladder takes when it is not told.
const MEMORY_SHARE: f64 = 0.8;

/// Processors that may be used.
#[must_use]
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Bytes of memory that are free now; none where the system does not say.
#[must_use]
pub fn free_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Bytes that all runs of a ladder may take here.
#[must_use]
pub fn limit(plan: &Plan) -> u64 {
    match plan.file.run.memory {
        Some(said) => said.0 as u64,
        None => free_bytes().map_or(u64::MAX, |free| (free as f64 * MEMORY_SHARE) as u64),
    }
}

/// Bytes of memory and swap that this machine has; none where the system does not say.
fn all_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let of = |name: &str| -> Option<u64> {
        let line = text.lines().find_map(|l| l.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    };
    Some((of("MemTotal:")? + of("SwapTotal:").unwrap_or(0)) * 1024)
}

/// Refuses runs of the built-in trainer that this machine cannot hold, whatever else it does.
///
/// # Errors
///
/// `no-room`, for every run.
pub fn has_room(plan: &Plan) -> Result<(), Diagnostics> {
    let Some(all) = all_bytes().filter(|_| plan.template.is_none()) else {
        return Ok(());
    };
    let large = plan.runs.iter().filter(|r| run_bytes(plan, r) > all);
    let gigabytes = |bytes: u64| format!("{:.3} GB", bytes as f64 / 1e9);
    let faults: Vec<Diagnostic> = large
        .map(|run| {
            let (needs, has) = (gigabytes(run_bytes(plan, run)), gigabytes(all));
            let found = format!(
                "{} needs {needs} of memory, this machine has {has}",
                run.id()
            );
            Diagnostic::error("no-room", found)
                .help("leave it out, or make it elsewhere with a trainer of your own or Slurm")
        })
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Diagnostics(faults))
    }
}

/// Bytes that a run takes.
#[must_use]
pub fn run_bytes(plan: &Plan, run: &PlannedRun) -> u64 {
    match (&plan.template, plan.file.trainer.memory) {
        (Some(_), said) => said.map_or(0, |m| m.0 as u64),
        (None, _) => run.spec.bytes() as u64 + OVERHEAD,
    }
}

/// Speeds of shapes, measured by training each for a moment.
#[derive(Debug, Default)]
pub struct Speeds {
    known: BTreeMap<[usize; 6], Speed>,
    peak: Option<f64>,
}

/// Training tokens a second.
#[derive(Clone, Copy, Debug)]
struct Speed {
    /// By the time that passed: what a run gets on a machine as busy as this one.
    passed: f64,
    /// By the time that the thread had the processor: what that can do.
    busy: f64,
}

impl Speeds {
    /// Training tokens a second of a shape on one processor.
    ///
    /// # Errors
    ///
    /// Those of the trainer.
    pub fn tokens_per_sec(&mut self, shape: &Shape) -> Result<f64, Diagnostics> {
        Ok(self.speed(shape)?.passed)
    }

    fn speed(&mut self, shape: &Shape) -> Result<Speed, Diagnostics> {
        let key = [
            shape.layers,
            shape.width,
            shape.heads,
            shape.hidden,
            shape.context,
            shape.vocabulary,
        ];
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let found = measure(shape)?;
        self.known.insert(key, found);
        Ok(found)
    }

    /// The rate of training a shape as a share of the rate of one large matrix product, by the time that
    /// either has the processor.
    ///
    /// # Errors
    ///
    /// Those of the trainer.
    pub fn utilisation(&mut self, shape: &Shape) -> Result<f64, Diagnostics> {
        let rate = self.speed(shape)?.busy * shape.flops_per_token();
        Ok(rate / *self.peak.get_or_insert_with(|| product_rate(SECS)))
    }

    /// Seconds that a run of the built-in trainer takes on one processor, measuring its held-out loss included.
    ///
    /// # Errors
    ///
    /// Those of the trainer.
    pub fn secs(&mut self, spec: &Spec) -> Result<f64, Diagnostics> {
        let rate = self.tokens_per_sec(&spec.shape)?;
        // Measuring is the forward pass alone: a third.
        let tokens = spec.trained_tokens() as f64 + spec.held_out_tokens as f64 / 3.0;
        Ok(tokens / rate)
    }
}

/// How long one measurement takes: enough to fill caches and buffers, short enough for a dozen shapes.
const SECS: f64 = 0.15;

fn measure(shape: &Shape) -> Result<Speed, Diagnostics> {
    let language = LanguageSpec {
        alphabet: shape.vocabulary,
        order: 1,
        ..LanguageSpec::default()
    };
    let mut spec = Spec {
        schema: isoflop_trainer::SCHEMA.to_owned(),
        id: "speed".to_owned(),
        shape: *shape,
        data: SourceSpec::Synthetic(language),
        tokens: 0,
        batch: (2048 / shape.context).max(1),
        recipe: isoflop_trainer::Recipe::default(),
        seed: 0,
        held_out_tokens: shape.context,
        threads: 1,
        checkpoint: None,
        report_secs: 0.0,
    };
    spec.tokens = spec.step_tokens() * 100_000;
    let (mut clock, mut steps, mut secs) = (None, 0u64, 0.0);
    let mut busy = 0.0;
    let faults = spec.faults();
    if !faults.is_empty() {
        return Err(Diagnostics(faults));
    }
    // A vocabulary of text may be far larger than that of any language whose entropy is computed.
    let source = Source::Synthetic(Language::uncounted(language));
    let outcome = train_on(&spec, &source, Clock::start(), &mut |event| {
        if let Event::Progress(_) = event {
            match clock {
                // The first step is not counted: it touches memory for the first time.
                None => clock = Some(Clock::start()),
                Some(clock) => {
                    let clock: Clock = clock;
                    (steps, secs, busy) = (steps + 1, clock.secs(), clock.busy_secs());
                    if busy >= SECS {
                        return Err(std::io::ErrorKind::Interrupted.into());
                    }
                }
            }
        }
        Ok(())
    });
    match outcome {
        Err(Failure::Input(faults)) => Err(faults),
        _ => {
            let tokens = (steps.max(1) * spec.step_tokens()) as f64;
            Ok(Speed {
                passed: tokens / secs.max(1e-9),
                busy: tokens / busy.max(1e-9),
            })
        }
    }
}
