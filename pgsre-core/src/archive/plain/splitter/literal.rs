//! What stands between quotes.

use super::token::starts_word;
use super::{Continuation, Escapes, Splitter, State};
use crate::archive::plain::dialect::DoubleByte;

impl Splitter {
    /// At a quote: opens a literal. Without a prefix that says how it is read, the dialect does, or
    /// the literal that it continues (`'a'`, a new line, `'b'`).
    pub(super) fn open_literal(&mut self, prefix: Option<Escapes>) {
        let continued = self.continued.take().filter(|literal| literal.new_line);
        let default = if self.dialect.standard_conforming_strings {
            Escapes::None
        } else {
            Escapes::Backslash
        };
        let escapes = prefix.or(continued.map(|literal| literal.escapes)).unwrap_or(default);
        self.opened = self.line;
        self.routine.other_token();
        self.take(b'\'');
        self.state = State::Literal(escapes);
    }

    pub(super) fn literal(&mut self, escapes: Escapes) {
        let rest = &self.chunk[self.at..self.end];
        let found = match escapes {
            Escapes::None => memchr::memchr(b'\'', rest),
            Escapes::Backslash if self.dialect.double_byte == DoubleByte::None => {
                memchr::memchr2(b'\'', b'\\', rest)
            }
            Escapes::Backslash => self.find_past_trails(),
        };
        let rest = &self.chunk[self.at..self.end];
        let Some(found) = found else {
            return self.take_run(rest.len());
        };
        self.state = if rest[found] == b'\'' { State::LiteralEnd(escapes) } else { State::Escaped };
        self.take_run(found + 1);
    }

    /// The next quote or backslash that is no second byte of a character.
    fn find_past_trails(&mut self) -> Option<usize> {
        let rest = &self.chunk[self.at..self.end];
        rest.iter().position(|&byte| {
            if std::mem::take(&mut self.trail) {
                return false;
            }
            self.trail = self.dialect.double_byte.leads(byte);
            byte == b'\'' || byte == b'\\'
        })
    }

    pub(super) fn escaped(&mut self) {
        self.trail = self.dialect.double_byte.leads(self.chunk[self.at]);
        self.take_run(1);
        self.state = State::Literal(Escapes::Backslash);
    }

    pub(super) fn literal_end(&mut self, escapes: Escapes) {
        if self.chunk[self.at] == b'\'' {
            self.take_run(1);
            self.state = State::Literal(escapes);
        } else {
            self.continued = Some(Continuation { escapes, new_line: false });
            self.state = State::Between;
        }
    }

    /// A doubled quote closes a name and opens it again, which is the same here.
    pub(super) fn identifier(&mut self) {
        let rest = &self.chunk[self.at..self.end];
        let Some(found) = memchr::memchr(b'"', rest) else {
            return self.take_run(rest.len());
        };
        self.take_run(found + 1);
        self.state = State::Between;
    }

    /// Behind a `$`: a tag up to the next one opens a literal.
    pub(super) fn dollar(&mut self, start: usize) {
        let byte = self.chunk[self.at];
        let first = self.text.len() == start + 1;
        if byte == b'$' {
            self.take(byte);
            let length = self.text.len() - start;
            self.state = State::DollarBody { tag: start, length, matched: 0 };
        } else if starts_word(byte) || (byte.is_ascii_digit() && !first) {
            self.take(byte);
        } else if first {
            // `$1`, or a lone `$`.
            self.state = if byte.is_ascii_digit() { State::Number } else { State::Between };
        } else {
            self.state = State::Word(start + 1);
        }
    }

    pub(super) fn dollar_body(&mut self, tag: usize, length: usize, matched: usize) {
        let rest = &self.chunk[self.at..self.end];
        if matched == 0 {
            let found = memchr::memchr(b'$', rest);
            self.take_run(found.map_or(rest.len(), |found| found + 1));
            if found.is_some() {
                self.state = State::DollarBody { tag, length, matched: 1 };
            }
            return;
        }
        let byte = rest[0];
        let matched = match byte {
            _ if byte == self.text[tag + matched] => matched + 1,
            b'$' => 1,
            _ => 0,
        };
        self.take_run(1);
        self.state = if matched == length {
            State::Between
        } else {
            State::DollarBody { tag, length, matched }
        };
    }
}
