//! `pgsre backup --dry-run`: the plan, and nothing else.

use pgsre_core::dump::BackupPlan;
use pgsre_core::dump::retention::Decision;
use pgsre_core::fingerprint::Level;
use serde::Serialize;

use super::Settings;

/// The JSON of a plan.
#[derive(Clone, Debug, Serialize)]
pub struct Preview {
    /// The version of this shape: 1.
    pub schema: u32,
    /// Always true: nothing was done.
    pub dry_run: bool,
    /// The key that the backup would have.
    pub key: String,
    /// The server's version.
    pub server_version: String,
    /// Whether it is a standby.
    pub standby: bool,
    /// Bytes of the database on the server's disk.
    pub database_bytes: u64,
    /// The program that would dump, as it names itself.
    pub dumped_by: String,
    /// Where that program lies.
    pub program: String,
    /// How closely the database would be looked at.
    pub level: Option<Level>,
    /// What would become of the backups of this database, newest first.
    pub retention: Vec<Decision>,
    /// What is to be known, in sentences.
    pub warnings: Vec<String>,
}

impl Preview {
    pub(super) fn of(settings: &Settings, plan: &BackupPlan) -> Self {
        Self {
            schema: 1,
            dry_run: true,
            key: plan.key.clone(),
            server_version: plan.server.to_string(),
            standby: plan.standby,
            database_bytes: plan.database_bytes,
            dumped_by: plan.program.described().to_owned(),
            program: plan.program.path().display().to_string(),
            level: settings.level(),
            retention: plan.retention.clone(),
            warnings: plan.warnings.clone(),
        }
    }
}
