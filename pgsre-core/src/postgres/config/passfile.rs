//! The password file (`~/.pgpass`).

use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::HostAddress;

/// The lines of a password file, each a pattern and a password.
#[derive(Default)]
pub(in crate::postgres) struct PasswordFile(Vec<Line>);

/// Host, port, database and user (`None` is `*`), and the password.
struct Line {
    pattern: [Option<String>; 4],
    password: String,
}

impl PasswordFile {
    /// Reads a file as libpq does: one that is missing holds nothing, and one that is not a plain
    /// file or that others can read is passed over with a warning.
    pub(super) fn read(path: &Path) -> (Self, Option<String>) {
        let Ok(metadata) = std::fs::metadata(path) else { return (Self::default(), None) };
        let passed_over = |why: &str| {
            let warning = format!("the password file {} was passed over: {why}", path.display());
            (Self::default(), Some(warning))
        };
        if !metadata.is_file() {
            return passed_over("it is not a plain file");
        }
        if metadata.permissions().mode() & 0o077 != 0 {
            return passed_over("others can read it; permissions must be u=rw (0600) or less");
        }
        match std::fs::read_to_string(path) {
            Ok(text) => (Self(text.lines().filter_map(parse_line).collect()), None),
            Err(error) => passed_over(&error.to_string()),
        }
    }

    /// The password of the first line that fits.
    pub(super) fn password(&self, host: &HostAddress, database: &str, user: &str) -> Option<&str> {
        let port = host.port.to_string();
        let names = [pattern_host(host), port.as_str(), database, user];
        let fits = |line: &&Line| {
            line.pattern.iter().zip(names).all(|(p, name)| p.as_deref().is_none_or(|p| p == name))
        };
        self.0.iter().find(fits).map(|line| line.password.as_str()).filter(|p| !p.is_empty())
    }
}

impl fmt::Debug for PasswordFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordFile({} lines)", self.0.len())
    }
}

/// A socket in the default directory goes by `localhost` (libpq, `passwordFromFile`).
fn pattern_host(host: &HostAddress) -> &str {
    match host.host.trim_end_matches('/') {
        "/var/run/postgresql" | "/run/postgresql" | "/tmp" => "localhost",
        _ => &host.host,
    }
}

fn parse_line(line: &str) -> Option<Line> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = split_fields(line).into_iter();
    let mut pattern = || fields.next().map(|(raw, text)| (raw != "*").then_some(text));
    let pattern = [pattern()?, pattern()?, pattern()?, pattern()?];
    let (_, password) = fields.next()?;
    Some(Line { pattern, password })
}

/// The fields between unescaped colons, as written and with `\:` and `\\` undone. What follows the
/// password is ignored.
fn split_fields(line: &str) -> Vec<(String, String)> {
    let mut fields = vec![(String::new(), String::new())];
    let mut chars = line.trim_end_matches('\r').chars();
    while let Some(c) = chars.next() {
        if c == ':' {
            fields.push(Default::default());
            continue;
        }
        let Some((raw, text)) = fields.last_mut() else { break };
        raw.push(c);
        match c {
            '\\' => {
                let escaped = chars.next();
                raw.extend(escaped);
                text.extend(escaped);
            }
            _ => text.push(c),
        }
    }
    fields
}
