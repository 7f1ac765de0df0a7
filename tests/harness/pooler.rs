//! A PgBouncer of the tests' own before a server of theirs.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use pgsre_core::postgres::ConnectConfig;

use super::server::{PATIENCE, Server, traversable};

/// The password of every user of the pooler.
pub const PASSWORD: &str = "secret";

/// A running PgBouncer; killed when dropped.
#[derive(Debug)]
pub struct Pooler {
    pooler: Child,
    directory: tempfile::TempDir,
    owner: (u32, u32),
    port: u16,
}

impl Pooler {
    /// A PgBouncer before this server, whose database `postgres` it offers as `shop`. Lines of
    /// `settings` stand in `[pgbouncer]`, `parameters` at the end of the database's.
    ///
    /// # Panics
    /// Where it is not installed: `tests/run.sh --parts` installs it.
    #[must_use]
    pub fn before(server: &Server, parameters: &str, settings: &str) -> Self {
        let config = server.config("postgres");
        let host = &config.hosts()[0];
        let ini = |port: u16, directory: &Path| {
            format!(
                "[databases]\nshop = host={} port={} dbname=postgres user={} {parameters}\n\
                 [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
                 auth_type = md5\nauth_file = {}/users.txt\nadmin_users = admin\n\
                 stats_users = stats\npool_mode = transaction\n{settings}\n",
                host.host,
                host.port,
                config.user(),
                directory.display()
            )
        };
        Self::start(server, ini)
    }

    /// A PgBouncer with a configuration of one's own; the port and a directory are given. Users are
    /// in its `users.txt`.
    ///
    /// # Panics
    /// As [`before`](Self::before), and where it does not start.
    #[must_use]
    pub fn start(server: &Server, ini: impl Fn(u16, &Path) -> String) -> Self {
        let directory =
            tempfile::Builder::new().prefix("pgsre-test-").tempdir().expect("a directory");
        traversable(directory.path());
        let port = free_port();
        let users = ["stats", "admin", "web"].map(|user| format!("\"{user}\" \"{PASSWORD}\"\n"));
        let file = |name: &str, text: &str| {
            let path = directory.path().join(name);
            fs::write(&path, text).expect("a file");
            fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("permissions");
        };
        file("users.txt", &users.concat());
        file("pgbouncer.ini", &ini(port, directory.path()));
        let data = fs::metadata(server.data_directory()).expect("the server's files");
        let owner = (data.uid(), data.gid());
        let pooler = run(directory.path(), owner);
        let mut pooler = Self { pooler, directory, owner, port };
        pooler.wait_until_open();
        pooler
    }

    /// The console, for who may only look.
    #[must_use]
    pub fn console(&self) -> ConnectConfig {
        self.console_as("stats", PASSWORD)
    }

    /// The console for this user.
    #[must_use]
    pub fn console_as(&self, user: &str, password: &str) -> ConnectConfig {
        ConnectConfig::parse(&self.url(user, password, "pgbouncer")).expect("a connection string")
    }

    /// A connection string for psql, pgbench and pgsre.
    #[must_use]
    pub fn url(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// The console as a user sees it who has written a URL of their own.
    #[must_use]
    pub fn console_with(&self, parameters: &str) -> String {
        format!("postgres://stats:{PASSWORD}@localhost:{}/pgbouncer?{parameters}", self.port)
    }

    /// What clients connect to.
    #[must_use]
    pub fn shop(&self) -> String {
        self.url("web", PASSWORD, "shop")
    }

    /// Runs a command on the console as its administrator.
    pub fn admin(&self, command: &str) {
        let url = self.url("admin", PASSWORD, "pgbouncer");
        let output = Command::new("psql").args(["-X", "-c", command, "-d", &url]).output();
        let output = output.expect("psql");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs SQL through the pool.
    pub fn sql(&self, sql: &str) -> Output {
        let url = self.shop();
        Command::new("psql").args(["-X", "-At", "-c", sql, "-d", &url]).output().expect("psql")
    }

    /// A client at work through the pool, ended when dropped.
    #[must_use]
    pub fn client(&self, sql: &str) -> Client {
        let url = self.shop();
        let mut command = Command::new("psql");
        command.args(["-X", "-c", sql, "-d", &url]).stdout(Stdio::null()).stderr(Stdio::null());
        Client(command.spawn().expect("psql"))
    }

    /// Changes the configuration and has it read again.
    pub fn reload(&self, change: impl Fn(&str) -> String) {
        let path = self.ini();
        let text = fs::read_to_string(&path).expect("the configuration");
        fs::write(&path, change(&text)).expect("the configuration");
        self.admin("RELOAD");
    }

    /// Ends it at once and starts it anew.
    pub fn restart(&mut self) {
        self.kill();
        self.pooler = run(self.directory.path(), self.owner);
        self.wait_until_open();
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        drop(self.pooler.kill());
        drop(self.pooler.wait());
    }

    fn ini(&self) -> PathBuf {
        self.directory.path().join("pgbouncer.ini")
    }

    fn wait_until_open(&mut self) {
        let begin = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.pooler.try_wait().expect("a status");
            let log = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
            assert!(
                ended.is_none() && begin.elapsed() < PATIENCE,
                "PgBouncer does not start: {log}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A client under way.
#[derive(Debug)]
pub struct Client(Child);

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The program: that of `PGSRE_TEST_PGBOUNCER`, or an installed one.
///
/// # Panics
/// Where it is not installed.
#[must_use]
pub fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("PGSRE_TEST_PGBOUNCER") {
        return program.into();
    }
    let places = ["/usr/sbin/pgbouncer", "/usr/local/bin/pgbouncer", "/usr/bin/pgbouncer"];
    places
        .iter()
        .map(PathBuf::from)
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("no PgBouncer here: run tests/run.sh --parts"))
}

fn run(directory: &Path, (uid, gid): (u32, u32)) -> Child {
    let log = fs::File::create(directory.join("log")).expect("a log");
    let mut command = Command::new(program());
    command.arg(directory.join("pgbouncer.ini")).current_dir("/");
    // It refuses to run as root.
    if fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        command.uid(uid).gid(gid);
    }
    let errors = log.try_clone().expect("a log");
    command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn().expect("pgbouncer")
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}
