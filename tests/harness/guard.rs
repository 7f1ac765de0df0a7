//! What of a backup is under a checksum of its own, and what nothing in it proves.

use super::archive::{Objects, Way};
use super::harm::Kind;
use super::tar;

/// What of a backup is under a checksum of its compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing: no compression, or one that pg_dump writes without checksums (lz4, zstd).
    Nothing,
    /// The objects whose name ends in `.gz`.
    Members,
    /// Everything from this byte on.
    From(usize),
}

impl Guard {
    /// Of a backup that was dumped in this way.
    #[must_use]
    pub fn of(way: Way, objects: &Objects) -> Self {
        let gzip = matches!(way.compression, "" | "6" | "gzip" | "gzip:6");
        match way.format {
            "p" if !way.compression.is_empty() && gzip => Self::From(0),
            "c" if gzip => Self::of_custom(&objects[way.key()]),
            "d" if gzip => Self::Members,
            _ => Self::Nothing,
        }
    }

    /// Of an archive of the custom format with gzip: its table of contents has none.
    #[must_use]
    pub fn of_custom(archive: &[u8]) -> Self {
        Self::From(begin_of_data(archive))
    }

    /// Whether it must be seen that the contents are others, without a checksum beside the backup.
    #[must_use]
    pub fn must_see(self, kind: Kind, sound: &Objects, harmed: &Objects) -> bool {
        match (kind, self) {
            (Kind::Lost, _) => {
                !changed(sound, harmed).iter().all(|(name, content)| is_free(name, content))
            }
            (_, Self::From(begin)) => sound.iter().all(|(key, content)| {
                let same = harmed.get(key).and_then(|harmed| harmed.get(..begin));
                same.is_some() && same == content.get(..begin)
            }),
            (Kind::Altered, Self::Members) => {
                changed(sound, harmed).keys().all(|name| name.ends_with(".gz"))
            }
            // Whole files in each other's places are no less whole.
            (Kind::Moved, Self::Members) | (_, Self::Nothing) => false,
        }
    }
}

/// Where the first zlib stream of a custom archive is announced: a block of data, its number, a
/// length, and zlib's first byte.
fn begin_of_data(archive: &[u8]) -> usize {
    archive
        .windows(12)
        .position(|at| at[..2] == [1, 0] && at[6] == 0 && at[9..11] == [0, 0] && at[11] == 0x78)
        .expect("a block of compressed data")
}

/// The names and contents of what was lost or altered: members, where they can be told apart.
fn changed(sound: &Objects, harmed: &Objects) -> Objects {
    let mut sound = members(sound);
    let mut changed = members(harmed);
    changed.retain(|name, content| sound.remove(name).as_ref() != Some(content));
    changed.extend(sound.into_keys().map(|missing| (missing, Vec::new())));
    changed
}

/// The members of a directory or a tar; of anything else, and of a tar that is none any more, the
/// objects.
fn members(objects: &Objects) -> Objects {
    match objects.get("shop.tar").and_then(|archive| tar::members(archive)) {
        Some(members) => {
            members.into_iter().map(|member| (member.name(), member.content)).collect()
        }
        None => objects.clone(),
    }
}

/// Whether a file may hold this whatever it held before: nothing in an archive says how long a large
/// object is, and pg_dump writes an empty one as a file of zero bytes, also with lz4 and zstd.
fn is_free(name: &str, content: &[u8]) -> bool {
    let file = name.trim_start_matches("shop/");
    let compressed = file.ends_with(".gz") || file.ends_with(".lz4") || file.ends_with(".zst");
    file.starts_with("blob_") && !file.ends_with(".gz") && (!compressed || content.is_empty())
}
