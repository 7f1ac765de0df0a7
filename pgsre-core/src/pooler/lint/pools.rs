//! The pools that a configuration makes.

use super::LintContext;
use crate::pooler::config::{AuthFile, NamedEntry};
use crate::pooler::ini::Place;

/// The pools of one database: one a user, or one for all where a user is forced.
#[derive(Clone, Debug)]
pub(in crate::pooler) struct Pool {
    pub(in crate::pooler) database: String,
    pub(in crate::pooler) mode: String,
    pub(in crate::pooler) size: u64,
    pub(in crate::pooler) reserve: u64,
    /// Over all pools of the database; `None` without a limit.
    pub(in crate::pooler) max_connections: Option<u64>,
    /// How many users share it, as far as the configuration says.
    pub(in crate::pooler) users: Users,
    pub(in crate::pooler) place: Place,
}

/// How many pools a database may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pooler) enum Users {
    /// One: a user is forced, or the file of users has as many.
    Known(u64),
    /// Whoever logs in: users are looked up elsewhere.
    Unknown,
}

impl Pool {
    /// Server connections at most; `None` where nothing bounds them.
    pub(in crate::pooler) fn most(&self) -> Option<u64> {
        let by_size = match self.users {
            Users::Known(users) => {
                Some(users.saturating_mul(self.size.saturating_add(self.reserve)))
            }
            Users::Unknown => None,
        };
        match (by_size, self.max_connections) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

impl LintContext<'_> {
    pub(super) fn pools(&self) -> Vec<Pool> {
        self.databases().iter().map(|database| self.pool(database)).collect()
    }

    fn pool(&self, database: &NamedEntry) -> Pool {
        let count = |own: Option<i64>, global: &str| {
            let count = own.filter(|own| *own >= 0).or_else(|| self.number(global));
            count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
        };
        let reserve = database.number("reserve_pool_size").or(database.number("reserve_pool"));
        let max = count(database.number("max_db_connections"), "max_db_connections");
        let mode = database.parameter("pool_mode").map(str::to_owned);
        Pool {
            database: database.name.clone(),
            mode: mode.unwrap_or_else(|| self.value("pool_mode").text).to_ascii_lowercase(),
            size: count(database.number("pool_size"), "default_pool_size"),
            reserve: count(reserve, "reserve_pool_size"),
            max_connections: (max > 0).then_some(max),
            users: self.users(database),
            place: database.place.clone(),
        }
    }

    fn users(&self, database: &NamedEntry) -> Users {
        if database.parameter("user").is_some() {
            return Users::Known(1);
        }
        let looks_up = database.parameter("auth_user").is_some()
            || !self.value("auth_user").text.is_empty()
            || ["hba", "pam", "ldap", "cert"].iter().any(|t| self.says("auth_type", t).is_some());
        match &self.config.auth_file {
            AuthFile::Read { users, .. } if !looks_up => Users::Known(users.len().max(1) as u64),
            _ => Users::Unknown,
        }
    }
}
