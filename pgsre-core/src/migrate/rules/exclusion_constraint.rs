use super::{Context, Found, Kind, Rule, adds_exclusion};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "exclusion-constraint",
    kind: Kind::Locking,
    severity: Severity::Critical,
    sized: true,
    why: "An exclusion constraint builds its index under a lock that stops everybody, and has no concurrent form.",
    fix: "Make a new table with the constraint, copy the rows in batches, then exchange the tables.",
    bad: &["alter table rooms add exclude using gist (during with &&);"],
    good: &["create table rooms (during tstzrange, exclude using gist (during with &&));"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let built = &context.facts.index_builds;
    let table = built.first().filter(|_| adds_exclusion(context.statement))?;
    let message = format!("builds the constraint's index on {table}; reads and writes wait");
    Some(Found::on([table], message))
}
