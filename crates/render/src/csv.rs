//! CSV: the document's main table in full precision.

use isoflop_document::doc::{Document, Value};

/// The frame of the document, or its runs where it has no frame, with a header, fields quoted where RFC 4180 asks for it, lines ended by `\n`.
#[must_use]
pub fn csv(doc: &Document) -> String {
    let mut text = String::new();
    let frame = if doc.frame.columns.is_empty() {
        &doc.runs
    } else {
        &doc.frame
    };
    let header = frame.columns.iter().map(|name| field(name));
    push_line(&mut text, header);
    for row in &frame.rows {
        push_line(&mut text, row.iter().map(cell));
    }
    text
}

fn push_line(text: &mut String, fields: impl Iterator<Item = String>) {
    for (i, field) in fields.enumerate() {
        if i > 0 {
            text.push(',');
        }
        text.push_str(&field);
    }
    text.push('\n');
}

fn cell(value: &Value) -> String {
    match value {
        Value::Number(x) => number(*x),
        Value::Text(text) => field(text),
        Value::Missing => String::new(),
    }
}

/// The shortest text that reads back as the same number.
fn number(x: f64) -> String {
    if x != 0.0 && x.is_finite() && !(1e-5..1e16).contains(&x.abs()) {
        format!("{x:e}")
    } else {
        format!("{x}")
    }
}

/// A cell of text. One that a spreadsheet would run as a formula is led by an apostrophe, which the spreadsheet takes for
/// "this is text"; numbers are no formulas.
fn field(text: &str) -> String {
    let formula =
        text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    if formula {
        return quoted(&format!("'{text}"));
    }
    quoted(text)
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoflop_document::doc::Frame;

    #[test]
    fn a_cell_that_would_be_run_is_text() {
        let mut doc = Document::new("");
        doc.frame = Frame::with_columns(&["=1+1"]);
        for text in [
            "=cmd|' /C calc'!A0",
            "@SUM(1,2)",
            "-0.5",
            "-x",
            "+1e3",
            "a=b",
        ] {
            doc.frame.rows.push(vec![Value::Text(text.into())]);
        }
        let found = csv(&doc);
        let lines: Vec<&str> = found.lines().collect();
        let expected = [
            "'=1+1",
            "'=cmd|' /C calc'!A0",
            "\"'@SUM(1,2)\"",
            "-0.5",
            "'-x",
            "+1e3",
            "a=b",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn numbers_read_back_and_text_is_quoted() {
        let mut doc = Document::new("");
        doc.frame = Frame::with_columns(&["a,b", "x", "y"]);
        doc.frame.rows.push(vec![
            Value::Text("say \"hi\"".into()),
            Value::Number(5.76e23),
            Value::Missing,
        ]);
        doc.frame.rows.push(vec![
            Value::Text("c".into()),
            Value::Number(0.1 + 0.2),
            Value::Number(-0.0),
        ]);
        assert_eq!(
            csv(&doc),
            "\"a,b\",x,y\n\"say \"\"hi\"\"\",5.76e23,\nc,0.30000000000000004,-0\n"
        );
    }
}
