//! What stands behind the data: indexes, keys, foreign keys and the rest, as soon as they can be had
//! and side by side.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::adapt::{self, Action};
use super::connection::{Beside, Settings, Text};
use super::lanes::{Finished, Lane};
use super::manner::Counted;
use super::reject::Stashed;
use super::{Loader, Task, Transaction};
use crate::archive::{Dependencies, ObjectName, Section, Statement, StatementKind, Subject};
use crate::restore::TargetError;

mod data;
mod graph;
mod memory;

use data::Data;
use graph::Graph;

/// How many statements of a stream may wait.
const MOST_WAITING: usize = 10_000;

/// What stands behind the data of one database.
#[derive(Debug, Default)]
pub(super) struct Post {
    /// Whether something was handed out that belongs behind the data.
    begun: bool,
    /// Whether everything is done that goes side by side: the rest goes in order.
    over: bool,
    graph: Graph,
    data: Data,
    /// What got into the way of something else, to be run by itself.
    again: Vec<(usize, Behind)>,
    /// With one connection only: what is to run once the data is in.
    held: Vec<Statement>,
}

/// A statement behind the data, ready to be sent.
#[derive(Debug)]
struct Behind {
    task: Task,
    settings: Settings,
    missing_roles: Vec<String>,
    /// The table whose rows it sorts.
    sorts: Option<ObjectName>,
}

/// A statement that ran beside others.
#[derive(Debug)]
pub(super) struct Ran {
    lane: Lane,
    id: usize,
    behind: Behind,
    outcome: Beside<Vec<u64>>,
    took: Duration,
}

/// When a statement is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// At once, whatever runs beside it.
    Now,
    /// Behind the data that was handed out.
    AfterData,
    /// Behind everything that was handed out.
    AfterAll,
    /// When what it needs is there.
    Later,
}

impl Post {
    /// Data of a table will come, or begins to.
    pub(super) fn data_announced(&mut self, table: &ObjectName) {
        self.data.announced(table);
    }

    /// All data of an announced piece is in.
    pub(super) fn data_is_in(&mut self, table: &ObjectName, bytes: u64) {
        self.data.is_in(table, bytes);
        self.graph.wake(Some(table), &self.data);
    }

    /// The archive hands data out before it is read: all that is to come is known early.
    pub(super) fn data_comes_apart(&mut self) {
        self.data.apart = true;
    }

    /// The archive made an ordinary table: its rows are in it, and nowhere else.
    pub(super) fn made_table(&mut self, table: &ObjectName) {
        self.data.made(table);
    }

    /// Whether statements of a stream are handed out and not done; data behind them finds their
    /// keys and triggers there.
    pub(super) fn comes_before_data(&self) -> bool {
        !self.data.table_of_contents && (self.graph.len() > 0 || !self.again.is_empty())
    }

    /// Forgets everything: it was given up.
    pub(super) fn give_up(&mut self) {
        *self = Self::default();
    }

    /// Whether something of this kind may run beside others.
    fn is_free(kind: &StatementKind) -> bool {
        matches!(
            kind,
            StatementKind::Definition
                | StatementKind::Owner(_)
                | StatementKind::Grant
                | StatementKind::DefaultPrivileges
                | StatementKind::RefreshMaterializedView(_)
                | StatementKind::Statistics
        )
    }
}

impl Behind {
    /// `memory` is what it sorts in; the server's own setting where there is none.
    async fn run(
        self,
        id: usize,
        mut lane: Lane,
        memory: Option<String>,
    ) -> Result<Finished, TargetError> {
        lane.connection.adopt(&self.settings).await?;
        if let Some(setting) = memory {
            lane.connection.must("giving memory to a statement", &setting).await?;
        }
        let begun = Instant::now();
        let outcome = lane.connection.run_beside(&self.task.text).await?;
        let took = begun.elapsed();
        Ok(Finished::Ran(Box::new(Ran { lane, id, behind: self, outcome, took })))
    }
}

impl Loader<'_> {
    /// Whether a statement must be kept until the data is in: where a table of contents hands it out
    /// before, and there is one connection only.
    pub(super) async fn holds(&mut self, statement: &Statement) -> Result<bool, TargetError> {
        self.post.begun |= statement.section == Section::PostData;
        Ok(self.post.begun
            && self.manner.counted == Counted::Entries
            && statement.section != Section::Data
            && !self.beside().await?)
    }

    pub(super) fn hold(&mut self, statement: Statement) {
        self.post.held.push(statement);
    }

    /// Runs what was kept, in the archive's order.
    pub(super) async fn run_held(&mut self) -> Result<(), TargetError> {
        for statement in std::mem::take(&mut self.post.held) {
            self.statement_now(statement).await?;
        }
        self.flush_inserts().await
    }

    /// When a statement is to run.
    pub(super) async fn turn(
        &mut self,
        kind: &StatementKind,
        section: Section,
    ) -> Result<Turn, TargetError> {
        let settles = matches!(
            kind,
            // What is set is handed on to whatever is begun later, and the others are about nothing
            // that is filled or built.
            StatementKind::Set { .. }
                | StatementKind::SetConfig { .. }
                | StatementKind::SetSequence { .. }
                | StatementKind::LargeObject(_)
        );
        let alone = self.manner.jobs == 1 || self.post.over;
        if settles || alone || self.transaction != Transaction::None {
            return Ok(Turn::Now);
        }
        self.post.begun |= section == Section::PostData;
        Ok(match section {
            Section::Data => Turn::AfterData,
            _ if self.post.begun && Post::is_free(kind) && self.beside().await? => Turn::Later,
            _ => Turn::AfterAll,
        })
    }

    /// Takes a statement that is to run when what it needs is there.
    pub(super) async fn later(
        &mut self,
        mut task: Task,
        dependencies: Option<Dependencies>,
    ) -> Result<(), TargetError> {
        let major = self.connection.major();
        match adapt::adapt(self.place, major, &task.kind, &task.text.shown()) {
            Action::Send => {}
            Action::Rewrite(sql) => task.text = Text::Utf8(sql),
            Action::Leave(note) => return self.left_out(&task, note),
        }
        let missing_roles = self.provide_roles(&task).await?;
        let subject = match &task.text {
            Text::Utf8(sql) if task.kind == StatementKind::Definition => Subject::of(sql),
            _ => Subject::Unknown,
        };
        if dependencies.is_none() {
            self.in_order.forget();
        }
        let settings = self.connection.settings();
        let sorts = memory::sorts(&subject, &task.text.shown());
        let place = self.post.graph.place(subject, dependencies.as_ref(), &self.post.data);
        let behind = Behind { task, settings, missing_roles, sorts };
        self.post.graph.add(behind, place, &self.post.data);
        while dependencies.is_none() && self.post.graph.len() > MOST_WAITING {
            if !self.step().await? {
                break;
            }
        }
        Ok(())
    }

    /// The archive has handed out everything of this database.
    pub(super) fn all_is_handed_out(&mut self) {
        self.post.data.complete = true;
        self.post.graph.wake(None, &self.post.data);
    }

    /// What is still to come in this database goes in order.
    pub(super) fn all_is_done(&mut self) {
        self.post.over = true;
    }

    /// Ends what belongs to one database.
    pub(super) fn next_post(&mut self) {
        self.post = Post::default();
        self.in_order.forget();
        self.post.data.table_of_contents = self.manner.counted == Counted::Entries;
    }

    /// Gives one lane a statement to run, if there is any that it could.
    pub(super) async fn begin_post(&mut self) -> Result<bool, TargetError> {
        // Data in line waits for nobody: leave it a lane.
        let reserved = usize::from(self.post.data.may_come_in_line());
        let must_wait = self.stash.is_full() || !self.post.again.is_empty();
        if must_wait || self.lanes.free() <= reserved {
            return Ok(false);
        }
        if !self.post.graph.has_ready() {
            return Ok(false);
        }
        let Some(lane) = self.lanes.take(&self.connection).await? else { return Ok(false) };
        let Some((id, behind)) = self.post.graph.begin() else {
            self.lanes.give_back(lane);
            return Ok(false);
        };
        self.tell_working(lane.number, Some(behind.task.head()));
        let sorted = behind.sorts.as_ref().map(|table| self.post.data.bytes(table));
        let memory = self.place.owns_server.then(|| memory::setting(sorted));
        self.lanes.begin(behind.run(id, lane, memory));
        Ok(true)
    }

    /// A statement ran beside others.
    pub(super) fn ran(&mut self, ran: Ran) {
        let Ran { lane, id, behind, outcome, took } = ran;
        self.tell_working(lane.number, None);
        self.lanes.give_back(lane);
        match outcome {
            Beside::Answered(Ok(_)) => self.done(&behind.task, took),
            Beside::Answered(Err(rejection)) => {
                let Behind { task, missing_roles, .. } = behind;
                self.stash.add(Stashed { task, rejection, missing_roles, piece: None });
            }
            Beside::Collided => {
                self.post.again.push((id, behind));
                return;
            }
        }
        self.post.graph.done(id, &self.post.data);
    }

    /// Runs one of those again that got into each other's way, when nothing else runs. Whether
    /// there was one.
    pub(super) async fn run_again(&mut self) -> Result<bool, TargetError> {
        if self.lanes.is_busy() || self.writes_large_objects() {
            return Ok(false);
        }
        let Some((id, behind)) = self.post.again.pop() else { return Ok(false) };
        let now = self.connection.settings();
        self.connection.adopt(&Arc::clone(&behind.settings)).await?;
        let (answer, took) = self.send(&behind.task).await?;
        // The archive may have set something else since.
        self.connection.adopt(&now).await?;
        match answer {
            Ok(_) => self.done(&behind.task, took),
            Err(rejection) => {
                let Behind { task, missing_roles, .. } = behind;
                self.stash.add(Stashed { task, rejection, missing_roles, piece: None });
            }
        }
        self.post.graph.done(id, &self.post.data);
        Ok(true)
    }

    /// Runs what nothing has woken, in the archive's order: nothing is ever left out.
    pub(super) async fn run_leftovers(&mut self) -> Result<(), TargetError> {
        while let Some((id, behind)) = self.post.graph.pop_first() {
            self.post.again.push((id, behind));
            self.run_again().await?;
        }
        Ok(())
    }
}
