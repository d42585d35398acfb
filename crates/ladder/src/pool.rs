//! Runs the runs that have no record yet, several at a time, within the memory there is.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use isoflop_base::{Diagnostic, Diagnostics};
use isoflop_trainer::clock::Clock;
use isoflop_trainer::protocol::{Progress, Timing};
use serde::{Deserialize, Serialize};

use crate::attempt::{Ended, Place, Start, Trouble, Watch, attempt};
use crate::family::{self, Process};
use crate::lock::{Holder, Lock};
use crate::machine;
use crate::plan::{Plan, PlannedRun};
use crate::records::{Damage, End, Record, Records};
use crate::table;

/// How runs are made here.
#[derive(Clone, Debug)]
pub struct Options {
    /// The words that start the built-in trainer, before the name of a specification.
    pub trainer: Vec<String>,
    /// Runs at the same time.
    pub jobs: usize,
    /// Bytes that all of them may take.
    pub bytes: u64,
    /// Set from elsewhere when all is to stop: trainers write their checkpoints, and nothing further is begun.
    pub stop: Arc<AtomicBool>,
}

/// Told what happens, from any thread.
pub trait Watcher: Sync {
    /// A run ended; `Err` holds the reason why it failed.
    fn ended(&self, run: &PlannedRun, end: Result<&End, &str>);
    /// How far everything is; several times a second.
    fn tick(&self, view: &View);
}

/// How far a ladder is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Runs of the ladder.
    pub total: usize,
    /// Runs with a record.
    pub recorded: usize,
    /// Runs that failed now.
    pub failed: usize,
    /// Runs that are being made.
    pub running: Vec<RunningView>,
    /// Seconds until all are done, once that can be told.
    pub secs_left: Option<f64>,
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunningView {
    /// Name of the run.
    pub id: String,
    /// Share of its steps.
    pub share: f64,
    /// Running mean of its training loss, where it is told.
    pub train_loss: Option<f64>,
    /// The same from its start to now, thinned.
    pub losses: Vec<f64>,
    /// Training tokens a second, where it is told.
    pub tokens_per_sec: Option<f64>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Runs that had a record before.
    pub before: usize,
    /// Runs that were made now.
    pub made: usize,
    /// Runs that failed: name, reason, log.
    pub failed: Vec<(String, String, String)>,
    /// What was wrong with the records.
    pub damage: Damage,
    /// Who held the lock and ended without letting go.
    pub stale: Option<Holder>,
}

/// File that says how far a ladder is, for other shells.
pub(crate) const STATUS: &str = "status.json";
/// How long runs took.
pub(crate) const TIMINGS: &str = "timings.jsonl";
/// Folder of the runs at work.
pub(crate) const WORK: &str = "work";

/// Makes all runs of a plan that have no record yet.
///
/// # Errors
///
/// `locked` when another process works on the folder; `cannot-write` when a record cannot be kept or the disk is full,
/// `stopped` when it was told to stop: no further run is begun then. A run that fails is no error: it is in the summary.
pub fn run(plan: &Plan, options: &Options, watcher: &dyn Watcher) -> Result<Summary, Diagnostics> {
    let folder = plan.folder();
    std::fs::create_dir_all(folder.join(WORK)).map_err(|e| {
        Diagnostic::error(
            "cannot-write",
            format!("{} cannot be made: {e}", folder.display()),
        )
    })?;
    let lock = Lock::take(&folder)?;
    let (records, damage) = Records::open(&folder)?;
    let mut pending: Vec<usize> = (0..plan.runs.len())
        .filter(|i| !records.all().iter().any(|r| r.key == plan.runs[*i].key))
        .collect();
    let before = plan.runs.len() - pending.len();
    // The longest first: the last ones to end are then short, and no processor waits long for them.
    pending.sort_by(|a, b| {
        let flops = |i: &usize| plan.runs[*i].spec.flops();
        flops(b).total_cmp(&flops(a)).then(a.cmp(b))
    });
    let pool = Pool {
        plan,
        options,
        watcher,
        state: Mutex::new(State {
            pending,
            running: BTreeMap::new(),
            records,
            failed: Vec::new(),
            stopped: None,
            made: 0,
            free: options.bytes,
            spent: Spent::default(),
        }),
        changed: Condvar::new(),
    };
    let workers = Mutex::new(options.jobs.max(1));
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                pool.work();
                *workers.lock().expect("no holder panics") -= 1;
            });
        }
        pool.watch(&folder, &workers);
    });
    let state = pool.state.into_inner().expect("no holder panics");
    // Nothing is under way any more.
    let _ = std::fs::remove_file(folder.join(STATUS));
    let kept = table::write(plan, state.records.all(), &folder);
    if let Some(fault) = state.stopped {
        return Err(fault.into());
    }
    if options.stop.load(Ordering::Relaxed) && before + state.made < plan.runs.len() {
        let (done, all) = (before + state.made, plan.runs.len());
        let found = format!("stopped with {done} of {all} runs recorded");
        let help =
            "`isoflop ladder run` goes on from there; runs under way go on from their checkpoints";
        return Err(Diagnostic::error("stopped", found).help(help).into());
    }
    kept?;
    Ok(Summary {
        before,
        made: state.made,
        failed: state.failed,
        damage,
        stale: lock.stale.clone(),
    })
}

/// How far a ladder is, as its runner last said; none when nobody works on it.
#[must_use]
pub fn view(folder: &Path) -> Option<View> {
    Lock::holder(folder)?;
    serde_json::from_str(&std::fs::read_to_string(folder.join(STATUS)).ok()?).ok()
}

struct Pool<'a> {
    plan: &'a Plan,
    options: &'a Options,
    watcher: &'a dyn Watcher,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Longest first.
    pending: Vec<usize>,
    running: BTreeMap<usize, Running>,
    records: Records,
    failed: Vec<(String, String, String)>,
    /// Why no further run is begun.
    stopped: Option<Diagnostic>,
    made: usize,
    /// Bytes that are left.
    free: u64,
    spent: Spent,
}

struct Running {
    child: Arc<Mutex<Option<Child>>>,
    clock: Clock,
    timed_out: bool,
    /// Since when it is asked to end, and who was asked.
    asked: Option<(Clock, Vec<Process>)>,
    progress: Option<Progress>,
    losses: Curve,
    bytes: u64,
}

/// A curve that is kept in few points: when it is full, every second one is dropped, and from then on fewer are taken.
#[derive(Default)]
struct Curve {
    points: Vec<f64>,
    every: usize,
    seen: usize,
}

impl Curve {
    const MOST: usize = 48;

    fn push(&mut self, x: f64) {
        if self.seen.is_multiple_of(self.every.max(1)) {
            self.points.push(x);
        }
        self.seen += 1;
        if self.points.len() > Self::MOST {
            let mut at = 0;
            self.points.retain(|_| {
                at += 1;
                at % 2 == 1
            });
            self.every = 2 * self.every.max(1);
        }
    }
}

/// FLOP of runs that ended here, and the seconds they took.
#[derive(Clone, Copy, Default)]
struct Spent {
    flops: f64,
    secs: f64,
}

impl Pool<'_> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    fn stopping(&self) -> bool {
        self.options.stop.load(Ordering::Relaxed)
    }

    /// Makes runs until there are no more.
    fn work(&self) {
        while let Some((index, child)) = self.next() {
            let run = &self.plan.runs[index];
            let place = Place {
                folder: self.plan.folder().join(WORK).join(run.id()),
                checkpoint_secs: self.plan.file.run.checkpoint_secs,
            };
            let ended = self.attempts(index, run, &place, &child);
            self.keep(index, run, &place, ended);
        }
    }

    /// The longest run that fits into the memory that is left. One that fits nowhere is made alone.
    fn next(&self) -> Option<(usize, Arc<Mutex<Option<Child>>>)> {
        let mut state = self.state();
        loop {
            if state.stopped.is_some() || self.stopping() || state.pending.is_empty() {
                return None;
            }
            let bytes = |i: &usize| machine::run_bytes(self.plan, &self.plan.runs[*i]);
            let fits = state.pending.iter().position(|i| bytes(i) <= state.free);
            let alone = state.running.is_empty().then_some(0);
            if let Some(at) = fits.or(alone) {
                let index = state.pending.remove(at);
                let taken = bytes(&index).min(state.free);
                state.free -= taken;
                let child = Arc::new(Mutex::new(None));
                state.running.insert(
                    index,
                    Running {
                        child: Arc::clone(&child),
                        clock: Clock::start(),
                        timed_out: false,
                        asked: None,
                        progress: None,
                        losses: Curve::default(),
                        bytes: taken,
                    },
                );
                return Some((index, child));
            }
            state = self.changed.wait(state).expect("no holder panics");
        }
    }

    fn attempts(
        &self,
        index: usize,
        run: &PlannedRun,
        place: &Place,
        child: &Mutex<Option<Child>>,
    ) -> Result<Ended, Trouble> {
        let start = match &self.plan.template {
            None => Start::BuiltIn(&self.options.trainer),
            Some(template) => Start::Own(template),
        };
        let progress = |p: &Progress| {
            if let Some(running) = self.state().running.get_mut(&index) {
                running.progress = Some(p.clone());
                running.losses.push(p.train_loss);
            }
        };
        let watch = Watch {
            child,
            stop: &self.options.stop,
            progress: &progress,
        };
        let mut last = Trouble::Failed(String::new());
        for _ in 0..=self.plan.file.run.retries {
            match attempt(&run.spec, place, &start, &watch) {
                Ok(ended) => return Ok(ended),
                Err(trouble) => last = trouble,
            }
            if self
                .state()
                .running
                .get(&index)
                .is_some_and(|r| r.timed_out)
            {
                let minutes = self.plan.file.run.minutes_per_run.unwrap_or_default();
                let reason = format!("stopped at the limit of {minutes} minutes");
                return Err(Trouble::Failed(reason));
            }
            if self.stopping() || !matches!(last, Trouble::Failed(_)) {
                break;
            }
        }
        Err(last)
    }

    /// Records how a run ended.
    fn keep(&self, index: usize, run: &PlannedRun, place: &Place, ended: Result<Ended, Trouble>) {
        let mut state = self.state();
        if let Some(running) = state.running.remove(&index) {
            state.free += running.bytes;
            if ended.is_ok() {
                state.spent.flops += run.spec.flops();
                state.spent.secs += running.clock.secs();
            }
        }
        match ended {
            Ok(ended) => {
                let record = Record {
                    id: run.id().to_owned(),
                    key: run.key.clone(),
                    end: ended.end,
                };
                match state.records.add(record.clone()) {
                    Ok(()) => {
                        state.made += 1;
                        drop(state);
                        place.clear();
                        self.note_timing(run, ended.timing);
                        self.watcher.ended(run, Ok(&record.end));
                    }
                    Err(fault) => state.stopped = Some(fault),
                }
            }
            // What was stopped has not failed.
            Err(_) if self.stopping() => {}
            Err(Trouble::DiskFull(what)) => {
                let found = format!("the disk is full: {what}");
                let help = "make room and run the ladder again; the records are whole";
                state.stopped = Some(Diagnostic::error("cannot-write", found).help(help));
            }
            Err(Trouble::Failed(reason) | Trouble::Occupied(reason)) => {
                let log = place.log().display().to_string();
                state
                    .failed
                    .push((run.id().to_owned(), reason.clone(), log));
                drop(state);
                self.watcher.ended(run, Err(&reason));
            }
        }
        self.changed.notify_all();
    }

    /// Times are kept apart from results, which are the same whenever they are measured.
    fn note_timing(&self, run: &PlannedRun, timing: Option<Timing>) {
        let Some(timing) = timing else { return };
        let line = serde_json::json!({ "id": run.id(), "timing": timing });
        // Times are for looking at: that they cannot be kept stops no run.
        let _ = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.plan.folder().join(TIMINGS))
            .and_then(|mut file| writeln!(file, "{line}"));
    }

    /// Until all workers are done: stops runs beyond their limit, says how far everything is.
    fn watch(&self, folder: &Path, workers: &Mutex<usize>) {
        const PAUSE: Duration = Duration::from_millis(100);
        const EVERY: f64 = 0.5;
        let limit = self.plan.file.run.minutes_per_run.map(|m| 60.0 * m);
        let mut told: Option<Clock> = None;
        let mut stopped: Option<Clock> = None;
        while *workers.lock().expect("no holder panics") > 0 {
            std::thread::sleep(PAUSE);
            if let Some(limit) = limit {
                self.stop_late(|running| running.clock.secs() > limit);
            }
            if self.stopping() {
                self.stop_all(stopped.get_or_insert_with(Clock::start));
            }
            if told.is_none_or(|t| t.secs() >= EVERY) {
                told = Some(Clock::start());
                let view = self.view();
                self.watcher.tick(&view);
                write_status(folder, &view);
            }
        }
    }

    /// The built-in trainer ends by itself when nobody listens, after it has written its checkpoint; it is given a
    /// moment for that. The user's own is not known to.
    fn stop_all(&self, since: &Clock) {
        const MOMENT: f64 = 5.0;
        if self.plan.template.is_some() || since.secs() > MOMENT {
            self.stop_late(|_| true);
        }
        self.changed.notify_all();
    }

    /// Asks late runs to end, and ends those that were asked and have not.
    fn stop_late(&self, late: impl Fn(&Running) -> bool) {
        const PATIENCE: f64 = 2.0;
        for running in self.state().running.values_mut() {
            if !late(running) {
                continue;
            }
            running.timed_out = true;
            let mut held = running.child.lock().expect("no holder panics");
            // None between two attempts, and after the end.
            let Some(child) = held.as_mut() else {
                running.asked = None;
                continue;
            };
            match &running.asked {
                None => running.asked = Some((Clock::start(), family::ask(child))),
                Some((since, kin)) if since.secs() > PATIENCE => family::end(child, kin),
                Some(_) => {}
            }
        }
    }

    fn view(&self) -> View {
        let state = self.state();
        let flops = |i: &usize| self.plan.runs[*i].spec.flops();
        let share = |r: &Running| {
            r.progress
                .as_ref()
                .map_or(0.0, |p| p.step as f64 / p.steps.max(1) as f64)
        };
        let mut left: f64 = state.pending.iter().map(flops).sum();
        let mut spent = state.spent;
        for (index, running) in &state.running {
            left += flops(index) * (1.0 - share(running));
            spent.flops += flops(index) * share(running);
            spent.secs += running.clock.secs();
        }
        let busy = self
            .options
            .jobs
            .min(state.pending.len() + state.running.len())
            .max(1) as f64;
        let secs_left = (spent.flops > 0.0).then(|| left * spent.secs / spent.flops / busy);
        let running = state.running.iter().map(|(index, running)| RunningView {
            id: self.plan.runs[*index].id().to_owned(),
            share: share(running),
            train_loss: running.progress.as_ref().map(|p| p.train_loss),
            losses: running.losses.points.clone(),
            tokens_per_sec: running.progress.as_ref().map(|p| p.tokens_per_sec),
        });
        let total = self.plan.runs.len();
        View {
            total,
            recorded: total - state.pending.len() - state.running.len() - state.failed.len(),
            failed: state.failed.len(),
            running: running.collect(),
            secs_left,
        }
    }
}

fn write_status(folder: &Path, view: &View) {
    let beside = folder.join(format!(".{STATUS}.part"));
    // Only a view: when the disk is full, records say so.
    let _ = std::fs::write(&beside, serde_json::to_string(view).unwrap_or_default())
        .and_then(|()| std::fs::rename(&beside, folder.join(STATUS)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_keeps_few_points_from_start_to_now() {
        let mut curve = Curve::default();
        for x in 0..1000 {
            curve.push(f64::from(x));
        }
        assert!(curve.points.len() <= Curve::MOST && curve.points.len() > Curve::MOST / 3);
        assert_eq!(curve.points[0], 0.0);
        assert!(*curve.points.last().unwrap() > 950.0);
        let step = curve.points[1] - curve.points[0];
        assert!(curve.points.windows(2).all(|w| w[1] - w[0] == step));
    }
}
