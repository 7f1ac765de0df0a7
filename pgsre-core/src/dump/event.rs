//! What happens while a backup is taken: the only path from the engine to a face.

use std::fmt;

use crate::fingerprint::FingerprintEvent;

/// A step of taking a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BackupStep {
    /// The dump is written, and the fingerprint taken beside it.
    Dump,
    /// The members of a dump in the directory format are uploaded.
    Upload,
    /// Roles and other globals are saved.
    Globals,
    /// What was written is read back.
    Verify,
    /// The manifest is written: from here on the backup counts.
    Manifest,
    /// Older backups are removed.
    Retention,
    /// What a failed backup left is removed.
    Cleanup,
}

impl BackupStep {
    /// The step's name as a face shows it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dump => "dump",
            Self::Upload => "upload",
            Self::Globals => "globals",
            Self::Verify => "verify",
            Self::Manifest => "manifest",
            Self::Retention => "retention",
            Self::Cleanup => "cleanup",
        }
    }
}

/// What happens while a backup is taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BackupEvent {
    /// A step begins.
    Started {
        /// The step.
        step: BackupStep,
        /// What it works on.
        detail: String,
    },
    /// Bytes went by: of the dump, of an upload, or of what is read back.
    Bytes {
        /// How many since the last such event.
        bytes: u64,
    },
    /// Something of the fingerprint.
    Fingerprint(FingerprintEvent),
    /// Something to know that does not spoil the backup.
    Warning(String),
}

/// Who watches a backup being taken. Calls must not block.
pub trait BackupObserver: fmt::Debug + Send + Sync {
    /// Called for each event.
    fn on_event(&self, event: &BackupEvent);
}

/// An observer that watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl BackupObserver for Unobserved {
    fn on_event(&self, _: &BackupEvent) {}
}
