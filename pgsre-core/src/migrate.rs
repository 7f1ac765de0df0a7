//! Schema changes: what a statement really does to tables in use.
//!
//! ```
//! use pgsre_core::migrate::Linter;
//!
//! let mut linter = Linter::new(17);
//! linter.file("1.sql", "create table orders (id bigint primary key, note varchar(10));");
//! let file = linter.file("2.sql", "alter table orders alter note type varchar(5);");
//! assert_eq!(file.statements[0].rewrites, ["orders"]);
//! assert_eq!(file.statements[0].hazards[0].rule, "table-rewrite");
//! ```

mod apply;
mod backfill;
mod error;
mod event;
mod expression;
mod facts;
mod hold;
mod lint;
mod parse;
mod plan;
pub mod rehearse;
mod rules;
mod schema;
mod state;
pub mod statement;
mod throttle;
mod transaction;
mod types;
mod watched;
mod words;

pub use apply::{
    APPLY_SCHEMA, AppliedStep, Apply, ApplyEnding, ApplyPreview, ApplyReport, Hook, Obstacle,
    Patience, under_way,
};
pub use backfill::{Backfill, BackfillPlan, BackfillReport, Ending, Pace, PlannedPart};
pub use error::{ApplyError, ApplyErrorKind};
pub use event::{ApplyEvent, ApplyObserver, Batch, Blocker, Unwatched};
pub use facts::{Facts, LockMode};
pub use lint::{Baseline, Hazard, KnownHazard, LintedFile, LintedStatement, Linter, Lock};
pub use parse::parse;
pub use plan::{Assignment, PLAN_SCHEMA, Plan, Step, Work};
pub use rehearse::{Rehearsal, RehearsalReport};
pub use rules::{Kind, RULES, Rule};
pub use schema::{Schema, Size};
pub use state::{BackfillStatus, RunStatus, Wanted, runs, steer};
pub use throttle::{
    ActiveSessions, ArchiverQueue, Autovacuum, BlockedSessions, FlagFile, OldestXmin, ReplicaLag,
    Signal, Throttle, ThrottleContext, UserQuery, WalRate,
};
pub use transaction::runs_in_transaction;
