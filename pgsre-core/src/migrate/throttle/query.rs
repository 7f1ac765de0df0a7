//! A query of the user's.

use async_trait::async_trait;

use super::{Signal, Throttle, ThrottleContext};
use crate::migrate::error::{ApplyError, ApplyErrorKind};

/// Goes on while the query's first column of its first row is true; waits where it is false, NULL, or
/// there is no row.
#[derive(Clone, Debug)]
pub struct UserQuery(
    /// The query. It runs read-only, for 2.5 seconds at most.
    pub String,
);

#[async_trait]
impl Throttle for UserQuery {
    fn name(&self) -> &str {
        "query"
    }

    async fn look(&mut self, cx: &mut ThrottleContext<'_>) -> Result<Signal, ApplyError> {
        let rows = cx.rows(&self.0, &[]).await?;
        let answer = rows.first().map(|row| row.try_get::<_, Option<bool>>(0)).transpose();
        let answer = answer.map_err(|error| {
            let context = "the throttle's query must answer with a boolean";
            ApplyError::new(ApplyErrorKind::Invalid, context).with_cause(error)
        })?;
        Ok(match answer.flatten() {
            Some(true) => Signal::Go,
            Some(false) => Signal::Pause(format!("{} is false", self.0)),
            None => Signal::Pause(format!("{} is not known", self.0)),
        })
    }
}
