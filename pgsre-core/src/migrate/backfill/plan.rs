//! What a backfill would do.

use serde::Serialize;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use super::key::Key;
use super::pace::Pace;
use super::statement::{Change, Target};
use crate::migrate::error::{ApplyError, ApplyErrorKind};
use crate::migrate::hold::row;

/// What a backfill would do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BackfillPlan {
    /// The table, as it was named.
    pub table: String,
    /// The statement of a batch, of the first part; its bounds as `…`.
    pub statement: String,
    /// The table, or its partitions.
    pub parts: Vec<PlannedPart>,
    /// Rows to go past: an estimate of the planner's.
    pub rows: u64,
    /// Batches of the first size that would be.
    pub batches: u64,
}

/// One table or partition of a backfill.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedPart {
    /// Its name with its schema.
    pub relation: String,
    /// The columns of the key that it goes by.
    pub key: Vec<String>,
    /// Rows: an estimate of the planner's.
    pub rows: u64,
    /// Its size, in bytes, without its indexes.
    pub bytes: u64,
    /// Rows of the first batch.
    pub first_size: u32,
}

/// One table or partition, and how it is gone through.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) oid: u32,
    pub(super) target: Target,
    pub(super) key: Key,
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

const RESOLVE: &str = "\
    SELECT c.oid, c.relname::text FROM pg_class c WHERE c.oid = to_regclass($1)";

/// A table with everything that is below it. What the planner never saw has a size all the same: some
/// hundred bytes a row are assumed.
const RELATIONS: &str = "\
    WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION \
         SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid WHERE NOT $2) \
    SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text, \
           CASE WHEN c.reltuples > 0 THEN c.reltuples::int8 \
                ELSE pg_relation_size(c.oid) / 100 END, \
           pg_relation_size(c.oid) \
      FROM tree JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind <> 'p' ORDER BY n.nspname, c.relname";

/// The relations that a change is about, with the key of each.
pub(super) async fn find(
    client: &Client,
    change: &Change,
    wanted: Option<&[String]>,
) -> Result<Vec<Found>, ApplyError> {
    let rows = client.query_typed(RESOLVE, &[(&change.table, Type::TEXT)]).await?;
    let Some(table) = rows.first() else {
        let context = format!("there is no table {}", change.table);
        return Err(ApplyError::new(ApplyErrorKind::Invalid, context));
    };
    let (oid, alias): (u32, String) = (table.try_get(0)?, table.try_get(1)?);
    let mut found = Vec::new();
    for row in
        &client.query_typed(RELATIONS, &[(&oid, Type::OID), (&change.only, Type::BOOL)]).await?
    {
        found.push(one(client, change, wanted, &alias, row).await?);
    }
    Ok(found)
}

async fn one(
    client: &Client,
    change: &Change,
    wanted: Option<&[String]>,
    alias: &str,
    row: &Row,
) -> Result<Found, ApplyError> {
    let (oid, schema, name): (u32, String, String) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let target = Target::new(&schema, &name, alias);
    let kind: String = row.try_get(3)?;
    if kind != "r" {
        let context =
            format!("{} is no table: only tables and partitions can be filled", target.relation);
        return Err(ApplyError::new(ApplyErrorKind::Invalid, context));
    }
    let Some(key) = Key::find(client, oid, wanted, &change.columns()).await? else {
        return Err(no_key(&target, change, wanted));
    };
    let count = |at: usize| row.try_get::<_, i64>(at).map(|n| u64::try_from(n).unwrap_or(0));
    Ok(Found { oid, target, key, rows: count(4)?, bytes: count(5)? })
}

fn no_key(target: &Target, change: &Change, wanted: Option<&[String]>) -> ApplyError {
    let relation = &target.relation;
    let context = match wanted {
        Some(columns) => {
            format!("{relation} has no valid unique index on exactly ({})", columns.join(", "))
        }
        None => format!(
            "{relation} has neither a primary key nor a unique index on NOT NULL columns other than \
             {}, so that nothing says which rows are done",
            change.columns().join(", ")
        ),
    };
    ApplyError::new(ApplyErrorKind::NoKey, context)
}

/// The plan, checked by the server's planner: a wrong expression is found here.
pub(in crate::migrate) async fn make(
    client: &Client,
    change: &Change,
    wanted: Option<&[String]>,
    pace: &Pace,
) -> Result<BackfillPlan, ApplyError> {
    let found = find(client, change, wanted).await?;
    for part in &found {
        check(client, change, part).await?;
    }
    Ok(described(change, &found, pace))
}

/// The same without that check: its columns may not be there yet.
pub(in crate::migrate) async fn survey(
    client: &Client,
    change: &Change,
    pace: &Pace,
) -> Result<BackfillPlan, ApplyError> {
    Ok(described(change, &find(client, change, None).await?, pace))
}

fn described(change: &Change, found: &[Found], pace: &Pace) -> BackfillPlan {
    let bounds = |part: &Found| {
        let dots = vec!["…".to_owned(); part.key.columns.len()];
        change.update(&part.target, &part.key, Some(&dots), &dots)
    };
    let parts: Vec<PlannedPart> = found.iter().map(|part| planned(part, pace)).collect();
    let batches = parts.iter().map(|part| part.rows.div_ceil(u64::from(part.first_size)));
    BackfillPlan {
        table: change.table.clone(),
        statement: found.first().map(bounds).unwrap_or_default(),
        rows: parts.iter().map(|part| part.rows).sum(),
        batches: batches.sum(),
        parts,
    }
}

async fn check(client: &Client, change: &Change, part: &Found) -> Result<(), ApplyError> {
    let end = client.query_typed(&part.target.end(&part.key), &[]).await?;
    let Some(end) = end.first() else { return Ok(()) };
    let end: Vec<String> = end.try_get(0)?;
    let statement = change.update(&part.target, &part.key, None, &end);
    client.query_typed(&format!("EXPLAIN {statement}"), &[]).await.map_err(|error| {
        ApplyError::from(error)
            .about(format!("the server refuses the statement of a batch: {statement}"))
            .of_kind(ApplyErrorKind::Invalid)
    })?;
    Ok(())
}

pub(super) fn first_size(pace: &Pace, key: &Key) -> u32 {
    pace.bounded(if key.is_random { pace.first_size / 10 } else { pace.first_size })
}

fn planned(part: &Found, pace: &Pace) -> PlannedPart {
    PlannedPart {
        relation: part.target.relation.clone(),
        key: part.key.names(),
        rows: part.rows,
        bytes: part.bytes,
        first_size: first_size(pace, &part.key),
    }
}

/// What a relation is called now.
pub(super) async fn target_of(
    client: &Client,
    relation: u32,
    alias: &str,
) -> Result<Option<Target>, ApplyError> {
    const NAME: &str = "\
        SELECT n.nspname::text, c.relname::text FROM pg_class c \
          JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1";
    let rows = client.query_typed(NAME, &[(&relation, Type::OID)]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (schema, name): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    Ok(Some(Target::new(&schema, &name, alias)))
}

/// What expressions call the table.
pub(super) async fn alias_of(client: &Client, table: &str) -> Result<String, ApplyError> {
    Ok(row(client, RESOLVE, &[(&table, Type::TEXT)]).await?.try_get(1)?)
}
