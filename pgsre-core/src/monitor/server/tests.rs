//! What is measured beside a server, while nobody listens where the server should be.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::ServerMonitor;
use crate::monitor::{IndependentProbe, Measured, Metric, ProbeError, Reading, Sample};
use crate::postgres::ConnectConfig;

/// Short, as a probe that hangs takes all of it. What is ready at once is never late.
const DEADLINE: Duration = Duration::from_millis(20);

#[derive(Debug)]
struct Answers;

#[async_trait]
impl IndependentProbe for Answers {
    fn name(&self) -> &'static str {
        "answers"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[Metric::PoolUp]
    }

    async fn measure(&mut self, now: Timestamp) -> Result<Measured, ProbeError> {
        let samples = vec![Sample::exact(Metric::PoolUp, 1.0, now)];
        Ok(Measured { samples, unseen: vec!["a part is hidden".to_owned()] })
    }
}

#[derive(Debug)]
struct Hangs;

#[async_trait]
impl IndependentProbe for Hangs {
    fn name(&self) -> &'static str {
        "hangs"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[Metric::PoolSaturation, Metric::PoolClientsWaiting]
    }

    async fn measure(&mut self, _: Timestamp) -> Result<Measured, ProbeError> {
        std::future::pending().await
    }
}

#[derive(Debug)]
struct Fails;

#[async_trait]
impl IndependentProbe for Fails {
    fn name(&self) -> &'static str {
        "fails"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[Metric::PoolPaused]
    }

    async fn measure(&mut self, _: Timestamp) -> Result<Measured, ProbeError> {
        Err(ProbeError::new("the console turned us away").with_cause("no such user"))
    }
}

fn down() -> ServerMonitor {
    let config = ConnectConfig::socket(Path::new("/nonexistent"), 5432, "nobody", "nothing");
    ServerMonitor::new("shop", config)
}

fn values(reading: &Reading, metric: Metric) -> Vec<Option<f64>> {
    reading.samples_of(metric).map(|sample| sample.value).collect()
}

fn why(reading: &Reading, probe: &str) -> Option<String> {
    let missing = reading.missing.iter().find(|missing| missing.probe == probe);
    missing.map(|missing| missing.why.clone())
}

#[tokio::test]
async fn what_lies_beside_a_server_is_read_while_the_server_is_down() {
    let reading = down().beside(Box::new(Answers)).read().await;
    assert_eq!(values(&reading, Metric::Up), [Some(0.0)]);
    assert_eq!(values(&reading, Metric::PoolUp), [Some(1.0)]);
    assert_eq!(reading.unseen, ["a part is hidden"]);
    assert!(why(&reading, "connection").is_some());
    assert_eq!(why(&reading, "answers"), None);
}

#[tokio::test]
async fn a_probe_beside_the_server_that_hangs_is_without_data_and_spoils_no_other() {
    let monitor = down().with_deadline(DEADLINE);
    let reading = monitor.beside(Box::new(Hangs)).beside(Box::new(Answers)).read().await;
    assert_eq!(values(&reading, Metric::PoolSaturation), [None]);
    assert_eq!(values(&reading, Metric::PoolClientsWaiting), [None]);
    assert_eq!(why(&reading, "hangs").as_deref(), Some("no answer before the deadline"));
    assert_eq!(values(&reading, Metric::PoolUp), [Some(1.0)]);
}

#[tokio::test]
async fn a_probe_beside_the_server_that_fails_says_why_and_spoils_no_other() {
    let reading = down().beside(Box::new(Fails)).beside(Box::new(Answers)).read().await;
    assert_eq!(values(&reading, Metric::PoolPaused), [None]);
    let why = why(&reading, "fails").unwrap_or_default();
    assert!(why.contains("turned us away") && why.contains("no such user"), "{why}");
    assert_eq!(values(&reading, Metric::PoolUp), [Some(1.0)]);
}

#[tokio::test]
async fn a_probe_that_hung_is_asked_again_in_the_next_reading() {
    let mut monitor = down().with_deadline(DEADLINE).beside(Box::new(Hangs));
    for _ in 0..2 {
        let reading = monitor.read().await;
        assert_eq!(values(&reading, Metric::PoolSaturation), [None]);
        assert!(why(&reading, "hangs").is_some());
    }
}
