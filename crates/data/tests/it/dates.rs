//! Dates and scores as people write them, against the truth beside the messy file.

use insta::assert_snapshot;

use crate::{csv, file, note_codes, numbers, said, select};

const SCORES: &[(&str, &str)] = &[("release", "release"), ("score", "MMLU")];

#[test]
fn mixed_scores_agree_with_the_truth() {
    let (table, truth) = (
        file("messy/scores_mixed_dates.csv"),
        file("messy/scores_mixed_dates.truth.csv"),
    );
    let selection = select(&table, SCORES);
    assert_eq!((selection.rows.len(), selection.read), (58, 60));
    let told: Vec<String> = selection
        .skipped
        .iter()
        .map(|s| {
            format!(
                "{} {:?}",
                s.reason,
                table.line(if s.reason.contains("missing") { 13 } else { 29 })
            )
        })
        .collect();
    assert_eq!(
        told,
        ["MMLU is missing 15", "MMLU exceeds 100% (\"104.2\") 31"]
    );
    for (row, score) in selection.rows.iter().zip(&selection.numbers[1]) {
        let exact = numbers(&truth, "score")[*row];
        assert!(
            (score - exact).abs() < 1e-12,
            "row {}: {score} for {exact}",
            row + 1
        );
    }
    assert_snapshot!(said(&table.column("MMLU").unwrap().notes, "mixed-percent"), @"Warning: `MMLU` mixes 20 cells with a percent sign, 19 plain numbers up to 1 and 19 plain numbers up to 100: all are read as fractions of 1, 1 cell above 100% rejected");
}

#[test]
fn mixed_dates_agree_with_the_truth_to_what_they_say() {
    let (table, truth) = (
        file("messy/scores_mixed_dates.csv"),
        file("messy/scores_mixed_dates.truth.csv"),
    );
    let (read, exact) = (numbers(&table, "release"), numbers(&truth, "date"));
    let off: Vec<f64> = read.iter().zip(exact).map(|(a, b)| (a - b).abs()).collect();
    let within = |most: f64| off.iter().filter(|d| **d <= most).count();
    // Days are exact, months within half a month, years within half a year.
    assert_eq!((within(1e-9), within(0.05), within(0.5)), (43, 52, 60));
    let notes = &table.column("release").unwrap().notes;
    assert_eq!(
        note_codes(notes),
        [
            "dates",
            "open-dates",
            "month-dates",
            "year-dates",
            "serial-dates"
        ]
    );
    assert_snapshot!(said(notes, "open-dates"), @"Info: 1 date of `release` such as 08/12/2021 can be read two ways: taken as day first, as in 6 other cells with a first number above 12");
    assert_snapshot!(said(notes, "year-dates"), @"Warning: 8 dates of `release` with a year only taken as the middle of the year (± 0.5 years)");
}

#[test]
fn a_date_that_can_only_be_day_first_says_so() {
    let table = file("messy/runs_human_units.csv");
    assert_snapshot!(said(&table.column("Date").unwrap().notes, "date-order"), @"Info: 10 dates of `Date` with two numbers before the year can only be day first");
    assert_snapshot!(said(&table.column("Params").unwrap().notes, "small-m"), @"Info: lower-case m in `Params` read as million, not milli (7 cells)");
}

#[test]
fn dates_can_be_compared_and_are_missing_like_numbers() {
    let table = csv(
        "day,x\n2024-01-29,1\n,2\n2025-06-30,3\nsoon,4\n2025-07-01,5\n2025-07-02,6\n2025-07-03,7\n2025-07-04,8\n2025-07-05,9\n2025-07-06,10\n2025-07-07,11\n2025-07-08,12\n",
    );
    let day = table.column("day").unwrap();
    assert_eq!(day.trouble(1).as_deref(), Some("is missing"));
    assert_eq!(day.trouble(3).as_deref(), Some("is not a date (\"soon\")"));
    assert_eq!(
        numbers(&table, "day")
            .iter()
            .filter(|y| **y > 2025.5)
            .count(),
        6
    );
}

#[test]
fn percentages_without_signs_are_left_alone() {
    assert_eq!(numbers(&csv("score\n45\n0.5\n"), "score"), [45.0, 0.5]);
    assert_eq!(numbers(&csv("score\n45%\n0.5\n"), "score"), [0.45, 0.5]);
}
