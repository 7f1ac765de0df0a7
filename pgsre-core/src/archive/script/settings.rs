//! What a session is set to before anything else (`_doSetFixedOutputState`), and the entries that
//! say so (`processEncodingEntry` and its neighbours).

use crate::archive::plain::Definitions;
use crate::archive::toc::{ArchiveVersion, Entry, Toc};
use crate::archive::{ArchiveError, ReadOptions, StatementKind};

/// The first `pg_dump` whose archives set `transaction_timeout`.
const WITH_TRANSACTION_TIMEOUT: u32 = 17;

/// How an archive's statements and data are written.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) client_encoding: String,
    pub(super) standard_conforming_strings: bool,
    /// The statement; `None` before 10.3, where each entry is run in its own schema.
    search_path: Option<Vec<u8>>,
    transaction_timeout: bool,
}

impl Settings {
    pub(super) fn of(toc: &Toc, options: &ReadOptions) -> Result<Self, ArchiveError> {
        let required = |description: &str| {
            only(toc, description)?.ok_or_else(|| {
                ArchiveError::corrupt(format!("the table of contents has no {description}"))
            })
        };
        let search_path = if toc.header.version >= ArchiveVersion::V1_13 {
            Some(required("SEARCHPATH")?)
        } else {
            only(toc, "SEARCHPATH")?
        };
        Ok(Self {
            client_encoding: client_encoding(required("ENCODING")?, options)?,
            standard_conforming_strings: strings(required("STDSTRINGS")?, options)?,
            search_path: search_path.map(|entry| search_path_of(entry, options)).transpose()?,
            transaction_timeout: toc.header.dumper_major() >= Some(WITH_TRANSACTION_TIMEOUT),
        })
    }

    /// How the definitions of entries are split.
    pub(super) fn definitions(&self, options: &ReadOptions) -> Definitions {
        Definitions::new(
            self.standard_conforming_strings,
            &self.client_encoding,
            options.max_statement_bytes,
        )
    }

    /// Whether each entry is run in its own schema.
    pub(super) fn by_schema(&self) -> bool {
        self.search_path.is_none()
    }

    /// The statements for a new session.
    pub(super) fn opening(&self) -> Vec<u8> {
        let mut sql = String::from(
            "SET statement_timeout = 0;\nSET lock_timeout = 0;\n\
             SET idle_in_transaction_session_timeout = 0;\n",
        );
        if self.transaction_timeout {
            sql.push_str("SET transaction_timeout = 0;\n");
        }
        let strings = if self.standard_conforming_strings { "on" } else { "off" };
        sql.push_str(&format!("SET client_encoding = '{}';\n", self.client_encoding));
        sql.push_str(&format!("SET standard_conforming_strings = {strings};\n"));
        let mut sql = sql.into_bytes();
        sql.extend_from_slice(self.search_path.as_deref().unwrap_or_default());
        sql.extend_from_slice(
            b"SET check_function_bodies = false;\nSET xmloption = content;\n\
              SET client_min_messages = warning;\n",
        );
        if !self.standard_conforming_strings {
            sql.extend_from_slice(b"SET escape_string_warning = off;\n");
        }
        sql.extend_from_slice(b"SET row_security = off;\n");
        sql
    }
}

/// The one entry of this type, if there is one.
fn only<'a>(toc: &'a Toc, description: &str) -> Result<Option<&'a Entry>, ArchiveError> {
    let mut found = toc.entries.iter().filter(|entry| entry.description == description);
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(ArchiveError::corrupt(format!(
            "the table of contents has {description} more than once"
        ))),
        (only, None) => Ok(only),
    }
}

fn client_encoding(entry: &Entry, options: &ReadOptions) -> Result<String, ArchiveError> {
    let name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    match setting(entry, options)? {
        StatementKind::SetClientEncoding(encoding) if encoding.bytes().all(name) => Ok(encoding),
        _ => Err(strange(entry)),
    }
}

fn strings(entry: &Entry, options: &ReadOptions) -> Result<bool, ArchiveError> {
    match setting(entry, options)? {
        StatementKind::Set { name, value } if name == "standard_conforming_strings" => {
            match value.as_deref() {
                Some("on") => Ok(true),
                Some("off") => Ok(false),
                _ => Err(strange(entry)),
            }
        }
        _ => Err(strange(entry)),
    }
}

fn search_path_of(entry: &Entry, options: &ReadOptions) -> Result<Vec<u8>, ArchiveError> {
    match setting(entry, options)? {
        StatementKind::SetConfig { name, .. } | StatementKind::Set { name, .. }
            if name == "search_path" =>
        {
            Ok(entry.definition.clone())
        }
        _ => Err(strange(entry)),
    }
}

/// The one statement of such an entry.
fn setting(entry: &Entry, options: &ReadOptions) -> Result<StatementKind, ArchiveError> {
    let definitions = Definitions::new(true, "", options.max_statement_bytes);
    match <[_; 1]>::try_from(definitions.split(&entry.definition)?) {
        Ok([(_, kind)]) => Ok(kind),
        Err(_) => Err(strange(entry)),
    }
}

fn strange(entry: &Entry) -> ArchiveError {
    ArchiveError::corrupt(format!(
        "the entry {} of the table of contents does not say what it must",
        entry.description
    ))
}
