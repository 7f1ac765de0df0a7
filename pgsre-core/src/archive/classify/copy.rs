//! `COPY`.

use super::super::ObjectName;
use super::super::cursor::Cursor;
use super::super::policy;
use super::{Forbidden, SqlDialect};

/// The head of a `COPY` statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyHead {
    /// The table; `None` for `COPY (query) TO`.
    pub table: Option<ObjectName>,
    /// The columns as written; empty where it names none.
    pub columns: Vec<String>,
    /// Into the table or out of it.
    pub direction: CopyDirection,
    /// The other end.
    pub endpoint: CopyEndpoint,
    /// How the data is written.
    pub format: CopyFormat,
    /// Whether options follow the endpoint; `pg_dump` writes none.
    pub has_options: bool,
}

/// Which way a `COPY` goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyDirection {
    /// `FROM`: into the table.
    From,
    /// `TO`: out of it.
    To,
}

/// What a `COPY` reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyEndpoint {
    /// `FROM stdin`: the lines that follow.
    Stdin,
    /// `TO stdout`.
    Stdout,
    /// `PROGRAM 'command'`: a command on the server.
    Program,
    /// `'path'`: a file on the server.
    File,
}

/// How `COPY` data is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyFormat {
    /// One line a row.
    Text,
    /// Comma-separated: a row may span several lines.
    Csv,
    /// PostgreSQL's binary format.
    Binary,
}

impl CopyHead {
    /// Whether data lines follow the statement.
    #[must_use]
    pub fn from_stdin(&self) -> bool {
        self.direction == CopyDirection::From && self.endpoint == CopyEndpoint::Stdin
    }

    /// The head again, if it may be sent.
    pub(super) fn permitted(self) -> Result<Self, Forbidden> {
        let refuse = |reason: &str| Err(Forbidden::new(reason));
        match (self.endpoint, self.direction, self.format) {
            (CopyEndpoint::Program, ..) => refuse("COPY … PROGRAM runs a command on the server"),
            (CopyEndpoint::File, CopyDirection::From, _) => {
                refuse("COPY … FROM 'file' reads a file of the server")
            }
            (CopyEndpoint::File, CopyDirection::To, _) => {
                refuse("COPY … TO 'file' writes a file of the server")
            }
            (_, CopyDirection::To, _) | (CopyEndpoint::Stdout, ..) => {
                refuse("COPY … TO restores nothing")
            }
            (CopyEndpoint::Stdin, _, CopyFormat::Binary) => {
                refuse("COPY … WITH BINARY cannot stand in SQL text")
            }
            _ if self.table.as_ref().is_some_and(policy::is_system_catalog) => {
                refuse("COPY into a system catalogue")
            }
            _ => Ok(self),
        }
    }
}

/// Reads the head of a `COPY` statement; `None` for any other statement, and for a `COPY` that
/// PostgreSQL would not understand.
#[must_use]
pub fn parse_copy(sql: &[u8], dialect: SqlDialect) -> Option<CopyHead> {
    let mut at = Cursor::new(sql, dialect);
    if !at.accept("copy") {
        return None;
    }
    let mut format = if at.accept("binary") { CopyFormat::Binary } else { CopyFormat::Text };
    let (table, columns) = if at.at_symbol(b'(') {
        at.skip_group();
        (None, Vec::new())
    } else {
        (Some(at.object_name()?), columns(&mut at))
    };
    if at.accept("with") && !at.accept("oids") {
        return None;
    }
    let direction = direction(&mut at)?;
    let endpoint = endpoint(&mut at)?;
    let has_options = !at.at_end();
    if let Some(written) = option_format(at) {
        format = written;
    }
    Some(CopyHead { table, columns, direction, endpoint, format, has_options })
}

fn columns(at: &mut Cursor<'_>) -> Vec<String> {
    if !at.accept_symbol(b'(') {
        return Vec::new();
    }
    let names = at.names();
    at.accept_symbol(b')');
    names
}

fn direction(at: &mut Cursor<'_>) -> Option<CopyDirection> {
    if at.accept("from") {
        Some(CopyDirection::From)
    } else if at.accept("to") {
        Some(CopyDirection::To)
    } else {
        None
    }
}

fn endpoint(at: &mut Cursor<'_>) -> Option<CopyEndpoint> {
    if at.accept("stdin") {
        Some(CopyEndpoint::Stdin)
    } else if at.accept("stdout") {
        Some(CopyEndpoint::Stdout)
    } else if at.accept("program") {
        Some(CopyEndpoint::Program)
    } else if at.advance()?.is_string() {
        Some(CopyEndpoint::File)
    } else {
        None
    }
}

/// `WITH (FORMAT csv)`, and `CSV` or `BINARY` as before 9.0.
fn option_format(mut at: Cursor<'_>) -> Option<CopyFormat> {
    at.accept("with");
    at.accept_symbol(b'(');
    while let Some(token) = at.advance() {
        let named = token.is("format").then(|| at.advance()).flatten().unwrap_or(token);
        let name = named.identifier().or_else(|| named.string_value()).unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "csv" => return Some(CopyFormat::Csv),
            "binary" => return Some(CopyFormat::Binary),
            _ => {}
        }
    }
    None
}
