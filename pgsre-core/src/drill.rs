//! The restore drill: find the newest backup, read it strictly, restore it, judge it, clean up,
//! tell somebody.

use std::time::Duration;

mod event;
mod provenance;
mod report;

pub use event::{Event, Observer, Unobserved};
pub use provenance::Provenance;
pub use report::{
    CleanupOutcome, CleanupReport, DrillReport, Stage, StageOutcome, StageReport, ValidationReport,
    Verdict,
};

/// What one run of a drill is asked for.
#[derive(Clone, Debug)]
pub struct DrillRequest {
    /// The key of the backup; the newest where `None`.
    pub backup: Option<String>,
    /// Connections that may load at the same time, from 1.
    pub jobs: usize,
    /// Leave the restored database where it is.
    pub keep: bool,
    /// The longest that prepare, restore and validate may take together.
    pub timeout: Option<Duration>,
}

impl Default for DrillRequest {
    fn default() -> Self {
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        Self { backup: None, jobs, keep: false, timeout: None }
    }
}
