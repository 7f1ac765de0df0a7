//! The columns that sequences feed, and what they hold.

use std::collections::HashMap;

use super::super::ValidatorError;
use super::super::catalogue::{Oid, Relations};
use super::state::State;
use crate::postgres::Snapshot;
use crate::postgres::quote_identifier;

/// Integer columns with an identity, or with `nextval` and nothing else as their default: what an
/// expression makes of the value says nothing about the sequence.
const FEEDS: &str = r"
    SELECT d.objid::int8 AS sequence, a.attrelid::int8, a.attname::text
      FROM pg_depend d
      JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
       AND d.deptype = 'i' AND a.attidentity <> '' AND NOT a.attisdropped
       AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
    UNION
    SELECT d.refobjid::int8, a.attrelid::int8, a.attname::text
      FROM pg_depend d
      JOIN pg_attrdef f ON f.oid = d.objid
      JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
     WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
       AND a.attgenerated = '' AND NOT a.attisdropped
       AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
       AND pg_get_expr(f.adbin, f.adrelid)
           ~ '^\(?nextval\(''.*''::regclass\)\)?(::(smallint|integer|bigint))?$'
     ORDER BY 1, 2, 3";

/// A column that holds values which its sequence would hand out again.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) sequence: Oid,
    /// For people: `public.orders.id`.
    pub(super) column: String,
    /// The greatest such value; for a descending sequence the least.
    pub(super) extreme: i64,
}

/// The columns in front of their sequences.
pub(super) async fn behind(
    snapshot: &Snapshot<'_>,
    relations: &Relations,
    states: &HashMap<Oid, State>,
) -> Result<Vec<Feed>, ValidatorError> {
    let mut behind = Vec::new();
    for row in snapshot.rows("look for columns fed by sequences", FEEDS, &[]).await? {
        let (sequence, column): (Oid, &str) = (row.get(0), row.get(2));
        let Some(state) = states.get(&sequence).filter(|state| !state.cycles) else { continue };
        let Some(table) = relations.get(row.get(1)) else { continue };
        for stored in relations.storage(table) {
            if let Some(extreme) = ahead(snapshot, state, &stored.quoted(), column).await? {
                let column = format!("{stored}.{column}");
                behind.push(Feed { sequence, column, extreme });
            }
        }
    }
    Ok(behind)
}

/// The column's extreme value that the sequence is yet to hand out, if it holds any.
async fn ahead(
    snapshot: &Snapshot<'_>,
    state: &State,
    table: &str,
    column: &str,
) -> Result<Option<i64>, ValidatorError> {
    let Some(extreme) = extreme(snapshot, state, table, column, "").await? else {
        return Ok(None);
    };
    let (next, value) = (state.next(), i128::from(extreme));
    let is_past = if state.ascends() { value < next } else { value > next };
    if is_past {
        return Ok(None);
    }
    if state.increment.abs() == 1 {
        return Ok(Some(extreme));
    }
    // The gaps of a wider step belong to others: another node, or an application that fills them.
    let name = quote_identifier(column);
    let step = state.increment.unsigned_abs();
    let later = if state.ascends() { ">=" } else { "<=" };
    let condition =
        format!("WHERE {name} {later} {next} AND ({name}::numeric - ({next})) % {step} = 0");
    self::extreme(snapshot, state, table, column, &condition).await
}

async fn extreme(
    snapshot: &Snapshot<'_>,
    state: &State,
    table: &str,
    column: &str,
    condition: &str,
) -> Result<Option<i64>, ValidatorError> {
    let aggregate = if state.ascends() { "max" } else { "min" };
    let name = quote_identifier(column);
    let sql = format!("SELECT pg_catalog.{aggregate}({name})::int8 FROM ONLY {table} {condition}");
    let what = format!("find the {aggregate} of {table}.{name}");
    let rows = snapshot.rows(&what, &sql, &[]).await?;
    Ok(rows.first().and_then(|row| row.get::<_, Option<i64>>(0)))
}
