//! A statement as its words: what the grammars of this room read from left to right.

use std::ops::Range;

/// A word, number, string or sign of a statement, without blanks and comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// As written.
    pub(super) text: String,
    /// Where it stands in the file, in bytes.
    pub(super) at: Range<usize>,
}

impl Word {
    /// Whether it is this keyword or sign.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.text.eq_ignore_ascii_case(keyword)
    }

    fn is_name(&self) -> bool {
        self.text.starts_with(|c: char| c == '"' || c == '_' || c.is_alphabetic())
    }

    /// The identifier it means: folded unless quoted, and cut where PostgreSQL cuts it
    /// (`NAMEDATALEN`).
    fn name(&self) -> String {
        let mut name = match self.text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            Some(quoted) => quoted.replace("\"\"", "\""),
            None => self.text.to_lowercase(),
        };
        name.truncate(name.floor_char_boundary(63));
        name
    }
}

/// Reads words from left to right.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    words: &'a [Word],
}

impl<'a> Words<'a> {
    pub(super) fn new(words: &'a [Word]) -> Self {
        Self { words }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(super) fn rest(&self) -> &'a [Word] {
        self.words
    }

    /// The words as they stood, with one blank where there was room between two of them.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut end = self.words.first().map_or(0, |word| word.at.start);
        for word in self.words {
            if word.at.start > end {
                text.push(' ');
            }
            text.push_str(&word.text);
            end = word.at.end;
        }
        text
    }

    pub(super) fn next(&mut self) -> Option<&'a Word> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    pub(super) fn peek_is(&self, keyword: &str) -> bool {
        self.words.first().is_some_and(|word| word.is(keyword))
    }

    /// Takes these keywords, separated by blanks, if all of them come next.
    pub(super) fn take(&mut self, keywords: &str) -> bool {
        let mut ahead = self.clone();
        for keyword in keywords.split(' ') {
            if !ahead.next().is_some_and(|word| word.is(keyword)) {
                return false;
            }
        }
        *self = ahead;
        true
    }

    /// Takes the first of these that comes next.
    pub(super) fn take_any(&mut self, choices: &[&str]) -> bool {
        choices.iter().any(|keywords| self.take(keywords))
    }

    /// A name, maybe qualified; `public.` is left out.
    pub(super) fn name(&mut self) -> String {
        let mut parts = Vec::new();
        while let Some(word) = self.words.first().filter(|word| word.is_name()) {
            parts.push(word.name());
            self.next();
            if !self.take(".") {
                break;
            }
        }
        if parts.len() > 1 && parts[0] == "public" {
            parts.remove(0);
        }
        parts.join(".")
    }

    /// Names with commas between; `ONLY` and `*` are passed over.
    pub(super) fn names(&mut self) -> Vec<String> {
        let mut names = Vec::new();
        loop {
            self.take("only");
            names.push(self.name());
            self.take("*");
            if !self.take(",") {
                names.retain(|name| !name.is_empty());
                return names;
            }
        }
    }

    /// What stands between parentheses that come next; empty where there are none.
    pub(super) fn parenthesised(&mut self) -> Words<'a> {
        if !self.peek_is("(") {
            return Words::new(&[]);
        }
        let end = closing(self.words);
        let inner = Words::new(&self.words[1..end]);
        self.words = self.words.get(end + 1..).unwrap_or_default();
        inner
    }

    /// The names in parentheses that come next.
    pub(super) fn column_names(&mut self) -> Vec<String> {
        self.parenthesised().split(",").into_iter().map(|mut part| part.name()).collect()
    }

    /// Everything up to one of these keywords outside of parentheses and CASE … END.
    pub(super) fn until(&mut self, stops: &[&str]) -> Vec<Word> {
        let (mut depth, mut taken) = (0_usize, Vec::new());
        while let Some(word) = self.words.first() {
            if depth == 0 && stops.iter().any(|stop| word.is(stop)) {
                break;
            }
            if opens(word) {
                depth += 1;
            } else if closes(word) {
                depth = depth.saturating_sub(1);
            }
            taken.push(word.clone());
            self.next();
        }
        taken
    }

    /// The parts between separators outside of parentheses.
    pub(super) fn split(mut self, separator: &str) -> Vec<Words<'a>> {
        let mut parts = Vec::new();
        while !self.is_empty() {
            let before = self.words;
            let length = self.until(&[separator]).len();
            parts.push(Words::new(&before[..length]));
            self.next();
        }
        parts
    }

    /// Whether this keyword comes anywhere outside of parentheses.
    pub(super) fn has(&self, keywords: &str) -> bool {
        let mut ahead = self.clone();
        while !ahead.is_empty() {
            if ahead.take(keywords) {
                return true;
            }
            if ahead.peek_is("(") {
                ahead.parenthesised();
            } else {
                ahead.next();
            }
        }
        false
    }
}

/// Where the parenthesis that opens the words closes.
fn closing(words: &[Word]) -> usize {
    let mut depth = 0_usize;
    for (index, word) in words.iter().enumerate() {
        if word.is("(") {
            depth += 1;
        } else if word.is(")") {
            depth -= 1;
            if depth == 0 {
                return index;
            }
        }
    }
    words.len()
}

fn opens(word: &Word) -> bool {
    word.is("(") || word.is("[") || word.is("case")
}

fn closes(word: &Word) -> bool {
    word.is(")") || word.is("]") || word.is("end")
}
