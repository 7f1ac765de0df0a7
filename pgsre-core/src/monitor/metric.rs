//! Every metric that a probe of ours emits, in one table: its name, its unit, what it means.
//!
//! Rules, the pages for Prometheus and the documentation are made from this table, so none of them
//! can name what is not there.

use std::fmt;

use serde::{Serialize, Serializer};

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
    /// Things a second.
    PerSecond,
    /// A share from 0 to 1.
    Ratio,
    /// 0 or 1.
    Bool,
    /// Things.
    Count,
    /// Days.
    Days,
}

impl Unit {
    /// The name as reports have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "bytes_per_second",
            Self::PerSecond => "per_second",
            Self::Ratio => "ratio",
            Self::Bool => "bool",
            Self::Count => "count",
            Self::Days => "days",
        }
    }
}

/// Declares [`Metric`] from one table: variant, dotted name, unit, meaning.
macro_rules! metrics {
    ($($variant:ident = $name:literal, $unit:ident, $meaning:literal;)*) => {
        /// The stable name of a figure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Metric {
            $(#[doc = $meaning] $variant,)*
        }

        impl Metric {
            /// Every metric, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The dotted name, as reports and rules have it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it is counted in.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self { $(Self::$variant => Unit::$unit,)* }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

metrics! {
    Up = "server.up", Bool, "Whether the server answers.";
    ReplicationConnected = "replication.connected", Bool, "Whether the replica receives write-ahead log: 0 is one that is expected and not there, or that answers no longer.";
    ReplicationReplayLagSeconds = "replication.replay_lag_seconds", Seconds, "How far what the replica shows lies behind the primary; unknown, never 0, while it is disconnected.";
    ReplicationSendLagBytes = "replication.send_lag_bytes", Bytes, "Write-ahead log that was not yet sent to the replica.";
    ReplicationWriteLagBytes = "replication.write_lag_bytes", Bytes, "Write-ahead log that the replica has not yet written.";
    ReplicationFlushLagBytes = "replication.flush_lag_bytes", Bytes, "Write-ahead log that the replica has not yet made durable.";
    ReplicationReplayLagBytes = "replication.replay_lag_bytes", Bytes, "Write-ahead log that the replica has not yet replayed.";
    ReplicationAnswerAgeSeconds = "replication.answer_age_seconds", Seconds, "How long ago the replica answered last: under writes a moment, else up to its wal_receiver_status_interval.";
    ReplicationPaused = "replication.paused", Bool, "Whether replay is paused on the standby.";
    ReplicationApplyDelaySeconds = "replication.apply_delay_seconds", Seconds, "The delay that the standby keeps on purpose: recovery_min_apply_delay.";
    SlotActive = "slot.active", Bool, "Whether somebody receives from the replication slot.";
    SlotRetainedBytes = "slot.retained_bytes", Bytes, "Write-ahead log that the replication slot keeps from being removed.";
    SlotSafeBytes = "slot.safe_bytes", Bytes, "Write-ahead log that may still be written before the slot is lost; unknown where no limit is set.";
    SlotSecondsUntilLost = "slot.seconds_until_lost", Seconds, "Time until the slot is lost, as things go; unknown where history says too little.";
    SlotLost = "slot.lost", Bool, "Whether the slot has lost write-ahead log that it needs.";
    SubscriptionRunning = "subscription.running", Bool, "Whether the enabled logical subscription has a worker.";
    SubscriptionErrors = "subscription.error_rate", PerSecond, "Errors of the logical subscription's workers over the window.";
    ConnectionsActive = "connections.active", Count, "Client backends that run a statement.";
    ConnectionsUsed = "connections.used", Count, "Client backends.";
    ConnectionsUsable = "connections.usable", Count, "Connections that ordinary roles may hold: max_connections without the reserved ones.";
    ConnectionsSaturation = "connections.saturation", Ratio, "Client backends as a share of what ordinary roles may hold.";
    ConnectionsIdleInTransaction = "connections.idle_in_transaction", Count, "Client backends that wait for their client within a transaction.";
    ConnectionsWaiting = "connections.waiting", Count, "Client backends that wait for a lock.";
    ConnectionsWaits = "connections.waits", Count, "Client backends whose statement waits now, by the type of what they wait for: Lock, LWLock, IO, IPC, BufferPin, Timeout, Extension.";
    ConnectionsLimitSaturation = "connections.limit_saturation", Ratio, "Client backends of a database or role as a share of its own limit.";
    ConnectionsDaysUntilFull = "connections.days_until_full", Days, "Time until the peak of a day takes every usable connection, as things go; unknown where history says too little.";
    TransactionsCommitRate = "transactions.commit_rate", PerSecond, "Committed transactions over the window, all databases together.";
    TransactionsRollbackRate = "transactions.rollback_rate", PerSecond, "Rolled back transactions over the window.";
    TransactionsDeadlockRate = "transactions.deadlock_rate", PerSecond, "Deadlocks over the window.";
    TransactionsConflictRate = "transactions.conflict_rate", PerSecond, "Queries of a standby cancelled by recovery, over the window.";
    TemporaryBytesRate = "temporary.bytes_rate", BytesPerSecond, "Temporary files written over the window.";
    CacheHitRatio = "cache.hit_ratio", Ratio, "Blocks found in shared buffers as a share of all blocks asked for over the window; unknown where too few were asked for.";
    LatencyP50 = "latency.p50", Seconds, "The time of execution that half of all statements in the window do not exceed; estimated where the method says so.";
    LatencyP95 = "latency.p95", Seconds, "The time of execution that 95 of 100 statements in the window do not exceed; estimated where the method says so.";
    LatencyP99 = "latency.p99", Seconds, "The time of execution that 99 of 100 statements in the window do not exceed; estimated where the method says so.";
    QueriesCallsRate = "queries.calls_rate", PerSecond, "Statements that clients had executed over the window.";
    QueriesTopShare = "queries.top_share", Ratio, "The three heaviest queries' part of the time of execution of all over the window.";
    QueriesRegressions = "queries.regressions", Count, "Statements that became slower or heavier than they were, by windows of a minute; known from the second minute on.";
    QueriesRegressed = "queries.regressed", Count, "How many times slower than it was the statement is, of the heaviest three that became slower.";
    QueriesHeavier = "queries.heavier", Ratio, "The part of the load of a statement that became heavier, or is new, of the heaviest three such.";
    LongestTransactionSeconds = "transactions.longest_seconds", Seconds, "Age of the oldest transaction of a client backend.";
    OldestXminAge = "transactions.oldest_xmin_age", Count, "Transactions since the oldest row version that vacuum must keep: by a backend, a slot or a prepared transaction.";
    LocksBlocked = "locks.blocked", Count, "Backends that wait for a lock that another one holds.";
    LocksLongestWaitSeconds = "locks.longest_wait_seconds", Seconds, "How long the longest waiter has waited for its lock; a lower bound of it on 13, where the server does not say when a wait began.";
    WraparoundXidAge = "wraparound.xid_age", Count, "Age of the oldest transaction id of any database.";
    WraparoundMultixactAge = "wraparound.multixact_age", Count, "Age of the oldest multixact id of any database.";
    WraparoundXidLeft = "wraparound.xid_left_ratio", Ratio, "Transaction ids left before the server refuses to assign more, as a share of all.";
    WraparoundMultixactLeft = "wraparound.multixact_left_ratio", Ratio, "Multixact ids left before the server refuses to assign more, as a share of all.";
    WraparoundDaysLeft = "wraparound.days_left", Days, "Time until the server refuses to assign more ids, as things go; unknown where history says too little.";
    CheckpointsRequestedRate = "checkpoints.requested_rate", PerSecond, "Checkpoints forced before their time, over the window.";
    CheckpointsTimedRate = "checkpoints.timed_rate", PerSecond, "Checkpoints at their time, over the window.";
    WalRate = "wal.bytes_rate", BytesPerSecond, "Write-ahead log written over the window.";
    WalBytes = "wal.bytes", Bytes, "Size of the directory of write-ahead log.";
    ArchiverFailing = "archiver.failing", Bool, "Whether the last attempt to archive write-ahead log failed; unknown where archiving is off.";
    ArchiverBacklog = "archiver.backlog", Count, "Segments of write-ahead log that wait to be archived.";
    MigrationProgress = "migration.progress", Ratio, "How much of the migration that pgsre applies is done, by steps, a backfill by its rows; the step is a label.";
    MigrationIdleSeconds = "migration.idle_seconds", Seconds, "How long ago the migration that pgsre applies last got on.";
    PoolUp = "pool.up", Bool, "Whether PgBouncer's console answers.";
    PoolClientsActive = "pool.clients_active", Count, "Clients of the pool that do not wait: idle ones count.";
    PoolClientsWaiting = "pool.clients_waiting", Count, "Clients of the pool that wait for a server connection.";
    PoolMaxWaitSeconds = "pool.max_wait_seconds", Seconds, "How long the first of the waiting clients has waited: it rises in a total stall, too.";
    PoolServersActive = "pool.servers_active", Count, "Server connections of the pool that a client uses.";
    PoolServersIdle = "pool.servers_idle", Count, "Server connections of the pool that are at hand.";
    PoolSaturation = "pool.saturation", Ratio, "Server connections in use as a share of the pool's size; above 1 where the reserve is in use.";
    PoolClientSaturation = "pool.client_saturation", Ratio, "Client connections as a share of max_client_conn.";
    PoolLoginFailures = "pool.login_failures", Count, "Clients that wait in a pool without any server connection: PgBouncer cannot log in to the server.";
    PoolPaused = "pool.paused", Bool, "Whether the pooler's database is paused: its clients wait until it is resumed.";
    PoolDisabled = "pool.disabled", Bool, "Whether the pooler's database is disabled: new clients are turned away.";
    PoolTransactionRate = "pool.transactions_rate", PerSecond, "Transactions through the pooler over the window.";
    PoolConcurrency = "pool.concurrency", Count, "Server connections in use on average over the window: the time that transactions held one by the window's (Little's law).";
    PoolTransactionSeconds = "pool.transaction_seconds", Seconds, "Mean time that a transaction held its server connection over the window.";
    PoolQuerySeconds = "pool.query_seconds", Seconds, "Mean time of a query through the pooler over the window, without its wait.";
    PoolWaitSeconds = "pool.wait_seconds", Seconds, "Mean time that a client waited for a server connection over the window; those who still wait do not count.";
    BackupNewestAgeSeconds = "backup.newest_age_seconds", Seconds, "Age of the newest backup; unknown where there is none.";
    BackupStale = "backup.stale", Bool, "Whether the newest backup is older than it may be, or there is none; unknown where no greatest age is set.";
    DrillLastPassed = "drill.last_passed", Bool, "Whether the last restore drill passed; unknown where there was none.";
    DrillPassedAgeSeconds = "drill.passed_age_seconds", Seconds, "Time since a restore drill that passed began; unknown where none did.";
    DrillOverdue = "drill.overdue", Bool, "Whether no drill passed within the time set; unknown where none is set.";
    DiskUsedBytes = "disk.used_bytes", Bytes, "Bytes used: of a database, a tablespace, or a file system.";
    DiskFreeBytes = "disk.free_bytes", Bytes, "Bytes free in a file system of the server: of its data, and of its write-ahead log and tablespaces where they lie elsewhere; unknown where the server is not proven to run on this machine.";
    DiskFreeRatio = "disk.free_ratio", Ratio, "Bytes free as a share of the file system; unknown where the server is not proven to run on this machine.";
    DiskGrowthRate = "disk.growth_rate", BytesPerSecond, "How fast it grows, of a database, a tablespace or a file system: from history.";
    DiskDaysUntilFull = "disk.days_until_full", Days, "Time until the file system is full, as things go; unknown where history says too little.";
    DiskDaysUntilFullEarliest = "disk.days_until_full_earliest", Days, "The same at the earliest: an interval from here holds the truth nine times of ten.";
    TemporaryBytes = "disk.temporary_bytes", Bytes, "Temporary files that are on disk now.";
}

impl Metric {
    /// The metric of a dotted name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|metric| metric.as_str() == name)
    }

    /// Whether it is measured without the server's connection, and so also while the server is down:
    /// by the console of its pooler, by the catalogue of its backups.
    #[must_use]
    pub fn is_independent(self) -> bool {
        let area = self.as_str().split('.').next().unwrap_or_default();
        matches!(area, "pool" | "backup" | "drill")
    }

    /// The name as Prometheus has it: `pgsre_replication_replay_lag_seconds`. Prometheus counts
    /// time in seconds only, so what is in days here is in seconds there, by name and by value.
    #[must_use]
    pub fn prometheus_name(self) -> String {
        let name = self.as_str().replace('.', "_");
        match self.unit() {
            Unit::Days => format!("pgsre_{}", name.replace("days", "seconds")),
            _ => format!("pgsre_{name}"),
        }
    }

    /// A figure of this metric, or a bound of it, as Prometheus has it.
    #[must_use]
    pub fn prometheus_value(self, value: f64) -> f64 {
        match self.unit() {
            Unit::Days => value * 86_400.0,
            _ => value,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_is_dotted_lower_case_and_used_once() {
        let names: BTreeSet<_> = Metric::ALL.iter().map(|metric| metric.as_str()).collect();
        assert_eq!(names.len(), Metric::ALL.len());
        for name in names {
            let (area, what) = name.split_once('.').unwrap_or_default();
            let is_word = |text: &str| {
                !text.is_empty()
                    && text
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            };
            assert!(is_word(area) && is_word(what), "{name}");
        }
    }

    #[test]
    fn prometheus_sees_base_units_only() {
        for metric in Metric::ALL {
            let name = metric.prometheus_name();
            assert!(!name.contains("days") && !name.ends_with("_total"), "{name}");
            let factor = if metric.unit() == Unit::Days { 86_400.0 } else { 1.0 };
            assert_eq!(metric.prometheus_value(2.0), 2.0 * factor, "{name}");
        }
    }

    #[test]
    fn a_metric_is_found_by_its_name_and_no_other() {
        for metric in Metric::ALL {
            assert_eq!(Metric::named(metric.as_str()), Some(*metric));
        }
        assert_eq!(Metric::named("replication.replay_lag"), None);
    }
}
