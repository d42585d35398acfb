//! Which formulas are sums of powers of two variables: those have optima in closed form.
//!
//! The form is read off the structure of a formula, at given coefficients: `E + A/N^alpha + B/D^beta`, the same written
//! as `ln L = logsumexp(e, a - alpha*ln N, b - beta*ln D)`, or through `let` steps.

use isoflop_formula::ast::Function;

use super::Number;

/// One term: factor · X^x · Y^y.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Term {
    /// The factor.
    pub factor: f64,
    /// Power of the first variable.
    pub x: f64,
    /// Power of the second variable.
    pub y: f64,
}

/// Terms kept at most: laws with more have no closed form anyway.
const MOST: usize = 6;

/// A sum of terms; no two have the same powers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    terms: [Term; MOST],
    count: usize,
}

impl Sum {
    /// The terms.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.terms[..self.count]
    }

    /// A sum of one term.
    fn of(term: Term) -> Self {
        let mut sum = Self::default();
        sum.terms[0] = term;
        sum.count = 1;
        sum
    }

    fn constant(x: f64) -> Self {
        Self::of(Term {
            factor: x,
            ..Term::default()
        })
    }

    /// Its value when it is a constant.
    fn known(&self) -> Option<f64> {
        match self.terms() {
            [] => Some(0.0),
            [one] if one.x == 0.0 && one.y == 0.0 => Some(one.factor),
            _ => None,
        }
    }

    fn single(&self) -> Option<Term> {
        match self.terms() {
            [one] => Some(*one),
            _ => None,
        }
    }

    fn with(mut self, term: Term) -> Option<Self> {
        let own = &mut self.terms[..self.count];
        if let Some(same) = own.iter_mut().find(|t| t.x == term.x && t.y == term.y) {
            same.factor += term.factor;
        } else if term.factor != 0.0 {
            *self.terms.get_mut(self.count)? = term;
            self.count += 1;
        }
        Some(self)
    }

    fn plus(self, other: &Self) -> Option<Self> {
        other.terms().iter().try_fold(self, |sum, t| sum.with(*t))
    }

    fn times(&self, other: &Self) -> Option<Self> {
        let mut out = Self::default();
        for a in self.terms() {
            for b in other.terms() {
                out = out.with(Term {
                    factor: a.factor * b.factor,
                    x: a.x + b.x,
                    y: a.y + b.y,
                })?;
            }
        }
        Some(out)
    }

    fn power(&self, exponent: f64) -> Option<Self> {
        if exponent == 1.0 {
            return Some(*self);
        }
        let one = self.single()?;
        Some(Self::of(Term {
            factor: one.factor.powf(exponent),
            x: one.x * exponent,
            y: one.y * exponent,
        }))
    }
}

/// What is known of the form of a formula.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Powers {
    /// A sum of powers.
    Sum(Sum),
    /// The logarithm of one.
    LnOf(Sum),
    /// Something else.
    Other,
}

impl Powers {
    /// The first variable.
    #[must_use]
    pub fn first() -> Self {
        Self::Sum(Sum::of(Term {
            factor: 1.0,
            x: 1.0,
            y: 0.0,
        }))
    }

    /// The second variable.
    #[must_use]
    pub fn second() -> Self {
        Self::Sum(Sum::of(Term {
            factor: 1.0,
            x: 0.0,
            y: 1.0,
        }))
    }

    /// The terms when it is a sum of powers.
    #[must_use]
    pub fn sum(&self) -> Option<&Sum> {
        match self {
            Self::Sum(sum) => Some(sum),
            _ => None,
        }
    }

    fn of(sum: Option<Sum>) -> Self {
        sum.map_or(Self::Other, Self::Sum)
    }

    fn ln_of(sum: Option<Sum>) -> Self {
        sum.map_or(Self::Other, Self::LnOf)
    }

    fn ln(self) -> Self {
        match self {
            Self::Sum(sum) => sum
                .known()
                .map_or(Self::LnOf(sum), |x| Number::constant(x.ln())),
            _ => Self::Other,
        }
    }

    fn exp(self) -> Self {
        match self {
            Self::LnOf(sum) => Self::Sum(sum),
            Self::Sum(sum) => sum
                .known()
                .map_or(Self::Other, |x| Number::constant(x.exp())),
            Self::Other => Self::Other,
        }
    }

    fn value(&self) -> Option<f64> {
        self.sum().and_then(Sum::known)
    }
}

impl Number for Powers {
    fn constant(x: f64) -> Self {
        Self::Sum(Sum::constant(x))
    }

    fn known(&self) -> f64 {
        self.value().unwrap_or(f64::NAN)
    }

    fn negated(self) -> Self {
        Self::constant(-1.0).times(self)
    }

    fn plus(self, b: Self) -> Self {
        match (self, b) {
            (Self::Sum(a), Self::Sum(b)) => Self::of(a.plus(&b)),
            (Self::LnOf(a), Self::LnOf(b)) => Self::ln_of(a.times(&b)),
            (Self::LnOf(a), b) | (b, Self::LnOf(a)) => match b.value() {
                Some(x) => Self::ln_of(a.times(&Sum::constant(x.exp()))),
                None => Self::Other,
            },
            _ => Self::Other,
        }
    }

    fn times(self, b: Self) -> Self {
        match (self, b) {
            (Self::Sum(a), Self::Sum(b)) => Self::of(a.times(&b)),
            (Self::LnOf(a), b) | (b, Self::LnOf(a)) => match b.value() {
                Some(k) => Self::ln_of(a.power(k)),
                None => Self::Other,
            },
            _ => Self::Other,
        }
    }

    fn over(self, b: Self) -> Self {
        match b {
            Self::Sum(b) => match b.power(-1.0) {
                Some(inverse) => self.times(Self::Sum(inverse)),
                None => Self::Other,
            },
            _ => Self::Other,
        }
    }

    fn raised(self, exponent: Self) -> Self {
        match (self, exponent.value()) {
            (Self::Sum(a), Some(k)) => Self::of(a.power(k)),
            _ => Self::Other,
        }
    }

    fn call(function: Function, args: &[Self]) -> Self {
        let known: Option<Vec<f64>> = args.iter().map(Self::value).collect();
        if let Some(values) = known {
            return Self::constant(function.apply(&values));
        }
        match (function, args) {
            (Function::Exp, [a]) => a.exp(),
            (Function::Ln, [a]) => a.ln(),
            (Function::Sqrt, [Self::Sum(a)]) => Self::of(a.power(0.5)),
            (Function::Logsumexp, args) => {
                let mut sum = Some(Sum::default());
                for a in args {
                    sum = match (sum, a.exp()) {
                        (Some(sum), Self::Sum(more)) => sum.plus(&more),
                        _ => None,
                    };
                }
                Self::ln_of(sum)
            }
            _ => Self::Other,
        }
    }
}
