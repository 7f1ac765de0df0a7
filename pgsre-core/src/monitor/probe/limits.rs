//! Connections of databases and roles that have a limit of their own.

use async_trait::async_trait;

use super::{Measured, Probe, ProbeContext};
use crate::monitor::{Metric, ProbeError, Sample};

/// Databases and roles that have a limit of their own.
const LIMITS: &str = "\
    SELECT 'database', datname::text, datconnlimit::float8, (SELECT count(*) FROM pg_stat_get_activity(NULL) a \
           WHERE a.datid = d.oid AND backend_type = 'client backend')::float8 \
      FROM pg_database d WHERE datconnlimit > 0 \
     UNION ALL \
    SELECT 'role', rolname::text, rolconnlimit::float8, (SELECT count(*) FROM pg_stat_get_activity(NULL) a \
           WHERE a.usesysid = r.oid AND backend_type = 'client backend')::float8 \
      FROM pg_roles r WHERE rolconnlimit > 0";

/// Connections of databases and roles against a limit of their own.
#[derive(Debug)]
pub struct Limits;

#[async_trait]
impl Probe for Limits {
    fn name(&self) -> &'static str {
        "limits"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[Metric::ConnectionsLimitSaturation]
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        let mut samples = Vec::new();
        for row in cx.rows(LIMITS, &[]).await? {
            let (kind, name): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let (limit, used): (f64, f64) = (row.try_get(2)?, row.try_get(3)?);
            let share = Sample::exact(Metric::ConnectionsLimitSaturation, used / limit, cx.now);
            samples.push(share.about(&kind, name));
        }
        Ok(samples.into())
    }
}
