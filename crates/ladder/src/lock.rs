//! Who works on a folder: one at a time.
//!
//! The lock is the operating system's, on an open file, so it ends with its holder however that ends. The file says who
//! holds it. What it says after a crash is stale, and is replaced by the next holder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use isoflop_base::Diagnostic;
use serde::{Deserialize, Serialize};

/// A held lock; letting it go frees the folder.
#[derive(Debug)]
pub struct Lock {
    file: File,
    /// The holder before, when it ended without letting go.
    pub stale: Option<Holder>,
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Process number.
    pub pid: u32,
    /// Machine.
    pub host: String,
}

impl Holder {
    fn own() -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        Self {
            pid: std::process::id(),
            host: host.trim().to_owned(),
        }
    }
}

const FILE: &str = "lock";

impl Lock {
    /// Takes the lock of a folder.
    ///
    /// # Errors
    ///
    /// `locked`, with who holds it; `cannot-write`.
    pub fn take(folder: &Path) -> Result<Self, Diagnostic> {
        let path = folder.join(FILE);
        let fault = |e: &std::io::Error| {
            Diagnostic::error(
                "cannot-write",
                format!("{} cannot be locked: {e}", path.display()),
            )
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| fault(&e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(locked(folder, said(&mut file).as_ref())),
            Err(TryLockError::Error(e)) => return Err(fault(&e)),
        }
        let stale = said(&mut file);
        let own = serde_json::to_string(&Holder::own()).expect("a holder is plain data");
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(own.as_bytes()))
            .map_err(|e| fault(&e))?;
        Ok(Self { file, stale })
    }

    /// Who works on a folder now.
    #[must_use]
    pub fn holder(folder: &Path) -> Option<Holder> {
        let mut file = File::open(folder.join(FILE)).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => said(&mut file),
            _ => None,
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // An empty file says that the lock was let go in good order; the lock itself ends with the file.
        let _ = self.file.set_len(0);
    }
}

fn said(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn locked(folder: &Path, holder: Option<&Holder>) -> Diagnostic {
    let who = holder.map_or_else(
        || "another process".to_owned(),
        |h| format!("process {} on {}", h.pid, h.host),
    );
    Diagnostic::error(
        "locked",
        format!("{} is worked on by {who}", folder.display()),
    )
    .help("`isoflop ladder status` shows how far it is; wait for it, or stop it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_a_lock_and_a_stale_one_is_recovered() {
        let folder = std::env::temp_dir().join(format!("isoflop-lock-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        assert_eq!(Lock::holder(&folder), None);
        {
            let first = Lock::take(&folder).unwrap();
            assert_eq!(first.stale, None);
            let fault = Lock::take(&folder).unwrap_err();
            assert_eq!(fault.code, "locked");
            assert!(fault.message.contains(&std::process::id().to_string()));
            assert_eq!(
                Lock::holder(&folder).map(|h| h.pid),
                Some(std::process::id())
            );
        }
        assert_eq!(Lock::take(&folder).unwrap().stale, None);
        // A holder that was killed leaves its name.
        std::fs::write(folder.join(FILE), "{\"pid\": 1, \"host\": \"gone\"}").unwrap();
        assert_eq!(Lock::holder(&folder), None);
        assert_eq!(
            Lock::take(&folder).unwrap().stale.clone().map(|h| h.host),
            Some("gone".to_owned())
        );
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
