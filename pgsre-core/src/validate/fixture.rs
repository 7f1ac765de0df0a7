//! A restored database for the tests of validators: a real one, with a load to go with it.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::ValidationContext;
use crate::archive::{Declaration, ObjectName, TableKind};
use crate::backup::{Backup, BackupFormat};
use crate::postgres::{Cluster, ClusterOptions, Database, ServerPrograms};
use crate::restore::{DatabaseLoad, Declared, LoadReport, SequenceSet, TableLoad};

/// Where the tests of one process run; it ends with the last of them.
static SERVER: Mutex<Weak<Server>> = Mutex::const_new(Weak::new());

static NEXT: AtomicU32 = AtomicU32::new(1);

#[derive(Debug)]
struct Server {
    cluster: Cluster,
    _directory: TempDir,
}

async fn server() -> Arc<Server> {
    let mut shared = SERVER.lock().await;
    if let Some(server) = shared.upgrade() {
        return server;
    }
    let directory = TempDir::with_prefix("pgsre_validate_").unwrap();
    let programs = ServerPrograms::discover();
    let newest_15 = programs.iter().find(|programs| programs.version().major() == 15);
    let programs = newest_15.or(programs.first()).unwrap().clone();
    let options = ClusterOptions::new(programs, directory.path().join("cluster"))
        .setting("fsync", "off")
        .setting("max_connections", "200");
    let cluster = Cluster::create(options).await.unwrap();
    let server = Arc::new(Server { cluster, _directory: directory });
    *shared = Arc::downgrade(&server);
    server
}

/// A database, and what a context needs beside it.
#[derive(Debug)]
pub(super) struct Fixture {
    pub(super) database: Database,
    pub(super) load: DatabaseLoad,
    pub(super) report: LoadReport,
    pub(super) backup: Backup,
    pub(super) now: Timestamp,
    pub(super) cancel: CancellationToken,
    _server: Arc<Server>,
}

impl Fixture {
    /// A database of its own, made by these statements.
    pub(super) async fn new(sql: &str) -> Self {
        let server = server().await;
        let config = server.cluster.config();
        let name = format!("restored_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let maintenance = Database::connect(config.clone()).await.unwrap();
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        maintenance.session().await.unwrap().batch_execute(&create).await.unwrap();
        let database = Database::connect(config.with_database(&name)).await.unwrap();
        database.session().await.unwrap().batch_execute(sql).await.unwrap();
        Self {
            database,
            load: DatabaseLoad { name, ..DatabaseLoad::default() },
            report: LoadReport::default(),
            backup: backup(),
            now: "2026-06-15T12:00:00Z".parse().unwrap(),
            cancel: CancellationToken::new(),
            _server: server,
        }
    }

    pub(super) fn context(&self) -> ValidationContext<'_> {
        ValidationContext::new(
            &self.database,
            &self.load,
            &self.report,
            &self.backup,
            self.now,
            &self.cancel,
        )
    }

    /// A context with a live database.
    pub(super) fn beside<'a>(&'a self, live: &'a Self) -> ValidationContext<'a> {
        let mut context = self.context();
        context.live = Some(&live.database);
        context
    }

    /// The archive had `rows` rows for a table.
    pub(super) fn load_table(&mut self, table: &str, rows: u64) -> &mut TableLoad {
        self.load.tables.push(TableLoad {
            connections: 1,
            table: object(table),
            rows,
            bytes: 0,
            seconds: 0.0,
            line: 100,
            failed: false,
            excused: false,
        });
        self.load.tables.last_mut().unwrap()
    }

    /// The archive declared an object.
    pub(super) fn declare(&mut self, object: Declaration) -> &mut Declared {
        self.load.declared.push(Declared { object, line: 10, excused: false });
        self.load.declared.last_mut().unwrap()
    }

    /// The archive declared an ordinary table.
    pub(super) fn declare_table(&mut self, table: &str, columns: &[&str]) -> &mut Declared {
        self.declare(Declaration::Table {
            name: object(table),
            columns: columns.iter().map(ToString::to_string).collect(),
            kind: TableKind::Ordinary,
        })
    }

    /// The archive set a sequence.
    pub(super) fn set_sequence(&mut self, sequence: &str, value: i64, is_called: bool) {
        self.load.sequences.push(SequenceSet { sequence: object(sequence), value, is_called });
    }
}

/// A name in the schema `public`, unless it names another; `*.name` has none.
pub(super) fn object(name: &str) -> ObjectName {
    let (schema, name) = name.split_once('.').unwrap_or(("public", name));
    ObjectName { schema: (schema != "*").then(|| schema.to_owned()), name: name.to_owned() }
}

fn backup() -> Backup {
    Backup {
        checksum: None,
        manifest: None,
        key: "shop.sql.gz".to_owned(),
        format: BackupFormat::Plain,
        size: 1,
        modified: "2026-06-15T03:00:00Z".parse().unwrap(),
        parts: Vec::new(),
    }
}
