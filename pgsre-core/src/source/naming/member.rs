//! Which objects are the members of a directory-format dump (`pg_dump -Fd`).

use std::collections::BTreeMap;

use super::{basename, parent};
use crate::backup::BackupPart;

/// The endings under which `pg_restore` finds a file too.
const COMPRESSED: &[&str] = &[".gz", ".lz4", ".zst"];

/// A dump ID of more digits would be that of a database of ten million objects, and `20261122.dat`
/// is a dump of a day.
const DUMP_ID_DIGITS: usize = 7;

/// Directories that are dumps, by their paths, with their members.
#[derive(Debug, Default)]
pub(super) struct Directories {
    whole: BTreeMap<String, Vec<BackupPart>>,
    /// Data files that have lost their table of contents.
    headless: BTreeMap<String, Vec<BackupPart>>,
}

impl Directories {
    pub(super) fn of(parts: &[BackupPart]) -> Self {
        let tocs = parts.iter().filter(|part| is_toc(&part.key));
        let whole = tocs.map(|part| (parent(&part.key).to_owned(), Vec::new())).collect();
        Self { whole, headless: BTreeMap::new() }
    }

    /// Takes a part that belongs to a dump; gives back every other.
    pub(super) fn take(&mut self, part: BackupPart) -> Option<BackupPart> {
        if let Some(members) = self.innermost(&part.key) {
            members.push(part);
            return None;
        }
        if is_data(&part.key) {
            self.headless.entry(parent(&part.key).to_owned()).or_default().push(part);
            return None;
        }
        Some(part)
    }

    /// `pg_dump` makes no directories inside of its own: one with a table of contents is another
    /// dump, what lies in any other belongs to the dump around it.
    fn innermost(&mut self, key: &str) -> Option<&mut Vec<BackupPart>> {
        let mut path = parent(key);
        while !self.whole.contains_key(path) {
            if path.is_empty() {
                return None;
            }
            path = parent(path);
        }
        self.whole.get_mut(path)
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = (String, Vec<BackupPart>)> {
        self.whole.into_iter().chain(self.headless)
    }
}

/// Whether a file of this name is one of those that `pg_dump -Fd` writes.
pub(crate) fn is_dump_member(key: &str) -> bool {
    is_toc(key) || is_data(key)
}

/// The table of contents, which makes a directory a dump.
pub(super) fn is_toc(key: &str) -> bool {
    uncompressed(basename(key)) == "toc.dat"
}

/// A table's data, a large object or the list of them.
fn is_data(key: &str) -> bool {
    let name = uncompressed(basename(key));
    if let Some(stem) = name.strip_suffix(".dat") {
        let oid = stem.strip_prefix("blob_");
        return oid.map_or_else(|| is_dump_id(stem), is_number);
    }
    let list = name.strip_suffix(".toc").and_then(|stem| stem.strip_prefix("blobs"));
    list.is_some_and(|id| id.is_empty() || id.strip_prefix('_').is_some_and(is_dump_id))
}

fn uncompressed(name: &str) -> &str {
    COMPRESSED.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

fn is_dump_id(text: &str) -> bool {
    is_number(text) && text.len() <= DUMP_ID_DIGITS
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
