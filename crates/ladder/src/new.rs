//! `ladder new`: a ladder file for this machine and a number of minutes.

use isoflop_base::{Diagnostic, Diagnostics, format_si};
use serde::Serialize;

use crate::file::LadderFile;
use crate::machine::Speeds;
use crate::plan::Plan;
use crate::show::duration;

/// Sizes of a new ladder that the law is fitted to, in equal factors.
const SIZES: u32 = 5;
/// The largest of them over the smallest, where there is time for it; and at least, lest two have the same shape.
const SPAN: f64 = 16.0;
const LEAST_SPAN: f64 = 4.0;
/// How much larger the held-out model is.
const LARGER: f64 = 4.0;
/// Share of the time that is planned with: processors are shared, and runs do not end together.
const PLANNED: f64 = 0.8;
/// Lengths of the runs that the law is fitted to, in tokens for each parameter.
const LENGTHS: [f64; 3] = [40.0, 80.0, 160.0];
/// Length of the held-out run, in tokens for each parameter.
const HELD_OUT_LENGTH: f64 = 40.0;
/// No model of a new ladder on the language is smaller: a run of fewer than 200,000 tokens has too few steps, and its
/// loss follows another law (docs/ladder.md).
const SMALLEST: f64 = 5_000.0;
/// No model of a new ladder on text is smaller: an embedding of 256 bytes leaves nothing for less.
const SMALLEST_ON_TEXT: f64 = 18_000.0;

/// What a new ladder is to be trained on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewData {
    /// The built-in language.
    Synthetic,
    /// The user's text.
    Text(Vec<String>),
}

/// A new ladder. `schema` is `isoflop.ladder-new/1`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewLadder {
    /// `isoflop.ladder-new/1`.
    pub schema: String,
    /// Text of the ladder file.
    pub text: String,
    /// Runs.
    pub runs: usize,
    /// FLOP of all runs.
    pub flops: f64,
    /// Seconds it is expected to take.
    pub secs: f64,
    /// Runs at the same time that this counts with.
    pub jobs: usize,
}

/// A ladder file that takes about so many minutes here.
///
/// # Errors
///
/// Those of the data and of the trainer; `too-short` when not even the smallest ladder fits.
pub fn text(minutes: f64, jobs: usize, data: &NewData) -> Result<NewLadder, Diagnostics> {
    let mut speeds = Speeds::default();
    let budget = PLANNED * 60.0 * minutes * jobs as f64;
    // More parameters take more time: a bisection on the logarithm of the largest size.
    let least = smallest(data) * LEAST_SPAN;
    let (mut low, mut high) = (least.ln(), 1e8f64.ln());
    let needed = secs(&plan(minutes, least, data)?, &mut speeds)?;
    if needed > budget {
        let secs = needed / jobs as f64 / PLANNED;
        let found = format!(
            "the smallest ladder takes {} here, which is more than {minutes} minutes; that is by the speed measured just \
             now, with whatever else the machine is doing",
            duration(secs)
        );
        let help = format!(
            "--minutes {} would do; fewer may, when the machine is less busy",
            (secs / 60.0).ceil()
        );
        return Err(Diagnostic::error("too-short", found).help(help).into());
    }
    while high - low > 0.05 {
        let middle = low.midpoint(high);
        if secs(&plan(minutes, middle.exp(), data)?, &mut speeds)? <= budget {
            low = middle;
        } else {
            high = middle;
        }
    }
    let plan = plan(minutes, low.exp(), data)?;
    Ok(NewLadder {
        schema: "isoflop.ladder-new/1".to_owned(),
        runs: plan.runs.len(),
        flops: plan.flops(),
        secs: secs(&plan, &mut speeds)? / jobs as f64,
        jobs,
        text: file(minutes, low.exp(), data),
    })
}

fn plan(minutes: f64, largest: f64, data: &NewData) -> Result<Plan, Diagnostics> {
    Plan::new(LadderFile::parse(
        &file(minutes, largest, data),
        "ladder.toml",
    )?)
}

/// The smallest model that is worth training.
fn smallest(data: &NewData) -> f64 {
    match data {
        NewData::Synthetic => SMALLEST,
        NewData::Text(_) => SMALLEST_ON_TEXT,
    }
}

/// Tokens of the language: as many pairs as the largest model of `[train]` can just learn. With more, the ladder would
/// end far above the entropy and say nothing of it; with fewer, all its models would know everything.
fn alphabet(largest: f64) -> usize {
    /// A pair has some 15 bits of favourites; a parameter holds about two bits, and not all of it serves this.
    const PARAMS_A_PAIR: f64 = 24.0;
    ((largest / PARAMS_A_PAIR).sqrt().round() as usize).clamp(16, 200)
}

/// Processor seconds of a ladder file, each size measured at the nearest of few anchors.
fn secs(plan: &Plan, speeds: &mut Speeds) -> Result<f64, Diagnostics> {
    let mut total = 0.0;
    for run in &plan.runs {
        let shape = &run.spec.shape;
        // Sizes in steps of a factor of two: neighbours are as fast for each FLOP.
        let anchor = crate::shapes::of_size(
            2f64.powf((shape.params() as f64).log2().round()),
            &plan.file.model,
            shape.vocabulary,
        );
        let rate = speeds.tokens_per_sec(&anchor)? * anchor.flops_per_token();
        let tokens = run.spec.trained_tokens() as f64 + run.spec.held_out_tokens as f64 / 3.0;
        total += tokens * shape.flops_per_token() / rate;
    }
    Ok(total)
}

fn file(minutes: f64, largest: f64, data: &NewData) -> String {
    let size = |x: f64| format!("\"{}\"", format_si(x, 2));
    let from = (largest / SPAN).max(smallest(data));
    let sizes: Vec<String> = (0..SIZES)
        .map(|step| from * (largest / from).powf(f64::from(step) / f64::from(SIZES - 1)))
        .map(size)
        .collect();
    let data = match data {
        NewData::Synthetic => {
            let alphabet = alphabet(largest);
            format!(
                "# A language made by rules, whose entropy is known exactly: the law's E can be checked.\n\
                 kind = \"synthetic\"\nalphabet = {alphabet}\norder = 2\nseed = 0\n"
            )
        }
        NewData::Text(paths) => format!("kind = \"text\"\npaths = {paths:?}\n"),
    };
    let largest = size(LARGER * largest);
    let sizes = sizes.join(", ");
    format!(
        "# A ladder of small models: the law is fitted to the runs of [train] and has to predict those of [held-out].\n\
         # Written for about {minutes} minutes on this machine. `isoflop ladder plan` shows what it costs and what it will\n\
         # know, `isoflop ladder run` makes it and can be stopped and started at any time.\n\
         title = \"A ladder of {minutes} minutes\"\n\n\
         [train]\n\
         sizes = [{sizes}]            # parameters, embedding included\n\
         tokens-per-param = {LENGTHS:?}\n\
         seeds = [0, 1]                      # of each run two, which tell how far chance goes\n\n\
         [held-out]\n\
         sizes = [{largest}]\n\
         tokens-per-param = [{HELD_OUT_LENGTH:?}]\n\n\
         [model]\n\
         layers = 2                          # of every size: sizes differ in width alone\n\
         context = 128\n\
         head-width = 16                     # with several heads even small models differ less from seed to seed\n\
         output = \"tied\"                   # or \"untied\"\n\n\
         [recipe]                            # expressions of N, D, width, layers, heads, context; the last two of batch\n\
         batch-tokens = \"min(max(D / 3000, 128), 16384)\"   # small models need many steps\n\
         learning-rate = 0.003               # of a width of base-width; matrices of width w learn at base-width / w times it\n\
         base-width = 64\n\
         warmup-tokens = \"0.05 * D\"\n\
         decline = \"cosine\"                # or \"wsd\" with decay-share\n\
         final-share = 0.1\n\
         weight-decay = 0.1\n\n\
         [data]\n\
         {data}\n\
         # [trainer]                         # your own, instead of the built-in one\n\
         # command = \"python train.py --layers {{layers}} --width {{width}} --tokens {{tokens}} --seed {{seed}} --out {{dir}}\"\n\n\
         [run]\n\
         folder = \"ladder-runs\"\n\
         held-out-tokens = 65536\n\n\
         [fit]\n\
         law = \"chinchilla\"\n\
         level = 0.9\n\
         objective = \"squared-log\"\n\
         uncertainty = \"profile\"\n\
         noise = 0.006                       # assumed scatter of a run, for the plan\n\
         assume = {{ E = 1.5, A = 15, B = 190, alpha = 0.6, beta = 0.6 }}   # assumed law, for the plan\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_ladder_is_a_ladder_that_fits_its_time() {
        let ladder = text(60.0, 2, &NewData::Synthetic).unwrap();
        assert!(
            ladder.secs <= 3600.0 * PLANNED && ladder.secs > 40.0,
            "{}",
            ladder.secs
        );
        let plan = Plan::new(LadderFile::parse(&ladder.text, "l").unwrap()).unwrap();
        assert_eq!(plan.runs.len(), ladder.runs);
        assert_eq!(plan.runs.len(), 5 * 3 * 2 + 1);
        let shortest = plan.runs.iter().map(|r| r.spec.tokens).min();
        assert!(shortest >= Some(180_000), "{shortest:?}");
        // The smallest ladder that is written has five shapes as well.
        for (data, least) in [
            (NewData::Synthetic, SMALLEST),
            (
                NewData::Text(vec!["src/new.rs".to_owned()]),
                SMALLEST_ON_TEXT,
            ),
        ] {
            let file = file(1.0, least * LEAST_SPAN, &data);
            Plan::new(LadderFile::parse(&file, "l").unwrap()).unwrap();
        }
        let fault = text(1e-6, 1, &NewData::Synthetic).unwrap_err();
        assert_eq!(fault.0[0].code, "too-short");
    }
}
