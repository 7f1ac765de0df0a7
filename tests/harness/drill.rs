//! Drills of backups that a test laid down.

use std::path::Path;
use std::sync::Arc;

use pgsre_core::drill::{Drill, DrillReport, DrillRequest, Unobserved, Verdict};
use pgsre_core::finding::FindingCode;
use pgsre_core::restore::{EphemeralCluster, RestoreTarget, ScratchDatabase};
use pgsre_core::source::ObjectStoreSource;
use tokio_util::sync::CancellationToken;

use super::server::{Server, programs};

/// A directory with one backup of this name and content.
pub fn backup(name: &str, content: &[u8]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join(name), content).expect("a backup");
    directory
}

/// A scratch database on this server as a target.
pub fn scratch(server: &Server) -> Arc<dyn RestoreTarget> {
    Arc::new(ScratchDatabase::new(server.config("postgres")))
}

/// A throw-away server of this major version as a target.
pub fn ephemeral(major: u32) -> Arc<dyn RestoreTarget> {
    Arc::new(EphemeralCluster::new().with_programs(vec![programs(major)]))
}

/// A drill of the backups in a directory, as a caller would build it.
pub fn drill(directory: &Path, target: Arc<dyn RestoreTarget>) -> Drill {
    let source = ObjectStoreSource::parse(&directory.to_string_lossy()).expect("a source");
    Drill::new(Arc::new(source), target)
}

/// Plans and runs a drill.
pub async fn run(drill: &Drill) -> DrillReport {
    run_as(drill, &DrillRequest::default()).await
}

/// Plans and runs a drill with this many connections.
pub async fn run_with_jobs(drill: &Drill, jobs: usize) -> DrillReport {
    run_as(drill, &DrillRequest { jobs, ..DrillRequest::default() }).await
}

async fn run_as(drill: &Drill, request: &DrillRequest) -> DrillReport {
    let plan = drill.plan(request).await.expect("a plan");
    drill.run(plan, &Unobserved, &CancellationToken::new()).await
}

/// Drills one dump into a scratch database.
pub async fn run_scratch(server: &Server, name: &str, content: &[u8]) -> DrillReport {
    let directory = backup(name, content);
    run(&drill(directory.path(), scratch(server))).await
}

/// Drills one dump into a throw-away server of this major version.
pub async fn run_ephemeral(major: u32, name: &str, content: &[u8]) -> DrillReport {
    let directory = backup(name, content);
    run(&drill(directory.path(), ephemeral(major))).await
}

/// The codes of a report's findings, each once, in order of weight.
pub fn codes(report: &DrillReport) -> Vec<FindingCode> {
    let mut codes = Vec::new();
    for finding in &report.findings {
        if !codes.contains(&finding.code) {
            codes.push(finding.code);
        }
    }
    codes
}

/// Demands a verdict, and shows the whole report where it is another.
#[track_caller]
pub fn assert_verdict(report: &DrillReport, verdict: Verdict) {
    assert_eq!(report.verdict, verdict, "{report:#?}");
}

/// Demands a verdict and a finding of this code, and shows the whole report where they are others.
#[track_caller]
pub fn assert_found(report: &DrillReport, verdict: Verdict, code: FindingCode) {
    assert_verdict(report, verdict);
    assert!(codes(report).contains(&code), "no {code} in {report:#?}");
}
