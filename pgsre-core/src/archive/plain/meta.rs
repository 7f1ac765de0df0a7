//! psql's backslash commands: the few that `pg_dump` and `pg_dumpall` write, and nothing else.
//!
//! psql would run anything that stands in a dump, a shell command in `\!` or in back-quotes
//! included. So this is a list of what is allowed, each in the very form in which it is written
//! (`appendPsqlMetaConnect` in `string_utils.c`, `\restrict` in `pg_dump.c`).

/// A backslash command of a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MetaCommand {
    /// `\restrict KEY`: psql takes no other command until the key is said again.
    Restrict(String),
    /// `\unrestrict KEY`
    Unrestrict(String),
    /// `\connect NAME` or `\connect -reuse-previous=on "dbname='NAME'"`
    Connect(String),
    /// `\encoding NAME`
    Encoding(String),
}

impl MetaCommand {
    /// Reads a line from its backslash on, without its line end. The error is the reason.
    pub(super) fn parse(line: &[u8]) -> Result<Self, &'static str> {
        let line = line.trim_ascii_end();
        let (command, argument) = match line.iter().position(|byte| *byte == b' ') {
            Some(blank) => (&line[..blank], &line[blank + 1..]),
            None => (line, &[][..]),
        };
        match command {
            b"\\restrict" => key(argument).map(Self::Restrict),
            b"\\unrestrict" => key(argument).map(Self::Unrestrict),
            b"\\connect" => database(argument).map(Self::Connect),
            b"\\encoding" => word(argument, b"_-")
                .map(Self::Encoding)
                .ok_or("\\encoding takes one plain name in a dump"),
            _ => Err("no dump holds this backslash command"),
        }
    }
}

fn key(argument: &[u8]) -> Result<String, &'static str> {
    word(argument, b"").ok_or("the key of \\restrict and \\unrestrict is letters and digits only")
}

/// ASCII letters, digits and `others` only: nothing that psql would expand.
fn word(text: &[u8], others: &[u8]) -> Option<String> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || others.contains(byte);
    let fits = !text.is_empty() && text.first() != Some(&b'-') && text.iter().all(plain);
    fits.then(|| String::from_utf8_lossy(text).into_owned())
}

fn database(argument: &[u8]) -> Result<String, &'static str> {
    const FORM: &str = "\\connect takes one database name in a dump, and nothing else";
    let Some(conninfo) = argument.strip_prefix(b"-reuse-previous=on ") else {
        // Names with any other character are written as connection strings.
        let quoted = unquote(argument);
        return word(quoted.as_deref().unwrap_or(argument), b"_.").ok_or(FORM);
    };
    let conninfo = unquote(conninfo).ok_or(FORM)?;
    let name = dbname(&conninfo)
        .ok_or("\\connect may change the database only, not the server or the user")?;
    Ok(String::from_utf8_lossy(&name).into_owned())
}

/// What stands between double quotes, doubled ones undone; `None` where that is not all.
fn unquote(text: &[u8]) -> Option<Vec<u8>> {
    let inner = text.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        if byte == b'"' && bytes.next() != Some(&b'"') {
            return None;
        }
        plain.push(byte);
    }
    Some(plain)
}

/// The value of a connection string that is `dbname=…` and nothing else (`appendConnStrVal`).
fn dbname(conninfo: &[u8]) -> Option<Vec<u8>> {
    let value = conninfo.strip_prefix(b"dbname=")?;
    let Some(quoted) = value.strip_prefix(b"'") else {
        return word(value, b"_.").map(String::into_bytes);
    };
    let mut name = Vec::with_capacity(quoted.len());
    let mut bytes = quoted.iter();
    loop {
        match *bytes.next()? {
            b'\'' => return (bytes.len() == 0 && !name.is_empty()).then_some(name),
            b'\\' => name.push(*bytes.next()?),
            byte => name.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connect(line: &str) -> Option<String> {
        match MetaCommand::parse(line.as_bytes()) {
            Ok(MetaCommand::Connect(database)) => Some(database),
            _ => None,
        }
    }

    #[test]
    fn what_dumps_hold_is_read() {
        assert_eq!(
            MetaCommand::parse(b"\\restrict aB3\r"),
            Ok(MetaCommand::Restrict("aB3".to_owned()))
        );
        assert_eq!(
            MetaCommand::parse(b"\\encoding SQL_ASCII"),
            Ok(MetaCommand::Encoding("SQL_ASCII".to_owned()))
        );
        assert_eq!(connect("\\connect template1").as_deref(), Some("template1"));
        assert_eq!(connect("\\connect \"Shop\"").as_deref(), Some("Shop"));
        assert_eq!(
            connect("\\connect -reuse-previous=on \"dbname='it\\'s \"\"a\"\" \\\\ db'\"")
                .as_deref(),
            Some("it's \"a\" \\ db")
        );
    }

    #[test]
    fn everything_else_is_refused() {
        for line in [
            "\\! rm -rf /",
            "\\restrict",
            "\\restrict a b",
            "\\restrict `id`",
            "\\unrestrict x`id`",
            "\\connect postgres evil",
            "\\connect `id`",
            "\\connect :name",
            "\\connect host=evil",
            "\\connect \"host=evil dbname=x\"",
            "\\connect postgres://evil/x",
            "\\connect -reuse-previous=on \"host=evil\"",
            "\\connect -reuse-previous=on \"dbname='x' host='evil'\"",
            "\\connect - evil",
            "\\encoding `id`",
            "\\i file",
            "\\copy t from program 'id'",
            "\\connect x \\! id",
            "\\",
            "\\.",
        ] {
            assert!(MetaCommand::parse(line.as_bytes()).is_err(), "{line}");
        }
    }
}
