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
    /// ρ(r), ρ'(r), ρ''(r), ρ'(r)/r.
    #[must_use]
    pub fn at(self, r: f64) -> [f64; 4] {
        match self {
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

    /// Fills the columns for residuals `r` with weights `w`.
    pub fn columns(self, r: &[f64], w: &[f64], out: &mut PenaltyColumns) {
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
            let [value, slope, curve, majorant] = self.at(r);
            // A row of weight zero counts for nothing, even where its residual is not a number.
            let scaled = |x: f64| if w == 0.0 { 0.0 } else { w * x };
            out.value[i] = scaled(value);
            out.slope[i] = scaled(slope);
            out.curve[i] = scaled(curve);
            out.majorant[i] = scaled(majorant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_and_curvatures_are_the_derivatives() {
        let penalties = [
            Penalty::Squared,
            Penalty::Huber { delta: 0.7 },
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
}
