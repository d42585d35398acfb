//! Files that are written whole or not at all, whatever ends the program meanwhile.

use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file in one go: beside it first, then under its name, so that a full disk or an interruption leaves
/// the old file as it was. What is no plain file (a pipe, a device) is written as it is.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // The target of a link is replaced, not the link.
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let known = std::fs::metadata(path).ok();
    if known.as_ref().is_some_and(|m| !m.is_file()) {
        return std::fs::write(path, bytes);
    }
    if known.is_some() {
        // A file that must not be written is not replaced either.
        std::fs::OpenOptions::new().write(true).open(path)?;
    }
    let Some(name) = path.file_name() else {
        return std::fs::write(path, bytes);
    };
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.part", std::process::id()));
    let beside = path.with_file_name(beside);
    // Ctrl-C between the two names would leave the first behind.
    let _held = signals::hold();
    let written = std::fs::File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        if let Some(known) = &known {
            file.set_permissions(known.permissions())?;
        }
        file.sync_all()?;
        std::fs::rename(&beside, path)
    });
    if written.is_err() {
        // The first error is the one to report.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

#[cfg(unix)]
mod signals {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, LazyLock};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    /// Whether a signal ends the program at once, and which one came while it did not.
    struct State {
        ends: Arc<AtomicBool>,
        came: Vec<(i32, Arc<AtomicBool>)>,
    }

    static STATE: LazyLock<State> = LazyLock::new(|| {
        let ends = Arc::new(AtomicBool::new(true));
        let came = [SIGINT, SIGTERM, SIGHUP].map(|signal| {
            let came = Arc::new(AtomicBool::new(false));
            // A signal that cannot be caught ends the program as ever.
            let _ = signal_hook::flag::register_conditional_default(signal, Arc::clone(&ends));
            let _ = signal_hook::flag::register(signal, Arc::clone(&came));
            (signal, came)
        });
        State {
            ends,
            came: came.to_vec(),
        }
    });

    /// Signals wait until this is dropped.
    pub struct Held;

    pub fn hold() -> Held {
        STATE.ends.store(false, Ordering::SeqCst);
        Held
    }

    impl Drop for Held {
        fn drop(&mut self) {
            STATE.ends.store(true, Ordering::SeqCst);
            for (signal, came) in &STATE.came {
                if came.load(Ordering::SeqCst) {
                    let _ = signal_hook::low_level::emulate_default_handler(*signal);
                }
            }
        }
    }
}

#[cfg(not(unix))]
mod signals {
    pub fn hold() {}
}
