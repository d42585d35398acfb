//! Quantiles and distribution functions, from `statrs`, and order statistics.

use statrs::distribution::{ContinuousCDF, FisherSnedecor, Normal, StudentsT};

/// Quantile of Student's t with `df` degrees of freedom; the normal quantile for infinite `df`.
///
/// # Example
///
/// ```
/// let t = isoflop_numerics::dist::t_quantile(0.975, 10.0);
/// assert!((t - 2.228_138_851_964_939).abs() < 1e-9);
/// ```
#[must_use]
pub fn t_quantile(probability: f64, df: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, df) {
        Ok(t) if df < 1e7 => t.inverse_cdf(probability),
        _ => normal_quantile(probability),
    }
}

/// Distribution function of Student's t with `df` degrees of freedom; the normal one for infinite `df`.
#[must_use]
pub fn t_cdf(x: f64, df: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, df) {
        Ok(t) if df < 1e7 => t.cdf(x),
        _ => normal_cdf(x),
    }
}

/// Quantile of the standard normal distribution.
#[must_use]
pub fn normal_quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// Distribution function of the standard normal distribution.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    Normal::standard().cdf(x)
}

/// The chance that an F number with these degrees of freedom lies above `f`; 0 for an infinite one, and 1 where there
/// is no such number.
///
/// # Example
///
/// ```
/// let chance = isoflop_numerics::dist::f_tail(3.325_834_530_413_012, 5.0, 10.0);
/// assert!((chance - 0.05).abs() < 1e-9);
/// ```
#[must_use]
pub fn f_tail(f: f64, above: f64, below: f64) -> f64 {
    if f == f64::INFINITY {
        return 0.0;
    }
    match FisherSnedecor::new(above, below) {
        Ok(law) if f.is_finite() && f >= 0.0 => law.sf(f),
        _ => 1.0,
    }
}

/// Probability that Student's t with `df` degrees of freedom exceeds `t`.
#[must_use]
pub fn t_above(t: f64, df: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, df) {
        Ok(student) if t.is_finite() => student.sf(t),
        _ => 1.0,
    }
}

/// Quantile of a sorted sample, by linear interpolation between order statistics (type 7).
///
/// # Formula
///
/// ```text
/// q = x₍ₖ₎ + (h − k)(x₍ₖ₊₁₎ − x₍ₖ₎)    with    h = (n − 1) p,  k = ⌊h⌋
/// ```
#[must_use]
pub fn sorted_quantile(sorted: &[f64], probability: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let h = probability.clamp(0.0, 1.0) * last as f64;
    let k = (h.floor() as usize).min(last);
    let next = (k + 1).min(last);
    sorted[k] + (h - k as f64) * (sorted[next] - sorted[k])
}

/// Median of a sample in any order.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    median_in_place(&mut values.to_vec())
}

/// [`median`] without a copy; the order of the values is lost.
#[must_use]
pub fn median_in_place(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable_by(values.len() / 2, f64::total_cmp);
    let upper = *upper;
    if even {
        let lower = below
            .iter()
            .copied()
            .max_by(f64::total_cmp)
            .unwrap_or(upper);
        return lower + 0.5 * (upper - lower);
    }
    upper
}

/// Robust standard deviation about zero: 1.4826 times the median absolute value.
#[must_use]
pub fn robust_sd(values: &[f64]) -> f64 {
    robust_sd_in_place(&mut values.to_vec())
}

/// [`robust_sd`] without a copy; signs and order of the values are lost.
#[must_use]
pub fn robust_sd_in_place(values: &mut [f64]) -> f64 {
    values.iter_mut().for_each(|x| *x = x.abs());
    1.4826 * median_in_place(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_known_distributions() {
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-12);
        assert!((normal_cdf(1.959_963_984_540_054) - 0.975).abs() < 1e-10);
        assert!((t_quantile(0.975, 3.0) - 3.182_446_305_284_263).abs() < 1e-9);
        assert!((t_quantile(0.975, f64::INFINITY) - 1.959_963_984_540_054).abs() < 1e-12);
    }

    #[test]
    fn sample_quantiles_interpolate() {
        assert_eq!(sorted_quantile(&[1.0, 2.0, 3.0, 4.0], 0.5), 2.5);
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert!(sorted_quantile(&[], 0.5).is_nan());
    }
}
