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
        probe.positions.note(at, *position);
    }
    (probe, at)
}

const JUST_NOW: Option<Duration> = Some(Duration::ZERO);

#[test]
fn a_replica_that_is_where_the_server_is_has_no_lag() {
    let (probe, at) = history(&[100, 200]);
    assert_eq!(probe.lag(at, &replica(200, 200, 1.0), JUST_NOW, false).0, Some(0.0));
}

#[test]
fn a_replica_that_does_not_answer_never_has_a_lag_of_zero() {
    let (probe, at) = history(&[200, 200]);
    let lag = probe.lag(at, &replica(200, 200, 1.0), None, false).0;
    assert_ne!(lag, Some(0.0));
    let frozen = Replica { replay_lag: Some(0.0003), ..replica(900, 50, 1.0) };
    assert_eq!(probe.lag(at, &frozen, None, true).0, None, "replay_lag freezes with the answers");
}

#[test]
fn a_replica_is_as_late_as_the_server_was_where_it_is_now() {
    let (probe, at) = history(&[100, 200, 300, 400]);
    let (lag, method, error) = probe.lag(at, &replica(400, 250, 1.0), JUST_NOW, false);
    assert_eq!((lag, method, error), (Some(2.0), "position history", Some(1.0)));
    assert_eq!(probe.lag(at, &replica(400, 100, 1.0), JUST_NOW, false).0, Some(3.0));
}

#[test]
fn under_writes_a_replica_is_no_later_than_the_server_says_however_seldom_it_is_read() {
    let (probe, at) = history(&[100, 900]);
    let busy = Replica { replay_lag: Some(0.0003), ..replica(900, 890, 1.0) };
    let (lag, method, error) = probe.lag(at, &busy, JUST_NOW, true);
    assert_eq!((lag, method), (Some(0.0003), "replay_lag"));
    assert!(error.is_some_and(|error| error > 0.9), "it may have stopped since");
}

#[test]
fn what_the_server_says_is_as_old_as_the_replicas_answer() {
    let (probe, at) = history(&[100, 200, 300, 900]);
    let busy = Replica { replay_lag: Some(0.1), ..replica(900, 250, 1.0) };
    let age = Some(Duration::from_millis(1_500));
    assert_eq!(probe.lag(at, &busy, age, true).0, Some(1.6));
    let (lag, ..) = probe.lag(at, &busy, JUST_NOW, true);
    assert_eq!(lag, Some(1.0), "it was beyond that a second ago");
    assert_eq!(
        probe.lag(at, &busy, Some(SECOND * 9), true).0,
        Some(2.0),
        "but not two seconds ago"
    );
}

#[test]
fn while_replay_stands_still_what_the_server_says_of_it_stands_still_too() {
    let (probe, at) = history(&[500]);
    let stopped = Replica { replay_lag: Some(0.0003), ..replica(500, 50, 1.0) };
    let first = probe.lag(at, &stopped, JUST_NOW, false);
    assert_eq!((first.0, first.1), (None, "not known yet"), "whether it moves is not known yet");
    let (probe, at) = history(&[500, 510, 520]);
    let stopped = Replica { replay_lag: Some(0.0003), ..replica(520, 50, 1.0) };
    let (lag, method, _) = probe.lag(at, &stopped, JUST_NOW, false);
    assert_eq!((lag, method), (Some(2.0), "at least: since it is watched"));
}

#[test]
fn who_followed_a_primary_is_not_expected_by_the_standby_that_it_became() {
    let mut probe = Replication::default();
    probe.look_at(Instant::now(), "db2", &replica(1, 1, 1.0));
    assert_eq!(probe.absent(&[], &BTreeSet::new(), &BTreeSet::new()).len(), 1);
    probe.note_role(false);
    assert_eq!(probe.absent(&[], &BTreeSet::new(), &BTreeSet::new()).len(), 1);
    probe.note_role(true);
    assert_eq!(probe.absent(&[], &BTreeSet::new(), &BTreeSet::new()).len(), 0);
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
    probe.look_at(now, "db3", &seen);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let absent = |present: &[&str]| {
        let slots = names(&["slot_db2", "three", "other"]);
        probe.absent(&["db2".to_owned()], &names(present), &slots)
    };
    assert_eq!(absent(&[]), names(&["db2", "db3", "other"]));
    assert_eq!(absent(&["db2", "db3", "other"]), BTreeSet::new());
    assert_eq!(absent(&["db2"]), names(&["db3", "other"]));
}
