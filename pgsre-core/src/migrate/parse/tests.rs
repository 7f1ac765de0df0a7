use super::*;

fn tables(text: &str) -> Vec<String> {
    let name = |located: Located| match located.statement {
        Statement::AlterTable { table, .. } => table,
        Statement::Unparsed { reason } => format!("unparsed: {reason}"),
        other => format!("{other:?}"),
    };
    parse(text).into_iter().map(name).collect()
}

#[test]
fn what_is_not_sql_is_passed_over() {
    let text = "\u{feff}\\set x 1\r\nalter table a add b int;\nCOPY t FROM stdin;\n1\t'\n\\.\n\
                alter table \"B\".\"c d\" add e int;";
    assert_eq!(tables(text), ["a", "B.c d"]);
}

#[test]
fn the_down_half_of_a_file_is_not_run() {
    let text = "-- migrate:up\nalter table a add b int;\n-- migrate:down\ndrop table a;\n";
    assert_eq!(tables(text), ["a"]);
}

#[test]
fn public_is_the_schema_of_a_name_without_one() {
    assert_eq!(
        tables("alter table public.a add b int; alter table only shop.a add c int"),
        ["a", "shop.a"]
    );
}

#[test]
fn mutated_statements_never_panic() {
    const SEED: &str = "alter table t add column c int default (case when (1) then 2 end) check (c > 0), \
                        alter a type varchar(3) using a::text; lock table t in share mode;";
    for cut in 0..SEED.len() {
        let _ = (parse(&SEED[..cut]), parse(&SEED[cut..]));
        let without = format!("{}{}", &SEED[..cut], &SEED[cut + 1..]);
        let _ = parse(&without);
    }
}

#[test]
fn what_nests_too_deep_is_not_understood_and_what_nests_deep_is() {
    let nested = |open: &str, close: &str, levels: usize| {
        format!("select {}1{};", open.repeat(levels), close.repeat(levels))
    };
    let is_understood = |text: &str| {
        !parse(text).iter().any(|one| matches!(one.statement, Statement::Unparsed { .. }))
    };
    assert!(is_understood(&nested("(", ")", 900)));
    assert!(!is_understood(&nested("(", ")", 100_000)));
    assert!(!is_understood(&"(".repeat(100_000)));
    assert!(!is_understood(&"explain ".repeat(100_000)));
    assert!(!is_understood(&"explain ".repeat(5_000)), "a second EXPLAIN is no statement");
    assert!(is_understood(&nested("case when true then ", " end", 3_000)));
    // Parentheses of texts are closed by nobody, and end with their statement.
    assert!(is_understood(&"insert into t values (':(');\n".repeat(5_000)));
}
