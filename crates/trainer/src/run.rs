//! One run, from its specification to its measured loss.

use std::io;

use isoflop_base::Diagnostics;

use crate::checkpoint::{Checkpoint, digest};
use crate::clock::Clock;
use crate::kernels::{self, Real as _};
use crate::measure::{self, Measured};
use crate::model::{Model, Sequences, Workspace};
use crate::optimiser::Optimiser;
use crate::protocol::{Diverged, Event, Final, Progress, RunResult, Start, Timing};
use crate::source::Source;
use crate::spec::Spec;

/// Weight of the past in the running mean of the training loss.
const MEMORY: f64 = 0.98;

/// Where events go. An error stops the run: nobody listens any more.
pub type Listener<'a> = dyn FnMut(&Event) -> io::Result<()> + 'a;

/// Why a run has no result.
#[derive(Debug)]
pub enum Failure {
    /// The specification or its data are at fault.
    Input(Diagnostics),
    /// Nobody listens any more; what was done is in the checkpoint, if there is one.
    Unheard(io::Error),
}

impl From<Diagnostics> for Failure {
    fn from(faults: Diagnostics) -> Self {
        Self::Input(faults)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Unheard(error)
    }
}

/// Trains and measures, and tells the listener. The last event is [`Event::Final`] or [`Event::Diverged`]; it is given
/// back as well.
///
/// # Errors
///
/// [`Failure`].
pub fn train(spec: &Spec, tell: &mut Listener<'_>) -> Result<Event, Failure> {
    let faults = spec.faults();
    if !faults.is_empty() {
        return Err(Diagnostics(faults).into());
    }
    let clock = Clock::start();
    let source = Source::open(&spec.data, spec.shape.context)?;
    train_on(spec, &source, clock, tell)
}

/// As [`train`], on a source that is open since `clock`.
///
/// # Errors
///
/// [`Failure::Unheard`].
pub fn train_on(
    spec: &Spec,
    source: &Source,
    clock: Clock,
    tell: &mut Listener<'_>,
) -> Result<Event, Failure> {
    let mut trainer = Trainer::new(spec, source);
    let resumed_step = trainer.resume();
    tell(&Event::Start(Start {
        id: spec.id.clone(),
        params: spec.shape.params(),
        steps: spec.steps(),
        resumed_step: resumed_step as u64,
        bytes: spec.bytes(),
    }))?;
    let training = Clock::start();
    let diverged = trainer.run(resumed_step, training, tell)?;
    let train_secs = training.secs();
    let last = match diverged {
        Some(diverged) => Event::Diverged(diverged),
        None => trainer.measured(clock, train_secs, resumed_step)?,
    };
    tell(&last)?;
    Ok(last)
}

/// A part of the batch, with the gradient it makes.
struct Lane {
    first: usize,
    one_past: usize,
    gradient: Vec<f32>,
    loss: f64,
}

struct Trainer<'a> {
    spec: &'a Spec,
    source: &'a Source,
    model: Model<f32>,
    values: Vec<f32>,
    optimiser: Optimiser<f32>,
    lanes: Vec<Lane>,
    workspaces: Vec<Workspace<f32>>,
    loss: f64,
}

impl<'a> Trainer<'a> {
    fn new(spec: &'a Spec, source: &'a Source) -> Self {
        let model = Model::new(spec.shape);
        let count = spec.lanes();
        let lanes = (0..count)
            .map(|lane| Lane {
                first: lane * spec.batch / count,
                one_past: (lane + 1) * spec.batch / count,
                gradient: vec![0.0; spec.shape.params()],
                loss: 0.0,
            })
            .collect();
        let threads = spec.threads.min(count);
        Self {
            values: model.start(spec.seed),
            optimiser: Optimiser::new(&spec.shape, spec.recipe),
            workspaces: (0..threads)
                .map(|_| model.workspace(spec.piece()))
                .collect(),
            lanes,
            model,
            spec,
            source,
            loss: 0.0,
        }
    }

    /// Goes on from the checkpoint, if there is a good one of this very run; gives the steps that are done.
    fn resume(&mut self) -> usize {
        let Some(checkpoint) =
            self.spec.checkpoint.as_ref().and_then(|c| {
                Checkpoint::read(&c.path, identity(self.spec), self.spec.shape.params())
            })
        else {
            return 0;
        };
        let step = usize::try_from(checkpoint.step).unwrap_or(usize::MAX);
        if step > self.spec.steps() {
            return 0;
        }
        self.values = checkpoint.values;
        self.optimiser.first = checkpoint.first;
        self.optimiser.second = checkpoint.second;
        self.loss = checkpoint.loss;
        step
    }

    fn run(
        &mut self,
        from: usize,
        clock: Clock,
        tell: &mut Listener<'_>,
    ) -> Result<Option<Diverged>, Failure> {
        let (schedule, steps) = (self.spec.schedule(), self.spec.steps());
        let (mut saved, mut told) = (Clock::start(), Clock::start());
        for step in from..steps {
            let share = schedule.share(step);
            let loss = self.gradient(step);
            let norm = self
                .optimiser
                .step(step, share, &mut self.values, &self.lanes[0].gradient);
            if !(loss.is_finite() && norm.is_finite()) {
                return Ok(Some(Diverged {
                    step: step as u64,
                    reason: format!("the loss is {loss} and the norm of its gradient {norm}"),
                }));
            }
            let memory = if step == 0 { 0.0 } else { MEMORY };
            self.loss = memory * self.loss + (1.0 - memory) * loss;
            if told.secs() >= self.spec.report_secs {
                told = Clock::start();
                let event = self.progress(step + 1, (step + 1 - from) as f64, share, clock);
                if let Err(e) = tell(&event) {
                    // Nobody is left to tell when that fails as well.
                    let _ = self.save(step + 1);
                    return Err(e.into());
                }
            }
            if let Some(checkpoint) = &self.spec.checkpoint
                && saved.secs() >= checkpoint.every_secs
            {
                // A run can do without: all it may lose is time.
                if let Err(e) = self.save(step + 1) {
                    let path = checkpoint.path.display();
                    let message = format!("the checkpoint {path} cannot be written: {e}");
                    tell(&Event::Note { message })?;
                }
                saved = Clock::start();
            }
        }
        Ok(None)
    }

    fn progress(&self, done: usize, here: f64, share: f64, clock: Clock) -> Event {
        let step_tokens = self.spec.step_tokens();
        Event::Progress(Progress {
            step: done as u64,
            steps: self.spec.steps() as u64,
            tokens: done as u64 * step_tokens,
            train_loss: self.loss,
            learning_rate: self.spec.recipe.learning_rate * share,
            tokens_per_sec: here * step_tokens as f64 / clock.secs().max(1e-9),
        })
    }

    fn save(&self, done: usize) -> io::Result<()> {
        let Some(to) = &self.spec.checkpoint else {
            return Ok(());
        };
        let checkpoint = Checkpoint {
            step: done as u64,
            loss: self.loss,
            values: self.values.clone(),
            first: self.optimiser.first.clone(),
            second: self.optimiser.second.clone(),
        };
        checkpoint.write(&to.path, identity(self.spec))
    }

    /// The mean loss of the batch of a step; its gradient is left in the first lane.
    ///
    /// Each lane goes through its own sequences in order, on whichever thread; lanes are added in order.
    fn gradient(&mut self, step: usize) -> f64 {
        let threads = self.workspaces.len();
        let each = self.lanes.len().div_ceil(threads);
        let (spec, source, model, values) = (self.spec, self.source, &self.model, &self.values);
        let work = |lanes: &mut [Lane], ws: &mut Workspace<f32>| {
            for lane in lanes {
                lane.run(step, spec, source, model, values, ws);
            }
        };
        if threads == 1 {
            work(&mut self.lanes, &mut self.workspaces[0]);
        } else {
            std::thread::scope(|scope| {
                for (lanes, ws) in self.lanes.chunks_mut(each).zip(&mut self.workspaces) {
                    scope.spawn(|| work(lanes, ws));
                }
            });
        }
        let (first, others) = self.lanes.split_at_mut(1);
        let mut loss = first[0].loss;
        for other in others {
            kernels::add(&mut first[0].gradient, &other.gradient);
            loss += other.loss;
        }
        loss / self.spec.step_tokens() as f64
    }

    /// Measures the held-out loss.
    fn measured(
        &mut self,
        clock: Clock,
        train_secs: f64,
        resumed: usize,
    ) -> Result<Event, Failure> {
        let spec = self.spec;
        let found = measure::held_out(
            &self.model,
            &self.values,
            self.source,
            spec,
            &mut self.workspaces,
        );
        let uniform = (spec.shape.vocabulary as f64).ln();
        if found.loss > uniform || found.loss.is_nan() {
            return Ok(Event::Diverged(Diverged {
                step: spec.steps() as u64,
                reason: format!(
                    "a held-out loss of {:.4} nats/token is worse than the {uniform:.4} of a uniform guess",
                    found.loss
                ),
            }));
        }
        let here = (spec.steps() - resumed) as f64 * spec.step_tokens() as f64;
        let tokens_per_sec = here / train_secs.max(1e-9);
        Ok(Event::Final(Final {
            result: self.result(&found),
            timing: Some(Timing {
                wall_secs: clock.secs(),
                tokens_per_sec,
                flops_per_sec: tokens_per_sec * spec.shape.flops_per_token(),
            }),
        }))
    }

    fn result(&self, found: &Measured) -> RunResult {
        let spec = self.spec;
        RunResult {
            loss: found.loss,
            loss_se: found.loss_se,
            source_loss: found.source_loss,
            excess_se: found.excess_se,
            nats_per_byte: found.nats_per_byte,
            train_loss: Some(self.loss),
            held_out_tokens: Some(found.tokens as u64),
            params: Some(spec.shape.params() as u64),
            params_non_embedding: Some(spec.shape.non_embedding_params() as u64),
            tokens: Some(spec.trained_tokens()),
            unique_tokens: self.source.unique().map(|n| n as u64),
            flops: Some(spec.flops()),
        }
    }
}

impl Lane {
    fn run(
        &mut self,
        step: usize,
        spec: &Spec,
        source: &Source,
        model: &Model<f32>,
        values: &[f32],
        ws: &mut Workspace<f32>,
    ) {
        let context = spec.shape.context;
        let scale = f32::of(1.0 / spec.step_tokens() as f64);
        let (mut inputs, mut targets, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
        self.gradient.fill(0.0);
        self.loss = 0.0;
        let mut at = self.first;
        while at < self.one_past {
            let to = (at + spec.piece()).min(self.one_past);
            inputs.clear();
            targets.clear();
            for sequence in at..to {
                let index = step as u64 * spec.batch as u64 + sequence as u64;
                source.training(spec.seed, index, context, &mut tokens);
                inputs.extend_from_slice(&tokens[..context]);
                targets.extend_from_slice(&tokens[1..]);
            }
            let of = Sequences {
                inputs: &inputs,
                targets: &targets,
            };
            self.loss += model.gradient(values, of, scale, ws, &mut self.gradient);
            at = to;
        }
    }
}

/// A digest of everything the result depends on: where the checkpoint lies and how many threads there are, it does not.
fn identity(spec: &Spec) -> u64 {
    let bare = Spec {
        checkpoint: None,
        threads: 1,
        report_secs: 0.0,
        ..spec.clone()
    };
    let text = serde_json::to_string(&bare).expect("a specification is plain data");
    digest(text.as_bytes())
}
