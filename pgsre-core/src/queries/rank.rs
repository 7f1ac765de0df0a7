//! The worst queries of a window, by what is to be saved.

use super::window::{QueryWindow, Window};

/// What queries are ordered by, the most first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Time of execution, all calls together.
    #[default]
    Total,
    /// Time of one execution.
    Mean,
    /// Calls.
    Calls,
    /// Blocks read and written.
    Io,
    /// Write-ahead log.
    Wal,
    /// Temporary blocks written and read.
    Temporary,
    /// Rows.
    Rows,
}

impl Order {
    /// By how much a query weighs in this order.
    #[must_use]
    pub fn weight(self, query: &QueryWindow) -> f64 {
        let counted = &query.counted;
        match self {
            Self::Total => counted.total_ms,
            Self::Mean => counted.mean_ms(),
            Self::Calls => counted.calls as f64,
            Self::Io => counted.blocks_read as f64 + counted.blocks_written as f64,
            Self::Wal => counted.wal_bytes,
            Self::Temporary => counted.temporary_written as f64 + counted.temporary_read as f64,
            Self::Rows => counted.rows as f64,
        }
    }
}

impl Window {
    /// The first queries in an order; equal ones by their keys, so that the order is always the
    /// same.
    #[must_use]
    pub fn top(&self, order: Order, most: usize) -> Vec<&QueryWindow> {
        let mut queries: Vec<&QueryWindow> = self.queries.iter().collect();
        queries.sort_by(|a, b| {
            order.weight(b).total_cmp(&order.weight(a)).then_with(|| a.key.cmp(&b.key))
        });
        queries.truncate(most);
        queries
    }
}
