//! Saved results that carry a digest of themselves, by which a reader sees that nothing was changed since.

/// Writes a type with a digest of everything before it, and gives it `own_digest`. The type derives its serialisation with
/// `#[serde(remote = "Self")]` and keeps the digest that was read in a field `digest` that is not written.
macro_rules! sealed {
    ($sealed:ident) => {
        const _: () = {
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            /// The result without its digest.
            struct Bare<'a>(&'a $sealed);

            impl Serialize for Bare<'_> {
                fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                    $sealed::serialize(self.0, to)
                }
            }

            impl $sealed {
                /// SHA-256, in hexadecimal, of the result as compact JSON without a digest.
                #[must_use]
                pub fn own_digest(&self) -> String {
                    let text = serde_json::to_vec(&Bare(self)).unwrap_or_default();
                    isoflop_data::sha256_hex(&text)
                }
            }

            impl Serialize for $sealed {
                fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                    #[derive(Serialize)]
                    struct Sealed<'a> {
                        #[serde(flatten)]
                        result: Bare<'a>,
                        digest: String,
                    }
                    let digest = self.own_digest();
                    Sealed {
                        result: Bare(self),
                        digest,
                    }
                    .serialize(to)
                }
            }

            impl<'de> Deserialize<'de> for $sealed {
                fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    // The derived function of the same name: the type's own comes before that of the trait.
                    Self::deserialize(from)
                }
            }
        };
    };
}

pub(crate) use sealed;
