//! What `pgsre backups list` shows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::series::predecessors;
use crate::backup::{Backup, BackupFormat};

/// One backup of a catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrendEntry {
    /// The backup's key.
    pub key: String,
    /// What the name says the format is.
    pub format: BackupFormat,
    /// Bytes.
    pub size: u64,
    /// When it was last written.
    pub modified: Timestamp,
    /// Seconds since then; negative where the store's clock is ahead.
    pub age_seconds: i64,
    /// The change in size against the predecessor of the same name (digits aside): 0.1 is 10 %
    /// more. `None` where there is none, or where it was empty.
    pub change: Option<f64>,
}

/// Every backup with its age and its change in size, newest first.
#[must_use]
pub fn trend(backups: &[Backup], now: Timestamp) -> Vec<TrendEntry> {
    let mut entries: Vec<TrendEntry> =
        backups.iter().map(|backup| entry(backup, backups, now)).collect();
    entries.sort_by(|a, b| (b.modified, &b.key).cmp(&(a.modified, &a.key)));
    entries
}

fn entry(backup: &Backup, backups: &[Backup], now: Timestamp) -> TrendEntry {
    let before = predecessors(backup, backups).first().map(|older| older.size);
    TrendEntry {
        key: backup.key.clone(),
        format: backup.format,
        size: backup.size,
        modified: backup.modified,
        age_seconds: now.duration_since(backup.modified).as_secs(),
        change: before.filter(|size| *size > 0).map(|size| backup.size as f64 / size as f64 - 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_backup_is_compared_with_the_one_before_it() {
        let backup = |day: i64, size| Backup {
            checksum: None,
            manifest: None,
            key: format!("shop-{day}.sql"),
            format: BackupFormat::Plain,
            size,
            modified: Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * day),
            parts: Vec::new(),
        };
        let now = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(72);
        let entries = trend(&[backup(1, 100), backup(2, 150), backup(3, 75)], now);
        let changes: Vec<_> =
            entries.iter().map(|entry| (entry.age_seconds, entry.change)).collect();
        assert_eq!(changes, [(0, Some(-0.5)), (86_400, Some(0.5)), (172_800, None)]);
    }
}
