//! What becomes of each hazard. That the steps are what they say is seen on live servers
//! (`tests/migrate_truth.rs`).

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use super::super::Linter;
use super::{Plan, Step, Work};

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

/// A plan in short, one line a step.
fn steps(change: &str) -> Vec<String> {
    plan(15, change).steps.iter().map(line).collect()
}

fn line(step: &Step) -> String {
    match &step.work {
        Work::Transaction { statements } => statements.join("; "),
        Work::Alone { statement, .. } => format!("alone: {statement}"),
        Work::Backfill { table, set, condition } => {
            let set: Vec<String> =
                set.iter().map(|one| format!("{} = {}", one.column, one.expression)).collect();
            let condition = condition.as_deref().unwrap_or("true");
            format!("backfill {table}: {} where {condition}", set.join(", "))
        }
        Work::Deploy { .. } => "release".to_owned(),
    }
}

#[test]
fn a_column_is_filled_in_batches_and_then_refuses_null() {
    let change = "alter table orders add token uuid not null default gen_random_uuid();";
    let expected = [
        "ALTER TABLE orders ADD COLUMN token uuid",
        "ALTER TABLE orders ALTER COLUMN token SET DEFAULT gen_random_uuid()",
        "backfill orders: token = gen_random_uuid() where token IS NULL",
        "ALTER TABLE orders ADD CONSTRAINT pgsre_token_not_null CHECK (token IS NOT NULL) NOT VALID",
        "ALTER TABLE orders VALIDATE CONSTRAINT pgsre_token_not_null",
        "ALTER TABLE orders ALTER COLUMN token SET NOT NULL; \
         ALTER TABLE orders DROP CONSTRAINT pgsre_token_not_null",
    ];
    assert_eq!(steps(change), expected);
    let steady = "alter table orders add size int not null default 3;";
    assert_eq!(steps(steady), [steady.trim_end_matches(';')], "no row is touched by it");
}

#[test]
fn since_18_not_null_is_a_constraint_that_is_validated() {
    let steps = plan(18, "alter table orders alter person_id set not null").steps;
    let lines: Vec<String> = steps.iter().map(line).collect();
    let expected = [
        "ALTER TABLE orders ADD CONSTRAINT orders_person_id_not_null NOT NULL person_id NOT VALID",
        "ALTER TABLE orders VALIDATE CONSTRAINT orders_person_id_not_null",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn applications_write_a_column_before_its_rows_are_filled() {
    let change = "alter table orders add tracking text; update orders set tracking = 'T' || id; \
                  alter table orders alter tracking set not null;";
    let steps = steps(change);
    assert_eq!(
        steps[..3],
        [
            "alter table orders add tracking text",
            "release",
            "backfill orders: tracking = 'T' || id where true"
        ]
    );
    let with_default = change.replace("tracking text", "tracking text default ''");
    assert!(!self::steps(&with_default).contains(&"release".to_owned()));
}

#[test]
fn constraints_are_validated_behind_the_lock_and_keys_built_before_it() {
    assert_eq!(
        steps("alter table orders add foreign key (person_id) references people"),
        [
            "ALTER TABLE orders ADD CONSTRAINT orders_person_id_fkey foreign key (person_id) references \
         people NOT VALID",
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_person_id_fkey",
        ]
    );
    let unique = "alter table orders add unique (person_id, note) include (paid) deferrable";
    assert_eq!(
        steps(unique),
        [
            "alone: CREATE UNIQUE INDEX CONCURRENTLY orders_person_id_note_key ON orders \
         (person_id, note) INCLUDE (paid)",
            "ALTER TABLE orders ADD CONSTRAINT orders_person_id_note_key UNIQUE USING INDEX \
         orders_person_id_note_key deferrable",
        ]
    );
    let not_valid = "alter table orders add check (id > 0) not valid";
    assert_eq!(steps(not_valid), [not_valid]);
}

#[test]
fn indexes_are_built_and_dropped_concurrently_and_by_partition() {
    assert_eq!(
        steps("create index on log (line)"),
        [
            "CREATE INDEX log_line_idx ON ONLY log (line)",
            "alone: CREATE INDEX CONCURRENTLY log_2025_line_idx ON log_2025 (line)",
            "ALTER INDEX log_line_idx ATTACH PARTITION log_2025_line_idx",
        ]
    );
    assert_eq!(steps("drop index orders_note"), ["alone: DROP INDEX CONCURRENTLY orders_note"]);
    let undo = plan(15, "drop index orders_note").steps.remove(0).undo;
    assert_eq!(undo.unwrap(), ["CREATE INDEX CONCURRENTLY orders_note ON orders (note desc)"]);
    assert_eq!(steps("create table t (a int); create index on t (a);").len(), 1, "nobody waits");
}

#[test]
fn rows_are_changed_in_batches_unless_a_key_looks_them_up() {
    let all = "update orders set note = upper(note), paid = true where note is not null";
    assert_eq!(
        steps(all),
        ["backfill orders: note = upper(note), paid = true where note is not null"]
    );
    let one = "update orders set paid = true where id = 5";
    assert_eq!(steps(one), [one]);
    let joined = plan(15, "update orders set paid = true from people where id = person_id");
    assert!(joined.steps.iter().all(|step| matches!(step.work, Work::Transaction { .. })));
    assert!(!plan(15, "delete from orders").is_safe());
}

#[test]
fn a_column_of_another_type_takes_the_place_of_the_old_one() {
    let steps = steps("alter table orders alter id type bigint");
    assert_eq!(
        steps[1],
        "backfill orders: pgsre_id = id::bigint where pgsre_id IS NULL AND id IS NOT NULL"
    );
    assert_eq!(
        steps[5],
        "alone: CREATE UNIQUE INDEX CONCURRENTLY pgsre_orders_pkey ON orders (pgsre_id)"
    );
    let swap = "DROP TRIGGER pgsre_replace_id ON orders; \
         ALTER SEQUENCE orders_id_seq OWNED BY orders.pgsre_id; \
         ALTER TABLE orders ALTER COLUMN pgsre_id SET DEFAULT nextval('orders_id_seq'::regclass); \
         ALTER TABLE orders DROP COLUMN id; ALTER TABLE orders RENAME COLUMN pgsre_id TO id; \
         ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX pgsre_orders_pkey; \
         DROP FUNCTION pgsre_replace_id()";
    assert_eq!(steps[6], swap);
    let wider = "alter table orders alter note type varchar(40)";
    assert_eq!(self::steps(wider), [wider], "no row changes");
}

#[test]
fn what_is_not_known_well_enough_is_not_replaced_but_said() {
    for change in [
        "alter table unknown alter id type bigint",
        "create view v as select id from orders; alter table orders alter id type bigint",
        "alter table orders set unlogged",
        "alter table orders add twice int generated always as (id * 2) stored",
        "vacuum full orders",
        "do $$ begin execute 'drop table ' || 'orders'; end $$",
        "this is not sql",
    ] {
        assert!(!plan(17, change).is_safe(), "{change}");
    }
}

#[test]
fn applications_are_released_before_what_they_use_goes() {
    assert_eq!(
        steps("alter table orders drop column person_id"),
        ["release", "ALTER TABLE orders drop column person_id"]
    );
    let required = steps("alter table log_2026 drop column at");
    assert_eq!(required[..2], ["ALTER TABLE log_2026 ALTER COLUMN at DROP NOT NULL", "release"]);
    let renamed = steps("alter table orders rename to purchases");
    assert!(renamed[0].contains("CREATE VIEW orders AS SELECT * FROM purchases"), "{renamed:?}");
    assert_eq!(renamed[1..], ["release", "DROP VIEW orders"]);
}

#[test]
fn a_partition_is_attached_by_a_check_that_proves_its_bound() {
    let change = "alter table log attach partition log_2026 \
                  for values from ('2026-01-01') to ('2027-01-01')";
    let steps = steps(change);
    assert_eq!(
        steps[0],
        "ALTER TABLE log_2026 ADD CONSTRAINT pgsre_log_2026_bound CHECK \
         (at IS NOT NULL AND at >= '2026-01-01' AND at < '2027-01-01') NOT VALID"
    );
    assert_eq!(steps.len(), 4);
    assert!(plan(15, change).is_safe());
}

#[test]
fn each_step_that_waits_for_a_lock_gives_up_in_time_but_what_runs_alone() {
    let plan =
        plan(15, "alter table orders add c int check (c > 0); create index on orders (paid);");
    for step in &plan.steps {
        let alone = matches!(step.work, Work::Alone { .. });
        assert_eq!(step.lock_timeout_ms.is_none(), alone, "{step:?}");
    }
    let validate = plan.steps.iter().find(|step| line(step).contains("VALIDATE")).unwrap();
    assert_eq!(validate.statement_timeout_ms, None, "to read all rows takes its time");
}

#[test]
fn a_plan_is_what_its_number_says() {
    let change = "alter table orders alter person_id set not null";
    let plan = plan(15, change);
    assert_eq!(plan.id, self::plan(15, change).id);
    let json = serde_json::to_string(&plan).unwrap();
    let mut read: Plan = serde_json::from_str(&json).unwrap();
    assert_eq!(read, plan);
    assert!(read.is_intact());
    if let Work::Transaction { statements } = &mut read.steps[0].work {
        statements.push("DROP TABLE orders".to_owned());
    }
    assert!(!read.is_intact());
}

#[test]
fn a_script_names_time_outs_releases_and_the_way_back() {
    let sql =
        plan(15, "alter table orders drop column note; create index on orders (paid)").to_sql();
    for part in [
        "SET LOCAL lock_timeout = 2000;",
        "-- Release applications that neither read nor write orders.note.",
        "-- There is no way back from here.",
        "CREATE INDEX CONCURRENTLY orders_paid_idx ON orders (paid);",
        "-- Undo: DROP INDEX CONCURRENTLY IF EXISTS orders_paid_idx",
    ] {
        assert!(sql.contains(part), "{part}\n{sql}");
    }
}

/// Statements of each kind, to be cut and torn.
const ALL: &[&str] = &[
    "alter table only orders add column if not exists c int default (1 + 2) not null check (c > 0) unique",
    "alter table orders add c serial, alter note type text using note || 'x', rename to o",
    "alter table orders add c int generated by default as identity (start 5), alter note set not null",
    "alter table log add constraint k unique nulls not distinct (at) include (line) with (fillfactor = 70)",
    "alter table log attach partition log_2026 for values from (minvalue) to ('2027-01-01')",
    "alter table log detach partition log_2025 concurrently",
    "create unique index concurrently if not exists i on only log using btree (lower(line) desc) where at > now()",
    "reindex (verbose, concurrently) table orders",
    "update only orders o set (a, b) = (1, 2), note = default where id in (select 1) returning id",
    "drop index if exists a, b cascade",
    "refresh materialized view concurrently v with no data",
];

#[test]
fn nothing_that_is_cut_or_torn_makes_a_plan_fail() {
    let mut made = 0;
    for text in ALL {
        let words: Vec<&str> = text.split_inclusive([' ', '(', ')', ',']).collect();
        for at in 0..words.len() {
            let without = [&words[..at], &words[at + 1..]].concat().concat();
            let twice = [&words[..at], &[words[at], words[at]], &words[at + 1..]].concat().concat();
            for torn in [words[..at].concat(), words[at..].concat(), without, twice] {
                for version in [13, 18] {
                    let plan = plan(version, &torn);
                    assert!(plan.is_intact(), "{torn}");
                    made += plan.steps.len();
                }
            }
        }
    }
    assert!(made > 1000, "{made} steps");
}
