#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::*;
use crate::alert::DrillNews;
use crate::alert::test_server::{Answer, TestServer};

#[derive(Debug)]
struct At(Timestamp);

#[async_trait]
impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }

    async fn sleep(&self, _: Duration) {}
}

const NOW: &str = "2026-11-22T15:00:00Z";

async fn server() -> TestServer {
    TestServer::start([Answer::status("200 OK")]).await
}

fn alerter(servers: &[&TestServer]) -> AlertmanagerAlerter {
    let urls: Vec<_> = servers.iter().map(|server| server.url("/prefix/")).collect();
    let alerter = AlertmanagerAlerter::new(urls.iter().map(String::as_str)).unwrap();
    alerter.with_clock(Arc::new(At(NOW.parse().unwrap())))
}

fn firing(severity: Severity) -> Alert {
    let labels = [("server", "shop"), ("replica", "db2"), ("slot", ""), ("a.b", "x")];
    Alert {
        schema: 1,
        event: AlertEvent::Firing,
        fingerprint: "replication.lag{server=shop}".into(),
        rule: "replication.lag".into(),
        severity,
        summary: "db2 is 12 s behind shop".into(),
        labels: labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        value: Some(12.5),
        starts_at: "2026-11-22T14:43:10Z".parse().unwrap(),
        ends_at: None,
        source: "pgsre@db1".into(),
    }
}

fn resolved(severity: Severity) -> Alert {
    let ends_at = Some("2026-11-22T14:59:00Z".parse().unwrap());
    Alert { event: AlertEvent::Resolved, ends_at, ..firing(severity) }
}

fn bodies(server: &TestServer) -> Vec<Value> {
    let requests = server.requests().into_iter();
    requests.map(|request| serde_json::from_str(&request.body).unwrap()).collect()
}

/// Severity and end of each alert of a body.
fn ends(body: &Value) -> Vec<(&str, &str)> {
    let alerts = body.as_array().unwrap().iter();
    alerts
        .map(|one| (one["labels"]["severity"].as_str().unwrap(), one["endsAt"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn what_fires_lasts_for_four_intervals_and_has_every_label() {
    let server = server().await;
    alerter(&[&server]).send(&firing(Severity::Warning)).await.unwrap();
    let head = &server.requests()[0].head;
    assert!(head.starts_with("post /prefix/api/v2/alerts http/1.1"), "{head}");
    assert_eq!(
        bodies(&server)[0],
        json!([{
            "labels": {
                "alertname": "replication.lag",
                "severity": "warning",
                "server": "shop",
                "replica": "db2",
                "slot": "none",
                "a_b": "x",
            },
            "annotations": {
                "summary": "db2 is 12 s behind shop",
                "value": "12.5",
                "fingerprint": "replication.lag{server=shop}",
                "source": "pgsre@db1",
            },
            "startsAt": "2026-11-22T14:43:10Z",
            "endsAt": "2026-11-22T15:04:00Z",
        }])
    );
}

#[tokio::test]
async fn an_end_is_told_with_the_labels_of_the_beginning() {
    let server = server().await;
    let alerter = alerter(&[&server]);
    alerter.send(&firing(Severity::Warning)).await.unwrap();
    alerter.send(&resolved(Severity::Warning)).await.unwrap();
    let bodies = bodies(&server);
    assert_eq!(bodies[0][0]["labels"], bodies[1][0]["labels"]);
    assert_eq!(ends(&bodies[1]), [("warning", "2026-11-22T14:59:00Z")]);
}

#[tokio::test]
async fn a_change_of_severity_ends_the_alert_of_the_old_one() {
    let server = server().await;
    let alerter = alerter(&[&server]);
    for severity in [Severity::Warning, Severity::Critical, Severity::Critical] {
        alerter.send(&firing(severity)).await.unwrap();
    }
    alerter.send(&resolved(Severity::Critical)).await.unwrap();
    let (later, now) = ("2026-11-22T15:04:00Z", NOW);
    let bodies = bodies(&server);
    assert_eq!(ends(&bodies[1]), [("critical", later), ("warning", now)]);
    assert_eq!(ends(&bodies[2]), [("critical", later)]);
    assert_eq!(ends(&bodies[3]), [("critical", "2026-11-22T14:59:00Z")]);
}

#[tokio::test]
async fn several_alerts_are_one_request() {
    let server = server().await;
    let other =
        Alert { fingerprint: "x".into(), rule: "slot.lost".into(), ..firing(Severity::Info) };
    let alerts = [firing(Severity::Warning), other];
    alerter(&[&server]).send_together(&alerts).await.unwrap();
    assert_eq!((bodies(&server).len(), ends(&bodies(&server)[0]).len()), (1, 2));
}

#[tokio::test]
async fn every_member_is_told_and_one_that_hears_is_enough() {
    let down = TestServer::start([Answer::status("503 Service Unavailable")]).await;
    let refuses = TestServer::start([Answer::status("400 Bad Request")]).await;
    let server = server().await;
    alerter(&[&down, &server]).send(&firing(Severity::Warning)).await.unwrap();
    assert_eq!((down.requests().len(), server.requests().len()), (1, 1));

    let error = alerter(&[&down, &refuses]).send(&firing(Severity::Warning)).await.unwrap_err();
    assert!(error.is_transient());
    assert!(error.to_string().contains("503") && error.to_string().contains("400"), "{error}");
    let error = alerter(&[&refuses]).send(&firing(Severity::Warning)).await.unwrap_err();
    assert!(!error.is_transient() && error.to_string().contains("400"), "{error}");
}

#[tokio::test]
async fn a_drill_is_one_alert_whatever_its_run_and_ends_with_one_that_passes() {
    let server = server().await;
    let alerter = alerter(&[&server]);
    for (verdict, run) in [(Verdict::Failed, "1"), (Verdict::Failed, "2"), (Verdict::Passed, "3")] {
        let news = DrillNews { server: Some("shop"), ..DrillNews::new(verdict, run, "/b") };
        alerter.send(&Alert::drill(&news)).await.unwrap();
    }
    let bodies = bodies(&server);
    assert_eq!(bodies[0][0]["labels"], bodies[1][0]["labels"]);
    assert_eq!(
        bodies[0][0]["labels"],
        json!({ "alertname": "drill", "severity": "critical", "server": "shop", "source": "/b" })
    );
    assert_eq!(bodies[1][0]["annotations"]["run"], "2");
    let now: Timestamp = NOW.parse().unwrap();
    let ended = |body: &Value| {
        let ends = ends(body).into_iter();
        ends.filter(|(_, end)| end.parse::<Timestamp>().unwrap() <= now)
            .map(|(s, _)| s.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ended(&bodies[0]), ["warning"]);
    assert_eq!(ended(&bodies[2]), ["info", "critical", "warning"]);
}

#[test]
fn a_label_s_name_is_one_that_every_version_takes() {
    assert_eq!(["a.b", "9x", "", "ü"].map(label_name), ["a_b", "_9x", "_", "_"]);
}

#[test]
fn user_and_headers_are_secrets() {
    let alerter = AlertmanagerAlerter::new(["http://me:pw@am:9093"]).unwrap();
    let alerter = alerter.with_header("Authorization", "Bearer hush").unwrap();
    let debug = format!("{alerter:?}");
    assert!(
        debug.contains("am:9093") && !debug.contains("pw") && !debug.contains("hush"),
        "{debug}"
    );
    assert!(AlertmanagerAlerter::new([]).is_err());
}
