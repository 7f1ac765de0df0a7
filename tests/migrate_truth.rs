//! The linter's facts against what a live server did: `tests/migrations/*.sql`, statement by statement.
//!
//! `cargo test -p pgsre-tests --test migrate_truth -- --nocapture` prints precision and recall.

use std::path::{Path, PathBuf};

use pgsre_tests::harness::server::Server;
use pgsre_tests::harness::truth::corpus::{Group, groups};
use pgsre_tests::harness::truth::history::replay;
use pgsre_tests::harness::truth::planned::{self, Planned, Stage};
use pgsre_tests::harness::truth::rival;
use pgsre_tests::harness::truth::scene::Scene;
use pgsre_tests::harness::truth::score::Score;
use pgsre_tests::harness::truth::session::ZONE;

#[tokio::test(flavor = "multi_thread")]
async fn the_facts_are_what_postgresql_15_does() {
    every_statement_does_what_the_linter_says(15).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_facts_are_what_postgresql_18_does() {
    every_statement_does_what_the_linter_says(18).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "half a minute more a version: PGSRE_TEST_MAJOR=16 cargo test -p pgsre-tests --test migrate_truth -- \
            --ignored another_version"]
async fn the_facts_are_what_another_version_does() {
    let major =
        std::env::var("PGSRE_TEST_MAJOR").map_or(17, |text| text.parse().expect("a version"));
    every_statement_does_what_the_linter_says(major).await;
}

async fn every_statement_does_what_the_linter_says(major: u32) {
    let settings = [("autovacuum", "off"), ("timezone", ZONE)];
    let server = Server::start_with(major, &settings).await;
    let (mut scores, mut statements) = (Scores::default(), 0);
    for group in groups() {
        statements += judge(&server, &group, major, &mut scores).await;
    }
    let Scores { ours, live, squawk } = scores;
    println!("PostgreSQL {major}, {statements} statements\n\npgsre\n{ours}");
    println!("pgsre, the schema read from the database\n{live}\nsquawk\n{squawk}");
    assert!(ours.disagreements.is_empty(), "{}", ours.disagreements.join("\n"));
    assert!(live.disagreements.is_empty(), "live\n{}", live.disagreements.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_step_of_a_plan_stops_anybody_and_its_end_is_that_of_the_change_on_15() {
    every_plan_is_what_it_says(15).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_step_of_a_plan_stops_anybody_and_its_end_is_that_of_the_change_on_18() {
    every_plan_is_what_it_says(18).await;
}

/// Each statement of `planned.sql`, at once in one database and by its plan in another.
async fn every_plan_is_what_it_says(major: u32) {
    let server = Server::start_with(major, &[("autovacuum", "off")]).await;
    let group = groups().into_iter().find(|group| group.name == "planned").expect("planned.sql");
    // The one version plans from the files, the other from its own catalogue.
    let mut stage = Stage::of(&server, &group, major, major == 18);
    let mut planned = Planned::default();
    for case in group.cases.iter().filter(|case| case.is_for(major)) {
        stage.judge(case, &mut planned).await;
    }
    let Planned { plans, safe, steps, complaints } = planned;
    println!("PostgreSQL {major}: {plans} plans of {steps} steps, {safe} of them safe throughout");
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(safe > 40 && safe < plans, "{safe} of {plans}");
}

/// The files of the directory that `PGSRE_TRUTH_HISTORY` names, those that undo left out, in the order
/// of their paths, on the version that `PGSRE_TRUTH_VERSION` names.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a tool: PGSRE_TRUTH_HISTORY=DIR cargo test -p pgsre-tests --test migrate_truth -- --ignored history --nocapture"]
async fn a_history_does_what_the_linter_says() {
    let directory = std::env::var("PGSRE_TRUTH_HISTORY").expect("PGSRE_TRUTH_HISTORY");
    let mut files = Vec::new();
    sql_files(Path::new(&directory), &mut files);
    files.sort();
    let version =
        std::env::var("PGSRE_TRUTH_VERSION").map_or(15, |it| it.parse().expect("a version"));
    let server = Server::start(version).await;
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let replay = replay(&server, "history", version, &files).await;
    let refused = replay.refused.len();
    println!(
        "{} statements, {refused} refused\n\n{}",
        replay.statements,
        replay.refused.join("\n")
    );
    println!("\npgsre\n{}\nsquawk\n{}", replay.ours, replay.squawk);
    println!("{}", replay.ours.disagreements.join("\n"));
    assert!(replay.statements > 0, "{directory}: no statement could be compared");
}

/// The same files, at once in one database and by their plans in another.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a tool: PGSRE_TRUTH_HISTORY=DIR cargo test -p pgsre-tests --test migrate_truth -- --ignored plans_of_a_history --nocapture"]
async fn the_plans_of_a_history_end_where_it_ends() {
    let directory = std::env::var("PGSRE_TRUTH_HISTORY").expect("PGSRE_TRUTH_HISTORY");
    let mut files = Vec::new();
    sql_files(Path::new(&directory), &mut files);
    files.sort();
    let version =
        std::env::var("PGSRE_TRUTH_VERSION").map_or(15, |it| it.parse().expect("a version"));
    let server = Server::start(version).await;
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let differing = planned::replay(&server, version, &files).await;
    println!(
        "{} files, {} with differences\n{}",
        files.len(),
        differing.len(),
        differing.join("\n")
    );
    assert!(!files.is_empty(), "{directory}: no file");
}

fn sql_files(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().to_lowercase();
        if path.is_dir() {
            sql_files(&path, files);
        } else if name.ends_with(".sql") && !name.ends_with("down.sql") {
            files.push(path);
        }
    }
}

/// Of the linter with the statements before, with the schema of the database, and of squawk.
#[derive(Default)]
struct Scores {
    ours: Score,
    live: Score,
    squawk: Score,
}

async fn judge(server: &Server, group: &Group, major: u32, scores: &mut Scores) -> usize {
    let mut scene = Scene::of(server, group, major).await;
    let mut judged = 0;
    for case in group.cases.iter().filter(|case| case.is_for(major)) {
        let label = format!("{}{}", case.given, case.statement);
        match (scene.facts(case), scene.facts_live(case), scene.truth(case).await) {
            (Ok(facts), Ok(live), Ok(truth)) => {
                scores.ours.judge(&label, &facts, &truth);
                scores.live.judge(&label, &live, &truth);
                rival::judge(&mut scores.squawk, &case.statement, &truth);
                judged += 1;
            }
            (facts, live, truth) => {
                let why = [facts.err(), live.err(), truth.err()];
                let line = format!("{}: {why:?}: {}", group.name, case.statement.trim());
                scores.ours.disagreements.push(line);
            }
        }
    }
    judged
}
