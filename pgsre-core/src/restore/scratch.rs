//! Restoring into a database of its own on a server that the user names.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::ephemeral::run_directory::{PREFIX, is_older};
use super::loader::{ArchiveItems, Loader, Manner, Place, from_postgres};
use super::{
    LoadReport, RestoreInput, RestoreRequest, RestoreSession, RestoreTarget, RunId, Swept,
    TargetError, TargetErrorKind,
};
use crate::archive::DumpScope;
use crate::finding::{Finding, FindingCode};
use crate::postgres::{ConnectConfig, Database, PostgresErrorKind, Session};

mod create;
mod remove;
mod server;

/// A database `pgsre_drill_…` on a server that is not ours: created for one run, dropped after it.
///
/// Nothing about other databases, roles, tablespaces or subscriptions is ever sent there.
#[derive(Clone, Debug)]
pub struct ScratchDatabase {
    server: ConnectConfig,
}

impl ScratchDatabase {
    /// Works on this server. The user must be allowed to create databases; the database of the
    /// connection string is only a place to say so from.
    #[must_use]
    pub fn new(server: ConnectConfig) -> Self {
        Self { server }
    }
}

impl fmt::Display for ScratchDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a scratch database on {}", self.server)
    }
}

#[async_trait]
impl RestoreTarget for ScratchDatabase {
    fn session(&self, request: &RestoreRequest) -> Result<Box<dyn RestoreSession>, TargetError> {
        if request.preamble.scope == DumpScope::Cluster {
            let context = "a dump of a whole cluster cannot be restored into one database";
            return Err(TargetError::new(TargetErrorKind::Invalid, context)
                .with_hint("use the ephemeral target, a throw-away server"));
        }
        Ok(Box::new(ScratchSession {
            server: self.server.clone(),
            request: request.clone(),
            name: format!("{PREFIX}{}", request.run),
            lock: None,
            made: Made::Nothing,
            findings: Vec::new(),
        }))
    }

    async fn sweep(&self, older_than: Duration) -> Result<Vec<Swept>, TargetError> {
        let session = server::maintenance(&self.server).await?.session().await;
        let session = session.map_err(|error| from_postgres(&error))?;
        let now = Timestamp::now();
        let mut swept = Vec::new();
        for (name, marked) in remove::leftovers(&session).await? {
            let Some(run) = run_of(&name) else { continue };
            if !is_older(run, older_than, now) || server::is_locked(&session, run).await? {
                continue;
            }
            let error = if marked {
                remove::drop_database(&self.server, &session, &name)
                    .await
                    .err()
                    .map(|error| crate::finding::chain(&error))
            } else {
                Some("it lacks our comment, so it was left alone; drop it by hand".to_owned())
            };
            swept.push(Swept { name, started: run.started(), error });
        }
        session.close().await;
        Ok(swept)
    }
}

fn run_of(database: &str) -> Option<RunId> {
    database.strip_prefix(PREFIX)?.parse().ok()
}

const AS_SUPERUSER: &str = "restored as a superuser: functions that the backup's triggers, defaults \
    and indexes call had every right on this server; for a backup that you do not trust, name a role \
    with CREATEDB only, or use the ephemeral target";

/// How far the making of the database came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    Nothing,
    /// It was asked for; whether it is there must be looked at.
    Perhaps,
    Done,
}

/// One scratch database.
#[derive(Debug)]
struct ScratchSession {
    server: ConnectConfig,
    request: RestoreRequest,
    name: String,
    /// Holds the advisory lock that says that this run lives.
    lock: Option<Session>,
    made: Made,
    findings: Vec<Finding>,
}

impl ScratchSession {
    /// Whether the dump says its locale, and the server has it.
    fn has_locale_of_source(&self) -> bool {
        let written = self.request.preamble.creates_database.as_ref();
        written.is_some_and(|database| database.locale.is_some())
            && !self.findings.iter().any(|found| found.code == FindingCode::EnvironmentCollation)
    }

    fn place(&self) -> Result<Place, TargetError> {
        if self.made != Made::Done {
            let context = "the scratch database is not prepared";
            return Err(TargetError::new(TargetErrorKind::Invalid, context));
        }
        Ok(Place {
            config: self.server.clone(),
            database: self.name.clone(),
            owns_server: false,
            locale_known: self.has_locale_of_source(),
            superuser: self.server.user().to_owned(),
        })
    }
}

#[async_trait]
impl RestoreSession for ScratchSession {
    fn describe(&self) -> String {
        format!("database {} on {}", self.name, self.server)
    }

    async fn prepare(&mut self) -> Result<(), TargetError> {
        if self.made == Made::Done {
            return Ok(());
        }
        let maintenance = server::maintenance(&self.server).await?;
        let session = maintenance.session().await.map_err(|error| from_postgres(&error))?;
        server::check(&maintenance, &session, self.request.preamble.server_major()).await?;
        server::lock(&session, self.request.run).await?;
        let session = self.lock.insert(session);
        server::refuse_existing(session, &self.name).await?;
        self.made = Made::Perhaps;
        let findings = create::create(session, &self.name, &self.request).await?;
        self.findings.extend(findings);
        self.made = Made::Done;
        create::check_empty(&self.server, &self.name).await
    }

    async fn restore(&mut self, input: RestoreInput<'_>) -> Result<LoadReport, TargetError> {
        let place = self.place()?;
        let mut archive = input.archive;
        let items: &mut dyn ArchiveItems = &mut archive;
        let manner = Manner::of(&self.request);
        let mut report = Loader::load(&place, manner, items, input.observer, input.cancel).await?;
        report.findings.append(&mut self.findings);
        if let Some(session) = &self.lock
            && server::is_superuser(session).await
        {
            report.notes.push(AS_SUPERUSER.to_owned());
        }
        Ok(report)
    }

    async fn connect(&self, database: &str) -> Result<Database, TargetError> {
        let place = self.place()?;
        if database != place.database {
            let context = format!("database {database:?} is not the one that was restored");
            return Err(TargetError::new(TargetErrorKind::Invalid, context));
        }
        place.connect(database).await
    }

    async fn keep(&mut self) -> Result<String, TargetError> {
        let config = self.place()?.config.with_database(&self.name);
        let session = server::maintenance(&self.server).await?.session().await;
        let session = session.map_err(|error| from_postgres(&error))?;
        create::mark(&session, &self.name, &create::kept_marker(&self.name)).await?;
        session.close().await;
        self.made = Made::Nothing;
        self.lock = None;
        Ok(format!("connect with: psql {config}; drop it when you are done"))
    }

    async fn cleanup(&mut self) -> Result<(), TargetError> {
        if self.made != Made::Nothing {
            let session = server::maintenance(&self.server).await?.session().await;
            let session = session.map_err(|error| from_postgres(&error))?;
            remove::drop_database(&self.server, &session, &self.name).await?;
            session.close().await;
            self.made = Made::Nothing;
        }
        // Only now: as long as the lock is held, no sweep of another process interferes.
        self.lock = None;
        Ok(())
    }
}

/// Whether an error says that there is no such database.
fn is_absent(kind: PostgresErrorKind) -> bool {
    kind == PostgresErrorKind::NoDatabase
}
