//! The ladder file: which runs, by which recipe, on what, where, and what they are to predict.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use isoflop_base::{Diagnostic, Diagnostics, Excerpt, Span};
use isoflop_trainer::shape::OutputKind;
use isoflop_trainer::source::SourceSpec;
use isoflop_trainer::source::tokenizer::TokenizerSpec;
use serde::Deserialize;

use crate::number::{Number, Rule};

/// A ladder, as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LadderFile {
    /// What it is for.
    #[serde(default)]
    pub title: String,
    /// What all models have in common.
    #[serde(default)]
    pub model: ModelSection,
    /// Runs the law is fitted to.
    pub train: Grid,
    /// Runs it has to predict.
    #[serde(default)]
    pub held_out: Option<Grid>,
    /// How each run is trained.
    #[serde(default)]
    pub recipe: RecipeSection,
    /// What on; the user's own trainer knows that by itself.
    #[serde(default)]
    pub data: Option<SourceSpec>,
    /// Who trains.
    #[serde(default)]
    pub trainer: TrainerSection,
    /// Where and within which limits.
    #[serde(default)]
    pub run: RunSection,
    /// Which law, and what is known of it before.
    #[serde(default)]
    pub fit: FitSection,
    /// Where Slurm makes the runs.
    #[serde(default)]
    pub slurm: Option<SlurmSection>,
}

/// `[model]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ModelSection {
    /// Tokens a model sees at once.
    pub context: usize,
    /// Whether the output shares the embedding.
    pub output: OutputKind,
    /// Blocks of every model whose size is given: sizes then differ in width alone. Without it, depth follows `aspect`.
    pub layers: Option<usize>,
    /// Width for each layer that is aimed at where a size is given.
    pub aspect: f64,
    /// Width of a head that is aimed at.
    pub head_width: usize,
    /// Width inside the feed-forward part over the width.
    pub expansion: usize,
    /// Distinct tokens of the user's own trainer, which count in the parameters; those of `[data]` without it.
    pub vocabulary: Option<usize>,
}

impl Default for ModelSection {
    fn default() -> Self {
        Self {
            context: 128,
            output: OutputKind::Tied,
            layers: None,
            aspect: 24.0,
            head_width: 32,
            expansion: 4,
            vocabulary: None,
        }
    }
}

/// `[train]` and `[held-out]`: every size with every length with every seed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Grid {
    /// Parameters, for which the nearest shapes are found.
    pub sizes: Vec<Number>,
    /// Shapes, where they are to be exact.
    pub shapes: Vec<ShapeSection>,
    /// Lengths in tokens for each parameter.
    pub tokens_per_param: Vec<Number>,
    /// Lengths in tokens.
    pub tokens: Vec<Number>,
    /// Lengths that spend a number of FLOP.
    pub budgets: Vec<Number>,
    /// Seeds of the start and of the order of the data.
    pub seeds: Vec<u64>,
}

/// An exact shape.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ShapeSection {
    /// Blocks.
    pub layers: usize,
    /// Width of the residual stream.
    pub width: usize,
    /// Attention heads.
    #[serde(default)]
    pub heads: Option<usize>,
    /// Width inside the feed-forward part.
    #[serde(default)]
    pub hidden: Option<usize>,
}

/// `[recipe]`: rules are expressions of N (parameters), D (tokens), width, layers, heads, context and batch.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RecipeSection {
    /// Tokens of one step, rounded to whole sequences.
    pub batch_tokens: Rule,
    /// Peak learning rate.
    pub learning_rate: Rule,
    /// Tokens of warm-up.
    pub warmup_tokens: Rule,
    /// `cosine`, or `wsd` with `decay-share`.
    pub decline: DeclineKind,
    /// Share of the steps at the end of `wsd` that go down.
    pub decay_share: f64,
    /// Learning rate of the last step as a share of the peak.
    pub final_share: f64,
    /// Width at which the learning rate of matrices is as written; 0 trains all widths at the same rate.
    pub base_width: f64,
    /// Decay of Adam's moments.
    pub betas: [f64; 2],
    /// Decay of matrices.
    pub weight_decay: f64,
    /// Largest norm of a gradient.
    pub clip: f64,
}

/// How the learning rate goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeclineKind {
    /// Half a cosine.
    Cosine,
    /// Constant, then straight down.
    Wsd,
}

impl Default for RecipeSection {
    fn default() -> Self {
        Self {
            batch_tokens: "min(max(D / 3000, 128), 16384)".into(),
            learning_rate: "0.003".into(),
            warmup_tokens: "0.05 * D".into(),
            decline: DeclineKind::Cosine,
            decay_share: 0.2,
            final_share: 0.1,
            base_width: 64.0,
            betas: [0.9, 0.95],
            weight_decay: 0.1,
            clip: 1.0,
        }
    }
}

/// `[trainer]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TrainerSection {
    /// Command with `{placeholders}`; without one the built-in trainer.
    pub command: Option<String>,
    /// Memory of one run of the command.
    pub memory: Option<Number>,
}

/// `[run]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RunSection {
    /// Where records, checkpoints and logs go; relative to the ladder file.
    pub folder: PathBuf,
    /// Runs at the same time; one for each core without it.
    pub jobs: Option<usize>,
    /// Memory that all runs together may take; four fifths of what is free without it.
    pub memory: Option<Number>,
    /// A run that takes longer is stopped and counts as failed.
    pub minutes_per_run: Option<f64>,
    /// How often a run that failed is tried again.
    pub retries: usize,
    /// Seconds between two checkpoints.
    pub checkpoint_secs: f64,
    /// Held-out tokens of every run.
    pub held_out_tokens: Number,
}

impl Default for RunSection {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("ladder-runs"),
            jobs: None,
            memory: None,
            minutes_per_run: None,
            retries: 1,
            checkpoint_secs: 30.0,
            held_out_tokens: Number(65_536.0),
        }
    }
}

/// `[slurm]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SlurmSection {
    /// Partition.
    pub partition: Option<String>,
    /// Processors of one task.
    pub cpus: usize,
    /// Memory of one task; what its largest run is counted to need, and a quarter, without it.
    pub memory: Option<Number>,
    /// Time limit of one task.
    pub minutes: Option<f64>,
    /// Tasks at the same time.
    pub concurrent: Option<usize>,
    /// Further options of sbatch, a word each.
    pub options: Vec<String>,
    /// The program on the nodes, where it is not where it is here.
    pub program: Option<String>,
    /// Seconds between two looks at the queue.
    pub poll_secs: f64,
}

impl Default for SlurmSection {
    fn default() -> Self {
        Self {
            partition: None,
            cpus: 1,
            memory: None,
            minutes: None,
            concurrent: None,
            options: Vec::new(),
            program: None,
            poll_secs: 5.0,
        }
    }
}

/// `[fit]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct FitSection {
    /// A name of the catalogue, a law file or a formula.
    pub law: String,
    /// Level of the intervals.
    pub level: f64,
    /// As `--objective`; the law's own without it.
    pub objective: Option<String>,
    /// As `--uncertainty`.
    pub uncertainty: Option<String>,
    /// As `--where`: of the runs of `[train]`, those the law is fitted to; all without it.
    #[serde(rename = "where")]
    pub filter: Option<String>,
    /// Coefficients that are assumed when the ladder is planned; those of the catalogue without them.
    pub assume: BTreeMap<String, f64>,
    /// Relative scatter of a run about the law that is assumed when the ladder is planned.
    pub noise: f64,
}

impl Default for FitSection {
    fn default() -> Self {
        Self {
            law: "chinchilla".to_owned(),
            level: 0.9,
            objective: None,
            uncertainty: None,
            filter: None,
            assume: BTreeMap::new(),
            noise: 0.01,
        }
    }
}

impl LadderFile {
    /// Reads a ladder file. Paths inside it are meant relative to its folder.
    ///
    /// # Errors
    ///
    /// `cannot-read` with what to do, or `bad-ladder` at its place in the file.
    pub fn read(path: &Path) -> Result<Self, Diagnostics> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|e| {
            let fault = Diagnostic::error("cannot-read", format!("{name} cannot be read: {e}"));
            match e.kind() {
                std::io::ErrorKind::NotFound => {
                    fault.help("`isoflop ladder new` writes a ladder file for this machine")
                }
                _ => fault,
            }
        })?;
        let mut file = Self::parse(&text, &name)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        file.run.folder = folder.join(&file.run.folder);
        if let Some(SourceSpec::Text { paths, tokenizer }) = &mut file.data {
            let named = match tokenizer {
                Some(TokenizerSpec::File { path, .. }) => Some(path),
                _ => None,
            };
            for path in paths.iter_mut().chain(named) {
                *path = folder.join(&path).display().to_string();
            }
        }
        Ok(file)
    }

    /// Reads the text of a ladder file.
    ///
    /// # Errors
    ///
    /// `bad-ladder` at its place.
    pub fn parse(text: &str, name: &str) -> Result<Self, Diagnostics> {
        toml::from_str(text).map_err(|e| {
            let fault = Diagnostic::error("bad-ladder", e.message().trim_end());
            let place = e
                .span()
                .map(|s| Excerpt::of(name, text, Span::new(s.start, s.end), "here"));
            match place {
                Some(place) => fault.at(place),
                None => fault,
            }
            .into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let text = "[train]\nsizes = [\"10k\", 2e4]\ntokens-per-param = [20]\n[data]\nkind = \"synthetic\"\n[recipe]\nlearning-rate = 0.01\nbatch-tokens = \"D / 100\"\n";
        let file = LadderFile::parse(text, "l").unwrap();
        assert_eq!(file.train.sizes, [Number(10_000.0), Number(20_000.0)]);
        assert_eq!(file.recipe.learning_rate.0, "0.01");
        assert_eq!(file.recipe.batch_tokens.0, "D / 100");
    }

    #[test]
    fn a_fault_is_told_at_its_place() {
        let text = "[train]\nsizes = [\"10 apples\"]\n[data]\nkind = \"synthetic\"\n";
        let fault = LadderFile::parse(text, "l").unwrap_err().0.remove(0);
        let place = fault.excerpt.unwrap();
        assert_eq!((fault.code, place.line, place.column), ("bad-ladder", 2, 9));
        let unknown = "[train]\nsize = [3]\n[data]\nkind = \"synthetic\"\n";
        let fault = LadderFile::parse(unknown, "l").unwrap_err().0.remove(0);
        assert!(fault.message.contains("size"), "{}", fault.message);
        assert_eq!(fault.excerpt.unwrap().line, 2);
    }
}
