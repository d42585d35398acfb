//! Changes to coefficients, as typed.

use super::shown;
use insta::assert_snapshot;
use isoflop_law::Law;

fn changes(list: &[&str]) -> Vec<String> {
    list.iter().map(|c| (*c).to_owned()).collect()
}

#[track_caller]
fn changed(list: &[&str]) -> Law {
    let law = Law::builtin("chinchilla").expect("reads");
    law.with_changes(&changes(list))
        .unwrap_or_else(|e| panic!("{}", shown(&e)))
}

#[track_caller]
fn bad(list: &[&str]) -> String {
    let law = Law::builtin("chinchilla").expect("reads");
    shown(
        &law.with_changes(&changes(list))
            .expect_err("a faulty change"),
    )
}

#[test]
fn a_number_fixes_and_a_later_change_wins() {
    let law = changed(&["E = 1.5", "E = 17 / 10"]);
    assert_eq!(law.coef("E").and_then(|c| c.fixed), Some(1.7));
    let tied = changed(&["beta = 0.3", "beta = alpha"]);
    let beta = tied.coef("beta").expect("declared");
    assert!(beta.fixed.is_none() && beta.tie.is_some());
}

#[test]
fn bounds_are_set_and_starts_outside_are_dropped() {
    let law = changed(&["alpha in [0.3, 0.6]", "E in [-inf, 4K]"]);
    let alpha = law.coef("alpha").expect("declared");
    assert_eq!(
        (alpha.lower, alpha.upper, alpha.start.as_slice()),
        (0.3, 0.6, &[0.5][..])
    );
    assert_eq!(
        law.coef("E").map(|c| (c.lower, c.upper)),
        Some((f64::NEG_INFINITY, 4000.0))
    );
}

#[test]
fn the_text_holds_the_changes() {
    let law = changed(&["E = 1.7", "beta = 2 * alpha", "A in [1, 1e4]"]);
    let again = Law::from_toml(&law.id, "again", &law.text).expect("reads");
    assert_eq!(format!("{again:?}"), format!("{law:?}"));
    assert!(law.text.contains("fixed = 1.7") && law.text.contains("tie = \"2 * alpha\""));
}

#[test]
fn a_bare_name_changes_nothing() {
    let law = Law::builtin("chinchilla").expect("reads");
    assert_eq!(changed(&["alpha"]).text, law.text);
}

#[test]
fn all_faults_of_all_changes_are_reported() {
    assert_snapshot!(bad(&[
        "alfa = 1",
        "alpha in [1, 0]",
        "alpha in [0, x]",
        "A in [0]",
        "E = -1",
        "beta = alpha + gamma",
        "beta = 2 * beta",
        "E = = 2",
        "Z",
    ]), @r"
    <coefficient>:1:1: the law chinchilla has no coefficient `alfa` [unknown-coefficient]
      alfa = 1
      ^^^^
      help: there are E, A, B, alpha, beta
    <coefficient>:1:10: the lower bound 1 is not below the upper bound 0 [bad-range]
      alpha in [1, 0]
               ^^^^^^
      help: a single value is fixed with `=`
    <coefficient>:1:10: a bound is not a number [bad-range]
      alpha in [0, x]
               ^^^^^^
      help: write numbers, `inf` or `-inf`
    <coefficient>:1:6: a range has two numbers [bad-range]
      A in [0]
           ^^^
      help: write `alpha in [0, 1]`
    <coefficient>:1:5: -1 lies outside the range [0, inf] of `E` [outside-range]
      E = -1
          ^^
      help: change the range as well, before it: `E in [lower, upper]`
    <coefficient>:1:16: the law chinchilla has no coefficient `gamma` [unknown-coefficient]
      beta = alpha + gamma
                     ^^^^^
      help: there are E, A, B, alpha, beta
    <coefficient>:1:8: the tie of `beta` leads back to itself: beta → beta [cyclic-tie]
      beta = 2 * beta
             ^^^^^^^^
      help: leave one coefficient of the circle without a tie
    <coefficient>:1:5: found `=`, expected a number, a name or `(` [formula-syntax]
      E = = 2
          ^
    <coefficient>:1:1: the law chinchilla has no coefficient `Z` [unknown-coefficient]
      Z
      ^
      help: there are E, A, B, alpha, beta
    ");
}

#[test]
fn a_circle_of_ties_is_refused() {
    assert_snapshot!(bad(&["alpha = beta", "beta = alpha"]), @r"
    <coefficient>:1:8: the tie of `beta` leads back to itself: beta → alpha → beta [cyclic-tie]
      beta = alpha
             ^^^^^
      help: leave one coefficient of the circle without a tie
    ");
}
