//! The second layer of clean-up: a session that is dropped without one, by a panic or a cancelled
//! future, is cleaned up in the background.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::{RestoreSession, TargetError, TargetErrorKind};
use crate::postgres::CancelToken;

static REAPERS: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

/// Owns a session and sees to it that it is cleaned up.
///
/// [`cleanup`](Self::cleanup) reports errors; the drop is the safety net. A program that ends soon
/// after calls [`wait_for_reapers`] first.
#[derive(Debug)]
pub struct SessionGuard {
    session: Option<Box<dyn RestoreSession>>,
    timeout: Duration,
}

impl SessionGuard {
    /// Guards a session, whose clean-up may take as long as `timeout`.
    #[must_use]
    pub fn new(session: Box<dyn RestoreSession>, timeout: Duration) -> Self {
        Self { session: Some(session), timeout }
    }

    /// Cleans up under the time-out. After success, the drop has nothing left to do.
    ///
    /// # Errors
    /// As [`RestoreSession::cleanup`]; then the drop tries again. Cancel safe in the same sense.
    pub async fn cleanup(&mut self) -> Result<(), TargetError> {
        let Some(session) = self.session.as_mut() else { return Ok(()) };
        match tokio::time::timeout(self.timeout, session.cleanup()).await {
            Ok(result) => result?,
            Err(_) => return Err(too_slow(&session.describe(), self.timeout)),
        }
        self.session = None;
        Ok(())
    }

    /// Leaves the place where it is, and says how to get in.
    ///
    /// # Errors
    /// As [`RestoreSession::keep`]; then the drop cleans up.
    pub async fn keep(mut self) -> Result<String, TargetError> {
        let Some(session) = self.session.as_mut() else { return Ok(String::new()) };
        let access = session.keep().await?;
        self.session = None;
        Ok(access)
    }

    /// The session; `None` after a clean-up.
    #[must_use]
    pub fn session(&self) -> Option<&dyn RestoreSession> {
        self.session.as_deref()
    }

    /// The session; `None` after a clean-up.
    pub fn session_mut(&mut self) -> Option<&mut Box<dyn RestoreSession>> {
        self.session.as_mut()
    }
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            reap(session, self.timeout);
        }
    }
}

/// Waits until no clean-up runs in the background, for at most `patience`. Whether that was enough.
pub fn wait_for_reapers(patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    loop {
        let mut reapers = REAPERS.lock().unwrap_or_else(PoisonError::into_inner);
        reapers.retain(|reaper| !reaper.is_finished());
        if reapers.is_empty() {
            return true;
        }
        drop(reapers);
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn reap(session: Box<dyn RestoreSession>, timeout: Duration) {
    let place = session.describe();
    if let Err(error) = in_background(move || reap_here(session, timeout)) {
        tracing::error!(%place, %error, "no thread to clean up; sweep removes it");
    }
}

/// Cancels the statement that nobody waits for any more: a server goes on with it even when its
/// client is gone, an index build to its end.
pub(super) fn cancel(statement: CancelToken) {
    let begun = in_background(move || match runtime() {
        Ok(runtime) => {
            if let Err(error) = runtime.block_on(statement.cancel()) {
                tracing::debug!(%error, "the server could not be asked to cancel");
            }
        }
        Err(error) => tracing::debug!(%error, "no runtime to cancel a statement in"),
    });
    if let Err(error) = begun {
        tracing::debug!(%error, "no thread to cancel a statement in");
    }
}

/// A thread that is waited for at the end.
fn in_background(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let reaper = thread::Builder::new().name("pgsre-reaper".to_owned()).spawn(work)?;
    let mut reapers = REAPERS.lock().unwrap_or_else(PoisonError::into_inner);
    reapers.retain(|reaper| !reaper.is_finished());
    reapers.push(reaper);
    Ok(())
}

/// A runtime of the thread's own: the one that the work was begun in may be gone.
fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn reap_here(mut session: Box<dyn RestoreSession>, timeout: Duration) {
    let place = session.describe();
    let result = match runtime() {
        Ok(runtime) => runtime.block_on(async {
            match tokio::time::timeout(timeout, session.cleanup()).await {
                Ok(result) => result,
                Err(_) => Err(too_slow(&place, timeout)),
            }
        }),
        Err(error) => Err(TargetError::new(TargetErrorKind::Failed, "no runtime to clean up in")
            .with_cause(error)),
    };
    match result {
        Ok(()) => tracing::info!(%place, "cleaned up in the background"),
        Err(error) => {
            let error = crate::finding::chain(&error);
            tracing::error!(%place, error, "not cleaned up; sweep removes it");
        }
    }
}

fn too_slow(place: &str, timeout: Duration) -> TargetError {
    let context = format!("{place} was not removed within {} s", timeout.as_secs());
    TargetError::new(TargetErrorKind::Failed, context)
        .with_hint("it is removed by the next sweep: pgsre doctor, or the next drill")
}
