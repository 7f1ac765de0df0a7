//! The lines in which two definitions differ.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use similar::{ChangeTag, TextDiff};

/// Unchanged lines that are shown around a change.
const CONTEXT: usize = 1;

/// The most lines of one difference: a function of thousands of lines is no finding to read.
const MOST: usize = 40;

/// The longest that a diff may take; one that takes longer is right, but not the shortest.
const PATIENCE: Duration = Duration::from_millis(200);

/// A line of a definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", content = "text", rename_all = "snake_case")]
pub enum DiffLine {
    /// In both.
    Same(String),
    /// Expected and not found.
    Expected(String),
    /// Found and not expected.
    Found(String),
    /// As many lines are left out here.
    Omitted(u64),
}

/// The lines in which the two texts differ, with their neighbours.
pub(super) fn diff(expected: &str, found: &str) -> Vec<DiffLine> {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(expected, found);
    let mut lines = Vec::new();
    let mut shown = None;
    for group in diff.grouped_ops(CONTEXT) {
        let start = group.first().map_or(0, |op| op.old_range().start);
        if let Some(end) = shown {
            lines.push(DiffLine::Omitted(start.saturating_sub(end) as u64));
        }
        shown = group.last().map(|op| op.old_range().end);
        lines.extend(group.iter().flat_map(|op| diff.iter_changes(op)).map(|change| {
            let text = change.value().trim_end_matches(['\n', '\r']).to_owned();
            match change.tag() {
                ChangeTag::Equal => DiffLine::Same(text),
                ChangeTag::Delete => DiffLine::Expected(text),
                ChangeTag::Insert => DiffLine::Found(text),
            }
        }));
    }
    if lines.len() > MOST {
        let more = (lines.len() - MOST) as u64;
        lines.truncate(MOST);
        lines.push(DiffLine::Omitted(more));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lines_that_differ_and_their_neighbours_are_shown() {
        let expected = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let found = expected.replace("b\n", "B\n").replace("g\n", "");
        let said = diff(expected, &found);
        let same = |text: &str| DiffLine::Same(text.to_owned());
        let wanted = [
            same("a"),
            DiffLine::Expected("b".to_owned()),
            DiffLine::Found("B".to_owned()),
            same("c"),
            DiffLine::Omitted(2),
            same("f"),
            DiffLine::Expected("g".to_owned()),
            same("h"),
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn equal_texts_have_no_lines_and_long_ones_are_cut() {
        assert!(diff("a\nb", "a\nb").is_empty());
        let long: String = (0..1000).map(|line| format!("{line}\n")).collect();
        let said = diff(&long, "");
        assert_eq!(said.len(), MOST + 1);
        assert_eq!(said.last(), Some(&DiffLine::Omitted(960)));
    }
}
