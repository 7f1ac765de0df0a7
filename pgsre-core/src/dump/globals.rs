//! Roles, their memberships and tablespaces: what `pg_dump` leaves out.

use tokio_util::sync::CancellationToken;

use super::single::Output;
use super::steps::Part;
use super::{BackupJob, BackupObserver, BackupPlan, DumpError, DumpErrorKind};
use crate::postgres::Running;

/// Behind the key of the backup that they were saved with.
pub(super) const SUFFIX: &str = ".globals.sql";

/// Saves them beside the backup. Without the right to read `pg_authid` they are saved without the
/// hashes of passwords.
pub(super) async fn save(
    job: &BackupJob,
    plan: &BackupPlan,
    key: &str,
    observer: &dyn BackupObserver,
    stop: &CancellationToken,
) -> Result<Part, DumpError> {
    let program = plan.program.sibling("pg_dumpall").ok_or_else(|| {
        let directory = plan.program.path().with_file_name("");
        let context = format!("pg_dumpall is not in {}", directory.display());
        DumpError::new(DumpErrorKind::Unsupported, context)
    })?;
    let mut arguments = vec![
        "--globals-only".to_owned(),
        "--no-password".to_owned(),
        format!("--database={}", plan.config.database()),
    ];
    if !plan.reads_passwords {
        arguments.push("--no-role-passwords".to_owned());
    }
    let output = Output {
        running: Running::start(program.path(), &arguments, &plan.config)?,
        program: "pg_dumpall",
        destination: &*job.destination,
        key: &format!("{key}{SUFFIX}"),
        about: None,
        observer,
    };
    output.write(stop).await
}
