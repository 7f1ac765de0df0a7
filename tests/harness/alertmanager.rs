//! A real Alertmanager on a port of its own.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Notifies nobody: what it holds is asked for.
const CONFIGURATION: &str = "route:\n  receiver: nobody\nreceivers:\n- name: nobody\n";

/// A running Alertmanager, which ends with its test.
#[derive(Debug)]
pub struct Alertmanager {
    process: Child,
    url: String,
    _directory: tempfile::TempDir,
}

impl Alertmanager {
    /// Starts one and waits until it is ready.
    pub async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("alertmanager.yml");
        std::fs::write(&file, CONFIGURATION).expect("a configuration");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let process = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.path={}", directory.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus-alertmanager: apt-get install prometheus-alertmanager");
        let url = format!("http://{address}");
        let alertmanager = Self { process, url, _directory: directory };
        alertmanager.wait_until_ready().await;
        alertmanager
    }

    /// Where its web interface is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The alerts that it holds for active.
    pub async fn active(&self) -> Vec<Value> {
        let answer = reqwest::get(format!("{}/api/v2/alerts", self.url)).await.expect("an answer");
        serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON")
    }

    async fn wait_until_ready(&self) {
        let began = Instant::now();
        let ready = format!("{}/-/ready", self.url);
        while !reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()) {
            assert!(began.elapsed() < Duration::from_secs(30), "Alertmanager does not get ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
