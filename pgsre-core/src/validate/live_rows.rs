//! The restored database against the live source: rows, columns, and every other object.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;

use super::catalogue::{Oid, Relation, Relations};
use super::count::count_rows;
use super::{
    TablePattern, Validation, ValidationContext, Validator, ValidatorError, large_objects,
};
use crate::archive::{Declaration, ObjectName};
use crate::finding::{Finding, FindingCode};
use crate::postgres::Snapshot;

mod schema;

/// SQLSTATEs that speak of one table: no privilege, a lock not had, the time-out, dropped since.
const ONE_TABLE: [&str; 4] = ["42501", "55P03", "57014", "42P01"];

/// How many rows a backup may lack that the live database has by now.
///
/// Where both are set, the larger allowance counts; where none is, every table must be equal.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowTolerance {
    /// Rows of each table.
    pub max_missing_rows: Option<u64>,
    /// A part of each table's live rows: 0.01 is one in a hundred.
    pub max_missing_ratio: Option<f64>,
}

impl RowTolerance {
    /// No difference at all: the live database has not changed since the backup.
    pub const EXACT: Self = Self { max_missing_rows: None, max_missing_ratio: None };

    fn is_exact(self) -> bool {
        self == Self::EXACT
    }

    /// The rows that a table of `live` rows may lack.
    fn allowed(self, live: u64) -> u64 {
        let part = self.max_missing_ratio.unwrap_or(0.0) * live as f64;
        self.max_missing_rows.unwrap_or(0).max(part as u64)
    }
}

/// Every table of the live database is in the restored one, with as many rows but for the
/// tolerance; so is every column, constraint, index and other object.
///
/// The live database is asked gently: one read-only transaction, one table at a time, with short
/// waits for locks. A partitioned table is compared as a whole.
#[derive(Clone, Debug)]
pub struct LiveRows {
    tolerance: RowTolerance,
    exclude: Vec<TablePattern>,
    lock_timeout: Duration,
    statement_timeout: Duration,
}

impl LiveRows {
    /// A comparison with this tolerance; it waits 2 seconds for a lock and counts one table for 10
    /// minutes at most.
    #[must_use]
    pub fn new(tolerance: RowTolerance) -> Self {
        Self {
            tolerance,
            exclude: Vec::new(),
            lock_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(600),
        }
    }

    /// Tables, and other objects by the same pattern, that the backup leaves out on purpose.
    #[must_use]
    pub fn exclude<P: Into<TablePattern>>(mut self, tables: impl IntoIterator<Item = P>) -> Self {
        self.exclude.extend(tables.into_iter().map(Into::into));
        self
    }

    /// The longest wait for a lock in the live database.
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// The longest query in the live database.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    fn excludes(&self, schema: &str, name: &str) -> bool {
        self.exclude.iter().any(|pattern| pattern.matches(schema, name))
    }
}

#[async_trait]
impl Validator for LiveRows {
    fn name(&self) -> &str {
        "rows compared with the live source"
    }

    fn needs_live(&self) -> bool {
        true
    }

    async fn validate(&self, cx: &ValidationContext<'_>) -> Result<Validation, ValidatorError> {
        let Some(live) = cx.live else {
            return Err(ValidatorError::new("there is no live database to compare with"));
        };
        let restored = Snapshot::open(cx.restored, cx.cancel).await?;
        let live = Snapshot::open(live, cx.cancel).await?;
        live.execute("bound the time in the live database", &self.limits()).await?;

        let mut validation = Validation::default();
        self.compare_rows(&restored, &live, cx, &mut validation).await?;
        schema::compare(self, &restored, &live, cx, &mut validation).await?;
        self.compare_large_objects(&restored, &live, cx, &mut validation).await?;
        Ok(validation)
    }
}

impl LiveRows {
    fn limits(&self) -> String {
        let milliseconds =
            |limit: Duration| i32::try_from(limit.as_millis()).unwrap_or(i32::MAX).max(1);
        format!(
            "SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {}",
            milliseconds(self.lock_timeout),
            milliseconds(self.statement_timeout),
        )
    }

    async fn compare_rows(
        &self,
        restored: &Snapshot<'_>,
        live: &Snapshot<'_>,
        cx: &ValidationContext<'_>,
        validation: &mut Validation,
    ) -> Result<(), ValidatorError> {
        let in_restored = Relations::read(restored).await?;
        let in_live = Relations::read(live).await?;
        let there = restored_counts(&in_restored, cx).await?;
        for table in in_live.iter().filter(|table| table.is_own_table()) {
            if self.excludes(&table.schema, &table.name) {
                continue;
            }
            validation.examined += 1;
            match live_count(&in_live, table, live).await? {
                Ok(live) => self.compare(table, live, &in_restored, &there, cx, validation),
                Err(why) => validation
                    .unproved
                    .push(format!("{table} of the live database could not be counted: {why}")),
            }
        }
        for table in in_restored.iter().filter(|table| table.is_own_table()) {
            if same(&in_live, table).is_none() {
                let message = "the table is in the backup, but no longer in the live database";
                validation.findings.push(Finding::info(
                    FindingCode::SchemaChanged,
                    table.to_string(),
                    message,
                ));
            }
        }
        Ok(())
    }

    fn compare(
        &self,
        table: &Relation,
        live: u64,
        in_restored: &Relations,
        counts: &HashMap<Oid, u64>,
        cx: &ValidationContext<'_>,
        validation: &mut Validation,
    ) {
        let Some(restored) = same(in_restored, table) else {
            if !is_excused(table, cx) {
                self.report_missing_table(table, live, cx, validation);
            }
            return;
        };
        let stored = in_restored.storage(restored);
        let failed = |name: &ObjectName| {
            stored.iter().chain([&restored]).any(|relation| is_named(relation, name))
        };
        if cx.load.tables.iter().any(|load| load.failed && failed(&load.table)) {
            return; // The load's own finding says why.
        }
        let there = stored.iter().filter_map(|stored| counts.get(&stored.oid)).sum();
        self.judge(table, live, there, cx, validation);
    }

    fn report_missing_table(
        &self,
        table: &Relation,
        live: u64,
        cx: &ValidationContext<'_>,
        validation: &mut Validation,
    ) {
        let message = format!(
            "the table is in the live database with {live} rows, but not in the backup ({})",
            age(cx)
        );
        let finding = Finding::critical(FindingCode::SchemaMissing, table.to_string(), message)
            .with_hint("take a new backup if the table is younger than this one");
        if !self.tolerance.is_exact() && live <= self.tolerance.allowed(live) {
            let severity = crate::finding::Severity::Warning;
            validation.findings.push(Finding { severity, ..finding });
        } else {
            validation.report(finding, cx.environment_failed());
        }
    }

    fn judge(
        &self,
        table: &Relation,
        live: u64,
        restored: u64,
        cx: &ValidationContext<'_>,
        validation: &mut Validation,
    ) {
        let allowed = self.tolerance.allowed(live);
        if live.abs_diff(restored) <= allowed {
            return;
        }
        let difference = live.abs_diff(restored);
        let (which, then) = if restored < live {
            ("missing", "")
        } else {
            ("more than that", "; deleted since in the live database, or doubled in the backup")
        };
        let message = format!(
            "the live table holds {live} rows, the restored one {restored}: {difference} {which}, \
             at most {allowed} are tolerated{then} ({})",
            age(cx)
        );
        let finding = Finding::critical(FindingCode::RowsMismatch, table.to_string(), message)
            .with_hint("compare with the table's usual growth since the backup was taken");
        // After a while of living on, more rows in the backup need not be wrong.
        validation.report(finding, restored > live && !self.tolerance.is_exact());
    }

    async fn compare_large_objects(
        &self,
        restored: &Snapshot<'_>,
        live: &Snapshot<'_>,
        cx: &ValidationContext<'_>,
        validation: &mut Validation,
    ) -> Result<(), ValidatorError> {
        let there = large_objects::count(restored).await?;
        let live = large_objects::count(live).await?;
        let allowed = self.tolerance.allowed(live);
        let wrong = if self.tolerance.is_exact() { there != live } else { there + allowed < live };
        if wrong {
            let message = format!(
                "the live database holds {live} large objects, the restored one {there}, at most \
                 {allowed} may be missing ({})",
                age(cx)
            );
            validation.findings.push(
                Finding::critical(FindingCode::LargeObjectsMismatch, &cx.load.name, message)
                    .with_hint("dump with --large-objects if only some tables are dumped"),
            );
        }
        Ok(())
    }
}

/// Rows of each table that stores any.
async fn restored_counts(
    relations: &Relations,
    cx: &ValidationContext<'_>,
) -> Result<HashMap<Oid, u64>, ValidatorError> {
    let own = relations.iter().filter(|table| table.is_own_table());
    let stored: Vec<_> = own.flat_map(|table| relations.storage(table)).collect();
    count_rows(cx.restored, cx.cancel, &stored).await
}

/// Rows of a table of the live database, or why that one could not be counted.
async fn live_count(
    relations: &Relations,
    table: &Relation,
    live: &Snapshot<'_>,
) -> Result<Result<u64, String>, ValidatorError> {
    let mut rows = 0;
    for stored in relations.storage(table) {
        live.execute("set a savepoint", "SAVEPOINT one_table").await?;
        match live.count(&stored.quoted()).await {
            Ok(some) => rows += some,
            Err(error)
                if error.sqlstate().is_some_and(|state| ONE_TABLE.contains(&state.code())) =>
            {
                live.execute("roll back", "ROLLBACK TO SAVEPOINT one_table").await?;
                return Ok(Err(crate::finding::chain(&error)));
            }
            Err(error) => return Err(error.into()),
        }
        live.execute("release the savepoint", "RELEASE SAVEPOINT one_table").await?;
    }
    Ok(Ok(rows))
}

/// The table of the same name in the other database.
fn same<'a>(relations: &'a Relations, table: &Relation) -> Option<&'a Relation> {
    relations.iter_named(&table.name).find(|other| other.schema == table.schema && other.is_table())
}

fn is_named(relation: &Relation, name: &ObjectName) -> bool {
    relation.name == name.name
        && name.schema.as_ref().is_none_or(|schema| *schema == relation.schema)
}

/// Whether the environment kept the table from being made.
fn is_excused(table: &Relation, cx: &ValidationContext<'_>) -> bool {
    cx.load.declared.iter().any(|declared| {
        declared.excused
            && matches!(&declared.object, Declaration::Table { name, .. } if is_named(table, name))
    })
}

/// How old the backup is, for people.
fn age(cx: &ValidationContext<'_>) -> String {
    let age = SignedDuration::from_secs(cx.now.duration_since(cx.backup.modified).as_secs());
    format!("the backup was written {age:#} ago")
}

#[cfg(test)]
mod tests;
