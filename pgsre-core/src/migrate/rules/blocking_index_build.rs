use super::{Context, Found, Kind, Rule, adds_exclusion, list, waiting};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "blocking-index-build",
    kind: Kind::Locking,
    severity: Severity::Critical,
    sized: true,
    why: "An index is built while a lock stops writes.",
    fix: "CREATE INDEX or REINDEX … CONCURRENTLY outside of a transaction; for a constraint then ADD CONSTRAINT … USING INDEX.",
    bad: &["create index on orders (customer);"],
    good: &["create index concurrently orders_customer on orders (customer);"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let facts = context.facts;
    if adds_exclusion(context.statement) {
        return None;
    }
    let blocked = |table: &&String| facts.locks.get(*table).is_some_and(|mode| mode.blocks_writes());
    let built: Vec<&String> = facts.index_builds.iter().filter(blocked).collect();
    let mode = *facts.locks.get(*built.first()?)?;
    let (tables, who) = (list(built.iter().copied()), waiting(mode));
    let message = format!("builds an index on {tables} under {mode:?}; {who} wait until it is built");
    Some(Found::on(built, message))
}
