//! `CREATE`, `ALTER`, `DROP`, `COMMENT ON`, `SECURITY LABEL`.

use super::super::StatementKind;
use super::super::cursor::Cursor;
use super::super::{policy, roles};
use super::object_type::{Class, ObjectType};
use super::setting;
use super::{Forbidden, Provenance, SqlDialect};

/// A `CREATE`, the cursor standing behind that word.
pub(super) fn create(mut at: Cursor<'_>, dialect: SqlDialect) -> Result<StatementKind, Forbidden> {
    let temporary = skip_modifiers(&mut at);
    let generated = dialect.provenance == Provenance::PgDump;
    if temporary && generated {
        return Err(policy::not_pg_dumps("CREATE TEMPORARY makes an object that does not last"));
    }
    let object = object_type("CREATE", &mut at, dialect)?;
    match object.words {
        "table" if at.clone().skip_past("as") && generated => {
            return Err(policy::not_pg_dumps("CREATE TABLE … AS runs a query"));
        }
        "subscription" => require_no_connection(at)?,
        _ => {}
    }
    at.skip_if_exists();
    Ok(match object.class {
        Class::Extension => StatementKind::CreateExtension(name(&mut at)),
        Class::EventTrigger => StatementKind::CreateEventTrigger(name(&mut at)),
        Class::Schema => StatementKind::CreateSchema(schema_name(&mut at)),
        _ => shared(object.create, object, &mut at).unwrap_or(StatementKind::Definition),
    })
}

/// An `ALTER`, the cursor standing behind that word.
pub(super) fn alter(mut at: Cursor<'_>, dialect: SqlDialect) -> Result<StatementKind, Forbidden> {
    if at.accept_words("default privileges") {
        return Ok(StatementKind::DefaultPrivileges);
    }
    at.accept("procedural");
    let object = object_type("ALTER", &mut at, dialect)?;
    at.skip_if_exists();
    if object.class == Class::Subscription {
        forbid_connection(at)?;
    }
    let settings = settings_verb(object, at);
    if let Some(kind) = shared(settings.unwrap_or(object.alter), object, &mut at) {
        return Ok(kind);
    }
    Ok(roles::new_owner(at)
        .map_or(StatementKind::Definition, |role| StatementKind::Owner(roles::role_of(role))))
}

/// A `DROP`, the cursor standing behind that word.
pub(super) fn drop_object(
    mut at: Cursor<'_>,
    dialect: SqlDialect,
) -> Result<StatementKind, Forbidden> {
    at.accept("procedural");
    let object = object_type("DROP", &mut at, dialect)?;
    at.skip_if_exists();
    Ok(shared(object.drop, object, &mut at).unwrap_or(StatementKind::Drop))
}

/// A `COMMENT`, the cursor standing behind that word.
pub(super) fn comment(mut at: Cursor<'_>, dialect: SqlDialect) -> Result<StatementKind, Forbidden> {
    if !at.accept("on") {
        return Err(Forbidden::new("a COMMENT that cannot be understood"));
    }
    at.accept("procedural");
    let object = object_type("COMMENT ON", &mut at, dialect)?;
    Ok(shared(object.comment, object, &mut at).unwrap_or(StatementKind::Definition))
}

/// A `SECURITY LABEL`, the cursor standing behind those words.
pub(super) fn security_label(
    mut at: Cursor<'_>,
    dialect: SqlDialect,
) -> Result<StatementKind, Forbidden> {
    if at.accept("for") {
        at.advance();
    }
    if !at.accept("on") {
        return Err(Forbidden::new("a SECURITY LABEL that cannot be understood"));
    }
    at.accept("procedural");
    let object = object_type("SECURITY LABEL ON", &mut at, dialect)?;
    Ok(shared(object.label, object, &mut at).unwrap_or(StatementKind::Definition))
}

/// Steps over what may stand between `CREATE` and the type; whether it says temporary.
fn skip_modifiers(at: &mut Cursor<'_>) -> bool {
    const MODIFIERS: &[&str] =
        &["unlogged", "recursive", "unique", "trusted", "procedural", "default", "constraint"];
    let mut temporary = false;
    loop {
        let scope = at.accept_any(&["temporary", "temp", "global", "local"]);
        temporary |= scope;
        if !scope && !at.accept_words("or replace") && !at.accept_any(MODIFIERS) {
            return temporary;
        }
    }
}

fn object_type(
    verb: &str,
    at: &mut Cursor<'_>,
    dialect: SqlDialect,
) -> Result<&'static ObjectType, Forbidden> {
    if let Some(object) = ObjectType::read(at) {
        return Ok(object);
    }
    let what = at.peek().map(|token| String::from_utf8_lossy(token.text).to_uppercase());
    let what = format!("{verb} {}", what.unwrap_or_default().chars().take(40).collect::<String>());
    Err(match dialect.provenance {
        Provenance::PgDump => policy::not_pg_dumps(&format!("{what} is about an unknown object")),
        Provenance::HandWritten => Forbidden::new(format!("{what} is about an unknown object")),
    })
}

/// The kind of a statement about something that a whole cluster shares.
fn shared(verb: &'static str, object: &ObjectType, at: &mut Cursor<'_>) -> Option<StatementKind> {
    match object.class {
        Class::Database => Some(StatementKind::Database { verb, name: name(at) }),
        Class::Global => Some(StatementKind::Global { verb, name: name(at) }),
        Class::Subscription => Some(StatementKind::Subscription { verb, name: name(at) }),
        _ => None,
    }
}

fn name(at: &mut Cursor<'_>) -> String {
    at.identifier().or_else(|| at.advance()?.string_value()).unwrap_or_default()
}

/// `CREATE SCHEMA AUTHORIZATION role` names the schema like the role.
fn schema_name(at: &mut Cursor<'_>) -> String {
    at.accept("authorization");
    name(at)
}

/// `ALTER DATABASE … SET` and `ALTER ROLE … SET`, told apart where they load code into every later
/// session.
fn settings_verb(object: &ObjectType, mut at: Cursor<'_>) -> Option<&'static str> {
    at.identifier()?;
    if at.accept_words("in database") {
        at.identifier()?;
    }
    if !at.accept("set") {
        return None;
    }
    let library = setting::parameter(&mut at).is_some_and(|name| policy::is_library_setting(&name));
    match (object.class, library) {
        (Class::Database, false) => Some("ALTER DATABASE SET"),
        (Class::Database, true) => Some("ALTER DATABASE SET LIBRARY"),
        (Class::Global, false) if object.words != "tablespace" => Some("ALTER ROLE SET"),
        (Class::Global, true) if object.words != "tablespace" => Some("ALTER ROLE SET LIBRARY"),
        _ => None,
    }
}

/// `pg_dump` writes `WITH (connect = false, …)`; without it the publisher would be called.
fn require_no_connection(mut at: Cursor<'_>) -> Result<(), Forbidden> {
    while let Some(token) = at.advance() {
        if token.is("connect") && at.accept_symbol(b'=') {
            let value = at.advance();
            let off = value.and_then(|token| token.identifier().or_else(|| token.string_value()));
            if matches!(off.as_deref(), Some("false" | "off" | "0" | "no")) {
                return Ok(());
            }
        }
    }
    Err(Forbidden::new("CREATE SUBSCRIPTION without connect = false calls the publisher"))
}

fn forbid_connection(mut at: Cursor<'_>) -> Result<(), Forbidden> {
    at.identifier();
    if at.accept("enable") || at.accept("refresh") {
        return Err(Forbidden::new("ALTER SUBSCRIPTION … ENABLE or REFRESH calls the publisher"));
    }
    Ok(())
}
