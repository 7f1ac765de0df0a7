//! The adapter around the SQL parser: text in, typed statements of ours out.

use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SourceFile, SyntaxKind, SyntaxNode, SyntaxToken};

use super::statement::{Body, Located, Statement};
use super::words::{Word, Words};
pub(super) use fragment::{command, constraint, data_type, is_utc, name, partition_key, texts};

mod body;
mod command;
mod fragment;
mod nesting;
mod prepare;
mod table;

pub(super) use table::COLUMN_CLAUSES;

/// The statements of a file, in order. What cannot be understood is there too, as
/// [`Statement::Unparsed`].
#[must_use]
pub fn parse(text: &str) -> Vec<Located> {
    let sql = prepare::blank_what_is_not_sql(text);
    let found =
        nesting::levels(&sql).and_then(|levels| nesting::with_room(levels, || statements(&sql)));
    found.unwrap_or_else(|| {
        let reason = "it nests too deep to be understood".to_owned();
        vec![Located { statement: Statement::Unparsed { reason }, range: 0..sql.trim_end().len() }]
    })
}

fn statements(sql: &str) -> Vec<Located> {
    let parsed = SourceFile::parse(sql);
    let mut found: Vec<Located> = parsed.tree().stmts().map(|stmt| located(&stmt)).collect();
    // A semicolon by itself is no statement.
    found.retain(|known| !known.range.is_empty());
    for error in parsed.errors() {
        mark(&mut found, sql, usize::from(error.range().start()), error.message());
    }
    found.sort_by_key(|known| known.range.start);
    found
}

/// Marks the statement that an error lies in. One that the parser gave up at once is as long as it
/// is written: to its semicolon, or to the next one that was understood. Of several errors the first
/// counts.
fn mark(found: &mut Vec<Located>, sql: &str, at: usize, message: &str) {
    let near = found.iter_mut().find(|known| known.range.start <= at && at <= known.range.end);
    let reason = message.to_owned();
    match near {
        Some(Located { statement: Statement::Unparsed { .. }, .. }) => {}
        Some(known) => known.statement = Statement::Unparsed { reason },
        None => {
            let semicolon = sql.get(at..).and_then(|rest| rest.find(';'));
            let end = semicolon.map_or(sql.len(), |length| at + length);
            let next = found.iter().map(|known| known.range.start).filter(|start| *start > at);
            let range = at..next.min().unwrap_or(end).min(end);
            found.push(Located { statement: Statement::Unparsed { reason }, range });
        }
    }
}

fn located(stmt: &ast::Stmt) -> Located {
    let words = words(stmt.syntax(), 0);
    let start = words.first().map_or(0, |word| word.at.start);
    let end = words.last().map_or(start, |word| word.at.end);
    let statement = match stmt {
        ast::Stmt::Do(block) => Statement::Block(body::of_block(block, &(start..end))),
        ast::Stmt::CreateFunction(function) => {
            with_body(command::read(Words::new(&words)), body::of_function(function, &(start..end)))
        }
        ast::Stmt::CreateProcedure(procedure) => with_body(
            command::read(Words::new(&words)),
            body::of_procedure(procedure, &(start..end)),
        ),
        _ => command::read(Words::new(&words)),
    };
    Located { statement, range: start..end }
}

fn with_body(statement: Statement, body: Body) -> Statement {
    match statement {
        Statement::CreateFunction { name, or_replace, arguments, volatile, .. } => {
            Statement::CreateFunction { name, or_replace, arguments, volatile, body }
        }
        other => other,
    }
}

/// The words of an expression, as text.
pub(super) fn word_texts(sql: &str) -> Vec<String> {
    words_of(sql).into_iter().map(|word| word.text).collect()
}

/// The words of one statement's text.
pub(super) fn words_of(sql: &str) -> Vec<Word> {
    let read = || words(SourceFile::parse(sql).tree().syntax(), 0);
    let words = nesting::levels(sql).and_then(|levels| nesting::with_room(levels, read));
    words.unwrap_or_default()
}

fn words(node: &SyntaxNode, offset: usize) -> Vec<Word> {
    words_among(node.descendants_with_tokens().filter_map(|element| element.into_token()), offset)
}

fn words_among(tokens: impl Iterator<Item = SyntaxToken>, offset: usize) -> Vec<Word> {
    tokens
        .filter(|token| !matches!(token.kind(), SyntaxKind::WHITESPACE | SyntaxKind::COMMENT))
        .map(|token| Word {
            text: token.text().to_owned(),
            at: offset + usize::from(token.text_range().start())
                ..offset + usize::from(token.text_range().end()),
        })
        .filter(|word| word.text != ";")
        .collect()
}

#[cfg(test)]
mod tests;
