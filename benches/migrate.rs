//! A history of a thousand migration files linted on one core, by squawk and by pgsre, in turn.
//!
//! ```sh
//! python3 -m venv target/squawk && target/squawk/bin/pip install squawk-cli
//! cargo bench --package pgsre-benches --bench migrate
//! ```

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use pgsre_benches::{Parameters, median};
use pgsre_tests::harness::cli::release_binary;

const FILES: usize = 1_000;

fn main() {
    let parameters = Parameters::read();
    let rounds = if parameters.megabytes < 100 { 1 } else { parameters.rounds * 3 };
    let directory = tempfile::tempdir().expect("a directory");
    let (files, statements) = history(directory.path());
    let squawk = squawk();
    let ways = [("squawk", squawk_on(&squawk, &files)), ("pgsre", pgsre_on(directory.path()))];
    let mut seconds: [Vec<f64>; 2] = Default::default();
    for _ in 0..rounds {
        for ((_, arguments), seconds) in ways.iter().zip(&mut seconds) {
            seconds.push(run(arguments));
        }
    }
    let rival = median(seconds[0].iter().copied());
    println!(
        "{FILES} files, {statements} statements, one core:\n\n| | seconds | of squawk |\n|---|---|---|"
    );
    for ((name, _), seconds) in ways.iter().zip(&seconds) {
        let took = median(seconds.iter().copied());
        println!("| {name} | {took:.2} | {:.2} |", took / rival);
    }
}

/// Each file makes a table and changes those of the files before it.
fn history(directory: &Path) -> (Vec<PathBuf>, usize) {
    let (mut files, mut statements) = (Vec::new(), 0);
    for number in 0..FILES {
        let mut sql = format!(
            "CREATE TABLE t{number} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, \
             total numeric(12, 2) DEFAULT 0, state varchar(20), created timestamptz DEFAULT now());\n\
             CREATE INDEX t{number}_name ON t{number} (name);\n"
        );
        statements += 2;
        for back in [1, 2, 5, 20].into_iter().filter(|back| *back <= number) {
            let old = number - back;
            let _ = write!(
                sql,
                "ALTER TABLE t{old} ADD COLUMN c{number} integer;\n\
                 ALTER TABLE t{old} ALTER COLUMN state SET NOT NULL;\n\
                 CREATE INDEX CONCURRENTLY t{old}_{number} ON t{old} (created, c{number});\n\
                 ALTER TABLE t{number} ADD COLUMN t{old}_id bigint REFERENCES t{old} (id);\n\
                 UPDATE t{old} SET c{number} = 1 WHERE c{number} IS NULL;\n\
                 ALTER TABLE t{old} ALTER COLUMN total TYPE numeric(14, 2);\n"
            );
            statements += 6;
        }
        let path = directory.join(format!("{number:04}_change.sql"));
        fs::write(&path, sql).expect("a file");
        files.push(path);
    }
    (files, statements)
}

fn squawk() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/squawk/bin/squawk");
    assert!(
        own.exists(),
        "squawk is not there: python3 -m venv target/squawk && target/squawk/bin/pip install squawk-cli"
    );
    own
}

fn squawk_on(squawk: &Path, files: &[PathBuf]) -> Vec<String> {
    let own = [squawk].into_iter().chain(files.iter().map(PathBuf::as_path));
    own.map(|path| path.display().to_string()).collect()
}

fn pgsre_on(directory: &Path) -> Vec<String> {
    let binary = release_binary().display().to_string();
    vec![binary, "migrate".into(), "lint".into(), directory.display().to_string()]
}

/// On the first core alone. Both find something: that is no failure.
fn run(arguments: &[String]) -> f64 {
    let begin = Instant::now();
    let status = Command::new("taskset")
        .args(["--cpu-list", "0"])
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let seconds = begin.elapsed().as_secs_f64();
    let code = status.expect("taskset").code();
    assert_eq!(code, Some(1), "{} does not judge the files", arguments[0]);
    seconds
}
