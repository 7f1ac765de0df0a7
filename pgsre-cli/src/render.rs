//! How results look: text for people, JSON for programs.

pub(crate) mod backup_progress;
pub mod evidence;
pub mod human;
pub mod json;
pub mod junit;
pub mod migration;
pub mod plot;
pub mod progress;
pub mod sarif;
pub mod table;

/// Text from outside for a terminal: control characters become blanks, so that a key or a
/// server's message can neither move the cursor nor break a table; and so do those that turn the
/// direction of writing (Unicode's `Bidi_Control`) or part lines, so that no name changes how what
/// stands beside it reads.
#[must_use]
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || turns_or_parts(c) { ' ' } else { c }).collect()
}

const fn turns_or_parts(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Breaks text into lines of at most `width` columns, between words. A longer word stays whole,
/// so that paths and URLs can be copied.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let needed = console::measure_text_width(&line) + 1 + console::measure_text_width(word);
        if !line.is_empty() && needed > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_move_the_cursor() {
        assert_eq!(clean("a\x1b[2Jb\nc"), "a [2Jb c");
        assert_eq!(clean("\u{9b}2J\u{202e}fdp.exe\u{2069}\u{2028}x"), " 2J fdp.exe  x");
        assert_eq!(clean("שלום, größe, 日本, 👩\u{200d}🚀"), "שלום, größe, 日本, 👩\u{200d}🚀");
    }

    #[test]
    fn lines_break_between_words_and_long_words_stay_whole() {
        assert_eq!(wrap("a bb ccc dddddddd e", 5), ["a bb", "ccc", "dddddddd", "e"]);
        assert!(wrap("  ", 5).is_empty());
    }
}
