//! The new column takes the place of the old one: its default, its name, its indexes and keys.

use super::super::super::statement::{Column, ConstraintKind};
use super::super::super::types::DataType;
use super::super::alter_table::Target;
use super::super::columns::unnamed;
use super::super::planner::{About, Planner};
use super::super::source::{beside, sql_name};
use super::{Dependents, Replacement, column_type, temporary, trigger_name};
use crate::postgres::quote_literal;

impl Planner<'_> {
    pub(super) fn swap(
        &mut self,
        target: &Target,
        replacement: &Replacement,
        old: &Column,
        found: &Dependents,
    ) {
        let table = &target.table;
        let (from, new) = (sql_name(&replacement.column), sql_name(&replacement.new));
        let alter = format!("ALTER TABLE {table}");
        let trigger = sql_name(&trigger_name(replacement));
        let function = sql_name(&beside(&target.name, &trigger_name(replacement)));
        let mut statements = vec![format!("DROP TRIGGER {trigger} ON {table}")];
        if let Some(default) = self.default_of(target, replacement, old, &mut statements) {
            statements.push(format!("{alter} ALTER COLUMN {new} SET DEFAULT {default}"));
        }
        statements.push(format!("{alter} DROP COLUMN {from}"));
        if !replacement.is_rename() {
            statements
                .push(format!("{alter} RENAME COLUMN {new} TO {}", sql_name(&replacement.name)));
        }
        if self.version >= 18 && old.not_null {
            let from = self.name_of_not_null(target, &replacement.new);
            let to = self.name_of_not_null(target, &replacement.column);
            statements.push(format!("{alter} RENAME CONSTRAINT {from} TO {to}"));
        }
        for (name, ..) in &found.indexes {
            let bare = sql_name(name.rsplit('.').next().unwrap_or_default());
            statements.push(format!("ALTER INDEX {} RENAME TO {bare}", sql_name(&temporary(name))));
        }
        for key in &found.keys {
            let kind = match key.kind {
                ConstraintKind::Primary { .. } => "PRIMARY KEY",
                _ => "UNIQUE",
            };
            let (name, index) = (sql_name(&key.name), sql_name(&temporary(&key.name)));
            statements.push(format!("{alter} ADD CONSTRAINT {name} {kind} USING INDEX {index}"));
        }
        statements.push(format!("DROP FUNCTION {function}()"));
        let title =
            format!("Let the new column take the place of {table}.{from}; no row is touched");
        self.transaction(About::final_step(title), statements);
    }

    /// Since 18 NOT NULL is a constraint with a name.
    fn name_of_not_null(&self, target: &Target, column: &str) -> String {
        let kind = ConstraintKind::NotNull { column: column.to_owned() };
        let known = self.schema.table(&target.name).map(|known| known.constraints.as_slice());
        let own = known.unwrap_or_default().iter().find(|one| one.kind == kind);
        let chosen = || self.schema.name_of_constraint(&target.name, &unnamed(kind.clone(), ""));
        sql_name(&own.map_or_else(chosen, |own| own.name.clone()))
    }

    /// The old column's default. A sequence of its own moves over first.
    fn default_of(
        &self,
        target: &Target,
        replacement: &Replacement,
        old: &Column,
        statements: &mut Vec<String>,
    ) -> Option<String> {
        if !DataType::parse(&old.data_type).is_serial() {
            let default = old.default.as_deref().map(|words| match words {
                // A bare constant is of the old type, and stays so when the type changes.
                [constant] if constant.starts_with('\'') && !replacement.is_rename() => {
                    let data_type = column_type(old);
                    let end = data_type.find('(').unwrap_or(data_type.len());
                    format!("{constant}::{}", data_type[..end].trim_end())
                }
                words => glued(words),
            });
            let draws = default.as_deref().is_some_and(|default| default.contains("nextval"));
            if draws || INTEGERS.contains(&DataType::parse(&old.data_type).name()) {
                statements.push(handover(target, replacement));
            }
            return default;
        }
        let name = self.schema.name_of_sequence(&target.name, &replacement.column);
        let (sequence, new) = (sql_name(&name), sql_name(&replacement.new));
        statements.push(format!("ALTER SEQUENCE {sequence} OWNED BY {}.{new}", target.table));
        Some(format!("nextval('{}'::regclass)", sequence.replace('\'', "''")))
    }
}

/// The types that a column with a sequence of its own has.
const INTEGERS: &[&str] = &["smallint", "integer", "bigint", "int", "int2", "int4", "int8"];

/// Makes the sequence that the old column owns, if it owns one, the new one's: it would go with the old.
fn handover(target: &Target, replacement: &Replacement) -> String {
    let (table, column) = (quote_literal(&target.table), quote_literal(&replacement.column));
    let owner = quote_literal(&format!("{}.{}", target.table, sql_name(&replacement.new)));
    format!(
        "DO $pgsre$ BEGIN IF pg_get_serial_sequence({table}, {column}) IS NOT NULL THEN \
         EXECUTE 'ALTER SEQUENCE ' || pg_get_serial_sequence({table}, {column}) || ' OWNED BY ' || {owner}; \
         END IF; END $pgsre$"
    )
}

/// Words as SQL. Blanks are of no meaning between them, but within an operator.
pub(in super::super) fn glued(words: &[String]) -> String {
    let mut sql = String::new();
    for word in words {
        let operator = |text: &str| text.chars().all(|c| ":<>=!|~@&%^".contains(c));
        let within = sql.chars().next_back().is_some_and(|last| operator(&last.to_string()));
        let glue =
            sql.is_empty() || (within && operator(word)) || word == "(" || sql.ends_with(':');
        if !glue && word != ":" {
            sql.push(' ');
        }
        sql.push_str(word);
    }
    sql
}
