//! What a run will do: everything is looked at and nothing is written.

use tokio_util::sync::CancellationToken;

use super::program;
use super::retention::{Candidate, Decision, decide};
use super::{BackupJob, BackupName, Compress, DumpError};
use crate::backup::Backup;
use crate::postgres::{
    ClientProgram, ConnectConfig, Database, PostgresError, PostgresErrorKind, ServerVersion,
};
use crate::source::{BackupSourceExt, SourceErrorKind};

const STATE: &str = "\
    SELECT pg_catalog.pg_is_in_recovery(), \
           pg_catalog.pg_database_size(pg_catalog.current_database()), \
           pg_catalog.current_database()::pg_catalog.text, \
           pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT'), \
           ARRAY(SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) \
                   FROM pg_catalog.pg_class AS c \
                   JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
                  WHERE c.relpersistence = 'u' AND c.relkind IN ('r', 'p'))";

/// What a run will do.
#[derive(Clone, Debug)]
pub struct BackupPlan {
    /// The server's version.
    pub server: ServerVersion,
    /// Whether it is a standby.
    pub standby: bool,
    /// Bytes of the database on the server's disk.
    pub database_bytes: u64,
    /// The program that will dump.
    pub program: ClientProgram,
    /// The key of the backup; a later one where somebody takes it in the meantime.
    pub key: String,
    /// What will become of older backups, the new one first; empty where there are no rules.
    pub retention: Vec<Decision>,
    /// What is to be known, in sentences.
    pub warnings: Vec<String>,
    pub(super) name: BackupName,
    /// The one server that everything connects to.
    pub(super) config: ConnectConfig,
    /// The argument for `pg_dump`.
    pub(super) compress: Option<String>,
    /// Whether roles are saved with their passwords.
    pub(super) reads_passwords: bool,
    /// Tables whose rows a standby does not have, as SQL names them.
    pub(super) unlogged: Vec<String>,
}

impl BackupJob {
    /// Connects, chooses `pg_dump`, lists the destination and decides what is to be removed. Writes
    /// nothing: a dry run ends here. Cancel safe.
    ///
    /// # Errors
    /// Where the database cannot be reached, where no fitting `pg_dump` is installed, and where the
    /// destination cannot be listed although older backups are to be removed.
    pub async fn plan(&self, cancel: &CancellationToken) -> Result<BackupPlan, DumpError> {
        let planned = cancel.run_until_cancelled(self.look()).await;
        planned.unwrap_or_else(|| Err(super::steps::cancelled()))
    }

    async fn look(&self) -> Result<BackupPlan, DumpError> {
        let database = self.connect().await?;
        let state = State::of(&database).await.map_err(DumpError::from)?;
        database.close();
        let server = database.version();
        let program = program::pg_dump(self.programs.clone(), server).await?;
        let compress = Compress::argument(self.compress, self.format, program.version())?;
        let mut warnings: Vec<String> = database.config().warnings().to_vec();
        let listed = self.listed(&mut warnings).await?;
        let name = self.free_name(&state.name, &listed);
        Ok(BackupPlan {
            server,
            standby: state.standby,
            database_bytes: state.bytes,
            program,
            key: name.key(self.format, self.compress),
            retention: self.decisions(&name, &listed),
            warnings,
            name,
            config: database.config().clone(),
            compress,
            reads_passwords: state.reads_passwords,
            unlogged: state.unlogged,
        })
    }

    /// Connects to the first server that will do, and to no other.
    pub(super) async fn connect(&self) -> Result<Database, DumpError> {
        let mut last = None;
        for config in self.config.each_server() {
            match Database::connect(config).await {
                Ok(database) => return Ok(database),
                Err(error) if error.is_transient() => last = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        let nowhere = || PostgresError::new(PostgresErrorKind::Invalid, "no server is named");
        Err(last.unwrap_or_else(nowhere).into())
    }

    /// The backups at the destination. Who only takes backups need not be allowed to list them, and
    /// a place that is not there yet holds none.
    pub(super) async fn listed(
        &self,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<Backup>, DumpError> {
        match self.destination.all().await {
            Ok(listed) => Ok(listed),
            Err(error) if error.kind() == SourceErrorKind::NotFound => Ok(Vec::new()),
            Err(error) if error.kind() == SourceErrorKind::Denied && self.retention.keeps_all() => {
                warnings.push(format!("{} may not be listed", self.destination));
                Ok(Vec::new())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A name of this second, or of the first later one that is free.
    fn free_name(&self, database: &str, listed: &[Backup]) -> BackupName {
        let mut name = BackupName::new(database, (self.clock)());
        while listed.iter().any(|backup| BackupName::of_key(&backup.key).as_ref() == Some(&name)) {
            name = name.later();
        }
        name
    }

    /// What becomes of the backups of this family when the new one is there.
    pub(super) fn decisions(&self, name: &BackupName, listed: &[Backup]) -> Vec<Decision> {
        if self.retention.keeps_all() {
            return Vec::new();
        }
        let ours = listed.iter().filter_map(|backup| candidate(name, backup));
        let new = Candidate { key: name.key(self.format, self.compress), taken: name.taken() };
        let older = ours.filter(|candidate| candidate.key != new.key);
        decide(&self.retention, older.chain([new.clone()]).collect(), &self.proved)
    }
}

/// A backup of the same database that pgsre took: its name says so, and its manifest proves it.
/// Whatever else lies there is not ours to remove.
fn candidate(name: &BackupName, backup: &Backup) -> Option<Candidate> {
    backup.manifest.as_ref()?;
    let own = BackupName::of_key(&backup.key)?;
    let is_ours = own.family() == name.family();
    is_ours.then(|| Candidate { key: backup.key.clone(), taken: own.taken() })
}

struct State {
    standby: bool,
    bytes: u64,
    name: String,
    reads_passwords: bool,
    unlogged: Vec<String>,
}

impl State {
    async fn of(database: &Database) -> Result<Self, PostgresError> {
        let session = database.session().await?;
        let row = session.query_one(STATE, &[]).await?;
        session.close().await;
        Ok(Self {
            standby: row.try_get(0)?,
            bytes: row.try_get::<_, i64>(1)?.unsigned_abs(),
            name: row.try_get(2)?,
            reads_passwords: row.try_get(3)?,
            unlogged: row.try_get(4)?,
        })
    }
}
