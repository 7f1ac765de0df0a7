#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::monitor::{Bound, Metric, Reading, Role, Rule, Sample, ServerFacts, Threshold};

fn open() -> BTreeMap<String, Incidents> {
    let at = jiff::Timestamp::from_second(1_800_000_000).unwrap();
    let reading = Reading {
        server: ServerFacts { name: "shop".into(), version: None, role: Some(Role::Primary) },
        at,
        seconds: 0.0,
        samples: vec![Sample::exact(Metric::SlotLost, 1.0, at)],
        missing: Vec::new(),
        unseen: Vec::new(),
    };
    let rule = Rule::new("slot.lost", Metric::SlotLost).critical(Threshold::at(Bound::Above(0.0)));
    let mut incidents = Incidents::default();
    assert_eq!(incidents.advance(&[rule], &reading, at).len(), 1);
    BTreeMap::from([("shop".to_owned(), incidents)])
}

#[test]
fn what_was_kept_is_there_again_and_nothing_else_is_left_behind() {
    let directory = tempfile::tempdir().unwrap();
    let file = IncidentsFile::open(directory.path().join("incidents.json"));
    assert_eq!(file.load().unwrap(), BTreeMap::new(), "there is no file yet");
    file.save(&open()).unwrap();
    file.save(&open()).unwrap();
    assert_eq!(file.load().unwrap(), open());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_damaged_file_is_set_aside_and_said_and_the_next_save_does_not_lose_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("incidents.json");
    let file = IncidentsFile::open(&path);
    file.save(&open()).unwrap();
    let whole = fs::read(&path).unwrap();
    for cut in [0, 1, 9, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..cut]).unwrap();
        let IncidentsFileError::Damaged { aside, .. } = file.load().unwrap_err() else {
            unreachable!("cut at {cut}")
        };
        assert_eq!(fs::read(aside).unwrap(), &whole[..cut]);
        assert_eq!(file.load().unwrap(), BTreeMap::new());
    }
}

#[test]
fn a_newer_file_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("incidents.json");
    fs::write(&path, r#"{"version":2,"servers":[]}"#).unwrap();
    let error = IncidentsFile::open(&path).load().unwrap_err();
    assert!(matches!(error, IncidentsFileError::Newer { version: 2, .. }), "{error}");
    assert!(path.exists());
}

#[test]
fn a_directory_that_is_not_there_is_said() {
    let file = IncidentsFile::open("/nonexistent/pgsre/incidents.json");
    let error = file.save(&open()).unwrap_err();
    assert_eq!(error.to_string(), "cannot write /nonexistent/pgsre/incidents.json");
    assert!(crate::finding::chain(&error).contains("No such file or directory"), "{error:?}");
}
