#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Instant;

use super::*;
use crate::alert::DrillNews;
use crate::finding::{Verdict, chain};

fn alert() -> Alert {
    Alert::drill(&DrillNews::new(Verdict::Failed, "run", "/backups"))
}

fn shell(script: &str) -> CommandAlerter {
    CommandAlerter::new("/bin/sh").with_arguments(["-c", script])
}

fn is_running(pid: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    !state.is_empty() && !state.contains(") Z ")
}

#[tokio::test]
async fn a_command_gets_the_alert_on_its_input_and_in_its_environment() {
    let directory = tempfile::tempdir().unwrap();
    let script = format!(
        "cat > {0}/body; printf '%s|%s|%s' $PGSRE_EVENT $PGSRE_RULE $PGSRE_SEVERITY > {0}/env",
        directory.path().display()
    );
    shell(&script).send(&alert()).await.unwrap();
    let body = std::fs::read_to_string(directory.path().join("body")).unwrap();
    assert_eq!(serde_json::from_str::<Alert>(&body).unwrap(), alert_at(&body));
    let env = std::fs::read_to_string(directory.path().join("env")).unwrap();
    assert_eq!(env, "drill|drill.failed|critical");
}

/// The alert, begun when the delivered one was.
fn alert_at(body: &str) -> Alert {
    let delivered: Alert = serde_json::from_str(body).unwrap();
    Alert { starts_at: delivered.starts_at, ..alert() }
}

#[tokio::test]
async fn a_command_that_hangs_is_killed_with_all_that_it_started() {
    let directory = tempfile::tempdir().unwrap();
    let pids = directory.path().join("pids");
    let script = format!("sleep 300 & echo $! $$ > {}; wait", pids.display());
    let begun = Instant::now();
    let hung = shell(&script).with_timeout(Duration::from_millis(500));
    let error = hung.send(&alert()).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(error.to_string(), "/bin/sh did not end within 500ms and was killed");
    tokio::time::sleep(Duration::from_millis(100)).await;
    for pid in std::fs::read_to_string(&pids).unwrap().split_whitespace() {
        assert!(!is_running(pid), "{pid}");
    }
}

#[tokio::test]
async fn a_delivery_that_is_given_up_leaves_no_command_behind() {
    let directory = tempfile::tempdir().unwrap();
    let pids = directory.path().join("pids");
    let script = format!("sleep 300 & echo $! $$ > {}; wait", pids.display());
    let given_up =
        tokio::time::timeout(Duration::from_millis(500), shell(&script).send(&alert())).await;
    assert!(given_up.is_err());
    tokio::time::sleep(Duration::from_millis(200)).await;
    for pid in std::fs::read_to_string(&pids).unwrap().split_whitespace() {
        assert!(!is_running(pid), "{pid}");
    }
}

#[tokio::test]
async fn a_command_s_failure_is_told_with_the_end_of_its_standard_error() {
    let script = "yes chatter | head -c 100000 >&2; echo no route to pager >&2; exit 3";
    let error = shell(script).send(&alert()).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("/bin/sh ended with exit status: 3: "), "{text}");
    assert!(text.ends_with("no route to pager") && text.len() < 2_100, "{text}");
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_program_that_is_missing_or_misused_is_not_tried_again() {
    let error = CommandAlerter::new("/no/such/pager").send(&alert()).await.unwrap_err();
    assert!(!error.is_transient());
    assert!(
        chain(&error).starts_with("cannot run /no/such/pager: No such file"),
        "{}",
        chain(&error)
    );
    assert!(!shell("exit 64").send(&alert()).await.unwrap_err().is_transient());
}

#[tokio::test]
async fn a_command_need_not_read_its_input_nor_close_its_standard_error() {
    let begun = Instant::now();
    shell("sleep 5 & exit 0").send(&alert()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn arguments_may_be_secret_and_are_not_shown() {
    assert!(!format!("{:?}", shell("curl -H 'token: hush'")).contains("hush"));
}
