use super::super::statement::{Action, Statement};
use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "breaking-change",
    kind: Kind::Breaking,
    severity: Severity::Warning,
    sized: false,
    why: "Running applications still use what is dropped or renamed.",
    fix: "First release applications that no longer use it; for a rename keep the old name by a view or a second column.",
    bad: &["alter table orders drop column note;"],
    good: &[
        "create table orders (id int); create view recent as select id from orders;",
        "alter table orders add column note text; drop view recent; create view recent as select id, note from orders;",
    ],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    match context.statement {
        Statement::DropTable { tables, .. } => {
            let used = tables.iter().find(|table| !context.schema.is_new(table))?;
            Some(Found::says(format!("applications that still use {used} break")))
        }
        Statement::AlterTable { table, actions, .. } if !context.schema.is_new(table) => {
            let rewrites = !context.facts.rewrites.is_empty();
            actions.iter().find_map(|action| breaks(table, action, rewrites)).map(Found::says)
        }
        Statement::DropView { views, .. } => {
            let used = views.iter().find(|view| is_gone(context, view))?;
            Some(Found::says(format!("applications that still use {used} break")))
        }
        Statement::RenameInType { name, from } => Some(Found::says(format!(
            "{from} of {name} is renamed: applications that still use it break"
        ))),
        _ => None,
    }
}

/// A view that the same file makes anew is there for whoever comes after it.
fn is_gone(context: &Context<'_>, view: &str) -> bool {
    let is_back = context.end.is_some_and(|end| end.has_view(view));
    !context.schema.is_new(view) && !context.schema.is_missing(view) && !is_back
}

fn breaks(table: &str, action: &Action, rewrites: bool) -> Option<String> {
    let (what, verb) = match action {
        Action::SetType { column, .. } if rewrites => {
            (format!("{table}.{column}"), "given another type")
        }
        Action::DropColumn { column, .. } => (format!("{table}.{column}"), "dropped"),
        Action::RenameColumn { column, .. } => (format!("{table}.{column}"), "renamed"),
        Action::RenameTo { .. } => (table.to_owned(), "renamed"),
        Action::SetSchema { .. } => (table.to_owned(), "moved"),
        _ => return None,
    };
    Some(format!("{what} is {verb}: applications that still use it break"))
}
