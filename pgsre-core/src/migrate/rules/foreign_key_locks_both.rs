use super::{Context, Found, Kind, Rule, added_foreign_keys};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "foreign-key-locks-both",
    kind: Kind::Locking,
    severity: Severity::Info,
    sized: false,
    why: "A foreign key makes triggers on both tables: the lock stops writes to either.",
    fix: "Set a short lock_timeout, add the key in a transaction of its own and NOT VALID, and VALIDATE it in the next.",
    bad: &["alter table items add foreign key (orders) references orders (id) not valid;"],
    good: &["alter table items add column orders bigint;"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let (table, keys) = added_foreign_keys(context.statement);
    let locked = |name: &str| {
        context.facts.locks.get(name).is_some_and(|mode| mode.blocks_writes())
    };
    let key = keys.iter().find(|key| key.parent != table && locked(key.parent))?;
    let parent = key.parent;
    let message = match locked(table) {
        true => format!("writes to {table} and to {parent} wait"),
        false => format!("writes to {parent} wait"),
    };
    Some(Found::says(message))
}
