//! A curve through the runs of one budget, and where it is lowest.

use super::akima::Akima;
use super::options::{Curve, Minima};
use isoflop_numerics::linear;

/// A curve of the loss over x = ln(N / centre).
pub(super) enum Fitted {
    /// Powers of x, lowest first.
    Powers(Vec<f64>),
    /// An interpolation.
    Through(Akima),
}

/// The minimum of a curve, or why it has none that counts.
pub(super) struct Lowest {
    pub x: f64,
    pub loss: f64,
}

impl Curve {
    /// Runs of different size that the curve needs: one more than it has coefficients leaves an error to estimate.
    pub(super) fn sizes(self) -> usize {
        match self {
            Self::Parabola => 3,
            Self::Cubic => 4,
            Self::Akima => 5,
        }
    }
}

/// Fits the curve; none when the sizes do not determine it.
pub(super) fn fit(curve: Curve, x: &[f64], loss: &[f64]) -> Option<Fitted> {
    match curve {
        Curve::Parabola => powers(x, loss, 3).map(Fitted::Powers),
        Curve::Cubic => powers(x, loss, 4).map(Fitted::Powers),
        Curve::Akima => Akima::new(x, loss).map(Fitted::Through),
    }
}

impl Fitted {
    /// The curve at x.
    pub fn at(&self, x: f64) -> f64 {
        match self {
            Self::Powers(c) => c.iter().rev().fold(0.0, |sum, c| sum * x + c),
            Self::Through(akima) => akima.at(x),
        }
    }

    /// The lowest point, with sizes from `low` to `high`.
    ///
    /// # Errors
    ///
    /// Why there is none, in words.
    pub fn lowest(&self, low: f64, high: f64, minima: Minima) -> Result<Lowest, String> {
        let x = match self {
            Self::Powers(c) if c.len() == 3 => parabola(c)?,
            Self::Powers(c) => cubic(c, low, high)?,
            Self::Through(akima) => akima.lowest(),
        };
        let inside = low < x && x < high;
        if !inside && minima == Minima::Bracketed {
            let side = if x <= low {
                "below the smallest"
            } else {
                "above the largest"
            };
            return Err(format!(
                "the minimum lies {side} size: no runs on both sides of it"
            ));
        }
        Ok(Lowest {
            x,
            loss: self.at(x),
        })
    }
}

fn parabola(c: &[f64]) -> Result<f64, String> {
    if c[2] > 0.0 {
        Ok(-c[1] / (2.0 * c[2]))
    } else {
        Err("the curve bends downwards: it has no minimum".to_owned())
    }
}

/// The local minimum of a cubic; it must lie near the runs, where the curve means something.
fn cubic(c: &[f64], low: f64, high: f64) -> Result<f64, String> {
    if c[3].abs() * (high - low) < 1e-9 * c[2].abs() {
        return parabola(&c[..3]);
    }
    let root = c[2] * c[2] - 3.0 * c[3] * c[1];
    if root <= 0.0 {
        return Err("the curve falls or rises throughout: it has no minimum".to_owned());
    }
    // The root of the derivative at which the curve bends upwards, without cancellation.
    let x = if c[2] > 0.0 {
        -c[1] / (c[2] + root.sqrt())
    } else {
        (root.sqrt() - c[2]) / (3.0 * c[3])
    };
    let width = high - low;
    if x < low - width || x > high + width {
        return Err("the minimum of the curve lies far from the runs".to_owned());
    }
    Ok(x)
}

/// Least squares of `loss` on powers of `x`, by QR; exact solution of the squared objective.
fn powers(x: &[f64], loss: &[f64], p: usize) -> Option<Vec<f64>> {
    let mut a = Vec::with_capacity(x.len() * (p + 1));
    for (x, y) in x.iter().zip(loss) {
        let mut power = 1.0;
        for _ in 0..p {
            a.push(power);
            power *= x;
        }
        a.push(*y);
    }
    // As many runs as coefficients: the curve passes through them, and a row of zeros squares the matrix.
    a.resize(a.len().max((p + 1) * (p + 1)), 0.0);
    // The triangle of [A | y] holds R in its first p columns and Qᵀy in the last.
    let r = linear::triangle(&a, p + 1)?;
    let width = p + 1;
    let mut c = vec![0.0; p];
    for i in (0..p).rev() {
        let rest: f64 = (i + 1..p).map(|j| r[i * width + j] * c[j]).sum();
        let pivot = r[i * width + i];
        if pivot.abs() < 1e-12 * r[0].abs() {
            return None;
        }
        c[i] = (r[i * width + p] - rest) / pivot;
    }
    Some(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minima_of_known_curves() {
        let x = [-1.5, -0.5, 0.25, 1.0, 2.0];
        let parabola: Vec<f64> = x
            .iter()
            .map(|x| 2.0 + 0.3 * (x - 0.4) * (x - 0.4))
            .collect();
        for curve in [Curve::Parabola, Curve::Cubic] {
            let fitted = fit(curve, &x, &parabola).expect("five sizes");
            let lowest = fitted.lowest(-1.5, 2.0, Minima::Bracketed).expect("convex");
            assert!((lowest.x - 0.4).abs() < 1e-10, "{}", lowest.x);
            assert!((lowest.loss - 2.0).abs() < 1e-12);
        }
        let cubic: Vec<f64> = x.iter().map(|x| x * x * x / 3.0 - x + 5.0).collect();
        let fitted = fit(Curve::Cubic, &x, &cubic).expect("five sizes");
        let lowest = fitted
            .lowest(-1.5, 2.0, Minima::Bracketed)
            .expect("a minimum at 1");
        assert!((lowest.x - 1.0).abs() < 1e-10, "{}", lowest.x);
    }

    #[test]
    fn a_curve_without_a_minimum_says_why() {
        let x = [0.0f64, 1.0, 2.0, 3.0];
        let falling: Vec<f64> = x.iter().map(|x| (-x).exp()).collect();
        let why = |ys: &[f64]| {
            let fitted = fit(Curve::Parabola, &x, ys).expect("four sizes");
            fitted
                .lowest(0.0, 3.0, Minima::Bracketed)
                .err()
                .unwrap_or_default()
        };
        assert!(why(&falling).contains("above the largest") || why(&falling).is_empty());
        let concave: Vec<f64> = x.iter().map(|x| -x * x).collect();
        assert!(why(&concave).contains("downwards"));
    }

    #[test]
    fn equal_sizes_determine_no_curve() {
        assert!(fit(Curve::Parabola, &[1.0, 1.0, 2.0], &[3.0, 3.1, 2.0]).is_none());
    }
}
