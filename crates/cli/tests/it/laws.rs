//! The catalogue on the command line.

use crate::program::isoflop;

#[test]
fn a_law_is_evaluated_at_a_point_typed_as_people_write_numbers() {
    let said = isoflop(&[
        "laws",
        "eval",
        "chinchilla:paper",
        "N=70B",
        "D=1.4T",
        "--json",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let by_hand = 1.69 + 406.4 / 70e9f64.powf(0.34) + 410.7 / 1.4e12f64.powf(0.28);
    assert!((json["value"].as_f64().unwrap() - by_hand).abs() < 1e-12);
}

#[test]
fn a_coefficient_given_by_hand_replaces_the_published_one() {
    let value = |extra: &[&str]| {
        let said = isoflop(
            &[
                &[
                    "laws",
                    "eval",
                    "chinchilla",
                    "params=70B",
                    "tokens=1.4T",
                    "--json",
                ],
                extra,
            ]
            .concat(),
        );
        let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        json["value"].as_f64().unwrap()
    };
    assert!((value(&["E=2.69"]) - value(&["E=1.69"]) - 1.0).abs() < 1e-12);
    assert!((value(&["--variant", "paper"]) - value(&[])).abs() > 1e-3);
}

#[test]
fn a_variant_is_named_after_the_law_or_as_an_option() {
    let value = |args: &[&str]| {
        let said = isoflop(&[&["laws", "eval"], args, &["N=70B", "D=1.4T", "--json"]].concat());
        assert_eq!(said.code, 0, "{args:?}: {}", said.err);
        let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        json["value"].as_f64().unwrap()
    };
    let named = value(&["chinchilla:besiroglu"]);
    assert!((named - value(&["chinchilla", "--variant", "besiroglu"])).abs() < 1e-15);
    assert!((named - value(&["chinchilla:paper"])).abs() > 1e-3);
    let said = isoflop(&[
        "laws",
        "eval",
        "chinchilla:paper",
        "--variant",
        "huber",
        "N=1B",
        "D=1B",
    ]);
    assert!(
        said.code == 1 && said.err.contains("two-variants"),
        "{}",
        said.err
    );
}

#[test]
fn a_law_without_a_variant_is_not_one_that_is_printed_with_fewer_digits_than_another() {
    let said = isoflop(&["plan", "chinchilla", "--compute", "1e24", "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(!said.out.contains("rounded-coefficients"), "{}", said.out);
    let shown = isoflop(&["laws", "show", "chinchilla:paper"]);
    assert!(
        shown.out.contains("406.4") && !shown.out.contains("482.01"),
        "{}",
        shown.out
    );
    assert!(shown.out.contains("--law chinchilla\n"), "{}", shown.out);
}

#[test]
fn help_of_a_verb_is_asked_in_either_order() {
    let first = isoflop(&["help", "plan"]);
    assert_eq!(first.code, 0, "{}", first.err);
    assert_eq!(first.out, isoflop(&["plan", "--help"]).out);
}

#[test]
fn faults_of_an_evaluation_say_which_name() {
    let cases: [(&[&str], &str); 5] = [
        (&["chinchilla", "N=70B"], "`D`"),
        (
            &["chinchilla", "N=70B", "D=1.4T", "alhpa=0.3"],
            "did you mean `alpha`?",
        ),
        (&["chinchilla", "N=70B", "D=lots"], "bad-number"),
        (&["chinchilla", "N=70B", "D=1.4T", "L=2"], "sets-response"),
        (
            &["chinchilla", "N=70B", "D=1.4T", "--variant", "hubr"],
            "did you mean `huber`?",
        ),
    ];
    for (args, expected) in cases {
        let said = isoflop(&[&["laws", "eval"], args].concat());
        assert_eq!((said.code, said.out.as_str()), (1, ""), "{args:?}");
        assert!(said.err.contains(expected), "{args:?}: {}", said.err);
    }
}

#[test]
fn laws_are_listed_searched_and_shown() {
    let list = isoflop(&["laws", "list"]);
    assert_eq!(list.code, 0, "{}", list.err);
    assert!(list.out.contains("chinchilla") && list.out.contains("kaplan"));
    let found = isoflop(&["laws", "search", "Kaplan"]);
    assert!(
        found.out.contains("kaplan") && !found.out.contains("bnsl1"),
        "{}",
        found.out
    );
    assert!(
        isoflop(&["laws", "search", "no such word"])
            .out
            .contains("No law")
    );
    let shown = isoflop(&["laws", "show", "L = E + A / N^alpha"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(
        shown.out.contains("L = E + A / N^alpha") && shown.out.contains("params"),
        "{}",
        shown.out
    );
}

#[test]
fn every_law_of_the_catalogue_can_be_shown() {
    let list = isoflop(&["laws", "list", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&list.out).unwrap();
    let ids: Vec<&str> = json["laws"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["id"].as_str().unwrap())
        .collect();
    assert!(ids.len() >= 22 && ids.is_sorted());
    for id in ids {
        let said = isoflop(&["laws", "show", id]);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{id}");
        assert!(said.out.contains(&format!("({id})")), "{id}: {}", said.out);
    }
}

#[test]
fn laws_that_count_alike_are_shown_side_by_side() {
    let said = isoflop(&[
        "laws",
        "compare",
        "chinchilla:besiroglu",
        "hoffmann-2022-a3",
        "N=70B",
        "D=1.4T",
    ]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    for words in ["0.3478 ± 0.02", "406.4", "1.97388", "1.93665"] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
}

#[test]
fn laws_that_count_differently_are_refused_with_the_reasons() {
    let said = isoflop(&["laws", "compare", "kaplan-ln", "chinchilla", "N=1B", "D=1B"]);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(
        said.out.contains("may not be compared") && said.out.contains("embeddings"),
        "{}",
        said.out
    );
    let json = isoflop(&["laws", "compare", "kaplan-ln", "chinchilla", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["schema"], "isoflop.laws-compare/1");
    assert_eq!(json["reasons"].as_array().unwrap().len(), 3);
}

#[test]
fn faults_of_a_comparison_name_what_is_missing() {
    let said = isoflop(&["laws", "compare", "chinchilla:papr", "chinchilla"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("did you mean `paper`?"), "{}", said.err);
    let said = isoflop(&["laws", "compare", "chinchilla", "besiroglu-2024", "N=1B"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("needs a value for D"), "{}", said.err);
}

#[test]
fn counts_come_out_by_the_named_convention() {
    // The second convention by hand: 6N + 12 layers heads head_size context.
    let palm = 6.0 * 540.35e9 + 12.0 * 118.0 * 48.0 * 256.0 * 2048.0;
    let cases: [(&[&str], f64); 4] = [
        (&["N=70B", "D=1.4T"], 5.88e23),
        (
            &[
                "--convention",
                "palm",
                "N=540.35B",
                "n_layer=118",
                "n_head=48",
                "d_head=256",
                "seq=2048",
            ],
            palm,
        ),
        (
            &["--convention", "gpt2", "V=50257", "d=768", "T=1024", "L=12"],
            124_439_808.0,
        ),
        (&["--convention", "pf-days", "C=8.64e21"], 100.0),
    ];
    for (args, expected) in cases {
        let said = isoflop(&[&["flops", "--json"], args].concat());
        let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        let value = json["value"].as_f64().unwrap();
        assert!((value / expected - 1.0).abs() < 1e-12, "{args:?}: {value}");
    }
}

#[test]
fn conventions_are_listed_and_a_slip_is_named() {
    let list = isoflop(&["flops", "--list"]);
    assert_eq!(list.code, 0, "{}", list.err);
    assert!(list.out.contains("flops-6nd") && list.out.contains("params-llama"));
    let said = isoflop(&["flops", "--convention", "6dn", "N=1B"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("unknown-convention"), "{}", said.err);
}

#[test]
fn a_law_is_found_by_its_bibliographic_key() {
    let said = isoflop(&["laws", "show", "besiroglu-2024"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.contains("2404.10102") && said.out.contains("482.01"));
}
