//! A minimum in one dimension.

/// Where a function with one valley is lowest between `from` and `to`, to within `width`, by golden section. With
/// several valleys it is the bottom of one of them.
pub fn golden_section(mut value: impl FnMut(f64) -> f64, from: f64, to: f64, width: f64) -> f64 {
    let (mut a, mut b) = (from, to);
    let golden = 0.5 * (5.0f64.sqrt() - 1.0);
    let (mut c, mut d) = (b - golden * (b - a), a + golden * (b - a));
    let (mut fc, mut fd) = (value(c), value(d));
    while b - a > width {
        if fc < fd {
            (b, d, fd) = (d, c, fc);
            c = b - golden * (b - a);
            fc = value(c);
        } else {
            (a, c, fc) = (c, d, fd);
            d = a + golden * (b - a);
            fd = value(d);
        }
    }
    f64::midpoint(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bottom_of_a_valley_is_found() {
        let mut calls = 0;
        let at = golden_section(
            |x| {
                calls += 1;
                (x - 1.3).powi(2)
            },
            -5.0,
            8.0,
            1e-6,
        );
        assert!((at - 1.3).abs() < 1e-6, "{at}");
        assert!(calls < 40, "{calls}");
    }
}
