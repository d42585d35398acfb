//! What stands for a tokenizer where the program is built without the feature `bpe`: there is none.

use isoflop_base::Diagnostic;

use super::tokenizer::Encoded;

/// A tokenizer, of which this build has none.
#[derive(Clone, Debug)]
pub enum Tokenizer {}

impl Tokenizer {
    /// # Errors
    ///
    /// Always `no-bpe`.
    pub fn train(_text: &str, _vocabulary: usize) -> Result<Self, Diagnostic> {
        Err(absent())
    }

    /// # Errors
    ///
    /// Always `no-bpe`.
    pub fn parse(_json: &str, _name: &str) -> Result<Self, Diagnostic> {
        Err(absent())
    }

    /// Distinct tokens.
    #[must_use]
    pub fn vocabulary(&self) -> usize {
        match *self {}
    }

    /// The tokenizer file.
    #[must_use]
    pub fn json(&self) -> &str {
        match *self {}
    }

    /// The tokens of a text.
    ///
    /// # Errors
    ///
    /// None: there is no tokenizer.
    pub fn encode(&self, _text: &str, _enough: usize) -> Result<Encoded, Diagnostic> {
        match *self {}
    }
}

fn absent() -> Diagnostic {
    Diagnostic::error(
        "no-bpe",
        "the data ask for a tokenizer, and this program is built without them",
    )
    .help(
        "build it with `cargo build --release -p isoflop-cli --features bpe`, or leave `tokenizer` out of [data]: \
         tokens are bytes then",
    )
}

#[cfg(test)]
mod tests {
    use crate::source::{Source, SourceSpec};

    #[test]
    fn a_tokenizer_is_refused_with_the_way_to_build_it() {
        for tokenizer in [
            r#"{"kind": "bpe", "vocabulary": 300}"#,
            r#"{"kind": "file", "path": "Cargo.toml"}"#,
        ] {
            let text = format!(r#"{{"kind": "text", "paths": ["src"], "tokenizer": {tokenizer}}}"#);
            let spec: SourceSpec = serde_json::from_str(&text).unwrap();
            let fault = Source::open(&spec, 8).unwrap_err().0.remove(0);
            assert_eq!(fault.code, "no-bpe");
            assert!(fault.help[0].contains("--features bpe"));
        }
    }
}
