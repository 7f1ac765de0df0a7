//! The schema of a live database, read from its catalogue alone: no table of a user is scanned.
//!
//! What the catalogue says in SQL (constraints, indexes, bounds, functions) goes through the grammar
//! that migrations go through, so that it is known in the same way.

use std::collections::BTreeMap;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};
use tokio_util::sync::CancellationToken;

use super::super::parse;
use super::super::statement::{Body, Column, RuleKind, Statement};
use super::name::within;
use super::{Attached, Domain, Function, Index, Schema, Size, Table, is_default};
use crate::postgres::{Database, PostgresError, Snapshot};

/// The catalogue answers at once, or something is wrong. Expressions are shown under a lock on their
/// table, which is not waited for.
const LIMITS: &str = "SET LOCAL statement_timeout = '30s'; SET LOCAL lock_timeout = '2s'; \
                      SET LOCAL jit = off; SET LOCAL quote_all_identifiers = off";
/// What the session had before this transaction set another.
const TIME_ZONE: &str = "SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'TimeZone'";
const RELATIONS: &str = include_str!("live/relations.sql");
const COLUMNS: &str = include_str!("live/columns.sql");
const CONSTRAINTS: &str = include_str!("live/constraints.sql");
const INHERITANCE: &str = include_str!("live/inheritance.sql");
const INDEXES: &str = include_str!("live/indexes.sql");
const VIEWS: &str = include_str!("live/views.sql");
const DOMAINS: &str = include_str!("live/domains.sql");
const FUNCTIONS: &str = include_str!("live/functions.sql");
const ATTACHED: &str = include_str!("live/attached.sql");
/// The files' own sizes, of tables that were never analysed.
const FILES: &str = "SELECT o, pg_catalog.pg_table_size(o::oid) FROM pg_catalog.unnest($1) AS o";

impl Schema {
    /// Reads it in one read-only transaction, with a limit on every statement and on every wait for a
    /// lock.
    ///
    /// # Errors
    /// Where the database cannot be reached or its catalogue not be read; `Cancelled`. Cancel safe.
    pub async fn read(
        database: &Database,
        cancel: &CancellationToken,
    ) -> Result<Self, PostgresError> {
        let snapshot = Snapshot::open(database, cancel).await?;
        snapshot.execute("limit the reading of the schema", LIMITS).await?;
        let mut reading =
            Reading { snapshot: &snapshot, schema: Self::default(), names: BTreeMap::new() };
        reading.all().await?;
        let mut schema = reading.schema;
        snapshot.close().await;
        schema.has_past = true;
        schema.note_references();
        Ok(schema)
    }
}

struct Reading<'a> {
    snapshot: &'a Snapshot<'a>,
    schema: Schema,
    /// Tables by their OID.
    names: BTreeMap<i64, String>,
}

impl Reading<'_> {
    async fn all(&mut self) -> Result<(), PostgresError> {
        let zone = self.rows("the time zone", TIME_ZONE).await?;
        let zone: Option<String> = zone.first().map(|row| value(row, 0)).transpose()?;
        self.schema.session_utc = zone.map(|zone| parse::is_utc(&zone));
        self.schema.utc = self.schema.session_utc;
        let mut sizeless = Vec::new();
        for row in self.rows("tables", RELATIONS).await? {
            self.relation(&row, &mut sizeless)?;
        }
        for row in self.rows("columns", COLUMNS).await? {
            self.column(&row)?;
        }
        for row in self.rows("constraints", CONSTRAINTS).await? {
            self.constraint(&row)?;
        }
        for row in self.rows("inheritance", INHERITANCE).await? {
            self.inheritance(&row)?;
        }
        for row in self.rows("indexes", INDEXES).await? {
            self.index(&row)?;
        }
        for row in self.rows("views", VIEWS).await? {
            self.view(&row)?;
        }
        for row in self.rows("domains", DOMAINS).await? {
            self.domain(&row)?;
        }
        for row in self.rows("functions", FUNCTIONS).await? {
            self.function(&row)?;
        }
        for row in self.rows("triggers, policies and publications", ATTACHED).await? {
            self.attached(&row)?;
        }
        self.measure(&sizeless).await
    }

    async fn rows(&self, what: &str, sql: &str) -> Result<Vec<Row>, PostgresError> {
        self.snapshot.rows(&format!("read the schema's {what}"), sql, &[]).await
    }

    fn relation(&mut self, row: &Row, sizeless: &mut Vec<i64>) -> Result<(), PostgresError> {
        let oid: i64 = value(row, 0)?;
        let name = named(row, 1)?;
        let (kind, persistence): (String, String) = (value(row, 3)?, value(row, 4)?);
        let (key, bound): (String, String) = (value(row, 6)?, value(row, 7)?);
        let rows: f64 = value(row, 8)?;
        let bytes = value::<i64>(row, 9)?.unsigned_abs();
        let table = Table {
            partitioned: kind == "p",
            partition_key: parse::partition_key(&key),
            bound: parse::texts(&bound),
            unlogged: persistence == "u",
            tablespace: value(row, 5)?,
            is_known: true,
            size: Some(Size { rows: counted(rows), bytes }),
            ..Table::default()
        };
        if rows < 0.0 && ["r", "m"].contains(&kind.as_str()) {
            sizeless.push(oid);
        }
        self.schema.tables.insert(name.clone(), table);
        self.names.insert(oid, name);
        Ok(())
    }

    fn table(&mut self, oid: i64) -> Option<(&String, &mut Table)> {
        let name = self.names.get(&oid)?;
        Some((name, self.schema.tables.get_mut(name)?))
    }

    fn column(&mut self, row: &Row) -> Result<(), PostgresError> {
        let generated: String = value(row, 5)?;
        let written: String = value(row, 2)?;
        let column = Column {
            name: value(row, 1)?,
            data_type: parse::data_type(&written),
            written,
            default: value::<Option<String>>(row, 7)?.map(|text| parse::word_texts(&text)),
            not_null: value(row, 3)?,
            identity: value(row, 4)?,
            stored: generated == "s",
            generated: generated == "v",
            collation: parse::name(&value::<String>(row, 6)?),
            ..Column::default()
        };
        if let Some((_, table)) = self.table(value(row, 0)?) {
            table.columns.insert(column.name.clone(), column);
        }
        Ok(())
    }

    fn constraint(&mut self, row: &Row) -> Result<(), PostgresError> {
        let (name, definition): (String, String) = (value(row, 1)?, value(row, 2)?);
        if let Some(mut constraint) = parse::constraint(&definition)
            && let Some((_, table)) = self.table(value(row, 0)?)
        {
            constraint.name = name;
            table.add_constraint(constraint);
        }
        Ok(())
    }

    fn inheritance(&mut self, row: &Row) -> Result<(), PostgresError> {
        let Some((child, known)) = self.table(value(row, 1)?) else { return Ok(()) };
        let (child, default) = (child.clone(), is_default(&known.bound));
        if let Some((_, parent)) = self.table(value(row, 0)?) {
            if default {
                parent.default_partition = Some(child.clone());
            }
            parent.children.insert(child);
        }
        Ok(())
    }

    fn index(&mut self, row: &Row) -> Result<(), PostgresError> {
        let name = named(row, 1)?;
        let (sql, valid): (String, bool) = (value(row, 3)?, value(row, 4)?);
        let Statement::CreateIndex { columns, sorts, words, computed, definition, unique, .. } =
            parse::command(&sql)
        else {
            return Ok(());
        };
        if let Some((table, _)) = self.table(value(row, 0)?) {
            let index = Index {
                table: table.clone(),
                columns,
                sorts,
                words: words.into_iter().collect(),
                computed,
                definition,
                unique,
                invalid: !valid,
                only: value(row, 5)?,
            };
            self.schema.indexes.insert(name, index);
        }
        Ok(())
    }

    fn view(&mut self, row: &Row) -> Result<(), PostgresError> {
        let words = self.schema.views.entry(named(row, 0)?).or_default();
        let (read, column): (Option<String>, Option<String>) = (value(row, 2)?, value(row, 3)?);
        if let Some(read) = read {
            words.extend(column.map(|column| format!("{read}.{column}")));
            words.insert(read);
        }
        Ok(())
    }

    fn domain(&mut self, row: &Row) -> Result<(), PostgresError> {
        let domain = Domain {
            base: parse::data_type(&value::<String>(row, 2)?),
            not_null: value(row, 3)?,
            checks: value::<Vec<String>>(row, 4)?.into_iter().collect(),
        };
        self.schema.domains.insert(named(row, 0)?, domain);
        Ok(())
    }

    fn function(&mut self, row: &Row) -> Result<(), PostgresError> {
        let definition: Option<String> = value(row, 3)?;
        let body = Body { statements: Vec::new(), dynamic: value(row, 4)? };
        let mut function = Function { arguments: 0, volatile: value(row, 2)?, body };
        if let Some(Statement::CreateFunction { arguments, volatile, body, .. }) =
            definition.as_deref().map(parse::command)
        {
            function = Function { arguments, volatile, body };
        }
        self.schema.functions.entry(named(row, 0)?).or_default().push(function);
        Ok(())
    }

    fn attached(&mut self, row: &Row) -> Result<(), PostgresError> {
        let Some(table) = self.names.get(&value(row, 1)?).cloned() else { return Ok(()) };
        let (kind, name, what): (String, String, String) =
            (value(row, 0)?, value(row, 2)?, value(row, 3)?);
        let kind = match kind.as_str() {
            "trigger" => RuleKind::Trigger,
            "policy" => RuleKind::Policy,
            "rule" => RuleKind::Rule,
            "statistics" => {
                self.schema.statistics.insert(name, table);
                return Ok(());
            }
            _ => {
                self.schema.publications.entry(name).or_default().insert(table);
                return Ok(());
            }
        };
        let function = Some(what).filter(|what| !what.is_empty());
        let events: String = value(row, 4)?;
        let events = events.split_whitespace().map(str::to_owned).collect();
        let (columns, each_row, fires) = (value(row, 5)?, value(row, 6)?, value(row, 7)?);
        let attached = Attached { kind, table, name, events, columns, each_row, fires, function };
        self.schema.attached.push(attached);
        Ok(())
    }

    /// Tables that were never analysed are measured by their files; where somebody holds one of them,
    /// their sizes stay unknown. Comes last: what fails ends the transaction.
    async fn measure(&mut self, sizeless: &[i64]) -> Result<(), PostgresError> {
        if sizeless.is_empty() {
            return Ok(());
        }
        let oids = sizeless.to_vec();
        let measured = self
            .snapshot
            .rows("measure tables that were never analysed", FILES, &[(&oids, Type::INT8_ARRAY)])
            .await;
        let mut sizes = BTreeMap::new();
        for row in measured.iter().flatten() {
            sizes.insert(value::<i64>(row, 0)?, value::<Option<i64>>(row, 1)?);
        }
        for oid in sizeless {
            let bytes = sizes.get(oid).copied().flatten();
            if let Some((_, table)) = self.table(*oid) {
                table.size = bytes.map(|bytes| Size { rows: None, bytes: bytes.unsigned_abs() });
            }
        }
        Ok(())
    }
}

/// Below zero nobody counted them.
fn counted(rows: f64) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate, and not below zero"
    )]
    (rows >= 0.0).then_some(rows as u64)
}

/// A schema's name and, behind it, that of something in it.
fn named(row: &Row, at: usize) -> Result<String, PostgresError> {
    let (schema, name): (String, String) = (value(row, at)?, value(row, at + 1)?);
    Ok(within(Some(schema.as_str()).filter(|schema| *schema != "public"), &name))
}

fn value<'a, T: FromSql<'a>>(row: &'a Row, at: usize) -> Result<T, PostgresError> {
    Ok(row.try_get(at)?)
}
