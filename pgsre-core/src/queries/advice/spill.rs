//! Sorts and hashes that do not fit into memory.

use super::{Advice, AdviceKind, size};
use crate::queries::window::QueryWindow;

/// Less than this in a window is not worth a word.
const LEAST_BYTES: f64 = 1e6;

pub(super) fn advice(query: &QueryWindow, block_size: f64) -> Option<Advice> {
    let counted = &query.counted;
    let written = counted.temporary_written as f64 * block_size;
    if written < LEAST_BYTES || counted.calls == 0 {
        return None;
    }
    let a_call = written / counted.calls as f64;
    Some(Advice {
        kind: AdviceKind::Spill,
        query: Some(query.key),
        message: format!(
            "writes {} of temporary files a call, {} in the window",
            size(a_call),
            size(written)
        ),
        fix: "raise work_mem for this role or transaction (SET LOCAL work_mem = …) to some times \
              that, or sort and join fewer rows"
            .to_owned(),
        evidence: [
            ("temporary_bytes", written),
            ("temporary_bytes_per_call", a_call),
            ("calls", counted.calls as f64),
        ]
        .into(),
    })
}
