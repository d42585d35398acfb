//! The laws of `--laws`: names, files and formulas, or a family of the catalogue.

use isoflop::{Diagnostic, Diagnostics, FitOptions, Law, RunTable, catalogue, used_runs};

use crate::law_ref::LawRef;

/// Laws to compare, and those of a family that these runs cannot be fitted with, with the reason.
pub(crate) struct Candidates {
    pub laws: Vec<(String, Law)>,
    pub left_out: Vec<(String, String)>,
}

/// `family:` and the tag that a law file carries.
const FAMILY: &str = "family:";

/// Reads the words of `--laws` for a table. A word with `=` is one formula; others are lists with commas.
pub(crate) fn candidates(
    words: &[String],
    table: &RunTable,
    options: &FitOptions,
) -> Result<Candidates, Diagnostics> {
    let mut out = Candidates {
        laws: Vec::new(),
        left_out: Vec::new(),
    };
    let mut faults = Diagnostics::default();
    let names = words.iter().flat_map(|word| {
        let whole = word.contains('=');
        let parts: Vec<&str> = if whole {
            vec![word.as_str()]
        } else {
            word.split(',').collect()
        };
        parts.into_iter().map(str::trim).filter(|w| !w.is_empty())
    });
    for name in names {
        if let Some(tag) = name.strip_prefix(FAMILY) {
            match family(tag, table, options, &mut out) {
                Ok(()) => {}
                Err(fault) => faults.0.push(fault),
            }
            continue;
        }
        match LawRef::parse(name).load(Some(table), &[]) {
            Ok(law) => add(&mut out, name, law),
            Err(more) => faults.0.extend(more.0),
        }
    }
    if faults.0.is_empty() {
        Ok(out)
    } else {
        Err(faults)
    }
}

/// Whether two laws are fitted alike, whatever they are called.
pub(crate) fn is_same(a: &Law, b: &Law) -> bool {
    let told = |law: &Law| format!("{:?}", law.coefs);
    a.formula_text == b.formula_text && told(a) == told(b) && a.stages.len() == b.stages.len()
}

/// Adds a law that is not there yet.
fn add(out: &mut Candidates, name: &str, law: Law) {
    let same = |(_, other): &(String, Law)| is_same(other, &law);
    match out.laws.iter().find(|l| same(l)) {
        Some((other, _)) if other != name => {
            let why = format!("it is {other} under another name");
            out.left_out.push((name.to_owned(), why));
        }
        Some(_) => {}
        None => out.laws.push((name.to_owned(), law)),
    }
}

fn family(
    tag: &str,
    table: &RunTable,
    options: &FitOptions,
    out: &mut Candidates,
) -> Result<(), Diagnostic> {
    let mut tags: Vec<String> = Vec::new();
    let mut found = false;
    for (id, _) in catalogue() {
        let Ok(law) = Law::builtin(id) else {
            continue;
        };
        tags.extend(law.tags.iter().cloned());
        if !law.tags.iter().any(|t| t == tag) {
            continue;
        }
        found = true;
        match used_runs(&law, table, options) {
            Ok(_) => add(out, id, law),
            Err(faults) => {
                let why = faults
                    .0
                    .first()
                    .map_or(String::new(), |d| d.message.clone());
                out.left_out.push((id.to_owned(), why));
            }
        }
    }
    if found {
        return Ok(());
    }
    tags.sort();
    tags.dedup();
    let mut fault = Diagnostic::error("unknown-family", format!("no law carries the tag `{tag}`"));
    if let Some(near) = isoflop::closest(tag, tags.iter().map(String::as_str)) {
        fault = fault.help(format!("did you mean `{FAMILY}{near}`?"));
    }
    Err(fault.help(format!("the tags are {}", tags.join(", "))))
}
