//! Electronic mail.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use sha2::{Digest, Sha256};

use super::{Alert, AlertError, Alerter, Clock, Manner, SystemClock};

mod text;

/// The time-out of one command of the conversation.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A mail refers to no more incidents than this.
const REFERENCES: usize = 20;

/// How a conversation with a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MailTls {
    /// `STARTTLS`, and no mail where the server does not offer it. Port 587 unless told otherwise.
    #[default]
    Required,
    /// From the first byte. Port 465 unless told otherwise.
    Implicit,
    /// Not at all: for a relay on the same machine. Port 25 unless told otherwise.
    None,
}

/// Sends mails through an SMTP server, as text and as plain HTML.
///
/// The mails about one incident refer to the same message, so that mail programs show them as one
/// conversation. Several alerts are one mail where an [`Outbox`](super::Outbox) groups them. A server's
/// 4xx replies and a broken connection are transient, its 5xx replies permanent. The password is a
/// secret and appears nowhere.
#[derive(Clone)]
pub struct MailAlerter {
    name: String,
    host: String,
    port: Option<u16>,
    tls: MailTls,
    login: Option<(String, String)>,
    from: Mailbox,
    to: Vec<Mailbox>,
    timeout: Duration,
    clock: Arc<dyn Clock>,
}

impl MailAlerter {
    /// An alerter called `mail` that sends through `host`.
    ///
    /// # Errors
    /// Where `from` or one of `to` is no address, or `to` is empty. An address may have a name:
    /// `pgsre <pgsre@example.org>`.
    pub fn new<'a>(
        host: impl Into<String>,
        from: &str,
        to: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, AlertError> {
        let to: Vec<Mailbox> = to.into_iter().map(mailbox).collect::<Result<_, _>>()?;
        if to.is_empty() {
            return Err(AlertError::permanent("an alerter by mail needs somebody to write to"));
        }
        Ok(Self {
            name: "mail".into(),
            host: host.into(),
            port: None,
            tls: MailTls::default(),
            login: None,
            from: mailbox(from)?,
            to,
            timeout: TIMEOUT,
            clock: Arc::new(SystemClock),
        })
    }

    /// Another name, to tell several mail alerters apart.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Another port than that of the kind of encryption.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Another encryption than `STARTTLS`.
    #[must_use]
    pub fn with_tls(mut self, tls: MailTls) -> Self {
        self.tls = tls;
        self
    }

    /// Logs in before it sends.
    #[must_use]
    pub fn with_login(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.login = Some((user.into(), password.into()));
        self
    }

    /// Another time-out of one command than 20 seconds.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Another clock than the operating system's, for the date of mails.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, AlertError> {
        let tls = match self.tls {
            MailTls::None => Tls::None,
            MailTls::Required => Tls::Required(self.tls_parameters()?),
            MailTls::Implicit => Tls::Wrapper(self.tls_parameters()?),
        };
        let port = match (self.port, self.tls) {
            (Some(port), _) => port,
            (None, MailTls::None) => 25,
            (None, MailTls::Required) => 587,
            (None, MailTls::Implicit) => 465,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host)
            .port(port)
            .tls(tls)
            .timeout(Some(self.timeout));
        if let Some((user, password)) = &self.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(builder.build())
    }

    fn tls_parameters(&self) -> Result<TlsParameters, AlertError> {
        TlsParameters::new(self.host.clone()).map_err(|error| {
            let host = &self.host;
            AlertError::permanent(format!("cannot set up TLS for the mail server {host}: {error}"))
        })
    }

    fn message(&self, alerts: &[Alert]) -> Result<Message, AlertError> {
        let domain = self.from.email.domain();
        let threads: BTreeSet<String> =
            alerts.iter().map(|alert| format!("<{}@{domain}>", thread(alert))).collect();
        let threads: Vec<String> = threads.into_iter().take(REFERENCES).collect();
        let mut builder = Message::builder()
            .from(self.from.clone())
            .date(self.clock.now().into())
            .subject(text::subject(alerts))
            .message_id(Some(self.message_id(alerts, domain)))
            .references(threads.join(" "))
            .raw_header(automatic());
        if let [thread] = threads.as_slice() {
            builder = builder.in_reply_to(thread.clone());
        }
        for to in &self.to {
            builder = builder.to(to.clone());
        }
        let parts = MultiPart::alternative_plain_html(text::plain(alerts), text::html(alerts));
        builder
            .multipart(parts)
            .map_err(|error| AlertError::permanent(format!("the mail cannot be written: {error}")))
    }

    /// The same for another attempt within the hour, so that a server that took the first one drops
    /// the second; another one for a repeat.
    fn message_id(&self, alerts: &[Alert], domain: &str) -> String {
        let hour = self.clock.now().as_second() / 3600;
        let news: Vec<String> = alerts
            .iter()
            .map(|alert| format!("{} {} {}", thread(alert), alert.event.as_str(), alert.severity))
            .collect();
        format!("<{}@{domain}>", digest(&format!("{}\n{} {hour}", news.join("\n"), self.name)))
    }

    fn failed(&self, error: &lettre::transport::smtp::Error) -> AlertError {
        let mut said = error.to_string();
        let repeats = |secret: &String| !secret.is_empty() && said.contains(secret.as_str());
        if self.login.as_ref().is_some_and(|(_, password)| repeats(password)) {
            said = "its answer repeats the password and is not shown".to_owned();
        }
        let context = format!("the mail server {} did not take it: {said}", self.host);
        if error.is_permanent() {
            AlertError::permanent(context)
        } else {
            AlertError::transient(context)
        }
    }
}

#[async_trait]
impl Alerter for MailAlerter {
    fn name(&self) -> &str {
        &self.name
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        self.send_together(std::slice::from_ref(alert)).await
    }

    fn manner(&self) -> Manner {
        Manner { together: true, ..Manner::default() }
    }

    async fn send_together(&self, alerts: &[Alert]) -> Result<(), AlertError> {
        let message = self.message(alerts)?;
        let sent = self.transport()?.send(message).await;
        sent.map(drop).map_err(|error| self.failed(&error))
    }
}

impl fmt::Debug for MailAlerter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailAlerter")
            .field("name", &self.name)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("login", &self.login.is_some())
            .field("to", &self.to.len())
            .finish_non_exhaustive()
    }
}

fn mailbox(text: &str) -> Result<Mailbox, AlertError> {
    text.trim().parse().map_err(|error| {
        AlertError::permanent(format!("{text:?} is no address to write to")).with_cause(error)
    })
}

/// The same for all that is told about one incident, or about the drills of one source.
fn thread(alert: &Alert) -> String {
    match alert.event {
        super::AlertEvent::Drill => digest(&alert.fingerprint),
        _ => digest(&format!("{}\n{}", alert.fingerprint, alert.starts_at)),
    }
}

fn digest(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 3834: no holiday notice answers this.
fn automatic() -> HeaderValue {
    let name = HeaderName::new_from_ascii_str("Auto-Submitted");
    HeaderValue::new(name, "auto-generated".to_owned())
}

#[cfg(test)]
mod tests;
