//! A child process that dies with us, even when we are killed by SIGKILL.
//!
//! Between us and the child stands a small shell script that reads orders from a pipe of ours. When
//! the pipe closes, because we closed it or because we are gone, it ends the child. No `unsafe` and
//! no helper program is needed.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::account::Account;
use super::layout::Layout;
use crate::postgres::error::PostgresError;

/// The supervisor; its arguments are the child's command line.
pub(in crate::postgres) const SCRIPT: &str = include_str!("supervisor.sh");

/// How often the supervisor is looked at.
const POLL: Duration = Duration::from_millis(10);

/// How long a drop waits for the child to end.
const DROP_PATIENCE: Duration = Duration::from_secs(10);

/// A running child under its supervisor.
#[derive(Debug)]
pub(super) struct Supervised {
    supervisor: Child,
    orders: Option<ChildStdin>,
    ended: Option<ExitStatus>,
}

impl Supervised {
    /// Starts `program` in the layout's directory under `account`; what it prints goes to the log.
    /// When it has ended, the directory `leftover` is removed, even if we are gone by then.
    pub(super) fn spawn(
        program: &Path,
        arguments: &[String],
        layout: &Layout,
        account: &Account,
        leftover: Option<&Path>,
    ) -> Result<Self, PostgresError> {
        let failed = |error| PostgresError::io(format!("cannot run {}", program.display()), error);
        let log = layout.open_log().map_err(failed)?;
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "pgsre-supervisor"])
            .arg(program)
            .args(arguments)
            .current_dir(layout.directory())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log)
            // Ctrl-C in a terminal is for us; we end the child in good order.
            .process_group(0);
        clean_environment(&mut command);
        if let Some(leftover) = leftover {
            command.env("PGSRE_LEFTOVER", leftover);
        }
        if let Account::Other { uid, gid, .. } = account {
            command.uid(*uid).gid(*gid);
        }
        let mut supervisor = command.spawn().map_err(failed)?;
        let orders = supervisor.stdin.take();
        Ok(Self { supervisor, orders, ended: None })
    }

    /// Sends the child a signal by its name, such as `INT`.
    pub(super) fn signal(&mut self, name: &str) {
        if let Some(orders) = &mut self.orders {
            // A broken pipe says that the child has ended, which is looked at anyway.
            let _: io::Result<()> = writeln!(orders, "{name}");
        }
    }

    pub(super) fn has_ended(&mut self) -> bool {
        if self.ended.is_none() {
            self.ended = self.supervisor.try_wait().unwrap_or_default();
        }
        self.ended.is_some()
    }

    /// Whether the child ended, and well.
    pub(super) fn succeeded(&self) -> bool {
        self.ended.is_some_and(|status| status.success())
    }

    pub(super) async fn ended_within(&mut self, patience: Duration) -> bool {
        let started = Instant::now();
        while !self.has_ended() {
            if started.elapsed() > patience {
                return false;
            }
            tokio::time::sleep(POLL).await;
        }
        true
    }
}

impl Drop for Supervised {
    /// Ends the child at once and waits for it, so that nobody removes its files under its feet.
    fn drop(&mut self) {
        drop(self.orders.take());
        let started = Instant::now();
        while !self.has_ended() && started.elapsed() < DROP_PATIENCE {
            std::thread::sleep(POLL);
        }
    }
}

fn clean_environment(command: &mut Command) {
    for name in misleading_variables() {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C");
}

/// Nothing of ours may lead a program of PostgreSQL astray: another port, a data directory, a
/// language.
pub(in crate::postgres) fn misleading_variables() -> impl Iterator<Item = OsString> {
    let misleading = |name: &OsString| {
        name.to_str().is_some_and(|name| {
            name.starts_with("PG")
                || name.starts_with("LC_")
                || name == "LANG"
                || name == "LANGUAGE"
        })
    };
    std::env::vars_os().map(|(name, _)| name).filter(misleading)
}
