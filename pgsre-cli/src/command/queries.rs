//! `pgsre queries`: the queries that make the load of a window.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pgsre_core::history::default_directory;
use pgsre_core::postgres::{ConnectConfig, Database, PostgresError, Session};
use pgsre_core::queries::{Extension, QueriesError, Snapshot, SnapshotStore, Window, regressions};

use crate::args::{Format, QueriesArgs};
use crate::command::drill::assemble::connection;
use crate::command::drill::settings;
use crate::config::{Config, Secret};
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::interrupt::Interrupt;
use crate::render::{human, json};
use crate::units;

mod report;

pub use report::{
    AdviceReport, GapReport, LatencyReport, LoadReport, QueriesReport, QueryReport, TrendPoint,
    UnplannedReport, WindowReport,
};

/// Past windows that a query is compared with.
const PAST_WINDOWS: usize = 8;

/// Nothing is written, nothing waits for a lock, and what takes too long ends by itself.
const SETTINGS: &str = "\
    SET application_name = 'pgsre queries'; SET default_transaction_read_only = on; \
    SET lock_timeout = 1000; SET statement_timeout = 30000; SET search_path = pg_catalog; \
    SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET jit = off";

pub(crate) async fn run(
    args: &QueriesArgs,
    config: &Config,
    face: &Face,
    environment: &Environment,
) -> Result<u8, CommandError> {
    let (name, config) = server(args, config)?;
    let store = store(&name, environment);
    let interrupt = Interrupt::watch(face, Arc::new(|| None));
    let report = tokio::select! {
        report = Look { args, face, name, config, store }.report() => report?,
        () = interrupt.token().cancelled() => return Ok(exit_code::INTERRUPTED),
    };
    face.print(&match args.format {
        Format::Human => human::queries(face, &report),
        Format::Json => json::object(&report)?,
    })?;
    let failed = args.fail_on_regression && !report.regressions.is_empty();
    Ok(if failed { exit_code::FAILED } else { exit_code::PASSED })
}

/// The server that is asked for: its name for people, and how it is reached.
fn server(args: &QueriesArgs, config: &Config) -> Result<(String, ConnectConfig), CommandError> {
    if let Some(url) = &args.url {
        let config = connection("the server", &Secret::new(url))?;
        let host = config.hosts().first().map(|host| format!("{}/", host.host));
        return Ok((format!("{}{}", host.unwrap_or_default(), config.database()), config));
    }
    let server = match &args.server {
        Some(name) => settings::named(config, name)?,
        None => settings::the_only(config)?,
    };
    let url = settings::url(server)?;
    Ok((server.name.clone(), connection("url", url)?))
}

/// Where this server's readings are kept; `None` where there is no place for state.
fn store(name: &str, environment: &Environment) -> Option<SnapshotStore> {
    let reports = default_directory(|name| environment.variable(name).map(str::to_owned))?;
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' };
    let name: String = name.trim_matches(['/', '.']).chars().take(100).map(safe).collect();
    let directory: PathBuf = reports.with_file_name("queries").join(name);
    Some(SnapshotStore::at(directory))
}

/// One look at a server's queries.
struct Look<'a> {
    args: &'a QueriesArgs,
    face: &'a Face,
    name: String,
    config: ConnectConfig,
    store: Option<SnapshotStore>,
}

impl Look<'_> {
    async fn report(self) -> Result<QueriesReport, CommandError> {
        let unreachable = |error: PostgresError| {
            CommandError::inconclusive(format!("cannot connect to {}", self.name))
                .with_hint(error.hint())
                .with_cause(error)
        };
        let database = Database::connect(self.config.clone()).await.map_err(unreachable)?;
        let session = database.session().await.map_err(unreachable)?;
        let unreadable = |error| self.unreadable(error);
        session.batch_execute(SETTINGS).await.map_err(|error| unreadable(error.into()))?;
        let extension = Extension::find(&session).await.map_err(unreadable)?;
        let window = self.window(&session, &extension).await?;
        let past = self.past(&window);
        let slower = regressions(&window, &past);
        let report = report::Maker {
            name: &self.name,
            version: database.version(),
            extension: &extension,
            args: self.args,
            window: &window,
            past: &past,
            slower: &slower,
        };
        let report = report.make(&session).await.map_err(unreadable)?;
        session.close().await;
        Ok(report)
    }

    async fn window(
        &self,
        session: &Session,
        extension: &Extension,
    ) -> Result<Window, CommandError> {
        let take = async || {
            Snapshot::take(session, extension).await.map_err(|error| self.unreadable(error))
        };
        if self.args.cumulative {
            return Ok(Window::cumulative(&take().await?));
        }
        let from = match self.args.since {
            Some(since) => self.earlier(since, take().await?)?,
            None => {
                let from = take().await?;
                self.face.note(&format!(
                    "counting for {}",
                    units::duration(self.args.window.as_secs_f64())
                ));
                tokio::time::sleep(self.args.window).await;
                from
            }
        };
        let to = take().await?;
        self.keep(&to);
        Ok(Window::between(&from, &to))
    }

    /// The earlier reading that `--since` asks for.
    fn earlier(&self, since: Duration, now: Snapshot) -> Result<Snapshot, CommandError> {
        let since = jiff::SignedDuration::try_from(since).unwrap_or(jiff::SignedDuration::MAX);
        let at = now.at.checked_sub(since).unwrap_or(Timestamp::MIN);
        let found = match &self.store {
            Some(store) => store.before(at).map_err(|error| self.unreadable(error))?,
            None => None,
        };
        if let Some(found) = found {
            if found.at > at {
                self.face.warn(&format!("the oldest reading that is kept is of {}", found.at));
            }
            return Ok(found);
        }
        self.keep(&now);
        let context = format!("no earlier reading of {} is kept", self.name);
        Err(CommandError::inconclusive(context)
            .with_hint("this one is kept now: run the same later, or use --window"))
    }

    /// Keeping is for later runs: where it fails, this one goes on.
    fn keep(&self, snapshot: &Snapshot) {
        let kept = self.store.as_ref().map(|store| store.keep(snapshot));
        if let Some(Err(error)) = kept {
            self.face.warn(&pgsre_core::finding::chain(&error));
        }
    }

    /// The windows before this one that earlier runs have left.
    fn past(&self, window: &Window) -> Vec<Window> {
        // What was counted since the last reset has no past.
        let store = self.store.as_ref().filter(|_| !self.args.cumulative);
        let past = store.map(|store| store.windows(window.from, PAST_WINDOWS));
        past.unwrap_or(Ok(Vec::new())).unwrap_or_else(|error| {
            self.face.warn(&pgsre_core::finding::chain(&error));
            Vec::new()
        })
    }

    fn unreadable(&self, error: QueriesError) -> CommandError {
        CommandError::inconclusive(format!("cannot read the statements of {}", self.name))
            .with_hint(error.hint())
            .with_cause(error)
    }
}
