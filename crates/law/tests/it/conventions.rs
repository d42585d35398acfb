//! Which laws of the catalogue may be compared, and what is said about those that may not.

use crate::places::laws;
use isoflop_law::{Law, comparable};

/// A law of the catalogue, or one variant of it as `name:variant`.
fn law(name: &str) -> Law {
    let (id, variant) = name.split_once(':').unwrap_or((name, ""));
    let law = Law::builtin(id).expect(id);
    law.as_published(variant).unwrap_or(law)
}

#[track_caller]
fn kept_apart(a: &str, b: &str, words: &[&str]) {
    let reasons = comparable(&law(a), &law(b)).expect_err("these laws count differently");
    for word in words {
        assert!(
            reasons.iter().any(|r| r.contains(word)),
            "{a}, {b}: {word} is not in {reasons:?}"
        );
    }
    let other_way = comparable(&law(b), &law(a)).expect_err("the order plays no part");
    assert_eq!(other_way.len(), reasons.len(), "{a}, {b}");
}

#[test]
fn losses_of_other_texts_and_tokenizers_are_kept_apart() {
    kept_apart("kaplan-ln", "chinchilla", &["The loss is another"]);
    kept_apart("chinchilla", "chinchilla-tied", &["The loss is another"]);
    kept_apart("chinchilla", "over-training", &["The loss is another"]);
    kept_apart(
        "precision-loss",
        "chinchilla-tied",
        &["The loss is another"],
    );
    kept_apart(
        "henighan-ln:language",
        "henighan-ln:image-8x8",
        &["The loss"],
    );
}

#[test]
fn exponents_of_the_whole_loss_of_the_reducible_one_and_of_inner_terms_are_kept_apart() {
    kept_apart("kaplan-ln", "chinchilla", &["whole loss", "reducible loss"]);
    kept_apart("outer-exponent", "chinchilla", &["outer exponent"]);
    kept_apart("kaplan-lnd", "chinchilla", &["outer exponent"]);
}

#[test]
fn unique_tokens_are_kept_apart_from_processed_ones() {
    kept_apart("kaplan-lnd", "chinchilla", &["unique, stopped early"]);
}

#[test]
fn two_ways_to_count_compute_are_kept_apart() {
    kept_apart(
        "kaplan-lc",
        "kaplan-lcmin",
        &["Compute is counted another way"],
    );
    kept_apart("kaplan-params", "chinchilla-params", &["embeddings", "6ND"]);
    kept_apart("flops-kaplan-forward", "flops-palm", &["causal", "in full"]);
}

#[test]
fn allocation_to_tokens_is_no_allocation_to_parameters() {
    kept_apart(
        "llama3-tokens",
        "chinchilla-params",
        &["predict different things"],
    );
    kept_apart(
        "deepseek-scale",
        "chinchilla-params",
        &["predict different things"],
    );
}

#[test]
fn errors_and_perplexities_are_no_losses() {
    kept_apart("rosenfeld", "chinchilla", &["predict different things"]);
    kept_apart("modality:text", "chinchilla", &["predict different things"]);
    kept_apart(
        "error-from-loss",
        "chinchilla",
        &["predict different things"],
    );
}

#[test]
fn trends_of_other_samples_are_kept_apart() {
    kept_apart(
        "compute-growth:notable-2010-2024",
        "compute-growth:language-post-2020",
        &["The sample is another"],
    );
    kept_apart(
        "vision-progress",
        "densing",
        &["different things", "sample"],
    );
}

#[test]
fn a_law_that_does_not_say_what_it_counts_is_kept_apart() {
    kept_apart("nested", "chinchilla", &["nested does not say"]);
}

#[test]
fn laws_that_count_alike_may_be_compared() {
    for (a, b) in [
        ("chinchilla:paper", "chinchilla:besiroglu"),
        ("chinchilla", "chinchilla-log"),
        ("chinchilla-tied", "data-constrained"),
        ("kaplan-ln", "kaplan-ld"),
        (
            "chinchilla-params:besiroglu",
            "chinchilla-params:hoffmann-unrounded",
        ),
        ("deepseek-lr", "deepseek-lr"),
    ] {
        assert_eq!(comparable(&law(a), &law(b)), Ok(()), "{a}, {b}");
    }
}

#[test]
fn every_law_may_be_compared_with_itself() {
    for law in laws() {
        assert_eq!(comparable(&law, &law), Ok(()), "{}", law.id);
    }
}

#[test]
fn published_laws_of_loss_say_whose_loss_it_is() {
    for law in laws() {
        let published = !law.variants.is_empty() && !law.key.is_empty();
        let loss = law.response().column == "loss" && law.tags.iter().any(|t| t == "pretraining");
        let says = |c: &isoflop_law::Conventions| !c.loss.is_empty();
        let said = says(&law.conventions) || law.variants.iter().all(|v| says(&v.conventions));
        assert!(!published || !loss || said, "{}", law.id);
    }
}

#[test]
fn a_variant_lays_its_own_words_over_those_of_the_law() {
    let language = law("henighan-ln:language");
    assert_eq!(language.conventions.loss, "nats/token of WebText2");
    assert_eq!(language.conventions.params, "without embeddings");
    let besiroglu = law("besiroglu-2024");
    assert_eq!(besiroglu.trust, "primary-code");
    assert!(besiroglu.source.contains("2404.10102") && besiroglu.variants.len() == 1);
}
