//! A plan as SQL for psql, for those who run it by hand.

use std::fmt::Write as _;

use super::{Plan, Step, Work};

impl Plan {
    /// The steps as a script for psql. What is no SQL (a backfill, a release) is a comment that says what
    /// to do.
    #[must_use]
    pub fn to_sql(&self) -> String {
        let mut sql = format!(
            "-- {}, planned for PostgreSQL {}: {} steps, plan {}.\n\
             -- Run it step by step, outside of a transaction, and stop where a step fails.\n\
             \\set ON_ERROR_STOP on\n",
            one_line(&self.source),
            self.server_version,
            self.steps.len(),
            self.id
        );
        for step in &self.steps {
            let _ = write!(sql, "\n-- {}. {}\n", step.number, one_line(&step.title));
            comment(&mut sql, "Caution: ", step.caution.as_deref());
            sql.push_str(&work(step));
            match &step.undo {
                None => sql.push_str("-- There is no way back from here.\n"),
                Some(undo) => undo.iter().for_each(|undo| comment(&mut sql, "Undo: ", Some(undo))),
            }
        }
        sql
    }
}

fn work(step: &Step) -> String {
    match &step.work {
        Work::Transaction { statements } => {
            let mut sql = String::from("BEGIN;\n");
            let _ =
                writeln!(sql, "SET LOCAL lock_timeout = {};", step.lock_timeout_ms.unwrap_or(0));
            let _ = writeln!(
                sql,
                "SET LOCAL statement_timeout = {};",
                step.statement_timeout_ms.unwrap_or(0)
            );
            statements.iter().for_each(|statement| {
                let _ = writeln!(sql, "{};", statement.trim_end_matches(';'));
            });
            sql.push_str("COMMIT;\n");
            sql
        }
        Work::Alone { statement, index } => {
            let mut sql = String::new();
            let left = index.as_ref().map(|index| {
                format!("Where it fails: DROP INDEX CONCURRENTLY IF EXISTS {index}; then again.")
            });
            comment(&mut sql, "", left.as_deref());
            let limits = "SET lock_timeout = 0;\nSET statement_timeout = 0;\n";
            let _ =
                write!(sql, "{limits}{};\nRESET lock_timeout;\n", statement.trim_end_matches(';'));
            sql.push_str("RESET statement_timeout;\n");
            sql
        }
        Work::Backfill { table, set, condition } => {
            let set: Vec<String> =
                set.iter().map(|one| format!("{} = {}", one.column, one.expression)).collect();
            let condition =
                condition.as_ref().map(|one| format!(" AND ({one})")).unwrap_or_default();
            let batch = format!(
                "UPDATE {table} SET {} WHERE key > :last AND key <= :next{condition}",
                set.join(", ")
            );
            let mut sql = String::new();
            comment(
                &mut sql,
                "In batches by the table's key, each a transaction of its own:\n",
                Some(&batch),
            );
            sql
        }
        Work::Deploy { what } => {
            let mut sql = String::new();
            comment(&mut sql, "", Some(what));
            sql
        }
    }
}

fn comment(sql: &mut String, label: &str, text: Option<&str>) {
    let Some(text) = text else { return };
    for line in format!("{label}{text}").lines() {
        let _ = writeln!(sql, "-- {line}");
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
