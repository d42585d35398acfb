//! Where results go: standard output as text or JSON, files by their ending, faults to standard error.

use std::cell::RefCell;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use isoflop::report::render::{self, Extent, Paint, Plots, Style};
use isoflop::report::{Document, diagnostics_text, harmless, harmless_json};
use isoflop::{Diagnostic, Diagnostics, Input, UNUSABLE, closest};

use crate::args::Global;
use crate::closed::stdout_is_closed;
use crate::spare::{self, Written};
use crate::whole;

/// The input or the request is at fault.
const INPUT_AT_FAULT: u8 = 1;
/// The analysis itself says no.
const SAYS_NO: u8 = 3;

const ENDINGS: [&str; 7] = ["json", "html", "md", "csv", "svg", "png", "toml"];

/// Why there is no result.
pub(crate) enum Failure {
    /// The input or the request is at fault.
    Input(Diagnostics),
    /// The analysis was done, shown, and says no.
    SaysNo,
    /// Standard output is gone or full.
    Stdout(io::Error),
}

impl From<Diagnostics> for Failure {
    fn from(faults: Diagnostics) -> Self {
        Self::Input(faults)
    }
}

impl From<Diagnostic> for Failure {
    fn from(fault: Diagnostic) -> Self {
        Self::Input(fault.into())
    }
}

/// How results are shown.
pub(crate) struct Output {
    shown: Shown,
    files: Vec<(PathBuf, &'static str)>,
    /// All files that the call writes, those of other options too.
    written: Vec<Written>,
    style: Style,
    /// What was written, to be said after the text.
    wrote: RefCell<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Text,
    Json,
    Nothing,
}

impl Output {
    /// Reads the global options; endings that cannot be written and outputs under one name are refused before any work
    /// is done.
    pub(crate) fn new(said: &Global, written: Vec<Written>) -> Result<Self, Failure> {
        let mut faults = Diagnostics::default();
        let mut files = Vec::new();
        for path in &said.output {
            match ending(path) {
                Ok(ending) => files.push((path.clone(), ending)),
                Err(fault) => faults.0.push(fault),
            }
        }
        if !faults.0.is_empty() {
            return Err(faults.into());
        }
        spare::apart(&written)?;
        if said.plot && (said.json || said.quiet) {
            let other = if said.json { "--json" } else { "--quiet" };
            let message = format!("--plot draws among the text, and {other} asks for none");
            return Err(Diagnostic::error("no-picture", message)
                .help("leave one of them out, or write the picture with -o FILE.svg")
                .into());
        }
        let shown = match (said.json, said.quiet) {
            (true, _) => Shown::Json,
            (false, true) => Shown::Nothing,
            (false, false) => Shown::Text,
        };
        let style = Style {
            width: std::env::var("COLUMNS")
                .ok()
                .and_then(|w| w.parse().ok())
                .unwrap_or(100)
                .clamp(60, 140),
            paint: paint(io::stdout().is_terminal()),
            plots: if said.plot {
                Plots::Braille
            } else {
                Plots::Hidden
            },
            extent: if said.verbose {
                Extent::Full
            } else {
                Extent::Brief
            },
        };
        Ok(Self {
            shown,
            files,
            written,
            style,
            wrote: RefCell::default(),
        })
    }

    /// Refuses outputs that are among these inputs.
    pub(crate) fn spare(&self, inputs: &[Input]) -> Result<(), Diagnostics> {
        spare::spare(&self.written, inputs)
    }

    /// Whether nothing but faults is to be said.
    pub(crate) fn is_quiet(&self) -> bool {
        self.shown == Shown::Nothing
    }

    /// Shows a result: its document as text, or its JSON; and writes the files that were asked for.
    pub(crate) fn show(&self, doc: &Document, json: impl Fn() -> String) -> Result<(), Failure> {
        self.has_plot(doc)?;
        self.show_as(doc, json, || self.text(doc))
    }

    /// The text of a document, which says when it is shortened.
    fn text(&self, doc: &Document) -> String {
        let mut text = render::text(doc, self.style);
        if self.style.extent == Extent::Brief && doc.has_detail() {
            text.push_str("  Shortened; --verbose shows everything.\n");
        }
        text
    }

    /// Refuses `--plot` for a document without a picture.
    fn has_plot(&self, doc: &Document) -> Result<(), Diagnostic> {
        if self.style.plots == Plots::Hidden || doc.plots().next().is_some() {
            return Ok(());
        }
        Err(Diagnostic::error(
            "no-picture",
            "this result has no picture that --plot could draw",
        )
        .help("leave --plot out"))
    }

    /// Shows a short document on the screen and writes a long one to files.
    pub(crate) fn show_pages(
        &self,
        screen: &Document,
        page: &Document,
        json: impl Fn() -> String,
    ) -> Result<(), Failure> {
        self.has_plot(screen)?;
        self.show_as(page, json, || self.text(screen))
    }

    /// Shows a result whose page tells more than its text.
    pub(crate) fn show_with_page(
        &self,
        doc: &Document,
        page: impl FnOnce() -> Result<Document, Failure>,
        json: impl Fn() -> String,
    ) -> Result<(), Failure> {
        self.has_plot(doc)?;
        let wanted = self.files.iter().any(|(_, ending)| *ending == "html");
        let page = wanted.then(page).transpose()?;
        self.write(doc, page.as_ref().unwrap_or(doc), &json, &|path| {
            Err(no_plan_file(path))
        })?;
        self.print(json, || self.text(doc))
    }

    /// The first file that the result is saved to whole.
    pub(crate) fn json_file(&self) -> Option<String> {
        let mut whole = self.files.iter().filter(|(_, ending)| *ending == "json");
        whole.next().map(|(path, _)| path.display().to_string())
    }

    /// Writes a saved result to a file that was named apart from `-o`.
    pub(crate) fn keep(&self, path: &Path, text: &str) -> Result<(), Diagnostic> {
        whole::write(path, text.as_bytes()).map_err(|e| cannot_write(path, &e))?;
        self.wrote(path);
        Ok(())
    }

    /// Says which file was written: after the text, and apart from a JSON document, which a program reads.
    fn wrote(&self, path: &Path) {
        let line = format!("wrote {}\n", path.display());
        match self.shown {
            Shown::Text => self.wrote.borrow_mut().push_str(&line),
            Shown::Json => to_stderr(&harmless(&line)),
            Shown::Nothing => {}
        }
    }

    /// Shows a plan, which can be written as a plan file as well; a page of it moves.
    pub(crate) fn show_plan(
        &self,
        screen: &Document,
        page: impl FnOnce() -> Document,
        json: impl Fn() -> String,
        toml: impl Fn() -> String,
    ) -> Result<(), Failure> {
        self.has_plot(screen)?;
        if !self.files.is_empty() {
            let page = page();
            self.write(&page, &page, &json, &|_| Ok(toml()))?;
        }
        self.print(json, || self.text(screen))
    }

    /// Shows a result whose text is not that of its document.
    pub(crate) fn show_as(
        &self,
        doc: &Document,
        json: impl Fn() -> String,
        text: impl Fn() -> String,
    ) -> Result<(), Failure> {
        self.write(doc, doc, &json, &|path| Err(no_plan_file(path)))?;
        self.print(json, text)
    }

    fn write(
        &self,
        doc: &Document,
        page: &Document,
        json: &dyn Fn() -> String,
        toml: &dyn Fn(&Path) -> Result<String, Diagnostic>,
    ) -> Result<(), Failure> {
        // All are made before the first is written: a request that is refused leaves no file behind.
        let mut made = Vec::new();
        for (path, ending) in &self.files {
            let bytes = match *ending {
                "json" => json().into_bytes(),
                "html" => render::html(page).into_bytes(),
                "md" => render::markdown(doc).into_bytes(),
                "csv" => render::csv(doc).into_bytes(),
                "toml" => toml(path)?.into_bytes(),
                "png" => render::png(doc)?.ok_or_else(|| no_picture(path))?,
                _ => render::svg(doc)
                    .ok_or_else(|| no_picture(path))?
                    .into_bytes(),
            };
            made.push((path, bytes));
        }
        for (path, bytes) in made {
            whole::write(path, &bytes).map_err(|e| cannot_write(path, &e))?;
            self.wrote(path);
        }
        Ok(())
    }

    fn print(&self, json: impl Fn() -> String, text: impl Fn() -> String) -> Result<(), Failure> {
        match self.shown {
            Shown::Text => print(&(text() + &harmless(&self.wrote.take()))),
            Shown::Json => print(&harmless_json(&json())),
            Shown::Nothing => Ok(()),
        }
    }
}

/// Colour only on a terminal, and never against `NO_COLOR` (no-color.org).
fn paint(terminal: bool) -> Paint {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|v| v == "dumb");
    if terminal && !refused && !dumb {
        Paint::Ansi
    } else {
        Paint::Plain
    }
}

fn ending(path: &Path) -> Result<&'static str, Diagnostic> {
    let found = path
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default()
        .to_lowercase();
    if let Some(known) = ENDINGS.into_iter().find(|e| *e == found) {
        return Ok(known);
    }
    let mut fault = Diagnostic::error(
        "unknown-ending",
        format!(
            "{} cannot be written: the format is told by the ending",
            path.display()
        ),
    );
    if let Some(near) = closest(&found, ENDINGS) {
        fault = fault.help(format!("did you mean `.{near}`?"));
    }
    Err(fault.help("endings that can be written: .json .html .md .csv .svg .png"))
}

fn no_picture(path: &Path) -> Diagnostic {
    Diagnostic::error(
        "no-picture",
        format!(
            "{} cannot be written: this result has no picture",
            path.display()
        ),
    )
    .help("endings that can be written here: .json .html .md .csv")
}

fn no_plan_file(path: &Path) -> Diagnostic {
    Diagnostic::error(
        "no-plan-file",
        format!(
            "{} cannot be written: this result is no plan",
            path.display()
        ),
    )
    .help("endings that can be written here: .json .html .md .csv .svg .png")
}

pub(crate) fn cannot_write(path: &Path, e: &io::Error) -> Diagnostic {
    Diagnostic::error(
        "cannot-write",
        format!("{} cannot be written: {e}", path.display()),
    )
}

/// Bytes of a saved result, a law or a plan: more is none, and a device may have no end.
const MOST_READ: u64 = 1 << 30;

/// The bytes of a file that is read whole.
///
/// # Errors
///
/// `cannot-read`, also for what is too long.
pub(crate) fn read_whole(path: &str) -> Result<Vec<u8>, Diagnostic> {
    let open = || -> io::Result<Box<dyn io::Read>> {
        Ok(match path {
            "-" => Box::new(io::stdin().lock()),
            _ => Box::new(std::fs::File::open(path)?),
        })
    };
    let mut bytes = Vec::new();
    let read = open().and_then(|file| file.take(MOST_READ + 1).read_to_end(&mut bytes));
    read.map_err(|e| cannot_read(path, &e))?;
    if bytes.len() as u64 > MOST_READ {
        let why = io::Error::other("it is longer than 1 GiB, which no such file is");
        return Err(cannot_read(path, &why));
    }
    Ok(bytes)
}

/// The same as text.
///
/// # Errors
///
/// As [`read_whole`], and for bytes that are no UTF-8.
pub(crate) fn read_text(path: &str) -> Result<String, Diagnostic> {
    let bytes = read_whole(path)?;
    String::from_utf8(bytes)
        .map_err(|_| cannot_read(path, &io::Error::other("it is not UTF-8 text")))
}

/// The fault of a file that cannot be read.
pub(crate) fn cannot_read(path: &str, e: &io::Error) -> Diagnostic {
    let why = match e.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => e.to_string(),
    };
    Diagnostic::error("cannot-read", format!("{path} cannot be read: {why}"))
}

fn print(text: &str) -> Result<(), Failure> {
    if stdout_is_closed() {
        return Err(Failure::Stdout(io::Error::other("it is closed")));
    }
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(Failure::Stdout)
}

/// Reports why there is no result, and gives the exit code. A reader that went away is no failure.
pub(crate) fn show_failure(failure: Failure) -> ExitCode {
    let code = match &failure {
        // The analysis was done, and what came of it must not be used.
        Failure::Input(faults) if faults.0.iter().any(|d| d.code == UNUSABLE) => SAYS_NO,
        _ => INPUT_AT_FAULT,
    };
    let text = match failure {
        Failure::SaysNo => return ExitCode::from(SAYS_NO),
        Failure::Stdout(e) if e.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Failure::Stdout(e) => format!("standard output cannot be written: {e}\n"),
        Failure::Input(faults) => diagnostics_text(&faults, paint(io::stderr().is_terminal())),
    };
    to_stderr(&text);
    ExitCode::from(code)
}

/// Shows help and version on standard output, usage faults on standard error, with clap's exit code for each.
pub(crate) fn show_usage(usage: &clap::Error) -> ExitCode {
    // It quotes what was typed, which a shell may have made from the names of files.
    let text = harmless(&usage.render().to_string());
    if usage.use_stderr() {
        to_stderr(&text);
    } else if let Err(failure) = print(&text) {
        return show_failure(failure);
    }
    u8::try_from(usage.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// Says what is to be known beside a result.
pub(crate) fn warn(fault: &Diagnostic) {
    let text = diagnostics_text(&fault.clone().into(), paint(io::stderr().is_terminal()));
    to_stderr(&text);
}

fn to_stderr(text: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
