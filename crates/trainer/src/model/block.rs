//! One block: attention and the feed-forward part, each read from the residual stream through a norm and added to it.

use crate::kernels::matrix::{Matrix, MatrixMut};
use crate::kernels::{self, Real};
use crate::shape::{Block, Shape};

use super::attention::{self, Angles};

/// What the forward pass of a block keeps for the backward pass.
#[derive(Debug)]
pub(super) struct BlockBuffers<R> {
    normed1: Vec<R>,
    inverse1: Vec<R>,
    /// Queries, keys and values, turned by their positions.
    qkv: Vec<R>,
    /// Attention of every sequence and head: context × context.
    weights: Vec<R>,
    heads: Vec<R>,
    normed2: Vec<R>,
    inverse2: Vec<R>,
    up: Vec<R>,
    active: Vec<R>,
}

impl<R: Real> BlockBuffers<R> {
    pub(super) fn new(shape: &Shape, sequences: usize) -> Self {
        let rows = sequences * shape.context;
        let zeros = |n: usize| vec![R::ZERO; n];
        Self {
            normed1: zeros(rows * shape.width),
            inverse1: zeros(rows),
            qkv: zeros(rows * 3 * shape.width),
            weights: zeros(sequences * shape.heads * shape.context * shape.context),
            heads: zeros(rows * shape.width),
            normed2: zeros(rows * shape.width),
            inverse2: zeros(rows),
            up: zeros(rows * shape.hidden),
            active: zeros(rows * shape.hidden),
        }
    }
}

/// Gradients on their way back.
#[derive(Debug)]
pub(super) struct Passing<R> {
    /// Of the residual stream.
    pub(super) stream: Vec<R>,
    /// Of what a branch gives or takes: rows × width.
    pub(super) branch: Vec<R>,
    qkv: Vec<R>,
    wide: Vec<R>,
    scores: Vec<R>,
}

impl<R: Real> Passing<R> {
    pub(super) fn new(shape: &Shape, sequences: usize) -> Self {
        let rows = sequences * shape.context;
        let zeros = |n: usize| vec![R::ZERO; n];
        Self {
            stream: zeros(rows * shape.width),
            branch: zeros(rows * shape.width),
            qkv: zeros(rows * 3 * shape.width),
            wide: zeros(rows * shape.hidden),
            scores: zeros(shape.context * shape.context),
        }
    }
}

/// The residual stream around one block, going forward.
pub(super) struct Stream<'a, R> {
    pub(super) before: &'a [R],
    pub(super) middle: &'a mut [R],
    pub(super) after: &'a mut [R],
}

/// What the backward pass reads.
pub(super) struct Kept<'a, R> {
    pub(super) before: &'a [R],
    pub(super) middle: &'a [R],
    pub(super) buffers: &'a BlockBuffers<R>,
}

/// y = x · weight, where `add` is 1 to add to y and 0 to replace it.
fn apply<R: Real>(x: &[R], weight: &[R], add: R, y: &mut [R], sizes: (usize, usize, usize)) {
    let (rows, from, to) = sizes;
    R::product(
        R::ONE,
        Matrix::dense(x, rows, from),
        Matrix::dense(weight, from, to),
        add,
        MatrixMut::dense(y, rows, to),
    );
}

/// The backward pass of [`apply`]: adds to the weight's gradient, replaces that of x.
fn apply_back<R: Real>(
    x: &[R],
    weight: &[R],
    y: &[R],
    to_x: &mut [R],
    to_weight: &mut [R],
    sizes: (usize, usize, usize),
) {
    let (rows, from, to) = sizes;
    R::product(
        R::ONE,
        Matrix::dense(x, rows, from).transposed(),
        Matrix::dense(y, rows, to),
        R::ONE,
        MatrixMut::dense(to_weight, from, to),
    );
    R::product(
        R::ONE,
        Matrix::dense(y, rows, to),
        Matrix::dense(weight, from, to).transposed(),
        R::ZERO,
        MatrixMut::dense(to_x, rows, from),
    );
}

pub(super) fn forward<R: Real>(
    shape: &Shape,
    angles: &Angles<R>,
    layout: &Block,
    values: &[R],
    stream: Stream<'_, R>,
    kept: &mut BlockBuffers<R>,
) {
    let (width, hidden) = (shape.width, shape.hidden);
    let rows = stream.before.len() / width;
    let of = |range: &std::ops::Range<usize>| &values[range.clone()];

    kernels::norm(
        stream.before,
        of(&layout.norm1),
        &mut kept.normed1[..rows * width],
        &mut kept.inverse1,
    );
    apply(
        &kept.normed1,
        of(&layout.qkv),
        R::ZERO,
        &mut kept.qkv,
        (rows, width, 3 * width),
    );
    attention::forward(
        shape,
        angles,
        rows,
        &mut kept.qkv,
        &mut kept.weights,
        &mut kept.heads,
    );
    stream.middle.copy_from_slice(stream.before);
    apply(
        &kept.heads,
        of(&layout.joined),
        R::ONE,
        stream.middle,
        (rows, width, width),
    );

    kernels::norm(
        stream.middle,
        of(&layout.norm2),
        &mut kept.normed2[..rows * width],
        &mut kept.inverse2,
    );
    apply(
        &kept.normed2,
        of(&layout.up),
        R::ZERO,
        &mut kept.up,
        (rows, width, hidden),
    );
    kernels::gelu(&kept.up[..rows * hidden], &mut kept.active);
    stream.after.copy_from_slice(stream.middle);
    apply(
        &kept.active,
        of(&layout.down),
        R::ONE,
        stream.after,
        (rows, hidden, width),
    );
}

pub(super) fn backward<R: Real>(
    shape: &Shape,
    angles: &Angles<R>,
    layout: &Block,
    values: &[R],
    kept: Kept<'_, R>,
    passing: &mut Passing<R>,
    gradient: &mut [R],
) {
    let (width, hidden) = (shape.width, shape.hidden);
    let rows = kept.before.len() / width;
    let of = |range: &std::ops::Range<usize>| &values[range.clone()];
    let (buffers, stream) = (kept.buffers, &mut passing.stream[..rows * width]);

    apply_back(
        &buffers.active,
        of(&layout.down),
        stream,
        &mut passing.wide,
        &mut gradient[layout.down.clone()],
        (rows, hidden, width),
    );
    kernels::gelu_back(&buffers.up[..rows * hidden], &mut passing.wide);
    apply_back(
        &buffers.normed2,
        of(&layout.up),
        &passing.wide,
        &mut passing.branch,
        &mut gradient[layout.up.clone()],
        (rows, width, hidden),
    );
    kernels::norm_back(
        kept.middle,
        of(&layout.norm2),
        &buffers.inverse2,
        &passing.branch[..rows * width],
        stream,
        &mut gradient[layout.norm2.clone()],
    );

    apply_back(
        &buffers.heads,
        of(&layout.joined),
        stream,
        &mut passing.branch,
        &mut gradient[layout.joined.clone()],
        (rows, width, width),
    );
    attention::backward(
        shape,
        angles,
        rows,
        attention::Kept {
            qkv: &buffers.qkv,
            weights: &buffers.weights,
        },
        &passing.branch,
        &mut passing.qkv,
        &mut passing.scores,
    );
    apply_back(
        &buffers.normed1,
        of(&layout.qkv),
        &passing.qkv,
        &mut passing.branch,
        &mut gradient[layout.qkv.clone()],
        (rows, width, 3 * width),
    );
    kernels::norm_back(
        kept.before,
        of(&layout.norm1),
        &buffers.inverse1,
        &passing.branch[..rows * width],
        stream,
        &mut gradient[layout.norm1.clone()],
    );
}
