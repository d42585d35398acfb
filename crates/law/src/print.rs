//! A law as a law file, in one canonical form: keys in a fixed order, numbers in their shortest form, long
//! words wrapped.

use std::fmt::Write;

use isoflop_formula::number;

use crate::law::{Check, Coef, Law, Prior, Var, VarRole, Variant};

/// Columns of a wrapped text.
const WIDTH: usize = 110;

/// The law file of a law; its `text` plays no part.
pub(crate) fn law_file(law: &Law) -> String {
    let mut head = vec![
        ("title", string(&law.title)),
        ("formula", string(&law.formula_text)),
    ];
    for (key, words) in [
        ("source", &law.source),
        ("key", &law.key),
        ("trust", &law.trust),
    ] {
        if !words.is_empty() {
            head.push((key, wrapped(words)));
        }
    }
    if !law.tags.is_empty() {
        head.push(("tags", array(&law.tags)));
    }
    if let Some(objective) = &law.objective {
        head.push(("objective", string(objective)));
    }
    if !law.simplex.is_empty() {
        let groups: Vec<String> = law.simplex.iter().map(|g| array(g)).collect();
        head.push(("simplex", format!("[{}]", groups.join(", "))));
    }
    if !law.note.is_empty() {
        head.push(("note", wrapped(&law.note)));
    }
    let mut out = block(&head);
    let said = law.conventions.said();
    if !said.is_empty() {
        out += "\n[conventions]\n";
        out += &block(&strings(&said));
    }
    out += "\n[vars]\n";
    out += &block(
        &law.vars
            .iter()
            .map(|v| (v.name.as_str(), var(v)))
            .collect::<Vec<_>>(),
    );
    if !law.coefs.is_empty() {
        out += "\n[coefs]\n";
        out += &block(
            &law.coefs
                .iter()
                .map(|c| (c.name.as_str(), coef(c)))
                .collect::<Vec<_>>(),
        );
    }
    for stage in &law.stages {
        out += "\n[[stage]]\n";
        let mut lines = vec![("coefs", array(&stage.coefs))];
        if let Some(filter) = &stage.filter {
            lines.push(("where", string(filter)));
        }
        out += &block(&lines);
    }
    for one in &law.variants {
        out += "\n[[variant]]\n";
        out += &variant(one);
    }
    for one in &law.checks {
        out += "\n[[check]]\n";
        out += &check(law, one);
    }
    out
}

fn variant(variant: &Variant) -> String {
    let mut lines = vec![
        ("name", string(&variant.name)),
        ("coefs", values(&variant.coefs)),
    ];
    if !variant.errors.is_empty() {
        lines.push(("errors", values(&variant.errors)));
    }
    if !variant.intervals.is_empty() {
        let ends = |(lower, upper): (f64, f64)| numbers(&[lower, upper]);
        let intervals = variant
            .intervals
            .iter()
            .map(|(k, x)| (k.as_str(), ends(*x)));
        lines.push(("intervals", table(&intervals.collect::<Vec<_>>())));
    }
    for (key, words) in [
        ("level", &variant.level),
        ("source", &variant.source),
        ("key", &variant.key),
        ("trust", &variant.trust),
        ("note", &variant.note),
    ] {
        if !words.is_empty() {
            lines.push((key, wrapped(words)));
        }
    }
    let said = strings(&variant.conventions.said());
    if !said.is_empty() {
        lines.push(("conventions", table(&said)));
    }
    block(&lines)
}

fn strings<'a>(pairs: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
    pairs.iter().map(|(k, words)| (*k, string(words))).collect()
}

fn var(var: &Var) -> String {
    let mut fields = vec![("column", string(&var.column))];
    for (key, words) in [("unit", &var.unit), ("doc", &var.doc)] {
        if !words.is_empty() {
            fields.push((key, string(words)));
        }
    }
    if var.role != VarRole::Input {
        fields.push(("role", string(var.role.word())));
    }
    if !var.positive {
        fields.push(("positive", "false".to_owned()));
    }
    if let Some((lower, upper)) = var.domain {
        fields.push(("domain", numbers(&[lower, upper])));
    }
    table(&fields)
}

fn coef(coef: &Coef) -> String {
    let mut fields = Vec::new();
    for (key, words) in [("doc", &coef.doc), ("unit", &coef.unit)] {
        if !words.is_empty() {
            fields.push((key, string(words)));
        }
    }
    if coef.lower.is_finite() || coef.upper.is_finite() {
        fields.push(("range", numbers(&[coef.lower, coef.upper])));
    }
    if !coef.start.is_empty() {
        fields.push(("start", numbers(&coef.start)));
    }
    if !coef.index.is_empty() {
        fields.push(("index", array(&coef.index)));
    }
    if let Some(fixed) = coef.fixed {
        fields.push(("fixed", number(fixed)));
    }
    if let Some((text, _)) = &coef.tie {
        fields.push(("tie", string(text)));
    }
    match coef.prior {
        Some(Prior::Normal { mean, sd }) => {
            fields.push((
                "prior",
                table(&[("mean", number(mean)), ("sd", number(sd))]),
            ));
        }
        Some(Prior::LogNormal { mean_ln, sd_ln }) => {
            fields.push((
                "prior",
                table(&[("mean-ln", number(mean_ln)), ("sd-ln", number(sd_ln))]),
            ));
        }
        None => {}
    }
    if let Some(pool) = coef.pool {
        let sd = pool.sd.map(|sd| ("sd", number(sd)));
        fields.push(("pool", table(&Vec::from_iter(sd))));
    }
    table(&fields)
}

fn check(law: &Law, check: &Check) -> String {
    let mut lines = Vec::new();
    if !check.variant.is_empty() {
        lines.push(("variant", string(&check.variant)));
    }
    if !check.coefs.is_empty() {
        lines.push(("coefs", values(&check.coefs)));
    }
    let inputs = check.at.iter().map(|(name, x)| (name.as_str(), number(*x)));
    let levels = check
        .levels
        .iter()
        .map(|(name, level)| (name.as_str(), string(level)));
    lines.push(("at", table(&inputs.chain(levels).collect::<Vec<_>>())));
    lines.push((&law.response().name, number(check.value)));
    if check.tolerance != Check::TOLERANCE {
        lines.push(("tolerance", number(check.tolerance)));
    }
    block(&lines)
}

/// Lines `key = value`, the signs below one another.
fn block(lines: &[(&str, String)]) -> String {
    let keys: Vec<String> = lines.iter().map(|(k, _)| key(k)).collect();
    let width = keys.iter().map(|k| k.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for (key, (_, value)) in keys.iter().zip(lines) {
        let _ = writeln!(
            out,
            "{key}{} = {value}",
            " ".repeat(width - key.chars().count())
        );
    }
    out
}

fn table(fields: &[(&str, String)]) -> String {
    if fields.is_empty() {
        return "{}".to_owned();
    }
    let fields: Vec<String> = fields
        .iter()
        .map(|(k, v)| format!("{} = {v}", key(k)))
        .collect();
    format!("{{ {} }}", fields.join(", "))
}

fn values(pairs: &[(String, f64)]) -> String {
    table(
        &pairs
            .iter()
            .map(|(k, x)| (k.as_str(), number(*x)))
            .collect::<Vec<_>>(),
    )
}

fn numbers(list: &[f64]) -> String {
    format!(
        "[{}]",
        list.iter()
            .map(|x| number(*x))
            .collect::<Vec<_>>()
            .join(", ")
    )
}

fn array(list: &[String]) -> String {
    format!(
        "[{}]",
        list.iter()
            .map(|s| string(s))
            .collect::<Vec<_>>()
            .join(", ")
    )
}

fn key(key: &str) -> String {
    let bare = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { key.to_owned() } else { string(key) }
}

/// A TOML string. Text with quotes stands in a literal string, so that formulas stay as they were typed.
fn string(text: &str) -> String {
    let control = text.contains(|c: char| c.is_control() && c != '\n');
    if text.contains('\n') && !control && !text.contains("'''") {
        return format!("'''\n{text}\n'''");
    }
    if !text.contains(['"', '\\', '\n']) && !control {
        return format!("\"{text}\"");
    }
    if !text.contains(['\'', '\n']) && !control {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out += "\\n",
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

/// Words that may be reflowed: on one line when they fit, else wrapped between triple quotes.
fn wrapped(words: &str) -> String {
    let plain = !words.contains("\"\"\"")
        && !words.ends_with('"')
        && !words.contains('\\')
        && !words.contains(char::is_control);
    if words.chars().count() + 12 <= WIDTH || !plain {
        return string(words);
    }
    let mut out = String::from("\"\"\"");
    let mut column = usize::MAX;
    for word in words.split_whitespace() {
        let width = word.chars().count();
        if column.saturating_add(width + 1) > WIDTH {
            out.push('\n');
            column = 0;
        } else {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += width;
    }
    out + "\n\"\"\""
}
