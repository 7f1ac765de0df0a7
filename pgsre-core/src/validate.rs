//! Judging a restored database: the [`Validator`] seam.
//!
//! A validator looks at one thing. `Ok` says something about the backup, `Err` says that the check
//! could not run; the second, and a check that examined nothing, keep a drill from passing.

use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::backup::Backup;
use crate::finding::Finding;
use crate::postgres::Database;
use crate::restore::{DatabaseLoad, LoadReport};

/// A check of one restored database.
#[async_trait]
pub trait Validator: Debug + Send + Sync + 'static {
    /// A short name, as reports have it.
    fn name(&self) -> &str;

    /// Runs the check.
    ///
    /// # Errors
    /// Where the check could not run, which says nothing about the backup.
    async fn validate(&self, cx: &ValidationContext<'_>) -> Result<Validation, ValidatorError>;
}

/// What a validator may look at.
#[derive(Debug)]
#[non_exhaustive]
pub struct ValidationContext<'a> {
    /// The restored database.
    pub restored: &'a Database,
    /// The live database to compare with, where one was named.
    pub live: Option<&'a Database>,
    /// What was loaded into this database.
    pub load: &'a DatabaseLoad,
    /// What the whole load did.
    pub report: &'a LoadReport,
    /// The backup.
    pub backup: &'a Backup,
    /// The time that ages are measured against.
    pub now: Timestamp,
    /// Stops the check.
    pub cancel: &'a CancellationToken,
}

impl<'a> ValidationContext<'a> {
    /// A context of what is always there; the live database is added by its field.
    #[must_use]
    pub fn new(
        restored: &'a Database,
        load: &'a DatabaseLoad,
        report: &'a LoadReport,
        backup: &'a Backup,
        now: Timestamp,
        cancel: &'a CancellationToken,
    ) -> Self {
        Self { restored, live: None, load, report, backup, now, cancel }
    }
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Validation {
    /// How many things were looked at: tables, objects, rows, whatever the check counts.
    pub examined: u64,
    /// What is wrong, or worth knowing.
    pub findings: Vec<Finding>,
    /// What could not be judged, in sentences. Anything here keeps the drill from passing.
    pub unproved: Vec<String>,
    /// Whether looking at nothing is a sound answer: a database that has no sequences has none
    /// that is behind. Otherwise a check that examined nothing keeps the drill from passing.
    pub nothing_to_examine: bool,
}

impl Validation {
    /// A check that looked at `examined` things and found nothing wrong.
    pub fn sound(examined: u64) -> Self {
        Self { examined, ..Self::default() }
    }
}

/// Why a check could not run. `Display` never prints the cause.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct ValidatorError {
    context: String,
    #[source]
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ValidatorError {
    /// An error; `context` says what was attempted, on what.
    pub fn new(context: impl Into<String>) -> Self {
        Self { context: context.into(), cause: None }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_cause(
        mut self,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.cause = Some(cause.into());
        self
    }
}
