//! What goes to a sink in one message, and how that ended.

use std::time::Duration;

use crate::alert::Alert;

/// Alerts that are told in one message.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub(super) alerts: Vec<Alert>,
    pub(super) what: What,
    /// How often the sink failed since it last took something.
    pub(super) failures: u32,
}

/// Where a batch came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Alerts that wait, by their number.
    News(Vec<u64>),
    /// What still fires.
    Repeat,
    /// What was merged because too much waited.
    Merged,
}

impl Batch {
    pub(super) fn is_repeat(&self) -> bool {
        self.what == What::Repeat
    }
}

/// How an attempt to tell a batch ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    Told,
    /// Refused together: each is to be told by itself.
    Apart,
    /// Refused for good.
    Refused(String),
    /// To be tried again after a pause.
    Waits {
        error: String,
        pause: Duration,
    },
}
