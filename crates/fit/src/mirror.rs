//! Two sets of coefficients that say the same: a logistic with its levels exchanged and its rate turned, two exponentials in
//! either order. Which of them a search meets first is chance, so that two tables of one kind had rates of either sign.

use crate::engine::Solved;
use crate::result::{Fit, Status};
use crate::solve::End;
use crate::target::Frame;
use isoflop_base::{Evidence, Note, Severity};

/// Objectives that differ by less than this share are the same.
const SAME: f64 = 1e-9;
/// Coefficients that differ by more than this share are others.
const OTHER: f64 = 1e-3;

/// Puts the set with the fewest coefficients below zero first, where several reach the best objective.
pub(crate) fn upright(frame: &Frame<'_>, ends: &mut [End]) {
    let Some(best) = ends.first().map(|e| coefs(frame, e)) else {
        return;
    };
    let below = |coefs: &[f64]| coefs.iter().filter(|x| **x < 0.0).count();
    let turned = twins(frame, ends)
        .into_iter()
        .map(|k| (below(&coefs(frame, &ends[k])), k));
    let fewest = turned.min();
    if let Some((_, k)) = fewest.filter(|(count, _)| *count < below(&best)) {
        ends[..=k].rotate_right(1);
    }
}

/// Ends with the best objective and other coefficients.
fn twins(frame: &Frame<'_>, ends: &[End]) -> Vec<usize> {
    let Some(first) = ends
        .first()
        .filter(|e| e.outcome.converged && e.objective > 0.0)
    else {
        return Vec::new();
    };
    let best = coefs(frame, first);
    let same =
        |e: &End| e.outcome.converged && e.objective - first.objective <= SAME * first.objective;
    let other = |e: &End| {
        let own = coefs(frame, e);
        let mut pairs = own.iter().zip(&best);
        pairs.any(|(a, b)| (a - b).abs() > OTHER * a.abs().max(b.abs()))
    };
    (1..ends.len())
        .filter(|k| same(&ends[*k]) && other(&ends[*k]))
        .collect()
}

fn coefs(frame: &Frame<'_>, end: &End) -> Vec<f64> {
    let coordinates = frame.bound.program().coordinates();
    let mut theta = vec![0.0; coordinates.len()];
    frame
        .centre
        .to_law(&end.outcome.x[..coordinates.len()], &mut theta);
    let pairs = coordinates.iter().zip(&theta);
    pairs.map(|(c, t)| c.coefficient(*t)).collect()
}

/// What is said of another set that gives the same fit. Where a direction is open there are any number of them, and that
/// is said elsewhere.
pub(crate) fn note(solved: &Solved<'_>, fit: &Fit) -> Option<Note> {
    if fit.status != Status::Converged {
        return None;
    }
    let k = *twins(solved.frame, &solved.ends).first()?;
    let coordinates = solved.frame.bound.program().coordinates();
    let own = coefs(solved.frame, &solved.ends[0]);
    let other = coefs(solved.frame, &solved.ends[k]);
    let moved = coordinates.iter().zip(own.iter().zip(&other));
    let words: Vec<String> = moved
        .filter(|(_, (a, b))| (*a - *b).abs() > OTHER * a.abs().max(b.abs()))
        .map(|(c, (_, b))| format!("{} = {b:.4}", c.name))
        .take(8)
        .collect();
    let words = words.join(", ");
    Some(Note {
        code: "second-optimum".to_owned(),
        severity: Severity::Info,
        message: format!("another set of coefficients has the same objective: {words}"),
        evidence: vec![("coefficients".to_owned(), Evidence::Text(words))],
        advice: "where it is the same curve written otherwise, bound a coefficient to keep one of the two (--coef 'k in [0, inf]'); \
                 where it is not, these runs cannot tell the two apart"
            .to_owned(),
    })
}
