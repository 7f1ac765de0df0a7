//! Which figures are out of bounds: [`Rule`].

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Metric, Sample};
use crate::finding::Severity;

mod sense;

/// When a metric is worth an alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name, `area.what`.
    pub name: String,
    /// What it watches.
    pub metric: Metric,
    /// Only samples with these labels.
    pub labels: BTreeMap<String, String>,
    /// When it warns.
    pub warning: Option<Threshold>,
    /// When it is critical.
    pub critical: Option<Threshold>,
    /// What an unknown figure weighs, and for how long it may be unknown first; `None` where it may
    /// well be unknown.
    pub no_data: Option<(Severity, Duration)>,
    /// How many of the last readings must be out of bounds; the last one where `None`.
    pub needs: Option<Needs>,
    /// Rules whose incidents follow from this one and are not told while it fires, where they are
    /// about the same thing (their labels hold those of this one): exact names, or a beginning
    /// such as `replication.*`.
    pub inhibits: Vec<String>,
}

/// So many of so many readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    readings: u32,
    of: u32,
}

impl Needs {
    /// `readings` of the last `of`: from 1 of 1 to 32 of 32. `None` outside of that.
    #[must_use]
    pub const fn new(readings: u32, of: u32) -> Option<Self> {
        if readings == 0 || readings > of || of > u32::BITS {
            return None;
        }
        Some(Self { readings, of })
    }

    pub(super) const fn of(self) -> u32 {
        self.of
    }

    pub(super) const fn readings(self) -> u32 {
        self.readings
    }

    /// One bit for each of the last readings.
    pub(super) const fn mask(self) -> u32 {
        u32::MAX >> (u32::BITS - self.of)
    }
}

/// When a value is out of bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// Which side, and where.
    pub bound: Bound,
    /// For how long without a break before it fires.
    pub hold: Duration,
    /// Where it is sound again; the bound itself where `None`.
    pub clear: Option<f64>,
    /// For how long it goes on after the value is sound again.
    pub keep: Duration,
}

/// Which side of a figure is out of bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// Larger values are.
    Above(f64),
    /// Smaller values are.
    Below(f64),
}

impl Threshold {
    /// Fires as soon as the value is out of bounds.
    #[must_use]
    pub const fn at(bound: Bound) -> Self {
        Self { bound, hold: Duration::ZERO, clear: None, keep: Duration::ZERO }
    }

    /// Fires after so many seconds without a break.
    #[must_use]
    pub const fn held(mut self, seconds: u64) -> Self {
        self.hold = Duration::from_secs(seconds);
        self
    }

    /// Is sound again only beyond this value.
    #[must_use]
    pub const fn clear(mut self, value: f64) -> Self {
        self.clear = Some(value);
        self
    }

    /// Whether a value is out of bounds: for one that fires already, whether it is not yet sound
    /// again.
    #[must_use]
    pub fn is_crossed(&self, value: f64, fires: bool) -> bool {
        let clear = self.clear.filter(|_| fires);
        match self.bound {
            Bound::Above(bound) => value > clear.unwrap_or(bound),
            Bound::Below(bound) => value < clear.unwrap_or(bound),
        }
    }
}

impl Rule {
    /// A rule without thresholds.
    #[must_use]
    pub fn new(name: impl Into<String>, metric: Metric) -> Self {
        Self {
            name: name.into(),
            metric,
            labels: BTreeMap::new(),
            warning: None,
            critical: None,
            no_data: None,
            needs: None,
            inhibits: Vec::new(),
        }
    }

    /// The same that warns here.
    #[must_use]
    pub fn warning(mut self, threshold: Threshold) -> Self {
        self.warning = Some(threshold);
        self
    }

    /// The same that is critical here.
    #[must_use]
    pub fn critical(mut self, threshold: Threshold) -> Self {
        self.critical = Some(threshold);
        self
    }

    /// The same that says when the figure is unknown for so many seconds.
    #[must_use]
    pub fn unknown(mut self, severity: Severity, seconds: u64) -> Self {
        self.no_data = Some((severity, Duration::from_secs(seconds)));
        self
    }

    /// The same that needs several of the last readings.
    #[must_use]
    pub fn needing(mut self, needs: Needs) -> Self {
        self.needs = Some(needs);
        self
    }

    /// The same from which the incidents of other rules follow.
    #[must_use]
    pub fn inhibiting<S: Into<String>>(mut self, rules: impl IntoIterator<Item = S>) -> Self {
        self.inhibits.extend(rules.into_iter().map(Into::into));
        self
    }

    /// The same that fires with the first reading.
    pub(super) fn without_patience(mut self) -> Self {
        for threshold in [&mut self.warning, &mut self.critical].into_iter().flatten() {
            threshold.hold = Duration::ZERO;
        }
        if let Some((_, patience)) = &mut self.no_data {
            *patience = Duration::ZERO;
        }
        self.needs = None;
        self
    }

    /// Whether the rule watches this sample.
    #[must_use]
    pub fn watches(&self, sample: &Sample) -> bool {
        self.metric == sample.metric
            && self.labels.iter().all(|(name, value)| sample.labels.get(name) == Some(value))
    }
}

const fn above(value: f64) -> Threshold {
    Threshold::at(Bound::Above(value))
}

const fn below(value: f64) -> Threshold {
    Threshold::at(Bound::Below(value))
}

/// The rules that suit any server. A rule of the user's with the same name takes the place of one.
///
/// Lag: 1 s and 10 s. A replica that is not connected is critical at once. Saturation, locks and
/// transactions: what leaves time to act. Wraparound: autovacuum begins to force itself at a tenth
/// of the space (`autovacuum_freeze_max_age`, 200 million); half of it gone means that it does not
/// get on. Cache hits: 99 %. Disks: a tenth free, or two weeks as things go, leave time to order one;
/// two days leave a night. Slots: a working day, then half of one.
#[must_use]
pub fn default_rules() -> Vec<Rule> {
    use Metric as M;
    vec![
        Rule::new("server.down", M::Up)
            .critical(below(1.0).held(5))
            .unknown(Severity::Critical, 15),
        Rule::new("replication.disconnected", M::ReplicationConnected)
            .critical(below(1.0))
            .unknown(Severity::Warning, 60)
            .inhibiting(["replication.lag", "replication.paused"]),
        Rule::new("replication.lag", M::ReplicationReplayLagSeconds)
            .warning(above(1.0).held(10).clear(0.5))
            .critical(above(10.0).held(10).clear(5.0)),
        Rule::new("replication.paused", M::ReplicationPaused).warning(above(0.0).held(60)),
        Rule::new("slot.inactive", M::SlotActive).warning(below(1.0).held(300)),
        Rule::new("slot.retained", M::SlotRetainedBytes)
            .warning(above(10e9).held(60))
            .critical(above(100e9).held(60)),
        Rule::new("slot.lost", M::SlotLost)
            .critical(above(0.0))
            .inhibiting(["slot.inactive", "slot.retained"]),
        Rule::new("subscription.stopped", M::SubscriptionRunning).critical(below(1.0).held(60)),
        Rule::new("connections.saturation", M::ConnectionsSaturation)
            .warning(above(0.8).held(60).clear(0.75))
            .critical(above(0.95).held(30).clear(0.9)),
        Rule::new("connections.limit", M::ConnectionsLimitSaturation)
            .warning(above(0.8).held(60).clear(0.75))
            .critical(above(0.95).held(30).clear(0.9)),
        Rule::new("pool.down", M::PoolUp)
            .critical(below(1.0).held(5))
            .unknown(Severity::Critical, 15),
        Rule::new("pool.waiting", M::PoolMaxWaitSeconds)
            .warning(above(1.0).held(10).clear(0.5))
            .critical(above(10.0).clear(5.0)),
        Rule::new("pool.saturation", M::PoolSaturation).warning(above(0.9).held(300).clear(0.8)),
        Rule::new("pool.clients", M::PoolClientSaturation)
            .warning(above(0.8).held(60).clear(0.75))
            .critical(above(0.95).held(30).clear(0.9)),
        Rule::new("pool.login", M::PoolLoginFailures).critical(above(0.0).held(10)),
        Rule::new("pool.paused", M::PoolPaused).warning(above(0.0).held(60)),
        Rule::new("pool.disabled", M::PoolDisabled).warning(above(0.0).held(60)),
        Rule::new("cache.hit_ratio", M::CacheHitRatio).warning(below(0.99).held(600).clear(0.992)),
        // What became heavier is for rules of one's own: a report at night is no fault.
        Rule::new("queries.regressed", M::QueriesRegressed).warning(above(1.0)),
        Rule::new("locks.blocked", M::LocksLongestWaitSeconds)
            .warning(above(30.0))
            .critical(above(300.0)),
        Rule::new("transactions.long", M::LongestTransactionSeconds)
            .warning(above(3_600.0))
            .critical(above(6.0 * 3_600.0)),
        Rule::new("transactions.deadlocks", M::TransactionsDeadlockRate)
            .warning(above(1.0 / 60.0).held(300)),
        Rule::new("wraparound.transactions", M::WraparoundXidLeft)
            .warning(below(0.5))
            .critical(below(0.25)),
        Rule::new("wraparound.multixacts", M::WraparoundMultixactLeft)
            .warning(below(0.5))
            .critical(below(0.25)),
        Rule::new("wraparound.days_left", M::WraparoundDaysLeft)
            .warning(below(30.0).held(600))
            .critical(below(7.0).held(600)),
        Rule::new("disk.full", M::DiskFreeRatio)
            .warning(below(0.1).held(60).clear(0.12))
            .critical(below(0.05).clear(0.06)),
        Rule::new("disk.days_until_full", M::DiskDaysUntilFull)
            .warning(below(14.0).held(1_800).clear(16.0))
            .critical(below(2.0).held(600).clear(3.0)),
        Rule::new("slot.running_out", M::SlotSecondsUntilLost)
            .warning(below(86_400.0).held(300))
            .critical(below(4.0 * 3_600.0).held(300)),
        Rule::new("connections.running_out", M::ConnectionsDaysUntilFull)
            .warning(below(14.0).held(3_600)),
        Rule::new("backup.stale", M::BackupStale).critical(above(0.0)),
        Rule::new("backup.unknown", M::BackupNewestAgeSeconds).unknown(Severity::Warning, 3_600),
        Rule::new("drill.failed", M::DrillLastPassed).critical(below(1.0)),
        Rule::new("drill.overdue", M::DrillOverdue).critical(above(0.0)),
        Rule::new("archiver.failing", M::ArchiverFailing).critical(above(0.0).held(60)),
        Rule::new("archiver.backlog", M::ArchiverBacklog)
            .warning(above(30.0).held(300))
            .critical(above(300.0).held(300)),
    ]
}

#[cfg(test)]
mod tests;
