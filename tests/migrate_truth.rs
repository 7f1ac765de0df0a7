//! The linter's facts against what a live server did: `tests/migrations/*.sql`, statement by statement.
//!
//! `cargo test -p pgsre-tests --test migrate_truth -- --nocapture` prints precision and recall.

use pgsre_tests::harness::server::Server;
use pgsre_tests::harness::truth::corpus::{Group, groups};
use pgsre_tests::harness::truth::rival;
use pgsre_tests::harness::truth::scene::Scene;
use pgsre_tests::harness::truth::score::Score;

/// Disagreements that wait to be mended. It only ever goes down.
const KNOWN_GAPS: usize = 215;

#[tokio::test(flavor = "multi_thread")]
async fn the_facts_are_what_postgresql_15_does() {
    every_statement_does_what_the_linter_says(15).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_facts_are_what_postgresql_18_does() {
    every_statement_does_what_the_linter_says(18).await;
}

async fn every_statement_does_what_the_linter_says(major: u32) {
    let server = Server::start_with(major, &[("autovacuum", "off")]).await;
    let (mut ours, mut squawk, mut statements) = (Score::default(), Score::default(), 0);
    for group in groups() {
        statements += judge(&server, &group, major, &mut ours, &mut squawk).await;
    }
    println!("PostgreSQL {major}, {statements} statements\n\npgsre\n{ours}\nsquawk\n{squawk}");
    let told = ours.disagreements.join("\n");
    assert!(ours.disagreements.len() <= KNOWN_GAPS, "{told}");
}

async fn judge(
    server: &Server,
    group: &Group,
    major: u32,
    ours: &mut Score,
    squawk: &mut Score,
) -> usize {
    let mut scene = Scene::of(server, group, major).await;
    let mut judged = 0;
    for case in group.cases.iter().filter(|case| case.is_for(major)) {
        match (scene.facts(case), scene.truth(case).await) {
            (Ok(facts), Ok(truth)) => {
                ours.judge(&format!("{}{}", case.given, case.statement), &facts, &truth);
                rival::judge(squawk, &case.statement, &truth);
                judged += 1;
            }
            (facts, truth) => {
                let why = [facts.err(), truth.err()];
                let line = format!("{}: {why:?}: {}", group.name, case.statement.trim());
                ours.disagreements.push(line);
            }
        }
    }
    judged
}
