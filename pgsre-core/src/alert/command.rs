//! An external program as a sink.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};

use super::{Alert, AlertError, Alerter};

/// How much of the end of standard error is kept.
const STDERR_BYTES: usize = 2_000;

/// How long standard error is listened to after the program ended: something that it started may
/// hold it open.
const STDERR_GRACE: Duration = Duration::from_millis(200);

/// The shortest argument that is looked for in what a program says.
const SHORTEST_SECRET: usize = 6;

/// Exit statuses that another attempt would meet again: `EX_USAGE` and `EX_CONFIG` of `sysexits.h`,
/// and the shell's for a program that cannot be run or found.
const PERMANENT_STATUSES: [i32; 4] = [64, 78, 126, 127];

/// Runs a program with the [`Alert`] as JSON on its standard input.
///
/// `PGSRE_EVENT`, `PGSRE_RULE`, `PGSRE_SEVERITY`, `PGSRE_SUMMARY` and `PGSRE_FINGERPRINT` are in
/// its environment. Exit status 0 is success. Any other is tried again, except those that say the
/// program is misused or missing (64, 78, 126, 127): an alert that is lost is worse than one that
/// comes twice. After its time-out, or when the delivery is given up, the program is killed with
/// all that it started. Arguments may be secrets and are never shown.
#[derive(Clone)]
pub struct CommandAlerter {
    name: String,
    program: PathBuf,
    arguments: Vec<OsString>,
    timeout: Duration,
}

impl CommandAlerter {
    /// An alerter called `command` that runs `program`, found in `PATH` unless it is a path.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            name: "command".into(),
            program: program.into(),
            arguments: Vec::new(),
            timeout: Duration::from_secs(30),
        }
    }

    /// Another name, to tell several commands apart.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The program's arguments, passed as they are: there is no shell.
    #[must_use]
    pub fn with_arguments<S: Into<OsString>>(
        mut self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        self.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// Another time-out of one attempt than 30 seconds.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn spawn(&self, alert: &Alert) -> Result<Child, AlertError> {
        Command::new(&self.program)
            .args(&self.arguments)
            .envs(environment(alert))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                AlertError::permanent(format!("cannot run {}", self.program.display()))
                    .with_cause(error)
            })
    }

    fn judge(&self, status: ExitStatus, stderr: &str) -> Result<(), AlertError> {
        if status.success() {
            return Ok(());
        }
        let said = match self.gives_arguments_away(stderr) {
            _ if stderr.is_empty() => String::new(),
            true => ": its message repeats an argument and is not shown".to_owned(),
            false => format!(": {stderr}"),
        };
        let context = format!("{} ended with {status}{said}", self.program.display());
        match status.code() {
            Some(code) if PERMANENT_STATUSES.contains(&code) => Err(AlertError::permanent(context)),
            _ => Err(AlertError::transient(context)),
        }
    }

    /// Whether a message holds an argument, or the value of one such as `--token=VALUE`. Short ones
    /// are words that any message may hold.
    fn gives_arguments_away(&self, message: &str) -> bool {
        let arguments = self.arguments.iter().map(|argument| argument.to_string_lossy());
        arguments.into_iter().any(|argument| {
            let value = argument.split_once('=').map_or(&*argument, |(_, value)| value);
            value.len() >= SHORTEST_SECRET && message.contains(value)
        })
    }

    fn hung(&self) -> AlertError {
        AlertError::transient(format!(
            "{} did not end within {:?} and was killed",
            self.program.display(),
            self.timeout
        ))
    }
}

impl fmt::Debug for CommandAlerter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandAlerter")
            .field("name", &self.name)
            .field("program", &self.program)
            .field("arguments", &self.arguments.len())
            .field("timeout", &self.timeout)
            .finish()
    }
}

#[async_trait]
impl Alerter for CommandAlerter {
    fn name(&self) -> &str {
        &self.name
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        let json = serde_json::to_vec(alert).map_err(|error| {
            AlertError::permanent("cannot write the alert as JSON").with_cause(error)
        })?;
        let mut group = Group(self.spawn(alert)?);
        let running = run(&mut group.0, json);
        let ended = tokio::time::timeout(self.timeout, running).await;
        match ended {
            Ok(Ok((status, stderr))) => self.judge(status, &stderr),
            Ok(Err(error)) => {
                Err(AlertError::transient(format!("cannot follow {}", self.program.display()))
                    .with_cause(error))
            }
            Err(_) => {
                group.end().await;
                Err(self.hung())
            }
        }
    }
}

/// A program and all that it started: killed together when it is dropped while it runs.
#[derive(Debug)]
struct Group(Child);

impl Group {
    /// Kills the group and waits for the program, so that no zombie stays.
    async fn end(&mut self) {
        self.kill();
        let _ = self.0.wait().await;
    }

    /// A program that was waited for has no id any more: its number may be another's by now.
    fn kill(&self) {
        let id = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id {
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Feeds the program, listens to it and waits for its end.
async fn run(child: &mut Child, input: Vec<u8>) -> std::io::Result<(ExitStatus, String)> {
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let mut tail = Tail::default();
    let status = {
        let mut listening = pin!(tail.read(stderr));
        let mut ending = pin!(async { tokio::join!(child.wait(), feed(stdin, input)).0 });
        tokio::select! {
            status = &mut ending => {
                let _ = tokio::time::timeout(STDERR_GRACE, listening).await;
                status
            }
            () = &mut listening => ending.await,
        }
    }?;
    Ok((status, tail.text()))
}

/// A program need not read what it is given.
async fn feed(stdin: Option<ChildStdin>, input: Vec<u8>) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(&input).await;
        let _ = stdin.shutdown().await;
    }
}

fn environment(alert: &Alert) -> [(&'static str, String); 5] {
    [
        ("PGSRE_EVENT", alert.event.as_str().to_owned()),
        ("PGSRE_RULE", without_nul(&alert.rule)),
        ("PGSRE_SEVERITY", alert.severity.to_string()),
        ("PGSRE_SUMMARY", without_nul(&alert.summary)),
        ("PGSRE_FINGERPRINT", without_nul(&alert.fingerprint)),
    ]
}

/// A NUL ends a variable, so the operating system refuses it.
fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

/// The end of a stream, the rest forgotten.
#[derive(Debug, Default)]
struct Tail(VecDeque<u8>);

impl Tail {
    async fn read(&mut self, stream: Option<impl AsyncRead + Unpin>) {
        let Some(mut stream) = stream else { return };
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = stream.read(&mut buffer).await {
            self.0.extend(&buffer[..n]);
            let excess = self.0.len().saturating_sub(STDERR_BYTES);
            self.0.drain(..excess);
        }
    }

    fn text(self) -> String {
        let bytes: Vec<u8> = self.0.into();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }
}

#[cfg(test)]
mod tests;
