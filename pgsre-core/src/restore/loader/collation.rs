//! Rejections that may only come from a locale other than the source's.
//!
//! Which characters are letters, and which string comes first, is the locale's word: a CHECK
//! constraint or a partition's bound that held in the source may reject the same rows elsewhere.

use super::super::{TargetError, locale};
use super::rejection::Rejection;
use super::{Loader, Task, Transaction};
use crate::archive::{CreatesDatabase, SqlDialect, StatementKind};
use crate::finding::{Finding, FindingCode};
use crate::postgres::{quote_identifier, quote_literal};

/// A constraint that compares or matches text by a collation other than C (950) and POSIX (951):
/// an operator of order or pattern, or a function. Equality means the same everywhere.
const CONSTRAINT: &str = r"
    SELECT FROM pg_catalog.pg_constraint k
      LEFT JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
      LEFT JOIN pg_catalog.pg_type t ON t.oid = k.contypid
     WHERE k.contype = 'c' AND k.conname = {constraint}
       AND coalesce(c.relname, t.typname) = {relation}
       AND k.conbin::text ~ ':inputcollid (?!0 |950 |951 )\d'
       AND regexp_replace(pg_get_constraintdef(k.oid), '''([^'']|'''')*''', '', 'g')
           ~ '[~<>]|(?<!length)(?<=\w)\('";

/// A table whose rows go to partitions by the order of text, or by an expression.
const PARTITIONED: &str = "
    SELECT FROM pg_catalog.pg_partitioned_table p
     WHERE (p.partexprs IS NOT NULL OR p.partstrat = 'r' AND EXISTS (
               SELECT FROM unnest(p.partcollation) o WHERE o NOT IN (0, 950, 951)))
       AND p.partrelid IN (
               SELECT a.relid FROM pg_catalog.pg_class c,
                      pg_catalog.pg_partition_ancestors(c.oid) a WHERE c.relname = {relation}
               UNION SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relname = {relation})";

impl Loader<'_> {
    /// Whether the rejection may be of a locale that is not the source's.
    pub(super) async fn may_be_of_locale(
        &mut self,
        task: &Task,
        rejection: &Rejection,
    ) -> Result<bool, TargetError> {
        if self.locale_known || self.transaction != Transaction::None {
            return Ok(false);
        }
        match rejection.code.as_str() {
            "42P17" => {
                let sql = task.text.shown();
                Ok(sql.contains("PARTITION") && sql.contains("FOR VALUES FROM ('"))
            }
            "23514" => {
                let Some(relation) = &rejection.relation else { return Ok(false) };
                let query = match &rejection.constraint {
                    Some(name) => CONSTRAINT.replace("{constraint}", &quote_literal(name)),
                    None => PARTITIONED.to_owned(),
                };
                let query = query.replace("{relation}", &quote_literal(relation));
                let answer = self.connection.run_sql(&query).await?;
                Ok(answer.is_ok_and(|counts| counts.iter().any(|rows| *rows > 0)))
            }
            _ => Ok(false),
        }
    }

    /// Makes a database whose locale the server does not have in another one. Whether it did.
    pub(super) async fn create_in_another_locale(
        &mut self,
        task: &Task,
        rejection: &Rejection,
    ) -> Result<bool, TargetError> {
        let StatementKind::Database { verb: "CREATE DATABASE", .. } = &task.kind else {
            return Ok(false);
        };
        let shown = task.text.shown();
        let creates = CreatesDatabase::parse(shown.as_bytes(), SqlDialect::default());
        let Some(creates) = creates.filter(|_| locale::is_about_locale(&rejection.code)) else {
            return Ok(false);
        };
        let (name, encoding) = (&creates.name, creates.encoding.as_deref().unwrap_or("UTF8"));
        for clause in locale::unnamed(encoding, self.connection.major()) {
            let (name, encoding) = (quote_identifier(name), quote_literal(encoding));
            let sql =
                format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING {encoding}{clause}");
            if self.connection.run_sql(&sql).await?.is_ok() {
                self.say_locale_is_missing(task.line, &creates, rejection);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn say_locale_is_missing(
        &mut self,
        line: u64,
        creates: &CreatesDatabase,
        rejection: &Rejection,
    ) {
        let finding = Finding::warning(
            FindingCode::EnvironmentCollation,
            creates.locale.as_deref().unwrap_or(&creates.name),
            format!(
                "the locale of database {} cannot be had here, so the restore uses another: {}",
                creates.name,
                rejection.quoted()
            ),
        );
        self.record.finding(
            line,
            finding.with_hint(
                "install the locale on the machine that restores (locale -a lists them)",
            ),
        );
    }
}
