//! Penalties ρ of a residual, with slope, curvature and the weight of the quadratic that lies above.

use crate::kernels;

/// The penalty on one residual r. Values are exact; nothing is scaled away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Penalty {
    /// ρ = r².
    Squared,
    /// ρ = r²/2 for |r| ≤ δ, δ(|r| − δ/2) beyond.
    Huber {
        /// Corner δ.
        delta: f64,
    },
    /// ρ = δ²(√(1 + (r/δ)²) − 1).
    SoftL1 {
        /// Corner δ.
        delta: f64,
    },
    /// Huber's penalty with other slopes on each side: ρ = r²/2 for −vδ ≤ r ≤ uδ, uδ(r − uδ/2) above and −vδ(r + vδ/2)
    /// below. With u = v = 1 it is Huber's; as δ falls, ρ/δ becomes u·r above zero and −v·r below: the check function
    /// of a quantile with u = τ and v = 1 − τ.
    Tilted {
        /// Corner δ.
        delta: f64,
        /// Slope u above.
        up: f64,
        /// Slope v below, as a positive number.
        down: f64,
    },
    /// ρ = y ln(y/p) + (1 − y) ln((1 − y)/(1 − p)): negative log likelihood of a share y of successes, for each trial,
    /// above that of p = y. Here p = y − r is the fitted share, so y must be known: [`Penalty::of`].
    Binomial,
    /// ρ = (ν+1)/2 · ln(1 + r²/(ν s²)) + ln s: negative log likelihood of Student's t, without its constant.
    Student {
        /// Degrees of freedom ν.
        nu: f64,
        /// Scale s.
        scale: f64,
    },
}

/// Columns that [`Penalty::columns`] fills, one entry a row.
#[derive(Clone, Debug, Default)]
pub struct PenaltyColumns {
    /// w·ρ(r).
    pub value: Vec<f64>,
    /// w·ρ'(r).
    pub slope: Vec<f64>,
    /// w·ρ''(r).
    pub curve: Vec<f64>,
    /// w·ρ'(r)/r: the weight of iterated least squares, an upper bound of the curvature.
    pub majorant: Vec<f64>,
}

impl PenaltyColumns {
    /// Columns for blocks of up to `rows` rows.
    #[must_use]
    pub fn new(rows: usize) -> Self {
        Self {
            value: vec![0.0; rows],
            slope: vec![0.0; rows],
            curve: vec![0.0; rows],
            majorant: vec![0.0; rows],
        }
    }
}

impl Penalty {
    /// ρ(r), ρ'(r), ρ''(r), ρ'(r)/r at a residual of the observed response `y`.
    #[must_use]
    pub fn of(self, r: f64, y: f64) -> [f64; 4] {
        match self {
            Self::Binomial => binomial(y, y - r),
            other => other.at(r),
        }
    }

    /// ρ(r), ρ'(r), ρ''(r), ρ'(r)/r. For [`Self::Binomial`], which needs the response, near a share of one half.
    #[must_use]
    pub fn at(self, r: f64) -> [f64; 4] {
        match self {
            Self::Binomial => [2.0 * r * r, 4.0 * r, 4.0, 4.0],
            Self::Tilted { delta, up, down } => {
                let (high, low) = (up * delta, down * delta);
                if r > high {
                    [high * (r - 0.5 * high), high, 0.0, high / r]
                } else if r < -low {
                    [-low * (r + 0.5 * low), -low, 0.0, -low / r]
                } else {
                    [0.5 * r * r, r, 1.0, 1.0]
                }
            }
            Self::Squared => [r * r, 2.0 * r, 2.0, 2.0],
            Self::Huber { delta } => {
                let a = r.abs();
                if a <= delta {
                    [0.5 * r * r, r, 1.0, 1.0]
                } else {
                    [delta * (a - 0.5 * delta), delta.copysign(r), 0.0, delta / a]
                }
            }
            Self::SoftL1 { delta } => {
                let u = r / delta;
                let root = (1.0 + u * u).sqrt();
                // √(1+u²) − 1 = u²/(√(1+u²) + 1) keeps small residuals.
                [
                    r * r / (root + 1.0),
                    r / root,
                    1.0 / (root * root * root),
                    1.0 / root,
                ]
            }
            Self::Student { nu, scale } => {
                let s2 = nu * scale * scale;
                let q = s2 + r * r;
                let k = nu + 1.0;
                [
                    0.5 * k * (r * r / s2).ln_1p() + scale.ln(),
                    k * r / q,
                    k * (s2 - r * r) / (q * q),
                    k / q,
                ]
            }
        }
    }

    /// Fills the columns for residuals `r` of the observed responses `y` with weights `w`.
    pub fn columns(self, r: &[f64], y: &[f64], w: &[f64], out: &mut PenaltyColumns) {
        if let Self::Huber { delta } = self {
            kernels::huber_columns(
                r,
                w,
                delta,
                &mut out.value,
                &mut out.slope,
                &mut out.curve,
                &mut out.majorant,
            );
            return;
        }
        for (i, (&r, &w)) in r.iter().zip(w).enumerate() {
            let [value, slope, curve, majorant] = self.of(r, y[i]);
            // A row of weight zero counts for nothing, even where its residual is not a number.
            let scaled = |x: f64| if w == 0.0 { 0.0 } else { w * x };
            out.value[i] = scaled(value);
            out.slope[i] = scaled(slope);
            out.curve[i] = scaled(curve);
            out.majorant[i] = scaled(majorant);
        }
    }
}

/// The terms of a share y of successes where the law says p; not a number where p is no probability.
fn binomial(y: f64, p: f64) -> [f64; 4] {
    let q = 1.0 - p;
    let inside = |share: f64, fitted: f64| fitted > 0.0 || (fitted == 0.0 && share == 0.0);
    if !inside(y, p) || !inside(1.0 - y, q) {
        return [f64::NAN; 4];
    }
    // A term of share zero is zero, whatever the law says.
    let part = |share: f64, fitted: f64| {
        if share == 0.0 {
            [0.0; 3]
        } else {
            let ratio = share / fitted;
            [share * ratio.ln(), ratio, ratio / fitted]
        }
    };
    let (yes, no) = (part(y, p), part(1.0 - y, q));
    // Where the law is sure and right, Fisher's information is that of the outcome seen.
    let majorant = if p > 0.0 && q > 0.0 {
        1.0 / (p * q)
    } else {
        yes[2] + no[2]
    };
    [yes[0] + no[0], yes[1] - no[1], yes[2] + no[2], majorant]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_and_curvatures_are_the_derivatives() {
        let penalties = [
            Penalty::Squared,
            Penalty::Huber { delta: 0.7 },
            Penalty::Tilted {
                delta: 0.7,
                up: 0.3,
                down: 0.9,
            },
            Penalty::SoftL1 { delta: 0.7 },
            Penalty::Student {
                nu: 4.0,
                scale: 0.3,
            },
        ];
        for p in penalties {
            for r in [-2.0, -0.3, 0.01, 0.5, 1.9] {
                let h = 1e-6;
                let slope = (p.at(r + h)[0] - p.at(r - h)[0]) / (2.0 * h);
                let curve = (p.at(r + h)[1] - p.at(r - h)[1]) / (2.0 * h);
                let [_, s, c, m] = p.at(r);
                assert!((slope - s).abs() < 1e-8, "{p:?} at {r}");
                assert!((curve - c).abs() < 1e-8, "{p:?} at {r}");
                assert!((s / r - m).abs() < 1e-12, "{p:?} at {r}");
            }
        }
    }

    #[test]
    fn binomial_terms_are_the_derivatives_of_the_likelihood() {
        for (y, p) in [(0.3, 0.5), (0.0, 0.2), (1.0, 0.97), (0.999, 1e-3)] {
            let h = 1e-7 * f64::min(p, 1.0 - p);
            let at = |p: f64| Penalty::Binomial.of(y - p, y);
            let [value, slope, curve, majorant] = at(p);
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-5 * (1.0 + b.abs());
            // ∂/∂r = −∂/∂p.
            assert!(
                close((at(p - h)[0] - at(p + h)[0]) / (2.0 * h), slope),
                "y {y} p {p}"
            );
            assert!(
                close((at(p - h)[1] - at(p + h)[1]) / (2.0 * h), curve),
                "y {y} p {p}"
            );
            assert!(close(majorant, 1.0 / (p * (1.0 - p))), "y {y} p {p}");
            assert!(value >= 0.0);
        }
        assert_eq!(Penalty::Binomial.of(0.0, 0.25)[0], 0.0);
        assert!(
            Penalty::Binomial.of(0.5, 0.5)[0].is_nan(),
            "no success is possible at p = 0"
        );
        assert_eq!(Penalty::Binomial.of(0.0, 1.0)[0], 0.0, "sure and right");
    }
}
