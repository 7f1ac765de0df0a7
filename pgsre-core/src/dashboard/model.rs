//! What a dashboard shows, as plain data.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::finding::Severity;
use crate::monitor::{IncidentState, Metric, Role, Unit};

/// How something is; the later, the worse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing is out of bounds.
    #[default]
    Ok,
    /// Something is worth a look.
    Warning,
    /// It is not known, and was not before.
    NoData,
    /// It was known, and is not known now.
    Stale,
    /// Something must be done.
    Critical,
}

impl State {
    /// The name as people read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::NoData => "no data",
            Self::Stale => "stale",
            Self::Critical => "critical",
        }
    }

    /// The name as style sheets have it.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::NoData => "no-data",
            state => state.as_str(),
        }
    }

    pub(super) const fn of_severity(severity: Severity) -> Self {
        match severity {
            Severity::Critical => Self::Critical,
            Severity::Warning => Self::Warning,
            Severity::Info => Self::Ok,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The six panels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PanelKind {
    /// Connections against what ordinary roles may hold, and the pool.
    Connections,
    /// Query latency.
    Latency,
    /// Replication lag.
    Replication,
    /// Transactions per second.
    Transactions,
    /// Cache hit ratio.
    Cache,
    /// Disk.
    Disk,
}

impl PanelKind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] = [
        Self::Connections,
        Self::Latency,
        Self::Replication,
        Self::Transactions,
        Self::Cache,
        Self::Disk,
    ];

    /// The name as addresses and style sheets have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Latency => "latency",
            Self::Replication => "replication",
            Self::Transactions => "transactions",
            Self::Cache => "cache",
            Self::Disk => "disk",
        }
    }

    /// The title.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Connections => "Connections",
            Self::Latency => "Query latency",
            Self::Replication => "Replication lag",
            Self::Transactions => "Transactions",
            Self::Cache => "Cache hits",
            Self::Disk => "Disk",
        }
    }

    /// What is drawn, and how a series of it is called.
    #[must_use]
    pub const fn charted(self) -> &'static [(Metric, &'static str)] {
        match self {
            Self::Connections => &[
                (Metric::ConnectionsUsed, "used"),
                (Metric::ConnectionsActive, "active"),
                (Metric::ConnectionsIdleInTransaction, "idle in transaction"),
                (Metric::ConnectionsWaiting, "waiting for a lock"),
                (Metric::ConnectionsUsable, "usable"),
            ],
            Self::Latency => &[
                (Metric::LatencyP50, "p50"),
                (Metric::LatencyP95, "p95"),
                (Metric::LatencyP99, "p99"),
            ],
            Self::Replication => &[(Metric::ReplicationReplayLagSeconds, "lag")],
            Self::Transactions => &[
                (Metric::TransactionsCommitRate, "commits"),
                (Metric::TransactionsRollbackRate, "rollbacks"),
            ],
            Self::Cache => &[(Metric::CacheHitRatio, "hits")],
            Self::Disk => &[(Metric::DiskUsedBytes, "used"), (Metric::DiskFreeBytes, "free")],
        }
    }

    /// Its area of metrics: an incident of such a rule is the panel's.
    pub(super) fn holds(self, metric: Metric) -> bool {
        let area = metric.as_str().split('.').next().unwrap_or_default();
        match self {
            Self::Connections => matches!(area, "connections" | "pool"),
            Self::Latency => matches!(area, "latency"),
            Self::Replication => matches!(area, "replication"),
            Self::Transactions => area == "transactions" && metric != Metric::OldestXminAge,
            Self::Cache => area == "cache",
            Self::Disk => area == "disk",
        }
    }
}

/// One server on a dashboard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServerBoard {
    /// What people call it.
    pub name: String,
    /// Its version; `None` while it was never reached.
    pub version: Option<String>,
    /// What it is; `None` while it is not reached.
    pub role: Option<Role>,
    /// The worst of it.
    pub state: State,
    /// Why, in one sentence.
    pub summary: String,
    /// When the last reading began; `None` before the first.
    pub at: Option<Timestamp>,
    /// How old that was when this was made, in seconds.
    pub age_seconds: Option<f64>,
    /// From this age on it is stale, in seconds.
    pub patience_seconds: f64,
    /// The six panels.
    pub panels: Vec<Panel>,
    /// What fires, is about to, or is not known, the heaviest first.
    pub alerts: Vec<AlertRow>,
    /// What fired before, the newest first.
    pub past_alerts: Vec<PastAlert>,
    /// Backups and drills.
    pub backups: BackupsBoard,
    /// Migrations that pgsre applies now; empty where none is under way.
    pub migrations: Vec<Figure>,
    /// The worst queries.
    pub queries: QueriesBoard,
    /// What will hurt next, the soonest first.
    pub forecasts: Vec<ForecastRow>,
    /// What could not be seen, and how to make it so.
    pub unseen: Vec<String>,
}

/// One panel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Panel {
    /// Which.
    pub kind: PanelKind,
    /// How it is.
    pub state: State,
    /// The figure that counts, with its unit.
    pub headline: String,
    /// What that figure is.
    pub caption: String,
    /// Every figure.
    pub figures: Vec<Figure>,
    /// Why there is no data, or since when it is stale.
    pub why: Option<String>,
    /// When the figures were read; `None` where there are none.
    pub at: Option<Timestamp>,
}

impl Panel {
    /// The title.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.kind.title()
    }
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// What it is.
    pub name: String,
    /// The figure; `None` where it is not known, which is never the same as 0.
    pub value: Option<f64>,
    /// What it is counted in.
    pub unit: Unit,
    /// The figure as people read it.
    pub text: String,
    /// How it is by the rules.
    pub state: State,
    /// How it was come by, and by how much it may be wrong; empty where it is exact.
    pub note: String,
}

/// One incident that is open.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertRow {
    /// The rule.
    pub rule: String,
    /// How much it weighs.
    pub severity: Severity,
    /// How far it has come.
    pub state: IncidentState,
    /// What it is about, beside the server.
    pub about: String,
    /// The figure as people read it.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
    /// For how long, as people read it.
    pub lasts: String,
    /// What is worth to know beside it; why nobody is told.
    pub note: String,
}

/// One incident that is over.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PastAlert {
    /// The rule.
    pub rule: String,
    /// How much it weighed at most.
    pub severity: Severity,
    /// What it was about, beside the server.
    pub about: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// For how long, as people read it.
    pub lasted: String,
}

/// Backups and drills.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BackupsBoard {
    /// How they are: no data where none are watched.
    pub state: State,
    /// Every figure; empty where no backups are watched.
    pub figures: Vec<Figure>,
    /// The last drills, the newest first.
    pub drills: Vec<DrillRow>,
}

/// One drill.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DrillRow {
    /// The run.
    pub id: String,
    /// When it began.
    pub at: Timestamp,
    /// What it came to.
    pub verdict: String,
    /// How that is.
    pub state: State,
    /// Seconds until the restored database answered.
    pub rto_seconds: Option<f64>,
    /// The same as people read it.
    pub rto: String,
}

/// The worst queries of a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct QueriesBoard {
    /// How long the window was, in seconds; `None` where no window is known.
    pub seconds: Option<f64>,
    /// Why nothing is known; empty where something is.
    pub why: String,
    /// The heaviest first.
    pub queries: Vec<QueryRow>,
}

/// One query.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueryRow {
    /// The server's hash of it.
    pub query_id: String,
    /// The database and the user.
    pub origin: String,
    /// Its part of the load, from 0 to 1.
    pub share: f64,
    /// The same as people read it.
    pub share_text: String,
    /// Executions a second.
    pub calls: f64,
    /// The same as people read it.
    pub calls_text: String,
    /// Mean time of an execution, in milliseconds.
    pub mean_ms: f64,
    /// The same as people read it.
    pub mean_text: String,
    /// What became worse; empty where nothing did.
    pub regression: String,
    /// Its text without values.
    pub text: String,
}

/// What will run out, and when.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ForecastRow {
    /// What.
    pub what: String,
    /// How that is by the rules.
    pub state: State,
    /// When, in seconds from now; `None` where history says too little, or that it does not.
    pub seconds: Option<f64>,
    /// The same as people read it, with its interval.
    pub text: String,
    /// How it was come by, or why nothing is said.
    pub method: String,
}
