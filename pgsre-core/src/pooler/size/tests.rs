use super::*;

fn demand(concurrency: Option<f64>) -> Demand {
    Demand { database: "shop".to_owned(), concurrency, transaction_seconds: Some(0.010) }
}

fn request(concurrency: Option<f64>) -> SizeRequest {
    SizeRequest {
        demands: vec![demand(concurrency)],
        peak: 1.0,
        target_wait: Duration::from_millis(10),
        clients: Some(200),
        cores: None,
        spindles: 1,
        usable_slots: None,
    }
}

fn only(request: &SizeRequest) -> PoolSize {
    size(request).pools.remove(0)
}

#[test]
fn ten_services_of_twenty_connections_are_served_by_what_the_cores_can_use() {
    let sizing = size(&SizeRequest { cores: Some(12), ..request(None) });
    assert_eq!((sizing.total, sizing.cap, sizing.max_client_conn), (25, Some(25), 1000));
    assert!(sizing.reasoning[0].starts_with("200 connections"), "{:?}", sizing.reasoning);
    assert_eq!(only(&request(None)).size, REFERENCE, "nothing is known");
}

#[test]
fn a_measured_load_needs_little_more_than_itself() {
    let pool = only(&request(Some(20.0)));
    assert!((21..=25).contains(&pool.size), "{pool:?}");
    assert!(pool.wait_seconds.is_some_and(|wait| wait <= 0.010));
    assert_eq!(only(&request(Some(0.1))).size, LEAST);
}

#[test]
fn a_stricter_target_and_a_higher_peak_need_more() {
    let usual = only(&request(Some(20.0))).size;
    let strict = SizeRequest { target_wait: Duration::from_micros(10), ..request(Some(20.0)) };
    let peak = SizeRequest { peak: 2.0, ..request(Some(20.0)) };
    assert!(only(&strict).size > usual);
    assert!(only(&peak).size > 40);
}

#[test]
fn cores_and_slots_bound_the_pool_and_the_wait_says_so() {
    let small = SizeRequest { cores: Some(4), ..request(Some(20.0)) };
    let pool = only(&small);
    assert_eq!((pool.size, pool.wait_seconds), (9, None), "it cannot keep up");
    assert!(size(&small).reasoning.iter().any(|reason| reason.contains("cannot keep up")));
    let full = SizeRequest { usable_slots: Some(20), ..request(Some(20.0)) };
    assert_eq!(only(&full).size, 11);
}

#[test]
fn what_fits_is_divided_by_what_is_wanted() {
    let mut both = SizeRequest { cores: Some(8), ..request(Some(20.0)) };
    both.demands.push(Demand { database: "stats".to_owned(), ..demand(Some(2.0)) });
    let sizing = size(&both);
    assert!(sizing.total <= 17, "{sizing:?}");
    assert!(sizing.pools[0].size > sizing.pools[1].size);
}

#[test]
fn all_pools_and_their_reserves_fit_into_the_servers_slots() {
    for databases in [1, 2, 3, 6] {
        for usable in [40, 97, 500] {
            let mut many = SizeRequest { usable_slots: Some(usable), ..request(Some(60.0)) };
            many.demands = vec![demand(Some(60.0)); databases];
            let needed: u64 = size(&many).pools.iter().map(|pool| pool.size + pool.reserve).sum();
            assert!(needed + SPARE <= usable, "{databases} {usable} {needed}");
        }
    }
}

#[test]
fn no_figure_makes_it_panic_or_run_for_long() {
    for load in [f64::NAN, f64::INFINITY, -1.0, 1e300, 0.0] {
        for cores in [None, Some(0), Some(u64::MAX)] {
            let odd = SizeRequest {
                cores,
                spindles: u64::MAX,
                usable_slots: Some(0),
                clients: Some(1 << 40),
                peak: f64::MAX,
                target_wait: Duration::ZERO,
                ..request(Some(load))
            };
            assert!(only(&odd).size >= 1);
        }
    }
}
