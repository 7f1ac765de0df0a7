//! What a format's reader hands its items to.

use tokio::sync::mpsc;

use super::budget::{self, Budget, Share};
use crate::archive::{ArchiveError, ArchiveItem, ArchiveSummary, Preamble};

/// Items are handed on when they weigh this much.
const BATCH: usize = 256 << 10;

/// From the thread to the reader.
#[derive(Debug)]
pub(super) enum Message {
    /// Sent once, before the first items.
    Preamble(Box<Preamble>),
    Items(Vec<ArchiveItem>, Share),
    Failed(ArchiveError),
}

/// Why a thread ends early.
#[derive(Debug)]
pub(in crate::archive) enum Stop {
    Failed(ArchiveError),
    /// Nobody listens any more.
    Gone,
}

impl From<ArchiveError> for Stop {
    fn from(error: ArchiveError) -> Self {
        Self::Failed(error)
    }
}

impl Stop {
    /// The same, with the error as `place` has it.
    pub(in crate::archive) fn map(self, place: impl FnOnce(ArchiveError) -> ArchiveError) -> Self {
        match self {
            Self::Failed(error) => Self::Failed(place(error)),
            Self::Gone => Self::Gone,
        }
    }
}

/// Takes items, counts and weighs them, and hands them on in batches; waits where nobody takes
/// them.
#[derive(Debug)]
pub(in crate::archive) struct Outbox {
    messages: mpsc::Sender<Message>,
    budget: Budget,
    items: Vec<ArchiveItem>,
    /// How many of the items are weighed, and what they weigh.
    weighed: usize,
    weight: usize,
    preamble_sent: bool,
    summary: ArchiveSummary,
}

impl Outbox {
    pub(super) fn new(messages: mpsc::Sender<Message>, budget: Budget) -> Self {
        Self {
            messages,
            budget,
            items: Vec::new(),
            weighed: 0,
            weight: 0,
            preamble_sent: false,
            summary: ArchiveSummary::default(),
        }
    }

    /// Says what the beginning says about the whole: before any item is handed on. Only the first
    /// counts.
    pub(in crate::archive) fn send_preamble(&mut self, preamble: Preamble) -> Result<(), Stop> {
        if self.preamble_sent {
            return Ok(());
        }
        self.preamble_sent = true;
        self.send(Message::Preamble(Box::new(preamble)))
    }

    /// Takes an item behind the preamble, and hands on what comes to a batch.
    pub(in crate::archive) fn push(&mut self, item: ArchiveItem) -> Result<(), Stop> {
        self.count(&item);
        self.items.push(item);
        if self.weigh() >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Counts bytes after decompression, for the summary.
    pub(in crate::archive) fn unpacked(&mut self, bytes: u64) {
        self.summary.bytes_unpacked += bytes;
    }

    /// What was pushed so far.
    pub(in crate::archive) fn summary(&self) -> &ArchiveSummary {
        &self.summary
    }

    /// Pushes the end: everything that the format promises was seen.
    pub(in crate::archive) fn end(&mut self, bytes_read: u64) -> Result<(), Stop> {
        let summary = ArchiveSummary { bytes_read, ..self.summary.clone() };
        self.push(ArchiveItem::End(summary))?;
        self.flush()
    }

    /// Hands on what is there.
    pub(in crate::archive) fn flush(&mut self) -> Result<(), Stop> {
        if self.items.is_empty() {
            return Ok(());
        }
        let weight = self.weigh();
        let items = std::mem::take(&mut self.items);
        (self.weighed, self.weight) = (0, 0);
        let share = self.budget.take(weight).ok_or(Stop::Gone)?;
        self.send(Message::Items(items, share))
    }

    /// Says why nothing more comes, behind what was taken before. Whoever dropped the reader does
    /// not want to know.
    pub(super) fn fail(&mut self, error: ArchiveError) {
        if self.preamble_sent && self.flush().is_err() {
            return;
        }
        drop(self.send(Message::Failed(error)));
    }

    /// The items that were not handed on, for a parser that adds to them itself.
    pub(super) fn items(&mut self) -> &mut Vec<ArchiveItem> {
        &mut self.items
    }

    pub(super) fn preamble_is_sent(&self) -> bool {
        self.preamble_sent
    }

    /// Whether the items come to a batch.
    pub(super) fn is_batch(&mut self) -> bool {
        self.weigh() >= BATCH
    }

    /// Whether the items weigh as much as may be on its way at all.
    pub(super) fn is_full(&mut self) -> bool {
        self.weigh() >= self.budget.bytes()
    }

    fn count(&mut self, item: &ArchiveItem) {
        match item {
            ArchiveItem::Statement(_) => self.summary.statements += 1,
            ArchiveItem::CopyStart(_) => self.summary.copies += 1,
            ArchiveItem::CopyEnd(end) => self.summary.copy_rows += end.rows,
            ArchiveItem::LargeObjectEnd(_) => self.summary.large_objects += 1,
            _ => {}
        }
    }

    /// What the items weigh that were not handed on yet.
    fn weigh(&mut self) -> usize {
        let fresh = &self.items[self.weighed..];
        self.weight += fresh.iter().map(budget::weight).sum::<usize>();
        self.weighed = self.items.len();
        self.weight
    }

    fn send(&self, message: Message) -> Result<(), Stop> {
        self.messages.blocking_send(message).map_err(|_| Stop::Gone)
    }
}

/// What `read` pushes, and how it ends: without a thread, for little data.
#[cfg(test)]
pub(in crate::archive) fn collect(
    read: impl FnOnce(&mut Outbox) -> Result<(), Stop>,
) -> (Vec<ArchiveItem>, Result<(), ArchiveError>) {
    let (messages, _taken) = mpsc::channel(1);
    let mut outbox = Outbox::new(messages, Budget::new(budget::BYTES));
    let outcome = match read(&mut outbox) {
        Err(Stop::Failed(error)) => Err(error),
        Ok(()) | Err(Stop::Gone) => Ok(()),
    };
    (outbox.items, outcome)
}
