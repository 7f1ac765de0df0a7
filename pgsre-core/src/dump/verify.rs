//! Reading back what was written.

use tokio_util::sync::CancellationToken;

use super::single::{digest_of, unreadable};
use super::steps::{Part, cancelled};
use super::{BackupObserver, DumpError, DumpErrorKind};
use crate::source::BackupDestination;

/// Reads each part to its end and compares it with what was sent.
pub(super) async fn verify(
    destination: &dyn BackupDestination,
    parts: impl Iterator<Item = &Part>,
    observer: &dyn BackupObserver,
    stop: &CancellationToken,
) -> Result<(), DumpError> {
    for part in parts {
        let reading = read(destination, part, observer);
        stop.run_until_cancelled(reading).await.unwrap_or_else(|| Err(cancelled()))?;
    }
    Ok(())
}

async fn read(
    destination: &dyn BackupDestination,
    part: &Part,
    observer: &dyn BackupObserver,
) -> Result<(), DumpError> {
    let key = &part.listed.key;
    let content = destination.open(&part.listed, None).await;
    let content = content.map_err(|error| unreadable(key, error))?;
    let digest = digest_of(content, key, observer).await?;
    let (bytes, sha256) = (digest.bytes(), digest.sha256());
    if bytes == part.listed.size && sha256 == part.sha256 {
        return Ok(());
    }
    Err(DumpError::new(
        DumpErrorKind::Differs,
        format!(
            "{key} is not what was written: {} bytes of SHA-256 {} were sent, {bytes} of {sha256} \
             came back",
            part.listed.size, part.sha256
        ),
    ))
}
