//! `isoflop data`: the tables that come with the program.

use isoflop::report::doc::{Frame, Value};
use isoflop::report::{TableSummary, json, tables_document};
use isoflop::{DataSet, Diagnostic, closest, dataset, datasets};

use crate::args::DataCommand;
use crate::output::{Failure, Output};

pub(crate) fn run(said: Option<DataCommand>, output: &Output) -> Result<(), Failure> {
    match said.unwrap_or(DataCommand::List) {
        DataCommand::List => {
            let tables: Vec<TableSummary> = datasets().iter().map(summary).collect();
            output.show(&tables_document(&tables), || {
                json::text(&json::tables(&tables))
            })
        }
        DataCommand::Show { name } => show(&name, output),
    }
}

fn show(name: &str, output: &Output) -> Result<(), Failure> {
    let Some(set) = dataset(name) else {
        let names = datasets().iter().map(|s| s.name);
        let fault = Diagnostic::error(
            "unknown-data",
            format!("no table `{name}` comes with the program"),
        );
        return Err(match closest(name, names) {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault.help("`isoflop data list` names them"),
        }
        .into());
    };
    let mut doc = tables_document(&[summary(set)]);
    doc.frame = frame(set);
    output.show_as(
        &doc,
        || json::text(&json::tables(&[summary(set)])),
        || set.csv.to_owned(),
    )
}

fn summary(set: &DataSet) -> TableSummary {
    TableSummary {
        name: set.name.to_owned(),
        rows: set.rows(),
        columns: set.columns().map(str::to_owned).collect(),
        description: set.description.to_owned(),
    }
}

/// The cells as they stand in the table, so that `-o` gives back the same bytes.
fn frame(set: &DataSet) -> Frame {
    let mut frame = Frame::with_columns(&set.columns().collect::<Vec<_>>());
    for line in set.csv.lines().skip(1) {
        frame.rows.push(
            line.split(',')
                .map(|cell| Value::Text(cell.to_owned()))
                .collect(),
        );
    }
    frame
}
