//! Against the PostgreSQL servers installed here; without one these tests fail.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Cluster, ClusterOptions};
use crate::postgres::{Database, PostgresErrorKind, ServerPrograms};

fn options(directory: &tempfile::TempDir) -> ClusterOptions {
    let programs = ServerPrograms::discover().into_iter().next().unwrap();
    ClusterOptions::new(programs, directory.path().join("cluster")).setting("fsync", "off")
}

fn scratch() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(directory.path(), open).unwrap();
    directory
}

#[tokio::test]
async fn a_cluster_starts_answers_and_stops() {
    let directory = scratch();
    let mut cluster = Cluster::create(options(&directory)).await.unwrap();
    let database = Database::connect(cluster.config()).await.unwrap();
    let client = database.client().await.unwrap();
    let row = client.query_one("SHOW listen_addresses", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "");
    assert_eq!(database.version(), cluster.version());
    cluster.stop().await.unwrap();
    cluster.stop().await.unwrap();
    let error = Database::connect(cluster.config()).await.unwrap_err();
    assert_eq!(error.kind(), PostgresErrorKind::Unreachable);
}

#[tokio::test]
async fn a_wrong_setting_fails_with_the_logs_end() {
    let directory = scratch();
    let wrong = options(&directory).setting("no_such_setting", "x");
    let error = Cluster::create(wrong).await.unwrap_err();
    assert_eq!(error.kind(), PostgresErrorKind::Start);
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

#[tokio::test]
async fn a_cluster_in_a_deep_directory_has_its_socket_elsewhere() {
    let directory = scratch();
    let mut deep = options(&directory);
    deep.directory = directory.path().join("d".repeat(90));
    let mut cluster = Cluster::create(deep).await.unwrap();
    let socket = cluster.config().hosts()[0].host.clone();
    assert!(socket.len() < 50, "{socket}");
    Database::connect(cluster.config()).await.unwrap();
    cluster.stop().await.unwrap();
    assert!(!std::path::Path::new(&socket).exists());
}

#[tokio::test]
async fn a_dropped_cluster_is_gone() {
    let directory = scratch();
    let cluster = Cluster::create(options(&directory)).await.unwrap();
    let config = cluster.config();
    let pid_file = cluster.data_directory().join("postmaster.pid");
    assert!(pid_file.exists());
    drop(cluster);
    assert!(!pid_file.exists());
    assert!(Database::connect(config).await.is_err());
}

#[tokio::test]
async fn a_standby_streams_and_is_there_again_after_it_was_stopped() {
    let directory = scratch();
    let mut primary = Cluster::create(options(&directory)).await.unwrap();
    let mut copy = options(&directory);
    copy.directory = directory.path().join("d".repeat(90));
    let mut standby = Cluster::standby_of(&primary, "replica1", copy).await.unwrap();
    standby.stop().await.unwrap();
    standby.start_again().await.unwrap();
    let database = Database::connect(standby.config()).await.unwrap();
    let client = database.client().await.unwrap();
    let row = client.query_one("SELECT pg_is_in_recovery()", &[]).await.unwrap();
    assert!(row.get::<_, bool>(0));
    let database = Database::connect(primary.config()).await.unwrap();
    let client = database.client().await.unwrap();
    let slots = "SELECT string_agg(slot_name::text, ',') FROM pg_replication_slots";
    assert_eq!(client.query_one(slots, &[]).await.unwrap().get::<_, &str>(0), "replica1");
    standby.stop().await.unwrap();
    primary.stop().await.unwrap();
}

#[tokio::test]
async fn a_standby_of_a_server_that_is_gone_fails_with_what_pg_basebackup_said() {
    let directory = scratch();
    let mut primary = Cluster::create(options(&directory)).await.unwrap();
    primary.stop().await.unwrap();
    let mut copy = options(&directory);
    copy.directory = directory.path().join("copy");
    let error = Cluster::standby_of(&primary, "replica1", copy).await.unwrap_err();
    assert_eq!(error.kind(), PostgresErrorKind::Start);
    assert!(error.to_string().contains("connection to server"), "{error}");
}

/// The environment variable by which the next test tells its child where to work.
const HELD: &str = "PGSRE_TEST_HELD_CLUSTER";

#[tokio::test]
async fn a_cluster_ends_when_its_owner_is_killed() {
    let directory = scratch();
    let mut owner = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "postgres::cluster::tests::hold_a_cluster"])
        .env(HELD, directory.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let pid_file = directory.path().join("cluster/data/postmaster.pid");
    let ready = directory.path().join("ready");
    assert!(eventually(|| ready.exists()).await && pid_file.exists());
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert!(eventually(|| !pid_file.exists()).await);
}

#[tokio::test]
#[ignore = "run by the test above, in a process that is killed"]
async fn hold_a_cluster() {
    let directory = std::path::PathBuf::from(std::env::var_os(HELD).unwrap());
    let programs = ServerPrograms::discover().into_iter().next().unwrap();
    let options = ClusterOptions::new(programs, directory.join("cluster"));
    let _cluster = Cluster::create(options).await.unwrap();
    std::fs::write(directory.join("ready"), "").unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
}

async fn eventually(condition: impl Fn() -> bool) -> bool {
    for _ in 0..400 {
        if condition() {
            return true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    false
}

#[tokio::test]
async fn a_server_that_dies_by_itself_leaves_no_supervisor() {
    let directory = scratch();
    let mut cluster = Cluster::create(options(&directory)).await.unwrap();
    let pid = std::fs::read_to_string(cluster.data_directory().join("postmaster.pid")).unwrap();
    let pid = pid.lines().next().unwrap();
    std::process::Command::new("kill").args(["-KILL", pid]).status().unwrap();
    assert!(cluster.server.ended_within(std::time::Duration::from_secs(10)).await);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_cluster_dropped_while_it_is_made_leaves_no_process() {
    for milliseconds in [1, 50, 200, 400, 600] {
        let directory = scratch();
        let making = Cluster::create(options(&directory));
        let limit = std::time::Duration::from_millis(milliseconds);
        drop(tokio::time::timeout(limit, making).await);
        let gone = eventually(|| processes_in(directory.path()).is_empty()).await;
        assert!(gone, "after {limit:?}: {:?}", processes_in(directory.path()));
    }
}

/// The command lines of processes that work in a directory.
fn processes_in(directory: &std::path::Path) -> Vec<String> {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(directory))
        })
        .map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default())
        .filter(|line| !line.starts_with("sleep"))
        .collect()
}
