//! Data in `COPY … FROM stdin` blocks: bytes pass through untouched, rows are counted by the server.

use std::pin::Pin;
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use futures::SinkExt;
use tokio_postgres::CopyInSink;

use super::connection::{Answer, Text, answer_of};
use super::head::display;
use super::rejection::Rejection;
use super::{ArchiveItems, Loader, Task, Transaction, until_cancelled};
use crate::archive::{
    ArchiveError, ArchiveItem, CopyEnd, CopyHead, CopyStart, DataReader, ObjectName, SqlDialect,
    StatementKind, TableData, parse_copy,
};
use crate::finding::{Finding, FindingCode};
use crate::postgres::quote_identifier;
use crate::restore::{LoadEvent, TableLoad, TargetError};

/// How the data of one COPY ended in the archive.
enum DataEnd {
    Complete(CopyEnd),
    /// The archive is broken inside of it; that is said already.
    Broken,
}

/// How one COPY ended.
struct Copied {
    /// Rows that the server took, or why it did not.
    answer: Answer<u64>,
    end: DataEnd,
}

impl Loader<'_> {
    /// Sends a block of data. Whether there is more to do behind it.
    pub(super) async fn copy(
        &mut self,
        start: CopyStart,
        items: &mut dyn ArchiveItems,
    ) -> Result<bool, TargetError> {
        self.flush_inserts().await?;
        let begun = Instant::now();
        let (task, head) = match self.copy_task(&start).await? {
            Ok(task) => task,
            Err(rejection) => {
                let task = self.copy_as_written(&start);
                return self.copy_failed(&start.table, &task, &rejection, begun, items).await;
            }
        };
        let table = head.table.clone().unwrap_or(start.table);
        if let Transaction::Failed { excused } = self.transaction {
            return self.copy_skipped(table, task.line, excused, items).await;
        }
        self.observer.on_load(&LoadEvent::TableStarted { table: table.clone() });
        let sql = self.copy_sql(&task, &head);
        let alone = self.begin_alone(&table).await?;
        let copied = self.send_copy(&sql, items).await?;
        self.end_alone(alone, copied.answer.is_ok()).await?;
        let end = match copied.end {
            DataEnd::Complete(end) => Some(end),
            DataEnd::Broken => None,
        };
        let mut piece = load(table, task.line, begun, end);
        match copied.answer {
            Ok(rows) => {
                piece.rows = rows;
                piece.failed = end.is_none();
                self.compare(&piece, &head, end);
            }
            Err(rejection) => {
                piece.failed = true;
                if end.is_some() {
                    piece.excused = self.rejected(&task, &rejection, &[]).await?.excuses();
                }
            }
        }
        self.tell_table(piece);
        Ok(end.is_some())
    }

    /// Sends data that is to be read by itself, over the main connection.
    pub(super) async fn copy_apart(&mut self, data: TableData) -> Result<bool, TargetError> {
        let reader = match until_cancelled(self.cancel, data.open()).await? {
            Ok(reader) => reader,
            Err(error) => return Ok(self.archive_error(&error).await),
        };
        let mut apart = Apart { reader, key: self.key.clone() };
        self.copy(data.start, &mut apart).await
    }

    /// The statement to send.
    pub(super) fn copy_sql(&self, task: &Task, head: &CopyHead) -> String {
        with_encoding(&task.text.shown(), head, self.connection.copy_encoding())
    }

    /// The statement in UTF-8, and its parts.
    pub(super) async fn copy_task(
        &mut self,
        start: &CopyStart,
    ) -> Result<Answer<(Task, CopyHead)>, TargetError> {
        let text = match self.connection.decode(&start.sql).await? {
            Ok(text) => text,
            Err(rejection) => return Ok(Err(rejection)),
        };
        Ok(match parse_copy(text.shown().as_bytes(), SqlDialect::default()) {
            Some(head) if matches!(text, Text::Utf8(_)) => {
                let kind = StatementKind::CopyIn(head.clone());
                let entry = start.entry.clone();
                let (line, counted) = (start.line, self.manner.counted);
                Ok((Task { kind, text, line, counted, entry }, head))
            }
            _ => Err(Rejection::new(
                "22021",
                "the COPY statement names its table in no known encoding",
            )),
        })
    }

    fn copy_as_written(&self, start: &CopyStart) -> Task {
        let (text, entry) = (Text::Raw(start.sql.clone()), start.entry.clone());
        let (line, counted) = (start.line, self.manner.counted);
        Task { kind: StatementKind::Definition, text, line, counted, entry }
    }

    async fn copy_failed(
        &mut self,
        table: &ObjectName,
        task: &Task,
        rejection: &Rejection,
        begun: Instant,
        items: &mut dyn ArchiveItems,
    ) -> Result<bool, TargetError> {
        let excused = self.rejected(task, rejection, &[]).await?.excuses();
        let end = self.drop_data(items).await?;
        let mut piece = load(table.clone(), task.line, begun, end);
        (piece.failed, piece.excused) = (true, excused);
        self.tell_table(piece);
        Ok(end.is_some())
    }

    async fn copy_skipped(
        &mut self,
        table: ObjectName,
        line: u64,
        excused: bool,
        items: &mut dyn ArchiveItems,
    ) -> Result<bool, TargetError> {
        let begun = Instant::now();
        let end = self.drop_data(items).await?;
        let mut piece = load(table, line, begun, end);
        (piece.failed, piece.excused) = (true, excused);
        self.tell_table(piece);
        Ok(end.is_some())
    }

    /// In a server of our own, truncates a table that this load made in the transaction of its
    /// data: with `wal_level = minimal` the rows then need no WAL, as `pg_restore` has it.
    async fn begin_alone(&mut self, table: &ObjectName) -> Result<bool, TargetError> {
        let pristine = self.record.take_pristine(table);
        if !pristine || !self.place.owns_server || self.transaction != Transaction::None {
            return Ok(false);
        }
        let sql = format!("BEGIN; TRUNCATE TABLE ONLY {}", quoted(table));
        if self.connection.run_sql(&sql).await?.is_ok() {
            return Ok(true);
        }
        self.connection.must("rolling back", "ROLLBACK").await?;
        Ok(false)
    }

    async fn end_alone(&mut self, alone: bool, sound: bool) -> Result<(), TargetError> {
        match (alone, sound) {
            (false, _) => Ok(()),
            (true, true) => self.connection.must("committing a table's data", "COMMIT").await,
            (true, false) => self.connection.must("rolling back", "ROLLBACK").await,
        }
    }

    async fn send_copy(
        &mut self,
        sql: &str,
        items: &mut dyn ArchiveItems,
    ) -> Result<Copied, TargetError> {
        let opening = self.connection.session().copy_in::<_, Bytes>(sql);
        let sink = self.connection.cancellable(opening).await?;
        let sink = match answer_of("COPY", sink)? {
            Ok(sink) => sink,
            Err(rejection) => {
                self.connection.reopen().await?;
                let end = self.drop_data(items).await?;
                let end = end.map_or(DataEnd::Broken, DataEnd::Complete);
                return Ok(Copied { answer: Err(rejection), end });
            }
        };
        let mut sink = Box::pin(sink);
        let end = self.pump(sink.as_mut(), items).await?;
        if matches!(end, DataEnd::Broken) {
            // Dropping the sink makes the server give up the COPY.
            drop(sink);
            let rejection = Rejection::new("57014", "given up, because the data ends too early");
            self.connection.reopen().await?;
            return Ok(Copied { answer: Err(rejection), end });
        }
        let finished = self.connection.cancellable(sink.as_mut().finish()).await?;
        let answer = answer_of("COPY", finished)?;
        if answer.is_err() {
            drop(sink);
            self.connection.reopen().await?;
        }
        Ok(Copied { answer, end })
    }

    /// Passes data on to the server, which may have stopped to listen.
    async fn pump(
        &mut self,
        mut sink: Pin<&mut CopyInSink<Bytes>>,
        items: &mut dyn ArchiveItems,
    ) -> Result<DataEnd, TargetError> {
        loop {
            match self.next_data(items).await? {
                Data::Piece(piece) => {
                    // The server's word, or the broken connection, shows when the COPY ends.
                    let _ = self.connection.cancellable(sink.feed(piece)).await?;
                }
                Data::End(end) => return Ok(end),
            }
        }
    }

    /// Reads data without sending it.
    async fn drop_data(
        &mut self,
        items: &mut dyn ArchiveItems,
    ) -> Result<Option<CopyEnd>, TargetError> {
        loop {
            match self.next_data(items).await? {
                Data::Piece(_) => {}
                Data::End(DataEnd::Complete(end)) => return Ok(Some(end)),
                Data::End(DataEnd::Broken) => return Ok(None),
            }
        }
    }

    async fn next_data(&mut self, items: &mut dyn ArchiveItems) -> Result<Data, TargetError> {
        let item = until_cancelled(self.cancel, items.next()).await?;
        self.tell_read(items.bytes_read());
        Ok(match item {
            Ok(Some(ArchiveItem::CopyData(piece))) => Data::Piece(piece),
            Ok(Some(ArchiveItem::CopyEnd(end))) => Data::End(DataEnd::Complete(end)),
            // The reader promises neither; without an end mark the data is not whole.
            Ok(_) => {
                self.data_without_end("COPY").await;
                Data::End(DataEnd::Broken)
            }
            Err(error) => {
                self.archive_error(&error).await;
                Data::End(DataEnd::Broken)
            }
        })
    }

    /// Every line of text is a row; the server must have taken each of them.
    pub(super) fn compare(&mut self, piece: &TableLoad, head: &CopyHead, end: Option<CopyEnd>) {
        let Some(end) = end else { return };
        if head.has_options || piece.rows == end.rows {
            return;
        }
        let place = self.manner.counted.at(piece.line);
        let finding = Finding::critical(
            FindingCode::RowsMismatch,
            display(&piece.table),
            format!("{place}: {} rows in the backup, {} taken by the server", end.rows, piece.rows),
        );
        self.record.finding(piece.line, finding);
    }
}

/// The items of one table's data.
struct Apart {
    reader: DataReader,
    key: String,
}

#[async_trait]
impl ArchiveItems for Apart {
    async fn next(&mut self) -> Result<Option<ArchiveItem>, ArchiveError> {
        self.reader.next().await
    }

    fn bytes_read(&self) -> u64 {
        // Told with the archive's next item.
        0
    }

    fn key(&self) -> &str {
        &self.key
    }
}

enum Data {
    Piece(Bytes),
    End(DataEnd),
}

fn load(table: ObjectName, line: u64, begun: Instant, end: Option<CopyEnd>) -> TableLoad {
    let bytes = end.map_or(0, |end| end.bytes);
    let seconds = begun.elapsed().as_secs_f64();
    TableLoad {
        table,
        rows: 0,
        bytes,
        seconds,
        connections: 1,
        line,
        failed: false,
        excused: false,
    }
}

pub(super) fn quoted(name: &ObjectName) -> String {
    let own = quote_identifier(&name.name);
    match &name.schema {
        Some(schema) => format!("{}.{own}", quote_identifier(schema)),
        None => own,
    }
}

/// The statement with the data's encoding. Options that are there already are left alone: only
/// hand-written SQL has them.
fn with_encoding(sql: &str, head: &CopyHead, encoding: Option<&str>) -> String {
    match encoding {
        Some(encoding) if !head.has_options => {
            let encoding = encoding.replace('\'', "''");
            format!("{sql} WITH (ENCODING '{encoding}')")
        }
        _ => sql.to_owned(),
    }
}
