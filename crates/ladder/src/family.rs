//! A trainer and everything it has started. A trainer behind a wrapper (`sh -c`, `bash train.sh`, `torchrun`, `uv run`) is
//! a tree of processes: to end the wrapper alone leaves the one that trains.
//!
//! Every trainer has a process group of its own, which its descendants are in unless they leave it; those that left are
//! found by their parents, where the system lists them.

use std::path::Path;
use std::process::{Child, Command};

/// A process by its number and the moment it began: numbers are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pid: u32,
    began: u64,
}

/// In a process group of its own, so that Ctrl-C reaches the ladder alone, and the ladder reaches all of the trainer.
pub(crate) fn own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Asks a trainer and all of its descendants to end, and says who they are.
pub(crate) fn ask(child: &Child) -> Vec<Process> {
    let kin = descendants(child.id());
    signal_group(child.id(), Signal::Ask);
    kin.iter().for_each(|p| signal(*p, Signal::Ask));
    kin
}

/// Ends a trainer, its group, and those of its descendants that are or were known.
pub(crate) fn end(child: &mut Child, known: &[Process]) {
    let now = descendants(child.id());
    end_group(child.id());
    known
        .iter()
        .chain(&now)
        .for_each(|p| signal(*p, Signal::End));
    // A process that has just ended cannot be stopped, and need not be.
    let _ = child.kill();
}

/// Ends what is left in the group of a trainer that has ended.
pub(crate) fn end_group(pid: u32) {
    signal_group(pid, Signal::End);
}

#[derive(Clone, Copy)]
enum Signal {
    Ask,
    End,
}

#[cfg(unix)]
fn signal_group(pid: u32, signal: Signal) {
    if let Some(pid) = raw(pid) {
        // A group without a member cannot be reached, and need not be.
        let _ = rustix::process::kill_process_group(pid, kind(signal));
    }
}

#[cfg(unix)]
fn signal(process: Process, signal: Signal) {
    if let (Some(pid), true) = (raw(process.pid), began(process.pid) == Some(process.began)) {
        // It may have ended since.
        let _ = rustix::process::kill_process(pid, kind(signal));
    }
}

#[cfg(unix)]
fn kind(signal: Signal) -> rustix::process::Signal {
    match signal {
        Signal::Ask => rustix::process::Signal::TERM,
        Signal::End => rustix::process::Signal::KILL,
    }
}

/// Never 0 or 1: those mean this program's own group, and everybody.
#[cfg(unix)]
fn raw(pid: u32) -> Option<rustix::process::Pid> {
    let pid = i32::try_from(pid).ok().filter(|pid| *pid > 1)?;
    rustix::process::Pid::from_raw(pid)
}

#[cfg(not(unix))]
fn signal_group(_: u32, _: Signal) {}

#[cfg(not(unix))]
fn signal(_: Process, _: Signal) {}

/// When a process began, in the system's ticks; none for one that is gone, or where the system does not say.
fn began(pid: u32) -> Option<u64> {
    stat(&Path::new("/proc").join(pid.to_string())).map(|s| s.began)
}

/// What the system says of a process.
struct Stat {
    parent: u32,
    began: u64,
}

fn stat(folder: &Path) -> Option<Stat> {
    let text = std::fs::read(folder.join("stat")).ok()?;
    // The second field is a name in brackets that may hold anything.
    let text = String::from_utf8_lossy(&text);
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        began: fields.get(19)?.parse().ok()?,
    })
}

/// All descendants of a process; none where the system lists no processes.
fn descendants(pid: u32) -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let all: Vec<(Process, u32)> = entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let stat = stat(&entry.path())?;
            let began = stat.began;
            Some((Process { pid, began }, stat.parent))
        })
        .collect();
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![pid];
    while let Some(parent) = parents.pop() {
        for (process, _) in all.iter().filter(|(p, up)| *up == parent && p.pid != pid) {
            if !found.contains(process) {
                found.push(*process);
                parents.push(process.pid);
            }
        }
    }
    found
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn is_gone(process: Process) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", process.pid));
        // A zombie that nobody has waited for yet does nothing any more.
        began(process.pid) != Some(process.began) || state.is_ok_and(|s| s.contains(") Z "))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a deadline of the test; no result depends on it"
    )]
    #[test]
    fn a_grandchild_that_left_the_group_is_ended_too() {
        let mut command = Command::new("sh");
        // `setsid` gives the inner shell a group and a session of its own, as torchrun does for its workers.
        command.args([
            "-c",
            "setsid sh -c 'trap \"\" TERM; sleep 300; true' & wait; true",
        ]);
        own_group(&mut command);
        let mut child = command.spawn().unwrap();
        let begun = Instant::now();
        let mut kin = Vec::new();
        while kin.len() < 2 && begun.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(10));
            kin = descendants(child.id());
        }
        assert!(kin.len() >= 2, "{kin:?}");
        let asked = ask(&child);
        std::thread::sleep(Duration::from_millis(50));
        end(&mut child, &asked);
        child.wait().unwrap();
        let begun = Instant::now();
        while !kin.iter().all(|p| is_gone(*p)) && begun.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(kin.iter().all(|p| is_gone(*p)));
    }
}
