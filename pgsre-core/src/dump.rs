//! Taking a backup: the dump, what the database held at its very snapshot, and the manifest.
//!
//! A [`BackupJob`] lets `pg_dump` and a [`Fingerprint`](crate::Fingerprint) work in one snapshot,
//! streams the dump into a [`BackupDestination`], saves the roles and other globals beside it, and
//! writes the [`Manifest`](crate::Manifest) last. What fails leaves nothing that is listed as a
//! backup.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::fingerprint::Level;
use crate::postgres::ConnectConfig;
use crate::source::BackupDestination;

mod clean;
mod compress;
mod digest;
mod directory;
mod error;
mod event;
mod globals;
mod name;
mod plan;
mod program;
mod removal;
mod report;
pub mod retention;
mod run;
mod single;
mod steps;
mod verify;

pub use compress::Compress;
pub use error::{DumpError, DumpErrorKind};
pub use event::{BackupEvent, BackupObserver, BackupStep, Unobserved};
pub use name::BackupName;
pub use plan::BackupPlan;
pub use report::{BackupOutcome, BackupReport, FingerprintSummary, Removed};
pub use retention::Retention;

/// How a dump is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DumpFormat {
    /// `pg_dump -Fc`: one object, restored in parallel.
    #[default]
    Custom,
    /// `pg_dump -Fd`: one object a table, dumped and restored in parallel. `pg_dump` writes it to
    /// this machine's disk first.
    Directory,
    /// SQL text.
    Plain,
}

/// A backup to be taken: of what, to where, and how.
///
/// Building one touches nothing. The same job can be planned and run many times.
///
/// ```no_run
/// use std::sync::Arc;
/// use pgsre_core::dump::{BackupJob, BackupOutcome, Unobserved};
/// use pgsre_core::postgres::ConnectConfig;
/// use pgsre_core::source::ObjectStoreSource;
/// use tokio_util::sync::CancellationToken;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = ConnectConfig::parse("postgres://backup@db1/shop")?;
/// let destination = ObjectStoreSource::parse_destination("s3://acme-backups/shop/")?;
/// let job = BackupJob::new(config, Arc::new(destination)).with_verification(true);
///
/// let cancel = CancellationToken::new();
/// let plan = job.plan(&cancel).await?;
/// let report = job.run(plan, &Unobserved, &cancel).await;
/// assert_eq!(report.outcome, BackupOutcome::Done);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct BackupJob {
    config: ConnectConfig,
    destination: Arc<dyn BackupDestination>,
    format: DumpFormat,
    compress: Option<Compress>,
    jobs: usize,
    level: Option<Level>,
    globals: bool,
    verify: bool,
    timeout: Option<Duration>,
    retention: Retention,
    proved: BTreeSet<String>,
    programs: Option<PathBuf>,
    clock: fn() -> Timestamp,
}

impl BackupJob {
    /// A backup of the database that `config` names, in the custom format, with its contents hashed
    /// and its globals beside it. Nothing older is removed.
    pub fn new(config: ConnectConfig, destination: Arc<dyn BackupDestination>) -> Self {
        Self {
            config: config.with_application_name("pgsre backup"),
            destination,
            format: DumpFormat::default(),
            compress: None,
            jobs: 2,
            level: Some(Level::Content),
            globals: true,
            verify: false,
            timeout: None,
            retention: Retention::default(),
            proved: BTreeSet::new(),
            programs: None,
            clock: Timestamp::now,
        }
    }

    /// Lays the dump out like this.
    #[must_use]
    pub fn with_format(mut self, format: DumpFormat) -> Self {
        self.format = format;
        self
    }

    /// Lets `pg_dump` compress like this; by default as it does by itself, and SQL text with gzip.
    #[must_use]
    pub fn with_compression(mut self, compress: Compress) -> Self {
        self.compress = Some(compress);
        self
    }

    /// Connections that read at the same time for the fingerprint, and for a dump in the directory
    /// format as many again; from 1, by default 2.
    #[must_use]
    pub fn with_jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.max(1);
        self
    }

    /// Looks this closely at what the database holds; `None` for a manifest without it, which can
    /// only say that the backup's bytes are those that were written.
    #[must_use]
    pub fn with_level(mut self, level: Option<Level>) -> Self {
        self.level = level;
        self
    }

    /// Whether roles, their memberships and tablespaces are saved beside the dump. They hold the
    /// hashes of passwords, where the role that dumps may read those.
    #[must_use]
    pub fn with_globals(mut self, globals: bool) -> Self {
        self.globals = globals;
        self
    }

    /// Whether the backup is read back from the destination and compared before it counts.
    #[must_use]
    pub fn with_verification(mut self, verify: bool) -> Self {
        self.verify = verify;
        self
    }

    /// The longest that taking the backup may last.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// Removes older backups of the same database by these rules, once the new one is complete.
    /// `proved` holds the keys of backups that a drill restored with success: the newest of them
    /// stays in any case. The last segment of a key is what counts.
    #[must_use]
    pub fn with_retention(mut self, retention: Retention, proved: BTreeSet<String>) -> Self {
        self.retention = retention;
        self.proved = proved;
        self
    }

    /// Takes `pg_dump` and `pg_dumpall` from this directory, whatever else is installed.
    #[must_use]
    pub fn with_programs(mut self, directory: impl Into<PathBuf>) -> Self {
        self.programs = Some(directory.into());
        self
    }

    /// Takes the time from this clock instead of the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: fn() -> Timestamp) -> Self {
        self.clock = clock;
        self
    }
}
