//! The servers that rivals restore into.

use std::path::{Path, PathBuf};
use std::time::Duration;

use pgsre_core::postgres::{Cluster, ClusterOptions};
use pgsre_core::restore::EphemeralCluster;
use pgsre_tests::harness::server::programs;

use crate::usage::Times;

/// The major version that everything is measured with.
pub(crate) const MAJOR: u32 = 15;
/// The number of connections that `pg_restore` has, and that the tuned server is tuned for.
pub(crate) const JOBS: usize = 2;

/// A new server in a directory that is removed when it stops.
#[derive(Debug)]
pub struct RivalServer {
    cluster: Cluster,
    directory: PathBuf,
}

impl RivalServer {
    /// As `initdb` leaves it.
    pub async fn default_in(directory: &Path) -> Self {
        Self::start(directory, Vec::new(), Vec::new()).await
    }

    /// With the settings of pgsre's throw-away server.
    pub async fn tuned_in(directory: &Path) -> Self {
        Self::start(directory, chosen_settings(), Vec::new()).await
    }

    /// With these settings, the last of several values of one, and further arguments for `initdb`.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn start(
        directory: &Path,
        settings: Vec<(String, String)>,
        initdb_arguments: Vec<String>,
    ) -> Self {
        let directory = directory.join("rival");
        let mut options = ClusterOptions::new(programs(MAJOR), &directory);
        options.settings = settings;
        options.initdb_arguments = initdb_arguments;
        let cluster = Cluster::create(options).await.expect("a server");
        Self { cluster, directory }
    }

    /// A connection string of its superuser.
    #[must_use]
    pub fn url(&self) -> String {
        let config = self.cluster.config();
        let host = &config.hosts()[0];
        format!("host='{}' port={} user=postgres dbname=postgres", host.host, host.port)
    }

    /// User and system time of the server and of the sessions that have ended so far.
    ///
    /// # Panics
    /// Where it does not run.
    #[must_use]
    pub fn cpu(&self) -> f64 {
        // The sessions of a client that has just ended.
        std::thread::sleep(Duration::from_millis(100));
        let pid_file = self.cluster.data_directory().join("postmaster.pid");
        let text = std::fs::read_to_string(pid_file).expect("postmaster.pid");
        let process = text.lines().next().and_then(|line| line.parse().ok()).expect("a process");
        let times = Times::of(process).expect("the postmaster");
        times.own + times.children
    }

    /// Stops it, and removes its files.
    ///
    /// # Panics
    /// Where it cannot be stopped.
    pub async fn stop(mut self) {
        self.cluster.stop().await.expect("stopped");
        std::fs::remove_dir_all(&self.directory).expect("removed");
    }
}

/// The settings of pgsre's throw-away server.
#[must_use]
pub fn chosen_settings() -> Vec<(String, String)> {
    EphemeralCluster::settings(MAJOR, JOBS)
}
