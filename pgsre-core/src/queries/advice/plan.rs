//! The plan of a statement whose parameters are not known, without executing it.

use std::fmt;

use serde_json::Value;
use tokio_postgres::SimpleQueryMessage;

use crate::postgres::{Session, quote_identifier};
use crate::queries::error::QueriesError;
use crate::queries::text::Text;

/// Planning ends by itself; nothing can be written; names are found as the database says.
const BEGIN: &str = "\
    BEGIN READ ONLY; SET LOCAL statement_timeout = 2000; SET LOCAL lock_timeout = 100; \
    SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL search_path TO DEFAULT";

const END: &str = "ROLLBACK; DEALLOCATE ALL";

const PARAMETERS: &str = "\
    SELECT cardinality(parameter_types)::int4 FROM pg_catalog.pg_prepared_statements \
     WHERE name = 'pgsre_advice'";

const SERVER: &str = "\
    SELECT d.oid, current_setting('block_size')::float8, \
           (SELECT n.nspname::text FROM pg_catalog.pg_extension e \
              JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
             WHERE e.extname = 'hypopg') \
      FROM pg_catalog.pg_database d WHERE d.datname = current_database()";

/// More parameters than a statement can have.
const MOST_PARAMETERS: i32 = 65_535;

/// Why a statement could not be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unplanned(String);

impl Unplanned {
    pub(super) fn because(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Unplanned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<tokio_postgres::Error> for Unplanned {
    fn from(error: tokio_postgres::Error) -> Self {
        Self(
            error.as_db_error().map_or_else(|| error.to_string(), |said| said.message().to_owned()),
        )
    }
}

/// Plans statements of one database.
#[derive(Debug)]
pub(super) struct Planner<'s> {
    pub(super) session: &'s Session,
    pub(super) database: u32,
    pub(super) block_size: f64,
    /// The schema of hypopg, where it is installed.
    pub(super) hypopg: Option<String>,
}

impl<'s> Planner<'s> {
    pub(super) async fn of(session: &'s Session) -> Result<Self, QueriesError> {
        let rows = session.query_typed(SERVER, &[]).await?;
        let row = rows.first().ok_or_else(QueriesError::no_row)?;
        Ok(Self {
            session,
            database: row.try_get(0)?,
            block_size: row.try_get(1)?,
            hypopg: row.try_get::<_, Option<String>>(2)?.map(|schema| quote_identifier(&schema)),
        })
    }

    /// Does something with prepared statements in a transaction that leaves nothing.
    pub(super) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, Unplanned>>,
    ) -> Result<T, Unplanned> {
        self.session.batch_execute(BEGIN).await?;
        let done = work.await;
        self.session.batch_execute(END).await?;
        done
    }

    /// The plan of a statement for any parameters, within a transaction of
    /// [`within`](Self::within).
    pub(super) async fn plan(&self, text: &Text) -> Result<Value, Unplanned> {
        if text.is_cut {
            return Err(Unplanned::because("its text is too long"));
        }
        // PREPARE takes SELECT, INSERT, UPDATE, DELETE and MERGE only, and the extended protocol one
        // statement only: whatever the text says, nothing of it is executed.
        self.session.query_typed(&format!("PREPARE pgsre_advice AS {}", text.text), &[]).await?;
        let rows = self.session.query_typed(PARAMETERS, &[]).await?;
        let parameters: i32 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
        let nulls = vec!["NULL"; parameters.clamp(0, MOST_PARAMETERS) as usize].join(", ");
        let nulls = if nulls.is_empty() { nulls } else { format!(" ({nulls})") };
        let explain = format!("EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE pgsre_advice{nulls}");
        let answer = self.session.simple_query(&explain).await?;
        self.session.batch_execute("DEALLOCATE pgsre_advice").await?;
        let plan = answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        let plan: Option<Value> = plan.and_then(|plan| serde_json::from_str(plan).ok());
        plan.and_then(|mut plan| Some(plan.get_mut(0)?.get_mut("Plan")?.take()))
            .ok_or_else(|| Unplanned::because("the server's plan cannot be read"))
    }
}

/// Calls this with each node of a plan, however deep.
pub(super) fn each_node<'p>(plan: &'p Value, visit: &mut impl FnMut(&'p Value)) {
    let mut open = vec![plan];
    while let Some(node) = open.pop() {
        visit(node);
        open.extend(node.get("Plans").and_then(Value::as_array).into_iter().flatten());
    }
}
