//! A statement's way: held back, decoded, adapted, sent, and written down.

use std::time::{Duration, Instant};

use super::adapt::{self, Action};
use super::connection::{Answer, Text};
use super::encoding::Encoding;
use super::insert::Alone;
use super::post::Turn;
use super::{Loader, Task, Transaction, event_triggers, spelling};
use crate::archive::{
    Declaration, LargeObjectCall, Statement, StatementKind, TableKind, declarations,
    roles_mentioned,
};
use crate::restore::{LoadEvent, SequenceSet, TargetError};

impl Loader<'_> {
    pub(super) async fn statement(&mut self, statement: Statement) -> Result<(), TargetError> {
        if event_triggers::is_of_one(&statement) {
            self.event_triggers.push(statement);
            return Ok(());
        }
        if self.holds(&statement).await? {
            self.hold(statement);
            return Ok(());
        }
        self.statement_now(statement).await
    }

    pub(super) async fn statement_now(&mut self, statement: Statement) -> Result<(), TargetError> {
        if let StatementKind::SetClientEncoding(name) = &statement.kind {
            self.flush_inserts().await?;
            self.connection.set_encoding(Encoding::named(name));
            return Ok(());
        }
        let text = match self.connection.decode(&statement.sql).await? {
            Ok(text) => text,
            Err(rejection) => return self.undecodable(&statement, &rejection).await,
        };
        let Statement { sql, kind, line, entry, section, dependencies } = statement;
        // It may be long, and the text stands for it from here on.
        drop(sql);
        let kind = spelling::exact_kind(kind, self.connection.encoding(), &text);
        let task = Task { kind, text, line, counted: self.manner.counted, entry };
        if self.inserts.takes(&task, self.transaction) {
            self.settle_data().await?;
            return self.insert(task).await;
        }
        self.flush_inserts().await?;
        match self.turn(&task.kind, section).await? {
            Turn::Now => {}
            Turn::AfterData => self.settle_data().await?,
            Turn::AfterAll => self.settle_all().await?,
            Turn::Later => return self.later(task, dependencies).await,
        }
        self.perform(task).await
    }

    /// Carries out one statement, as written or otherwise.
    async fn perform(&mut self, mut task: Task) -> Result<(), TargetError> {
        if let Transaction::Failed { excused } = self.transaction {
            return self.skip(&task, excused).await;
        }
        let major = self.connection.major();
        match adapt::adapt(self.place, major, &task.kind, &task.text.shown()) {
            Action::Send => {}
            Action::Rewrite(sql) => task.text = Text::Utf8(sql),
            Action::Leave(note) => return self.left_out(&task, note),
        }
        if task.kind == StatementKind::Definition {
            self.in_order.forget();
        }
        let missing_roles = self.provide_roles(&task).await?;
        let (answer, took) = self.send(&task).await?;
        match answer {
            Ok(counts) => {
                let rows = counts.iter().sum();
                self.inserted_alone(&task, Alone::Took(rows), took.as_secs_f64());
                self.done(&task, took);
            }
            Err(rejection) if self.create_in_another_locale(&task, &rejection).await? => {}
            Err(rejection) => {
                let judgement = self.rejected(&task, &rejection, &missing_roles).await?;
                let outcome = Alone::Failed { excused: judgement.excuses() };
                self.inserted_alone(&task, outcome, took.as_secs_f64());
            }
        }
        Ok(())
    }

    /// A statement is not sent at this place.
    pub(super) fn left_out(
        &mut self,
        task: &Task,
        note: Option<String>,
    ) -> Result<(), TargetError> {
        if let Some(note) = note {
            self.record.note(note);
        }
        self.declare(task, true);
        Ok(())
    }

    pub(super) async fn send(
        &mut self,
        task: &Task,
    ) -> Result<(Answer<Vec<u64>>, Duration), TargetError> {
        let begun = Instant::now();
        let answer = self.connection.run(&task.text).await?;
        Ok((answer, begun.elapsed()))
    }

    /// Creates the roles that a statement mentions, in a server of our own; elsewhere, those that
    /// are missing.
    pub(super) async fn provide_roles(&mut self, task: &Task) -> Result<Vec<String>, TargetError> {
        let Text::Utf8(sql) = &task.text else { return Ok(Vec::new()) };
        if matches!(task.kind, StatementKind::Global { .. }) {
            self.roles.forget();
            return Ok(Vec::new());
        }
        let mentioned = roles_mentioned(sql);
        if mentioned.is_empty() {
            return Ok(Vec::new());
        }
        let missing = self.roles.missing(&mut self.connection, mentioned).await?;
        if !self.place.owns_server {
            return Ok(missing);
        }
        for role in missing {
            self.roles.create(self.place, self.connection.database(), &role).await?;
            self.record.note(format!("role {role} was created without rights"));
        }
        Ok(Vec::new())
    }

    /// Writes down what a statement did.
    pub(super) fn done(&mut self, task: &Task, took: Duration) {
        match &task.kind {
            StatementKind::Begin => self.transaction = Transaction::Open { line: task.line },
            StatementKind::Commit => self.transaction = Transaction::None,
            StatementKind::TransactionControl => self.transaction_control(task),
            StatementKind::SetSequence { sequence, value, is_called } => {
                let (sequence, value, is_called) = (sequence.clone(), *value, *is_called);
                self.record.sequence(SequenceSet { sequence, value, is_called });
            }
            StatementKind::LargeObject(LargeObjectCall::Create(_)) => self.record.large_object(),
            StatementKind::Set { name, value } => {
                if name == "row_security" && value.as_deref().is_some_and(spelling::is_on) {
                    self.record.row_security();
                }
                self.connection.remember(name, &task.text.shown());
            }
            StatementKind::SetConfig { name, .. } => {
                self.connection.remember(name, &task.text.shown());
            }
            StatementKind::Insert { .. } => {}
            StatementKind::Database { verb: "CREATE DATABASE", name } => {
                self.made.insert(name.clone());
            }
            _ => self.declare(task, false),
        }
        let head = task.head();
        self.record.timed(&head, task.line, took);
        let seconds = took.as_secs_f64();
        self.observer.on_load(&LoadEvent::Statement { head, seconds });
    }

    /// `ROLLBACK` and its like, which only hand-written SQL has.
    fn transaction_control(&mut self, task: &Task) {
        let shown = task.text.shown().to_ascii_uppercase();
        let ends = shown.starts_with("ROLLBACK") || shown.starts_with("ABORT");
        if ends && !shown.contains(" TO ") {
            self.transaction = Transaction::None;
        }
    }

    pub(super) fn declare(&mut self, task: &Task, excused: bool) {
        let Text::Utf8(sql) = &task.text else {
            self.record.note("objects whose names are in no known encoding were not checked");
            return;
        };
        let objects = declarations(sql);
        if !excused {
            for object in &objects {
                if let Declaration::Table { name, kind: TableKind::Ordinary, .. } = object {
                    self.record.pristine(name.clone());
                    self.post.made_table(name);
                }
            }
        }
        self.record.declared(objects, task.line, excused);
    }

    /// Leaves out what stands in a transaction that has failed.
    async fn skip(&mut self, task: &Task, excused: bool) -> Result<(), TargetError> {
        match &task.kind {
            StatementKind::Commit => self.transaction = Transaction::None,
            StatementKind::TransactionControl => self.transaction_control(task),
            StatementKind::Insert { .. } => {
                self.inserted_alone(task, Alone::Failed { excused }, 0.0);
            }
            _ => self.declare(task, excused),
        }
        Ok(())
    }
}
