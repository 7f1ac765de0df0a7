//! The loader: an archive's statements and COPY data, in order, over one connection.
//!
//! Every statement that the server rejects is judged: it speaks about the backup, about the
//! environment, or is to be expected. Only a target that breaks ends a load before the archive
//! does.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::{LoadEvent, LoadObserver, LoadReport, SequenceSet, TableLoad, TargetError};
use crate::archive::{
    ArchiveError, ArchiveItem, Connect, Declaration, EntryComment, LargeObjectCall, ObjectName,
    Statement, StatementKind, TableKind, declarations, roles_mentioned,
};
use crate::finding::{Finding, FindingCode};

mod adapt;
mod collation;
mod connection;
mod copy;
mod encoding;
mod event_triggers;
mod head;
mod insert;
mod items;
mod judge;
mod place;
mod record;
mod rejection;
mod roles;
mod spelling;
#[cfg(test)]
mod tests;

use adapt::Action;
use connection::{Connection, Text};
use encoding::Encoding;
use insert::{Alone, Inserts};
use judge::{Judge, Judgement, Rejected};
use record::Record;
use rejection::Rejection;
use roles::Roles;

pub(super) use connection::until_cancelled;
pub(super) use encoding::is_server_encoding;
pub(super) use items::ArchiveItems;
pub(super) use place::{Place, from_postgres};

/// Progress is told each time that this many more bytes were read.
const READ_STEP: u64 = 1 << 20;

/// Loads one archive.
pub(super) struct Loader<'a> {
    place: &'a Place,
    observer: &'a dyn LoadObserver,
    cancel: &'a CancellationToken,
    connection: Connection,
    transaction: Transaction,
    inserts: Inserts,
    judge: Judge,
    roles: Roles,
    record: Record,
    told: u64,
    /// Whether this database has the locale of the source.
    locale_known: bool,
    /// What makes this database's event triggers.
    event_triggers: Vec<Statement>,
    /// Databases that the archive made as it says.
    made: BTreeSet<String>,
}

/// The transaction that the archive itself began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transaction {
    None,
    Open {
        line: u64,
    },
    /// A statement of it was rejected: the rest is skipped up to its end.
    Failed {
        excused: bool,
    },
}

/// A statement as the loader passes it on.
#[derive(Debug)]
struct Task {
    kind: StatementKind,
    text: Text,
    line: u64,
    /// The entry of the dump that it stands in.
    entry: Option<EntryComment>,
}

impl Task {
    fn head(&self) -> String {
        head::head(&self.kind, &self.text.shown())
    }

    fn subject(&self) -> String {
        format!("line {}: {}", self.line, self.head())
    }
}

impl<'a> Loader<'a> {
    /// Loads everything.
    ///
    /// # Errors
    /// Where the target breaks or the run is cancelled. What is wrong with the archive is in the
    /// report.
    pub(super) async fn load(
        place: &'a Place,
        items: &mut dyn ArchiveItems,
        observer: &'a dyn LoadObserver,
        cancel: &'a CancellationToken,
    ) -> Result<LoadReport, TargetError> {
        let connection = Connection::open(place, &place.database, cancel).await?;
        let loader = Self {
            place,
            observer,
            cancel,
            connection,
            transaction: Transaction::None,
            inserts: Inserts::default(),
            judge: Judge::default(),
            roles: Roles::default(),
            record: Record::new(&place.database),
            told: 0,
            locale_known: place.locale_known,
            event_triggers: Vec::new(),
            made: BTreeSet::new(),
        };
        loader.run(items).await
    }

    async fn run(mut self, items: &mut dyn ArchiveItems) -> Result<LoadReport, TargetError> {
        loop {
            let item = until_cancelled(self.cancel, items.next()).await?;
            self.tell_read(items.bytes_read());
            let more = match item {
                Ok(Some(item)) => self.item(item, items).await?,
                Ok(None) => false,
                Err(error) => self.archive_error(items.key(), &error),
            };
            if !more {
                return self.finish().await;
            }
        }
    }

    /// Whether there is more to do behind this item.
    async fn item(
        &mut self,
        item: ArchiveItem,
        items: &mut dyn ArchiveItems,
    ) -> Result<bool, TargetError> {
        match item {
            ArchiveItem::Statement(statement) => self.statement(statement).await?,
            ArchiveItem::CopyStart(start) => return self.copy(start, items).await,
            ArchiveItem::EmptyData(entry) => {
                let EntryComment { schema, name, .. } = entry;
                self.record.empty_table(ObjectName { schema, name });
            }
            ArchiveItem::Connect(connect) => self.connect(&connect).await?,
            ArchiveItem::End(summary) => {
                self.record.archive(summary);
                return Ok(false);
            }
            // Data without a start: what its start was rejected for is said already.
            ArchiveItem::CopyData(_) | ArchiveItem::CopyEnd(_) => {}
            ArchiveItem::TableData(_)
            | ArchiveItem::LargeObjectStart(_)
            | ArchiveItem::LargeObjectData(_)
            | ArchiveItem::LargeObjectEnd(_) => {}
        }
        Ok(true)
    }

    async fn statement(&mut self, statement: Statement) -> Result<(), TargetError> {
        if event_triggers::is_of_one(&statement) {
            self.event_triggers.push(statement);
            return Ok(());
        }
        self.statement_now(statement).await
    }

    async fn statement_now(&mut self, statement: Statement) -> Result<(), TargetError> {
        if let StatementKind::SetClientEncoding(name) = &statement.kind {
            self.flush_inserts().await?;
            self.connection.set_encoding(Encoding::named(name));
            return Ok(());
        }
        let text = match self.connection.decode(&statement.sql).await? {
            Ok(text) => text,
            Err(rejection) => return self.undecodable(&statement, &rejection).await,
        };
        let Statement { sql, kind, line, entry, .. } = statement;
        // It may be long, and the text stands for it from here on.
        drop(sql);
        let kind = spelling::exact_kind(kind, self.connection.encoding(), &text);
        let task = Task { kind, text, line, entry };
        if self.inserts.takes(&task, self.transaction) {
            return self.insert(task).await;
        }
        self.flush_inserts().await?;
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
            Action::Leave(note) => {
                if let Some(note) = note {
                    self.record.note(note);
                }
                self.declare(&task, true);
                return Ok(());
            }
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

    async fn send(
        &mut self,
        task: &Task,
    ) -> Result<(connection::Answer<Vec<u64>>, Duration), TargetError> {
        let begun = Instant::now();
        let answer = self.connection.run(&task.text).await?;
        Ok((answer, begun.elapsed()))
    }

    /// Creates the roles that a statement mentions, in a server of our own; elsewhere, those that
    /// are missing.
    async fn provide_roles(&mut self, task: &Task) -> Result<Vec<String>, TargetError> {
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
    fn done(&mut self, task: &Task, took: Duration) {
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

    fn declare(&mut self, task: &Task, excused: bool) {
        let Text::Utf8(sql) = &task.text else {
            self.record.note("objects whose names are in no known encoding were not checked");
            return;
        };
        let objects = declarations(sql);
        if !excused {
            for object in &objects {
                if let Declaration::Table { name, kind: TableKind::Ordinary, .. } = object {
                    self.record.pristine(name.clone());
                }
            }
        }
        self.record.declared(objects, task.line, excused);
    }

    async fn rejected(
        &mut self,
        task: &Task,
        rejection: &Rejection,
        missing_roles: &[String],
    ) -> Result<Judgement, TargetError> {
        let subject = task.subject();
        let of_locale = self.may_be_of_locale(task, rejection).await?;
        let judgement = self.judge.judge(&Rejected {
            kind: &task.kind,
            sql: &task.text.shown(),
            subject: &subject,
            missing_roles,
            rejection,
            of_locale,
            only_data: self.is_only_data(task),
        });
        match &judgement {
            Judgement::Harmless => {
                self.record.note(format!("expected, so no finding: {}", rejection.message));
            }
            Judgement::Environment(findings) => {
                findings.iter().cloned().for_each(|finding| self.record.finding(finding));
            }
            Judgement::Consequence => {}
            Judgement::Fault => self.record.finding(
                Finding::critical(
                    FindingCode::RestoreStatementFailed,
                    subject,
                    format!("the server rejected it: {}", rejection.quoted()),
                )
                .with_hint("restore the backup by hand up to this line to see what is missing"),
            ),
        }
        let excused = judgement.excuses();
        if !matches!(task.kind, StatementKind::Drop) {
            self.declare(task, excused);
        }
        self.fail_transaction(task, excused).await?;
        Ok(judgement)
    }

    /// Whether the statement stands behind where a dump defines its tables, and nothing was defined.
    fn is_only_data(&self, task: &Task) -> bool {
        task.entry.as_ref().is_some_and(judge::is_behind_definitions) && !self.record.has_defined()
    }

    /// The server has given up the archive's transaction, if there was one.
    async fn fail_transaction(&mut self, task: &Task, excused: bool) -> Result<(), TargetError> {
        match (&task.kind, self.transaction) {
            (StatementKind::Commit, _) => self.transaction = Transaction::None,
            (_, Transaction::Open { .. }) => {
                self.connection.must("rolling back", "ROLLBACK").await?;
                self.transaction = Transaction::Failed { excused };
            }
            _ => {}
        }
        Ok(())
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

    async fn undecodable(
        &mut self,
        statement: &Statement,
        rejection: &Rejection,
    ) -> Result<(), TargetError> {
        self.flush_inserts().await?;
        let (kind, line) = (statement.kind.clone(), statement.line);
        let text = Text::Raw(statement.sql.clone());
        let task = Task { kind, text, line, entry: statement.entry.clone() };
        self.rejected(&task, rejection, &[]).await?;
        Ok(())
    }

    async fn connect(&mut self, to: &Connect) -> Result<(), TargetError> {
        self.flush_inserts().await?;
        self.make_event_triggers().await?;
        let database = adapt::connect(self.place, to).to_owned();
        if database == self.connection.database() {
            return Ok(());
        }
        let encoding = self.connection.encoding().clone();
        match Connection::open(self.place, &database, self.cancel).await {
            Ok(mut connection) => {
                connection.set_encoding(encoding);
                std::mem::replace(&mut self.connection, connection).close().await;
            }
            Err(error) => return Err(error),
        }
        self.transaction = Transaction::None;
        self.locale_known = self.made.contains(&database);
        self.judge.next_database();
        self.record.enter(&database);
        Ok(())
    }

    /// The archive is broken: that is a finding, and the end.
    fn archive_error(&mut self, key: &str, error: &ArchiveError) -> bool {
        self.record.finding(error.to_finding(key));
        false
    }

    async fn finish(mut self) -> Result<LoadReport, TargetError> {
        self.flush_inserts().await?;
        self.make_event_triggers().await?;
        if let Transaction::Open { line } = self.transaction {
            self.record.finding(Finding::critical(
                FindingCode::RestoreStatementFailed,
                format!("line {line}: BEGIN"),
                "the transaction is never committed, so nothing of it remains",
            ));
        }
        if let Some(summary) = self.judge.summary() {
            self.record.finding(summary);
        }
        self.connection.close().await;
        Ok(self.record.finish())
    }

    fn tell_read(&mut self, bytes: u64) {
        if bytes >= self.told + READ_STEP {
            self.told = bytes;
            self.observer.on_load(&LoadEvent::Read { bytes });
        }
    }

    fn tell_table(&mut self, piece: TableLoad) {
        self.record.table(&piece);
        self.observer.on_load(&LoadEvent::TableFinished { table: piece });
    }
}
