//! The table that the `INSERT` statements of an entry name.

use crate::archive::cursor::Cursor;
use crate::archive::script::DataEntry;
use crate::archive::toc::Toc;
use crate::archive::{ObjectName, SqlDialect};

/// What `pg_dump --load-via-partition-root` writes in place of a definition (`dumpTableData`).
const VIA_ROOT: &[u8] = b"-- load via partition root ";

/// The entry's table, or the root of its partitions where it is loaded through that.
pub(super) fn table_of(toc: &Toc, entry: &DataEntry) -> ObjectName {
    toc.entries
        .iter()
        .find(|written| written.dump_id == entry.dump_id)
        .and_then(|written| written.definition.strip_prefix(VIA_ROOT))
        .and_then(|root| Cursor::new(root, SqlDialect::default()).object_name())
        .unwrap_or_else(|| ObjectName {
            schema: entry.entry.schema.clone(),
            name: entry.entry.name.clone(),
        })
}
