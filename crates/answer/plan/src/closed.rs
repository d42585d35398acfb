//! Optima in closed form, for laws whose form is recognised as one power of size plus one power of data.
//!
//! # Formula
//!
//! ```text
//! L = e + a N^p + b D^q,  p, q < 0 < a, b     C = k N^r D^s,  k, r, s > 0
//! at the optimum      p a N^p / r = q b D^q / s
//! budget C            N^(p + q r/s) = (r q b / (s p a)) (C/k)^(q/s),    D = (C/k)^(1/s) N^(−r/s)
//! target loss L       a N^p = (L − e) (r/p) / (r/p + s/q),    b D^q = (L − e) (s/q) / (r/p + s/q)
//! ```
//!
//! With C = 6ND these are equation 4 of Hoffmann et al. 2022 and its inverse.

use isoflop_law::surface::{Sum, Term};

use super::solver::Place;

/// The two powers of a law and the one of a convention.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TwoPowers {
    /// What no size and no data remove.
    pub floor: f64,
    size: Term,
    data: Term,
    cost: Term,
}

impl TwoPowers {
    /// The forms, when they are those of the formula.
    pub fn of(law: &Sum, convention: &Sum) -> Option<Self> {
        let [cost] = convention.terms() else {
            return None;
        };
        let (mut floor, mut size, mut data) = (0.0, None, None);
        for term in law.terms() {
            match (term.x, term.y) {
                (0.0, 0.0) => floor += term.factor,
                (_, 0.0) if size.is_none() => size = Some(*term),
                (0.0, _) if data.is_none() => data = Some(*term),
                _ => return None,
            }
        }
        let (size, data) = (size?, data?);
        let falls = |t: &Term, power: f64| t.factor > 0.0 && power < 0.0;
        let fits = falls(&size, size.x) && falls(&data, data.y);
        (fits && cost.factor > 0.0 && cost.x > 0.0 && cost.y > 0.0).then_some(Self {
            floor,
            size,
            data,
            cost: *cost,
        })
    }

    /// The least loss for e^`ln_c` FLOP.
    pub fn budget(&self, ln_c: f64) -> Place {
        let (a, p) = (self.size.factor, self.size.x);
        let (b, q) = (self.data.factor, self.data.y);
        let (r, s) = (self.cost.x, self.cost.y);
        let spent = ln_c - self.cost.factor.ln();
        let ratio = (r * q * b) / (s * p * a);
        let x = (ratio.ln() + spent * q / s) / (p + q * r / s);
        Place {
            x,
            y: (spent - r * x) / s,
        }
    }

    /// The least compute for a loss; none at or below the floor.
    pub fn target(&self, loss: f64) -> Option<Place> {
        let (a, p) = (self.size.factor, self.size.x);
        let (b, q) = (self.data.factor, self.data.y);
        let (size, data) = (self.cost.x / p, self.cost.y / q);
        let reducible = loss - self.floor;
        (reducible > 0.0).then(|| Place {
            x: (reducible * size / (size + data) / a).ln() / p,
            y: (reducible * data / (size + data) / b).ln() / q,
        })
    }

    /// ln D at which a model of size e^x reaches a loss; infinite when it never does.
    pub fn tokens_for(&self, loss: f64, x: f64) -> f64 {
        let rest = loss - self.floor - self.size.factor * (self.size.x * x).exp();
        if rest > 0.0 {
            (rest / self.data.factor).ln() / self.data.y
        } else {
            f64::INFINITY
        }
    }

    /// ln of the least size that reaches a loss with unlimited data; NaN when none does.
    pub fn smallest_size(&self, loss: f64) -> f64 {
        ((loss - self.floor) / self.size.factor).ln() / self.size.x
    }

    /// d ln N*/d ln C and d ln D*/d ln C.
    pub fn exponents(&self) -> (f64, f64) {
        let (p, q) = (self.size.x, self.data.y);
        let (r, s) = (self.cost.x, self.cost.y);
        let by_size = q / (s * p + q * r);
        (by_size, (1.0 - r * by_size) / s)
    }

    /// The exponents of size and data, as positive numbers.
    pub fn powers(&self) -> (f64, f64) {
        (-self.size.x, -self.data.y)
    }
}
