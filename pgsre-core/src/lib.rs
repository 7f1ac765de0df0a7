//! PostgreSQL reliability as a library: *backups don't matter, restores do*.
//!
//! `pgsre-core` proves that a backup restores. A [`Drill`] finds the newest backup in a
//! [`BackupSource`], reads it strictly, restores it into a throw-away [`RestoreTarget`], judges the
//! result with [`Validator`]s, cleans up, and tells somebody through an [`Alerter`]. Nothing that is
//! wrong with a backup may end in [`Verdict::Passed`], and a sound backup may not end in
//! [`Verdict::Failed`]; what cannot be judged is [`Verdict::Inconclusive`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use pgsre_core::drill::Unobserved;
//! use pgsre_core::finding::FindingCode;
//! use pgsre_core::restore::EphemeralCluster;
//! use pgsre_core::source::ObjectStoreSource;
//! use pgsre_core::{Drill, DrillRequest, Verdict};
//! use tokio_util::sync::CancellationToken;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! // A place where backups lie: a path, or a URL such as s3://bucket/prefix/. This one is empty.
//! let source = Arc::new(ObjectStoreSource::memory());
//! let drill = Drill::new(source, Arc::new(EphemeralCluster::new()));
//!
//! // A plan touches nothing; a run always ends in a report.
//! let plan = drill.plan(&DrillRequest::default()).await?;
//! let report = drill.run(plan, &Unobserved, &CancellationToken::new()).await;
//!
//! assert_eq!(report.verdict, Verdict::Failed);
//! assert_eq!(report.findings[0].code, FindingCode::SourceNone);
//! # Ok::<_, pgsre_core::drill::PlanError>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! The examples of the repository show a first drill, a validator of your own and an alerter of your
//! own. Features: `s3` and `webhook` by default; `gcs`, `azure`, `mail`, `history`, `migrate` and
//! `dashboard` on demand; local files always work.

pub mod alert;
pub mod archive;
pub mod backup;
pub mod dashboard;
pub mod drill;
pub mod dump;
pub mod durable;
pub mod finding;
pub mod fingerprint;
pub mod forecast;
pub mod history;
pub mod manifest;
#[cfg(feature = "migrate")]
pub mod migrate;
pub mod monitor;
pub mod pooler;
pub mod postgres;
pub mod queries;
pub mod restore;
pub mod source;
pub mod validate;
pub mod watch;

pub use alert::{Alert, Alerter};
pub use backup::Backup;
pub use drill::{Drill, DrillPlan, DrillReport, DrillRequest};
pub use dump::{BackupJob, BackupReport};
pub use finding::{Finding, FindingCode, Severity, Verdict};
pub use fingerprint::Fingerprint;
pub use manifest::Manifest;
pub use postgres::Database;
pub use restore::{RestoreSession, RestoreTarget};
pub use source::{BackupDestination, BackupSource, BackupSourceExt};
pub use validate::{Validation, ValidationContext, Validator, ValidatorError};
