//! A real Prometheus on a port of its own.

use std::fmt::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use super::server::PATIENCE;

/// A running Prometheus, which ends with its test.
#[derive(Debug)]
pub struct Prometheus {
    process: Child,
    url: String,
    _data: tempfile::TempDir,
}

impl Prometheus {
    /// Starts one with this configuration and waits until it is ready.
    ///
    /// # Panics
    /// Where it is not installed (`tests/run.sh --parts`), or does not take the configuration.
    pub async fn start(configuration: &Path) -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", configuration.display()))
            .arg(format!("--storage.tsdb.path={}", data.path().display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus: tests/run.sh --parts installs it");
        let mut prometheus = Self { process, url: format!("http://{address}"), _data: data };
        prometheus.wait_until_ready().await;
        prometheus
    }

    /// How many series an expression has now.
    ///
    /// # Errors
    /// What Prometheus says against the expression.
    pub async fn series(&self, expression: &str) -> Result<usize, String> {
        let answer = self.ask(&format!("/api/v1/query?query={}", encoded(expression))).await;
        match answer["data"]["result"].as_array() {
            Some(series) => Ok(series.len()),
            None => Err(answer["error"].as_str().unwrap_or_default().to_owned()),
        }
    }

    /// What a label is on the series of a metric.
    pub async fn values_of(&self, label: &str, metric: &str) -> Value {
        let path = format!("/api/v1/label/{label}/values?match[]={metric}");
        self.ask(&path).await["data"].clone()
    }

    /// The alert rules, with what became of their last judgement.
    pub async fn rules(&self) -> Vec<Value> {
        let answer = self.ask("/api/v1/rules").await;
        let groups = answer["data"]["groups"].as_array().expect("groups").clone();
        groups.iter().flat_map(|group| group["rules"].as_array().expect("rules").clone()).collect()
    }

    async fn ask(&self, path: &str) -> Value {
        let answer = reqwest::get(format!("{}{path}", self.url)).await.expect("an answer");
        serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON")
    }

    async fn wait_until_ready(&mut self) {
        let began = Instant::now();
        let ready = format!("{}/-/ready", self.url);
        while !reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()) {
            let ended = self.process.try_wait().expect("a status");
            assert!(ended.is_none() && began.elapsed() < PATIENCE, "Prometheus does not get ready");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
