//! What becomes of each hazard.

use super::super::Linter;
use super::{Plan, Work};

const SHOP: &str = "\
create table people (id bigint primary key);
create table orders (id serial primary key, note varchar(20) not null default 'x', person_id bigint, \
    paid boolean);
create index orders_note on orders (note desc);
create table log (at date not null, line text) partition by range (at);
create table log_2025 partition of log for values from ('2025-01-01') to ('2026-01-01');
create table log_2026 (at date not null, line text);
";

fn plan(version: u32, change: &str) -> Plan {
    let mut linter = Linter::new(version);
    linter.file("1.sql", SHOP);
    linter.plan("2.sql", change)
}

/// A plan in short: one line a step.
fn lines(plan: &Plan) -> Vec<String> {
    let line = |work: &Work| match work {
        Work::Transaction { statements } => statements.join("; "),
        Work::Alone { statement, .. } => format!("alone: {statement}"),
        Work::Backfill { table, set, condition } => {
            let set: Vec<String> =
                set.iter().map(|one| format!("{} = {}", one.column, one.expression)).collect();
            format!("backfill {table}: {} where {condition:?}", set.join(", "))
        }
        Work::Deploy { what } => format!("deploy: {what}"),
    };
    plan.steps.iter().map(|step| line(&step.work)).collect()
}

#[test]
fn show() {
    for change in [
        "alter table orders alter person_id set not null;",
        "alter table orders add token uuid not null default gen_random_uuid();",
        "alter table orders add n bigserial;",
        "alter table orders add n int generated always as identity (start 7);",
        "alter table orders add shipped boolean not null default false, add c int check (c > 0);",
        "alter table orders add must int not null;",
        "alter table orders add constraint fk foreign key (person_id) references people on delete cascade;",
        "alter table orders add unique (person_id, note) include (paid) deferrable;",
        "alter table log add primary key (at, line);",
        "alter table log add foreign key (at) references people;",
        "create index on log (line);",
        "create unique index on orders (note) where paid;",
        "drop index orders_note;",
        "reindex table orders;",
        "update orders set note = upper(note), paid = true where note is not null;",
        "update orders set paid = true where id = 5;",
        "delete from orders;",
        "alter table orders alter note type varchar(5) using left(note, 5);",
        "alter table orders alter id type bigint;",
        "alter table orders rename note to remark;",
        "alter table orders rename to purchases;",
        "alter table orders drop column person_id, drop column note;",
        "alter table log attach partition log_2026 for values from ('2026-01-01') to ('2027-01-01');",
        "alter table log detach partition log_2025;",
        "alter table orders set unlogged;",
        "begin; create table t (a int); create index on t (a); insert into t values (1); commit;",
        "drop table orders;",
        "alter table orders add full_note text generated always as (note || '!') stored;",
        "vacuum full orders;",
    ] {
        let plan = plan(15, change);
        println!("\n== {change}");
        for (step, line) in plan.steps.iter().zip(lines(&plan)) {
            println!("  {}. {}\n     {line}\n     undo {:?}", step.number, step.title, step.undo);
            if let Some(caution) = &step.caution {
                println!("     CAUTION {caution}");
            }
        }
    }
}
