//! The statements within DO blocks and functions. Each is located at the statement around it: its text is
//! a string literal, whose quotes may be doubled.

use std::ops::Range;

use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode, PlpgsqlStmt};

use super::super::statement::{Body, Located, Statement};
use super::super::words::{Word, Words};
use super::{command, words, words_among};

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
        (None, None) => without_sql(function.syntax(), range),
    }
}

pub(super) fn of_procedure(procedure: &ast::CreateProcedure, range: &Range<usize>) -> Body {
    match (procedure.plpgsql(), procedure.sql_body()) {
        (Some(body), _) => plpgsql(&body.syntax(), range, !body.errors().is_empty()),
        (None, Some(body)) => sql(&body.syntax(), range),
        (None, None) => without_sql(procedure.syntax(), range),
    }
}

fn plpgsql(body: &SyntaxNode, range: &Range<usize>, unclear: bool) -> Body {
    let statements = body.descendants().filter(is_outermost);
    let statements = statements.map(|node| {
        if runs_sql(&node) { read(&node) } else { command::called(Words::new(&own_words(&node))) }
    });
    let dynamic = body.descendants().filter_map(PlpgsqlStmt::cast).any(|one| is_dynamic(&one));
    Body { statements: located(statements, range), dynamic: dynamic || unclear }
}

/// Whether it is a statement, and no part of one of SQL: that is read as a whole.
fn is_outermost(node: &SyntaxNode) -> bool {
    let is_statement = ast::Stmt::can_cast(node.kind()) || PlpgsqlStmt::can_cast(node.kind());
    is_statement && !node.ancestors().skip(1).any(|outer| ast::Stmt::can_cast(outer.kind()))
}

/// Statements of SQL, and those of PL/pgSQL that have the words of one.
fn runs_sql(node: &SyntaxNode) -> bool {
    let has_its_words = |one: PlpgsqlStmt| {
        matches!(
            one,
            PlpgsqlStmt::PlpgsqlPerformStmt(_)
                | PlpgsqlStmt::PlpgsqlCallStmt(_)
                | PlpgsqlStmt::PlpgsqlCommitStmt(_)
                | PlpgsqlStmt::PlpgsqlRollbackStmt(_)
        )
    };
    ast::Stmt::can_cast(node.kind()) || PlpgsqlStmt::cast(node.clone()).is_some_and(has_its_words)
}

/// Those of a statement of PL/pgSQL without those of the statements in it: assignments, conditions.
fn own_words(node: &SyntaxNode) -> Vec<Word> {
    let is_statement =
        |node: &SyntaxNode| ast::Stmt::can_cast(node.kind()) || PlpgsqlStmt::can_cast(node.kind());
    let own = node.descendants_with_tokens().filter_map(|element| element.into_token());
    let own = own.filter(|token| {
        token.parent_ancestors().find(is_statement).is_some_and(|nearest| nearest == *node)
    });
    words_among(own, 0)
}

fn is_dynamic(statement: &PlpgsqlStmt) -> bool {
    let has_execute = |node: &SyntaxNode| own_words(node).iter().any(|word| word.is("execute"));
    match statement {
        PlpgsqlStmt::PlpgsqlDynExecuteStmt(_)
        | PlpgsqlStmt::PlpgsqlForDynStmt(_)
        | PlpgsqlStmt::PlpgsqlReturnQueryExecuteStmt(_) => true,
        PlpgsqlStmt::PlpgsqlOpenStmt(open) => has_execute(open.syntax()),
        _ => false,
    }
}

fn sql(body: &SyntaxNode, range: &Range<usize>) -> Body {
    let statements = body.descendants().filter(is_outermost).map(|node| read(&node));
    Body { statements: located(statements, range), dynamic: false }
}

/// BEGIN ATOMIC, which is no string; else what is written in another language, which may do anything.
/// Functions in C are those of extensions.
fn without_sql(function: &SyntaxNode, range: &Range<usize>) -> Body {
    if let Some(body) = function.descendants().find_map(ast::AtomicBody::cast) {
        let statements = body.syntax().descendants();
        let own = statements.filter(|node| {
            let within = node.ancestors().skip(1).take_while(|outer| outer != body.syntax());
            ast::Stmt::can_cast(node.kind())
                && !within.into_iter().any(|outer| ast::Stmt::can_cast(outer.kind()))
        });
        let own = own.map(|node| read(&node)).collect::<Vec<_>>();
        return Body { statements: located(own, range), dynamic: false };
    }
    let words = words(function, 0);
    let mut words = Words::new(&words);
    words.until(&["language"]);
    words.take("language");
    let known = ["sql", "plpgsql", "c", "internal"];
    let language = words.next().map(|word| word.text.trim_matches(['\'', '"']).to_lowercase());
    let dynamic = language.is_some_and(|language| !known.contains(&language.as_str()));
    Body { statements: Vec::new(), dynamic }
}

fn read(node: &SyntaxNode) -> Statement {
    command::read(Words::new(&words(node, 0)))
}

fn located(statements: impl IntoIterator<Item = Statement>, range: &Range<usize>) -> Vec<Located> {
    statements
        .into_iter()
        .filter(|one| !matches!(one, Statement::Other | Statement::Begin))
        .map(|statement| Located { statement, range: range.clone() })
        .collect()
}
