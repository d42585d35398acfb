//! What the letters of a law count in its paper, and which laws may stand side by side.
//!
//! ```toml
//! [conventions]                        # every key may be left out: the law then does not say
//! params      = "total, embeddings included"
//! tokens      = "processed"            # or unique; characters
//! compute     = "6ND, total parameters"
//! loss        = "nats/token on MassiveText, 32k vocabulary"
//! exponent-of = "reducible loss"       # or whole loss; what stands inside an outer exponent
//! sample      = "notable models, 2010 to May 2024"     # whom a trend speaks of
//! ```
//!
//! Two laws agree on a key when their words are the same, so the catalogue uses the same words for the same thing.

use crate::document::{Document, Section};
use crate::law::{Law, Var, VarRole};

const KEYS: [&str; 6] = [
    "params",
    "tokens",
    "compute",
    "loss",
    "exponent-of",
    "sample",
];

/// What the letters of a law count. Empty words: the law does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conventions {
    /// What a model size counts: `total, embeddings included`.
    pub params: String,
    /// What a number of tokens counts: `processed`.
    pub tokens: String,
    /// How compute is counted: `6ND, total parameters`.
    pub compute: String,
    /// Unit, text and tokenizer of the loss.
    pub loss: String,
    /// What the exponents are exponents of: `reducible loss`.
    pub exponent_of: String,
    /// Whom a trend speaks of, and in which years.
    pub sample: String,
}

impl Conventions {
    /// Key and words of everything that is said.
    #[must_use]
    pub fn said(&self) -> Vec<(&'static str, &str)> {
        KEYS.into_iter()
            .zip(self.words())
            .filter(|(_, words)| !words.is_empty())
            .collect()
    }

    /// These conventions, with those of `over` instead where it says something.
    #[must_use]
    pub fn overlaid(&self, over: &Self) -> Self {
        let mut words = self.words().map(str::to_owned);
        for (own, other) in words.iter_mut().zip(over.words()) {
            if !other.is_empty() {
                other.clone_into(own);
            }
        }
        Self::from_words(words)
    }

    fn words(&self) -> [&str; 6] {
        [
            &self.params,
            &self.tokens,
            &self.compute,
            &self.loss,
            &self.exponent_of,
            &self.sample,
        ]
    }

    fn from_words([params, tokens, compute, loss, exponent_of, sample]: [String; 6]) -> Self {
        Self {
            params,
            tokens,
            compute,
            loss,
            exponent_of,
            sample,
        }
    }
}

/// The table `conventions` of a law file or of one of its variants.
pub(crate) fn read<'a>(doc: &mut Document<'a>, parent: &Section<'a>) -> Conventions {
    let section = doc.section(parent, "conventions", "[conventions]");
    doc.check_keys(&section, &KEYS);
    Conventions::from_words(KEYS.map(|key| doc.words(&section, key)))
}

/// Whether the numbers of two laws mean the same, so that they may be compared.
///
/// # Errors
///
/// Every reason why not, as a sentence: they predict different things, their letters count different things, or
/// only one of them says what it counts.
///
/// # Example
///
/// ```
/// use isoflop_law::{Law, comparable};
///
/// let (kaplan, chinchilla) = (Law::builtin("kaplan-ln")?, Law::builtin("chinchilla")?);
/// let reasons = comparable(&kaplan, &chinchilla).expect_err("another loss, another model size");
/// assert!(reasons[0].contains("embeddings"));
/// # Ok::<(), isoflop_base::Diagnostics>(())
/// ```
pub fn comparable(a: &Law, b: &Law) -> Result<(), Vec<String>> {
    let mut reasons = Vec::new();
    let (ours, theirs) = (a.response(), b.response());
    if (&ours.column, &ours.unit) != (&theirs.column, &theirs.unit) {
        reasons.push(format!(
            "They predict different things: {} gives {}, {} gives {}.",
            name(a),
            quantity(ours),
            name(b),
            quantity(theirs)
        ));
    }
    for input in a.vars.iter().filter(|v| v.role == VarRole::Input) {
        if let Some(other) = b
            .vars
            .iter()
            .find(|v| v.role == VarRole::Input && v.column == input.column && v.unit != input.unit)
        {
            reasons.push(format!(
                "The input {} has another unit: {} in {}, {} in {}.",
                input.column,
                unit(input),
                name(a),
                unit(other),
                name(b)
            ));
        }
    }
    let words = a.conventions.words().into_iter().zip(b.conventions.words());
    for (key, (ours, theirs)) in KEYS.into_iter().zip(words) {
        reasons.extend(differs(key, (a, ours), (b, theirs)));
    }
    if reasons.is_empty() {
        Ok(())
    } else {
        Err(reasons)
    }
}

/// Why one convention keeps two laws apart.
fn differs(key: &str, (a, ours): (&Law, &str), (b, theirs): (&Law, &str)) -> Option<String> {
    let (what, other) = match key {
        "params" => ("Model size", "is counted another way"),
        "tokens" => ("Data", "are counted another way"),
        "compute" => ("Compute", "is counted another way"),
        "loss" => ("The loss", "is another"),
        "exponent-of" => ("The exponents", "belong to something else"),
        _ => ("The sample", "is another"),
    };
    let one = |silent: &Law, saying: &Law, said: &str| {
        concerns(key, silent).then(|| {
            format!(
                "{what}: {said} in {}; {} does not say.",
                name(saying),
                name(silent)
            )
        })
    };
    match (ours, theirs) {
        _ if ours == theirs => None,
        ("", said) => one(a, b, said),
        (said, "") => one(b, a, said),
        _ => Some(format!(
            "{what} {other}: {ours} in {}; {theirs} in {}.",
            name(a),
            name(b)
        )),
    }
}

/// Whether a law has something that a convention could speak of.
fn concerns(key: &str, law: &Law) -> bool {
    let has = |columns: &[&str]| {
        law.vars
            .iter()
            .any(|v| columns.contains(&v.column.as_str()))
    };
    match key {
        "params" => has(&["params"]),
        "tokens" => has(&["tokens", "unique_tokens"]),
        "compute" => has(&["flops"]),
        "loss" => has(&["loss"]),
        "sample" => true,
        _ => false,
    }
}

/// `chinchilla`, or `chinchilla:huber` for one variant of several.
fn name(law: &Law) -> String {
    match law.variants.as_slice() {
        [one] if one.name != "paper" => format!("{}:{}", law.id, one.name),
        _ => law.id.clone(),
    }
}

fn quantity(var: &Var) -> String {
    match (var.doc.as_str(), var.unit.as_str()) {
        ("", "") => var.column.clone(),
        ("", unit) => format!("{} in {unit}", var.column),
        (doc, "") => doc.to_owned(),
        (doc, unit) => format!("{doc} in {unit}"),
    }
}

fn unit(var: &Var) -> &str {
    if var.unit.is_empty() {
        "none"
    } else {
        &var.unit
    }
}
