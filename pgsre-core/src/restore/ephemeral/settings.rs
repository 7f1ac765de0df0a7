//! The settings of a server that nobody will miss.
//!
//! Measured, not guessed: with `shared_buffers` or `maintenance_work_mem` beyond their defaults, or
//! with parallel workers beside several loading sessions, restores were slower.

/// Names, values, and the major version that brought the setting.
const SETTINGS: &[(&str, &str, u32)] = &[
    // Nothing need survive a crash.
    ("fsync", "off", 0),
    ("synchronous_commit", "off", 0),
    ("full_page_writes", "off", 0),
    ("wal_level", "minimal", 0),
    ("max_wal_senders", "0", 0),
    ("max_wal_size", "4GB", 0),
    ("checkpoint_timeout", "30min", 0),
    ("restart_after_crash", "off", 0),
    ("autovacuum", "off", 0),
    ("jit", "off", 11),
    // Many partitions, or many large objects in one transaction.
    ("max_locks_per_transaction", "1024", 0),
    // Nothing reaches out, or does anything by itself.
    ("archive_mode", "off", 0),
    ("shared_preload_libraries", "", 0),
    ("session_preload_libraries", "", 0),
    ("local_preload_libraries", "", 0),
    ("max_logical_replication_workers", "0", 10),
    ("event_triggers", "off", 17),
    // The log may hold no data and no secrets.
    ("log_min_error_statement", "panic", 0),
    ("log_min_messages", "error", 0),
    ("log_statement", "none", 0),
    ("lc_messages", "C", 0),
    ("timezone", "UTC", 0),
];

/// The settings for a server of this major version that is loaded over `jobs` connections.
pub(super) fn of(major: u32, jobs: usize) -> Vec<(String, String)> {
    let known = SETTINGS.iter().filter(|(_, _, since)| major >= *since);
    let mut settings: Vec<_> =
        known.map(|(name, value, _)| ((*name).to_owned(), (*value).to_owned())).collect();
    if jobs > 1 {
        settings.push(("max_parallel_maintenance_workers".to_owned(), "0".to_owned()));
    }
    settings
}
