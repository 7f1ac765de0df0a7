//! What happens during a drill: the only path from the engine to a face.

use std::fmt;

use serde::Serialize;

use crate::alert::Delivery;
use crate::backup::Backup;
use crate::drill::report::{Stage, StageReport, ValidationReport};
use crate::finding::Finding;
use crate::restore::LoadEvent;

/// What happens during a drill: the only path from the engine to a face.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A stage begins.
    StageStarted {
        /// The stage.
        stage: Stage,
        /// What it works on.
        detail: String,
    },
    /// A stage ended.
    StageFinished {
        /// The stage, with its time.
        report: StageReport,
    },
    /// The backup is known: how many bytes there are to read.
    BackupFound {
        /// The backup.
        backup: Backup,
    },
    /// Something of the load.
    Load(LoadEvent),
    /// A check ended.
    Validated {
        /// What it came to.
        report: ValidationReport,
    },
    /// Something was found.
    Found {
        /// The finding.
        finding: Finding,
    },
    /// An alert was delivered, or not.
    Delivered {
        /// How it ended.
        delivery: Delivery,
    },
}

/// Who watches a drill. Calls must not block.
pub trait Observer: fmt::Debug + Send + Sync {
    /// Called for each event, in order.
    fn on_event(&self, event: &Event);
}

/// An observer that watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn on_event(&self, _: &Event) {}
}
