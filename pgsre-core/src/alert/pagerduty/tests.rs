#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use super::*;
use crate::alert::test_server::{Answer, TestServer};
use crate::alert::{AlertEvent, DrillNews};
use crate::finding::{Verdict, chain};

const KEY: &str = "R0UT1NGKEY";

fn firing() -> Alert {
    Alert {
        schema: 1,
        event: AlertEvent::Firing,
        fingerprint: "replication.lag{replica=db2,server=shop}".into(),
        rule: "replication.lag".into(),
        severity: Severity::Warning,
        summary: "db2 is 12 s behind shop".into(),
        labels: BTreeMap::from([
            ("server".into(), "shop".into()),
            ("replica".into(), "db2".into()),
        ]),
        value: Some(12.0),
        starts_at: "2026-11-22T14:43:10Z".parse().unwrap(),
        ends_at: None,
        source: "pgsre@db1".into(),
    }
}

async fn posted(alert: &Alert) -> Value {
    let server = TestServer::start([Answer::status("202 Accepted")]).await;
    let alerter = PagerDutyAlerter::new(KEY).unwrap().with_url(&server.url("/")).unwrap();
    alerter.send(alert).await.unwrap();
    let request = server.requests().remove(0);
    assert!(request.head.starts_with("post /v2/enqueue http/1.1"), "{}", request.head);
    serde_json::from_str(&request.body).unwrap()
}

#[tokio::test]
async fn a_firing_triggers_with_all_that_is_known() {
    assert_eq!(
        posted(&firing()).await,
        json!({
            "routing_key": KEY,
            "event_action": "trigger",
            "dedup_key": "replication.lag{replica=db2,server=shop}",
            "client": "pgsre",
            "payload": {
                "summary": "db2 is 12 s behind shop",
                "source": "shop",
                "severity": "warning",
                "timestamp": "2026-11-22T14:43:10Z",
                "component": "shop",
                "class": "replication.lag",
                "custom_details": {
                    "rule": "replication.lag",
                    "labels": { "server": "shop", "replica": "db2" },
                    "value": 12.0,
                    "starts_at": "2026-11-22T14:43:10Z",
                    "told_by": "pgsre@db1",
                },
            },
        })
    );
}

#[tokio::test]
async fn an_end_resolves_the_same_incident_whatever_its_severity() {
    let end = Alert { event: AlertEvent::Resolved, severity: Severity::Critical, ..firing() };
    let expected = json!({
        "routing_key": KEY,
        "event_action": "resolve",
        "dedup_key": "replication.lag{replica=db2,server=shop}",
    });
    assert_eq!(posted(&end).await, expected);
}

#[tokio::test]
async fn a_drill_that_passes_resolves_what_one_that_failed_has_opened() {
    let drill = |verdict| Alert::drill(&DrillNews::new(verdict, "run", "/b"));
    let (failed, passed) =
        (posted(&drill(Verdict::Failed)).await, posted(&drill(Verdict::Passed)).await);
    assert_eq!(
        (&failed["event_action"], &passed["event_action"]),
        (&json!("trigger"), &json!("resolve"))
    );
    assert_eq!(failed["dedup_key"], passed["dedup_key"]);
    assert_eq!(failed["payload"]["severity"], "critical");
}

#[tokio::test]
async fn what_is_too_long_is_cut_and_keys_stay_different() {
    let long = |end: &str| Alert {
        fingerprint: format!("{}{end}", "ü".repeat(300)),
        summary: "ü".repeat(5_000),
        ..firing()
    };
    let (one, other) = (posted(&long("a")).await, posted(&long("b")).await);
    assert!(one["dedup_key"].as_str().unwrap().len() <= 255);
    assert_ne!(one["dedup_key"], other["dedup_key"]);
    assert_eq!(one["payload"]["summary"].as_str().unwrap().chars().count(), 1_024);
}

#[tokio::test]
async fn a_busy_service_is_transient_and_a_refusal_final_and_neither_shows_the_key() {
    let busy = Answer::Status("429 Too Many Requests", "retry-after: 7\r\n".into(), "");
    let refusal = Answer::Status("400 Bad Request", String::new(), "invalid event: no summary");
    let echo = Answer::Status("403 Forbidden", String::new(), "key R0UT1NGKEY is unknown");
    let server = TestServer::start([busy, refusal, echo]).await;
    let alerter = PagerDutyAlerter::new(KEY).unwrap().with_url(&server.url("/v2/enqueue")).unwrap();
    let error = alerter.send(&firing()).await.unwrap_err();
    assert!(error.is_transient());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    let error = alerter.send(&firing()).await.unwrap_err();
    assert!(
        !error.is_transient() && error.to_string().ends_with("invalid event: no summary"),
        "{error}"
    );
    let error = alerter.send(&firing()).await.unwrap_err();
    let said = format!("{alerter:?} {error:?} {}", chain(&error));
    assert!(said.contains("403 Forbidden") && !said.contains(KEY), "{said}");
}
