//! Runs a ladder through Slurm: an array job with one task a run, tasks that write one file each, and a runner that
//! collects them.
//!
//! ```text
//! runner (login node)                    tasks (any node)
//!   manifest: a run for each index  ──▶    make the run, from its checkpoint if there is one
//!   sbatch --array --requeue               results/KEY.record  (or KEY.failed)
//!   squeue, results  ──▶ records.jsonl
//! ```
//!
//! The runner can end at any time: tasks go on, and the next runner finds them in the queue or in their results. A
//! task that leaves the queue without a result (killed, out of memory, a lost node) is submitted again, up to the retries
//! of the ladder file. Nothing is asked of an accounting database, which many clusters do not have.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

use isoflop_base::{Diagnostic, Diagnostics};
use isoflop_trainer::checkpoint::digest;
use isoflop_trainer::clock::Clock;

use crate::attempt::{Place, Start, Trouble, Watch, attempt};
use crate::file::SlurmSection;
use crate::lock::Lock;
use crate::machine;
use crate::plan::{Plan, PlannedRun};
use crate::pool::{Options, RunningView, Summary, View, WORK, Watcher};
use crate::records::{self, Record, Records};
use crate::table::{self, cannot_write};

const RESULTS: &str = "results";
const SUBMISSIONS: &str = "slurm";
const MANIFEST: &str = "manifest";

/// Looks at the queue that may fail in a row before the runner gives up: a controller is at times too busy to answer.
const PATIENCE: usize = 10;

/// States of a task that is done, and may be shown for a moment still.
const ENDED: [&str; 8] = [
    "COMPLETED",
    "FAILED",
    "CANCELLED",
    "TIMEOUT",
    "OUT_OF_MEMORY",
    "NODE_FAIL",
    "DEADLINE",
    "BOOT_FAIL",
];

/// Memory that is asked for over what a run is counted to need.
const MEMORY_MARGIN: f64 = 1.25;
/// The least that is asked for: the program and its libraries.
const LEAST_MEGABYTES: u64 = 200;

/// Makes all runs of a plan that have no record yet, through Slurm. `file` is the ladder file, for the tasks.
///
/// # Errors
///
/// `locked`, `cannot-write`, `stopped` as for the local pool; `no-slurm` when `sbatch` cannot be run or refuses.
pub fn run(
    plan: &Plan,
    section: &SlurmSection,
    file: &Path,
    options: &Options,
    watcher: &dyn Watcher,
) -> Result<Summary, Diagnostics> {
    let folder = plan.folder();
    for part in [RESULTS, SUBMISSIONS, WORK] {
        let path = folder.join(part);
        std::fs::create_dir_all(&path).map_err(|e| cannot_write(&path, &e))?;
    }
    let lock = Lock::take(&folder)?;
    let (records, damage) = Records::open(&folder)?;
    let recorded = |run: &PlannedRun| records.all().iter().any(|r| r.key == run.key);
    let before = plan.runs.iter().filter(|r| recorded(r)).count();
    let mut runner = Runner {
        plan,
        section,
        file: std::fs::canonicalize(file).map_err(|e| cannot_write(file, &e))?,
        folder: folder.clone(),
        watcher,
        program: options.trainer.first().cloned().unwrap_or_default(),
        records,
        attempts: BTreeMap::new(),
        failed: Vec::new(),
    };
    let outcome = runner.until_done(options);
    let kept = table::write(plan, runner.records.all(), &folder);
    outcome?;
    kept?;
    Ok(Summary {
        before,
        made: runner.recorded() - before,
        failed: runner.failed,
        damage,
        stale: lock.stale.clone(),
    })
}

/// Makes the run of one task: index `index` of submission `submission`.
///
/// # Errors
///
/// `no-task` for an index that the submission does not have, `run-failed`, `cannot-write`.
pub fn task(
    plan: &Plan,
    submission: &str,
    index: usize,
    trainer: &[String],
) -> Result<(), Diagnostic> {
    let folder = plan.folder();
    let manifest = folder.join(SUBMISSIONS).join(submission).join(MANIFEST);
    let keys = std::fs::read_to_string(&manifest).unwrap_or_default();
    let run = keys
        .lines()
        .nth(index)
        .and_then(|key| plan.runs.iter().find(|r| r.key == key))
        .ok_or_else(|| {
            let found = format!("submission {submission} has no run {index} of this ladder");
            Diagnostic::error("no-task", found)
                .help("the ladder file was changed since; run the ladder again")
        })?;
    let result = result_path(&folder, &run.key);
    if result.exists() {
        return Ok(());
    }
    let place = Place {
        folder: folder.join(WORK).join(run.id()),
        checkpoint_secs: plan.file.run.checkpoint_secs,
    };
    let start = match &plan.template {
        None => Start::BuiltIn(trainer),
        Some(template) => Start::Own(template),
    };
    let watch = Watch {
        child: &Mutex::new(None),
        stop: &std::sync::atomic::AtomicBool::new(false),
        progress: &|_| {},
    };
    match attempt(&run.spec, &place, &start, &watch) {
        Ok(ended) => {
            let record = Record {
                id: run.id().to_owned(),
                key: run.key.clone(),
                end: ended.end,
            };
            table::write_file(&result, records::line(&record).as_bytes())?;
            place.clear();
            Ok(())
        }
        Err(Trouble::Failed(reason) | Trouble::DiskFull(reason) | Trouble::Occupied(reason)) => {
            table::write_file(&failed_path(&folder, &run.key), reason.as_bytes())?;
            let log = place.log();
            Err(
                Diagnostic::error("run-failed", format!("{} failed: {reason}", run.id()))
                    .help(format!("what it said is in {}", log.display())),
            )
        }
    }
}

struct Runner<'a> {
    plan: &'a Plan,
    section: &'a SlurmSection,
    file: PathBuf,
    folder: PathBuf,
    watcher: &'a dyn Watcher,
    program: String,
    records: Records,
    /// Times each run was submitted by this runner.
    attempts: BTreeMap<String, usize>,
    failed: Vec<(String, String, String)>,
}

impl Runner<'_> {
    fn recorded(&self) -> usize {
        self.plan.runs.iter().filter(|r| self.has_record(r)).count()
    }

    fn has_record(&self, run: &PlannedRun) -> bool {
        self.records.all().iter().any(|r| r.key == run.key)
    }

    fn until_done(&mut self, options: &Options) -> Result<(), Diagnostics> {
        let mut unanswered = 0;
        loop {
            // What is in the queue is asked before results are collected: what has left it by then has its result.
            let queue = match self.queue() {
                Ok(queue) => Some(queue),
                Err(fault) if unanswered >= PATIENCE => return Err(fault.into()),
                Err(_) => None,
            };
            self.collect()?;
            if let Some(queue) = &queue {
                unanswered = 0;
                let waiting = self.waiting(queue);
                self.watcher.tick(&self.view(queue));
                if !waiting.is_empty() {
                    self.submit(&waiting)?;
                } else if queue.is_empty() {
                    return Ok(());
                }
            } else {
                unanswered += 1;
            }
            self.pause(options, queue.map_or(0, |q| q.len()))?;
        }
    }

    /// Waits until the next look at the queue.
    fn pause(&self, options: &Options, queued: usize) -> Result<(), Diagnostic> {
        const STEP: Duration = Duration::from_millis(100);
        let clock = Clock::start();
        while clock.secs() < self.section.poll_secs {
            if options.stop.load(Ordering::Relaxed) {
                return Err(self.stopped(queued));
            }
            std::thread::sleep(STEP);
        }
        Ok(())
    }

    /// Adds the results of tasks to the records.
    fn collect(&mut self) -> Result<(), Diagnostic> {
        for run in &self.plan.runs {
            let path = result_path(&self.folder, &run.key);
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            if !self.has_record(run) {
                let Some(record) = records::record(text.trim_end()) else {
                    continue;
                };
                self.records.add(record.clone())?;
                self.watcher.ended(run, Ok(&record.end));
            }
            // The record is on the disk; so it does not matter when the file stays.
            let _ = std::fs::remove_file(&path);
        }
        Ok(())
    }

    /// Runs that are neither recorded nor in the queue, and may be tried once more.
    fn waiting(&mut self, queue: &BTreeMap<String, String>) -> Vec<usize> {
        let mut waiting = Vec::new();
        for (index, run) in self.plan.runs.iter().enumerate() {
            let given_up = self.failed.iter().any(|(id, _, _)| id == run.id());
            if self.has_record(run) || queue.contains_key(&run.key) || given_up {
                continue;
            }
            let tried = self.attempts.get(&run.key).copied().unwrap_or(0);
            if tried <= self.plan.file.run.retries {
                waiting.push(index);
                continue;
            }
            let said = std::fs::read_to_string(failed_path(&self.folder, &run.key));
            let reason = said.unwrap_or_else(|_| {
                "it left the queue without a result: killed, out of memory, or its node was lost".to_owned()
            });
            let log = self.folder.join(WORK).join(run.id()).join("log");
            self.watcher.ended(run, Err(&reason));
            self.failed
                .push((run.id().to_owned(), reason, log.display().to_string()));
        }
        waiting
    }

    /// Submits runs as one array.
    fn submit(&mut self, runs: &[usize]) -> Result<(), Diagnostic> {
        let submissions = self.folder.join(SUBMISSIONS);
        let number = (0..)
            .map(|n: usize| n.to_string())
            .find(|n| !submissions.join(n).exists())
            .unwrap_or_default();
        let folder = submissions.join(&number);
        std::fs::create_dir_all(&folder).map_err(|e| cannot_write(&folder, &e))?;
        let mut keys = String::new();
        for index in runs {
            let run = &self.plan.runs[*index];
            keys.push_str(&run.key);
            keys.push('\n');
            *self.attempts.entry(run.key.clone()).or_default() += 1;
            // What an attempt before this one said is not what this one says.
            let _ = std::fs::remove_file(failed_path(&self.folder, &run.key));
        }
        table::write_file(&folder.join(MANIFEST), keys.as_bytes())?;
        self.sbatch(runs, &number, &folder)
    }

    /// The name of the job of a submission: no other ladder has it, and a runner that was killed just after it
    /// submitted finds it again.
    fn job_name(&self, submission: &str) -> String {
        let whole = std::fs::canonicalize(&self.folder).unwrap_or_else(|_| self.folder.clone());
        let sum = digest(whole.as_os_str().as_encoded_bytes());
        format!("isoflop-{sum:016x}-{submission}")
    }

    fn sbatch(&self, runs: &[usize], number: &str, folder: &Path) -> Result<(), Diagnostic> {
        let section = self.section;
        let most = runs
            .iter()
            .map(|i| machine::run_bytes(self.plan, &self.plan.runs[*i]))
            .max()
            .unwrap_or(0);
        let counted = (most as f64 * MEMORY_MARGIN) as u64;
        let bytes = section.memory.map_or(counted, |m| m.0 as u64);
        let throttle = section
            .concurrent
            .map_or_else(String::new, |n| format!("%{n}"));
        let program = section.program.as_deref().unwrap_or(&self.program);
        let wrapped = [
            "exec",
            program,
            "ladder",
            "task",
            &self.file.display().to_string(),
            number,
        ]
        .iter()
        .enumerate()
        .map(|(at, word)| {
            if at == 0 {
                (*word).to_owned()
            } else {
                quoted(word)
            }
        })
        .collect::<Vec<_>>()
        .join(" ");
        let mut command = Command::new("sbatch");
        command
            .arg("--parsable")
            .arg(format!("--job-name={}", self.job_name(number)))
            .arg(format!("--array=0-{}{throttle}", runs.len() - 1))
            .arg("--requeue")
            .arg("--ntasks=1")
            .arg(format!("--cpus-per-task={}", section.cpus))
            .arg(format!(
                "--mem={}M",
                bytes.div_ceil(1 << 20).max(LEAST_MEGABYTES)
            ))
            .arg(format!("--output={}", folder.join("task-%a.txt").display()));
        if let Some(minutes) = section.minutes {
            command.arg(format!("--time={}", minutes.ceil().max(1.0)));
        }
        if let Some(partition) = &section.partition {
            command.arg(format!("--partition={partition}"));
        }
        command.args(&section.options).arg("--wrap").arg(wrapped);
        asked(&mut command).map(|_| ())
    }

    /// Keys of runs that are in the queue, with the state of their task.
    fn queue(&self) -> Result<BTreeMap<String, String>, Diagnostic> {
        let mut found = BTreeMap::new();
        let submissions = self.folder.join(SUBMISSIONS);
        let entries =
            std::fs::read_dir(&submissions).map_err(|e| cannot_write(&submissions, &e))?;
        let mut folders: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        folders.sort();
        for folder in folders {
            let keys = std::fs::read_to_string(folder.join(MANIFEST)).unwrap_or_default();
            let keys: Vec<&str> = keys.lines().collect();
            let open = |key: &&str| !self.records.all().iter().any(|r| r.key == **key);
            let number = folder.file_name().and_then(|n| n.to_str());
            let (Some(number), true) = (number, keys.iter().any(open)) else {
                continue;
            };
            let name = format!("--name={}", self.job_name(number));
            let mut command = Command::new("squeue");
            let said = asked(command.args(["--noheader", "--array", "--format=%K %T", &name]))?;
            for line in said.lines() {
                let Some((index, state)) = line.trim().split_once(' ') else {
                    continue;
                };
                let ended = ENDED.contains(&state);
                let key = index.parse::<usize>().ok().and_then(|i| keys.get(i));
                if let (Some(key), false) = (key, ended) {
                    found.insert((*key).to_owned(), state.to_owned());
                }
            }
        }
        Ok(found)
    }

    fn view(&self, queue: &BTreeMap<String, String>) -> View {
        let running = self
            .plan
            .runs
            .iter()
            .filter(|r| queue.get(&r.key).is_some_and(|state| state == "RUNNING"))
            .map(|run| RunningView {
                id: run.id().to_owned(),
                share: 0.0,
                train_loss: None,
                losses: Vec::new(),
                tokens_per_sec: None,
            });
        View {
            total: self.plan.runs.len(),
            recorded: self.recorded(),
            failed: self.failed.len(),
            running: running.collect(),
            secs_left: None,
        }
    }

    fn stopped(&self, queued: usize) -> Diagnostic {
        let found = format!(
            "stopped with {} of {} runs recorded and {queued} in Slurm's queue",
            self.recorded(),
            self.plan.runs.len()
        );
        Diagnostic::error("stopped", found).help(
            "tasks in the queue go on, and `isoflop ladder run` collects them; `scancel` stops them",
        )
    }
}

fn result_path(folder: &Path, key: &str) -> PathBuf {
    folder.join(RESULTS).join(format!("{key}.record"))
}

fn failed_path(folder: &Path, key: &str) -> PathBuf {
    folder.join(RESULTS).join(format!("{key}.failed"))
}

/// What a command of Slurm prints.
fn asked(command: &mut Command) -> Result<String, Diagnostic> {
    let name = command.get_program().display().to_string();
    let output = command.output().map_err(|e| {
        Diagnostic::error("no-slurm", format!("{name} cannot be run: {e}"))
            .help("run this where Slurm's commands are, or leave [slurm] out of the ladder file")
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(Diagnostic::error(
        "no-slurm",
        format!("{name} refuses: {}", why.trim()),
    ))
}

/// A word as a POSIX shell reads it back.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_from_a_shell() {
        for word in ["plain", "with blank", "it's", "$HOME `x`"] {
            let output = Command::new("sh")
                .args(["-c", &format!("printf %s {}", quoted(word))])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), word);
        }
    }
}
