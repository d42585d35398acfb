//! docs/laws.md: the catalogue of laws, from the law files.

use std::fmt::Write as _;

use toml::de::{DeTable, DeValue};

use crate::tidy::law_files;
use crate::tree::{File, Tree};

/// The page: a list of all laws, then a section for each.
pub fn page(tree: &Tree) -> Result<String, String> {
    let mut laws = Vec::new();
    for file in law_files::files(tree) {
        let document =
            DeTable::parse(&file.text).map_err(|e| format!("{}: {}", file.path, e.message()))?;
        laws.push((id(file), document.into_inner()));
    }
    if laws.is_empty() {
        return Err(format!("no law files in {}", law_files::FOLDER));
    }
    let mut page = format!(
        "# Laws\n\nThe {} laws of the catalogue, from `{}`. Written by `cargo xtask gen`; do not edit.\n\n\
         | law | title | tags |\n|---|---|---|\n",
        laws.len(),
        law_files::FOLDER,
    );
    for (id, law) in &laws {
        let _ = writeln!(
            page,
            "| [{id}](#{id}) | {} | {} |",
            cell(&text(law, "title")),
            cell(&text(law, "tags"))
        );
    }
    for (id, law) in &laws {
        section(&mut page, id, law);
    }
    Ok(page)
}

fn id(file: &File) -> &str {
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    name.trim_end_matches(".toml")
}

fn section(page: &mut String, id: &str, law: &DeTable<'_>) {
    let _ = write!(
        page,
        "\n## {id}\n\n{}\n\n```text\n{}\n```\n",
        text(law, "title"),
        text(law, "formula").trim()
    );
    variables(page, law);
    conventions(page, law);
    coefficients(page, law);
    published(page, law);
    for key in ["source", "key", "trust", "note", "objective"] {
        let words = text(law, key);
        if !words.is_empty() {
            let _ = write!(page, "\n{}: {}\n", title_case(key), one_line(&words));
        }
    }
}

fn variables(page: &mut String, law: &DeTable<'_>) {
    let Some(vars) = table(law, "vars") else {
        return;
    };
    page.push_str("\n| variable | column | unit | meaning |\n|---|---|---|---|\n");
    for (name, value) in entries(vars) {
        let DeValue::Table(var) = value else { continue };
        let role = text(var, "role");
        let mut meaning = text(var, "doc");
        if !role.is_empty() {
            meaning = format!("{meaning} ({role})").trim().to_owned();
        }
        let _ = writeln!(
            page,
            "| `{name}` | {} | {} | {} |",
            cell(&text(var, "column")),
            cell(&text(var, "unit")),
            cell(&meaning)
        );
    }
}

/// What the letters count in the paper.
fn conventions(page: &mut String, law: &DeTable<'_>) {
    let Some(said) = table(law, "conventions") else {
        return;
    };
    page.push_str("\n| convention | |\n|---|---|\n");
    for (key, words) in entries(said) {
        let _ = writeln!(page, "| {key} | {} |", cell(&plain(words)));
    }
}

fn coefficients(page: &mut String, law: &DeTable<'_>) {
    let Some(coefs) = table(law, "coefs") else {
        return;
    };
    page.push_str("\n| coefficient | unit | range | meaning |\n|---|---|---|---|\n");
    for (name, value) in entries(coefs) {
        let DeValue::Table(coef) = value else {
            continue;
        };
        let index = text(coef, "index");
        let index = if index.is_empty() {
            index
        } else {
            format!("[{index}]")
        };
        let _ = writeln!(
            page,
            "| `{name}{index}` | {} | {} | {} |",
            cell(&text(coef, "unit")),
            cell(&range(coef)),
            cell(&text(coef, "doc"))
        );
    }
}

/// The range, or what holds the coefficient in place, and the prior.
fn range(coef: &DeTable<'_>) -> String {
    let (fixed, tie, prior) = (text(coef, "fixed"), text(coef, "tie"), text(coef, "prior"));
    let mut words = if !fixed.is_empty() {
        format!("= {fixed}")
    } else if !tie.is_empty() {
        format!("= {tie}")
    } else {
        coef.get("range")
            .map(|v| bounds(v.get_ref()))
            .unwrap_or_default()
    };
    if !prior.is_empty() {
        words = format!("{words}, prior {prior}");
    }
    words
}

fn bounds(value: &DeValue<'_>) -> String {
    format!("[{}]", plain(value))
}

/// The published coefficient sets, one column for each.
fn published(page: &mut String, law: &DeTable<'_>) {
    let Some(DeValue::Array(variants)) = law.get("variant").map(|v| v.get_ref()) else {
        return;
    };
    page.push_str("\n| published set | coefficients | source and note |\n|---|---|---|\n");
    for variant in variants.iter() {
        let DeValue::Table(variant) = variant.get_ref() else {
            continue;
        };
        let values: Vec<String> = table(variant, "coefs")
            .map(entries)
            .unwrap_or_default()
            .iter()
            .map(|(name, value)| format!("{name} = {}", plain(value)))
            .collect();
        let words = variant_words(variant);
        let _ = writeln!(
            page,
            "| {} | {} | {} |",
            cell(&text(variant, "name")),
            cell(&values.join(", ")),
            cell(&words)
        );
    }
}

/// Everything that a published set says beyond its coefficients.
fn variant_words(variant: &DeTable<'_>) -> String {
    let labelled = [
        ("errors", "standard errors: "),
        ("intervals", "intervals: "),
        ("level", "level "),
        ("source", ""),
        ("key", "key "),
        ("trust", "trust: "),
        ("note", ""),
        ("conventions", ""),
    ];
    labelled
        .into_iter()
        .map(|(key, label)| (label, text(variant, key)))
        .filter(|(_, words)| !words.is_empty())
        .map(|(label, words)| format!("{label}{}", words.trim().trim_end_matches('.')))
        .collect::<Vec<_>>()
        .join("; ")
}

/// Keys and values in the order of the file.
fn entries<'a>(table: &'a DeTable<'_>) -> Vec<(&'a str, &'a DeValue<'a>)> {
    let mut list: Vec<_> = table.iter().collect();
    list.sort_by_key(|(key, _)| key.span().start);
    list.into_iter()
        .map(|(key, value)| (key.get_ref().as_ref(), value.get_ref()))
        .collect()
}

fn table<'a>(of: &'a DeTable<'_>, key: &str) -> Option<&'a DeTable<'a>> {
    match of.get(key).map(|v| v.get_ref()) {
        Some(DeValue::Table(table)) => Some(table),
        _ => None,
    }
}

/// The value of a key in words, empty when it is missing.
fn text(of: &DeTable<'_>, key: &str) -> String {
    of.get(key).map(|v| plain(v.get_ref())).unwrap_or_default()
}

fn plain(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(words) => words.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(list) => list
            .iter()
            .map(|v| plain(v.get_ref()))
            .collect::<Vec<_>>()
            .join(", "),
        DeValue::Table(table) => {
            let pairs = entries(table)
                .into_iter()
                .map(|(k, v)| format!("{k} {}", plain(v)));
            pairs.collect::<Vec<_>>().join(", ")
        }
    }
}

/// Text for a table cell.
fn cell(words: &str) -> String {
    one_line(words).replace('|', "\\|")
}

fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn title_case(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAW: &str = r#"
title = "Floor | power"
formula = "y = e + a * x^-b"
source = "a paper"
tags = ["one", "two"]
[vars]
y = { column = "loss", unit = "nats", role = "response" }
x = { column = "params" }
[coefs]
e = { doc = "floor", range = [0, inf] }
a = { doc = "scale", fixed = 2.5 }
b = { doc = "slope", tie = "e", index = "corpus" }
[[variant]]
name = "paper"
source = "table 1"
coefs = { e = 1.5, a = 2.5 }
errors = { e = 0.1 }
[conventions]
params = "total"
"#;

    #[test]
    fn a_law_becomes_a_section_in_the_order_of_its_file() {
        let page =
            page(&Tree::of(&[("crates/law/laws/floor.toml", LAW)])).expect("the law file is good");
        for line in [
            "| [floor](#floor) | Floor \\| power | one, two |",
            "y = e + a * x^-b",
            "| `y` | loss | nats | (response) |",
            "| `e` |  | [0, inf] | floor |",
            "| `a` |  | = 2.5 | scale |",
            "| `b[corpus]` |  | = e | slope |",
            "| params | total |",
            "| paper | e = 1.5, a = 2.5 | standard errors: e 0.1; table 1 |",
            "Source: a paper",
        ] {
            assert!(page.lines().any(|l| l == line), "{line}\n{page}");
        }
    }

    #[test]
    fn a_catalogue_without_laws_is_an_error() {
        assert!(page(&Tree::of(&[])).is_err());
    }
}
