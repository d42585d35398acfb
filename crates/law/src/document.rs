//! A TOML document with places: every key and value knows its bytes, every fault is kept.
//!
//! Only what law files need: tables in the order they are written, texts, numbers, lists.

use isoflop_base::{Diagnostic, Diagnostics, Excerpt, Span, closest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value of the document.
pub(crate) type Value<'a> = Spanned<DeValue<'a>>;

/// A law file being read, with the faults so far.
pub(crate) struct Document<'a> {
    pub(crate) file: &'a str,
    pub(crate) source: &'a str,
    pub(crate) faults: Vec<Diagnostic>,
}

/// A table of the document, its keys in written order.
#[derive(Clone, Debug)]
pub(crate) struct Section<'a> {
    /// What the table is called in messages: `coefficient \`alpha\``.
    pub(crate) what: String,
    /// Where it stands.
    pub(crate) span: Span,
    pub(crate) entries: Vec<Entry<'a>>,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Value<'a>,
}

impl<'a> Section<'a> {
    fn new(what: impl Into<String>, span: Span, table: &DeTable<'a>) -> Self {
        let mut entries: Vec<Entry<'a>> = table
            .iter()
            .map(|(key, value)| Entry {
                key: key.get_ref().to_string(),
                key_span: bytes(&key.span()),
                value: value.clone(),
            })
            .collect();
        entries.sort_by_key(|e| e.key_span.start);
        Self {
            what: what.into(),
            span,
            entries,
        }
    }

    fn empty(what: &str, span: Span) -> Self {
        Self {
            what: what.to_owned(),
            span,
            entries: Vec::new(),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|e| e.key == key)
    }
}

impl<'a> Document<'a> {
    /// Reads the text as TOML; what cannot be read is a fault.
    pub(crate) fn open(file: &'a str, source: &'a str) -> (Self, Section<'a>) {
        let (table, errors) = DeTable::parse_recoverable(source);
        let mut document = Self {
            file,
            source,
            faults: Vec::new(),
        };
        for error in errors {
            let at = error.span().map_or(Span::new(0, 0), |s| bytes(&s));
            let message = error
                .message()
                .lines()
                .next()
                .unwrap_or("this is not TOML")
                .to_owned();
            document.fault("toml-syntax", message, at, "");
        }
        let whole = Span::new(0, 0);
        let section = Section::new("a law file", whole, table.get_ref());
        (document, section)
    }

    /// The faults, in the order of their places.
    pub(crate) fn finish(mut self) -> Result<(), Diagnostics> {
        if self.faults.is_empty() {
            return Ok(());
        }
        self.faults
            .sort_by_key(|d| d.excerpt.as_ref().map(|e| (e.line, e.column)));
        Err(Diagnostics(self.faults))
    }

    pub(crate) fn fault(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        at: Span,
        help: &str,
    ) {
        let excerpt = Excerpt::of(self.file, self.source, at, "here");
        let mut fault = Diagnostic::error(code, message).at(excerpt);
        if !help.is_empty() {
            fault = fault.help(help);
        }
        self.faults.push(fault);
    }

    /// Reports every key of the section that is not in the list.
    pub(crate) fn check_keys(&mut self, section: &Section<'_>, known: &[&str]) {
        for entry in &section.entries {
            if known.contains(&entry.key.as_str()) {
                continue;
            }
            let help = closest(&entry.key, known.iter().copied()).map_or_else(
                || format!("the keys are {}", known.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("{} has no key `{}`", section.what, entry.key);
            self.fault("unknown-key", message, entry.key_span, &help);
        }
    }

    /// The table under a key; a missing one is empty.
    pub(crate) fn section(&mut self, parent: &Section<'a>, key: &str, what: &str) -> Section<'a> {
        let empty = Section::empty(what, parent.span);
        parent
            .get(key)
            .and_then(|e| self.as_section(e, what))
            .unwrap_or(empty)
    }

    /// The table of an entry; anything else is a fault and gives an empty one, so that the name stays declared.
    pub(crate) fn fields(&mut self, entry: &Entry<'a>, what: &str) -> Section<'a> {
        let empty = Section::empty(what, entry.key_span);
        self.as_section(entry, what).unwrap_or(empty)
    }

    /// The value as a table.
    pub(crate) fn as_section(&mut self, entry: &Entry<'a>, what: &str) -> Option<Section<'a>> {
        if let DeValue::Table(table) = entry.value.get_ref() {
            return Some(Section::new(what, entry.key_span, table));
        }
        self.wrong_kind(entry, "a table `{ … }`");
        None
    }

    /// The tables of `[[key]]`.
    pub(crate) fn sections(&mut self, parent: &Section<'a>, key: &str) -> Vec<Section<'a>> {
        let Some(entry) = parent.get(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = entry.value.get_ref() else {
            self.wrong_kind(entry, &format!("tables headed `[[{key}]]`"));
            return Vec::new();
        };
        let tables = items.iter().filter_map(|item| match item.get_ref() {
            DeValue::Table(table) => {
                Some(Section::new(format!("a {key}"), bytes(&item.span()), table))
            }
            _ => None,
        });
        tables.collect()
    }

    /// The text under a key, its white space collapsed: words are reflowed freely in a law file.
    pub(crate) fn words(&mut self, section: &Section<'a>, key: &str) -> String {
        let text = self
            .text(section, key)
            .map(|(text, _)| text)
            .unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The text under a key as written, with the place of its value.
    pub(crate) fn text(&mut self, section: &Section<'a>, key: &str) -> Option<(String, Span)> {
        let entry = section.get(key)?;
        match entry.value.get_ref() {
            DeValue::String(text) => Some((text.to_string(), bytes(&entry.value.span()))),
            _ => {
                self.wrong_kind(entry, "a text in quotes");
                None
            }
        }
    }

    /// The number under a key.
    pub(crate) fn number(&mut self, section: &Section<'a>, key: &str) -> Option<f64> {
        self.as_number(section.get(key)?)
    }

    /// The value as a number.
    pub(crate) fn as_number(&mut self, entry: &Entry<'a>) -> Option<f64> {
        let value = number_of(&entry.value);
        if value.is_none() {
            self.wrong_kind(entry, "a number");
        }
        value
    }

    /// One number or a list of numbers under a key.
    pub(crate) fn numbers(&mut self, section: &Section<'a>, key: &str) -> Option<Vec<f64>> {
        let entry = section.get(key)?;
        let list: Option<Vec<f64>> = match entry.value.get_ref() {
            DeValue::Array(items) => items.iter().map(number_of).collect(),
            _ => number_of(&entry.value).map(|x| vec![x]),
        };
        if list.is_none() {
            self.wrong_items(entry, "numbers");
        }
        list
    }

    /// One text or a list of texts under a key, each with its place.
    pub(crate) fn texts(
        &mut self,
        section: &Section<'a>,
        key: &str,
    ) -> Option<Vec<(String, Span)>> {
        let entry = section.get(key)?;
        let one = |value: &Value<'a>| match value.get_ref() {
            DeValue::String(text) => Some((text.to_string(), bytes(&value.span()))),
            _ => None,
        };
        let list: Option<Vec<_>> = match entry.value.get_ref() {
            DeValue::Array(items) => items.iter().map(one).collect(),
            _ => one(&entry.value).map(|x| vec![x]),
        };
        if list.is_none() {
            self.wrong_items(entry, "texts in quotes");
        }
        list
    }

    /// Yes or no under a key.
    pub(crate) fn boolean(&mut self, section: &Section<'a>, key: &str) -> Option<bool> {
        let entry = section.get(key)?;
        let value = entry.value.get_ref().as_bool();
        if value.is_none() {
            self.wrong_kind(entry, "true or false");
        }
        value
    }

    fn wrong_items(&mut self, entry: &Entry<'_>, expected: &str) {
        let message = format!("`{}` holds something else than {expected}", entry.key);
        self.fault("wrong-kind", message, bytes(&entry.value.span()), "");
    }

    pub(crate) fn wrong_kind(&mut self, entry: &Entry<'_>, expected: &str) {
        let found = entry.value.get_ref().type_str();
        let message = format!(
            "`{}` is {} {found}, expected {expected}",
            entry.key,
            article(found)
        );
        self.fault("wrong-kind", message, bytes(&entry.value.span()), "");
    }
}

/// The bytes of a value.
pub(crate) fn bytes(range: &std::ops::Range<usize>) -> Span {
    Span::new(range.start, range.end)
}

fn number_of(value: &Value<'_>) -> Option<f64> {
    let text = match value.get_ref() {
        DeValue::Integer(i) if i.radix() == 10 => i.as_str(),
        DeValue::Float(f) => f.as_str(),
        _ => return None,
    };
    text.replace('_', "")
        .parse()
        .ok()
        .filter(|x: &f64| !x.is_nan())
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}
