//! What a rehearsal says, beside what the same plan then did.
//!
//! `cargo test -p pgsre-tests --test rehearsal -- --nocapture` prints both, step by step.

use pgsre_core::migrate::rehearse::Measured;
use pgsre_core::migrate::{Apply, ApplyEnding, Rehearsal, Step, Unwatched, Work};
use pgsre_tests::harness::applying::{Released, plan};
use pgsre_tests::harness::server::Server;
use tokio_util::sync::CancellationToken;

const ORDERS: &str = "
    create table orders (id bigint primary key, total int not null default 0, note text);
    insert into orders select n, n % 100, 'order ' || n from generate_series(1, 200000) n;
    analyze orders;
";

const CHANGE: &str = "
    ALTER TABLE orders ADD COLUMN tracking varchar(100);
    UPDATE orders SET tracking = 'T' || id;
    ALTER TABLE orders ALTER COLUMN tracking SET NOT NULL;
    CREATE INDEX orders_tracking ON orders (tracking);
    ALTER TABLE orders ADD CHECK (total >= 0);
    DROP INDEX orders_tracking;
";

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_does_in_earnest_what_its_rehearsal_said() {
    let server = Server::start_with(15, &[("autovacuum", "off")]).await;
    server.create("copy", "", ORDERS.as_bytes());
    server.create("shop", "", ORDERS.as_bytes());
    let (copy, shop) = (server.connect("copy").await, server.connect("shop").await);
    let plan = plan(&shop, CHANGE).await;
    let cancel = CancellationToken::new();
    let rehearsed = Rehearsal::of_plan(plan.clone()).run(&copy, &cancel).await.expect("rehearsed");
    assert_eq!(rehearsed.planned.failure, None);
    let applied = Apply::new(plan.clone())
        .hook(Released)
        .run(&shop, &Unwatched, &cancel)
        .await
        .expect("applied");
    assert_eq!(applied.ending, ApplyEnding::Done);

    let mut statements = rehearsed.planned.statements.iter();
    let (mut said, mut took) = (0.0, 0.0);
    println!("| step | rehearsed, s | applied, s | rows |\n|---|---|---|---|");
    for step in &plan.steps {
        let measured: Vec<&Measured> = statements.by_ref().take(statements_of(step)).collect();
        let did = applied.done.iter().find(|one| one.number == step.number).expect("the step");
        let seconds: f64 = measured.iter().map(|one| one.seconds).sum();
        println!("| {} | {seconds:.3} | {:.3} | {} |", step.title, did.seconds, did.rows);
        (said, took) = (said + seconds, took + did.seconds);
        if let Work::Backfill { .. } = step.work {
            assert_eq!((measured[0].rows, did.rows), (200_000, 200_000));
        }
        for lock in measured.iter().flat_map(|one| &one.locks) {
            if lock.mode.blocks_writes() {
                let foreseen =
                    step.locks.iter().any(|one| one.object == lock.object && one.mode >= lock.mode);
                assert!(foreseen, "{}: {lock:?}", step.title);
            }
        }
    }
    assert!(statements.next().is_none(), "each statement belongs to a step");
    println!(
        "\nin all {said:.2} s rehearsed, {took:.2} s applied: {:+.0} %",
        (took / said - 1.0) * 100.0
    );
}

fn statements_of(step: &Step) -> usize {
    match &step.work {
        Work::Transaction { statements } => statements.len(),
        Work::Alone { .. } | Work::Backfill { .. } => 1,
        Work::Deploy { .. } => 0,
    }
}
