//! The demo's servers: a primary and two standbys that stream from it.

use std::path::{Path, PathBuf};

use pgsre_core::postgres::{Cluster, ClusterOptions, ConnectConfig, Database, ServerPrograms};

use crate::command::demo::server::broken;
use crate::error::CommandError;

const DATABASE: &str = "shop";

/// The standbys, by their names and those of their slots.
pub(super) const REPLICAS: [&str; 2] = ["replica1", "replica2"];

/// Tables and rows.
const SHOP: &str = include_str!("../live.sql");

const HAS_STATEMENTS: &str =
    "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements')";

const COUNTS_STATEMENTS: &str =
    "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements')";

/// The demo's servers; gone with this value.
#[derive(Debug)]
pub(super) struct Stage {
    // The standbys first: a primary that stops waits until they have everything.
    replicas: Vec<Cluster>,
    primary: Cluster,
}

impl Stage {
    /// Starts the newest server of this machine that can be copied, and fills a shop.
    pub(super) async fn primary(directory: PathBuf) -> Result<Cluster, CommandError> {
        let options = options(programs()?, directory);
        let mut primary = Cluster::create(options).await.map_err(not_started)?;
        let has_statements = says(&primary, "postgres", HAS_STATEMENTS).await?;
        if has_statements {
            let preload = "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'";
            run(&primary, "postgres", preload).await?;
            primary.stop().await.map_err(not_started)?;
            primary.start_again().await.map_err(not_started)?;
        }
        run(&primary, "postgres", "CREATE DATABASE shop TEMPLATE template0").await?;
        run(&primary, DATABASE, SHOP).await?;
        if has_statements {
            run(&primary, DATABASE, "CREATE EXTENSION pg_stat_statements").await?;
        }
        Ok(primary)
    }

    /// Copies the primary to its standbys, which lie beside it.
    pub(super) async fn beside(primary: Cluster, directory: &Path) -> Result<Self, CommandError> {
        let mut stage = Self { replicas: Vec::new(), primary };
        for name in REPLICAS {
            let options = options(programs()?, directory.join(name));
            let replica = Cluster::standby_of(&stage.primary, name, options).await;
            stage.replicas.push(replica.map_err(not_started)?);
        }
        Ok(stage)
    }

    /// Whether the primary counts statements: latency and queries are known by that alone.
    pub(super) async fn counts_statements(&self) -> Result<bool, CommandError> {
        says(&self.primary, DATABASE, COUNTS_STATEMENTS).await
    }

    /// How the primary's shop is reached.
    pub(super) fn config(&self) -> ConnectConfig {
        self.primary.config().with_database(DATABASE)
    }

    /// The standby that is cut off and mended.
    pub(super) fn replica(&mut self) -> Option<&mut Cluster> {
        self.replicas.last_mut()
    }

    /// Runs statements in the shop.
    pub(super) async fn run(&self, sql: &str) -> Result<(), CommandError> {
        run(&self.primary, DATABASE, sql).await
    }

    /// Stops them all, the standbys first.
    pub(super) async fn stop(mut self) {
        // Their directory goes with the demo's own, and a server that does not stop is ended by drop.
        for replica in &mut self.replicas {
            let _ = replica.stop().await;
        }
        let _ = self.primary.stop().await;
    }
}

fn programs() -> Result<ServerPrograms, CommandError> {
    let mut found = ServerPrograms::discover().into_iter();
    found.find(|programs| programs.program("pg_basebackup").is_some()).ok_or_else(|| {
        CommandError::inconclusive("no PostgreSQL server programs with pg_basebackup were found")
            .with_hint("install them (Debian: apt install postgresql) or set PGSRE_PG_BINDIR")
    })
}

fn options(programs: ServerPrograms, directory: PathBuf) -> ClusterOptions {
    ClusterOptions::new(programs, directory)
        .setting("fsync", "off")
        .setting("max_wal_size", "128MB")
        // What a replica that was cut off needs is kept, but not without end.
        .setting("max_slot_wal_keep_size", "1GB")
        .setting("max_parallel_workers_per_gather", "0")
        .setting("track_io_timing", "on")
}

async fn run(server: &Cluster, database: &str, sql: &str) -> Result<(), CommandError> {
    let database = connect(server, database).await?;
    let done = database.client().await.map_err(broken)?.batch_execute(sql).await;
    database.close();
    done.map_err(broken)
}

/// Whether a query says so.
async fn says(server: &Cluster, database: &str, sql: &str) -> Result<bool, CommandError> {
    let database = connect(server, database).await?;
    let row = database.client().await.map_err(broken)?.query_one(sql, &[]).await;
    database.close();
    row.and_then(|row| row.try_get(0)).map_err(broken)
}

async fn connect(server: &Cluster, database: &str) -> Result<Database, CommandError> {
    Database::connect(server.config().with_database(database)).await.map_err(broken)
}

fn not_started(error: pgsre_core::postgres::PostgresError) -> CommandError {
    CommandError::inconclusive("the demo's servers did not start")
        .with_hint("`pgsre doctor` looks closer")
        .with_cause(error)
}
