//! Small statistics that rules share.

pub(super) use isoflop_numerics::dist::robust_sd;

/// Share of residuals beyond which they are pulled in: a law fitted by a robust penalty leaves outliers outside.
const PULLED: f64 = 3.0;

/// Values with those beyond three robust standard deviations pulled in to there.
pub(super) fn pulled_in(values: &[f64]) -> Vec<f64> {
    let limit = PULLED * robust_sd(values);
    let pull = |r: &f64| {
        if limit > 0.0 {
            r.clamp(-limit, limit)
        } else {
            *r
        }
    };
    values.iter().map(pull).collect()
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Share of the variance of `y` that a quadratic in `x` explains; none when `x` takes fewer than four values.
pub(super) fn quadratic_share(x: &[f64], y: &[f64]) -> Option<f64> {
    let mut distinct = x.to_vec();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    if distinct.len() < 4 {
        return None;
    }
    let n = x.len() as f64;
    let centre = mean(x);
    let sd = (x.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / n).sqrt();
    let first: Vec<f64> = x.iter().map(|v| (v - centre) / sd).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    // The square, made orthogonal to the constant and to the first power.
    let square: Vec<f64> = first.iter().map(|v| v * v).collect();
    let (m, slope) = (mean(&square), dot(&square, &first) / n);
    let second: Vec<f64> = square
        .iter()
        .zip(&first)
        .map(|(s, f)| s - m - slope * f)
        .collect();
    let centred: Vec<f64> = y.iter().map(|v| v - mean(y)).collect();
    let total = dot(&centred, &centred);
    let explained = |b: &[f64]| {
        let norm = dot(b, b);
        if norm > 1e-12 * n {
            dot(&centred, b).powi(2) / norm
        } else {
            0.0
        }
    };
    (total > 0.0).then(|| (explained(&first) + explained(&second)) / total)
}

/// Correlation of neighbours when the values are put in the order of `x`.
pub(super) fn neighbour_correlation(x: &[f64], y: &[f64]) -> f64 {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|a, b| x[*a].total_cmp(&x[*b]).then(a.cmp(b)));
    let m = mean(y);
    let pairs = order.windows(2);
    let along: f64 = pairs.map(|w| (y[w[0]] - m) * (y[w[1]] - m)).sum();
    along / y.iter().map(|v| (v - m).powi(2)).sum::<f64>()
}

/// Ranks, ties in their middle.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    for tied in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let middle = from as f64 + 0.5 * (tied.len() as f64 - 1.0);
        for i in tied {
            ranks[*i] = middle;
        }
        from += tied.len();
    }
    ranks
}

/// Spearman's rank correlation.
pub(super) fn rank_correlation(x: &[f64], y: &[f64]) -> f64 {
    correlation(&ranks(x), &ranks(y))
}

/// Pearson's correlation.
pub(super) fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let (mx, my) = (mean(x), mean(y));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        xy += (a - mx) * (b - my);
        xx += (a - mx).powi(2);
        yy += (b - my).powi(2);
    }
    xy / (xx * yy).sqrt()
}

/// Groups of positive values that agree within a share: members by rising value, no group wider than the share.
pub(super) fn clusters(values: &[f64], share: f64) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]).then(a.cmp(b)));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for i in order {
        match groups.last_mut() {
            Some(group) if values[i] <= values[group[0]] * (1.0 + share) => group.push(i),
            _ => groups.push(vec![i]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parabola_is_explained_by_a_quadratic_and_noise_is_not() {
        let x: Vec<f64> = (0..20).map(f64::from).collect();
        let bent: Vec<f64> = x.iter().map(|v| (v - 9.5) * (v - 9.5)).collect();
        assert!(quadratic_share(&x, &bent).is_some_and(|s| (s - 1.0).abs() < 1e-9));
        let saw: Vec<f64> = (0..20)
            .map(|i| if i % 2 == 0 { 1.0 } else { -1.0 })
            .collect();
        assert!(quadratic_share(&x, &saw).is_some_and(|s| s < 0.05));
        assert!(neighbour_correlation(&x, &saw) < -0.9);
        assert!((rank_correlation(&x, &bent)).abs() < 1e-9);
    }

    #[test]
    fn values_within_a_share_are_one_cluster() {
        let values = [1.0, 2.0, 1.04, 2.15, 1.06];
        assert_eq!(
            clusters(&values, 0.05),
            [vec![0, 2], vec![4], vec![1], vec![3]]
        );
    }
}
