//! The catalogue on the command line.

use crate::program::isoflop;

#[test]
fn a_law_is_evaluated_at_a_point_typed_as_people_write_numbers() {
    let said = isoflop(&["laws", "eval", "chinchilla", "N=70B", "D=1.4T", "--json"]);
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
    assert!((value(&["E=2.69"]) - value(&[]) - 1.0).abs() < 1e-12);
    assert!((value(&["--variant", "besiroglu"]) - value(&[])).abs() > 1e-3);
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
