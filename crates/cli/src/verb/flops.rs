//! `isoflop flops`: FLOP, parameters and units by the accounting laws of the catalogue.

use isoflop::report::{flops_document, json};
use isoflop::{Diagnostic, Law, catalogue, closest};

use crate::args::FlopsArgs;
use crate::output::{Failure, Output};
use crate::verb::laws::evaluate;

/// The tag of the laws that are conventions of counting.
const TAG: &str = "accounting";

/// What the name of a convention may leave out.
const PREFIXES: [&str; 3] = ["", "flops-", "params-"];

pub(crate) fn run(said: &FlopsArgs, output: &Output) -> Result<(), Failure> {
    let mut laws = Vec::new();
    for (id, _) in catalogue() {
        laws.push(Law::builtin(id)?);
    }
    laws.retain(|law| law.tags.iter().any(|tag| tag == TAG));
    if said.list {
        return output.show(&flops_document(&laws), || json::text(&json::laws(&laws)));
    }
    let law = named(&laws, &said.convention)?;
    evaluate(law, &said.values, None, output)
}

fn named<'a>(laws: &'a [Law], name: &str) -> Result<&'a Law, Diagnostic> {
    let wanted = name.to_lowercase();
    let found = PREFIXES.iter().find_map(|prefix| {
        let id = format!("{prefix}{wanted}");
        laws.iter().find(|law| law.id == id)
    });
    found.ok_or_else(|| {
        let message = format!("there is no accounting convention `{name}`");
        let fault = Diagnostic::error("unknown-convention", message);
        let short = |law: &'a Law| {
            let id = law.id.as_str();
            [id, id.trim_start_matches("flops-")]
        };
        match closest(&wanted, laws.iter().flat_map(short)) {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault.help("`isoflop flops --list` shows them"),
        }
    })
}
