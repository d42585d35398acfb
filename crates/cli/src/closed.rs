//! Whether standard output was closed when the program was started (`>&-`). Rust opens the null device in its place before
//! `main`, and from then on a result that nobody will see looks like one that was written.

use std::sync::atomic::{AtomicBool, Ordering};

static CLOSED: AtomicBool = AtomicBool::new(false);

/// Looks before anything else runs; where the system lists no open files, nothing is known to be closed.
#[ctor::ctor]
fn look() {
    let open = std::fs::symlink_metadata("/proc/self/fd/1").is_ok();
    let listed = std::fs::symlink_metadata("/proc/self/fd").is_ok();
    CLOSED.store(listed && !open, Ordering::Relaxed);
}

/// Whether nothing that is printed arrives anywhere.
pub(crate) fn stdout_is_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}
