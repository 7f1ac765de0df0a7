//! A file that somebody makes to have it wait.

use std::path::PathBuf;

use async_trait::async_trait;

use super::{Signal, Throttle, ThrottleContext};
use crate::migrate::error::{ApplyError, ApplyErrorKind};

/// Waits while this file is there.
#[derive(Clone, Debug)]
pub struct FlagFile(
    /// Its path.
    pub PathBuf,
);

#[async_trait]
impl Throttle for FlagFile {
    fn name(&self) -> &str {
        "flag file"
    }

    async fn look(&mut self, _: &mut ThrottleContext<'_>) -> Result<Signal, ApplyError> {
        match tokio::fs::try_exists(&self.0).await {
            Ok(false) => Ok(Signal::Go),
            Ok(true) => Ok(Signal::Pause(format!("{} is there", self.0.display()))),
            Err(error) => {
                let context = format!("whether {} is there cannot be seen", self.0.display());
                Err(ApplyError::new(ApplyErrorKind::Invalid, context).with_cause(error))
            }
        }
    }
}
