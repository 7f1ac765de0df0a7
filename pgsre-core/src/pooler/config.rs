//! [`PoolerConfig`]: what a pgbouncer.ini says.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::PoolerVersion;
use super::ini::{self, ConfigFiles, Entry, Fault, Ini, LocalFiles, Place, connstr};
use super::settings::{self, SETTINGS};

/// A configuration of PgBouncer, with what it includes.
#[derive(Clone, Debug)]
pub struct PoolerConfig {
    pub(super) ini: Ini,
    pub(super) databases: Vec<NamedEntry>,
    pub(super) users: Vec<NamedEntry>,
    pub(super) peers: Vec<NamedEntry>,
    pub(super) auth_file: AuthFile,
    /// Those of its files that every user of the machine may read.
    open: Vec<Arc<Path>>,
    path: Arc<Path>,
}

/// An entry of `[databases]`, `[users]` or `[peers]`.
#[derive(Clone, Debug)]
pub(super) struct NamedEntry {
    pub(super) name: String,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) place: Place,
    /// Where its parameters cannot be read.
    pub(super) fault: Option<&'static str>,
}

/// The file of users and passwords that `auth_file` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AuthFile {
    Unset,
    Unreadable(String),
    Read { users: Vec<AuthUser>, is_open_to_all: bool, is_broken: bool },
}

/// A line of it, without the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AuthUser {
    pub(super) name: String,
    pub(super) secret: SecretKind,
}

/// How a password is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecretKind {
    None,
    Plain,
    Md5,
    Scram,
}

/// One setting of `[pgbouncer]` in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) place: Place,
    /// Whether the configuration says so itself.
    pub(super) is_set: bool,
}

impl PoolerConfig {
    /// Reads a configuration from this machine.
    ///
    /// # Errors
    /// Where the file cannot be read. Mistakes in it are findings of [`lint`](super::lint).
    pub fn read(path: &Path) -> io::Result<Self> {
        Self::read_from(path, &LocalFiles)
    }

    /// Reads a configuration from elsewhere.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_from(path: &Path, files: &dyn ConfigFiles) -> io::Result<Self> {
        let ini = ini::read(path, files)?;
        let entries = |section: &str| {
            let named = ini.entries.iter().filter(|entry| entry.section == section);
            named.map(NamedEntry::of).collect::<Vec<_>>()
        };
        let (databases, users, peers) = (entries("databases"), entries("users"), entries("peers"));
        let path: Arc<Path> = Arc::from(path);
        let open = ini.files.iter().filter(|file| files.is_open_to_all(file)).cloned().collect();
        let mut config =
            Self { ini, databases, users, peers, auth_file: AuthFile::Unset, open, path };
        config.auth_file = config.read_auth_file(files);
        Ok(config)
    }

    /// The files that it consists of.
    #[must_use]
    pub fn files(&self) -> Vec<&Path> {
        self.ini.files.iter().map(AsRef::as_ref).collect()
    }

    /// The names of its databases.
    #[must_use]
    pub fn databases(&self) -> Vec<&str> {
        self.databases.iter().map(|database| database.name.as_str()).collect()
    }

    /// What a setting says, or would be by default in that version. The last one counts.
    pub(super) fn value(&self, name: &str, version: PoolerVersion) -> Value {
        match self.entries("pgbouncer").filter(|entry| entry.key == name).last() {
            Some(entry) => {
                Value { text: entry.value.clone(), place: entry.place.clone(), is_set: true }
            }
            None => {
                let known = settings::find(SETTINGS, name);
                let text = known.map_or("", |setting| setting.default_in(version)).to_owned();
                Value { text, place: self.section("pgbouncer"), is_set: false }
            }
        }
    }

    pub(super) fn entries<'c>(&'c self, section: &'c str) -> impl Iterator<Item = &'c Entry> {
        self.ini.entries.iter().filter(move |entry| entry.section == section)
    }

    pub(super) fn faults(&self) -> &[Fault] {
        &self.ini.faults
    }

    pub(super) fn is_open_to_all(&self, path: &Path) -> bool {
        self.open.iter().any(|open| **open == *path)
    }

    /// Where a section begins, or the file where it does not.
    pub(super) fn section(&self, name: &str) -> Place {
        let section = self.ini.sections.iter().find(|section| section.name == name);
        section.map_or_else(
            || Place { path: Arc::clone(&self.path), line: 1 },
            |section| section.place.clone(),
        )
    }

    fn read_auth_file(&self, files: &dyn ConfigFiles) -> AuthFile {
        let name = self.value("auth_file", PoolerVersion::NEWEST).text;
        if name.is_empty() {
            return AuthFile::Unset;
        }
        let given = Path::new(&name).to_owned();
        let beside = self.path.parent().map(|parent| parent.join(&name));
        let mut read = files.read(&given).map(|text| (given, text));
        if let (Err(_), Some(beside)) = (&read, beside) {
            read = files.read(&beside).map(|text| (beside, text));
        }
        match read {
            Ok((path, text)) => {
                let (users, is_broken) = auth_users(&text);
                AuthFile::Read { users, is_open_to_all: files.is_open_to_all(&path), is_broken }
            }
            Err(error) => AuthFile::Unreadable(error.to_string()),
        }
    }
}

impl NamedEntry {
    fn of(entry: &Entry) -> Self {
        let (parameters, fault) = match connstr::parse(&entry.value) {
            Ok(parameters) => (parameters, None),
            Err(fault) => (Vec::new(), Some(fault)),
        };
        Self { name: entry.key.clone(), parameters, place: entry.place.clone(), fault }
    }

    /// The last of this name counts.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.parameter(name).and_then(settings::integer)
    }
}

/// `"name" "secret"` a line; a quote within quotes is written twice. And whether PgBouncer stops at a
/// line that is something else.
fn auth_users(text: &str) -> (Vec<AuthUser>, bool) {
    let mut users = Vec::new();
    for line in
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(';'))
    {
        let user = quoted(line).and_then(|(name, rest)| {
            let (secret, _) = quoted(rest.trim_start())?;
            Some(AuthUser { name, secret: SecretKind::of(&secret) })
        });
        match user {
            Some(user) => users.push(user),
            None => return (users, true),
        }
    }
    (users, false)
}

fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?;
    let mut value = String::new();
    loop {
        let (before, after) = rest.split_once('"')?;
        value.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                value.push('"');
                rest = more;
            }
            None => return Some((value, after)),
        }
    }
}

impl SecretKind {
    fn of(secret: &str) -> Self {
        let is_hash = |text: &str| text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        match secret {
            "" => Self::None,
            _ if secret.starts_with("SCRAM-SHA-256$") => Self::Scram,
            _ if secret.strip_prefix("md5").is_some_and(is_hash) => Self::Md5,
            _ => Self::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_apart_and_never_kept() {
        let text = "; users\n\"ann\" \"SCRAM-SHA-256$4096:x\"\n\"bob\" \"md5d41d8cd98f00b204e9800998ecf8427e\"\n\
                    \"o\"\"neill\" \"secret\" more\n\"web\" \"\"\n";
        let (users, is_broken) = auth_users(text);
        let read: Vec<_> = users.iter().map(|user| (user.name.as_str(), user.secret)).collect();
        let expected = [
            ("ann", SecretKind::Scram),
            ("bob", SecretKind::Md5),
            ("o\"neill", SecretKind::Plain),
            ("web", SecretKind::None),
        ];
        assert_eq!(read, expected);
        assert!(!is_broken);
        assert!(!format!("{users:?}").contains("secret\""));
    }

    #[test]
    fn a_line_that_is_no_user_breaks_the_file_off() {
        assert!(auth_users("ann secret\n").1);
        assert!(auth_users("\"ann\" \"open\n").1);
    }
}
