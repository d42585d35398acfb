//! A hand-made prediction.

use isoflop_base::Interval;
use isoflop_predict::{PredictedPoint, Prediction};

use crate::sample::named;

pub fn prediction() -> Prediction {
    let point = |n: f64, d: f64, value: f64, spread: f64, beyond: [f64; 4]| PredictedPoint {
        at: named(vec![("N", n), ("D", d)]),
        levels: Vec::new(),
        value,
        confidence: Some(Interval {
            level: 0.95,
            lower: value - spread,
            upper: value + spread,
        }),
        prediction: Some(Interval {
            level: 0.95,
            lower: value - 2.0 * spread,
            upper: value + 2.0 * spread,
        }),
        beyond: named(vec![
            ("N", beyond[0]),
            ("D", beyond[1]),
            ("C", beyond[2]),
            ("D/N", beyond[3]),
        ]),
    };
    Prediction {
        schema: "isoflop.predict/1".into(),
        formula: "L = E + A / N^alpha + B / D^beta".into(),
        unit: "nats/token".into(),
        method: "Intervals from 998 bootstrap fits; those for a new run add resampled residuals"
            .into(),
        points: vec![
            point(7e10, 1.4e12, 1.966_41, 0.0312, [2.368, 1.465, 3.833, 0.0]),
            point(1e8, 2e9, 3.412_2, 0.004, [0.0; 4]),
        ],
        laws: Vec::new(),
        notes: Vec::new(),
    }
}
