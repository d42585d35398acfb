//! What numbers say about each other: the messy files with wrong contents, and small tables around each rule.

use insta::assert_snapshot;
use isoflop_base::Severity;
use isoflop_data::{ReadOptions, RunTable, read};
use isoflop_testkit::testdata;

use crate::{CHINCHILLA, csv, file, named, note_codes, said, select, with};

/// Rows of a Chinchilla law, each changed by `row`.
fn law(n: usize, row: impl Fn(usize, f64, f64, f64) -> String) -> String {
    let mut text = String::from("params,tokens,flops,loss\n");
    for i in 0..n {
        let params = 1e7 * 10f64.powf(3.0 * (i % 10) as f64 / 10.0);
        let tokens = params * 5.0 * 2f64.powi((i / 10 % 6) as i32);
        let loss = 1.8 + 480.0 / params.powf(0.35) + 2000.0 / tokens.powf(0.37);
        text += &row(i, params, tokens, loss);
    }
    text
}

fn row(params: f64, tokens: f64, flops: f64, loss: f64) -> String {
    format!("{params},{tokens},{flops},{loss}\n")
}

#[track_caller]
fn codes(text: &str) -> Vec<String> {
    let selection = select(&csv(text), CHINCHILLA);
    note_codes(&selection.notes)
        .iter()
        .map(|c| (*c).to_owned())
        .collect()
}

#[track_caller]
fn let_option(advice: &str) -> String {
    let (_, rest) = advice.split_once("--let '").expect("an option is offered");
    rest.split('\'')
        .next()
        .expect("it ends in a quote")
        .to_owned()
}

/// A messy file with one `--let`.
#[track_caller]
fn corrected(path: &str, option: &str) -> RunTable {
    let text = std::fs::read(testdata(path)).expect("the file is there");
    let options = ReadOptions {
        lets: vec![option.to_owned()],
        ..ReadOptions::default()
    };
    read(&[named("runs.csv", text)], &options).expect("the option is fine")
}

#[test]
fn a_sound_table_has_no_notes() {
    let sound = law(60, |_, n, d, l| row(n, d, 6.0 * n * d, l));
    assert_eq!(codes(&sound), [""; 0]);
    let sweep = file("simulated/sweep.csv");
    assert_eq!(note_codes(&select(&sweep, CHINCHILLA).notes), [""; 0]);
}

#[test]
fn params_in_millions_are_found_and_the_offered_option_corrects_them() {
    let path = "messy/params_in_millions_half.csv";
    let notes = select(&file(path), CHINCHILLA).notes;
    let told = said(&notes, "unit-mismatch");
    assert_snapshot!(told, @"
    Error: `params` spans 8 orders of magnitude in two clusters a factor about 1e6 apart (120 rows below 1e6), and 6*params*tokens disagrees with `flops` by a factor 1e6 on 120 of 240 rows: these rows look like millions (messy/params_in_millions_half.csv:2, messy/params_in_millions_half.csv:4, messy/params_in_millions_half.csv:5, messy/params_in_millions_half.csv:7, messy/params_in_millions_half.csv:8 and 115 more)
      = correct them with --let 'params = if params < 1e6 then params*1e6 else params'
    ");
    let table = corrected(path, &let_option(&told));
    let selection = select(&table, CHINCHILLA);
    assert_eq!(note_codes(&selection.notes), [""; 0]);
    assert!(selection.numbers[0].iter().all(|n| *n > 4e7));
}

#[test]
fn a_unit_is_found_in_any_of_the_three_columns() {
    let off = |factors: [f64; 3]| {
        law(60, |i, n, d, l| {
            let f = if i % 3 == 0 { factors } else { [1.0; 3] };
            row(n * f[0], d * f[1], 6.0 * n * d * f[2], l)
        })
    };
    for (factors, option) in [
        ([1e-6, 1.0, 1.0], "params = if params < "),
        ([1.0, 1e-9, 1.0], "tokens = if tokens < "),
        ([1.0, 1.0, 1e-15], "flops = if flops < "),
        ([1.0, 1.0, 1e15], "flops = if flops > "),
    ] {
        let text = off(factors);
        let told = said(&select(&csv(&text), CHINCHILLA).notes, "unit-mismatch");
        let found = let_option(&told);
        assert!(found.starts_with(option), "{told}");
        let options = ReadOptions {
            lets: vec![found],
            ..ReadOptions::default()
        };
        let table = with(&text, &options);
        assert_eq!(
            note_codes(&select(&table, CHINCHILLA).notes),
            [""; 0],
            "{told}"
        );
    }
}

#[test]
fn clusters_tell_units_where_there_is_no_compute() {
    let text = law(60, |i, n, d, l| {
        let n = if i % 2 == 0 { n / 1e6 } else { n };
        format!("{n},{d},,{l}\n")
    })
    .replace("flops,", "seed,");
    let told = said(&select(&csv(&text), CHINCHILLA).notes, "unit-clusters");
    assert!(
        told.contains("30 rows below 1e5") && told.contains("look like millions"),
        "{told}"
    );
}

#[test]
fn forward_only_compute_is_found_and_the_offered_option_corrects_it() {
    let path = "messy/flops_forward_only.csv";
    let told = said(&select(&file(path), CHINCHILLA).notes, "forward-only-flops");
    assert_snapshot!(told, @"
    Warning: `flops` disagrees with 6*params*tokens: 90 of 240 rows have ratio 0.33 (forward pass only?), so that budgets of these rows and of the others do not compare (messy/flops_forward_only.csv:8, messy/flops_forward_only.csv:9, messy/flops_forward_only.csv:11, messy/flops_forward_only.csv:16, messy/flops_forward_only.csv:23 and 85 more)
      = count all passes with --let 'flops = 6*params*tokens'
    ");
    let table = corrected(path, &let_option(&told));
    assert_eq!(note_codes(&select(&table, CHINCHILLA).notes), [""; 0]);
}

#[test]
fn steps_are_not_taken_for_tokens() {
    let path = "messy/steps_called_tokens.csv";
    let notes = select(&file(path), CHINCHILLA).notes;
    let told = said(&notes, "tokens-per-param");
    assert_snapshot!(told, @"
    Error: `D` is far too small to be tokens for these sizes (is it steps?): tokens/param is below 0.01 on 394 of 394 rows
      = multiply by the tokens of a step, which are batch size times sequence length: --let 'tokens = D*TOKENS_PER_STEP'
    ");
    let option = let_option(&told).replace("TOKENS_PER_STEP", "1048576");
    let notes = select(&corrected(path, &option), CHINCHILLA).notes;
    assert!(!note_codes(&notes).contains(&"tokens-per-param"));
}

#[test]
fn sizes_in_millions_throughout_are_found() {
    let text = law(40, |_, n, d, l| format!("{},{d},,{l}\n", n / 1e6)).replace("flops,", "seed,");
    let told = said(&select(&csv(&text), CHINCHILLA).notes, "tokens-per-param");
    assert!(told.contains("--let 'params = params*1e6'"), "{told}");
}

#[test]
fn several_scales_of_loss_are_counted() {
    let notes = select(&file("messy/mixed_loss_scales.csv"), CHINCHILLA).notes;
    assert_snapshot!(said(&notes, "mixed-loss-scales"), @"
    Error: the values of `loss` do not lie on one surface: they look like several scales in one column (100 rows in nats, 60 rows in bits, 80 rows in perplexity)
      = this fit is not reliable; say in a column which scale each row is on and convert with --let, perplexity by ln(loss), bits by loss*0.6931472
    ");
}

#[test]
fn a_tenth_of_the_rows_in_perplexity_is_enough_to_be_found() {
    let text = law(60, |i, n, d, l| {
        row(n, d, 6.0 * n * d, if i % 10 == 3 { l.exp() } else { l })
    });
    let told = said(&select(&csv(&text), CHINCHILLA).notes, "mixed-loss-scales");
    assert!(
        told.contains("54 rows in nats") && told.contains("6 rows in perplexity"),
        "{told}"
    );
}

#[test]
fn diverged_runs_are_counted_and_the_offered_option_leaves_them_out() {
    let table = file("messy/sweep_with_diverged.csv");
    let roles = [
        ("learning_rate", "learning_rate"),
        ("batch_sequences", "batch_sequences"),
        ("L", "loss"),
    ];
    let told = said(&select(&table, &roles).notes, "diverged-runs");
    assert_snapshot!(told, @"
    Warning: 18 of 120 rows have `loss` far above the rest (from 4.1768, the lowest of all is 2.4319): diverged? (messy/sweep_with_diverged.csv:102, messy/sweep_with_diverged.csv:103, messy/sweep_with_diverged.csv:104, messy/sweep_with_diverged.csv:107, messy/sweep_with_diverged.csv:108 and 13 more)
      = leave them out with --where 'loss < 3.3'
    ");
    let filter = told
        .split("--where '")
        .nth(1)
        .and_then(|t| t.split('\'').next());
    let text = std::fs::read(testdata("messy/sweep_with_diverged.csv")).unwrap();
    let options = ReadOptions {
        filter: filter.map(str::to_owned),
        ..ReadOptions::default()
    };
    let kept = read(&[named("runs.csv", text)], &options).unwrap();
    let selection = select(&kept, &roles);
    assert_eq!(
        (selection.rows.len(), note_codes(&selection.notes)),
        (102, vec![])
    );
    let best = selection.numbers[2]
        .iter()
        .copied()
        .fold(f64::INFINITY, f64::min);
    let at = selection.numbers[2]
        .iter()
        .position(|l| *l == best)
        .unwrap();
    let (rate, batch) = (selection.numbers[0][at], selection.numbers[1][at]);
    assert_eq!(
        ((best * 1e4).round(), rate, batch),
        (24_319.0, 0.003_906, 192.0)
    );
}

#[test]
fn a_learning_curve_did_not_diverge_at_its_start() {
    let mut text = String::from("step,loss\n");
    for step in 1..=60 {
        text += &format!("{step},{}\n", 2.0 + 7.0 / f64::from(step).powf(0.7));
    }
    let notes = select(&csv(&text), &[("step", "step"), ("L", "loss")]).notes;
    assert_eq!(note_codes(&notes), [""; 0]);
}

#[test]
fn a_level_with_higher_losses_did_not_diverge() {
    let text = law(60, |i, n, d, l| {
        let (corpus, more) = if i % 5 == 0 {
            ("code", 2.0)
        } else {
            ("web", 0.0)
        };
        format!("{n},{d},{corpus},{}\n", l + more)
    })
    .replace("flops,", "corpus,");
    let table = csv(&text);
    let corpus = table.resolve("corpus", "corpus").unwrap();
    let mut needs = vec![isoflop_data::Need::new(
        &corpus,
        isoflop_data::NeedKind::Level,
    )];
    for (letter, name) in CHINCHILLA {
        let kind = if *letter == "L" {
            isoflop_data::NeedKind::PositiveResponse
        } else {
            isoflop_data::NeedKind::Positive
        };
        needs.push(isoflop_data::Need::new(
            &table.resolve(letter, name).unwrap(),
            kind,
        ));
    }
    assert_eq!(note_codes(&table.select(&needs).notes), [""; 0]);
    assert_eq!(
        note_codes(&select(&table, CHINCHILLA).notes),
        ["diverged-runs"]
    );
}

#[test]
fn repeated_settings_measure_the_noise() {
    let notes = select(&file("messy/nan_inf_duplicates.csv"), CHINCHILLA).notes;
    assert_snapshot!(said(&notes, "repeated-settings"), @"Info: 4 settings of the inputs occur more than once with different `loss`: kept as repeated measurements, which differ by 2.83e-3 (pooled standard deviation; messy/nan_inf_duplicates.csv:248, messy/nan_inf_duplicates.csv:249, messy/nan_inf_duplicates.csv:250, messy/nan_inf_duplicates.csv:251)");
}

#[test]
fn one_size_is_told() {
    let notes = select(&file("messy/one_model_size.csv"), CHINCHILLA).notes;
    assert_snapshot!(said(&notes, "one-value"), @"
    Error: `params` varies by less than 10% over 7 rows: how the response depends on it cannot be estimated
      = fit a law without it, against tokens only: --law 'L = E + B/D^beta'
    ");
}

#[test]
fn a_training_log_that_diverged_says_where() {
    let table = file("messy/megatron_diverged.log");
    assert_eq!(table.rows(), 13);
    assert_snapshot!(said(table.notes(), "diverged-run"), @"
    Error: the run diverged: from about `iteration` 1600 on the loss (11.0733) is above its starting value 9.3928; the last sane value is 5.9485 at 1000; 81 NaN iterations reported
      = leave the run out of scaling fits; what came before is kept with --where 'iteration <= 1000'
    ");
    assert_eq!(
        table.resolve("D", "tokens").unwrap().column.name,
        "consumed tokens"
    );
}

#[test]
fn one_run_of_several_that_diverged_is_a_warning() {
    let mut text = String::from("run,step,loss\n");
    for step in 1..=10 {
        let fine = 3.0 + 5.0 / f64::from(step);
        let bad = if step > 7 { 9.0 } else { fine };
        text += &format!("a,{step},{fine}\nb,{step},{bad}\n");
    }
    let table = csv(&text);
    let note = table
        .notes()
        .iter()
        .find(|n| n.code == "diverged-run")
        .unwrap();
    assert_eq!(note.severity, Severity::Warning);
    assert!(
        note.message
            .starts_with("1 of 2 runs diverged: b, from about `step` 8"),
        "{}",
        note.message
    );
    let spike = text
        .replace("b,9,9", "b,9,3.6")
        .replace("b,10,9", "b,10,3.5");
    assert_eq!(note_codes(csv(&spike).notes()), [""; 0]);
}

#[test]
fn a_chart_of_several_runs_becomes_rows() {
    let table = file("messy/wandb_chart_export.csv");
    assert_eq!(table.rows(), 394);
    assert_snapshot!(said(table.notes(), "wandb-chart"), @r#"
    Warning: messy/wandb_chart_export.csv is a chart of Weights & Biases: 6 runs of `eval/c4_loss` at 127 steps, 394 points in columns `run`, `Step`; __MIN and __MAX repeat it and are left out; params and tokens are not in it
      = if "12m" in the names is the size, say so with --let 'params = if run == "12m-4B-lr0.004" or run == "12m-4B-lr0.008" then 1.2e7 else if run == "35m-16B-lr0.002" or run == "35m-16B-lr0.004" then 3.5e7 else 7e7'
    "#);
    let option = let_option(&said(table.notes(), "wandb-chart"));
    let table = corrected("messy/wandb_chart_export.csv", &option);
    let sizes: std::collections::BTreeSet<u64> = table
        .column("params")
        .unwrap()
        .numbers()
        .unwrap()
        .iter()
        .map(|x| *x as u64)
        .collect();
    assert_eq!(
        sizes.into_iter().collect::<Vec<_>>(),
        [12_000_000, 35_000_000, 70_000_000]
    );
}

#[test]
fn an_exported_table_of_runs_says_which_are_complete() {
    let table = file("messy/wandb_runs_table.csv");
    assert_snapshot!(said(table.notes(), "wandb-states"), @"
    Warning: states of the runs: failed 61, crashed 6; `train/step` reaches `steps` in 52 of 67 runs, so `State` alone does not tell which runs are complete
      = keep the complete runs with --where '`train/step` >= steps - 1'
    ");
    assert_snapshot!(said(table.notes(), "perplexities"), @"
    Info: perplexities by their names, not losses: `eval/ppl/c4.jsonl`, `eval/ppl/wikipedia.jsonl`
      = take the logarithm: --let 'loss = ln(`eval/ppl/c4.jsonl`)'
    ");
}

#[test]
fn states_of_runs_that_all_finished_are_no_finding() {
    let said_of = |state: &str, step: usize| {
        let table = csv(&format!(
            "Name,State,Runtime,_step,steps,params,tokens,loss\na,finished,10,999,1000,1e8,1e9,3.1\nb,{state},11,{step},1000,2e8,1e9,3.0\n"
        ));
        note_codes(table.notes()).contains(&"wandb-states")
    };
    // A counter that starts at zero ends one short.
    assert!(!said_of("finished", 999));
    assert!(said_of("crashed", 999));
    assert!(said_of("finished", 400));
}

#[test]
fn a_curve_that_drops_through_all_scales_is_on_one() {
    let mut text = "x,loss\n".to_owned();
    for i in 1..=80 {
        let x = f64::from(i * i);
        text += &format!("{x},{}\n", 2.2 + 9.0 * x.powf(-0.35));
    }
    let notes = select(&csv(&text), &[("x", "x"), ("L", "loss")]).notes;
    assert!(!note_codes(&notes).contains(&"mixed-loss-scales"));
}
