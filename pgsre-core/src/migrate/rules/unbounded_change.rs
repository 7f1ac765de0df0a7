use super::super::statement::Statement;
use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "unbounded-change",
    kind: Kind::Locking,
    severity: Severity::Warning,
    sized: true,
    why: "A long transaction: row locks, bloat, and replicas that lag.",
    fix: "Change rows in batches by key, each in a transaction of its own.",
    bad: &["update orders set note = '';"],
    good: &["update orders set note = '' where id = 7;"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    match context.statement {
        Statement::ChangeRows { table, bounded: false, .. } if !context.schema.is_new(table) => {
            let message = format!("changes every row of {table} in one transaction");
            Some(Found::on([table], message))
        }
        _ => None,
    }
}
