//! Large objects: who they are, and the statements that one entry stands for
//! (`IssueCommandPerBlob` and `IssueACLPerBlob` in `pg_backup_db.c`).

use super::owner;
use crate::archive::toc::Entry;
use crate::archive::{ArchiveError, ArchiveErrorKind};

/// What one entry's statements may take. `pg_dump` puts at most 1,000 large objects in an entry.
const MAX_BYTES: usize = 32 << 20;

/// The OIDs of a `BLOB METADATA` entry: one a line.
pub(super) fn listed(entry: &Entry) -> Result<Vec<u32>, ArchiveError> {
    let lines = entry.definition.strip_suffix(b"\n").unwrap_or(&entry.definition);
    lines.split(|byte| *byte == b'\n').map(oid).collect()
}

/// The OID of a `BLOB` entry, which is its name too.
pub(super) fn named(entry: &Entry) -> Result<u32, ArchiveError> {
    oid(&entry.tag)
}

fn oid(text: &[u8]) -> Result<u32, ArchiveError> {
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok().filter(|oid: &u32| *oid > 0 && oid.to_string() == text))
        .ok_or_else(|| ArchiveError::corrupt("a large object's OID is not a number"))
}

/// The statements of a `BLOB METADATA` entry.
pub(super) fn created(entry: &Entry) -> Result<Vec<u8>, ArchiveError> {
    let oids = listed(entry)?;
    let mut sql = per_object(&oids, b"SELECT pg_catalog.lo_create('", b"')")?;
    let owner = entry.owner.as_deref().unwrap_or_default();
    if !owner.is_empty() && !entry.drop_statement.is_empty() {
        sql.extend(per_object(&oids, b"ALTER LARGE OBJECT ", &owner::to(owner))?);
    }
    Ok(sql)
}

/// The statement, which is about one large object, for each of them.
pub(super) fn for_each(statement: &[u8], oids: &[u32]) -> Result<Vec<u8>, ArchiveError> {
    let strange = || ArchiveError::corrupt("privileges on large objects that name none");
    let digits = number_of_object(statement).ok_or_else(strange)?;
    let length = statement[digits..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return Err(strange());
    }
    per_object(oids, &statement[..digits], &statement[digits + length..])
}

/// Where the number stands behind `LARGE OBJECT `, outside of a quoted role's name.
fn number_of_object(statement: &[u8]) -> Option<usize> {
    const WORDS: &[u8] = b"LARGE OBJECT ";
    let mut quoted = false;
    (0..statement.len()).find_map(|at| {
        quoted ^= statement[at] == b'"';
        (!quoted && statement[at..].starts_with(WORDS)).then_some(at + WORDS.len())
    })
}

fn per_object(oids: &[u32], head: &[u8], tail: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    const OID_DIGITS: usize = 10;
    let length = head.len() + OID_DIGITS + tail.len() + b";\n".len();
    if length.saturating_mul(oids.len()) > MAX_BYTES {
        return Err(ArchiveError::new(
            ArchiveErrorKind::Unsupported,
            format!(
                "the statements about {} large objects take more than {MAX_BYTES} bytes",
                oids.len()
            ),
        ));
    }
    let mut sql = Vec::new();
    for oid in oids {
        sql.extend([head, oid.to_string().as_bytes(), tail, b";\n"].concat());
    }
    Ok(sql)
}
