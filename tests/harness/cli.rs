//! The command line as a user runs it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The `pgsre` binary, built once, in an environment of its own: no configuration, no state and no
/// leftovers but those of the test.
#[derive(Debug)]
pub struct Pgsre {
    home: tempfile::TempDir,
}

impl Pgsre {
    /// A home of its own, and the binary built: what a test waits for later is the command's own.
    pub fn new() -> Self {
        binary();
        let home = tempfile::Builder::new().prefix("pgsre-home-").tempdir().expect("a directory");
        super::server::traversable(home.path());
        let pgsre = Self { home };
        std::fs::create_dir(pgsre.places()).expect("a directory");
        super::server::traversable(&pgsre.places());
        pgsre
    }

    /// A directory that only this test uses.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Where throw-away servers are made.
    pub fn places(&self) -> PathBuf {
        self.home.path().join("places")
    }

    /// The names of throw-away servers that are there now.
    pub fn left(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.places()).expect("a directory");
        entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect()
    }

    /// The command with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env("HOME", self.home.path())
            .env("PGSRE_TMPDIR", self.places())
            .env("PGSRE_STATE_DIR", self.home.path().join("state"))
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_STATE_HOME")
            .stdin(Stdio::null());
        command
    }

    /// Runs the command with `--format json`: its exit status and its one object.
    pub fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.command(arguments).args(["--format", "json"]).output().expect("pgsre");
        let code = output.status.code().expect("an exit status");
        let object = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            let stdout = String::from_utf8_lossy(&output.stdout);
            let stderr = String::from_utf8_lossy(&output.stderr);
            panic!("{error}: exit {code}\n{stdout}\n{stderr}")
        });
        (code, object)
    }

    /// Starts the command, its standard error to be read line by line.
    pub fn start(&self, arguments: &[&str]) -> Running {
        self.start_with(arguments, [])
    }

    /// The same with further variables in its environment.
    pub fn start_with<const N: usize>(
        &self,
        arguments: &[&str],
        variables: [(&str, String); N],
    ) -> Running {
        let mut command = self.command(arguments);
        command.envs(variables);
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("pgsre");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        Running { child, stderr, said: String::new() }
    }
}

impl Default for Pgsre {
    fn default() -> Self {
        Self::new()
    }
}

/// A command under way.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
}

impl Running {
    /// Reads standard error up to a line that contains this text.
    pub fn until(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            let read = self.stderr.read_line(&mut line).expect("a line");
            assert!(read > 0, "ended without {text:?}:\n{}", self.said);
            self.said.push_str(&line);
        }
    }

    /// Sends a signal: `INT`, `TERM`, `KILL`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill");
        assert!(status.success());
    }

    /// Waits for the end, at most for as long as a user would.
    pub fn wait(mut self) -> ExitStatus {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status;
            }
            assert!(begin.elapsed() < super::server::PATIENCE, "does not end:\n{}", self.said);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| build("dev", "debug"))
}

/// The `pgsre` binary, optimised.
pub fn release_binary() -> PathBuf {
    build("release", "release")
}

fn build(profile: &str, directory: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--package", "pgsre-cli", "--profile", profile])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status()
        .expect("cargo");
    assert!(built.success(), "pgsre does not build");
    let this = std::env::current_exe().expect("a path");
    let target = this.ancestors().nth(3).expect("target/PROFILE/deps/this");
    target.join(directory).join("pgsre")
}
