//! The trainer as a process.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use isoflop_trainer::protocol::Event;

use crate::tiny;

fn run(spec: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_isoflop-trainer"))
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the trainer is built with its tests");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(spec.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn events(output: &Output) -> Vec<Event> {
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("every line is an event"))
        .collect()
}

#[test]
fn a_run_is_told_line_by_line() {
    let output = run(&serde_json::to_string(&tiny()).unwrap());
    assert!(output.status.success());
    let events = events(&output);
    let Some(Event::Start(start)) = events.first() else {
        panic!("{events:?}")
    };
    assert_eq!(start.params, tiny().shape.params());
    let Some(Event::Final(last)) = events.last() else {
        panic!("{events:?}")
    };
    assert_eq!(last.result.tokens, Some(tiny().trained_tokens()));
    assert_eq!(last.result.flops, Some(tiny().flops()));
    assert!(last.timing.is_some_and(|t| t.tokens_per_sec > 0.0));
}

#[test]
fn a_specification_at_fault_fails_with_its_fault() {
    let output = run("{\"schema\": 3}");
    assert!(!output.status.success());
    let events = events(&output);
    assert!(matches!(&events[..], [Event::Fault { code, .. }] if code == "bad-spec"));
}
