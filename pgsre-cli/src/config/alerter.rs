//! `[[alerter]]`: whom to tell, and how.

use pgsre_core::drill::Verdict;
use pgsre_core::finding::Severity;
use toml::Spanned;

use super::error::ConfigError;
use super::reader::Reader;
use super::secret::Secret;
use super::{AlerterConfig, AlerterKind, shape};

#[derive(Clone, Copy)]
enum Kind {
    Log,
    Webhook,
    Slack,
    Ping,
    Command,
}

const KINDS: [(&str, Kind); 5] = [
    ("log", Kind::Log),
    ("webhook", Kind::Webhook),
    ("slack", Kind::Slack),
    ("ping", Kind::Ping),
    ("command", Kind::Command),
];

const SEVERITIES: [(&str, Severity); 3] =
    [("info", Severity::Info), ("warning", Severity::Warning), ("critical", Severity::Critical)];

const VERDICTS: [(&str, Verdict); 3] = [
    ("failed", Verdict::Failed),
    ("inconclusive", Verdict::Inconclusive),
    ("passed", Verdict::Passed),
];

pub(super) fn resolve(
    reader: &Reader<'_>,
    spanned: &Spanned<shape::Alerter>,
) -> Result<AlerterConfig, ConfigError> {
    let shape = spanned.get_ref();
    let on = match &shape.on {
        Some(on) => on.iter().map(|v| reader.one_of(v, &VERDICTS)).collect::<Result<_, _>>()?,
        None => vec![Verdict::Failed, Verdict::Inconclusive],
    };
    // A passed drill weighs no more than info, and who asks for it wants to be told.
    let floor = if on.contains(&Verdict::Passed) { Severity::Info } else { Severity::Warning };
    let min_severity = match &shape.min_severity {
        Some(severity) => reader.one_of(severity, &SEVERITIES)?,
        None => floor,
    };
    Ok(AlerterConfig { kind: alerter_kind(reader, spanned)?, min_severity, on })
}

fn alerter_kind(
    reader: &Reader<'_>,
    spanned: &Spanned<shape::Alerter>,
) -> Result<AlerterKind, ConfigError> {
    let shape = spanned.get_ref();
    let kind = reader.one_of(&shape.kind, &KINDS)?;
    refuse_strange_keys(reader, spanned, kind)?;
    let url = match &shape.url {
        Some(url) => reader.http_url(url)?,
        None => Secret::new(""),
    };
    Ok(match kind {
        Kind::Log => AlerterKind::Log,
        Kind::Webhook => AlerterKind::Webhook { url, headers: headers(reader, shape)? },
        Kind::Slack => AlerterKind::Slack { url },
        Kind::Ping => AlerterKind::Ping {
            url,
            start_url: shape.start_url.as_ref().map(|url| reader.http_url(url)).transpose()?,
            fail_url: shape.fail_url.as_ref().map(|url| reader.http_url(url)).transpose()?,
            server: shape.server.as_ref().map(|name| reader.string(name)).transpose()?,
        },
        Kind::Command => {
            let command = shape.command.iter().flatten();
            AlerterKind::Command {
                command: command.map(|word| reader.secret(word)).collect::<Result<_, _>>()?,
            }
        }
    })
}

/// A kind has the keys that it needs, and no other's.
fn refuse_strange_keys(
    reader: &Reader<'_>,
    spanned: &Spanned<shape::Alerter>,
    kind: Kind,
) -> Result<(), ConfigError> {
    let shape = spanned.get_ref();
    let calls = matches!(kind, Kind::Webhook | Kind::Slack | Kind::Ping);
    let runs = matches!(kind, Kind::Command);
    let pings = matches!(kind, Kind::Ping);
    let posts = matches!(kind, Kind::Webhook);
    let has_command = shape.command.as_ref().is_some_and(|command| !command.is_empty());
    // The key, whether it is there, whether it may be, and whether it must be.
    let keys = [
        ("url", shape.url.is_some(), calls, calls),
        ("command", has_command, runs, runs),
        ("headers", !shape.headers.is_empty(), posts, false),
        ("start_url", shape.start_url.is_some(), pings, false),
        ("fail_url", shape.fail_url.is_some(), pings, false),
        ("server", shape.server.is_some(), pings, false),
        ("on", shape.on.is_some(), !pings, false),
        ("min_severity", shape.min_severity.is_some(), !pings, false),
    ];
    for (key, there, may, must) in keys {
        let verb = match (there, may, must) {
            (true, false, _) => "takes no",
            (false, _, true) => "needs a",
            _ => continue,
        };
        let name = shape.kind.get_ref();
        let message = format!("an alerter of kind \"{name}\" {verb} `{key}`");
        return Err(reader.error(spanned.span(), message));
    }
    Ok(())
}

fn headers(
    reader: &Reader<'_>,
    shape: &shape::Alerter,
) -> Result<Vec<(String, Secret)>, ConfigError> {
    shape.headers.iter().map(|(name, value)| Ok((name.clone(), reader.secret(value)?))).collect()
}
