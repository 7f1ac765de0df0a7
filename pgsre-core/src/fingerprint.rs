//! What one database holds at one snapshot: the [`Fingerprint`].
//!
//! Two databases with equal contents have equal fingerprints: whatever the physical order of their
//! rows, the settings of the session that looked, or the major version of the server (13 to 18). A
//! fingerprint taken in the snapshot that `pg_dump` works in says exactly what the backup must
//! restore.
//!
//! A hash is made of the text of each row in the database's encoding, by a function of the server
//! that hash partitioning keeps the same: the encodings of both databases and the byte order of both
//! processors must be equal. Sequences are no part of a snapshot; see [`SequencePrint::later`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

mod compare;
mod error;
mod hash;
mod inventory;
mod take;

pub use compare::{Aspect, Compared, Comparison, DiffLine, Difference, DifferenceKind, compare};
pub use error::{FingerprintError, FingerprintErrorKind};
pub use hash::ContentHash;
pub use inventory::{ObjectKind, ObjectPrint};
pub use take::{
    FingerprintEvent, FingerprintObserver, FingerprintRequest, RowChange, RowDifference,
    Unobserved, differing_rows,
};

/// What one database holds at one snapshot: plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The version of this shape and of the hashes in it: 1. Others cannot be compared with it.
    pub schema: u32,
    /// How closely the contents were looked at.
    pub level: Level,
    /// At [`Level::Sample`], one row of so many was hashed; only samples of the same fraction can be
    /// compared. `None` at the other levels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_one_in: Option<u32>,
    /// The database's name.
    pub database: String,
    /// The server, and the snapshot.
    pub taken: Taken,
    /// Every object of the database with its definition, sorted by kind and name. The database
    /// itself is one.
    pub objects: Vec<ObjectPrint>,
    /// Every table that stores rows, and every partitioned one as the sum of its partitions, sorted
    /// by name.
    pub tables: Vec<TablePrint>,
    /// The state of every sequence, sorted by name.
    pub sequences: Vec<SequencePrint>,
    /// All large objects.
    pub large_objects: LargeObjectsPrint,
    /// What could not be looked at; empty in a fingerprint that is whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
}

/// How closely a fingerprint looks at the contents of tables and large objects. Rows are counted
/// exactly at every level.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Counts rows and large objects.
    Counts,
    /// Counts, and hashes a part of the rows: which ones depends on their keys alone, so that both
    /// sides of a comparison look at the same.
    Sample,
    /// Counts, and hashes every row and every large object.
    #[default]
    Content,
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Counts => "counts",
            Self::Sample => "sample",
            Self::Content => "content",
        })
    }
}

/// Where and when a fingerprint was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The server's clock when the snapshot was opened.
    pub at: Timestamp,
    /// The server's version, as `server_version_num`: 150018 is 15.18.
    pub server_version_num: u32,
    /// The write-ahead log's position when the snapshot was opened: that of the insertion on a
    /// primary, of the replay on a standby. `None` where the role may not see it.
    pub lsn: Option<String>,
    /// Whether it was a standby.
    pub standby: bool,
}

/// What one table holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TablePrint {
    /// The name, qualified and quoted as SQL has it: `public."Order"`.
    pub name: String,
    /// The partitioned table that it is a partition of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_of: Option<String>,
    /// Rows of the table itself (of all its partitions, where it is a partitioned one). `None`
    /// where they could not be read; the fingerprint's gaps say why.
    pub rows: Option<u64>,
    /// The hash of all its rows; of the sampled ones at [`Level::Sample`]; `None` at
    /// [`Level::Counts`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentHash>,
    /// How many rows were sampled; `None` at the other levels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled: Option<u64>,
    /// The columns of its primary key, or of a unique one that no row can be without, unquoted;
    /// empty where it has none. A comparison can then name the rows that differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
}

/// A sequence, and where it stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequencePrint {
    /// The name, qualified and quoted as SQL has it.
    pub name: String,
    /// Where it stood when the fingerprint was begun.
    #[serde(flatten)]
    pub state: SequenceState,
    /// Where it stood when the dump was complete, if that was looked at and it had moved. A sequence
    /// is no part of a snapshot: `pg_dump` reads it some time in between, so the backup may hold
    /// any state from the one to the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub later: Option<SequenceState>,
}

/// Where a sequence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceState {
    /// The last value handed out, or the first one to be.
    pub last_value: i64,
    /// Whether `last_value` was handed out.
    pub is_called: bool,
}

/// All large objects of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LargeObjectsPrint {
    /// How many there are.
    pub count: u64,
    /// Their bytes together, holes counted as the zeros they read as. `None` at [`Level::Counts`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The hash of their identifiers, lengths and contents; of the contents of the sampled ones at
    /// [`Level::Sample`]; `None` at [`Level::Counts`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentHash>,
    /// The hash of their identifiers, owners, privileges and comments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<ContentHash>,
}

/// Something that a fingerprint leaves out because it could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The object.
    pub subject: String,
    /// Why it could not be read.
    pub why: String,
}
