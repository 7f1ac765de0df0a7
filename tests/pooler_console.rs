//! Getting into the console of a real PgBouncer, and what its linter and sizer learn from real servers.

use std::path::Path;
use std::process::Command;

use pgsre_core::pooler::{Console, ConsoleError};
use pgsre_core::postgres::ConnectConfig;
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::pooler::{PASSWORD, Pooler};
use pgsre_tests::harness::server::{Server, traversable};
use serde_json::Value;

async fn enters(url: &str) -> Result<(), ConsoleError> {
    let config = ConnectConfig::parse(url).expect("a connection string");
    Console::connect(&config).await?.pools().await.map(drop)
}

fn chain(error: &ConsoleError) -> String {
    pgsre_core::finding::chain(error)
}

/// A certificate for `localhost` and the authority that signed it, in this directory.
fn certificates(directory: &Path) {
    traversable(directory);
    for authority in ["ca", "other"] {
        let subject = format!("/CN=pgsre test {authority}");
        let (key, file) = (format!("{authority}.key"), format!("{authority}.crt"));
        let begin = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj"];
        openssl(directory, &[&begin[..], &[&subject, "-keyout", &key, "-out", &file]].concat());
    }
    let request = ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-addext"];
    let names = ["subjectAltName=DNS:localhost", "-keyout", "server.key", "-out", "server.csr"];
    openssl(directory, &[&request[..], &names].concat());
    let sign = ["x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-days"];
    let out = ["2", "-CAcreateserial", "-copy_extensions", "copy", "-out", "server.crt"];
    openssl(directory, &[&sign[..], &out].concat());
    let readable =
        Command::new("chmod").args(["644", "server.key"]).current_dir(directory).status();
    assert!(readable.expect("chmod").success());
}

fn openssl(directory: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(directory).output();
    let output = output.expect("openssl: apt-get install openssl");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn a_console_that_requires_tls_is_entered_by_its_own_authority_and_by_no_other() {
    let server = Server::start(15).await;
    let directory = tempfile::tempdir().expect("a directory");
    certificates(directory.path());
    let at = directory.path().display();
    let settings = format!(
        "client_tls_sslmode = require\nclient_tls_key_file = {at}/server.key\n\
         client_tls_cert_file = {at}/server.crt"
    );
    let pooler = Pooler::before(&server, "", &settings);
    for sound in ["sslmode=require", &format!("sslmode=verify-full&sslrootcert={at}/ca.crt")] {
        let url = pooler.console_with(sound);
        enters(&url).await.unwrap_or_else(|error| panic!("{sound}: {}", chain(&error)));
    }
    for wrong in ["sslmode=disable", &format!("sslmode=verify-full&sslrootcert={at}/other.crt")] {
        let error = enters(&pooler.console_with(wrong)).await.expect_err(wrong);
        println!("{wrong}: {}", chain(&error));
        assert!(!chain(&error).contains(PASSWORD) && !error.is_down(), "{}", chain(&error));
    }
}

#[tokio::test]
async fn passwords_by_scram_and_by_md5_let_in_and_wrong_ones_do_not() {
    let server = Server::start(15).await;
    for kind in ["scram-sha-256", "md5"] {
        // The last of two settings of one name counts.
        let pooler = Pooler::before(&server, "", &format!("auth_type = {kind}"));
        let url = pooler.url("stats", PASSWORD, "pgbouncer");
        enters(&url).await.unwrap_or_else(|error| panic!("{kind}: {}", chain(&error)));
        for (user, password) in [("stats", "wrong"), ("nobody", PASSWORD), ("web", PASSWORD)] {
            let url = pooler.url(user, password, "pgbouncer");
            let error = enters(&url).await.expect_err("a user of the console only");
            println!("{kind}, {user}: {}", chain(&error));
            assert!(!error.is_down(), "somebody answers there: {}", chain(&error));
        }
    }
}

const SOUND: &str = "\
[databases]\nshop = host=10.0.0.9 dbname=postgres user=shop\n\
[pgbouncer]\nauth_type = scram-sha-256\nauth_file = users.txt\nstats_users = pgsre\n\
pool_mode = transaction\nmax_client_conn = 1000\ndefault_pool_size = 25\nreserve_pool_size = 5\n\
reserve_pool_timeout = 3\nmax_db_connections = 30\nquery_wait_timeout = 30\n\
idle_transaction_timeout = 60\nignore_startup_parameters = extra_float_digits\n\
server_tls_sslmode = verify-full\nserver_tls_ca_file = /etc/ssl/certs/ca.pem\nlogfile = /var/log/p.log\n\
listen_addr = 127.0.0.1\n";

/// The rules that a configuration breaks before this server.
fn broken(pgsre: &Pgsre, ini: &str, server: &Server) -> (i32, Vec<String>, Value) {
    let file = pgsre.home().join("pgbouncer.ini");
    std::fs::write(&file, ini).expect("a file");
    std::fs::write(
        pgsre.home().join("users.txt"),
        "\"shop\" \"SCRAM-SHA-256$4096:x\"\n\"pgsre\" \"SCRAM-SHA-256$4096:x\"\n",
    )
    .expect("a file");
    private(&pgsre.home().join("users.txt"));
    let path = file.to_string_lossy().into_owned();
    let (code, linted) =
        pgsre.json(&["pool", "lint", &path, "--database", &server.uri("postgres")]);
    let findings = linted["findings"].as_array().expect("findings");
    let rules = findings.iter().map(|f| f["rule"].as_str().expect("a rule").to_owned());
    (code, rules.collect(), linted)
}

fn private(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(file, permissions).expect("permissions");
}

#[tokio::test(flavor = "multi_thread")]
async fn lint_with_a_database_compares_its_slots_and_reads_its_statements() {
    // The harness's servers have 60 connections, 3 of them reserved.
    let server =
        Server::start_with(15, &[("shared_preload_libraries", "pg_stat_statements")]).await;
    server.sql("postgres", b"create extension pg_stat_statements; create role shop login");
    let pgsre = Pgsre::new();
    let (code, rules, linted) = broken(&pgsre, SOUND, &server);
    assert_eq!((code, rules), (0, vec![]), "{linted:#}");

    let large = SOUND.replace("max_db_connections = 30", "max_db_connections = 58");
    let large = large.replace("default_pool_size = 25", "default_pool_size = 53");
    let (code, rules, linted) = broken(&pgsre, &large, &server);
    assert_eq!((code, rules), (1, vec!["pools-exceed-server".to_owned()]), "{linted:#}");
    assert!(linted.to_string().contains("57"), "the slots are said: {linted:#}");

    server.sql(
        "postgres",
        b"set role shop; set work_mem = '8MB'; listen orders; select pg_advisory_lock(1); \
          set local work_mem = '9MB'; select pg_advisory_xact_lock(2)",
    );
    let (code, rules, linted) = broken(&pgsre, SOUND, &server);
    assert_eq!(code, 1);
    assert!(rules.iter().all(|rule| rule == "breaks-in-transaction-mode"), "{rules:?}");
    let findings = linted["findings"].as_array().expect("findings");
    let said: Vec<&str> = findings.iter().filter_map(|f| f["message"].as_str()).collect();
    for feature in ["SET: ", "LISTEN: ", "session advisory lock: "] {
        assert!(said.iter().any(|said| said.starts_with(feature)), "{feature}: {said:?}");
    }
    let harmless = |said: &&str| said.contains("xact_lock") || said.contains("set local");
    assert!(!said.iter().any(harmless), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn size_measures_a_real_pool_and_says_why() {
    let server = Server::start(15).await;
    let pooler = Pooler::before(&server, "", "default_pool_size = 3\nmax_client_conn = 50");
    let clients: Vec<_> = (0..3).map(|_| pooler.client("select pg_sleep(8)")).collect();
    let pgsre = Pgsre::new();
    let ini = pgsre.home().join("sized.ini").to_string_lossy().into_owned();
    let console = pooler.url("stats", PASSWORD, "pgbouncer");
    let uri = server.uri("postgres");
    let arguments = [
        "pool",
        "size",
        &console,
        "--server-url",
        &uri,
        "--window",
        "1s",
        "--cores",
        "4",
        "--write",
        &ini,
    ];
    let (code, sized) = pgsre.json(&arguments);
    drop(clients);
    assert_eq!(code, 0, "{sized:#}");
    assert_eq!(sized["pools"][0]["database"], "shop", "{sized:#}");
    assert!(sized["cap"].as_u64().is_some_and(|cap| cap <= 9), "{sized:#}");
    assert!(sized["reasoning"].as_array().is_some_and(|why| why.len() >= 2), "{sized:#}");
    let written = std::fs::read_to_string(&ini).expect("a configuration");
    assert!(written.contains("shop =") && written.contains("pool_mode = transaction"), "{written}");
}
