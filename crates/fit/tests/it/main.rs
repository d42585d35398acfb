//! The fit against certified numbers, planted laws and its own invariances.

mod certified;
mod coefficients;
mod coverage;
mod dependence;
mod fitted;
mod formulas;
mod intervals;
mod invariance;
mod levels;
mod nist;
mod planted;
mod pools;
mod published;
mod random_formulas;
mod recipe_bias;
mod recipes;
mod refits;
mod refusals;
mod responses;
mod sigma;
mod staged;
mod support;
mod typed;
