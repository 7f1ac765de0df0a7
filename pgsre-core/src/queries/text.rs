//! What a statement says, and what its database and user are called: only for those that are shown.

use std::collections::HashMap;

use tokio_postgres::types::Type;

use super::ask::Ask;
use super::error::QueriesError;
use super::extension::Extension;
use super::statements::StatementKey;
use crate::postgres::Session;

/// The longest text that is kept, in characters.
const LONGEST: usize = 10_000;

/// The most texts that are kept.
const MOST: usize = 1_000;

/// A statement's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text, as the server normalised it, cut after 10,000 characters.
    pub text: String,
    /// Whether it was cut.
    pub is_cut: bool,
}

/// Texts, fetched once each and kept; at most 1,000, the least recently used goes first.
///
/// The extension cannot hand out one text: `pg_stat_statements(true)` loads all of them, which may
/// be many megabytes. So they are fetched for new ones among those that are shown, together, and
/// never on every reading.
#[derive(Debug, Default)]
pub struct Texts {
    kept: HashMap<StatementKey, (u64, Text)>,
    clock: u64,
}

impl Texts {
    /// The texts of these statements. One that was evicted meanwhile has none.
    ///
    /// # Errors
    /// What the server says. Cancel safe.
    pub async fn of(
        &mut self,
        session: &Session,
        extension: &Extension,
        keys: &[StatementKey],
    ) -> Result<HashMap<StatementKey, Text>, QueriesError> {
        self.of_server(session, extension, keys).await
    }

    pub(super) async fn of_server(
        &mut self,
        server: &impl Ask,
        extension: &Extension,
        keys: &[StatementKey],
    ) -> Result<HashMap<StatementKey, Text>, QueriesError> {
        let new: Vec<i64> = keys
            .iter()
            .filter(|key| !self.kept.contains_key(key))
            .map(|key| key.query_id)
            .take(MOST)
            .collect();
        if !new.is_empty() {
            self.fetch(server, extension, keys, new).await?;
        }
        Ok(keys.iter().filter_map(|key| Some((*key, self.used(key)?))).collect())
    }

    async fn fetch(
        &mut self,
        server: &impl Ask,
        extension: &Extension,
        keys: &[StatementKey],
        new: Vec<i64>,
    ) -> Result<(), QueriesError> {
        let sql = extension.texts_sql(LONGEST);
        for row in server.rows(&sql, &[(&new, Type::INT8_ARRAY)]).await? {
            let key = StatementKey {
                user: row.try_get(0)?,
                database: row.try_get(1)?,
                toplevel: row.try_get(2)?,
                query_id: row.try_get(3)?,
            };
            if let Some(text) = row.try_get::<_, Option<String>>(4)?
                && keys.contains(&key)
            {
                self.keep(key, Text { text, is_cut: row.try_get(5)? });
            }
        }
        Ok(())
    }

    fn keep(&mut self, key: StatementKey, text: Text) {
        self.clock += 1;
        self.kept.insert(key, (self.clock, text));
        while self.kept.len() > MOST {
            let oldest = self.kept.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| *key);
            let Some(oldest) = oldest else { return };
            self.kept.remove(&oldest);
        }
    }

    fn used(&mut self, key: &StatementKey) -> Option<Text> {
        self.clock += 1;
        let (used, text) = self.kept.get_mut(key)?;
        *used = self.clock;
        Some(text.clone())
    }
}

const NAMES: &str = "\
    SELECT true, oid, datname::text FROM pg_catalog.pg_database \
     UNION ALL SELECT false, oid, rolname::text FROM pg_catalog.pg_roles";

/// The names of databases and users.
#[derive(Clone, Debug, Default)]
pub struct Names {
    databases: HashMap<u32, String>,
    users: HashMap<u32, String>,
}

impl Names {
    /// Reads them.
    ///
    /// # Errors
    /// What the server says. Cancel safe.
    pub async fn read(session: &Session) -> Result<Self, QueriesError> {
        Self::of(session).await
    }

    pub(super) async fn of(server: &impl Ask) -> Result<Self, QueriesError> {
        let mut names = Self::default();
        for row in server.rows(NAMES, &[]).await? {
            let of = if row.try_get(0)? { &mut names.databases } else { &mut names.users };
            of.insert(row.try_get(1)?, row.try_get(2)?);
        }
        Ok(names)
    }

    /// The name of a database; its oid where it was dropped.
    #[must_use]
    pub fn database(&self, oid: u32) -> String {
        named(&self.databases, oid)
    }

    /// The name of a user; its oid where it was dropped.
    #[must_use]
    pub fn user(&self, oid: u32) -> String {
        named(&self.users, oid)
    }
}

fn named(names: &HashMap<u32, String>, oid: u32) -> String {
    names.get(&oid).cloned().unwrap_or_else(|| format!("oid {oid}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(query_id: i64) -> StatementKey {
        StatementKey { database: 5, user: 10, toplevel: true, query_id }
    }

    #[test]
    fn the_text_that_was_not_used_for_longest_goes_first() {
        let mut texts = Texts::default();
        let text = || Text { text: "SELECT".to_owned(), is_cut: false };
        for query in 0..MOST as i64 {
            texts.keep(key(query), text());
        }
        assert!(texts.used(&key(0)).is_some());
        texts.keep(key(-1), text());
        assert_eq!(texts.kept.len(), MOST);
        assert!(texts.used(&key(0)).is_some() && texts.used(&key(-1)).is_some());
        assert!(texts.used(&key(1)).is_none());
    }

    #[test]
    fn what_was_dropped_goes_by_its_number() {
        assert_eq!(Names::default().database(16_384), "oid 16384");
    }
}
