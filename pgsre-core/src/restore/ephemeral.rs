//! Restoring into a throw-away server of our own.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::loader::{ArchiveItems, Loader, Manner, Place, from_postgres, is_server_encoding};
use super::{
    LoadReport, RestoreInput, RestoreRequest, RestoreSession, RestoreTarget, Swept, TargetError,
    TargetErrorKind, locale,
};
use crate::archive::{DumpScope, Preamble};
use crate::postgres::{
    Cluster, ClusterOptions, Database, ServerPrograms, quote_identifier, quote_literal,
};
use run_directory::RunDirectory;

mod postmaster;
pub(super) mod run_directory;
mod settings;
mod throw_away;

pub use throw_away::ThrowAwayDirectory;

/// The database that a dump without a `CREATE DATABASE` of its own is restored into.
const RESTORED: &str = "restored";

/// A throw-away PostgreSQL server: initialised for one run in a private directory, reached only
/// through a Unix socket, without archiving and durability, and with nothing that reaches out.
///
/// Its version is the dump's major version where that is installed, else the nearest newer one.
#[derive(Clone, Debug)]
pub struct EphemeralCluster {
    base: PathBuf,
    programs: Option<Arc<[ServerPrograms]>>,
}

impl Default for EphemeralCluster {
    fn default() -> Self {
        Self::new()
    }
}

impl EphemeralCluster {
    /// Works in `$PGSRE_TMPDIR`, else `$TMPDIR`, else `/tmp`, with the server programs that
    /// [`ServerPrograms::discover`] finds.
    #[must_use]
    pub fn new() -> Self {
        let base = ["PGSRE_TMPDIR", "TMPDIR"].iter().find_map(std::env::var_os);
        Self { base: base.map_or_else(std::env::temp_dir, PathBuf::from), programs: None }
    }

    /// The same in another directory, which must have room for the restored data.
    #[must_use]
    pub fn in_directory(mut self, base: impl Into<PathBuf>) -> Self {
        self.base = base.into();
        self
    }

    /// The same with these server programs only.
    #[must_use]
    pub fn with_programs(mut self, programs: impl IntoIterator<Item = ServerPrograms>) -> Self {
        self.programs = Some(programs.into_iter().collect());
        self
    }

    /// The directory that directories of runs are made in.
    #[must_use]
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// The settings, names and values, of a throw-away server of this major version that is loaded
    /// over `jobs` connections.
    #[must_use]
    pub fn settings(major: u32, jobs: usize) -> Vec<(String, String)> {
        settings::of(major, jobs)
    }

    /// The server programs for a dump of this major version: the same, else the nearest newer, and
    /// the newest where the version is not known.
    fn choose(&self, major: Option<u32>) -> Result<ServerPrograms, TargetError> {
        let found = match &self.programs {
            Some(programs) => programs.to_vec(),
            None => ServerPrograms::discover(),
        };
        let newest = found.iter().map(|programs| programs.version()).max();
        let Some(newest) = newest else { return Err(no_server()) };
        let fits = |programs: &ServerPrograms| match major {
            Some(major) => programs.version().major() >= major,
            None => programs.version() == newest,
        };
        // The nearest major version, and of that the newest minor one.
        found
            .into_iter()
            .filter(fits)
            .min_by_key(|programs| {
                let version = programs.version();
                (version.major(), std::cmp::Reverse(version))
            })
            .ok_or_else(|| too_old(major.unwrap_or_default(), &newest.to_string()))
    }
}

impl fmt::Display for EphemeralCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a throw-away server in {}", self.base.display())
    }
}

#[async_trait]
impl RestoreTarget for EphemeralCluster {
    fn session(&self, request: &RestoreRequest) -> Result<Box<dyn RestoreSession>, TargetError> {
        let programs = self.choose(request.preamble.server_major())?;
        Ok(Box::new(EphemeralSession {
            base: self.base.clone(),
            programs,
            request: request.clone(),
            directory: None,
            cluster: None,
        }))
    }

    async fn sweep(&self, older_than: Duration) -> Result<Vec<Swept>, TargetError> {
        let base = self.base.clone();
        let sweep = move || run_directory::sweep(&base, older_than, Timestamp::now());
        let swept = tokio::task::spawn_blocking(sweep).await;
        let failed = |cause: Box<dyn std::error::Error + Send + Sync>| {
            let context = format!("cannot look for leftovers in {}", self.base.display());
            TargetError::new(TargetErrorKind::Failed, context).with_cause(cause)
        };
        swept.map_err(|error| failed(error.into()))?.map_err(|error| failed(error.into()))
    }
}

/// One throw-away server.
#[derive(Debug)]
struct EphemeralSession {
    base: PathBuf,
    programs: ServerPrograms,
    request: RestoreRequest,
    // Before the directory: the server must end before its files go.
    cluster: Option<Cluster>,
    directory: Option<RunDirectory>,
}

impl EphemeralSession {
    fn cluster(&self) -> Result<&Cluster, TargetError> {
        self.cluster.as_ref().ok_or_else(|| {
            TargetError::new(TargetErrorKind::Invalid, "the throw-away server is not prepared")
        })
    }

    /// Whether the dump makes its databases itself.
    fn makes_databases(&self) -> bool {
        let preamble = &self.request.preamble;
        preamble.creates_database.is_some() || preamble.scope == DumpScope::Cluster
    }

    fn first_database(&self) -> &'static str {
        if self.makes_databases() { "postgres" } else { RESTORED }
    }

    fn place(&self) -> Result<Place, TargetError> {
        let config = self.cluster()?.config();
        Ok(Place {
            superuser: config.user().to_owned(),
            config,
            database: self.first_database().to_owned(),
            owns_server: true,
            locale_known: false,
        })
    }

    fn make_directory(&mut self) -> Result<PathBuf, TargetError> {
        if self.directory.is_none() {
            let made = RunDirectory::make(&self.base, self.request.run).map_err(|error| {
                let path = RunDirectory::path_of(&self.base, self.request.run);
                throw_away::cannot_make(&path, error)
            })?;
            self.directory = Some(made);
        }
        Ok(self.directory.as_ref().map(RunDirectory::cluster).unwrap_or_default())
    }

    /// Creates the database of a dump that has no `CREATE DATABASE`.
    async fn create_restored(&mut self) -> Result<(), TargetError> {
        let encoding = encoding(&self.request.preamble);
        let connected = self.place()?.connect("postgres").await?;
        let session = connected.session().await.map_err(|error| from_postgres(&error))?;
        let locales = locale::unnamed(encoding, self.programs.version().major());
        let mut last = None;
        for locale in locales {
            match session.batch_execute(&create_database(encoding, locale)).await {
                Ok(()) => {
                    session.close().await;
                    return Ok(());
                }
                Err(error) if locale::is_refused(&error) => last = Some(error),
                Err(error) => return Err(not_created(error)),
            }
        }
        last.map_or(Ok(()), |error| Err(not_created(error)))
    }
}

#[async_trait]
impl RestoreSession for EphemeralSession {
    fn describe(&self) -> String {
        let path = RunDirectory::path_of(&self.base, self.request.run);
        format!("PostgreSQL {} in {}", self.programs.version(), path.display())
    }

    async fn prepare(&mut self) -> Result<(), TargetError> {
        if self.cluster.is_some() {
            return Ok(());
        }
        let directory = self.make_directory()?;
        let mut options = ClusterOptions::new(self.programs.clone(), directory);
        options.settings = settings::of(self.programs.version().major(), self.request.jobs);
        let cluster = Cluster::create(options).await.map_err(|error| from_postgres(&error))?;
        self.cluster = Some(cluster);
        if !self.makes_databases() {
            self.create_restored().await?;
        }
        Ok(())
    }

    async fn restore(&mut self, input: RestoreInput<'_>) -> Result<LoadReport, TargetError> {
        let place = self.place()?;
        let mut archive = input.archive;
        let items: &mut dyn ArchiveItems = &mut archive;
        let manner = Manner::of(&self.request);
        Loader::load(&place, manner, items, input.observer, input.cancel).await
    }

    async fn connect(&self, database: &str) -> Result<Database, TargetError> {
        self.place()?.connect(database).await
    }

    async fn keep(&mut self) -> Result<String, TargetError> {
        let data = self.cluster()?.data_directory().to_owned();
        if let Some(cluster) = &mut self.cluster {
            cluster.stop().await.map_err(|error| from_postgres(&error))?;
        }
        self.cluster = None;
        if let Some(directory) = &self.directory {
            directory.keep().map_err(|error| {
                TargetError::new(io_kind(&error), "cannot keep the throw-away server")
                    .with_cause(error)
            })?;
        }
        self.directory = None;
        let pg_ctl = self.programs.bindir().join("pg_ctl");
        Ok(format!(
            "start it as the owner of the directory with: {} -D {} -o \"-k /tmp\" start; then: \
             psql -h /tmp -U postgres -l",
            pg_ctl.display(),
            data.display()
        ))
    }

    async fn cleanup(&mut self) -> Result<(), TargetError> {
        if let Some(cluster) = &mut self.cluster {
            // What does not end in good order is ended by the drop.
            if let Err(error) = cluster.stop().await {
                tracing::warn!(%error, "the throw-away server did not end in good order");
            }
            self.cluster = None;
        }
        let Some(directory) = &self.directory else { return Ok(()) };
        directory.remove().map_err(|error| {
            let path = RunDirectory::path_of(&self.base, self.request.run);
            TargetError::new(io_kind(&error), format!("cannot remove {}", path.display()))
                .with_hint("remove it by hand, or run pgsre doctor later")
                .with_cause(error)
        })?;
        self.directory = None;
        Ok(())
    }
}

/// The dump's encoding, where a server can have it.
fn encoding(preamble: &Preamble) -> &str {
    let written = preamble.client_encoding.as_deref();
    written.filter(|name| is_server_encoding(name)).unwrap_or("UTF8")
}

/// `CREATE DATABASE` for a dump without one of its own, which does not say which locale its source
/// had.
fn create_database(encoding: &str, locale: &str) -> String {
    format!(
        "CREATE DATABASE {} TEMPLATE template0 ENCODING {}{locale}",
        quote_identifier(RESTORED),
        quote_literal(encoding),
    )
}

fn not_created(error: tokio_postgres::Error) -> TargetError {
    TargetError::new(TargetErrorKind::Failed, "cannot create the database to restore into")
        .with_cause(error)
}

fn io_kind(error: &std::io::Error) -> TargetErrorKind {
    match error.kind() {
        std::io::ErrorKind::StorageFull => TargetErrorKind::DiskFull,
        std::io::ErrorKind::PermissionDenied => TargetErrorKind::Denied,
        _ => TargetErrorKind::Failed,
    }
}

fn no_server() -> TargetError {
    TargetError::new(TargetErrorKind::NoServer, "no PostgreSQL server is installed here").with_hint(
        "install one (Debian: apt install postgresql), or set PGSRE_PG_BINDIR to the directory of \
         its programs",
    )
}

fn too_old(wanted: u32, newest: &str) -> TargetError {
    let context = format!(
        "the backup is of PostgreSQL {wanted}, and the newest server installed here is {newest}"
    );
    TargetError::new(TargetErrorKind::ServerTooOld, context).with_hint(format!(
        "install PostgreSQL {wanted} or newer, or set PGSRE_PG_BINDIR to where it is"
    ))
}
