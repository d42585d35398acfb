//! From a ladder file to the list of its runs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use isoflop_base::{Diagnostic, Diagnostics, format_si};
use isoflop_trainer::checkpoint::digest;
use isoflop_trainer::schedule::Decline;
use isoflop_trainer::shape::Shape;
use isoflop_trainer::source::SourceSpec;
use isoflop_trainer::source::language::LanguageSpec;
use isoflop_trainer::source::tokenizer::TokenizerSpec;
use isoflop_trainer::{Recipe, SCHEMA, Spec};
use serde::Serialize;

use crate::bounds;
use crate::command::Template;
use crate::file::{DeclineKind, Grid, LadderFile};
use crate::number::Number;
use crate::outcome;
use crate::pool;
use crate::records;
use crate::rules::Expression;
use crate::shapes;
use crate::table;
use crate::tokens::{self, Ready};

/// What rules may use.
const NAMES: [&str; 9] = [
    "N", "params", "D", "tokens", "width", "layers", "heads", "context", "batch",
];

/// A shape whose parameters are off by more than this factor is not the one that was asked for.
const FAR: f64 = 2.0;

/// All runs of a ladder, and what they need to be made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The file it was made from.
    pub file: LadderFile,
    /// Runs in order: those the law is fitted to, then those it has to predict.
    pub runs: Vec<PlannedRun>,
    /// The command of the user's own trainer.
    pub template: Option<Template>,
}

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The law is fitted to it.
    Train,
    /// The law has to predict it.
    HeldOut,
}

impl Part {
    /// Its word in tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::HeldOut => "held-out",
        }
    }
}

/// One run.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedRun {
    /// Everything it depends on; its name is in here.
    pub spec: Spec,
    /// Digest of everything its result depends on: a run with a record under this key is never made again.
    pub key: String,
    /// What it is for.
    pub part: Part,
    /// Its seed in the ladder file.
    pub seed: u64,
}

impl PlannedRun {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.spec.id
    }
}

impl Plan {
    /// Makes the plan of a ladder file.
    ///
    /// # Errors
    ///
    /// All faults of the file's values: empty grids, rules without a value, sizes that no shape has, text that cannot
    /// be read, runs that stand in both parts.
    pub fn new(file: LadderFile) -> Result<Self, Diagnostics> {
        // First of all: what follows takes time and memory by these numbers.
        let mut faults = bounds::faults(&file);
        if !faults.is_empty() {
            return Err(Diagnostics(faults));
        }
        let template = match file
            .trainer
            .command
            .as_deref()
            .map(Template::parse)
            .transpose()
        {
            Ok(template) => template,
            Err(mut found) => {
                faults.append(&mut found.0);
                None
            }
        };
        let data = match data(&file) {
            Ok(data) => data,
            Err(mut found) => {
                faults.append(&mut found.0);
                unnamed(2)
            }
        };
        let rules = match Rules::read(&file) {
            Ok(rules) => rules,
            Err(mut found) => {
                faults.append(&mut found.0);
                return Err(Diagnostics(faults));
            }
        };
        let maker = Maker {
            file: &file,
            rules,
            data,
        };
        let mut runs = Vec::new();
        maker.grid(&file.train, Part::Train, &mut runs, &mut faults);
        if let Some(grid) = &file.held_out {
            maker.grid(grid, Part::HeldOut, &mut runs, &mut faults);
        }
        let mut first: BTreeMap<&str, &PlannedRun> = BTreeMap::new();
        for run in &runs {
            let Some(other) = first.get(run.key.as_str()) else {
                first.insert(&run.key, run);
                continue;
            };
            let message = format!("{} stands in the ladder twice", run.id());
            faults.push(
                Diagnostic::error("same-run", message).help(if other.part == run.part {
                    "two sizes give the same shape: put them further apart"
                } else {
                    "a run that is held out must not be one the law is fitted to"
                }),
            );
        }
        if faults.is_empty() {
            Ok(Self {
                file,
                runs,
                template,
            })
        } else {
            Err(Diagnostics(faults))
        }
    }

    /// Where records, checkpoints and logs go.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.file.run.folder.clone()
    }

    /// Files that a runner and a fit keep in the folder.
    #[must_use]
    pub fn own_files(&self) -> Vec<PathBuf> {
        let names = [
            table::FILE,
            outcome::PAGE,
            records::FILE,
            pool::STATUS,
            pool::TIMINGS,
        ];
        names.iter().map(|name| self.folder().join(name)).collect()
    }

    /// Files, folders and patterns of the texts that are trained on, and the law file.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        let mut out = vec![self.file.fit.law.clone()];
        if let Some(SourceSpec::Text { paths, tokenizer }) = &self.file.data {
            out.extend(paths.iter().cloned());
            if let Some(TokenizerSpec::File { path, .. }) = tokenizer {
                out.push(path.clone());
            }
        }
        out
    }

    /// FLOP of all runs.
    #[must_use]
    pub fn flops(&self) -> f64 {
        self.runs.iter().map(|r| r.spec.flops()).sum()
    }
}

/// The rules of a recipe, read.
struct Rules {
    batch: Expression,
    rate: Expression,
    warmup: Expression,
}

impl Rules {
    fn read(file: &LadderFile) -> Result<Self, Diagnostics> {
        let recipe = &file.recipe;
        // A batch cannot depend on itself.
        let batch = Expression::read("batch-tokens", &recipe.batch_tokens, &NAMES[..8]);
        let rate = Expression::read("learning-rate", &recipe.learning_rate, &NAMES);
        let warmup = Expression::read("warmup-tokens", &recipe.warmup_tokens, &NAMES);
        match (batch, rate, warmup) {
            (Ok(batch), Ok(rate), Ok(warmup)) => Ok(Self {
                batch,
                rate,
                warmup,
            }),
            (a, b, c) => {
                let all = [a.err(), b.err(), c.err()];
                Err(Diagnostics(
                    all.into_iter().flatten().flat_map(|d| d.0).collect(),
                ))
            }
        }
    }
}

struct Maker<'a> {
    file: &'a LadderFile,
    rules: Rules,
    data: Ready,
}

impl Maker<'_> {
    fn grid(
        &self,
        grid: &Grid,
        part: Part,
        runs: &mut Vec<PlannedRun>,
        faults: &mut Vec<Diagnostic>,
    ) {
        let before = faults.len();
        faults.extend(grid_faults(grid, part));
        if faults.len() > before {
            return;
        }
        let seeds: &[u64] = if grid.seeds.is_empty() {
            &[0]
        } else {
            &grid.seeds
        };
        let (shapes, missed) = self.shapes(grid, part);
        faults.extend(missed);
        for shape in shapes {
            for tokens in lengths(grid, &shape) {
                for seed in seeds {
                    match self.run(shape, tokens, *seed, part) {
                        Ok(run) => runs.push(run),
                        Err(mut found) => faults.append(&mut found),
                    }
                }
            }
        }
    }

    /// The shapes of a grid, and the sizes that no shape comes near.
    fn shapes(&self, grid: &Grid, part: Part) -> (Vec<Shape>, Vec<Diagnostic>) {
        let (model, vocabulary) = (&self.file.model, self.data.spec.vocabulary());
        let sized: Vec<Shape> = grid
            .sizes
            .iter()
            .map(|n| shapes::of_size(n.0, model, vocabulary))
            .collect();
        let far = |(size, shape): &(&Number, &Shape)| {
            let off = shape.params() as f64 / size.0;
            !(1.0 / FAR..=FAR).contains(&off)
        };
        let missed = grid.sizes.iter().zip(&sized).filter(far).map(|(size, shape)| {
            let (asked, nearest) = (format_si(size.0, 3), format_si(shape.params() as f64, 3));
            let found = format!(
                "[{}] asks for {asked} parameters, and the nearest shape has {nearest}",
                part.word()
            );
            Diagnostic::error("bad-grid", found)
                .help("the vocabulary, `layers` and `context` of [model] decide which sizes there are")
        });
        let missed = missed.collect();
        let exact = grid
            .shapes
            .iter()
            .map(|s| shapes::of_section(s, model, vocabulary));
        (sized.into_iter().chain(exact).collect(), missed)
    }

    fn run(
        &self,
        shape: Shape,
        tokens: f64,
        seed: u64,
        part: Part,
    ) -> Result<PlannedRun, Vec<Diagnostic>> {
        let faults = shape.faults();
        if !faults.is_empty() {
            return Err(faults);
        }
        let params = shape.params() as f64;
        let name = format!(
            "{}-{}-s{seed}",
            format_si(params, 3),
            format_si(tokens.round(), 3)
        );
        let mut sizes = vec![
            ("N", params),
            ("params", params),
            ("D", tokens),
            ("tokens", tokens),
            ("width", shape.width as f64),
            ("layers", shape.layers as f64),
            ("heads", shape.heads as f64),
            ("context", shape.context as f64),
        ];
        let one = |fault| vec![fault];
        let batch = self.rules.batch.value(&name, &sizes).map_err(one)?;
        let batch = bounds::batch(batch, &name).map_err(one)?;
        let batch = (batch / shape.context as f64).round().max(1.0) as usize;
        sizes.push(("batch", (batch * shape.context) as f64));
        let recipe = &self.file.recipe;
        let spec = Spec {
            schema: SCHEMA.to_owned(),
            id: name.clone(),
            shape,
            data: self.data.spec.clone(),
            tokens: tokens.round() as u64,
            batch,
            recipe: Recipe {
                learning_rate: self.rules.rate.value(&name, &sizes).map_err(one)?,
                base_width: (recipe.base_width != 0.0).then_some(recipe.base_width),
                warmup_tokens: self.rules.warmup.value(&name, &sizes).map_err(one)?,
                decline: match recipe.decline {
                    DeclineKind::Cosine => Decline::Cosine,
                    DeclineKind::Wsd => Decline::Wsd {
                        decay_share: recipe.decay_share,
                    },
                },
                final_share: recipe.final_share,
                beta1: recipe.betas[0],
                beta2: recipe.betas[1],
                epsilon: Recipe::default().epsilon,
                weight_decay: recipe.weight_decay,
                clip: recipe.clip,
            },
            seed: if self.file.trainer.command.is_some() {
                seed
            } else {
                own_seed(seed, &shape, tokens)
            },
            held_out_tokens: self.file.run.held_out_tokens.0 as usize,
            threads: 1,
            checkpoint: None,
            report_secs: 1.0,
        };
        let faults = spec.faults();
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(self.keyed(spec, part, seed))
    }

    /// Gives a run its key, and the head of the key to its name.
    fn keyed(&self, mut spec: Spec, part: Part, seed: u64) -> PlannedRun {
        let id = std::mem::take(&mut spec.id);
        let bare = Spec {
            data: tokens::placeless(&spec.data),
            ..spec.clone()
        };
        let what = (&bare, self.data.digest, &self.file.trainer.command);
        let text = serde_json::to_string(&what).expect("a specification is plain data");
        let key = format!("{:016x}", digest(text.as_bytes()));
        spec.id = format!("{id}-{}", &key[..6]);
        PlannedRun {
            spec,
            key,
            part,
            seed,
        }
    }
}

/// The seed of a run: its own, from that of the ladder file, its shape and its length. Runs of one size that begin alike
/// end alike (docs/ladder.md measures it), and a fit that takes their scatter for independent has intervals that are
/// too short.
fn own_seed(seed: u64, shape: &Shape, tokens: f64) -> u64 {
    let what = serde_json::to_string(&(seed, shape, tokens.round() as u64));
    digest(what.expect("a shape is plain data").as_bytes())
}

fn grid_faults(grid: &Grid, part: Part) -> Vec<Diagnostic> {
    let section = part.word();
    let mut faults = Vec::new();
    if grid.sizes.is_empty() == grid.shapes.is_empty() {
        let found = format!("[{section}] needs either `sizes` or `shapes`");
        let help = "for example sizes = [\"10k\", \"30k\", \"100k\"]";
        faults.push(Diagnostic::error("bad-grid", found).help(help));
    }
    let lengths = [&grid.tokens_per_param, &grid.tokens, &grid.budgets];
    if lengths.iter().filter(|l| !l.is_empty()).count() != 1 {
        let found = format!("[{section}] needs one of `tokens-per-param`, `tokens` and `budgets`");
        let help = "for example tokens-per-param = [10, 20, 40]";
        faults.push(Diagnostic::error("bad-grid", found).help(help));
    }
    let numbers = grid.sizes.iter().chain(lengths.into_iter().flatten());
    for number in numbers.filter(|n| n.0 <= 0.0) {
        let found = format!("[{section}] holds the number {}", number.0);
        faults.push(Diagnostic::error("bad-grid", found).help("numbers above 0"));
    }
    faults
}

fn lengths(grid: &Grid, shape: &Shape) -> Vec<f64> {
    let params = shape.params() as f64;
    let per_param = grid.tokens_per_param.iter().map(|r| r.0 * params);
    let plain = grid.tokens.iter().map(|t| t.0);
    let spent = grid.budgets.iter().map(|c| c.0 / shape.flops_per_token());
    per_param.chain(plain).chain(spent).collect()
}

/// What the runs of a ladder file are trained on.
fn data(file: &LadderFile) -> Result<Ready, Diagnostics> {
    let own = file.trainer.command.is_some();
    if let (Some(n), false) = (file.model.vocabulary, own) {
        let found = format!("a vocabulary of {n} without a trainer that has it");
        let help = "leave `vocabulary` out: the built-in trainer takes that of [data]";
        return Err(Diagnostic::error("bad-vocabulary", found).help(help).into());
    }
    match &file.data {
        Some(spec) => tokens::ready(spec, file.model.context, &file.run.folder),
        None if own => Ok(unnamed(file.model.vocabulary.unwrap_or(256))),
        None => Err(
            Diagnostic::error("no-data", "the ladder file has no [data]")
                .help("kind = \"synthetic\", or kind = \"text\" with paths = [\"…\"]")
                .into(),
        ),
    }
}

/// Data that only the user's own trainer knows: of them the plan needs the vocabulary alone.
fn unnamed(vocabulary: usize) -> Ready {
    Ready {
        spec: SourceSpec::Synthetic(LanguageSpec {
            alphabet: vocabulary,
            order: 1,
            ..LanguageSpec::default()
        }),
        digest: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> Result<Plan, Diagnostics> {
        Plan::new(LadderFile::parse(text, "l").unwrap())
    }

    const FILE: &str = "[data]\nkind = \"synthetic\"\n[recipe]\nbatch-tokens = 1000\n\
        learning-rate = \"0.1 / sqrt(batch)\"\nwarmup-tokens = \"0.1 * D\"\n";

    #[test]
    fn a_grid_is_every_size_with_every_length_and_seed() {
        let grid = "[train]\nsizes = [\"10k\", \"30k\"]\ntokens-per-param = [10, 20, 40]\nseeds = [0, 1]\n\
            [held-out]\nsizes = [\"100k\"]\ntokens-per-param = [20]\n";
        let plan = plan(&format!("{grid}{FILE}")).unwrap();
        assert_eq!(plan.runs.len(), 13);
        let first = &plan.runs[0].spec;
        assert_eq!(first.batch, 8);
        assert!((first.recipe.learning_rate - 0.1 / 1024f64.sqrt()).abs() < 1e-15);
        let ratio = first.trained_tokens() as f64 / first.shape.params() as f64;
        assert!((9.9..10.1).contains(&ratio), "{ratio}");
        assert_eq!(plan.runs[12].part, Part::HeldOut);
        let mut keys: Vec<&str> = plan.runs.iter().map(|r| r.key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 13);
        let mut seeds: Vec<u64> = plan.runs.iter().map(|r| r.spec.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), 13, "no two runs begin alike");
        assert_eq!(
            plan.runs[..3].iter().map(|r| r.seed).collect::<Vec<_>>(),
            [0, 1, 0]
        );
    }

    #[test]
    fn budgets_are_spent() {
        let grid = "[train]\nshapes = [{ layers = 1, width = 32 }, { layers = 2, width = 48 }]\nbudgets = [\"1e11\"]\n";
        for run in plan(&format!("{grid}{FILE}")).unwrap().runs {
            assert!((run.spec.flops() / 1e11 - 1.0).abs() < 0.01);
        }
    }

    #[test]
    fn a_run_on_text_is_known_by_the_text_and_not_by_its_place() {
        let home = std::env::temp_dir().join(format!("isoflop-plan-{}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        let grid = "[train]\nsizes = [\"20k\"]\ntokens = [50000]\n[data]\nkind = \"text\"\npaths = [\"text\"]\n";
        std::fs::write(home.join("ladder.toml"), grid).unwrap();
        let key = |path: &std::path::Path| {
            let plan = Plan::new(LadderFile::read(path).unwrap()).unwrap();
            plan.runs[0].key.clone()
        };
        std::fs::write(home.join("text"), "one two three ".repeat(1000)).unwrap();
        let here = key(&home.join("ladder.toml"));
        assert_eq!(key(&home.join("./ladder.toml")), here);
        std::fs::rename(home.join("text"), home.join("moved")).unwrap();
        std::fs::write(
            home.join("ladder.toml"),
            grid.replace("\"text\"]", "\"moved\"]"),
        )
        .unwrap();
        assert_eq!(key(&home.join("ladder.toml")), here);
        std::fs::write(home.join("moved"), "one two four ".repeat(1000)).unwrap();
        assert_ne!(key(&home.join("ladder.toml")), here);
        std::fs::remove_dir_all(&home).unwrap();
    }

    #[test]
    fn all_faults_of_a_ladder_are_told_together() {
        let text = "[train]\nsizes = [-3]\ntokens = [5]\nbudgets = [5]\n[held-out]\ntokens = [3]\n\
            [data]\nkind = \"synthetic\"\nalphabet = 1\n";
        let codes: Vec<&str> = plan(text).unwrap_err().0.iter().map(|d| d.code).collect();
        assert_eq!(codes, ["bad-language", "bad-grid", "bad-grid", "bad-grid"]);
    }

    #[test]
    fn a_held_out_run_must_not_be_trained_on() {
        let grid = "[train]\nsizes = [\"10k\"]\ntokens = [50000]\n[held-out]\nsizes = [\"10k\"]\ntokens = [50000]\n";
        let faults = plan(&format!("{grid}{FILE}")).unwrap_err();
        assert_eq!(faults.0[0].code, "same-run");
    }
}
