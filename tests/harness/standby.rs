//! A standby of a server of the tests' own.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pgsre_core::postgres::ConnectConfig;

use super::server::{PATIENCE, Server, traversable};

/// A running standby that streams through a slot of its own, called `slot_` and its name. It is
/// killed when dropped.
#[derive(Debug)]
pub struct Standby {
    name: String,
    server: Child,
    directory: tempfile::TempDir,
    config: ConnectConfig,
}

impl Standby {
    /// A standby of this server, which calls itself `name`.
    ///
    /// # Panics
    /// Where it cannot be made or does not start.
    #[must_use]
    pub fn of(primary: &Server, name: &str, port: u16) -> Self {
        let directory =
            tempfile::Builder::new().prefix("pgsre-test-").tempdir().expect("a directory");
        traversable(directory.path());
        let data = directory.path().join("data");
        let slot = format!("slot_{name}");
        let base = Command::new(primary.program("pg_basebackup"))
            .args(["--write-recovery-conf", "--create-slot", "--checkpoint=fast", "--slot", &slot])
            .arg("--pgdata")
            .arg(&data)
            .arg("--dbname")
            .arg(primary.url("postgres"))
            .output()
            .expect("pg_basebackup");
        assert!(base.status.success(), "{}", String::from_utf8_lossy(&base.stderr));
        let conf = data.join("postgresql.conf");
        let settings = fs::read_to_string(&conf).expect("its settings")
            + &format!("\nport = {port}\ncluster_name = '{name}'\nhot_standby = on\n");
        fs::write(&conf, settings).expect("its settings");
        let owner = fs::metadata(primary.data_directory()).expect("the primary's files");
        own(&data, owner.uid(), owner.gid());
        let of_primary = primary.config("postgres");
        let socket = Path::new(&of_primary.hosts()[0].host);
        let config = ConnectConfig::socket(socket, port, "postgres", "postgres");
        let server = start(primary, directory.path(), owner.uid(), owner.gid());
        let standby = Self { name: name.to_owned(), server, directory, config };
        standby.wait_until_open(primary, port);
        standby
    }

    /// How it is reached.
    #[must_use]
    pub fn config(&self) -> ConnectConfig {
        self.config.clone()
    }

    /// Ends it at once: no goodbye, its sockets are closed by the kernel.
    pub fn kill(&mut self) {
        self.signal_all("KILL");
        drop(self.server.wait());
    }

    /// Ends it in good order.
    pub fn stop(&mut self) {
        self.signal("INT");
        drop(self.server.wait());
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

    fn signal(&self, signal: &str) {
        let sent =
            Command::new("kill").args(["-s", signal, &self.server.id().to_string()]).status();
        assert!(sent.expect("kill").success(), "no {signal} for {}", self.name);
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

    fn wait_until_open(&self, primary: &Server, port: u16) {
        let begin = Instant::now();
        loop {
            let ready = Command::new(primary.program("psql"))
                .args(["-XAtc", "select 1"])
                .arg("-d")
                .arg(format!("{} port={port}", primary.url("postgres")))
                .stderr(Stdio::null())
                .output()
                .expect("psql");
            if ready.status.success() {
                return;
            }
            let log = self.directory.path().join("log");
            assert!(
                begin.elapsed() < PATIENCE,
                "{} does not start: {}",
                self.name,
                fs::read_to_string(log).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        self.thaw();
        self.kill();
    }
}

fn start(primary: &Server, directory: &Path, uid: u32, gid: u32) -> Child {
    let log = fs::File::create(directory.join("log")).expect("a log");
    let mut command = Command::new(primary.program("postgres"));
    command.arg("-D").arg(directory.join("data")).current_dir("/");
    if fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        command.uid(uid).gid(gid);
    }
    let errors = log.try_clone().expect("a log");
    command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn().expect("postgres")
}

/// Gives a tree to the primary's user: as root PostgreSQL does not run.
fn own(tree: &Path, uid: u32, gid: u32) {
    let owner = format!("{uid}:{gid}");
    let given = Command::new("chown").args(["-R", &owner]).arg(tree).status();
    assert!(given.expect("chown").success());
}
