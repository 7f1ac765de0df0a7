//! A first drill from a Rust service: prove the newest backup below a path or URL.
//!
//! ```sh
//! cargo run --example first_drill -- s3://acme-backups/shop/
//! ```

use std::error::Error;
use std::sync::Arc;

use pgsre_core::drill::{Drill, DrillRequest, Unobserved, Verdict};
use pgsre_core::restore::EphemeralCluster;
use pgsre_core::source::ObjectStoreSource;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let place = std::env::args().nth(1).ok_or("usage: first_drill SOURCE")?;

    let source = Arc::new(ObjectStoreSource::parse(&place)?);
    let drill = Drill::new(source, Arc::new(EphemeralCluster::new()));

    let plan = drill.plan(&DrillRequest::default()).await?;
    let report = drill.run(plan, &Unobserved, &CancellationToken::new()).await;

    println!("{}: {}", report.id, report.verdict);
    for finding in &report.findings {
        println!("  {} {}: {}", finding.code, finding.subject, finding.message);
    }
    if report.verdict == Verdict::Passed { Ok(()) } else { Err("the backup is not proved".into()) }
}
