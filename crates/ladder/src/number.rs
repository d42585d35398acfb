//! Numbers and rules of a ladder file, as people write them.

use std::fmt;

use isoflop_base::parse_quantity;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A number that may be written as `"10k"`, `"2 GB"` or plainly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(pub f64);

/// An expression of the sizes of a run, or a plain number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule(pub String);

impl From<&str> for Rule {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

struct Text;

/// What a TOML value says, as text.
impl Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or a text such as \"10k\"")
    }

    fn visit_i64<E: de::Error>(self, x: i64) -> Result<String, E> {
        Ok(x.to_string())
    }

    fn visit_u64<E: de::Error>(self, x: u64) -> Result<String, E> {
        Ok(x.to_string())
    }

    fn visit_f64<E: de::Error>(self, x: f64) -> Result<String, E> {
        Ok(x.to_string())
    }

    fn visit_str<E: de::Error>(self, x: &str) -> Result<String, E> {
        Ok(x.to_owned())
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = from.deserialize_any(Text)?;
        match parse_quantity(&text) {
            Ok(q) if q.value.is_finite() => Ok(Self(q.value)),
            Ok(_) => Err(de::Error::custom(format!("`{text}` is not finite"))),
            Err(e) => Err(de::Error::custom(format!("`{text}` is {e}"))),
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Text).map(Self)
    }
}
