//! Transactions that wait for their client.

use super::{Advice, AdviceKind};
use crate::postgres::Session;
use crate::queries::error::QueriesError;

/// Sessions that have been idle within a transaction for 10 seconds or longer; those of others are
/// not visible without pg_monitor, and are not counted then.
const IDLE: &str = "\
    SELECT count(*), max(extract(epoch FROM now() - state_change))::float8, \
           max(extract(epoch FROM now() - xact_start))::float8, \
           max(age(backend_xmin))::float8 \
      FROM pg_catalog.pg_stat_activity \
     WHERE backend_type = 'client backend' AND state LIKE 'idle in transaction%' \
       AND state_change < now() - interval '10 seconds'";

pub(super) async fn advice(session: &Session) -> Result<Option<Advice>, QueriesError> {
    let rows = session.query_typed(IDLE, &[]).await?;
    let row = rows.first().ok_or_else(QueriesError::no_row)?;
    let count: i64 = row.try_get(0)?;
    let (Some(idle), Some(open)) =
        (row.try_get::<_, Option<f64>>(1)?, row.try_get::<_, Option<f64>>(2)?)
    else {
        return Ok(None);
    };
    let xmin = row.try_get::<_, Option<f64>>(3)?.unwrap_or(0.0);
    Ok((count > 0).then(|| Advice {
        kind: AdviceKind::IdleInTransaction,
        query: None,
        message: format!(
            "{count} sessions wait within a transaction for their client, the longest for {idle:.0} \
             s; the oldest transaction is open for {open:.0} s"
        ),
        fix: "end transactions before waiting for anything else, and set \
              idle_in_transaction_session_timeout"
            .to_owned(),
        evidence: [
            ("sessions", count as f64),
            ("longest_idle_seconds", idle),
            ("oldest_transaction_seconds", open),
            ("oldest_xmin_age", xmin),
        ]
        .into(),
    }))
}
