//! The shape of a model, and what follows from it exactly: parameters, FLOP, memory, where each tensor lies.

use std::ops::Range;

use isoflop_base::Diagnostic;
use serde::{Deserialize, Serialize};

/// A decoder-only transformer: pre-norm, rotary positions, no biases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Shape {
    /// Blocks.
    pub layers: usize,
    /// Width of the residual stream.
    pub width: usize,
    /// Attention heads; they divide the width into even parts.
    pub heads: usize,
    /// Width inside the feed-forward part.
    pub hidden: usize,
    /// Tokens a model sees at once.
    pub context: usize,
    /// Distinct tokens.
    pub vocabulary: usize,
    /// Whether the output shares the embedding.
    pub output: OutputKind,
}

/// How logits are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputKind {
    /// By the embedding.
    Tied,
    /// By a matrix of their own.
    Untied,
}

/// Tensors of one block, as ranges of the flat parameter vector.
#[derive(Clone, Debug)]
pub struct Block {
    /// Gain of the norm before attention: width.
    pub norm1: Range<usize>,
    /// Queries, keys and values: width × 3 width.
    pub qkv: Range<usize>,
    /// Out of the heads: width × width.
    pub joined: Range<usize>,
    /// Gain of the norm before the feed-forward part: width.
    pub norm2: Range<usize>,
    /// Into the feed-forward part: width × hidden.
    pub up: Range<usize>,
    /// Out of it: hidden × width.
    pub down: Range<usize>,
}

/// Where every tensor lies in the flat parameter vector.
#[derive(Clone, Debug)]
pub struct Layout {
    /// vocabulary × width.
    pub embedding: Range<usize>,
    /// The blocks in order.
    pub blocks: Vec<Block>,
    /// Gain of the last norm.
    pub norm: Range<usize>,
    /// vocabulary × width; the embedding itself when tied.
    pub output: Range<usize>,
    /// All parameters.
    pub total: usize,
}

/// What a tensor is, for its start and its learning rate.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Where it lies.
    pub range: Range<usize>,
    /// Gain or matrix.
    pub kind: TensorKind,
}

/// Gain or matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TensorKind {
    /// Starts at one, is not decayed, learns at the plain rate.
    Gain,
    /// Starts normal with this standard deviation, is decayed, learns at the rate scaled by width.
    Matrix(f64),
}

impl Shape {
    /// Faults of the shape.
    #[must_use]
    pub fn faults(&self) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        let mut refuse = |code, message: String, help: &str| {
            faults.push(Diagnostic::error(code, message).help(help));
        };
        for (name, value) in [
            ("layers", self.layers),
            ("width", self.width),
            ("heads", self.heads),
            ("hidden", self.hidden),
        ] {
            if value == 0 {
                refuse(
                    "bad-shape",
                    format!("`{name}` is 0"),
                    "a whole number above 0",
                );
            }
        }
        if self.context < 2 {
            refuse(
                "bad-shape",
                format!("a context of {} tokens", self.context),
                "at least 2",
            );
        }
        if self.vocabulary < 2 {
            refuse(
                "bad-shape",
                format!("a vocabulary of {}", self.vocabulary),
                "at least 2",
            );
        }
        if self.heads > 0 && !self.width.is_multiple_of(2 * self.heads) {
            refuse(
                "bad-shape",
                format!(
                    "a width of {} does not split into {} heads of an even width",
                    self.width, self.heads
                ),
                "choose a width that is a multiple of twice the heads",
            );
        }
        faults
    }

    /// Width of one head.
    #[must_use]
    pub fn head_width(&self) -> usize {
        self.width / self.heads
    }

    /// All parameters, embedding included.
    #[must_use]
    pub fn params(&self) -> usize {
        self.layout().total
    }

    /// Parameters without embedding and output.
    #[must_use]
    pub fn non_embedding_params(&self) -> usize {
        let tables = match self.output {
            OutputKind::Tied => 1,
            OutputKind::Untied => 2,
        };
        self.params() - tables * self.vocabulary * self.width
    }

    /// FLOP of training on one token.
    ///
    /// # Formula
    ///
    /// ```text
    /// 6 (layers (4 width² + 2 width hidden) + vocabulary width) + 12 layers width (context + 1)/2
    /// ```
    ///
    /// Two operations for each multiplication and addition of a matrix product, twice as much backward as forward;
    /// attention counts the tokens that a token may see. Looking up an embedding, norms and softmax are not counted.
    #[must_use]
    pub fn flops_per_token(&self) -> f64 {
        let (width, layers) = (self.width as f64, self.layers as f64);
        let products = layers * (4.0 * width * width + 2.0 * width * self.hidden as f64)
            + self.vocabulary as f64 * width;
        6.0 * products + 12.0 * layers * width * (self.context as f64 + 1.0) / 2.0
    }

    /// Bytes that training needs: values, moments and the gradient of each lane, and the activations of each thread.
    #[must_use]
    pub fn training_bytes(&self, lanes: usize, threads: usize, sequences: usize) -> usize {
        let rows = sequences * self.context;
        let kept = self.layers
            * (rows * (8 * self.width + 2 * self.hidden + 2)
                + sequences * self.heads * self.context * self.context);
        let passing =
            rows * (8 * self.width + self.hidden + self.vocabulary) + self.context * self.context;
        4 * (self.params() * (3 + lanes) + threads.min(lanes) * (kept + passing))
    }

    /// Where every tensor lies.
    #[must_use]
    pub fn layout(&self) -> Layout {
        let mut at = 0;
        let mut take = |n: usize| {
            at += n;
            at - n..at
        };
        let (width, hidden) = (self.width, self.hidden);
        let embedding = take(self.vocabulary * width);
        let blocks = (0..self.layers)
            .map(|_| Block {
                norm1: take(width),
                qkv: take(width * 3 * width),
                joined: take(width * width),
                norm2: take(width),
                up: take(width * hidden),
                down: take(hidden * width),
            })
            .collect();
        let norm = take(width);
        let output = match self.output {
            OutputKind::Tied => embedding.clone(),
            OutputKind::Untied => take(self.vocabulary * width),
        };
        Layout {
            embedding,
            blocks,
            norm,
            output,
            total: at,
        }
    }

    /// All tensors in order, with how they start.
    ///
    /// A matrix starts with a standard deviation of one over the root of what it sums; the matrices that write to the
    /// residual stream are smaller by the root of how many there are, so that depth does not change its size.
    #[must_use]
    pub fn tensors(&self) -> Vec<Tensor> {
        let layout = self.layout();
        let in_width = 1.0 / (self.width as f64).sqrt();
        let in_hidden = 1.0 / (self.hidden as f64).sqrt();
        let branches = (2.0 * self.layers as f64).sqrt();
        let matrix = |range: &Range<usize>, sd| Tensor {
            range: range.clone(),
            kind: TensorKind::Matrix(sd),
        };
        let gain = |range: &Range<usize>| Tensor {
            range: range.clone(),
            kind: TensorKind::Gain,
        };
        let mut all = vec![matrix(&layout.embedding, in_width)];
        for block in &layout.blocks {
            all.push(gain(&block.norm1));
            all.push(matrix(&block.qkv, in_width));
            all.push(matrix(&block.joined, in_width / branches));
            all.push(gain(&block.norm2));
            all.push(matrix(&block.up, in_width));
            all.push(matrix(&block.down, in_hidden / branches));
        }
        all.push(gain(&layout.norm));
        if self.output == OutputKind::Untied {
            all.push(matrix(&layout.output, in_width));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        layers: 4,
        width: 128,
        heads: 4,
        hidden: 512,
        context: 128,
        vocabulary: 256,
        output: OutputKind::Tied,
    };

    #[test]
    fn parameters_are_counted_exactly() {
        // By hand: 256·128 + 4·(128·384 + 128·128 + 2·128·512 + 2·128) + 128.
        assert_eq!(SHAPE.params(), 820_352);
        assert_eq!(SHAPE.non_embedding_params(), 820_352 - 32_768);
        let untied = Shape {
            output: OutputKind::Untied,
            ..SHAPE
        };
        assert_eq!(untied.params(), 820_352 + 32_768);
        assert_eq!(untied.non_embedding_params(), SHAPE.non_embedding_params());
    }

    #[test]
    fn tensors_cover_every_parameter_once() {
        for output in [OutputKind::Tied, OutputKind::Untied] {
            let shape = Shape { output, ..SHAPE };
            let mut at = 0;
            for tensor in shape.tensors() {
                assert_eq!(tensor.range.start, at);
                at = tensor.range.end;
            }
            assert_eq!(at, shape.params());
        }
    }

    #[test]
    fn flop_are_six_a_parameter_and_attention() {
        let matrices = 4.0 * 196_608.0 + 32_768.0;
        let attention = 12.0 * 4.0 * 128.0 * 64.5;
        assert_eq!(SHAPE.flops_per_token(), 6.0 * matrices + attention);
    }

    #[test]
    fn heads_of_an_odd_width_are_refused() {
        let odd = Shape {
            width: 12,
            heads: 4,
            ..SHAPE
        };
        assert_eq!(odd.faults().len(), 1);
        assert_eq!(SHAPE.faults(), []);
    }
}
