//! The scales on which a result says that something was measured, written as the words that files have always had.

use serde::{Deserialize, Serialize};

/// Where residuals were measured: `raw`, `ln`, or the left side of the law in its own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum ResidualScale {
    /// The response itself.
    Raw,
    /// Its natural logarithm.
    Ln,
    /// The left side of the law as written.
    LeftSide(String),
}

impl From<String> for ResidualScale {
    fn from(text: String) -> Self {
        match text.as_str() {
            "raw" => Self::Raw,
            "ln" => Self::Ln,
            _ => Self::LeftSide(text),
        }
    }
}

impl From<ResidualScale> for String {
    fn from(scale: ResidualScale) -> Self {
        match scale {
            ResidualScale::Raw => "raw".to_owned(),
            ResidualScale::Ln => "ln".to_owned(),
            ResidualScale::LeftSide(text) => text,
        }
    }
}

impl std::fmt::Display for ResidualScale {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Raw => to.write_str("raw"),
            Self::Ln => to.write_str("ln"),
            Self::LeftSide(text) => to.write_str(text),
        }
    }
}

/// Whether a value is meant as it is, or its natural logarithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueScale {
    /// As it is.
    Raw,
    /// Its natural logarithm.
    Ln,
}

impl ValueScale {
    /// A value on this scale.
    #[must_use]
    pub fn forth(self, value: f64) -> f64 {
        match self {
            Self::Raw => value,
            Self::Ln => value.ln(),
        }
    }

    /// The value that has this number on the scale.
    #[must_use]
    pub fn back(self, x: f64) -> f64 {
        match self {
            Self::Raw => x,
            Self::Ln => x.exp(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_written_as_words_and_read_again() {
        for (scale, word) in [
            (ResidualScale::Raw, "\"raw\""),
            (ResidualScale::Ln, "\"ln\""),
            (ResidualScale::LeftSide("1/L".to_owned()), "\"1/L\""),
        ] {
            let written = serde_json::to_string(&scale).expect("writes");
            assert_eq!(written, word);
            let read: ResidualScale = serde_json::from_str(word).expect("reads");
            assert_eq!(read, scale);
            assert_eq!(format!("\"{scale}\""), word);
        }
        let read: ValueScale = serde_json::from_str("\"ln\"").expect("reads");
        assert_eq!(read, ValueScale::Ln);
        assert!((read.back(read.forth(3.0)) - 3.0).abs() < 1e-15);
        assert!(serde_json::from_str::<ValueScale>("\"LN\"").is_err());
    }
}
