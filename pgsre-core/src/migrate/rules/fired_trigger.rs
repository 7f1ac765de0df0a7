use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "fired-trigger",
    kind: Kind::Locking,
    severity: Severity::Info,
    sized: false,
    why: "Each row that is changed runs the triggers and rules of its table: they take locks of their own, and time.",
    fix: "Look at what they do; change the rows in batches. ALTER TABLE … DISABLE TRIGGER stops writes, and skips them for everybody.",
    bad: &[
        "create table orders (id int, note text); create function log() returns trigger language plpgsql as $$ begin return new; end $$; create trigger logged after update on orders for each row execute function log();",
        "update orders set note = '' where id = 7;",
    ],
    good: &[
        "create table orders (id int, note text); create function log() returns trigger language plpgsql as $$ begin return new; end $$; create trigger logged after insert on orders for each row execute function log();",
        "update orders set note = '' where id = 7;",
    ],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let fired = context.schema.fired(context.statement);
    let names: Vec<&str> = fired.into_iter().map(|(name, _)| name).collect();
    (!names.is_empty()).then(|| Found::says(format!("fires {}", names.join(", "))))
}
