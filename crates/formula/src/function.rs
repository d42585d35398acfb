//! What the language knows about its functions: names, numbers of arguments, names used elsewhere.

use crate::ast::Function;

impl Function {
    /// Every function, in the order of the documentation.
    pub const ALL: [Self; 15] = [
        Self::Exp,
        Self::Ln,
        Self::Log2,
        Self::Log10,
        Self::Sqrt,
        Self::Abs,
        Self::Min,
        Self::Max,
        Self::Sigmoid,
        Self::Softplus,
        Self::Tanh,
        Self::Sin,
        Self::Cos,
        Self::Atan,
        Self::Logsumexp,
    ];

    /// Its name in a formula.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Exp => "exp",
            Self::Ln => "ln",
            Self::Log2 => "log2",
            Self::Log10 => "log10",
            Self::Sqrt => "sqrt",
            Self::Abs => "abs",
            Self::Min => "min",
            Self::Max => "max",
            Self::Sigmoid => "sigmoid",
            Self::Softplus => "softplus",
            Self::Tanh => "tanh",
            Self::Sin => "sin",
            Self::Cos => "cos",
            Self::Atan => "atan",
            Self::Logsumexp => "logsumexp",
        }
    }

    /// The function of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }

    /// Whether it takes one argument exactly; the others take one or more.
    #[must_use]
    pub fn takes_one(self) -> bool {
        !matches!(self, Self::Min | Self::Max | Self::Logsumexp)
    }

    /// What undoes it, for those that are undone by one of the language's own: `exp` for `ln`.
    #[must_use]
    pub fn inverse(self) -> Option<fn(f64) -> f64> {
        match self {
            Self::Exp => Some(f64::ln),
            Self::Ln => Some(f64::exp),
            Self::Log2 => Some(f64::exp2),
            Self::Log10 => Some(|x| 10f64.powf(x)),
            Self::Sqrt => Some(|x| x * x),
            Self::Tanh => Some(f64::atanh),
            Self::Atan => Some(f64::tan),
            Self::Sigmoid => Some(|p| (p / (1.0 - p)).ln()),
            Self::Softplus => Some(|y| y + (-(-y).exp()).ln_1p()),
            Self::Abs | Self::Min | Self::Max | Self::Logsumexp | Self::Sin | Self::Cos => None,
        }
    }
}

/// Names of other languages with what to write here.
pub(crate) fn foreign_function(name: &str) -> Option<&'static str> {
    Some(match name {
        "log" => "write `ln` (natural), `log2` or `log10`",
        "pow" | "power" => "write `x ^ y`",
        "expit" | "logistic" => "write `sigmoid(x)`",
        "logit" => "write `ln(p / (1 - p))`",
        "log1p" => "write `ln(1 + x)`",
        "expm1" => "write `exp(x) - 1`",
        "tan" => "write `sin(x) / cos(x)`",
        "arctan" => "write `atan(x)`",
        "lse" => "write `logsumexp(a, b)`",
        "minimum" => "write `min(a, b)`",
        "maximum" => "write `max(a, b)`",
        "where" | "ifelse" => "write `if a < b then x else y`",
        "sum" => "write the sum out with `+`, or index a coefficient: `E[corpus]`",
        _ => return None,
    })
}
