use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn replica(here: i64, replay: i64, reply: f64) -> Replica {
    Replica {
        application: "db2".to_owned(),
        state: Some("streaming".to_owned()),
        here: Some(here),
        sent: Some(here),
        write: Some(replay),
        flush: Some(replay),
        replay: Some(replay),
        reply: Some(reply),
        reply_age: Some(0.0),
        ..Replica::default()
    }
}

/// A probe that saw the server at these positions, a second apart; and the moment of the last.
fn history(positions: &[i64]) -> (Replication, Instant) {
    let mut probe = Replication::default();
    let begin = Instant::now();
    let mut at = begin;
    for (second, position) in positions.iter().enumerate() {
        at = begin + SECOND * u32::try_from(second).unwrap_or(0);
        probe.note_position(at, *position);
    }
    (probe, at)
}

#[test]
fn a_replica_that_is_where_the_server_is_has_no_lag() {
    let (probe, at) = history(&[100, 200]);
    assert_eq!(probe.lag(at, &replica(200, 200, 1.0), true).0, Some(0.0));
}

#[test]
fn a_replica_that_does_not_answer_never_has_a_lag_of_zero() {
    let (probe, at) = history(&[200, 200]);
    let lag = probe.lag(at, &replica(200, 200, 1.0), false).0;
    assert_ne!(lag, Some(0.0));
    let frozen = Replica { replay_lag: Some(0.0003), ..replica(900, 50, 1.0) };
    assert_eq!(probe.lag(at, &frozen, false).0, None, "replay_lag freezes with the answers");
    assert_eq!(probe.lag(at, &frozen, true).0, Some(0.0003));
}

#[test]
fn a_replica_is_as_late_as_the_server_was_where_it_is_now() {
    let (probe, at) = history(&[100, 200, 300, 400]);
    let (lag, method, error) = probe.lag(at, &replica(400, 250, 1.0), true);
    assert_eq!((lag, method, error), (Some(2.0), "position history", Some(1.0)));
    let (lag, ..) = probe.lag(at, &replica(400, 100, 1.0), true);
    assert_eq!(lag, Some(3.0));
    let (lag, method, _) = probe.lag(at, &replica(400, 50, 1.0), true);
    assert_eq!((lag, method), (None, "not known yet"), "older than what was seen");
}

#[test]
fn a_server_that_goes_back_begins_its_history_anew() {
    let (mut probe, at) = history(&[100, 900]);
    probe.note_position(at + SECOND, 500);
    let lag = probe.lag(at + SECOND, &replica(500, 300, 1.0), true).0;
    assert_eq!(lag, Some(2.0), "when it was at 100; what lay ahead is forgotten");
}

#[test]
fn an_idle_replica_may_be_silent_for_half_a_minute_and_no_longer() {
    let mut probe = Replication::default();
    let begin = Instant::now();
    assert!(!probe.is_silent(begin, "db2", &replica(100, 100, 7.0)));
    assert!(!probe.is_silent(begin + SECOND * 29, "db2", &replica(100, 100, 7.0)));
    assert!(probe.is_silent(begin + SECOND * 31, "db2", &replica(100, 100, 7.0)));
    assert!(!probe.is_silent(begin + SECOND * 32, "db2", &replica(100, 100, 8.0)));
}

#[test]
fn a_replica_is_silent_sooner_while_there_is_more_to_send() {
    let mut probe = Replication::default();
    let begin = Instant::now();
    assert!(!probe.is_silent(begin, "db2", &replica(100, 100, 7.0)));
    assert!(!probe.is_silent(begin + SECOND * 11, "db2", &replica(500, 100, 7.0)));
    assert!(probe.is_silent(begin + SECOND * 13, "db2", &replica(500, 100, 7.0)));
}

#[test]
fn a_replica_goes_by_the_name_that_the_configuration_has_for_it() {
    let nameless = Replica {
        application: NAMELESS.to_owned(),
        address: Some("10.0.0.7".to_owned()),
        slot: Some("slot_of_db3".to_owned()),
        ..replica(1, 1, 1.0)
    };
    assert_eq!(nameless.name(&["10.0.0.7".to_owned()]), "10.0.0.7");
    assert_eq!(nameless.name(&[]), "slot_of_db3");
    assert_eq!(Replica { slot: None, ..nameless }.name(&[]), "10.0.0.7");
    assert_eq!(replica(1, 1, 1.0).name(&["other".to_owned()]), "db2");
}

#[test]
fn who_is_configured_was_seen_or_has_a_slot_is_expected_once() {
    let mut probe = Replication::default();
    let now = Instant::now();
    let seen = Replica { slot: Some("three".to_owned()), ..replica(1, 1, 1.0) };
    assert!(!probe.is_silent(now, "db3", &seen));
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let absent = |present: &[&str]| {
        let slots = names(&["slot_db2", "three", "other"]);
        probe.absent(&["db2".to_owned()], &names(present), &slots)
    };
    assert_eq!(absent(&[]), names(&["db2", "db3", "other"]));
    assert_eq!(absent(&["db2", "db3", "other"]), BTreeSet::new());
    assert_eq!(absent(&["db2"]), names(&["db3", "other"]));
}
