//! What is done otherwise than a dump says: a restore must not touch what is not its own, reach
//! out, or depend on disks that are not there.

use super::Place;
use crate::archive::{Connect, StatementKind};

/// What becomes of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// It is sent as written.
    Send,
    /// It is not sent. The note says why, where it is worth a word.
    Leave(Option<String>),
    /// Another text is sent.
    Rewrite(String),
}

/// Parameters that `pg_dump` sets at the top of every dump, and the major version that brought
/// them: an older server rejects them, and nothing depends on them.
const PREAMBLE: &[(&str, u32)] =
    &[("transaction_timeout", 17), ("default_table_access_method", 12)];

/// What becomes of a statement at a place of this server version.
pub(super) fn adapt(place: &Place, major: u32, kind: &StatementKind, sql: &str) -> Action {
    match kind {
        StatementKind::Set { name, value } => set(major, name, value.as_deref()),
        StatementKind::Subscription { verb, name } => subscription(place, verb, name, sql),
        StatementKind::Database { verb, name } | StatementKind::Global { verb, name }
            if !place.owns_server =>
        {
            leave(format!("left out on a server that is not a throw-away: {verb} {name}"))
        }
        StatementKind::Global { verb, name } => global(place, verb, name),
        StatementKind::Database { verb: "CREATE DATABASE", .. } => create_database(sql),
        StatementKind::Database { verb: "ALTER DATABASE", name }
            if contains(sql, " SET TABLESPACE ") =>
        {
            leave(format!("left out: the tablespace of database {name}"))
        }
        _ => Action::Send,
    }
}

/// The database that `\connect` leads to: a scratch database stands for any.
pub(super) fn connect<'a>(place: &'a Place, to: &'a Connect) -> &'a str {
    if place.owns_server { &to.database } else { &place.database }
}

fn leave(note: String) -> Action {
    Action::Leave(Some(note))
}

fn set(major: u32, name: &str, value: Option<&str>) -> Action {
    if let Some((_, since)) = PREAMBLE.iter().find(|(known, _)| *known == name)
        && major < *since
    {
        return leave(format!("left out: SET {name}, which PostgreSQL {major} does not know"));
    }
    match (name, value) {
        // `pg_dump --use-set-session-authorization`: the role may lack the rights that it had.
        ("session_authorization", _) => leave(
            "left out: SET SESSION AUTHORIZATION, so objects belong to whoever restores".to_owned(),
        ),
        ("default_tablespace", Some(tablespace)) if !tablespace.is_empty() => {
            leave(format!("what lies in tablespace {tablespace} was restored to the default one"))
        }
        _ => Action::Send,
    }
}

/// `pg_dump` writes `connect = false`; anything else would talk to the publisher.
fn subscription(place: &Place, verb: &str, name: &str, sql: &str) -> Action {
    let squeezed: String =
        sql.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    let creates_idle = verb == "CREATE SUBSCRIPTION" && squeezed.contains("connect=false");
    let changes_owner = squeezed.contains("ownerto");
    if place.owns_server && (creates_idle || changes_owner) {
        Action::Send
    } else {
        leave(format!("left out, because it would reach out: {verb} {name}"))
    }
}

fn global(place: &Place, verb: &str, name: &str) -> Action {
    if verb.contains("TABLESPACE") {
        return leave(format!("left out: {verb} {name}"));
    }
    if verb == "ALTER ROLE" && name == place.superuser {
        return leave(format!("left out: {verb} {name}, who restores"));
    }
    Action::Send
}

/// Without the tablespace, which is not there.
fn create_database(sql: &str) -> Action {
    let upper = sql.to_ascii_uppercase();
    let Some(start) = upper.find(" TABLESPACE = ") else {
        return Action::Send;
    };
    let name = &sql[start + " TABLESPACE = ".len()..];
    let length = match name.strip_prefix('"') {
        Some(quoted) => quoted.find('"').map_or(name.len(), |end| end + 2),
        None => name.find(char::is_whitespace).unwrap_or(name.len()),
    };
    Action::Rewrite(format!("{}{}", &sql[..start], &name[length..]))
}

fn contains(sql: &str, words: &str) -> bool {
    sql.to_ascii_uppercase().contains(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, value: &str) -> StatementKind {
        StatementKind::Set { name: name.to_owned(), value: Some(value.to_owned()) }
    }

    #[test]
    fn a_setting_newer_than_the_server_is_left_out() {
        let kind = set("transaction_timeout", "0");
        let place = Place::for_tests(true);
        assert!(matches!(adapt(&place, 15, &kind, ""), Action::Leave(Some(_))));
        assert_eq!(adapt(&place, 17, &kind, ""), Action::Send);
    }

    #[test]
    fn nothing_about_a_database_as_a_whole_reaches_a_server_that_is_not_ours() {
        let kind = StatementKind::Database { verb: "DROP DATABASE", name: "shop".to_owned() };
        let sql = "DROP DATABASE shop";
        assert!(matches!(adapt(&Place::for_tests(false), 15, &kind, sql), Action::Leave(_)));
        assert_eq!(adapt(&Place::for_tests(true), 15, &kind, sql), Action::Send);
    }

    #[test]
    fn a_database_is_created_without_its_tablespace() {
        let kind = StatementKind::Database { verb: "CREATE DATABASE", name: "shop".to_owned() };
        let sql = "CREATE DATABASE shop WITH TEMPLATE = template0 TABLESPACE = \"fast disk\"";
        let rewritten = "CREATE DATABASE shop WITH TEMPLATE = template0".to_owned();
        assert_eq!(adapt(&Place::for_tests(true), 15, &kind, sql), Action::Rewrite(rewritten));
    }

    #[test]
    fn a_subscription_is_created_only_if_it_stays_idle() {
        let place = Place::for_tests(true);
        let kind =
            StatementKind::Subscription { verb: "CREATE SUBSCRIPTION", name: "s".to_owned() };
        let idle = "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false)";
        assert_eq!(adapt(&place, 15, &kind, idle), Action::Send);
        let eager = "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p";
        assert!(matches!(adapt(&place, 15, &kind, eager), Action::Leave(_)));
    }
}
