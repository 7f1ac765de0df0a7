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
