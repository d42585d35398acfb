//! What a recipe may be told, and how it is spelt.

use isoflop_base::{Diagnostic, closest};

/// Options of [`super::recipe`].
#[derive(Clone, Debug, PartialEq)]
pub struct RecipeOptions {
    /// Which recipe.
    pub method: Method,
    /// Which minima count.
    pub minima: Minima,
    /// How the minima are weighed in the final power law.
    pub weighting: Weighting,
    /// Largest relative difference of compute between neighbouring runs of one budget, and the width of an envelope's
    /// bin: 0.1 is 10 %.
    pub snap: f64,
    /// Resamples behind the errors.
    pub resamples: usize,
    /// Level of the intervals, between 0 and 1.
    pub level: f64,
    /// Seed of all randomness.
    pub seed: u64,
    /// Options of the reader, by name, kept in the provenance.
    pub reader: Vec<(String, String)>,
}

/// Which recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The minimum of a curve through the runs of each budget: Approach 2.
    IsoFlop(Curve),
    /// The run of least loss among those of similar compute: Approach 1.
    Envelope,
}

/// The curve through the runs of one budget: loss over ln N.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// L = c₀ + c₁ ln N + c₂ (ln N)², least squares.
    Parabola,
    /// The same with a cubic term: it may be steeper on one side.
    Cubic,
    /// Akima's interpolation through the runs: no shape assumed, no noise removed.
    Akima,
}

/// Which minima count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Minima {
    /// Those with runs on both sides.
    Bracketed,
    /// All of a convex curve, also beyond the runs.
    Convex,
}

/// How the minima are weighed in the final power law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighting {
    /// All alike.
    Equal,
    /// By the inverse of the variance of ln N*.
    Variance,
}

impl Default for RecipeOptions {
    fn default() -> Self {
        Self {
            method: Method::IsoFlop(Curve::Parabola),
            minima: Minima::Bracketed,
            weighting: Weighting::Equal,
            snap: 0.1,
            resamples: 1000,
            level: 0.95,
            seed: 0,
            reader: Vec::new(),
        }
    }
}

impl Method {
    /// Reads `isoflop`, `isoflop:parabola`, `isoflop:cubic`, `isoflop:akima`, `envelope`.
    ///
    /// # Errors
    ///
    /// A diagnostic `bad-recipe` that lists the spellings.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        const SPELLINGS: [&str; 5] = [
            "isoflop",
            "isoflop:parabola",
            "isoflop:cubic",
            "isoflop:akima",
            "envelope",
        ];
        match text {
            "isoflop" | "isoflop:parabola" => Ok(Self::IsoFlop(Curve::Parabola)),
            "isoflop:cubic" => Ok(Self::IsoFlop(Curve::Cubic)),
            "isoflop:akima" => Ok(Self::IsoFlop(Curve::Akima)),
            "envelope" => Ok(Self::Envelope),
            other => {
                let mut fault =
                    Diagnostic::error("bad-recipe", format!("there is no recipe `{other}`"));
                if let Some(near) = closest(other, SPELLINGS) {
                    fault = fault.help(format!("did you mean `{near}`?"));
                }
                Err(fault.help(format!("recipes: {}", SPELLINGS.join(", "))))
            }
        }
    }

    /// The spelling that [`Self::parse`] reads.
    #[must_use]
    pub fn spelling(self) -> String {
        match self {
            Self::IsoFlop(Curve::Parabola) => "isoflop:parabola",
            Self::IsoFlop(Curve::Cubic) => "isoflop:cubic",
            Self::IsoFlop(Curve::Akima) => "isoflop:akima",
            Self::Envelope => "envelope",
        }
        .to_owned()
    }
}

impl Minima {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Bracketed => "bracketed",
            Self::Convex => "convex",
        }
    }
}

impl Weighting {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Variance => "variance",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_read_back() {
        for text in [
            "isoflop:parabola",
            "isoflop:cubic",
            "isoflop:akima",
            "envelope",
        ] {
            let method = Method::parse(text).expect("a spelling that is listed");
            assert_eq!(method.spelling(), text);
        }
        let fault = Method::parse("isoflops").expect_err("no such recipe");
        assert_eq!(fault.code, "bad-recipe");
    }
}
