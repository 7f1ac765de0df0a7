//! The words of views.

use super::super::super::words::Words;
use super::super::table;

/// The words of a query. A column behind the alias of a table is that table's; a `*` is one that stands
/// for columns.
pub(super) fn view_words(words: &Words<'_>) -> Vec<String> {
    let names = table::names(words);
    let is_name = |text: &str| text.starts_with(|c: char| c == '_' || c.is_alphabetic());
    let at = |index: usize| names.get(index).map_or("", String::as_str);
    let table_of = |alias: &str| {
        let named = (1..names.len()).find(|index| {
            let before = at(index - 1);
            at(*index) == alias
                && at(index + 1) != "."
                && is_name(before)
                && !["from", "join", "as"].contains(&before)
        });
        let with_as = (2..names.len()).find(|index| at(*index) == alias && at(index - 1) == "as");
        with_as.map(|index| at(index - 2)).or(named.map(|index| at(index - 1)))
    };
    let mut found = Vec::new();
    for (index, word) in names.iter().enumerate() {
        let before = if index == 0 { "" } else { at(index - 1) };
        match before {
            "(" if word == "*" => {}
            "." => {
                let alias = at(index.saturating_sub(2));
                found.push(format!("{}.{word}", table_of(alias).unwrap_or(alias)));
                // It may also be a table behind its schema.
                let is_table = ["from", "join"].contains(&at(index.saturating_sub(3)));
                if is_table || table_of(alias).is_none() {
                    found.push(word.clone());
                }
            }
            _ => found.push(word.clone()),
        }
    }
    found
}
