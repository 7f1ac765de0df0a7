//! How late the replicas are.

use std::time::Duration;

use async_trait::async_trait;

use super::{Signal, Throttle, ThrottleContext};
use crate::migrate::error::ApplyError;
use crate::monitor::{Metric, Reading, Replication, Sample, ServerMonitor};

/// Waits while a replica is too late, while it is not known how late one is, and while one that is
/// expected is not there.
///
/// Expected are those that are [named](Self::expecting), that have a physical slot, or that were seen
/// before. The lag is that of the monitor's probe.
#[derive(Debug)]
pub struct ReplicaLag {
    most: Duration,
    most_bytes: Option<u64>,
    expected: Vec<String>,
    monitor: Option<ServerMonitor>,
}

impl ReplicaLag {
    /// Of this much at most.
    #[must_use]
    pub fn new(most: Duration) -> Self {
        Self { most, most_bytes: None, expected: Vec::new(), monitor: None }
    }

    /// And of this many bytes at most.
    #[must_use]
    pub fn or_bytes(mut self, most: u64) -> Self {
        self.most_bytes = Some(most);
        self
    }

    /// With replicas that must be there, by application name, slot or address.
    #[must_use]
    pub fn expecting<S: Into<String>>(mut self, replicas: impl IntoIterator<Item = S>) -> Self {
        self.expected.extend(replicas.into_iter().map(Into::into));
        self
    }

    fn judge(&self, reading: &Reading) -> Signal {
        if let Some(missing) = reading.missing.first() {
            return Signal::Pause(format!("the lag is not known: {}", missing.why));
        }
        let mut absent = reading.samples_of(Metric::ReplicationConnected);
        if let Some(sample) = absent.find(|sample| sample.value != Some(1.0)) {
            return Signal::Pause(format!("replica {} is not there", replica(sample)));
        }
        let most = self.most.as_secs_f64();
        let seconds = reading.samples_of(Metric::ReplicationReplayLagSeconds);
        let seconds = seconds.map(|sample| of_one(sample, most, "s"));
        let bytes = reading.samples_of(Metric::ReplicationReplayLagBytes);
        let bytes = bytes
            .filter_map(|sample| self.most_bytes.map(|most| of_one(sample, most as f64, "bytes")));
        seconds.chain(bytes).find(|signal| *signal != Signal::Go).unwrap_or(Signal::Go)
    }
}

#[async_trait]
impl Throttle for ReplicaLag {
    fn name(&self) -> &str {
        "replica lag"
    }

    async fn look(&mut self, cx: &mut ThrottleContext<'_>) -> Result<Signal, ApplyError> {
        let monitor = self.monitor.get_or_insert_with(|| {
            ServerMonitor::new("primary", cx.database.config().clone())
                .expecting(self.expected.clone())
                .with_probes(vec![Box::new(Replication::default())])
        });
        let reading = monitor.read().await;
        cx.lag = worst(&reading);
        Ok(self.judge(&reading))
    }
}

fn of_one(sample: &Sample, most: f64, unit: &str) -> Signal {
    match sample.value {
        Some(lag) => {
            Signal::within(lag, most, &format!("replica {} is behind, in {unit}", replica(sample)))
        }
        None => Signal::Pause(format!(
            "how late replica {} is is not known: {}",
            replica(sample),
            sample.method.unwrap_or("no figure")
        )),
    }
}

fn replica(sample: &Sample) -> &str {
    sample.labels.get("replica").map_or("", String::as_str)
}

/// The worst lag; `None` where one is not known, or there is no replica.
fn worst(reading: &Reading) -> Option<f64> {
    let lags: Option<Vec<f64>> =
        reading.samples_of(Metric::ReplicationReplayLagSeconds).map(|s| s.value).collect();
    lags?.into_iter().reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::monitor::ServerFacts;

    fn reading(samples: Vec<Sample>) -> Reading {
        let server = ServerFacts { name: "primary".into(), version: None, role: None };
        let (missing, unseen) = (Vec::new(), Vec::new());
        Reading { server, at: Timestamp::UNIX_EPOCH, seconds: 0.0, samples, missing, unseen }
    }

    fn replica(connected: f64, lag: Option<f64>) -> Vec<Sample> {
        let at = Timestamp::UNIX_EPOCH;
        let connected = Sample::exact(Metric::ReplicationConnected, connected, at);
        let lag = Sample::maybe(Metric::ReplicationReplayLagSeconds, lag, at);
        [connected, lag].map(|sample| sample.about("replica", "db2")).into()
    }

    fn said(samples: Vec<Sample>) -> Signal {
        ReplicaLag::new(Duration::from_secs(5)).judge(&reading(samples))
    }

    #[test]
    fn a_replica_within_the_limit_lets_go_on_and_one_beyond_it_does_not() {
        assert_eq!(said(replica(1.0, Some(4.9))), Signal::Go);
        assert!(matches!(said(replica(1.0, Some(5.1))), Signal::Pause(why) if why.contains("db2")));
    }

    #[test]
    fn an_unknown_lag_and_an_absent_replica_pause() {
        assert!(matches!(said(replica(1.0, None)), Signal::Pause(_)));
        assert!(
            matches!(said(replica(0.0, None)), Signal::Pause(why) if why.contains("not there"))
        );
    }

    #[test]
    fn a_reading_that_failed_pauses_and_a_server_without_replicas_does_not() {
        let mut failed = reading(Vec::new());
        failed.missing.push(crate::monitor::Missing { probe: "x".into(), why: "denied".into() });
        let throttle = ReplicaLag::new(Duration::from_secs(5));
        assert!(matches!(throttle.judge(&failed), Signal::Pause(why) if why.contains("denied")));
        assert_eq!(throttle.judge(&reading(Vec::new())), Signal::Go);
    }
}
