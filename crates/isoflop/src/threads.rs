//! How many threads a fit may use. Results do not depend on it.

use isoflop_base::Diagnostic;

/// Sets the number of threads of this process; 0 takes one per core. Call it once, before the first fit.
///
/// # Errors
///
/// `threads-already-set` when threads were started before.
pub fn set_threads(threads: usize) -> Result<(), Diagnostic> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|e| {
            Diagnostic::error(
                "threads-already-set",
                format!("the number of threads cannot be changed any more: {e}"),
            )
        })
}
