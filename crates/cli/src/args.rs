//! What was said: the words of the command line as they are. [`crate::request`] turns them into what is meant.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use isoflop::MOST_RESAMPLES;

use crate::plan_args::PlanArgs;

/// Turns training runs into scaling laws with certified fits.
#[derive(Debug, Parser)]
#[command(name = "isoflop", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every verb.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output and running")]
pub(crate) struct Global {
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Also write the result to a file: .json .html .md .csv .svg .png (.toml for a plan) by its ending; may be repeated
    #[arg(short = 'o', long = "output", value_name = "FILE", global = true)]
    pub(crate) output: Vec<PathBuf>,
    /// Draw the picture in the terminal
    #[arg(long, global = true)]
    pub(crate) plot: bool,
    /// Print every detail: certificate, correlations, all tables
    #[arg(long, short = 'v', global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Print nothing but faults and what --json asks for
    #[arg(long, short = 'q', global = true)]
    pub(crate) quiet: bool,
    /// Seed of all randomness
    #[arg(long, value_name = "N", default_value_t = 0, global = true)]
    pub(crate) seed: u64,
    /// Threads to use; results do not depend on it [default: one per core]
    #[arg(long, value_name = "N", global = true, value_parser = threads)]
    pub(crate) threads: Option<usize>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fit a law to a table of runs
    Fit(FitArgs),
    /// Predict with a fitted law, and say how far beyond the data that is
    Predict(PredictArgs),
    /// Audit a law and its runs: what a careful reader would ask, answered with evidence and advice; or score forecasts
    Check(CheckArgs),
    /// Plan: the best model for a budget, the least budget for a loss, under limits
    Plan(Box<PlanArgs>),
    /// Report: one page with all results of a fit: figures, plan, audit, backtest and the runs: -o report.html
    Report(Box<ReportArgs>),
    /// Run a saved fit again from its tables and options, and compare every value
    Verify(VerifyArgs),
    /// List, search, show, evaluate and compare the laws of the catalogue
    Laws(LawsArgs),
    /// Count FLOP, parameters and units by a named convention: isoflop flops N=70B D=1.4T
    Flops(FlopsArgs),
    /// List and show the tables that come with the program
    Data(DataArgs),
    /// Fit small measured runs, predict larger ones, and check
    Demo,
    /// Train a ladder of small models, fit its law, and check it against a larger one
    Ladder(LadderArgs),
    /// Train one model: a specification in, lines of JSON out
    #[command(hide = true)]
    Trainer {
        /// A file, or `-` for standard input
        #[arg(value_name = "SPEC.json")]
        spec: String,
    },
}

/// `isoflop ladder`
#[derive(Debug, Args)]
pub(crate) struct LadderArgs {
    #[command(subcommand)]
    pub(crate) command: LadderCommand,
}

/// Verbs of `isoflop ladder`.
#[derive(Debug, Subcommand)]
pub(crate) enum LadderCommand {
    /// Write a ladder file for this machine
    New {
        /// The file to write
        #[arg(value_name = "FILE", default_value = "ladder.toml")]
        file: PathBuf,
        /// How long the ladder is to take
        #[arg(long, value_name = "N", default_value = "20", value_parser = minutes)]
        minutes: f64,
        /// Train on this text instead of the built-in language: a file, a folder or a pattern; may be repeated
        #[arg(long, value_name = "PATH")]
        text: Vec<String>,
        /// Runs at the same time [default: one per core]
        #[arg(long, value_name = "N", value_parser = jobs)]
        jobs: Option<usize>,
    },
    /// Show the runs with FLOP, memory and time, and what the fit will know, before anything is spent
    Plan {
        /// The ladder file
        #[arg(value_name = "FILE", default_value = "ladder.toml")]
        file: PathBuf,
        /// Runs at the same time [default: as the file says, or one per core]
        #[arg(long, value_name = "N", value_parser = jobs)]
        jobs: Option<usize>,
    },
    /// Make all runs that have no record yet, then fit and judge
    Run {
        /// The ladder file
        #[arg(value_name = "FILE", default_value = "ladder.toml")]
        file: PathBuf,
        /// Runs at the same time [default: as the file says, or one per core]
        #[arg(long, value_name = "N", value_parser = jobs)]
        jobs: Option<usize>,
    },
    /// Show how far a ladder is, also while it runs elsewhere
    Status {
        /// The ladder file
        #[arg(value_name = "FILE", default_value = "ladder.toml")]
        file: PathBuf,
    },
    /// Fit the law to what is recorded, and judge it by the held-out runs
    Fit {
        /// The ladder file
        #[arg(value_name = "FILE", default_value = "ladder.toml")]
        file: PathBuf,
    },
    /// Make one run of a ladder, as a task of Slurm
    #[command(hide = true)]
    Task {
        /// The ladder file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Number of the submission
        submission: String,
    },
    /// Say how much compute one recipe is worth in terms of another, by scale, and whether that grows
    Compare {
        /// The ladder of the first recipe
        #[arg(value_name = "A.toml")]
        a: PathBuf,
        /// The ladder of the second
        #[arg(value_name = "B.toml")]
        b: PathBuf,
        /// Tokens for each parameter at which both are compared [default: the mean of all runs]
        #[arg(long, value_name = "R")]
        tokens_per_param: Option<f64>,
        /// Resamples for the intervals
        #[arg(long, value_name = "N", default_value_t = 200, value_parser = resamples)]
        resamples: usize,
    },
}

/// `isoflop fit`
#[derive(Debug, Args)]
pub(crate) struct FitArgs {
    /// Tables: files, folders, patterns, `-` for standard input, or names from `isoflop data`
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<String>,
    /// Law: a name from `isoflop laws`, a law file, or a formula such as "L = E + A/N^alpha"
    #[arg(
        long,
        value_name = "ID|FILE|FORMULA",
        required_unless_present = "recipe"
    )]
    pub(crate) law: Option<String>,
    /// Read compute-optimal sizes off the runs instead: isoflop[:parabola|cubic|akima] or envelope
    #[arg(long, value_name = "RECIPE", conflicts_with_all = ["group", "objective", "weights", "starts", "coef", "derive", "independent"])]
    pub(crate) recipe: Option<String>,
    #[command(flatten)]
    pub(crate) recipe_how: RecipeArgs,
    /// Fit every group of this column by itself
    #[arg(long, value_name = "COLUMN")]
    pub(crate) group: Option<String>,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

/// What only a recipe is told.
#[derive(Debug, Args)]
pub(crate) struct RecipeArgs {
    /// Minima that count: those with runs on both sides, or all of convex curves
    #[arg(
        long,
        value_enum,
        default_value_t = MinimaArg::Bracketed,
        requires = "recipe",
        help_heading = "Recipes"
    )]
    pub(crate) minima: MinimaArg,
    /// Weigh the minima alike, or by the inverse variance of each
    #[arg(
        long,
        value_enum,
        default_value_t = WeighArg::Equal,
        requires = "recipe",
        help_heading = "Recipes"
    )]
    pub(crate) minima_weights: WeighArg,
    /// Relative difference of compute up to which neighbouring runs share a budget
    #[arg(long, value_name = "SHARE", default_value = "0.1", value_parser = snap, requires = "recipe", help_heading = "Recipes")]
    pub(crate) snap: f64,
}

/// `--minima`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MinimaArg {
    /// Runs lie on both sides
    Bracketed,
    /// The curve is convex
    Convex,
}

/// `--minima-weights`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WeighArg {
    /// All alike
    Equal,
    /// By inverse variance
    Variance,
}

/// `isoflop verify`
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// A saved fit; its tables are read again from where they were
    #[arg(value_name = "FIT.json")]
    pub(crate) fit: String,
}

/// How a table is read and a law fitted; shared by the verbs that fit.
#[derive(Debug, Args)]
pub(crate) struct HowArgs {
    /// Which column plays a role: params=n_params, or by the law's letter N=n_params
    #[arg(long, value_name = "ROLE=COLUMN", help_heading = "Reading the table")]
    pub(crate) map: Vec<String>,
    /// Which unit the losses of a column are in, when its header does not say: loss=bits/byte
    #[arg(long, value_name = "COLUMN=UNIT", help_heading = "Reading the table")]
    pub(crate) unit: Vec<String>,
    /// Keep only rows for which this is true: 'tokens > 1e9 and optimizer == "adamw"'
    #[arg(
        long = "where",
        value_name = "EXPR",
        help_heading = "Reading the table"
    )]
    pub(crate) filter: Option<String>,
    /// Leave rows out by their place, as findings name it: runs.csv:33; several with commas; may be repeated
    #[arg(long, value_name = "FILE:LINE", help_heading = "Reading the table")]
    pub(crate) without: Vec<String>,
    /// Define a column: 'D = C/(6*N)'
    #[arg(
        long = "let",
        value_name = "NAME = EXPR",
        help_heading = "Reading the table"
    )]
    pub(crate) lets: Vec<String>,
    /// Of the runs that are equal in these columns keep the one of lowest loss: params,tokens
    #[arg(long, value_name = "COLUMNS", help_heading = "Reading the table")]
    pub(crate) best_of: Option<String>,
    /// Rows that repeat an earlier one in every cell: count them once, or keep them all
    #[arg(long, value_enum, default_value_t = CopiesArg::Once, help_heading = "Reading the table")]
    pub(crate) copies: CopiesArg,
    /// What to minimise: squared, huber:δ, abs, soft-l1:δ, student:ν, each with -log or -lhs; δ may be
    /// a multiple of the noise (huber-log:2mad, the default for losses) or a number (huber-log:0.001, as in the literature)
    #[arg(long, value_name = "PENALTY", help_heading = "Fitting")]
    pub(crate) objective: Option<String>,
    /// Column of relative weights: a run of weight 2 counts as two
    #[arg(long, value_name = "COLUMN", help_heading = "Fitting")]
    pub(crate) weights: Option<String>,
    /// Column of absolute standard deviations of the measured response, in its unit
    #[arg(
        long,
        value_name = "COLUMN",
        conflicts_with = "weights",
        help_heading = "Fitting"
    )]
    pub(crate) sigma: Option<String>,
    /// Starting points to screen
    #[arg(long, value_name = "N", value_parser = starts, help_heading = "Fitting")]
    pub(crate) starts: Option<usize>,
    /// Fix, bound or tie a coefficient: 'E = 1.7', 'alpha in [0, 1]', 'beta = alpha'
    #[arg(long, value_name = "CHANGE", help_heading = "Fitting")]
    pub(crate) coef: Vec<String>,
    /// A quantity to report with its error: 'a = beta / (alpha + beta)'; may be repeated
    #[arg(long, value_name = "NAME = EXPR", help_heading = "Fitting")]
    pub(crate) derive: Vec<String>,
    /// Standard errors and intervals: none, covariance, sandwich, profile, bootstrap:N, bca:N, wild:N,
    /// parametric:N, cluster:COLUMN:N
    #[arg(long, value_name = "HOW", help_heading = "Fitting")]
    pub(crate) uncertainty: Option<String>,
    /// Count every row as an independent run, also checkpoints of one run and seeds of one cell
    #[arg(long, help_heading = "Fitting")]
    pub(crate) independent: bool,
    /// Level of the intervals
    #[arg(long, value_name = "SHARE", default_value = "0.95", value_parser = level, help_heading = "Fitting")]
    pub(crate) level: f64,
}

/// `--copies`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CopiesArg {
    /// A run that was recorded twice is one run
    Once,
    /// Every row counts
    Keep,
}

/// `isoflop predict`
#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// A saved fit (fit.json; fits.json:GROUP for one of several), a published law (NAME or NAME:VARIANT from `isoflop
    /// laws`), or with --law tables to fit first
    #[arg(value_name = "FIT.json|LAW|INPUT", required = true)]
    pub(crate) inputs: Vec<String>,
    /// A point, by letters or column names: N=70B,D=1.4T; may be repeated
    #[arg(long, value_name = "POINT", required_unless_present = "at_file")]
    pub(crate) at: Vec<String>,
    /// A table of points
    #[arg(long, value_name = "FILE")]
    pub(crate) at_file: Option<String>,
    /// Another saved fit that predicts an input of this one (loss, then error); the errors of both are carried
    #[arg(long, value_name = "FIT.json")]
    pub(crate) through: Option<String>,
    /// Law to fit first, when the input is a table
    #[arg(long, value_name = "ID|FILE|FORMULA", conflicts_with = "laws")]
    pub(crate) law: Option<String>,
    /// Show how the prediction moves when this coefficient is fixed at values over its interval
    #[arg(long, value_name = "COEF", conflicts_with_all = ["through", "laws"])]
    pub(crate) profile: Option<String>,
    /// Add the prediction to this ledger of forecasts, to be scored by `isoflop check` when the run is done
    #[arg(
        long,
        value_name = "LEDGER.jsonl",
        requires = "name",
        conflicts_with_all = ["through", "laws"]
    )]
    pub(crate) record: Option<std::path::PathBuf>,
    /// Name of the run that is forecast, one for each point
    #[arg(long, value_name = "NAME", requires = "record")]
    pub(crate) name: Vec<String>,
    /// The day of the forecast, kept as it is written
    #[arg(long, value_name = "DAY", requires = "record")]
    pub(crate) date: Option<String>,
    #[command(flatten)]
    pub(crate) backtest: BacktestArgs,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

/// How laws are compared by the runs that they have not seen
#[derive(Debug, Args)]
pub(crate) struct BacktestArgs {
    /// Laws to compare: names, files or formulas, with commas; or family:TAG, such as family:learning-curve
    #[arg(long, value_name = "LAWS")]
    pub(crate) laws: Vec<String>,
    /// Quantity that says which runs are the largest: a letter or column [default: C = 6ND]
    #[arg(long, value_name = "NAME")]
    pub(crate) axis: Option<String>,
    /// Cuts at which the largest runs are held out
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=50))]
    pub(crate) cuts: u64,
}

/// `isoflop check`
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Tables of runs with --law, a saved fit (fit.json), or a ledger of forecasts (.jsonl)
    #[arg(value_name = "INPUT|FIT.json|LEDGER.jsonl", required = true)]
    pub(crate) inputs: Vec<String>,
    /// Law: a name from `isoflop laws`, a law file, or a formula such as "L = E + A/N^alpha"
    #[arg(long, value_name = "ID|FILE|FORMULA")]
    pub(crate) law: Option<String>,
    #[command(flatten)]
    pub(crate) backtest: BacktestArgs,
    /// Leave the backtest out
    #[arg(long, conflicts_with_all = ["laws", "axis", "cuts"])]
    pub(crate) no_backtest: bool,
    /// How many breaks the curve has: N simulated curves for each test (one input x, one response y; see --map)
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "99", value_parser = clap::value_parser!(u64).range(19..=10_000))]
    pub(crate) breaks: Option<u64>,
    /// Write the fit to another file, with what the backtest says of its intervals; predict then uses it
    #[arg(long, value_name = "FIT.json")]
    pub(crate) keep: Option<String>,
    /// A point that the law is meant to predict: N=70B,D=1.4T; may be repeated
    #[arg(long, value_name = "POINT")]
    pub(crate) at: Vec<String>,
    /// A table of such points
    #[arg(long, value_name = "FILE")]
    pub(crate) at_file: Option<String>,
    /// Score the forecasts of a ledger by this table of finished runs, and keep the scores in the ledger
    #[arg(long, value_name = "RUNS", conflicts_with_all = ["law", "laws"])]
    pub(crate) truth: Vec<String>,
    /// The day of the scores, kept as it is written
    #[arg(long, value_name = "DAY", requires = "truth")]
    pub(crate) date: Option<String>,
    /// Exit with 3 when a finding is a warning or worse, or when too few intervals of a ledger contain their value
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

/// `isoflop report`
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// A saved fit (fit.json), or with --law tables to fit first
    #[arg(value_name = "FIT.json|INPUT", required = true)]
    pub(crate) inputs: Vec<String>,
    /// Law to fit first, when the input is a table
    #[arg(long, value_name = "ID|FILE|FORMULA")]
    pub(crate) law: Option<String>,
    /// Budget of the plan, in FLOP [default: ten times the largest run]
    #[arg(long, value_name = "FLOP")]
    pub(crate) compute: Option<String>,
    /// A value for an input that the plan does not move, or a level: U=1T, corpus=c4; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) at: Vec<String>,
    /// Leave audit and backtest out
    #[arg(long)]
    pub(crate) no_check: bool,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

/// `isoflop laws`
#[derive(Debug, Args)]
pub(crate) struct LawsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<LawsCommand>,
}

/// Verbs of `isoflop laws`.
#[derive(Debug, Subcommand)]
pub(crate) enum LawsCommand {
    /// List all laws
    List,
    /// List the laws that mention a word
    Search {
        /// Looked for in name, title, formula, tags, source and note
        word: String,
    },
    /// Show one law: formula, units, coefficients, published values, source
    Show {
        /// A name from the list, a law file, or a formula
        #[arg(value_name = "ID|FILE|FORMULA")]
        law: String,
    },
    /// Evaluate a law at a point: isoflop laws eval chinchilla N=70B D=1.4T
    Eval {
        /// A name from the list, a law file, or a formula
        #[arg(value_name = "ID|FILE|FORMULA")]
        law: String,
        /// Inputs and coefficients: N=70B D=1.4T E=1.7
        #[arg(value_name = "NAME=VALUE")]
        values: Vec<String>,
        /// Published values to use [default: the first]
        #[arg(long, value_name = "NAME")]
        variant: Option<String>,
    },
    /// Compare two laws, or say why they may not be: isoflop laws compare chinchilla:paper besiroglu-2024 N=70B D=1.4T
    Compare {
        /// A name from the list, NAME:VARIANT for one published set, a key, or a law file
        #[arg(value_name = "ID|FILE")]
        a: String,
        /// The other law
        #[arg(value_name = "ID|FILE")]
        b: String,
        /// A point at which both are evaluated: N=70B D=1.4T
        #[arg(value_name = "NAME=VALUE")]
        values: Vec<String>,
    },
}

/// `isoflop flops`
#[derive(Debug, Args)]
pub(crate) struct FlopsArgs {
    /// What the convention needs: N=70B D=1.4T
    #[arg(value_name = "NAME=VALUE", required_unless_present = "list")]
    pub(crate) values: Vec<String>,
    /// A name from --list; flops- and params- in front may be left out
    #[arg(long, value_name = "NAME", default_value = "6nd")]
    pub(crate) convention: String,
    /// List the conventions
    #[arg(long)]
    pub(crate) list: bool,
}

/// `isoflop data`
#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    #[command(subcommand)]
    pub(crate) command: Option<DataCommand>,
}

/// Verbs of `isoflop data`.
#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// List the tables
    List,
    /// Print a table as CSV
    Show {
        /// A name from the list
        name: String,
    },
}

fn minutes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(n) if n > 0.0 && n <= 1e6 => Ok(n),
        _ => Err("a number of minutes above 0".to_owned()),
    }
}

fn level(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(level) if level > 0.0 && level < 1.0 => Ok(level),
        _ => Err("a level is a number between 0 and 1, for example 0.95".to_owned()),
    }
}

fn snap(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if share > 0.0 && share <= 10.0 => Ok(share),
        _ => Err("a share above 0, for example 0.1 for 10 %".to_owned()),
    }
}

/// More starts than this take longer to draw than any law needs to be solved.
const MOST_STARTS: usize = 1_000_000;

/// More threads than this are more than any machine runs at once; each takes memory for its stack.
const MOST_THREADS: usize = 1024;

fn threads(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(n) if n <= MOST_THREADS => Ok(n),
        _ => Err(format!(
            "a whole number up to {MOST_THREADS}; 0 is one thread for each core"
        )),
    }
}

/// Runs at the same time, each a process and a thread here.
fn jobs(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(n) if (1..=MOST_THREADS).contains(&n) => Ok(n),
        _ => Err(format!("a whole number from 1 to {MOST_THREADS}")),
    }
}

fn resamples(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(n) if (20..=MOST_RESAMPLES).contains(&n) => Ok(n),
        _ => Err(format!("a whole number from 20 to {MOST_RESAMPLES}")),
    }
}

fn starts(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(n) if (1..=MOST_STARTS).contains(&n) => Ok(n),
        _ => Err(format!("a whole number from 1 to {MOST_STARTS}")),
    }
}
