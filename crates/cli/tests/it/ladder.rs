//! Ladders as their users run them: killed at any moment, with a trainer of their own, from two shells at once.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::program::{Folder, command, spawn};

/// Twenty runs of a fraction of a second.
const TINY: &str = r#"
[train]
sizes = ["3k", "4k", "6k"]
tokens-per-param = [10, 15, 20]
seeds = [0, 1]
[held-out]
sizes = ["9k"]
tokens-per-param = [10]
seeds = [0, 1]
[model]
context = 64
[data]
kind = "synthetic"
alphabet = 16
order = 2
[run]
checkpoint-secs = 0.05
held-out-tokens = 4096
[fit]
uncertainty = "bootstrap:100"
"#;

/// A trainer that measures a law: what it is given decides its loss.
const SCRIPT: &str = r#"
echo "loading" >&2
echo "step 1 of 1"
case "$3" in
  nan) echo '{"event": "final", "result": {"loss": NaN}}'; exit 0 ;;
  broken) echo "out of memory" >&2; exit 7 ;;
esac
awk -v n="$1" -v d="$2" 'BEGIN {
  r = sin(12.9898 * n + 78.233 * d) * 43758.5453; r = r - int(r)
  printf "{\"loss\": %.15g}\n", (1.7 + 30 / n^0.4 + 80 / d^0.45) * (1 + 0.001 * r)
}' > "$4/result.json"
"#;

fn own_trainer(seeds: &str) -> String {
    format!(
        "[train]\nsizes = [\"50k\", \"100k\", \"200k\", \"400k\"]\ntokens-per-param = [5, 20, 80]\nseeds = {seeds}\n\
         [held-out]\nsizes = [\"1M\"]\ntokens-per-param = [20]\n\
         [model]\nvocabulary = 1000\n\
         [trainer]\ncommand = \"sh train.sh {{params}} {{tokens}} seed{{seed}} {{dir}}\"\n\
         [run]\nretries = 0\n[fit]\nobjective = \"squared-log\"\n"
    )
}

fn lines(folder: &Folder) -> usize {
    let text = std::fs::read_to_string(folder.path().join("ladder-runs/records.jsonl"));
    text.unwrap_or_default().lines().count()
}

#[test]
fn thirty_kills_leave_the_records_of_an_uninterrupted_ladder() {
    let whole = Folder::new("ladder-whole");
    whole.file("ladder.toml", TINY.as_bytes());
    let said = whole.run(&["ladder", "run", "-q"]);
    assert_eq!(said.code, 0, "{}", said.err);

    let killed = Folder::new("ladder-killed");
    killed.file("ladder.toml", TINY.as_bytes());
    let mut during = 0;
    for kill in 0..30u64 {
        let mut child = spawn(&killed, &["ladder", "run", "-q"]);
        // Spread over a fifth of a second, the same for every run of this test.
        std::thread::sleep(Duration::from_millis(20 + kill * 7919 % 200));
        child.kill().unwrap();
        child.wait().unwrap();
        during += usize::from(lines(&killed) < 20);
    }
    assert!(during >= 3, "the kills came after the end: {during}");
    let said = killed.run(&["ladder", "run", "-q"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(lines(&killed), 20);
    let table =
        |folder: &Folder| std::fs::read(folder.path().join("ladder-runs/runs.csv")).unwrap();
    assert_eq!(table(&killed), table(&whole));
    let sorted = |folder: &Folder| {
        let text =
            std::fs::read_to_string(folder.path().join("ladder-runs/records.jsonl")).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&killed), sorted(&whole));

    // Once more runs nothing, and says the same.
    let again = killed.run(&["ladder", "run", "--json"]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(lines(&killed), 20);
    assert_eq!(again.out, whole.run(&["ladder", "fit", "--json"]).out);
}

#[test]
fn a_law_that_a_trainer_follows_is_found_and_comes_true() {
    let folder = Folder::new("ladder-own");
    folder.file("ladder.toml", own_trainer("[0]").as_bytes());
    folder.file("train.sh", SCRIPT.as_bytes());
    let said = folder.run(&["ladder", "run"]);
    assert_eq!(said.code, 0, "{}", said.err);
    for words in [
        "13 runs made now,",
        "The measured loss lies inside the interval.",
        "985k params",
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let all: Vec<&str> = said.out.split_whitespace().collect();
        let found = all.windows(words.len()).any(|w| w == words);
        assert!(found, "{words:?}: {}", said.out);
    }
    assert!(
        !said.out.contains("entropy"),
        "the trainer is not the built-in one"
    );
    let said = folder.run(&["ladder", "fit", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(found["schema"], "isoflop.ladder/1");
    // The trainer's scatter is a thousandth; four standard errors of each coefficient.
    for (name, truth) in [("E", 1.7), ("alpha", 0.4), ("beta", 0.45)] {
        let coef = &found["fit"]["coefs"][name];
        let (value, se) = (coef["value"].as_f64(), coef["se"].as_f64());
        let (value, se) = (value.unwrap(), se.unwrap());
        assert!(
            (value - truth).abs() < 4.0 * se && se < 0.03,
            "{name} = {value} ± {se}"
        );
    }
    let error = found["held_out"][0]["error"].as_f64().unwrap();
    assert!(error.abs() < 0.005, "{error}");
    let page = folder.read("ladder-runs/report.html");
    assert!(
        page.contains("The measured loss lies inside the interval.")
            && page.contains("985k, held out")
    );

    let filtered = own_trainer("[0]") + "where = \"tokens >= 1.5e6\"\n";
    folder.file("filtered.toml", filtered.as_bytes());
    let said = folder.run(&["ladder", "fit", "filtered.toml", "--json"]);
    let fewer: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (found["fit"]["n"].as_u64(), fewer["fit"]["n"].as_u64()),
        (Some(12), Some(8))
    );

    // "Times the compute" is that of the largest run of the fit, which `where` may leave out.
    let shorter = own_trainer("[0]") + "where = \"tokens < 2e7\"\n";
    folder.file("shorter.toml", shorter.as_bytes());
    let said = folder.run(&["ladder", "fit", "shorter.toml", "--json"]);
    let shorter: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let table = folder.read("ladder-runs/runs.csv");
    let rows: Vec<Vec<&str>> = table.lines().map(|l| l.split(',').collect()).collect();
    let of = |row: &[&str], name: &str| -> f64 {
        let k = rows[0].iter().position(|head| *head == name).unwrap();
        row[k].parse().unwrap()
    };
    let held = rows.iter().find(|row| row[1] == "held-out").unwrap();
    for (found, most) in [(&found, f64::INFINITY), (&shorter, 2e7)] {
        let own = rows.iter().filter(|row| row[1] == "train");
        let own = own.filter(|row| of(row, "tokens") < most);
        let largest = own.map(|row| of(row, "flops")).fold(0.0, f64::max);
        let times = found["held_out"][0]["times_compute"].as_f64().unwrap();
        assert!(
            (times * largest / of(held, "flops") - 1.0).abs() < 1e-9,
            "{times}"
        );
    }

    // The table is one like any other.
    let said = folder.run(&[
        "fit",
        "ladder-runs/runs.csv",
        "--law",
        "chinchilla",
        "--uncertainty",
        "none",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
}

#[test]
fn runs_that_diverge_are_recorded_and_runs_that_fail_are_told() {
    let folder = Folder::new("ladder-diverged");
    let ladder = own_trainer("[0, 1]").replace("seed{seed}", "nan");
    folder.file("ladder.toml", ladder.as_bytes());
    folder.file("train.sh", SCRIPT.as_bytes());
    let said = folder.run(&["ladder", "run"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("no-runs"), "{}", said.err);
    assert!(said.out.contains("diverged"), "{}", said.out);
    assert_eq!(lines(&folder), 25);
    let said = folder.run(&["ladder", "status", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(found["diverged"].as_array().map(Vec::len), Some(25));
    assert_eq!(found["measured"], 0);

    let broken = ladder.replace(" nan ", " broken ");
    folder.file("ladder.toml", broken.as_bytes());
    let said = folder.run(&["ladder", "run"]);
    assert_eq!(said.code, 1);
    for words in ["run-failed", "out of memory", "exit status: 7", "log"] {
        assert!(said.err.contains(words), "{words}: {}", said.err);
    }
    assert_eq!(lines(&folder), 25, "what failed has no record");
}

/// The law of [`SCRIPT`] where tokens are worth `factor` times themselves.
fn truth(params: f64, tokens: f64, factor: f64) -> f64 {
    1.7 + 30.0 / params.powf(0.4) + 80.0 / (factor * tokens).powf(0.45)
}

#[test]
fn the_compute_a_recipe_is_worth_is_found() {
    let folder = Folder::new("ladder-compare");
    let better = SCRIPT.replace("80 / d^0.45", "80 / (2 * d)^0.45");
    folder.file("train.sh", SCRIPT.as_bytes());
    folder.file("better.sh", better.as_bytes());
    let ladder = own_trainer("[0]");
    folder.file("a.toml", ladder.as_bytes());
    let other = ladder
        .replace("train.sh", "better.sh")
        .replace("retries = 0", "retries = 0\nfolder = \"better-runs\"");
    folder.file("b.toml", other.as_bytes());
    for file in ["a.toml", "b.toml"] {
        assert_eq!(folder.run(&["ladder", "run", "-q", file]).code, 0);
    }
    let said = folder.run(&[
        "ladder",
        "compare",
        "a.toml",
        "b.toml",
        "--tokens-per-param",
        "20",
        "--json",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    let found: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(found["schema"], "isoflop.ladder-compare/1");
    let gains = found["gains"].as_array().unwrap();
    assert_eq!(gains.len(), 5);
    let mut inside = 0;
    for gain in gains {
        let flops = gain["flops"].as_f64().unwrap();
        let at = |c: f64, factor: f64| {
            let params = (c / 120.0).sqrt();
            truth(params, 20.0 * params, factor)
        };
        let (mut low, mut high) = (flops, flops * 100.0);
        for _ in 0..100 {
            let middle = f64::midpoint(low, high);
            if at(middle, 1.0) > at(flops, 2.0) {
                low = middle;
            } else {
                high = middle;
            }
        }
        let exact = low / flops;
        let end = |name: &str| gain["interval"][name].as_f64().unwrap();
        let (lower, upper) = (end("lower"), end("upper"));
        assert!(lower > 1.0 && upper / lower < 1.5, "[{lower}, {upper}]");
        inside += usize::from(lower < exact && exact < upper);
    }
    // Intervals of 90 % at scales that share their coefficients.
    assert!(inside >= 4, "{inside} of 5: {}", said.out);
    let text = folder.run(&["ladder", "compare", "a.toml", "b.toml"]);
    assert!(text.out.contains("gain"), "{}", text.err);

    let differs = other.replace("vocabulary = 1000", "vocabulary = 500");
    folder.file("c.toml", differs.as_bytes());
    let said = folder.run(&["ladder", "compare", "a.toml", "c.toml"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("not-comparable"), "{}", said.err);
}

#[test]
fn a_second_shell_sees_the_first_and_does_not_disturb_it() {
    let folder = Folder::new("ladder-locked");
    folder.file("ladder.toml", own_trainer("[0]").as_bytes());
    folder.file("train.sh", b"sleep 3\n");
    let mut first = spawn(&folder, &["ladder", "run", "-q"]);
    let holder = format!("process {}", first.id());
    let mut seen = String::new();
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(20));
        seen = folder.run(&["ladder", "status"]).out;
        if seen.contains(&holder) {
            break;
        }
    }
    assert!(seen.contains(&holder), "{seen}");
    let second = folder.run(&["ladder", "run"]);
    assert_eq!(second.code, 1);
    assert!(second.err.contains("locked"), "{}", second.err);
    first.kill().unwrap();
    first.wait().unwrap();
    let seen = folder.run(&["ladder", "status"]).out;
    assert!(seen.contains("nobody works on it"), "{seen}");
}

#[test]
fn a_polite_stop_says_what_is_kept_and_leaves_no_lock() {
    let folder = Folder::new("ladder-stopped");
    folder.file("ladder.toml", own_trainer("[0]").as_bytes());
    folder.file("train.sh", b"exec sleep 30\n");
    let child = command(&["ladder", "run"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("stopped with 0 of 13 runs recorded"), "{err}");
    assert_eq!(folder.read("ladder-runs/lock"), "");
}

/// Stands for `sbatch`: the tasks of an array one after the other, and the second one is lost the first time.
const SBATCH: &str = r#"#!/bin/sh
for word in "$@"; do
  case "$word" in
    --array=*) last=${word#--array=0-}; last=${last%%\%*} ;;
    --job-name=*) name=${word#--job-name=} ;;
  esac
done
i=0; while [ $i -le "$last" ]; do : > "$QUEUE/$name.$i"; i=$((i + 1)); done
(
  i=0
  while [ $i -le "$last" ]; do
    if [ $i != 1 ] || [ -e "$QUEUE/lost" ]; then
      SLURM_ARRAY_TASK_ID=$i sh -c "$word"
    else
      : > "$QUEUE/lost"
    fi
    rm "$QUEUE/$name.$i"
    i=$((i + 1))
  done
) > /dev/null 2>&1 < /dev/null &
echo 77
"#;

/// Stands for `squeue --name=…`.
const SQUEUE: &str = r#"#!/bin/sh
for word in "$@"; do case "$word" in --name=*) name=${word#--name=} ;; esac; done
for task in "$QUEUE/$name".*; do
  [ -e "$task" ] && echo "${task##*.} RUNNING"
done
exit 0
"#;

#[test]
fn slurm_makes_every_run_and_a_lost_task_is_submitted_again() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("ladder-slurm");
    for name in ["bin", "queue"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    for (name, script) in [("bin/sbatch", SBATCH), ("bin/squeue", SQUEUE)] {
        folder.file(name, script.as_bytes());
        let path = folder.path().join(name);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let ladder = own_trainer("[0]").replace("retries = 0", "retries = 1\n[slurm]\npoll-secs = 0.1");
    folder.file("ladder.toml", ladder.as_bytes());
    folder.file("train.sh", SCRIPT.as_bytes());
    let bin = folder.path().join("bin");
    let old = std::env::var("PATH").unwrap();
    let output = command(&["ladder", "run", "-q"])
        .current_dir(folder.path())
        .env("PATH", format!("{}:{old}", bin.display()))
        .env("QUEUE", folder.path().join("queue"))
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert_eq!(lines(&folder), 13);
    assert!(
        folder.has("ladder-runs/slurm/1/manifest"),
        "nothing was submitted again"
    );
    let again = folder.read("ladder-runs/slurm/1/manifest");
    let first = folder.read("ladder-runs/slurm/0/manifest");
    assert_eq!((first.lines().count(), again.lines().count()), (13, 1));
    assert_eq!(first.lines().nth(1), again.lines().next());
    let said = folder.run(&["ladder", "fit"]);
    assert!(
        said.out.contains("The measured loss lies inside"),
        "{}",
        said.out
    );
}

#[test]
fn without_slurm_its_absence_is_told() {
    let folder = Folder::new("ladder-no-slurm");
    folder.file(
        "ladder.toml",
        format!("{}[slurm]\n", own_trainer("[0]")).as_bytes(),
    );
    folder.file("train.sh", SCRIPT.as_bytes());
    let output = command(&["ladder", "run"])
        .current_dir(folder.path())
        .env("PATH", folder.path())
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(
        err.contains("no-slurm") && err.contains("cannot be run"),
        "{err}"
    );
}

#[test]
fn a_run_beyond_its_limit_is_stopped() {
    let folder = Folder::new("ladder-limit");
    let ladder = own_trainer("[0]").replace("retries = 0", "retries = 0\nminutes-per-run = 0.005");
    folder.file("ladder.toml", ladder.as_bytes());
    folder.file("train.sh", b"exec sleep 20\n");
    let said = folder.run(&["ladder", "run", "--jobs", "13"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("stopped at the limit"), "{}", said.err);
}

#[test]
fn a_new_ladder_can_be_planned_and_is_not_written_over() {
    let folder = Folder::new("ladder-new");
    let said = folder.run(&["ladder", "new", "--minutes", "300", "--jobs", "1"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let said = folder.run(&["ladder", "new", "--minutes", "300", "--jobs", "1"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("cannot-write"), "{}", said.err);
    let said = folder.run(&["ladder", "plan", "--json"]);
    let plan: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(plan["schema"], "isoflop.ladder-plan/1");
    assert!(plan["secs"].as_f64().unwrap() > 1.0);
    assert_eq!(plan["precision"]["coefs"].as_array().map(Vec::len), Some(5));
    let said = folder.run(&["ladder", "fit"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("no-runs"), "{}", said.err);
}

#[test]
fn faults_of_a_ladder_file_are_shown_at_their_place() {
    let folder = Folder::new("ladder-faults");
    let ladder = TINY.replace("sizes = [\"3k\"", "sizes = [\"3 apples\"");
    folder.file("ladder.toml", ladder.as_bytes());
    let said = folder.run(&["ladder", "plan"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("ladder.toml:3"), "{}", said.err);
    let said = folder.run(&["ladder", "plan", "nowhere.toml"]);
    assert!(said.err.contains("isoflop ladder new"), "{}", said.err);
}

#[test]
fn a_run_of_the_ladder_that_comes_with_the_program_can_be_made_again() {
    let set = isoflop::dataset("small-ladder").unwrap();
    let file = set.ladder.unwrap().file;
    // The smallest size at its shortest length, with the first seed.
    let (before, grid) = file.split_once("[train]\n").unwrap();
    let (_, after) = grid.split_once("\n[model]").unwrap();
    let folder = Folder::new("ladder-again");
    folder.file(
        "ladder.toml",
        format!("{before}[train]\nshapes = [{{ layers = 2, width = 16 }}]\ntokens-per-param = [5]\nseeds = [0]\n\n[model]{after}")
            .as_bytes(),
    );
    // One run is too little for a law, which is what it says.
    folder.run(&["ladder", "run", "-q"]);
    let text = std::fs::read_to_string(folder.path().join("ladder-runs/runs.csv")).unwrap();
    let loss = |csv: &str| -> f64 {
        let mut lines = csv.lines();
        let at = lines.next().unwrap().split(',').position(|c| c == "loss");
        lines
            .next()
            .unwrap()
            .split(',')
            .nth(at.unwrap())
            .unwrap()
            .parse()
            .unwrap()
    };
    // Processors differ in the last bits, and training makes them grow.
    let (again, then) = (loss(&text), loss(set.csv));
    assert!((again / then - 1.0).abs() < 0.002, "{again} for {then}");
}

/// Three runs on the documents of this repository.
#[cfg(feature = "bpe")]
const DOCS: &str = r#"
[train]
shapes = [{ layers = 1, width = 8 }, { layers = 1, width = 12 }, { layers = 1, width = 16 }]
tokens = ["40k"]
[model]
context = 32
[data]
kind = "text"
paths = ["DOCS/*.md"]
tokenizer = { kind = "bpe", vocabulary = 320 }
[run]
held-out-tokens = 4096
"#;

#[cfg(feature = "bpe")]
#[test]
fn a_ladder_on_tokens_trains_one_vocabulary_and_tells_the_loss_for_each_byte() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let text = DOCS.replace("DOCS", &docs.display().to_string());
    let folder = Folder::new("ladder-bpe");
    folder.file("ladder.toml", text.as_bytes());
    let plan = folder.run(&["ladder", "plan", "--json"]);
    assert_eq!(plan.code, 0, "{}", plan.err);
    let run = folder.run(&["ladder", "run"]);
    assert!(run.err.contains(" bits/byte"), "{}", run.err);
    let vocabularies = || {
        let files = std::fs::read_dir(folder.path().join("ladder-runs")).unwrap();
        let mut names: Vec<String> = files
            .map(|f| f.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|n| n.starts_with("tokenizer-"))
            .collect();
        names.sort();
        names
    };
    assert_eq!(vocabularies().len(), 1);

    let mut keys = std::collections::BTreeSet::new();
    for line in folder.read("ladder-runs/records.jsonl").lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let result = &record["result"];
        let number = |name: &str| result[name].as_f64().unwrap();
        let (loss, nats) = (number("loss"), number("nats_per_byte"));
        // A token stands for more than one byte and less than four of this text.
        assert!(nats < loss && loss < 4.0 * nats, "{loss} {nats}");
        // 256 bytes that are guessed alike.
        assert!(nats < 0.8 * 256f64.ln(), "{nats}");
        // The embedding of 320 tokens alone, at the smallest width.
        assert!(number("params") > 320.0 * 8.0);
        keys.insert(record["key"].as_str().unwrap().to_owned());
    }
    assert_eq!(keys.len(), 3);

    // Again makes nothing; another vocabulary makes other runs.
    let again = folder.run(&["ladder", "run", "--json"]);
    assert_eq!(lines(&folder), 3, "{}", again.err);
    folder.file("ladder.toml", text.replace("320", "321").as_bytes());
    folder.run(&["ladder", "run", "-q"]);
    assert_eq!(lines(&folder), 6);
    assert_eq!(vocabularies().len(), 2);
}
