//! The command line against a real S3 server: what a bucket can do to a drill, with sound twins.

use std::process::Command;
use std::time::{Duration, Instant};

use object_store::ObjectStoreExt;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path as Key;
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::s3::{ACCESS_KEY, BUCKET, Fault, Line, S3Server, SECRET_KEY};
use pgsre_tests::harness::server::Server;
use serde_json::Value;
use tokio::net::TcpListener;

/// A command line that is sent to the S3 server at `address`.
struct Client {
    pgsre: Pgsre,
    address: String,
    secret: &'static str,
}

impl Client {
    fn of(address: &str) -> Self {
        Self { pgsre: Pgsre::new(), address: address.to_owned(), secret: SECRET_KEY }
    }

    fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", self.secret.to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
        ]
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.pgsre.command(arguments);
        command.envs(self.environment());
        command
    }

    /// Runs a command with `--format json`: its exit status and its one object.
    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.command(arguments).args(["--format", "json"]).output().expect("pgsre");
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!stdout.contains(self.secret) && !stderr.contains(self.secret), "{stdout}{stderr}");
        let object = serde_json::from_str(&stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{stdout}\n{stderr}"));
        (output.status.code().expect("a status"), object)
    }
}

fn codes(object: &Value) -> Vec<&str> {
    let findings = object["findings"].as_array().expect("findings");
    findings.iter().map(|finding| finding["code"].as_str().expect("a code")).collect()
}

const SHOP: &str = "s3://backups/shop/";
const DUMP: &str = "shop/shop.sql";

/// A PostgreSQL server with a dump of its shop in a bucket of an S3 server with a policy.
async fn shop(denied: &'static [&'static str]) -> (S3Server, Server, Vec<u8>) {
    let server = Server::start(15).await;
    server.create_from("shop", "", "shop.sql");
    let dump = server.dump("shop", &[]);
    let bucket = S3Server::start(denied).await.expect("an S3 server");
    bucket.put(DUMP, &dump).expect("an object");
    (bucket, server, dump)
}

/// A bucket for what needs no restore.
async fn bucket(denied: &'static [&'static str]) -> S3Server {
    let bucket = S3Server::start(denied).await.expect("an S3 server");
    bucket.put(DUMP, b"no dump").expect("an object");
    bucket
}

/// Every command that opens a source says the same of it.
fn assert_everywhere(client: &Client, place: &str, expected: &str) {
    for verb in [vec!["drill"], vec!["backups", "check"], vec!["backups", "list"]] {
        let (code, object) = client.json(&[verb.as_slice(), &[place]].concat());
        assert_eq!((code, codes(&object)), (1, vec![expected]), "{verb:?} {place}: {object}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_backup_in_a_bucket_passes_and_its_report_is_kept_there() {
    let (bucket, _server, _) = shop(&[]).await;
    let client = Client::of(bucket.address());
    let (code, listing) = client.json(&["backups", "list", SHOP]);
    assert_eq!((code, &listing["backups"][0]["key"]), (0, &Value::from("shop.sql")), "{listing}");
    let (code, checked) = client.json(&["backups", "check", SHOP]);
    assert_eq!((code, &checked["outcome"]), (0, &Value::from("passed")), "{checked}");

    let evidence = "s3://backups/evidence/drills/";
    for place in [SHOP, "s3://backups/shop/shop.sql"] {
        let (code, report) = client.json(&["drill", place, "--report", evidence]);
        assert_eq!((code, &report["verdict"]), (0, &Value::from("passed")), "{report}");
        let id = report["id"].as_str().expect("an id");
        let (code, read) = client.json(&["report", id, "--from", evidence]);
        assert_eq!((code, &read["backup"]), (0, &report["backup"]), "{read}");
    }
    let (code, found) = client.json(&["report", "verify", "--report", evidence]);
    assert_eq!((code, &found["chained"]), (0, &found["reports"]), "{found}");
    let (code, past) = client.json(&["report", "--from", evidence]);
    assert_eq!((code, past["drills"].as_array().map(Vec::len)), (0, Some(2)), "{past}");
    let page = client.command(&["report", "--from", evidence, "--html", "-"]).output().unwrap();
    assert!(String::from_utf8_lossy(&page.stdout).contains("<html"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_denied() {
    let bucket = bucket(&[]).await;
    let mut client = Client::of(bucket.address());
    client.secret = "wrong horse";
    assert_everywhere(&client, SHOP, "source.denied");
    assert_everywhere(&client, "s3://backups/shop/shop.sql", "source.denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_denies_reading_is_denied_although_it_lets_list() {
    let bucket = bucket(&["GetObject", "HeadObject"]).await;
    let client = Client::of(bucket.address());
    assert_eq!(client.json(&["backups", "list", SHOP]).0, 0);
    for verb in [vec!["drill"], vec!["backups", "check"]] {
        let (code, object) = client.json(&[verb.as_slice(), &[SHOP]].concat());
        assert_eq!((code, codes(&object)), (1, vec!["source.denied"]), "{object}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_denies_listing_is_denied() {
    let bucket = bucket(&["ListObjectsV2"]).await;
    assert_everywhere(&Client::of(bucket.address()), SHOP, "source.denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_or_prefix_with_no_backup_is_none() {
    let bucket = bucket(&[]).await;
    let client = Client::of(bucket.address());
    for place in ["s3://elsewhere/", "s3://elsewhere/shop/shop.sql", "s3://backups/empty/"] {
        assert_everywhere(&client, place, "source.none");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_was_never_completed_is_no_backup() {
    let bucket = S3Server::start(&[]).await.expect("an S3 server");
    let client = Client::of(bucket.address());
    let store = AmazonS3Builder::new()
        .with_endpoint(format!("http://{}", bucket.address()))
        .with_allow_http(true)
        .with_bucket_name(BUCKET)
        .with_region("us-east-1")
        .with_access_key_id(ACCESS_KEY)
        .with_secret_access_key(SECRET_KEY)
        .build()
        .expect("a store");
    let mut upload = store.put_multipart(&Key::from(DUMP)).await.expect("an upload");
    upload.put_part(vec![b'x'; 6 << 20].into()).await.expect("a part");
    assert_everywhere(&client, SHOP, "source.none");
    upload.complete().await.expect("completed");
    assert_eq!(client.json(&["backups", "list", SHOP]).0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_was_cut_short_fails() {
    let (bucket, _server, dump) = shop(&[]).await;
    bucket.put(DUMP, &dump[..dump.len() / 2]).expect("an object");
    let client = Client::of(bucket.address());
    for verb in [vec!["drill"], vec!["backups", "check"]] {
        let (code, object) = client.json(&[verb.as_slice(), &[SHOP]].concat());
        assert_eq!((code, codes(&object)[0]), (1, "archive.truncated"), "{object}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_drops_is_resumed_and_the_backup_passes() {
    let (bucket, _server, dump) = shop(&[]).await;
    let line = Line::to(bucket.address(), Fault::EachAfter(100 << 10)).await.expect("a line");
    let (code, report) = Client::of(line.address()).json(&["drill", SHOP]);
    assert_eq!((code, &report["verdict"]), (0, &Value::from("passed")), "{report}");
    assert!(line.carried() > dump.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_breaks_for_good_is_unreadable() {
    let (bucket, _server, dump) = shop(&[]).await;
    let half = dump.len() as u64 / 2;
    let line = Line::to(bucket.address(), Fault::ForGoodAfter(half)).await.expect("a line");
    let (code, checked) = Client::of(line.address()).json(&["backups", "check", SHOP]);
    assert_eq!((code, codes(&checked)), (1, vec!["source.unreadable"]), "{checked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_not_there_or_silent_is_unreadable_before_long() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let silent = listener.local_addr().expect("an address").to_string();
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let absent = gone.local_addr().expect("an address").to_string();
    drop(gone);
    for (address, patience) in [(absent, 30), (silent, 60)] {
        let begun = Instant::now();
        let (code, report) = Client::of(&address).json(&["drill", SHOP]);
        assert_eq!((code, codes(&report)), (1, vec!["source.unreadable"]), "{report}");
        assert!(begun.elapsed() < Duration::from_secs(patience), "{:?}", begun.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_replaced_while_it_is_read_is_changed() {
    let (bucket, _server, dump) = shop(&[]).await;
    let client = Client::of(bucket.address());
    let mut running = client.pgsre.start_with(&["drill", SHOP], client.environment());
    running.until("prepare");
    bucket.put(DUMP, &[dump.as_slice(), dump.as_slice()].concat()).expect("an object");
    assert_eq!(running.wait().code(), Some(1));
    let (_, past) = client.json(&["report"]);
    let id = past["drills"][0]["id"].as_str().expect("an id");
    let (_, report) = client.json(&["report", id]);
    assert_eq!(codes(&report), ["source.changed"], "{report}");
}
