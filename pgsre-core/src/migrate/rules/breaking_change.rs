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
    good: &["alter table orders add column note text;"],
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
        _ => None,
    }
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
