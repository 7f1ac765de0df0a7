//! `BEGIN ATOMIC … END`: bodies of SQL-standard functions, whose semicolons end no statement.
//!
//! As psql's `psqlscan.l` has it, but demanding `ATOMIC` behind `BEGIN`: a function may be called
//! `begin`.

/// Follows the words of one statement.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RoutineBody {
    prefix: Prefix,
    /// `BEGIN ATOMIC` and `CASE` that have no `END` yet.
    depth: u32,
    /// The last token was `BEGIN`.
    behind_begin: bool,
}

/// How far the statement reads as `CREATE [OR REPLACE] { FUNCTION | PROCEDURE }`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Prefix {
    #[default]
    Nothing,
    Create,
    CreateOr,
    CreateOrReplace,
    Routine,
    Other,
}

impl RoutineBody {
    /// Whether a semicolon ends no statement here.
    pub(super) fn is_open(&self) -> bool {
        self.depth > 0
    }

    /// A word without quotes, at a depth of parentheses.
    pub(super) fn word(&mut self, word: &[u8], parentheses: u32) {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
        let behind_begin = std::mem::take(&mut self.behind_begin);
        if self.prefix != Prefix::Routine {
            self.prefix = self.prefix.then(word);
            return;
        }
        if parentheses > 0 {
            return;
        }
        if self.depth == 0 {
            self.depth = u32::from(behind_begin && is("atomic"));
            self.behind_begin = is("begin");
        } else if is("case") {
            self.depth += 1;
        } else if is("end") {
            self.depth -= 1;
        }
    }

    /// Any other token than a word, blanks and comments.
    pub(super) fn other_token(&mut self) {
        self.behind_begin = false;
    }
}

impl Prefix {
    fn then(self, word: &[u8]) -> Self {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
        match self {
            Self::Nothing if is("create") => Self::Create,
            Self::Create if is("or") => Self::CreateOr,
            Self::CreateOr if is("replace") => Self::CreateOrReplace,
            Self::Create | Self::CreateOrReplace if is("function") || is("procedure") => {
                Self::Routine
            }
            Self::Routine => Self::Routine,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_after(words: &str) -> bool {
        let mut body = RoutineBody::default();
        for word in words.split_whitespace() {
            if word == "." {
                body.other_token();
            } else {
                body.word(word.as_bytes(), 0);
            }
        }
        body.is_open()
    }

    #[test]
    fn a_body_is_open_from_begin_atomic_to_its_own_end() {
        assert!(open_after("CREATE FUNCTION f BEGIN ATOMIC SELECT"));
        assert!(open_after("create or replace procedure p BEGIN ATOMIC CASE WHEN x END"));
        assert!(!open_after("CREATE FUNCTION f BEGIN ATOMIC CASE WHEN x END END"));
    }

    #[test]
    fn a_function_called_begin_opens_no_body() {
        assert!(!open_after("CREATE FUNCTION public . begin LANGUAGE sql"));
        assert!(!open_after("CREATE FUNCTION f RETURNS begin . atomic"));
        assert!(!open_after("BEGIN"));
        assert!(!open_after("CREATE TABLE BEGIN ATOMIC"));
    }
}
