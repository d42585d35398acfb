//! Forecasts against what came: error, z, intervals, CRPS, and the calibration of all that were scored.

use isoflop_base::{Diagnostics, Interval};
use isoflop_data::RunTable;
use isoflop_numerics::dist;
use isoflop_numerics::scoring::wilson;
use serde::{Deserialize, Serialize};

use super::Entry;
use super::forecast::{Forecast, LEVELS};

/// Inputs that agree within this share are those of the forecast.
const SAME: f64 = 0.01;
/// Columns that name a run, in the order in which they are looked for.
const NAMES: [&str; 6] = ["name", "run", "run_name", "run_id", "model", "id"];

/// What a forecast run gave. `schema` is `isoflop.score/1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// `isoflop.score/1`.
    pub schema: String,
    /// The run.
    pub name: String,
    /// Checksum of the forecast's line.
    pub forecast: String,
    /// The day, if the user gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// How the run was found: `name` or `inputs`.
    pub matched_by: String,
    /// What it gave.
    pub observed: f64,
    /// Where that stands, as `file:line`.
    pub place: String,
    /// SHA-256 of the table.
    pub table: String,
    /// Observed less predicted.
    pub error: f64,
    /// ln(observed / predicted); none unless both are above zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_ln: Option<f64>,
    /// Share of the predictive distribution below what came.
    pub below: f64,
    /// The same as a standard normal deviate.
    pub z: f64,
    /// Whether it lies inside each interval on record.
    #[serde(with = "isoflop_fit::as_map")]
    pub inside: Vec<(String, bool)>,
    /// Continuous ranked probability score, in the unit of the response.
    pub crps: f64,
}

/// An entry as it was read, with the checksum of its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// What the line says.
    pub entry: Entry,
    /// Its checksum.
    pub checksum: String,
}

/// A forecast and how it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The run.
    pub name: String,
    /// The day of the forecast, if it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Inputs by letter.
    #[serde(with = "isoflop_fit::as_map")]
    pub at: Vec<(String, f64)>,
    /// Predicted response.
    pub value: f64,
    /// Its widest interval on record.
    pub interval: Option<Interval>,
    /// Farthest the point lies beyond the runs, in orders of magnitude.
    pub beyond: f64,
    /// What came; none while the run has not been scored.
    pub score: Option<Score>,
    /// Whether it was scored just now.
    pub new: bool,
}

/// A forecast that could not be scored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unscored {
    /// The run.
    pub name: String,
    /// Why not.
    pub reason: String,
}

/// How often forecasts held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Runs whose forecasts were scored: of several forecasts of one run the first counts.
    pub scored: usize,
    /// Level, forecasts inside, and the interval of the share that so many can show (Wilson, 95 %).
    pub inside: Vec<Covered>,
    /// Mean of ln(observed/predicted): the bias.
    pub mean_error_ln: Option<f64>,
    /// Root mean square of the same.
    pub rms_error_ln: Option<f64>,
    /// Root mean square of z: 1 when the intervals are as wide as they should be.
    pub rms_z: f64,
    /// Mean CRPS.
    pub crps: f64,
}

/// Forecasts inside their interval of one level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Covered {
    /// The level.
    pub level: f64,
    /// How many lie inside.
    pub inside: usize,
    /// What share so few can show.
    pub share: Interval,
}

/// A ledger, checked. `schema` is `isoflop.ledger/1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LedgerCheck {
    /// `isoflop.ledger/1`.
    pub schema: String,
    /// Every forecast, in the order of the ledger.
    pub forecasts: Vec<Standing>,
    /// Forecasts for which the truth given says nothing.
    pub unscored: Vec<Unscored>,
    /// Over all that were scored, now and before; none without any.
    pub calibration: Option<Calibration>,
}

impl LedgerCheck {
    /// Whether intervals held less often than they said, beyond what so few forecasts leave to chance.
    #[must_use]
    pub fn says_no(&self) -> bool {
        let too_few = |c: &Calibration| c.inside.iter().any(|row| row.share.upper < row.level);
        self.calibration.as_ref().is_some_and(too_few)
    }
}

/// Scores the forecasts of a ledger that a table of finished runs can answer, and sums up all scores.
///
/// # Errors
///
/// Diagnostics when the response of a forecast has no column in the table.
pub fn score(
    ledger: &[Kept],
    truth: Option<&RunTable>,
    date: Option<&str>,
) -> Result<(LedgerCheck, Vec<Score>), Diagnostics> {
    let names: Vec<&str> = ledger
        .iter()
        .filter_map(|kept| match &kept.entry {
            Entry::Forecast(forecast) => Some(forecast.name.as_str()),
            Entry::Scored(_) => None,
        })
        .collect();
    let mut forecasts = Vec::new();
    let mut unscored = Vec::new();
    let mut fresh = Vec::new();
    for kept in ledger {
        let Entry::Forecast(forecast) = &kept.entry else {
            continue;
        };
        let known = ledger.iter().find_map(|k| match &k.entry {
            Entry::Scored(score) if score.forecast == kept.checksum => Some(*score.clone()),
            _ => None,
        });
        let mut new = false;
        let score = match (known, truth) {
            (Some(score), _) => Some(score),
            (None, None) => None,
            (None, Some(table)) => match look_up(forecast, table, &names)? {
                Ok(seen) => {
                    new = true;
                    let score = of(forecast, &kept.checksum, &seen, table, date);
                    fresh.push(score.clone());
                    Some(score)
                }
                Err(reason) => {
                    unscored.push(Unscored {
                        name: forecast.name.clone(),
                        reason,
                    });
                    None
                }
            },
        };
        forecasts.push(Standing {
            name: forecast.name.clone(),
            date: forecast.date.clone(),
            at: forecast.at.clone(),
            value: forecast.value,
            interval: forecast.intervals.last().copied(),
            beyond: forecast
                .beyond
                .iter()
                .fold(0.0, |m: f64, (_, b)| if b.abs() > m.abs() { *b } else { m }),
            score,
            new,
        });
    }
    let calibration = calibration(&forecasts);
    let check = LedgerCheck {
        schema: "isoflop.ledger/1".to_owned(),
        forecasts,
        unscored,
        calibration,
    };
    Ok((check, fresh))
}

/// A finished run.
struct Seen {
    row: usize,
    observed: f64,
    by: &'static str,
}

/// The row of the table that is the forecast run, or why there is none. `names` are those of all forecasts.
fn look_up(
    forecast: &Forecast,
    table: &RunTable,
    names: &[&str],
) -> Result<Result<Seen, String>, Diagnostics> {
    let response = table.resolve_response(&forecast.response, &forecast.column)?;
    let Some(factor) = factor(&response.column.unit, &forecast.unit) else {
        return Ok(Err(format!(
            "`{}` is in {}, the forecast in {}",
            response.column.name, response.column.unit, forecast.unit
        )));
    };
    let values = response.column.numbers().unwrap_or_default();
    let values: Vec<f64> = values.iter().map(|y| y * factor).collect();
    let named: Vec<usize> = NAMES
        .iter()
        .filter_map(|name| table.column(name))
        .map(|column| {
            let is = |row: &usize| column.text(*row).as_deref() == Some(forecast.name.as_str());
            (0..table.rows()).filter(is).collect::<Vec<usize>>()
        })
        .find(|rows| !rows.is_empty())
        .unwrap_or_default();
    let inputs = inputs(forecast, table);
    let agrees = |row: &usize| {
        !inputs.is_empty()
            && inputs.iter().all(|(wanted, column)| {
                column
                    .get(*row)
                    .is_some_and(|x| (x / wanted - 1.0).abs() <= SAME)
            })
    };
    // At one point there may be several runs: one that bears the name of another forecast is that one's.
    let of_another = |row: &usize| {
        let mut own = NAMES
            .iter()
            .filter_map(|name| table.column(name)?.text(*row));
        own.any(|own| own != forecast.name && names.contains(&own.as_str()))
    };
    if let [row] = named.as_slice()
        && !inputs.is_empty()
        && !agrees(row)
    {
        return Ok(Err(format!(
            "the row of its name ({}) has other inputs than the forecast, by more than 1%",
            table.place(*row)
        )));
    }
    let usable = |row: &usize| values.get(*row).is_some_and(|y| y.is_finite());
    let (by, rows): (&str, Vec<usize>) = match named.len() {
        0 => (
            "inputs",
            (0..table.rows())
                .filter(agrees)
                .filter(|row| !of_another(row))
                .filter(usable)
                .collect(),
        ),
        1 => ("name", named.into_iter().filter(usable).collect()),
        _ => (
            "name",
            named.into_iter().filter(agrees).filter(usable).collect(),
        ),
    };
    Ok(match rows.as_slice() {
        [row] => Ok(Seen {
            row: *row,
            observed: values[*row],
            by,
        }),
        [] => Err("no row has its name with a response, or its inputs within 1%".to_owned()),
        several => Err(format!(
            "{} rows could be it: {}",
            several.len(),
            several
                .iter()
                .take(5)
                .map(|r| table.place(*r))
                .collect::<Vec<_>>()
                .join(", ")
        )),
    })
}

/// What a response in `from` is multiplied by to be in `to`: nats and bits of the same event. None where they are of
/// different kinds; a unit that is not stated is taken to be the same, as a fit takes it.
fn factor(from: &str, to: &str) -> Option<f64> {
    if from.is_empty() || to.is_empty() || from == to {
        return Some(1.0);
    }
    let parts = |unit: &str| {
        let (count, event) = unit.split_once('/').unwrap_or((unit, "token"));
        let nats = match count {
            "nats" => 1.0,
            "bits" => std::f64::consts::LN_2,
            _ => return None,
        };
        Some((nats, event.to_owned()))
    };
    let ((from, per), (to, of)) = (parts(from)?, parts(to)?);
    (per == of).then_some(from / to)
}

/// Inputs of the forecast with their columns in the table; empty when one of them has none.
fn inputs(forecast: &Forecast, table: &RunTable) -> Vec<(f64, Vec<f64>)> {
    let found: Option<Vec<(f64, Vec<f64>)>> = forecast
        .at
        .iter()
        .map(|(letter, wanted)| {
            let column = forecast.columns.iter().find(|(l, _)| l == letter);
            let column = column.map_or(letter.as_str(), |(_, c)| c.as_str());
            let resolved = table.resolve(letter, column).ok()?;
            Some((*wanted, resolved.column.numbers()?.to_vec()))
        })
        .collect();
    found.unwrap_or_default()
}

fn of(
    forecast: &Forecast,
    checksum: &str,
    seen: &Seen,
    table: &RunTable,
    date: Option<&str>,
) -> Score {
    let x = seen.observed;
    let z = forecast.z(x);
    let place = table.place(seen.row);
    let source = table.sources().iter().find(|s| place.starts_with(&s.name));
    Score {
        schema: "isoflop.score/1".to_owned(),
        name: forecast.name.clone(),
        forecast: checksum.to_owned(),
        date: date.map(str::to_owned),
        matched_by: seen.by.to_owned(),
        observed: x,
        table: source.map_or_else(String::new, |s| s.sha256.clone()),
        place,
        error: x - forecast.value,
        error_ln: (x > 0.0 && forecast.value > 0.0).then(|| (x / forecast.value).ln()),
        below: dist::normal_cdf(z),
        z,
        inside: forecast
            .intervals
            .iter()
            .map(|i| (i.level.to_string(), i.contains(x)))
            .collect(),
        crps: forecast.crps(x),
    }
}

fn calibration(forecasts: &[Standing]) -> Option<Calibration> {
    let mut scores: Vec<&Score> = Vec::new();
    for score in forecasts.iter().filter_map(|f| f.score.as_ref()) {
        // A run that was forecast several times came once: its first forecast counts.
        let same = |s: &&Score| s.table == score.table && s.place == score.place;
        if !scores.iter().any(same) {
            scores.push(score);
        }
    }
    let n = scores.len();
    if n == 0 {
        return None;
    }
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / n as f64;
    let logs: Option<Vec<f64>> = scores.iter().map(|s| s.error_ln).collect();
    let inside = LEVELS
        .iter()
        .map(|level| {
            let name = level.to_string();
            let hit = |s: &&&Score| s.inside.iter().any(|(l, yes)| *l == name && *yes);
            let inside = scores.iter().filter(hit).count();
            let share = wilson(inside, n);
            Covered {
                level: *level,
                inside,
                share: Interval {
                    level: 0.95,
                    lower: share.0,
                    upper: share.1,
                },
            }
        })
        .collect();
    Some(Calibration {
        scored: n,
        inside,
        mean_error_ln: logs.clone().map(mean),
        rms_error_ln: logs.map(|l| mean(l.iter().map(|e| e * e).collect()).sqrt()),
        rms_z: mean(scores.iter().map(|s| s.z * s.z).collect()).sqrt(),
        crps: mean(scores.iter().map(|s| s.crps).collect()),
    })
}
