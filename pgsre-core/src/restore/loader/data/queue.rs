//! The rows of one table on their way from who reads them to those who send them.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

use super::chunk::Chunk;

/// Rows that wait to be sent, by whoever comes first.
///
/// What may wait is bounded by whoever puts it in: each chunk holds its part of a common budget.
#[derive(Debug, Default)]
pub(in crate::restore::loader) struct Queue {
    state: Mutex<State>,
    changed: Notify,
    sent: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Chunk>,
    /// Who has the beginning of a row whose end is still to come.
    holder: Option<usize>,
    /// Rows that were put in so far.
    rows: u64,
    end: Option<End>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// All rows were put in.
    Whole,
    /// The data is not whole, or the server did not take some of it: nobody needs the rest.
    GivenUp,
}

/// What a sender gets.
#[derive(Debug)]
pub(super) enum Taken {
    Chunk(Chunk),
    /// Every row is with some sender.
    End,
    GivenUp,
}

impl Queue {
    /// Puts rows in; they are dropped where nobody needs them any more.
    pub(in crate::restore::loader) fn put(&self, mut chunk: Chunk) {
        let mut state = self.lock();
        chunk.first_row = state.rows + 1;
        state.rows += chunk.rows;
        if state.end.is_none() {
            state.chunks.push_back(chunk);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// All rows are put in.
    pub(in crate::restore::loader) fn finish(&self) {
        self.lock().end.get_or_insert(End::Whole);
        self.changed.notify_waiters();
    }

    /// Nobody needs these rows any more.
    pub(in crate::restore::loader) fn give_up(&self) {
        let mut state = self.lock();
        state.end = Some(End::GivenUp);
        state.chunks.clear();
        drop(state);
        self.changed.notify_waiters();
    }

    /// Whether more waits than one sender takes at a time.
    pub(in crate::restore::loader) fn is_backed_up(&self) -> bool {
        let state = self.lock();
        state.chunks.len() > 1 && state.holder.is_none()
    }

    /// Bytes that were sent so far.
    pub(in crate::restore::loader) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(super) fn note_sent(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The next rows for this sender; waits for them. Cancel safe.
    pub(super) async fn next(&self, sender: usize) -> Taken {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(taken) = self.take(sender) {
                return taken;
            }
            changed.await;
        }
    }

    fn take(&self, sender: usize) -> Option<Taken> {
        let mut state = self.lock();
        if state.end == Some(End::GivenUp) {
            return Some(Taken::GivenUp);
        }
        if state.holder.is_some_and(|holder| holder != sender) {
            return None;
        }
        match state.chunks.pop_front() {
            Some(chunk) => {
                let held = state.holder.take().is_some();
                if !chunk.ends_row {
                    state.holder = Some(sender);
                } else if held {
                    // Others may go on.
                    self.changed.notify_waiters();
                }
                Some(Taken::Chunk(chunk))
            }
            None => state.end.map(|_| Taken::End),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(rows: u64, ends_row: bool) -> Chunk {
        Chunk { pieces: Vec::new(), bytes: 1, rows, first_row: 0, ends_row, share: None }
    }

    #[test]
    fn rows_are_numbered_as_they_come_in() {
        let queue = Queue::default();
        queue.put(chunk(3, true));
        queue.put(chunk(2, true));
        queue.finish();
        assert!(matches!(queue.take(0), Some(Taken::Chunk(Chunk { first_row: 1, .. }))));
        assert!(matches!(queue.take(1), Some(Taken::Chunk(Chunk { first_row: 4, .. }))));
        assert!(matches!(queue.take(0), Some(Taken::End)));
    }

    #[test]
    fn whoever_has_the_beginning_of_a_row_gets_its_end() {
        let queue = Queue::default();
        queue.put(chunk(0, false));
        queue.put(chunk(1, true));
        queue.put(chunk(1, true));
        assert!(matches!(queue.take(0), Some(Taken::Chunk(_))));
        assert!(queue.take(1).is_none());
        assert!(matches!(queue.take(0), Some(Taken::Chunk(_))));
        assert!(matches!(queue.take(1), Some(Taken::Chunk(_))));
    }

    #[test]
    fn what_was_given_up_takes_nothing_more() {
        let queue = Queue::default();
        queue.put(chunk(1, true));
        queue.give_up();
        queue.put(chunk(1, true));
        queue.finish();
        assert!(matches!(queue.take(0), Some(Taken::GivenUp)));
    }
}
