//! Alerts that arrive: at a real Alertmanager, by mail, and at sinks that go away and come back.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use pgsre_core::Alert;
use pgsre_core::alert::{
    AlertEvent, Alerter, AlertmanagerAlerter, Delivery, DeliveryOutcome, DrillNews, MailAlerter,
    MailTls, Outbox, Route, WebhookAlerter,
};
use pgsre_core::finding::{Severity, Verdict};
use pgsre_tests::harness::alertmanager::Alertmanager;
use pgsre_tests::harness::smtp::MailServer;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use DeliveryOutcome::{Failed, Sent, Waiting};

fn firing(rule: &str, severity: Severity) -> Alert {
    Alert {
        schema: 1,
        event: AlertEvent::Firing,
        fingerprint: format!("{rule}{{server=shop}}"),
        rule: rule.into(),
        severity,
        summary: format!("{rule}: über <dem> Maß"),
        labels: BTreeMap::from([("server".into(), "shop".into())]),
        value: Some(12.5),
        starts_at: Timestamp::now(),
        ends_at: None,
        source: "pgsre@db1".into(),
    }
}

fn resolved(begin: &Alert) -> Alert {
    Alert { event: AlertEvent::Resolved, ends_at: Some(Timestamp::now()), ..begin.clone() }
}

fn outbox(alerter: impl Alerter, file: Option<&Path>) -> Outbox {
    let route = Route::to(Arc::new(alerter)).on_verdicts([Verdict::Failed, Verdict::Passed]);
    let route = route.grouping(["server"], Duration::ZERO);
    Outbox::open(vec![route], file.map(Path::to_owned)).expect("an outbox")
}

fn outcomes(deliveries: &[Delivery]) -> Vec<DeliveryOutcome> {
    deliveries.iter().map(|delivery| delivery.outcome).collect()
}

/// Rule and severity of what Alertmanager holds for active.
async fn active(alertmanager: &Alertmanager) -> Vec<String> {
    let alerts = alertmanager.active().await;
    let label = |alert: &Value, name: &str| alert["labels"][name].as_str().expect("it").to_owned();
    let brief = |alert| format!("{} {}", label(alert, "alertname"), label(alert, "severity"));
    let mut active: Vec<String> = alerts.iter().map(brief).collect();
    active.sort();
    active
}

#[tokio::test]
async fn alertmanager_holds_what_fires_once_whatever_its_severity_and_lets_it_go() {
    let alertmanager = Alertmanager::start().await;
    // A member that is down holds the other up no more than it misses.
    let members = [alertmanager.url(), "http://127.0.0.1:1"];
    let outbox = outbox(AlertmanagerAlerter::new(members).expect("an alerter"), None);
    let tell = async |alert: Alert| {
        outbox.accept(alert).expect("accepted");
        let told = outbox.deliver(Timestamp::now()).await;
        assert_eq!(outcomes(&told), [Sent], "{told:?}");
        active(&alertmanager).await
    };
    let (lag, slot) = (firing("lag", Severity::Warning), firing("slot", Severity::Warning));
    assert_eq!(tell(lag.clone()).await, ["lag warning"]);
    assert_eq!(tell(slot.clone()).await, ["lag warning", "slot warning"]);
    let critical = Alert { severity: Severity::Critical, ..lag };
    assert_eq!(tell(critical.clone()).await, ["lag critical", "slot warning"]);

    let held = alertmanager.active().await;
    let held = held.iter().find(|one| one["labels"]["alertname"] == "lag").expect("it");
    assert_eq!(held["labels"]["server"], "shop");
    assert_eq!(held["annotations"]["summary"], "lag: über <dem> Maß");
    let ends_at: Timestamp = held["endsAt"].as_str().expect("an end").parse().expect("a time");
    assert!(ends_at > Timestamp::now(), "{held}");

    // What still fires is told again: it ends later than before.
    let later = Timestamp::now() + Duration::from_secs(61);
    assert_eq!(outbox.deliver(later).await, []);
    assert_eq!(active(&alertmanager).await, ["lag critical", "slot warning"]);

    assert_eq!(tell(resolved(&critical)).await, ["slot warning"]);
    assert_eq!(tell(resolved(&slot)).await, Vec::<String>::new());
}

#[tokio::test]
async fn alertmanager_holds_a_drill_that_failed_until_one_passes() {
    let alertmanager = Alertmanager::start().await;
    let outbox = outbox(AlertmanagerAlerter::new([alertmanager.url()]).expect("an alerter"), None);
    for (verdict, run, held) in [
        (Verdict::Failed, "1", vec!["drill critical"]),
        (Verdict::Failed, "2", vec!["drill critical"]),
        (Verdict::Passed, "3", vec![]),
    ] {
        outbox.accept(Alert::drill(&DrillNews::new(verdict, run, "/b"))).expect("accepted");
        let told = outbox.deliver(Timestamp::now()).await;
        assert_eq!(outcomes(&told), [Sent], "{told:?}");
        assert_eq!(active(&alertmanager).await, held);
    }
}

fn mail(server: &MailServer) -> MailAlerter {
    let mail = MailAlerter::new("127.0.0.1", "pgsre <pgsre@example.org>", ["dba@example.org"]);
    mail.expect("an alerter").with_port(server.port()).with_tls(MailTls::None)
}

#[tokio::test]
async fn a_mail_is_read_as_it_was_meant_and_its_end_belongs_to_it() {
    let server = MailServer::start([]).await;
    let outbox = outbox(mail(&server).with_login("pgsre", "hush-hush"), None);
    let lag = firing("lag", Severity::Critical);
    for alert in [lag.clone(), resolved(&lag)] {
        outbox.accept(alert).expect("accepted");
        let told = outbox.deliver(Timestamp::now()).await;
        assert_eq!(outcomes(&told), [Sent], "{told:?}");
    }
    let [begin, end] = <[Value; 2]>::try_from(server.mails()).expect("two mails");
    assert_eq!(begin["head"]["subject"], "[CRITICAL] lag: über <dem> Maß");
    assert_eq!(end["head"]["subject"], "[RESOLVED] lag: über <dem> Maß");
    assert_eq!(begin["head"]["to"], "dba@example.org");
    assert_eq!(begin["head"]["references"], end["head"]["references"]);
    assert_ne!(begin["head"]["message-id"], end["head"]["message-id"]);
    let (plain, html) = (begin["plain"].as_str().expect("text"), begin["html"].as_str());
    assert!(
        plain.contains("lag: über <dem> Maß") && plain.contains("server       shop"),
        "{plain}"
    );
    assert!(html.is_some_and(|html| html.contains("über &lt;dem&gt; Maß")), "{html:?}");
    assert!(server.commands().iter().any(|command| command.starts_with("AUTH PLAIN")));
}

#[tokio::test]
async fn alerts_of_one_server_are_one_mail() {
    let server = MailServer::start([]).await;
    let outbox = outbox(mail(&server), None);
    for rule in ["lag", "slot"] {
        outbox.accept(firing(rule, Severity::Warning)).expect("accepted");
    }
    assert_eq!(outcomes(&outbox.deliver(Timestamp::now()).await), [Sent, Sent]);
    let mails = server.mails();
    assert_eq!(
        (mails.len(), &mails[0]["head"]["subject"]),
        (1, &Value::from("[WARNING] 2 alerts on shop"))
    );
}

#[tokio::test]
async fn a_mail_server_s_later_means_later_and_its_never_means_never() {
    let server = MailServer::start(["451 4.7.1 greylisted", "550 5.7.1 not for you"]).await;
    let outbox = outbox(mail(&server), None);
    let lag = firing("lag", Severity::Warning);
    outbox.accept(lag.clone()).expect("accepted");
    let now = Timestamp::now();
    assert_eq!(outcomes(&outbox.deliver(now).await), [Waiting]);
    let told = outbox.deliver(now + Duration::from_secs(60)).await;
    assert_eq!(outcomes(&told), [Failed]);
    assert!(told[0].error.as_deref().is_some_and(|why| why.contains("not for you")), "{told:?}");
    assert_eq!((outbox.waiting(), server.mails().len()), (0, 0));
}

#[tokio::test]
async fn a_mail_server_without_starttls_gets_no_mail_and_no_password() {
    let server = MailServer::start([]).await;
    let mail = mail(&server).with_tls(MailTls::Required).with_login("pgsre", "hush-hush");
    let error = mail.send(&firing("lag", Severity::Warning)).await.expect_err("no STARTTLS");
    assert!(!error.to_string().contains("hush"), "{error}");
    assert_eq!(server.mails().len(), 0);
    let told: Vec<String> = server.commands();
    assert!(!told.iter().any(|command| command.starts_with("AUTH")), "{told:?}");
}

/// A web server that can be shut and opened again at the same address.
struct Hook {
    address: SocketAddr,
    bodies: Arc<Mutex<Vec<Value>>>,
    serving: Option<JoinHandle<()>>,
}

impl Hook {
    async fn shut() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        Self { address, bodies: Arc::default(), serving: None }
    }

    async fn open(&mut self) {
        let listener = TcpListener::bind(self.address).await.expect("the port");
        let bodies = Arc::clone(&self.bodies);
        self.serving = Some(tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                serve(socket, &bodies).await;
            }
        }));
    }

    fn alerter(&self) -> WebhookAlerter {
        WebhookAlerter::new(&format!("http://{}/", self.address)).expect("an alerter")
    }

    fn told(&self) -> Vec<String> {
        let bodies = self.bodies.lock().expect("the bodies");
        let text = |body: &Value, key: &str| body[key].as_str().expect("a text").to_owned();
        bodies
            .iter()
            .map(|body| format!("{} {}", text(body, "event"), text(body, "rule")))
            .collect()
    }
}

async fn serve(mut socket: TcpStream, bodies: &Mutex<Vec<Value>>) {
    let mut request = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let read = socket.read(&mut buffer).await.unwrap_or_default();
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let body =
            text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok());
        if let Some(body) = body {
            bodies.lock().expect("the bodies").push(body);
            break;
        }
        if read == 0 {
            return;
        }
    }
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    drop(socket.write_all(answer).await);
}

#[tokio::test]
async fn a_sink_that_was_down_over_a_restart_hears_everything_in_order_and_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("outbox.jsonl");
    let mut hook = Hook::shut().await;
    let now = Timestamp::now();
    let (lag, slot) = (firing("lag", Severity::Warning), firing("slot", Severity::Critical));
    {
        let outbox = outbox(hook.alerter(), Some(&file));
        outbox.accept(lag.clone()).expect("accepted");
        assert_eq!(outcomes(&outbox.deliver(now).await), [Waiting]);
        outbox.accept(slot.clone()).expect("accepted");
        // Nobody says goodbye to it: a killed program does not either.
    }
    hook.open().await;
    {
        let outbox = outbox(hook.alerter(), Some(&file));
        assert_eq!(outbox.waiting(), 2);
        assert_eq!(outcomes(&outbox.deliver(now).await), [Sent, Sent]);
        outbox.accept(resolved(&lag)).expect("accepted");
    }
    let outbox = outbox(hook.alerter(), Some(&file));
    assert_eq!(outcomes(&outbox.deliver(now).await), [Sent]);
    assert_eq!(outbox.deliver(now + Duration::from_secs(600)).await, []);
    assert_eq!(hook.told(), ["firing lag", "firing slot", "resolved lag"]);
    let open: Vec<String> = outbox.open_alerts().into_iter().map(|alert| alert.rule).collect();
    assert_eq!(open, ["slot"]);
}

#[tokio::test]
async fn a_sink_that_never_answers_holds_no_other_up() {
    // It takes connections, and nothing more.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", silent.local_addr().expect("an address"));
    let hangs = WebhookAlerter::new(&url).expect("an alerter");
    let mut hook = Hook::shut().await;
    hook.open().await;
    let routes = vec![Route::to(Arc::new(hangs)), Route::to(Arc::new(hook.alerter()))];
    let outbox = Outbox::open(routes, None).expect("an outbox");
    let outbox = outbox.with_patience(Duration::from_millis(300));
    for rule in ["lag", "slot", "disk"] {
        outbox.accept(firing(rule, Severity::Warning)).expect("accepted");
        assert_eq!(outcomes(&outbox.deliver(Timestamp::now()).await), [Sent]);
    }
    assert_eq!(hook.told(), ["firing lag", "firing slot", "firing disk"]);
    assert_eq!(outbox.waiting(), 3);
}
