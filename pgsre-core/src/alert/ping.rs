//! The dead man's switch: a monitor that raises the alarm when it is *not* called.

use std::time::Duration;

use async_trait::async_trait;

use super::http::Endpoint;
use super::{Alert, AlertError, Alerter, Route};
use crate::finding::Verdict;

/// Calls a URL for a drill that passed, as healthchecks.io and its like expect it. A drill that
/// failed, hung or never ran does not call, and the monitor raises the alarm.
///
/// Send it only after the report is kept and the place cleaned up: then a missing call covers those
/// too. A [`Drill`](crate::Drill) tells its alerters before that, so this one is not for its
/// dispatcher but for one that is asked afterwards.
///
/// Time-outs, retries and secrecy are those of [`WebhookAlerter`](super::WebhookAlerter): the URL's
/// path is a secret.
#[derive(Clone, Debug)]
pub struct PingAlerter {
    name: String,
    passed: Endpoint,
    started: Option<Endpoint>,
    failed: Option<Endpoint>,
}

impl PingAlerter {
    /// An alerter called `ping` that asks for `url` when a drill passed.
    ///
    /// # Errors
    /// Where `url` is not one of http or https. The message does not repeat it.
    pub fn new(url: &str) -> Result<Self, AlertError> {
        let passed = Endpoint::parse(url)?;
        Ok(Self { name: "ping".into(), passed, started: None, failed: None })
    }

    /// Another name, to tell several monitors apart.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The URL that [`PingAlerter::start`] asks for: `/start` at healthchecks.io.
    ///
    /// # Errors
    /// As [`PingAlerter::new`].
    pub fn with_start(mut self, url: &str) -> Result<Self, AlertError> {
        self.started = Some(Endpoint::parse(url)?);
        Ok(self)
    }

    /// The URL to ask for when a drill failed or was inconclusive: `/fail` at healthchecks.io.
    ///
    /// # Errors
    /// As [`PingAlerter::new`].
    pub fn with_fail(mut self, url: &str) -> Result<Self, AlertError> {
        self.failed = Some(Endpoint::parse(url)?);
        Ok(self)
    }

    /// Another time-out of one attempt than ten seconds.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn with_timeout(mut self, timeout: Duration) -> Result<Self, AlertError> {
        let others = self.started.iter_mut().chain(&mut self.failed);
        for endpoint in others.chain([&mut self.passed]) {
            endpoint.set_timeout(timeout)?;
        }
        Ok(self)
    }

    /// Says that a drill begins, once; does nothing without [`PingAlerter::with_start`].
    ///
    /// # Errors
    /// Where the monitor was not reached: no reason to put the drill off.
    pub async fn start(&self) -> Result<(), AlertError> {
        match &self.started {
            Some(started) => started.ping().await,
            None => Ok(()),
        }
    }

    /// The route that brings it the verdicts that it has a URL for.
    #[must_use]
    pub fn into_route(self) -> Route {
        let verdicts: &[Verdict] = match self.failed {
            Some(_) => &[Verdict::Passed, Verdict::Failed, Verdict::Inconclusive],
            None => &[Verdict::Passed],
        };
        Route::to(std::sync::Arc::new(self)).on_verdicts(verdicts.iter().copied())
    }
}

#[async_trait]
impl Alerter for PingAlerter {
    fn name(&self) -> &str {
        &self.name
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        match (alert.verdict(), &self.failed) {
            (Some(Verdict::Passed), _) => self.passed.ping().await,
            (Some(Verdict::Failed | Verdict::Inconclusive), Some(failed)) => failed.ping().await,
            _ => Err(AlertError::permanent("a ping says that a drill passed, and none did")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::alert::test_server::{Answer, TestServer};
    use crate::alert::{Delivery, DeliveryOutcome, Dispatcher, DrillNews, RetryPolicy};

    async fn server() -> TestServer {
        TestServer::start([Answer::status("200 OK")]).await
    }

    fn ping(server: &TestServer) -> PingAlerter {
        PingAlerter::new(&server.url("/s3cret")).unwrap()
    }

    async fn dispatch(ping: PingAlerter, verdict: Verdict) -> Delivery {
        let retry = RetryPolicy { first_pause: Duration::from_millis(1), ..RetryPolicy::default() };
        let dispatcher = Dispatcher::new([ping.into_route()]).with_retry(retry);
        let alert = Alert::drill(&DrillNews::new(verdict, "run", "/backups"));
        dispatcher.dispatch(&alert).await.remove(0)
    }

    fn asked(server: &TestServer) -> Vec<String> {
        let first = |head: &str| head.lines().next().unwrap().to_owned();
        server.requests().iter().map(|request| first(&request.head)).collect()
    }

    #[tokio::test]
    async fn a_drill_that_passed_is_told() {
        let server = server().await;
        let told = dispatch(ping(&server), Verdict::Passed).await;
        assert_eq!((told.outcome, told.alerter.as_str()), (DeliveryOutcome::Sent, "ping"));
        assert_eq!(asked(&server), ["get /s3cret http/1.1"]);
    }

    #[tokio::test]
    async fn a_drill_that_did_not_pass_is_silence() {
        let server = server().await;
        for verdict in [Verdict::Failed, Verdict::Inconclusive] {
            let told = dispatch(ping(&server), verdict).await;
            assert_eq!(told.outcome, DeliveryOutcome::Skipped);
            let alert = Alert::drill(&DrillNews::new(verdict, "run", "/backups"));
            assert!(ping(&server).send(&alert).await.is_err());
        }
        ping(&server).start().await.unwrap();
        assert!(server.requests().is_empty());
    }

    #[tokio::test]
    async fn start_and_failure_have_urls_of_their_own() {
        let server = server().await;
        let ping = ping(&server).with_start(&server.url("/s3cret/start")).unwrap();
        let ping = ping.with_fail(&server.url("/s3cret/fail")).unwrap();
        ping.start().await.unwrap();
        for verdict in [Verdict::Inconclusive, Verdict::Passed] {
            assert_eq!(dispatch(ping.clone(), verdict).await.outcome, DeliveryOutcome::Sent);
        }
        let expected = ["/start http/1.1", "/fail http/1.1", " http/1.1"];
        assert_eq!(asked(&server), expected.map(|end| format!("get /s3cret{end}")));
    }

    #[tokio::test]
    async fn a_monitor_that_recovers_is_told_and_one_that_stays_away_is_reported_without_secrets() {
        let answers = [Answer::status("503 Service Unavailable"), Answer::status("200 OK")];
        let recovers = TestServer::start(answers).await;
        let told = dispatch(ping(&recovers), Verdict::Passed).await;
        assert_eq!((told.outcome, told.attempts), (DeliveryOutcome::Sent, 2));

        let gone = TestServer::start([Answer::status("404 Not Found")]).await;
        let told = dispatch(ping(&gone), Verdict::Passed).await;
        assert_eq!(told.outcome, DeliveryOutcome::Failed);
        let said = format!("{:?} {told:?}", ping(&gone));
        assert!(said.contains("404 Not Found") && !said.contains("s3cret"), "{said}");
    }

    #[tokio::test]
    async fn a_monitor_that_never_answers_fails_by_its_time_out() {
        let server = TestServer::start([Answer::Silence]).await;
        let ping = ping(&server).with_timeout(Duration::from_millis(100)).unwrap();
        let alert = Alert::drill(&DrillNews::new(Verdict::Passed, "run", "/backups"));
        let error = ping.send(&alert).await.unwrap_err();
        assert!(error.is_transient() && error.to_string().contains("no answer in time"), "{error}");
    }
}
