//! Our side: the optimised binary, as a user runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use pgsre_tests::harness::cli::release_binary;
use pgsre_tests::harness::s3::{ACCESS_KEY, S3Server, SECRET_KEY};
use pgsre_tests::harness::server::{programs, traversable};
use serde_json::Value;

use crate::server::MAJOR;
use crate::{Outcome, Watch};

/// What the process may write into files: its report and its history, but no part of a backup.
const REPORTS: u64 = 1 << 20;

/// Runs pgsre.
#[derive(Debug)]
pub struct Pgsre {
    binary: PathBuf,
    home: PathBuf,
    /// Where its object store is.
    endpoint: String,
}

impl Pgsre {
    /// With its throw-away servers and its reports in this directory.
    ///
    /// # Panics
    /// Where it does not build.
    #[must_use]
    pub fn in_directory(directory: &Path, store: &S3Server) -> Self {
        let home = directory.join("pgsre");
        std::fs::create_dir(&home).expect("a directory");
        traversable(&home);
        let endpoint = format!("http://{}", store.address());
        Self { binary: release_binary(), home, endpoint }
    }

    /// A whole drill; what counts is its restore stage: fetching, strict reading and loading.
    ///
    /// # Errors
    /// What the drill found, where it did not pass.
    ///
    /// # Panics
    /// Where it gives no report, or wrote a part of the backup into a file.
    pub fn drill(&self, source: &str) -> Result<Outcome, String> {
        let mut command = self.command(&["drill", source, "--format", "json", "--quiet"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("pgsre");
        let stdout = child.stdout.take().expect("a pipe");
        let watch = Watch::new(child);
        let report: Value = serde_json::from_reader(stdout).expect("a report");
        let (status, clients) = watch.wait();
        assert!(clients.written < REPORTS, "pgsre wrote {} bytes into files", clients.written);
        if !status.success() {
            let finding = &report["findings"][0];
            return Err(format!("{}: {}", report["verdict"], finding["message"]));
        }
        let stages = report["stages"].as_array().expect("stages");
        let restore = stages.iter().find(|stage| stage["name"] == "restore").expect("a restore");
        let seconds = restore["seconds"].as_f64().expect("seconds");
        // The server is a child, and so are the checks in the restored database its work.
        Ok(Outcome { seconds, clients, server_cpu: Some(clients.children_cpu) })
    }

    /// The same of a file.
    ///
    /// # Errors
    /// As [`drill`](Self::drill).
    pub fn drill_file(&self, backup: &Path) -> Result<Outcome, String> {
        self.drill(&backup.to_string_lossy())
    }

    /// The strict check of a backup without a restore.
    ///
    /// # Errors
    /// How it ended, where it found something.
    ///
    /// # Panics
    /// Where it cannot be run.
    pub fn check(&self, backup: &Path) -> Result<Outcome, String> {
        let backup = backup.to_string_lossy();
        let mut command = self.command(&["backups", "check", &backup, "--quiet"]);
        let begin = Instant::now();
        let child = command.stdout(Stdio::null()).spawn().expect("pgsre");
        let (status, clients) = Watch::new(child).wait();
        let seconds = begin.elapsed().as_secs_f64();
        assert!(clients.written < REPORTS, "pgsre wrote {} bytes into files", clients.written);
        let outcome = Outcome { seconds, clients, server_cpu: None };
        if status.success() { Ok(outcome) } else { Err(status.to_string()) }
    }

    /// A backup of a database to a directory; what counts is all of it.
    ///
    /// # Errors
    /// How it ended, where it was not taken whole.
    ///
    /// # Panics
    /// Where it cannot be run.
    pub fn backup(&self, url: &str, into: &Path, more: &[&str]) -> Result<Outcome, String> {
        let into = into.to_string_lossy();
        let mut command = self.command(&["backup", url, &into, "--quiet"]);
        let begin = Instant::now();
        let child = command.args(more).stdout(Stdio::null()).spawn().expect("pgsre");
        let (status, clients) = Watch::new(child).wait();
        let seconds = begin.elapsed().as_secs_f64();
        let outcome = Outcome { seconds, clients, server_cpu: None };
        if status.success() { Ok(outcome) } else { Err(status.to_string()) }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .current_dir(&self.home)
            .env("HOME", &self.home)
            .env("PGSRE_STATE_DIR", self.home.join("state"))
            .env("PGSRE_TMPDIR", &self.home)
            .env("PGSRE_PG_BINDIR", programs(MAJOR).bindir())
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_STATE_HOME");
        command
    }
}
