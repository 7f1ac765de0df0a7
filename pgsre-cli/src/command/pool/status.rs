//! `pgsre pool status`.

use jiff::Timestamp;
use pgsre_core::finding::Severity;
use pgsre_core::monitor::{IndependentProbe as _, Labels, Measured, Metric, Sample, default_rules};
use pgsre_core::pooler::{Console, DatabaseRow, PoolRow, PoolerProbe, PoolerVersion};
use pgsre_core::postgres::ConnectConfig;
use serde::Serialize;

use crate::args::{Format, PoolStatusArgs};
use crate::command::status::State;
use crate::config::Config;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::render::{human, json};

/// What one PgBouncer is like: the JSON of `pgsre pool status`.
#[derive(Clone, Debug, Serialize)]
pub struct PoolStatus {
    /// The version of this shape: 1.
    pub schema: u32,
    /// Which PgBouncer.
    pub pooler: Pooler,
    /// The worst of it.
    pub state: State,
    /// Its pools.
    pub pools: Vec<PoolRow>,
    /// Its databases.
    pub databases: Vec<DatabaseRow>,
    /// Every figure, as in `pgsre status`.
    pub samples: Vec<Sample>,
    /// What is out of bounds, the heaviest first.
    pub alerts: Vec<PoolAlert>,
    /// Why it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// A PgBouncer.
#[derive(Clone, Debug, Serialize)]
pub struct Pooler {
    /// Where its console is.
    pub address: String,
    /// Its version; `None` where it could not be asked.
    pub version: Option<PoolerVersion>,
}

/// A figure that is out of bounds.
#[derive(Clone, Debug, Serialize)]
pub struct PoolAlert {
    /// The rule of the monitor.
    pub rule: String,
    /// How much it weighs.
    pub severity: Severity,
    /// What it is about.
    pub labels: Labels,
    /// The figure.
    pub value: f64,
    /// What the figure is, for people.
    #[serde(skip)]
    pub metric: Metric,
}

pub(super) async fn run(
    args: &PoolStatusArgs,
    config: &Config,
    face: &Face,
) -> Result<u8, CommandError> {
    let consoles = super::consoles(args.url.as_ref(), args.server.as_ref(), config)?;
    if consoles.is_empty() {
        return Err(CommandError::usage("no console is given, and no configured server has one")
            .with_hint(
                "give postgres://USER@HOST:6432/pgbouncer, or set `pgbouncer` of the server in \
                 pgsre.toml",
            ));
    }
    let reading = consoles.iter().map(|console| read(console, args));
    let poolers: Vec<PoolStatus> = futures::future::join_all(reading).await;
    face.print(&match args.format {
        Format::Human => {
            poolers.iter().map(|status| human::pool_status(face, status)).collect::<String>()
        }
        Format::Json => match poolers.as_slice() {
            [one] => json::object(one)?,
            several => json::object(&serde_json::json!({ "schema": 1, "poolers": several }))?,
        },
    })?;
    Ok(exit_code::heaviest(poolers.iter().map(|status| status.state.exit_code())))
}

async fn read(console: &ConnectConfig, args: &PoolStatusArgs) -> PoolStatus {
    let address = console.with_database("pgbouncer").to_string();
    match measure(console, args).await {
        Ok((version, pools, databases, measured)) => {
            let alerts = alerts(&measured.samples);
            PoolStatus {
                schema: 1,
                pooler: Pooler { address, version: Some(version) },
                state: state(&alerts),
                pools,
                databases,
                samples: measured.samples,
                alerts,
                missing: None,
            }
        }
        Err(error) => PoolStatus {
            schema: 1,
            pooler: Pooler { address, version: None },
            state: State::NoData,
            pools: Vec::new(),
            databases: Vec::new(),
            samples: Vec::new(),
            alerts: Vec::new(),
            missing: Some(pgsre_core::finding::chain(error.as_ref())),
        },
    }
}

type Rows = (PoolerVersion, Vec<PoolRow>, Vec<DatabaseRow>, Measured);

/// Two readings: averages are the difference between them.
async fn measure(
    config: &ConnectConfig,
    args: &PoolStatusArgs,
) -> Result<Rows, Box<dyn std::error::Error + Send + Sync>> {
    let console = Console::connect(config).await?;
    let mut probe = PoolerProbe::new(config.clone());
    // Counters mean something only beside later ones.
    drop(probe.measure(Timestamp::now()).await?);
    tokio::time::sleep(args.window).await;
    let measured = probe.measure(Timestamp::now()).await?;
    let (pools, databases) = (console.pools().await?, console.databases().await?);
    let version = console.version();
    console.close().await;
    let pools = pools.into_iter().filter(|pool| !pool.is_console()).collect();
    let databases = databases.into_iter().filter(|d| d.name != "pgbouncer").collect();
    Ok((version, pools, databases, measured))
}

/// What the monitor's rules would say if it went on like this.
fn alerts(samples: &[Sample]) -> Vec<PoolAlert> {
    let mut alerts = Vec::new();
    for rule in default_rules() {
        for sample in samples.iter().filter(|sample| rule.watches(sample)) {
            let Some(value) = sample.value else { continue };
            let crossed = |threshold: Option<pgsre_core::monitor::Threshold>| {
                threshold.is_some_and(|threshold| threshold.is_crossed(value, false))
            };
            let severity = match () {
                () if crossed(rule.critical) => Severity::Critical,
                () if crossed(rule.warning) => Severity::Warning,
                () => continue,
            };
            let (rule, labels) = (rule.name.clone(), sample.labels.clone());
            alerts.push(PoolAlert { rule, severity, labels, value, metric: sample.metric });
        }
    }
    alerts.sort_by_key(|alert| std::cmp::Reverse(alert.severity));
    alerts
}

fn state(alerts: &[PoolAlert]) -> State {
    match alerts.iter().map(|alert| alert.severity).max() {
        Some(Severity::Critical) => State::Critical,
        Some(_) => State::Warning,
        None => State::Ok,
    }
}
