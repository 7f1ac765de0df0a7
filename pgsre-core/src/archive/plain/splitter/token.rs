//! What stands outside of quotes: words, numbers, operators, comments.

use super::RoutineBody;
use super::{Escapes, Event, Splitter, State, push_capped};
use bytes::Bytes;

/// Letters, as `psqlscan.l` has them: any byte that is not ASCII is one.
pub(super) fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn continues_word(byte: u8) -> bool {
    starts_word(byte) || byte.is_ascii_digit() || byte == b'$'
}

impl Splitter {
    pub(super) fn between(&mut self) {
        let byte = self.chunk[self.at];
        match byte {
            b' ' | b'\t' | b'\r' | b'\x0b' | b'\x0c' => self.blank(byte),
            b'\n' => self.new_line(),
            b'-' => self.enter(State::Dash),
            b'/' => self.enter(State::Slash),
            b';' => self.semicolon(),
            b'\\' => self.backslash(),
            b'\'' => self.open_literal(None),
            _ => {
                self.continued = None;
                self.token(byte);
            }
        }
    }

    fn token(&mut self, byte: u8) {
        if starts_word(byte) {
            self.state = State::Word(self.text.len());
            return;
        }
        self.routine.other_token();
        match byte {
            b'"' => {
                self.opened = self.line;
                self.take(byte);
                self.state = State::Identifier;
            }
            b'$' => {
                self.state = State::Dollar(self.text.len());
                self.opened = self.line;
                self.take(byte);
            }
            b'0'..=b'9' => {
                self.take(byte);
                self.state = State::Number;
            }
            b'(' => {
                self.parentheses += 1;
                self.take(byte);
            }
            b')' => {
                self.parentheses = self.parentheses.saturating_sub(1);
                self.take(byte);
            }
            _ => self.take(byte),
        }
    }

    /// Consumes one byte into the statement.
    pub(super) fn take(&mut self, byte: u8) {
        self.at += 1;
        self.at_line_start = false;
        self.push(byte);
    }

    /// Consumes the next `length` bytes into the statement.
    pub(super) fn take_run(&mut self, length: usize) {
        let run = &self.chunk[self.at..self.at + length];
        self.line += memchr::memchr_iter(b'\n', run).count() as u64;
        self.text.extend_from_slice(run);
        self.at += length;
    }

    fn push(&mut self, byte: u8) {
        if self.text.is_empty() {
            self.text_line = self.line;
        }
        self.text.push(byte);
    }

    fn enter(&mut self, state: State) {
        self.at += 1;
        self.state = state;
    }

    fn blank(&mut self, byte: u8) {
        self.at += 1;
        self.at_line_start = false;
        if !self.text.is_empty() {
            self.text.push(byte);
        }
    }

    fn new_line(&mut self) {
        self.blank(b'\n');
        self.line += 1;
        self.at_line_start = true;
        if let Some(continuation) = &mut self.continued {
            continuation.new_line = true;
        }
    }

    fn semicolon(&mut self) {
        if self.parentheses > 0 || self.routine.is_open() {
            self.continued = None;
            self.routine.other_token();
            return self.take(b';');
        }
        self.at += 1;
        self.at_line_start = false;
        self.continued = None;
        self.routine = RoutineBody::default();
        if !self.text.is_empty() {
            let sql = self.take_text();
            self.queue.push_back(Event::Statement { sql, line: self.text_line });
        }
    }

    /// The statement's text. A long one is given away with its memory, not copied.
    fn take_text(&mut self) -> Bytes {
        const COPIED: usize = 64 << 10;
        if self.text.len() > COPIED {
            return Bytes::from(std::mem::take(&mut self.text));
        }
        let sql = Bytes::copy_from_slice(&self.text);
        self.text.clear();
        sql
    }

    /// psql runs a backslash command wherever it stands; a dump has it only at the start of a line
    /// and between statements. Elsewhere it is handed out with something in front, so that no
    /// allowed command reads like it.
    fn backslash(&mut self) {
        self.side.clear();
        if !self.text.is_empty() {
            push_capped(&mut self.side, &self.text);
        } else if !self.at_line_start {
            self.side.extend_from_slice(b"\\ ");
        }
        self.text.clear();
        self.parentheses = 0;
        self.routine = RoutineBody::default();
        self.state = State::Meta;
    }

    pub(super) fn word(&mut self, start: usize) {
        let rest = &self.chunk[self.at..self.end];
        let double_byte = self.dialect.double_byte;
        let mut length = 0;
        while let Some(&byte) = rest.get(length) {
            if self.trail {
                self.trail = false;
            } else if continues_word(byte) {
                self.trail = double_byte.leads(byte);
            } else {
                break;
            }
            length += 1;
        }
        if self.text.is_empty() {
            self.text_line = self.line;
        }
        let next = rest.get(length).copied();
        self.take_run(length);
        self.at_line_start = false;
        if let Some(next) = next {
            self.word_ends(start, next);
        }
    }

    fn word_ends(&mut self, start: usize, next: u8) {
        self.state = State::Between;
        let word = &self.text[start..];
        self.routine.word(word, self.parentheses);
        match (word, next) {
            ([b'e' | b'E'], b'\'') => self.open_literal(Some(Escapes::Backslash)),
            ([b'b' | b'B' | b'x' | b'X'], b'\'') => self.open_literal(Some(Escapes::None)),
            ([b'u' | b'U'], b'&') => {
                self.take(b'&');
                self.state = State::UnicodePrefix;
            }
            _ => {}
        }
    }

    pub(super) fn unicode_prefix(&mut self) {
        self.state = State::Between;
        self.routine.other_token();
        if self.chunk[self.at] == b'\'' {
            self.open_literal(Some(Escapes::None));
        }
    }

    pub(super) fn number(&mut self) {
        let byte = self.chunk[self.at];
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.' {
            self.take(byte);
        } else {
            self.state = State::Between;
        }
    }

    pub(super) fn dash(&mut self) {
        if self.chunk[self.at] == b'-' {
            self.at += 1;
            self.side.clear();
            if !self.text.is_empty() {
                self.text.extend_from_slice(b"--");
            }
            self.state = State::LineComment;
        } else {
            self.operator(b'-');
        }
    }

    pub(super) fn slash(&mut self) {
        if self.chunk[self.at] == b'*' {
            self.at += 1;
            self.opened = self.line;
            self.continued = None;
            if !self.text.is_empty() {
                self.text.extend_from_slice(b"/*");
            }
            self.state = State::BlockComment { depth: 1, last: 0 };
        } else {
            self.operator(b'/');
        }
    }

    /// The byte before turned out to begin no comment.
    fn operator(&mut self, byte: u8) {
        self.continued = None;
        self.routine.other_token();
        self.at_line_start = false;
        self.push(byte);
        self.state = State::Between;
    }

    pub(super) fn line_comment(&mut self) {
        let rest = &self.chunk[self.at..self.end];
        let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let ends = rest.get(length).is_some();
        if self.text.is_empty() {
            push_capped(&mut self.side, &rest[..length]);
        } else {
            self.text.extend_from_slice(&rest[..length]);
        }
        self.at += length;
        if !ends {
            return;
        }
        self.at_line_start = false;
        self.state = State::Between;
        if self.text.is_empty() {
            let event = self.comment(true);
            self.queue.push_back(event);
        }
    }

    pub(super) fn block_comment(&mut self, depth: u32, last: u8) {
        if last == 0 {
            let rest = &self.chunk[self.at..self.end];
            let plain = memchr::memchr2(b'*', b'/', rest).unwrap_or(rest.len());
            if plain > 0 {
                return self.skip_comment(plain);
            }
        }
        let byte = self.chunk[self.at];
        self.at += 1;
        self.line += u64::from(byte == b'\n');
        if !self.text.is_empty() {
            self.text.push(byte);
        }
        self.state = match (last, byte) {
            (b'*', b'/') if depth == 1 => State::Between,
            (b'*', b'/') => State::BlockComment { depth: depth - 1, last: 0 },
            (b'/', b'*') => State::BlockComment { depth: depth + 1, last: 0 },
            (_, b'*' | b'/') => State::BlockComment { depth, last: byte },
            _ => State::BlockComment { depth, last: 0 },
        };
        self.at_line_start = false;
    }

    /// Consumes bytes of a comment, which only a statement around it keeps.
    fn skip_comment(&mut self, length: usize) {
        self.at_line_start = false;
        if !self.text.is_empty() {
            return self.take_run(length);
        }
        let run = &self.chunk[self.at..self.at + length];
        self.line += memchr::memchr_iter(b'\n', run).count() as u64;
        self.at += length;
    }
}
