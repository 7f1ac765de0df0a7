#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
use std::path::Path;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;

use super::*;
use crate::alert::{Alert, AlertError, AlertEvent, Alerter, Route};
use crate::history::samples::{SampleStoreError, Series, SeriesQuery};
use crate::monitor::{Bound, IndependentProbe, Measured, Metric, ProbeError, Reading, Threshold};
use crate::postgres::ConnectConfig;

/// A clock on which time passes as soon as somebody waits for it.
#[derive(Debug)]
struct Fast;

#[async_trait]
impl Clock for Fast {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, _: Duration) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A sink that remembers.
#[derive(Clone, Debug, Default)]
struct Memory(Arc<Mutex<Vec<Alert>>>);

#[async_trait]
impl Alerter for Memory {
    fn name(&self) -> &str {
        "memory"
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        self.0.lock().unwrap().push(alert.clone());
        Ok(())
    }
}

impl Memory {
    fn events(&self) -> Vec<(AlertEvent, String)> {
        let all = self.0.lock().unwrap();
        all.iter().map(|alert| (alert.event, alert.labels["server"].clone())).collect()
    }

    fn outbox(&self) -> Outbox {
        Outbox::open(vec![Route::to(Arc::new(self.clone()))], None).unwrap()
    }
}

/// A server that nobody listens for.
fn down(name: &str) -> ServerMonitor {
    let config = ConnectConfig::socket(Path::new("/nonexistent"), 5432, "nobody", "nothing");
    ServerMonitor::new(name, config)
}

/// Fires at once: what is not known counts too.
fn rules() -> Vec<Rule> {
    let down = Rule::new("server.down", Metric::Up).critical(Threshold::at(Bound::Below(1.0)));
    vec![down.unknown(crate::finding::Severity::Critical, 0)]
}

fn watcher(memory: &Memory) -> Watcher {
    Watcher::new(rules(), memory.outbox()).with_clock(Arc::new(Fast))
}

async fn until(known: &mut watch::Receiver<Arc<Watched>>, holds: impl Fn(&Watched) -> bool) {
    let waiting = known.wait_for(|watched| holds(watched));
    let waited = tokio::time::timeout(Duration::from_secs(30), waiting).await;
    assert!(waited.is_ok_and(|seen| seen.is_ok()), "it never came to that");
}

fn open(watched: &Watched, server: &str) -> usize {
    watched.servers.get(server).map_or(0, |server| server.incidents.len())
}

#[tokio::test]
async fn a_server_that_is_down_is_told_once_however_often_it_is_read() {
    let memory = Memory::default();
    let cancel = CancellationToken::new();
    let watcher = watcher(&memory).watching([down("shop"), down("ledger")]);
    let mut known = watcher.watched();
    let running = tokio::spawn({
        let cancel = cancel.clone();
        async move { watcher.run(&cancel).await }
    });
    until(&mut known, |watched| open(watched, "shop") == 1 && open(watched, "ledger") == 1).await;
    let first = known.borrow().cycle;
    until(&mut known, |watched| watched.cycle.is_some() && watched.cycle != first).await;
    cancel.cancel();
    running.await.unwrap();
    let mut told = memory.events();
    told.sort_by(|a, b| a.1.cmp(&b.1));
    let firing = |server: &str| (AlertEvent::Firing, server.to_owned());
    assert_eq!(told, [firing("ledger"), firing("shop")]);
    assert_eq!(known.borrow().deliveries.sent, 2);
}

#[tokio::test]
async fn a_server_that_is_removed_is_over_and_one_that_is_added_is_read() {
    let memory = Memory::default();
    let cancel = CancellationToken::new();
    let watcher = watcher(&memory).watching([down("shop")]);
    let (mut known, handle) = (watcher.watched(), watcher.handle());
    let running = tokio::spawn({
        let cancel = cancel.clone();
        async move { watcher.run(&cancel).await }
    });
    until(&mut known, |watched| open(watched, "shop") == 1).await;
    handle.add(down("ledger")).await;
    handle.remove("shop").await;
    until(&mut known, |watched| open(watched, "ledger") == 1).await;
    assert!(!known.borrow().servers.contains_key("shop"));
    cancel.cancel();
    running.await.unwrap();
    let told = memory.events();
    let of_shop: Vec<_> = told.iter().filter(|(_, server)| server == "shop").collect();
    let events: Vec<AlertEvent> = of_shop.iter().map(|(event, _)| *event).collect();
    assert!(matches!(events[..], [AlertEvent::Firing, AlertEvent::Resolved] | []), "{told:?}");
}

#[tokio::test]
async fn after_a_restart_nothing_is_told_twice_and_what_nobody_watches_is_over() {
    let directory = tempfile::tempdir().unwrap();
    let file = || IncidentsFile::open(directory.path().join("incidents.json"));
    let outbox = directory.path().join("outbox");
    let memory = Memory::default();
    let route = || vec![Route::to(Arc::new(memory.clone()))];
    for servers in [vec![down("shop"), down("gone")], vec![down("shop")]] {
        let outbox = Outbox::open(route(), Some(outbox.clone())).unwrap();
        let watcher = Watcher::new(rules(), outbox).with_clock(Arc::new(Fast));
        let watcher = watcher.with_incidents(file().load().unwrap(), file()).watching(servers);
        watcher.once().await;
    }
    let mut told = memory.events();
    told.sort_by(|a, b| a.1.cmp(&b.1));
    let expected = [
        (AlertEvent::Firing, "gone".to_owned()),
        (AlertEvent::Resolved, "gone".to_owned()),
        (AlertEvent::Firing, "shop".to_owned()),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn what_a_sink_believes_to_fire_and_nobody_remembers_is_closed() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = directory.path().join("outbox");
    let memory = Memory::default();
    for servers in [vec![down("shop")], Vec::new()] {
        let routes = vec![Route::to(Arc::new(memory.clone()) as Arc<dyn Alerter>)];
        let outbox = Outbox::open(routes, Some(outbox.clone())).unwrap();
        Watcher::new(rules(), outbox).with_clock(Arc::new(Fast)).watching(servers).once().await;
    }
    let events: Vec<AlertEvent> = memory.events().into_iter().map(|(event, _)| event).collect();
    assert_eq!(events, [AlertEvent::Firing, AlertEvent::Resolved]);
}

/// A probe with a defect.
#[derive(Debug)]
struct Panics;

#[async_trait]
impl IndependentProbe for Panics {
    fn name(&self) -> &'static str {
        "panics"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[]
    }

    async fn measure(&mut self, _: Timestamp) -> Result<Measured, ProbeError> {
        panic!("a defect")
    }
}

#[tokio::test]
async fn a_probe_that_panics_is_no_data_of_its_server_and_ends_nothing() {
    let memory = Memory::default();
    let servers = [down("shop").beside(Box::new(Panics)), down("ledger")];
    let watched = watcher(&memory).watching(servers).once().await;
    let missing = &watched.servers["shop"].reading.as_ref().unwrap().missing;
    assert!(missing[0].why.contains("panicked"), "{missing:?}");
    let sound = &watched.servers["ledger"].reading.as_ref().unwrap().missing;
    assert!(!sound[0].why.contains("panicked"), "{sound:?}");
    assert_eq!(memory.events().len(), 2);
}

/// A history that answers when the reading was judged, and never else.
#[derive(Debug, Default)]
struct Patiently {
    known: Mutex<Option<watch::Receiver<Arc<Watched>>>>,
    kept: std::sync::atomic::AtomicUsize,
}

#[async_trait]
impl SampleStore for Patiently {
    async fn record(&self, reading: &Reading) -> Result<(), SampleStoreError> {
        let known = self.known.lock().unwrap().clone();
        until(&mut known.unwrap(), |watched| open(watched, &reading.server.name) == 1).await;
        self.kept.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
        Ok(())
    }

    async fn series(&self, _: &SeriesQuery) -> Result<Vec<Series>, SampleStoreError> {
        Ok(Vec::new())
    }

    async fn prune(&self, _: Timestamp) -> Result<(), SampleStoreError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_reading_is_judged_before_it_is_kept() {
    let memory = Memory::default();
    let cancel = CancellationToken::new();
    let history = Arc::new(Patiently::default());
    let store = Arc::clone(&history) as Arc<dyn SampleStore>;
    let watcher = watcher(&memory).with_samples(store).watching([down("shop")]);
    let mut known = watcher.watched();
    *history.known.lock().unwrap() = Some(watcher.watched());
    let running = tokio::spawn({
        let cancel = cancel.clone();
        async move { watcher.run(&cancel).await }
    });
    until(&mut known, |watched| watched.deliveries.sent == 1).await;
    let first = known.borrow().cycle;
    until(&mut known, |watched| watched.cycle != first).await;
    assert!(history.kept.load(std::sync::atomic::Ordering::Acquire) > 0, "it waited for itself");
    cancel.cancel();
    running.await.unwrap();
    assert_eq!(memory.events(), [(AlertEvent::Firing, "shop".to_owned())]);
}

#[tokio::test]
async fn a_watcher_of_nothing_waits_and_ends_when_it_is_told_to() {
    let cancel = CancellationToken::new();
    let watcher = watcher(&Memory::default());
    let known = watcher.watched();
    cancel.cancel();
    watcher.run(&cancel).await;
    assert_eq!(known.borrow().cycle, None, "a cycle of nothing is no sign of life");
}
