//! Columns and other objects of the live database that the backup lacks.

use std::collections::{BTreeMap, HashSet};

use super::super::catalogue::{ObjectKey, ObjectKind, Objects};
use super::super::{Validation, ValidationContext, ValidatorError};
use super::LiveRows;
use crate::archive::Declaration;
use crate::finding::{Finding, FindingCode};
use crate::postgres::Snapshot;

/// Columns of tables that are no partitions and no extension's.
const COLUMNS: &str = "\
    SELECT n.nspname::text, c.relname::text, a.attname::text, \
           format_type(a.atttypid, a.atttypmod) \
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
      JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f') \
       AND NOT c.relispartition AND c.relpersistence <> 't' \
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass \
                          AND d.objid = c.oid AND d.deptype = 'e')";

/// A table's schema and name.
type Table = (String, String);

/// The columns of each table, with their types.
type Columns = BTreeMap<Table, BTreeMap<String, String>>;

/// Reports what the live database has and the restored one lacks, or has otherwise.
pub(super) async fn compare(
    check: &LiveRows,
    restored: &Snapshot<'_>,
    live: &Snapshot<'_>,
    cx: &ValidationContext<'_>,
    validation: &mut Validation,
) -> Result<(), ValidatorError> {
    let (there, live_columns) = (columns(restored).await?, columns(live).await?);
    let comparison = Comparison { check, cx, there, live: live_columns };
    comparison.compare_columns(validation);
    let objects = Objects::read(restored).await?;
    comparison.compare_objects(&Objects::read(live).await?, &objects, validation);
    Ok(())
}

async fn columns(snapshot: &Snapshot<'_>) -> Result<Columns, ValidatorError> {
    let mut columns = Columns::new();
    for row in snapshot.rows("read the tables' columns", COLUMNS, &[]).await? {
        let table = columns.entry((row.get(0), row.get(1))).or_default();
        table.insert(row.get(2), row.get(3));
    }
    Ok(columns)
}

#[derive(Debug)]
struct Comparison<'a> {
    check: &'a LiveRows,
    cx: &'a ValidationContext<'a>,
    there: Columns,
    live: Columns,
}

impl Comparison<'_> {
    fn compare_columns(&self, validation: &mut Validation) {
        for (table, columns) in &self.live {
            let Some(there) = self.there.get(table) else { continue };
            if self.check.excludes(&table.0, &table.1) {
                continue;
            }
            let subject = format!("{}.{}", table.0, table.1);
            for (column, data_type) in columns {
                self.compare_column(&subject, column, data_type, there.get(column), validation);
            }
        }
    }

    fn compare_column(
        &self,
        table: &str,
        column: &str,
        live: &str,
        restored: Option<&String>,
        validation: &mut Validation,
    ) {
        let (code, message) = match restored {
            Some(restored) if restored == live => return,
            Some(restored) => (
                FindingCode::SchemaChanged,
                format!(
                    "the column is of type {live} in the live database, restored as {restored}"
                ),
            ),
            None => (
                FindingCode::SchemaMissing,
                format!("the column ({live}) is in the live database, but not in the backup"),
            ),
        };
        let finding = Finding::critical(code, format!("{table}.{column}"), message);
        self.report(finding, false, validation);
    }

    fn compare_objects(&self, live: &Objects, restored: &Objects, validation: &mut Validation) {
        let excused: HashSet<ObjectKey> = self
            .cx
            .load
            .declared
            .iter()
            .filter(|declared| declared.excused)
            .filter_map(|declared| ObjectKey::of(&declared.object))
            .collect();
        let gone = self.excused_tables();
        for (key, table) in live.comparable() {
            if restored.contains(key) || excused.contains(&key.as_declared()) {
                continue;
            }
            let on = table.as_ref().zip(key.schema.as_ref());
            let on = on.map(|(table, schema)| (schema.clone(), table.clone()));
            let on_missing_table =
                on.as_ref().is_some_and(|on| gone.contains(on) || self.is_missing(on));
            if !on_missing_table && !self.is_excluded(key, on.as_ref()) {
                self.report_missing(key, validation);
            }
        }
    }

    /// Tables that the environment kept from being made: so it kept what stands on them.
    fn excused_tables(&self) -> HashSet<Table> {
        let declared = self.cx.load.declared.iter().filter(|declared| declared.excused);
        declared
            .filter_map(|declared| match &declared.object {
                Declaration::Table { name, .. } => Some((name.schema.clone()?, name.name.clone())),
                _ => None,
            })
            .collect()
    }

    /// Whether the whole table is missing, which is said once.
    fn is_missing(&self, table: &Table) -> bool {
        !self.there.contains_key(table) && self.live.contains_key(table)
    }

    fn is_excluded(&self, key: &ObjectKey, on: Option<&Table>) -> bool {
        let schema = key.schema.as_deref();
        on.is_some_and(|(schema, table)| self.check.excludes(schema, table))
            || match key.kind {
                ObjectKind::Schema => self.check.excludes(&key.name, ""),
                _ => self.check.excludes(schema.unwrap_or(""), &key.name),
            }
    }

    fn report_missing(&self, key: &ObjectKey, validation: &mut Validation) {
        let code = match key.kind {
            ObjectKind::Constraint | ObjectKind::PrimaryKey => FindingCode::ConstraintMissing,
            _ => FindingCode::SchemaMissing,
        };
        let message = "it is in the live database, but not in the backup";
        let finding = Finding::critical(code, key.to_string(), message);
        self.report(finding, key.kind == ObjectKind::PrimaryKey, validation);
    }

    /// With a tolerance the live database is known to have lived on: what is new in it may be
    /// younger than the backup. A table's primary key hardly ever is.
    fn report(&self, finding: Finding, never_younger: bool, validation: &mut Validation) {
        let hint = format!(
            "if it is younger than the backup ({}), take a new one; else look for what the dump \
             leaves out",
            super::age(self.cx)
        );
        let drifted = !self.check.tolerance.is_exact() && !never_younger;
        validation.report(finding.with_hint(hint), drifted || self.cx.environment_failed());
    }
}
