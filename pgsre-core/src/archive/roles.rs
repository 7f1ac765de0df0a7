//! Which roles a statement needs.

use super::classify::{SqlDialect, stands_on_object};
use super::cursor::Cursor;
use super::lexer::{Token, TokenKind};

/// The roles that must exist for a statement, which is in UTF-8, to run, each once: those behind
/// `OWNER TO`, `AUTHORIZATION`, `GRANT … TO`, `REVOKE … FROM`, `GRANTED BY`, `CREATE POLICY … TO`,
/// `FOR ROLE`, `USER MAPPING FOR`, `SET ROLE`.
///
/// Never `PUBLIC`, `CURRENT_USER` and their like, nor PostgreSQL's own (`pg_…`, a prefix that no
/// other role can have), nor the role that `CREATE`, `ALTER` or `DROP ROLE` is about.
#[must_use]
pub fn roles_mentioned(sql: &str) -> Vec<String> {
    let mut at = Cursor::new(sql.as_bytes(), SqlDialect::default());
    let verb = at.advance().and_then(|token| token.identifier()).unwrap_or_default();
    let mut roles = match verb.as_str() {
        "grant" | "revoke" => of_privileges(at),
        "alter" if at.accept_words("default privileges") => of_default_privileges(at),
        "alter" if at.accept("policy") => of_policy(at),
        "create" if at.accept("policy") => of_policy(at),
        "create" if at.accept("schema") => of_schema(at),
        "create" if at.accept_any(&["tablespace", "database"]) => behind_owner(at),
        "create" | "alter" | "drop" if at.accept_words("user mapping") => of_user_mapping(at),
        "alter" => new_owner(at).and_then(role_of).into_iter().collect(),
        "set" => of_set(at),
        _ => Vec::new(),
    };
    let mut seen = std::collections::HashSet::new();
    roles.retain(|role| !is_reserved(role) && seen.insert(role.clone()));
    roles
}

/// Names that no role can have, quoted or not: `pg_dump --quote-all-identifiers` quotes them too.
fn is_reserved(role: &str) -> bool {
    role.starts_with("pg_") || matches!(role, "public" | "none")
}

/// The role that a token names; `None` for `PUBLIC`, `CURRENT_USER` and their like.
pub(super) fn role_of(token: Token<'_>) -> Option<String> {
    const NOT_ROLES: &[&str] = &["public", "current_user", "session_user", "current_role", "user"];
    if token.kind == TokenKind::Word && NOT_ROLES.iter().any(|word| token.is(word)) {
        return None;
    }
    token.identifier()
}

/// `a, GROUP b, PUBLIC`.
fn list(at: &mut Cursor<'_>) -> Vec<String> {
    let mut roles = Vec::new();
    loop {
        at.accept("group");
        let Some(token) = at.peek() else { return roles };
        if token.identifier().is_none() {
            return roles;
        }
        at.advance();
        roles.extend(role_of(token));
        if !at.accept_symbol(b',') {
            return roles;
        }
    }
}

/// `GRANT … ON … TO a, b GRANTED BY c`, `GRANT a, b TO c`, `REVOKE ADMIN OPTION FOR a FROM b`.
fn of_privileges(mut at: Cursor<'_>) -> Vec<String> {
    let mut roles = Vec::new();
    let mut behind = at;
    if !stands_on_object(&mut behind) {
        skip_option(&mut at);
        roles.extend(list(&mut at));
    } else {
        at = behind;
    }
    roles.extend(grantees(at));
    roles
}

/// `ADMIN OPTION FOR` and its like.
fn skip_option(at: &mut Cursor<'_>) {
    let mut ahead = *at;
    ahead.advance();
    if ahead.accept_words("option for") {
        *at = ahead;
    }
}

fn grantees(mut at: Cursor<'_>) -> Vec<String> {
    let mut roles = Vec::new();
    while let Some(token) = at.peek() {
        if at.skip_group() {
            continue;
        }
        at.advance();
        if token.is("to") || token.is("from") {
            roles.extend(list(&mut at));
        } else if token.is("granted") && at.accept("by") {
            roles.extend(at.advance().and_then(role_of));
        }
    }
    roles
}

fn of_default_privileges(mut at: Cursor<'_>) -> Vec<String> {
    let mut roles = Vec::new();
    if at.accept("for") {
        at.accept_any(&["role", "user"]);
        roles.extend(list(&mut at));
    }
    roles.extend(grantees(at));
    roles
}

/// `name ON table … TO a, b USING (…)`.
fn of_policy(mut at: Cursor<'_>) -> Vec<String> {
    at.identifier();
    if at.accept("on") {
        at.object_name();
    }
    while let Some(token) = at.advance() {
        if token.is("using") || token.is("with") || token.is("rename") {
            break;
        }
        if token.is("to") {
            return list(&mut at);
        }
    }
    Vec::new()
}

fn of_schema(mut at: Cursor<'_>) -> Vec<String> {
    at.skip_if_exists();
    if !at.at("authorization") {
        at.identifier();
    }
    if at.accept("authorization") { list(&mut at) } else { Vec::new() }
}

/// `OWNER TO a`, `OWNER = a`, `OWNER a`.
fn behind_owner(mut at: Cursor<'_>) -> Vec<String> {
    if !at.skip_past("owner") {
        return Vec::new();
    }
    let _ = at.accept("to") || at.accept_symbol(b'=');
    at.advance().and_then(role_of).into_iter().collect()
}

/// The word behind `ALTER … OWNER TO`.
pub(super) fn new_owner<'a>(mut at: Cursor<'a>) -> Option<Token<'a>> {
    while let Some(token) = at.peek() {
        if token.is("rename") {
            return None;
        }
        if at.skip_group() {
            continue;
        }
        at.advance();
        if token.is("owner") && at.accept("to") {
            return at.advance();
        }
    }
    None
}

fn of_user_mapping(mut at: Cursor<'_>) -> Vec<String> {
    at.skip_if_exists();
    if at.accept("for") { at.advance().and_then(role_of).into_iter().collect() } else { Vec::new() }
}

/// `SET ROLE a`, `SET SESSION AUTHORIZATION 'a'`.
fn of_set(mut at: Cursor<'_>) -> Vec<String> {
    let session = at.accept_words("session authorization");
    if !session {
        at.accept_any(&["session", "local"]);
        if !at.accept("role") {
            return Vec::new();
        }
        let _ = at.accept("to") || at.accept_symbol(b'=');
    }
    if at.at("default") || at.at("none") {
        return Vec::new();
    }
    let role = at.advance().and_then(|token| token.string_value().or_else(|| role_of(token)));
    role.into_iter().collect()
}
