//! The queue M/M/c: how long clients wait for one of `c` server connections.
//!
//! A. K. Erlang, "Solution of some Problems in the Theory of Probabilities of Significance in
//! Automatic Telephone Exchanges", 1917; D. Gross and C. Harris, "Fundamentals of Queueing Theory",
//! chapter 2.3.

/// The mean time, in seconds, that a client waits for one of `servers` connections that are in use
/// by `load` on average for `service` seconds each.
///
/// It assumes that transactions arrive independently of each other and that their times are
/// exponential; bursts wait longer. `None` where the load is as large as the pool: the queue grows
/// without end.
///
/// ```
/// use pgsre_core::pooler::mean_wait;
/// // 8 of 10 connections in use for 10 ms each: 2 ms, the textbook's C(10, 8) of 0.409 by 10 ms / 2.
/// let wait = mean_wait(8.0, 0.010, 10).unwrap_or_default();
/// assert!((wait - 0.00205).abs() < 0.00001);
/// assert_eq!(mean_wait(10.0, 0.010, 10), None);
/// ```
#[must_use]
pub fn mean_wait(load: f64, service: f64, servers: u64) -> Option<f64> {
    let free = servers as f64 - load;
    (free > 0.0 && load >= 0.0).then(|| chance_of_waiting(load, servers) * service / free)
}

/// The fewest servers that keep the mean wait within the target.
pub(super) fn servers(load: f64, service: f64, target: f64, most: u64) -> u64 {
    // Erlang's B is carried along, so that the search costs one step a server.
    let mut blocked = 1.0;
    for servers in 1..most {
        blocked = next_blocked(blocked, load, servers);
        let free = servers as f64 - load;
        if free > 0.0 && waiting(blocked, load, servers) * service / free <= target {
            return servers;
        }
    }
    most
}

/// Erlang's C: the share of clients that wait at all.
fn chance_of_waiting(load: f64, servers: u64) -> f64 {
    let blocked = (1..=servers).fold(1.0, |blocked, n| next_blocked(blocked, load, n));
    waiting(blocked, load, servers)
}

/// Erlang's B by its recursion, which is stable for any size.
fn next_blocked(blocked: f64, load: f64, servers: u64) -> f64 {
    load * blocked / (servers as f64 + load * blocked)
}

fn waiting(blocked: f64, load: f64, servers: u64) -> f64 {
    let busy = load / servers as f64;
    blocked / (1.0 - busy * (1.0 - blocked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chance_of_waiting_is_that_of_the_textbooks_tables() {
        for (load, servers, chance) in [(1.0, 2, 0.3333), (8.0, 10, 0.4092), (20.0, 25, 0.2092)] {
            let computed = chance_of_waiting(load, servers);
            assert!((computed - chance).abs() < 0.0005, "{load} {servers} {computed}");
        }
    }

    #[test]
    fn one_server_is_the_queue_m_m_1() {
        // W = ρ S / (1 − ρ)
        let wait = mean_wait(0.5, 0.010, 1);
        assert!(wait.is_some_and(|wait| (wait - 0.010).abs() < 1e-12));
    }

    #[test]
    fn the_fewest_servers_meet_the_target_and_one_less_does_not() {
        for load in [0.0, 0.3, 1.0, 7.5, 20.0, 180.0] {
            let servers = servers(load, 0.010, 0.001, 10_000);
            assert!(mean_wait(load, 0.010, servers).is_some_and(|wait| wait <= 0.001), "{load}");
            let fewer = mean_wait(load, 0.010, servers - 1);
            assert!(servers == 1 || fewer.is_none_or(|wait| wait > 0.001), "{load}");
        }
    }
}
