//! `pgsre watch` as a service runs it: what it prints is read as it comes.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::cli::Pgsre;
use super::server::PATIENCE;

/// A watch under way. It is killed when dropped.
#[derive(Debug)]
pub struct Watching {
    child: Child,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl Watching {
    /// Starts `pgsre watch` with these arguments at a free port, and waits until it watches.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start(pgsre: &Pgsre, arguments: &[&str]) -> Self {
        let mut command = pgsre.command(&["watch", "--format", "json", "--listen", "127.0.0.1:0"]);
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().expect("pgsre");
        let stdout = child.stdout.take().expect("a pipe");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                kept.lock().expect("the lines").push(line);
            }
        });
        let watching = Self { child, lines };
        watching.until("started");
        watching
    }

    /// Waits for a line of this event.
    ///
    /// # Panics
    /// Where none comes.
    #[track_caller]
    pub fn until(&self, event: &str) -> Value {
        self.until_line(|line| line["event"] == event)
    }

    /// Waits for a line of which this holds.
    ///
    /// # Panics
    /// Where none comes.
    #[track_caller]
    pub fn until_line(&self, holds: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        loop {
            if let Some(line) = self.lines().into_iter().find(&holds) {
                return line;
            }
            assert!(begin.elapsed() < PATIENCE, "not among {:#?}", self.lines());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Every line until now.
    #[must_use]
    pub fn lines(&self) -> Vec<Value> {
        self.lines.lock().expect("the lines").clone()
    }

    /// The URL of a page of it.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        let listen = self.until("started")["listen"].as_str().expect("an address").to_owned();
        format!("http://{listen}{path}")
    }

    /// Sends a signal: `INT`, `TERM`, `KILL`, `HUP`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill");
        assert!(sent.success());
    }

    /// Ends it by a signal and waits for that.
    ///
    /// # Panics
    /// Where it does not end.
    pub fn end(mut self, signal: &str) -> ExitStatus {
        self.signal(signal);
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status;
            }
            assert!(begin.elapsed() < PATIENCE, "does not end: {:#?}", self.lines());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
