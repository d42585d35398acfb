//! `isoflop ladder`: run small experiments, fit their law, check it against a larger one.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use isoflop::report::doc::{Block, Document};
use isoflop::report::{harmless, json, render};
use isoflop::{Diagnostic, Diagnostics, Input, unusable};
use isoflop_ladder::bounds;
use isoflop_ladder::compare;
use isoflop_ladder::file::LadderFile;
use isoflop_ladder::machine::{self, Speeds};
use isoflop_ladder::new::{self, NewData};
use isoflop_ladder::outcome;
use isoflop_ladder::plan::{Plan, PlannedRun};
use isoflop_ladder::pool::{self, View, Watcher};
use isoflop_ladder::precision::precision;
use isoflop_ladder::records::{self, End};
use isoflop_ladder::show::{self, PlanView};
use isoflop_ladder::slurm;

use crate::args::LadderCommand;
use crate::output::{Failure, Output};
use crate::verb::fit::used;

pub(crate) fn run(said: LadderCommand, seed: u64, output: &Output) -> Result<(), Failure> {
    match said {
        LadderCommand::New {
            file,
            minutes,
            text,
            jobs,
        } => write_new(&file, minutes, text, jobs, output),
        LadderCommand::Plan { file, jobs } => show_plan(&file, jobs, output),
        LadderCommand::Run { file, jobs } => make(&file, jobs, seed, output),
        LadderCommand::Status { file } => show_status(&file, output),
        LadderCommand::Fit { file } => show_fit(&file, seed, output),
        LadderCommand::Task { file, submission } => task(&file, &submission),
        LadderCommand::Compare {
            a,
            b,
            tokens_per_param,
            resamples,
        } => {
            let options = compare::Options {
                tokens_per_param,
                resamples,
                seed,
            };
            show_comparison(&a, &b, &options, output)
        }
    }
}

fn load(file: &Path) -> Result<Plan, Diagnostics> {
    Plan::new(LadderFile::read(file)?)
}

/// The same for a call with outputs, none of which is a text that is trained on, or a file of the ladder's own.
fn load_for(file: &Path, output: &Output) -> Result<Plan, Diagnostics> {
    let plan = load(file)?;
    let own = plan.own_files().into_iter().map(Input::Path);
    // Of a folder of text every file is read, whatever its ending.
    let texts = plan.texts().into_iter().map(|text| {
        if Path::new(&text).is_dir() {
            Input::Glob(format!("{text}/**/*"))
        } else {
            Input::from_arg(&text)
        }
    });
    output.spare(&own.chain(texts).collect::<Vec<_>>())?;
    Ok(plan)
}

fn jobs_of(plan: &Plan, said: Option<usize>) -> usize {
    let jobs = said.or(plan.file.run.jobs);
    jobs.unwrap_or_else(machine::processors).max(1)
}

fn write_new(
    file: &Path,
    minutes: f64,
    text: Vec<String>,
    jobs: Option<usize>,
    output: &Output,
) -> Result<(), Failure> {
    let data = if text.is_empty() {
        NewData::Synthetic
    } else {
        NewData::Text(text)
    };
    let jobs = jobs.unwrap_or_else(machine::processors).max(1);
    let ladder = new::text(minutes, jobs, &data)?;
    write_once(file, ladder.text.as_bytes()).map_err(|e| show::cannot_write_new(file, &e))?;
    let doc = show::new_document(&ladder, file);
    output.show(&doc, || json::text(&ladder))
}

/// Writes a file that is there whole or not at all, and never over another: a ladder that is there already is somebody's
/// work.
fn write_once(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let beside = file.with_file_name(format!(".{name}.{}.part", std::process::id()));
    let mut part = std::fs::File::create(&beside)?;
    let written = part.write_all(bytes).and_then(|()| part.sync_all());
    let named = written.and_then(|()| match std::fs::hard_link(&beside, file) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
            // A file system without links.
            std::fs::File::create_new(file).and_then(|mut f| f.write_all(bytes))
        }
        linked => linked,
    });
    // The first error is the one to report.
    let _ = std::fs::remove_file(&beside);
    named
}

fn show_plan(file: &Path, jobs: Option<usize>, output: &Output) -> Result<(), Failure> {
    let plan = load_for(file, output)?;
    let law = bounds::fit(&plan)?;
    let (known, damage) = records::read(&plan.folder())?;
    let jobs = jobs_of(&plan, jobs);
    let mut speeds = Speeds::default();
    let mut runs = Vec::new();
    for run in &plan.runs {
        // A run that does not fit cannot be tried; a note says so.
        let fits = run.spec.bytes() as u64 <= machine::free_bytes().unwrap_or(u64::MAX);
        let speed = match plan.template {
            Some(_) => None,
            None if !fits => None,
            None => Some((
                speeds.secs(&run.spec)?,
                speeds.utilisation(&run.spec.shape)?,
            )),
        };
        let bytes = machine::run_bytes(&plan, run);
        runs.push(show::run_view(run, bytes, speed, &known));
    }
    let (known_before, unknown) = match precision(&plan, &law) {
        Ok(precision) => (Some(precision), None),
        Err(why) => (None, Some(why)),
    };
    let mut notes = show::damage_notes(&damage);
    let largest = runs.iter().max_by_key(|r| r.bytes);
    notes.extend(largest.and_then(|run| show::memory_note(run, machine::limit(&plan))));
    let view = PlanView::new(&plan, runs, jobs, (known_before, unknown), notes);
    output.show(&show::plan_document(&plan, &view), || json::text(&view))
}

fn make(file: &Path, jobs: Option<usize>, seed: u64, output: &Output) -> Result<(), Failure> {
    let plan = load_for(file, output)?;
    // Before anything is trained: hours later it would be too late.
    bounds::fit(&plan)?;
    if plan.file.slurm.is_none() {
        machine::has_room(&plan)?;
    }
    let options = pool::Options {
        trainer: trainer()?,
        jobs: jobs_of(&plan, jobs),
        bytes: machine::limit(&plan),
        stop: stop_on_signals(),
    };
    let live = Live::new(output);
    let made = match &plan.file.slurm {
        Some(section) => slurm::run(&plan, section, file, &options, &live),
        None => pool::run(&plan, &options, &live),
    };
    live.clear();
    let summary = made?;
    let (known, damage) = records::read(&plan.folder())?;
    let notes = show::summary_notes(&summary);
    let failed = Diagnostics(show::failures(&summary));
    let outcome = outcome::outcome(&plan, &known, seed);
    let shown = match &outcome {
        Ok(outcome) => {
            let doc = with(
                show::outcome_document(&plan, &known, outcome),
                &summary,
                notes,
            );
            let page = plan.folder().join(outcome::PAGE);
            let mut shown = doc.clone();
            shown.paragraph(show::page_sentence(&page));
            // A page that cannot be written must not cost the result.
            output.show(&shown, || json::text(outcome)).and_then(|()| {
                let doc = show::titled(doc, &plan);
                output
                    .keep(&page, &render::html(&doc))
                    .map_err(Failure::from)
            })
        }
        // Too few runs for a fit: how far the ladder is, and why there is no law yet.
        Err(_) => {
            let status = show::status(&plan, &known, &damage);
            let doc = show::status_document(&plan, &known, &status);
            output.show(&with(doc, &summary, notes), || json::text(&status))
        }
    };
    shown?;
    if !failed.0.is_empty() {
        return Err(failed.into());
    }
    used(unusable("the law of the ladder", &outcome?.fit))
}

/// The words that start the built-in trainer: this program, once more.
fn trainer() -> Result<Vec<String>, Diagnostic> {
    let program = std::env::current_exe().map_err(|e| {
        let found = format!("the program does not find itself: {e}");
        Diagnostic::error("no-program", found)
    })?;
    Ok(vec![program.display().to_string(), "trainer".to_owned()])
}

/// One task of Slurm, which says in the environment which one it is.
fn task(file: &Path, submission: &str) -> Result<(), Failure> {
    const INDEX: &str = "SLURM_ARRAY_TASK_ID";
    let index = std::env::var(INDEX).ok().and_then(|i| i.parse().ok());
    let index = index.ok_or_else(|| {
        Diagnostic::error("no-task", format!("{INDEX} is not set to a number"))
            .help("this verb is for tasks that `isoflop ladder run` submits")
    })?;
    slurm::task(&load(file)?, submission, index, &trainer()?)?;
    Ok(())
}

/// Ctrl-C and a polite kill stop a ladder in good order; a second one stops it at once.
fn stop_on_signals() -> Arc<AtomicBool> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // Where a signal cannot be caught it ends the program, which loses nothing that is recorded.
        let _ = signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop));
        let _ = signal_hook::flag::register(signal, Arc::clone(&stop));
    }
    stop
}

/// What this call did, before what came of it.
fn with(mut doc: Document, summary: &pool::Summary, notes: Vec<isoflop::Note>) -> Document {
    doc.blocks
        .insert(0, Block::Paragraph(show::summary_sentence(summary)));
    if !notes.is_empty() {
        doc.blocks.insert(1, Block::Notes(notes));
    }
    doc
}

fn show_status(file: &Path, output: &Output) -> Result<(), Failure> {
    let plan = load_for(file, output)?;
    let (known, damage) = records::read(&plan.folder())?;
    let view = show::status(&plan, &known, &damage);
    output.show(&show::status_document(&plan, &known, &view), || {
        json::text(&view)
    })
}

fn show_fit(file: &Path, seed: u64, output: &Output) -> Result<(), Failure> {
    let plan = load_for(file, output)?;
    let (known, _) = records::read(&plan.folder())?;
    let outcome = outcome::outcome(&plan, &known, seed)?;
    let doc = show::outcome_document(&plan, &known, &outcome);
    output.show(&doc, || json::text(&outcome))?;
    used(unusable("the law of the ladder", &outcome.fit))
}

fn show_comparison(
    a: &Path,
    b: &Path,
    options: &compare::Options,
    output: &Output,
) -> Result<(), Failure> {
    let (plan_a, plan_b) = (load(a)?, load(b)?);
    let (known_a, _) = records::read(&plan_a.folder())?;
    let (known_b, _) = records::read(&plan_b.folder())?;
    let found = compare::compare((&plan_a, &known_a), (&plan_b, &known_b), options)?;
    let names = (a.display().to_string(), b.display().to_string());
    let doc = show::comparison_document(&found, (&names.0, &names.1));
    output.show(&doc, || json::text(&found))
}

/// The view on standard error while runs are made: redrawn on a terminal, a line for each ended run elsewhere.
struct Live {
    kind: Kind,
    /// Lines of the last view, which the next one is drawn over.
    drawn: Mutex<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Redrawn,
    Lines,
    Silent,
}

impl Live {
    fn new(output: &Output) -> Self {
        let kind = if output.is_quiet() {
            Kind::Silent
        } else if io::stderr().is_terminal() {
            Kind::Redrawn
        } else {
            Kind::Lines
        };
        Self {
            kind,
            drawn: Mutex::new(0),
        }
    }

    /// Draws lines that stay, then lines that the next drawing replaces.
    fn draw(&self, stay: &[String], go: &[String]) {
        let mut drawn = self.drawn.lock().expect("no holder panics");
        let mut text = String::new();
        if *drawn > 0 {
            text.push_str(&format!("\x1b[{}A\x1b[J", *drawn));
        }
        for line in stay.iter().chain(go) {
            // A reason may be the last words of any program.
            text.push_str(&harmless(line));
            text.push('\n');
        }
        *drawn = go.len();
        // Nobody is left to look when standard error is closed.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    fn clear(&self) {
        if self.kind == Kind::Redrawn {
            self.draw(&[], &[]);
        }
    }
}

impl Watcher for Live {
    fn ended(&self, run: &PlannedRun, end: Result<&End, &str>) {
        if self.kind != Kind::Silent {
            self.draw(&[show::ended_line(run, end)], &[]);
        }
    }

    fn tick(&self, view: &View) {
        if self.kind == Kind::Redrawn {
            self.draw(&[], &show::live_lines(view));
        }
    }
}
