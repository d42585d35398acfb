//! Which column a law means.

use insta::assert_snapshot;
use isoflop_base::Diagnostics;
use isoflop_data::{ReadOptions, RunTable};

use crate::{csv, file, named, note_codes, refused, told, with};

#[track_caller]
fn found(table: &RunTable, letter: &str, column: &str) -> String {
    match table.resolve(letter, column) {
        Ok(resolved) => resolved.column.name.clone(),
        Err(fault) => panic!("{letter} is there, got: {fault}"),
    }
}

#[track_caller]
fn not_found(table: &RunTable, letter: &str, column: &str) -> String {
    told(&Diagnostics::from(
        table.resolve(letter, column).expect_err("no column fits"),
    ))
}

#[test]
fn exact_names_win_over_letters_and_letters_over_synonyms() {
    let table = csv("n_params,N,params,val_loss\n1,2,3,4\n");
    assert_eq!(found(&table, "N", "params"), "params");
    let table = csv("n_params,N,val_loss\n1,2,4\n");
    assert_eq!(found(&table, "N", "params"), "N");
    let table = csv("n_params,val_loss\n1,4\n");
    assert_eq!(found(&table, "N", "params"), "n_params");
    assert_eq!(found(&table, "L", "loss"), "val_loss");
}

#[test]
fn a_map_wins_over_everything() {
    for key in ["loss", "L", "val_loss"] {
        let options = ReadOptions {
            map: vec![(key.to_owned(), "other".to_owned())],
            ..ReadOptions::default()
        };
        assert_eq!(
            found(&with("loss,other\n1,2\n", &options), "L", "loss"),
            "other",
            "{key}"
        );
    }
}

#[test]
fn a_defined_column_wins_over_the_table() {
    let options = ReadOptions {
        lets: vec!["C = 2 * flops".to_owned()],
        ..ReadOptions::default()
    };
    let table = with("flops,loss\n10,2\n", &options);
    assert_eq!(
        table.resolve("C", "flops").unwrap().column.numbers(),
        Some(&[20.0][..])
    );
}

#[test]
fn a_guess_is_noted() {
    let table = csv("Model Size,Data,Val loss\n1,2,3\n");
    let guess = table.resolve("N", "params").unwrap().notes;
    assert_eq!(guess[0].message, "column `Model Size` is read as params");
    assert_eq!(found(&table, "D", "tokens"), "Data");
}

#[test]
fn text_is_never_taken_for_a_role() {
    let table = csv("Model size,n_params\nsmall,1\nlarge,2\n");
    assert_eq!(found(&table, "N", "params"), "n_params");
}

#[test]
fn missing_compute_and_tokens_are_computed() {
    let table = csv("params,tokens,loss\n10,20,3\n");
    let flops = table.resolve("C", "flops").unwrap();
    assert_eq!(flops.column.numbers(), Some(&[1200.0][..]));
    assert_eq!(
        flops.notes[0].message,
        "flops computed as 6*params*tokens from `params` and `tokens`"
    );
    let table = csv("params,flops,loss\n10,1200,3\n");
    let tokens = table.resolve("D", "tokens").unwrap();
    assert_eq!(tokens.column.numbers(), Some(&[20.0][..]));
    assert_eq!(
        tokens.notes[0].message,
        "tokens computed as flops/(6*params) from `flops` and `params`"
    );
}

#[test]
fn gaps_in_compute_are_filled_and_faulty_cells_are_not() {
    let table = csv("params,tokens,flops\n10,20,1200\n10,30,\n10,30,#REF!\n");
    let flops = table.resolve("C", "flops").unwrap();
    assert_eq!(flops.column.numbers().unwrap()[1], 1800.0);
    assert_eq!(
        flops.column.trouble(2).as_deref(),
        Some("is not a number (\"#REF!\")")
    );
    assert_eq!(
        flops.notes[0].message,
        "`flops` filled as 6*params*tokens in 1 row (runs.csv:3)"
    );
}

#[test]
fn header_units_scale_and_say_so() {
    let table = csv("params (M),tokens_B,compute (PF-days),loss [bits]\n10,2,1,4\n");
    let n = table.resolve("N", "params").unwrap();
    assert_eq!(n.column.numbers(), Some(&[10e6][..]));
    assert_eq!(note_codes(&n.notes), ["header-scale"]);
    assert_eq!(
        table.resolve("D", "tokens").unwrap().column.numbers(),
        Some(&[2e9][..])
    );
    let c = table.resolve("C", "flops").unwrap().column;
    assert_eq!(
        (c.numbers(), c.unit.as_str()),
        (Some(&[8.64e19][..]), "FLOP")
    );
    let l = table.resolve("L", "loss").unwrap();
    assert_eq!(
        (l.column.numbers(), note_codes(&l.notes)),
        (Some(&[4.0][..]), vec!["loss-unit"])
    );
}

#[test]
fn an_unknown_column_lists_what_there_is() {
    let table = file("messy/european_decimal.csv");
    let told = not_found(&table, "L", "loss");
    let name = table.sources()[0].name.clone();
    assert_snapshot!(told.replace(&name, "european.csv"), @"
    no column for `L` (loss) in european.csv [unknown-column]
      = the columns are `Modellgröße`, `Trainingstoken`, `FLOP`, `Verlust`
      = say which one it is with `--map loss=COLUMN`
    ");
    let table = csv("params,tokns,loss\n1,2,3\n");
    assert_snapshot!(not_found(&table, "D", "tokens"), @"
    no column for `D` (training tokens) in runs.csv [unknown-column]
      = did you mean `tokns`?
      = the columns are `params`, `tokns`, `loss`
      = say which one it is, for example `--map tokens=tokns`
    ");
    assert_snapshot!(not_found(&table, "x", "learning_rate"), @"
    no column for `x` (`learning_rate`) in runs.csv [unknown-column]
      = the columns are `params`, `tokns`, `loss`
      = say which one it is with `--map learning_rate=COLUMN`
    ");
    let table = csv("Params,tokens,loss\nsmall,2,3\n");
    assert_snapshot!(not_found(&csv("params,x\nsmall,1\n"), "D", "tokens"), @"
    no column for `D` (training tokens) in runs.csv [unknown-column]
      = the columns are `params`, `x`
      = say which one it is with `--map tokens=COLUMN`
    ");
    assert_snapshot!(not_found(&table, "N", "model_size"), @"
    no column for `N` (model size) in runs.csv [unknown-column]
      = the columns are `Params`, `tokens`, `loss`
      = `Params` would fit by its name, but it holds text
      = say which one it is with `--map params=COLUMN`
    ");
}

#[test]
fn equally_good_columns_are_asked_about() {
    let table = csv("params,val_loss,test_loss\n1,2,3\n");
    assert_snapshot!(not_found(&table, "L", "loss"), @"
    2 columns of runs.csv could be `L` (loss): `val_loss`, `test_loss` [ambiguous-column]
      = say which one, for example `--map loss=val_loss`
    ");
    let table = csv("params,loss,loss\n1,2,3\n");
    assert_snapshot!(not_found(&table, "L", "loss"), @"
    2 columns of runs.csv could be `L` (loss): `loss`, `loss.2` [ambiguous-column]
      = say which one, for example `--map loss=loss`
    ");
}

#[test]
fn a_map_to_a_column_that_is_not_there_is_refused() {
    let options = ReadOptions {
        map: vec![("loss".to_owned(), "val_los".to_owned())],
        ..ReadOptions::default()
    };
    assert_snapshot!(refused(&[named("runs.csv", "params,val_loss\n1,2\n")], &options), @"
    `--map loss=val_los`: there is no column `val_los` in runs.csv [unknown-column]
      = did you mean `--map loss=val_loss`?
      = the columns are `params`, `val_loss`
    ");
}

#[test]
fn columns_of_no_role_are_found_in_any_spelling() {
    let table = csv("Learning Rate,batch_size\n1,2\n");
    assert_eq!(found(&table, "x", "learning_rate"), "Learning Rate");
}

#[test]
fn a_column_that_may_mean_something_else_is_not_filled() {
    let table = csv("params,dataset_size,flops\n10,,1200\n10,5,300\n");
    let tokens = table.resolve("D", "tokens").unwrap();
    assert_eq!(tokens.column.trouble(0).as_deref(), Some("is missing"));
}
