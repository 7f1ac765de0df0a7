//! Pieces of SQL as a server's catalogue prints them.

use super::super::statement::{Constraint, Statement};
use super::super::words::Words;
use super::{command as commands, parse, table, words_of};

/// The one statement of a text that the server made, with what it runs where it makes a function.
pub(in super::super) fn command(text: &str) -> Statement {
    match parse(text).into_iter().next().map(|located| located.statement) {
        Some(Statement::Unparsed { .. }) | None => commands::read(Words::new(&words_of(text))),
        Some(statement) => statement,
    }
}

/// A constraint's definition, without its name.
pub(in super::super) fn constraint(definition: &str) -> Option<Constraint> {
    table::constraint(&mut Words::new(&words_of(definition)), None)
}

/// A type, in the spelling of the types of migrations.
pub(in super::super) fn data_type(text: &str) -> String {
    table::data_type(&mut Words::new(&words_of(text)))
}

pub(in super::super) fn name(text: &str) -> String {
    Words::new(&words_of(text)).name()
}

/// The words of `RANGE (a)` between the parentheses.
pub(in super::super) fn partition_key(text: &str) -> Vec<String> {
    let words = words_of(text);
    let mut words = Words::new(&words);
    words.next();
    table::names(&words.parenthesised())
}

pub(in super::super) fn texts(text: &str) -> Vec<String> {
    table::texts(words_of(text))
}

/// Whether a time zone's name is one of UTC's.
pub(in super::super) fn is_utc(zone: &str) -> bool {
    commands::is_utc(zone)
}
