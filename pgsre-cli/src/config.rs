//! `pgsre.toml`: what the user keeps, read strictly.
//!
//! The file is read in two steps: its shape, where an unknown key is an error that suggests the
//! nearest name, and its values, where `${NAME}` is replaced from the environment and durations,
//! sizes and percentages are read. Values are never quoted in errors or in `Debug`: any of them
//! may be a secret.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pgsre_core::dump::{Compress, DumpFormat, Retention};
use pgsre_core::fingerprint::Level;
use pgsre_core::monitor::Silence;

use crate::environment::Environment;

mod alerter;
mod error;
mod linting;
mod reader;
mod resolve;
mod rule;
mod schedule;
mod secret;
mod shape;
mod taking;
mod validator;
mod watching;

pub use alerter::{AlerterConfig, AlerterKind, BodyConfig, MailConfig, Routing};
pub use error::ConfigError;
pub use linting::{Allowed, LintConfig};
pub use rule::{Bound, NoData, Rule, Threshold};
pub use schedule::Schedule;
pub use secret::Secret;
pub use validator::{EpochUnit, ValidatorConfig};
pub use watching::{HistoryConfig, WatchConfig};

/// The whole configuration.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Where it was read; `None` where there is none.
    pub path: Option<PathBuf>,
    /// Whether the command line named it.
    pub named: bool,
    /// `[[server]]`.
    pub servers: Vec<Server>,
    /// `[[rule]]`: kept for the monitor.
    pub rules: Vec<Rule>,
    /// `[[alerter]]`.
    pub alerters: Vec<AlerterConfig>,
    /// `[report]`.
    pub report: ReportConfig,
    /// `[[silence]]`: of what nobody is told for a while.
    pub silences: Vec<Silence>,
    /// `[history]`: where samples are kept, and how long.
    pub history: HistoryConfig,
    /// `[watch]`.
    pub watch: WatchConfig,
    /// `[migrate]`: what lint takes for granted.
    pub migrate: LintConfig,
}

/// How reports are kept.
#[derive(Clone, Debug, Default)]
pub struct ReportConfig {
    /// The file of the private key that signs them.
    pub sign_key: Option<PathBuf>,
}

/// A server and its backups.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// What people call it; unique.
    pub name: String,
    /// How to connect to it.
    pub url: Option<Secret>,
    /// Replicas that must be there.
    pub standbys: Vec<String>,
    /// How late some of them are on purpose: their `recovery_min_apply_delay`.
    pub apply_delays: BTreeMap<String, Duration>,
    /// The console of its PgBouncer.
    pub pgbouncer: Option<Secret>,
    /// `[server.backups]`.
    pub backups: Option<Backups>,
    /// `[server.drill]`.
    pub drill: DrillConfig,
}

/// Where a server's backups lie and what they must look like.
#[derive(Clone, Debug, PartialEq)]
pub struct Backups {
    /// A path or URL.
    pub source: Secret,
    /// The newest may be this old.
    pub max_age: Option<Duration>,
    /// The least size, in bytes.
    pub min_size: Option<u64>,
    /// How much smaller than its predecessors one may be, from 0 to 1.
    pub max_shrink: Option<f64>,
    /// How new ones are taken.
    pub taking: Taking,
}

/// How a server's backups are taken, and which of them stay.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Taking {
    /// How the dump is laid out.
    pub dump_format: Option<DumpFormat>,
    /// How it is compressed.
    pub compress: Option<Compress>,
    /// How closely the manifest looks at the database; `Some(None)` for not at all.
    pub level: Option<Option<Level>>,
    /// Whether the backup is read back.
    pub verify: bool,
    /// Which backups stay.
    pub retention: Retention,
}

/// How a server's backups are proved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DrillConfig {
    /// `ephemeral` or a server; ephemeral where `None`.
    pub target: Option<Secret>,
    /// When `pgsre watch` runs one.
    pub schedule: Option<Schedule>,
    /// What to compare with.
    pub compare_to: CompareTo,
    /// A drill must have passed within this time.
    pub max_age: Option<Duration>,
    /// The recovery time objective.
    pub rto: Option<Duration>,
    /// The recovery point objective.
    pub rpo: Option<Duration>,
    /// Connections that load at the same time.
    pub jobs: Option<u16>,
    /// The longest that restore and checks may take together.
    pub timeout: Option<Duration>,
    /// Accept SQL without header and trailer.
    pub allow_untrailed: bool,
    /// Tables that are dumped without their rows on purpose.
    pub expect_empty: Vec<String>,
    /// Rows that a table may lack.
    pub max_missing_rows: Option<u64>,
    /// Share of rows that a table may lack, from 0 to 1.
    pub max_missing_ratio: Option<f64>,
    /// The least number of tables.
    pub min_tables: Option<u64>,
    /// The least number of rows in all tables.
    pub min_rows: Option<u64>,
    /// The least size of the restored database, in bytes.
    pub min_size: Option<u64>,
    /// `[[server.drill.validator]]`.
    pub validators: Vec<ValidatorConfig>,
}

/// What a restored database is compared with.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum CompareTo {
    /// Nothing.
    #[default]
    None,
    /// The server's own `url`.
    Live,
    /// Another database.
    Url(Secret),
}

impl Config {
    /// Reads the configuration: `explicit`, else `pgsre.toml` in the working directory, else the
    /// user's own; an empty one where there is none.
    ///
    /// # Errors
    /// Where a file is there but cannot be read or is wrong; where `explicit` is absent.
    pub fn load(explicit: Option<&Path>, environment: &Environment) -> Result<Self, ConfigError> {
        if let Some(path) = explicit {
            return Ok(Self { named: true, ..Self::read(path, environment)? });
        }
        let own = environment.configuration_home().map(|home| home.join("pgsre/pgsre.toml"));
        match [Some(PathBuf::from("pgsre.toml")), own].into_iter().flatten().find(|p| p.exists()) {
            Some(path) => Self::read(&path, environment),
            None => Ok(Self::default()),
        }
    }

    fn read(path: &Path, environment: &Environment) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|e| ConfigError::unreadable(path, e))?;
        Self::parse(path, &text, environment)
    }

    /// Reads the text of a configuration; `path` is what errors name.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub fn parse(path: &Path, text: &str, environment: &Environment) -> Result<Self, ConfigError> {
        let reader = reader::Reader::new(path, text, environment);
        let shape: shape::Config = toml::from_str(text).map_err(|e| reader.shape_error(&e))?;
        resolve::config(&reader, shape)
    }

    /// The server of this name.
    #[must_use]
    pub fn server(&self, name: &str) -> Option<&Server> {
        self.servers.iter().find(|server| server.name == name)
    }
}

#[cfg(test)]
mod tests;
