//! PostgreSQL's tokens over one complete statement (`src/backend/parser/scan.l`).
//!
//! Bytes from 0x80 up are letters, so any client encoding will do. Nothing is copied, nothing
//! panics, and every byte is looked at a bounded number of times.

use std::borrow::Cow;

use super::classify::SqlDialect;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A keyword or an identifier without quotes.
    Word,
    /// `"…"`.
    Quoted,
    /// `U&"…"`.
    UnicodeQuoted,
    /// `'…'`, also `N'…'`, without backslash escapes.
    String,
    /// `E'…'`, and `'…'` where `standard_conforming_strings` is off.
    EscapeString,
    /// `U&'…'`.
    UnicodeString,
    /// `B'…'` or `X'…'`.
    BitString,
    /// `$tag$…$tag$`.
    DollarString,
    /// A number.
    Number,
    /// `$1`.
    Parameter,
    /// `::`.
    Cast,
    /// One character of punctuation or of an operator.
    Symbol,
    /// A quote that never closes, up to the end of the text.
    Unterminated,
}

/// One token with its text as written, quotes included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'a [u8],
    /// The offset of its first byte.
    pub(crate) start: usize,
}

impl Token<'_> {
    /// Whether it is the keyword, in any case.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(keyword.as_bytes())
    }

    /// Whether it is the one character.
    pub(crate) fn is_symbol(&self, symbol: u8) -> bool {
        self.kind == TokenKind::Symbol && self.text == [symbol]
    }

    /// Whether it is a literal of any text type.
    pub(crate) fn is_string(&self) -> bool {
        use TokenKind::{DollarString, EscapeString, String, UnicodeString};
        matches!(self.kind, String | EscapeString | UnicodeString | DollarString)
    }

    /// The name that it stands for: folded where it has no quotes.
    pub(crate) fn identifier(&self) -> Option<String> {
        match self.kind {
            TokenKind::Word => Some(lossy(self.text).to_ascii_lowercase()),
            TokenKind::Quoted => Some(lossy(&undouble(inside(self.text, 1), b'"')).into_owned()),
            TokenKind::UnicodeQuoted => {
                Some(unescape_unicode(&lossy(&undouble(inside(self.text, 3), b'"'))))
            }
            _ => None,
        }
    }

    /// The value of a literal of a text type.
    pub(crate) fn string_value(&self) -> Option<String> {
        let value = match self.kind {
            TokenKind::String => {
                let prefix = if self.text.starts_with(b"'") { 1 } else { 2 };
                undouble(inside(self.text, prefix), b'\'')
            }
            TokenKind::EscapeString => {
                let prefix = if self.text.starts_with(b"'") { 1 } else { 2 };
                Cow::Owned(unescape(&undouble(inside(self.text, prefix), b'\'')))
            }
            TokenKind::UnicodeString => {
                let raw = undouble(inside(self.text, 3), b'\'');
                return Some(unescape_unicode(&lossy(&raw)));
            }
            TokenKind::DollarString => {
                let tag = self.text[1..].iter().position(|&b| b == b'$').map_or(0, |at| at + 2);
                let end = self.text.len().saturating_sub(tag);
                Cow::Borrowed(self.text.get(tag..end).unwrap_or_default())
            }
            _ => return None,
        };
        Some(lossy(&value).into_owned())
    }
}

/// Iterates over the tokens of a statement; blanks and comments are skipped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lexer<'a> {
    sql: &'a [u8],
    at: usize,
    dialect: SqlDialect,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(sql: &'a [u8], dialect: SqlDialect) -> Self {
        Self { sql, at: 0, dialect }
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.sql.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn skip_blanks(&mut self) {
        while self.at < self.sql.len() {
            match (self.byte(0), self.byte(1)) {
                (b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c, _) => self.at += 1,
                (b'-', b'-') => self.skip_line(),
                (b'/', b'*') => self.skip_block_comment(),
                _ => return,
            }
        }
    }

    fn skip_line(&mut self) {
        let rest = &self.sql[self.at..];
        self.at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    }

    /// Block comments nest.
    fn skip_block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.sql.len() {
            match (self.byte(0), self.byte(1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
        self.at = self.sql.len();
    }

    fn scan(&mut self) -> TokenKind {
        let string = if self.dialect.standard_conforming_strings {
            TokenKind::String
        } else {
            TokenKind::EscapeString
        };
        match (self.byte(0), self.byte(1), self.byte(2)) {
            (b'\'', ..) => self.quoted(0, b'\'', string),
            (b'"', ..) => self.quoted(0, b'"', TokenKind::Quoted),
            (b'e' | b'E', b'\'', _) => self.quoted(1, b'\'', TokenKind::EscapeString),
            (b'n' | b'N', b'\'', _) => self.quoted(1, b'\'', string),
            (b'b' | b'B' | b'x' | b'X', b'\'', _) => self.quoted(1, b'\'', TokenKind::BitString),
            (b'u' | b'U', b'&', b'\'') => self.quoted(2, b'\'', TokenKind::UnicodeString),
            (b'u' | b'U', b'&', b'"') => self.quoted(2, b'"', TokenKind::UnicodeQuoted),
            (b'$', ..) => self.dollar(),
            (first, ..) if starts_identifier(first) => self.word(),
            (b'0'..=b'9', ..) | (b'.', b'0'..=b'9', _) => self.number(),
            (b':', b':', _) => self.advance(2, TokenKind::Cast),
            _ => self.advance(1, TokenKind::Symbol),
        }
    }

    fn advance(&mut self, bytes: usize, kind: TokenKind) -> TokenKind {
        self.at = (self.at + bytes).min(self.sql.len());
        kind
    }

    /// From the opening quote, `prefix` bytes ahead, to behind the closing one.
    fn quoted(&mut self, prefix: usize, quote: u8, kind: TokenKind) -> TokenKind {
        self.at += prefix + 1;
        let escapes = kind == TokenKind::EscapeString;
        while self.at < self.sql.len() {
            self.at += self.plain_run(quote, escapes);
            let byte = self.byte(0);
            if byte == quote {
                if self.byte(1) != quote {
                    return self.advance(1, kind);
                }
                self.at += 2;
            } else if (escapes && byte == b'\\') || (self.dialect.double_byte && byte >= 0x80) {
                self.at += 2;
            } else {
                self.at += 1;
            }
        }
        self.advance(0, TokenKind::Unterminated)
    }

    /// How many bytes are nothing but themselves inside of quotes: literals may be long.
    fn plain_run(&self, quote: u8, escapes: bool) -> usize {
        let rest = &self.sql[self.at..];
        let found = match (self.dialect.double_byte, escapes) {
            (true, _) => return 0,
            (false, true) => memchr::memchr2(quote, b'\\', rest),
            (false, false) => memchr::memchr(quote, rest),
        };
        found.unwrap_or(rest.len())
    }

    fn dollar(&mut self) -> TokenKind {
        if self.byte(1).is_ascii_digit() {
            let digits = self.sql[self.at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
            return self.advance(1 + digits, TokenKind::Parameter);
        }
        let rest = &self.sql[self.at..];
        let tag = rest[1..].iter().take_while(|&&b| continues_tag(b)).count();
        if rest.get(tag + 1) != Some(&b'$') {
            return self.advance(1, TokenKind::Symbol);
        }
        let (delimiter, body) = rest.split_at(tag + 2);
        match memchr::memmem::find(body, delimiter) {
            Some(end) => self.advance(end + 2 * delimiter.len(), TokenKind::DollarString),
            None => self.advance(rest.len(), TokenKind::Unterminated),
        }
    }

    fn word(&mut self) -> TokenKind {
        let rest = &self.sql[self.at..];
        let length = rest.iter().take_while(|&&b| continues_tag(b) || b == b'$').count();
        self.advance(length, TokenKind::Word)
    }

    fn number(&mut self) -> TokenKind {
        let mut previous = 0;
        while self.at < self.sql.len() {
            let byte = self.byte(0);
            let exponent = matches!(previous, b'e' | b'E') && matches!(byte, b'+' | b'-');
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || exponent) {
                break;
            }
            previous = byte;
            self.at += 1;
        }
        TokenKind::Number
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_blanks();
        if self.at >= self.sql.len() {
            return None;
        }
        let start = self.at;
        let kind = self.scan();
        // A double-byte lead in front of the last quote can step over the end.
        self.at = self.at.min(self.sql.len());
        Some(Token { kind, text: &self.sql[start..self.at], start })
    }
}

fn starts_identifier(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn continues_tag(byte: u8) -> bool {
    starts_identifier(byte) || byte.is_ascii_digit()
}

/// Names that are not UTF-8 are for people only: whoever needs them exactly converts the statement
/// first and reads it again.
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// What stands between the quotes, the first of which is the last of `prefix` bytes.
fn inside(text: &[u8], prefix: usize) -> &[u8] {
    text.get(prefix..text.len().saturating_sub(1)).unwrap_or_default()
}

fn undouble(text: &[u8], quote: u8) -> Cow<'_, [u8]> {
    if memchr::memchr(quote, text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter().peekable();
    while let Some(&byte) = bytes.next() {
        if byte == quote {
            bytes.next_if(|&&next| next == quote);
        }
        plain.push(byte);
    }
    Cow::Owned(plain)
}

/// The backslash escapes that `pg_dump` writes and the commonest others; `\ooo`, `\xhh` and `\u`
/// stay as they are, since no name that we read from a literal is written with them.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        if byte != b'\\' {
            plain.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => plain.push(b'\n'),
            Some(b't') => plain.push(b'\t'),
            Some(b'r') => plain.push(b'\r'),
            Some(&other) => plain.push(other),
            None => plain.push(b'\\'),
        }
    }
    plain
}

/// `\XXXX`, `\+XXXXXX` and `\\`.
fn unescape_unicode(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let (digits, length) =
            if let Some(long) = after.strip_prefix('+') { (long, 6) } else { (after, 4) };
        let decoded = digits
            .get(..length)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32);
        rest = match decoded {
            Some(character) => {
                plain.push(character);
                &digits[length..]
            }
            None => {
                plain.push('\\');
                after.strip_prefix('\\').unwrap_or(after)
            }
        };
    }
    plain.push_str(rest);
    plain
}
