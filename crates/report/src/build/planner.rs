//! The words of a plan that the reader moves.

use isoflop_answer::plan::{LiveLaw, LivePlan};
use isoflop_base::Diagnostics;

use super::plan::intervals;
use super::words::shell;
use crate::doc::{Block, Document, Planner};
use crate::number::counted;

/// Adds a section with a plan that the reader moves, or the sentence why there is none.
pub fn add_planner(doc: &mut Document, live: Result<LivePlan, Diagnostics>) {
    doc.heading("Another budget, another plan");
    doc.push(planner(live, None));
}

/// A plan that the reader moves, or the sentence why there is none. `first` is a command that its own needs before it.
pub(super) fn planner(live: Result<LivePlan, Diagnostics>, first: Option<String>) -> Block {
    match live {
        Ok(live) => Block::Planner(Box::new(Planner {
            title: "Move the budget, the traffic, the data or the size".to_owned(),
            live,
            first,
        })),
        Err(faults) => {
            let why: Vec<&str> = faults.0.iter().map(|d| d.message.as_str()).collect();
            Block::Paragraph(format!("There is no plan to move: {}.", why.join("; ")))
        }
    }
}

/// Where the numbers of a law come from, in words for those who move it.
pub(crate) fn about(law: &LiveLaw, level: f64) -> String {
    let first = if law.draws.len() < law.draws_in_all {
        format!(", here the first {}", law.draws.len())
    } else {
        String::new()
    };
    let runs = law.runs.map_or_else(String::new, |n| {
        format!(", fitted to {}", counted(n, "run"))
    });
    let intervals = match intervals(level, &law.spread) {
        none if none.starts_with("none: ") => none.replacen("none: ", "No intervals: ", 1),
        some => format!("Intervals: {some}{first}"),
    };
    format!(
        "Law: {}{runs}. {intervals}. Compute: {} ({}).",
        law.name, law.convention.formula, law.convention.name
    )
}

/// The command that gives the plan where its sliders start.
pub(crate) fn command_line(planner: &Planner) -> String {
    let start = &planner.live.start;
    let mut words = planner
        .live
        .laws
        .first()
        .map_or_else(Vec::new, |law| law.command.clone());
    let options = [
        ("--compute", Some(start.compute)),
        ("--serve", start.serve),
        ("--unique", start.unique),
        ("--params", start.params),
        ("--max-params", start.max_params),
    ];
    for (option, value) in options {
        if let Some(x) = value {
            words.extend([option.to_owned(), exact(x)]);
        }
    }
    let words: Vec<String> = words.iter().map(|w| shell(w)).collect();
    let first = planner.first.iter().map(|first| format!("{first} && "));
    first.collect::<String>() + &words.join(" ")
}

/// The shortest text that reads back as the same number.
fn exact(x: f64) -> String {
    let (plain, short) = (format!("{x}"), format!("{x:e}"));
    if plain.len() > 12 || (plain.ends_with("0000") && short.len() < plain.len()) {
        short
    } else {
        plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_command_survive_a_shell() {
        for (word, said) in [
            ("fit.json", "fit.json"),
            ("C = 6*N*D", "'C = 6*N*D'"),
            ("it's", "'it'\\''s'"),
            ("", "''"),
        ] {
            assert_eq!(shell(word), said);
        }
        for (x, said) in [
            (1e24, "1e24"),
            (5.76e23, "5.76e23"),
            (8e9, "8e9"),
            (2048.0, "2048"),
        ] {
            assert_eq!(exact(x), said);
        }
    }
}
