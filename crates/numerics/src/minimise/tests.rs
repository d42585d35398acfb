//! The minimiser on problems with known answers.

use super::*;
use crate::penalty::Penalty;

/// y = a·e^(−b·t) + c with a penalty; derivatives by hand.
struct Decay {
    t: Vec<f64>,
    y: Vec<f64>,
    penalty: Penalty,
}

impl Decay {
    fn row(&self, i: usize, x: &[f64]) -> (f64, [f64; 3], [f64; 9]) {
        let e = (-x[1] * self.t[i]).exp();
        let t = self.t[i];
        // r = y − f, so its derivatives carry a minus.
        let j = [-e, x[0] * t * e, -1.0];
        let mut h = [0.0; 9];
        h[1] = t * e;
        h[3] = t * e;
        h[4] = -x[0] * t * t * e;
        (self.y[i] - x[0] * e - x[2], j, h)
    }
}

impl Problem for Decay {
    fn dim(&self) -> usize {
        3
    }

    fn model(&mut self, x: &[f64], g: &mut [f64], c: &mut [f64], m: &mut [f64]) -> f64 {
        g.fill(0.0);
        c.fill(0.0);
        m.fill(0.0);
        let mut value = 0.0;
        for i in 0..self.t.len() {
            let (r, j, _) = self.row(i, x);
            let [v, slope, curve, major] = self.penalty.at(r);
            value += v;
            for a in 0..3 {
                g[a] += slope * j[a];
                for b in 0..3 {
                    c[a * 3 + b] += curve * j[a] * j[b];
                    m[a * 3 + b] += major * j[a] * j[b];
                }
            }
        }
        value
    }

    fn second(&mut self, x: &[f64], s: &mut [f64]) {
        s.fill(0.0);
        for i in 0..self.t.len() {
            let (r, _, h) = self.row(i, x);
            let slope = self.penalty.at(r)[1];
            for k in 0..9 {
                s[k] += slope * h[k];
            }
        }
    }

    fn yardstick(&self, value: f64) -> f64 {
        value.abs().max(1e-30)
    }
}

fn decay(penalty: Penalty) -> Decay {
    let t: Vec<f64> = (0..40).map(|i| f64::from(i) * 0.1).collect();
    let y = t
        .iter()
        .enumerate()
        .map(|(i, t)| 2.0 * (-1.3 * t).exp() + 0.5 + 0.02 * ((i * 37 % 11) as f64 - 5.0))
        .collect();
    Decay { t, y, penalty }
}

fn limits() -> Limits {
    Limits {
        lower: vec![f64::NEG_INFINITY; 3],
        upper: vec![f64::INFINITY; 3],
        longest: vec![3.0; 3],
        iterations: 200,
        polish: true,
        tolerance: 1e-16,
    }
}

#[test]
fn ends_with_a_gradient_of_rounding_size_from_many_starts() {
    for penalty in [
        Penalty::Squared,
        Penalty::Huber { delta: 0.03 },
        Penalty::SoftL1 { delta: 0.03 },
        Penalty::Student {
            nu: 4.0,
            scale: 0.1,
        },
    ] {
        let mut values = Vec::new();
        for start in [[1.0, 1.0, 0.0], [5.0, 0.2, 1.0], [0.3, 4.0, 0.3]] {
            let end = minimise(&mut decay(penalty), &start, &limits());
            assert!(end.converged, "{penalty:?} from {start:?}: {end:?}");
            assert!(
                end.gradient.iter().all(|g| g.abs() < 1e-9),
                "{penalty:?}: {:?}",
                end.gradient
            );
            values.push(end.value);
        }
        assert!(
            values
                .iter()
                .all(|v| (v - values[0]).abs() < 1e-12 * values[0].abs()),
            "{values:?}"
        );
    }
}

#[test]
fn a_far_start_of_unknown_size_reaches_the_optimum() {
    let near = minimise(&mut decay(Penalty::Squared), &[1.0, 1.0, 0.0], &limits());
    let open = Limits {
        longest: vec![f64::INFINITY; 3],
        iterations: 2000,
        ..limits()
    };
    // From a rate of 60 hardly any row sees the decay: a step of Gauss–Newton overshoots without end.
    for start in [[1e3, 60.0, -50.0], [-2.0, 0.5, 1e4]] {
        let end = minimise(&mut decay(Penalty::Squared), &start, &open);
        assert!(end.converged, "from {start:?}: {end:?}");
        assert!(
            (end.value - near.value).abs() < 1e-12 * near.value,
            "from {start:?}: {end:?}"
        );
    }
}

#[test]
fn a_step_is_never_longer_than_allowed() {
    /// Remembers where it was asked.
    struct Watched(Decay, Vec<Vec<f64>>);
    impl Problem for Watched {
        fn dim(&self) -> usize {
            3
        }
        fn model(&mut self, x: &[f64], g: &mut [f64], c: &mut [f64], m: &mut [f64]) -> f64 {
            self.1.push(x.to_vec());
            self.0.model(x, g, c, m)
        }
        fn second(&mut self, x: &[f64], s: &mut [f64]) {
            self.0.second(x, s);
        }
        fn yardstick(&self, value: f64) -> f64 {
            self.0.yardstick(value)
        }
    }
    let limits = Limits {
        longest: vec![0.5, 0.1, 0.2],
        ..limits()
    };
    let mut watched = Watched(decay(Penalty::Squared), Vec::new());
    assert!(minimise(&mut watched, &[5.0, 0.2, 1.0], &limits).converged);
    let first = &watched.1[0];
    let second = &watched.1[1];
    let share: f64 = (0..3)
        .map(|j| ((second[j] - first[j]) / limits.longest[j]).powi(2))
        .sum();
    assert!(share <= 1.0 + 1e-12, "{first:?} to {second:?}");
    assert!(share > 0.5, "a long step is used to the full: {share}");
}

#[test]
fn a_bound_is_held_and_said() {
    let mut limits = limits();
    limits.upper[1] = 1.0;
    let end = minimise(&mut decay(Penalty::Squared), &[1.0, 0.5, 0.0], &limits);
    assert_eq!(end.x[1], 1.0);
    assert_eq!(end.free, [true, false, true]);
    assert!(end.converged);
    assert!(end.gradient[1] < 0.0);
}

#[test]
fn a_start_outside_the_domain_is_not_a_result() {
    let end = minimise(
        &mut decay(Penalty::Squared),
        &[f64::NAN, 1.0, 0.0],
        &limits(),
    );
    assert!(!end.converged && !end.value.is_finite());
}
