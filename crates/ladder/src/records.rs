//! The records of a ladder: one line a finished run, added and never changed.
//!
//! A line carries its own checksum and is on the disk before the run counts as done. A crash can tear the last line
//! only; it is cut off when the file is opened again, and its run is made again. A damaged line elsewhere is named and
//! not used.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use isoflop_base::Diagnostic;
use isoflop_trainer::checkpoint::digest;
use isoflop_trainer::protocol::RunResult;
use serde::{Deserialize, Serialize};

/// What is known of a finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Name of the run.
    pub id: String,
    /// Digest of everything its result depends on.
    pub key: String,
    /// How it ended.
    #[serde(flatten)]
    pub end: End,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum End {
    /// With a measured loss.
    Done {
        /// What was measured.
        result: RunResult,
    },
    /// Out of bounds: it has no loss, and will not have one when it is made again.
    Diverged {
        /// What went out of bounds.
        reason: String,
    },
}

/// The file of records, open for adding.
#[derive(Debug)]
pub struct Records {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines.
    length: u64,
    all: Vec<Record>,
}

/// What was found on opening.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Bytes of a torn last line that were cut off.
    pub torn_bytes: usize,
    /// Lines, from 1, whose checksum is not theirs.
    pub bad_lines: Vec<usize>,
}

impl Records {
    /// Opens or begins the file in a folder, and cuts off a torn last line. To be called by the holder of the lock.
    ///
    /// # Errors
    ///
    /// `cannot-write`.
    pub fn open(folder: &Path) -> Result<(Self, Damage), Diagnostic> {
        let path = folder.join(FILE);
        let fault = |e: std::io::Error| cannot_write(&path, &e);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(fault)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(fault)?;
        let (all, damage, length) = parse(&bytes);
        if damage.torn_bytes > 0 {
            file.set_len(length as u64).map_err(fault)?;
            file.sync_all().map_err(fault)?;
        }
        file.seek(SeekFrom::Start(length as u64)).map_err(fault)?;
        let records = Self {
            file,
            length: length as u64,
            all,
            path: path.clone(),
        };
        Ok((records, damage))
    }

    /// All records, in the order they were added; of two with one key, the first counts.
    #[must_use]
    pub fn all(&self) -> &[Record] {
        &self.all
    }

    /// Adds a record: when this returns, it is on the disk. On a full disk what was written is taken back, and the file
    /// is as before.
    ///
    /// # Errors
    ///
    /// `cannot-write`.
    pub fn add(&mut self, record: Record) -> Result<(), Diagnostic> {
        let line = line(&record);
        let written = self
            .file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_data());
        if let Err(e) = written {
            let back = self.file.set_len(self.length);
            let back = back.and_then(|()| self.file.seek(SeekFrom::Start(self.length)));
            let fault = cannot_write(&self.path, &e);
            return Err(match back {
                Ok(_) => fault.help("the records before it are whole; the run is made again by the next `isoflop ladder run`"),
                Err(_) => fault.help("its last line may be torn; the next `isoflop ladder run` cuts it off"),
            });
        }
        self.length += line.len() as u64;
        self.all.push(record);
        Ok(())
    }
}

pub(crate) const FILE: &str = "records.jsonl";

/// Reads the records of a folder without changing anything; none when there is no such file.
///
/// # Errors
///
/// `cannot-read`.
pub fn read(folder: &Path) -> Result<(Vec<Record>, Damage), Diagnostic> {
    let path = folder.join(FILE);
    match std::fs::read(&path) {
        Ok(bytes) => {
            let (all, damage, _) = parse(&bytes);
            Ok((all, damage))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok((Vec::new(), Damage::default())),
        Err(e) => Err(Diagnostic::error(
            "cannot-read",
            format!("{} cannot be read: {e}", path.display()),
        )),
    }
}

fn cannot_write(path: &Path, e: &std::io::Error) -> Diagnostic {
    let fault = Diagnostic::error(
        "cannot-write",
        format!("{} cannot be written: {e}", path.display()),
    );
    match e.kind() {
        std::io::ErrorKind::StorageFull => {
            fault.help("the disk is full: make room and run the ladder again")
        }
        _ => fault,
    }
}

const SUM: &str = ",\"sum\":\"";

/// The line of a record, its end included.
pub(crate) fn line(record: &Record) -> String {
    let text = serde_json::to_string(record).expect("a record is plain data");
    let sum = digest(text.as_bytes());
    let open = text.strip_suffix('}').unwrap_or(&text);
    format!("{open}{SUM}{sum:016x}\"}}\n")
}

/// The record of a line without its end.
pub(crate) fn record(line: &str) -> Option<Record> {
    let (open, sum) = line.rsplit_once(SUM)?;
    let text = format!("{open}}}");
    let sum = u64::from_str_radix(sum.strip_suffix("\"}")?, 16).ok()?;
    (digest(text.as_bytes()) == sum)
        .then(|| serde_json::from_str(&text).ok())
        .flatten()
}

/// Records, damage, and the bytes of whole lines.
fn parse(bytes: &[u8]) -> (Vec<Record>, Damage, usize) {
    let whole = bytes
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |at| at + 1);
    let mut damage = Damage {
        torn_bytes: bytes.len() - whole,
        ..Damage::default()
    };
    let mut all: Vec<Record> = Vec::new();
    let mut keys: BTreeSet<String> = BTreeSet::new();
    for (index, line) in bytes[..whole].split(|b| *b == b'\n').enumerate() {
        // Git and editors may have changed the ends of lines.
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        match std::str::from_utf8(line).ok().and_then(record) {
            Some(found) if keys.contains(&found.key) => {}
            Some(found) => {
                keys.insert(found.key.clone());
                all.push(found);
            }
            None => damage.bad_lines.push(index + 1),
        }
    }
    (all, damage, whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record_of(key: &str, loss: f64) -> Record {
        Record {
            id: format!("run-{key}"),
            key: key.to_owned(),
            end: End::Done {
                result: RunResult {
                    loss,
                    ..RunResult::default()
                },
            },
        }
    }

    fn folder(name: &str) -> PathBuf {
        let path =
            std::env::temp_dir().join(format!("isoflop-records-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn records_come_back_and_are_added_to() {
        let folder = folder("back");
        let diverged = Record {
            end: End::Diverged {
                reason: "the loss is \"NaN\",\"sum\":\"".to_owned(),
            },
            ..record_of("b", 0.0)
        };
        {
            let (mut records, damage) = Records::open(&folder).unwrap();
            assert_eq!(damage, Damage::default());
            records.add(record_of("a", 0.1 + 0.2)).unwrap();
            records.add(diverged.clone()).unwrap();
        }
        let (mut records, damage) = Records::open(&folder).unwrap();
        assert_eq!(damage, Damage::default());
        assert_eq!(records.all(), [record_of("a", 0.1 + 0.2), diverged]);
        records.add(record_of("c", 3.0)).unwrap();
        assert_eq!(read(&folder).unwrap().0.len(), 3);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_file_cut_anywhere_loses_its_last_line_only() {
        let folder = folder("cut");
        let path = folder.join(FILE);
        let (mut records, _) = Records::open(&folder).unwrap();
        for key in ["a", "b", "c"] {
            records.add(record_of(key, 2.5)).unwrap();
        }
        drop(records);
        let whole = std::fs::read(&path).unwrap();
        let line = whole.len() / 3;
        for cut in 2 * line..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (mut records, damage) = Records::open(&folder).unwrap();
            assert_eq!(
                (records.all().len(), damage.torn_bytes),
                (2, cut - 2 * line)
            );
            records.add(record_of("c", 2.5)).unwrap();
            drop(records);
            assert_eq!(std::fs::read(&path).unwrap(), whole);
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn line_ends_of_another_system_change_nothing() {
        let folder = folder("crlf");
        let path = folder.join(FILE);
        let (mut records, _) = Records::open(&folder).unwrap();
        records.add(record_of("a", 2.5)).unwrap();
        records.add(record_of("b", 2.5)).unwrap();
        drop(records);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace('\n', "\r\n")).unwrap();
        let (found, damage) = read(&folder).unwrap();
        assert_eq!((found.len(), damage), (2, Damage::default()));
        let (mut records, _) = Records::open(&folder).unwrap();
        records.add(record_of("c", 2.5)).unwrap();
        assert_eq!(read(&folder).unwrap().0.len(), 3);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_damaged_line_is_named_and_not_used() {
        let folder = folder("damaged");
        let path = folder.join(FILE);
        let (mut records, _) = Records::open(&folder).unwrap();
        for key in ["a", "b", "c"] {
            records.add(record_of(key, 2.5)).unwrap();
        }
        drop(records);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("run-b", "run-x", 1)).unwrap();
        let (records, damage) = read(&folder).unwrap();
        assert_eq!((records.len(), damage.bad_lines), (2, vec![2]));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_cannot_be_written_is_told_and_nothing_is_half_there() {
        // A device that is always full.
        let full = Path::new("/dev/full");
        if !full.exists() {
            return;
        }
        let file = OpenOptions::new().write(true).open(full).unwrap();
        let mut records = Records {
            path: full.to_owned(),
            file,
            length: 0,
            all: Vec::new(),
        };
        let fault = records.add(record_of("a", 1.0)).unwrap_err();
        assert_eq!(fault.code, "cannot-write");
        assert!(fault.help[0].contains("full"), "{fault:?}");
        assert_eq!(records.all(), []);
    }
}
