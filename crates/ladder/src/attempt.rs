//! One attempt at one run: a process is started, listened to and ended, and what it says becomes an end.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use isoflop_trainer::clock::Clock;
use isoflop_trainer::protocol::{Event, Progress, RunResult, Timing};
use isoflop_trainer::{CheckpointSpec, Spec};

use crate::command::Template;
use crate::family;
use crate::listen;
use crate::records::End;

/// How trainers are started.
#[derive(Clone, Debug)]
pub(crate) enum Start<'a> {
    /// The built-in one: a program and the words before the specification.
    BuiltIn(&'a [String]),
    /// The user's own.
    Own(&'a Template),
}

/// Where one run works.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Seconds between two checkpoints.
    pub(crate) checkpoint_secs: f64,
}

/// What an attempt gives.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) end: End,
    pub(crate) timing: Option<Timing>,
}

const RESULT: &str = "result.json";
/// What a trainer says on standard error.
const LOG: &str = "log";
/// What it says on standard output, other than events: a file of its own, so that the last line of the log is the
/// trainer's last word whenever the other stream is read.
const OUTPUT: &str = "output";
const CHECKPOINT: &str = "checkpoint";
const SPEC: &str = "spec.json";

impl Place {
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join(LOG)
    }

    /// Removes what the built-in trainer needs no longer; the user's own files stay.
    pub(crate) fn clear(&self) {
        let own = |name: &str| [SPEC, LOG, OUTPUT].contains(&name) || name.starts_with(CHECKPOINT);
        let entries = std::fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .flatten();
        for entry in entries.filter(|e| e.file_name().to_str().is_some_and(own)) {
            // What is gone already need not be removed.
            let _ = std::fs::remove_file(entry.path());
        }
        // A folder with the user's files in it stays.
        let _ = std::fs::remove_dir(&self.folder);
    }
}

/// Why an attempt has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A trainer of an earlier call still works in the folder of this run.
    Occupied(String),
    /// This run failed, for a reason.
    Failed(String),
    /// No run can be made: the disk is full.
    DiskFull(String),
}

/// How a run is followed from elsewhere.
pub(crate) struct Watch<'a> {
    /// The process, while there is one.
    pub(crate) child: &'a Mutex<Option<Child>>,
    /// Set when all runs are to stop: nobody listens to the trainer any more, and it ends by itself.
    pub(crate) stop: &'a AtomicBool,
    /// Told of progress.
    pub(crate) progress: &'a dyn Fn(&Progress),
}

/// Runs a trainer to its end.
///
/// # Errors
///
/// [`Trouble`].
pub(crate) fn attempt(
    spec: &Spec,
    place: &Place,
    start: &Start<'_>,
    watch: &Watch<'_>,
) -> Result<Ended, Trouble> {
    let text = |e: io::Error| {
        let what = format!("{}: {e}", place.folder.display());
        match e.kind() {
            io::ErrorKind::StorageFull => Trouble::DiskFull(what),
            _ => Trouble::Failed(what),
        }
    };
    std::fs::create_dir_all(&place.folder).map_err(text)?;
    let open = |name: &str| {
        let path = place.folder.join(name);
        OpenOptions::new().append(true).create(true).open(path)
    };
    let (log, mut output) = (open(LOG).map_err(text)?, open(OUTPUT).map_err(text)?);
    alone(&log, place, watch)?;
    // A result of an attempt before this one would pass for its own.
    let _ = std::fs::remove_file(place.folder.join(RESULT));
    let mut command = command(spec, place, start).map_err(text)?;
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log);
    family::own_group(&mut command);
    let mut started = command.spawn().map_err(|e| {
        let program = command.get_program().display();
        Trouble::Failed(format!("{program} cannot be started: {e}"))
    })?;
    let (stdout, group) = (started.stdout.take(), started.id());
    *watch.child.lock().expect("no holder panics") = Some(started);
    // The command holds the log open, and with it the lock.
    drop(command);
    let mut said = Said::default();
    let mut status = None;
    if let Some(stdout) = stdout {
        status = said.listen(stdout, &mut output, watch).map_err(text)?;
    }
    let status = match status {
        Some(status) => status,
        None => ended(watch.child).map_err(text)?,
    };
    // What a trainer leaves behind would work on beside the next run.
    family::end_group(group);
    said.ended(status, place, spec).map_err(Trouble::Failed)
}

/// Waits until nobody else works in the folder of a run, and keeps others out until this attempt's trainer and all that it
/// has started have ended.
///
/// The lock is on the open log, which every descendant of a trainer holds as its standard error. So it outlives a runner
/// that was killed, as long as what it has started.
fn alone(log: &File, place: &Place, watch: &Watch<'_>) -> Result<(), Trouble> {
    // A trainer that finds that nobody listens writes its checkpoint first.
    const MOMENT: f64 = 15.0;
    const PAUSE: Duration = Duration::from_millis(50);
    let since = Clock::start();
    loop {
        match log.try_lock() {
            Ok(()) => return Ok(()),
            // A file system without locks: its runner's own lock is all there is.
            Err(TryLockError::Error(_)) => return Ok(()),
            Err(TryLockError::WouldBlock) => {}
        }
        if since.secs() > MOMENT || watch.stop.load(Ordering::Relaxed) {
            let folder = place.folder.display();
            return Err(Trouble::Occupied(format!(
                "a trainer that an earlier `isoflop ladder run` started still works in {folder}; wait until it has ended, \
                 or end it (`fuser {}` names it), and run the ladder again",
                place.log().display()
            )));
        }
        std::thread::sleep(PAUSE);
    }
}

/// Waits for the end of a process whose output is at its end, or that nobody listens to any more. It can be stopped
/// from elsewhere meanwhile.
fn ended(child: &Mutex<Option<Child>>) -> io::Result<ExitStatus> {
    const PAUSE: Duration = Duration::from_millis(5);
    loop {
        if let Some(status) = has_ended(child)? {
            return Ok(status);
        }
        std::thread::sleep(PAUSE);
    }
}

fn has_ended(child: &Mutex<Option<Child>>) -> io::Result<Option<ExitStatus>> {
    let mut held = child.lock().expect("no holder panics");
    let running = held
        .as_mut()
        .ok_or_else(|| io::Error::other("no process"))?;
    let status = running.try_wait()?;
    if status.is_some() {
        *held = None;
    }
    Ok(status)
}

fn command(spec: &Spec, place: &Place, start: &Start<'_>) -> io::Result<Command> {
    let words = match start {
        Start::BuiltIn(words) => {
            let path = place.folder.join(SPEC);
            let full = Spec {
                checkpoint: Some(CheckpointSpec {
                    path: place.folder.join(CHECKPOINT),
                    every_secs: place.checkpoint_secs,
                }),
                report_secs: 0.5,
                ..spec.clone()
            };
            std::fs::write(
                &path,
                serde_json::to_string(&full).map_err(io::Error::other)?,
            )?;
            let mut words = words.to_vec();
            words.push(path.display().to_string());
            words
        }
        Start::Own(template) => template.words(spec, &place.folder),
    };
    let (program, rest) = words
        .split_first()
        .ok_or_else(|| io::Error::other("an empty command"))?;
    let mut command = Command::new(program);
    command.args(rest);
    Ok(command)
}

/// What a trainer has said.
#[derive(Default)]
struct Said {
    end: Option<End>,
    timing: Option<Timing>,
    fault: Option<String>,
    /// The last line that was no event.
    last: String,
}

impl Said {
    /// Listens until the output ends, until nobody is to listen any more, or until the trainer has ended and what it left
    /// in the pipe is read: a descendant may hold that open. Gives the end of the trainer when it was seen.
    fn listen(
        &mut self,
        stdout: ChildStdout,
        output: &mut File,
        watch: &Watch<'_>,
    ) -> io::Result<Option<ExitStatus>> {
        const PAUSE: Duration = Duration::from_millis(20);
        // After the end of the trainer: silence that is taken for the end of what it said, and the longest wait for that.
        const SILENCE: f64 = 0.5;
        const LAST: f64 = 5.0;
        let lines = listen::lines(stdout);
        let mut status = None;
        let (mut ended, mut heard) = (Clock::start(), Clock::start());
        loop {
            let line = lines.recv_timeout(PAUSE);
            if watch.stop.load(Ordering::Relaxed) {
                return Ok(status);
            }
            match line {
                Ok(line) => {
                    heard = Clock::start();
                    self.hear(line, output, watch);
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(status),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if status.is_none() {
                status = has_ended(watch.child)?;
                ended = Clock::start();
            } else if ended.secs().min(heard.secs()) > SILENCE || ended.secs() > LAST {
                return Ok(status);
            }
        }
    }

    fn hear(&mut self, line: String, output: &mut File, watch: &Watch<'_>) {
        match event(&line) {
            Some(Event::Progress(p)) => (watch.progress)(&p),
            Some(Event::Final(last)) => {
                self.timing = last.timing;
                self.end = Some(End::Done {
                    result: last.result,
                });
            }
            Some(Event::Diverged(last)) => {
                self.end = Some(End::Diverged {
                    reason: last.reason,
                });
            }
            Some(Event::Fault { message, .. }) => self.fault = Some(message),
            Some(Event::Start(_)) => {}
            Some(Event::Note { message }) => {
                // It is for reading: that it cannot be written stops no run.
                let _ = writeln!(output, "{message}");
            }
            None => {
                // It is for reading: that it cannot be written stops no run.
                let _ = writeln!(output, "{line}");
                self.last = shortened(&line);
            }
        }
    }

    fn ended(self, status: ExitStatus, place: &Place, spec: &Spec) -> Result<Ended, String> {
        if !status.success() {
            let last = (!self.last.is_empty()).then_some(self.last);
            let why = self.fault.or_else(|| last_line(&place.log())).or(last);
            return Err(match why {
                Some(why) => format!("{status}: {why}"),
                None => status.to_string(),
            });
        }
        let end = self.end.or_else(|| written(&place.folder.join(RESULT)));
        let Some(end) = end else {
            let seen = if self.last.is_empty() {
                String::new()
            } else {
                format!("; its last line was `{}`", self.last)
            };
            return Err(format!(
                "the trainer ended without a line {{\"event\": \"final\", \"result\": {{\"loss\": …}}}} and without {RESULT}{seen}"
            ));
        };
        Ok(Ended {
            end: filled(end, spec),
            timing: self.timing,
        })
    }
}

/// An event, or none for any other line. Losses that are no numbers, which JSON does not have, are divergence.
fn event(line: &str) -> Option<Event> {
    if !line.starts_with('{') {
        return None;
    }
    if let Ok(event) = serde_json::from_str(line) {
        return Some(event);
    }
    let is_final = line.contains("\"final\"");
    (is_final && no_number(line)).then(|| {
        Event::Diverged(isoflop_trainer::protocol::Diverged {
            step: 0,
            reason: "the trainer gave a loss that is no number".to_owned(),
        })
    })
}

/// Whether a text is JSON once NaN and infinities are taken for null.
fn no_number(text: &str) -> bool {
    let plain = ["-Infinity", "Infinity", "NaN"]
        .iter()
        .fold(text.to_owned(), |t, word| t.replace(word, "null"));
    serde_json::from_str::<serde_json::Value>(&plain).is_ok_and(|v| {
        v.pointer("/result/loss")
            .or(v.get("loss"))
            .is_some_and(|l| l.is_null())
    })
}

/// The result file of the user's own trainer: the fields of a result.
fn written(path: &Path) -> Option<End> {
    let text = std::fs::read_to_string(path).ok()?;
    if no_number(&text) {
        let reason = "the trainer wrote a loss that is no number".to_owned();
        return Some(End::Diverged { reason });
    }
    let value: serde_json::Value = serde_json::from_str(&text).ok()?;
    value.get("loss")?.as_f64()?;
    let result = serde_json::from_value(value).ok()?;
    Some(End::Done { result })
}

/// What a result leaves out is what was planned.
fn filled(end: End, spec: &Spec) -> End {
    match end {
        End::Done { result } if !(result.loss.is_finite() && result.loss > 0.0) => End::Diverged {
            reason: format!("a loss of {}", result.loss),
        },
        End::Done { result } => End::Done {
            result: RunResult {
                params: result.params.or(Some(spec.shape.params() as u64)),
                params_non_embedding: result
                    .params_non_embedding
                    .or(Some(spec.shape.non_embedding_params() as u64)),
                tokens: result.tokens.or(Some(spec.trained_tokens())),
                flops: result.flops.or(Some(spec.flops())),
                ..result
            },
        },
        diverged @ End::Diverged { .. } => diverged,
    }
}

/// The last line of a log; of a long one its beginning, and of a long log the end is read.
fn last_line(path: &Path) -> Option<String> {
    const END: u64 = 1 << 16;
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(END)))
        .ok()?;
    let mut bytes = Vec::new();
    file.take(END).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let last = text.lines().rev().find(|l| !l.trim().is_empty())?;
    Some(shortened(last.trim()))
}

/// The beginning of a long line.
fn shortened(line: &str) -> String {
    const SHOWN: usize = 500;
    match line.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_final_line_is_enough_and_no_number_is_divergence() {
        let bare = event("{\"event\": \"final\", \"result\": {\"loss\": 3.5}}");
        assert!(matches!(bare, Some(Event::Final(last)) if last.result.loss == 3.5));
        let nan = event("{\"event\": \"final\", \"result\": {\"loss\": NaN}}");
        assert!(matches!(nan, Some(Event::Diverged(_))));
        for other in ["step 3", "{\"a\": 1}", "{", "{\"event\": \"final\"}"] {
            assert!(event(other).is_none(), "{other}");
        }
    }
}
