//! One connection's share of a table's rows.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use futures::SinkExt;
use tokio_postgres::CopyInSink;

use super::chunk::Chunk;
use super::queue::{Queue, Taken};
use crate::restore::TargetError;
use crate::restore::loader::connection::{Answer, Settings, answer_of};
use crate::restore::loader::lanes::{Finished, Lane};
use crate::restore::loader::rejection::Rejection;

/// How many runs of rows are remembered, to tell which row of the table a rejected one is. The
/// server's answer is not seen before the end of the COPY.
const REMEMBERED: usize = 1 << 16;

/// What a lane is to send.
#[derive(Debug)]
pub(in crate::restore::loader) struct Share {
    pub(in crate::restore::loader) fill: usize,
    pub(in crate::restore::loader) sql: String,
    /// The same where the table is empty, and only this transaction sees it.
    pub(in crate::restore::loader) frozen: String,
    /// What empties the table first, in the same transaction.
    pub(in crate::restore::loader) truncate: Option<String>,
    pub(in crate::restore::loader) settings: Settings,
    pub(in crate::restore::loader) queue: Arc<Queue>,
}

/// How a share ended.
#[derive(Debug)]
pub(in crate::restore::loader) struct Shared {
    pub(in crate::restore::loader) lane: Lane,
    pub(in crate::restore::loader) fill: usize,
    /// Rows that the server took; `None` where they were given up on another's account.
    pub(in crate::restore::loader) answer: Answer<Option<u64>>,
}

impl Share {
    /// Sends rows until there are no more.
    pub(in crate::restore::loader) async fn send(
        self,
        mut lane: Lane,
    ) -> Result<Finished, TargetError> {
        lane.connection.adopt(&self.settings).await?;
        let alone = self.begin_alone(&mut lane).await?;
        let sql = if alone { &self.frozen } else { &self.sql };
        let answer = self.copy(&mut lane, sql).await?;
        if answer.is_err() {
            self.queue.give_up();
        }
        match &answer {
            Ok(Some(_)) if alone => {
                lane.connection.must("committing a table's data", "COMMIT").await?;
            }
            Ok(Some(_)) => {}
            // That rolls back too.
            _ => lane.connection.reopen().await?,
        }
        Ok(Finished::Shared(Box::new(Shared { lane, fill: self.fill, answer })))
    }

    async fn begin_alone(&self, lane: &mut Lane) -> Result<bool, TargetError> {
        let Some(truncate) = &self.truncate else { return Ok(false) };
        if lane.connection.run_sql(&format!("BEGIN; {truncate}")).await?.is_ok() {
            return Ok(true);
        }
        lane.connection.must("rolling back", "ROLLBACK").await?;
        Ok(false)
    }

    async fn copy(&self, lane: &mut Lane, sql: &str) -> Result<Answer<Option<u64>>, TargetError> {
        let opening = lane.connection.session().copy_in::<_, Bytes>(sql);
        let opened = lane.connection.cancellable(opening).await?;
        let sink = match answer_of("COPY", opened)? {
            Ok(sink) => sink,
            Err(rejection) => return Ok(Err(rejection)),
        };
        let mut sink = Box::pin(sink);
        let mut rows = Rows::default();
        loop {
            match lane.connection.cancellable(self.queue.next(lane.number)).await? {
                Taken::Chunk(chunk) => {
                    rows.note(&chunk);
                    self.feed(lane, &mut sink, chunk).await?;
                }
                Taken::End => break,
                // Dropping the sink makes the server give up the COPY.
                Taken::GivenUp => return Ok(Ok(None)),
            }
        }
        let finished = lane.connection.cancellable(sink.as_mut().finish()).await?;
        let answer = answer_of("COPY", finished)?;
        Ok(answer.map(Some).map_err(|rejection| rows.placed(rejection)))
    }

    async fn feed(
        &self,
        lane: &Lane,
        sink: &mut std::pin::Pin<Box<CopyInSink<Bytes>>>,
        chunk: Chunk,
    ) -> Result<(), TargetError> {
        for piece in chunk.pieces {
            // The server's word, or the broken connection, shows when the COPY ends.
            let _ = lane.connection.cancellable(sink.feed(piece)).await?;
        }
        self.queue.note_sent(chunk.bytes as u64);
        Ok(())
    }
}

/// Which rows of the table a share's last rows are.
#[derive(Debug, Default)]
struct Rows {
    sent: u64,
    /// The first row as the server counts, the first row in the table's data, how many.
    last: VecDeque<(u64, u64, u64)>,
}

impl Rows {
    fn note(&mut self, chunk: &Chunk) {
        match self.last.back_mut() {
            Some((_, first, rows)) if *first + *rows == chunk.first_row => *rows += chunk.rows,
            _ => self.last.push_back((self.sent + 1, chunk.first_row, chunk.rows)),
        }
        if self.last.len() > REMEMBERED {
            self.last.pop_front();
        }
        self.sent += chunk.rows;
    }

    /// The rejection with its row in the table's data; without one where that is not known.
    fn placed(&self, mut rejection: Rejection) -> Rejection {
        rejection.row = rejection.row.and_then(|row| {
            let within = |(sent, _, rows): &&(u64, u64, u64)| row >= *sent && row < sent + rows;
            self.last.iter().find(within).map(|(sent, first, _)| first + (row - sent))
        });
        rejection
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(first_row: u64, rows: u64) -> Chunk {
        Chunk { pieces: Vec::new(), bytes: 0, rows, first_row, ends_row: true, share: None }
    }

    fn rejected_at(row: u64) -> Rejection {
        Rejection { row: Some(row), ..Rejection::new("22P02", "no") }
    }

    #[test]
    fn a_row_is_told_as_the_table_counts_it() {
        let mut rows = Rows::default();
        rows.note(&chunk(11, 10));
        rows.note(&chunk(101, 10));
        assert_eq!(rows.placed(rejected_at(1)).row, Some(11));
        assert_eq!(rows.placed(rejected_at(12)).row, Some(102));
        assert_eq!(rows.placed(rejected_at(21)).row, None);
    }

    #[test]
    fn a_row_that_went_by_long_ago_is_not_told() {
        let mut rows = Rows::default();
        for first in 0..=REMEMBERED as u64 {
            rows.note(&chunk(1 + 2 * first, 1));
        }
        assert_eq!(rows.placed(rejected_at(1)).row, None);
        assert_eq!(rows.placed(rejected_at(2)).row, Some(3));
    }
}
