//! Sound dumps pass: a database with every kind of object, dumped in every way that gives plain SQL.

use std::process::{Command, Stdio};

use pgsre_core::drill::Verdict;
use pgsre_tests::harness::drill::{assert_verdict, run_ephemeral, run_scratch};
use pgsre_tests::harness::server::Server;

/// Ways to call pg_dump; all of them give a backup of one whole database.
const WAYS: &[&[&str]] = &[
    &[],
    &["--create"],
    &["--create", "--clean", "--if-exists"],
    &["--clean", "--if-exists"],
    &["--inserts"],
    &["--column-inserts", "--rows-per-insert=100"],
    &["--inserts", "--on-conflict-do-nothing"],
    &["--no-owner", "--no-privileges"],
    &["--quote-all-identifiers"],
    &["--use-set-session-authorization"],
    &["--load-via-partition-root"],
    &["--disable-dollar-quoting"],
    &["--disable-triggers"],
    &["--verbose"],
    &["--no-comments", "--no-publications", "--no-subscriptions", "--no-security-labels"],
    &["--serializable-deferrable"],
];

#[tokio::test]
async fn every_way_to_dump_every_kind_of_object_passes_in_a_throw_away_server() {
    let server = Server::start(15).await;
    server.create_from("every kind", "", "every_kind.sql");
    for way in WAYS {
        let dump = server.dump("every kind", way);
        println!("pg_dump {}", way.join(" "));
        assert_verdict(&run_ephemeral(15, "dump.sql", &dump).await, Verdict::Passed);
    }
}

#[tokio::test]
async fn every_way_to_dump_every_kind_of_object_passes_in_a_scratch_database() {
    let server = Server::start(15).await;
    server.create_from("every kind", "", "every_kind.sql");
    for way in WAYS {
        let dump = server.dump("every kind", way);
        println!("pg_dump {}", way.join(" "));
        assert_verdict(&run_scratch(&server, "dump.sql", &dump).await, Verdict::Passed);
    }
}

#[tokio::test]
async fn a_dump_of_15_passes_on_18_and_one_of_18_too() {
    let old = Server::start(15).await;
    old.create_from("every kind", "", "every_kind.sql");
    let dump = old.dump("every kind", &["--create"]);
    assert_verdict(&run_ephemeral(18, "dump.sql", &dump).await, Verdict::Passed);

    let new = Server::start(18).await;
    new.create_from("every kind", "", "every_kind.sql");
    for way in [&["--create"][..], &["--inserts"], &["--statistics"]] {
        let dump = new.dump("every kind", way);
        assert_verdict(&run_ephemeral(18, "dump.sql", &dump).await, Verdict::Passed);
    }
}

#[tokio::test]
async fn a_dump_of_a_whole_cluster_passes_in_a_throw_away_server() {
    let server = Server::start(15).await;
    server.create_from("every kind", "", "every_kind.sql");
    server.create_from("shop", "", "shop.sql");
    for way in [&[][..], &["--clean", "--if-exists"]] {
        let dump = server.dump_all(way);
        assert_verdict(&run_ephemeral(15, "cluster.sql", &dump).await, Verdict::Passed);
    }
}

#[tokio::test]
async fn databases_and_dumps_in_other_encodings_pass() {
    let server = Server::start(15).await;
    let latin1 = "encoding 'LATIN1' locale 'C' template template0";
    server.create_from("latin1", latin1, "latin1.sql");
    for way in [&[][..], &["--create"], &["--inserts"], &["--encoding=UTF8"]] {
        let dump = server.dump("latin1", way);
        assert_verdict(&run_ephemeral(15, "dump.sql", &dump).await, Verdict::Passed);
        assert_verdict(&run_scratch(&server, "dump.sql", &dump).await, Verdict::Passed);
    }
    let japanese = "create table \"表\" (\"名前\" text, memo text default 'ソ'); \
                    insert into \"表\" values ('ソート', 'ポ表示'), (E'十\\n能', 'に');";
    server.create("japanese", "", japanese.as_bytes());
    for encoding in ["SJIS", "EUC_JP", "UTF8"] {
        for inserts in ["--inserts", "--no-comments"] {
            let dump = server.dump("japanese", &["--encoding", encoding, inserts]);
            assert_verdict(&run_ephemeral(15, "dump.sql", &dump).await, Verdict::Passed);
        }
    }
    let bytes = b"set client_encoding = 'SQL_ASCII'; create table t (a text); \
                  comment on table t is 'caf\xe9'; insert into t values ('caf\xe9');";
    server.create("bytes", "encoding 'SQL_ASCII' locale 'C' template template0", bytes);
    for way in [&[][..], &["--inserts"]] {
        let dump = server.dump("bytes", way);
        assert_verdict(&run_ephemeral(15, "dump.sql", &dump).await, Verdict::Passed);
    }
}

#[tokio::test]
async fn every_compression_passes_whatever_the_name() {
    let server = Server::start(15).await;
    server.create_from("shop", "", "shop.sql");
    let dump = server.dump("shop", &[]);
    let packers: &[(&str, &[&str])] = &[
        ("gzip", &["-c"]),
        ("pigz", &["-c", "-b", "128"]),
        ("zstd", &["-c", "-q"]),
        ("zstd", &["-c", "-q", "--no-check", "--long=27"]),
        ("lz4", &["-c", "-q"]),
        ("lz4", &["-c", "-q", "-B4", "-BD", "--no-frame-crc"]),
    ];
    for (packer, arguments) in packers {
        let packed = filter(packer, arguments, &dump);
        println!("{packer} {}", arguments.join(" "));
        assert_verdict(&run_scratch(&server, "latest", &packed).await, Verdict::Passed);
    }
    let (head, tail) = dump.split_at(dump.len() / 2);
    let members = [filter("gzip", &["-c"], head), filter("gzip", &["-c"], tail)].concat();
    assert_verdict(&run_scratch(&server, "members.sql.gz", &members).await, Verdict::Passed);
}

fn filter(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}; run tests/run.sh --parts"));
    let mut stdin = child.stdin.take().expect("a pipe");
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).expect("a pipe"));
        child.wait_with_output().expect("output")
    });
    assert!(output.status.success());
    output.stdout
}
