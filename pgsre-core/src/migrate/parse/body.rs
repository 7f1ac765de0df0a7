//! The statements within DO blocks and functions. Each is located at the statement around it: its text is
//! a string literal, whose quotes may be doubled.

use std::ops::Range;

use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode, PlpgsqlStmt};

use super::super::statement::{Body, Located, Statement};
use super::super::words::Words;
use super::{command, words};

/// Of a DO block. What is written in another language than PL/pgSQL may do anything.
pub(super) fn of_block(block: &ast::Do, range: &Range<usize>) -> Body {
    match block.plpgsql() {
        Some(body) => plpgsql(&body.syntax(), range, !body.errors().is_empty()),
        None => Body { statements: Vec::new(), dynamic: true },
    }
}

pub(super) fn of_function(function: &ast::CreateFunction, range: &Range<usize>) -> Body {
    match (function.plpgsql(), function.sql_body()) {
        (Some(body), _) => plpgsql(&body.syntax(), range, !body.errors().is_empty()),
        (None, Some(body)) => sql(&body.syntax(), range),
        (None, None) => atomic(function.syntax(), range),
    }
}

pub(super) fn of_procedure(procedure: &ast::CreateProcedure, range: &Range<usize>) -> Body {
    match (procedure.plpgsql(), procedure.sql_body()) {
        (Some(body), _) => plpgsql(&body.syntax(), range, !body.errors().is_empty()),
        (None, Some(body)) => sql(&body.syntax(), range),
        (None, None) => atomic(procedure.syntax(), range),
    }
}

fn plpgsql(body: &SyntaxNode, range: &Range<usize>, unclear: bool) -> Body {
    let statements = body.descendants().filter(is_statement);
    let dynamic = body.descendants().filter_map(PlpgsqlStmt::cast).any(|one| is_dynamic(&one));
    Body { statements: read(statements, range), dynamic: dynamic || unclear }
}

fn is_statement(node: &SyntaxNode) -> bool {
    let calls = |one: PlpgsqlStmt| {
        matches!(one, PlpgsqlStmt::PlpgsqlPerformStmt(_) | PlpgsqlStmt::PlpgsqlCallStmt(_))
    };
    ast::Stmt::can_cast(node.kind()) || PlpgsqlStmt::cast(node.clone()).is_some_and(calls)
}

fn is_dynamic(statement: &PlpgsqlStmt) -> bool {
    matches!(
        statement,
        PlpgsqlStmt::PlpgsqlDynExecuteStmt(_)
            | PlpgsqlStmt::PlpgsqlForDynStmt(_)
            | PlpgsqlStmt::PlpgsqlReturnQueryExecuteStmt(_)
    )
}

fn sql(body: &SyntaxNode, range: &Range<usize>) -> Body {
    let statements = body.descendants().filter(|node| ast::Stmt::can_cast(node.kind()));
    Body { statements: read(statements, range), dynamic: false }
}

/// BEGIN ATOMIC, which is no string.
fn atomic(function: &SyntaxNode, range: &Range<usize>) -> Body {
    let own = function.descendants().filter_map(ast::AtomicBody::cast);
    let statements = own.flat_map(|body| body.syntax().descendants().collect::<Vec<_>>());
    let statements = statements.filter(|node| ast::Stmt::can_cast(node.kind()));
    Body { statements: read(statements, range), dynamic: false }
}

fn read(nodes: impl Iterator<Item = SyntaxNode>, range: &Range<usize>) -> Vec<Located> {
    nodes
        .map(|node| command::read(Words::new(&words(&node, 0))))
        .filter(|one| !matches!(one, Statement::Other | Statement::Commit | Statement::Begin))
        .map(|statement| Located { statement, range: range.clone() })
        .collect()
}
