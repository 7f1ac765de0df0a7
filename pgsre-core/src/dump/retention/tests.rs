#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

fn taken(times: &[&str]) -> Vec<Candidate> {
    let each = times.iter().map(|time| Candidate {
        key: format!("shop-{time}"),
        taken: format!("2026-{time}Z").parse().unwrap(),
    });
    each.collect()
}

/// The times that stay, with the reasons but the last word for the newest.
fn kept(retention: Retention, times: &[&str]) -> Vec<String> {
    kept_with(retention, times, &[])
}

fn kept_with(retention: Retention, times: &[&str], proved: &[&str]) -> Vec<String> {
    let proved = proved.iter().map(|time| format!("elsewhere/shop-{time}")).collect();
    let decided = decide(&retention, taken(times), &proved);
    let staying = decided.into_iter().filter(Decision::stays);
    staying
        .map(|decision| {
            let why = decision.kept_for.iter().filter(|why| *why != "newest");
            let why: Vec<_> = why.map(String::as_str).collect();
            format!("{} {}", decision.key.trim_start_matches("shop-"), why.join(","))
                .trim_end()
                .to_owned()
        })
        .collect()
}

#[test]
fn without_a_rule_everything_stays() {
    let all = ["11-22T03:00", "11-21T03:00"];
    assert_eq!(kept(Retention::default(), &all), ["11-22T03:00 no rule", "11-21T03:00 no rule"]);
}

#[test]
fn the_last_so_many_stay() {
    let retention = Retention { last: Some(2), ..Retention::default() };
    let found = kept(retention, &["11-20T03:00", "11-22T03:00", "11-21T03:00"]);
    assert_eq!(found, ["11-22T03:00 last", "11-21T03:00 last"]);
}

#[test]
fn the_newest_of_each_day_that_has_one_stays_and_the_oldest_where_days_are_left() {
    let times = ["11-22T23:59", "11-22T00:00", "11-21T23:59", "11-18T12:00", "11-18T01:00"];
    let daily = |count| Retention { daily: Some(count), ..Retention::default() };
    assert_eq!(kept(daily(2), &times), ["11-22T23:59 daily", "11-21T23:59 daily"]);
    assert_eq!(
        kept(daily(4), &times),
        ["11-22T23:59 daily", "11-21T23:59 daily", "11-18T12:00 daily", "11-18T01:00 oldest daily"]
    );
}

#[test]
fn weeks_begin_on_monday_and_months_on_the_first() {
    // 22 November 2026 is a Sunday.
    let times = ["11-23T00:00", "11-22T23:59", "11-16T00:00", "11-15T23:59", "10-31T12:00"];
    let weekly = Retention { weekly: Some(3), ..Retention::default() };
    assert_eq!(
        kept(weekly, &times),
        ["11-23T00:00 weekly", "11-22T23:59 weekly", "11-15T23:59 weekly"]
    );
    let monthly = Retention { monthly: Some(2), ..Retention::default() };
    assert_eq!(kept(monthly, &times), ["11-23T00:00 monthly", "10-31T12:00 monthly"]);
}

#[test]
fn within_counts_from_the_newest_backup() {
    let retention = Retention { within: Some(Duration::from_secs(86_400)), ..Default::default() };
    let found = kept(retention, &["01-03T00:00", "01-02T00:00", "01-01T23:59"]);
    assert_eq!(found, ["01-03T00:00 within", "01-02T00:00 within"]);
}

#[test]
fn the_newest_proved_backup_stays_whatever_the_rules_say() {
    let retention = Retention { last: Some(1), ..Retention::default() };
    let times = ["11-22T03:00", "11-21T03:00", "11-20T03:00", "11-19T03:00"];
    assert_eq!(
        kept_with(retention, &times, &["11-19T03:00", "11-20T03:00"]),
        ["11-22T03:00 last", "11-20T03:00 newest proved"]
    );
    assert_eq!(kept_with(retention, &times, &["11-01T03:00"]), ["11-22T03:00 last"]);
}

#[test]
fn rules_add_up() {
    let retention = Retention { last: Some(1), yearly: Some(1), ..Retention::default() };
    let found = kept(retention, &["11-22T03:00", "11-21T03:00"]);
    assert_eq!(found, ["11-22T03:00 last,yearly"]);
}

fn some_retention() -> impl Strategy<Value = Retention> {
    let count = || proptest::option::of(0_u32..6);
    let within = proptest::option::of((0_u64..10_000_000).prop_map(Duration::from_secs));
    let counts = (count(), count(), count(), count(), count(), count());
    (counts, within).prop_map(|((last, hourly, daily, weekly, monthly, yearly), within)| {
        Retention { last, hourly, daily, weekly, monthly, yearly, within }
    })
}

fn some_backups() -> impl Strategy<Value = Vec<Candidate>> {
    let seconds = proptest::collection::btree_set(1_600_000_000_i64..1_800_000_000, 1..40);
    seconds.prop_map(|seconds| {
        let each = seconds.into_iter().map(|second| Candidate {
            key: format!("shop-{second}"),
            taken: Timestamp::from_second(second).unwrap(),
        });
        each.collect()
    })
}

proptest! {
    #[test]
    fn the_newest_and_the_newest_proved_always_stay(
        retention in some_retention(),
        backups in some_backups(),
        proved in proptest::collection::vec(any::<proptest::sample::Index>(), 0..4),
    ) {
        let proved: BTreeSet<String> =
            proved.iter().map(|index| index.get(&backups).key.clone()).collect();
        let decided = decide(&retention, backups.clone(), &proved);
        prop_assert_eq!(decided.len(), backups.len());
        prop_assert!(decided[0].stays());
        let newest = decided.iter().find(|decision| proved.contains(&decision.key));
        prop_assert!(newest.is_none_or(Decision::stays));
    }

    #[test]
    fn keep_last_keeps_exactly_so_many(count in 1_u32..50, backups in some_backups()) {
        let retention = Retention { last: Some(count), ..Retention::default() };
        let expected = backups.len().min(count as usize);
        let decided = decide(&retention, backups, &BTreeSet::new());
        prop_assert_eq!(decided.iter().filter(|decision| decision.stays()).count(), expected);
    }

    #[test]
    fn what_stays_stays_when_it_is_decided_again(
        retention in some_retention(),
        backups in some_backups(),
    ) {
        let staying = |backups: Vec<Candidate>| -> Vec<Candidate> {
            let decided = decide(&retention, backups, &BTreeSet::new());
            let stays = decided.into_iter().filter(Decision::stays);
            stays.map(|d| Candidate { key: d.key, taken: d.taken }).collect()
        };
        let once = staying(backups);
        prop_assert_eq!(staying(once.clone()), once);
    }
}
