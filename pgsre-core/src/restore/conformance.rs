//! What every [`RestoreTarget`] must do: run it against an implementation of your own.
//!
//! Each check returns what was violated instead of panicking, so that any test harness can use it.
//!
//! ```no_run
//! # use pgsre_core::restore::{RestoreRequest, RestoreTarget, conformance};
//! # async fn example(
//! #     target: &dyn RestoreTarget,
//! #     request: &dyn Fn() -> RestoreRequest,
//! # ) -> Result<(), conformance::Violation> {
//! // `request` gives each session a run of its own.
//! conformance::check(target, request).await?;
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use super::{RestoreRequest, RestoreSession, RestoreTarget, TargetError};
use crate::finding::chain;

/// What a target did that it must not do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Violation(String);

/// Every check that needs no archive.
///
/// # Errors
/// The first [`Violation`].
pub async fn check(
    target: &dyn RestoreTarget,
    request: &dyn Fn() -> RestoreRequest,
) -> Result<(), Violation> {
    cleanup_is_valid_before_prepare(target, request).await?;
    cleanup_is_idempotent(target, request).await?;
    prepare_can_be_retried_after_cleanup(target, request).await?;
    two_sessions_do_not_collide(target, request).await?;
    sweep_leaves_living_sessions_alone(target, request).await
}

/// A session that was never prepared has nothing to remove, and says so without an error.
///
/// # Errors
/// Where `cleanup` fails.
pub async fn cleanup_is_valid_before_prepare(
    target: &dyn RestoreTarget,
    request: &dyn Fn() -> RestoreRequest,
) -> Result<(), Violation> {
    let mut session = open(target, request)?;
    cleanup(session.as_mut(), "before prepare").await
}

/// Cleaning up twice is no error, and leaves nothing to connect to.
///
/// # Errors
/// Where `cleanup` fails, or the place is still there.
pub async fn cleanup_is_idempotent(
    target: &dyn RestoreTarget,
    request: &dyn Fn() -> RestoreRequest,
) -> Result<(), Violation> {
    let mut session = open(target, request)?;
    prepare(session.as_mut()).await?;
    cleanup(session.as_mut(), "after prepare").await?;
    cleanup(session.as_mut(), "for the second time").await?;
    if session.connect("postgres").await.is_ok() {
        return violated("a session that was cleaned up must not connect anywhere");
    }
    Ok(())
}

/// A place that was removed can be made again under the same name: nothing was left.
///
/// # Errors
/// Where the second `prepare` fails.
pub async fn prepare_can_be_retried_after_cleanup(
    target: &dyn RestoreTarget,
    request: &dyn Fn() -> RestoreRequest,
) -> Result<(), Violation> {
    let same = request();
    for _ in 0..2 {
        let mut session = opened(target.session(&same))?;
        prepare(session.as_mut()).await?;
        cleanup(session.as_mut(), "after prepare").await?;
    }
    Ok(())
}

/// Two runs at the same time have places of their own.
///
/// # Errors
/// Where they disturb each other.
pub async fn two_sessions_do_not_collide(
    target: &dyn RestoreTarget,
    request: &dyn Fn() -> RestoreRequest,
) -> Result<(), Violation> {
    let (mut one, mut other) = (open(target, request)?, open(target, request)?);
    if one.describe() == other.describe() {
        return violated("two runs must not have the same place");
    }
    prepare(one.as_mut()).await?;
    let prepared = prepare(other.as_mut()).await;
    cleanup(one.as_mut(), "beside another session").await?;
    cleanup(other.as_mut(), "after the other session").await?;
    prepared
}

/// Sweeping removes nothing of a run that lives, whatever its age.
///
/// # Errors
/// Where it does, or reports it.
pub async fn sweep_leaves_living_sessions_alone(
    target: &dyn RestoreTarget,
    request: &dyn Fn() -> RestoreRequest,
) -> Result<(), Violation> {
    let asked = request();
    let mut session = opened(target.session(&asked))?;
    prepare(session.as_mut()).await?;
    let swept = target.sweep(Duration::ZERO).await;
    cleanup(session.as_mut(), "after a sweep").await?;
    let swept = swept.map_err(|error| failed("sweep", &error))?;
    let run = asked.run.to_string();
    match swept.iter().find(|swept| swept.name.contains(&run)) {
        Some(swept) => violated(format!("sweep touched a living run: {}", swept.name)),
        None => Ok(()),
    }
}

fn open(
    target: &dyn RestoreTarget,
    request: &dyn Fn() -> RestoreRequest,
) -> Result<Box<dyn RestoreSession>, Violation> {
    opened(target.session(&request()))
}

fn opened(
    session: Result<Box<dyn RestoreSession>, TargetError>,
) -> Result<Box<dyn RestoreSession>, Violation> {
    session.map_err(|error| failed("session", &error))
}

async fn prepare(session: &mut dyn RestoreSession) -> Result<(), Violation> {
    session.prepare().await.map_err(|error| failed("prepare", &error))
}

async fn cleanup(session: &mut dyn RestoreSession, when: &str) -> Result<(), Violation> {
    session.cleanup().await.map_err(|error| failed(&format!("cleanup {when}"), &error))
}

fn failed(what: &str, error: &TargetError) -> Violation {
    Violation(format!("{what} failed: {}", chain(error)))
}

fn violated<T>(what: impl Into<String>) -> Result<T, Violation> {
    Err(Violation(what.into()))
}
