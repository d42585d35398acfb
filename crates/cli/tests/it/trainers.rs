//! Trainers behind wrappers: a limit, Ctrl-C and a killed runner reach all of them, and none works beside an orphan.
#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    reason = "deadlines of the tests; no result depends on them"
)]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::program::{Folder, command};

/// A ladder of two runs with a trainer of one's own, and `[run]` as given.
fn ladder(trainer: &str, run: &str) -> String {
    format!(
        "[train]\nsizes = [\"50k\"]\ntokens-per-param = [5, 20]\n[model]\nvocabulary = 1000\n\
         [trainer]\ncommand = '{trainer}'\n[run]\nretries = 0\njobs = 2\n{run}\n"
    )
}

fn spawn(folder: &Folder) -> Child {
    command(&["ladder", "run"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Processes whose command holds a word of this test alone.
fn alive(word: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let found = entries.filter_map(|e| {
        let pid = e.file_name().into_string().ok()?;
        pid.parse::<u32>().ok()?;
        let words = std::fs::read(e.path().join("cmdline")).ok()?;
        String::from_utf8_lossy(&words)
            .contains(word)
            .then_some(pid)
    });
    found.collect()
}

/// Waits until a condition holds.
#[track_caller]
fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_limit_ends_what_a_wrapper_has_started() {
    let folder = Folder::new("trainers-limit");
    let text = ladder("sh -c \"sleep 4711.1; true\"", "minutes-per-run = 0.02");
    folder.file("ladder.toml", text.as_bytes());
    let begun = Instant::now();
    let said = folder.run(&["ladder", "run"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("stopped at the limit"), "{}", said.err);
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
    until("the inner process goes on", || alive("4711.1").is_empty());
}

#[test]
fn an_interruption_ends_what_a_wrapper_has_started() {
    let folder = Folder::new("trainers-interrupt");
    folder.file("train.sh", b"trap '' TERM\nsleep 4711.2\ntrue\n");
    folder.file("ladder.toml", ladder("bash train.sh", "").as_bytes());
    let mut child = spawn(&folder);
    until("no trainer has started", || alive("4711.2").len() == 2);
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(1));
    until("the inner process goes on", || alive("4711.2").is_empty());
}

#[test]
fn a_child_that_is_left_behind_does_not_hold_the_record() {
    let folder = Folder::new("trainers-leftover");
    let script = "sleep 4711.3 &\necho '{\"event\": \"final\", \"result\": {\"loss\": 3.2}}'\n";
    folder.file("train.sh", script.as_bytes());
    folder.file("ladder.toml", ladder("sh train.sh", "").as_bytes());
    let begun = Instant::now();
    folder.run(&["ladder", "run"]);
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
    let records = folder.read("ladder-runs/records.jsonl");
    assert_eq!(records.lines().count(), 2);
    until("what was left behind goes on", || {
        alive("4711.3").is_empty()
    });
}

#[test]
fn no_trainer_starts_beside_an_orphan() {
    let folder = Folder::new("trainers-orphan");
    folder.file("train.sh", b"echo started >> starts\nsleep 4711.4\ntrue\n");
    folder.file("ladder.toml", ladder("sh train.sh", "").as_bytes());
    let mut child = spawn(&folder);
    until("no trainer has started", || alive("4711.4").len() == 2);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(alive("4711.4").len(), 2, "the orphans go on");
    let said = folder.run(&["ladder", "run"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("still works in"), "{}", said.err);
    assert_eq!(folder.read("starts").lines().count(), 2, "{}", said.err);
    for pid in alive("4711.4") {
        let sent = Command::new("kill").args(["-KILL", &pid]).status();
        assert!(sent.unwrap().success());
    }
}

#[test]
fn what_a_trainer_says_reaches_no_terminal_raw() {
    let folder = Folder::new("trainers-escape");
    folder.file(
        "train.sh",
        b"printf '\\033]0;pwn\\007\\033[31mred' >&2\nexit 3\n",
    );
    folder.file("ladder.toml", ladder("sh train.sh", "").as_bytes());
    let said = folder.run(&["ladder", "run"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("pwn"), "{}", said.err);
    assert!(
        !said.err.contains('\u{1b}') && !said.out.contains('\u{1b}'),
        "{}",
        said.err
    );
}
