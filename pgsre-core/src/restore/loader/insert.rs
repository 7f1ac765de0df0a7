//! Data in `INSERT` statements: sent many at a time, counted by the server.

use std::borrow::Cow;
use std::time::Instant;

use super::connection::Text;
use super::head::display;
use super::{Loader, Task, Transaction};
use crate::archive::{ObjectName, StatementKind};
use crate::finding::{Finding, FindingCode};
use crate::restore::{LoadEvent, TableLoad, TargetError};

/// How much is sent at once.
const BATCH: usize = 256 << 10;

/// Consecutive `INSERT` statements into one table that wait to be sent.
#[derive(Debug, Default)]
pub(super) struct Inserts {
    waiting: Vec<Task>,
    bytes: usize,
    run: Option<TableLoad>,
}

/// How an `INSERT` that was sent by itself ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Alone {
    Took(u64),
    Failed { excused: bool },
}

impl Inserts {
    /// Whether a statement is one to be sent with others: outside of an explicit transaction, so
    /// that a rejected batch can be sent again one by one.
    pub(super) fn takes(&self, task: &Task, transaction: Transaction) -> bool {
        matches!(task.kind, StatementKind::Insert { .. })
            && matches!(task.text, Text::Utf8(_))
            && transaction == Transaction::None
    }

    fn is_full(&self) -> bool {
        self.bytes >= BATCH
    }

    fn table(&self) -> Option<&ObjectName> {
        self.run.as_ref().map(|run| &run.table)
    }

    fn sql(&self) -> Cow<'_, str> {
        if let [alone] = self.waiting.as_slice() {
            return alone.text.shown();
        }
        let mut sql = String::with_capacity(self.bytes + 3 * self.waiting.len());
        for task in &self.waiting {
            sql.push_str(&task.text.shown());
            sql.push_str("\n;\n");
        }
        Cow::Owned(sql)
    }
}

impl Loader<'_> {
    /// Takes an `INSERT`, to be sent with its neighbours.
    pub(super) async fn insert(&mut self, task: Task) -> Result<(), TargetError> {
        let StatementKind::Insert { table, .. } = &task.kind else { return Ok(()) };
        if self.inserts.table() != Some(table) {
            self.flush_inserts().await?;
            self.record.inserts();
            self.record.take_pristine(table);
            self.observer.on_load(&LoadEvent::TableStarted { table: table.clone() });
            self.inserts.run = Some(empty_load(table.clone(), task.line));
        }
        let length = task.text.shown().len();
        if self.inserts.bytes + length > 2 * BATCH {
            self.send_inserts().await?;
        }
        self.inserts.bytes += length;
        self.inserts.waiting.push(task);
        if self.inserts.is_full() { self.send_inserts().await } else { Ok(()) }
    }

    /// Sends what waits; the table's run of `INSERT`s is over.
    pub(super) async fn flush_inserts(&mut self) -> Result<(), TargetError> {
        self.send_inserts().await?;
        if let Some(run) = self.inserts.run.take() {
            self.tell_table(run);
        }
        Ok(())
    }

    async fn send_inserts(&mut self) -> Result<(), TargetError> {
        if self.inserts.waiting.is_empty() {
            return Ok(());
        }
        let begun = Instant::now();
        let sql = self.inserts.sql();
        let answer = self.connection.run_sql(&sql).await?;
        drop(sql);
        let tasks = std::mem::take(&mut self.inserts.waiting);
        let bytes = std::mem::take(&mut self.inserts.bytes);
        match answer {
            Ok(counts) if counts.len() == tasks.len() => {
                for (task, rows) in tasks.iter().zip(counts) {
                    self.inserted(task, rows);
                }
            }
            // A rule may answer for an INSERT with several commands, or with none.
            Ok(counts) => {
                if let Some(run) = &mut self.inserts.run {
                    run.rows += counts.iter().sum::<u64>();
                }
            }
            // The server undid the whole batch: find out which of them it was.
            Err(_) => self.insert_one_by_one(tasks).await?,
        }
        if let Some(run) = &mut self.inserts.run {
            run.bytes += bytes as u64;
            run.seconds += begun.elapsed().as_secs_f64();
        }
        Ok(())
    }

    async fn insert_one_by_one(&mut self, tasks: Vec<Task>) -> Result<(), TargetError> {
        for task in tasks {
            match self.connection.run(&task.text).await? {
                Ok(counts) => self.inserted(&task, counts.iter().sum()),
                Err(rejection) => {
                    let excused = self.rejected(&task, &rejection, &[]).await?.excuses();
                    if let Some(run) = &mut self.inserts.run {
                        run.excused = excused && (run.excused || !run.failed);
                        run.failed = true;
                    }
                }
            }
        }
        Ok(())
    }

    /// Notes an `INSERT` that was sent by itself: in a transaction of the archive's own.
    pub(super) fn inserted_alone(&mut self, task: &Task, outcome: Alone, seconds: f64) {
        let StatementKind::Insert { table, .. } = &task.kind else { return };
        self.record.inserts();
        self.record.take_pristine(table);
        let mut run = empty_load(table.clone(), task.line);
        run.bytes = task.text.shown().len() as u64;
        run.seconds = seconds;
        self.inserts.run = Some(run);
        match outcome {
            Alone::Took(rows) => self.inserted(task, rows),
            Alone::Failed { excused } => {
                if let Some(run) = &mut self.inserts.run {
                    (run.failed, run.excused) = (true, excused);
                }
            }
        }
        if let Some(run) = self.inserts.run.take() {
            self.record.table(&run);
        }
    }

    /// Counts the rows of one `INSERT`, and compares them with what it lists.
    fn inserted(&mut self, task: &Task, rows: u64) {
        if let Some(run) = &mut self.inserts.run {
            run.rows += rows;
        }
        let StatementKind::Insert { table, rows: Some(listed) } = &task.kind else { return };
        if rows == *listed {
            return;
        }
        if task.text.shown().contains("ON CONFLICT DO NOTHING") {
            return self.record.note(format!(
                "{}: ON CONFLICT DO NOTHING left out rows that were there already",
                display(table)
            ));
        }
        let place = task.counted.at(task.line);
        let finding = Finding::critical(
            FindingCode::RowsMismatch,
            display(table),
            format!("{place}: {listed} rows in the backup, {rows} taken by the server"),
        );
        self.record.finding(task.line, finding);
    }
}

fn empty_load(table: ObjectName, line: u64) -> TableLoad {
    TableLoad {
        table,
        rows: 0,
        bytes: 0,
        seconds: 0.0,
        connections: 1,
        line,
        failed: false,
        excused: false,
    }
}
