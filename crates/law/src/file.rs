//! The law file: TOML in, a checked [`Law`] out.
//!
//! ```toml
//! title   = "Power law with a floor"
//! formula = "y = e + a * x^-b"        # `let` steps before it, each ended by `;` or a line end
//! source  = "authors, year, place"     # words are reflowed: line breaks inside a text do not matter
//! key     = "author-year-what"          # bibliographic name
//! trust   = "primary"
//! tags    = ["learning-curve"]
//! objective = "huber-log:0.001"        # what a fit minimises unless told otherwise
//! simplex = [["w1", "w2", "w3"]]       # inputs that sum to one; rows in which they do not are left out
//! note    = "what a user must know"
//!
//! [conventions]                        # what the letters count: see `conventions.rs`
//! params = "total, embeddings included"
//!
//! [vars]                               # keys: column unit doc role positive domain
//! y = { column = "loss", role = "response" }          # exactly one response, alone on the left side
//! x = { column = "tokens", unit = "tokens" }           # the default role is "input"
//! corpus = { role = "index" }                          # may be left out: an index in the formula declares itself
//!
//! [coefs]                              # keys: doc unit range start index fixed tie prior
//! e = { doc = "floor", range = [0, inf], start = [0.1, 1] }
//! a = { range = [0, inf], prior = { mean-ln = 0, sd-ln = 2 } }    # or { mean = …, sd = … }
//! b = { tie = "a / 2" }                # or fixed = 0.5
//! t = { index = ["model"], pool = {} } # levels scatter about their mean; or pool = { sd = 0.3 }
//!
//! [use]                                # other laws that the formula calls: see `calls.rs`
//! L = { law = "chinchilla" }
//!
//! [[stage]]                            # coefficients fitted one group after the other, each on its own rows
//! coefs = ["e"]
//! where = "x > 10"                      # may be left out; the last stage fits what is left
//!
//! [[variant]]                          # published values
//! name  = "paper"
//! coefs = { e = 1, a = 2 }
//! errors = { e = 0.1 }                 # standard errors; or intervals = { e = [0.8, 1.2] } with level = "90%"
//! key    = "other-year-what"           # also source, trust, note, conventions: where they differ from the law's
//!
//! [[check]]                            # a value that must come out, under the response's letter
//! variant = "paper"                    # or coefs = { … }, or both: coefs then override
//! at      = { x = 100 }
//! y       = 1.2
//! tolerance = 1e-12                    # relative
//! ```
//!
//! A lower bound of zero or more keeps a coefficient positive. A coefficient without `range` is free.

use isoflop_base::{Diagnostics, Span, closest};
use isoflop_formula::ast::{Expr, Formula};
use isoflop_formula::{Place, number, parse_expr_at, parse_formula_at};

use crate::document::{Document, Entry, Section, bytes};
use crate::law::{Coef, Law, Pool, Prior, Stage, Var, VarRole};
use crate::{calls, conventions, print, published, rules};

const LAW_KEYS: [&str; 16] = [
    "title",
    "formula",
    "source",
    "key",
    "trust",
    "tags",
    "objective",
    "note",
    "conventions",
    "vars",
    "coefs",
    "variant",
    "check",
    "use",
    "simplex",
    "stage",
];
const VAR_KEYS: [&str; 6] = ["column", "unit", "doc", "role", "positive", "domain"];
const COEF_KEYS: [&str; 9] = [
    "doc", "unit", "range", "start", "index", "fixed", "tie", "prior", "pool",
];

impl Law {
    /// Reads a law file. `id` is the law's short name, `file` what messages call the file. The law's own
    /// [`text`](Law::text) is the canonical form of the file: comments are gone, words are reflowed.
    ///
    /// # Errors
    ///
    /// Every fault of the file, each with line and column.
    pub fn from_toml(id: &str, file: &str, text: &str) -> Result<Self, Diagnostics> {
        let mut law = read(id, file, text)?;
        let canonical = print::law_file(&law);
        if canonical != text {
            // Spans count bytes of the law's own text, so that messages about a saved law stay right.
            law = read(id, file, &canonical)?;
        }
        law.text = canonical;
        Ok(law)
    }
}

fn read(id: &str, file: &str, text: &str) -> Result<Law, Diagnostics> {
    let (mut doc, root) = Document::open(file, text);
    if !doc.faults.is_empty() {
        return Err(doc.finish().err().unwrap_or_default());
    }
    doc.check_keys(&root, &LAW_KEYS);
    let title = doc.words(&root, "title");
    if title.is_empty() {
        doc.fault(
            "missing-key",
            "a law file needs a `title`",
            root.span,
            "say in one line what the law describes",
        );
    }
    let (formula_text, formula_at) = doc.text(&root, "formula").unwrap_or_default();
    let calls = calls::read(&mut doc, &root);
    let formula_text = format!("{}{}", calls.steps, formula_text.trim());
    let written = formula_text.clone();
    let place = if calls.steps.is_empty() {
        Place::inside(file, text, formula_at, &written)
    } else {
        Place::whole(file, &written)
    };
    let formula = formula(&mut doc, &root, &formula_text, &place);
    let (mut vars, mut var_spans) = vars(&mut doc, &root);
    let mut coefs = coefs(&mut doc, &root);
    for var in calls.vars {
        if vars.iter().all(|v| v.name != var.name) {
            vars.push(var);
            var_spans.push(root.span);
        }
    }
    coefs.extend(calls.coefs);
    let Some(formula) = formula else {
        return Err(doc.finish().err().unwrap_or_default());
    };
    let mut law = Law {
        id: id.to_owned(),
        title,
        formula_text,
        formula,
        vars,
        coefs,
        objective: doc.text(&root, "objective").map(|(text, _)| text),
        simplex: simplex(&mut doc, &root),
        stages: stages(&mut doc, &root),
        variants: Vec::new(),
        checks: Vec::new(),
        source: doc.words(&root, "source"),
        key: doc.words(&root, "key"),
        conventions: conventions::read(&mut doc, &root),
        trust: doc.words(&root, "trust"),
        note: doc.words(&root, "note"),
        tags: doc
            .texts(&root, "tags")
            .unwrap_or_default()
            .into_iter()
            .map(|(tag, _)| tag)
            .collect(),
        text: text.to_owned(),
    };
    rules::indexes(&mut law, &place, &mut doc.faults);
    rules::names(&law, &var_spans, &place, &mut doc);
    rules::ties(&law, &mut doc);
    rules::pools(&law, &mut doc);
    rules::simplex(&law, &mut doc, &root);
    rules::stages(&law, &mut doc, &root);
    law.variants = doc
        .sections(&root, "variant")
        .iter()
        .map(|s| published::variant(&mut doc, s, &law))
        .collect();
    if law
        .vars
        .iter()
        .filter(|v| v.role == VarRole::Response)
        .count()
        != 1
    {
        return Err(doc.finish().err().unwrap_or_default());
    }
    law.checks = doc
        .sections(&root, "check")
        .iter()
        .filter_map(|s| published::check(&mut doc, s, &law))
        .collect();
    doc.finish()?;
    Ok(law)
}

fn formula(
    doc: &mut Document<'_>,
    root: &Section<'_>,
    text: &str,
    place: &Place<'_>,
) -> Option<Formula> {
    if root.get("formula").is_none() {
        doc.fault(
            "missing-key",
            "a law file needs a `formula`",
            root.span,
            "for example formula = \"L = E + A / N^alpha\"",
        );
        return None;
    }
    match parse_formula_at(text, place) {
        Ok(formula) => Some(formula),
        Err(faults) => {
            doc.faults.extend(faults.0);
            None
        }
    }
}

fn vars<'a>(doc: &mut Document<'a>, root: &Section<'a>) -> (Vec<Var>, Vec<Span>) {
    let section = doc.section(root, "vars", "[vars]");
    let mut vars = Vec::new();
    let mut spans = Vec::new();
    for entry in &section.entries {
        let fields = doc.fields(entry, &format!("variable `{}`", entry.key));
        doc.check_keys(&fields, &VAR_KEYS);
        let column = doc.words(&fields, "column");
        vars.push(Var {
            name: entry.key.clone(),
            column: if column.is_empty() {
                entry.key.clone()
            } else {
                column
            },
            unit: doc.words(&fields, "unit"),
            doc: doc.words(&fields, "doc"),
            role: role(doc, &fields),
            positive: doc.boolean(&fields, "positive").unwrap_or(true),
            domain: bounds(doc, &fields, "domain"),
        });
        spans.push(entry.key_span);
    }
    (vars, spans)
}

/// Groups of inputs that sum to one.
fn simplex<'a>(doc: &mut Document<'a>, root: &Section<'a>) -> Vec<Vec<String>> {
    let Some(entry) = root.get("simplex") else {
        return Vec::new();
    };
    let groups = entry.value.get_ref().as_array().and_then(|groups| {
        let group = |g: &crate::document::Value<'a>| {
            let names = g.get_ref().as_array()?;
            let names = names
                .iter()
                .map(|n| n.get_ref().as_str().map(str::to_owned));
            names.collect::<Option<Vec<String>>>()
        };
        groups.iter().map(group).collect::<Option<Vec<_>>>()
    });
    groups.unwrap_or_else(|| {
        let entry = entry.clone();
        doc.wrong_kind(&entry, "a list of lists of inputs, [[\"w1\", \"w2\"]]");
        Vec::new()
    })
}

fn stages<'a>(doc: &mut Document<'a>, root: &Section<'a>) -> Vec<Stage> {
    let sections = doc.sections(root, "stage");
    let mut stages = Vec::new();
    for section in &sections {
        doc.check_keys(section, &["coefs", "where"]);
        let coefs = doc.texts(section, "coefs").unwrap_or_default();
        stages.push(Stage {
            coefs: coefs.into_iter().map(|(name, _)| name).collect(),
            filter: doc.text(section, "where").map(|(text, _)| text),
        });
    }
    stages
}

fn role<'a>(doc: &mut Document<'a>, fields: &Section<'a>) -> VarRole {
    match doc.text(fields, "role") {
        Some((word, at)) => VarRole::from_word(&word).unwrap_or_else(|| {
            let message = format!("there is no role `{word}`");
            doc.fault(
                "unknown-role",
                message,
                at,
                "the roles are response, input and index",
            );
            VarRole::Input
        }),
        None => VarRole::Input,
    }
}

fn coefs<'a>(doc: &mut Document<'a>, root: &Section<'a>) -> Vec<Coef> {
    let section = doc.section(root, "coefs", "[coefs]");
    let mut coefs = Vec::new();
    for entry in &section.entries {
        let fields = doc.fields(entry, &format!("coefficient `{}`", entry.key));
        coefs.push(coef(doc, entry, &fields));
    }
    coefs
}

fn coef<'a>(doc: &mut Document<'a>, entry: &Entry<'a>, fields: &Section<'a>) -> Coef {
    doc.check_keys(fields, &COEF_KEYS);
    let (lower, upper) = range(doc, fields);
    let start = doc.numbers(fields, "start").unwrap_or_default();
    let fixed = doc.number(fields, "fixed");
    for (key, values) in [
        ("start", start.clone()),
        ("fixed", fixed.into_iter().collect()),
    ] {
        for value in values
            .into_iter()
            .filter(|x| !(lower..=upper).contains(x) || x.is_infinite())
        {
            let at = fields
                .get(key)
                .map_or(fields.span, |e| bytes(&e.value.span()));
            let shown = number(value);
            let message = format!(
                "{key} {shown} of `{}` lies outside its range [{}, {}]",
                entry.key,
                number(lower),
                number(upper)
            );
            doc.fault("outside-range", message, at, "");
        }
    }
    let tie = tie(doc, fields);
    if tie.is_some() && fixed.is_some() {
        doc.fault(
            "fixed-and-tied",
            format!("`{}` is fixed and tied", entry.key),
            entry.key_span,
            "keep one of `fixed` and `tie`",
        );
    }
    Coef {
        name: entry.key.clone(),
        doc: doc.words(fields, "doc"),
        unit: doc.words(fields, "unit"),
        lower,
        upper,
        start,
        index: doc
            .texts(fields, "index")
            .unwrap_or_default()
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
        fixed,
        tie,
        prior: prior(doc, fields),
        pool: pool(doc, fields),
        span: entry.key_span,
    }
}

fn range<'a>(doc: &mut Document<'a>, fields: &Section<'a>) -> (f64, f64) {
    bounds(doc, fields, "range").unwrap_or((f64::NEG_INFINITY, f64::INFINITY))
}

/// Two numbers in rising order; none when they are not there or at fault.
pub(crate) fn bounds<'a>(
    doc: &mut Document<'a>,
    fields: &Section<'a>,
    key: &str,
) -> Option<(f64, f64)> {
    let list = doc.numbers(fields, key)?;
    let at = fields
        .get(key)
        .map_or(fields.span, |e| bytes(&e.value.span()));
    match list.as_slice() {
        [lower, upper] if lower < upper => return Some((*lower, *upper)),
        [lower, upper] => {
            let message = format!(
                "the lower bound {} is not below the upper bound {}",
                number(*lower),
                number(*upper)
            );
            doc.fault(
                "bad-range",
                message,
                at,
                match key {
                    "range" => "a range is [lower, upper]; a single value is `fixed = …`",
                    _ => "write the smaller number first",
                },
            );
        }
        _ => {
            doc.fault(
                "bad-range",
                format!("a {key} has two numbers, found {}", list.len()),
                at,
                &format!("write {key} = [lower, upper]"),
            );
        }
    }
    None
}

fn tie<'a>(doc: &mut Document<'a>, fields: &Section<'a>) -> Option<(String, Expr)> {
    let (text, at) = doc.text(fields, "tie")?;
    let text = text.trim().to_owned();
    match parse_expr_at(&text, &Place::inside(doc.file, doc.source, at, &text)) {
        Ok(expr) => Some((text, expr)),
        Err(faults) => {
            doc.faults.extend(faults.0);
            None
        }
    }
}

fn prior<'a>(doc: &mut Document<'a>, fields: &Section<'a>) -> Option<Prior> {
    let entry = fields.get("prior")?.clone();
    let section = doc.as_section(&entry, "a prior")?;
    doc.check_keys(&section, &["mean", "sd", "mean-ln", "sd-ln"]);
    let mut get = |key| section.get(key).and_then(|e| doc.as_number(e));
    let prior = match (get("mean"), get("sd"), get("mean-ln"), get("sd-ln")) {
        (Some(mean), Some(sd), None, None) if sd > 0.0 => Some(Prior::Normal { mean, sd }),
        (None, None, Some(mean_ln), Some(sd_ln)) if sd_ln > 0.0 => {
            Some(Prior::LogNormal { mean_ln, sd_ln })
        }
        _ => None,
    };
    if prior.is_none() {
        let at = bytes(&entry.value.span());
        let help = "write { mean = …, sd = … } or { mean-ln = …, sd-ln = … }, with a positive standard deviation";
        doc.fault(
            "bad-prior",
            "a prior is a centre and a standard deviation",
            at,
            help,
        );
    }
    prior
}

fn pool<'a>(doc: &mut Document<'a>, fields: &Section<'a>) -> Option<Pool> {
    let entry = fields.get("pool")?.clone();
    let section = doc.as_section(&entry, "a pool")?;
    doc.check_keys(&section, &["sd"]);
    let sd = section.get("sd").and_then(|e| doc.as_number(e));
    if sd.is_some_and(|sd| sd <= 0.0) {
        let at = bytes(&entry.value.span());
        doc.fault(
            "bad-pool",
            "the standard deviation between levels must be above zero",
            at,
            "write pool = {} to have it estimated",
        );
    }
    Some(Pool { sd })
}

/// The candidate that a name was probably meant to be. A single letter is a slip of its own case only: every
/// other letter is as near as any.
pub(crate) fn nearest<'a>(
    name: &str,
    mut candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    if name.chars().count() == 1 {
        return candidates.find(|c| c.to_lowercase() == name.to_lowercase());
    }
    closest(name, candidates)
}

/// A hint that names the nearest candidate, or all of them when none is near.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str> + Clone,
) -> String {
    if let Some(near) = nearest(name, candidates.clone()) {
        return format!("did you mean `{near}`?");
    }
    let all: Vec<&str> = candidates.collect();
    if all.is_empty() {
        String::new()
    } else {
        format!("there are {}", all.join(", "))
    }
}
