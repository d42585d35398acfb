//! Every verb that writes an answer, ended at any moment: the file is the old one or the new one, and nothing lies beside it.

use std::process::Command;
use std::time::{Duration, Instant};

use isoflop_testkit::Random;

use crate::program::{Folder, spawn};

/// A verb with the file that it writes.
const VERBS: [(&str, &[&str]); 6] = [
    (
        "out.json",
        &[
            "fit",
            "simulated-ladder",
            "--law",
            "chinchilla",
            "--uncertainty",
            "bootstrap:200",
            "-q",
            "-o",
            "out.json",
        ],
    ),
    (
        "out.json",
        &[
            "plan",
            "fit.json",
            "--compute",
            "1e22",
            "-q",
            "-o",
            "out.json",
        ],
    ),
    (
        "out.html",
        &["report", "fit.json", "--no-check", "-q", "-o", "out.html"],
    ),
    (
        "out.json",
        &["check", "fit.json", "--no-backtest", "-q", "-o", "out.json"],
    ),
    (
        "out.csv",
        &[
            "predict",
            "fit.json",
            "--at",
            "N=1e10,D=1e11",
            "-q",
            "-o",
            "out.csv",
        ],
    ),
    (
        "led.jsonl",
        &[
            "predict",
            "fit.json",
            "--record",
            "led.jsonl",
            "--at",
            "N=1e10,D=1e11",
            "--name",
            "a",
            "-q",
        ],
    ),
];

const OLD: &str = "what was there before\n";

/// The file before a run: a ledger is made, any other is replaced.
fn before(folder: &Folder, file: &str) -> Option<Vec<u8>> {
    if file == "led.jsonl" {
        let _ = std::fs::remove_file(folder.path().join(file));
        return None;
    }
    folder.file(file, OLD.as_bytes());
    Some(OLD.into())
}

fn names(folder: &Folder) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<String> = entries
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[expect(
    clippy::disallowed_methods,
    reason = "moments of a run are shares of its time"
)]
fn ends_at_once_and_whole(signal: &str) {
    let folder = Folder::with_fit(&format!("killed{signal}"));
    let mut random = Random::new(signal.len() as u64);
    for (file, args) in VERBS {
        before(&folder, file);
        let started = Instant::now();
        assert!(spawn(&folder, args).wait().unwrap().success(), "{args:?}");
        let whole = started.elapsed();
        let new = folder.bytes(file);
        assert_ne!(new, OLD.as_bytes(), "{args:?}");
        for at in 0..8 {
            let old = before(&folder, file);
            let mut child = spawn(&folder, args);
            // The file is written last, so most of the moments are near the end.
            let share = if at < 2 {
                random.unit()
            } else {
                0.8 + 0.25 * random.unit()
            };
            std::thread::sleep(whole.mul_f64(share));
            let running = child.try_wait().unwrap().is_none();
            let sent = Instant::now();
            let kill = Command::new("kill")
                .args([signal, &child.id().to_string()])
                .output();
            let sent_to_it = running && kill.unwrap().status.success();
            child.wait().unwrap();
            let waited = sent.elapsed();
            // A tenth of a second where nothing else runs; here other tests do.
            assert!(
                !sent_to_it || waited < Duration::from_secs(2),
                "{waited:?} {args:?}"
            );
            let left = std::fs::read(folder.path().join(file)).ok();
            let is_old = left == old;
            let is_new = left.as_ref() == Some(&new);
            // A ledger that was opened and not written to is empty.
            let is_empty = file == "led.jsonl" && left.as_ref().is_some_and(Vec::is_empty);
            assert!(is_old || is_new || is_empty, "{args:?} leaves {left:?}");
            if signal == "-INT" {
                let parts = names(&folder);
                let part = parts.iter().find(|n| n.ends_with(".part"));
                assert_eq!(part, None, "{args:?}");
            }
        }
    }
}

#[test]
fn killed_at_any_moment_a_verb_leaves_the_old_file_or_the_new_one() {
    ends_at_once_and_whole("-KILL");
}

#[test]
fn interrupted_at_any_moment_a_verb_ends_at_once_and_leaves_nothing_beside_its_file() {
    ends_at_once_and_whole("-INT");
}
