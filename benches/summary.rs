//! What several rounds come to.

use crate::Outcome;

/// Several rounds of one piece of work: the medians.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    /// The whole time, in seconds.
    pub seconds: f64,
    /// CPU time of the clients, in seconds.
    pub cpu: f64,
    /// CPU time of the server, in seconds.
    pub server_cpu: f64,
    /// The most memory that the clients had resident in any round, in bytes.
    pub peak: u64,
}

impl Summary {
    /// Of one outcome a round.
    #[must_use]
    pub fn of(rounds: &[Outcome]) -> Self {
        Self {
            seconds: median(rounds.iter().map(|round| round.seconds)),
            cpu: median(rounds.iter().map(|round| round.clients.cpu)),
            server_cpu: median(rounds.iter().filter_map(|round| round.server_cpu)),
            peak: rounds.iter().map(|round| round.clients.peak).max().unwrap_or_default(),
        }
    }
}

/// The middle one, or the upper of the two in the middle; 0 of none.
#[must_use]
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
