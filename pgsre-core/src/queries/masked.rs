//! A statement's text without the values that stand in it.
//!
//! The server puts `$1` in the place of constants, but not in utility statements, where a password
//! may stand (`ALTER ROLE … PASSWORD 'x'`), and it keeps comments, where some clients write what the
//! request was about.

use super::text::Text;

impl Text {
    /// The text with every constant replaced, without comments, on one line: nothing of it is
    /// anybody's data. What begins and does not end, as where the text was cut, is left out whole.
    #[must_use]
    pub fn masked(&self) -> String {
        let mut masked = Masked::default();
        let mut rest = self.text.as_str();
        while let Some(first) = rest.chars().next() {
            rest = masked.token(first, rest);
        }
        masked.text.trim().to_owned()
    }
}

#[derive(Debug, Default)]
struct Masked {
    text: String,
}

impl Masked {
    /// Takes what stands at the beginning; what is left.
    fn token<'t>(&mut self, first: char, rest: &'t str) -> &'t str {
        let after = &rest[first.len_utf8()..];
        match first {
            '\'' => {
                let escapes = self.text.ends_with(['e', 'E']) && self.begins_word(1);
                self.constant(end_of_quoted(after, '\'', escapes))
            }
            '"' => {
                let end = end_of_quoted(after, '"', false);
                self.text.push_str(&rest[..rest.len() - end.len()]);
                end
            }
            '-' if after.starts_with('-') => self.blank(past(after, "\n")),
            '/' if after.starts_with('*') => self.blank(end_of_comment(&after[1..])),
            '$' if !self.in_word() => self.dollar(rest),
            _ if first.is_ascii_digit() && !self.in_word() => self.constant(end_of_number(rest)),
            _ if first.is_whitespace() => self.blank(after),
            _ => {
                self.text.push(first);
                after
            }
        }
    }

    fn constant<'t>(&mut self, rest: &'t str) -> &'t str {
        self.text.push('…');
        rest
    }

    fn blank<'t>(&mut self, rest: &'t str) -> &'t str {
        if !self.text.ends_with(' ') {
            self.text.push(' ');
        }
        rest
    }

    /// `$1` stays; `$tag$ … $tag$` is a constant.
    fn dollar<'t>(&mut self, rest: &'t str) -> &'t str {
        let tag = rest[1..].find(|c: char| !is_word(c)).map(|end| &rest[..end + 1]);
        match tag {
            Some(tag)
                if rest[tag.len()..].starts_with('$')
                    && !tag[1..].starts_with(|c: char| c.is_ascii_digit()) =>
            {
                let tag = &rest[..=tag.len()];
                self.constant(past(&rest[tag.len()..], tag))
            }
            _ => {
                self.text.push('$');
                let end = rest[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - 1);
                self.text.push_str(&rest[1..=end]);
                &rest[end + 1..]
            }
        }
    }

    fn in_word(&self) -> bool {
        self.text.ends_with(is_word)
    }

    /// Whether a word begins so many bytes before the end.
    fn begins_word(&self, back: usize) -> bool {
        let before = self.text.len().checked_sub(back).and_then(|at| self.text.get(..at));
        before.is_some_and(|before| !before.ends_with(is_word))
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What follows the first `end`; nothing where it does not come.
fn past<'t>(text: &'t str, end: &str) -> &'t str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

fn end_of_quoted(text: &str, quote: char, escapes: bool) -> &str {
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && escapes {
            chars.next();
        } else if c == quote {
            let rest = &text[at + 1..];
            if !rest.starts_with(quote) {
                return rest;
            }
            chars.next();
        }
    }
    ""
}

/// Comments nest.
fn end_of_comment(text: &str) -> &str {
    let (mut depth, mut rest) = (1_u32, text);
    while depth > 0 {
        let Some(at) = rest.find(['*', '/']) else { return "" };
        rest = &rest[at..];
        if let Some(inner) = rest.strip_prefix("/*") {
            (depth, rest) = (depth + 1, inner);
        } else if let Some(outer) = rest.strip_prefix("*/") {
            (depth, rest) = (depth - 1, outer);
        } else {
            rest = &rest[1..];
        }
    }
    rest
}

fn end_of_number(text: &str) -> &str {
    text.trim_start_matches(|c: char| is_word(c) || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        Text { text: text.to_owned(), is_cut: false }.masked()
    }

    #[test]
    fn what_the_server_normalised_stays_as_it_is() {
        let text = "SELECT a.b2, \"Odd 'name'\" FROM t WHERE id = $1 AND at > now() - $2::interval";
        assert_eq!(masked(text), text);
    }

    #[test]
    fn no_value_is_left() {
        let cases = [
            ("ALTER ROLE x PASSWORD 'it''s secret'", "ALTER ROLE x PASSWORD …"),
            ("SET a = E'se\\'cret'; SELECT", "SET a = E…; SELECT"),
            ("DO $body$ secret $x$ $body$ LANGUAGE plpgsql", "DO … LANGUAGE plpgsql"),
            ("DO $$ secret $$", "DO …"),
            ("SELECT -- secret\n  1e5, 0xFF /* secret /* deep */ secret */", "SELECT …, …"),
            ("PREPARE q AS 'cut off: secr", "PREPARE q AS …"),
            ("SELECT '\\' || secret1", "SELECT … || secret1"),
            ("EXECUTE p(1234.5, '\u{e9}')", "EXECUTE p(…, …)"),
        ];
        for (text, expected) in cases {
            assert_eq!(masked(text), expected, "{text}");
        }
    }

    #[test]
    fn no_text_breaks_it() {
        for text in
            ["", "$", "$1", "'", "\"", "/*", "/**", "--", "$a$", "$é$ü$é$", "E'\\", "e'", "1"]
        {
            drop(masked(text));
        }
    }
}
