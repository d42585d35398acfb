//! Inputs: a path, a folder, a pattern, standard input, or bytes that the caller has.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};

use isoflop_base::{Diagnostic, Diagnostics, closest};

use super::{encoding, large, stream, tensorboard, unpack, walk};

/// Endings of files that a folder is searched for, before the ending of a compression.
const TABLE_ENDINGS: &[&str] = &["csv", "tsv", "jsonl", "ndjson", "parquet", "pq"];

/// How deep a folder without tables is searched for what it holds instead.
const DEPTH: usize = 3;

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

    /// The files that are read for it; none for what is no file, or cannot be listed.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Path(path) if path.is_dir() => tables_in(path).unwrap_or_default(),
            Self::Path(path) => vec![path.clone()],
            Self::Glob(pattern) => matches_of(pattern).unwrap_or_default(),
            Self::Stdin | Self::Reader { .. } => Vec::new(),
        }
    }

    /// Whether a file that is not there yet would be read with it once it is.
    #[must_use]
    pub fn would_read(&self, file: &Path) -> bool {
        match self {
            Self::Path(folder) if folder.is_dir() => {
                let parent = file.parent().filter(|p| !p.as_os_str().is_empty());
                let parent = std::fs::canonicalize(parent.unwrap_or(Path::new("."))).ok();
                let name = file.file_name().and_then(|n| n.to_str());
                parent.is_some()
                    && parent == std::fs::canonicalize(folder).ok()
                    && name
                        .and_then(table_ending)
                        .is_some_and(|e| TABLE_ENDINGS.contains(&e.as_str()))
            }
            Self::Glob(pattern) => {
                let file = walk::plain(&file.to_string_lossy());
                glob::Pattern::new(&walk::plain(pattern)).is_ok_and(|p| p.matches(&file))
            }
            _ => false,
        }
    }
}

/// A source with its bytes, unpacked; of a large text only the first of them.
pub(super) struct Loaded {
    /// Name as the user gave it.
    pub(super) name: String,
    /// The table's bytes, or the first lines of a large file.
    pub(super) bytes: Vec<u8>,
    /// The large file whose first lines `bytes` are.
    pub(super) large: Option<Large>,
    /// SHA-256 of the bytes as they were given, packed or not.
    pub(super) sha256: String,
    /// Length of the bytes as they were given.
    pub(super) size: usize,
}

/// A file that is read by pieces, as it was when it was looked through.
pub(super) struct Large {
    pub(super) path: PathBuf,
    pub(super) known: Metadata,
}

impl Large {
    /// All bytes of the file in memory.
    pub(super) fn whole(&self, name: &str) -> Result<Loaded, Diagnostic> {
        let bytes = std::fs::read(&self.path).map_err(|e| cannot_read(name, &e))?;
        unpack::unpack(name.to_owned(), bytes)
    }
}

/// What is kept of a source once its rows are read: the bytes are let go.
pub(super) struct Origin {
    /// Name as the user gave it.
    pub(super) name: String,
    /// SHA-256 of the bytes as they were given, packed or not.
    pub(super) sha256: String,
    /// Length of the bytes as they were given.
    pub(super) size: usize,
}

impl Loaded {
    /// Lets the bytes go.
    pub(super) fn into_origin(self) -> Origin {
        Origin {
            name: self.name,
            sha256: self.sha256,
            size: self.size,
        }
    }

    /// Ending of the name in lower case, before the ending of a compression.
    pub(super) fn ending(&self) -> Option<String> {
        table_ending(&self.name)
    }

    /// All of the text behind a byte-order mark, from memory or from the large file.
    pub(super) fn reader(&self) -> Result<Box<dyn Read + '_>, Diagnostic> {
        let mark = encoding::mark(self);
        let Some(large) = &self.large else {
            return Ok(Box::new(&self.bytes[mark..]));
        };
        let fails = |e| cannot_read(&self.name, &e);
        let mut file = File::open(&large.path).map_err(fails)?;
        file.read_exact(&mut vec![0; mark]).map_err(fails)?;
        // What was added since belongs to no digest.
        Ok(Box::new(file.take((self.size - mark) as u64)))
    }

    /// Refuses a large file that is not what it was when its digest was taken. Lines may have been added.
    pub(super) fn unchanged(&self) -> Result<(), Diagnostic> {
        let Some(large) = &self.large else {
            return Ok(());
        };
        let fails = |e| cannot_read(&self.name, &e);
        let now = std::fs::metadata(&large.path).map_err(fails)?;
        let untouched =
            now.len() == self.size as u64 && now.modified().ok() == large.known.modified().ok();
        if untouched || large::digest(&large.path, self.size as u64).map_err(fails)? == self.sha256
        {
            return Ok(());
        }
        Err(Diagnostic::error(
            "cannot-read",
            format!("{} was changed while it was read", self.name),
        )
        .help("wait until it is written, or read a copy"))
    }
}

/// Reads all inputs into memory, of large texts the first lines; reports all that cannot be read.
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
        load_one(input, &mut loaded, &mut faults);
    }
    if faults.0.is_empty() {
        Ok(loaded)
    } else {
        Err(faults)
    }
}

fn load_one(input: &Input, loaded: &mut Vec<Loaded>, faults: &mut Diagnostics) {
    let mut keep = |outcome: Result<Loaded, Diagnostic>| match outcome {
        Ok(source) => loaded.push(source),
        Err(fault) => faults.0.push(fault),
    };
    let files = match input {
        Input::Path(path) if path.is_dir() => tables_in(path),
        Input::Path(path) => Ok(vec![path.clone()]),
        Input::Glob(pattern) => matches_of(pattern),
        Input::Stdin => {
            let outcome = stream::read("standard input", std::io::stdin().lock());
            return keep(outcome.and_then(|bytes| unpack::unpack("<stdin>".to_owned(), bytes)));
        }
        Input::Reader { name, bytes } => {
            return keep(unpack::unpack(name.clone(), bytes.clone()));
        }
    };
    match files {
        Ok(files) => files.iter().for_each(|file| keep(load_file(file))),
        Err(fault) => faults.0.push(fault),
    }
}

fn load_file(path: &Path) -> Result<Loaded, Diagnostic> {
    let name = path.display().to_string();
    // What is wrong is found again below, and said there.
    if let Ok(Some(large)) = large::open(path, &name) {
        return Ok(large);
    }
    if std::fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir()) {
        return stream::open(path, &name).and_then(|bytes| unpack::unpack(name, bytes));
    }
    match std::fs::read(path) {
        Ok(bytes) => unpack::unpack(name, bytes),
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

pub(super) fn cannot_read(name: &str, error: &std::io::Error) -> Diagnostic {
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
    let names: Vec<String> = names
        .into_iter()
        .filter_map(|n| n.into_string().ok())
        .collect();
    let near = closest(wanted, names.iter().map(String::as_str))?;
    Some(
        folder
            .map_or(PathBuf::from(near), |f| f.join(near))
            .display()
            .to_string(),
    )
}

/// Names of a folder's entries, sorted. A name need not be text.
fn names_in(folder: &Path) -> std::io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        names.push(entry?.file_name());
    }
    names.sort();
    Ok(names)
}

/// Ending of a file name in lower case, before the ending of a compression.
fn table_ending(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let plain = unpack::ENDINGS
        .iter()
        .find_map(|e| lower.strip_suffix(e))
        .unwrap_or(&lower);
    let (_, ending) = plain.rsplit_once('.')?;
    Some(ending.to_owned())
}

fn tables_in(folder: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let shown = folder.display();
    let names = names_in(folder).map_err(|e| cannot_read(&shown.to_string(), &e))?;
    let is_table = |name: &OsString| {
        table_ending(&name.to_string_lossy()).is_some_and(|e| TABLE_ENDINGS.contains(&e.as_str()))
    };
    let tables: Vec<PathBuf> = names
        .iter()
        .filter(|name| is_table(name))
        .map(|name| folder.join(name))
        .filter(|path| path.is_file())
        .collect();
    if !tables.is_empty() {
        return Ok(tables);
    }
    let below = files_below(folder, DEPTH);
    let events: Vec<PathBuf> = below.iter().filter(|p| is_events(p)).cloned().collect();
    if events.is_empty() {
        Err(no_table(folder, &below))
    } else {
        Ok(events)
    }
}

/// Whether a file is called as TensorBoard calls its event files; they have no ending.
fn is_events(path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str());
    name.is_some_and(|n| n.starts_with(tensorboard::START))
}

/// Why a folder cannot be read: what its files end in, and where tables are below it.
fn no_table(folder: &Path, below: &[PathBuf]) -> Diagnostic {
    let shown = folder.display();
    let endings = format!(
        "files ending in {} are read, also with {} after that",
        TABLE_ENDINGS.join(", "),
        unpack::ENDINGS.join(" or ")
    );
    let fault = Diagnostic::error("no-match", format!("the folder {shown} holds no table"));
    let deeper = below.iter().find_map(|path| {
        table_ending(path.file_name()?.to_str()?).filter(|e| TABLE_ENDINGS.contains(&e.as_str()))
    });
    match deeper {
        Some(ending) => fault.help(format!(
            "there are tables in folders below it: give the pattern '{shown}/**/*.{ending}'"
        )),
        None => fault.help(endings),
    }
}

/// Files in folders below, in order of their names.
fn files_below(folder: &Path, depth: usize) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for name in names_in(folder).unwrap_or_default() {
        let path = folder.join(name);
        // A link may lead back to where it stands.
        if path.is_dir() && depth > 0 && !path.is_symlink() {
            found.extend(files_below(&path, depth - 1));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found
}

fn matches_of(pattern: &str) -> Result<Vec<PathBuf>, Diagnostic> {
    let bad = |e: glob::PatternError| {
        let message = format!("`{pattern}` is not a pattern: {}", e.msg);
        Diagnostic::error("bad-pattern", message)
    };
    let mut files = Vec::new();
    if pattern.contains("**") {
        files = walk::matches_of(pattern, &glob::Pattern::new(pattern).map_err(bad)?)?;
    } else {
        for path in glob::glob(pattern).map_err(bad)? {
            let path = path.map_err(|e| cannot_read(&e.path().display().to_string(), e.error()))?;
            if path.is_file() {
                files.push(path);
            }
        }
    }
    if files.is_empty() {
        return Err(Diagnostic::error("no-match", format!("no file matches `{pattern}`"))
            .help("quote the pattern so that the shell leaves it alone, and look at the folder it starts from"));
    }
    files.sort();
    Ok(files)
}
