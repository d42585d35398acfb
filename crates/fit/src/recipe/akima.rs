//! Akima's interpolation: piecewise cubics whose slopes do not swing.

/// An interpolation through points of rising x.
#[derive(Clone, Debug)]
pub(super) struct Akima {
    x: Vec<f64>,
    y: Vec<f64>,
    slope: Vec<f64>,
}

impl Akima {
    /// Points in any order; those of equal x are averaged. None for fewer than five different x.
    pub fn new(x: &[f64], y: &[f64]) -> Option<Self> {
        let mut order: Vec<usize> = (0..x.len()).collect();
        order.sort_by(|a, b| x[*a].total_cmp(&x[*b]).then(a.cmp(b)));
        let (mut xs, mut ys): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
        let mut alike = 0.0;
        for i in order {
            match (xs.last(), ys.last_mut()) {
                (Some(last), Some(mean)) if x[i] - last <= 1e-12 * x[i].abs().max(1.0) => {
                    alike += 1.0;
                    *mean += (y[i] - *mean) / (alike + 1.0);
                }
                _ => {
                    xs.push(x[i]);
                    ys.push(y[i]);
                    alike = 0.0;
                }
            }
        }
        (xs.len() >= 5).then(|| {
            let slope = slopes(&xs, &ys);
            Self {
                x: xs,
                y: ys,
                slope,
            }
        })
    }

    /// The curve at x; beyond the points the outermost piece goes on.
    pub fn at(&self, x: f64) -> f64 {
        let i = self
            .x
            .partition_point(|at| *at <= x)
            .clamp(1, self.x.len() - 1)
            - 1;
        let [c0, c1, c2, c3] = self.piece(i);
        let t = x - self.x[i];
        ((c3 * t + c2) * t + c1) * t + c0
    }

    /// Where the curve is lowest between its first and last point, ends included.
    pub fn lowest(&self) -> f64 {
        let mut best = (self.x[0], self.y[0]);
        let mut try_at = |x: f64, y: f64| {
            if y < best.1 {
                best = (x, y);
            }
        };
        for i in 0..self.x.len() - 1 {
            try_at(self.x[i + 1], self.y[i + 1]);
            let [_, c1, c2, c3] = self.piece(i);
            let width = self.x[i + 1] - self.x[i];
            let root = c2 * c2 - 3.0 * c3 * c1;
            if root < 0.0 {
                continue;
            }
            for t in [-c1 / (c2 + root.sqrt()), -c1 / (c2 - root.sqrt())] {
                if t > 0.0 && t < width {
                    try_at(self.x[i] + t, self.at(self.x[i] + t));
                }
            }
        }
        best.0
    }

    /// The cubic of a piece in powers of x − xᵢ.
    fn piece(&self, i: usize) -> [f64; 4] {
        let h = self.x[i + 1] - self.x[i];
        let m = (self.y[i + 1] - self.y[i]) / h;
        let (s, t) = (self.slope[i], self.slope[i + 1]);
        [
            self.y[i],
            s,
            (3.0 * m - 2.0 * s - t) / h,
            (s + t - 2.0 * m) / (h * h),
        ]
    }
}

/// Akima's slopes: the mean of the neighbouring chords, weighed by how little the chords beyond them turn.
fn slopes(x: &[f64], y: &[f64]) -> Vec<f64> {
    let n = x.len();
    let mut m: Vec<f64> = (0..n - 1)
        .map(|i| (y[i + 1] - y[i]) / (x[i + 1] - x[i]))
        .collect();
    // Two chords beyond each end, by extrapolation.
    for _ in 0..2 {
        m.insert(0, 2.0 * m[0] - m[1]);
        let last = m.len() - 1;
        m.push(2.0 * m[last] - m[last - 1]);
    }
    (0..n)
        .map(|i| {
            let (before, after) = ((m[i + 1] - m[i]).abs(), (m[i + 3] - m[i + 2]).abs());
            if before + after > 1e-9 * m[i + 1].abs().max(m[i + 2].abs()) {
                (after * m[i + 1] + before * m[i + 2]) / (before + after)
            } else {
                0.5 * (m[i + 1] + m[i + 2])
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_passes_through_its_points_and_finds_the_lowest() {
        let x = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        let y = [5.0, 2.0, 1.0, 1.2, 2.5, 6.0];
        let akima = Akima::new(&x, &y).expect("six points");
        for (x, y) in x.iter().zip(y) {
            assert!((akima.at(*x) - y).abs() < 1e-12);
        }
        let at = akima.lowest();
        let dense = (0..5001).map(|k| f64::from(k) * 1e-3);
        let least = dense.map(|x| akima.at(x)).fold(f64::INFINITY, f64::min);
        assert!((2.0..3.0).contains(&at));
        assert!(akima.at(at) <= least + 1e-12);
    }

    #[test]
    fn a_parabola_is_followed_closely_and_repeated_points_are_averaged() {
        let x = [-2.0, -1.0, 0.0, 0.0, 1.0, 2.0, 3.0];
        let y: Vec<f64> = x.iter().map(|x| (x - 0.3) * (x - 0.3)).collect();
        let akima = Akima::new(&x, &y).expect("six sizes");
        assert!((akima.lowest() - 0.3).abs() < 0.02, "{}", akima.lowest());
        assert!(
            Akima::new(&x[..5], &y[..5]).is_none(),
            "four different sizes"
        );
    }
}
