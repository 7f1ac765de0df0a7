//! The thread that decompresses, splits and checks.

use std::io::Read;

use bytes::BytesMut;
use tokio::sync::mpsc;

use super::feed::FeedInput;
use crate::archive::decompress::{self, Unpacked};
use crate::archive::plain::PlainParser;
use crate::archive::{ArchiveError, ArchiveErrorKind, ArchiveItem, Preamble, ReadOptions};

/// Unpacked bytes that are looked at together.
const CHUNK: usize = 256 << 10;
/// How far into the archive the preamble is looked for: pg_dumpall says the server's version only
/// behind the globals.
const PREAMBLE: u64 = 1 << 20;

pub(super) enum Message {
    /// Sent once, before the first items.
    Preamble(Box<Preamble>),
    Items(Vec<ArchiveItem>),
    Failed(ArchiveError),
}

pub(super) fn spawn(
    input: FeedInput,
    messages: mpsc::Sender<Message>,
    options: ReadOptions,
) -> Result<(), ArchiveError> {
    std::thread::Builder::new()
        .name("pgsre-archive".to_owned())
        .spawn(move || run(input, &messages, options))
        .map(drop)
        .map_err(|error| {
            ArchiveError::new(ArchiveErrorKind::Unsupported, "no thread could be started to read")
                .with_hint("check the limits on processes and memory")
                .with_cause(error)
        })
}

fn run(input: FeedInput, messages: &mpsc::Sender<Message>, options: ReadOptions) {
    let mut outbox = Outbox { messages, items: Vec::new(), preamble_sent: false };
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
        parser.feed(buffer.freeze(), &mut outbox.items)?;
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
    items: Vec<ArchiveItem>,
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
        let items = std::mem::take(&mut self.items);
        self.send(Message::Items(items))
    }

    fn send(&self, message: Message) -> Result<(), Stop> {
        self.messages.blocking_send(message).map_err(|_| Stop::Gone)
    }
}
