//! What ends work before it is done.

use std::future::Future;

use tokio_util::sync::CancellationToken;

use super::super::{TargetError, TargetErrorKind, reaper};
use crate::postgres::Session;

/// Cancels what runs on a session when it is dropped before the answer came.
#[derive(Debug)]
pub(super) struct Unanswered<'a>(Option<&'a Session>);

impl<'a> Unanswered<'a> {
    pub(super) fn of(session: &'a Session) -> Self {
        Self(Some(session))
    }

    pub(super) fn answered(&mut self) {
        self.0 = None;
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.0 {
            reaper::cancel(session.cancel_token());
        }
    }
}

/// Waits, unless the run is cancelled.
pub(in crate::restore) async fn until_cancelled<F: Future>(
    cancel: &CancellationToken,
    work: F,
) -> Result<F::Output, TargetError> {
    tokio::select! {
        biased;
        done = work => Ok(done),
        () = cancel.cancelled() => Err(cancelled()),
    }
}

pub(super) fn cancelled() -> TargetError {
    TargetError::new(TargetErrorKind::Cancelled, "the restore was cancelled")
}
