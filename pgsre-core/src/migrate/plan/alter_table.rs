//! ALTER TABLE, action by action.

use super::super::facts::Facts;
use super::super::statement::{Action, Located, Statement};
use super::super::words::Words;
use super::planner::{About, Planner, first_line, harm};
use super::replacement::glued;
use super::source::{Source, sql_name};

/// The table of an ALTER TABLE.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// As the schema knows it.
    pub(super) name: String,
    /// As the statement names it, with ONLY where it says so.
    pub(super) sql: String,
    /// As the statement names it.
    pub(super) table: String,
    pub(super) only: bool,
}

/// An action and its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written<'a> {
    pub(super) action: &'a Action,
    pub(super) source: &'a Source<'a>,
    pub(super) words: &'a Words<'a>,
}

impl Written<'_> {
    pub(super) fn text(&self) -> String {
        self.source.text(self.words.rest()).to_owned()
    }
}

impl Planner<'_> {
    /// Actions that harm nobody stay together; each of the others becomes steps of its own.
    pub(super) fn alter_table(&mut self, located: &Located) {
        let Statement::AlterTable { table, only, actions, .. } = &located.statement else { return };
        let facts = Facts::of(&located.statement, &self.schema, self.version);
        let is_new = self.schema.is_new(table);
        let by_itself = |action: &Action| needs_release(action) || is_detached(action);
        if is_new || (harm(&facts).is_none() && !actions.iter().any(by_itself)) {
            return self.as_it_is(located);
        }
        let sql = self.source(located).to_owned();
        let source = Source::of(&sql);
        let mut words = source.words();
        words.take_any(&["alter table", "alter foreign table", "alter materialized view"]);
        words.take("if exists");
        words.take("only");
        let written = source.name(&mut words).to_owned();
        words.take("*");
        let parts = words.split(",");
        if parts.len() != actions.len() {
            return self.as_it_is(located);
        }
        let sql = if *only { format!("ONLY {written}") } else { written.clone() };
        let target = Target { name: table.clone(), sql, table: written, only: *only };
        let mut actions: Vec<Written<'_>> = actions
            .iter()
            .zip(&parts)
            .map(|(action, words)| Written { action, source: &source, words })
            .collect();
        // What one statement drops goes first (`AT_PASS_DROP`).
        actions.sort_by_key(|one| !matches!(one.action, Action::DropConstraint { .. }));
        self.actions(&target, &actions);
    }

    fn actions(&mut self, target: &Target, actions: &[Written<'_>]) {
        let mut kept: Vec<Written<'_>> = Vec::new();
        for written in actions {
            let facts = self.facts_of(target, written.action);
            let by_itself = needs_release(written.action) || is_detached(written.action);
            if harm(&facts).is_none() && !by_itself {
                kept.push(*written);
                continue;
            }
            self.keep(target, &std::mem::take(&mut kept));
            self.action(target, *written);
        }
        self.keep(target, &kept);
    }

    fn keep(&mut self, target: &Target, actions: &[Written<'_>]) {
        if actions.is_empty() {
            return;
        }
        let texts: Vec<String> = actions.iter().map(Written::text).collect();
        let sql = format!("ALTER TABLE {} {}", target.sql, texts.join(", "));
        let undo = actions.iter().rev().map(|one| self.undo(target, one.action));
        let undo = undo.collect::<Option<Vec<_>>>().map(|all| all.concat());
        let title =
            first_line(&format!("{}: {}; no row is touched", target.table, texts.join(", ")));
        self.transaction(About { title, undo, ..About::default() }, vec![sql]);
    }

    fn action(&mut self, target: &Target, written: Written<'_>) {
        match written.action {
            Action::AddColumn { column, .. } => self.add_column(target, column, written),
            Action::SetNotNull { column } => self.set_not_null(target, column, ""),
            Action::AddConstraint(constraint) => {
                self.written_constraint(target, constraint, written);
            }
            Action::SetType { .. } => self.set_type(target, written),
            Action::AttachPartition { partition, bound } => {
                self.attach(target, written, partition, bound);
            }
            Action::DetachPartition { .. } => self.detach(target, written),
            action if needs_release(action) => self.release(target, written),
            action => {
                let sql = format!("ALTER TABLE {} {}", target.sql, written.text());
                let about = About::final_step(sql.clone()).instead(instead(action));
                self.transaction(about, vec![sql]);
            }
        }
    }

    /// What takes an action back; none where that cannot be said.
    pub(super) fn undo(&self, target: &Target, action: &Action) -> Option<Vec<String>> {
        let alter = |what: String| Some(vec![format!("ALTER TABLE {} {what}", target.sql)]);
        let known = self.schema.table(&target.name);
        match action {
            Action::AddColumn { column, if_not_exists: false } => {
                alter(format!("DROP COLUMN {}", sql_name(&column.name)))
            }
            Action::AddConstraint(constraint) => {
                let name = self.schema.name_of_constraint(&target.name, constraint);
                alter(format!("DROP CONSTRAINT {}", sql_name(&name)))
            }
            Action::SetNotNull { column }
                if known.is_some_and(|known| known.columns.contains_key(column)) =>
            {
                alter(format!("ALTER COLUMN {} DROP NOT NULL", sql_name(column)))
            }
            Action::SetDefault { column, .. } => {
                let before = known?.columns.get(column)?.default.as_deref();
                let column = sql_name(column);
                alter(match before {
                    Some(default) => {
                        format!("ALTER COLUMN {column} SET DEFAULT {}", glued(default))
                    }
                    None => format!("ALTER COLUMN {column} DROP DEFAULT"),
                })
            }
            Action::RenameConstraint { name, to } => {
                let (name, to) = (sql_name(name), sql_name(to));
                alter(format!("RENAME CONSTRAINT {to} TO {name}"))
            }
            Action::ValidateConstraint { .. } | Action::Statistics => Some(Vec::new()),
            _ => None,
        }
    }
}

/// Whether applications that run must have been changed before or after.
pub(super) fn needs_release(action: &Action) -> bool {
    matches!(
        action,
        Action::DropColumn { .. }
            | Action::RenameColumn { .. }
            | Action::RenameTo { .. }
            | Action::SetSchema { .. }
    )
}

/// Whether a partition is detached in the way that waits for nobody only since 14.
fn is_detached(action: &Action) -> bool {
    matches!(action, Action::DetachPartition { concurrently: false, finalize: false, .. })
}

/// What to do instead of an action for which no step-by-step form is known.
fn instead(action: &Action) -> &'static str {
    match action {
        Action::SetLogged { .. }
        | Action::SetAccessMethod { .. }
        | Action::SetTablespace { .. } => {
            "PostgreSQL copies the table while it is locked: copy it online with pg_repack or \
             pg_squeeze, or do this while nobody uses the table"
        }
        Action::SetExpression { .. } => {
            "PostgreSQL computes a stored column anew while the table is locked: add a column of \
             another name, or do this while nobody uses the table"
        }
        _ => "No form of it is known that stops nobody: do this while nobody uses the table",
    }
}
