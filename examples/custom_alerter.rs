//! An alerter of your own: every drill that does not pass becomes a line in a file.
//!
//! ```sh
//! cargo run --example custom_alerter -- ./backups/ /var/log/drills.log
//! ```

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use pgsre_core::alert::{Alert, AlertError, Alerter, Dispatcher, Route};
use pgsre_core::drill::{Drill, DrillRequest, Unobserved};
use pgsre_core::restore::EphemeralCluster;
use pgsre_core::source::ObjectStoreSource;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

/// Appends a line an alert to a file.
#[derive(Debug)]
struct LogFile(PathBuf);

#[async_trait]
impl Alerter for LogFile {
    fn name(&self) -> &str {
        "log file"
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        let line = format!("{} {} {}\n", alert.starts_at, alert.rule, alert.summary);
        // A transient error is tried again, a permanent one is not; both end up in the report.
        let failed = |error| AlertError::transient("append to the log file").with_cause(error);
        let mut options = tokio::fs::OpenOptions::new();
        let mut file = options.append(true).create(true).open(&self.0).await.map_err(failed)?;
        file.write_all(line.as_bytes()).await.map_err(failed)?;
        file.flush().await.map_err(failed)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(place), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("usage: custom_alerter SOURCE FILE".into());
    };
    let source = Arc::new(ObjectStoreSource::parse(&place)?);
    let dispatcher = Dispatcher::new(vec![Route::to(Arc::new(LogFile(file.into())))]);
    let drill = Drill::new(source, Arc::new(EphemeralCluster::new())).with_dispatcher(dispatcher);

    let plan = drill.plan(&DrillRequest::default()).await?;
    let report = drill.run(plan, &Unobserved, &CancellationToken::new()).await;
    println!("{}: {}", report.id, report.verdict);
    for delivery in &report.alerts {
        println!(
            "{}: {:?} after {} attempts",
            delivery.alerter, delivery.outcome, delivery.attempts
        );
    }
    Ok(())
}
