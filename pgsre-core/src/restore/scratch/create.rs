//! Making a scratch database.

use tokio_postgres::Error;

use super::server::failed;
use crate::archive::Preamble;
use crate::finding::{Finding, FindingCode};
use crate::postgres::{ConnectConfig, Database, Session, quote_identifier, quote_literal};
use crate::restore::loader::{from_postgres, is_server_encoding};
use crate::restore::{RestoreRequest, TargetError, TargetErrorKind, locale};

/// Its encoding, whether it knows letters beyond ASCII, and the server's major version.
const TEMPLATE: &str = "\
    SELECT pg_catalog.pg_encoding_to_char(encoding)::text, \
           NOT (datctype IN ('C', 'POSIX') \
                AND coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c'), \
           current_setting('server_version_num')::int / 10000 \
      FROM pg_catalog.pg_database d WHERE datname = 'template0'";

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
    let template = Template::read(session).await?;
    let wish = Wish::of(&request.preamble, &template);
    let mut findings = Vec::new();
    let mut refused = None;
    for locale in wish.locales(&template) {
        match session.batch_execute(&wish.sql(name, &locale)).await {
            Ok(()) => {
                refused = None;
                break;
            }
            Err(error) if locale::is_refused(&error) => {
                if wish.written.as_ref() == Some(&locale) {
                    findings.push(no_such_locale(&locale, &error));
                }
                refused = Some(error);
            }
            Err(error) => return Err(failed(&format!("cannot create the database {name}"), error)),
        }
    }
    if let Some(error) = refused {
        return Err(failed(&format!("cannot create the database {name}"), error));
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

/// What the server makes databases from.
#[derive(Clone, Debug)]
struct Template {
    encoding: String,
    knows_letters: bool,
    major: u32,
}

impl Template {
    async fn read(session: &Session) -> Result<Self, TargetError> {
        let row = session.query_one(TEMPLATE, &[]).await;
        let read = row.and_then(|row| {
            let major: i32 = row.try_get(2)?;
            let (encoding, knows_letters) = (row.try_get(0)?, row.try_get(1)?);
            Ok(Self { encoding, knows_letters, major: major.unsigned_abs() })
        });
        read.map_err(|error| failed("cannot look at template0", error))
    }
}

/// What the database should be like.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wish {
    encoding: String,
    /// The clause for the locale that the dump says.
    written: Option<String>,
}

impl Wish {
    fn of(preamble: &Preamble, template: &Template) -> Self {
        let own = preamble.creates_database.as_ref();
        let encoding = own
            .and_then(|database| database.encoding.as_deref())
            .or(preamble.client_encoding.as_deref().filter(|name| is_server_encoding(name)))
            .unwrap_or("UTF8")
            .to_owned();
        let encoding = if same_name(&encoding, &template.encoding) {
            template.encoding.clone()
        } else {
            encoding
        };
        let written = own.and_then(|database| {
            let collate = database.locale.clone().or_else(|| database.ctype.clone())?;
            let ctype = database.ctype.clone().unwrap_or_else(|| collate.clone());
            let (collate, ctype) = (quote_literal(&collate), quote_literal(&ctype));
            Some(format!(" LC_COLLATE {collate} LC_CTYPE {ctype}"))
        });
        Self { encoding, written }
    }

    /// Clauses for the locale, to be tried in turn.
    fn locales(&self, template: &Template) -> Vec<String> {
        // The server's own locale fits only its own encoding.
        let own = self.encoding == template.encoding && template.knows_letters;
        let others = locale::unnamed(&self.encoding, template.major).into_iter().map(str::to_owned);
        self.written.iter().cloned().chain(own.then(String::new)).chain(others).collect()
    }

    fn sql(&self, name: &str, locale: &str) -> String {
        format!(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING {}{locale}",
            quote_identifier(name),
            quote_literal(&self.encoding)
        )
    }
}

fn same_name(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.replace(['-', '_'], "").to_ascii_lowercase();
    plain(one) == plain(other)
}

fn no_such_locale(locale: &str, error: &Error) -> Finding {
    Finding::warning(
        FindingCode::EnvironmentCollation,
        locale.trim(),
        format!(
            "the source's locale cannot be had on this server, so the restore uses another: {}",
            crate::finding::chain(error)
        ),
    )
    .with_hint("install the locale on the server's machine, or use a server that has it")
}
