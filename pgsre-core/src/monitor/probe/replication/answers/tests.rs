use super::*;

/// A replica whose clock is behind the server's by so many seconds, and the watcher's time.
struct Watched {
    answers: Option<Answers>,
    begin: Instant,
    apart: f64,
}

impl Watched {
    fn apart(apart: f64) -> Self {
        Self { answers: None, begin: Instant::now(), apart }
    }

    /// A reading at a time, of a replica that answered last at another and owes nothing.
    fn read(&mut self, at: f64, answered: f64) -> Presence {
        self.read_owing(at, answered, None)
    }

    /// The same that has owed an answer for so long.
    fn read_owing(&mut self, at: f64, answered: f64, owed: Option<f64>) -> Presence {
        let instant = self.begin + duration(at);
        let age = Some(at - answered + self.apart);
        let answer = Answer { by_its_clock: Some(answered - self.apart), age };
        let answers = self.answers.get_or_insert_with(|| Answers::first(instant, answer));
        answers.next(instant, answer, owed)
    }
}

fn silence(seconds: f64) -> Silence {
    Silence { least: duration(seconds), most: duration(seconds) }
}

fn answered(seconds: f64) -> Presence {
    Presence::Answered(silence(seconds))
}

#[test]
fn an_idle_replica_may_be_silent_for_two_of_its_intervals_and_no_longer() {
    let mut watched = Watched::apart(0.0);
    assert_eq!(watched.read(0.0, 0.0), answered(0.0));
    assert_eq!(watched.read(9.5, 0.0), answered(9.5));
    assert_eq!(watched.read(19.0, 0.0), Presence::Silent(silence(19.0)));
    assert_eq!(watched.read(21.0, 0.0), Presence::Absent);
    assert_eq!(watched.read(22.0, 22.0), answered(0.0));
}

#[test]
fn a_replica_is_absent_sooner_while_it_owes_an_answer() {
    let mut watched = Watched::apart(0.0);
    assert_eq!(watched.read(0.0, 0.0), answered(0.0));
    assert_eq!(watched.read_owing(9.5, 0.0, Some(5.0)), answered(9.5));
    assert_eq!(watched.read_owing(10.5, 0.0, Some(0.0)), answered(10.5), "it is on its way");
    assert_eq!(watched.read_owing(10.6, 0.0, Some(6.0)), Presence::Absent);
}

#[test]
fn a_clock_that_is_wrong_changes_nothing_once_an_answer_was_seen_to_come() {
    for apart in [-3_600.0, -30.0, 0.0, 30.0, 3_600.0] {
        let mut watched = Watched::apart(apart);
        watched.read(0.0, -0.5);
        for second in 1..8 {
            let at = f64::from(second);
            assert_eq!(watched.read(at, at), answered(0.0), "{apart}");
        }
        assert_eq!(watched.read_owing(14.0, 7.0, Some(6.0)), answered(7.0), "{apart}");
        assert_eq!(watched.read_owing(18.5, 7.0, Some(9.0)), Presence::Absent, "{apart}");
    }
}

#[test]
fn a_clock_that_is_set_anew_is_believed_no_further_than_what_was_seen() {
    let mut watched = Watched::apart(0.0);
    for second in 0..4 {
        watched.read(f64::from(second), f64::from(second));
    }
    watched.apart = 3_600.0;
    assert_eq!(watched.read(4.0, 4.0), answered(1.0), "it came since the last reading");
    watched.apart = -3_600.0;
    assert_eq!(watched.read(5.0, 5.0), answered(0.0));
}

#[test]
fn an_old_first_answer_is_a_silent_replica_or_a_wrong_clock_until_the_next_one() {
    for apart in [-3_600.0, 3_600.0] {
        let mut watched = Watched::apart(apart);
        assert_eq!(watched.read(0.0, 0.0), Presence::Unknown, "{apart}");
        assert_eq!(watched.read(9.0, 0.0), Presence::Unknown, "{apart}");
        assert_eq!(watched.read(10.0, 10.0), answered(0.0), "{apart}");
    }
    let mut silent = Watched::apart(0.0);
    assert_eq!(silent.read(50.0, 0.0), Presence::Unknown);
    assert_eq!(silent.read(71.0, 0.0), Presence::Absent);
}

#[test]
fn a_silent_replica_is_told_in_half_a_minute_by_a_watcher_that_reads_every_ten_seconds() {
    for phase in [0.1, 2.5, 5.0, 7.5, 9.9] {
        let mut watched = Watched::apart(0.0);
        for tens in 0..5 {
            let answer = f64::from(tens) * 10.0;
            assert!(matches!(watched.read(answer + phase, answer), Presence::Answered(_)));
        }
        // Cut right after its answer at 40 s.
        assert_ne!(watched.read(50.0 + phase, 40.0), Presence::Absent, "{phase}");
        assert_eq!(watched.read(60.0 + phase, 40.0), Presence::Absent, "{phase}");
    }
}

#[test]
fn an_answer_that_is_seen_late_is_as_old_as_it_seems_unless_the_clocks_are_known_to_differ() {
    let mut seldom = Watched::apart(0.0);
    seldom.read(0.0, 0.0);
    let seen = seldom.read(10.0, 6.0);
    let expected = Silence { least: Duration::ZERO, most: duration(4.0) };
    assert_eq!(seen, Presence::Answered(expected));
    let mut often = Watched::apart(4.0);
    often.read(0.0, 0.0);
    assert_eq!(often.read(1.0, 1.0), answered(0.0), "it came within the last second");
}
