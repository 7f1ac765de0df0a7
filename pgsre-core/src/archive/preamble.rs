//! What the beginning of an archive says about the whole.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

use super::SqlDialect;
use super::lexer::{Lexer, TokenKind};
use crate::backup::{BackupFormat, Compression};

/// No zone in use is further behind UTC than by 12 hours, and none further ahead than by these.
const WESTERNMOST: Offset = Offset::constant(-14);

/// What the beginning of an archive says about the whole: enough to prepare a place for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preamble {
    /// The layout, recognised by content.
    pub format: BackupFormat,
    /// The compression, recognised by content.
    pub compression: Compression,
    /// One database, a whole cluster, or SQL of another origin.
    pub scope: DumpScope,
    /// `Dumped from database version`, as written.
    pub server_version: Option<String>,
    /// `Dumped by pg_dump version`, as written.
    pub dumped_by: Option<String>,
    /// `SET client_encoding`, as written.
    pub client_encoding: Option<String>,
    /// The database that the dump creates itself (`pg_dump -C`).
    pub creates_database: Option<CreatesDatabase>,
    /// `Started on`, which a verbose `pg_dump` writes.
    pub started_on: Option<Timestamp>,
    /// When an archive says that it was begun, in the local time of the machine that took it: no
    /// archive says its zone.
    #[serde(default)]
    pub started_locally: Option<DateTime>,
}

impl Preamble {
    /// When the dump was begun; where no zone is said, the latest moment that it may have been.
    #[must_use]
    pub fn started_by(&self) -> Option<Timestamp> {
        let locally = || WESTERNMOST.to_timestamp(self.started_locally?).ok();
        self.started_on.or_else(locally)
    }

    /// The major version of the server that was dumped: 15 for `15.18 (Debian …)`.
    #[must_use]
    pub fn server_major(&self) -> Option<u32> {
        major(self.server_version.as_deref()?)
    }

    /// The major version of the `pg_dump` that wrote it: it may be newer than the server.
    #[must_use]
    pub fn writer_major(&self) -> Option<u32> {
        major(self.dumped_by.as_deref()?)
    }
}

fn major(version: &str) -> Option<u32> {
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// What a dump covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DumpScope {
    /// One database (`pg_dump`).
    Database,
    /// Roles, tablespaces and every database (`pg_dumpall`).
    Cluster,
    /// SQL without the header of either: only with [`allow_untrailed`](super::ReadOptions::allow_untrailed).
    Untrailed,
}

/// The `CREATE DATABASE` of a dump.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatesDatabase {
    /// Its name.
    pub name: String,
    /// `ENCODING`.
    pub encoding: Option<String>,
    /// `LOCALE`, or `LC_COLLATE` where the dump has them apart.
    pub locale: Option<String>,
    /// `LC_CTYPE` where the dump has it apart.
    pub ctype: Option<String>,
}

impl Preamble {
    /// Before anything was read.
    pub(super) fn unknown(compression: Compression) -> Self {
        Self {
            format: BackupFormat::Plain,
            compression,
            scope: DumpScope::Untrailed,
            server_version: None,
            dumped_by: None,
            client_encoding: None,
            creates_database: None,
            started_on: None,
            started_locally: None,
        }
    }
}

impl CreatesDatabase {
    /// Reads `CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C'`.
    pub(crate) fn parse(sql: &[u8], dialect: SqlDialect) -> Option<Self> {
        let mut tokens = Lexer::new(sql, dialect);
        let mut keyword = |word| tokens.next().is_some_and(|token| token.is(word));
        if !keyword("create") || !keyword("database") {
            return None;
        }
        let name = tokens.next()?.identifier()?;
        let mut creates = Self { name, encoding: None, locale: None, ctype: None };
        let mut option = String::new();
        for token in tokens {
            if token.kind == TokenKind::Word {
                option = token.identifier()?;
            } else if let Some(value) = token.string_value() {
                creates.set(&option, value);
            }
        }
        Some(creates)
    }

    fn set(&mut self, option: &str, value: String) {
        match option {
            "encoding" => self.encoding = Some(value),
            "locale" | "lc_collate" => self.locale = Some(value),
            "lc_ctype" => self.ctype = Some(value),
            _ => {}
        }
    }
}

/// Reads `2026-11-22 03:00:01 UTC`; `None` where the zone's abbreviation says no offset for sure.
pub(super) fn parse_started_on(text: &str) -> Option<Timestamp> {
    let (date_time, zone) = text.trim().split_at_checked(19)?;
    let date_time: DateTime = date_time.parse().ok()?;
    let offset = parse_zone(zone.trim())?;
    TimeZone::fixed(offset).to_timestamp(date_time).ok()
}

fn parse_zone(zone: &str) -> Option<Offset> {
    if matches!(zone, "UTC" | "GMT" | "Z") {
        return Some(Offset::UTC);
    }
    let digits = zone.strip_prefix(['+', '-'])?;
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = minutes.trim_start_matches(':');
    let hours: i32 = hours.parse().ok()?;
    let minutes: i32 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
    let seconds = (hours * 60 + minutes) * 60;
    Offset::from_seconds(if zone.starts_with('-') { -seconds } else { seconds }).ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn create_database_says_encoding_and_locale() {
        let sql = b"CREATE DATABASE \"My Shop\" WITH TEMPLATE = template0 ENCODING = 'UTF8' \
                    LOCALE_PROVIDER = libc LOCALE = 'de_DE.UTF-8'";
        let creates = CreatesDatabase::parse(sql, SqlDialect::default()).unwrap();
        assert_eq!(creates.name, "My Shop");
        assert_eq!(creates.encoding.as_deref(), Some("UTF8"));
        assert_eq!(creates.locale.as_deref(), Some("de_DE.UTF-8"));
        assert_eq!(creates.ctype, None);
    }

    #[test]
    fn lc_collate_and_lc_ctype_are_read_apart() {
        let sql = b"CREATE DATABASE x WITH ENCODING = 'LATIN1' LC_COLLATE = 'C' LC_CTYPE = 'de_DE'";
        let creates = CreatesDatabase::parse(sql, SqlDialect::default()).unwrap();
        assert_eq!(creates.locale.as_deref(), Some("C"));
        assert_eq!(creates.ctype.as_deref(), Some("de_DE"));
    }

    #[test]
    fn a_start_is_known_only_where_its_zone_is() {
        let utc = parse_started_on("2026-11-22 03:00:01 UTC").unwrap();
        assert_eq!(utc.to_string(), "2026-11-22T03:00:01Z");
        assert_eq!(parse_started_on("2026-11-22 05:30:01 +0230"), Some(utc));
        assert_eq!(parse_started_on("2026-11-22 03:00:01 CET"), None);
        assert_eq!(parse_started_on("yesterday"), None);
        assert_eq!(parse_started_on("2026-11-22 03:00:01 +é1"), None);
    }
}
