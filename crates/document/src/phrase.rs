//! How notes, sizes and words of a command are written.

use isoflop_base::{Note, format_si};

/// A note in whole sentences: what was found, then what to do.
#[must_use]
pub fn note_sentences(note: &Note) -> String {
    let ended = |text: &str| format!("{}.", text.trim_end_matches('.'));
    if note.advice.is_empty() {
        ended(&note.message)
    } else {
        format!(
            "{} {}",
            ended(&note.message),
            ended(&capitalised(&note.advice))
        )
    }
}

/// Text that starts with a capital letter.
#[must_use]
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    first + letters.as_str()
}

/// A size without unit: `70B`.
#[must_use]
pub fn human(x: f64) -> String {
    format_si(x, 3)
}

/// A word as a shell takes it: quoted when it holds anything but letters, digits and `_-./=,:+@%`.
#[must_use]
pub fn shell(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_-./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_the_shell_are_quoted_when_needed() {
        assert_eq!(shell("runs.csv"), "runs.csv");
        assert_eq!(shell("L = E"), "'L = E'");
        assert_eq!(shell("it's"), r"'it'\''s'");
    }
}
