//! How near the identifiers of transactions are to their end.

use async_trait::async_trait;

use super::{Measured, Probe, ProbeContext};
use crate::monitor::{Metric, ProbeError, Sample};

const AGES: &str = "\
    SELECT max(age(datfrozenxid))::float8, max(mxid_age(datminmxid))::float8 FROM pg_database";

/// Half of the 32-bit space lies ahead of an identifier; the server stops to assign transaction ids
/// 3,000,000 before the end of it (`varsup.c`, `SetTransactionIdLimit`).
const XIDS: f64 = 2_147_483_648.0 - 3_000_000.0;

/// The same for multixacts (`multixact.c`, `SetMultiXactIdLimit`).
const MULTIXACTS: f64 = 2_147_483_648.0 - 3_000_000.0;

/// Age of the oldest transaction id and multixact id, and what is left.
#[derive(Debug)]
pub struct Wraparound;

#[async_trait]
impl Probe for Wraparound {
    fn name(&self) -> &'static str {
        "wraparound"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[
            Metric::WraparoundXidAge,
            Metric::WraparoundXidLeft,
            Metric::WraparoundMultixactAge,
            Metric::WraparoundMultixactLeft,
        ]
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        let row = cx.row(AGES).await?;
        let (xid, multixact): (f64, f64) = (row.try_get(0)?, row.try_get(1)?);
        let of = |metric, value| Sample::exact(metric, value, cx.now);
        Ok(vec![
            of(Metric::WraparoundXidAge, xid),
            of(Metric::WraparoundXidLeft, left(xid, XIDS)),
            of(Metric::WraparoundMultixactAge, multixact),
            of(Metric::WraparoundMultixactLeft, left(multixact, MULTIXACTS)),
        ]
        .into())
    }
}

fn left(age: f64, all: f64) -> f64 {
    ((all - age) / all).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::{XIDS, left};

    #[test]
    fn nothing_is_left_where_the_server_stops() {
        assert!(left(0.0, XIDS) > 0.999);
        assert!(left(XIDS, XIDS) <= 0.0);
        assert!(left(2_147_483_647.0, XIDS) <= 0.0);
    }
}
