//! A client program at work, which dies with us.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use super::super::cluster::{SUPERVISOR, misleading_variables};
use super::super::config::ConnectConfig;
use super::super::error::PostgresError;

/// Bytes of one read of what the program writes.
const CHUNK: usize = 256 << 10;

/// Bytes of the end of what it says on standard error that are kept.
const SAID: usize = 8 << 10;

/// How long a program may take to end when it is told to.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running program. Dropped, it is ended, as it is when we are killed.
#[derive(Debug)]
pub(crate) struct Running {
    supervisor: Child,
    /// Closing it ends the program.
    orders: Option<ChildStdin>,
    stdout: ChildStdout,
    said: Option<JoinHandle<Vec<u8>>>,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) succeeded: bool,
    /// The end of what it said on standard error.
    pub(crate) said: String,
}

impl Running {
    /// Starts `program`, which connects as `config` says: through its environment, so that no list
    /// of processes shows a password.
    pub(crate) fn start(
        program: &Path,
        arguments: &[String],
        config: &ConnectConfig,
    ) -> Result<Self, PostgresError> {
        let failed = |error| PostgresError::io(format!("cannot run {}", program.display()), error);
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SUPERVISOR, "pgsre-supervisor"])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C in a terminal is for us; we end the program.
            .process_group(0);
        for name in misleading_variables() {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C").envs(config.libpq_variables());
        let mut supervisor = command.spawn().map_err(failed)?;
        let pipes = (supervisor.stdout.take(), supervisor.stderr.take());
        let (Some(stdout), Some(stderr)) = pipes else {
            return Err(failed(io::Error::other("no pipe to it")));
        };
        let orders = supervisor.stdin.take();
        Ok(Self { supervisor, orders, stdout, said: Some(tokio::spawn(tail(stderr))) })
    }

    /// What it writes next; `None` when it has ended. Cancel safe.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        let read = self.stdout.read_buf(&mut chunk).await?;
        Ok((read > 0).then(|| chunk.freeze()))
    }

    /// Waits for its end, after all of its output was read.
    pub(crate) async fn ended(mut self) -> Ended {
        let status = self.supervisor.wait().await;
        drop(self.orders.take());
        let said = match self.said.take() {
            Some(reading) => reading.await.unwrap_or_default(),
            None => Vec::new(),
        };
        let mut said = String::from_utf8_lossy(&said).trim().to_owned();
        if said.is_empty()
            && let Some(signal) = status.as_ref().ok().and_then(|status| status.signal())
        {
            said = format!("it was ended by signal {signal}, or failed without a word");
        }
        Ended { succeeded: status.is_ok_and(|status| status.success()), said }
    }

    /// Ends it, and waits until it has ended.
    pub(crate) async fn stop(mut self) {
        drop(self.orders.take());
        if tokio::time::timeout(PATIENCE, self.supervisor.wait()).await.is_err() {
            tracing::warn!("a client program does not end");
        }
    }
}

/// The end of what a stream holds.
async fn tail(mut stream: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut said = Vec::new();
    let mut chunk = BytesMut::with_capacity(SAID);
    while stream.read_buf(&mut chunk).await.is_ok_and(|read| read > 0) {
        said.extend_from_slice(&chunk);
        chunk.clear();
        said.drain(..said.len().saturating_sub(SAID));
    }
    said
}
