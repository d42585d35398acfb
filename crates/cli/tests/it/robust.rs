//! Inputs and surroundings that break programs: huge, deep, cut off, unreadable, full, gone.

use std::io::Read as _;
use std::process::Stdio;

use crate::program::{Folder, Said, command};

const RUNS: &[u8] =
    b"params,tokens,loss\n1e7,2e8,4.5\n1e8,2e9,3.4\n1e9,2e10,2.8\n1e9,3e10,2.7\n1e8,3e10,3.1\n\
                      1e7,1e9,3.9\n2e7,1e9,3.8\n3e7,5e9,3.3\n";

/// A refused input: exit code 1, nothing on standard output, no crash, the words, and a text of a screen or so.
#[track_caller]
fn refused(said: &Said, words: &[&str]) {
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{}", start(said));
    for word in words {
        assert!(said.err.contains(word), "{word}: {}", start(said));
    }
    assert!(!said.err.contains("panicked"), "{}", start(said));
    assert!(
        said.err.len() < 8000,
        "{} bytes: {}",
        said.err.len(),
        start(said)
    );
}

fn start(said: &Said) -> String {
    said.err.chars().take(2000).collect()
}

fn fit(folder: &Folder, table: &str) -> Said {
    folder.run(&["fit", table, "--law", "chinchilla"])
}

#[test]
fn a_line_of_ten_megabytes_is_quoted_in_part() {
    let folder = Folder::new("long-line");
    let mut table = b"params,tokens,loss\n1e7,2e8,4.5\n".to_vec();
    table.resize(table.len() + 10_000_000, b'x');
    table.extend(b",1,2\n");
    folder.file("long.csv", &table);
    refused(
        &fit(&folder, "long.csv"),
        &["no-usable-rows", "long.csv:3", "xxx…"],
    );
    table.extend(b"\xff\n");
    folder.file("long.csv", &table);
    refused(&fit(&folder, "long.csv"), &["not-utf8", "long.csv:4:1"]);
}

#[test]
fn a_hundred_thousand_columns_are_listed_in_part() {
    let folder = Folder::new("wide");
    let header: Vec<String> = (0..100_000).map(|i| format!("c{i}")).collect();
    let row = vec!["1"; 100_000].join(",");
    folder.file(
        "wide.csv",
        format!("{}\n{row}\n{row}\n", header.join(",")).as_bytes(),
    );
    refused(
        &fit(&folder, "wide.csv"),
        &["unknown-column", "`c0`", "more", "--map"],
    );
}

#[test]
fn deep_nesting_is_refused_and_its_place_shown() {
    let folder = Folder::new("deep");
    let deep = format!("{}N{}", "(".repeat(100_000), ")".repeat(100_000));
    let law = format!(
        "title = \"t\"\nformula = \"L = E + {deep}\"\nsource = \"here\"\n[vars]\nL = {{ column = \"loss\", role = \
         \"response\" }}\nN = {{ column = \"params\" }}\n[coefs]\nE = {{ range = [0, inf] }}\n"
    );
    folder
        .file("runs.csv", RUNS)
        .file("deep.toml", law.as_bytes());
    let said = folder.run(&["fit", "runs.csv", "--law", "deep.toml"]);
    refused(&said, &["nesting", "deep.toml:2:", "at most 200 levels"]);
    let json = format!("{}1{}\n", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    folder.file("deep.jsonl", json.as_bytes());
    refused(
        &fit(&folder, "deep.jsonl"),
        &["no-rows", "deep.jsonl:1", "recursion limit"],
    );
    let shallow = format!("{}tokens{} > 1", "(".repeat(30_000), ")".repeat(30_000));
    let said = folder.run(&[
        "fit",
        "runs.csv",
        "--law",
        "chinchilla",
        "--where",
        &shallow,
    ]);
    refused(&said, &["nesting", "<where>:1:"]);
}

#[test]
fn a_coefficient_called_like_a_function_is_refused() {
    let folder = Folder::new("function");
    folder.file("runs.csv", RUNS);
    let said = folder.run(&["fit", "runs.csv", "--law", "L = E + exp/N^alpha"]);
    refused(&said, &["exp is a function", "<formula>:1:9", "exp(x)"]);
}

#[test]
fn zeros_and_utf16_are_no_table() {
    let folder = Folder::new("bytes");
    folder.file("zero.csv", b"params,tokens,loss\n1e7,\0,3\n");
    refused(
        &fit(&folder, "zero.csv"),
        &["binary-file", "byte 23 is zero"],
    );
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let bytes = [
        b"\xff\xfe".to_vec(),
        wide("params,tokens,loss\n1e7,2e8,3\n"),
    ]
    .concat();
    folder.file("wide.csv", &bytes);
    refused(&fit(&folder, "wide.csv"), &["not-utf8", "UTF-16", "iconv"]);
}

#[test]
fn a_mark_and_carriage_returns_change_nothing() {
    let folder = Folder::new("crlf");
    let text = String::from_utf8(RUNS.to_vec()).unwrap();
    let marked = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    folder.file("a.csv", RUNS).file("b.csv", marked.as_bytes());
    let coefs = |table: &str| {
        let said = folder.run(&["fit", table, "--law", "L = E + B/D^beta", "--json"]);
        let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        json["coefs"].clone()
    };
    assert_eq!(coefs("a.csv"), coefs("b.csv"));
}

#[test]
fn nothing_on_standard_input_is_told() {
    let folder = Folder::new("stdin");
    refused(&fit(&folder, "-"), &["empty-file", "<stdin> is empty"]);
}

#[test]
fn numbers_that_are_none_are_wrong_usage() {
    let folder = Folder::new("options");
    folder.file("runs.csv", RUNS);
    for (option, value) in [
        ("--level", "nan"),
        ("--starts", "0"),
        ("--starts", "999999999999"),
        ("--threads", "-1"),
    ] {
        let said = folder.run(&[
            "fit",
            "runs.csv",
            "--law",
            "chinchilla",
            &format!("{option}={value}"),
        ]);
        assert_eq!(
            (said.code, said.out.as_str()),
            (2, ""),
            "{option}: {}",
            said.err
        );
        assert!(said.err.contains(option), "{}", said.err);
    }
    let said = folder.run(&[
        "fit",
        "runs.csv",
        "--law",
        "chinchilla",
        "--objective",
        "huber:nan",
    ]);
    refused(&said, &["bad-objective", "above zero"]);
}

/// Four budgets of three sizes: a parabola through three runs leaves no residuals to resample.
#[test]
fn a_recipe_without_residuals_has_no_errors_and_no_crash() {
    let folder = Folder::new("no-residuals");
    let mut table = "params,tokens,flops,loss\n".to_owned();
    for c in [1e19, 1e20, 1e21, 1e22] {
        for n in [0.5, 1.0, 2.0] {
            let params = n * f64::sqrt(c / 120.0);
            let tokens = c / (6.0 * params);
            let loss = 1.7 + 400.0 / params.powf(0.34) + 410.0 / tokens.powf(0.28);
            table.push_str(&format!("{params:e},{tokens:e},{c:e},{loss}\n"));
        }
    }
    folder.file("runs.csv", table.as_bytes());
    let recipe = [
        "fit",
        "runs.csv",
        "--recipe",
        "isoflop",
        "--uncertainty",
        "bootstrap:50",
    ];
    let said = folder.run(&recipe);
    assert!([0, 1, 3].contains(&said.code), "{}", start(&said));
    assert!(!said.err.contains("panicked"), "{}", start(&said));
}

#[test]
fn no_threads_means_one_per_core() {
    let folder = Folder::new("threads");
    folder.file("runs.csv", RUNS);
    let law = ["fit", "runs.csv", "--law", "L = E + B/D^beta"];
    let said = |more: &[&str]| folder.run(&[&law, more].concat());
    let (all, one) = (said(&["--threads", "0"]), said(&["--threads", "1"]));
    assert_eq!((all.code, &all.out), (0, &one.out), "{}", all.err);
}

#[test]
fn a_reader_that_leaves_during_a_fit_is_no_failure() {
    let folder = Folder::new("head");
    folder.file("runs.csv", RUNS);
    let mut child = command(&["fit", "simulated-ladder", "--law", "chinchilla"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert!(child.wait().unwrap().success(), "{err}");
    assert_eq!(err, "");
}

#[cfg(target_os = "linux")]
mod linux {
    use super::*;

    #[test]
    fn a_full_disk_is_told_and_leaves_nothing() {
        let folder = Folder::new("full");
        folder.file("runs.csv", RUNS);
        std::os::unix::fs::symlink("/dev/full", folder.path().join("fit.json")).unwrap();
        let law = "L = E + B/D^beta";
        let said = folder.run(&["fit", "runs.csv", "--law", law, "-o", "fit.json"]);
        refused(&said, &["cannot-write", "fit.json", "No space left"]);
        let said = folder.run(&[
            "fit",
            "runs.csv",
            "--law",
            law,
            "-o",
            "no-such-folder/fit.json",
        ]);
        refused(&said, &["cannot-write", "no-such-folder/fit.json"]);
    }

    #[test]
    fn a_closed_standard_output_is_told() {
        let folder = Folder::new("closed");
        folder.file("runs.csv", RUNS);
        let fit = |more: &str| {
            let script = format!("exec \"$0\" fit runs.csv --law 'L = E + B/D^beta' {more} >&-");
            let ended = std::process::Command::new("bash")
                .args(["-c", &script, env!("CARGO_BIN_EXE_isoflop")])
                .current_dir(folder.path())
                .output()
                .unwrap();
            (
                ended.status.code(),
                String::from_utf8_lossy(&ended.stderr).into_owned(),
            )
        };
        let (code, err) = fit("");
        assert_eq!(code, Some(1), "{err}");
        assert!(err.contains("standard output cannot be written"), "{err}");
        // Nothing is to be printed, and the file is written.
        assert_eq!(fit("-q -o fit.json").0, Some(0));
        assert!(folder.has("fit.json"));
    }

    #[test]
    fn a_device_without_end_is_refused() {
        let folder = Folder::new("endless");
        for args in [
            ["plan", "-", "--compute", "1e22"].as_slice(),
            &["predict", "/dev/zero", "--at", "N=1e9,D=1e10"],
        ] {
            let ended = command(args)
                .current_dir(folder.path())
                .stdin(std::fs::File::open("/dev/zero").unwrap())
                .output()
                .unwrap();
            let err = String::from_utf8_lossy(&ended.stderr);
            assert_eq!(ended.status.code(), Some(1), "{err}");
            assert!(err.contains("longer than 1 GiB"), "{err}");
        }
    }

    /// A limit of the size of files stops the writing in the middle, as a full disk does.
    #[test]
    fn a_file_that_cannot_be_written_whole_stays_as_it_was() {
        let folder = Folder::new("whole");
        folder.file("runs.csv", RUNS).file("fit.json", b"old");
        let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" fit runs.csv --law 'L = E + B/D^beta' -o fit.json";
        let ended = std::process::Command::new("bash")
            .args(["-c", script, env!("CARGO_BIN_EXE_isoflop")])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let err = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{err}");
        assert!(err.contains("cannot-write"), "{err}");
        assert_eq!(folder.read("fit.json"), "old");
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 2, "only the table and the old file are there");
    }

    #[test]
    fn a_pipe_is_read_like_a_file() {
        let folder = Folder::new("pipe");
        folder.file("runs.csv", RUNS);
        let script = "mkfifo p; cat runs.csv > p & \"$0\" fit p -v --law 'L = E + B/D^beta'";
        let ended = std::process::Command::new("bash")
            .args(["-c", script, env!("CARGO_BIN_EXE_isoflop")])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&ended.stdout);
        assert!(
            out.contains("8 runs used"),
            "{}",
            String::from_utf8_lossy(&ended.stderr)
        );
    }

    #[test]
    fn an_interruption_ends_the_program() {
        let folder = Folder::new("interrupt");
        let mut child = command(&["fit", "p", "--law", "chinchilla"]);
        std::process::Command::new("mkfifo")
            .arg(folder.path().join("p"))
            .status()
            .unwrap();
        let mut child = child
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let signal = ["-INT", &child.id().to_string()];
        std::process::Command::new("kill")
            .args(signal)
            .status()
            .unwrap();
        assert!(!child.wait().unwrap().success());
    }
}
