//! Tokens per parameter outside of what training can be: steps called tokens, sizes in millions.

use isoflop_base::{Evidence, Note, Severity};

use super::{Scene, in_ones, literal, median, quoted};
use crate::table::note;

/// Fewer tokens per parameter than this are no training run.
const TOO_FEW: f64 = 0.01;
/// More are none either: 1e7 params on 1e12 tokens have 1e5.
const TOO_MANY: f64 = 1e6;
/// Sizes below this are counts of millions in such a table.
const SMALL_SIZE: f64 = 1e6;

pub(super) fn check(scene: &Scene<'_>) -> Option<Note> {
    let (params, tokens) = (scene.params.as_deref()?, scene.tokens.as_deref()?);
    if !scene.uses(params) || !scene.uses(tokens) {
        return None;
    }
    let (sizes, counts) = (params.numbers()?, tokens.numbers()?);
    let ratio = |row: &usize| counts[*row] / sizes[*row];
    let pick = |outside: &dyn Fn(f64) -> bool| -> Vec<usize> {
        let rows = scene.rows.iter().copied();
        rows.filter(|row| outside(ratio(row))).collect()
    };
    let few = pick(&|r| r < TOO_FEW);
    let many = pick(&|r| r > TOO_MANY);
    let (rows, found) = if few.len() * 20 >= scene.rows.len().max(1) && !few.is_empty() {
        let whole = few.iter().all(|r| counts[*r].fract() == 0.0);
        let question = if whole {
            "is it steps?"
        } else {
            "is it in billions?"
        };
        let message = format!(
            "{} is far too small to be tokens for these sizes ({question}): tokens/param is below {TOO_FEW} on {}",
            quoted(&tokens.name),
            scene.share(&few)
        );
        let name = in_ones(tokens);
        let advice = if whole {
            format!(
                "multiply by the tokens of a step, which are batch size times sequence length: --let 'tokens = {name}*TOKENS_PER_STEP'"
            )
        } else {
            format!("if so, correct it with --let 'tokens = {name}*1e9'")
        };
        (few, (message, advice))
    } else if many.len() * 2 > scene.rows.len() && many.iter().all(|r| sizes[*r] < SMALL_SIZE) {
        let message = format!(
            "{} is far too small for these tokens (is it in millions?): tokens/param is above {} on {}",
            quoted(&params.name),
            literal(TOO_MANY),
            scene.share(&many)
        );
        let advice = format!(
            "if so, correct it with --let 'params = {}*1e6'",
            in_ones(params)
        );
        (many, (message, advice))
    } else {
        return None;
    };
    let severity = if rows.len() * 2 > scene.rows.len() {
        Severity::Error
    } else {
        Severity::Warning
    };
    let mut typical: Vec<f64> = rows.iter().map(ratio).collect();
    let mut note = note("tokens-per-param", severity, found.0, Some(rows.len()));
    note.evidence.push((
        "tokens_per_param".to_owned(),
        Evidence::Number(median(&mut typical)),
    ));
    note.advice = found.1;
    Some(note)
}
