//! [`PoolerProbe`]: PgBouncer for the monitor.

use std::collections::HashMap;
use std::time::Instant;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Console, ConsoleError, DatabaseRow, PoolRow, StatsRow, StatsWindow};
use crate::finding::chain;
use crate::monitor::{IndependentProbe, Measured, Metric, ProbeError, Sample};
use crate::postgres::ConnectConfig;

/// PgBouncer's pools: who waits, for how long, what is used, what is paused.
///
/// It holds one connection to the console, which is exempt from `max_client_conn`, and makes it anew
/// when it breaks. A user of `stats_users` suffices.
#[derive(Debug)]
pub struct PoolerProbe {
    config: ConnectConfig,
    console: Option<Console>,
    counters: HashMap<String, (Instant, StatsRow)>,
}

/// What one look at the console found.
#[derive(Clone, Debug)]
struct Look {
    pools: Vec<PoolRow>,
    databases: Vec<DatabaseRow>,
    pool_sizes_of_users: HashMap<String, u64>,
    stats: Vec<StatsRow>,
    clients: Option<u64>,
    max_clients: Option<u64>,
    all_paused: bool,
}

const METRICS: &[Metric] = &[
    Metric::PoolUp,
    Metric::PoolClientsActive,
    Metric::PoolClientsWaiting,
    Metric::PoolMaxWaitSeconds,
    Metric::PoolServersActive,
    Metric::PoolServersIdle,
    Metric::PoolSaturation,
    Metric::PoolClientSaturation,
    Metric::PoolLoginFailures,
    Metric::PoolPaused,
    Metric::PoolDisabled,
    Metric::PoolTransactionRate,
    Metric::PoolConcurrency,
    Metric::PoolTransactionSeconds,
    Metric::PoolQuerySeconds,
    Metric::PoolWaitSeconds,
];

impl PoolerProbe {
    /// A probe of the PgBouncer whose console this is: `postgres://stats@db1:6432/pgbouncer`.
    /// Nothing is connected yet.
    #[must_use]
    pub fn new(config: ConnectConfig) -> Self {
        Self { config, console: None, counters: HashMap::new() }
    }

    async fn look(&mut self) -> Result<Look, ConsoleError> {
        // PgBouncer may have been started anew since.
        if let Some(console) = self.console.take()
            && let Ok(look) = look(&console).await
        {
            self.console = Some(console);
            return Ok(look);
        }
        let console = Console::connect(&self.config).await?;
        let look = look(&console).await?;
        self.console = Some(console);
        Ok(look)
    }

    fn samples(&mut self, look: &Look, now: Timestamp) -> Vec<Sample> {
        let mut samples = vec![
            Sample::exact(Metric::PoolUp, 1.0, now),
            Sample::maybe(Metric::PoolClientSaturation, look.client_saturation(), now),
        ];
        for pool in look.pools.iter().filter(|pool| !pool.is_console()) {
            samples.extend(of_pool(pool, look, now));
        }
        for database in look.databases.iter().filter(|database| database.name != "pgbouncer") {
            let paused = database.paused || look.all_paused;
            let is = |metric, is| {
                Sample::exact(metric, f64::from(u8::from(is)), now)
                    .about("database", &database.name)
            };
            samples.push(is(Metric::PoolPaused, paused));
            samples.push(is(Metric::PoolDisabled, database.disabled));
        }
        for stats in look.stats.iter().filter(|stats| stats.database != "pgbouncer") {
            samples.extend(self.of_window(stats, now));
        }
        samples
    }

    /// What the counters say about the time since the reading before.
    fn of_window(&mut self, stats: &StatsRow, now: Timestamp) -> Vec<Sample> {
        let at = Instant::now();
        let before = self.counters.insert(stats.database.clone(), (at, stats.clone()));
        let window = before.and_then(|(since, before)| {
            StatsWindow::between(&before, stats, at.duration_since(since).as_secs_f64())
        });
        let figure = |figure: fn(&StatsWindow) -> Option<f64>| window.as_ref().and_then(figure);
        [
            (Metric::PoolTransactionRate, figure(|window| Some(window.transactions_rate))),
            (Metric::PoolConcurrency, figure(|window| Some(window.concurrency))),
            (Metric::PoolTransactionSeconds, figure(|window| window.transaction_seconds)),
            (Metric::PoolQuerySeconds, figure(|window| window.query_seconds)),
            (Metric::PoolWaitSeconds, figure(|window| window.wait_seconds)),
        ]
        .into_iter()
        .map(|(metric, value)| Sample::maybe(metric, value, now).about("database", &stats.database))
        .collect()
    }
}

#[async_trait]
impl IndependentProbe for PoolerProbe {
    fn name(&self) -> &'static str {
        "pgbouncer"
    }

    fn metrics(&self) -> &'static [Metric] {
        METRICS
    }

    async fn measure(&mut self, now: Timestamp) -> Result<Measured, ProbeError> {
        match self.look().await {
            Ok(look) => Ok(self.samples(&look, now).into()),
            // That it is down is a figure, too.
            Err(error) if error.is_down() => {
                let unknown = METRICS.iter().skip(1).map(|metric| Sample::unknown(*metric, now));
                let down = Sample::exact(Metric::PoolUp, 0.0, now);
                let samples = std::iter::once(down).chain(unknown).collect();
                Ok(Measured { samples, unseen: vec![chain(&error)] })
            }
            Err(error) => {
                Err(ProbeError::new("PgBouncer's console could not be read").with_cause(error))
            }
        }
    }
}

async fn look(console: &Console) -> Result<Look, ConsoleError> {
    let lists = console.lists().await?;
    let config = console.config().await?;
    let users = console.users().await?;
    Ok(Look {
        pools: console.pools().await?,
        databases: console.databases().await?,
        pool_sizes_of_users: users
            .into_iter()
            .filter_map(|user| Some((user.name, user.pool_size?)))
            .collect(),
        stats: console.stats().await?,
        clients: lists.iter().find(|(list, _)| list == "used_clients").map(|(_, count)| *count),
        max_clients: config
            .iter()
            .find(|entry| entry.key == "max_client_conn")
            .and_then(|entry| entry.value.parse().ok()),
        all_paused: console.state().await?.is_some_and(|state| state.paused || state.suspended),
    })
}

impl Look {
    fn client_saturation(&self) -> Option<f64> {
        let most = self.max_clients.filter(|most| *most > 0)?;
        Some(self.clients? as f64 / most as f64)
    }

    /// The pool's size: the user's own goes before the database's (`pool_pool_size` of
    /// PgBouncer's `src/server.c`).
    fn pool_size(&self, pool: &PoolRow) -> Option<u64> {
        let of_user = self.pool_sizes_of_users.get(&pool.user).copied();
        let of_database = || {
            let database = self.databases.iter().find(|database| database.name == pool.database);
            database.map(|database| database.pool_size)
        };
        of_user.or_else(of_database).filter(|size| *size > 0)
    }
}

fn of_pool(pool: &PoolRow, look: &Look, now: Timestamp) -> Vec<Sample> {
    let saturation = look.pool_size(pool).map(|size| pool.servers_active as f64 / size as f64);
    let stranded = if pool.servers() == 0 { pool.clients_waiting } else { 0 };
    // A pause closes the server connections on purpose.
    let is_paused = look.all_paused
        || look.databases.iter().any(|database| database.name == pool.database && database.paused);
    let stranded = if is_paused { 0 } else { stranded };
    [
        (Metric::PoolClientsActive, Some(pool.clients_active as f64)),
        (Metric::PoolClientsWaiting, Some(pool.clients_waiting as f64)),
        (Metric::PoolMaxWaitSeconds, Some(pool.max_wait_seconds)),
        (Metric::PoolServersActive, Some(pool.servers_active as f64)),
        (Metric::PoolServersIdle, Some(pool.servers_idle as f64)),
        (Metric::PoolSaturation, saturation),
        (Metric::PoolLoginFailures, Some(stranded as f64)),
    ]
    .into_iter()
    .map(|(metric, value)| {
        Sample::maybe(metric, value, now)
            .about("database", &pool.database)
            .about("user", &pool.user)
    })
    .collect()
}

#[cfg(test)]
mod tests;
