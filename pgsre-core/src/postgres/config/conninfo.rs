//! `key=value` connection strings, read as libpq's `conninfo_parse` (fe-connect.c) reads them.

use std::iter::Peekable;
use std::str::Chars;

use super::parameters::{Parameters, invalid};
use crate::postgres::error::PostgresError;

pub(super) fn parse(text: &str) -> Result<Parameters, PostgresError> {
    let mut parameters = Parameters::default();
    let mut chars = text.chars().peekable();
    loop {
        skip_space(&mut chars);
        if chars.peek().is_none() {
            return Ok(parameters);
        }
        let name = read_name(&mut chars)?;
        skip_space(&mut chars);
        let value = read_value(&name, &mut chars)?;
        parameters.set(&name, value)?;
    }
}

fn read_name(chars: &mut Peekable<Chars<'_>>) -> Result<String, PostgresError> {
    let mut name = String::new();
    while let Some(c) = chars.next_if(|c| *c != '=' && !c.is_ascii_whitespace()) {
        name.push(c);
    }
    skip_space(chars);
    match chars.next() {
        Some('=') => Ok(name),
        // The word may be a piece of an unquoted password, so it is not shown.
        _ => Err(invalid(
            "the connection string has a word without '='; a value with spaces needs quotes: \
             name='a value'",
        )),
    }
}

fn read_value(name: &str, chars: &mut Peekable<Chars<'_>>) -> Result<String, PostgresError> {
    let quoted = chars.next_if_eq(&'\'').is_some();
    let mut value = String::new();
    loop {
        match chars.next() {
            Some('\'') if quoted => return Ok(value),
            Some(c) if !quoted && c.is_ascii_whitespace() => return Ok(value),
            Some('\\') => value.extend(chars.next()),
            Some(c) => value.push(c),
            None if quoted => {
                return Err(invalid(format!("the value of {name} has no closing quote")));
            }
            None => return Ok(value),
        }
    }
}

fn skip_space(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(char::is_ascii_whitespace).is_some() {}
}
