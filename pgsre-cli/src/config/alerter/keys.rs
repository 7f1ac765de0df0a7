//! Which kind of alerter takes and needs which keys.

use pgsre_core::drill::Verdict;
use toml::Spanned;

use crate::config::error::ConfigError;
use crate::config::reader::Reader;
use crate::config::shape;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Log,
    Webhook,
    Slack,
    PagerDuty,
    Opsgenie,
    Alertmanager,
    Mail,
    Ping,
    Command,
}

use Kind::{Alertmanager, Command, Log, Mail, Opsgenie, PagerDuty, Ping, Slack, Webhook};

const KINDS: [(&str, Kind); 9] = [
    ("log", Log),
    ("webhook", Webhook),
    ("slack", Slack),
    ("pagerduty", PagerDuty),
    ("opsgenie", Opsgenie),
    ("alertmanager", Alertmanager),
    ("mail", Mail),
    ("ping", Ping),
    ("command", Command),
];

/// All but the ping, which has nothing to choose.
const TOLD: &[Kind] = &[Log, Webhook, Slack, PagerDuty, Opsgenie, Alertmanager, Mail, Command];

/// A key, the kinds that may have it, and those that must.
const KEYS: [(&str, &[Kind], &[Kind]); 32] = [
    ("name", TOLD, &[]),
    ("url", &[Webhook, Slack, PagerDuty, Opsgenie, Alertmanager, Ping], &[Webhook, Slack, Ping]),
    ("urls", &[Alertmanager], &[]),
    ("command", &[Command], &[Command]),
    ("headers", &[Webhook, Alertmanager], &[]),
    ("template", &[Webhook], &[]),
    ("template_file", &[Webhook], &[]),
    ("content_type", &[Webhook], &[]),
    ("method", &[Webhook], &[]),
    ("success", &[Webhook], &[]),
    ("routing_key", &[PagerDuty], &[PagerDuty]),
    ("api_key", &[Opsgenie], &[Opsgenie]),
    ("resend", &[Alertmanager], &[]),
    ("host", &[Mail], &[Mail]),
    ("port", &[Mail], &[]),
    ("tls", &[Mail], &[]),
    ("user", &[Mail], &[]),
    ("password", &[Mail], &[]),
    ("from", &[Mail], &[Mail]),
    ("to", &[Mail], &[Mail]),
    ("start_url", &[Ping], &[]),
    ("fail_url", &[Ping], &[]),
    ("server", &[Ping], &[]),
    ("on", TOLD, &[]),
    ("min_severity", TOLD, &[]),
    ("rules", TOLD, &[]),
    ("labels", TOLD, &[]),
    ("resolved", TOLD, &[]),
    ("rate", TOLD, &[]),
    ("repeat", TOLD, &[]),
    ("group_by", &[Mail, Slack], &[]),
    ("group_wait", &[Mail, Slack], &[]),
];

impl Kind {
    /// A sink that opens and closes must hear of the drill that passed after one that did not.
    pub(super) fn default_verdicts(self) -> Vec<Verdict> {
        match self {
            PagerDuty | Opsgenie | Alertmanager => {
                vec![Verdict::Failed, Verdict::Inconclusive, Verdict::Passed]
            }
            _ => vec![Verdict::Failed, Verdict::Inconclusive],
        }
    }
}

/// The kind, which has the keys that it needs and no other's.
pub(super) fn kind(
    reader: &Reader<'_>,
    spanned: &Spanned<shape::Alerter>,
) -> Result<Kind, ConfigError> {
    let shape = spanned.get_ref();
    let kind = reader.one_of(&shape.kind, &KINDS)?;
    let wrong = |verb: &str, key: &str| {
        let name = KINDS.iter().find(|(_, one)| *one == kind).map_or("", |(name, _)| name);
        let message = format!("an alerter of kind \"{name}\" {verb} `{key}`");
        Err(reader.error(spanned.span(), message))
    };
    for (key, may, must) in KEYS {
        match is_there(shape, key) {
            true if !may.contains(&kind) => return wrong("takes no", key),
            false if must.contains(&kind) => return wrong("needs a", key),
            _ => {}
        }
    }
    if kind == Alertmanager && shape.url.is_none() && !is_there(shape, "urls") {
        return wrong("needs a", "url");
    }
    Ok(kind)
}

fn is_there(shape: &shape::Alerter, key: &str) -> bool {
    let full = |list: &Option<Vec<shape::Text>>| list.as_ref().is_some_and(|list| !list.is_empty());
    match key {
        "name" => shape.name.is_some(),
        "url" => shape.url.is_some(),
        "urls" => full(&shape.urls),
        "command" => full(&shape.command),
        "headers" => !shape.headers.is_empty(),
        "template" => shape.template.is_some(),
        "template_file" => shape.template_file.is_some(),
        "content_type" => shape.content_type.is_some(),
        "method" => shape.method.is_some(),
        "success" => shape.success.is_some(),
        "routing_key" => shape.routing_key.is_some(),
        "api_key" => shape.api_key.is_some(),
        "resend" => shape.resend.is_some(),
        "host" => shape.host.is_some(),
        "port" => shape.port.is_some(),
        "tls" => shape.tls.is_some(),
        "user" => shape.user.is_some(),
        "password" => shape.password.is_some(),
        "from" => shape.from.is_some(),
        "to" => full(&shape.to),
        "start_url" => shape.start_url.is_some(),
        "fail_url" => shape.fail_url.is_some(),
        "server" => shape.server.is_some(),
        "on" => shape.on.is_some(),
        "min_severity" => shape.min_severity.is_some(),
        "rules" => shape.rules.is_some(),
        "labels" => !shape.labels.is_empty(),
        "resolved" => shape.resolved.is_some(),
        "rate" => shape.rate.is_some(),
        "repeat" => shape.repeat.is_some(),
        "group_by" => shape.group_by.is_some(),
        "group_wait" => shape.group_wait.is_some(),
        _ => false,
    }
}
