//! Diagnostics as people read them: code, place, the line with the fault underlined, what to do.

use std::borrow::Cow;

use isoflop_base::{Diagnostic, Diagnostics, Excerpt};

use crate::severity::severity;
use crate::{Paint, finished};
use isoflop_document::number::counted;

/// Faults beyond this many are counted, not shown.
const SHOWN: usize = 20;

/// All diagnostics, in their order, each after an empty line except the first.
#[must_use]
pub fn diagnostics_text(diagnostics: &Diagnostics, paint: Paint) -> String {
    let mut parts: Vec<String> = diagnostics
        .0
        .iter()
        .take(SHOWN)
        .map(|d| one(d, paint))
        .collect();
    if diagnostics.0.len() > SHOWN {
        parts.push(format!(
            "and {} like these\n",
            counted(diagnostics.0.len() - SHOWN, "further fault")
        ));
    }
    finished(&parts.join("\n"), paint)
}

fn one(d: &Diagnostic, paint: Paint) -> String {
    let (word, colour) = severity(d.severity);
    let head = paint.paint(colour, &format!("{word}[{}]", d.code));
    let mut lines = vec![format!("{head}: {}", shortened(&d.message))];
    let margin = d.excerpt.as_ref().map_or(0, |e| e.line.to_string().len());
    if let Some(excerpt) = &d.excerpt {
        lines.extend(excerpt_lines(excerpt, margin, colour, paint));
    }
    for help in &d.help {
        lines.push(format!("{:margin$} = help: {}", "", shortened(help)));
    }
    lines.join("\n") + "\n"
}

/// A message that quotes a name of a megabyte is cut: the place says where the name is.
fn shortened(text: &str) -> Cow<'_, str> {
    const SHOWN: usize = 4000;
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!(
            "{}… ({} characters in all)",
            &text[..at],
            text.chars().count()
        )
        .into(),
        None => text.into(),
    }
}

/// Place, line and underline. The number in the margin is that of the file, though only this line is at hand.
fn excerpt_lines(e: &Excerpt, margin: usize, colour: &str, paint: Paint) -> Vec<String> {
    let shown = |text: &str| text.replace('\t', " ");
    let before = e
        .text
        .get(..e.span.start)
        .unwrap_or(&e.text)
        .chars()
        .count();
    let marked = e
        .text
        .get(e.span.start..e.span.end)
        .unwrap_or_default()
        .chars()
        .count()
        .max(1);
    let underline = paint.paint(colour, &format!("{} {}", "^".repeat(marked), e.label));
    let bar = paint.paint("34", "│");
    vec![
        format!(
            "{:margin$} {} {}:{}:{}",
            "",
            paint.paint("34", "┌─"),
            e.file,
            e.line,
            e.column
        ),
        format!("{:margin$} {bar}", ""),
        format!(
            "{} {bar} {}",
            paint.paint("34", &format!("{:>margin$}", e.line)),
            shown(&e.text)
        ),
        format!(
            "{:margin$} {bar} {:before$}{}",
            "",
            "",
            underline.trim_end()
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoflop_base::Span;

    #[test]
    fn the_place_is_that_of_the_file() {
        let source = "title = \"α\"\nformula = \"L = E + A / n^alpha\"\n";
        let at = source.find("n^").expect("the fault is in the source");
        let fault = Diagnostic::error(
            "undeclared-name",
            "`n` is neither a variable nor a coefficient",
        )
        .at(Excerpt::of(
            "my.toml",
            source,
            Span::new(at, at + 1),
            "not declared",
        ))
        .help("did you mean `N`?");
        insta::assert_snapshot!(diagnostics_text(&fault.into(), Paint::Plain), @r#"
        error[undeclared-name]: `n` is neither a variable nor a coefficient
          ┌─ my.toml:2:24
          │
        2 │ formula = "L = E + A / n^alpha"
          │                        ^ not declared
          = help: did you mean `N`?
        "#);
    }

    #[test]
    fn a_fault_at_the_end_of_the_text_is_underlined() {
        let fault = Diagnostic::error("syntax", "expected an expression").at(Excerpt::of(
            "<formula>",
            "L = E +",
            Span::new(7, 7),
            "nothing follows",
        ));
        insta::assert_snapshot!(diagnostics_text(&fault.into(), Paint::Plain), @r"
        error[syntax]: expected an expression
          ┌─ <formula>:1:8
          │
        1 │ L = E +
          │        ^ nothing follows
        ");
    }

    #[test]
    fn many_faults_are_counted() {
        let faults = Diagnostics(vec![Diagnostic::error("a", "b"); 25]);
        let text = diagnostics_text(&faults, Paint::Plain);
        assert_eq!(text.matches("error[a]: b").count(), 20);
        assert!(text.ends_with("and 5 further faults like these\n"));
    }
}
