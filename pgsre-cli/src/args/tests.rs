#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
use clap::CommandFactory;

use std::time::Duration;

use super::*;

fn drill(arguments: &[&str]) -> Result<DrillArgs, clap::Error> {
    let all = ["pgsre", "drill"].iter().chain(arguments);
    match Cli::try_parse_from(all)?.command {
        Command::Drill(args) => Ok(*args),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_declaration_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn a_drill_takes_every_flag_of_the_contract() {
    let args = drill(&[
        "s3://b/p/",
        "--target=postgres://t/",
        "--compare-to=postgres://l/",
        "--max-missing-rows=100",
        "--max-missing-ratio=0.5%",
        "--jobs=4",
        "--format=json",
        "--report=/tmp/r",
        "--keep",
        "--dry-run",
        "--backup=k.sql",
        "--max-age=26h",
        "--min-size=1MiB",
        "--max-shrink=30%",
        "--min-tables=3",
        "--min-rows=9",
        "--rto=2h",
        "--rpo=1d",
        "--allow-untrailed",
        "--expect-empty=a,b",
        "--expect-empty=c",
        "--timeout=5m",
        "--no-notify",
        "--quiet",
    ])
    .unwrap();
    assert_eq!(args.source.as_deref(), Some("s3://b/p/"));
    assert_eq!(args.backup.max_age, Some(Duration::from_secs(93_600)));
    assert_eq!(args.backup.min_size, Some(1 << 20));
    assert_eq!(args.proof.expect_empty, ["a", "b", "c"]);
    assert_eq!(args.result.format, ResultFormat::Json);
}

#[test]
fn a_figure_without_its_unit_is_refused_with_an_example() {
    let error = drill(&["x", "--max-age=26"]).unwrap_err().to_string();
    assert!(error.contains("26h"), "{error}");
    assert!(drill(&["x", "--jobs=0"]).is_err());
    assert!(drill(&["x", "--max-shrink=3"]).is_err());
}

#[test]
fn a_wrong_command_line_exits_with_the_status_of_usage() {
    assert_eq!(drill(&["x", "--no-such-flag"]).unwrap_err().exit_code(), 2);
}
