//! What the file keeps over a restart, a crash and a damage.

use std::path::{Path, PathBuf};

use super::*;

struct Scene {
    directory: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("outbox.jsonl")
    }

    fn open(&self, sinks: &[&Arc<Recorder>]) -> Outbox {
        Outbox::open(sinks.iter().map(|sink| route(sink)).collect(), Some(self.path())).unwrap()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap()
    }

    fn has(&self, ending: &str) -> bool {
        Path::new(&format!("{}{ending}", self.path().display())).exists()
    }
}

#[tokio::test]
async fn a_restart_at_any_moment_loses_nothing_and_doubles_nothing() {
    let scene = Scene::new();
    let story = [
        firing("a", Warning),
        firing("b", Critical),
        resolved("a", Warning),
        drill(Verdict::Failed),
        resolved("b", Critical),
    ];
    let sink = Recorder::new("log");
    for alert in &story {
        scene.open(&[&sink]).accept(alert.clone()).unwrap();
        scene.open(&[&sink]).deliver(at(0)).await;
        assert_eq!(scene.open(&[&sink]).deliver(at(0)).await, []);
        // Who crashed before it noted that it had told this tells it once more.
        if alert.event != AlertEvent::Drill {
            scene.open(&[&sink]).accept(alert.clone()).unwrap();
        }
    }
    assert_eq!(sink.messages().concat(), story);
    assert_eq!(scene.open(&[&sink]).waiting(), 0);
}

#[tokio::test]
async fn what_one_sink_took_is_not_told_it_again_while_another_still_waits() {
    let scene = Scene::new();
    let (sound, down) = (Recorder::new("log"), Recorder::new("pager").answering([Answer::Down]));
    let outbox = scene.open(&[&sound, &down]);
    outbox.accept(firing("a", Warning)).unwrap();
    outbox.deliver(at(0)).await;
    drop(outbox);
    let outbox = scene.open(&[&sound, &down]);
    assert_eq!((outbox.waiting(), outcomes(&outbox.deliver(at(0)).await)), (1, vec![Sent]));
    assert_eq!((sound.told().len(), down.told().len()), (1, 1));
}

#[tokio::test]
async fn what_was_on_its_way_when_the_program_died_is_told() {
    let scene = Scene::new();
    let sink = Recorder::new("log").answering([Answer::Hangs]);
    let outbox = scene.open(&[&sink]).with_patience(Duration::from_millis(10));
    outbox.accept(firing("a", Warning)).unwrap();
    assert_eq!(outbox.deliver(at(0)).await, []);
    drop(outbox);
    scene.open(&[&sink]).deliver(at(0)).await;
    assert_eq!(sink.told(), ["firing warning a"]);
}

#[tokio::test]
async fn an_incident_that_ended_before_it_was_told_is_one_message_after_a_restart_too() {
    let scene = Scene::new();
    let sink = Recorder::new("log").answering([Answer::Down]);
    let outbox = scene.open(&[&sink]);
    outbox.accept(firing("a", Warning)).unwrap();
    outbox.deliver(at(0)).await;
    drop(outbox);
    scene.open(&[&sink]).accept(resolved("a", Warning)).unwrap();
    scene.open(&[&sink]).deliver(at(0)).await;
    assert_eq!(sink.told(), ["resolved warning a"]);
    assert!(sink.messages()[0][0].summary.contains("it fired from"));
}

#[tokio::test]
async fn a_torn_last_line_loses_no_more_than_itself_and_is_kept_aside() {
    let scene = Scene::new();
    let sink = Recorder::new("log");
    for what in ["a", "b"] {
        scene.open(&[&sink]).accept(firing(what, Warning)).unwrap();
    }
    let text = scene.text();
    assert!(!scene.has(".damaged"));
    std::fs::write(scene.path(), &text[..text.len() - 20]).unwrap();
    let outbox = scene.open(&[&sink]);
    assert!(scene.has(".damaged"));
    outbox.deliver(at(0)).await;
    assert_eq!(sink.told(), ["firing warning a"]);
}

#[test]
fn any_damage_is_survived() {
    let scene = Scene::new();
    let sink = Recorder::new("log");
    scene.open(&[&sink]).accept(firing("a", Warning)).unwrap();
    let sound = std::fs::read(scene.path()).unwrap();
    for end in (0..sound.len()).step_by(7) {
        std::fs::write(scene.path(), &sound[..end]).unwrap();
        assert!(scene.open(&[&sink]).waiting() <= 1);
        let mut bytes = sound.clone();
        bytes[end] = 0xff;
        std::fs::write(scene.path(), &bytes).unwrap();
        assert!(scene.open(&[&sink]).waiting() <= 1);
    }
    std::fs::write(scene.path(), &sound).unwrap();
    assert_eq!(scene.open(&[&sink]).waiting(), 1);
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    let scene = Scene::new();
    std::fs::write(scene.path(), "{\"pgsre_outbox\":2}\n{\"hush\":1}\n").unwrap();
    let error = Outbox::open(vec![], Some(scene.path())).unwrap_err();
    assert!(error.to_string().starts_with("a newer pgsre"), "{error}");
    assert!(scene.text().contains("hush"));
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_that_names_it() {
    let error = Outbox::open(vec![], Some("/proc/none/outbox".into())).unwrap_err();
    assert!(error.to_string().contains("/proc/none/outbox"), "{error}");
}

#[tokio::test]
async fn what_waits_for_a_sink_that_left_is_dropped_and_the_rest_is_told() {
    let scene = Scene::new();
    let (old, stays) = (Recorder::new("old"), Recorder::new("log"));
    scene.open(&[&old, &stays]).accept(firing("a", Warning)).unwrap();
    let outbox = scene.open(&[&stays]);
    assert_eq!(outbox.waiting(), 1);
    outbox.deliver(at(0)).await;
    assert_eq!((stays.told().len(), old.told().len()), (1, 0));
    assert!(!scene.open(&[&stays]).deliver(at(0)).await.iter().any(|told| told.alerter == "old"));
    assert!(!scene.text().contains("\"old\""));
}

#[tokio::test]
async fn the_file_does_not_grow_with_what_was_told() {
    let scene = Scene::new();
    let sink = Recorder::new("log");
    let outbox = scene.open(&[&sink]);
    for number in 0..20 {
        outbox.accept(firing(&number.to_string(), Warning)).unwrap();
        outbox.accept(resolved(&number.to_string(), Warning)).unwrap();
        outbox.deliver(at(0)).await;
    }
    drop(outbox);
    scene.open(&[&sink]);
    assert_eq!(scene.text(), "{\"pgsre_outbox\":1}\n");
}

#[tokio::test]
async fn two_sinks_of_one_name_have_queues_of_their_own() {
    let scene = Scene::new();
    let (one, other) = (Recorder::new("log"), Recorder::new("log").answering([Answer::Down]));
    let outbox = scene.open(&[&one, &other]);
    outbox.accept(firing("a", Warning)).unwrap();
    outbox.deliver(at(0)).await;
    drop(outbox);
    let outbox = scene.open(&[&one, &other]);
    assert_eq!(outbox.alerters().collect::<Vec<_>>(), ["log", "log#2"]);
    outbox.deliver(at(0)).await;
    assert_eq!((one.told().len(), other.told().len()), (1, 1));
}
