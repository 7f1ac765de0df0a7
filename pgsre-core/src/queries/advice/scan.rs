//! Large tables that are read from end to end for a few of their rows, and the index that would
//! spare it.

use serde_json::Value;
use tokio_postgres::types::Type;

use super::plan::{Planner, Unplanned, each_node};
use super::{Advice, AdviceKind, size};
use crate::postgres::quote_identifier;
use crate::queries::text::Text;
use crate::queries::window::{QueryWindow, Window};

/// Smaller tables are read as fast without an index.
const LEAST_ROWS: f64 = 10_000.0;

/// Where a greater part of a table is wanted, reading all of it is right.
const MOST_WANTED: f64 = 0.1;

/// A query that runs seldom, or takes little of the load, needs no index.
const LEAST_CALLS: u64 = 10;
const LEAST_SHARE: f64 = 0.01;

/// An index that makes a plan this much cheaper is worth its upkeep.
const LEAST_GAIN: f64 = 2.0;

/// The columns of an index that is proposed.
const MOST_COLUMNS: usize = 3;

const TABLE: &str = "\
    SELECT c.reltuples::float8, c.relpages::float8, \
           ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a \
                  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) \
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = $1 AND c.relname = $2";

/// A sequential scan of a plan that drops rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scan {
    pub(super) schema: String,
    pub(super) table: String,
    pub(super) alias: String,
    pub(super) filter: String,
    pub(super) rows: f64,
}

pub(super) async fn advice(
    planner: &Planner<'_>,
    window: &Window,
    query: &QueryWindow,
    text: Option<&Text>,
) -> Result<Vec<Advice>, Unplanned> {
    if query.counted.calls < LEAST_CALLS || window.share(query) < LEAST_SHARE {
        return Ok(Vec::new());
    }
    let text = text.ok_or_else(|| Unplanned::because("its text is gone"))?;
    if !can_be_planned(&text.text) {
        return Ok(Vec::new());
    }
    planner.within(of_query(planner, window, query, text)).await
}

/// Statements that have no plan are none of ours: BEGIN, SET, CREATE.
fn can_be_planned(text: &str) -> bool {
    const VERBS: [&str; 7] = ["select", "with", "insert", "update", "delete", "merge", "("];
    let text = text.trim_start().to_ascii_lowercase();
    VERBS.iter().any(|verb| text.starts_with(verb)) || text.starts_with("/*")
}

async fn of_query(
    planner: &Planner<'_>,
    window: &Window,
    query: &QueryWindow,
    text: &Text,
) -> Result<Vec<Advice>, Unplanned> {
    let plan = planner.plan(text).await?;
    let mut found = Vec::new();
    for scan in scans(&plan) {
        let params: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
            [(&scan.schema, Type::TEXT), (&scan.table, Type::TEXT)];
        let rows = planner.session.query_typed(TABLE, &params).await?;
        let Some(row) = rows.first() else { continue };
        let (tuples, pages): (f64, f64) = (row.try_get(0)?, row.try_get(1)?);
        if tuples < LEAST_ROWS || scan.rows > tuples * MOST_WANTED {
            continue;
        }
        let known: Vec<String> = row.try_get(2)?;
        let index = index(&scan, &known);
        let tried = match (&index, &planner.hypopg) {
            (Some(index), Some(hypopg)) => try_index(planner, hypopg, index, text, &plan).await?,
            _ => Tried::Not,
        };
        let bytes = pages * planner.block_size;
        found.push(of_scan(window, query, &scan, (tuples, bytes), index.as_deref(), tried));
    }
    Ok(found)
}

/// What the planner thinks of an index.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Tried {
    Not,
    Cost { without: f64, with: f64 },
}

fn of_scan(
    window: &Window,
    query: &QueryWindow,
    scan: &Scan,
    (tuples, bytes): (f64, f64),
    index: Option<&str>,
    tried: Tried,
) -> Advice {
    let counted = &query.counted;
    let share = window.share(query);
    let mut evidence: std::collections::BTreeMap<_, _> = [
        ("table_rows", tuples),
        ("table_bytes", bytes),
        ("wanted_rows", scan.rows),
        ("calls", counted.calls as f64),
        ("mean_ms", counted.mean_ms()),
        ("share", share),
    ]
    .into();
    let mut fix = match (index, tried) {
        (None, _) => "see whether an index suits its condition".to_owned(),
        (Some(index), Tried::Not) => {
            format!("try {index}; with the extension hypopg, pgsre tries it by itself")
        }
        (Some(index), Tried::Cost { without, with }) if without >= with * LEAST_GAIN => {
            format!(
                "{index}: the planner would use it, at a cost of {with:.0} instead of {without:.0}"
            )
        }
        (Some(index), Tried::Cost { .. }) => {
            format!("{index} would not help: the planner's cost stays the same")
        }
    };
    if let Tried::Cost { without, with } = tried {
        evidence.extend([("cost", without), ("cost_with_index", with)]);
    }
    if fix.starts_with("CREATE") && !fix.contains("would not") {
        fix.push_str(" (on a live table: CREATE INDEX CONCURRENTLY)");
    }
    Advice {
        kind: AdviceKind::SequentialScan,
        query: Some(query.key),
        message: format!(
            "reads all {tuples:.0} rows ({}) of {}.{} for some {:.0} of them, {} times in the \
             window, {:.2} ms each, {:.1} % of the load: {}",
            size(bytes),
            scan.schema,
            scan.table,
            scan.rows,
            counted.calls,
            counted.mean_ms(),
            share * 100.0,
            scan.filter,
        ),
        fix,
        evidence,
    }
}

/// The cost of the plan without and with an index that exists in the planner's mind only.
async fn try_index(
    planner: &Planner<'_>,
    hypopg: &str,
    index: &str,
    text: &Text,
    without: &Value,
) -> Result<Tried, Unplanned> {
    let create = format!("SELECT indexrelid FROM {hypopg}.hypopg_create_index($1)");
    let rows = planner.session.query_typed(&create, &[(&index, Type::TEXT)]).await?;
    let oid: u32 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
    let with = planner.plan(text).await;
    let drop = format!("SELECT {hypopg}.hypopg_drop_index($1)");
    planner.session.query_typed(&drop, &[(&oid, Type::OID)]).await?;
    let cost = |plan: &Value| plan.get("Total Cost").and_then(Value::as_f64);
    Ok(match (cost(without), cost(&with?)) {
        (Some(without), Some(with)) => Tried::Cost { without, with },
        _ => Tried::Not,
    })
}

/// The sequential scans of a plan that drop rows.
pub(super) fn scans(plan: &Value) -> Vec<Scan> {
    let mut found = Vec::new();
    each_node(plan, &mut |node| {
        let text = |key| node.get(key).and_then(Value::as_str).map(str::to_owned);
        if text("Node Type").as_deref() != Some("Seq Scan") {
            return;
        }
        let scan = || {
            Some(Scan {
                schema: text("Schema")?,
                table: text("Relation Name")?,
                alias: text("Alias")?,
                filter: text("Filter")?,
                rows: node.get("Plan Rows")?.as_f64()?,
            })
        };
        found.extend(scan());
    });
    found
}

/// An index for a filter: first the columns that must be equal to something, then one that is
/// compared. `None` where the filter is of another kind.
pub(super) fn index(scan: &Scan, known: &[String]) -> Option<String> {
    if scan.filter.contains(" OR ") {
        return None;
    }
    let mut columns = compared(scan, known, &[" = "]);
    let ranges = compared(scan, known, &[" < ", " <= ", " > ", " >= "]);
    columns.extend(ranges.into_iter().take(1));
    columns.dedup();
    columns.truncate(MOST_COLUMNS);
    let columns: Vec<String> = columns.iter().map(|column| quote_identifier(column)).collect();
    (!columns.is_empty()).then(|| {
        let (schema, table) = (quote_identifier(&scan.schema), quote_identifier(&scan.table));
        format!("CREATE INDEX ON {schema}.{table} ({})", columns.join(", "))
    })
}

/// The table's own columns that stand left of one of these operators, bare: `(orders.customer = $1)`.
fn compared(scan: &Scan, known: &[String], operators: &[&str]) -> Vec<String> {
    let is_compared = |column: &&String| {
        let spellings = [(*column).clone(), quote_identifier(column)];
        let aliases = [scan.alias.clone(), quote_identifier(&scan.alias)];
        spellings.iter().any(|column| {
            aliases.iter().any(|alias| {
                operators.iter().any(|op| scan.filter.contains(&format!("({alias}.{column}{op}")))
            })
        })
    };
    known.iter().filter(is_compared).cloned().collect()
}
