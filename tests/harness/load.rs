//! Somebody who writes all the time, so that there is always something to replicate.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use pgsre_core::Database;
use pgsre_core::postgres::ConnectConfig;
use tokio::task::JoinHandle;

/// How often a row is written.
const PACE: Duration = Duration::from_millis(100);

/// A row ten times a second, until it is dropped.
#[derive(Debug)]
pub struct Load {
    written: Arc<Mutex<Vec<Timestamp>>>,
    task: JoinHandle<()>,
}

impl Load {
    /// Begins to write on this server. Where the server goes down, it waits for it.
    ///
    /// # Panics
    /// Where no table can be made.
    pub async fn on(server: &ConnectConfig) -> Self {
        let database = Database::connect(server.clone()).await.expect("a connection");
        let session = database.session().await.expect("a session");
        let table = "create table if not exists load (at timestamptz)";
        session.batch_execute(table).await.expect("a table");
        let written = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&written);
        let task = tokio::spawn(async move {
            loop {
                let Ok(session) = database.session().await else {
                    tokio::time::sleep(PACE).await;
                    continue;
                };
                let row = "insert into load values (clock_timestamp())";
                while session.batch_execute(row).await.is_ok() {
                    noted.lock().expect("the times").push(Timestamp::now());
                    tokio::time::sleep(PACE).await;
                }
            }
        });
        Self { written, task }
    }

    /// When the first row after this time was written.
    #[must_use]
    pub fn first_after(&self, time: Timestamp) -> Option<Timestamp> {
        let written = self.written.lock().expect("the times");
        written.iter().find(|at| **at > time).copied()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.task.abort();
    }
}
