//! Results for people: one function a result.

mod backup;
mod backups;
mod differences;
mod doctor;
mod drill;
mod findings;
mod fingerprint;
mod history;
mod load;
mod migration_plan;
mod migration_runs;
mod pool;
mod queries;
pub(crate) mod rehearsal;
mod status;
mod verification;

pub use backup::{backup_plan, backup_report};
pub use backups::{backup_check, backup_list};
pub use doctor::checks;
pub use drill::drill_report;
pub use findings::findings;
pub use fingerprint::{comparison, fingerprint, rows_that_differ};
pub use history::{PastDrills, drill_list};
pub use migration_plan::migration_plan;
pub use migration_runs::{applied, apply_preview, migration_runs};
pub use pool::{pool_findings, pool_size, pool_status};
pub use queries::queries;
pub use rehearsal::rehearsal;
pub use status::server_status;
pub use verification::verification;
