//! What a database holds, to be compared with another: every row, large object and sequence, and every
//! definition.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use pgsre_core::postgres::ConnectConfig;
use pgsre_core::validate::{Validation, ValidationContext, Validator, ValidatorError};

use super::server::{programs, url};

/// What a database holds.
#[derive(Clone, PartialEq, Eq)]
pub struct Contents {
    /// A line for each table, sequence and large object.
    pub data: String,
    /// The definitions, as `pg_dump` writes them.
    pub definitions: String,
}

impl Contents {
    /// Of a database that the programs of this major version connect to.
    ///
    /// # Panics
    /// Where they fail.
    #[must_use]
    pub fn of(major: u32, config: &ConnectConfig) -> Self {
        Self { data: data(major, config), definitions: definitions(major, config) }
    }

    /// The lines in which the two differ, at most a few; empty where they are equal.
    #[must_use]
    pub fn difference(&self, other: &Self) -> String {
        const SHOWN: usize = 8;
        let mut lines = Vec::new();
        for (one, another) in [(&self.data, &other.data), (&self.definitions, &other.definitions)] {
            let missing = one.lines().filter(|line| !another.lines().any(|other| other == *line));
            let added = another.lines().filter(|line| !one.lines().any(|other| other == *line));
            lines.extend(missing.map(|line| format!("- {line}")));
            lines.extend(added.map(|line| format!("+ {line}")));
        }
        if lines.is_empty() && self != other {
            lines.push("the same lines in another order".to_owned());
        }
        lines.truncate(SHOWN);
        lines.join("\n")
    }
}

/// Rows by their text, whatever their order; parents and their children each by themselves, but a
/// partitioned table as one: rows of a table that is partitioned by the hash of an enum move.
const DATA: &str = r#"
select format('select %L, count(*), md5(string_agg(r, E''\n'' order by r collate "C"))
               from (select "the row"::text r from %s %s "the row") rows',
              c.oid::regclass, case relkind when 'p' then '' else 'only' end, c.oid::regclass)
  from pg_class c join pg_namespace n on n.oid = relnamespace
  where nspname !~ '^pg_' and nspname <> 'information_schema'
    and relkind in ('r', 'p', 'm') and relispopulated and not relispartition
  order by c.oid::regclass::text collate "C" \gexec
select format('select %L, last_value, is_called from %s', c.oid::regclass, c.oid::regclass)
  from pg_class c where relkind = 'S' order by c.oid::regclass::text collate "C" \gexec
select oid, md5(lo_get(oid)) from pg_largeobject_metadata order by oid;
"#;

fn data(major: u32, config: &ConnectConfig) -> String {
    output(
        Command::new(programs(major).bindir().join("psql")).args([
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            &url(config),
        ]),
        DATA,
    )
}

/// Without subscriptions: they are left out where a restore must not reach out.
fn definitions(major: u32, config: &ConnectConfig) -> String {
    output(
        Command::new(programs(major).bindir().join("pg_dump"))
            .args(["--schema-only", "--no-subscriptions", "--restrict-key=every"])
            .args(["-d", &url(config)]),
        "",
    )
}

fn output(command: &mut Command, input: &str) -> String {
    use std::io::Write;
    // Whatever the database's encoding is.
    let mut child = command
        .env("PGCLIENTENCODING", "UTF8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a program");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("a pipe");
    let output = child.wait_with_output().expect("output");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

impl std::fmt::Debug for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.data)
    }
}

/// A validator that finds nothing: it keeps what the restored database holds.
#[derive(Clone, Debug)]
pub struct Keep {
    major: u32,
    kept: Arc<Mutex<Option<Contents>>>,
}

impl Keep {
    /// With the programs of this major version.
    #[must_use]
    pub fn with(major: u32) -> Self {
        Self { major, kept: Arc::default() }
    }

    /// What the last restored database held.
    ///
    /// # Panics
    /// Where a thread panicked inside.
    #[must_use]
    pub fn kept(&self) -> Option<Contents> {
        self.kept.lock().expect("the lock").take()
    }
}

#[async_trait::async_trait]
impl Validator for Keep {
    fn name(&self) -> &str {
        "keep"
    }

    async fn validate(&self, cx: &ValidationContext<'_>) -> Result<Validation, ValidatorError> {
        let contents = Contents::of(self.major, cx.restored.config());
        *self.kept.lock().expect("the lock") = Some(contents);
        Ok(Validation::sound(1))
    }
}
