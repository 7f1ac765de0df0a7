//! Migrations that pgsre applies, by the state that it keeps in the database.

use async_trait::async_trait;

use super::{Measured, Probe, ProbeContext};
use crate::monitor::{Metric, ProbeError, Sample};

/// By the catalogue: asking for what may not be looked at is an error.
const READABLE: &str = "\
    SELECT has_schema_privilege(n.oid, 'USAGE') \
           AND bool_and(has_table_privilege(c.oid, 'SELECT')) \
      FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid \
     WHERE n.nspname = 'pgsre_migrate' AND c.relname IN ('run', 'part') \
     GROUP BY n.oid HAVING count(*) = 2";

/// A step that is a backfill counts by its rows, of which the planner estimated how many there are.
const RUNS: &str = "\
    SELECT r.name, r.step || ' of ' || r.steps, \
           (r.step - 1 + least(coalesce(sum(p.passed)::float8 / nullif(sum(p.estimate), 0)::float8, \
                                        0), 1)) / greatest(r.steps, 1), \
           extract(epoch FROM clock_timestamp() - r.heartbeat)::float8 \
      FROM pgsre_migrate.run r LEFT JOIN pgsre_migrate.part p ON p.run = r.name \
     GROUP BY r.name ORDER BY r.started_at LIMIT 16";

/// How far each migration of the database that is connected to is, and when it last got on. Nothing
/// where none is under way.
#[derive(Debug)]
pub struct Migrations;

#[async_trait]
impl Probe for Migrations {
    fn name(&self) -> &'static str {
        "migrations"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[Metric::MigrationProgress, Metric::MigrationIdleSeconds]
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        let readable = cx.rows(READABLE, &[]).await?;
        let Some(readable) = readable.first() else { return Ok(Measured::default()) };
        let mut measured = Measured::default();
        if !readable.try_get::<_, bool>(0)? {
            measured.unseen.push(
                "migrations under way are not visible to this role: grant USAGE on schema \
                 pgsre_migrate and SELECT on its tables to it"
                    .into(),
            );
            return Ok(measured);
        }
        for row in cx.rows(RUNS, &[]).await? {
            let (name, step): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let figures = [
                Sample::exact(Metric::MigrationProgress, row.try_get(2)?, cx.now)
                    .about("step", &step),
                Sample::exact(Metric::MigrationIdleSeconds, row.try_get(3)?, cx.now),
            ];
            measured.samples.extend(figures.map(|sample| sample.about("migration", &name)));
        }
        Ok(measured)
    }
}
