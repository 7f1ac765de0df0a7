#![expect(clippy::expect_used, reason = "tests")]

use super::super::lint::{LintedStatement, Linter};

/// The last statement of the second file, on PostgreSQL 17.
fn last(before: &str, text: &str) -> LintedStatement {
    last_on(17, before, text)
}

fn last_on(version: u32, before: &str, text: &str) -> LintedStatement {
    let mut linter = Linter::new(version);
    linter.file("1.sql", before);
    let file = linter.file("2.sql", text);
    let last = file.statements.last().expect("a statement").clone();
    assert_eq!(last.unparsed, None, "{text}");
    last
}

fn locks(text: &str) -> Vec<String> {
    last("", text).locks.iter().map(|lock| format!("{} {:?}", lock.object, lock.mode)).collect()
}

#[test]
fn locks_are_those_of_postgresql() {
    let cases: &[(&str, &[&str])] = &[
        ("alter table t add c int", &["t AccessExclusiveLock"]),
        ("alter table t validate constraint c", &["t ShareUpdateExclusiveLock"]),
        (
            "alter table t add foreign key (a) references p (id)",
            &["p ShareRowExclusiveLock", "t ShareRowExclusiveLock"],
        ),
        (
            "alter table t add column a int references p",
            &["p ShareRowExclusiveLock", "t AccessExclusiveLock"],
        ),
        ("alter table t set (fillfactor = 70)", &["t ShareUpdateExclusiveLock"]),
        ("alter table t alter a set statistics 100", &["t ShareUpdateExclusiveLock"]),
        ("alter table t disable trigger all", &["t ShareRowExclusiveLock"]),
        (
            "alter table t attach partition p for values in (1)",
            &["p AccessExclusiveLock", "t ShareUpdateExclusiveLock"],
        ),
        ("create unique index i on t (a)", &["t ShareLock"]),
        ("create index concurrently on t (a)", &["t ShareUpdateExclusiveLock"]),
        (
            "create trigger g before insert on t for each row execute function f()",
            &["t ShareRowExclusiveLock"],
        ),
        ("refresh materialized view m", &["m AccessExclusiveLock"]),
        ("refresh materialized view concurrently m", &["m ExclusiveLock"]),
        ("truncate t, u", &["t AccessExclusiveLock", "u AccessExclusiveLock"]),
        ("lock table t in share row exclusive mode", &["t ShareRowExclusiveLock"]),
        ("lock t", &["t AccessExclusiveLock"]),
        ("vacuum (full) t", &["t AccessExclusiveLock"]),
        ("create table n (id int references p)", &["p ShareRowExclusiveLock"]),
        ("create table n partition of p for values in (1)", &["p AccessExclusiveLock"]),
        ("do $$ begin alter table t add c int; end $$", &["t AccessExclusiveLock"]),
        ("select * from t", &[]),
    ];
    for (text, expected) in cases {
        assert_eq!(locks(text), *expected, "{text}");
    }
}

#[test]
fn a_column_is_added_without_a_rewrite_unless_its_rows_differ() {
    let domain = "create domain positive as int check (value > 0); create domain plain as int;";
    let cases = [
        ("c int default -1", false),
        ("c date default current_date not null", false),
        ("c text default lower('X')", false),
        ("c int default case when true then 1 else 2 end", false),
        ("c timestamptz default now()", false),
        ("c plain", false),
        ("c positive", true),
        ("c float default random()", true),
        ("c float8[] default array[random()]", true),
        ("c bigserial", true),
        ("c int generated always as identity", true),
        ("c int generated always as (a + 1) stored", true),
        ("c int default own()", true),
    ];
    for (column, rewrites) in cases {
        let found = last(domain, &format!("alter table t add column {column}"));
        assert_eq!(!found.rewrites.is_empty(), rewrites, "{column}");
        assert!(found.scans.is_empty(), "{column}: {:?}", found.scans);
    }
}

#[test]
fn a_virtual_column_needs_no_rewrite_since_18() {
    let text = "alter table t add column c int generated always as (a + 1)";
    assert!(last_on(18, "", text).rewrites.is_empty());
    assert_eq!(last_on(17, "", text).rewrites, ["t"]);
}

#[test]
fn set_not_null_scans_unless_a_valid_check_proves_it() {
    let set = "alter table t alter a set not null";
    let scans = |before: &str| !last(before, set).scans.is_empty();
    assert!(scans("create table t (a int)"));
    assert!(scans(""));
    assert!(scans(
        "create table t (a int); alter table t add constraint c check (a is not null) not valid"
    ));
    assert!(scans("create table t (a int, constraint c check (a > 0))"));
    assert!(!scans("create table t (a int not null)"));
    assert!(!scans("create table t (a int primary key)"));
    assert!(!scans("create table t (a int, constraint c check (a is not null))"));
    assert!(!scans("create table t (a int, b int, check (b > 0 and a is not null))"));
    assert!(!scans(
        "create table t (a int); alter table t add constraint c check (a is not null) not valid; \
         alter table t validate constraint c"
    ));
}

#[test]
fn constraints_scan_or_build_an_index_unless_prepared() {
    let before = "create table t (a int not null, b int); create unique index i on t (a);";
    let found = |text: &str| {
        let one = last(before, text);
        (one.scans.len(), one.index_builds.len())
    };
    assert_eq!(found("alter table t add check (a > 0)"), (1, 0));
    assert_eq!(found("alter table t add constraint c check (a > 0) not valid"), (0, 0));
    assert_eq!(found("alter table t add foreign key (a) references p"), (1, 0));
    assert_eq!(found("alter table t add foreign key (a) references p not valid"), (0, 0));
    assert_eq!(found("alter table t add primary key (a)"), (0, 1));
    assert_eq!(found("alter table t add primary key (b)"), (1, 1));
    assert_eq!(found("alter table t add primary key using index i"), (0, 0));
    assert_eq!(found("alter table t add unique (a)"), (0, 1));
    assert_eq!(found("alter table t add column c int check (c > 0)"), (1, 0));
    assert_eq!(found("alter table t add column c int references p"), (0, 0));
    assert_eq!(found("alter table t add column c int default 1 references p"), (1, 0));
}

#[test]
fn a_type_that_is_not_known_is_taken_for_the_worst() {
    let found = last("", "alter table t alter a type text");
    assert_eq!(found.rewrites, ["t"]);
    assert_eq!(found.assumed, ["the type of t.a is not known"]);
    let known = last("create table t (a varchar(10))", "alter table t alter a type text");
    assert!(known.rewrites.is_empty() && known.assumed.is_empty());
}

/// Each line was seen in `pg_locks` of PostgreSQL 15.
#[test]
fn partitions_and_the_other_tables_of_foreign_keys_are_locked_too() {
    let before = "create table p (id int primary key); create table pt (id int) partition by range (id); \
                  create table pt1 partition of pt for values from (0) to (10); \
                  create table t (id int primary key, c int, constraint fk foreign key (c) references p);";
    let cases: &[(&str, &[&str])] = &[
        (
            "alter table pt alter id set default 3",
            &["pt AccessExclusiveLock", "pt1 AccessExclusiveLock"],
        ),
        ("alter table pt rename to q", &["pt AccessExclusiveLock"]),
        ("create index on pt (id)", &["pt ShareLock", "pt1 ShareLock"]),
        ("create index on only pt (id)", &["pt ShareLock"]),
        ("truncate pt", &["pt AccessExclusiveLock", "pt1 AccessExclusiveLock"]),
        ("drop table pt", &["pt AccessExclusiveLock", "pt1 AccessExclusiveLock"]),
        ("alter table t drop constraint fk", &["p AccessExclusiveLock", "t AccessExclusiveLock"]),
        ("alter table t drop column c", &["p AccessExclusiveLock", "t AccessExclusiveLock"]),
        ("alter table t alter c type bigint", &["p AccessExclusiveLock", "t AccessExclusiveLock"]),
        ("drop table t", &["p AccessExclusiveLock", "t AccessExclusiveLock"]),
        ("alter table t inherit p", &["p ShareUpdateExclusiveLock", "t AccessExclusiveLock"]),
        ("alter trigger a on t rename to b", &["t AccessExclusiveLock"]),
    ];
    for (text, expected) in cases {
        let found = last(before, text).locks;
        let found: Vec<String> =
            found.iter().map(|lock| format!("{} {:?}", lock.object, lock.mode)).collect();
        assert_eq!(found, *expected, "{text}");
    }
}
