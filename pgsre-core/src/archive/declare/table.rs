//! Tables and domains: columns and constraints told apart.

use super::super::cursor::Cursor;
use super::super::lexer::TokenKind;
use super::super::{Declaration, ObjectName, TableKind};

/// `CREATE [FOREIGN] TABLE`, behind those words.
pub(super) fn created(mut at: Cursor<'_>, foreign: bool) -> Option<Vec<Declaration>> {
    at.skip_if_exists();
    let name = at.object_name()?;
    if at.accept_words("partition of") || at.accept("of") {
        at.object_name()?;
    }
    let mut columns = Vec::new();
    let mut constraints = Vec::new();
    if at.accept_symbol(b'(') {
        elements(&mut at, &name, &mut columns, &mut constraints);
    }
    let kind = match (foreign, is_partitioned(at)) {
        (true, _) => TableKind::Foreign,
        (false, true) => TableKind::Partitioned,
        (false, false) => TableKind::Ordinary,
    };
    let mut declared = vec![Declaration::Table { name, columns, kind }];
    declared.append(&mut constraints);
    Some(declared)
}

/// `CREATE DOMAIN`, behind those words.
pub(super) fn domain(mut at: Cursor<'_>) -> Option<Vec<Declaration>> {
    let name = at.object_name()?;
    let mut constraints = Vec::new();
    inline_constraints(&mut at, &name, &mut constraints);
    let mut declared = vec![Declaration::Type(name)];
    declared.append(&mut constraints);
    Some(declared)
}

/// `ALTER TABLE name`, behind the name: each of its subcommands.
pub(super) fn altered(mut at: Cursor<'_>, table: &ObjectName) -> Option<Vec<Declaration>> {
    let mut declared = Vec::new();
    loop {
        if at.accept_words("add constraint") {
            declared.extend(constraint(&mut at, table));
        } else if at.accept("alter") {
            at.accept("column");
            at.identifier()?;
            if at.accept_words("add generated") {
                declared.extend(identity(at).map(Declaration::Sequence));
            }
        }
        at.skip_to_comma();
        if !at.accept_symbol(b',') {
            return Some(declared);
        }
    }
}

/// What stands between the parentheses of `CREATE TABLE`.
fn elements(
    at: &mut Cursor<'_>,
    table: &ObjectName,
    columns: &mut Vec<String>,
    constraints: &mut Vec<Declaration>,
) {
    while !at.at_end() && !at.accept_symbol(b')') {
        element(at, table, columns, constraints);
        at.skip_to_comma();
        at.accept_symbol(b',');
    }
}

fn element(
    at: &mut Cursor<'_>,
    table: &ObjectName,
    columns: &mut Vec<String>,
    constraints: &mut Vec<Declaration>,
) {
    const UNNAMED: &[&str] = &["primary", "unique", "check", "foreign", "exclude", "like"];
    if at.accept("constraint") {
        constraints.extend(constraint(at, table));
    } else if UNNAMED.iter().any(|word| at.at(word)) {
        // Those are reserved words (`EXCLUDE` is not, but no column's type begins with `USING`).
        if at.at("exclude") && !is_exclusion(*at) {
            column(at, table, columns, constraints);
        }
    } else {
        column(at, table, columns, constraints);
    }
}

fn is_exclusion(mut at: Cursor<'_>) -> bool {
    at.advance();
    at.at("using") || at.at_symbol(b'(')
}

fn column(
    at: &mut Cursor<'_>,
    table: &ObjectName,
    columns: &mut Vec<String>,
    constraints: &mut Vec<Declaration>,
) {
    if let Some(name) = at.identifier() {
        columns.push(name);
        inline_constraints(at, table, constraints);
    }
}

/// The named constraints of a column or domain, up to the next comma.
fn inline_constraints(at: &mut Cursor<'_>, table: &ObjectName, found: &mut Vec<Declaration>) {
    while let Some(token) = at.peek() {
        if token.is_symbol(b',') || token.is_symbol(b')') {
            return;
        }
        if at.skip_group() {
            continue;
        }
        at.advance();
        if token.is("constraint") {
            found.extend(constraint_head(at, table));
        }
    }
}

/// A constraint behind the word `CONSTRAINT`, to its end: `name CHECK (…) NOT VALID`.
fn constraint(at: &mut Cursor<'_>, table: &ObjectName) -> Option<Declaration> {
    let mut declared = constraint_head(at, table)?;
    while let Some(token) = at.peek() {
        if token.is_symbol(b',') || token.is_symbol(b')') {
            break;
        }
        if at.accept_words("not valid") {
            if let Declaration::Constraint { not_valid, .. } = &mut declared {
                *not_valid = true;
            }
        } else if !at.skip_group() {
            at.advance();
        }
    }
    Some(declared)
}

/// A name and the kinds of constraints that every server keeps by name.
fn constraint_head(at: &mut Cursor<'_>, table: &ObjectName) -> Option<Declaration> {
    const KEPT: &[&str] = &["check", "unique", "primary", "references", "foreign", "exclude"];
    let name = at.identifier()?;
    KEPT.iter().any(|word| at.at(word)).then(|| Declaration::Constraint {
        table: table.clone(),
        name,
        not_valid: false,
    })
}

fn is_partitioned(mut at: Cursor<'_>) -> bool {
    while !at.at_end() {
        if at.accept_words("partition by") {
            return true;
        }
        if !at.skip_group() {
            at.advance();
        }
    }
    false
}

/// `ALWAYS AS IDENTITY ( SEQUENCE NAME s … )`.
fn identity(mut at: Cursor<'_>) -> Option<ObjectName> {
    while let Some(token) = at.advance() {
        let inside = token.kind == TokenKind::Symbol && token.is_symbol(b'(');
        if inside && at.accept_words("sequence name") {
            return at.object_name();
        }
    }
    None
}
