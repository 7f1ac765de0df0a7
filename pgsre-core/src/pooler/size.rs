//! [`size`]: how many server connections the pools need, and why.

use std::time::Duration;

use serde::Serialize;

mod erlang;
mod reasons;

pub use erlang::mean_wait;

/// Server connections that any pool should have: with fewer, one slow query stops everybody.
const LEAST: u64 = 4;

/// What serves where nothing is known of the load and the machine: the reference configuration.
const REFERENCE: u64 = 25;

/// Server connections that are left to administrators, migrations and backups.
const SPARE: u64 = 5;

/// No search for a size goes further: a server with that many connections is in other trouble.
const MOST: u64 = 10_000;

/// What is known of the load of one database.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Demand {
    /// The database, as clients name it.
    pub database: String,
    /// Server connections in use on average: the time of all transactions in a window by the
    /// window's length (Little's law). `None` where it was not measured.
    pub concurrency: Option<f64>,
    /// The mean time of a transaction, in seconds.
    pub transaction_seconds: Option<f64>,
}

/// What a size is asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SizeRequest {
    /// The load, a database each.
    pub demands: Vec<Demand>,
    /// By how much the load at its peak exceeds what was measured; at least 1.
    pub peak: f64,
    /// The mean time that a client may wait for a server connection.
    pub target_wait: Duration,
    /// Connections that applications open.
    pub clients: Option<u64>,
    /// The server's cores.
    pub cores: Option<u64>,
    /// Disks that seek independently of each other: 1 for solid-state ones.
    pub spindles: u64,
    /// Connections that ordinary roles may hold on the server.
    pub usable_slots: Option<u64>,
}

/// The size of one pool.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolSize {
    /// The database.
    pub database: String,
    /// Server connections in use at the peak.
    pub concurrency: Option<f64>,
    /// What the load and the waiting that is allowed call for.
    pub wanted: u64,
    /// What is proposed: no more than what the server can use.
    pub size: u64,
    /// More of them for when clients wait for too long.
    pub reserve: u64,
    /// The mean wait that is to be expected, in seconds; `None` where the load is not known, or
    /// where the pool cannot keep up with it.
    pub wait_seconds: Option<f64>,
}

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sizing {
    /// The pools.
    pub pools: Vec<PoolSize>,
    /// Server connections of all pools, without their reserves.
    pub total: u64,
    /// What bounds them: the least of what cores and free slots allow.
    pub cap: Option<u64>,
    /// Connections that the pooler should take from applications.
    pub max_client_conn: u64,
    /// How it was come by, a sentence each.
    pub reasoning: Vec<String>,
}

/// Proposes sizes of pools.
///
/// The load of a pool in server connections is λS, transactions a second by their mean time, which
/// Little's law gives without any assumption. How many more are needed for a mean wait is the queue
/// M/M/c of A. K. Erlang (1917); see [`mean_wait`]. What the server can use is cores × 2 + spindles
/// (PostgreSQL's wiki, "Number Of Database Connections").
#[must_use]
pub fn size(request: &SizeRequest) -> Sizing {
    let cap = cap(request);
    let mut pools: Vec<PoolSize> =
        request.demands.iter().map(|demand| wanted(demand, request, cap)).collect();
    share(&mut pools, cap);
    for (pool, demand) in pools.iter_mut().zip(&request.demands) {
        pool.wait_seconds = expected_wait(pool, demand);
    }
    let total = pools.iter().map(|pool| pool.size).fold(0, u64::saturating_add);
    let max_client_conn = max_client_conn(request.clients, total);
    let mut sizing = Sizing { pools, total, cap, max_client_conn, reasoning: Vec::new() };
    sizing.reasoning = reasons::of(request, &sizing);
    sizing
}

/// What the server can use.
fn cap(request: &SizeRequest) -> Option<u64> {
    let by_cores = by_cores(request);
    let by_slots = request.usable_slots.map(|usable| by_slots(usable, request.demands.len()));
    match (by_cores, by_slots) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn by_cores(request: &SizeRequest) -> Option<u64> {
    let cores = request.cores?;
    Some(cores.saturating_mul(2).saturating_add(request.spindles).max(1))
}

/// The slots without the spare ones and the reserves: together these are at most 5 a pool, and at
/// most a fifth of all and 1 a pool.
fn by_slots(usable: u64, pools: usize) -> u64 {
    let room = usable.saturating_sub(SPARE);
    let pools = pools as u64;
    let few = room.saturating_sub(pools.saturating_mul(5));
    let many = room.saturating_sub(pools).saturating_mul(5) / 6;
    few.max(many).max(1)
}

fn reserve(size: u64) -> u64 {
    (size / 5).clamp(1, 5)
}

fn wanted(demand: &Demand, request: &SizeRequest, cap: Option<u64>) -> PoolSize {
    let peak = request.peak.max(1.0);
    let concurrency = demand
        .concurrency
        .filter(|load| load.is_finite() && *load >= 0.0)
        .map(|load| (load * peak).min(MOST as f64));
    let wanted = match concurrency {
        Some(load) => {
            let service = demand.transaction_seconds.unwrap_or(0.0);
            erlang::servers(load, service, request.target_wait.as_secs_f64(), MOST).max(LEAST)
        }
        // Nothing is known of the load: what the machine can use.
        None => cap.unwrap_or(REFERENCE),
    };
    PoolSize {
        database: demand.database.clone(),
        concurrency,
        wanted,
        size: wanted,
        reserve: reserve(wanted),
        wait_seconds: None,
    }
}

/// Divides what the server can use among the pools, by what they want.
fn share(pools: &mut [PoolSize], cap: Option<u64>) {
    let wanted = pools.iter().map(|pool| pool.wanted).fold(0, u64::saturating_add);
    let Some(cap) = cap.filter(|cap| wanted > *cap) else { return };
    for pool in pools {
        let part = u128::from(pool.wanted) * u128::from(cap) / u128::from(wanted.max(1));
        pool.size = u64::try_from(part).unwrap_or(cap).max(1);
        pool.reserve = reserve(pool.size);
    }
}

fn expected_wait(pool: &PoolSize, demand: &Demand) -> Option<f64> {
    mean_wait(pool.concurrency?, demand.transaction_seconds?, pool.size)
}

/// At least the reference's 1,000, and half as many again as applications open.
fn max_client_conn(clients: Option<u64>, total: u64) -> u64 {
    let clients = clients.unwrap_or(0).max(total);
    let roomy = clients.saturating_add(clients / 2).div_ceil(100).saturating_mul(100);
    roomy.max(1000)
}

#[cfg(test)]
mod tests;
