//! Whole runs: what they learn, and what does not change their result.

use isoflop_trainer::model::{Model, Sequences};
use isoflop_trainer::optimiser::Optimiser;
use isoflop_trainer::protocol::{Event, RunResult};
use isoflop_trainer::schedule::{Decline, Schedule};
use isoflop_trainer::shape::{OutputKind, Shape};
use isoflop_trainer::source::SourceSpec;
use isoflop_trainer::source::language::Language;
use isoflop_trainer::{CheckpointSpec, Failure, Recipe, Spec, train};

use crate::tiny;

fn result(spec: &Spec) -> RunResult {
    match train(spec, &mut |_| Ok(())) {
        Ok(Event::Final(last)) => last.result,
        other => panic!("{other:?}"),
    }
}

struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("isoflop-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for temporary files");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_two_layer_model_learns_a_kilobyte_by_heart() {
    let text = include_bytes!("../../../../LICENSE-MIT");
    let tokens: Vec<u16> = text[..1025].iter().map(|b| u16::from(*b)).collect();
    let of = Sequences {
        inputs: &tokens[..1024],
        targets: &tokens[1..],
    };
    let shape = Shape {
        layers: 2,
        width: 64,
        heads: 2,
        hidden: 256,
        context: 256,
        vocabulary: 256,
        output: OutputKind::Tied,
    };
    let recipe = Recipe {
        weight_decay: 0.0,
        ..Recipe::default()
    };
    let schedule = Schedule {
        steps: 150,
        warmup: 10,
        decline: Decline::Cosine,
        final_share: 0.1,
    };
    let model = Model::<f32>::new(shape);
    let mut optimiser = Optimiser::new(&shape, recipe);
    let mut values = model.start(1);
    let mut ws = model.workspace(4);
    let mut gradient = vec![0.0; values.len()];
    for step in 0..schedule.steps {
        gradient.fill(0.0);
        model.gradient(&values, of, 1.0 / 1024.0, &mut ws, &mut gradient);
        optimiser.step(step, schedule.share(step), &mut values, &gradient);
    }
    let mut losses = Vec::new();
    model.losses(&values, of, &mut ws, &mut losses);
    let mean = losses.iter().sum::<f64>() / 1024.0;
    assert!(mean < 0.05, "{mean} nats a byte");
}

#[test]
fn a_language_of_order_one_is_learnt_to_its_entropy() {
    let spec = Spec {
        tokens: 400_000,
        held_out_tokens: 65_536,
        ..tiny()
    };
    let SourceSpec::Synthetic(language) = &spec.data else {
        panic!("a synthetic language")
    };
    let entropy = Language::new(*language).unwrap().entropy();
    let found = result(&spec);
    let (error, excess) = (found.loss_se.unwrap(), found.excess_se.unwrap());
    let above = found.loss - found.source_loss.unwrap();
    // The source's own loss is the entropy up to sampling; the model stays above the source.
    assert!((found.source_loss.unwrap() - entropy.rate).abs() < 4.0 * error);
    assert!(above > -2.0 * excess && above < 0.02, "{above} ± {excess}");
    assert!(error < 0.01 && excess < error);
}

#[test]
fn threads_do_not_change_a_bit() {
    let one = result(&tiny());
    for threads in [2, 3] {
        let spec = Spec { threads, ..tiny() };
        assert_eq!(result(&spec), one);
    }
    let other = Spec { seed: 2, ..tiny() };
    assert_ne!(result(&other).loss, one.loss);
}

#[test]
fn a_resumed_run_ends_as_if_it_had_not_been_stopped() {
    let folder = Folder::new("resumed");
    let path = folder.0.join("run.ckpt");
    let spec = Spec {
        checkpoint: Some(CheckpointSpec {
            path: path.clone(),
            every_secs: 1e9,
        }),
        report_secs: 0.0,
        ..tiny()
    };
    let mut said = 0;
    let stopped = train(&spec, &mut |event| {
        said += usize::from(matches!(event, Event::Progress(_)));
        if said == 11 {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    });
    assert!(matches!(stopped, Err(Failure::Unheard(_))));
    let mut resumed = 0;
    let last = train(&spec, &mut |event| {
        if let Event::Start(start) = event {
            resumed = start.resumed_step;
        }
        Ok(())
    });
    assert_eq!(resumed, 11);
    let Event::Final(last) = last.unwrap() else {
        panic!("no result")
    };
    assert_eq!(last.result, result(&tiny()));

    // The checkpoint of another run is not used.
    let mut fresh = u64::MAX;
    let other = Spec { seed: 5, ..spec };
    train(&other, &mut |event| {
        if let Event::Start(start) = event {
            fresh = start.resumed_step;
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(fresh, 0);
}

#[test]
fn a_checkpoint_that_cannot_be_written_stops_no_run() {
    let spec = Spec {
        checkpoint: Some(CheckpointSpec {
            path: std::env::temp_dir().join("no-such-folder/run.ckpt"),
            every_secs: 0.0,
        }),
        ..tiny()
    };
    let mut notes = 0;
    let last = train(&spec, &mut |event| {
        notes += usize::from(matches!(event, Event::Note { .. }));
        Ok(())
    });
    let Event::Final(last) = last.unwrap() else {
        panic!("no result")
    };
    assert!(notes > 0);
    assert_eq!(last.result, result(&tiny()));
}

#[test]
fn a_rate_that_is_far_too_high_is_told_as_divergence() {
    let mut spec = tiny();
    spec.recipe.learning_rate = 1e6;
    spec.recipe.clip = 1e30;
    match train(&spec, &mut |_| Ok(())).unwrap() {
        Event::Diverged(diverged) => assert!(!diverged.reason.is_empty()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_faults_of_a_specification_are_told_together() {
    let mut spec = tiny();
    spec.shape.heads = 3;
    spec.recipe.beta1 = 1.0;
    spec.batch = 0;
    let Err(Failure::Input(faults)) = train(&spec, &mut |_| Ok(())) else {
        panic!("it was trained")
    };
    assert_eq!(faults.0.len(), 3, "{faults}");
}
