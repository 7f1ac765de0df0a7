//! What a session is set to between entries (`_selectTablespace`, `_selectTableAccessMethod`,
//! `_selectOutputSchema`).

use super::name::{qualified, quoted};
use crate::archive::toc::Entry;

/// `RELKIND_PARTITIONED_TABLE`.
const PARTITIONED: u8 = b'p';

/// What is in force so far; `None` where that is not known.
#[derive(Clone, Debug, Default)]
pub(super) struct Session<'a> {
    schema: Option<&'a [u8]>,
    tablespace: Option<&'a [u8]>,
    access_method: Option<&'a [u8]>,
}

impl<'a> Session<'a> {
    /// The settings that the entry needs and that are not in force.
    pub(super) fn select(&mut self, entry: &'a Entry, by_schema: bool) -> Vec<u8> {
        let mut sql = Vec::new();
        if by_schema && let Some(schema) = changed(&mut self.schema, entry.namespace.as_deref()) {
            sql.extend(search_path(schema));
        }
        if let Some(tablespace) = changed_even_to_none(&mut self.tablespace, &entry.tablespace) {
            let value = if tablespace.is_empty() { b"''".to_vec() } else { quoted(tablespace) };
            sql.extend([b"SET default_tablespace = ".as_slice(), &value, b";\n"].concat());
        }
        let method = Some(entry).filter(|entry| entry.relation_kind != PARTITIONED);
        let method = method.and_then(|entry| entry.table_access_method.as_deref());
        if let Some(method) = changed(&mut self.access_method, method) {
            let value = quoted(method);
            sql.extend([b"SET default_table_access_method = ".as_slice(), &value, b";\n"].concat());
        }
        sql
    }
}

/// Objects of an archive before 10.3 name no schema.
pub(super) fn search_path(schema: &[u8]) -> Vec<u8> {
    let catalogue: &[u8] = if schema == b"pg_catalog" { b"" } else { b", pg_catalog" };
    [b"SET search_path = ".as_slice(), &quoted(schema), catalogue, b";\n"].concat()
}

/// A partitioned table's own, which no setting gives it (`_printTableAccessMethodNoStorage`).
pub(super) fn access_method(entry: &Entry) -> Vec<u8> {
    match &entry.table_access_method {
        Some(method) if entry.relation_kind == PARTITIONED && !method.is_empty() => [
            b"ALTER TABLE ".as_slice(),
            &qualified(entry),
            b" SET ACCESS METHOD ",
            &quoted(method),
            b";\n",
        ]
        .concat(),
        _ => Vec::new(),
    }
}

fn changed<'a>(have: &mut Option<&'a [u8]>, want: Option<&'a [u8]>) -> Option<&'a [u8]> {
    changed_to(have, want.filter(|want| !want.is_empty()))
}

/// The empty tablespace is the database's own.
fn changed_even_to_none<'a>(
    have: &mut Option<&'a [u8]>,
    want: &'a Option<Vec<u8>>,
) -> Option<&'a [u8]> {
    changed_to(have, want.as_deref())
}

fn changed_to<'a>(have: &mut Option<&'a [u8]>, want: Option<&'a [u8]>) -> Option<&'a [u8]> {
    let want = want.filter(|want| *have != Some(*want))?;
    *have = Some(want);
    Some(want)
}
