//! Opening one connection: hosts in order, TLS as asked for, the kind of session wanted.

use std::fmt;

use rand::seq::SliceRandom as _;
use tokio::task::JoinHandle;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage, Socket, config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::config::{ChannelBinding, ConnectConfig, HostAddress, SslMode, TargetSession};
use super::error::{PostgresError, PostgresErrorKind};

/// A connection and the task that drives it, which ends when the connection is dropped.
pub(super) type Opened = (Client, JoinHandle<()>);

/// Opens connections under one configuration.
pub(super) struct Connector {
    config: ConnectConfig,
    tls: Option<MakeRustlsConnect>,
}

impl Connector {
    /// Reads the certificates that the configuration names.
    pub(super) fn new(config: ConnectConfig) -> Result<Self, PostgresError> {
        let over_tcp = config.hosts.iter().any(|host| !host.is_socket());
        let tls = if over_tcp { super::tls::connector(&config.tls)? } else { None };
        Ok(Self { config, tls })
    }

    pub(super) fn config(&self) -> &ConnectConfig {
        &self.config
    }

    /// What a request to cancel connects with.
    pub(super) fn tls(&self) -> Option<&MakeRustlsConnect> {
        self.tls.as_ref()
    }

    /// Opens a connection to the first host that will do.
    ///
    /// As libpq, a host that is not there or not ready, or is not of the kind wanted, is passed
    /// over; one that refuses is not.
    pub(super) async fn open(&self) -> Result<Opened, PostgresError> {
        let passes: &[TargetSession] = match self.config.target_session {
            TargetSession::PreferStandby => &[TargetSession::Standby, TargetSession::Any],
            ref wanted => std::slice::from_ref(wanted),
        };
        let mut last = None;
        for wanted in passes {
            for host in self.hosts() {
                match self.open_host_in_time(host, *wanted).await {
                    Ok(opened) => return Ok(opened),
                    Err(error) if error.is_transient() => last = Some(error),
                    Err(error) => return Err(error),
                }
            }
        }
        Err(self.nowhere(last))
    }

    fn hosts(&self) -> Vec<&HostAddress> {
        let mut hosts: Vec<_> = self.config.hosts.iter().collect();
        if self.config.shuffle_hosts {
            hosts.shuffle(&mut rand::rng());
        }
        hosts
    }

    fn nowhere(&self, last: Option<PostgresError>) -> PostgresError {
        match last {
            Some(error) if self.config.hosts.len() == 1 => error,
            Some(error) => PostgresError::new(
                error.kind(),
                format!("none of the servers of {} will do", self.config),
            )
            .with_cause(error),
            None => PostgresError::new(PostgresErrorKind::Invalid, "no server is named"),
        }
    }

    async fn open_host_in_time(
        &self,
        host: &HostAddress,
        wanted: TargetSession,
    ) -> Result<Opened, PostgresError> {
        let opening = self.open_host(host, wanted);
        let Some(limit) = self.config.connect_timeout else { return opening.await };
        tokio::time::timeout(limit, opening).await.unwrap_or_else(|_| {
            Err(PostgresError::new(
                PostgresErrorKind::TimedOut,
                format!("{} gave no answer within {limit:?}", self.describe(host)),
            ))
        })
    }

    async fn open_host(
        &self,
        host: &HostAddress,
        wanted: TargetSession,
    ) -> Result<Opened, PostgresError> {
        let opened = self.open_by_mode(host).await?;
        self.check_session(&opened.0, host, wanted).await?;
        Ok(opened)
    }

    /// The attempts that the `sslmode` allows; where a second one fails too, the first tells more.
    async fn open_by_mode(&self, host: &HostAddress) -> Result<Opened, PostgresError> {
        use config::SslMode::{Disable, Prefer, Require};
        let (first, second) = match self.config.tls.mode {
            _ if host.is_socket() => (Disable, None),
            SslMode::Disable => (Disable, None),
            SslMode::Allow => (Disable, Some(Require)),
            SslMode::Prefer => (Prefer, Some(Disable)),
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => (Require, None),
        };
        let error = match self.attempt(host, first).await {
            Ok(opened) => return Ok(opened),
            Err(error) => error,
        };
        match second.filter(|_| may_differ_without_tls(&error)) {
            Some(mode) => self.attempt(host, mode).await.map_err(|_| error),
            None => Err(error),
        }
    }

    async fn attempt(
        &self,
        host: &HostAddress,
        mode: config::SslMode,
    ) -> Result<Opened, PostgresError> {
        let config = self.driver_config(host, mode);
        let opened = match &self.tls {
            Some(tls) if mode != config::SslMode::Disable => drive(&config, tls.clone()).await,
            _ => drive(&config, NoTls).await,
        };
        opened.map_err(|error| {
            PostgresError::from_driver(format!("cannot connect to {}", self.describe(host)), error)
        })
    }

    fn driver_config(&self, host: &HostAddress, mode: config::SslMode) -> tokio_postgres::Config {
        let config = &self.config;
        let mut driver = tokio_postgres::Config::new();
        driver
            .host(&host.host)
            .port(host.port)
            .user(&config.user)
            .dbname(&config.database)
            .application_name(config.application_name.as_deref().unwrap_or("pgsre"))
            .ssl_mode(mode)
            .channel_binding(match config.channel_binding {
                ChannelBinding::Disable => config::ChannelBinding::Disable,
                ChannelBinding::Prefer => config::ChannelBinding::Prefer,
                ChannelBinding::Require => config::ChannelBinding::Require,
            });
        if let Some(address) = host.address {
            driver.hostaddr(address);
        }
        if let Some(password) = config.password_for(host) {
            driver.password(password);
        }
        if let Some(options) = &config.options {
            driver.options(options);
        }
        if config.tls.direct && mode == config::SslMode::Require {
            driver.ssl_negotiation(config::SslNegotiation::Direct);
        }
        self.set_tcp(&mut driver);
        driver
    }

    fn set_tcp(&self, driver: &mut tokio_postgres::Config) {
        let tcp = &self.config.tcp;
        driver.keepalives(tcp.keepalives);
        if let Some(idle) = tcp.idle {
            driver.keepalives_idle(idle);
        }
        if let Some(interval) = tcp.interval {
            driver.keepalives_interval(interval);
        }
        if let Some(count) = tcp.count {
            driver.keepalives_retries(count);
        }
        if let Some(timeout) = tcp.user_timeout {
            driver.tcp_user_timeout(timeout);
        }
        // Bounds a request to cancel; opening has its own limit around everything.
        if let Some(timeout) = self.config.connect_timeout {
            driver.connect_timeout(timeout);
        }
    }

    async fn check_session(
        &self,
        client: &Client,
        host: &HostAddress,
        wanted: TargetSession,
    ) -> Result<(), PostgresError> {
        let (question, answer, what) = match wanted {
            TargetSession::Any | TargetSession::PreferStandby => return Ok(()),
            TargetSession::ReadWrite => (READ_ONLY, "off", "does not take writes"),
            TargetSession::ReadOnly => (READ_ONLY, "on", "takes writes"),
            TargetSession::Primary => (IN_RECOVERY, "f", "is a standby"),
            TargetSession::Standby => (IN_RECOVERY, "t", "is not a standby"),
        };
        let messages = client.simple_query(question).await?;
        let told = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        if told == Some(answer) {
            return Ok(());
        }
        let context = format!("{} {what}", self.describe(host));
        Err(PostgresError::new(PostgresErrorKind::Unreachable, context))
    }

    fn describe(&self, host: &HostAddress) -> String {
        let alone = ConnectConfig { hosts: vec![host.clone()], ..self.config.clone() };
        alone.to_string()
    }
}

const READ_ONLY: &str = "SHOW transaction_read_only";
const IN_RECOVERY: &str = "SELECT pg_catalog.pg_is_in_recovery()";

/// Without the password and the keys.
impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Whether the other choice about TLS may be let in: the handshake failed, or `pg_hba.conf` has no
/// line for this choice.
fn may_differ_without_tls(error: &PostgresError) -> bool {
    error.kind() == PostgresErrorKind::Tls
        || error.sqlstate().is_some_and(|state| state.code() == "28000")
}

async fn drive<T>(config: &tokio_postgres::Config, tls: T) -> Result<Opened, tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let (client, connection) = config.connect(tls).await?;
    let driver = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended");
        }
    });
    Ok((client, driver))
}

#[cfg(test)]
mod tests;
