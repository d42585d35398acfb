//! Causal attention with rotary positions.
//!
//! Scores are made in bands of rows: a band multiplies with the keys up to its own end only, so that most of the half
//! that a causal model must not see is never computed.

use crate::kernels::matrix::{Matrix, MatrixMut};
use crate::kernels::{self, Real};
use crate::shape::Shape;

/// Rows of scores that are made together.
const BAND: usize = 32;

/// Base of the wavelengths of rotary positions.
const BASE: f64 = 10_000.0;

/// Cosine and sine of every position and pair.
#[derive(Debug)]
pub(super) struct Angles<R> {
    half: usize,
    cosine: Vec<R>,
    sine: Vec<R>,
    /// −sine, to turn back.
    back: Vec<R>,
}

impl<R: Real> Angles<R> {
    pub(super) fn new(context: usize, head_width: usize) -> Self {
        let half = head_width / 2;
        let angle = |at: usize| {
            let (position, pair) = (at / half, at % half);
            position as f64 / BASE.powf(pair as f64 / half as f64)
        };
        let all = |f: fn(f64) -> f64| (0..context * half).map(|at| R::of(f(angle(at)))).collect();
        Self {
            half,
            cosine: all(f64::cos),
            sine: all(f64::sin),
            back: all(|a| -a.sin()),
        }
    }

    /// Turns queries and keys of all rows, by their positions or back.
    fn turn(&self, shape: &Shape, qkv: &mut [R], sine: &[R]) {
        let (width, head) = (shape.width, shape.head_width());
        for (row, values) in qkv.chunks_exact_mut(3 * width).enumerate() {
            let at = row % shape.context * self.half;
            let cosine = &self.cosine[at..at + self.half];
            let sine = &sine[at..at + self.half];
            for part in values[..2 * width].chunks_exact_mut(head) {
                kernels::turn(part, cosine, sine);
            }
        }
    }
}

/// What the backward pass reads.
pub(super) struct Kept<'a, R> {
    pub(super) qkv: &'a [R],
    pub(super) weights: &'a [R],
}

/// Where one head of one sequence lies.
struct Place {
    /// Of its first query in `qkv`; keys and values follow at `width` and twice that.
    qkv: usize,
    /// Of its first output.
    out: usize,
    /// Of its scores.
    scores: usize,
}

fn places(shape: &Shape, rows: usize) -> impl Iterator<Item = Place> {
    let (width, context, heads) = (shape.width, shape.context, shape.heads);
    let head = shape.head_width();
    (0..rows / context * heads).map(move |index| {
        let (sequence, h) = (index / heads, index % heads);
        Place {
            qkv: sequence * context * 3 * width + h * head,
            out: sequence * context * width + h * head,
            scores: index * context * context,
        }
    })
}

/// Bands of rows as (first, one past the last).
fn bands(context: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..context)
        .step_by(BAND)
        .map(move |from| (from, (from + BAND).min(context)))
}

pub(super) fn forward<R: Real>(
    shape: &Shape,
    angles: &Angles<R>,
    rows: usize,
    qkv: &mut [R],
    weights: &mut [R],
    out: &mut [R],
) {
    let (width, context, head) = (shape.width, shape.context, shape.head_width());
    let stride = 3 * width;
    angles.turn(shape, &mut qkv[..rows * stride], &angles.sine);
    let qkv = &*qkv;
    let scale = R::of(1.0 / (head as f64).sqrt());
    for place in places(shape, rows) {
        let (keys, seen) = (place.qkv + width, place.qkv + 2 * width);
        for (from, to) in bands(context) {
            let band = &mut weights[place.scores + from * context..place.scores + to * context];
            R::product(
                scale,
                Matrix::new(&qkv[place.qkv + from * stride..], to - from, head, stride),
                Matrix::new(&qkv[keys..], to, head, stride).transposed(),
                R::ZERO,
                MatrixMut::new(band, to - from, to, context),
            );
            for (i, row) in band.chunks_exact_mut(context).enumerate() {
                kernels::softmax(&mut row[..to], from + i + 1);
            }
            R::product(
                R::ONE,
                Matrix::new(band, to - from, to, context),
                Matrix::new(&qkv[seen..], to, head, stride),
                R::ZERO,
                MatrixMut::new(&mut out[place.out + from * width..], to - from, head, width),
            );
        }
    }
}

/// From the gradient of the heads to that of queries, keys and values before they were turned.
pub(super) fn backward<R: Real>(
    shape: &Shape,
    angles: &Angles<R>,
    rows: usize,
    kept: Kept<'_, R>,
    from_heads: &[R],
    to_qkv: &mut [R],
    scores: &mut [R],
) {
    let (width, context, head) = (shape.width, shape.context, shape.head_width());
    let stride = 3 * width;
    let qkv = kept.qkv;
    let scale = R::of(1.0 / (head as f64).sqrt());
    to_qkv[..rows * stride].fill(R::ZERO);
    for place in places(shape, rows) {
        let (keys, seen) = (place.qkv + width, place.qkv + 2 * width);
        for (from, to) in bands(context) {
            let weights = &kept.weights[place.scores + from * context..][..(to - from) * context];
            let band = &mut scores[..(to - from) * context];
            let above = Matrix::new(
                &from_heads[place.out + from * width..],
                to - from,
                head,
                width,
            );
            R::product(
                R::ONE,
                above,
                Matrix::new(&qkv[seen..], to, head, stride).transposed(),
                R::ZERO,
                MatrixMut::new(band, to - from, to, context),
            );
            R::product(
                R::ONE,
                Matrix::new(weights, to - from, to, context).transposed(),
                above,
                R::ONE,
                MatrixMut::new(&mut to_qkv[seen..], to, head, stride),
            );
            for (p, g) in weights
                .chunks_exact(context)
                .zip(band.chunks_exact_mut(context))
            {
                kernels::softmax_back(&p[..to], &mut g[..to]);
            }
            let band = Matrix::new(band, to - from, to, context);
            R::product(
                scale,
                band,
                Matrix::new(&qkv[keys..], to, head, stride),
                R::ZERO,
                MatrixMut::new(
                    &mut to_qkv[place.qkv + from * stride..],
                    to - from,
                    head,
                    stride,
                ),
            );
            R::product(
                scale,
                band.transposed(),
                Matrix::new(&qkv[place.qkv + from * stride..], to - from, head, stride),
                R::ONE,
                MatrixMut::new(&mut to_qkv[keys..], to, head, stride),
            );
        }
    }
    angles.turn(shape, &mut to_qkv[..rows * stride], &angles.back);
}
