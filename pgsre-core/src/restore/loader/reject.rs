//! What a rejected statement leads to.

use super::connection::Text;
use super::judge::{self, Judgement, Rejected};
use super::rejection::Rejection;
use super::{Loader, Task, Transaction};
use crate::archive::{Statement, StatementKind};
use crate::finding::{Finding, FindingCode};
use crate::restore::{TableLoad, TargetError};

/// How many rejections may wait for their judgement.
const MOST_STASHED: usize = 1_000;

/// What `pg_dump --table` and `--schema` leave out cannot be told from what was lost.
const PART: &str = "\
    this looks like a part of a database: what the statement refers to is not in the backup. If it \
    was taken with --table, --schema or an exclusion, take a whole dump; if not, it is damaged";

/// What was rejected while other things ran: judged in the archive's order once they are done,
/// because what follows from what shows in that order only.
#[derive(Debug, Default)]
pub(super) struct Stash(Vec<Stashed>);

/// A rejection that is not judged yet.
#[derive(Debug)]
pub(super) struct Stashed {
    pub(super) task: Task,
    pub(super) rejection: Rejection,
    pub(super) missing_roles: Vec<String>,
    /// The table whose data it was.
    pub(super) piece: Option<TableLoad>,
}

impl Stash {
    pub(super) fn add(&mut self, stashed: Stashed) {
        self.0.push(stashed);
    }

    /// Whether there is so much that it must be judged before more comes.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MOST_STASHED
    }

    /// Takes out everything, or what was data, in the archive's order.
    fn take(&mut self, data_only: bool) -> Vec<Stashed> {
        let all = std::mem::take(&mut self.0).into_iter();
        let (mut taken, left): (Vec<_>, _) =
            all.partition(|stashed| !data_only || stashed.piece.is_some());
        self.0 = left;
        taken.sort_by_key(|stashed| stashed.task.line);
        taken
    }
}

impl Loader<'_> {
    pub(super) async fn rejected(
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
            newer_writer: self.manner.writer.filter(|writer| *writer > self.connection.major()),
        });
        match &judgement {
            Judgement::Harmless => {
                self.record.note(format!("expected, so no finding: {}", rejection.message));
            }
            Judgement::Environment(findings) => {
                let line = task.line;
                findings.iter().cloned().for_each(|finding| self.record.finding(line, finding));
            }
            Judgement::Consequence => {}
            Judgement::Fault => {
                let finding = Finding::critical(
                    FindingCode::RestoreStatementFailed,
                    subject,
                    rejected_with(rejection),
                );
                let hint = if self.judge.looks_like_a_part(rejection) {
                    PART
                } else {
                    "restore the backup by hand up to there to see what is missing"
                };
                self.record.finding(task.line, finding.with_hint(hint));
            }
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

    pub(super) async fn undecodable(
        &mut self,
        statement: &Statement,
        rejection: &Rejection,
    ) -> Result<(), TargetError> {
        self.flush_inserts().await?;
        let (kind, line) = (statement.kind.clone(), statement.line);
        let text = Text::Raw(statement.sql.clone());
        let (counted, entry) = (self.manner.counted, statement.entry.clone());
        let task = Task { kind, text, line, counted, entry };
        self.rejected(&task, rejection, &[]).await?;
        Ok(())
    }

    /// Judges what was rejected while other things ran.
    pub(super) async fn judge_stash(&mut self, data_only: bool) -> Result<(), TargetError> {
        for stashed in self.stash.take(data_only) {
            let Stashed { task, rejection, missing_roles, piece } = stashed;
            let judgement = self.rejected(&task, &rejection, &missing_roles).await?;
            if let Some(mut piece) = piece {
                piece.excused = judgement.excuses();
                self.tell_table(piece);
            }
        }
        Ok(())
    }
}

fn rejected_with(rejection: &Rejection) -> String {
    match rejection.row {
        Some(row) => format!("the server rejected row {row} of it: {}", rejection.quoted()),
        None => format!("the server rejected it: {}", rejection.quoted()),
    }
}
