#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

fn stats(transactions: u64, seconds: f64) -> StatsRow {
    StatsRow {
        database: "shop".to_owned(),
        transactions,
        queries: transactions * 3,
        received: 0,
        sent: 0,
        transaction_seconds: seconds,
        query_seconds: seconds / 2.0,
        wait_seconds: seconds / 10.0,
        assignments: None,
    }
}

fn pool() -> PoolRow {
    PoolRow {
        database: "shop".to_owned(),
        user: "ann".to_owned(),
        clients_active: 25,
        clients_waiting: 0,
        servers_active: 10,
        servers_idle: 15,
        servers_used: 0,
        servers_tested: 0,
        servers_login: 0,
        max_wait_seconds: 0.0,
        mode: None,
    }
}

fn look(pool: PoolRow) -> Look {
    let database = DatabaseRow {
        name: "shop".to_owned(),
        host: None,
        port: 5432,
        database: "shop".to_owned(),
        force_user: None,
        pool_size: 25,
        reserve_pool_size: 5,
        pool_mode: None,
        max_connections: 0,
        current_connections: 25,
        paused: false,
        disabled: false,
    };
    Look {
        pools: vec![pool],
        databases: vec![database],
        pool_sizes_of_users: HashMap::new(),
        stats: Vec::new(),
        clients: Some(90),
        max_clients: Some(100),
        all_paused: false,
    }
}

fn samples(look: &Look) -> Vec<Sample> {
    let config = ConnectConfig::socket(std::path::Path::new("/tmp"), 6432, "stats", "pgbouncer");
    PoolerProbe::new(config).samples(look, Timestamp::UNIX_EPOCH)
}

fn value(look: &Look, metric: Metric) -> Option<f64> {
    samples(look).iter().find(|sample| sample.metric == metric).and_then(|sample| sample.value)
}

#[test]
fn saturation_counts_connections_in_use_and_not_idle_clients() {
    let look = look(pool());
    assert_eq!(value(&look, Metric::PoolSaturation), Some(0.4));
    assert_eq!(value(&look, Metric::PoolClientSaturation), Some(0.9));
}

#[test]
fn a_size_of_the_user_goes_before_that_of_the_database() {
    let mut look = look(pool());
    look.pool_sizes_of_users.insert("ann".to_owned(), 10);
    assert_eq!(value(&look, Metric::PoolSaturation), Some(1.0));
}

#[test]
fn clients_that_wait_without_any_server_connection_tell_of_failed_logins() {
    let stranded = PoolRow { clients_waiting: 4, servers_active: 0, servers_idle: 0, ..pool() };
    assert_eq!(value(&look(stranded.clone()), Metric::PoolLoginFailures), Some(4.0));
    let busy = PoolRow { clients_waiting: 4, ..pool() };
    assert_eq!(value(&look(busy), Metric::PoolLoginFailures), Some(0.0));
    let mut paused = look(stranded);
    paused.databases[0].paused = true;
    assert_eq!(value(&paused, Metric::PoolLoginFailures), Some(0.0), "a pause is no failure");
    assert_eq!(value(&paused, Metric::PoolPaused), Some(1.0));
}

#[test]
fn all_of_it_paused_is_each_database_paused() {
    let mut look = look(pool());
    assert_eq!(value(&look, Metric::PoolPaused), Some(0.0));
    look.all_paused = true;
    assert_eq!(value(&look, Metric::PoolPaused), Some(1.0));
}

#[test]
fn a_window_is_the_difference_of_counters() {
    let window = StatsWindow::between(&stats(100, 10.0), &stats(300, 30.0), 10.0).unwrap();
    assert_eq!((window.transactions_rate, window.concurrency), (20.0, 1.8), "without waiting");
    assert_eq!(window.transaction_seconds, Some(0.09));
    assert_eq!(window.wait_seconds, Some(0.01));
    let idle = StatsWindow::between(&stats(100, 10.0), &stats(100, 10.0), 10.0).unwrap();
    assert_eq!((idle.concurrency, idle.transaction_seconds), (0.0, None), "no mean of nothing");
}

#[test]
fn counters_that_fell_are_no_window() {
    assert_eq!(StatsWindow::between(&stats(300, 30.0), &stats(100, 40.0), 10.0), None);
    assert_eq!(StatsWindow::between(&stats(100, 30.0), &stats(300, 10.0), 10.0), None);
    assert_eq!(StatsWindow::between(&stats(100, 10.0), &stats(300, 30.0), 0.0), None);
}
