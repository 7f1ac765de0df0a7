//! The tables that are being filled, and those that wait.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{Notify, Semaphore};

use super::super::Task;
use super::super::connection::Settings;
use super::super::rejection::Rejection;
use super::budget;
use super::queue::Queue;
use crate::archive::{CopyEnd, CopyHead, ObjectName, TableData};
use crate::restore::TableLoad;

/// The tables that are being filled.
#[derive(Debug)]
pub(in crate::restore::loader) struct Fills {
    pub(super) open: BTreeMap<usize, Fill>,
    /// Data apart that nobody reads yet, smallest first.
    pub(super) waiting: Vec<Waiting>,
    pub(super) next: usize,
    /// For rows of the stream.
    pub(super) budget: Arc<Semaphore>,
    /// For rows that are read apart.
    pub(super) budget_apart: Arc<Semaphore>,
    /// Told when more waits somewhere than its senders take.
    pub(super) backed_up: Arc<Notify>,
}

impl Default for Fills {
    fn default() -> Self {
        Self {
            open: BTreeMap::new(),
            waiting: Vec::new(),
            next: 0,
            budget: budget::whole(),
            budget_apart: budget::whole(),
            backed_up: Arc::default(),
        }
    }
}

/// One table's data on its way.
#[derive(Debug)]
pub(super) struct Fill {
    pub(super) task: Task,
    pub(super) head: CopyHead,
    pub(super) table: ObjectName,
    pub(super) sql: String,
    pub(super) settings: Settings,
    pub(super) queue: Arc<Queue>,
    pub(super) begun: Instant,
    pub(super) way: Way,
    /// Bytes that were put into the queue from the stream.
    pub(super) put: usize,
    /// Connections that send now, and those that ever did.
    pub(super) sending: u32,
    pub(super) connections: u32,
    pub(super) rows: u64,
    pub(super) rejection: Option<Rejection>,
    /// Whether all was read, and how it ended.
    pub(super) read: Option<Option<CopyEnd>>,
    pub(super) told: u64,
}

/// How the rows of a table go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It is not known yet how many there are.
    Undecided,
    /// Over one connection, which empties the table first: so nothing goes to the WAL.
    Alone,
    /// Over any number of connections.
    Shared,
}

#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) data: TableData,
    pub(super) task: Task,
    pub(super) head: CopyHead,
    pub(super) settings: Settings,
    pub(super) sql: String,
    pub(super) ambiguous: bool,
}

impl Fills {
    /// Whether there is data that is handed out and not in.
    pub(in crate::restore::loader) fn are_open(&self) -> bool {
        !self.open.is_empty() || !self.waiting.is_empty()
    }

    /// Forgets everything: it was given up.
    pub(in crate::restore::loader) fn give_up(&mut self) {
        self.waiting.clear();
        for fill in std::mem::take(&mut self.open).into_values() {
            fill.queue.give_up();
        }
    }

    /// Told when one more connection would help.
    pub(in crate::restore::loader) fn more_wanted(&self) -> Arc<Notify> {
        Arc::clone(&self.backed_up)
    }

    pub(super) fn add(&mut self, fill: Fill) -> usize {
        let id = self.next;
        self.next += 1;
        self.open.insert(id, fill);
        id
    }

    /// A table that waits for its first connection.
    pub(super) fn unattended(&self) -> Option<usize> {
        let waits = |fill: &Fill| fill.way != Way::Undecided && fill.connections == 0;
        self.open.iter().find(|(_, fill)| waits(fill)).map(|(id, _)| *id)
    }

    /// A table that one more connection would help.
    pub(super) fn backed_up(&self) -> Option<usize> {
        let helps = |fill: &Fill| fill.way == Way::Shared && fill.queue.is_backed_up();
        let backed = self.open.iter().filter(|(_, fill)| fill.rejection.is_none() && helps(fill));
        backed.min_by_key(|(_, fill)| fill.sending).map(|(id, _)| *id)
    }
}

impl Fill {
    pub(super) fn is_done(&self) -> bool {
        self.read.is_some() && self.sending == 0 && self.connections > 0
    }

    pub(super) fn piece(&self) -> TableLoad {
        TableLoad {
            table: self.table.clone(),
            rows: self.rows,
            bytes: self.read.flatten().map_or(0, |end| end.bytes),
            seconds: self.begun.elapsed().as_secs_f64(),
            connections: self.connections,
            line: self.task.line,
            failed: self.read.flatten().is_none(),
            excused: false,
        }
    }
}
