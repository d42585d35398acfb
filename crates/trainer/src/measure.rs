//! The held-out loss of a model, with its standard error.

use crate::kernels::Real;
use crate::model::{Model, Sequences, Workspace};
use crate::source::Source;
use crate::spec::Spec;

/// Blocks of neighbouring sequences that the standard error is taken over: within a block, losses may depend on each
/// other.
const BLOCKS: usize = 128;

/// A measured loss.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Mean over all tokens, in nats a token.
    pub loss: f64,
    /// Its standard error; none from a single block.
    pub loss_se: Option<f64>,
    /// Mean loss of the source itself on the same tokens.
    pub source_loss: Option<f64>,
    /// Standard error of the difference.
    pub excess_se: Option<f64>,
    /// Mean over the bytes of text that the tokens stand for, in nats a byte.
    pub nats_per_byte: Option<f64>,
    /// Tokens.
    pub tokens: usize,
}

/// One sequence.
#[derive(Clone, Copy, Debug, Default)]
struct Scored {
    loss: f64,
    source: Option<f64>,
    bytes: Option<usize>,
}

/// Measures on the held-out sequences, which are the same for every run of a source.
pub fn held_out<R: Real>(
    model: &Model<R>,
    values: &[R],
    source: &Source,
    spec: &Spec,
    workspaces: &mut [Workspace<R>],
) -> Measured {
    let context = spec.shape.context;
    let mut tokens = Vec::new();
    // How many there are is found first: the user's text may hold less.
    let count = (0..spec.held_out_tokens.div_ceil(context))
        .take_while(|index| match source {
            Source::Text(text) => text.held_out(*index, context + 1, &mut tokens).is_some(),
            Source::Synthetic(_) => true,
        })
        .count();
    let mut scored = vec![Scored::default(); count];
    let each = count.div_ceil(workspaces.len());
    let score = |first: usize, part: &mut [Scored], ws: &mut Workspace<R>| {
        for (at, piece) in part.chunks_mut(spec.piece()).enumerate() {
            score_piece(model, values, source, first + at * spec.piece(), piece, ws);
        }
    };
    std::thread::scope(|scope| {
        for (index, (part, ws)) in scored.chunks_mut(each).zip(workspaces).enumerate() {
            scope.spawn(move || score(index * each, part, ws));
        }
    });
    summary(&scored, context)
}

fn score_piece<R: Real>(
    model: &Model<R>,
    values: &[R],
    source: &Source,
    first: usize,
    piece: &mut [Scored],
    ws: &mut Workspace<R>,
) {
    let context = model.shape().context;
    let (mut inputs, mut targets, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
    for (at, scored) in piece.iter_mut().enumerate() {
        let known = source
            .held_out(first + at, context, &mut tokens)
            .expect("the sequences were counted");
        scored.source = known.source_loss;
        scored.bytes = known.bytes;
        inputs.extend_from_slice(&tokens[..context]);
        targets.extend_from_slice(&tokens[1..]);
    }
    let of = Sequences {
        inputs: &inputs,
        targets: &targets,
    };
    let mut losses = Vec::with_capacity(inputs.len());
    model.losses(values, of, ws, &mut losses);
    for (losses, scored) in losses.chunks_exact(context).zip(piece) {
        scored.loss = losses.iter().sum::<f64>() / context as f64;
    }
}

fn summary(scored: &[Scored], context: usize) -> Measured {
    let n = scored.len() as f64;
    let losses: Vec<f64> = scored.iter().map(|s| s.loss).collect();
    let sources: Option<Vec<f64>> = scored.iter().map(|s| s.source).collect();
    let excess = sources
        .as_ref()
        .map(|s| losses.iter().zip(s).map(|(a, b)| a - b).collect::<Vec<_>>());
    let loss = losses.iter().sum::<f64>() / n;
    let tokens = scored.len() * context;
    let bytes: Option<usize> = scored.iter().map(|s| s.bytes).sum();
    Measured {
        loss,
        loss_se: block_error(&losses),
        source_loss: sources.map(|s| s.iter().sum::<f64>() / n),
        excess_se: excess.as_deref().and_then(block_error),
        nats_per_byte: bytes.map(|bytes| loss * tokens as f64 / bytes as f64),
        tokens,
    }
}

/// Standard error of the mean, from means of blocks of neighbours. Sequences that do not fill a last block are left
/// out of it.
fn block_error(values: &[f64]) -> Option<f64> {
    let blocks = BLOCKS.min(values.len());
    if blocks < 2 {
        return None;
    }
    let length = values.len() / blocks;
    let means: Vec<f64> = values
        .chunks_exact(length)
        .map(|b| b.iter().sum::<f64>() / length as f64)
        .collect();
    let n = means.len() as f64;
    let mean = means.iter().sum::<f64>() / n;
    let variance = means.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    // Blocks that were left out still count among the values.
    Some((variance * length as f64 / values.len() as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_independent_values_is_theirs_over_the_root() {
        let mut random = crate::random::Random::new(1, "test", 0);
        let values: Vec<f64> = (0..12_800).map(|_| random.normal()).collect();
        let error = block_error(&values).unwrap();
        // 1/√12800, known to 1/√(2·127) of itself: three of those.
        assert!((error * 12_800f64.sqrt() - 1.0).abs() < 3.0 / 254f64.sqrt());
        assert_eq!(block_error(&[1.0]), None);
    }
}
