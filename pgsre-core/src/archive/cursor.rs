//! Walking over a statement's tokens.

use super::ObjectName;
use super::classify::SqlDialect;
use super::lexer::{Lexer, Token};

/// A place between two tokens; a copy is a place to come back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    lexer: Lexer<'a>,
    ahead: Option<Token<'a>>,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(sql: &'a [u8], dialect: SqlDialect) -> Self {
        let mut lexer = Lexer::new(sql, dialect);
        let ahead = lexer.next();
        Self { lexer, ahead }
    }

    pub(crate) fn peek(&self) -> Option<Token<'a>> {
        self.ahead
    }

    pub(crate) fn advance(&mut self) -> Option<Token<'a>> {
        std::mem::replace(&mut self.ahead, self.lexer.next())
    }

    pub(crate) fn at_end(&self) -> bool {
        self.ahead.is_none()
    }

    /// Whether the next token is the keyword.
    pub(crate) fn at(&self, keyword: &str) -> bool {
        self.ahead.is_some_and(|token| token.is(keyword))
    }

    pub(crate) fn at_symbol(&self, symbol: u8) -> bool {
        self.ahead.is_some_and(|token| token.is_symbol(symbol))
    }

    /// Steps over the keyword if it is next.
    pub(crate) fn accept(&mut self, keyword: &str) -> bool {
        let found = self.at(keyword);
        if found {
            self.advance();
        }
        found
    }

    /// Steps over one of the keywords if it is next.
    pub(crate) fn accept_any(&mut self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.accept(keyword))
    }

    /// Steps over the keywords, written with blanks between, if all of them are next.
    pub(crate) fn accept_words(&mut self, words: &str) -> bool {
        let mut ahead = *self;
        let found = words.split(' ').all(|word| ahead.accept(word));
        if found {
            *self = ahead;
        }
        found
    }

    pub(crate) fn accept_symbol(&mut self, symbol: u8) -> bool {
        let found = self.at_symbol(symbol);
        if found {
            self.advance();
        }
        found
    }

    /// The next token's name, if it is one.
    pub(crate) fn identifier(&mut self) -> Option<String> {
        let name = self.ahead?.identifier()?;
        self.advance();
        Some(name)
    }

    /// `name`, `schema.name` or `database.schema.name`.
    pub(crate) fn object_name(&mut self) -> Option<ObjectName> {
        let mut found = ObjectName { schema: None, name: self.identifier()? };
        while self.accept_symbol(b'.') {
            found = ObjectName { schema: Some(found.name), name: self.identifier()? };
        }
        Some(found)
    }

    /// `a, b, c`.
    pub(crate) fn names(&mut self) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(name) = self.identifier() {
            names.push(name);
            if !self.accept_symbol(b',') {
                break;
            }
        }
        names
    }

    /// Steps over `IF EXISTS` and `IF NOT EXISTS`.
    pub(crate) fn skip_if_exists(&mut self) {
        if !self.accept_words("if not exists") {
            self.accept_words("if exists");
        }
    }

    /// Steps over `( … )` or `[ … ]` with what it nests, if that is next.
    pub(crate) fn skip_group(&mut self) -> bool {
        if !self.at_symbol(b'(') && !self.at_symbol(b'[') {
            return false;
        }
        let mut depth = 0_usize;
        while let Some(token) = self.advance() {
            depth = depth_after(depth, token);
            if depth == 0 {
                return true;
            }
        }
        false
    }

    /// Steps to the keyword outside of parentheses; stands behind it afterwards.
    pub(crate) fn skip_past(&mut self, keyword: &str) -> bool {
        while let Some(token) = self.peek() {
            if self.skip_group() {
                continue;
            }
            self.advance();
            if token.is(keyword) {
                return true;
            }
        }
        false
    }

    /// Steps to the next comma or closing parenthesis outside of nested ones; stands before it.
    pub(crate) fn skip_to_comma(&mut self) {
        while let Some(token) = self.peek() {
            if token.is_symbol(b',') || token.is_symbol(b')') {
                return;
            }
            if !self.skip_group() {
                self.advance();
            }
        }
    }
}

/// The depth of parentheses and brackets behind a token.
fn depth_after(depth: usize, token: Token<'_>) -> usize {
    if token.is_symbol(b'(') || token.is_symbol(b'[') {
        depth + 1
    } else if token.is_symbol(b')') || token.is_symbol(b']') {
        depth.saturating_sub(1)
    } else {
        depth
    }
}
