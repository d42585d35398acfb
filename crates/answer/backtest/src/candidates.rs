//! Laws that are compared: which speak of the same thing, which are one law, how many runs each needs.

use isoflop_law::Law;

use super::backtest::Forecast;

/// Why a law is left out that is another one.
pub(crate) fn twin_of(other: &str) -> String {
    format!(
        "it is {other} in other letters: as many coefficients, and the same forecasts to rounding"
    )
}

/// Whether two forecasts are of one curve: to a thousandth of the noise, which two solvers of one objective reach.
pub(crate) fn same_forecast(a: &Forecast, b: &Forecast) -> bool {
    let near = |i: usize| {
        let apart = (a.centre[i] - b.centre[i]).abs();
        apart <= 1e-3 * a.noise[i] + 1e-9
    };
    a.count == b.count && (0..a.centre.len()).all(near)
}

/// Runs that a cut keeps at least: three a coefficient of the law where half of the runs are as many. With fewer the fit says
/// nothing of the law, and its forecasts nothing of how far the fit of all runs can be trusted.
pub(crate) fn least_runs(law: &Law, runs: usize) -> usize {
    (3 * law.coefs.len()).min(runs / 2).max(5).min(runs)
}

/// Whether two laws speak of the same thing, by the column or the letter of their response.
pub(crate) fn same_response(a: &Law, b: &Law) -> bool {
    let (a, b) = (a.response(), b.response());
    a.column == b.column || a.name == b.name
}
