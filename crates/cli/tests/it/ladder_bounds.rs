//! Ladder files that ask for what cannot be: refused before anything is planned or trained.

use crate::program::{Folder, Said};

/// A small ladder with one part exchanged.
fn ladder(from: &str, to: &str) -> String {
    let text = "[train]\nsizes = [\"2k\", \"4k\", \"8k\"]\ntokens-per-param = [10, 20]\nseeds = [0]\n[model]\nlayers = 1\n\
                context = 32\nhead-width = 8\n[recipe]\nbatch-tokens = 256\n[data]\nkind = \"synthetic\"\nalphabet = 12\n\
                order = 2\n[run]\njobs = 2\n[fit]\nlaw = \"chinchilla\"\nlevel = 0.9\nobjective = \"squared-log\"\n\
                uncertainty = \"covariance\"\nwhere = \"tokens > 0\"\n";
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

#[track_caller]
fn refused(folder: &Folder, verb: &str, words: &[&str]) -> Said {
    let said = folder.run(&["ladder", verb]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (1, ""),
        "{verb}: {}",
        said.err
    );
    for word in words {
        assert!(said.err.contains(word), "{verb}, {word}: {}", said.err);
    }
    assert!(!said.err.contains("panicked"), "{}", said.err);
    assert!(
        !folder.has("ladder-runs/records.jsonl"),
        "nothing was trained"
    );
    said
}

#[test]
fn a_fit_that_cannot_be_made_is_refused_before_training() {
    let folder = Folder::new("ladder-bad-fit");
    for (from, to, word) in [
        ("\"chinchilla\"", "\"nope-law\"", "nope-law"),
        ("\"chinchilla\"", "\"L = E + A/width_of^alpha\"", "no input"),
        ("\"squared-log\"", "\"sqared\"", "bad-objective"),
        ("\"covariance\"", "\"bootstrap:3\"", "bad-uncertainty"),
        ("level = 0.9", "level = 2", "level"),
        ("tokens > 0", "tokns > 0", "tokns"),
    ] {
        folder.file("ladder.toml", ladder(from, to).as_bytes());
        for verb in ["plan", "run"] {
            refused(&folder, verb, &[word]);
        }
    }
}

#[test]
fn numbers_beyond_reason_are_refused() {
    let folder = Folder::new("ladder-beyond");
    let seeds: Vec<String> = (0..20_000).map(|s| s.to_string()).collect();
    let seeds = format!("seeds = [{}]", seeds.join(","));
    for (from, to, word) in [
        ("seeds = [0]", seeds.as_str(), "120000 runs"),
        ("\"2k\"", "\"1e30\"", "1e18"),
        ("\"2k\"", "\"1e17\"", "the nearest shape"),
        ("context = 32", "context = 9000000000", "context"),
        ("batch-tokens = 256", "batch-tokens = \"1e300\"", "tokens"),
        ("jobs = 2", "jobs = 90000", "jobs"),
        ("jobs = 2", "minutes-per-run = -1", "minutes-per-run"),
        ("jobs = 2", "retries = 90000000000", "retries"),
    ] {
        folder.file("ladder.toml", ladder(from, to).as_bytes());
        for verb in ["plan", "run", "status"] {
            refused(&folder, verb, &[word]);
        }
    }
}

#[test]
fn a_model_that_no_machine_here_holds_is_planned_and_not_run() {
    let folder = Folder::new("ladder-large");
    let text = ladder("layers = 1\n", "").replace("\"2k\"", "\"1T\"");
    folder.file("ladder.toml", text.as_bytes());
    let said = folder.run(&["ladder", "plan"]);
    assert_eq!(said.code, 0, "{}", said.err);
    refused(&folder, "run", &["no-room"]);
}

#[test]
fn a_ladder_whose_table_cannot_be_written_is_fitted() {
    let folder = Folder::new("ladder-read-only");
    folder.file("ladder.toml", ladder("jobs = 2", "jobs = 1").as_bytes());
    let said = folder.run(&["ladder", "run", "-q"]);
    assert!([0, 3].contains(&said.code), "{}", said.err);
    let open = folder.run(&["ladder", "fit", "--json"]);
    let table = folder.path().join("ladder-runs/runs.csv");
    // A folder of that name cannot be replaced, whoever asks.
    std::fs::remove_file(&table).unwrap();
    std::fs::create_dir(&table).unwrap();
    std::fs::write(table.join("kept"), "").unwrap();
    let said = folder.run(&["ladder", "fit", "--json"]);
    assert_eq!((said.code, said.out), (open.code, open.out), "{}", said.err);
}
