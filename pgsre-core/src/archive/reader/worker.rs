//! The thread that decompresses, splits and checks.

use std::io::Read;

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

use super::budget::{self, Budget, Share};
use super::feed::FeedInput;
use crate::archive::decompress::{self, Unpacked};
use crate::archive::plain::PlainParser;
use crate::archive::{ArchiveError, ArchiveErrorKind, ArchiveItem, Preamble, ReadOptions};

/// Unpacked bytes that are looked at together.
const CHUNK: usize = 256 << 10;
/// The same outside of COPY data, where two bytes may make an item of some hundred.
const PIECE: usize = 16 << 10;
/// Items are handed on when they weigh this much, and at a chunk's end.
const BATCH: usize = 256 << 10;
/// How far into the archive the preamble is looked for: pg_dumpall says the server's version only
/// behind the globals.
const PREAMBLE: u64 = 1 << 20;

pub(super) enum Message {
    /// Sent once, before the first items.
    Preamble(Box<Preamble>),
    Items(Vec<ArchiveItem>, Share),
    Failed(ArchiveError),
}

pub(super) fn spawn(
    input: FeedInput,
    messages: mpsc::Sender<Message>,
    budget: Budget,
    options: ReadOptions,
) -> Result<(), ArchiveError> {
    std::thread::Builder::new()
        .name("pgsre-archive".to_owned())
        .spawn(move || run(input, &messages, budget, options))
        .map(drop)
        .map_err(|error| {
            ArchiveError::new(ArchiveErrorKind::Unsupported, "no thread could be started to read")
                .with_hint("check the limits on processes and memory")
                .with_cause(error)
        })
}

fn run(input: FeedInput, messages: &mpsc::Sender<Message>, budget: Budget, options: ReadOptions) {
    let items = Vec::new();
    let mut outbox =
        Outbox { messages, budget, items, weighed: 0, weight: 0, preamble_sent: false };
    if let Err(Stop::Failed(error)) = read(input, &mut outbox, &options) {
        // Whoever dropped the reader does not want to know.
        drop(messages.blocking_send(Message::Failed(error)));
    }
}

fn read(input: FeedInput, outbox: &mut Outbox<'_>, options: &ReadOptions) -> Result<(), Stop> {
    let counter = input.counter();
    let Unpacked { mut reader, compression } = decompress::unpack(Box::new(input))?;
    let mut parser = PlainParser::new(compression, options);
    let outcome = parse(&mut reader, &mut parser, outbox);
    if let Err(Stop::Gone) = outcome {
        return outcome;
    }
    let outcome = outcome.and_then(|()| {
        Ok(parser.finish(counter.load(std::sync::atomic::Ordering::Relaxed), &mut outbox.items)?)
    });
    if outcome.is_ok() || parser.is_recognised() {
        outbox.send_preamble(&parser)?;
        outbox.send_items()?;
    }
    outcome
}

fn parse(
    reader: &mut dyn Read,
    parser: &mut PlainParser,
    outbox: &mut Outbox<'_>,
) -> Result<(), Stop> {
    let mut unpacked = 0;
    loop {
        let mut buffer = BytesMut::zeroed(CHUNK);
        let (amount, failed) = fill(reader, &mut buffer);
        buffer.truncate(amount);
        unpacked += amount as u64;
        // What came before a fault is still looked at: a fault of the text in front of it says more.
        split(buffer.freeze(), parser, outbox)?;
        if let Some(error) = failed {
            return Err(parser.explain(ArchiveError::from_io(error)).into());
        }
        if parser.preamble_is_complete() || unpacked >= PREAMBLE {
            outbox.send_preamble(parser)?;
            outbox.send_items()?;
        }
        if amount < CHUNK {
            return Ok(());
        }
    }
}

/// Splits a chunk into items, and hands on what comes to a batch.
fn split(mut chunk: Bytes, parser: &mut PlainParser, outbox: &mut Outbox<'_>) -> Result<(), Stop> {
    while !chunk.is_empty() {
        let length = if parser.in_copy_data() { chunk.len() } else { PIECE.min(chunk.len()) };
        parser.feed(chunk.split_to(length), &mut outbox.items)?;
        let weight = outbox.weigh();
        let known = outbox.preamble_sent || parser.preamble_is_complete();
        if weight >= budget::BYTES as usize || (known && weight >= BATCH) {
            outbox.send_preamble(parser)?;
            outbox.send_items()?;
        }
    }
    Ok(())
}

/// Reads until the buffer is full or the input ends.
fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> (usize, Option<std::io::Error>) {
    let mut amount = 0;
    while amount < buffer.len() {
        match reader.read(&mut buffer[amount..]) {
            Ok(0) => break,
            Ok(more) => amount += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return (amount, Some(error)),
        }
    }
    (amount, None)
}

/// Why the thread ends early.
enum Stop {
    Failed(ArchiveError),
    /// Nobody listens any more.
    Gone,
}

impl From<ArchiveError> for Stop {
    fn from(error: ArchiveError) -> Self {
        Self::Failed(error)
    }
}

struct Outbox<'a> {
    messages: &'a mpsc::Sender<Message>,
    budget: Budget,
    items: Vec<ArchiveItem>,
    /// How many of the items are weighed, and what they weigh.
    weighed: usize,
    weight: usize,
    preamble_sent: bool,
}

impl Outbox<'_> {
    fn send_preamble(&mut self, parser: &PlainParser) -> Result<(), Stop> {
        if self.preamble_sent {
            return Ok(());
        }
        self.preamble_sent = true;
        self.send(Message::Preamble(Box::new(parser.preamble())))
    }

    fn send_items(&mut self) -> Result<(), Stop> {
        if self.items.is_empty() {
            return Ok(());
        }
        let weight = self.weigh();
        let items = std::mem::take(&mut self.items);
        (self.weighed, self.weight) = (0, 0);
        let share = self.budget.take(weight).ok_or(Stop::Gone)?;
        self.send(Message::Items(items, share))
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
