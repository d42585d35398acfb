//! Inputs: a path, a folder, a pattern, standard input, or bytes that the caller has.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use isoflop_base::{Diagnostic, Diagnostics, closest};

/// Endings of files that a folder is searched for.
const TABLE_ENDINGS: &[&str] = &["csv", "tsv", "jsonl", "ndjson"];

/// Where a table comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file, or a folder whose tables are all read, in order of their names.
    Path(PathBuf),
    /// A pattern such as `runs/*.csv`; the files are read in order of their names.
    Glob(String),
    /// Standard input.
    Stdin,
    /// Bytes that the caller has read, under a name.
    Reader {
        /// Name in messages and in provenance.
        name: String,
        /// All of it.
        bytes: Vec<u8>,
    },
}

impl Input {
    /// The input that an argument of the command line means: `-`, a path that exists, or a pattern.
    #[must_use]
    pub fn from_arg(text: &str) -> Self {
        if text == "-" {
            Self::Stdin
        } else if text.contains(['*', '?', '[']) && !Path::new(text).exists() {
            Self::Glob(text.to_owned())
        } else {
            Self::Path(PathBuf::from(text))
        }
    }
}

/// A source with its bytes.
pub(super) struct Loaded {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// Reads all inputs into memory; reports all that cannot be read.
pub(super) fn load(inputs: &[Input]) -> Result<Vec<Loaded>, Diagnostics> {
    let mut loaded = Vec::new();
    let mut faults = Diagnostics::default();
    if inputs.is_empty() {
        faults.0.push(
            Diagnostic::error("no-input", "no table was given")
                .help("give a file, a folder, a pattern, or `-` for standard input"),
        );
    }
    for input in inputs {
        if let Err(fault) = load_one(input, &mut loaded) {
            faults.0.push(fault);
        }
    }
    if faults.0.is_empty() {
        Ok(loaded)
    } else {
        Err(faults)
    }
}

fn load_one(input: &Input, loaded: &mut Vec<Loaded>) -> Result<(), Diagnostic> {
    match input {
        Input::Path(path) if path.is_dir() => {
            for file in tables_in(path)? {
                loaded.push(load_file(&file)?);
            }
        }
        Input::Path(path) => loaded.push(load_file(path)?),
        Input::Glob(pattern) => {
            for file in matches_of(pattern)? {
                loaded.push(load_file(&file)?);
            }
        }
        Input::Stdin => {
            let mut bytes = Vec::new();
            std::io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .map_err(|e| cannot_read("standard input", &e))?;
            loaded.push(Loaded {
                name: "<stdin>".to_owned(),
                bytes,
            });
        }
        Input::Reader { name, bytes } => loaded.push(Loaded {
            name: name.clone(),
            bytes: bytes.clone(),
        }),
    }
    Ok(())
}

fn load_file(path: &Path) -> Result<Loaded, Diagnostic> {
    let name = path.display().to_string();
    match std::fs::read(path) {
        Ok(bytes) => Ok(Loaded { name, bytes }),
        Err(e) => {
            let mut fault = cannot_read(&name, &e);
            if e.kind() == std::io::ErrorKind::NotFound
                && let Some(near) = near_file(path)
            {
                fault = fault.help(format!("did you mean `{near}`?"));
            }
            Err(fault)
        }
    }
}

fn cannot_read(name: &str, error: &std::io::Error) -> Diagnostic {
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "reading it is not permitted".to_owned(),
        _ => error.to_string(),
    };
    Diagnostic::error("cannot-read", format!("{name} cannot be read: {why}"))
}

/// The file of the same folder whose name is nearest.
fn near_file(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let wanted = path.file_name()?.to_str()?;
    let names = names_in(folder.unwrap_or(Path::new("."))).ok()?;
    let near = closest(wanted, names.iter().map(String::as_str))?;
    Some(
        folder
            .map_or(PathBuf::from(near), |f| f.join(near))
            .display()
            .to_string(),
    )
}

/// Names of a folder's entries, sorted.
fn names_in(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn tables_in(folder: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let shown = folder.display();
    let names = names_in(folder).map_err(|e| cannot_read(&shown.to_string(), &e))?;
    let tables: Vec<PathBuf> = names
        .iter()
        .map(|name| folder.join(name))
        .filter(|path| {
            let ending = path
                .extension()
                .and_then(|e| e.to_str())
                .map(str::to_lowercase);
            path.is_file() && ending.is_some_and(|e| TABLE_ENDINGS.contains(&e.as_str()))
        })
        .collect();
    if tables.is_empty() {
        return Err(
            Diagnostic::error("no-match", format!("the folder {shown} holds no table")).help(
                format!("files ending in {} are read", TABLE_ENDINGS.join(", ")),
            ),
        );
    }
    Ok(tables)
}

fn matches_of(pattern: &str) -> Result<Vec<PathBuf>, Diagnostic> {
    let paths = glob::glob(pattern).map_err(|e| {
        Diagnostic::error(
            "bad-pattern",
            format!("`{pattern}` is not a pattern: {}", e.msg),
        )
    })?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|e| cannot_read(&e.path().display().to_string(), e.error()))?;
        if path.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Diagnostic::error("no-match", format!("no file matches `{pattern}`"))
            .help("quote the pattern so that the shell leaves it alone, and look at the folder it starts from"));
    }
    files.sort();
    Ok(files)
}
