//! The trainer through its public interface: gradients, learning, determinism, resuming.

mod gradients;
mod process;
mod training;

use isoflop_trainer::shape::{OutputKind, Shape};
use isoflop_trainer::source::SourceSpec;
use isoflop_trainer::source::language::LanguageSpec;
use isoflop_trainer::{Recipe, SCHEMA, Spec};

/// A run that takes a fraction of a second.
fn tiny() -> Spec {
    Spec {
        schema: SCHEMA.to_owned(),
        id: "tiny".to_owned(),
        shape: Shape {
            layers: 1,
            width: 16,
            heads: 2,
            hidden: 32,
            context: 32,
            vocabulary: 8,
            output: OutputKind::Tied,
        },
        data: SourceSpec::Synthetic(LanguageSpec {
            alphabet: 8,
            order: 1,
            ..LanguageSpec::default()
        }),
        tokens: 60_000,
        batch: 64,
        recipe: Recipe {
            warmup_tokens: 6_000.0,
            ..Recipe::default()
        },
        seed: 1,
        held_out_tokens: 8_192,
        threads: 1,
        checkpoint: None,
        report_secs: 1e9,
    }
}
