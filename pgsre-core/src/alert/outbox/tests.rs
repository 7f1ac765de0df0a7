#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, VecDeque};

use async_trait::async_trait;

use super::*;
use crate::alert::{AlertError, AlertEvent, Alerter, DrillNews, Manner};
use crate::finding::{Severity, Verdict};

/// A sink that answers as it is told, then takes everything.
#[derive(Debug, Default)]
struct Recorder {
    name: &'static str,
    manner: Manner,
    answers: Mutex<VecDeque<Answer>>,
    messages: Mutex<Vec<Vec<Alert>>>,
}

#[derive(Clone, Debug)]
enum Answer {
    Down,
    Busy(u64),
    No,
    Hangs,
}

impl Recorder {
    fn new(name: &'static str) -> Arc<Self> {
        Arc::new(Self { name, ..Self::default() })
    }

    fn with(name: &'static str, manner: Manner) -> Arc<Self> {
        Arc::new(Self { name, manner, ..Self::default() })
    }

    fn answering(self: Arc<Self>, answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        lock(&self.answers).extend(answers);
        self
    }

    fn messages(&self) -> Vec<Vec<Alert>> {
        lock(&self.messages).clone()
    }

    /// What was told, as event, severity and fingerprint.
    fn told(&self) -> Vec<String> {
        self.messages().iter().flatten().map(brief).collect()
    }

    async fn answer(&self, alerts: &[Alert]) -> Result<(), AlertError> {
        let answer = lock(&self.answers).pop_front();
        match answer {
            Some(Answer::Down) => Err(AlertError::transient("down")),
            Some(Answer::Busy(seconds)) => {
                Err(AlertError::transient("busy")
                    .with_retry_after(Some(Duration::from_secs(seconds))))
            }
            Some(Answer::No) => Err(AlertError::permanent("https://u:pw@host/s3cret says no")),
            Some(Answer::Hangs) => std::future::pending().await,
            None => {
                lock(&self.messages).push(alerts.to_vec());
                Ok(())
            }
        }
    }
}

fn brief(alert: &Alert) -> String {
    format!("{} {} {}", alert.event.as_str(), alert.severity, alert.fingerprint)
}

#[async_trait]
impl Alerter for Recorder {
    fn name(&self) -> &str {
        self.name
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        self.answer(std::slice::from_ref(alert)).await
    }

    fn manner(&self) -> Manner {
        self.manner
    }

    async fn send_together(&self, alerts: &[Alert]) -> Result<(), AlertError> {
        self.answer(alerts).await
    }
}

/// A clock whose pauses are noted and pass at once.
#[derive(Debug, Default)]
struct Pauses(Mutex<Vec<Duration>>);

#[async_trait]
impl Clock for Pauses {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn sleep(&self, pause: Duration) {
        lock(&self.0).push(pause);
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn firing(what: &str, severity: Severity) -> Alert {
    Alert {
        event: AlertEvent::Firing,
        fingerprint: what.into(),
        rule: "replication.lag".into(),
        severity,
        summary: format!("{what} lags"),
        labels: BTreeMap::from([("server".into(), what.into())]),
        starts_at: at(100),
        ..Alert::drill(&DrillNews::new(Verdict::Failed, "run", "/b"))
    }
}

fn resolved(what: &str, severity: Severity) -> Alert {
    Alert { event: AlertEvent::Resolved, ends_at: Some(at(160)), ..firing(what, severity) }
}

fn drill(verdict: Verdict) -> Alert {
    Alert::drill(&DrillNews::new(verdict, "run", "/b"))
}

fn outbox(sinks: &[&Arc<Recorder>]) -> Outbox {
    Outbox::open(sinks.iter().map(|sink| route(sink)).collect(), None).unwrap()
}

fn route(sink: &Arc<Recorder>) -> Route {
    Route::to(Arc::clone(sink) as Arc<dyn Alerter>).on_verdicts([Verdict::Passed, Verdict::Failed])
}

fn outcomes(deliveries: &[Delivery]) -> Vec<DeliveryOutcome> {
    deliveries.iter().map(|delivery| delivery.outcome).collect()
}

use DeliveryOutcome::{Failed, Sent, Waiting};
use Severity::{Critical, Info, Warning};

#[tokio::test]
async fn an_incident_is_told_from_its_beginning_to_its_end_and_nothing_twice() {
    let sink = Recorder::new("log");
    let outbox = outbox(&[&sink]);
    let story = [firing("a", Warning), firing("a", Critical), resolved("a", Critical)];
    for (second, alert) in (0..).zip(&story) {
        outbox.accept(alert.clone()).unwrap();
        outbox.accept(alert.clone()).unwrap();
        assert_eq!(outcomes(&outbox.deliver(at(second)).await), [Sent]);
        assert_eq!((outbox.deliver(at(second)).await, outbox.waiting()), (Vec::new(), 0));
    }
    assert_eq!(sink.messages().concat(), story);
}

#[tokio::test]
async fn a_sink_that_was_down_is_told_everything_in_order_and_once() {
    let sink = Recorder::new("log").answering([Answer::Down, Answer::Down]);
    let outbox = outbox(&[&sink]);
    for what in ["a", "b", "c"] {
        outbox.accept(firing(what, Warning)).unwrap();
    }
    let failed = outbox.deliver(at(0)).await;
    assert_eq!((outcomes(&failed), failed[0].attempts), (vec![Waiting], 1));
    assert_eq!(failed[0].error.as_deref(), Some("down"));
    assert_eq!(outbox.deliver(at(0)).await, []);
    let failed = outbox.deliver(at(10)).await;
    assert_eq!((outcomes(&failed), failed[0].attempts), (vec![Waiting], 2));
    assert_eq!(outbox.waiting(), 3);
    assert_eq!(outcomes(&outbox.deliver(at(20)).await), [Sent, Sent, Sent]);
    assert_eq!(sink.told(), ["firing warning a", "firing warning b", "firing warning c"]);
}

#[tokio::test]
async fn the_pause_that_a_sink_asks_for_is_kept() {
    let sink = Recorder::new("log").answering([Answer::Busy(120)]);
    let outbox = outbox(&[&sink]);
    outbox.accept(firing("a", Warning)).unwrap();
    assert_eq!(outcomes(&outbox.deliver(at(0)).await), [Waiting]);
    assert_eq!(outbox.deliver(at(119)).await, []);
    assert_eq!(outcomes(&outbox.deliver(at(120)).await), [Sent]);
}

#[tokio::test]
async fn what_a_sink_refuses_for_good_is_reported_without_secrets_and_holds_nothing_up() {
    let sink = Recorder::new("log").answering([Answer::No]);
    let outbox = outbox(&[&sink]);
    outbox.accept(firing("a", Warning)).unwrap();
    outbox.accept(firing("b", Warning)).unwrap();
    let told = outbox.deliver(at(0)).await;
    assert_eq!(outcomes(&told), [Failed, Sent]);
    assert_eq!(told[0].error.as_deref(), Some("https://host/… says no"));
    assert_eq!((sink.told(), outbox.waiting()), (vec!["firing warning b".into()], 0));
}

#[tokio::test]
async fn a_sink_that_hangs_holds_no_other_up() {
    let (hangs, sound) = (Recorder::new("hangs").answering([Answer::Hangs]), Recorder::new("log"));
    let outbox = outbox(&[&hangs, &sound]).with_patience(Duration::from_millis(20));
    outbox.accept(firing("a", Warning)).unwrap();
    assert_eq!(outcomes(&outbox.deliver(at(0)).await), [Sent]);
    outbox.accept(firing("b", Warning)).unwrap();
    // Nothing is begun for the sink that hangs, so that this call does not wait.
    let outbox = outbox.with_patience(Duration::from_secs(3600));
    assert_eq!(outcomes(&outbox.deliver(at(1)).await), [Sent]);
    assert_eq!((sound.told().len(), hangs.told().len(), outbox.waiting()), (2, 0, 2));
}

#[tokio::test]
async fn an_incident_that_ended_before_it_was_told_is_one_message() {
    let sink = Recorder::new("log").answering([Answer::Down]);
    let outbox = outbox(&[&sink]);
    outbox.accept(firing("a", Warning)).unwrap();
    outbox.deliver(at(0)).await;
    outbox.accept(firing("a", Critical)).unwrap();
    outbox.accept(resolved("a", Critical)).unwrap();
    assert_eq!((outbox.waiting(), outcomes(&outbox.deliver(at(60)).await)), (1, vec![Sent]));
    let told = sink.messages().concat();
    assert_eq!(told.iter().map(brief).collect::<Vec<_>>(), ["resolved critical a"]);
    assert_eq!(
        told[0].summary,
        "a lags; it fired from 1970-01-01T00:01:40Z to 1970-01-01T00:02:40Z, when this could not \
         be told"
    );
}

#[tokio::test]
async fn an_end_and_a_new_beginning_stay_two_messages_in_order() {
    let sink = Recorder::new("log");
    let outbox = outbox(&[&sink]);
    outbox.accept(firing("a", Warning)).unwrap();
    outbox.deliver(at(0)).await;
    outbox.accept(resolved("a", Warning)).unwrap();
    outbox.accept(firing("a", Warning)).unwrap();
    outbox.deliver(at(1)).await;
    assert_eq!(sink.told(), ["firing warning a", "resolved warning a", "firing warning a"]);
    assert!(sink.messages().concat().iter().all(|alert| alert.summary == "a lags"));
}

#[tokio::test]
async fn what_a_sink_was_told_is_followed_below_its_least_severity_and_nothing_else_is() {
    let sink = Recorder::new("pager");
    let outbox = Outbox::open(vec![route(&sink).at_least(Critical)], None).unwrap();
    for alert in [
        firing("light", Warning),
        firing("a", Critical),
        resolved("light", Warning),
        firing("a", Warning),
        resolved("a", Warning),
    ] {
        outbox.accept(alert).unwrap();
        outbox.deliver(at(0)).await;
    }
    assert_eq!(sink.told(), ["firing critical a", "firing warning a", "resolved warning a"]);
}

#[tokio::test]
async fn a_sink_that_wants_no_ends_hears_of_none_and_of_the_next_beginning() {
    let sink = Recorder::new("log");
    let outbox = Outbox::open(vec![route(&sink).telling_ends(false)], None).unwrap();
    for alert in [firing("a", Warning), resolved("a", Warning), firing("a", Warning)] {
        outbox.accept(alert).unwrap();
        outbox.deliver(at(0)).await;
    }
    assert_eq!(sink.told(), ["firing warning a", "firing warning a"]);
}

#[tokio::test]
async fn what_still_fires_is_told_again_after_its_interval_and_not_after_its_end() {
    let sink = Recorder::new("log");
    let hour = Duration::from_secs(3600);
    let outbox = Outbox::open(vec![route(&sink).repeating(hour)], None).unwrap();
    outbox.accept(firing("a", Warning)).unwrap();
    outbox.deliver(at(0)).await;
    assert_eq!((outbox.deliver(at(3599)).await, sink.told().len()), (vec![], 1));
    assert_eq!((outbox.deliver(at(3600)).await, sink.told().len()), (vec![], 2));
    outbox.deliver(at(3601)).await;
    assert_eq!((outbox.open_alerts().len(), sink.told().len()), (1, 2));
    outbox.accept(resolved("a", Warning)).unwrap();
    outbox.deliver(at(9000)).await;
    outbox.deliver(at(20_000)).await;
    assert_eq!((outbox.open_alerts().len(), sink.told().len()), (0, 3));
}

#[tokio::test]
async fn a_message_a_second_is_what_a_paced_sink_gets() {
    let manner = Manner { pace: Duration::from_secs(1), ..Manner::default() };
    let sink = Recorder::with("slack", manner);
    let clock = Arc::new(Pauses::default());
    let outbox = outbox(&[&sink]).with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
    for what in ["a", "b", "c"] {
        outbox.accept(firing(what, Warning)).unwrap();
    }
    assert_eq!(outcomes(&outbox.deliver(at(0)).await), [Sent, Sent, Sent]);
    assert_eq!(*lock(&clock.0), [Duration::from_secs(1); 2]);
}

fn grouped(wait: u64) -> (Arc<Recorder>, Outbox) {
    let sink = Recorder::with("mail", Manner { together: true, ..Manner::default() });
    let route = route(&sink).grouping(["server"], Duration::from_secs(wait));
    (Arc::clone(&sink), Outbox::open(vec![route], None).unwrap())
}

#[tokio::test]
async fn alerts_of_one_server_are_one_message() {
    let (sink, outbox) = grouped(0);
    for (rule, server) in [("lag", "a"), ("lag", "b"), ("slot", "a")] {
        outbox
            .accept(Alert { fingerprint: format!("{rule} {server}"), ..firing(server, Warning) })
            .unwrap();
    }
    assert_eq!(outcomes(&outbox.deliver(at(0)).await), [Sent, Sent, Sent]);
    let messages = sink.messages();
    let told: Vec<Vec<_>> =
        messages.iter().map(|told| told.iter().map(|one| &*one.fingerprint).collect()).collect();
    assert_eq!(told, [vec!["lag a", "slot a"], vec!["lag b"]]);
}

#[tokio::test]
async fn the_first_of_a_group_waits_for_the_others() {
    let (sink, outbox) = grouped(30);
    outbox.accept(firing("a", Warning)).unwrap();
    assert_eq!(outbox.deliver(at(0)).await, []);
    outbox.accept(Alert { fingerprint: "slot a".into(), ..firing("a", Warning) }).unwrap();
    assert_eq!(outbox.deliver(at(29)).await, []);
    assert_eq!(outcomes(&outbox.deliver(at(30)).await), [Sent, Sent]);
    assert_eq!(sink.messages().len(), 1);
}

#[tokio::test]
async fn alerts_that_are_refused_together_are_told_one_by_one() {
    let (sink, outbox) = grouped(0);
    let sink = sink.answering([Answer::No, Answer::No]);
    for rule in ["lag", "slot", "disk"] {
        outbox.accept(Alert { fingerprint: rule.into(), ..firing("a", Warning) }).unwrap();
    }
    assert_eq!(outcomes(&outbox.deliver(at(0)).await), [Failed, Sent, Sent]);
    assert_eq!(sink.told(), ["firing warning slot", "firing warning disk"]);
}

#[tokio::test]
async fn when_too_much_waits_the_least_is_counted_and_the_critical_is_kept() {
    let sink = Recorder::new("log").answering([Answer::Down]);
    let outbox = outbox(&[&sink]).with_capacity(3);
    outbox.accept(firing("old", Critical)).unwrap();
    outbox.deliver(at(0)).await;
    for alert in [
        drill(Verdict::Passed),
        firing("info", Info),
        firing("warning", Warning),
        firing("new", Critical),
        firing("newest", Info),
    ] {
        outbox.accept(alert).unwrap();
        assert!(outbox.waiting() <= 3);
    }
    outbox.deliver(at(60)).await;
    let told = sink.told();
    assert_eq!(told[0], "resolved warning alerts.merged{alerter=log}");
    assert_eq!(told[1..], ["firing critical old", "firing critical new", "firing info newest"]);
    let merged = &sink.messages()[0][0].summary;
    assert!(merged.starts_with("3 alerts from 1970"), "{merged}");
}

#[tokio::test]
async fn a_sink_that_panics_is_reported_as_failed() {
    #[derive(Debug)]
    struct Panics;
    #[async_trait]
    impl Alerter for Panics {
        fn name(&self) -> &str {
            "panics"
        }
        async fn send(&self, _: &Alert) -> Result<(), AlertError> {
            let nothing: Option<()> = std::hint::black_box(None);
            nothing.unwrap();
            Ok(())
        }
    }
    let outbox = Outbox::open(vec![Route::to(Arc::new(Panics))], None).unwrap();
    outbox.accept(firing("a", Warning)).unwrap();
    assert_eq!(outcomes(&outbox.deliver(at(0)).await), [Failed]);
}

#[test]
fn an_alert_of_any_size_is_kept_at_a_size_that_people_read() {
    let sink = Recorder::new("log").answering([Answer::Down]);
    let outbox = outbox(&[&sink]);
    let labels = (0..1000).map(|n| (n.to_string(), "ü".repeat(10_000)));
    let huge =
        Alert { summary: "ü".repeat(100_000), labels: labels.collect(), ..firing("a", Warning) };
    outbox.accept(huge).unwrap();
    let book = outbox.shared.book();
    assert!(serde_json::to_vec(&book.waiting_alerts()).unwrap().len() < 500_000);
}

mod file;
