//! The restore drill: find the newest backup, read it strictly, restore it, judge it, clean up,
//! tell somebody.
//!
//! [`Drill::plan`] looks without touching anything; [`Drill::run`] carries a plan out and always
//! returns a [`DrillReport`].

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::alert::Dispatcher;
use crate::archive::ReadOptions;
use crate::postgres::ConnectConfig;
use crate::restore::RestoreTarget;
use crate::source::BackupSource;
use crate::source::catalogue::CatalogueRules;
use crate::validate::{
    LiveRows, PreviousTables, RowTolerance, TableShrinkage, Validator, default_validators,
};

mod event;
mod judge;
mod notice;
mod plan;
mod proof;
mod provenance;
mod report;
mod run;
mod steps;

pub use crate::finding::Verdict;
pub use crate::validate::Section;
pub use event::{Event, Observer, Unobserved};
pub use plan::{DrillPlan, PlanError};
pub use proof::{ManifestProof, guarded};
pub use provenance::Provenance;
pub use report::{
    CleanupOutcome, CleanupReport, DrillReport, ObjectivesReport, Stage, StageOutcome, StageReport,
    ValidationReport,
};

/// A restore drill: where backups lie, where to restore them, and what makes one sound.
///
/// Building one touches nothing. The same drill can be planned and run many times.
#[derive(Debug)]
pub struct Drill {
    source: Arc<dyn BackupSource>,
    target: Arc<dyn RestoreTarget>,
    validators: Vec<Box<dyn Validator>>,
    live: Option<ConnectConfig>,
    rules: CatalogueRules,
    read: ReadOptions,
    objectives: Objectives,
    dispatcher: Option<Dispatcher>,
    cleanup_timeout: Duration,
    clock: fn() -> Timestamp,
}

/// What the organisation promised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Objectives {
    /// Recovery time objective: the longest that find, prepare and restore may take together.
    pub rto: Option<Duration>,
    /// Recovery point objective: the oldest that the backup may be.
    pub rpo: Option<Duration>,
}

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

/// How long a clean-up may take before it is given up and reported.
const CLEANUP_TIMEOUT: Duration = Duration::from_secs(60);

impl Drill {
    /// A drill of the backups in `source`, restored to `target`, judged by the
    /// [default validators](default_validators).
    pub fn new(source: Arc<dyn BackupSource>, target: Arc<dyn RestoreTarget>) -> Self {
        Self {
            source,
            target,
            validators: default_validators(),
            live: None,
            rules: CatalogueRules::default(),
            read: ReadOptions::default(),
            objectives: Objectives::default(),
            dispatcher: None,
            cleanup_timeout: CLEANUP_TIMEOUT,
            clock: Timestamp::now,
        }
    }

    /// Judges with these validators in place of the default ones.
    #[must_use]
    pub fn with_validators(mut self, validators: Vec<Box<dyn Validator>>) -> Self {
        self.validators = validators;
        self
    }

    /// Judges with one validator more.
    #[must_use]
    pub fn add_validator(mut self, validator: Box<dyn Validator>) -> Self {
        self.validators.push(validator);
        self
    }

    /// Compares with a live database: `tolerance` says how far it may have moved on.
    #[must_use]
    pub fn with_live(mut self, config: ConnectConfig, tolerance: RowTolerance) -> Self {
        self.live = Some(config);
        self.add_validator(Box::new(LiveRows::new(tolerance)))
    }

    /// Compares with an earlier drill of the same source: a table that lost this part of its rows, from
    /// 0 to 1, is a warning ([`MAX_TABLE_SHRINK`](crate::validate::MAX_TABLE_SHRINK) is usual).
    #[must_use]
    pub fn with_previous(self, previous: &DrillReport, max_table_shrink: f64) -> Self {
        let Some(load) = &previous.load else { return self };
        let tables = PreviousTables::new(previous.started_at, load);
        self.add_validator(Box::new(TableShrinkage::new(tables, max_table_shrink)))
    }

    /// Checks age, size and trend of the backups before one is restored.
    #[must_use]
    pub fn with_catalogue_rules(mut self, rules: CatalogueRules) -> Self {
        self.rules = rules;
        self
    }

    /// Reads the archive with these options.
    #[must_use]
    pub fn with_read_options(mut self, read: ReadOptions) -> Self {
        self.read = read;
        self
    }

    /// Holds the run against these objectives.
    #[must_use]
    pub fn with_objectives(mut self, objectives: Objectives) -> Self {
        self.objectives = objectives;
        self
    }

    /// Tells these sinks how the run ended.
    #[must_use]
    pub fn with_dispatcher(mut self, dispatcher: Dispatcher) -> Self {
        self.dispatcher = Some(dispatcher);
        self
    }

    /// Gives the clean-up another time-out than one minute.
    #[must_use]
    pub fn with_cleanup_timeout(mut self, timeout: Duration) -> Self {
        self.cleanup_timeout = timeout;
        self
    }

    /// Measures ages against this clock instead of the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: fn() -> Timestamp) -> Self {
        self.clock = clock;
        self
    }
}
