//! Splits SQL text into statements, comments, backslash commands and COPY data, as psql does
//! (`psqlscan.l`), whatever the places where the text is cut into chunks.

use std::collections::VecDeque;

use bytes::Bytes;

use super::copy_data::CopyScan;
use super::dialect::Dialect;
use super::routine::RoutineBody;
use crate::archive::{ArchiveError, ArchiveErrorKind};

mod literal;
mod token;

/// The longest line comment or backslash command that is kept.
const MAX_LINE: usize = 64 << 10;

/// A part of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A line comment between statements: what follows `--`.
    Comment { text: Vec<u8>, terminated: bool },
    /// A statement without its semicolon, and the line of its first token.
    Statement { sql: Bytes, line: u64 },
    /// A line that begins with a backslash.
    Meta { text: Vec<u8>, line: u64 },
    /// Text behind `COPY … FROM stdin;`, in the same line.
    BehindCopy { line: u64 },
    /// COPY data.
    Data(Bytes),
    /// The end mark of COPY data.
    DataEnd { rows: u64, bytes: u64 },
}

/// What the text was in the middle of when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// COPY data with so many complete rows.
    CopyData { rows: u64 },
    /// A quote or a block comment, begun in a line.
    Open { what: &'static str, line: u64 },
    /// A statement without its semicolon, begun in a line.
    Statement { line: u64 },
}

/// The state machine.
#[derive(Debug)]
pub(super) struct Splitter {
    chunk: Bytes,
    at: usize,
    /// The chunk's end, or its first NUL byte.
    end: usize,
    state: State,
    /// The statement so far; empty between statements.
    text: Vec<u8>,
    /// The line of the statement's first token.
    text_line: u64,
    /// A comment or backslash command between statements.
    side: Vec<u8>,
    /// The line of the next byte, from 1.
    line: u64,
    /// Where the innermost quote or block comment began.
    opened: u64,
    at_line_start: bool,
    /// The next byte is the second of a character.
    trail: bool,
    parentheses: u32,
    routine: RoutineBody,
    /// A literal just closed: one in the next line would continue it.
    continued: Option<Continuation>,
    copy: CopyScan,
    queue: VecDeque<Event>,
    max_statement: usize,
    /// How quotes are read; changed by what statements set.
    pub(super) dialect: Dialect,
}

/// Where in the text the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Between,
    /// A word from this offset of the statement on.
    Word(usize),
    Number,
    Dash,
    Slash,
    /// `U&`: a quote may follow.
    UnicodePrefix,
    LineComment,
    BlockComment {
        depth: u32,
        last: u8,
    },
    Literal(Escapes),
    /// Behind a backslash of a literal.
    Escaped,
    /// Behind a quote of a literal: doubled, or its end.
    LiteralEnd(Escapes),
    Identifier,
    /// `$`, at this offset of the statement.
    Dollar(usize),
    /// Inside `$tag$…$tag$`: where the tag lies, how much of it was matched.
    DollarBody {
        tag: usize,
        length: usize,
        matched: usize,
    },
    Meta,
    /// Behind the semicolon of a COPY.
    CopyLine {
        cr: bool,
    },
    CopyData,
}

/// How a literal is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escapes {
    None,
    Backslash,
}

#[derive(Clone, Copy, Debug)]
struct Continuation {
    escapes: Escapes,
    new_line: bool,
}

impl Splitter {
    pub(super) fn new(max_statement: usize) -> Self {
        Self {
            chunk: Bytes::new(),
            at: 0,
            end: 0,
            state: State::Between,
            text: Vec::new(),
            text_line: 1,
            side: Vec::new(),
            line: 1,
            opened: 1,
            at_line_start: true,
            trail: false,
            parentheses: 0,
            routine: RoutineBody::default(),
            continued: None,
            copy: CopyScan::default(),
            queue: VecDeque::new(),
            max_statement,
            dialect: Dialect::default(),
        }
    }

    /// Gives the next chunk, when [`next`](Self::next) has nothing more.
    pub(super) fn feed(&mut self, chunk: Bytes) {
        self.end = memchr::memchr(0, &chunk).unwrap_or(chunk.len());
        self.chunk = chunk;
        self.at = 0;
    }

    /// The next event of the chunk; `None` at its end.
    pub(super) fn next(&mut self) -> Result<Option<Event>, ArchiveError> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Ok(Some(event));
            }
            if self.at == self.end {
                break;
            }
            self.step();
            if self.text.len() > self.max_statement {
                return Err(self.too_long());
            }
        }
        if self.end < self.chunk.len() {
            return Err(ArchiveError::corrupt(format!("a NUL byte in line {}", self.here()))
                .at_line(self.here()));
        }
        Ok(None)
    }

    /// Says that the statement just handed out was a COPY: data follows behind its line.
    pub(super) fn expect_copy_data(&mut self) {
        self.state = State::CopyLine { cr: false };
    }

    /// Whether the next byte is one of COPY data, or of its end mark.
    pub(super) fn in_copy_data(&self) -> bool {
        self.state == State::CopyData
    }

    /// The line where the reading stands, from 1.
    pub(super) fn here(&self) -> u64 {
        match self.state {
            State::CopyData => self.line + self.copy.rows(),
            _ => self.line,
        }
    }

    /// The statement so far; empty between statements.
    pub(super) fn pending(&self) -> &[u8] {
        &self.text
    }

    /// Says that the text ends here: the last event, or what is cut.
    pub(super) fn finish(&mut self) -> Result<Option<Event>, Cut> {
        let state = std::mem::replace(&mut self.state, State::Between);
        let open = |what| Err(Cut::Open { what, line: self.opened });
        match state {
            State::CopyData if self.copy.may_end() => return Ok(Some(self.data_end())),
            State::CopyData | State::CopyLine { .. } => {
                return Err(Cut::CopyData { rows: self.copy.rows() });
            }
            State::Literal(_) | State::Escaped => return open("a literal"),
            State::Identifier => return open("a quoted name"),
            State::DollarBody { .. } => return open("a dollar-quoted literal"),
            State::BlockComment { .. } => return open("a block comment"),
            State::Meta => return Ok(Some(self.meta())),
            State::LineComment if self.text.is_empty() => return Ok(Some(self.comment(false))),
            State::Dash | State::Slash if self.text.is_empty() => {
                return Err(Cut::Statement { line: self.line });
            }
            _ => {}
        }
        if self.text.is_empty() {
            return Ok(None);
        }
        Err(Cut::Statement { line: self.text_line })
    }

    /// Consumes at least one byte, or changes the state.
    fn step(&mut self) {
        match self.state {
            State::Between => self.between(),
            State::Word(start) => self.word(start),
            State::Number => self.number(),
            State::Dash => self.dash(),
            State::Slash => self.slash(),
            State::UnicodePrefix => self.unicode_prefix(),
            State::LineComment => self.line_comment(),
            State::BlockComment { depth, last } => self.block_comment(depth, last),
            State::Literal(escapes) => self.literal(escapes),
            State::Escaped => self.escaped(),
            State::LiteralEnd(escapes) => self.literal_end(escapes),
            State::Identifier => self.identifier(),
            State::Dollar(start) => self.dollar(start),
            State::DollarBody { tag, length, matched } => self.dollar_body(tag, length, matched),
            State::Meta => self.meta_line(),
            State::CopyLine { cr } => self.copy_line(cr),
            State::CopyData => self.copy_data(),
        }
    }

    fn meta_line(&mut self) {
        let byte = self.chunk[self.at];
        self.at += 1;
        if byte != b'\n' {
            push_capped(&mut self.side, &[byte]);
            return;
        }
        let event = self.meta();
        self.queue.push_back(event);
        self.line += 1;
        self.at_line_start = true;
        self.state = State::Between;
    }

    fn meta(&mut self) -> Event {
        Event::Meta { text: std::mem::take(&mut self.side), line: self.line }
    }

    fn comment(&mut self, terminated: bool) -> Event {
        Event::Comment { text: std::mem::take(&mut self.side), terminated }
    }

    /// Between a COPY's semicolon and its first line of data only blanks may stand.
    fn copy_line(&mut self, cr: bool) {
        match self.chunk[self.at] {
            b'\n' => {
                self.line += 1;
                self.at_line_start = true;
                self.copy = CopyScan::new(cr);
                self.state = State::CopyData;
            }
            b'\r' => self.state = State::CopyLine { cr: true },
            b' ' | b'\t' => {}
            _ => {
                self.copy = CopyScan::default();
                self.state = State::CopyData;
                self.queue.push_back(Event::BehindCopy { line: self.line });
            }
        }
        self.at += 1;
    }

    fn copy_data(&mut self) {
        let piece = self.copy.scan(&self.chunk, self.at, self.end);
        self.at = piece.next;
        if !piece.carried.is_empty() {
            self.queue.push_back(Event::Data(Bytes::from_static(piece.carried)));
        }
        if !piece.data.is_empty() {
            self.queue.push_back(Event::Data(self.chunk.slice(piece.data)));
        }
        if piece.ended {
            let event = self.data_end();
            self.queue.push_back(event);
        }
    }

    fn data_end(&mut self) -> Event {
        let (rows, bytes) = (self.copy.rows(), self.copy.bytes());
        self.line += rows + 1;
        self.at_line_start = true;
        self.state = State::Between;
        Event::DataEnd { rows, bytes }
    }

    fn too_long(&self) -> ArchiveError {
        ArchiveError::new(
            ArchiveErrorKind::Unsupported,
            format!("the statement in line {} is longer than {} bytes", self.text_line, self.max_statement),
        )
        .with_hint("statements are held in memory: raise the limit, or dump data with COPY instead of INSERT")
        .at_line(self.text_line)
    }
}

/// Keeps the beginning of a line that may have any length.
fn push_capped(line: &mut Vec<u8>, more: &[u8]) {
    let room = MAX_LINE.saturating_sub(line.len());
    line.extend_from_slice(&more[..more.len().min(room)]);
}
