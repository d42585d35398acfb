//! Expressions over columns, a whole column at a time. All faults of an expression are collected.

use std::sync::Arc;

use isoflop_base::{Diagnostic, Diagnostics, Excerpt, Note, Severity, Span, closest};
use isoflop_formula::ast::{BinaryOp, Expr, ExprKind, Function, UnaryOp};

use super::value::{Numbers, Truth, Truths, Value};
use crate::column::{Column, MISSING_CODE, Values};
use crate::table::{RunTable, note};

/// Evaluates expressions of one option against one table.
pub(super) struct Evaluator<'a> {
    table: &'a RunTable,
    file: &'static str,
    text: &'a str,
    faults: Vec<Diagnostic>,
    notes: Vec<Note>,
    /// Columns used, by the name in the expression, in order of first use.
    used: Vec<(String, Arc<Column>)>,
}

impl<'a> Evaluator<'a> {
    /// `file` and `text` are what diagnostics show.
    pub(super) fn new(table: &'a RunTable, file: &'static str, text: &'a str) -> Self {
        Self {
            table,
            file,
            text,
            faults: Vec::new(),
            notes: Vec::new(),
            used: Vec::new(),
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.table.rows()
    }

    /// The value of an expression.
    pub(super) fn evaluate(&mut self, expr: &Expr) -> Result<Value, Diagnostics> {
        let value = self.value(expr);
        self.outcome(value)
    }

    /// The truth of an expression.
    pub(super) fn condition(&mut self, expr: &Expr) -> Result<Truths, Diagnostics> {
        let value = self.truth(expr, "--where needs a condition");
        self.outcome(value)
    }

    fn outcome<T>(&mut self, value: Option<T>) -> Result<T, Diagnostics> {
        match value {
            Some(value) if self.faults.is_empty() => Ok(value),
            _ => Err(Diagnostics(std::mem::take(&mut self.faults))),
        }
    }

    /// The first column used that has no value in this row, under its name in the expression.
    pub(super) fn blame(&self, row: usize) -> Option<(&str, &Column)> {
        self.used
            .iter()
            .find(|(_, column)| column.trouble(row).is_some())
            .map(|(name, column)| (name.as_str(), column.as_ref()))
    }

    /// What was found out about the columns used, and their names.
    pub(super) fn into_notes(self) -> (Vec<Note>, Vec<String>) {
        let used = self.used.into_iter();
        let names = used.flat_map(|(said, column)| [said, column.name.clone()]);
        (self.notes, names.collect())
    }

    /// The value, or none after a fault was noted.
    fn value(&mut self, expr: &Expr) -> Option<Value> {
        let rows = self.rows();
        match &expr.kind {
            ExprKind::Number(x) => Some(Value::Number(Numbers::One(*x))),
            ExprKind::Text(text) => Some(Value::Literal(text.clone())),
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::Unary(UnaryOp::Neg, inner) => {
                let x = self.number(inner, "a minus needs a number")?;
                Some(Value::Number(x.map(rows, |x| -x)))
            }
            ExprKind::Unary(UnaryOp::Not, inner) => {
                let t = self.truth(inner, "`not` needs a condition")?;
                Some(Value::Truth(t.map(rows, Truth::not)))
            }
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right),
            ExprKind::Call(function, args) => self.call(*function, args),
            ExprKind::If(test, yes, no) => self.choose(test, yes, no),
            ExprKind::Indexed { .. } => {
                self.refuse(expr.span, "coefficients have indexes, columns have none")
            }
            ExprKind::Solve { .. } => {
                self.refuse(expr.span, "`solve` belongs to laws, not to columns")
            }
        }
    }

    fn name(&mut self, name: &str, span: Span) -> Option<Value> {
        if matches!(name, "true" | "false") && self.table.column(name).is_none() {
            return Some(Value::Truth(Truths::One(Truth::from(name == "true"))));
        }
        let resolved = match self.table.resolve(name, name) {
            Ok(resolved) => resolved,
            Err(fault) => {
                self.fault_of_name(name, fault, span);
                return None;
            }
        };
        self.notes.extend(resolved.notes);
        let column = resolved.column;
        if !self.used.iter().any(|(known, _)| known == name) {
            self.used.push((name.to_owned(), Arc::clone(&column)));
        }
        if let Some(plain) = self.as_written(name, &column) {
            return Some(Value::Number(Numbers::Many(plain)));
        }
        Some(match &column.values {
            Values::Number(_) => Value::Number(Numbers::Column(column)),
            Values::Bool(cells) => Value::Truth(Truths::of_column(cells)),
            Values::Text { .. } => Value::Text(column),
        })
    }

    /// The plain numbers of a column whose header scales them, where the expression writes that header: whoever writes
    /// `FLOPs (B)`*1e9 has read the header.
    fn as_written(&mut self, name: &str, column: &Column) -> Option<Vec<f64>> {
        if column.name != name || column.header_factor == 1.0 {
            return None;
        }
        let message = format!(
            "an expression names `{name}`: it takes the numbers as written, without the {} of the header",
            crate::column::factor_words(column.header_factor)
        );
        self.notes
            .push(note("numbers-as-written", Severity::Info, message, None));
        let numbers = column.numbers()?.iter();
        Some(numbers.map(|x| column.written(*x)).collect())
    }

    fn fault_of_name(&mut self, name: &str, mut fault: Diagnostic, span: Span) {
        if fault.code == "unknown-column" {
            // The map is for laws; in an expression the column itself can be written.
            fault
                .help
                .retain(|h| !h.contains("--map") && !h.starts_with("did you mean"));
            // Any letter is one slip away from any other.
            let long = name.chars().count() > 1;
            if let Some(near) = closest(name, self.table.names()).filter(|_| long) {
                fault.help.insert(0, format!("did you mean `{near}`?"));
            }
            if self
                .table
                .columns()
                .any(|c| c.name.contains(|x: char| !x.is_alphanumeric() && x != '_'))
            {
                fault.help.push(
                    "a name with spaces or signs is written in backquotes, `like this`".to_owned(),
                );
            }
        }
        let label = if fault.code == "unknown-column" {
            "no such column"
        } else {
            "which one?"
        };
        self.faults.push(fault.at(self.excerpt(span, label)));
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Option<Value> {
        let rows = self.rows();
        match op {
            BinaryOp::And | BinaryOp::Or => {
                let wanted = if op == BinaryOp::And {
                    "`and` needs conditions"
                } else {
                    "`or` needs conditions"
                };
                let (a, b) = (self.truth(left, wanted), self.truth(right, wanted));
                let join = if op == BinaryOp::And {
                    Truth::and
                } else {
                    Truth::or
                };
                Some(Value::Truth(a?.zip(&b?, rows, join)))
            }
            BinaryOp::Eq | BinaryOp::Ne => self.equality(op == BinaryOp::Eq, left, right),
            BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
                let wanted = "only numbers have an order";
                let (a, b) = (self.number(left, wanted), self.number(right, wanted));
                Some(Value::Truth(a?.test(&b?, rows, |a, b| match op {
                    BinaryOp::Lt => a < b,
                    BinaryOp::Le => a <= b,
                    BinaryOp::Gt => a > b,
                    _ => a >= b,
                })))
            }
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Pow => {
                let wanted = "arithmetic needs numbers";
                let (a, b) = (self.number(left, wanted), self.number(right, wanted));
                Some(Value::Number(a?.zip(&b?, rows, |a, b| match op {
                    BinaryOp::Add => a + b,
                    BinaryOp::Sub => a - b,
                    BinaryOp::Mul => a * b,
                    BinaryOp::Div => a / b,
                    _ => a.powf(b),
                })))
            }
        }
    }

    fn equality(&mut self, equal: bool, left: &Expr, right: &Expr) -> Option<Value> {
        let rows = self.rows();
        let (a, b) = (self.value(left), self.value(right));
        let same = match (a?, b?) {
            (Value::Number(a), Value::Number(b)) => a.test(&b, rows, |a, b| a == b),
            (Value::Truth(a), Value::Truth(b)) => a.zip(&b, rows, Truth::same),
            (Value::Text(column), Value::Literal(text))
            | (Value::Literal(text), Value::Text(column)) => self.equals_text(&column, &text),
            (Value::Literal(a), Value::Literal(b)) => Truths::One(Truth::from(a == b)),
            (Value::Text(a), Value::Text(b)) => Truths::Many(
                (0..rows)
                    .map(|r| match (a.text(r), b.text(r)) {
                        (Some(a), Some(b)) => Truth::from(a == b),
                        _ => Truth::Unknown,
                    })
                    .collect(),
            ),
            (a, b) => {
                let help = match (&a, &b) {
                    (Value::Text(_), _) | (_, Value::Text(_)) => "write the text in quotes",
                    (Value::Number(_), Value::Literal(_))
                    | (Value::Literal(_), Value::Number(_)) => {
                        "this column holds numbers: write the number without quotes"
                    }
                    _ => "write the name alone, or `not` before it, for a column of true and false",
                };
                let message = format!("{} is compared with {}", a.kind(), b.kind());
                let excerpt = self.excerpt(right.span, format!("this is {}", b.kind()));
                self.faults.push(
                    Diagnostic::error("type-mismatch", message)
                        .at(excerpt)
                        .help(help),
                );
                return None;
            }
        };
        Some(Value::Truth(if equal {
            same
        } else {
            same.map(rows, Truth::not)
        }))
    }

    /// Whether the cells of a column of text are this text. A text that no cell has is worth a note.
    fn equals_text(&mut self, column: &Column, text: &str) -> Truths {
        let Values::Text { codes, levels } = &column.values else {
            return Truths::One(Truth::Unknown);
        };
        let wanted = levels.iter().position(|level| level == text);
        if wanted.is_none() {
            let near = closest(text, levels.iter().map(String::as_str));
            let mut unknown = note(
                "unknown-level",
                Severity::Warning,
                format!("no cell of `{}` is {text:?}", column.name),
                None,
            );
            unknown.advice = near
                .map(|n| format!("did you mean {n:?}?"))
                .unwrap_or_default();
            self.notes.push(unknown);
        }
        let same = |code: &u32| match *code {
            MISSING_CODE => Truth::Unknown,
            code => Truth::from(Some(code as usize) == wanted),
        };
        Truths::Many(codes.iter().map(same).collect())
    }

    fn call(&mut self, function: Function, args: &[Expr]) -> Option<Value> {
        let rows = self.rows();
        let wanted = format!("`{}` needs numbers", function.name());
        let args: Vec<Option<Numbers>> = args.iter().map(|a| self.number(a, &wanted)).collect();
        let args: Vec<Numbers> = args.into_iter().collect::<Option<_>>()?;
        if let [one] = args.as_slice() {
            return Some(Value::Number(one.map(rows, |x| function.apply(&[x]))));
        }
        let mut cells = vec![0.0; args.len()];
        let values = (0..rows).map(|row| {
            for (cell, arg) in cells.iter_mut().zip(&args) {
                *cell = arg.at(row);
            }
            function.apply(&cells)
        });
        Some(Value::Number(Numbers::Many(values.collect())))
    }

    fn choose(&mut self, test: &Expr, yes: &Expr, no: &Expr) -> Option<Value> {
        let rows = self.rows();
        let test = self.truth(test, "`if` needs a condition");
        let (yes_value, no_value) = (self.value(yes), self.value(no));
        let test = test?;
        match (yes_value?, no_value?) {
            (Value::Number(a), Value::Number(b)) => {
                let pick = |row| match test.at(row) {
                    Truth::Yes => a.at(row),
                    Truth::No => b.at(row),
                    Truth::Unknown => f64::NAN,
                };
                Some(Value::Number(Numbers::Many((0..rows).map(pick).collect())))
            }
            (Value::Truth(a), Value::Truth(b)) => {
                let pick = |row| match test.at(row) {
                    Truth::Yes => a.at(row),
                    Truth::No => b.at(row),
                    Truth::Unknown => Truth::Unknown,
                };
                Some(Value::Truth(Truths::Many((0..rows).map(pick).collect())))
            }
            (a, b) => {
                let message = format!("`then` gives {} and `else` gives {}", a.kind(), b.kind());
                let excerpt = self.excerpt(no.span, format!("this is {}", b.kind()));
                let help = "both must be numbers, or both conditions";
                self.faults.push(
                    Diagnostic::error("type-mismatch", message)
                        .at(excerpt)
                        .help(help),
                );
                None
            }
        }
    }

    fn number(&mut self, expr: &Expr, wanted: &str) -> Option<Numbers> {
        match self.value(expr)? {
            Value::Number(numbers) => Some(numbers),
            other => {
                self.mismatch(expr.span, wanted, &other);
                None
            }
        }
    }

    fn truth(&mut self, expr: &Expr, wanted: &str) -> Option<Truths> {
        match self.value(expr)? {
            Value::Truth(truths) => Some(truths),
            other => {
                self.mismatch(expr.span, wanted, &other);
                None
            }
        }
    }

    fn mismatch(&mut self, span: Span, wanted: &str, found: &Value) {
        let mut fault = Diagnostic::error(
            "type-mismatch",
            format!("{wanted}, this is {}", found.kind()),
        )
        .at(self.excerpt(span, format!("this is {}", found.kind())));
        if let Value::Text(column) = found
            && let Values::Text { levels, .. } = &column.values
            && let Some(example) = levels.first()
        {
            fault = fault.help(format!("`{}` holds text such as {example:?}", column.name));
        }
        self.faults.push(fault);
    }

    fn refuse(&mut self, span: Span, why: &str) -> Option<Value> {
        let excerpt = self.excerpt(span, "not here");
        self.faults
            .push(Diagnostic::error("not-for-columns", why).at(excerpt));
        None
    }

    fn excerpt(&self, span: Span, label: impl Into<String>) -> Excerpt {
        Excerpt::of(self.file, self.text, span, label)
    }
}
