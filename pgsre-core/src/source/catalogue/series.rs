//! Which backups are versions of the same thing: keys that differ only in digits.

use crate::backup::Backup;

/// A key without its digits and the separators between them: `shop-2026-11-21T0300Z.sql.gz`,
/// `2026/shop.sql.gz.1` and `shop.sql.gz` are all `shop sql gz`.
pub(super) fn series(key: &str) -> String {
    let pieces = key
        .split(|c: char| c.is_ascii_digit() || !c.is_alphanumeric())
        // What stays of an ISO 8601 time.
        .filter(|piece| !piece.is_empty() && *piece != "T" && *piece != "Z");
    let pieces: Vec<&str> = pieces.collect();
    pieces.join(" ")
}

/// The other backups of its series that are older, newest first.
pub(super) fn predecessors<'b>(backup: &Backup, backups: &'b [Backup]) -> Vec<&'b Backup> {
    let own = series(&backup.key);
    let mut older: Vec<&Backup> = backups
        .iter()
        .filter(|other| other.key != backup.key && series(&other.key) == own)
        .filter(|other| (other.modified, &other.key) < (backup.modified, &backup.key))
        .collect();
    older.sort_by(|a, b| (b.modified, &b.key).cmp(&(a.modified, &a.key)));
    older
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_differ_in_digits_are_one_series() {
        for key in ["shop-2026-11-21T030000Z.sql.gz", "2026/11/shop.sql.gz", "shop.sql.gz.1"] {
            assert_eq!(series(key), "shop sql gz", "{key}");
        }
        assert_ne!(series("shop-2026.sql.gz"), series("crm-2026.sql.gz"));
        assert_ne!(series("shop-2026.sql.gz"), series("shop-2026.dump"));
    }
}
