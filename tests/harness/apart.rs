//! A primary whose standby can be cut off, and what is claimed of it meanwhile.

use std::fs;

use jiff::Timestamp;
use pgsre_core::monitor::{Metric, Reading};

use super::load::Load;
use super::network::Network;
use super::server::{Server, traversable};
use super::standby::{Setup, Standby};

/// A second between two readings, and what one takes.
const TOLERANCE: f64 = 1.2;

/// A primary, and a standby in another network.
#[derive(Debug)]
pub struct Apart {
    /// The standby, which calls itself db2.
    pub db2: Standby,
    /// The primary.
    pub server: Server,
    /// The network of the standby.
    pub network: Network,
    _directory: tempfile::TempDir,
}

impl Apart {
    /// Both, of this major version.
    ///
    /// # Panics
    /// Where this machine refuses a network.
    pub async fn start(major: u32) -> Self {
        let network = Network::new();
        let address = network.outside();
        let directory = tempfile::tempdir().expect("a directory");
        traversable(directory.path());
        let hba = directory.path().join("hba").display().to_string();
        let lines = format!(
            "local all all trust\nlocal replication all trust\n\
             host replication all {address}/24 trust\n"
        );
        fs::write(&hba, lines).expect("who may come");
        let settings = [("listen_addresses", address.as_str()), ("hba_file", hba.as_str())];
        let server = Server::start_with(major, &settings).await;
        let conninfo = format!("host={address} port=5432 user=postgres application_name=db2");
        let settings = [
            ("primary_conninfo", conninfo.as_str()),
            ("listen_addresses", ""),
            // A third of the usual, so that nobody waits for it.
            ("wal_receiver_timeout", "20s"),
        ];
        let setup = Setup { settings: &settings, network: Some(&network), ..Setup::default() };
        let db2 = Standby::with(&server, "db2", 5501, &setup);
        Self { db2, server, network, _directory: directory }
    }
}

/// What was claimed of a standby that is cut off.
#[derive(Clone, Copy, Debug, Default)]
pub struct Claims {
    /// How many there were.
    pub samples: u32,
    /// Unknown.
    pub unknown: u32,
    /// Below the truth by more than the time between two readings.
    pub below: u32,
}

impl Claims {
    /// Counts those of a reading. Since the first row after `cut` something waits.
    pub fn count(&mut self, reading: &Reading, cut: Timestamp, load: &Load) {
        for sample in reading.samples_of(Metric::ReplicationReplayLagSeconds) {
            self.samples += 1;
            let waits = load.first_after(cut).map(|first| sample.at.duration_since(first));
            let truth = waits.map_or(0.0, |waits| waits.as_secs_f64());
            self.unknown += u32::from(sample.value.is_none());
            self.below += u32::from(sample.value.is_some_and(|value| value + TOLERANCE < truth));
        }
    }
}
