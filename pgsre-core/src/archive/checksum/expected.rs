//! What a manifest says of a backup's bytes.

use std::collections::{BTreeMap, HashMap};

use super::sums::{Digest, parse_digest};
use super::{below, not_listed};
use crate::archive::ArchiveError;
use crate::backup::{Backup, BackupFormat, BackupPart};
use crate::source::is_dump_member;

/// What each object of a backup must be, as a manifest beside it says. What is read must then be
/// that; an object of another size is found before it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedBytes {
    by: String,
    parts: BTreeMap<String, (u64, Digest)>,
}

impl ExpectedBytes {
    /// As the manifest `by` says: the name of each object within the backup, its bytes and their
    /// SHA-256 in hexadecimal.
    ///
    /// # Errors
    /// Where one of them is no SHA-256, or two are of one name.
    pub fn new<'p>(
        by: impl Into<String>,
        parts: impl IntoIterator<Item = (&'p str, u64, &'p str)>,
    ) -> Result<Self, ArchiveError> {
        let by = by.into();
        let mut known = BTreeMap::new();
        for (name, size, sha256) in parts {
            let digest = parse_digest(sha256)
                .ok_or_else(|| damaged(&by, &format!("{sha256:?} is no SHA-256")))?;
            if known.insert(name.to_owned(), (size, digest)).is_some() {
                return Err(damaged(&by, &format!("{name} is in it twice")));
            }
        }
        Ok(Self { by, parts: known })
    }

    pub(super) fn by(&self) -> &str {
        &self.by
    }

    /// What each part must be, by its key. `None` where the manifest says nothing of the bytes.
    pub(super) fn digests(
        &self,
        backup: &Backup,
    ) -> Result<Option<HashMap<String, Digest>>, ArchiveError> {
        if self.parts.is_empty() {
            return Ok(None);
        }
        let mut left = self.parts.clone();
        let mut found = HashMap::new();
        for part in &backup.parts {
            match self.take(backup, part, &mut left) {
                Some(expected) => drop(found.insert(part.key.clone(), self.sized(part, expected)?)),
                None if is_read(backup, part) => return Err(not_listed(&self.by, &part.key)),
                None => {}
            }
        }
        match left.first_key_value() {
            None => Ok(Some(found)),
            Some((name, _)) => Err(self.lacks(name, left.len())),
        }
    }

    /// A backup of one object may have been renamed with its manifest.
    fn take(
        &self,
        backup: &Backup,
        part: &BackupPart,
        left: &mut BTreeMap<String, (u64, Digest)>,
    ) -> Option<(u64, Digest)> {
        if backup.format != BackupFormat::Directory && backup.parts.len() == 1 && left.len() == 1 {
            return left.pop_first().map(|(_, expected)| expected);
        }
        left.remove(below(backup.directory().unwrap_or_default(), &part.key))
    }

    fn sized(
        &self,
        part: &BackupPart,
        (size, digest): (u64, Digest),
    ) -> Result<Digest, ArchiveError> {
        let message = format!(
            "{} has {} bytes, and {size} when it was backed up, as {} says",
            part.key, part.size, self.by
        );
        match part.size.cmp(&size) {
            std::cmp::Ordering::Equal => Ok(digest),
            std::cmp::Ordering::Less => Err(ArchiveError::truncated(message)),
            std::cmp::Ordering::Greater => Err(ArchiveError::corrupt(message)),
        }
    }

    fn lacks(&self, name: &str, count: usize) -> ArchiveError {
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        ArchiveError::truncated(format!(
            "the backup lacks {name}{more}, which {} says is a part of it",
            self.by
        ))
    }
}

/// What else lies in a directory is not read.
fn is_read(backup: &Backup, part: &BackupPart) -> bool {
    backup.format != BackupFormat::Directory || is_dump_member(&part.key)
}

fn damaged(by: &str, why: &str) -> ArchiveError {
    ArchiveError::corrupt(format!("the manifest {by} is damaged: {why}"))
        .with_hint("take the backup again, with its manifest")
}
