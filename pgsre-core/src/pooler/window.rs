//! [`StatsWindow`]: what the console's counters say about a time.

use serde::Serialize;

use super::StatsRow;

/// What happened between two readings of the counters of one database.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatsWindow {
    /// Its length.
    pub seconds: f64,
    /// Transactions a second.
    pub transactions_rate: f64,
    /// Server connections in use on average: Little's law, L = λW, with λW as the time that all
    /// transactions that ended held one.
    pub concurrency: f64,
    /// Mean time that a transaction held its server connection; `None` where there was none.
    pub transaction_seconds: Option<f64>,
    /// Mean time of a query, without its wait.
    pub query_seconds: Option<f64>,
    /// Mean time that a client waited for its server connection.
    pub wait_seconds: Option<f64>,
}

impl StatsWindow {
    /// The difference of two readings, `seconds` apart. `None` where a counter fell: PgBouncer was
    /// started anew.
    #[must_use]
    pub fn between(before: &StatsRow, after: &StatsRow, seconds: f64) -> Option<Self> {
        let rise = |before: u64, after: u64| after.checked_sub(before).map(|rise| rise as f64);
        let passed = |before: f64, after: f64| (after >= before).then_some(after - before);
        let transactions = rise(before.transactions, after.transactions)?;
        let queries = rise(before.queries, after.queries)?;
        let in_transactions = passed(before.transaction_seconds, after.transaction_seconds)?;
        let in_queries = passed(before.query_seconds, after.query_seconds)?;
        let waited = passed(before.wait_seconds, after.wait_seconds)?;
        // Before 1.23 nothing counts the assignments; in transaction mode each transaction has one.
        let assignments = match (before.assignments, after.assignments) {
            (Some(before), Some(after)) => rise(before, after)?,
            _ => transactions,
        };
        // PgBouncer's clock of a transaction starts when the client asks, before it has a server
        // connection (`xact_start` in src/client.c): what it waited is not what it held.
        let held = (in_transactions - waited).max(0.0);
        let mean = |time: f64, count: f64| (count > 0.0).then(|| time / count);
        (seconds > 0.0).then(|| Self {
            seconds,
            transactions_rate: transactions / seconds,
            concurrency: held / seconds,
            transaction_seconds: mean(held, transactions),
            query_seconds: mean((in_queries - waited).max(0.0), queries),
            wait_seconds: mean(waited, assignments),
        })
    }
}
