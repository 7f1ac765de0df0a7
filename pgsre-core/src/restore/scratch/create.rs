//! Making a scratch database.

use tokio_postgres::Error;

use super::server::failed;
use crate::archive::Preamble;
use crate::finding::{Finding, FindingCode};
use crate::postgres::{ConnectConfig, Database, Session, quote_identifier, quote_literal};
use crate::restore::loader::{from_postgres, is_server_encoding};
use crate::restore::{RestoreRequest, TargetError, TargetErrorKind};

const TEMPLATE: &str = "\
    SELECT pg_catalog.pg_encoding_to_char(encoding) FROM pg_catalog.pg_database \
    WHERE datname = 'template0'";

/// Objects that are neither the system's own nor an extension's.
const OBJECTS: &str = "\
    WITH system AS (SELECT oid FROM pg_catalog.pg_namespace \
                    WHERE nspname ~ '^pg_' OR nspname = 'information_schema') \
    SELECT (SELECT count(*) FROM pg_catalog.pg_class c WHERE relnamespace NOT IN (TABLE system) \
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = \
            'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')) \
         + (SELECT count(*) FROM pg_catalog.pg_proc p WHERE pronamespace NOT IN (TABLE system) \
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = \
            'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')) \
         + (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata)";

/// What marks a database as ours.
pub(super) fn marker(name: &str) -> String {
    format!("a throw-away database of pgsre's restore drill: {name}")
}

/// What marks a database that the user wants to keep.
pub(super) fn kept_marker(name: &str) -> String {
    format!("kept from pgsre's restore drill: {name}")
}

/// Creates the database in the encoding and locale of the dump, and marks it.
pub(super) async fn create(
    session: &Session,
    name: &str,
    request: &RestoreRequest,
) -> Result<Vec<Finding>, TargetError> {
    let mut findings = Vec::new();
    let row = session.query_one(TEMPLATE, &[]).await;
    let template: String =
        row.and_then(|row| row.try_get(0)).map_err(|e| failed("cannot look at template0", e))?;
    let wish = Wish::of(&request.preamble, &template);
    if let Err(error) = session.batch_execute(&wish.sql(name)).await {
        if !is_about_locale(&error) || wish.locale.is_none() {
            return Err(failed(&format!("cannot create the database {name}"), error));
        }
        let plain = wish.in_locale_c();
        findings.push(no_such_locale(&wish, &error));
        session
            .batch_execute(&plain.sql(name))
            .await
            .map_err(|error| failed(&format!("cannot create the database {name}"), error))?;
    }
    mark(session, name, &marker(name)).await?;
    Ok(findings)
}

/// Says on the database itself whose it is.
pub(super) async fn mark(session: &Session, name: &str, marker: &str) -> Result<(), TargetError> {
    let name = quote_identifier(name);
    let comment = format!("COMMENT ON DATABASE {name} IS {}", quote_literal(marker));
    session.batch_execute(&comment).await.map_err(|e| failed("cannot mark the database", e))
}

/// The database must hold nothing: whatever is restored beside it would prove nothing.
pub(super) async fn check_empty(server: &ConnectConfig, name: &str) -> Result<(), TargetError> {
    let database = Database::connect(server.with_database(name)).await;
    let database = database.map_err(|error| from_postgres(&error))?;
    let session = database.session().await.map_err(|error| from_postgres(&error))?;
    let row = session.query_one(OBJECTS, &[]).await;
    let objects: i64 =
        row.and_then(|row| row.try_get(0)).map_err(|e| failed("cannot look into it", e))?;
    session.close().await;
    if objects > 0 {
        let context = format!("the new database {name} already holds {objects} objects");
        return Err(TargetError::new(TargetErrorKind::NotEmpty, context)
            .with_hint("clean template0 of what was added to it"));
    }
    Ok(())
}

/// What the database should be like.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wish {
    encoding: String,
    /// Collation and character type; `None` for the server's own.
    locale: Option<(String, String)>,
}

impl Wish {
    fn of(preamble: &Preamble, template: &str) -> Self {
        let own = preamble.creates_database.as_ref();
        let encoding = own
            .and_then(|database| database.encoding.as_deref())
            .or(preamble.client_encoding.as_deref().filter(|name| is_server_encoding(name)))
            .unwrap_or("UTF8")
            .to_owned();
        let written = own.and_then(|database| {
            let collate = database.locale.clone().or_else(|| database.ctype.clone())?;
            let ctype = database.ctype.clone().unwrap_or_else(|| collate.clone());
            Some((collate, ctype))
        });
        // The server's own locale fits only its own encoding; C fits every one.
        let fallback = || (!same_name(&encoding, template)).then(|| ("C".into(), "C".into()));
        let locale = written.or_else(fallback);
        Self { encoding, locale }
    }

    fn in_locale_c(&self) -> Self {
        Self { encoding: self.encoding.clone(), locale: Some(("C".into(), "C".into())) }
    }

    fn sql(&self, name: &str) -> String {
        let mut sql = format!(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING {}",
            quote_identifier(name),
            quote_literal(&self.encoding)
        );
        if let Some((collate, ctype)) = &self.locale {
            let (collate, ctype) = (quote_literal(collate), quote_literal(ctype));
            sql.push_str(&format!(" LC_COLLATE {collate} LC_CTYPE {ctype}"));
        }
        sql
    }
}

fn same_name(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.replace(['-', '_'], "").to_ascii_lowercase();
    plain(one) == plain(other)
}

/// An invalid locale name, or one that does not go with the encoding.
fn is_about_locale(error: &Error) -> bool {
    let code = error.code().map(tokio_postgres::error::SqlState::code);
    matches!(code, Some("22023" | "42809" | "42P22" | "0A000" | "58P01" | "42602"))
}

fn no_such_locale(wish: &Wish, error: &Error) -> Finding {
    let locale = wish.locale.as_ref().map_or("", |(collate, _)| collate.as_str());
    Finding::warning(
        FindingCode::EnvironmentCollation,
        locale,
        format!(
            "the source's locale cannot be had on this server, so the restore uses C: {}",
            crate::finding::chain(error)
        ),
    )
    .with_hint("install the locale on the server's machine, or use a server that has it")
}
