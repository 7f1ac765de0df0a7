//! The parameters of a connection string by libpq's names, before they mean anything.

use std::collections::BTreeMap;

use crate::postgres::environment::Environment;
use crate::postgres::error::{PostgresError, PostgresErrorKind};

/// Every parameter of libpq 18 and the environment variable that completes it (fe-connect.c,
/// `PQconninfoOptions`).
const KNOWN: &[(&str, Option<&str>)] = &[
    ("service", Some("PGSERVICE")),
    ("servicefile", Some("PGSERVICEFILE")),
    ("host", Some("PGHOST")),
    ("hostaddr", Some("PGHOSTADDR")),
    ("port", Some("PGPORT")),
    ("dbname", Some("PGDATABASE")),
    ("user", Some("PGUSER")),
    ("password", Some("PGPASSWORD")),
    ("passfile", Some("PGPASSFILE")),
    ("require_auth", Some("PGREQUIREAUTH")),
    ("channel_binding", Some("PGCHANNELBINDING")),
    ("connect_timeout", Some("PGCONNECT_TIMEOUT")),
    ("client_encoding", None),
    ("options", Some("PGOPTIONS")),
    ("application_name", Some("PGAPPNAME")),
    ("fallback_application_name", None),
    ("keepalives", None),
    ("keepalives_idle", None),
    ("keepalives_interval", None),
    ("keepalives_count", None),
    ("tcp_user_timeout", None),
    ("replication", None),
    ("gssencmode", Some("PGGSSENCMODE")),
    ("sslmode", Some("PGSSLMODE")),
    ("requiressl", Some("PGREQUIRESSL")),
    ("sslnegotiation", Some("PGSSLNEGOTIATION")),
    ("sslcompression", Some("PGSSLCOMPRESSION")),
    ("sslcert", Some("PGSSLCERT")),
    ("sslkey", Some("PGSSLKEY")),
    ("sslkeylogfile", None),
    ("sslpassword", None),
    ("sslcertmode", Some("PGSSLCERTMODE")),
    ("sslrootcert", Some("PGSSLROOTCERT")),
    ("sslcrl", Some("PGSSLCRL")),
    ("sslcrldir", Some("PGSSLCRLDIR")),
    ("sslsni", Some("PGSSLSNI")),
    ("requirepeer", Some("PGREQUIREPEER")),
    ("ssl_min_protocol_version", Some("PGSSLMINPROTOCOLVERSION")),
    ("ssl_max_protocol_version", Some("PGSSLMAXPROTOCOLVERSION")),
    ("min_protocol_version", Some("PGMINPROTOCOLVERSION")),
    ("max_protocol_version", Some("PGMAXPROTOCOLVERSION")),
    ("krbsrvname", Some("PGKRBSRVNAME")),
    ("gsslib", Some("PGGSSLIB")),
    ("gssdelegation", Some("PGGSSDELEGATION")),
    ("target_session_attrs", Some("PGTARGETSESSIONATTRS")),
    ("load_balance_hosts", Some("PGLOADBALANCEHOSTS")),
];

/// Parameters by name. No `Debug`: one of them is the password.
#[derive(Default)]
pub(super) struct Parameters(BTreeMap<&'static str, String>);

impl Parameters {
    /// Sets a parameter; a later value replaces an earlier one, as in libpq.
    pub(super) fn set(
        &mut self,
        name: &str,
        value: impl Into<String>,
    ) -> Result<(), PostgresError> {
        self.0.insert(known(name)?, value.into());
        Ok(())
    }

    /// Sets a parameter that has no value yet.
    pub(super) fn set_default(&mut self, name: &str, value: &str) -> Result<(), PostgresError> {
        self.0.entry(known(name)?).or_insert_with(|| value.to_owned());
        Ok(())
    }

    /// A parameter's value; an empty one counts as not given.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Reads either form of connection string.
pub(super) fn parse(text: &str) -> Result<Parameters, PostgresError> {
    let text = text.trim();
    for scheme in ["postgresql://", "postgres://"] {
        if let Some(rest) = text.strip_prefix(scheme) {
            return super::uri::parse(rest);
        }
    }
    if let Some((scheme, _)) = text.split_once("://").filter(|(scheme, _)| is_word(scheme)) {
        return Err(invalid(format!(
            "a connection URL begins with postgres:// or postgresql://, not with {scheme}://"
        )));
    }
    if is_word(text) {
        return Err(invalid(format!(
            "{text:?} is not a connection string; for a database of that name write dbname={text} \
             or postgres:///{text}"
        )));
    }
    super::conninfo::parse(text)
}

/// Fills what is still open from the environment.
pub(super) fn complete(parameters: &mut Parameters, environment: &Environment) {
    for (name, variable) in KNOWN {
        if let Some(value) = variable.and_then(|variable| environment.variable(variable)) {
            parameters.0.entry(name).or_insert_with(|| value.to_owned());
        }
    }
}

pub(super) fn invalid(context: impl Into<String>) -> PostgresError {
    PostgresError::new(PostgresErrorKind::Invalid, context)
}

fn known(name: &str) -> Result<&'static str, PostgresError> {
    KNOWN
        .iter()
        .map(|(known, _)| *known)
        .find(|known| *known == name)
        .ok_or_else(|| invalid(unknown(name)))
}

fn unknown(name: &str) -> String {
    // What is not a plain name may be a piece of a password.
    if !is_word(name) {
        return "the connection string has a parameter that libpq does not know".to_owned();
    }
    let folded = name.to_ascii_lowercase().replace('-', "_");
    let meant = match folded.as_str() {
        "database" | "db" => Some("dbname"),
        "username" => Some("user"),
        "pass" | "pwd" => Some("password"),
        "ssl_mode" => Some("sslmode"),
        _ => KNOWN.iter().map(|(known, _)| *known).find(|known| *known == folded),
    };
    match meant {
        Some(meant) => format!("unknown connection parameter {name:?}; did you mean {meant:?}?"),
        None => format!("unknown connection parameter {name:?}"),
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}
