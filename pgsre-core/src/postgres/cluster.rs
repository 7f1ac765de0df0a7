//! A private PostgreSQL server on this machine, which ends with us.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::config::ConnectConfig;
use super::database::Database;
use super::error::{PostgresError, PostgresErrorKind};
use super::programs::ServerPrograms;
use super::version::ServerVersion;
use account::Account;
use layout::Layout;
use supervised::Supervised;
pub(super) use supervised::{SCRIPT as SUPERVISOR, misleading_variables};

mod account;
mod layout;
mod settings;
mod supervised;

/// How long a server may take to end in good order before it is told to end at once.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// What a [`Cluster`] is made of.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// The server to run.
    pub programs: ServerPrograms,
    /// The directory that will hold everything; made with mode 0700 where it is not there. Whoever
    /// gives it removes it.
    pub directory: PathBuf,
    /// Settings for `postgresql.conf`; they win over ours.
    pub settings: Vec<(String, String)>,
    /// Further arguments for `initdb`; they win over ours.
    pub initdb_arguments: Vec<String>,
    /// Lines for `pg_hba.conf` before ours, which lets everybody in through the socket (only this
    /// user reaches it) and asks for a password over TCP.
    pub hba_lines: Vec<String>,
    /// A TCP port on 127.0.0.1; none by default.
    pub tcp_port: Option<u16>,
    /// How long `initdb`, and then the start, may take; 60 seconds by default.
    pub start_timeout: Duration,
}

impl ClusterOptions {
    /// A cluster in `directory`, reached through a Unix socket only.
    pub fn new(programs: ServerPrograms, directory: impl Into<PathBuf>) -> Self {
        Self {
            programs,
            directory: directory.into(),
            settings: Vec::new(),
            initdb_arguments: Vec::new(),
            hba_lines: Vec::new(),
            tcp_port: None,
            start_timeout: Duration::from_secs(60),
        }
    }

    /// The same with one more setting.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }
}

/// A running private server.
///
/// Its superuser is `postgres`, its encoding UTF8 and its locale C. It is ended by
/// [`stop`](Self::stop), by a drop, and when this process dies in whatever way. As root it runs
/// under an unprivileged user, because PostgreSQL refuses root.
#[derive(Debug)]
pub struct Cluster {
    options: ClusterOptions,
    layout: Layout,
    version: ServerVersion,
    server: Supervised,
}

impl Cluster {
    /// Initialises a cluster and starts its server; returns when a connection succeeds.
    ///
    /// # Errors
    /// [`Start`](PostgresErrorKind::Start) quotes the end of the server's log;
    /// [`TimedOut`](PostgresErrorKind::TimedOut) after the options' time-out. What was made stays
    /// in the directory. Cancel safe: a dropped future ends what it started.
    pub async fn create(options: ClusterOptions) -> Result<Self, PostgresError> {
        let account = Account::for_server(&options)?;
        let layout = Layout::make(&options.directory, &account)?;
        initialise(&options, &layout, &account).await?;
        settings::write(&options, &layout)?;
        start(options, layout, &account).await
    }

    /// Copies a running primary of the same version and starts the copy as its standby. It streams
    /// through a slot of its own; slot and standby are both called `name`, which has to be one that
    /// a slot may have.
    ///
    /// # Errors
    /// As [`create`](Self::create). Cancel safe: a dropped future ends what it started; the slot
    /// may stay on the primary.
    pub async fn standby_of(
        primary: &Self,
        name: &str,
        options: ClusterOptions,
    ) -> Result<Self, PostgresError> {
        let options = options.setting("cluster_name", name).setting("hot_standby", "on");
        let account = Account::for_server(&options)?;
        let layout = Layout::make(&options.directory, &account)?;
        copy(primary, name, &options, &layout, &account).await?;
        settings::write(&options, &layout)?;
        start(options, layout, &account).await
    }

    /// Starts the server again after [`stop`](Self::stop), with the files that it left.
    ///
    /// # Errors
    /// As [`create`](Self::create). Cancel safe: a dropped future leaves a server that starts, or
    /// none; calling this again starts one.
    pub async fn start_again(&mut self) -> Result<(), PostgresError> {
        let account = Account::for_server(&self.options)?;
        self.layout.remake_socket(&account)?;
        settings::write(&self.options, &self.layout)?;
        self.server = launch(&self.options, &self.layout, &account)?;
        let options = self.options.clone();
        self.version = await_ready(self, &options).await?;
        Ok(())
    }

    /// How the server is reached: as superuser `postgres`, database `postgres`, by its socket.
    #[must_use]
    pub fn config(&self) -> ConnectConfig {
        ConnectConfig::socket(self.layout.socket(), port(&self.options), "postgres", "postgres")
    }

    /// The server's version.
    #[must_use]
    pub fn version(&self) -> ServerVersion {
        self.version
    }

    /// The data directory.
    #[must_use]
    pub fn data_directory(&self) -> &Path {
        self.layout.data()
    }

    /// The server's log.
    #[must_use]
    pub fn log(&self) -> &Path {
        self.layout.log()
    }

    /// Whether the server still runs.
    pub fn is_running(&mut self) -> bool {
        !self.server.has_ended()
    }

    /// Ends the server: in good order, after 30 seconds at once. Idempotent. Cancel safe: the rest
    /// is done by the drop.
    ///
    /// # Errors
    /// [`TimedOut`](PostgresErrorKind::TimedOut) where it could not be ended.
    pub async fn stop(&mut self) -> Result<(), PostgresError> {
        for (order, patience) in [
            ("INT", STOP_PATIENCE),
            ("QUIT", Duration::from_secs(10)),
            ("KILL", Duration::from_secs(5)),
        ] {
            self.server.signal(order);
            if self.server.ended_within(patience).await {
                self.layout.remove_socket();
                return Ok(());
            }
        }
        Err(PostgresError::new(
            PostgresErrorKind::TimedOut,
            format!("the server in {} does not end", self.layout.data().display()),
        ))
    }
}

async fn initialise(
    options: &ClusterOptions,
    layout: &Layout,
    account: &Account,
) -> Result<(), PostgresError> {
    let program = required(&options.programs, "initdb")?;
    let mut arguments: Vec<String> = vec![
        format!("--pgdata={}", layout.data().display()),
        "--username=postgres".into(),
        "--encoding=UTF8".into(),
        "--locale=C".into(),
        "--auth=trust".into(),
        "--no-sync".into(),
    ];
    arguments.extend(options.initdb_arguments.iter().cloned());
    let mut initdb = Supervised::spawn(&program, &arguments, layout, account, None)?;
    if !initdb.ended_within(options.start_timeout).await {
        return Err(timed_out("initdb", options));
    }
    if initdb.succeeded() { Ok(()) } else { Err(failed("initdb failed", layout)) }
}

/// A copy of the primary that knows where to stream from.
async fn copy(
    primary: &Cluster,
    name: &str,
    options: &ClusterOptions,
    layout: &Layout,
    account: &Account,
) -> Result<(), PostgresError> {
    let program = required(&options.programs, "pg_basebackup")?;
    let socket = primary.layout.socket().display().to_string();
    let socket = socket.replace('\\', "\\\\").replace('\'', "\\'");
    let primary = format!("host='{socket}' port={} user=postgres", port(&primary.options));
    let arguments = [
        "--write-recovery-conf".to_owned(),
        "--create-slot".to_owned(),
        format!("--slot={name}"),
        "--checkpoint=fast".to_owned(),
        "--no-sync".to_owned(),
        format!("--pgdata={}", layout.data().display()),
        format!("--dbname={primary}"),
    ];
    let mut copying = Supervised::spawn(&program, &arguments, layout, account, None)?;
    if !copying.ended_within(options.start_timeout).await {
        return Err(timed_out("pg_basebackup", options));
    }
    if copying.succeeded() { Ok(()) } else { Err(failed("pg_basebackup failed", layout)) }
}

async fn start(
    options: ClusterOptions,
    layout: Layout,
    account: &Account,
) -> Result<Cluster, PostgresError> {
    let server = launch(&options, &layout, account)?;
    let version = options.programs.version();
    let mut cluster = Cluster { options: options.clone(), layout, version, server };
    cluster.version = await_ready(&mut cluster, &options).await?;
    Ok(cluster)
}

fn launch(
    options: &ClusterOptions,
    layout: &Layout,
    account: &Account,
) -> Result<Supervised, PostgresError> {
    let program = required(&options.programs, "postgres")?;
    let arguments = ["-D".to_owned(), layout.data().display().to_string()];
    Supervised::spawn(&program, &arguments, layout, account, layout.outer_socket())
}

fn port(options: &ClusterOptions) -> u16 {
    options.tcp_port.unwrap_or(5432)
}

/// Ready is when a connection succeeds.
async fn await_ready(
    cluster: &mut Cluster,
    options: &ClusterOptions,
) -> Result<ServerVersion, PostgresError> {
    let started = Instant::now();
    while started.elapsed() < options.start_timeout {
        if cluster.server.has_ended() {
            return Err(failed("the server did not start", &cluster.layout));
        }
        match Database::connect(cluster.config()).await {
            Ok(database) => return Ok(database.version()),
            Err(error) if error.is_transient() => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => return Err(error),
        }
    }
    Err(timed_out("the server", options))
}

fn required(programs: &ServerPrograms, name: &str) -> Result<PathBuf, PostgresError> {
    programs.program(name).ok_or_else(|| {
        PostgresError::new(
            PostgresErrorKind::NoServer,
            format!("{} is not in {}", name, programs.bindir().display()),
        )
    })
}

fn timed_out(what: &str, options: &ClusterOptions) -> PostgresError {
    PostgresError::new(
        PostgresErrorKind::TimedOut,
        format!(
            "{what} in {} was not ready within {:?}",
            options.directory.display(),
            options.start_timeout
        ),
    )
}

fn failed(what: &str, layout: &Layout) -> PostgresError {
    let tail = layout.log_tail();
    PostgresError::new(
        PostgresErrorKind::Start,
        format!("{what} in {}; the end of its log: {tail}", layout.data().display()),
    )
}

#[cfg(test)]
mod tests;
