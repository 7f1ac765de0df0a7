//! `[[alerter]]`: whom to tell, and how.

use std::time::Duration;

use pgsre_core::alert::MailTls;
use pgsre_core::drill::Verdict;
use pgsre_core::finding::Severity;
use toml::Spanned;

use super::error::ConfigError;
use super::reader::Reader;
use super::secret::Secret;
use super::shape;

mod keys;
mod kind;
mod routing;

/// A way to tell somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct AlerterConfig {
    /// What reports call it; its kind where `None`.
    pub name: Option<String>,
    /// What it is and what it needs.
    pub kind: AlerterKind,
    /// The least severity that is told.
    pub min_severity: Severity,
    /// The verdicts that are told.
    pub on: Vec<Verdict>,
    /// What else it wants, and how it is told.
    pub routing: Routing,
}

/// Which alerts of `pgsre watch` an alerter wants, and how it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Routing {
    /// Only these rules.
    pub rules: Option<Vec<String>>,
    /// Only these labels.
    pub labels: Vec<(String, String)>,
    /// Whether ends are told.
    pub resolved: bool,
    /// The least time between two messages.
    pub pace: Option<Duration>,
    /// How often what still fires is told again.
    pub repeat: Option<Duration>,
    /// What alerts share that are told in one message.
    pub group_by: Vec<String>,
    /// How long the first of a group waits.
    pub group_wait: Duration,
}

/// What an alerter is.
#[derive(Clone, Debug, PartialEq)]
pub enum AlerterKind {
    /// A line in the log.
    Log,
    /// The generic webhook.
    Webhook {
        /// Where to post.
        url: Secret,
        /// Further headers.
        headers: Vec<(String, Secret)>,
        /// What is posted.
        body: BodyConfig,
    },
    /// A Slack channel's incoming webhook.
    Slack {
        /// Where to post.
        url: Secret,
    },
    /// A service of PagerDuty.
    PagerDuty {
        /// Its integration key.
        routing_key: Secret,
        /// Another service than the American.
        url: Option<Secret>,
    },
    /// A team of Opsgenie.
    Opsgenie {
        /// The key of its integration.
        api_key: Secret,
        /// Another service than the American.
        url: Option<Secret>,
    },
    /// Prometheus Alertmanager.
    Alertmanager {
        /// The members of a cluster.
        urls: Vec<Secret>,
        /// Further headers.
        headers: Vec<(String, Secret)>,
        /// How often what fires is told again.
        resend: Option<Duration>,
    },
    /// Electronic mail.
    Mail(MailConfig),
    /// A monitor that raises the alarm when it is not called.
    Ping {
        /// What is called after a drill that passed.
        url: Secret,
        /// What is called before a drill.
        start_url: Option<Secret>,
        /// What is called after a drill that did not pass.
        fail_url: Option<Secret>,
        /// The server whose drills it is about; those of the whole command where `None`.
        server: Option<String>,
    },
    /// An external program.
    Command {
        /// The program and its arguments.
        command: Vec<Secret>,
    },
}

/// What a webhook posts, and what it takes for success.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BodyConfig {
    /// A template in place of the alert's own JSON, and its content type.
    pub template: Option<(Secret, String)>,
    /// Another method than POST.
    pub method: Option<String>,
    /// The statuses that are success; every 2xx where `None`.
    pub success: Option<Vec<u16>>,
}

/// A mail server, and whom to write to.
#[derive(Clone, Debug, PartialEq)]
pub struct MailConfig {
    /// The server.
    pub host: String,
    /// Its port; that of the encryption where `None`.
    pub port: Option<u16>,
    /// How the conversation is encrypted.
    pub tls: MailTls,
    /// User and password.
    pub login: Option<(Secret, Secret)>,
    /// Who writes.
    pub from: String,
    /// To whom.
    pub to: Vec<String>,
}

impl AlerterConfig {
    /// What reports call it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| self.kind.name())
    }
}

impl AlerterKind {
    /// The kind as the configuration has it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Webhook { .. } => "webhook",
            Self::Slack { .. } => "slack",
            Self::PagerDuty { .. } => "pagerduty",
            Self::Opsgenie { .. } => "opsgenie",
            Self::Alertmanager { .. } => "alertmanager",
            Self::Mail(_) => "mail",
            Self::Ping { .. } => "ping",
            Self::Command { .. } => "command",
        }
    }
}

const SEVERITIES: [(&str, Severity); 3] =
    [("info", Severity::Info), ("warning", Severity::Warning), ("critical", Severity::Critical)];

const VERDICTS: [(&str, Verdict); 3] = [
    ("failed", Verdict::Failed),
    ("inconclusive", Verdict::Inconclusive),
    ("passed", Verdict::Passed),
];

pub(super) fn resolve_all(
    reader: &Reader<'_>,
    shapes: &[Spanned<shape::Alerter>],
) -> Result<Vec<AlerterConfig>, ConfigError> {
    let mut alerters: Vec<AlerterConfig> = Vec::with_capacity(shapes.len());
    for spanned in shapes {
        let alerter = resolve(reader, spanned)?;
        let same = |other: &AlerterConfig| other.name.is_some() && other.name == alerter.name;
        if alerters.iter().any(same) {
            return Err(reader.error(spanned.span(), "two alerters have this name"));
        }
        alerters.push(alerter);
    }
    Ok(alerters)
}

fn resolve(
    reader: &Reader<'_>,
    spanned: &Spanned<shape::Alerter>,
) -> Result<AlerterConfig, ConfigError> {
    let shape = spanned.get_ref();
    let kind = keys::kind(reader, spanned)?;
    let on = match &shape.on {
        Some(on) => on.iter().map(|v| reader.one_of(v, &VERDICTS)).collect::<Result<_, _>>()?,
        None => kind.default_verdicts(),
    };
    // A passed drill weighs no more than info, and who asks for it wants to be told.
    let asked = shape.on.is_some() && on.contains(&Verdict::Passed);
    let floor = if asked { Severity::Info } else { Severity::Warning };
    let min_severity = match &shape.min_severity {
        Some(severity) => reader.one_of(severity, &SEVERITIES)?,
        None => floor,
    };
    Ok(AlerterConfig {
        name: shape.name.as_ref().map(|name| reader.string(name)).transpose()?,
        kind: kind::resolve(reader, spanned, kind)?,
        min_severity,
        on,
        routing: routing::resolve(reader, shape)?,
    })
}
