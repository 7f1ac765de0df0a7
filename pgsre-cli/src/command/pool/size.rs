//! `pgsre pool size`.

use std::path::{Path, PathBuf};

use pgsre_core::pooler::{
    Console, DatabaseRow, Demand, PoolerIni, PoolerVersion, ServerAddress, ServerLoad, SizeRequest,
    Sizing, StatsWindow, size,
};
use pgsre_core::postgres::{ConnectConfig, Database};
use serde::Serialize;
use std::time::Instant;

use crate::args::{Format, PoolSizeArgs};
use crate::command::drill::assemble::connection;
use crate::command::drill::settings;
use crate::config::{Config, Secret};
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::render::{human, json};

/// What is sized where nothing names a database.
const UNNAMED: &str = "app";

/// The JSON of `pgsre pool size`.
#[derive(Clone, Debug, Serialize)]
pub struct Sized {
    schema: u32,
    /// What it was worked out from.
    pub request: SizeRequest,
    /// What is proposed.
    #[serde(flatten)]
    pub sizing: Sizing,
    /// What was not known, in sentences.
    pub unknown: Vec<String>,
    /// Where the configuration was written.
    pub written: Option<String>,
}

/// What was learnt of the load.
#[derive(Debug, Default)]
struct Known {
    version: Option<PoolerVersion>,
    demands: Vec<Demand>,
    addresses: Vec<ServerAddress>,
    clients: Option<u64>,
    usable_slots: Option<u64>,
    unknown: Vec<String>,
}

pub(super) async fn run(
    args: &PoolSizeArgs,
    config: &Config,
    face: &Face,
) -> Result<u8, CommandError> {
    if let Some(path) = args.write.as_ref().filter(|path| path.exists() && !args.force) {
        return Err(CommandError::usage(format!("{} is there already", path.display()))
            .with_hint("name another file, or write over it with --force"));
    }
    let (console, server) = sources(args, config)?;
    if console.is_none() && server.is_none() && args.services.is_none() {
        return Err(CommandError::usage("nothing says how large the load is").with_hint(
            "give PgBouncer's console, or --server-url, or --services and --connections",
        ));
    }
    let known = learn(args, console, server, face).await?;
    let request = SizeRequest {
        demands: known.demands,
        peak: args.peak,
        target_wait: args.target_wait,
        clients: known.clients,
        cores: args.cores,
        spindles: args.spindles,
        usable_slots: known.usable_slots,
    };
    let sizing = size(&request);
    let written = match &args.write {
        Some(path) => {
            let version = args.pgbouncer_version.or(known.version).unwrap_or(PoolerVersion::NEWEST);
            Some(write(path, version, &sizing, known.addresses)?)
        }
        None => None,
    };
    let sized = Sized { schema: 1, request, sizing, unknown: known.unknown, written };
    face.print(&match args.format {
        Format::Human => human::pool_size(face, &sized),
        Format::Json => json::object(&sized)?,
    })?;
    Ok(exit_code::PASSED)
}

/// The console and the server, from the command line or the configuration.
fn sources(
    args: &PoolSizeArgs,
    config: &Config,
) -> Result<(Option<ConnectConfig>, Option<ConnectConfig>), CommandError> {
    let of = |what: &str, url: Option<&Secret>| url.map(|url| connection(what, url)).transpose();
    let named = args.server.as_ref().map(|name| settings::named(config, name)).transpose()?;
    let console = args.console.as_ref().map(Secret::new);
    let console = console.or_else(|| named.and_then(|server| server.pgbouncer.clone()));
    let server = args.server_url.as_ref().map(Secret::new);
    let server = server.or_else(|| named.and_then(|server| server.url.clone()));
    Ok((of("the console", console.as_ref())?, of("--server-url", server.as_ref())?))
}

async fn learn(
    args: &PoolSizeArgs,
    console: Option<ConnectConfig>,
    server: Option<ConnectConfig>,
    face: &Face,
) -> Result<Known, CommandError> {
    let mut known = Known::default();
    let measures = console.is_some() || server.is_some() && args.services.is_none();
    if measures {
        face.note(&format!("measuring for {} s …", args.window.as_secs_f64()));
    }
    if let Some(server) = &server {
        of_server(args, server, measures && console.is_none(), &mut known).await?;
    }
    if let Some(console) = &console {
        of_console(args, console, &mut known).await.map_err(|error| {
            CommandError::inconclusive("PgBouncer could not be measured").with_cause(error)
        })?;
    }
    if let (Some(services), Some(connections)) = (args.services, args.connections) {
        known.clients = Some(services.saturating_mul(connections));
    }
    if known.demands.is_empty() {
        let at = server.as_ref().map(address);
        let database = args.database.clone();
        let database = database.or_else(|| at.as_ref().map(|at| at.database.clone()));
        let database = database.unwrap_or_else(|| UNNAMED.to_owned());
        known.addresses = vec![at.unwrap_or_else(|| ServerAddress {
            host: "127.0.0.1".to_owned(),
            port: 5432,
            database: database.clone(),
        })];
        let (concurrency, transaction_seconds) = (None, None);
        known.demands = vec![Demand { database, concurrency, transaction_seconds }];
    }
    Ok(known)
}

fn address(server: &ConnectConfig) -> ServerAddress {
    let host = server.hosts().first();
    ServerAddress {
        host: host.map_or_else(|| "127.0.0.1".to_owned(), |host| host.host.clone()),
        port: host.map_or(5432, |host| host.port),
        database: server.database().to_owned(),
    }
}

/// The server's room and, where there is no pooler to ask, its load.
async fn of_server(
    args: &PoolSizeArgs,
    server: &ConnectConfig,
    measures: bool,
    known: &mut Known,
) -> Result<(), CommandError> {
    let reading = async {
        let database = Database::connect(server.clone()).await?;
        let before = ServerLoad::read(&database).await?;
        if measures {
            tokio::time::sleep(args.window).await;
        }
        Ok((before, ServerLoad::read(&database).await?))
    };
    let (before, after) = reading.await.map_err(|error: pgsre_core::postgres::PostgresError| {
        CommandError::inconclusive("the server cannot be read")
            .with_hint(error.hint())
            .with_cause(error)
    })?;
    known.usable_slots = after.usable_slots;
    if !measures {
        return Ok(());
    }
    known.clients = Some(after.backends);
    let name = args.database.as_deref().unwrap_or_else(|| server.database());
    let measured = after.concurrency_since(&before, name);
    if measured.is_none() {
        known.unknown.push(format!(
            "the load of {name:?} could not be measured: the server must be 14 or later, and hold \
             that database"
        ));
    }
    known.demands = vec![Demand {
        database: name.to_owned(),
        concurrency: measured.map(|(concurrency, _)| concurrency),
        transaction_seconds: measured.and_then(|(_, seconds)| seconds),
    }];
    known.addresses = vec![ServerAddress { database: name.to_owned(), ..address(server) }];
    Ok(())
}

async fn of_console(
    args: &PoolSizeArgs,
    config: &ConnectConfig,
    known: &mut Known,
) -> Result<(), pgsre_core::pooler::ConsoleError> {
    let console = Console::connect(config).await?;
    known.version = Some(console.version());
    let (begin, before) = (Instant::now(), console.stats().await?);
    tokio::time::sleep(args.window).await;
    let (seconds, after) = (begin.elapsed().as_secs_f64(), console.stats().await?);
    let clients = console.pools().await?.into_iter().filter(|pool| !pool.is_console());
    known.clients = Some(clients.map(|pool| pool.clients_active + pool.clients_waiting).sum());
    let databases = console.databases().await?;
    console.close().await;
    for row in databases.iter().filter(|row| row.name != "pgbouncer") {
        if args.database.as_ref().is_some_and(|only| *only != row.name) {
            continue;
        }
        let of = |rows: &[pgsre_core::pooler::StatsRow]| {
            rows.iter().find(|stats| stats.database == row.name).cloned()
        };
        let window = of(&after).and_then(|after| {
            // A database without counters at first had no client then.
            let before = of(&before).unwrap_or_else(|| pgsre_core::pooler::StatsRow {
                transactions: 0,
                queries: 0,
                received: 0,
                sent: 0,
                transaction_seconds: 0.0,
                query_seconds: 0.0,
                wait_seconds: 0.0,
                assignments: after.assignments.map(|_| 0),
                ..after.clone()
            });
            StatsWindow::between(&before, &after, seconds)
        });
        known.demands.push(Demand {
            database: row.name.clone(),
            // Who had no transaction in the window had no load.
            concurrency: Some(window.as_ref().map_or(0.0, |window| window.concurrency)),
            transaction_seconds: window.and_then(|window| window.transaction_seconds),
        });
        known.addresses.push(address_of(row));
    }
    Ok(())
}

fn address_of(row: &DatabaseRow) -> ServerAddress {
    ServerAddress {
        host: row.host.clone().unwrap_or_else(|| "/var/run/postgresql".to_owned()),
        port: u16::try_from(row.port).unwrap_or(5432),
        database: row.database.clone(),
    }
}

/// Writes the configuration, and a file of users where there is none.
fn write(
    path: &Path,
    version: PoolerVersion,
    sizing: &Sizing,
    servers: Vec<ServerAddress>,
) -> Result<String, CommandError> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| {
            CommandError::usage(format!("cannot write {path}"))
                .with_hint("name a file in a directory that you may write to")
                .with_cause(error)
        }
    };
    let absolute = std::path::absolute(path).map_err(failed(path))?;
    let directory = absolute.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned);
    let auth_file = directory.join("userlist.txt");
    let ini = PoolerIni { version, sizing: sizing.clone(), servers, auth_file: auth_file.clone() };
    if !auth_file.exists() {
        write_private(&auth_file, USERS).map_err(failed(&auth_file))?;
    }
    write_private(path, &ini.to_string()).map_err(failed(path))?;
    Ok(path.display().to_string())
}

const USERS: &str = "\
; One line a user: \"name\" \"secret\". Take the secrets from the server:
;   SELECT format('\"%s\" \"%s\"', rolname, rolpassword) FROM pg_authid WHERE rolcanlogin;
";

/// A file that only its owner and its group may read.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o640).open(path)?;
    file.write_all(text.as_bytes())
}
