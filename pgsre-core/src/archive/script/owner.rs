//! `ALTER … OWNER TO` (`_getObjectDescription`).

use super::name::{qualified, quoted};
use crate::archive::ArchiveError;
use crate::archive::toc::Entry;

/// What has an owner and is named by its type, its schema and its name.
const NAMED: &[&str] = &[
    "COLLATION",
    "CONVERSION",
    "DATABASE",
    "DOMAIN",
    "EVENT TRIGGER",
    "FOREIGN DATA WRAPPER",
    "FOREIGN TABLE",
    "MATERIALIZED VIEW",
    "PROCEDURAL LANGUAGE",
    "PUBLICATION",
    "SCHEMA",
    "SEQUENCE",
    "SERVER",
    "STATISTICS",
    "SUBSCRIPTION",
    "TABLE",
    "TEXT SEARCH CONFIGURATION",
    "TEXT SEARCH DICTIONARY",
    "TYPE",
    "VIEW",
];

/// What has an owner and is named as in its `DROP`: with arguments, or an access method.
const NAMED_IN_DROP: &[&str] =
    &["AGGREGATE", "FUNCTION", "OPERATOR", "OPERATOR CLASS", "OPERATOR FAMILY", "PROCEDURE"];

/// The statement that gives the object to its owner; empty where it has none of its own. Without a
/// `DROP` statement nothing can be owned.
pub(super) fn statement(entry: &Entry) -> Result<Vec<u8>, ArchiveError> {
    let owner = entry.owner.as_deref().unwrap_or_default();
    if owner.is_empty() || entry.drop_statement.is_empty() {
        return Ok(Vec::new());
    }
    let Some(object) = object(entry)? else { return Ok(Vec::new()) };
    Ok([b"ALTER ".as_slice(), &object, &to(owner), b";\n"].concat())
}

/// ` OWNER TO "shop"`.
pub(super) fn to(owner: &[u8]) -> Vec<u8> {
    [b" OWNER TO ".as_slice(), &quoted(owner)].concat()
}

fn object(entry: &Entry) -> Result<Option<Vec<u8>>, ArchiveError> {
    let description = entry.description.as_str();
    if NAMED.contains(&description) {
        return Ok(Some([description.as_bytes(), b" ", &qualified(entry)].concat()));
    }
    if NAMED_IN_DROP.contains(&description) {
        return in_drop(&entry.drop_statement).map(Some);
    }
    Ok((description == "BLOB").then(|| [b"LARGE OBJECT ".as_slice(), &entry.tag].concat()))
}

/// `FUNCTION public.f(integer)` of `DROP FUNCTION public.f(integer);`.
fn in_drop(statement: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    let object = statement.strip_prefix(b"DROP ").ok_or_else(|| {
        ArchiveError::corrupt("the statement that drops the object is not one that pg_dump writes")
    })?;
    let end = object.iter().rposition(|byte| !matches!(byte, b'\n' | b';'));
    Ok(object[..end.map_or(0, |end| end + 1)].to_vec())
}
