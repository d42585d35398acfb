//! Every rule of the audit says what it checks, why it matters, what to do and who says so; `docs/findings.md` is made
//! from these texts.

use super::Finding;
use crate::tree::{File, Tree};

/// Where the rules lie.
pub const FOLDER: &str = "crates/answer/check/src/audit/rules/";

/// Sections of a rule's header, in this order.
pub const SECTIONS: [&str; 4] = ["What it checks", "Why it matters", "What to do", "Source"];

/// A rule as its file describes it.
pub struct Described {
    /// File stem.
    pub name: String,
    /// First line of the header.
    pub question: String,
    /// Text of each section, in the order of [`SECTIONS`]; empty where it is missing.
    pub sections: [String; 4],
    /// Codes of its findings, in the order in which the file names them.
    pub codes: Vec<String>,
}

/// The rules in the order in which they are asked.
pub fn described(tree: &Tree) -> Vec<Described> {
    let order = tree
        .get(&format!("{FOLDER}mod.rs"))
        .map_or("", |f| f.text.as_str());
    let mut rules: Vec<Described> = files(tree).map(describe).collect();
    rules.sort_by_key(|r| {
        order
            .find(&format!(" {}::RULE", r.name))
            .unwrap_or(usize::MAX)
    });
    rules
}

fn files(tree: &Tree) -> impl Iterator<Item = &File> {
    let is_rule = |f: &&File| f.path.starts_with(FOLDER) && !f.path.ends_with("/mod.rs");
    tree.files.iter().filter(is_rule)
}

/// Finds rules without a section, and rules that are never asked.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let order = tree
        .get(&format!("{FOLDER}mod.rs"))
        .map_or("", |f| f.text.as_str());
    let mut found = Vec::new();
    for file in files(tree) {
        let rule = describe(file);
        for (title, text) in SECTIONS.iter().zip(&rule.sections) {
            if text.is_empty() {
                found.push(Finding::new(
                    &file.path,
                    1,
                    format!("no section `# {title}` with text"),
                ));
            }
        }
        if !file
            .text
            .contains(&format!("question: \"{}\"", rule.question))
        {
            let message = format!(
                "the first line of the header is not the rule's question: {}",
                rule.question
            );
            found.push(Finding::new(&file.path, 1, message));
        }
        if rule.codes.is_empty() {
            found.push(Finding::new(&file.path, 1, "a rule that finds nothing"));
        }
        if !order.contains(&format!(" {}::RULE", rule.name)) {
            found.push(Finding::new(
                &file.path,
                1,
                "a rule that is not in a list of mod.rs",
            ));
        }
    }
    found
}

fn describe(file: &File) -> Described {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let header = file.text.lines().map_while(|line| line.strip_prefix("//!"));
    let mut question = String::new();
    let mut sections: [String; 4] = Default::default();
    // The question comes before all sections; the text of an unknown one is nobody's.
    let mut at = None;
    let mut asked = false;
    for line in header.map(str::trim) {
        if let Some(title) = line.strip_prefix("# ") {
            at = SECTIONS.iter().position(|s| *s == title);
            asked = true;
        } else if let Some(k) = at {
            add(&mut sections[k], line);
        } else if !asked {
            add(&mut question, line);
        }
    }
    Described {
        name: name.trim_end_matches(".rs").to_owned(),
        question: question.trim().to_owned(),
        sections: sections.map(|s| s.trim().to_owned()),
        codes: codes(&file.text),
    }
}

/// Adds a line of running text; an empty one ends a paragraph.
fn add(text: &mut String, line: &str) {
    if line.is_empty() {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push_str("\n\n");
        }
        return;
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push(' ');
    }
    text.push_str(line);
}

/// First arguments of `Found::…(` and what `noted(&[…])` passes on.
fn codes(text: &str) -> Vec<String> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for call in [
        "Found::new(",
        "Found::info(",
        "Found::warning(",
        "Found::error(",
    ] {
        for (at, _) in text.match_indices(call) {
            found.extend(literal(&text[at + call.len()..]).map(|code| (at, code)));
        }
    }
    for (at, _) in text.match_indices("noted(&[") {
        let list = text[at..].split(']').next().unwrap_or_default();
        let words = list.split('"').skip(1).step_by(2);
        found.extend(words.map(|code| (at, code.to_owned())));
    }
    found.sort_by_key(|(at, _)| *at);
    let mut codes: Vec<String> = Vec::new();
    for (_, code) in found {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

/// The string at the start of some code.
fn literal(text: &str) -> Option<String> {
    let rest = text.trim_start().strip_prefix('"')?;
    rest.split('"').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "//! Is it so?\n//!\n//! # What it checks\n//!\n//! This\n//! and that.\n//!\n//! # Why it matters\n//!\n//! It does.\n\
                        //!\n//! # What to do\n//!\n//! Act.\n//!\n//! # Source\n//!\n//! Somebody.\n\nconst R: Rule = Rule { question: \"Is it so?\" };\n\
                        fn look() { Found::warning(\n    \"it-is\", \"words\"); noted(&[\"a-b\", \"c-d\"]); }\n";

    #[test]
    fn a_rule_is_read_from_its_header_and_its_code() {
        let tree = Tree::of(&[
            ("crates/answer/check/src/audit/rules/so.rs", GOOD),
            (
                "crates/answer/check/src/audit/rules/mod.rs",
                "const L: &[Rule] = &[ so::RULE ];",
            ),
        ]);
        let rules = described(&tree);
        assert_eq!(rules[0].question, "Is it so?");
        assert_eq!(rules[0].sections[0], "This and that.");
        assert_eq!(rules[0].codes, ["it-is", "a-b", "c-d"]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn missing_sections_and_rules_that_nobody_asks_are_found() {
        let text = GOOD.replace("# Source", "# Sources");
        let tree = Tree::of(&[
            ("crates/answer/check/src/audit/rules/so.rs", &text),
            ("crates/answer/check/src/audit/rules/mod.rs", ""),
        ]);
        let messages: Vec<String> = check(&tree).into_iter().map(|f| f.message).collect();
        assert_eq!(
            messages,
            [
                "no section `# Source` with text",
                "a rule that is not in a list of mod.rs"
            ]
        );
    }
}
