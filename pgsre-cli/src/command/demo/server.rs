//! The demo's own server: a shop in it, its dump, and psql as most scripts use it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use pgsre_core::postgres::{
    Cluster, ClusterOptions, ConnectConfig, Database, ServerPrograms, quote_identifier,
};
use tokio::process::Command;

use crate::error::CommandError;

const SHOP: &str = include_str!("shop.sql");

/// How long pg_dump or psql may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A private server on this machine; gone with this value.
#[derive(Debug)]
pub(super) struct DemoServer {
    cluster: Cluster,
    programs: ServerPrograms,
}

impl DemoServer {
    /// Starts the newest server of this machine that comes with its pg_dump.
    pub(super) async fn start(directory: PathBuf) -> Result<Self, CommandError> {
        let found = ServerPrograms::discover();
        let with_dump = found.iter().find(|programs| client(programs, "pg_dump").is_some());
        let programs = with_dump.or(found.first()).cloned().ok_or_else(|| {
            CommandError::inconclusive("no PostgreSQL server programs were found")
                .with_hint("install them (Debian: apt install postgresql) or set PGSRE_PG_BINDIR")
        })?;
        let options = ClusterOptions::new(programs.clone(), directory)
            .setting("fsync", "off")
            .setting("autovacuum", "off");
        let cluster = Cluster::create(options).await.map_err(|error| {
            CommandError::inconclusive("the demo's server did not start")
                .with_hint("`pgsre doctor` looks closer")
                .with_cause(error)
        })?;
        Ok(Self { cluster, programs })
    }

    /// How to reach one of its databases.
    pub(super) fn config(&self, database: &str) -> ConnectConfig {
        self.cluster.config().with_database(database)
    }

    /// The server's version.
    pub(super) fn version(&self) -> String {
        self.cluster.version().to_string()
    }

    /// Creates the shop and fills it.
    pub(super) async fn fill(&self) -> Result<(), CommandError> {
        self.create_database("shop").await?;
        self.execute("shop", SHOP).await
    }

    /// Creates an empty database.
    pub(super) async fn create_database(&self, name: &str) -> Result<(), CommandError> {
        let sql = format!("CREATE DATABASE {} TEMPLATE template0", quote_identifier(name));
        self.execute("postgres", &sql).await
    }

    async fn execute(&self, database: &str, sql: &str) -> Result<(), CommandError> {
        let client = self.connect(database).await?;
        client.client().await.map_err(broken)?.batch_execute(sql).await.map_err(broken)?;
        client.close();
        Ok(())
    }

    async fn connect(&self, database: &str) -> Result<Database, CommandError> {
        Database::connect(self.config(database)).await.map_err(broken)
    }

    /// One number of a query; `None` where it cannot be had, as of a table that is not there.
    pub(super) async fn number(&self, database: &str, sql: &str) -> Option<i64> {
        let database = self.connect(database).await.ok()?;
        let row = database.client().await.ok()?.query_one(sql, &[]).await.ok()?;
        row.try_get(0).ok()
    }

    /// The shop's dump, as plain SQL.
    pub(super) async fn dump(&self) -> Result<String, CommandError> {
        let program = client(&self.programs, "pg_dump").ok_or_else(|| {
            CommandError::inconclusive("pg_dump was not found")
                .with_hint("install PostgreSQL's client programs, or set PGSRE_PG_BINDIR")
        })?;
        let output = self.command(&program, "shop").output();
        let output = within(output).await?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(CommandError::inconclusive(format!("pg_dump failed: {}", said.trim())));
        }
        String::from_utf8(output.stdout).map_err(broken)
    }

    /// Restores a file as most scripts do: `gunzip -c FILE | psql DATABASE`. Its exit status and
    /// standard output; `None` where there is no psql.
    pub(super) async fn psql(
        &self,
        file: &Path,
        database: &str,
    ) -> Result<Option<(i32, String)>, CommandError> {
        let Some(psql) = client(&self.programs, "psql") else { return Ok(None) };
        let mut command = self.command(Path::new("/bin/sh"), database);
        command.args(["-c", "gunzip -c \"$0\" | \"$1\" -q -X"]).arg(file).arg(psql);
        let output = within(command.output()).await?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(Some((output.status.code().unwrap_or(-1), said)))
    }

    /// A client program that is told by its environment where the server is.
    fn command(&self, program: &Path, database: &str) -> Command {
        let config = self.config(database);
        let mut command = Command::new(program);
        command.kill_on_drop(true).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        if let Some(host) = config.hosts().first() {
            command.env("PGHOST", &host.host).env("PGPORT", host.port.to_string());
        }
        command.env("PGUSER", config.user()).env("PGDATABASE", database);
        command
    }

    /// Stops the server.
    pub(super) async fn stop(mut self) {
        // Its directory goes with the demo's own, and a server that does not stop is ended by drop.
        let _ = self.cluster.stop().await;
    }
}

/// A client program that belongs to the server, else one of the PATH.
fn client(programs: &ServerPrograms, name: &str) -> Option<PathBuf> {
    programs.program(name).or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|directory| directory.join(name)).find(|p| p.is_file())
    })
}

pub(super) fn broken(error: impl std::error::Error + Send + Sync + 'static) -> CommandError {
    CommandError::inconclusive("the demo's server broke off").with_cause(error)
}

async fn within(
    output: impl Future<Output = std::io::Result<std::process::Output>>,
) -> Result<std::process::Output, CommandError> {
    match tokio::time::timeout(PATIENCE, output).await {
        Ok(output) => output.map_err(broken),
        Err(_) => Err(CommandError::inconclusive("a client program did not end in a minute")),
    }
}
