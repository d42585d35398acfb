//! The model: losses of a few sequences forward, gradients of all parameters backward.
//!
//! ```text
//! x₀ = embedding[token]
//! xₗ₊½ = xₗ + attention(norm(xₗ))        xₗ₊₁ = xₗ₊½ + gelu(norm(xₗ₊½) · up) · down
//! logits = norm(x) · outputᵀ
//! ```
//!
//! Everything the backward pass needs is kept by the forward pass, in buffers that are allocated once. The residual
//! stream is kept at every half block, because the norms need it.

mod attention;
mod block;

use crate::kernels::matrix::{Matrix, MatrixMut};
use crate::kernels::{self, Real};
use crate::random::Random;
use crate::shape::{Layout, Shape, TensorKind};

use attention::Angles;
use block::{BlockBuffers, Passing};

/// A model: its shape, where its tensors lie, and the angles of its positions.
#[derive(Debug)]
pub struct Model<R> {
    shape: Shape,
    layout: Layout,
    angles: Angles<R>,
}

/// The buffers of one thread, for up to a number of sequences at once.
#[derive(Debug)]
pub struct Workspace<R> {
    sequences: usize,
    /// The residual stream: before each block, inside each block, after the last.
    streams: Vec<Vec<R>>,
    blocks: Vec<BlockBuffers<R>>,
    last: Vec<R>,
    last_inverse: Vec<R>,
    logits: Vec<R>,
    passing: Passing<R>,
}

/// Sequences, one behind the other: `context` tokens each to read, and for each the token that follows it.
#[derive(Clone, Copy, Debug)]
pub struct Sequences<'a> {
    /// Tokens read.
    pub inputs: &'a [u16],
    /// Tokens to predict.
    pub targets: &'a [u16],
}

impl<R: Real> Model<R> {
    /// The model of a shape without faults.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        Self {
            layout: shape.layout(),
            angles: Angles::new(shape.context, shape.head_width()),
            shape,
        }
    }

    /// Its shape.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Parameters at the start, by the seed. Every tensor has a stream of its own.
    #[must_use]
    pub fn start(&self, seed: u64) -> Vec<R> {
        let mut values = vec![R::ONE; self.layout.total];
        for (index, tensor) in self.shape.tensors().into_iter().enumerate() {
            let TensorKind::Matrix(sd) = tensor.kind else {
                continue;
            };
            let mut random = Random::new(seed, "start", index as u64);
            for value in &mut values[tensor.range] {
                *value = R::of(sd * random.normal());
            }
        }
        values
    }

    /// Buffers for up to `sequences` at once.
    #[must_use]
    pub fn workspace(&self, sequences: usize) -> Workspace<R> {
        let shape = &self.shape;
        let rows = sequences * shape.context;
        let zeros = |n: usize| vec![R::ZERO; n];
        Workspace {
            sequences,
            streams: (0..=2 * shape.layers)
                .map(|_| zeros(rows * shape.width))
                .collect(),
            blocks: (0..shape.layers)
                .map(|_| BlockBuffers::new(shape, sequences))
                .collect(),
            last: zeros(rows * shape.width),
            last_inverse: zeros(rows),
            logits: zeros(rows * shape.vocabulary),
            passing: Passing::new(shape, sequences),
        }
    }

    /// Loss of every token in nats, in order, without gradients.
    pub fn losses(
        &self,
        values: &[R],
        of: Sequences<'_>,
        ws: &mut Workspace<R>,
        losses: &mut Vec<f64>,
    ) {
        self.forward(values, of, ws);
        for (row, target) in self.logit_rows(ws, of).zip(of.targets) {
            losses.push(kernels::cross_entropy(row, usize::from(*target), R::ONE));
        }
    }

    /// The sum of the losses of all tokens; adds `scale` times its gradient to `gradient`.
    pub fn gradient(
        &self,
        values: &[R],
        of: Sequences<'_>,
        scale: R,
        ws: &mut Workspace<R>,
        gradient: &mut [R],
    ) -> f64 {
        self.forward(values, of, ws);
        let mut total = 0.0;
        for (row, target) in self.logit_rows(ws, of).zip(of.targets) {
            total += kernels::cross_entropy(row, usize::from(*target), scale);
        }
        self.backward(values, of, ws, gradient);
        total
    }

    fn rows(&self, of: Sequences<'_>) -> usize {
        of.inputs.len()
    }

    fn logit_rows<'w>(
        &self,
        ws: &'w mut Workspace<R>,
        of: Sequences<'_>,
    ) -> impl Iterator<Item = &'w mut [R]> {
        let vocabulary = self.shape.vocabulary;
        ws.logits[..self.rows(of) * vocabulary].chunks_exact_mut(vocabulary)
    }

    fn forward(&self, values: &[R], of: Sequences<'_>, ws: &mut Workspace<R>) {
        let (width, rows) = (self.shape.width, self.rows(of));
        assert!(
            rows <= ws.sequences * self.shape.context
                && rows.is_multiple_of(self.shape.context)
                && of.targets.len() == rows,
            "whole sequences, no more than the workspace is for"
        );
        let embedding = &values[self.layout.embedding.clone()];
        for (token, to) in of.inputs.iter().zip(ws.streams[0].chunks_exact_mut(width)) {
            to.copy_from_slice(&embedding[usize::from(*token) * width..][..width]);
        }
        for (index, layout) in self.layout.blocks.iter().enumerate() {
            let (before, after) = ws.streams.split_at_mut(2 * index + 1);
            let (middle, after) = after.split_at_mut(1);
            let stream = block::Stream {
                before: &before[2 * index][..rows * width],
                middle: &mut middle[0][..rows * width],
                after: &mut after[0][..rows * width],
            };
            let buffers = &mut ws.blocks[index];
            block::forward(&self.shape, &self.angles, layout, values, stream, buffers);
        }
        let stream = &ws.streams[2 * self.shape.layers][..rows * width];
        let gain = &values[self.layout.norm.clone()];
        kernels::norm(
            stream,
            gain,
            &mut ws.last[..rows * width],
            &mut ws.last_inverse,
        );
        let output = &values[self.layout.output.clone()];
        let vocabulary = self.shape.vocabulary;
        R::product(
            R::ONE,
            Matrix::dense(&ws.last, rows, width),
            Matrix::dense(output, vocabulary, width).transposed(),
            R::ZERO,
            MatrixMut::dense(&mut ws.logits, rows, vocabulary),
        );
    }

    /// From the gradient of the logits, which is where they were.
    fn backward(&self, values: &[R], of: Sequences<'_>, ws: &mut Workspace<R>, gradient: &mut [R]) {
        let (width, rows, vocabulary) = (self.shape.width, self.rows(of), self.shape.vocabulary);
        let Workspace {
            streams,
            blocks,
            last,
            last_inverse,
            logits,
            passing,
            ..
        } = ws;
        R::product(
            R::ONE,
            Matrix::dense(logits, rows, vocabulary).transposed(),
            Matrix::dense(last, rows, width),
            R::ONE,
            MatrixMut::dense(&mut gradient[self.layout.output.clone()], vocabulary, width),
        );
        R::product(
            R::ONE,
            Matrix::dense(logits, rows, vocabulary),
            Matrix::dense(&values[self.layout.output.clone()], vocabulary, width),
            R::ZERO,
            MatrixMut::dense(&mut passing.branch, rows, width),
        );
        let stream = &mut passing.stream[..rows * width];
        stream.fill(R::ZERO);
        kernels::norm_back(
            &streams[2 * self.shape.layers][..rows * width],
            &values[self.layout.norm.clone()],
            last_inverse,
            &passing.branch[..rows * width],
            stream,
            &mut gradient[self.layout.norm.clone()],
        );
        for (index, layout) in self.layout.blocks.iter().enumerate().rev() {
            let kept = block::Kept {
                before: &streams[2 * index][..rows * width],
                middle: &streams[2 * index + 1][..rows * width],
                buffers: &blocks[index],
            };
            block::backward(
                &self.shape,
                &self.angles,
                layout,
                values,
                kept,
                passing,
                gradient,
            );
        }
        let to = &mut gradient[self.layout.embedding.clone()];
        for (token, from) in of.inputs.iter().zip(passing.stream.chunks_exact(width)) {
            kernels::add(&mut to[usize::from(*token) * width..][..width], from);
        }
    }
}
