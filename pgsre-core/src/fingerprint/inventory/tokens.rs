//! PostgreSQL's tokens in the texts that its own functions write.

/// One token as written: a word, a quoted identifier, a literal, `::`, one character, or blanks.
/// Together they are the text.
pub(super) fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (token, after) = rest.split_at(length(rest));
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// Whether it is a word or a quoted identifier: a name, or a keyword.
pub(super) fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c == '"' || is_word(c)) && !token.ends_with('\'')
}

/// Whether it is between tokens.
pub(super) fn is_blank(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_whitespace())
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()
}

fn length(text: &str) -> usize {
    let span = |accept: fn(char) -> bool| text.find(|c| !accept(c)).unwrap_or(text.len());
    match text.as_bytes() {
        [b'"', ..] => quoted(text, '"', false),
        [b'\'', ..] => quoted(text, '\'', false),
        [b'E', b'\'', ..] => 1 + quoted(&text[1..], '\'', true),
        [b'B' | b'X' | b'N', b'\'', ..] => 1 + quoted(&text[1..], '\'', false),
        [b'$', ..] => dollar_quoted(text),
        [b':', b':', ..] => 2,
        [first, ..] if first.is_ascii_whitespace() => span(|c| c.is_ascii_whitespace()),
        _ => span(is_word).max(text.chars().next().map_or(0, char::len_utf8)),
    }
}

/// Up to the closing quote; to the end where there is none.
fn quoted(text: &str, quote: char, escapes: bool) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == '\\' && escapes {
            characters.next();
        } else if c == quote && characters.next_if(|&(_, next)| next == quote).is_none() {
            return at + 1;
        }
    }
    text.len()
}

fn dollar_quoted(text: &str) -> usize {
    let tag = text[1..]
        .find(|c: char| !is_word(c) || c == '$')
        .filter(|&at| text[1 + at..].starts_with('$'))
        .map(|at| &text[..at + 2]);
    match tag {
        Some(tag) if !tag[1..].starts_with(|c: char| c.is_ascii_digit()) => {
            let body = tag.len();
            text[body..].find(tag).map_or(text.len(), |at| body + at + tag.len())
        }
        _ => text[1..].find(|c| !is_word(c)).map_or(text.len(), |at| at + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn literals_and_names_are_whole() {
        let texts = [
            vec!["a", ".", "\"b \"\"c\"", "::", "text", " ", "||", "'it''s'"],
            vec!["E'\\'x'", "\n", "$x$ $$ ' $x$", "(", "$1", ")", "naïve"],
            vec!["B'01'", ",", "'open ''"],
        ];
        for mut expected in texts {
            let read = expected.concat();
            if let Some(at) = expected.iter().position(|&token| token == "||") {
                expected.splice(at..=at, ["|", "|"]);
            }
            assert_eq!(tokens(&read), expected);
        }
    }

    #[test]
    fn any_text_is_the_sum_of_its_tokens() {
        for text in ["", "'", "\"", "$", "$a$", "E'\\", "é$é$", "::", "a'b\"c$d$", "\u{a0}x", "$1$"]
        {
            assert_eq!(tokens(text).concat(), text);
        }
    }
}
