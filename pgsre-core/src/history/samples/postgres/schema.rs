//! The schema `pgsre_samples`.

use super::Trouble;
use crate::postgres::Session;

/// The version of the schema's shape.
const VERSION: i32 = 1;

/// Two that begin at once make it once.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtext('pgsre_samples'))";

const LOOK: &str = "\
    SELECT to_regnamespace('pgsre_samples') IS NOT NULL AS schema, \
           to_regclass('pgsre_samples.version') IS NOT NULL AS version";

/// Points come in the order of time, so that a BRIN index finds what is old; questions go by series.
const SCHEMA: &str = "\
    CREATE SCHEMA pgsre_samples; \
    COMMENT ON SCHEMA pgsre_samples IS 'History kept by pgsre'; \
    CREATE TABLE pgsre_samples.version (version int NOT NULL); \
    CREATE TABLE pgsre_samples.series ( \
      id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, server text NOT NULL, \
      metric text NOT NULL, labels jsonb NOT NULL, UNIQUE (server, metric, labels)); \
    CREATE TABLE pgsre_samples.point ( \
      series int8 NOT NULL, at timestamptz NOT NULL, value float8, PRIMARY KEY (series, at)); \
    CREATE INDEX ON pgsre_samples.point USING brin (at) WITH (pages_per_range = 32); \
    CREATE TABLE pgsre_samples.stretch ( \
      series int8 NOT NULL, width int NOT NULL, at timestamptz NOT NULL, \
      mean float8, min float8, max float8, count int8 NOT NULL, \
      PRIMARY KEY (series, width, at)); \
    CREATE TABLE pgsre_samples.done (width int PRIMARY KEY, until timestamptz NOT NULL); \
    CREATE FUNCTION pgsre_samples.begin(width int, at timestamptz) RETURNS timestamptz \
      LANGUAGE sql STABLE AS $$ SELECT to_timestamp(floor(extract(epoch FROM at) / width) * width) $$; \
    COMMENT ON FUNCTION pgsre_samples.begin IS 'When the stretch of so many seconds begins'; \
    CREATE VIEW pgsre_samples.samples AS \
      SELECT server, metric, labels, at, value \
        FROM pgsre_samples.series JOIN pgsre_samples.point ON series = id; \
    INSERT INTO pgsre_samples.version VALUES (1);";

/// Makes the schema where it is not there; refuses one that is not ours, or newer.
pub(super) async fn ensure(session: &mut Session) -> Result<(), Trouble> {
    let transaction = session.transaction().await?;
    transaction.batch_execute(LOCK).await?;
    let there = transaction.query_one(LOOK, &[]).await?;
    match (there.try_get("schema")?, there.try_get("version")?) {
        (false, _) => transaction.batch_execute(SCHEMA).await?,
        (true, false) => return Err(Trouble::Foreign),
        (true, true) => {
            let row = transaction.query_one("TABLE pgsre_samples.version", &[]).await?;
            let version: i32 = row.try_get(0)?;
            if version != VERSION {
                return Err(Trouble::Newer(version));
            }
        }
    }
    transaction.commit().await?;
    Ok(())
}
