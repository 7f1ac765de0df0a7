use super::*;

fn rules(text: &str) -> Vec<&'static str> {
    let file = Linter::new(17).file("a.sql", text);
    file.statements.iter().flat_map(|one| &one.hazards).map(|hazard| hazard.rule).collect()
}

#[test]
fn a_table_that_the_file_itself_created_has_no_hazards() {
    let text =
        "create table t (id int); alter table t alter id type bigint; create index on t (id);";
    assert_eq!(rules(text), Vec::<&str>::new());
}

#[test]
fn a_table_that_an_earlier_file_created_has_rows() {
    let mut linter = Linter::new(17);
    linter.file("1.sql", "create table t (id int);");
    let file = linter.file("2.sql", "alter table t alter id type bigint;");
    assert_eq!(file.statements[0].rewrites, ["t"]);
}

#[test]
fn an_allowance_with_a_reason_silences_its_rule_alone() {
    let allowed = "set lock_timeout = 1;\n-- pgsre: allow blocking-index-build: the table is small\n\
                   create index on t (a);";
    assert_eq!(rules(allowed), Vec::<&str>::new());
    let without = allowed.replace(": the table is small", ":");
    assert_eq!(rules(&without), ["blocking-index-build"]);
}

#[test]
fn a_lock_timeout_of_nothing_is_none() {
    let concurrently = "create index concurrently i on t (a);";
    let under = |set: &str| rules(&format!("{set} {concurrently}"));
    let fires = ["concurrently-under-lock-timeout"];
    for limit in ["set lock_timeout = '2s';", "set session lock_timeout to 500;"] {
        assert_eq!(under(limit), fires, "{limit}");
    }
    for none in ["0", "'0'", "'0s'", "'0 ms'", "default"] {
        let lifted = format!("set lock_timeout = '2s'; set lock_timeout = {none};");
        assert_eq!(under(&lifted), Vec::<&str>::new(), "{lifted}");
    }
    assert_eq!(under("set lock_timeout = '2s'; reset lock_timeout;"), Vec::<&str>::new());
}

#[test]
fn a_local_lock_timeout_ends_with_its_transaction() {
    let within = "begin; set local lock_timeout = '2s'; alter table t add b int; commit;";
    assert_eq!(rules(within), Vec::<&str>::new());
    let behind = format!("{within} alter table t add c int;");
    assert_eq!(rules(&behind), ["missing-lock-timeout"]);
    let outside = "set local lock_timeout = '2s'; alter table t add b int;";
    assert_eq!(rules(outside), ["missing-lock-timeout"], "it is of no effect there");
}

#[test]
fn a_savepoint_ends_no_transaction() {
    let text = "set lock_timeout = '2s'; begin; alter table t add b int; savepoint s; \
                rollback to s; alter table u add c int; commit;";
    assert_eq!(rules(text), ["several-locks"]);
    let apart = text.replace("rollback to s", "commit");
    assert_eq!(rules(&apart), Vec::<&str>::new());
}

#[test]
fn what_a_block_runs_is_judged_as_if_it_stood_alone() {
    let block = |inner: &str| rules(&format!("do $$ begin {inner} end $$;"));
    assert_eq!(
        block("set local lock_timeout = '2s'; alter table t add b int;"),
        Vec::<&str>::new()
    );
    assert_eq!(block("drop index i;"), ["blocking-drop-index", "missing-lock-timeout"]);
    assert_eq!(block("update t set a = 1;"), ["unbounded-change"]);
    assert_eq!(block("execute 'drop table t';"), ["dynamic-sql"]);
    assert_eq!(block("if then;"), ["dynamic-sql"], "it cannot be parsed");
    let several =
        block("set local lock_timeout = 1; alter table t add b int; alter table u add b int;");
    assert_eq!(several, ["several-locks"]);
}

#[test]
fn a_function_does_nothing_before_it_is_called() {
    for body in [
        "language plpgsql as $$ begin update t set a = 1; end $$",
        "language plpgsql as 'begin update t set a = 1; end'",
        "language sql as $x$ update t set a = 1; $x$",
        "language sql begin atomic update t set a = 1; end",
    ] {
        let made = format!("create function f() returns void {body};");
        assert_eq!(rules(&made), Vec::<&str>::new(), "{body}");
        assert_eq!(rules(&format!("{made} select f();")), ["unbounded-change"], "{body}");
        assert_eq!(
            rules(&format!("{made} do $$ begin perform f(); end $$;")),
            ["unbounded-change"]
        );
    }
}

#[test]
fn functions_that_call_each_other_end() {
    let made = |name: &str, other: &str| {
        format!("create function {name}() returns void language sql as 'select {other}()';")
    };
    let text = format!("{}{} select f();", made("f", "g"), made("g", "f"));
    assert_eq!(rules(&text), Vec::<&str>::new());
    let own = "create table t (a int); create function f() returns trigger language plpgsql as \
               $$ begin update t set a = 1; end $$; \
               create trigger g after update on t for each row execute function f();";
    let mut linter = Linter::new(17);
    linter.file("1.sql", own);
    let file = linter.file("2.sql", "update t set a = 2 where a = 1;");
    let found: Vec<&str> = file.statements[0].hazards.iter().map(|hazard| hazard.rule).collect();
    assert_eq!(found, ["fired-trigger", "unbounded-change"]);
}

#[test]
fn a_lock_timeout_that_a_function_sets_is_one() {
    let set = "select set_config('lock_timeout', '2s', false); alter table t add b int;";
    assert_eq!(rules(set), Vec::<&str>::new());
    assert_eq!(rules(&set.replace("2s", "0")), ["missing-lock-timeout"]);
    assert_eq!(rules(&set.replace("lock_timeout", "work_mem")), ["missing-lock-timeout"]);
}

#[test]
fn one_statement_that_cannot_be_parsed_is_one() {
    let file = Linter::new(17).file("a.sql", "this is not sql;\nalter table t add b int;\n");
    let unparsed: Vec<bool> = file.statements.iter().map(|one| one.unparsed.is_some()).collect();
    assert_eq!(unparsed, [true, false]);
    assert_eq!((file.statements[0].line, file.statements[1].line), (1, 2));
}

#[test]
fn what_cannot_be_parsed_is_reported_and_the_rest_still_judged() {
    let file = Linter::new(17).file("a.sql", "alter tabel t add x int;\ncreate index on t (a);\n");
    assert!(file.statements.iter().any(|one| one.unparsed.is_some()));
    assert!(file.statements.iter().any(|one| one.index_builds == ["t"]));
}

#[test]
fn a_statement_is_placed_by_line_and_column() {
    let file = Linter::new(17).file("a.sql", "-- x\r\n  drop table t;\r\ndrop\r\ntable u;");
    let places: Vec<_> =
        file.statements.iter().map(|one| (one.line, one.column, one.end_line)).collect();
    assert_eq!(places, [(2, 3, 2), (3, 1, 4)]);
}
