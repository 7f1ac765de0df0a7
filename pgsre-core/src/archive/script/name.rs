//! Names in the statements that are made here (`fmtId`).

use crate::archive::toc::Entry;

/// The name in quotes, which are right for any name and for the keywords of any version.
pub(super) fn quoted(name: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(name.len() + 2);
    quoted.push(b'"');
    for &byte in name {
        if byte == b'"' {
            quoted.push(b'"');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    quoted
}

/// The entry's object, with its schema where it has one.
pub(super) fn qualified(entry: &Entry) -> Vec<u8> {
    match entry.namespace.as_deref() {
        None | Some([]) => quoted(&entry.tag),
        Some(schema) => [quoted(schema).as_slice(), b".", &quoted(&entry.tag)].concat(),
    }
}
