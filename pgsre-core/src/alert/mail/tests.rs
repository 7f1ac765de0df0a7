#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::*;
use crate::alert::{AlertEvent, DrillNews};
use crate::finding::{Severity, Verdict};

#[derive(Debug)]
struct At(i64);

#[async_trait]
impl Clock for At {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0).unwrap()
    }

    async fn sleep(&self, _: Duration) {}
}

fn firing() -> Alert {
    Alert {
        schema: 1,
        event: AlertEvent::Firing,
        fingerprint: "replication.lag{server=shop}".into(),
        rule: "replication.lag".into(),
        severity: Severity::Critical,
        summary: "db2 is 12 s behind <shop>".into(),
        labels: BTreeMap::from([("server".into(), "shop".into())]),
        value: Some(12.5),
        starts_at: "2026-11-22T14:43:10Z".parse().unwrap(),
        ends_at: None,
        source: "pgsre@db1".into(),
    }
}

fn resolved() -> Alert {
    Alert { event: AlertEvent::Resolved, ends_at: Some(firing().starts_at), ..firing() }
}

fn mail() -> MailAlerter {
    let to = ["Ops <ops@example.org>", "dba@example.org"];
    let mail = MailAlerter::new("127.0.0.1", "pgsre <pgsre@example.org>", to).unwrap();
    mail.with_clock(Arc::new(At(1_800_000_000)))
}

fn headers(mail: &MailAlerter, alerts: &[Alert]) -> BTreeMap<String, String> {
    let text = String::from_utf8(mail.message(alerts).unwrap().formatted()).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\n ", " ");
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(n, v)| (n.into(), v.into()))
        .collect()
}

#[test]
fn a_mail_says_in_its_subject_what_it_is() {
    let subjects = [
        text::subject(&[firing()]),
        text::subject(&[resolved()]),
        text::subject(&[Alert::drill(&DrillNews::new(Verdict::Passed, "run", "/b"))]),
        text::subject(&[resolved(), firing()]),
        text::subject(&[resolved(), Alert { labels: BTreeMap::new(), ..resolved() }]),
    ];
    let expected = [
        "[CRITICAL] db2 is 12 s behind <shop>",
        "[RESOLVED] db2 is 12 s behind <shop>",
        "[DRILL PASSED] restore drill passed: /b",
        "[CRITICAL] 2 alerts on shop",
        "[RESOLVED] 2 alerts",
    ];
    assert_eq!(subjects, expected);
}

#[test]
fn no_summary_makes_a_header_of_its_own() {
    let evil = Alert { summary: "x\r\nBcc: all@example.org\r\n\r\nbody".into(), ..firing() };
    let headers = headers(&mail(), &[evil]);
    assert_eq!(headers["Subject"], "[CRITICAL] x  Bcc: all@example.org    body");
    assert!(!headers.contains_key("Bcc"));
    assert_eq!(headers["To"], "Ops <ops@example.org>, dba@example.org");
    assert_eq!(headers["Auto-Submitted"], "auto-generated");
}

#[test]
fn the_mails_of_one_incident_refer_to_the_same_message_and_others_do_not() {
    let of = |alert: Alert| headers(&mail(), &[alert]);
    let (begin, end) = (of(firing()), of(resolved()));
    assert_eq!(begin["References"], end["References"]);
    assert_eq!(end["In-Reply-To"], end["References"]);
    assert_ne!(begin["Message-ID"], end["Message-ID"]);
    let next = of(Alert { starts_at: Timestamp::UNIX_EPOCH, ..firing() });
    assert_ne!(begin["References"], next["References"]);
    let both = headers(&mail(), &[firing(), Alert { fingerprint: "x".into(), ..firing() }]);
    assert!(both["References"].contains(&begin["References"]) && !both.contains_key("In-Reply-To"));
}

#[test]
fn another_attempt_is_the_same_message_and_a_repeat_is_another() {
    let id = |second| {
        headers(&mail().with_clock(Arc::new(At(second))), &[firing()])["Message-ID"].clone()
    };
    assert_eq!(id(1_800_000_000), id(1_800_000_060));
    assert_ne!(id(1_800_000_000), id(1_800_014_400));
}

#[test]
fn the_html_shows_names_as_they_are() {
    let html = text::html(&[firing()]);
    assert!(html.contains("behind &lt;shop&gt;") && !html.contains("<shop>"), "{html}");
    let text = text::plain(&[firing()]);
    assert!(text.starts_with("CRITICAL: replication.lag\ndb2 is 12 s behind <shop>\n"), "{text}");
    assert!(
        text.contains("  server       shop\n") && text.contains("  value        12.5\n"),
        "{text}"
    );
}

#[test]
fn what_is_no_address_is_refused() {
    assert!(MailAlerter::new("host", "nobody", ["a@b.org"]).is_err());
    assert!(MailAlerter::new("host", "a@b.org", ["a@b.org", "x"]).is_err());
    assert!(MailAlerter::new("host", "a@b.org", []).is_err());
}

#[test]
fn the_login_is_a_secret() {
    let debug = format!("{:?}", mail().with_login("pgsre-user", "hush"));
    assert!(
        debug.contains("login: true") && !debug.contains("hush") && !debug.contains("user"),
        "{debug}"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_transient() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mail = mail().with_port(free.port()).with_tls(MailTls::None);
    let error = mail.send(&firing()).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(error.to_string().starts_with("the mail server 127.0.0.1 did not take it"), "{error}");
}
