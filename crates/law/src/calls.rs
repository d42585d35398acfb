//! `[use]`: a law that calls other laws of the catalogue.
//!
//! ```toml
//! formula = "acc = low + (high - low) * sigmoid(k * (mid - L))"
//!
//! [use]                                # L is then what the called law predicts
//! L = { law = "chinchilla" }           # its coefficients join as L_E, L_A, … and are fitted with the others
//! M = { law = "chinchilla", variant = "besiroglu" }                     # or are held at published values
//! K = { law = "chinchilla", variant = "besiroglu", errors = "prior" }   # or have them as priors with their errors
//! ```
//!
//! The call is written out: its steps and its right side become `let` steps of the formula, its inputs variables of the
//! law by the same letters. What is left is one law without calls.

use isoflop_base::Span;
use isoflop_formula::ast::{Expr, ExprKind};

use crate::document::{Document, Section};
use crate::file::did_you_mean;
use crate::law::{Coef, Law, Prior, Var, VarRole, Variant};

/// What the calls add to a law.
#[derive(Default)]
pub(crate) struct Calls {
    /// `let` steps, to stand before the formula.
    pub steps: String,
    /// Variables of the called laws that the caller does not declare itself.
    pub vars: Vec<Var>,
    /// Their coefficients under their new names.
    pub coefs: Vec<Coef>,
}

const CALL_KEYS: [&str; 3] = ["law", "variant", "errors"];

/// Reads `[use]` and writes the calls out.
pub(crate) fn read<'a>(doc: &mut Document<'a>, root: &Section<'a>) -> Calls {
    let mut calls = Calls::default();
    if root.get("use").is_none() {
        return calls;
    }
    let section = doc.section(root, "use", "[use]");
    for entry in &section.entries {
        let fields = doc.fields(entry, &format!("the call `{}`", entry.key));
        doc.check_keys(&fields, &CALL_KEYS);
        let Some((id, at)) = doc.text(&fields, "law") else {
            doc.fault(
                "missing-key",
                format!("the call `{}` names no law", entry.key),
                entry.key_span,
                "write { law = \"chinchilla\" }",
            );
            continue;
        };
        let Ok(law) = Law::builtin(&id) else {
            let ids = crate::catalogue::catalogue();
            let help = did_you_mean(&id, ids.iter().map(|(id, _)| *id));
            doc.fault(
                "unknown-law",
                format!("there is no law `{id}` in the catalogue"),
                at,
                &help,
            );
            continue;
        };
        let how = Treatment::read(doc, &fields, &law);
        call(doc, &entry.key, entry.key_span, &law, &how, &mut calls);
    }
    calls
}

/// What becomes of the coefficients of a called law.
enum Treatment<'l> {
    Free,
    Fixed(&'l Variant),
    Prior(&'l Variant),
}

impl<'l> Treatment<'l> {
    fn read<'a>(doc: &mut Document<'a>, fields: &Section<'a>, law: &'l Law) -> Self {
        let errors = doc.text(fields, "errors");
        let Some((name, at)) = doc.text(fields, "variant") else {
            return Self::Free;
        };
        let Some(variant) = law.variant(&name) else {
            let names = law.variants.iter().map(|v| v.name.as_str());
            let help = did_you_mean(&name, names);
            doc.fault(
                "unknown-variant",
                format!("{} has no published values `{name}`", law.id),
                at,
                &help,
            );
            return Self::Free;
        };
        match errors {
            None => Self::Fixed(variant),
            Some((word, _)) if word == "prior" => Self::Prior(variant),
            Some((word, at)) => {
                let message = format!("errors = \"{word}\" means nothing");
                doc.fault(
                    "unknown-value",
                    message,
                    at,
                    "leave it out, or write errors = \"prior\"",
                );
                Self::Fixed(variant)
            }
        }
    }

    /// The coefficient as it joins the caller.
    fn apply(&self, mut coef: Coef) -> Result<Coef, String> {
        let value = |list: &[(String, f64)]| {
            let found = list.iter().find(|(name, _)| *name == coef.name);
            found.map(|(_, x)| *x)
        };
        match self {
            Self::Free => {}
            Self::Fixed(variant) => {
                coef.fixed = coef.fixed.or(value(&variant.coefs));
                coef.tie = None;
            }
            Self::Prior(variant) => {
                let mean = value(&variant.coefs);
                let sd = value(&variant.errors);
                let (Some(mean), Some(sd)) = (mean, sd) else {
                    return Err(format!(
                        "`{}` of {} has no published error",
                        coef.name, variant.name
                    ));
                };
                coef.tie = None;
                coef.start = vec![mean];
                // A scale whose error is of its own size cannot be normal: its logarithm can.
                coef.prior = Some(if coef.lower >= 0.0 {
                    Prior::LogNormal {
                        mean_ln: mean.ln(),
                        sd_ln: (sd / mean).abs(),
                    }
                } else {
                    Prior::Normal { mean, sd }
                });
            }
        }
        Ok(coef)
    }
}

fn call(
    doc: &mut Document<'_>,
    name: &str,
    at: Span,
    law: &Law,
    how: &Treatment<'_>,
    calls: &mut Calls,
) {
    let alone = matches!(
        law.formula.left.as_ref().map(|left| &left.kind),
        Some(ExprKind::Name(_))
    );
    if !alone || law.vars.iter().any(|v| v.role == VarRole::Index) {
        doc.fault(
            "bad-call",
            format!(
                "{} cannot be called: only a law of the form `y = …` without an index can",
                law.id
            ),
            at,
            "write its formula out",
        );
        return;
    }
    let own = |inner: &str| {
        let is_step = law.formula.lets.iter().any(|l| l.name == inner);
        (is_step || law.coef(inner).is_some()).then(|| format!("{name}_{inner}"))
    };
    for step in &law.formula.lets {
        let value = step.value.renamed(&own);
        calls.steps += &format!("let {name}_{} = {value};\n", step.name);
    }
    calls.steps += &format!("let {name} = {};\n", law.formula.right.renamed(&own));
    for var in law.vars.iter().filter(|v| v.role == VarRole::Input) {
        if calls.vars.iter().all(|v| v.name != var.name) {
            calls.vars.push(var.clone());
        }
    }
    for coef in &law.coefs {
        match how.apply(coef.clone()) {
            Ok(mut joined) => {
                joined.name = format!("{name}_{}", coef.name);
                joined.span = at;
                joined.tie = joined.tie.map(|(_, expr)| {
                    let expr: Expr = expr.renamed(&own);
                    (expr.to_string(), expr)
                });
                calls.coefs.push(joined);
            }
            Err(message) => doc.fault(
                "no-published-error",
                message,
                at,
                "leave errors out to hold the published values, or variant to fit them",
            ),
        }
    }
}
