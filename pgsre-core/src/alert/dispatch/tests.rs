#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use async_trait::async_trait;

use super::*;
use crate::alert::DrillNews;
use crate::finding::Verdict;

/// A sink that fails as often as it is told before it takes an alert.
#[derive(Debug)]
struct Flaky {
    failures: Mutex<Vec<AlertError>>,
    taken: Mutex<u32>,
}

impl Flaky {
    fn new(failures: impl IntoIterator<Item = AlertError>) -> Arc<Self> {
        let failures = failures.into_iter().collect::<Vec<_>>();
        Arc::new(Self { failures: Mutex::new(failures), taken: Mutex::new(0) })
    }

    fn taken(&self) -> u32 {
        *self.taken.lock().unwrap()
    }
}

#[async_trait]
impl Alerter for Flaky {
    fn name(&self) -> &str {
        "flaky"
    }

    async fn send(&self, _: &Alert) -> Result<(), AlertError> {
        if let Some(error) = self.failures.lock().unwrap().pop() {
            return Err(error);
        }
        *self.taken.lock().unwrap() += 1;
        Ok(())
    }
}

/// A clock whose time passes at once.
#[derive(Debug)]
struct Instantly(Mutex<(Timestamp, Vec<Duration>)>);

impl Instantly {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new((Timestamp::UNIX_EPOCH, Vec::new()))))
    }

    fn pauses(&self) -> Vec<Duration> {
        self.0.lock().unwrap().1.clone()
    }
}

#[async_trait]
impl Clock for Instantly {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().0
    }

    async fn sleep(&self, pause: Duration) {
        let mut time = self.0.lock().unwrap();
        time.0 += pause;
        time.1.push(pause);
    }
}

fn alert() -> Alert {
    Alert::drill(&DrillNews::new(Verdict::Failed, "run", "/backups"))
}

#[tokio::test]
async fn pauses_grow_with_jitter_and_a_sink_s_own_wish_is_heard() {
    let clock = Instantly::new();
    let wish = AlertError::transient("busy").with_retry_after(Some(Duration::from_secs(9)));
    let sink = Flaky::new([AlertError::transient("c"), wish, AlertError::transient("a")]);
    let dispatcher = Dispatcher::new([Route::to(sink)]).with_clock(clock.clone());
    let delivery = dispatcher.dispatch(&alert()).await.remove(0);
    assert_eq!((delivery.outcome, delivery.attempts), (DeliveryOutcome::Sent, 4));
    let pauses: Vec<_> = clock.pauses().iter().map(Duration::as_secs_f64).collect();
    assert!((0.5..=1.0).contains(&pauses[0]), "{pauses:?}");
    assert!((pauses[1] - 9.0).abs() < 1e-9, "{pauses:?}");
    assert!((2.0..=4.0).contains(&pauses[2]), "{pauses:?}");
}

#[tokio::test]
async fn a_sink_that_two_routes_lead_to_gets_an_alert_once() {
    let sink = Flaky::new([]);
    let routes = [Route::to(sink.clone()).at_least(Severity::Critical), Route::to(sink.clone())];
    let outcomes: Vec<_> =
        Dispatcher::new(routes).dispatch(&alert()).await.iter().map(|d| d.outcome).collect();
    assert_eq!(outcomes, [DeliveryOutcome::Sent, DeliveryOutcome::Skipped]);
    assert_eq!(sink.taken(), 1);
}

#[tokio::test]
async fn within_the_window_the_same_alert_is_told_once_and_news_at_once() {
    let (clock, sink) = (Instantly::new(), Flaky::new([]));
    let dispatcher = Dispatcher::new([Route::to(sink.clone())])
        .with_clock(clock.clone())
        .with_window(Duration::from_secs(60));
    dispatcher.dispatch(&alert()).await;
    dispatcher.dispatch(&alert()).await;
    assert_eq!(sink.taken(), 1);
    dispatcher.dispatch(&Alert { event: AlertEvent::Resolved, ..alert() }).await;
    assert_eq!(sink.taken(), 2);
    clock.sleep(Duration::from_secs(61)).await;
    dispatcher.dispatch(&alert()).await;
    assert_eq!(sink.taken(), 3);
}

#[tokio::test]
async fn an_alert_that_was_not_delivered_is_not_held_for_sent() {
    let sink = Flaky::new([AlertError::permanent("no")]);
    let dispatcher =
        Dispatcher::new([Route::to(sink.clone())]).with_window(Duration::from_secs(60));
    dispatcher.dispatch(&alert()).await;
    assert_eq!(dispatcher.dispatch(&alert()).await[0].outcome, DeliveryOutcome::Sent);
}

#[tokio::test]
async fn without_a_window_each_dispatch_is_news() {
    let sink = Flaky::new([]);
    let dispatcher = Dispatcher::new([Route::to(sink.clone())]);
    dispatcher.dispatch(&alert()).await;
    dispatcher.dispatch(&alert()).await;
    assert_eq!(sink.taken(), 2);
}

#[tokio::test]
async fn an_alert_that_a_sink_does_not_want_is_skipped_without_an_attempt() {
    let sink = Flaky::new([]);
    let dispatcher = Dispatcher::new([Route::to(sink.clone()).at_least(Severity::Critical)]);
    let warning = Alert { severity: Severity::Warning, ..alert() };
    let delivery = dispatcher.dispatch(&warning).await.remove(0);
    assert_eq!((delivery.outcome, delivery.attempts), (DeliveryOutcome::Skipped, 0));
    assert_eq!(sink.taken(), 0);
}

/// A sink that does something no sink should.
#[derive(Debug)]
enum Rude {
    Panics,
    Hangs,
}

#[async_trait]
impl Alerter for Rude {
    fn name(&self) -> &str {
        "rude"
    }

    async fn send(&self, _: &Alert) -> Result<(), AlertError> {
        match self {
            Self::Panics => panic!("not today"),
            Self::Hangs => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn a_sink_that_panics_or_hangs_holds_no_other_up() {
    let good = Flaky::new([]);
    let routes =
        [Route::to(Arc::new(Rude::Hangs)), Route::to(Arc::new(Rude::Panics)), Route::to(good)];
    let dispatcher = Dispatcher::new(routes).with_timeout(Duration::from_millis(50));
    let deliveries = dispatcher.dispatch(&alert()).await;
    let errors: Vec<_> = deliveries.iter().map(|d| d.error.as_deref()).collect();
    assert_eq!(errors, [Some("not delivered within 50ms"), Some("the alerter panicked"), None]);
    assert_eq!(deliveries[2].outcome, DeliveryOutcome::Sent);
}

#[tokio::test]
async fn the_time_out_tells_how_the_last_attempt_ended() {
    let sink = Flaky::new((0..4).map(|_| AlertError::transient("https://u:p@h/secret is busy")));
    let dispatcher = Dispatcher::new([Route::to(sink)]).with_timeout(Duration::from_millis(50));
    let delivery = dispatcher.dispatch(&alert()).await.remove(0);
    assert_eq!(
        delivery.error.as_deref(),
        Some("not delivered within 50ms; the last attempt: https://h/… is busy")
    );
}
