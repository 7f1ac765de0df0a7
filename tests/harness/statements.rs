//! Servers that count their statements, and independent tallies of what was run.

use std::collections::HashMap;
use std::process::Command;
use std::time::{Duration, Instant};

use pgsre_core::postgres::{Database, Session};
use pgsre_core::queries::{Extension, QueryWindow, Snapshot, Texts, Window};

use super::server::{PATIENCE, Server};

/// What makes the extension.
pub const EXTENSION: &[u8] = b"create extension pg_stat_statements";

/// A server that counts its statements.
pub async fn counting_server(major: u32, settings: &[(&str, &str)]) -> Server {
    let mut all = vec![("shared_preload_libraries", "pg_stat_statements")];
    all.extend(settings);
    let server = Server::start_with(major, &all).await;
    server.sql("postgres", EXTENSION);
    server
}

/// Somebody who looks at the statements.
#[derive(Debug)]
pub struct Looker {
    /// Their session.
    pub session: Session,
    /// What they look at.
    pub extension: Extension,
}

impl Looker {
    /// Somebody with a session of their own.
    ///
    /// # Panics
    /// Where there is no extension.
    pub async fn at(database: &Database) -> Self {
        let session = database.session().await.expect("a session");
        let extension = Extension::find(&session).await.expect("the extension");
        Self { session, extension }
    }

    /// The counters now.
    pub async fn snapshot(&self) -> Snapshot {
        Snapshot::take(&self.session, &self.extension).await.expect("a snapshot")
    }

    /// What happened since.
    pub async fn since(&self, from: &Snapshot) -> Window {
        Window::between(from, &self.snapshot().await)
    }

    /// The window's queries by their texts.
    pub async fn texts<'w>(&self, window: &'w Window) -> HashMap<String, Vec<&'w QueryWindow>> {
        let keys: Vec<_> = window.queries.iter().map(|query| query.key).collect();
        let texts = Texts::default().of(&self.session, &self.extension, &keys).await;
        let texts = texts.expect("texts");
        let mut found: HashMap<String, Vec<&QueryWindow>> = HashMap::new();
        for query in &window.queries {
            if let Some(text) = texts.get(&query.key) {
                found.entry(text.text.clone()).or_default().push(query);
            }
        }
        found
    }
}

/// Runs scripts of pgbench, each as often as it says, on two connections.
pub fn pgbench(server: &Server, database: &str, scripts: &[&str], arguments: &[&str]) {
    let directory = tempfile::tempdir().expect("a directory");
    let mut command = Command::new(server.program("pgbench"));
    command.args(["--no-vacuum", "--client=2", "--jobs=1"]).args(arguments);
    for (at, script) in scripts.iter().enumerate() {
        let path = directory.path().join(format!("{at}.sql"));
        std::fs::write(&path, script).expect("a script");
        command.arg("--file").arg(path);
    }
    let host = &server.config(database).hosts()[0].clone();
    let output = command
        .args(["--host", &host.host, "--port", &host.port.to_string(), "--username", "postgres"])
        .arg(database)
        .output()
        .expect("pgbench");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What auto_explain logged of the executions of a statement, once there are so many: their times in
/// milliseconds. The collector writes them a moment later.
pub async fn logged(server: &Server, of: &str, count: usize) -> Vec<f64> {
    let begin = Instant::now();
    loop {
        let times = logged_so_far(server, of);
        if times.len() >= count || begin.elapsed() > PATIENCE {
            return times;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn logged_so_far(server: &Server, of: &str) -> Vec<f64> {
    let log = server.data_directory().join("log/executions.log");
    let text = std::fs::read_to_string(&log).unwrap_or_else(|e| panic!("{}: {e}", log.display()));
    let mut lines = text.lines().peekable();
    let mut times = Vec::new();
    while let Some(line) = lines.next() {
        let Some((_, rest)) = line.split_once("duration: ") else { continue };
        let is_of = lines.peek().is_some_and(|next| next.contains(of));
        if let (true, Some((time, _))) = (is_of, rest.split_once(" ms  plan:")) {
            times.push(time.parse().expect("a time"));
        }
    }
    times
}

/// The smallest time that a share of `p` does not exceed.
#[must_use]
pub fn truth(times: &[f64], p: f64) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[((p * times.len() as f64).ceil() as usize).clamp(1, times.len()) - 1]
}
