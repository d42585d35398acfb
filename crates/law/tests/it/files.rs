//! One bad law file, one snapshot; what a good one may leave out.

use super::shown;
use insta::assert_snapshot;
use isoflop_law::{At, Law, Prior, VarRole};

#[track_caller]
fn bad(text: &str) -> String {
    shown(&Law::from_toml("mine", "mine.toml", text).expect_err("a faulty law"))
}

#[track_caller]
fn good(text: &str) -> Law {
    Law::from_toml("mine", "mine.toml", text).unwrap_or_else(|e| panic!("{}", shown(&e)))
}

/// A law file with the given formula and coefficients.
fn file(formula: &str, coefs: &str) -> String {
    format!(
        "title = \"Mine\"\nformula = \"{formula}\"\n[vars]\nL = {{ column = \"loss\", role = \"response\" }}\nN = {{ column = \"params\" }}\n[coefs]\n{coefs}\n"
    )
}

const POWER: &str = "L = E + A / N^alpha";

#[test]
fn a_small_law_file_is_read() {
    let law = good(&file(
        POWER,
        "E = { range = [0, inf], start = 1 }\nA = {}\nalpha = { fixed = 0.5 }",
    ));
    assert_eq!(law.response().column, "loss");
    let e = law.coef("E").expect("declared");
    assert_eq!(
        (e.lower, e.upper, e.start.as_slice()),
        (0.0, f64::INFINITY, &[1.0][..])
    );
    let a = law.coef("A").expect("declared");
    assert_eq!((a.lower, a.upper), (f64::NEG_INFINITY, f64::INFINITY));
    assert_eq!(&law.text[a.span.start..a.span.end], "A");
}

#[test]
fn comments_and_line_breaks_do_not_change_the_law() {
    let rest = "vars.y = { role = \"response\" }\nvars.x = {}\ncoefs.a = {}\n";
    let one = good(&format!(
        "title = \"T\"\nnote = \"some words\"\nformula = \"y = a * x\"\n{rest}"
    ));
    let two = good(&format!(
        "# mine\nformula = \"\"\"\n y = a * x\n\"\"\" # yes\ntitle = 'T'\nnote = \"\"\"some\n  words\"\"\"\n{rest}"
    ));
    assert_eq!(one.text, two.text);
}

#[test]
fn priors_ties_and_indexes_survive_the_canonical_form() {
    let law = good(&file(
        "L = E[corpus] + A / N^alpha + B / N^beta",
        "E = { prior = { mean = 1.8, sd = 0.1 } }\nA = { prior = { mean-ln = 6, sd-ln = 2 } }\nB = { tie = \"2 * A\" }\nalpha = {}\nbeta = {}",
    ));
    assert_eq!(
        law.coef("E").and_then(|c| c.prior),
        Some(Prior::Normal { mean: 1.8, sd: 0.1 })
    );
    assert_eq!(
        law.coef("A").and_then(|c| c.prior),
        Some(Prior::LogNormal {
            mean_ln: 6.0,
            sd_ln: 2.0
        })
    );
    assert_eq!(
        law.coef("B")
            .and_then(|c| c.tie.clone())
            .map(|(text, _)| text),
        Some("2 * A".to_owned())
    );
    assert_eq!(law.var("corpus").map(|v| v.role), Some(VarRole::Index));
}

#[test]
fn fixed_and_tied_coefficients_need_no_value() {
    let law = good(&file(
        "ln L = E + A[task] * N^beta",
        "E = { fixed = 2 }\nA = {}\nbeta = { tie = \"-half\" }\nhalf = { tie = \"E / 4\" }",
    ));
    let at = At {
        coefs: &[("A[qa]".to_owned(), 3.0)],
        inputs: &[("N".to_owned(), 4.0)],
        levels: &[("task".to_owned(), "qa".to_owned())],
    };
    assert_eq!(law.value(&at), Ok((2.0 + 3.0 / 2.0f64).exp()));
}

#[test]
fn broken_toml_is_marked() {
    assert_snapshot!(bad("title = \"T\nformula = 3\n[vars"), @r#"
    mine.toml:1:11: invalid basic string, expected `"` [toml-syntax]
      title = "T
                ^
    mine.toml:3:6: unclosed table, expected `]` [toml-syntax]
      [vars
           ^
    "#);
}

#[test]
fn missing_parts_are_named() {
    assert_snapshot!(bad("note = \"nothing else\""), @r#"
    mine.toml:1:1: a law file needs a `title` [missing-key]
      note = "nothing else"
      ^
      help: say in one line what the law describes
    mine.toml:1:1: a law file needs a `formula` [missing-key]
      note = "nothing else"
      ^
      help: for example formula = "L = E + A / N^alpha"
    "#);
}

#[test]
fn faults_of_the_formula_are_marked_inside_the_file() {
    assert_snapshot!(bad(&file("L = E + A / log(N) + 2x", "E = {}\nA = {}")), @r#"
    mine.toml:2:24: `log` is not a function: its base is not known [bare-log]
      formula = "L = E + A / log(N) + 2x"
                             ^^^
      help: write `ln` (natural), `log2` or `log10`
    mine.toml:2:33: found `x` directly behind the number 2, expected an operator [formula-syntax]
      formula = "L = E + A / log(N) + 2x"
                                      ^^
      help: write `2 * x`
    "#);
}

#[test]
fn a_formula_in_an_escaped_string_is_marked_as_a_whole() {
    assert_snapshot!(bad(&file("L = E + \\u0041 / log(N)", "E = {}\nA = {}")), @r#"
    mine.toml:2:11: `log` is not a function: its base is not known [bare-log]
      formula = "L = E + \u0041 / log(N)"
                ^^^^^^^^^^^^^^^^^^^^^^^^^
      help: write `ln` (natural), `log2` or `log10`
    "#);
}

#[test]
fn undeclared_and_unused_names_are_faults() {
    assert_snapshot!(bad(&file("L = E + A / N^alhpa + K", "E = {}\nA = {}\nalpha = {}")), @r#"
    mine.toml:2:26: `alhpa` is neither a variable, a coefficient nor a `let` step [undeclared-name]
      formula = "L = E + A / N^alhpa + K"
                               ^^^^^
      help: did you mean `alpha`?
    mine.toml:2:34: `K` is neither a variable, a coefficient nor a `let` step [undeclared-name]
      formula = "L = E + A / N^alhpa + K"
                                       ^
      help: declare it under [vars] or [coefs]: K = { … }
    mine.toml:9:1: the coefficient `alpha` is declared but not used [unused-name]
      alpha = {}
      ^^^^^
      help: remove it, or use it in the formula
    "#);
}

#[test]
fn the_response_stands_alone_on_the_left() {
    assert_snapshot!(bad(&file("L - E = A / N", "E = {}\nA = {}")), @r#"
    mine.toml:2:16: `E` stands on the left side, expected the response `L` alone [left-side]
      formula = "L - E = A / N"
                     ^
      help: move everything else to the right side
    "#);
    assert_snapshot!(bad(&file("E + A / N", "E = {}\nA = {}")), @r#"
    mine.toml:2:12: the formula has no left side, expected `L = …` [left-side]
      formula = "E + A / N"
                 ^^^^^^^^^
    "#);
    assert_snapshot!(bad(&file("L = E + A * L / N", "E = {}\nA = {}")), @r#"
    mine.toml:2:24: the response `L` stands on the right side [left-side]
      formula = "L = E + A * L / N"
                             ^
      help: write an implicit law as solve(unknown, lower, upper, equation) with another name for the unknown
    "#);
}

#[test]
fn there_is_exactly_one_response() {
    assert_snapshot!(bad(&file(POWER, "E = {}\nA = {}\nalpha = {}").replace(", role = \"response\"", "")), @r#"
    mine.toml:2:12: no variable has the role "response", expected exactly one [response-role]
      formula = "L = E + A / N^alpha"
                 ^^^^^^^^^^^^^^^^^^^
      help: mark the variable on the left side: L = { column = "loss", role = "response" }
    "#);
    assert_snapshot!(bad(&file(POWER, "E = {}\nA = {}\nalpha = {}").replace("\"params\"", "\"params\", role = \"response\"")), @r#"
    mine.toml:2:12: 2 variables have the role "response", expected exactly one [response-role]
      formula = "L = E + A / N^alpha"
                 ^^^^^^^^^^^^^^^^^^^
      help: mark the variable on the left side: L = { column = "loss", role = "response" }
    "#);
}

#[test]
fn ranges_and_starts_must_agree() {
    assert_snapshot!(bad(&file(
        POWER,
        "E = { range = [2, 1] }\nA = { range = [0], start = [1, \"two\"] }\nalpha = { range = [0, 1], start = [0.5, 1.5] }",
    )), @r#"
    mine.toml:7:15: the lower bound 2 is not below the upper bound 1 [bad-range]
      E = { range = [2, 1] }
                    ^^^^^^
      help: a range is [lower, upper]; a single value is `fixed = …`
    mine.toml:8:15: a range has two numbers, found 1 [bad-range]
      A = { range = [0], start = [1, "two"] }
                    ^^^
      help: write range = [lower, upper]
    mine.toml:8:28: `start` holds something else than numbers [wrong-kind]
      A = { range = [0], start = [1, "two"] }
                                 ^^^^^^^^^^
    mine.toml:9:35: start 1.5 of `alpha` lies outside its range [0, 1] [outside-range]
      alpha = { range = [0, 1], start = [0.5, 1.5] }
                                        ^^^^^^^^^^
    "#);
}

#[test]
fn unknown_keys_and_wrong_kinds_are_marked() {
    assert_snapshot!(bad(&file(
        POWER,
        "E = { rnage = [0, 1], doc = 3 }\nA = 5\nalpha = { prior = { mean = 1 } }\n[[variants]]\nname = \"x\"",
    )), @r"
    mine.toml:7:7: coefficient `E` has no key `rnage` [unknown-key]
      E = { rnage = [0, 1], doc = 3 }
            ^^^^^
      help: did you mean `range`?
    mine.toml:7:29: `doc` is an integer, expected a text in quotes [wrong-kind]
      E = { rnage = [0, 1], doc = 3 }
                                  ^
    mine.toml:8:5: `A` is an integer, expected a table `{ … }` [wrong-kind]
      A = 5
          ^
    mine.toml:9:19: a prior is a centre and a standard deviation [bad-prior]
      alpha = { prior = { mean = 1 } }
                        ^^^^^^^^^^^^
      help: write { mean = …, sd = … } or { mean-ln = …, sd-ln = … }, with a positive standard deviation
    mine.toml:10:3: a law file has no key `variants` [unknown-key]
      [[variants]]
        ^^^^^^^^
      help: did you mean `variant`?
    ");
    assert_snapshot!(bad(&file(POWER, "E = {}\nA = {}\nalpha = {}").replace("\"response\"", "\"target\"")), @r#"
    mine.toml:2:12: no variable has the role "response", expected exactly one [response-role]
      formula = "L = E + A / N^alpha"
                 ^^^^^^^^^^^^^^^^^^^
      help: mark the variable on the left side: L = { column = "loss", role = "response" }
    mine.toml:4:31: there is no role `target` [unknown-role]
      L = { column = "loss", role = "target" }
                                    ^^^^^^^^
      help: the roles are response, input and index
    "#);
}

#[test]
fn ties_lead_somewhere_and_not_back() {
    assert_snapshot!(bad(&file(POWER, "E = { tie = \"A\" }\nA = { tie = \"2 * alpha\" }\nalpha = { tie = \"E\" }")), @r#"
    mine.toml:7:1: the tie of `E` leads back to itself: E → A → alpha → E [cyclic-tie]
      E = { tie = "A" }
      ^
      help: leave one coefficient of the circle without a tie
    "#);
    assert_snapshot!(bad(&file(POWER, "E = {}\nA = { tie = \"2 * alfa\", fixed = 2 }\nalpha = {}")), @r#"
    mine.toml:8:1: `A` is fixed and tied [fixed-and-tied]
      A = { tie = "2 * alfa", fixed = 2 }
      ^
      help: keep one of `fixed` and `tie`
    mine.toml:8:1: the tie `2 * alfa` of `A` names `alfa`, which is not a coefficient [unknown-coefficient]
      A = { tie = "2 * alfa", fixed = 2 }
      ^
      help: there are E, alpha
    "#);
}

#[test]
fn indexes_are_names_and_the_same_everywhere() {
    assert_snapshot!(bad(&file("L = E[N] + A[corpus] / N^alpha + A", "E = {}\nA = {}\nalpha = { index = \"corpus\" }")), @r#"
    mine.toml:2:18: `N` is a number and cannot be an index [bad-index]
      formula = "L = E[N] + A[corpus] / N^alpha + A"
                       ^
      help: declare it as N = { role = "index" }
    mine.toml:2:37: `alpha` is declared with index [corpus] but used with none [index-mismatch]
      formula = "L = E[N] + A[corpus] / N^alpha + A"
                                          ^^^^^
    mine.toml:2:45: `A` is used with another index before [index-mismatch]
      formula = "L = E[N] + A[corpus] / N^alpha + A"
                                                  ^
    "#);
    let declared = file("L = E[corpsu] + 1 / N", "E = {}")
        .replace("[coefs]", "corpus = { role = \"index\" }\n[coefs]");
    assert_snapshot!(bad(&declared), @r#"
    mine.toml:2:18: `corpsu` is not a declared index [bad-index]
      formula = "L = E[corpsu] + 1 / N"
                       ^^^^^^
      help: did you mean `corpus`?
    mine.toml:6:1: the variable `corpus` is declared but not used [unused-name]
      corpus = { role = "index" }
      ^^^^^^
      help: remove it, or use it in the formula
    "#);
}

#[test]
fn names_are_not_functions_and_not_used_twice() {
    assert_snapshot!(bad(&file("let N = 3; L = `max` + E * solve(E, 0, 1, E - N)", "max = {}\nE = {}\nN = {}")), @r#"
    mine.toml:2:16: the step `N` has the name of a variable or coefficient [duplicate-name]
      formula = "let N = 3; L = `max` + E * solve(E, 0, 1, E - N)"
                     ^
      help: give the step another name
    mine.toml:2:45: the unknown `E` has the name of a variable, coefficient or step [duplicate-name]
      formula = "let N = 3; L = `max` + E * solve(E, 0, 1, E - N)"
                                                  ^
      help: give the unknown another name
    mine.toml:5:1: the variable `N` is declared but not used [unused-name]
      N = { column = "params" }
      ^
      help: remove it, or use it in the formula
    mine.toml:7:1: `max` is a function and cannot be a name [reserved-name]
      max = {}
      ^^^
      help: choose another name
    mine.toml:9:1: `N` is declared as a variable and as a coefficient [duplicate-name]
      N = {}
      ^
      help: give one of them another name
    mine.toml:9:1: the coefficient `N` is declared but not used [unused-name]
      N = {}
      ^
      help: remove it, or use it in the formula
    "#);
}

#[test]
fn variants_and_checks_name_what_exists() {
    let coefs = "E = {}\nA = {}\nalpha = {}\n[[variant]]\nname = \"paper\"\ncoefs = { E = 1, a = 2, alfa = 3 }\n\
        [[check]]\nvariant = \"papre\"\nat = { M = 3 }\nL = 1\n[[check]]\ncoefs = { E = 1, A = 2, alpha = 1 }\nat = { N = \"big\" }\nvalue = 3";
    assert_snapshot!(bad(&file(POWER, coefs)), @r#"
    mine.toml:10:1: variant `paper` gives no value for `A` [missing-coefficient]
      [[variant]]
      ^^^^^^^^^^^
    mine.toml:10:1: variant `paper` gives no value for `alpha` [missing-coefficient]
      [[variant]]
      ^^^^^^^^^^^
    mine.toml:12:18: the law has no coefficient `a` [unknown-coefficient]
      coefs = { E = 1, a = 2, alfa = 3 }
                       ^
      help: did you mean `A`?
    mine.toml:12:25: the law has no coefficient `alfa` [unknown-coefficient]
      coefs = { E = 1, a = 2, alfa = 3 }
                              ^^^^
      help: there are E, A, alpha
    mine.toml:13:1: this check gives no value for `N` [missing-input]
      [[check]]
      ^^^^^^^^^
    mine.toml:14:11: the law has no variant `papre` [unknown-variant]
      variant = "papre"
                ^^^^^^^
      help: did you mean `paper`?
    mine.toml:15:8: the law has no input `M` [unknown-variable]
      at = { M = 3 }
             ^
      help: there are N
    mine.toml:17:1: a check needs the expected response, as `L = …` [missing-key]
      [[check]]
      ^^^^^^^^^
    mine.toml:19:12: `N` is a string, expected a number [wrong-kind]
      at = { N = "big" }
                 ^^^^^
    mine.toml:20:1: a check has no key `value` [unknown-key]
      value = 3
      ^^^^^
      help: the keys are variant, coefs, at, tolerance, L
    "#);
}

#[test]
fn a_damaged_law_file_is_refused_or_read_but_never_panics() {
    let (_, text) = isoflop_law::catalogue()
        .into_iter()
        .find(|(id, _)| *id == "chinchilla-by-corpus")
        .expect("there");
    let lines: Vec<&str> = text.lines().collect();
    let mut read = 0;
    for i in 0..lines.len() {
        let without = [&lines[..i], &lines[i + 1..]].concat().join("\n");
        let cut = lines[..i].join("\n");
        let halved = format!("{}\n{}", &cut, &lines[i][..lines[i].len() / 2]);
        for damaged in [without, cut, halved] {
            match Law::from_toml("damaged", "damaged.toml", &damaged) {
                Ok(law) => {
                    read += usize::from(Law::from_toml("damaged", "again", &law.text).is_ok())
                }
                Err(faults) => {
                    assert!(!faults.0.is_empty() && faults.0.iter().all(|d| d.excerpt.is_some()))
                }
            }
        }
    }
    assert!(read > 0, "some lines, such as the note, can be left out");
}
