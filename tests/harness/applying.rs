//! Backfills and migrations that are run: what they are run on, and somebody who watches and does something
//! at a moment of it.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use pgsre_core::Database;
use pgsre_core::migrate::{
    Apply, ApplyEvent, ApplyObserver, Hook, Linter, Pace, Patience, Plan, Schema, Step,
};
use tokio_util::sync::CancellationToken;

/// Every row counts how often it was changed.
pub const LEDGER: &str = "
    create table ledger (id bigint primary key, n int not null default 0, note text);
    insert into ledger select n, 0, 'row ' || n from generate_series(1, 30000) n;
    analyze ledger;
";

/// A table of few rows, one of many, and one that nobody analysed.
pub const SHOP: &str = "CREATE TABLE few (id int PRIMARY KEY, note text);\n\
    INSERT INTO few SELECT n FROM generate_series(1, 10) n;\n\
    CREATE TABLE many (id int PRIMARY KEY, few int REFERENCES few, note varchar(10));\n\
    INSERT INTO many (id) SELECT n FROM generate_series(1, 12000) n;\n\
    CREATE TABLE unseen (id int);\n\
    INSERT INTO unseen VALUES (1);\n\
    ANALYZE few, many;\n";

type Act<'a> = Box<dyn Fn(&ApplyEvent, usize) + Send + Sync + 'a>;

/// Keeps all events, and calls for each.
pub struct Watcher<'a> {
    events: Mutex<Vec<ApplyEvent>>,
    act: Act<'a>,
}

impl<'a> Watcher<'a> {
    /// Watches only.
    #[must_use]
    pub fn new() -> Self {
        Self::acting(|_, _| {})
    }

    /// Calls this for each event, with the number of batches so far.
    pub fn acting(act: impl Fn(&ApplyEvent, usize) + Send + Sync + 'a) -> Self {
        Self { events: Mutex::default(), act: Box::new(act) }
    }

    /// How many events are such.
    pub fn count(&self, is: impl Fn(&ApplyEvent) -> bool) -> usize {
        self.events.lock().expect("the events").iter().filter(|event| is(event)).count()
    }

    /// What throttles and operators said.
    pub fn pauses(&self) -> Vec<String> {
        let events = self.events.lock().expect("the events");
        let said = events.iter().filter_map(|event| match event {
            ApplyEvent::Paused { by, why } => Some(format!("{by}: {why}")),
            _ => None,
        });
        said.collect()
    }

    /// All of them.
    pub fn events(&self) -> Vec<ApplyEvent> {
        self.events.lock().expect("the events").clone()
    }
}

impl Default for Watcher<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Watcher<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").field("events", &self.events).finish_non_exhaustive()
    }
}

impl ApplyObserver for Watcher<'_> {
    fn on_event(&self, event: &ApplyEvent) {
        self.events.lock().expect("the events").push(event.clone());
        let batches = self.count(|event| matches!(event, ApplyEvent::Batch(_)));
        (self.act)(event, batches);
    }
}

/// Every release that a plan asks for is out.
#[derive(Clone, Copy, Debug)]
pub struct Released;

#[async_trait::async_trait]
impl Hook for Released {
    async fn is_released(&self, _: &Step) -> bool {
        true
    }
}

/// The first column of each row of a query, `; ` between.
///
/// # Panics
/// Where the server will not have it.
pub async fn ask(database: &Database, sql: &str) -> String {
    let session = database.session().await.expect("a session");
    let rows = session.query(sql, &[]).await.unwrap_or_else(|error| panic!("{error:?}: {sql}"));
    let rows = rows.iter().map(|row| row.get::<_, Option<String>>(0).unwrap_or_default());
    rows.collect::<Vec<_>>().join("; ")
}

/// Runs SQL.
///
/// # Panics
/// Where the server will not have it.
pub async fn run_sql(database: &Database, sql: &str) {
    let session = database.session().await.expect("a session");
    session.batch_execute(sql).await.unwrap_or_else(|error| panic!("{error:?}: {sql}"));
}

/// Demands that no state, no lock and no half of an index is left.
///
/// # Panics
/// Where something is.
pub async fn nothing_is_left(database: &Database) {
    let left = "select coalesce(to_regnamespace('pgsre_migrate')::text, '') || \
                (select count(*) from pg_locks where locktype = 'advisory') || \
                (select count(*) from pg_index where not indisvalid)";
    assert_eq!(ask(database, left).await, "00", "state, a lock or an invalid index is left");
}

/// The plan of a change of this database.
///
/// # Panics
/// Where its schema cannot be read.
pub async fn plan(database: &Database, sql: &str) -> Plan {
    let schema = Schema::read(database, &CancellationToken::new()).await.expect("a schema");
    Linter::with_schema(database.version().major(), schema).plan("42_change.sql", sql)
}

/// Quick, so that a test need not wait.
#[must_use]
pub fn quick(plan: Plan) -> Apply {
    let patience = Patience {
        lock_timeout: Some(Duration::from_millis(200)),
        first_wait: Duration::from_millis(50),
        longest_wait: Duration::from_millis(200),
        ..Patience::default()
    };
    let pace = Pace { first_size: 500, most_size: 2000, ..Pace::default() };
    Apply::new(plan).patience(patience).pace(pace).hook(Released)
}
