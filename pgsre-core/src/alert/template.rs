//! The body of a webhook as its receiver wants it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use minijinja::value::{Enumerator, Object, ObjectExt, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

use super::{Alert, AlertError, AlertEvent, DrillNews};
use crate::finding::{Severity, Verdict};

/// No body is larger.
const BODY_BYTES: usize = 1 << 20;

/// What a template may speak of.
const NAMES: [&str; 10] = [
    "event",
    "fingerprint",
    "rule",
    "severity",
    "summary",
    "labels",
    "value",
    "starts_at",
    "ends_at",
    "source",
];

/// A template for the body of a webhook, in Jinja's language.
///
/// It has the fields of the [`Alert`] as `event` (`firing`, `resolved`, `drill`), `fingerprint`,
/// `rule`, `severity`, `summary`, `labels`, `value`, `starts_at`, `ends_at` and `source`. A label that
/// an alert lacks is empty, so that one template serves all rules.
///
/// Where the content type is JSON, each value is written as JSON, quotes included
/// (`{"text": {{ summary }} }`): none can break out of the body, and what is rendered is checked to be
/// JSON. The template is rendered for every kind of alert when it is read: a name that it does not
/// have is an error then.
///
/// ```
/// use pgsre_core::alert::AlertTemplate;
///
/// let text = r#"{"content": {{ "[" ~ severity ~ "] " ~ summary }} }"#;
/// assert!(AlertTemplate::parse(text, "application/json").is_ok());
/// assert!(AlertTemplate::parse(r#"{"content": {{ sumary }} }"#, "application/json").is_err());
/// ```
#[derive(Clone, Debug)]
pub struct AlertTemplate {
    environment: Arc<Environment<'static>>,
    content_type: String,
}

impl AlertTemplate {
    /// Reads a template for bodies of this content type.
    ///
    /// # Errors
    /// Where it is no template, speaks of what there is not, or makes no JSON where it must.
    pub fn parse(text: &str, content_type: &str) -> Result<Self, AlertError> {
        let mut environment = Environment::new();
        let json = is_json(content_type);
        environment.set_auto_escape_callback(move |_| {
            if json { AutoEscape::Json } else { AutoEscape::None }
        });
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment
            .add_template_owned("alert", text.to_owned())
            .map_err(|error| wrong("the template cannot be read", error))?;
        let environment = Arc::new(environment);
        let template = Self { environment, content_type: content_type.to_owned() };
        template.refuse_strange_names()?;
        for sample in samples() {
            template.render(&sample)?;
        }
        Ok(template)
    }

    /// The content type of what it renders.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The body for an alert.
    ///
    /// # Errors
    /// Where it fails on this alert, or makes no JSON of it.
    pub fn render(&self, alert: &Alert) -> Result<String, AlertError> {
        let failed = |error| wrong("the template cannot be rendered", error);
        let template = self.environment.get_template("alert").map_err(failed)?;
        let body = template.render(variables(alert)).map_err(failed)?;
        if body.len() > BODY_BYTES {
            return Err(AlertError::permanent("the template makes a body of more than 1 MiB"));
        }
        if is_json(&self.content_type) {
            serde_json::from_str::<serde::de::IgnoredAny>(&body).map_err(|error| {
                AlertError::permanent(
                    "what the template makes is no JSON (values bring their quotes with them)",
                )
                .with_cause(error)
            })?;
        }
        Ok(body)
    }

    /// Every name is looked at, those in branches that no sample takes too.
    fn refuse_strange_names(&self) -> Result<(), AlertError> {
        let failed = |error| wrong("the template cannot be read", error);
        let template = self.environment.get_template("alert").map_err(failed)?;
        let known = |name: &str| {
            NAMES.contains(&name) || self.environment.globals().any(|(global, _)| global == name)
        };
        let used: BTreeSet<String> = template.undeclared_variables(false).into_iter().collect();
        match used.into_iter().find(|name| !known(name)) {
            None => Ok(()),
            Some(name) => Err(AlertError::permanent(format!(
                "the template speaks of `{name}`, and there is: {}",
                NAMES.join(", ")
            ))),
        }
    }
}

fn wrong(what: &'static str, error: minijinja::Error) -> AlertError {
    AlertError::permanent(what).with_cause(error)
}

fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}

fn variables(alert: &Alert) -> Value {
    context! {
        event => alert.event.as_str(),
        fingerprint => alert.fingerprint.as_str(),
        rule => alert.rule.as_str(),
        severity => alert.severity.to_string(),
        summary => alert.summary.as_str(),
        labels => Value::from_object(Labels(alert.labels.clone())),
        value => alert.value,
        starts_at => alert.starts_at.to_string(),
        ends_at => alert.ends_at.map(|end| end.to_string()),
        source => alert.source.as_str(),
    }
}

/// Labels, of which a missing one is empty.
#[derive(Debug)]
struct Labels(BTreeMap<String, String>);

impl Object for Labels {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let value = key.as_str().and_then(|key| self.0.get(key));
        Some(Value::from(value.map_or("", String::as_str)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.mapped_enumerator(|labels| Box::new(labels.0.keys().map(|key| Value::from(&**key))))
    }
}

/// One alert of each kind: with and without a value, an end and labels, with characters that need
/// care.
fn samples() -> Vec<Alert> {
    let now = Timestamp::UNIX_EPOCH;
    let firing = Alert {
        schema: 1,
        event: AlertEvent::Firing,
        fingerprint: "replication.lag{server=shop}".into(),
        rule: "replication.lag".into(),
        severity: Severity::Critical,
        summary: "\"shop\" \\ lags\nbehind".into(),
        labels: BTreeMap::from([("server".to_owned(), "shop".to_owned())]),
        value: Some(12.5),
        starts_at: now,
        ends_at: None,
        source: "pgsre@db1".into(),
    };
    let unknown = Alert { value: None, severity: Severity::Warning, ..firing.clone() };
    let bare = Alert { labels: BTreeMap::new(), severity: Severity::Info, ..firing.clone() };
    let ended = Alert { event: AlertEvent::Resolved, ends_at: Some(now), ..firing.clone() };
    let verdicts = [Verdict::Passed, Verdict::Failed, Verdict::Inconclusive];
    let drills = verdicts.map(|verdict| Alert::drill(&DrillNews::new(verdict, "run", "/backups")));
    [firing, unknown, bare, ended].into_iter().chain(drills).collect()
}

#[cfg(test)]
mod tests;
