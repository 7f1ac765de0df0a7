//! The examples run, as a reader of the documentation would run them.

use std::path::Path;
use std::process::{Command, Output};

use pgsre_tests::harness::drill::backup;
use pgsre_tests::harness::server::Server;

async fn shop() -> Vec<u8> {
    let server = Server::start(15).await;
    server.create_from("shop", "", "shop.sql");
    server.dump("shop", &[])
}

fn example(name: &str, arguments: &[&Path]) -> Output {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Command::new(cargo)
        .args(["run", "--quiet", "--package", "pgsre-examples", "--example", name, "--"])
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo")
}

#[track_caller]
fn assert_says(output: &Output, success: bool, text: &str) {
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.success(), success, "{said}{complained}");
    assert!(said.contains(text), "no {text:?} in {said}{complained}");
}

#[tokio::test]
async fn the_examples_pass_a_sound_backup_and_fail_a_harmed_one() {
    let dump = shop().await;
    let sound = backup("shop.sql", &dump);
    let cut = backup("shop.sql", &dump[..dump.len() / 2]);

    assert_says(&example("first_drill", &[sound.path()]), true, ": passed");
    assert_says(&example("first_drill", &[cut.path()]), false, "archive.truncated");

    assert_says(&example("custom_validator", &[sound.path()]), true, "ledger balances");
    let text = String::from_utf8(dump).expect("UTF-8");
    let unbalanced = text.replacen("\t0.00\tentry 700", "\t1.00\tentry 700", 1);
    assert_ne!(text, unbalanced);
    let unbalanced = backup("shop.sql", unbalanced.as_bytes());
    let output = example("custom_validator", &[unbalanced.path()]);
    assert_says(&output, false, "assertion.failed ledger: debits exceed credits by -1.00");

    let log = sound.path().join("drills.log");
    let output = example("custom_alerter", &[cut.path(), &log]);
    assert_says(&output, true, "log file: Sent");
    let line = std::fs::read_to_string(&log).expect("the log file");
    assert!(line.contains("drill.failed") && line.contains("archive.truncated"), "{line}");
}
