//! A standby of a server of the tests' own.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pgsre_core::postgres::ConnectConfig;

use super::network::Network;
use super::server::{PATIENCE, Server, traversable, url};

/// What a standby is made from: a primary, or another standby.
pub trait Upstream {
    /// How it is reached.
    fn config(&self) -> ConnectConfig;

    /// A program of its version.
    fn program(&self, name: &str) -> PathBuf;

    /// Where its files lie.
    fn data(&self) -> PathBuf;
}

impl Upstream for Server {
    fn config(&self) -> ConnectConfig {
        self.config("postgres")
    }

    fn program(&self, name: &str) -> PathBuf {
        self.program(name)
    }

    fn data(&self) -> PathBuf {
        self.data_directory().to_owned()
    }
}

/// In what a standby differs from its upstream.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setup<'a> {
    /// Settings, which win over all others.
    pub settings: &'a [(&'a str, &'a str)],
    /// Variables of its environment.
    pub environment: &'a [(&'a str, &'a str)],
    /// The network that it runs in; that of the tests by default.
    pub network: Option<&'a Network>,
}

/// A running standby that streams through a slot of its own, called `slot_` and its name. It is
/// killed when dropped.
#[derive(Debug)]
pub struct Standby {
    name: String,
    server: Child,
    launch: Launch,
    directory: tempfile::TempDir,
    config: ConnectConfig,
}

impl Standby {
    /// A standby of this server, which calls itself `name`.
    ///
    /// # Panics
    /// Where it cannot be made or does not start.
    #[must_use]
    pub fn of(upstream: &impl Upstream, name: &str, port: u16) -> Self {
        Self::with(upstream, name, port, &Setup::default())
    }

    /// The same, set up in its own way.
    ///
    /// # Panics
    /// Where it cannot be made or does not start.
    #[must_use]
    pub fn with(upstream: &impl Upstream, name: &str, port: u16, setup: &Setup<'_>) -> Self {
        let directory =
            tempfile::Builder::new().prefix("pgsre-test-").tempdir().expect("a directory");
        traversable(directory.path());
        let data = directory.path().join("data");
        base_backup(upstream, name, &data);
        let conf = data.join("postgresql.conf");
        let settings = fs::read_to_string(&conf).expect("its settings")
            + &format!("\nport = {port}\ncluster_name = '{name}'\nhot_standby = on\n");
        fs::write(&conf, settings).expect("its settings");
        let of_upstream = upstream.config();
        let socket = Path::new(&of_upstream.hosts()[0].host);
        let config = ConnectConfig::socket(socket, port, "postgres", "postgres");
        let launch = Launch::new(upstream, directory.path(), setup);
        own(&data, launch.owner);
        let mut standby =
            Self { name: name.to_owned(), server: launch.start(), launch, directory, config };
        standby.wait_until_open();
        standby
    }

    /// How it is reached.
    #[must_use]
    pub fn config(&self) -> ConnectConfig {
        self.config.clone()
    }

    /// Ends it at once: no goodbye, its sockets are closed by the kernel.
    pub fn kill(&mut self) {
        // So that it makes no more children.
        self.signal_all("STOP");
        self.signal_all("KILL");
        drop(self.server.wait());
    }

    /// Ends it in good order.
    pub fn stop(&mut self) {
        self.signal("INT");
        drop(self.server.wait());
    }

    /// Starts it again after its end, and waits until it lets somebody in.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_again(&mut self) {
        self.server = self.launch.start();
        self.wait_until_open();
    }

    /// Makes a primary of it, and waits until it is one.
    ///
    /// # Panics
    /// Where it does not become one.
    pub fn promote(&self) {
        assert_eq!(self.ask("select pg_promote()"), "t");
    }

    /// Makes a standby of an ended server again, which follows another one through a slot.
    ///
    /// # Panics
    /// Where its files cannot be written.
    pub fn follow(&self, upstream: &impl Upstream, slot: &str) {
        let data = self.data();
        let conninfo = url(&upstream.config()).replace('\'', "''");
        let settings = format!("\nprimary_conninfo = '{conninfo}'\nprimary_slot_name = '{slot}'\n");
        let conf = data.join("postgresql.auto.conf");
        let before = fs::read_to_string(&conf).expect("its settings");
        fs::write(&conf, before + &settings).expect("its settings");
        fs::write(data.join("standby.signal"), "").expect("the signal");
        own(&data, self.launch.owner);
    }

    /// Stops every process of it where it is, as a network that swallows packets does: connections
    /// stay open, nothing is answered.
    pub fn freeze(&self) {
        self.signal_all("STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal_all("CONT");
    }

    /// Sends the postmaster a signal: `HUP`, `STOP`, `CONT`.
    ///
    /// # Panics
    /// Where it is not there.
    pub fn signal(&self, signal: &str) {
        let sent =
            Command::new("kill").args(["-s", signal, &self.server.id().to_string()]).status();
        assert!(sent.expect("kill").success(), "no {signal} for {}", self.name);
    }

    /// Runs SQL with psql; what it prints.
    ///
    /// # Panics
    /// Where it fails.
    #[track_caller]
    pub fn ask(&self, sql: &str) -> String {
        let output = self.psql(sql);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", self.name);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn psql(&self, sql: &str) -> std::process::Output {
        Command::new(&self.launch.psql)
            .args(["-XAtc", sql, "-d"])
            .arg(url(&self.config))
            .output()
            .expect("psql")
    }

    /// The postmaster and its children.
    fn signal_all(&self, signal: &str) {
        let parent = self.server.id().to_string();
        let children =
            Command::new("ps").args(["-o", "pid=", "--ppid", &parent]).output().expect("ps");
        let children = String::from_utf8_lossy(&children.stdout).into_owned();
        let all = children.split_ascii_whitespace().chain([parent.as_str()]);
        let sent =
            Command::new("kill").args(["-s", signal]).args(all).stderr(Stdio::null()).status();
        assert!(sent.is_ok(), "no {signal} for {}", self.name);
    }

    fn wait_until_open(&mut self) {
        let begin = Instant::now();
        while !self.psql("select 1").status.success() {
            let log = self.directory.path().join("log");
            assert!(
                begin.elapsed() < PATIENCE,
                "{} does not start: {}",
                self.name,
                fs::read_to_string(log).unwrap_or_default()
            );
            if self.server.try_wait().expect("a status").is_some() {
                // What is left of a server that was killed keeps the next one out for a moment.
                self.server = self.launch.start();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Upstream for Standby {
    fn config(&self) -> ConnectConfig {
        self.config()
    }

    fn program(&self, name: &str) -> PathBuf {
        if name == "psql" { self.launch.psql.clone() } else { self.launch.bindir.join(name) }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        self.thaw();
        self.kill();
    }
}

/// How its server is started, the first time and again.
#[derive(Debug)]
struct Launch {
    bindir: PathBuf,
    psql: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(String, String)>,
    log: PathBuf,
    owner: (u32, u32),
    namespace: Option<String>,
}

impl Launch {
    fn new(upstream: &impl Upstream, directory: &Path, setup: &Setup<'_>) -> Self {
        let owner = fs::metadata(upstream.data()).expect("the upstream's files");
        let mut arguments = vec!["-D".into(), directory.join("data").into_os_string()];
        for (name, value) in setup.settings {
            arguments.extend(["-c".into(), format!("{name}={value}").into()]);
        }
        let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let postgres = upstream.program("postgres");
        Self {
            bindir: postgres.parent().expect("a directory of programs").to_owned(),
            psql: upstream.program("psql"),
            arguments,
            environment: setup.environment.iter().map(text).collect(),
            log: directory.join("log"),
            owner: (owner.uid(), owner.gid()),
            namespace: setup.network.map(|network| network.namespace().to_owned()),
        }
    }

    fn start(&self) -> Child {
        let log = fs::File::options().create(true).append(true).open(&self.log).expect("a log");
        let errors = log.try_clone().expect("a log");
        let mut command = self.command();
        command.args(&self.arguments).current_dir("/").envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn().expect("postgres")
    }

    /// PostgreSQL under its user. Only root enters a namespace, so that comes first.
    fn command(&self) -> Command {
        let (uid, gid) = self.owner;
        let postgres = self.bindir.join("postgres");
        if let Some(namespace) = &self.namespace {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", namespace, "setpriv", "--clear-groups"]);
            command.arg(format!("--reuid={uid}")).arg(format!("--regid={gid}")).arg(postgres);
            return command;
        }
        let mut command = Command::new(postgres);
        if is_root() {
            command.uid(uid).gid(gid);
        }
        command
    }
}

fn base_backup(upstream: &impl Upstream, name: &str, data: &Path) {
    let base = Command::new(upstream.program("pg_basebackup"))
        .args(["--write-recovery-conf", "--create-slot", "--checkpoint=fast", "--no-sync"])
        .arg(format!("--slot=slot_{name}"))
        .arg("--pgdata")
        .arg(data)
        .arg("--dbname")
        .arg(url(&upstream.config()))
        .output()
        .expect("pg_basebackup");
    assert!(base.status.success(), "{}", String::from_utf8_lossy(&base.stderr));
    // A package without pg_basebackup has that of a newer version, which names what 13 does not know.
    let conf = data.join("postgresql.auto.conf");
    let settings = fs::read_to_string(&conf).expect("its settings");
    fs::write(&conf, settings.replace(" sslsni=1", "")).expect("its settings");
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Gives a tree to the server's user: as root PostgreSQL does not run.
fn own(tree: &Path, (uid, gid): (u32, u32)) {
    let owner = format!("{uid}:{gid}");
    let given = Command::new("chown").args(["-R", &owner]).arg(tree).status();
    assert!(given.expect("chown").success());
}
