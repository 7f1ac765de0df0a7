#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::alert::test_server::{Answer, TestServer};
use crate::alert::{
    AlertEvent, Delivery, DeliveryOutcome, Dispatcher, DrillNews, RetryPolicy, Route, SlackAlerter,
};
use crate::finding::{Severity, Verdict, chain};

const PATH: &str = "/services/T0/s3cret?token=hush";

fn alert() -> Alert {
    Alert {
        schema: 1,
        event: AlertEvent::Drill,
        fingerprint: "0123456789abcdef".into(),
        rule: "drill.failed".into(),
        severity: Severity::Critical,
        summary: "restore drill failed: \"shop\" – zu groß".into(),
        labels: BTreeMap::from([("backup".into(), "shop.sql".into())]),
        value: Some(37.5),
        starts_at: "2026-11-22T14:43:10Z".parse().unwrap(),
        ends_at: None,
        source: "pgsre@db1".into(),
    }
}

/// Retries without waiting.
fn dispatcher(alerter: impl Alerter) -> Dispatcher {
    let retry = RetryPolicy {
        first_pause: Duration::from_millis(1),
        max_pause: Duration::from_millis(1),
        max_retry_after: Duration::from_millis(1),
        ..RetryPolicy::default()
    };
    Dispatcher::new([Route::to(Arc::new(alerter))]).with_retry(retry)
}

async fn deliver(server: &TestServer) -> Delivery {
    let webhook = WebhookAlerter::new(&server.url(PATH)).unwrap();
    dispatcher(webhook).dispatch(&alert()).await.remove(0)
}

#[tokio::test]
async fn the_body_delivered_is_the_contract() {
    let server = TestServer::start([Answer::status("204 No Content")]).await;
    let webhook = WebhookAlerter::new(&server.url(PATH))
        .unwrap()
        .with_header("Authorization", "Bearer hush")
        .unwrap();
    webhook.send(&alert()).await.unwrap();

    let request = server.requests().remove(0);
    assert!(request.head.starts_with("post /services/t0/s3cret?token=hush http/1.1"));
    assert!(request.head.contains("content-type: application/json"), "{}", request.head);
    assert!(request.head.contains("authorization: bearer hush"), "{}", request.head);
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(
        body,
        json!({
            "schema": 1,
            "event": "drill",
            "fingerprint": "0123456789abcdef",
            "rule": "drill.failed",
            "severity": "critical",
            "summary": "restore drill failed: \"shop\" – zu groß",
            "labels": { "backup": "shop.sql" },
            "value": 37.5,
            "starts_at": "2026-11-22T14:43:10Z",
            "ends_at": null,
            "source": "pgsre@db1",
        })
    );
}

#[tokio::test]
async fn a_server_that_recovers_gets_the_alert_on_the_second_attempt() {
    for first in [
        Answer::status("500 Internal Server Error"),
        Answer::status("408 Request Timeout"),
        Answer::Status("429 Too Many Requests", "retry-after: 120\r\n".into(), ""),
        Answer::HangUp,
    ] {
        let server = TestServer::start([first.clone(), Answer::status("200 OK")]).await;
        let delivery = deliver(&server).await;
        assert_eq!((delivery.outcome, delivery.attempts), (DeliveryOutcome::Sent, 2), "{first:?}");
        assert_eq!(delivery.error, None);
    }
}

#[tokio::test]
async fn a_refusal_is_final_and_says_why() {
    let refusal = Answer::Status("404 Not Found", String::new(), "no_service\n");
    let server = TestServer::start([refusal]).await;
    let delivery = deliver(&server).await;
    assert_eq!((delivery.outcome, delivery.attempts), (DeliveryOutcome::Failed, 1));
    let error = delivery.error.unwrap();
    assert!(error.ends_with("answered 404 Not Found: no_service"), "{error}");
    assert!(!error.contains("s3cret") && !error.contains("hush"), "{error}");
}

#[tokio::test]
async fn an_answer_that_repeats_a_secret_is_not_quoted() {
    let refusal = Answer::Status("403 Forbidden", String::new(), "bad token=hush");
    let error = deliver(&TestServer::start([refusal]).await).await.error.unwrap();
    assert!(error.ends_with("403 Forbidden"), "{error}");
}

#[tokio::test]
async fn a_server_that_stays_broken_fails_after_every_attempt() {
    let server = TestServer::start([Answer::status("503 Service Unavailable")]).await;
    let delivery = deliver(&server).await;
    assert_eq!((delivery.outcome, delivery.attempts), (DeliveryOutcome::Failed, 4));
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_port_where_nobody_listens_fails_without_naming_the_path() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let webhook = WebhookAlerter::new(&format!("http://{free}{PATH}")).unwrap();
    let delivery = dispatcher(webhook).dispatch(&alert()).await.remove(0);
    assert_eq!((delivery.outcome, delivery.attempts), (DeliveryOutcome::Failed, 4));
    let error = delivery.error.unwrap();
    assert!(error.starts_with(&format!("cannot connect to http://{free}")), "{error}");
    assert!(!error.contains("s3cret") && !error.contains("hush"), "{error}");
}

#[tokio::test]
async fn a_server_that_never_answers_fails_by_its_time_out() {
    let server = TestServer::start([Answer::Silence]).await;
    let webhook = WebhookAlerter::new(&server.url(PATH))
        .unwrap()
        .with_timeout(Duration::from_millis(200))
        .unwrap();
    let error = webhook.send(&alert()).await.unwrap_err();
    assert!(error.is_transient());
    assert!(error.to_string().starts_with("no answer in time from http://127.0.0.1"), "{error}");
    assert!(!chain(&error).contains("s3cret"), "{}", chain(&error));
}

#[tokio::test]
async fn a_silent_server_is_given_up_when_the_dispatch_has_lasted_long_enough() {
    let server = TestServer::start([Answer::Silence]).await;
    let webhook = WebhookAlerter::new(&server.url(PATH)).unwrap();
    let dispatcher = dispatcher(webhook).with_timeout(Duration::from_millis(200));
    let delivery = dispatcher.dispatch(&alert()).await.remove(0);
    assert_eq!((delivery.outcome, delivery.attempts), (DeliveryOutcome::Failed, 1));
    assert_eq!(delivery.error.as_deref(), Some("not delivered within 200ms"));
}

#[tokio::test]
async fn a_redirect_elsewhere_or_one_that_drops_the_body_is_a_failure() {
    let elsewhere = TestServer::start([Answer::status("200 OK")]).await;
    for (status, target) in
        [("307 Temporary Redirect", elsewhere.url("/")), ("302 Found", "/other".to_owned())]
    {
        let answer = Answer::Status(status, format!("location: {target}\r\n"), "");
        let delivery = deliver(&TestServer::start([answer]).await).await;
        assert_eq!((delivery.outcome, delivery.attempts), (DeliveryOutcome::Failed, 1), "{status}");
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_redirect_within_the_host_that_keeps_the_body_is_followed() {
    let answer = Answer::Status("308 Permanent Redirect", "location: /moved\r\n".into(), "");
    let server = TestServer::start([answer, Answer::status("200 OK")]).await;
    assert_eq!(deliver(&server).await.outcome, DeliveryOutcome::Sent);
    let bodies: Vec<_> = server.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test]
async fn a_slack_message_arrives_as_blocks() {
    let server = TestServer::start([Answer::Status("200 OK", String::new(), "ok")]).await;
    let slack = SlackAlerter::new(&server.url(PATH)).unwrap();
    slack.send(&Alert::drill(&DrillNews::new(Verdict::Inconclusive, "run", "/b"))).await.unwrap();
    let body: Value = serde_json::from_str(&server.requests()[0].body).unwrap();
    assert_eq!(body["text"], ":warning: restore drill inconclusive: /b");
    assert_eq!(body["attachments"][0]["blocks"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_template_a_method_and_the_statuses_of_success_are_the_user_s() {
    let server = TestServer::start([Answer::status("201 Created"), Answer::status("200 OK")]).await;
    let template = AlertTemplate::parse("{{ severity }} {{ rule }}", "text/plain").unwrap();
    let webhook = WebhookAlerter::new(&server.url(PATH)).unwrap().with_template(template);
    let webhook = webhook.with_method("put").unwrap().accepting_only([201]);
    webhook.send(&alert()).await.unwrap();
    let request = server.requests().remove(0);
    assert!(request.head.starts_with("put /services/"), "{}", request.head);
    assert!(request.head.contains("content-type: text/plain"), "{}", request.head);
    assert_eq!(request.body, "critical drill.failed");
    let error = webhook.send(&alert()).await.unwrap_err();
    assert!(error.to_string().ends_with("answered 200 OK"), "{error}");
    assert!(webhook.with_method("DELETE").is_err());
}
