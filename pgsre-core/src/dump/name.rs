//! What our backups are called: `shop-20261122T030000Z.dump`.

use std::fmt;

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::{Compress, DumpFormat};
use crate::backup::Compression;

const TIME: &str = "%Y%m%dT%H%M%SZ";

/// Characters of a time as we write it.
const TIME_LENGTH: usize = 16;

/// The name of a backup that pgsre took: its database and the moment at which it began, in UTC.
///
/// ```
/// use pgsre_core::dump::BackupName;
/// let name = BackupName::of_key("2026/shop-20261122T030000Z.dump").unwrap();
/// assert_eq!(name.family(), "2026/shop");
/// assert_eq!(BackupName::of_key("shop-2026-11-22.dump"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupName {
    family: String,
    taken: Timestamp,
}

impl BackupName {
    pub(super) fn new(database: &str, taken: Timestamp) -> Self {
        let taken = Timestamp::from_second(taken.as_second()).unwrap_or(taken);
        Self { family: encoded(database), taken }
    }

    /// The name in a backup's key; `None` where it is none of ours.
    #[must_use]
    pub fn of_key(key: &str) -> Option<Self> {
        let name_start = key.rfind('/').map_or(0, |at| at + 1);
        let (family, tail) =
            key.rsplit_once('-').filter(|(family, _)| family.len() > name_start)?;
        let (time, extensions) = tail.split_at_checked(TIME_LENGTH)?;
        if !["", ".dump", ".sql", ".sql.gz", ".sql.zst", ".sql.lz4"].contains(&extensions) {
            return None;
        }
        let taken = strtime::parse(TIME, time).ok()?.to_datetime().ok()?;
        let taken = TimeZone::UTC.to_timestamp(taken).ok()?;
        // What reads as the same time but is spelled otherwise is not ours.
        (written(taken) == time).then(|| Self { family: family.to_owned(), taken })
    }

    /// The database with what stands before it in the key: backups of one family are versions of
    /// the same thing.
    #[must_use]
    pub fn family(&self) -> &str {
        &self.family
    }

    /// When taking it began, to the second.
    #[must_use]
    pub fn taken(&self) -> Timestamp {
        self.taken
    }

    /// The name of one second later.
    pub(super) fn later(&self) -> Self {
        let later = self.taken.checked_add(jiff::SignedDuration::from_secs(1));
        Self { family: self.family.clone(), taken: later.unwrap_or(self.taken) }
    }

    /// The key of a backup of this name.
    pub(super) fn key(&self, format: DumpFormat, compress: Option<Compress>) -> String {
        format!("{self}{}", extension(format, compress))
    }
}

impl fmt::Display for BackupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.family, written(self.taken))
    }
}

fn written(taken: Timestamp) -> String {
    taken.strftime(TIME).to_string()
}

fn extension(format: DumpFormat, compress: Option<Compress>) -> &'static str {
    match (format, compress.map(|compress| compress.method)) {
        (DumpFormat::Custom, _) => ".dump",
        (DumpFormat::Directory, _) => "",
        (DumpFormat::Plain, Some(Compression::None)) => ".sql",
        (DumpFormat::Plain, Some(Compression::Zstd)) => ".sql.zst",
        (DumpFormat::Plain, Some(Compression::Lz4)) => ".sql.lz4",
        (DumpFormat::Plain, _) => ".sql.gz",
    }
}

/// A database's name as a part of a key: what has a meaning there is written as `%2F`. Two databases
/// never have the same.
fn encoded(database: &str) -> String {
    let mut text = String::with_capacity(database.len());
    for byte in database.bytes() {
        let first = text.is_empty();
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => text.push(byte.into()),
            b'.' if !first => text.push('.'),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_is_read_as_it_was_written() {
        for database in ["shop", "shop-20261122T030000Z", "größe", "a/b", ".hidden", "a.b", "%2F"]
        {
            let name = BackupName::new(database, at("2026-11-22T03:00:00Z"));
            for format in [DumpFormat::Custom, DumpFormat::Directory, DumpFormat::Plain] {
                let key = name.key(format, None);
                assert_eq!(BackupName::of_key(&key), Some(name.clone()), "{key}");
                assert!(!key.contains('/') && !key.starts_with('.'), "{key}");
            }
        }
    }

    #[test]
    fn two_databases_never_share_a_family() {
        let families = ["a/b", "a%2Fb", "a_b", "a b"].map(encoded);
        let distinct: std::collections::BTreeSet<_> = families.iter().collect();
        assert_eq!(distinct.len(), families.len(), "{families:?}");
    }

    #[test]
    fn names_that_others_gave_are_not_ours() {
        for key in [
            "shop.dump",
            "shop-2026-11-22.dump",
            "shop-20261122T030000.dump",
            "shop-20261322T030000Z.dump",
            "shop-20261122T030000Z.tar",
            "shop-20261122T030000Z.dump.globals.sql",
            "-20261122T030000Z.dump",
            "d/-20261122T030000Z.dump",
            "shop-20261122T03é000Z.dump",
        ] {
            assert_eq!(BackupName::of_key(key), None, "{key}");
        }
    }

    #[test]
    fn a_dump_is_called_by_its_format() {
        let name = BackupName::new("shop", at("2026-11-22T03:00:00Z"));
        let none = Compress { method: Compression::None, level: None };
        assert_eq!(name.key(DumpFormat::Custom, Some(none)), "shop-20261122T030000Z.dump");
        assert_eq!(name.key(DumpFormat::Plain, Some(none)), "shop-20261122T030000Z.sql");
        assert_eq!(name.key(DumpFormat::Plain, None), "shop-20261122T030000Z.sql.gz");
        assert_eq!(name.key(DumpFormat::Directory, None), "shop-20261122T030000Z");
    }
}
