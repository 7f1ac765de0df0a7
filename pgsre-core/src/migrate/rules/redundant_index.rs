use super::super::statement::Statement;
use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "redundant-index",
    kind: Kind::Design,
    severity: Severity::Info,
    sized: false,
    why: "An index whose columns are the first ones of another costs writes and space, and serves nothing that the other does not.",
    fix: "Leave the shorter one out, unless it is much smaller and used much more.",
    bad: &["create index a on orders (customer, placed); create index b on orders (customer);"],
    good: &["create index a on orders (customer, placed); create index b on orders (placed);"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let Statement::CreateIndex { name, table, sorts, unique, .. } = context.statement else {
        return None;
    };
    let others = || context.schema.indexes_of(table).filter(|(other, _)| *other != name);
    let mut longer = others().filter(|(_, other)| !other.invalid && other.sorts.starts_with(sorts));
    if let Some((other, _)) = longer.next().filter(|_| !sorts.is_empty() && !unique) {
        return Some(Found::says(format!("{other} already begins with {}", sorts.join(", "))));
    }
    let shorter = |other: &[String]| !other.is_empty() && sorts.starts_with(other);
    let mut shorter = others().filter(|(_, other)| !other.unique && shorter(&other.sorts));
    let (other, _) = shorter.next()?;
    Some(Found::says(format!("serves all that {other} does, which is then not needed")))
}
