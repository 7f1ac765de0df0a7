//! What a sink can bear, and what it needs.

use std::time::Duration;

/// How a sink wants to be told. Plain data; the default asks for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// The least pause between two messages. Default none.
    pub pace: Duration,
    /// Whether [`Alerter::send_together`](super::Alerter::send_together) tells several alerts in
    /// one message.
    pub together: bool,
    /// How often it must hear again of what still fires, because it takes silence for an end.
    pub resend: Option<Duration>,
}
