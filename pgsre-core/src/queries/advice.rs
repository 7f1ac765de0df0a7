//! What to do about a query: each piece of advice with the figures that it rests on.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::error::QueriesError;
use super::statements::StatementKey;
use super::text::Text;
use super::window::{QueryWindow, Window};
use crate::postgres::Session;

mod calls;
mod idle;
mod plan;
mod scan;
mod spill;

pub use plan::Unplanned;

/// What a piece of advice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AdviceKind {
    /// A large table is read from end to end for a few of its rows.
    SequentialScan,
    /// Sorts or hashes that do not fit into `work_mem`.
    Spill,
    /// Thousands of calls a second of a query that does little: N + 1.
    ManyCalls,
    /// Transactions that wait for their client.
    IdleInTransaction,
}

/// A piece of advice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Advice {
    /// What it is about.
    pub kind: AdviceKind,
    /// The query, where it is about one.
    #[serde(skip)]
    pub query: Option<StatementKey>,
    /// What was seen, in one sentence.
    pub message: String,
    /// What to do.
    pub fix: String,
    /// The figures that it rests on.
    pub evidence: BTreeMap<&'static str, f64>,
}

/// What can be said about the queries of a window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advised {
    /// The advice.
    pub advice: Vec<Advice>,
    /// The queries that could not be planned, and why: nothing is known of their scans.
    pub unplanned: Vec<(StatementKey, Unplanned)>,
}

/// Looks for something to do about these queries of a window.
///
/// Queries of the session's database are planned as `EXPLAIN` does it, with unknown parameters, in a
/// transaction that can only read and ends after two seconds: none is executed. (As with every plan,
/// functions that are declared immutable may be evaluated, with the rights of the session's role: do
/// not let a superuser plan what others wrote.)
///
/// # Errors
/// What the server says. Cancel safe: what is prepared ends with the session.
pub async fn advise(
    session: &Session,
    window: &Window,
    queries: &[&QueryWindow],
    texts: &HashMap<StatementKey, Text>,
) -> Result<Advised, QueriesError> {
    let mut advised = Advised::default();
    let server = plan::Planner::of(session).await?;
    for query in queries {
        let text = texts.get(&query.key);
        advised.advice.extend(spill::advice(query, server.block_size));
        advised.advice.extend(text.and_then(|text| calls::advice(window, query, text)));
        if query.key.database != server.database {
            continue;
        }
        match scan::advice(&server, window, query, text).await {
            Ok(found) => advised.advice.extend(found),
            Err(why) => advised.unplanned.push((query.key, why)),
        }
    }
    advised.advice.extend(idle::advice(session).await?);
    Ok(advised)
}

/// Bytes as people read them.
fn size(bytes: f64) -> String {
    match bytes {
        _ if bytes >= 1e9 => format!("{:.1} GB", bytes / 1e9),
        _ if bytes >= 1e6 => format!("{:.1} MB", bytes / 1e6),
        _ => format!("{:.0} kB", bytes / 1e3),
    }
}

#[cfg(test)]
mod tests;
