//! The least of an objective on a curve of the plane of logarithms: budget or loss held, size moved.
//!
//! The curve is `level(x, y) = 0`, with `level` monotone in y; it is followed by x. Every point solves for y by Newton
//! steps inside a bracket; the optimum in x is found the same way, from a scan of the whole range or from a start nearby.
//! Where the derivative jumps (a `min` in the law, a limit) the bracket closes on the kink.

use isoflop_law::surface::Jet;

/// What is minimised, and what is held.
pub(super) trait Problem {
    /// The objective, at ln N = x and ln D = y.
    fn objective(&self, x: f64, y: f64) -> Jet;
    /// Zero on the curve.
    fn level(&self, x: f64, y: f64) -> Jet;
    /// Whether `level` rises with y.
    fn rising(&self) -> bool;
}

/// Where x and y may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Region {
    pub x: (f64, f64),
    pub y: (f64, f64),
}

/// A point of the curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub x: f64,
    pub y: f64,
}

/// Why the curve has no point at some x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// y would have to be above its upper end.
    Above,
    /// y would have to be below its lower end.
    Below,
    /// The law has no value there.
    NoValue,
}

/// Where y is missing when x is too small: less goes into size, so more is left for tokens; a smaller model needs more
/// tokens.
const TOO_SMALL: Side = Side::Above;

/// Points of the scan.
const SCAN: u32 = 96;

/// Steps after which a bracket has closed whatever the function.
const MOST_STEPS: usize = 200;

/// Width of a bracket, in logarithms, at which it counts as closed: a relative error of N below any use.
const CLOSED: f64 = 1e-13;

/// The y at which the curve passes x.
pub(super) fn follow(
    problem: &impl Problem,
    x: f64,
    y: (f64, f64),
    guess: f64,
) -> Result<f64, Side> {
    let sign = if problem.rising() { 1.0 } else { -1.0 };
    let at = |y: f64| {
        let jet = problem.level(x, y);
        (sign * jet.value, sign * jet.y)
    };
    let (mut low, mut high) = y;
    let (mut sure_low, mut sure_high) = (false, false);
    let mut here = guess.clamp(low, high);
    for _ in 0..MOST_STEPS {
        let (value, slope) = at(here);
        if value.is_nan() {
            return Err(Side::NoValue);
        }
        if value == 0.0 {
            return Ok(here);
        }
        if value < 0.0 {
            (low, sure_low) = (here, true);
        } else {
            (high, sure_high) = (here, true);
        }
        if high - low <= CLOSED * here.abs().max(1.0) {
            break;
        }
        let step = if slope > 0.0 {
            -value / slope
        } else {
            f64::NAN
        };
        let mut next = here + step;
        if !(low < next && next < high) {
            next = match (value < 0.0, sure_low, sure_high) {
                // Once the other end is known to lie beyond, the bracket is halved; before, it is looked at.
                (true, _, true) | (false, true, _) => 0.5 * (low + high),
                (true, _, false) => high,
                (false, false, _) => low,
            };
        }
        if (next - here).abs() <= 1e-15 * here.abs().max(1.0) {
            return Ok(next);
        }
        here = next;
    }
    match (sure_low, sure_high) {
        (true, true) => Ok(0.5 * (low + high)),
        (true, false) => Err(Side::Above),
        _ => Err(Side::Below),
    }
}

/// The objective along the curve at x: where it is, its slope and its curvature.
struct Along {
    y: f64,
    value: f64,
    slope: f64,
    curve: f64,
}

fn along(problem: &impl Problem, x: f64, y: (f64, f64), guess: f64) -> Result<Along, Side> {
    let y = follow(problem, x, y, guess)?;
    let (f, g) = (problem.objective(x, y), problem.level(x, y));
    let t = -g.x / g.y;
    let by = |j: &Jet| j.xx + 2.0 * j.xy * t + j.yy * t * t;
    let out = Along {
        y,
        value: f.value,
        slope: f.x + f.y * t,
        curve: by(&f) - f.y / g.y * by(&g),
    };
    if out.value.is_nan() || out.slope.is_nan() {
        Err(Side::NoValue)
    } else {
        Ok(out)
    }
}

/// The optimum anywhere on the curve; the side on which the curve is missing when it has no point in the region.
pub(super) fn anywhere(problem: &impl Problem, region: Region) -> Result<Place, Side> {
    let (a, b) = region.x;
    let step = (b - a) / f64::from(SCAN);
    let mut best: Option<(f64, f64, f64)> = None;
    let mut missing = Vec::new();
    let mut guess = 0.5 * (region.y.0 + region.y.1);
    for k in 0..=SCAN {
        let x = a + step * f64::from(k);
        match along(problem, x, region.y, guess) {
            Ok(here) => {
                guess = here.y;
                if best.is_none_or(|(value, ..)| here.value < value) {
                    best = Some((here.value, x, here.y));
                }
            }
            Err(side) => missing.push((x, side)),
        }
    }
    if let Some((_, x, y)) = best {
        let bracket = ((x - step).max(a), (x + step).min(b));
        return near(problem, region, bracket, Place { x, y });
    }
    // The curve may pass between two points of the scan.
    let last_small = missing.iter().rposition(|(_, s)| *s == TOO_SMALL);
    match last_small.and_then(|i| Some((missing[i].0, missing.get(i + 1)?.0))) {
        Some(bracket) if bracket.0 < bracket.1 => {
            let start = Place {
                x: 0.5 * (bracket.0 + bracket.1),
                y: guess,
            };
            near(problem, region, bracket, start)
        }
        _ => Err(missing.last().map_or(Side::NoValue, |(_, side)| *side)),
    }
}

/// The optimum in a bracket of x, from a start.
pub(super) fn near(
    problem: &impl Problem,
    region: Region,
    bracket: (f64, f64),
    start: Place,
) -> Result<Place, Side> {
    let (mut low, mut high) = bracket;
    let mut here = start;
    here.x = here.x.clamp(low, high);
    let mut found: Option<Place> = None;
    let mut side = Side::NoValue;
    for _ in 0..MOST_STEPS {
        let mut next = match along(problem, here.x, region.y, here.y) {
            Ok(at) => {
                here.y = at.y;
                found = Some(here);
                if at.slope == 0.0 {
                    return Ok(here);
                }
                if at.slope < 0.0 {
                    low = here.x;
                } else {
                    high = here.x;
                }
                let newton = if at.curve > 0.0 {
                    -at.slope / at.curve
                } else {
                    -at.slope.signum()
                };
                here.x + newton.clamp(-2.0, 2.0)
            }
            Err(found) => {
                side = found;
                if found == TOO_SMALL {
                    low = here.x;
                } else {
                    high = here.x;
                }
                f64::NAN
            }
        };
        let scale = here.x.abs().max(1.0);
        if high - low <= CLOSED * scale {
            break;
        }
        if !(low < next && next < high) {
            next = if next >= high && high == bracket.1 {
                high
            } else if next <= low && low == bracket.0 {
                low
            } else {
                0.5 * (low + high)
            };
        }
        if (next - here.x).abs() <= 1e-14 * scale {
            break;
        }
        here.x = next;
    }
    found.ok_or(side)
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoflop_law::surface::Number;

    /// (x − 3)² + (y − 1)² on the line x + y = 10.
    struct Bowl;

    impl Problem for Bowl {
        fn objective(&self, x: f64, y: f64) -> Jet {
            let (x, y) = (Jet::exp_x(x).ln(), Jet::exp_y(y).ln());
            let (a, b) = (x.minus(Jet::constant(3.0)), y.minus(Jet::constant(1.0)));
            a.times(a).plus(b.times(b))
        }

        fn level(&self, x: f64, y: f64) -> Jet {
            let (x, y) = (Jet::exp_x(x).ln(), Jet::exp_y(y).ln());
            x.plus(y).minus(Jet::constant(10.0))
        }

        fn rising(&self) -> bool {
            true
        }
    }

    #[test]
    fn an_interior_optimum_is_found_to_rounding() {
        let region = Region {
            x: (0.0, 20.0),
            y: (-20.0, 20.0),
        };
        let found = anywhere(&Bowl, region).expect("the line passes the region");
        assert!((found.x - 6.0).abs() < 1e-12 && (found.y - 4.0).abs() < 1e-12);
    }

    #[test]
    fn a_limit_that_binds_holds_the_optimum_at_its_end() {
        let narrow = |x: (f64, f64), y: (f64, f64)| anywhere(&Bowl, Region { x, y });
        let capped = narrow((0.0, 5.0), (-20.0, 20.0)).expect("feasible");
        assert!((capped.x - 5.0).abs() < 1e-12);
        let floor = narrow((0.0, 20.0), (5.0, 20.0)).expect("feasible");
        assert!((floor.y - 5.0).abs() < 1e-9, "{floor:?}");
        assert_eq!(narrow((0.0, 1.0), (-20.0, 0.0)), Err(Side::Above));
        assert_eq!(narrow((15.0, 20.0), (0.0, 20.0)), Err(Side::Below));
    }
}
