use super::super::statement::Statement;
use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "work-under-lock",
    kind: Kind::Locking,
    severity: Severity::Warning,
    sized: true,
    why: "The lock of the statement before is held until the transaction ends: everybody waits for the rows to be changed.",
    fix: "Commit between the change of the schema and that of the rows.",
    bad: &["begin; alter table orders add column paid boolean; update orders set paid = true where id < 1000; commit;"],
    good: &["begin; alter table orders add column paid boolean; commit; update orders set paid = true where id < 1000;"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let Statement::ChangeRows { table, .. } = context.statement else { return None };
    let (held, mode) = context.held.iter().find(|(_, mode)| mode.blocks_reads())?;
    (!context.schema.is_new(table)).then(|| {
        Found::on([table], format!("changes rows of {table} while {mode:?} on {held} is held"))
    })
}
