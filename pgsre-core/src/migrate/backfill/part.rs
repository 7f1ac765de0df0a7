//! How far a backfill is in one table or partition, as the database keeps it.

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::engine::Job;
use super::key::Key;
use super::plan::{self, Found, first_size};
use super::statement::Target;
use crate::migrate::error::{ApplyError, ApplyErrorKind};

/// A table or partition that is not done.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) number: i32,
    pub(super) target: Target,
    pub(super) key: Key,
    pub(super) last: Option<Vec<String>>,
    pub(super) ends: Vec<String>,
    pub(super) size: u32,
}

const COUNT: &str = "SELECT count(*) FROM pgsre_migrate.part WHERE run = $1";

const ADD: &str = "\
    INSERT INTO pgsre_migrate.part (run, number, relation, key, ends, size, estimate, done) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $5 IS NULL)";

const NEXT: &str = "\
    SELECT number, relation, key, last, ends, size FROM pgsre_migrate.part \
     WHERE run = $1 AND NOT done ORDER BY number LIMIT 1";

const RELATIONS: &str = "SELECT relation FROM pgsre_migrate.part WHERE run = $1";

const SKIP: &str = "UPDATE pgsre_migrate.part SET done = true WHERE run = $1 AND number = $2";

/// Notes all parts with their ends, unless an earlier run did. All at once: half of them would be taken
/// for the whole.
pub(super) async fn prepare(client: &Client, run: &str, job: &Job<'_>) -> Result<(), ApplyError> {
    if client.query_typed(COUNT, &[(&run, Type::TEXT)]).await?[0].try_get::<_, i64>(0)? > 0 {
        return Ok(());
    }
    client.batch_execute("BEGIN").await?;
    let prepared = note_all(client, run, job).await;
    let end = if prepared.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = client.batch_execute(end).await;
    prepared?;
    Ok(ended?)
}

async fn note_all(client: &Client, run: &str, job: &Job<'_>) -> Result<(), ApplyError> {
    let found = plan::find(client, job.change, job.key).await?;
    for (number, part) in (1..).zip(&found) {
        let end = client.query_typed(&part.target.end(&part.key), &[]).await?;
        let end: Option<Vec<String>> = end.first().map(|row| row.try_get(0)).transpose()?;
        add(client, run, number, part, end.as_ref(), first_size(job.pace, &part.key)).await?;
    }
    Ok(())
}

async fn add(
    client: &Client,
    run: &str,
    number: i32,
    part: &Found,
    end: Option<&Vec<String>>,
    size: u32,
) -> Result<(), ApplyError> {
    let key = part.key.names();
    let size = i32::try_from(size).unwrap_or(i32::MAX);
    let rows = i64::try_from(part.rows).unwrap_or(i64::MAX);
    let values: [(&(dyn ToSql + Sync), Type); 7] = [
        (&run, Type::TEXT),
        (&number, Type::INT4),
        (&part.oid, Type::OID),
        (&key, Type::TEXT_ARRAY),
        (&end, Type::TEXT_ARRAY),
        (&size, Type::INT4),
        (&rows, Type::INT8),
    ];
    client.execute_typed(ADD, &values).await?;
    Ok(())
}

/// The next part that is not done. One whose relation was dropped meanwhile is.
pub(super) async fn next(
    client: &Client,
    run: &str,
    job: &Job<'_>,
) -> Result<Option<Part>, ApplyError> {
    let alias = plan::alias_of(client, &job.change.table).await?;
    loop {
        let rows = client.query_typed(NEXT, &[(&run, Type::TEXT)]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let relation: u32 = row.try_get(1)?;
        if let Some(target) = plan::target_of(client, relation, &alias).await? {
            return Ok(Some(read(client, row, target, job).await?));
        }
        let number: i32 = row.try_get(0)?;
        client.execute_typed(SKIP, &[(&run, Type::TEXT), (&number, Type::INT4)]).await?;
    }
}

async fn read(
    client: &Client,
    row: &Row,
    target: Target,
    job: &Job<'_>,
) -> Result<Part, ApplyError> {
    let columns: Vec<String> = row.try_get(2)?;
    let key = Key::find(client, row.try_get(1)?, Some(&columns), &job.change.columns()).await?;
    let key = key.ok_or_else(|| {
        let (relation, columns) = (&target.relation, columns.join(", "));
        let context = format!("the key ({columns}) of {relation}, by which it was begun, is gone");
        ApplyError::new(ApplyErrorKind::NoKey, context)
    })?;
    Ok(Part {
        number: row.try_get(0)?,
        target,
        key,
        last: row.try_get(3)?,
        ends: row.try_get(4)?,
        size: row.try_get::<_, i32>(5)?.unsigned_abs(),
    })
}

/// All relations of a run.
pub(super) async fn relations(client: &Client, run: &str) -> Result<Vec<u32>, ApplyError> {
    let rows = client.query_typed(RELATIONS, &[(&run, Type::TEXT)]).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}
