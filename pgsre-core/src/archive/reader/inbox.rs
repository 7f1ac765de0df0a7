//! What a thread hands on, item by item.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::budget::{Budget, Share};
use super::outbox::{Message, Outbox};
use crate::archive::{ArchiveError, ArchiveErrorKind, ArchiveItem, Preamble};

/// Batches of items on their way; their bytes are bounded by [`Budget`].
const BATCHES: usize = 16;

/// The other end of an [`Outbox`].
#[derive(Debug)]
pub(super) struct Inbox {
    batch: VecDeque<ArchiveItem>,
    /// What the batch takes of the budget.
    share: Option<Share>,
    messages: mpsc::Receiver<Message>,
}

impl Inbox {
    pub(super) fn new(budget: Budget) -> (Self, Outbox) {
        let (sender, messages) = mpsc::channel(BATCHES);
        (Self { batch: VecDeque::new(), share: None, messages }, Outbox::new(sender, budget))
    }

    /// What is said before the first item; `None` where an item came first.
    pub(super) async fn preamble(&mut self) -> Result<Option<Preamble>, ArchiveError> {
        match self.messages.recv().await {
            Some(Message::Preamble(preamble)) => Ok(Some(*preamble)),
            Some(Message::Items(items, share)) => {
                self.take_batch(items, share);
                Ok(None)
            }
            Some(Message::Failed(error)) => Err(error),
            None => Err(broken_off()),
        }
    }

    /// The next item. A thread ends by its last item or by an error: it is the caller who knows
    /// the last one. Cancel safe.
    pub(super) async fn next(&mut self) -> Result<ArchiveItem, ArchiveError> {
        loop {
            if let Some(item) = self.batch.pop_front() {
                return Ok(item);
            }
            // Given back before the wait: the thread may need all of it for its next batch.
            self.share = None;
            match self.messages.recv().await {
                Some(Message::Items(items, share)) => self.take_batch(items, share),
                Some(Message::Preamble(_)) => {}
                Some(Message::Failed(error)) => return Err(error),
                None => return Err(broken_off()),
            }
        }
    }

    fn take_batch(&mut self, items: Vec<ArchiveItem>, share: Share) {
        self.batch = items.into();
        self.share = Some(share);
    }
}

fn broken_off() -> ArchiveError {
    ArchiveError::new(ArchiveErrorKind::Unsupported, "reading broke off without a result")
        .with_hint("this is a fault of pgsre: please report it with the dump's first lines")
}
