//! Judging a restored database: the [`Validator`] seam.
//!
//! A validator looks at one thing. `Ok` says something about the backup, `Err` says that the check
//! could not run; the second, and a check that examined nothing, keep a drill from passing.

use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::backup::Backup;
use crate::finding::{Finding, FindingCode, Severity};
use crate::fingerprint::Comparison;
use crate::manifest::Manifest;
use crate::postgres::{Database, PostgresError};
use crate::restore::{DatabaseLoad, LoadReport};

mod catalogue;
mod count;
mod declared_objects;
#[cfg(test)]
mod fixture;
mod floors;
mod freshness;
mod large_objects;
mod live_rows;
mod manifest_match;
mod materialized_views;
mod physical;
mod rows_loaded;
mod sequences;
mod shrinkage;
mod sql_assertion;
mod table_pattern;

pub use declared_objects::DeclaredObjects;
pub use floors::Floors;
pub use freshness::{EpochUnit, Freshness};
pub use large_objects::LargeObjects;
pub use live_rows::{LiveRows, RowTolerance};
pub use manifest_match::ManifestMatch;
pub use materialized_views::MaterializedViews;
pub use physical::PhysicalSoundness;
pub use rows_loaded::RowsLoaded;
pub use sequences::Sequences;
pub use shrinkage::{MAX_TABLE_SHRINK, PreviousTables, TableShrinkage};
pub use sql_assertion::{Expectation, SqlAssertion};
pub use table_pattern::TablePattern;

/// The checks that suit every backup: what needs no live server and no configuration.
///
/// Add [`LiveRows`] where there is a live database to compare with, [`Freshness`] and
/// [`SqlAssertion`] for what only the data's owner can know.
#[must_use]
pub fn default_validators() -> Vec<Box<dyn Validator>> {
    vec![
        Box::new(RowsLoaded::default()),
        Box::new(Floors::default()),
        Box::new(DeclaredObjects),
        Box::new(Sequences),
        Box::new(LargeObjects),
        Box::new(MaterializedViews),
        Box::new(ManifestMatch),
        Box::new(PhysicalSoundness::default()),
    ]
}

/// A check of one restored database.
#[async_trait]
pub trait Validator: Debug + Send + Sync + 'static {
    /// A short name, as reports have it.
    fn name(&self) -> &str;

    /// Whether the check compares with a live database: then it is run only where there is one to
    /// compare with, or where there should be one.
    fn needs_live(&self) -> bool {
        false
    }

    /// Whether the check compares with the manifest beside the backup: then it is run only where
    /// there is one.
    fn needs_manifest(&self) -> bool {
        false
    }

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
    /// What the backup must restore to, where a manifest lies beside it.
    pub manifest: Option<&'a Manifest>,
    /// Sessions that a check may use at the same time, from 1.
    pub jobs: usize,
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
    /// A context of what is always there; the live database and the manifest are added by their fields.
    #[must_use]
    pub fn new(
        restored: &'a Database,
        load: &'a DatabaseLoad,
        report: &'a LoadReport,
        backup: &'a Backup,
        now: Timestamp,
        cancel: &'a CancellationToken,
    ) -> Self {
        Self { restored, live: None, manifest: None, jobs: 1, load, report, backup, now, cancel }
    }

    /// Whether the archive is SQL of another origin than `pg_dump`: statements of any kind may
    /// then undo what earlier ones declared, so an absence proves nothing.
    fn is_untrailed(&self) -> bool {
        self.report.archive.as_ref().is_some_and(|archive| !archive.unproved.is_empty())
    }

    /// Whether the place lacked something that the backup needs, or the backup is a part of one: an
    /// absence may then be its consequence.
    fn environment_failed(&self) -> bool {
        self.report.findings.iter().any(|finding| {
            finding.code.is_inconclusive()
                && finding.code != FindingCode::EnvironmentCollation
                && finding.severity >= Severity::Warning
        })
    }

    /// Whether the backup holds several databases, some of which may well be empty.
    fn is_cluster(&self) -> bool {
        self.report.databases.len() > 1
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
    /// What a comparison with a manifest came to, as data.
    pub comparison: Option<Comparison>,
    /// What else there is to show on the page of the evidence.
    pub sections: Vec<Section>,
}

/// A table that a check shows on the page of the evidence, with sentences below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// The headings of its columns.
    pub columns: Vec<String>,
    /// A cell for each column, in plain text.
    pub rows: Vec<Vec<String>>,
    /// Sentences in plain text.
    pub notes: Vec<String>,
}

impl Validation {
    /// A check that looked at `examined` things and found nothing wrong.
    pub fn sound(examined: u64) -> Self {
        Self { examined, ..Self::default() }
    }

    /// A check of things that a database may well have none of.
    fn of_optional(examined: u64) -> Self {
        Self { examined, nothing_to_examine: examined == 0, ..Self::default() }
    }

    /// Damage and a legitimate state look the same: a warning that keeps the drill from passing.
    fn doubt(&mut self, mut finding: Finding) {
        finding.severity = Severity::Warning;
        self.unproved.push(format!("{}: {}", finding.subject, finding.message));
        self.findings.push(finding);
    }

    /// Takes a finding over, as a doubt where `doubtful`.
    fn report(&mut self, finding: Finding, doubtful: bool) {
        if doubtful {
            self.doubt(finding);
        } else {
            self.findings.push(finding);
        }
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

    /// The SQLSTATE, where a server answered with one.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        let error = self.cause.as_ref()?.downcast_ref::<tokio_postgres::Error>()?;
        Some(error.code()?.code())
    }
}

impl From<PostgresError> for ValidatorError {
    fn from(error: PostgresError) -> Self {
        let (context, cause) = error.into_parts();
        Self { context, cause }
    }
}
