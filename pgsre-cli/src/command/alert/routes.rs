//! From the configuration to alerters and their routes.

use std::sync::Arc;

use pgsre_core::alert::{
    AlertError, AlertTemplate, Alerter, AlertmanagerAlerter, CommandAlerter, Dispatcher,
    LogAlerter, MailAlerter, OpsgenieAlerter, PagerDutyAlerter, Route, SlackAlerter,
    WebhookAlerter,
};

use crate::config::{AlerterConfig, AlerterKind, BodyConfig, MailConfig, Secret};
use crate::error::CommandError;

/// The configured alerters; `None` where there are none.
pub(crate) fn dispatcher(alerters: &[AlerterConfig]) -> Result<Option<Dispatcher>, CommandError> {
    let routes = routes(alerters)?;
    Ok((!routes.is_empty()).then(|| Dispatcher::new(routes)))
}

/// The configured alerters and what each wants.
pub(crate) fn routes(alerters: &[AlerterConfig]) -> Result<Vec<Route>, CommandError> {
    let mut routes = Vec::new();
    for config in alerters {
        routes.extend(alerter(config)?.map(|alerter| route(config, alerter)));
    }
    Ok(routes)
}

fn route(config: &AlerterConfig, alerter: Arc<dyn Alerter>) -> Route {
    let routing = &config.routing;
    let mut route = Route::to(alerter)
        .at_least(config.min_severity)
        .on_verdicts(config.on.iter().copied())
        .on_labels(routing.labels.iter().cloned())
        .telling_ends(routing.resolved)
        .grouping(routing.group_by.iter().cloned(), routing.group_wait);
    if let Some(rules) = &routing.rules {
        route = route.on_rules(rules.iter().cloned());
    }
    if let Some(pace) = routing.pace {
        route = route.paced(pace);
    }
    match routing.repeat {
        Some(repeat) => route.repeating(repeat),
        None => route,
    }
}

/// An alerter that is described wrongly.
pub(crate) fn unusable(kind: &AlerterKind, error: AlertError) -> CommandError {
    CommandError::usage(format!("the alerter of kind {:?} cannot be used", kind.name()))
        .with_cause(error)
}

/// `None` for a ping, which is sent when a drill has ended and tells of no rule.
pub(crate) fn alerter(config: &AlerterConfig) -> Result<Option<Arc<dyn Alerter>>, CommandError> {
    of_kind(config.name(), &config.kind).map_err(|error| unusable(&config.kind, error))
}

fn of_kind(name: &str, kind: &AlerterKind) -> Result<Option<Arc<dyn Alerter>>, AlertError> {
    Ok(Some(match kind {
        AlerterKind::Ping { .. } => return Ok(None),
        AlerterKind::Log => Arc::new(LogAlerter::new().with_name(name)),
        AlerterKind::Webhook { url, headers, body } => {
            Arc::new(webhook(url, headers, body)?.with_name(name))
        }
        AlerterKind::Slack { url } => Arc::new(SlackAlerter::new(url.expose())?.with_name(name)),
        AlerterKind::PagerDuty { routing_key, url } => {
            Arc::new(pagerduty(routing_key, url.as_ref())?.with_name(name))
        }
        AlerterKind::Opsgenie { api_key, url } => {
            let key = api_key.expose();
            let opsgenie = match url {
                Some(url) => OpsgenieAlerter::at(url.expose(), key)?,
                None => OpsgenieAlerter::new(key)?,
            };
            Arc::new(opsgenie.with_name(name))
        }
        AlerterKind::Alertmanager { urls, headers, resend } => {
            let mut cluster = AlertmanagerAlerter::new(urls.iter().map(Secret::expose))?;
            for (header, value) in headers {
                cluster = cluster.with_header(header, value.expose())?;
            }
            if let Some(resend) = resend {
                cluster = cluster.with_resend(*resend);
            }
            Arc::new(cluster.with_name(name))
        }
        AlerterKind::Mail(mail) => Arc::new(self::mail(mail)?.with_name(name)),
        AlerterKind::Command { command } => {
            let mut words = command.iter().map(Secret::expose);
            let program = words.next().unwrap_or_default();
            Arc::new(CommandAlerter::new(program).with_arguments(words).with_name(name))
        }
    }))
}

fn webhook(
    url: &Secret,
    headers: &[(String, Secret)],
    body: &BodyConfig,
) -> Result<WebhookAlerter, AlertError> {
    let mut webhook = WebhookAlerter::new(url.expose())?;
    for (name, value) in headers {
        webhook = webhook.with_header(name, value.expose())?;
    }
    if let Some((template, content_type)) = &body.template {
        webhook = webhook.with_template(AlertTemplate::parse(template.expose(), content_type)?);
    }
    if let Some(method) = &body.method {
        webhook = webhook.with_method(method)?;
    }
    Ok(match &body.success {
        Some(success) => webhook.accepting_only(success.iter().copied()),
        None => webhook,
    })
}

fn pagerduty(routing_key: &Secret, url: Option<&Secret>) -> Result<PagerDutyAlerter, AlertError> {
    let pagerduty = PagerDutyAlerter::new(routing_key.expose())?;
    match url {
        Some(url) => pagerduty.with_url(url.expose()),
        None => Ok(pagerduty),
    }
}

fn mail(config: &MailConfig) -> Result<MailAlerter, AlertError> {
    let to = config.to.iter().map(String::as_str);
    let mut mail = MailAlerter::new(&config.host, &config.from, to)?.with_tls(config.tls);
    if let Some(port) = config.port {
        mail = mail.with_port(port);
    }
    Ok(match &config.login {
        Some((user, password)) => mail.with_login(user.expose(), password.expose()),
        None => mail,
    })
}
