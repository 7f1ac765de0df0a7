//! A column that is replaced by another: a new type, or a new name that applications learn one by one.
//!
//! A trigger keeps the new column equal to the old one, a backfill fills the rows that are there, the
//! indexes and constraints of the old column are built on the new one, and one change of the catalogue
//! swaps them.

use super::super::statement::{Action, Column, Constraint, ConstraintKind};
use super::super::types::DataType;
use super::Work;
use super::alter_table::{Target, Written};
use super::columns::assignment;
use super::planner::{About, Planner};
use super::source::{Source, beside, sql_name};

mod swap;

pub(super) use swap::glued;

/// What becomes of a column.
#[derive(Clone, Debug)]
pub(super) struct Replacement {
    column: String,
    /// What the new column is called while both are there.
    new: String,
    /// What it is called in the end.
    name: String,
    /// As SQL; none: that of the old one.
    data_type: Option<String>,
    /// The new value from the columns of a row.
    expression: String,
}

impl Replacement {
    pub(super) fn renamed(column: &str, to: &str) -> Self {
        Self {
            column: column.to_owned(),
            new: to.to_owned(),
            name: to.to_owned(),
            data_type: None,
            expression: sql_name(column),
        }
    }

    fn is_rename(&self) -> bool {
        self.new == self.name
    }
}

/// What stands on the old column, to be built on the new one.
#[derive(Debug, Default)]
struct Dependents {
    /// Name, whether it is unique, and what follows the table in its definition.
    indexes: Vec<(String, bool, String)>,
    /// UNIQUE and PRIMARY KEY.
    keys: Vec<Constraint>,
}

const INSTEAD: &str = "Add a column of the new type, keep it equal by a trigger, fill it in batches, build \
    its indexes and constraints, and swap the two";

impl Planner<'_> {
    pub(super) fn set_type(&mut self, target: &Target, written: Written<'_>) {
        let Action::SetType { column, .. } = written.action else { return };
        let mut words = written.words.clone();
        words.take_any(&["alter column", "alter"]);
        let name = written.source.name(&mut words);
        words.take_any(&["set data type", "type"]);
        let before = words.clone();
        words.until(&["using"]);
        let data_type = written.source.taken(&before, &words);
        let expression = if words.take("using") {
            written.source.text(words.rest()).to_owned()
        } else {
            let bare = data_type.to_lowercase();
            let end = bare.find(" collate ").unwrap_or(data_type.len());
            format!("{name}::{}", &data_type[..end])
        };
        let replacement = Replacement {
            column: column.clone(),
            new: format!("pgsre_{column}"),
            name: column.clone(),
            data_type: Some(data_type.to_owned()),
            expression,
        };
        let sql = format!("ALTER TABLE {} {}", target.sql, written.text());
        self.replace(target, &replacement, sql);
    }

    /// Replaces a column, or runs `at_once` where what stands on it is not known well enough.
    pub(super) fn replace(&mut self, target: &Target, replacement: &Replacement, at_once: String) {
        let dependents = self.dependents(target, replacement);
        let known = self
            .schema
            .table(&target.name)
            .and_then(|known| known.columns.get(&replacement.column));
        let (dependents, old) = match (dependents, known.cloned()) {
            (Ok(dependents), Some(old)) if !old.data_type.is_empty() => (dependents, old),
            (Err(why), _) => return self.replace_at_once(target, replacement, at_once, &why),
            _ => {
                return self.replace_at_once(target, replacement, at_once, "its type is not known");
            }
        };
        self.add_synchronised(target, replacement, &old);
        let filled = sql_name(&replacement.new);
        let condition =
            format!("{filled} IS NULL AND {} IS NOT NULL", sql_name(&replacement.column));
        let set = vec![assignment(&filled, &replacement.expression)];
        self.backfill(target, set, Some(condition));
        if old.not_null {
            self.set_not_null(target, &replacement.new, "");
        }
        self.build_dependents(target, replacement, &dependents);
        if replacement.is_rename() {
            self.deploy(format!(
                "Release applications that use {}.{} instead of {}. Until then both are there and equal.",
                target.table, replacement.name, replacement.column
            ));
        }
        self.swap(target, replacement, &old, &dependents);
    }

    fn replace_at_once(
        &mut self,
        target: &Target,
        replacement: &Replacement,
        sql: String,
        why: &str,
    ) {
        let column = sql_name(&replacement.column);
        let about = About::final_step(sql.clone());
        if replacement.is_rename() {
            self.deploy(format!(
                "Release applications that can do with {}.{column} and with {}: a plan that keeps both \
                 is not made, because {why}.",
                target.table, replacement.name
            ));
            return self.transaction(about, vec![sql]);
        }
        let caution = format!("{INSTEAD}. That is not planned here, because {why}");
        self.transaction(About { instead: caution, ..about }, vec![sql]);
    }

    /// What stands on the column; an error where something does that cannot be built again from what is
    /// known.
    fn dependents(&self, target: &Target, replacement: &Replacement) -> Result<Dependents, String> {
        let column = &replacement.column;
        let Some(known) = self.schema.table(&target.name).filter(|known| known.is_known) else {
            return Err("the table is not known: name the migrations before this one".to_owned());
        };
        if known.partitioned || self.schema.family(&target.name).len() > 1 {
            return Err("the table has partitions or tables that inherit from it".to_owned());
        }
        if known.columns.get(column).is_some_and(|one| one.identity || one.stored || one.generated)
        {
            return Err("it is generated".to_owned());
        }
        // The words of expressions are folded, quoted or not.
        let folded = column.to_lowercase();
        let among = |columns: &[String]| columns.iter().any(|name| name.to_lowercase() == folded);
        let own = self.schema.foreign_keys_of(&target.name).filter(|key| among(key.columns));
        let to = self.schema.foreign_keys_to(&target.name);
        if let Some(key) = own.chain(to.filter(|key| among(self.schema.referred(key)))).next() {
            return Err(format!(
                "the foreign key {} of {} uses it",
                key.constraint.name, key.table
            ));
        }
        if let Some(view) = self.schema.views_over(&target.name, Some(column)).first() {
            return Err(format!("the view {view} reads it"));
        }
        let mut found = Dependents::default();
        for constraint in &known.constraints {
            match &constraint.kind {
                ConstraintKind::Primary { columns, .. }
                | ConstraintKind::Unique { columns, .. }
                    if among(columns) =>
                {
                    found.keys.push(constraint.clone());
                }
                ConstraintKind::Check { columns, .. } if among(columns) => {
                    return Err(format!("the constraint {} checks it", constraint.name));
                }
                ConstraintKind::Exclude { columns } if among(columns) => {
                    return Err(format!("the constraint {} is on it", constraint.name));
                }
                _ => {}
            }
        }
        let is_key = |name: &String| {
            let bare = name.rsplit('.').next().unwrap_or(name);
            known.constraints.iter().any(|one| one.name == bare)
        };
        for (name, index) in self.schema.indexes_of(&target.name) {
            if !index.words.contains(&folded) || is_key(name) {
                continue;
            }
            if index.computed || index.definition.is_empty() {
                return Err(format!("the index {name} is computed from it"));
            }
            found.indexes.push((name.clone(), index.unique, index.definition.clone()));
        }
        Ok(found)
    }

    /// The new column, and the trigger that keeps the two equal.
    fn add_synchronised(&mut self, target: &Target, replacement: &Replacement, old: &Column) {
        let (table, new) = (&target.table, sql_name(&replacement.new));
        let data_type = replacement.data_type.clone().unwrap_or_else(|| column_type(old));
        let trigger = sql_name(&trigger_name(replacement));
        let function = sql_name(&beside(&target.name, &trigger_name(replacement)));
        let alias = sql_name(target.name.rsplit('.').next().unwrap_or_default());
        let (from, expression) = (sql_name(&replacement.column), &replacement.expression);
        let forth = format!("NEW.{new} := (SELECT {expression} FROM (SELECT NEW.*) AS {alias});");
        let body = if replacement.is_rename() {
            format!(
                "IF (TG_OP = 'INSERT' AND NEW.{new} IS NOT NULL) OR (TG_OP = 'UPDATE' AND \
                 NEW.{new} IS DISTINCT FROM OLD.{new}) THEN NEW.{from} := NEW.{new}; ELSE {forth} END IF;"
            )
        } else {
            forth
        };
        let statements = vec![
            format!("ALTER TABLE {table} ADD COLUMN {new} {data_type}"),
            format!(
                "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS \
                 $pgsre$ BEGIN {body} RETURN NEW; END $pgsre$"
            ),
            format!(
                "CREATE TRIGGER {trigger} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW \
                 EXECUTE FUNCTION {function}()"
            ),
        ];
        let undo = vec![
            format!("DROP TRIGGER {trigger} ON {table}"),
            format!("DROP FUNCTION {function}()"),
            format!("ALTER TABLE {table} DROP COLUMN {new}"),
        ];
        let title =
            format!("Add {table}.{new}, and keep it equal to {from} in rows that are written");
        self.transaction(About { title, undo: Some(undo), ..About::default() }, statements);
    }

    fn build_dependents(&mut self, target: &Target, replacement: &Replacement, found: &Dependents) {
        for (name, unique, definition) in &found.indexes {
            let definition = with_new_column(definition, replacement);
            self.build_temporary(target, name, *unique, &definition);
        }
        for key in &found.keys {
            let columns = key_columns(key);
            let name = beside(&target.name, &key.name);
            let columns: Vec<String> =
                columns.iter().map(|one| sql_name(renamed(one, replacement))).collect();
            self.build_temporary(target, &name, true, &format!("({})", columns.join(", ")));
        }
    }

    fn build_temporary(&mut self, target: &Target, name: &str, unique: bool, definition: &str) {
        let temporary = temporary(name);
        let own = sql_name(&temporary);
        let bare = sql_name(temporary.rsplit('.').next().unwrap_or_default());
        let unique = if unique { "UNIQUE " } else { "" };
        let statement =
            format!("CREATE {unique}INDEX CONCURRENTLY {bare} ON {} {definition}", target.table);
        let title = format!("Build what will be {name}; reads and writes go on");
        let about = About::undone_by(title, format!("DROP INDEX CONCURRENTLY IF EXISTS {own}"));
        self.step(about, Work::Alone { statement, index: Some(own) });
    }
}

fn trigger_name(replacement: &Replacement) -> String {
    format!("pgsre_replace_{}", replacement.column)
}

fn temporary(name: &str) -> String {
    let bare = name.rsplit('.').next().unwrap_or(name);
    let cut = bare.floor_char_boundary(57);
    beside(name, &format!("pgsre_{}", &bare[..cut]))
}

fn renamed<'a>(column: &'a str, replacement: &'a Replacement) -> &'a str {
    if column == replacement.column { &replacement.new } else { column }
}

fn key_columns(key: &Constraint) -> &[String] {
    match &key.kind {
        ConstraintKind::Primary { columns, .. } | ConstraintKind::Unique { columns, .. } => columns,
        _ => &[],
    }
}

/// The type of a column as SQL; a serial is an integer.
fn column_type(column: &Column) -> String {
    let data_type = DataType::parse(&column.data_type);
    let plain = match data_type.name() {
        "smallserial" | "serial2" => "smallint",
        "serial" | "serial4" => "integer",
        "bigserial" | "serial8" => "bigint",
        _ if column.written.is_empty() => &column.data_type,
        _ => &column.written,
    };
    match column.collation.as_str() {
        "" => plain.to_owned(),
        collation => format!("{plain} COLLATE {}", sql_name(collation)),
    }
}

/// An index's definition with the new column where the old one stood.
fn with_new_column(definition: &str, replacement: &Replacement) -> String {
    let source = Source::of(definition);
    let (mut sql, mut end) = (String::new(), 0);
    for word in source.words().rest() {
        let is_it = word.text.trim_matches('"') == replacement.column
            || word.text.to_lowercase() == replacement.column;
        sql.push_str(definition.get(end..word.at.start).unwrap_or_default());
        sql.push_str(&if is_it { sql_name(&replacement.new) } else { word.text.clone() });
        end = word.at.end;
    }
    sql
}
