//! Talking to PostgreSQL: connections, versions, quoting, and the server programs on this machine.

/// placeholder
#[derive(Debug, Clone)]
pub struct Database;
