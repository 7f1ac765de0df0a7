//! What an alerter is and what it needs.

use std::time::Duration;

use pgsre_core::alert::{AlertTemplate, MailAlerter, MailTls};
use toml::Spanned;

use super::keys::Kind;
use super::{AlerterKind, BodyConfig, MailConfig};
use crate::config::error::ConfigError;
use crate::config::reader::Reader;
use crate::config::secret::Secret;
use crate::config::shape;

const TLS: [(&str, MailTls); 3] =
    [("required", MailTls::Required), ("implicit", MailTls::Implicit), ("none", MailTls::None)];

const METHODS: [(&str, &str); 3] = [("POST", "POST"), ("PUT", "PUT"), ("PATCH", "PATCH")];

const JSON: &str = "application/json";

pub(super) fn resolve(
    reader: &Reader<'_>,
    spanned: &Spanned<shape::Alerter>,
    kind: Kind,
) -> Result<AlerterKind, ConfigError> {
    let shape = spanned.get_ref();
    let url = |url: &Option<shape::Text>| url.as_ref().map(|url| reader.http_url(url)).transpose();
    let needed = |url: Option<Secret>| url.unwrap_or_else(|| Secret::new(""));
    Ok(match kind {
        Kind::Log => AlerterKind::Log,
        Kind::Webhook => AlerterKind::Webhook {
            url: needed(url(&shape.url)?),
            headers: headers(reader, shape)?,
            body: body(reader, spanned)?,
        },
        Kind::Slack => AlerterKind::Slack { url: needed(url(&shape.url)?) },
        Kind::PagerDuty => AlerterKind::PagerDuty {
            routing_key: secret(reader, &shape.routing_key)?,
            url: url(&shape.url)?,
        },
        Kind::Opsgenie => AlerterKind::Opsgenie {
            api_key: secret(reader, &shape.api_key)?,
            url: url(&shape.url)?,
        },
        Kind::Alertmanager => AlerterKind::Alertmanager {
            urls: members(reader, shape)?,
            headers: headers(reader, shape)?,
            resend: resend(reader, shape)?,
        },
        Kind::Mail => AlerterKind::Mail(mail(reader, spanned)?),
        Kind::Ping => AlerterKind::Ping {
            url: needed(url(&shape.url)?),
            start_url: url(&shape.start_url)?,
            fail_url: url(&shape.fail_url)?,
            server: shape.server.as_ref().map(|name| reader.string(name)).transpose()?,
        },
        Kind::Command => AlerterKind::Command {
            command: shape
                .command
                .iter()
                .flatten()
                .map(|word| reader.secret(word))
                .collect::<Result<_, _>>()?,
        },
    })
}

fn secret(reader: &Reader<'_>, value: &Option<shape::Text>) -> Result<Secret, ConfigError> {
    let Some(value) = value else { return Ok(Secret::new("")) };
    let secret = reader.secret(value)?;
    if secret.expose().trim().is_empty() {
        return Err(reader.error(value.span(), "a key that is empty is none"));
    }
    Ok(secret)
}

fn headers(
    reader: &Reader<'_>,
    shape: &shape::Alerter,
) -> Result<Vec<(String, Secret)>, ConfigError> {
    shape.headers.iter().map(|(name, value)| Ok((name.clone(), reader.secret(value)?))).collect()
}

fn members(reader: &Reader<'_>, shape: &shape::Alerter) -> Result<Vec<Secret>, ConfigError> {
    let all = shape.url.iter().chain(shape.urls.iter().flatten());
    all.map(|url| reader.http_url(url)).collect()
}

fn resend(reader: &Reader<'_>, shape: &shape::Alerter) -> Result<Option<Duration>, ConfigError> {
    let resend = reader.duration(&shape.resend)?;
    match (&shape.resend, resend) {
        (Some(value), Some(every)) if every < Duration::from_secs(1) => {
            Err(reader.error(value.span(), "`resend` is a second at least"))
        }
        _ => Ok(resend),
    }
}

/// What is posted. A template is tried here: what is wrong with it shows now, and not with the first
/// alert.
fn body(reader: &Reader<'_>, spanned: &Spanned<shape::Alerter>) -> Result<BodyConfig, ConfigError> {
    let shape = spanned.get_ref();
    let text = template_text(reader, spanned)?;
    let content_type = match &shape.content_type {
        Some(_) if text.is_none() => {
            let message = "`content_type` is that of a `template`, and there is none";
            return Err(reader.error(spanned.span(), message));
        }
        Some(content_type) => reader.string(content_type)?,
        None => JSON.to_owned(),
    };
    if let Some((text, span)) = &text {
        AlertTemplate::parse(text, &content_type)
            .map_err(|error| reader.error(span.clone(), pgsre_core::finding::chain(&error)))?;
    }
    let method = shape.method.as_ref().map(|method| reader.one_of(method, &METHODS)).transpose()?;
    Ok(BodyConfig {
        template: text.map(|(text, _)| (Secret::new(text), content_type)),
        method: method.map(str::to_owned),
        success: success(reader, shape)?,
    })
}

fn success(reader: &Reader<'_>, shape: &shape::Alerter) -> Result<Option<Vec<u16>>, ConfigError> {
    let Some(statuses) = &shape.success else { return Ok(None) };
    for status in statuses {
        if !(200..600).contains(status.get_ref()) {
            return Err(reader.error(status.span(), "expected a status such as 200 or 202"));
        }
    }
    Ok(Some(statuses.iter().map(|status| *status.get_ref()).collect()))
}

type Placed = (String, std::ops::Range<usize>);

fn template_text(
    reader: &Reader<'_>,
    spanned: &Spanned<shape::Alerter>,
) -> Result<Option<Placed>, ConfigError> {
    let shape = spanned.get_ref();
    match (&shape.template, &shape.template_file) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            let message = "an alerter has a `template` or a `template_file`, not both";
            Err(reader.error(spanned.span(), message))
        }
        (Some(template), None) => Ok(Some((reader.string(template)?, template.span()))),
        (None, Some(file)) => {
            // A path in the configuration is one beside it.
            let beside = reader.path().parent().unwrap_or(std::path::Path::new(""));
            let path = beside.join(reader.string(file)?);
            let text = std::fs::read_to_string(&path).map_err(|error| {
                reader.error(file.span(), format!("cannot read {}: {error}", path.display()))
            })?;
            Ok(Some((text, file.span())))
        }
    }
}

fn mail(reader: &Reader<'_>, spanned: &Spanned<shape::Alerter>) -> Result<MailConfig, ConfigError> {
    let shape = spanned.get_ref();
    let text = |value: &Option<shape::Text>| match value {
        Some(value) => reader.string(value),
        None => Ok(String::new()),
    };
    let login = match (&shape.user, &shape.password) {
        (Some(user), Some(password)) => Some((reader.secret(user)?, reader.secret(password)?)),
        (None, None) => None,
        _ => {
            let message = "a login has both `user` and `password`";
            return Err(reader.error(spanned.span(), message));
        }
    };
    let tls = shape.tls.as_ref().map(|tls| reader.one_of(tls, &TLS)).transpose()?;
    let (from, to) = (text(&shape.from)?, reader.strings(shape.to.as_deref().unwrap_or_default())?);
    // Addresses are tried here, so that a wrong one is an error with its line.
    MailAlerter::new("", &from, to.iter().map(String::as_str))
        .map_err(|error| reader.error(spanned.span(), error.to_string()))?;
    let host = text(&shape.host)?;
    let tls = tls.unwrap_or_default();
    Ok(MailConfig { host, port: shape.port, tls, login, from, to })
}
