//! Processes whose clock is wrong.

use std::path::Path;

/// The variables by which a process reads a clock that is wrong by so much.
///
/// # Panics
/// Where the library is missing: `tests/run.sh` installs it.
#[must_use]
pub fn clock_off(by: &'static str) -> [(&'static str, &'static str); 3] {
    let library = ["x86_64", "aarch64"]
        .map(|machine| format!("/usr/lib/{machine}-linux-gnu/faketime/libfaketime.so.1"))
        .into_iter()
        .find(|library| Path::new(library).exists())
        .expect("no libfaketime here: run tests/run.sh --parts");
    // A few bytes that live as long as the tests.
    [("LD_PRELOAD", library.leak()), ("FAKETIME", by), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")]
}
