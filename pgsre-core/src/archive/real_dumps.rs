//! Statements of real dumps, for the tests of what is made of them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeSet, HashSet};

use super::lexer::{Lexer, TokenKind};
use super::{
    Declaration, LargeObjectCall, SqlDialect, StatementKind, classify, declarations, parse_copy,
    roles_mentioned,
};

/// Constraints of `every_kind.sql` that a dump writes: not those that a partition or a child
/// inherits.
const CONSTRAINTS: usize = 35;

/// Splits a sound dump into statements: a plain reading, good enough for dumps that we made.
fn statements(dump: &[u8]) -> Vec<Vec<u8>> {
    let mut dialect = SqlDialect::default();
    let mut found = Vec::new();
    let mut rest = dump;
    while let Some(length) = statement_length(rest, dialect) {
        let (statement, behind) = rest.split_at(length);
        let statement = trim(statement);
        if statement.ends_with(b"standard_conforming_strings = off") {
            dialect.standard_conforming_strings = false;
        }
        rest = &behind[1..];
        if parse_copy(statement, dialect).is_some() {
            let end = memchr::memmem::find(rest, b"\n\\.\n").unwrap();
            rest = &rest[end + 4..];
        }
        found.push(statement.to_vec());
    }
    found
}

/// To the semicolon outside of parentheses and of `BEGIN ATOMIC` bodies.
fn statement_length(sql: &[u8], dialect: SqlDialect) -> Option<usize> {
    let (mut depth, mut bodies, mut begins) = (0, 0, false);
    for token in Lexer::new(sql, dialect) {
        match token.text {
            b"(" => depth += 1,
            b")" => depth -= 1,
            b";" if depth == 0 && bodies == 0 => return Some(token.start),
            b"\\" => {
                // A meta-command: blank it out by starting behind its line.
                let line = token.start + memchr::memchr(b'\n', &sql[token.start..]).unwrap();
                return statement_length(&sql[line..], dialect).map(|length| line + length);
            }
            _ if token.kind != TokenKind::Word => {}
            _ if token.is("atomic") && begins => bodies += 1,
            _ if token.is("case") && bodies > 0 => bodies += 1,
            _ if token.is("end") && bodies > 0 => bodies -= 1,
            _ => {}
        }
        begins = token.is("begin");
    }
    None
}

/// Without the blanks, comments and meta-commands in front.
fn trim(statement: &[u8]) -> &[u8] {
    let mut rest = statement.trim_ascii_start();
    while rest.starts_with(b"--") || rest.starts_with(b"\\") {
        let line = memchr::memchr(b'\n', rest).unwrap_or(rest.len() - 1);
        rest = rest[line + 1..].trim_ascii_start();
    }
    rest
}

/// What `tests/databases/dumps.sh` wrote.
const DUMPS: &[(&str, &[u8])] = &[
    ("every_kind_15", include_bytes!("../../../tests/databases/dumps/every_kind_15.sql")),
    ("every_kind_18", include_bytes!("../../../tests/databases/dumps/every_kind_18.sql")),
    ("clean_15", include_bytes!("../../../tests/databases/dumps/clean_15.sql")),
    ("clean_18", include_bytes!("../../../tests/databases/dumps/clean_18.sql")),
    ("create_15", include_bytes!("../../../tests/databases/dumps/create_15.sql")),
    ("create_18", include_bytes!("../../../tests/databases/dumps/create_18.sql")),
    ("globals_15", include_bytes!("../../../tests/databases/dumps/globals_15.sql")),
    ("globals_18", include_bytes!("../../../tests/databases/dumps/globals_18.sql")),
    ("inserts_15", include_bytes!("../../../tests/databases/dumps/inserts_15.sql")),
    ("inserts_18", include_bytes!("../../../tests/databases/dumps/inserts_18.sql")),
    ("column_inserts_15", include_bytes!("../../../tests/databases/dumps/column_inserts_15.sql")),
    ("column_inserts_18", include_bytes!("../../../tests/databases/dumps/column_inserts_18.sql")),
    (
        "nonstandard_strings_15",
        include_bytes!("../../../tests/databases/dumps/nonstandard_strings_15.sql"),
    ),
    (
        "nonstandard_strings_18",
        include_bytes!("../../../tests/databases/dumps/nonstandard_strings_18.sql"),
    ),
    ("statistics_18", include_bytes!("../../../tests/databases/dumps/statistics_18.sql")),
];

fn dump(name: &str) -> Vec<Vec<u8>> {
    statements(DUMPS.iter().find(|(dump, _)| *dump == name).unwrap().1)
}

fn kinds(name: &str) -> Vec<StatementKind> {
    let dialect = SqlDialect {
        standard_conforming_strings: !name.starts_with("nonstandard"),
        ..SqlDialect::default()
    };
    let refused = |sql: &Vec<u8>, why| {
        panic!("{name}: {why}: {}", String::from_utf8_lossy(sql));
    };
    dump(name)
        .iter()
        .map(|sql| classify(sql, dialect).unwrap_or_else(|why| refused(sql, why)))
        .collect()
}

fn count(kinds: &[StatementKind], wanted: fn(&StatementKind) -> bool) -> usize {
    kinds.iter().filter(|kind| wanted(kind)).count()
}

#[test]
fn every_statement_of_every_real_dump_is_allowed() {
    for (name, _) in DUMPS {
        assert!(kinds(name).len() > 10, "{name}");
    }
}

#[test]
fn the_kinds_of_a_real_dump_are_told_apart() {
    // From 17 on, large objects of different owners are in transactions of their own.
    for (name, transactions) in [("every_kind_15", 1), ("every_kind_18", 3)] {
        let kinds = kinds(name);
        assert_eq!(count(&kinds, |kind| matches!(kind, StatementKind::CopyIn(_))), 29, "{name}");
        assert_eq!(count(&kinds, |kind| matches!(kind, StatementKind::SetSequence { .. })), 9);
        let created = |kind: &StatementKind| {
            matches!(kind, StatementKind::LargeObject(LargeObjectCall::Create(_)))
        };
        assert_eq!(count(&kinds, created), 3);
        assert_eq!(count(&kinds, |kind| *kind == StatementKind::Begin), transactions);
        assert_eq!(count(&kinds, |kind| *kind == StatementKind::Commit), transactions);
        assert_eq!(count(&kinds, |kind| matches!(kind, StatementKind::CreateSchema(_))), 4);
        assert_eq!(
            count(&kinds, |kind| matches!(kind, StatementKind::RefreshMaterializedView(_))),
            2
        );
        assert_eq!(count(&kinds, |kind| *kind == StatementKind::DefaultPrivileges), 4);
        assert_eq!(count(&kinds, |kind| matches!(kind, StatementKind::Subscription { .. })), 3);
        assert_eq!(count(&kinds, |kind| matches!(kind, StatementKind::Global { .. })), 0);
        assert_eq!(count(&kinds, |kind| matches!(kind, StatementKind::Database { .. })), 0);
        assert_eq!(count(&kinds, |kind| *kind == StatementKind::Other), 0);
    }
}

#[test]
fn everything_in_a_dump_of_globals_is_global() {
    for name in ["globals_15", "globals_18"] {
        for kind in kinds(name) {
            assert!(
                matches!(
                    kind,
                    StatementKind::Global { .. }
                        | StatementKind::Database { .. }
                        | StatementKind::Set { .. }
                        | StatementKind::SetClientEncoding(_)
                ),
                "{name}: {kind:?}"
            );
        }
    }
}

#[test]
fn rows_of_real_inserts_are_counted() {
    let rows = |name| -> u64 {
        kinds(name)
            .into_iter()
            .filter_map(|kind| match kind {
                StatementKind::Insert { rows, .. } => rows,
                _ => None,
            })
            .sum()
    };
    assert_eq!(rows("inserts_15"), 3 + 9 + 2);
    assert_eq!(rows("inserts_18"), 3 + 9 + 2);
    assert_eq!(rows("column_inserts_15"), rows("column_inserts_18"));
}

/// The figures are those of the catalogue of the database that was dumped.
#[test]
fn every_object_of_the_dumped_catalogue_is_declared() {
    for name in ["every_kind_15", "every_kind_18"] {
        let declared: HashSet<Declaration> = dump(name)
            .iter()
            .flat_map(|sql| declarations(std::str::from_utf8(sql).unwrap()))
            .collect();
        let count = |wanted: fn(&Declaration) -> bool| {
            declared.iter().filter(|declaration| wanted(declaration)).count()
        };
        assert_eq!(count(|d| matches!(d, Declaration::Table { .. })), 34, "{name}: {declared:#?}");
        assert_eq!(count(|d| matches!(d, Declaration::View(_))), 4);
        assert_eq!(count(|d| matches!(d, Declaration::MaterializedView(_))), 3);
        assert_eq!(count(|d| matches!(d, Declaration::Sequence(_))), 9);
        assert_eq!(count(|d| matches!(d, Declaration::Index { .. })), 17);
        assert_eq!(count(|d| matches!(d, Declaration::Constraint { .. })), CONSTRAINTS);
        let not_valid =
            |d: &Declaration| matches!(d, Declaration::Constraint { not_valid: true, .. });
        assert_eq!(count(not_valid), 3);
        // The five constructors of a range type are made with it.
        assert_eq!(count(|d| matches!(d, Declaration::Routine(_))), 37 - 5);
        assert_eq!(count(|d| matches!(d, Declaration::Trigger { .. })), 6);
        assert_eq!(count(|d| matches!(d, Declaration::Type(_))), 7);
        assert_eq!(count(|d| matches!(d, Declaration::Policy { .. })), 2);
        assert_eq!(count(|d| matches!(d, Declaration::Rule { .. })), 2);
        assert_eq!(count(|d| matches!(d, Declaration::EventTrigger(_))), 2);
        assert_eq!(count(|d| matches!(d, Declaration::Extension(_))), 1);
        assert_eq!(count(|d| matches!(d, Declaration::Schema(_))), 4);
        assert_eq!(count(|d| matches!(d, Declaration::Publication(_))), 3);
        assert_eq!(count(|d| matches!(d, Declaration::Statistics(_))), 2);
    }
}

#[test]
fn the_roles_of_a_real_dump_are_found() {
    for name in ["every_kind_15", "every_kind_18", "column_inserts_15"] {
        let roles: BTreeSet<String> = dump(name)
            .iter()
            .flat_map(|sql| roles_mentioned(std::str::from_utf8(sql).unwrap()))
            .collect();
        let known = ["Rôle \"quoted\"; -- odd", "every_owner", "every_reader", "postgres"];
        assert!(roles.iter().all(|role| known.contains(&role.as_str())), "{name}: {roles:?}");
        assert_eq!(roles.len(), if name == "column_inserts_15" { 1 } else { 4 }, "{name}");
    }
}
