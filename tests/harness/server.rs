//! A PostgreSQL server of the tests' own, with the client programs of its version.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use pgsre_core::postgres::{Cluster, ClusterOptions, ConnectConfig, Database, ServerPrograms};

/// A running server, removed when dropped.
#[derive(Debug)]
pub struct Server {
    cluster: Cluster,
    bindir: PathBuf,
    _directory: tempfile::TempDir,
}

impl Server {
    /// A server of this major version.
    ///
    /// # Panics
    /// Where its programs are not installed: `tests/run.sh` installs them.
    pub async fn start(major: u32) -> Self {
        Self::start_with(major, &[]).await
    }

    /// The same with further settings.
    ///
    /// # Panics
    /// Where its programs are not installed, or where it does not start with these settings.
    pub async fn start_with(major: u32, settings: &[(&str, &str)]) -> Self {
        let programs = programs(major);
        let bindir = programs.bindir().to_owned();
        let directory =
            tempfile::Builder::new().prefix("pgsre-test-").tempdir().expect("a directory");
        traversable(directory.path());
        let mut options = ClusterOptions::new(programs, directory.path().join("data"))
            .setting("fsync", "off")
            .setting("max_connections", "60");
        for (name, value) in settings {
            options = options.setting(*name, *value);
        }
        let cluster = Cluster::create(options).await.expect("a server");
        Self { cluster, bindir, _directory: directory }
    }

    /// The connection of the superuser to a database.
    pub fn config(&self, database: &str) -> ConnectConfig {
        self.cluster.config().with_database(database)
    }

    /// A connection string of the superuser to a database.
    pub fn url(&self, database: &str) -> String {
        url(&self.config(database))
    }

    /// The same as a URI, as a user would write it on a command line.
    pub fn uri(&self, database: &str) -> String {
        let config = self.config(database);
        let host = config.hosts()[0].host.replace('/', "%2F");
        format!("postgres://{}@{host}:{}/{database}", config.user(), config.hosts()[0].port)
    }

    /// Connects to a database.
    pub async fn connect(&self, database: &str) -> Database {
        Database::connect(self.config(database)).await.expect("a connection")
    }

    /// Makes a database from a file below `tests/databases`.
    pub fn create_from(&self, database: &str, options: &str, file: &str) {
        let sql = Path::new(env!("CARGO_MANIFEST_DIR")).join("databases").join(file);
        let sql = std::fs::read(&sql).unwrap_or_else(|error| panic!("{}: {error}", sql.display()));
        self.create(database, options, &sql);
    }

    /// Makes a database from SQL.
    pub fn create(&self, database: &str, options: &str, sql: &[u8]) {
        let quoted = pgsre_core::postgres::quote_identifier(database);
        self.sql("postgres", format!("create database {quoted} {options}").as_bytes());
        self.sql(database, sql);
    }

    /// Runs SQL with psql, stopping at the first error.
    pub fn sql(&self, database: &str, sql: &[u8]) {
        let output = self.psql(database, &["-q", "-v", "ON_ERROR_STOP=1"], sql);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs psql with SQL on its standard input.
    pub fn psql(&self, database: &str, arguments: &[&str], sql: &[u8]) -> Output {
        let mut command = Command::new(self.program("psql"));
        feed(command.arg("-X").args(arguments).arg("-d").arg(self.url(database)), sql)
    }

    /// Runs `pg_restore` with an archive on its standard input.
    pub fn pg_restore(&self, database: &str, arguments: &[&str], archive: &[u8]) -> Output {
        let mut command = Command::new(self.program("pg_restore"));
        feed(command.args(arguments).arg("-d").arg(self.url(database)), archive)
    }

    /// Runs pg_dump and returns what it wrote.
    pub fn dump(&self, database: &str, arguments: &[&str]) -> Vec<u8> {
        let mut command = Command::new(self.program("pg_dump"));
        self.output(command.args(arguments).arg("-d").arg(self.url(database)))
    }

    /// Runs pg_dump into a pipe.
    pub fn dump_into(&self, database: &str, arguments: &[&str], pipe: impl Into<Stdio>) {
        let mut command = Command::new(self.program("pg_dump"));
        command.args(arguments).arg("-d").arg(self.url(database)).stdout(pipe);
        assert!(command.status().expect("pg_dump").success());
    }

    /// Runs pg_dumpall and returns what it wrote.
    pub fn dump_all(&self, arguments: &[&str]) -> Vec<u8> {
        let mut command = Command::new(self.program("pg_dumpall"));
        self.output(command.args(arguments).arg("-d").arg(self.url("postgres")))
    }

    fn output(&self, command: &mut Command) -> Vec<u8> {
        let output = command.output().expect("a program");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// A program: the server's own, or the distribution's where a server came without.
    pub fn program(&self, name: &str) -> PathBuf {
        let own = self.bindir.join(name);
        if own.exists() { own } else { programs(15).bindir().join(name) }
    }

    /// Where its files lie.
    pub fn data_directory(&self) -> &Path {
        self.cluster.data_directory()
    }
}

/// Runs a program with this on its standard input.
fn feed(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a program");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        // The program may stop reading at an error: a broken pipe is its answer, not ours.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().expect("its output")
    })
}

/// The programs of a major version: those of `PGSRE_TEST_PG<major>`, of `target/servers/<major>`, or
/// installed ones.
///
/// # Panics
/// Where there are none: `tests/run.sh` installs them.
pub fn programs(major: u32) -> ServerPrograms {
    let own =
        std::env::var_os(format!("PGSRE_TEST_PG{major}")).map(PathBuf::from).unwrap_or_else(|| {
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/servers").join(major.to_string())
        });
    let installed = ServerPrograms::at(&own.join("bin"));
    installed
        .into_iter()
        .chain(ServerPrograms::discover())
        .find(|programs| programs.version().major() == major)
        .unwrap_or_else(|| panic!("no PostgreSQL {major} here: run tests/run.sh --parts"))
}

/// A connection string that libpq reads.
pub fn url(config: &ConnectConfig) -> String {
    let host = &config.hosts()[0];
    let (user, database) = (config.user(), config.database());
    format!("host='{}' port={} user={user} dbname='{database}'", host.host, host.port)
}

/// As root the server runs under another user, who must come through here.
pub fn traversable(directory: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(directory, permissions).expect("permissions");
}

/// How long a test waits for something that must happen.
pub const PATIENCE: Duration = Duration::from_secs(30);
