//! A vacuum of the table.

use async_trait::async_trait;
use tokio_postgres::types::Type;

use super::{Signal, Throttle, ThrottleContext};
use crate::migrate::error::ApplyError;

const VACUUMED: &str = "\
    SELECT relid::regclass::text FROM pg_stat_progress_vacuum \
     WHERE datname = current_database() AND relid = ANY ($1)";

/// Waits while the table, or one of its partitions, is vacuumed: the vacuum is through sooner, and
/// what it frees is used again.
#[derive(Clone, Copy, Debug)]
pub struct Autovacuum;

#[async_trait]
impl Throttle for Autovacuum {
    fn name(&self) -> &str {
        "autovacuum"
    }

    async fn look(&mut self, cx: &mut ThrottleContext<'_>) -> Result<Signal, ApplyError> {
        let rows = cx.rows(VACUUMED, &[(&cx.relations, Type::OID_ARRAY)]).await?;
        Ok(match rows.first() {
            None => Signal::Go,
            Some(row) => {
                Signal::Pause(format!("{} is being vacuumed", row.try_get::<_, String>(0)?))
            }
        })
    }
}
