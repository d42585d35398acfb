//! Tables as people have them: units in names, documents of JSON, states of trackers, cells of a sweep, labels.

use isoflop_data::{Input, Need, NeedKind, ReadOptions, RunTable, read};

use crate::{csv, named, note_codes, numbers};

fn table_of(name: &str, text: &str) -> RunTable {
    read(&[named(name, text)], &ReadOptions::default()).expect("reads")
}

fn with(text: &str, options: &ReadOptions) -> RunTable {
    read(&[named("runs.csv", text)], options).expect("reads")
}

fn refused(text: &str, options: &ReadOptions) -> Vec<String> {
    let faults = read(&[named("runs.csv", text)], options).expect_err("is refused");
    faults.0.iter().map(|d| d.code.to_owned()).collect()
}

fn strings(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    pairs.iter().map(own).collect()
}

/// Faults of the numbers of params, tokens and loss, with their help.
fn impossible(table: &RunTable) -> Vec<String> {
    let needs: Vec<Need> = [("N", "params"), ("D", "tokens"), ("L", "loss")]
        .into_iter()
        .filter_map(|(letter, role)| {
            let kind = if role == "loss" {
                NeedKind::PositiveResponse
            } else {
                NeedKind::Positive
            };
            let found = table.resolve(letter, role).ok()?;
            Some(Need::new(&found, kind).role(isoflop_data::role_name(role)))
        })
        .collect();
    let faults = table.select(&needs).faults;
    faults
        .iter()
        .map(|f| format!("{} {}", f.message, f.help.join(" | ")))
        .collect()
}

#[test]
fn spellings_of_one_scale_are_scaled_alike() {
    for header in [
        "size_b,tokens_b,loss",
        "size_B,tokens_B,loss",
        "model size (B),tokens (billions),loss",
        "params_bn,train_tokens_in_billions,loss",
        "paramsB,billion_tokens,loss",
    ] {
        let table = csv(&format!("{header}\n7,140,2.1\n13,260,2.0\n"));
        let n = table
            .resolve("N", "params")
            .expect("a column of params")
            .column;
        let d = table.resolve("D", "tokens").unwrap().column;
        assert_eq!(n.numbers(), Some(&[7e9, 13e9][..]), "{header}");
        assert_eq!(d.numbers(), Some(&[140e9, 260e9][..]), "{header}");
    }
}

#[test]
fn an_expression_takes_the_numbers_of_a_scaled_column_as_written() {
    let options = ReadOptions {
        lets: vec!["G = `FLOPs (B)`*1e9".into(), "again = flops".into()],
        ..ReadOptions::default()
    };
    let table = with("FLOPs (B),acc\n1054.05,0.84\n381.68,0.83\n", &options);
    assert_eq!(numbers(&table, "G"), [1054.05e9, 381.68e9]);
    assert_eq!(numbers(&table, "again"), [1054.05e9, 381.68e9]);
    assert!(note_codes(table.notes()).contains(&"numbers-as-written"));
}

#[test]
fn sizes_in_billions_are_a_fault_with_the_option_that_mends_it() {
    let text = "N,D,loss\n0.06,1.2,3.8\n0.12,2.4,3.4\n0.5,10,2.8\n1,20,2.6\n";
    let told = impossible(&csv(text));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("--let 'params = N*1e9'"), "{told:?}");
    assert!(told[1].contains("--let 'tokens = D*1e9'"), "{told:?}");
    let options = ReadOptions {
        lets: vec!["params = N*1e9".into(), "tokens = D*1e9".into()],
        ..ReadOptions::default()
    };
    assert_eq!(impossible(&with(text, &options)), [""; 0]);
}

/// 128 to 8,192 steps under the name D.
#[test]
fn whole_numbers_too_small_for_tokens_may_be_steps() {
    let told = impossible(&csv(
        "params,D,loss\n1e8,128,3.8\n1e8,1024,3.4\n2e8,2048,2.8\n4e8,8192,2.6\n",
    ));
    assert!(told[0].contains("'tokens = D*TOKENS_PER_STEP'"), "{told:?}");
}

#[test]
fn sizes_in_millions_and_tokens_in_trillions_are_found_by_each_other() {
    let told = impossible(&csv(
        "params,tokens,loss\n70,0.3,3.0\n410,0.3,2.5\n2800,0.3,2.2\n6900,0.3,2.1\n",
    ));
    assert!(told[0].contains("--let 'params = params*1e6'"), "{told:?}");
    assert!(told[1].contains("--let 'tokens = tokens*1e12'"), "{told:?}");
}

#[test]
fn small_numbers_that_are_right_can_be_said_to_be() {
    let text = "params,tokens,loss\n100,2e5,3.0\n410,3e5,2.5\n900,5e5,2.2\n";
    assert_eq!(impossible(&csv(text)).len(), 1);
    let options = ReadOptions {
        lets: vec!["params = params".into()],
        ..ReadOptions::default()
    };
    assert_eq!(impossible(&with(text, &options)), [""; 0]);
}

#[test]
fn losses_that_are_none_are_faults() {
    let of = |losses: [&str; 3]| {
        let [a, b, c] = losses;
        let text = format!("params,tokens,loss\n1e8,2e9,{a}\n2e8,4e9,{b}\n4e8,8e9,{c}\n");
        impossible(&csv(&text)).join(" ")
    };
    assert_eq!(of(["3.1", "2.9", "2.7"]), "");
    assert!(of(["-3.1", "-2.9", "-2.7"]).contains("--let 'loss = -loss'"));
    assert_eq!(of(["3.1", "2.9", "-1"]), "", "left out with a count");
    assert!(of(["3.1", "2.9", "1e6"]).contains("--where 'loss < 100'"));
    assert!(of(["22026", "9000", "5000"]).contains("--let 'loss = ln(loss)'"));
}

#[test]
fn losses_that_are_right_can_be_said_to_be() {
    let text = "params,tokens,loss\n1e8,2e9,22026\n2e8,4e9,9000\n4e8,8e9,5000\n";
    let options = ReadOptions {
        lets: vec!["loss = loss".into()],
        ..ReadOptions::default()
    };
    assert_eq!(impossible(&with(text, &options)), [""; 0]);
}

/// The loss of a density is below zero where the density is above one.
#[test]
fn a_loss_below_zero_is_none_of_ours_where_the_law_allows_it() {
    let table = csv("params,tokens,loss\n1e8,2e9,-1.1\n2e8,4e9,-1.9\n4e8,8e9,-2.7\n");
    let found = table
        .resolve_response("L", "loss")
        .expect("a column of losses");
    let need = Need::new(&found, NeedKind::Response).role(Some("loss"));
    assert_eq!(table.select(&[need]).faults, []);
}

#[test]
fn compute_that_is_off_by_orders_in_every_row_is_a_fault() {
    let told = impossible(&csv(
        "params,tokens,flops,loss\n1e8,2e9,1.2,3.1\n2e8,4e9,4.8,2.9\n4e8,8e9,19.2,2.7\n",
    ));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("--let 'flops = flops*1e18'"), "{told:?}");
}

#[test]
fn a_guessed_budget_does_not_beat_a_column_of_tokens() {
    let table = csv("model size (M),toks,budget,loss\n45.2,11.067,3,3.3\n67.4,7.418,3,3.2\n");
    assert_eq!(table.resolve("D", "tokens").unwrap().column.name, "toks");
    let other = csv("params,my_tok_total_x,budget,loss\n1e8,2e9,3e18,3.3\n");
    let fault = other.resolve("D", "tokens").unwrap_err();
    assert!(
        fault
            .help
            .iter()
            .any(|h| h.contains("--map tokens=my_tok_total_x")),
        "{fault}"
    );
}

#[test]
fn the_unit_of_a_loss_comes_from_header_or_option() {
    let unit = |header: &str| {
        let table = csv(&format!("params,{header}\n1e8,1.1\n"));
        table
            .resolve_response("L", "loss")
            .unwrap()
            .column
            .unit
            .clone()
    };
    assert_eq!(unit("loss (bits)"), "bits");
    assert_eq!(unit("val_bpb"), "bits/byte");
    assert_eq!(unit("loss_bits"), "bits");
    assert_eq!(unit("loss"), "");
    let options = ReadOptions {
        units: strings(&[("loss", "bits/byte")]),
        ..ReadOptions::default()
    };
    let table = with("params,loss\n1e8,1.1\n", &options);
    assert_eq!(
        table
            .resolve_response("L", "loss")
            .expect("a column of losses")
            .column
            .unit,
        "bits/byte"
    );
    assert!(ReadOptions::parse_unit("loss=furlongs").is_err());
}

#[test]
fn one_role_is_mapped_once() {
    let options = ReadOptions {
        map: strings(&[("N", "a"), ("params", "b")]),
        ..ReadOptions::default()
    };
    assert_eq!(refused("a,b,loss\n1,2,3\n", &options), ["mapped-twice"]);
}

#[test]
fn maps_that_no_law_knows_are_listed() {
    let options = ReadOptions {
        map: strings(&[("tokns", "t"), ("flops", "c"), ("x", "t")]),
        lets: vec!["double = 2*x".into()],
        ..ReadOptions::default()
    };
    let table = with("t,c,loss\n1,2,3\n", &options);
    let faults = table.unknown_maps(&["N", "params", "D", "tokens", "L", "loss"]);
    assert_eq!(faults.len(), 1);
    assert!(faults[0].message.contains("tokns"));
    assert!(faults[0].help[0].contains("--map tokens=t"));
    assert_eq!(table.unknown_maps(&["y", "z"]).len(), 2);
}

#[test]
fn columns_of_numbers_that_nothing_uses_are_named() {
    let table = csv("params,tokens,lr,loss,name\n1e8,2e9,0.1,3.1,a\n");
    let note = table
        .unused(&["N", "params", "D", "tokens", "L", "loss"])
        .unwrap();
    assert_eq!(
        note.message,
        "columns of numbers that the law does not use: `lr`"
    );
}

#[test]
fn x_and_y_of_a_table_of_two_columns_need_no_map() {
    let table = csv("x,y\n1e9,3.1\n2e9,2.9\n");
    assert_eq!(table.resolve("D", "tokens").unwrap().column.name, "x");
    assert_eq!(
        table
            .resolve_response("L", "loss")
            .expect("a column of losses")
            .column
            .name,
        "y"
    );
    let table = csv("step,acc\n1,0.1\n2,0.2\n");
    assert_eq!(table.resolve("x", "x").unwrap().column.name, "step");
    assert_eq!(table.resolve("y", "y").unwrap().column.name, "acc");
    assert!(csv("x,y,z\n1,2,3\n").resolve("D", "tokens").is_err());
}

#[test]
fn x_and_y_are_the_quantities_of_the_law_and_no_others() {
    let table = csv("x,y\n1,6\n2,4.5\n3,4\n4,3.7\n");
    assert!(table.resolve_named("N", "params").is_err());
    assert!(!table.states("C", "flops"));
    let need = |letter: &str, column: &str, kind| {
        let found = table.resolve(letter, column).expect("found");
        Need::new(&found, kind)
    };
    let notes = |needs: &[Need]| table.select(needs).notes.len();
    let plain = [
        need("x", "x", NeedKind::Number),
        need("y", "y", NeedKind::Response),
    ];
    assert_eq!(notes(&plain), 0);
    // What the law takes for params is judged as params.
    let sizes = [
        need("N", "params", NeedKind::Positive).role(Some("params")),
        need("y", "y", NeedKind::Response),
    ];
    assert!(!table.select(&sizes).faults.is_empty());
}

#[test]
fn documents_one_after_another_are_read_to_the_end() {
    let row = |n: u32| format!("{{\n  \"params\": {n},\n  \"loss\": {}\n}}\n", 9 - n);
    let objects: String = (1..=4).map(row).collect();
    let table = table_of("pretty.json", &objects);
    assert_eq!(numbers(&table, "params"), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!((table.line(0), table.line(3)), (1, 13));
    let arrays = "[{\"params\": 1}, {\"params\": 2}]\n[{\"params\": 3}]\n7\n[{\"params\": 4}";
    for name in ["arr.jsonl", "arr.json"] {
        let table = table_of(name, arrays);
        assert_eq!(numbers(&table, "params"), [1.0, 2.0, 3.0, 4.0], "{name}");
        assert_eq!((table.rows_read(), table.line(2)), (5, 2), "{name}");
    }
    let cut = table_of("cut.json", &format!("{objects}{{\n \"params\": 5,"));
    assert_eq!((cut.rows(), cut.rows_read()), (4, 5));
}

#[test]
fn a_table_by_columns_has_the_rows_of_all_columns() {
    let table = table_of(
        "t.json",
        "{\"loss\": {\"1\": 3}, \"params\": {\"0\": 7, \"1\": 8, \"2\": 9, \"10\": 10}, \"tokens\": {\"0\": 1, \"2\": 3}}",
    );
    assert_eq!(numbers(&table, "params"), [7.0, 8.0, 9.0, 10.0]);
    assert_eq!(numbers(&table, "loss")[1], 3.0);
    assert!(numbers(&table, "loss")[0].is_nan());
}

#[test]
fn a_value_beside_a_list_is_no_value_of_elements_that_lack_it() {
    let state = "{\"loss\": 1.2, \"opt.lr\": 5,\n \"log_history\": [{\"step\": 1}, {\"step\": 2, \"loss\": 3, \"opt\": {\"lr\": 1}}]}";
    let table = table_of("trainer_state.json", state);
    let loss = numbers(&table, "loss");
    assert!(loss[0].is_nan() && loss[1] == 3.0, "{loss:?}");
    assert_eq!(numbers(&table, "document.loss"), [1.2, 1.2]);
    assert_eq!(numbers(&table, "document.opt.lr"), [5.0, 5.0]);
}

#[test]
fn documents_of_json_are_tables() {
    let array = "[\n  {\n    \"parameters\": 5e7,\n    \"loss\": 3.2\n  },\n  {\"parameters\": 1e8, \"loss\": NaN},\n  3\n]\n";
    let table = table_of("curves.json", array);
    assert_eq!((table.rows(), table.line(0), table.line(1)), (2, 2, 6));
    assert_eq!(
        table.skipped()[0].reason,
        "element is a number, not an object"
    );
    let state = "{\n  \"epoch\": 2.0,\n  \"best\": null,\n  \"log_history\": [\n    {\"epoch\": 0.1, \"loss\": 4.5, \"step\": 10},\n    {\"epoch\": 0.2, \"eval_loss\": 4.1, \"step\": 20}\n  ]\n}\n";
    let table = table_of("trainer_state.json", state);
    assert_eq!((table.rows(), table.line(1)), (2, 6));
    assert_eq!(numbers(&table, "step"), [10.0, 20.0]);
    assert_eq!(numbers(&table, "document.epoch"), [2.0, 2.0]);
    let columns = table_of("c.json", "{\"tokens\": [1e9, 2e9], \"loss\": [3.1, 2.9]}");
    assert_eq!(numbers(&columns, "tokens"), [1e9, 2e9]);
    let pandas = table_of(
        "p.json",
        "{\"tokens\": {\"0\": 1e9, \"1\": 2e9}, \"loss\": {\"0\": 3.1, \"1\": 2.9}}",
    );
    assert_eq!(numbers(&pandas, "loss"), [3.1, 2.9]);
    let named_runs = table_of(
        "r.json",
        "{\"a\": {\"tokens\": 1e9, \"loss\": 3.1}, \"b\": {\"tokens\": 2e9, \"loss\": 2.9}}",
    );
    assert_eq!(numbers(&named_runs, "tokens"), [1e9, 2e9]);
}

#[test]
fn a_document_that_is_cut_off_keeps_its_whole_elements() {
    let table = table_of(
        "cut.json",
        "[\n{\"step\": 1, \"loss\": 3},\n{\"step\": 2, \"lo",
    );
    assert_eq!((table.rows(), table.rows_read()), (1, 2));
    assert_eq!(note_codes(table.notes()), ["cut-document"]);
    let faults = read(
        &[named("bad.json", "{\n \"a\": oops\n}")],
        &ReadOptions::default(),
    );
    assert_eq!(faults.unwrap_err().0[0].code, "not-json");
}

#[test]
fn bare_nan_and_arrays_in_json_lines_lose_no_row() {
    let text = "{\"step\": 1, \"loss\": NaN, \"val\": 3.2}\n{\"step\": 2, \"loss\": -Infinity, \"val\": 3.1}\n[{\"step\": 3, \"val\": 3.0}, {\"step\": 4, \"val\": 2.9}]\n";
    let table = table_of("runs.jsonl", text);
    assert_eq!(numbers(&table, "val"), [3.2, 3.1, 3.0, 2.9]);
    assert_eq!(
        table.column("loss").unwrap().trouble(0).as_deref(),
        Some("is NaN")
    );
}

#[test]
fn logs_of_neox_have_fields_before_the_iteration() {
    let text = "starting\n samples/sec: 60.2 | iteration  10/  143000 | lm_loss: 4.99E+00 | loss scale: 65536.0 |\n[2024-05-01 10:00:00,123] [INFO] samples/sec: 60.2 | iteration  20/  143000 | lm_loss: 4.50E+00 | loss scale: 65536.0 |\n";
    let table = table_of("train.log", text);
    assert_eq!(numbers(&table, "iteration"), [10.0, 20.0]);
    assert_eq!(numbers(&table, "lm_loss"), [4.99, 4.5]);
    assert_eq!(numbers(&table, "samples/sec").len(), 2);
}

#[test]
fn runs_without_a_final_result_are_left_out_by_their_state() {
    let text =
        "run,status,params,loss\na,FINISHED,1,3\nb,RUNNING,2,3\nc,KILLED,3,3\nd,finished,4,3\n";
    let table = csv(text);
    let reasons: Vec<&str> = table.skipped().iter().map(|s| s.reason.as_str()).collect();
    assert_eq!((table.rows(), table.rows_read()), (2, 4));
    assert_eq!(
        reasons,
        [
            "status is RUNNING: the run has no final result",
            "status is KILLED: the run has no final result"
        ]
    );
    let asked = ReadOptions {
        filter: Some("status != \"KILLED\"".into()),
        ..ReadOptions::default()
    };
    assert_eq!(with(text, &asked).rows(), 3);
    // Words that are no states, and tables in which nothing has finished, stay as they are.
    assert_eq!(csv("status,loss\nrunning,3\nnice,2\n").rows(), 2);
    assert_eq!(csv("status,loss\nrunning,3\ncrashed,2\n").rows(), 2);
}

#[test]
fn the_best_of_a_cell_is_kept_and_the_others_are_counted() {
    let options = ReadOptions {
        best_of: ReadOptions::names("params, tokens"),
        ..ReadOptions::default()
    };
    let text = "params,tokens,lr,loss\n1e8,2e9,1,3.2\n1e8,2e9,2,3.1\n1e8,4e9,1,3.0\n1e8,2e9,3,\n";
    let table = with(text, &options);
    assert_eq!((table.rows(), table.rows_read()), (3, 4));
    assert_eq!(numbers(&table, "lr")[..2], [2.0, 1.0]);
    assert_eq!(
        table.skipped()[0].reason,
        "not the lowest loss of its params, tokens"
    );
    // A failed run that logged 0 or -1 is not the best of its cell; differences of losses may all lie below zero.
    let text = "params,tokens,lr,loss\n1,2,1,3.2\n1,2,2,0\n1,2,3,3.1\n1,2,4,-1\n1,4,5,0\n";
    let table = with(text, &options);
    assert_eq!(numbers(&table, "lr"), [2.0, 3.0, 4.0, 5.0]);
    let text = "params,tokens,lr,loss\n1,2,1,-3.2\n1,2,2,-0.5\n";
    assert_eq!(numbers(&with(text, &options), "lr"), [1.0]);
    let unknown = ReadOptions {
        best_of: vec!["width".into()],
        ..ReadOptions::default()
    };
    assert_eq!(refused(text, &unknown), ["unknown-column"]);
}

/// The rows with params and a measured loss.
fn measured(table: &RunTable) -> isoflop_data::Selection {
    let n = table.resolve("N", "params").expect("a column of params");
    let loss = table
        .resolve_response("L", "loss")
        .expect("a column of losses");
    table.select(&[
        Need::new(&n, NeedKind::Positive),
        Need::new(&loss, NeedKind::PositiveResponse),
    ])
}

#[test]
fn one_checkpoint_under_two_labels_counts_once() {
    let table = csv(
        "suite,params,tokens,loss\na,1e8,2e9,3.1234567\nb,1e8,2e9,3.1234567\na,2e8,2e9,3.0123456\n",
    );
    let selection = measured(&table);
    assert_eq!(selection.rows, [0, 2]);
    assert!(note_codes(&selection.notes).contains(&"relabelled-rows"));
    let rounded = csv("suite,params,tokens,loss\na,1e8,2e9,3.12\nb,1e8,2e9,3.12\n");
    assert_eq!(measured(&rounded).rows.len(), 2);
}

#[test]
fn a_packed_file_that_holds_far_more_than_a_table_is_refused() {
    use std::io::Write as _;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![b'1'; 1 << 20];
    for _ in 0..80 {
        packer.write_all(&zeros).unwrap();
    }
    let input = |bytes: Vec<u8>| {
        let name = "bomb.csv.gz".to_owned();
        [Input::Reader { name, bytes }]
    };
    let bomb = packer.finish().unwrap();
    let faults = read(&input(bomb), &ReadOptions::default()).unwrap_err();
    assert_eq!(faults.0[0].code, "unpacks-too-large");
    // Zeros behind the data are padding.
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(b"a,b\n1,2\n").unwrap();
    let mut padded = packer.finish().unwrap();
    padded.extend([0; 512]);
    assert_eq!(
        read(&input(padded), &ReadOptions::default())
            .unwrap()
            .rows(),
        1
    );
}

#[test]
fn a_name_without_end_is_shortened() {
    let table = csv(&format!("{},loss\n1,2\n", "n".repeat(100_000)));
    let name = &table.columns().next().unwrap().name;
    assert!(
        name.len() < 200 && name.contains("100000 characters"),
        "{name}"
    );
}

#[test]
fn two_digit_years_are_dates_and_words_have_few_reasons() {
    let table = csv("day,loss\n05/28/24,3\n06/01/24,2\n12/31/23,2\n");
    assert_eq!(table.column("day").unwrap().unit, "year");
    let words: String = (0..80).map(|i| format!("word{i},1\n")).collect();
    let table = csv(&format!("x,loss\n{words}"));
    let selection = crate::select(&table, &[("x", "x"), ("loss", "loss")]);
    assert!(selection.skipped.len() <= 10, "{}", selection.skipped.len());
}
