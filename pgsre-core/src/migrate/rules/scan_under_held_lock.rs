use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "scan-under-held-lock",
    kind: Kind::Locking,
    severity: Severity::Critical,
    sized: true,
    why: "VALIDATE alone lets others work, but the lock of the statement before is held until the transaction ends.",
    fix: "Commit between ADD … NOT VALID and VALIDATE.",
    bad: &[
        "begin; alter table orders add constraint c check (customer > 0) not valid; alter table orders validate constraint c; commit;",
    ],
    good: &[
        "alter table orders add constraint c check (customer > 0) not valid; alter table orders validate constraint c;",
    ],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let held = |table: &&String| context.held.get(*table).is_some_and(|mode| mode.blocks_writes());
    let own = |table: &&String| {
        !context.facts.locks.get(*table).is_some_and(|mode| mode.blocks_writes())
    };
    let table = context.facts.scans.iter().filter(own).find(held)?;
    let mode = context.held.get(table)?;
    let message =
        format!("reads every row of {table} while the transaction still holds {mode:?} on it");
    Some(Found::on([table], message))
}
