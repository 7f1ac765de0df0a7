use super::*;

/// Heard since the last reading, which was so many seconds ago.
const NEWS: f64 = 10.0;

fn standby() -> Standby {
    Standby {
        replay: Some(1_000),
        received: Some(1_000),
        replayed_age: Some(3_600.0),
        status: Some("streaming".to_owned()),
        message_age: Some(1.0),
        clocks_apart: Some(0.0),
        paused: false,
        delay: 0.0,
        timeout: 60.0,
        name: "db2".to_owned(),
    }
}

#[test]
fn a_standby_of_an_idle_primary_has_no_lag_however_old_its_last_transaction_is() {
    let (lag, method, _) = standby().lag(NEWS, None);
    assert_eq!((lag, method), (Some(0.0), "caught up"));
}

#[test]
fn a_standby_that_heard_nothing_since_the_last_reading_does_not_know_its_lag() {
    let quiet = Standby { message_age: Some(11.0), ..standby() };
    assert!(quiet.is_connected());
    assert_eq!(quiet.lag(NEWS, None).0, None);
    assert_eq!(quiet.lag(12.0, None).0, Some(0.0));
}

#[test]
fn a_standby_without_a_receiver_has_an_unknown_lag_though_it_replayed_all_it_has() {
    let cut = Standby { status: None, ..standby() };
    assert_eq!(cut.lag(NEWS, None).0, None);
}

#[test]
fn a_standby_asks_after_half_of_its_time_out_and_is_disconnected_without_an_answer() {
    let swallowed = Standby { message_age: Some(33.0), ..standby() };
    assert!(!swallowed.is_connected());
    assert_eq!(swallowed.lag(60.0, None).0, None);
    let patient = Standby { timeout: 300.0, ..swallowed };
    assert!(patient.is_connected());
    let without_end = Standby { timeout: 0.0, message_age: Some(9_999.0), ..standby() };
    assert!(without_end.is_connected());
}

#[test]
fn a_standby_that_has_something_to_replay_is_as_late_as_its_last_transaction() {
    let behind = Standby { received: Some(9_000), replayed_age: Some(12.0), ..standby() };
    assert_eq!(behind.lag(NEWS, None).0, Some(12.0));
    let fresh = Standby { replayed_age: None, ..behind };
    assert_eq!(fresh.lag(NEWS, None).0, None, "just started: nothing says how late it is");
}

#[test]
fn clocks_that_differ_do_not_change_the_lag() {
    for apart in [-3_600.0, 0.0, 3_600.0] {
        let behind = Standby {
            received: Some(9_000),
            replayed_age: Some(12.0 + apart),
            clocks_apart: Some(apart),
            ..standby()
        };
        assert_eq!(behind.lag(NEWS, None).0, Some(12.0), "{apart}");
    }
}

#[test]
fn what_waits_for_replay_after_an_idle_hour_waits_since_it_was_received() {
    let behind = Standby { received: Some(9_000), message_age: Some(0.5), ..standby() };
    let (lag, method, _) = behind.lag(NEWS, Some(2.0));
    assert_eq!((lag, method), (Some(2.5), "position history"));
}

#[test]
fn a_delay_that_is_kept_on_purpose_is_no_lag() {
    let late = Standby { received: Some(9_000), replayed_age: Some(12.0), ..standby() };
    assert_eq!(Standby { delay: 10.0, ..late }.lag(NEWS, None).0, Some(2.0));
    let late = Standby { received: Some(9_000), replayed_age: Some(9.0), ..standby() };
    assert_eq!(Standby { delay: 10.0, ..late }.lag(NEWS, None).0, Some(0.0));
}
