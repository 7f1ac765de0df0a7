//! What goes wrong while a backup is taken: it is said, and nothing is left that looks like one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::s3::{ACCESS_KEY, S3Server, SECRET_KEY};
use pgsre_tests::harness::server::{PATIENCE, Server};
use pgsre_tests::harness::taking::{files, pretended};
use serde_json::Value;

/// A server with a database that takes a moment to dump, and where its backups go.
struct Fault {
    server: Server,
    pgsre: Pgsre,
    place: PathBuf,
}

impl Fault {
    async fn new() -> Self {
        let server = Server::start(15).await;
        server.create(
            "shop",
            "",
            b"create table t as select i, repeat(md5(i::text), 8) r \
              from generate_series(1, 120000) i",
        );
        let pgsre = Pgsre::new();
        let place = pgsre.home().join("backups");
        Self { server, pgsre, place }
    }

    fn arguments(&self) -> Vec<String> {
        let dest = self.place.display().to_string();
        ["backup", &self.server.uri("shop"), &dest, "--level", "counts", "--compress", "none"]
            .map(str::to_owned)
            .to_vec()
    }

    /// Takes a backup with this `pg_dump` in place of the real one.
    fn with_pg_dump(&self, script: &str, more: &[&str]) -> (i32, Value) {
        let bindir = pretended(self.pgsre.home(), script);
        let arguments = self.arguments();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut command = self.pgsre.command(&[&arguments[..], more].concat());
        command.args(["--format", "json"]).env("PGSRE_PG_BINDIR", bindir);
        let output = command.output().expect("pgsre");
        let object = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().expect("a status"), object)
    }

    fn assert_nothing_left(&self, what: &str) {
        assert_eq!(files(&self.place), Vec::<String>::new(), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pg_dump_that_fails_in_any_way_leaves_nothing_and_the_sound_one_a_backup() {
    let fault = Fault::new().await;
    let ways = [
        (
            "killed in the middle",
            "\"$REAL\" \"$@\" | head -c 300000; kill -KILL $$",
            "pg_dump failed",
        ),
        (
            "failed after its last byte",
            "\"$REAL\" \"$@\"; echo disk on fire >&2; exit 1",
            "on fire",
        ),
        ("silent", "exit 0", "wrote nothing"),
        ("failed at once", "echo permission denied for table t >&2; exit 1", "denied for table"),
    ];
    for (what, script, said) in ways {
        for more in [&[][..], &["--dump-format", "plain"]] {
            let (code, report) = fault.with_pg_dump(script, more);
            assert_eq!((code, &report["outcome"]), (1, &Value::from("failed")), "{what}: {report}");
            let error = report["error"].as_str().expect("an error");
            assert!(error.contains(said) && report["key"].is_null(), "{what}: {report}");
            fault.assert_nothing_left(what);
        }
    }
    let (code, report) = fault.with_pg_dump(
        "\"$REAL\" \"$@\"; echo disk on fire >&2; exit 1",
        &["--dump-format", "directory"],
    );
    assert_eq!(code, 1, "{report}");
    fault.assert_nothing_left("directory");
    let (code, report) = fault.with_pg_dump("exec \"$REAL\" \"$@\"", &[]);
    assert_eq!((code, &report["outcome"]), (0, &Value::from("done")), "{report}");
    assert_eq!(files(&fault.place).len(), 3, "{:?}", files(&fault.place));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_in_the_middle_leaves_nothing() {
    let fault = Fault::new().await;
    let started = fault.pgsre.home().join("started");
    let script =
        format!("\"$REAL\" \"$@\" | (head -c 100000; touch {}; sleep 2; cat)", started.display());
    let bindir = pretended(fault.pgsre.home(), &script);
    let arguments = fault.arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let variable = ("PGSRE_PG_BINDIR", bindir.display().to_string());
    let running = fault.pgsre.start_with(&arguments, [variable]);
    await_file(&started);
    let Fault { server, pgsre: _pgsre, place } = fault;
    drop(server);
    assert_eq!(running.wait().code(), Some(1));
    assert_eq!(files(&place), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_pg_dump_and_leaves_nothing() {
    let fault = Fault::new().await;
    for signal in ["INT", "TERM"] {
        let pid = fault.pgsre.home().join(format!("pid-{signal}"));
        let script = format!(
            "\"$REAL\" \"$@\" | head -c 300000; echo $$ > {0}.tmp; mv {0}.tmp {0}; sleep 100",
            pid.display()
        );
        let bindir = pretended(fault.pgsre.home(), &script);
        let arguments = fault.arguments();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let variable = ("PGSRE_PG_BINDIR", bindir.display().to_string());
        let running = fault.pgsre.start_with(&arguments, [variable]);
        await_file(&pid);
        running.signal(signal);
        assert_eq!(running.wait().code(), Some(130), "{signal}");
        fault.assert_nothing_left(signal);
        let pid = std::fs::read_to_string(pid).expect("a process id");
        assert!(!Path::new("/proc").join(pid.trim()).exists(), "{signal}: pg_dump lives on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_takes_too_long_is_given_up() {
    let fault = Fault::new().await;
    let (code, report) = fault.with_pg_dump("sleep 100", &["--timeout", "1s"]);
    assert_eq!(code, 1, "{report}");
    assert!(report["error"].as_str().is_some_and(|error| error.contains("1s")), "{report}");
    fault.assert_nothing_left("timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_written_to_or_is_full_is_said() {
    let mut fault = Fault::new().await;
    let real = "exec \"$REAL\" \"$@\"";
    std::fs::write(fault.pgsre.home().join("file"), b"").expect("a file");
    let place = std::mem::replace(&mut fault.place, fault.pgsre.home().join("file/below"));
    let (code, report) = fault.with_pg_dump(real, &[]);
    assert_eq!((code, &report["outcome"]), (1, &Value::from("failed")), "{report}");
    fault.place = place;

    // A file may have 1 MiB: what a full disk says, a write to a file that may not grow says, too.
    let arguments = fault.arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let pgsre = fault.pgsre.command(&arguments);
    let output = fault
        .pgsre
        .command(&[])
        .get_envs()
        .fold(&mut std::process::Command::new("sh"), |command, (name, value)| match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        })
        .args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$@\"", "sh"])
        .arg(pgsre.get_program())
        .args(pgsre.get_args())
        .current_dir(fault.pgsre.home())
        .output()
        .expect("sh");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("File too large") && said.contains("free space"), "{said}");
    fault.assert_nothing_left("full");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_or_a_role_that_is_not_there_is_said_and_so_is_a_missing_pg_dump() {
    let fault = Fault::new().await;
    let dest = fault.place.display().to_string();
    let (code, report) = fault.pgsre.json(&["backup", &fault.server.uri("absent"), &dest]);
    assert_eq!((code, &report["outcome"]), (1, &Value::from("failed")), "{report}");
    assert!(report["error"].as_str().is_some_and(|e| e.contains("absent")), "{report}");
    let stranger = fault.server.uri("shop").replace("postgres@", "stranger@");
    let (code, report) = fault.pgsre.json(&["backup", &stranger, &dest]);
    assert_eq!(code, 1, "{report}");
    assert!(report["error"].as_str().is_some_and(|e| e.contains("stranger")), "{report}");

    let uri = fault.server.uri("shop");
    let mut command = fault.pgsre.command(&["backup", &uri, &dest, "--format", "json"]);
    let output = command.env("PGSRE_PG_BINDIR", fault.pgsre.home()).output().expect("pgsre");
    let report: Value = serde_json::from_slice(&output.stdout).expect("an object");
    assert_eq!(output.status.code(), Some(1), "{report}");
    assert!(report["error"].as_str().is_some_and(|e| e.contains("needs pg_dump 15")), "{report}");
    fault.assert_nothing_left("nothing was taken");

    let output = fault.pgsre.command(&["backup", "no url", &dest]).output().expect("pgsre");
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_reaches_pg_dump_and_no_list_of_processes() {
    let mut fault = Fault::new().await;
    let seen = fault.pgsre.home().join("seen");
    let script = format!(
        "{{ echo \"arguments: $*\"; echo \"password: $PGPASSWORD\"; }} > {}\nexec \"$REAL\" \"$@\"",
        seen.display()
    );
    let uri = fault.server.uri("shop").replace("postgres@", "postgres:s3cret@");
    fault.place = fault.pgsre.home().join("backups");
    let bindir = pretended(fault.pgsre.home(), &script);
    let dest = fault.place.display().to_string();
    let mut command = fault.pgsre.command(&["backup", &uri, &dest, "--level", "none"]);
    let output = command.env("PGSRE_PG_BINDIR", bindir).output().expect("pgsre");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && !said.contains("s3cret"), "{said}");
    let seen = std::fs::read_to_string(seen).expect("what pg_dump saw");
    assert!(seen.contains("password: s3cret"), "{seen}");
    assert!(!seen.lines().next().is_some_and(|line| line.contains("s3cret")), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_not_read_passwords_saves_roles_without_them_and_says_so() {
    let fault = Fault::new().await;
    fault.server.sql(
        "shop",
        b"create role backup login; grant select on all tables in schema public to backup; \
          alter role postgres password 'hashed'",
    );
    let uri = fault.server.uri("shop").replace("postgres@", "backup@");
    let dest = fault.place.display().to_string();
    let (code, report) = fault.pgsre.json(&["backup", &uri, &dest, "--level", "none"]);
    assert_eq!(code, 0, "{report}");
    assert!(report["warnings"][0].as_str().is_some_and(|w| w.contains("without passwords")));
    let globals = |report: &Value| {
        let key = report["globals"].as_str().expect("globals").to_owned();
        std::fs::read_to_string(fault.place.join(key)).expect("globals")
    };
    assert!(globals(&report).contains("CREATE ROLE backup"));
    assert!(!globals(&report).contains("PASSWORD"));
    let uri = fault.server.uri("shop");
    let (code, report) = fault.pgsre.json(&["backup", &uri, &dest, "--level", "none"]);
    assert_eq!(code, 0, "{report}");
    assert!(globals(&report).contains("PASSWORD"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_denies_an_upload_in_the_middle_holds_nothing() {
    let fault = Fault::new().await;
    for denied in [&["UploadPart"][..], &["PutObject"], &["CreateMultipartUpload"]] {
        let bucket = S3Server::start(denied).await.expect("an S3 server");
        let uri = fault.server.uri("shop");
        let mut command = fault.pgsre.command(&["backup", &uri, "s3://backups/shop/"]);
        command
            .args(["--format", "json", "--compress", "none", "--level", "counts"])
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL", format!("http://{}", bucket.address()));
        let output = command.output().expect("pgsre");
        let report: Value = serde_json::from_slice(&output.stdout).expect("an object");
        assert_eq!(output.status.code(), Some(1), "{denied:?}: {report}");
        assert!(report["error"].as_str().is_some_and(|e| e.contains("403")), "{report}");
        assert_eq!(bucket.objects(), Vec::<String>::new(), "{denied:?}");
        assert_eq!(bucket.unfinished_uploads(), 0, "{denied:?}");
    }
}

fn await_file(path: &Path) {
    let begin = std::time::Instant::now();
    while !path.exists() {
        assert!(begin.elapsed() < PATIENCE, "{} does not appear", path.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}
