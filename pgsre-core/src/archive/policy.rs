//! What may be sent to a server, and what not: one reason a row.

use super::ObjectName;

/// Whether the table is one of PostgreSQL's own, which no dump fills.
pub(crate) fn is_system_catalog(_table: &ObjectName) -> bool {
    false
}
