//! Small statistics that rules share.

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
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
pub(super) fn ranks(values: &[f64]) -> Vec<f64> {
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
    fn neighbours_of_a_saw_differ_and_a_parabola_has_no_rank_correlation() {
        let x: Vec<f64> = (0..20).map(f64::from).collect();
        let bent: Vec<f64> = x.iter().map(|v| (v - 9.5) * (v - 9.5)).collect();
        let saw: Vec<f64> = (0..20)
            .map(|i| if i % 2 == 0 { 1.0 } else { -1.0 })
            .collect();
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
