//! What a backup is: plain data, with no I/O.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A backup as an object store lists it: one object, or the many of a directory-format dump.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// The object's key, or the common prefix of a backup of many objects. Relative to the source.
    pub key: String,
    /// What the name, or the content where it was looked at, says the format is.
    pub format: BackupFormat,
    /// Bytes of all parts together.
    pub size: u64,
    /// When the youngest part was last written, by the store's clock.
    pub modified: Timestamp,
    /// The objects that make up the backup; never empty.
    pub parts: Vec<BackupPart>,
    /// The object beside it that holds its SHA-256, as `sha256sum` writes it: `shop.dump.sha256`,
    /// or `SHA256SUMS` in a directory. What is read must then be what it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<BackupPart>,
    /// The object beside it that says what it must restore to: `shop.dump.pgsre.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<BackupPart>,
}

impl Backup {
    /// Where the members of a directory-format dump lie: the path in front of their names, relative
    /// to the source and without the last `/`; empty for the source itself. `None` for a backup
    /// without parts.
    #[must_use]
    pub fn directory(&self) -> Option<&str> {
        let paths =
            self.parts.iter().map(|part| part.key.rsplit_once('/').map_or("", |(path, _)| path));
        paths.min_by_key(|path| path.len())
    }
}

/// One object of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupPart {
    /// The object's key, relative to the source.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// When it was last written, by the store's clock.
    pub modified: Timestamp,
    /// The entity tag seen when listed: a read demands that it is still the same.
    pub etag: Option<String>,
}

/// How a dump is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BackupFormat {
    /// SQL text, as `pg_dump` (`-Fp`) and `pg_dumpall` write it.
    Plain,
    /// `pg_dump -Fc`.
    Custom,
    /// `pg_dump -Fd`: one object a table.
    Directory,
    /// `pg_dump -Ft`.
    Tar,
    /// Not known before the content is looked at.
    Unknown,
}

impl BackupFormat {
    /// The format's name as reports have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Custom => "custom",
            Self::Directory => "directory",
            Self::Tar => "tar",
            Self::Unknown => "unknown",
        }
    }

    /// What the places of statements are counted in: lines of SQL text, or entries of a table of
    /// contents in the order of `pg_restore -l`.
    #[must_use]
    pub const fn unit_of_place(self) -> &'static str {
        match self {
            Self::Custom | Self::Directory | Self::Tar => "entry",
            Self::Plain | Self::Unknown => "line",
        }
    }
}

impl fmt::Display for BackupFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a dump's bytes are compressed, recognised by content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, of one or several members.
    Gzip,
    /// Zstandard frames.
    Zstd,
    /// LZ4 frames.
    Lz4,
}

impl Compression {
    /// The name as reports have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
