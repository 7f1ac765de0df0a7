#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use super::*;
use crate::alert::AlertEvent;
use crate::alert::test_server::{Answer, Request, TestServer};
use crate::finding::chain;

const KEY: &str = "hush-hush-key";

fn firing() -> Alert {
    Alert {
        schema: 1,
        event: AlertEvent::Firing,
        fingerprint: "replication.lag{replica=db2/3,server=shop}".into(),
        rule: "replication.lag".into(),
        severity: Severity::Critical,
        summary: "db2 is 12 s behind shop".into(),
        labels: BTreeMap::from([("server".into(), "shop".into())]),
        value: Some(12.5),
        starts_at: "2026-11-22T14:43:10Z".parse().unwrap(),
        ends_at: None,
        source: "pgsre@db1".into(),
    }
}

async fn posted(alert: &Alert) -> (Request, Value) {
    let server = TestServer::start([Answer::status("202 Accepted")]).await;
    OpsgenieAlerter::at(&server.url("/"), KEY).unwrap().send(alert).await.unwrap();
    let request = server.requests().remove(0);
    let body = serde_json::from_str(&request.body).unwrap();
    (request, body)
}

#[tokio::test]
async fn a_firing_creates_an_alert_under_its_alias() {
    let (request, body) = posted(&firing()).await;
    assert!(request.head.starts_with("post /v2/alerts http/1.1"), "{}", request.head);
    assert!(request.head.contains("authorization: geniekey hush-hush-key"), "{}", request.head);
    assert_eq!(
        body,
        json!({
            "message": "db2 is 12 s behind shop",
            "alias": "replication.lag{replica=db2/3,server=shop}",
            "description": "db2 is 12 s behind shop",
            "priority": "P1",
            "entity": "shop",
            "source": "pgsre@db1",
            "tags": ["pgsre", "critical"],
            "details": {
                "rule": "replication.lag",
                "server": "shop",
                "starts_at": "2026-11-22T14:43:10Z",
                "value": "12.5",
            },
        })
    );
}

#[tokio::test]
async fn an_end_closes_the_alert_of_that_alias() {
    let (request, body) = posted(&Alert { event: AlertEvent::Resolved, ..firing() }).await;
    let path = "post /v2/alerts/replication.lag%7breplica=db2%2f3,server=shop%7d/close\
                ?identifiertype=alias http/1.1";
    assert!(request.head.starts_with(path), "{}", request.head);
    assert_eq!(body["source"], "pgsre@db1");
}

#[tokio::test]
async fn a_message_stays_within_the_limit() {
    let (_, body) = posted(&Alert { summary: "ü".repeat(20_000), ..firing() }).await;
    assert_eq!(body["message"].as_str().unwrap().chars().count(), 130);
    assert_eq!(body["description"].as_str().unwrap().chars().count(), 15_000);
}

#[tokio::test]
async fn a_refusal_says_why_and_never_the_key() {
    let refusal = Answer::Status("422 Unprocessable Entity", String::new(), "message is empty");
    let echo = Answer::Status("403 Forbidden", String::new(), "hush-hush-key is no key");
    let server = TestServer::start([refusal, echo]).await;
    let alerter = OpsgenieAlerter::at(&server.url(""), KEY).unwrap();
    let error = alerter.send(&firing()).await.unwrap_err();
    assert!(!error.is_transient() && error.to_string().ends_with("message is empty"), "{error}");
    let error = alerter.send(&firing()).await.unwrap_err();
    let said = format!("{alerter:?} {}", chain(&error));
    assert!(said.contains("403") && !said.contains("hush"), "{said}");
}
