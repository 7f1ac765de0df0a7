//! Whatever ends a drill early, nothing is left behind, or the next run removes it.

use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::server::{PATIENCE, Server};

/// A sound dump that takes a few seconds to restore, as a directory to drill.
fn slow_dump(home: &Path) -> String {
    let directory = home.join("backups");
    std::fs::create_dir_all(&directory).expect("a directory");
    let mut dump = std::fs::File::create(directory.join("slow.sql")).expect("a file");
    dump.write_all(HEAD.as_bytes()).expect("a dump");
    let mut rows = String::new();
    for i in 0..400_000_u64 {
        rows.push_str(&format!("{i}\t{:0>100}\n", i * 7919 % 400_000));
    }
    dump.write_all(rows.as_bytes()).expect("a dump");
    dump.write_all(TAIL.as_bytes()).expect("a dump");
    directory.to_string_lossy().into_owned()
}

const HEAD: &str = "--
-- PostgreSQL database dump
--

-- Dumped from database version 15.4
-- Dumped by pg_dump version 15.4

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

CREATE TABLE public.t (a integer, b text);

COPY public.t (a, b) FROM stdin;
";

const TAIL: &str = "\\.


CREATE INDEX t_b ON public.t (b);
CREATE INDEX t_b_a ON public.t (b, a);
CREATE INDEX t_a_b ON public.t (a, b);


--
-- PostgreSQL database dump complete
--

";

const CONFIG: &str = "
[[server]]
name = \"slow\"
[[server.drill.validator]]
kind = \"sql\"
name = \"slow\"
query = \"select pg_sleep(20) is not null\"
";

#[test]
fn ctrl_c_in_each_stage_cleans_up_and_exits_130() {
    let pgsre = Pgsre::new();
    let source = slow_dump(pgsre.home());
    std::fs::write(pgsre.home().join("slow.toml"), CONFIG).expect("a file");
    for stage in ["prepare", "restore", "validate"] {
        for signal in ["INT", "TERM"] {
            let mut run =
                pgsre.start(&["drill", &source, "--config", "slow.toml", "--target", "ephemeral"]);
            run.until(stage);
            std::thread::sleep(Duration::from_millis(300));
            run.signal(signal);
            assert_eq!(run.wait().code(), Some(130), "{stage} {signal}");
            assert_eq!(pgsre.left(), Vec::<String>::new(), "{stage} {signal}");
            no_server_below(&pgsre.places());
        }
    }
}

#[test]
fn ctrl_c_while_the_source_does_not_answer_exits_130() {
    let pgsre = Pgsre::new();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", silent.local_addr().expect("an address"));
    let mut command = pgsre.command(&["drill", "s3://bucket/shop/"]);
    command
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "us-east-1");
    let mut child = command.stderr(std::process::Stdio::null()).spawn().expect("pgsre");
    std::thread::sleep(Duration::from_secs(1));
    assert!(child.try_wait().expect("a status").is_none(), "it waits");
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("kill").success());
    assert_eq!(child.wait().expect("a status").code(), Some(130));
}

#[test]
fn after_a_kill_the_server_dies_and_doctor_or_the_next_drill_sweeps_the_directory() {
    let pgsre = Pgsre::new();
    let source = slow_dump(pgsre.home());
    for sweeper in [&["doctor"][..], &["drill", &source]] {
        let mut run = pgsre.start(&["drill", &source, "--target", "ephemeral"]);
        run.until("restore");
        std::thread::sleep(Duration::from_millis(500));
        run.signal("KILL");
        run.wait();
        assert_eq!(pgsre.left().len(), 1, "a killed run leaves its directory");
        std::fs::create_dir(pgsre.places().join("pgsre_drill_of_somebody_else"))
            .expect("a directory");
        std::fs::create_dir(pgsre.places().join("precious")).expect("a directory");
        no_server_below(&pgsre.places());
        pgsre.command(sweeper).output().expect("pgsre");
        let mut left = pgsre.left();
        left.sort();
        assert_eq!(left, ["pgsre_drill_of_somebody_else", "precious"], "{sweeper:?}");
        for name in left {
            std::fs::remove_dir(pgsre.places().join(name)).expect("removed");
        }
    }
}

#[tokio::test]
async fn after_a_kill_the_next_drill_drops_the_scratch_database_and_nothing_else() {
    let server = Server::start(15).await;
    server.sql("postgres", b"create database precious; create database pgsre_drill_like;");
    let pgsre = Pgsre::new();
    let source = slow_dump(pgsre.home());
    let target = server.uri("postgres");
    let mut run = pgsre.start(&["drill", &source, "--target", &target]);
    run.until("restore");
    std::thread::sleep(Duration::from_millis(500));
    run.signal("KILL");
    run.wait();
    assert_eq!(databases(&server).await.len(), 3, "a killed run leaves its database");
    let (code, report) = pgsre.json(&["drill", &source, "--target", &target]);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(databases(&server).await, ["pgsre_drill_like", "precious"]);
}

async fn databases(server: &Server) -> Vec<String> {
    let client = server.connect("postgres").await.client().await.expect("a client");
    let query = "select datname from pg_database where oid > 16383 order by 1";
    let rows = client.query(query, &[]).await.expect("rows");
    rows.iter().map(|row| row.get(0)).collect()
}

/// Waits until no process has its data below this directory.
fn no_server_below(places: &Path) {
    let begin = Instant::now();
    while let Some(command) = server_below(places) {
        assert!(begin.elapsed() < PATIENCE, "still there: {command}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn server_below(places: &Path) -> Option<String> {
    let below = places.to_string_lossy().into_owned();
    let processes = std::fs::read_dir("/proc").expect("/proc");
    processes
        .filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok())
        .map(|command| String::from_utf8_lossy(&command).replace('\0', " "))
        .find(|command| command.contains("postgres") && command.contains(&below))
}
