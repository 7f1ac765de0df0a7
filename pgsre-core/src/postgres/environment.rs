//! What a process's surroundings say about connections: variables, home, user.

use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The surroundings from which connection strings are completed and programs are found.
///
/// A value, so that a service may give its own and tests never touch the process.
#[derive(Clone, Default)]
pub struct Environment {
    /// Environment variables; `PG*`, `PGSRE_PG_BINDIR`, `PATH` are looked at.
    pub variables: BTreeMap<String, String>,
    /// Where `.pgpass`, `.pg_service.conf` and `.postgresql/` lie.
    pub home: Option<PathBuf>,
    /// The name of the operating system's user: the default of the role to connect as.
    pub user: Option<String>,
    /// Where a local server's socket may be when no host is given, in order.
    pub socket_directories: Vec<PathBuf>,
}

impl Environment {
    /// The surroundings of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let variables: BTreeMap<_, _> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            home: variables.get("HOME").filter(|home| !home.is_empty()).map(PathBuf::from),
            user: user_name(&variables),
            socket_directories: vec!["/var/run/postgresql".into(), "/tmp".into()],
            variables,
        }
    }

    /// A variable's value, where it is set.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }
}

/// Values stay out: a variable may be a password.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("variables", &self.variables.keys().collect::<Vec<_>>())
            .field("home", &self.home)
            .field("user", &self.user)
            .field("socket_directories", &self.socket_directories)
            .finish()
    }
}

/// The effective user's name, as libpq takes it; `USER` lies under sudo and cron, so it comes last.
fn user_name(variables: &BTreeMap<String, String>) -> Option<String> {
    effective_user_id()
        .and_then(|uid| passwd_entry(|entry| entry.uid == uid))
        .map(|entry| entry.name)
        .or_else(|| output_of_id("-un"))
        .or_else(|| variables.get("USER").cloned())
        .filter(|name| !name.is_empty())
}

/// The effective user id of this process; `None` where it cannot be told.
pub(super) fn effective_user_id() -> Option<u32> {
    match std::fs::metadata("/proc/self") {
        Ok(metadata) => Some(metadata.uid()),
        Err(_) => output_of_id("-u").and_then(|text| text.parse().ok()),
    }
}

fn output_of_id(flag: &str) -> Option<String> {
    let output = Command::new("id").arg(flag).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// A line of `/etc/passwd`.
pub(super) struct PasswdEntry {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

pub(super) fn passwd_entry(wanted: impl Fn(&PasswdEntry) -> bool) -> Option<PasswdEntry> {
    let text = std::fs::read(Path::new("/etc/passwd")).ok()?;
    String::from_utf8_lossy(&text).lines().filter_map(parse_passwd_line).find(wanted)
}

fn parse_passwd_line(line: &str) -> Option<PasswdEntry> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(PasswdEntry { name, uid, gid })
}
