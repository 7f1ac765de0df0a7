//! The head of a statement: what people see of it, without data and secrets.

use crate::archive::{LargeObjectCall, ObjectName, StatementKind};

const LONGEST: usize = 120;

/// Words behind which a statement may hold data or secrets.
const SECRETIVE: &[&str] = &[" password ", " options (", " options(", " connection ", " values"];

/// One line of at most 120 characters that names the statement, without row values, passwords and
/// the options of foreign servers.
pub(super) fn head(kind: &StatementKind, sql: &str) -> String {
    match kind {
        StatementKind::Insert { table, .. } => format!("INSERT INTO {}", display(table)),
        StatementKind::Database { verb, name }
        | StatementKind::Global { verb, name }
        | StatementKind::Subscription { verb, name } => format!("{verb} {name}"),
        StatementKind::LargeObject(LargeObjectCall::Write) => {
            "SELECT pg_catalog.lowrite(…)".to_owned()
        }
        _ => shorten(sql),
    }
}

/// A name as people write it, unquoted.
pub(super) fn display(name: &ObjectName) -> String {
    match &name.schema {
        Some(schema) => format!("{schema}.{}", name.name),
        None => name.name.clone(),
    }
}

fn shorten(sql: &str) -> String {
    // Look no further than needed: a statement may be megabytes long.
    let start: String = sql.chars().take(4 * LONGEST).collect();
    let words = start.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = words[..end_of_open_part(&words)].trim_end();
    let cut: String = shown.chars().take(LONGEST).collect();
    if cut.len() < words.len() || start.len() < sql.len() { format!("{cut} …") } else { cut }
}

fn end_of_open_part(words: &str) -> usize {
    let lower = words.to_ascii_lowercase();
    SECRETIVE.iter().filter_map(|word| lower.find(word)).min().unwrap_or(words.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_one_line() {
        let sql = "CREATE TABLE public.orders (\n    id integer\n)";
        assert_eq!(
            head(&StatementKind::Definition, sql),
            "CREATE TABLE public.orders ( id integer )"
        );
    }

    #[test]
    fn a_head_tells_no_secrets() {
        let sql = "CREATE USER MAPPING FOR x SERVER s OPTIONS (\"user\" 'u', password 'hunter2')";
        assert_eq!(head(&StatementKind::Definition, sql), "CREATE USER MAPPING FOR x SERVER s …");
        let kind = StatementKind::Global { verb: "ALTER ROLE", name: "app".to_owned() };
        assert_eq!(head(&kind, "ALTER ROLE app WITH PASSWORD 'hunter2'"), "ALTER ROLE app");
    }

    #[test]
    fn a_long_head_is_cut() {
        let sql = format!("CREATE VIEW v AS SELECT '{}'", "é".repeat(1000));
        assert_eq!(head(&StatementKind::Definition, &sql).chars().count(), LONGEST + 2);
    }
}
