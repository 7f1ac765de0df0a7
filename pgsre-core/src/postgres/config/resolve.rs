//! From parameters to what they mean: defaults, lists of hosts, checks.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::parameters::{Parameters, invalid};
use super::passfile::PasswordFile;
use super::{
    ChannelBinding, ConnectConfig, HostAddress, RootCertificates, SslMode, TargetSession,
    TcpSettings, TlsSettings,
};
use crate::postgres::environment::Environment;
use crate::postgres::error::PostgresError;

/// libpq waits for ever unless told otherwise; nobody watches a nightly drill, so we do not.
pub(super) const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Parameters that would change what a connection means and that we cannot honour, and the values
/// under which they ask for nothing.
const UNSUPPORTED: &[(&str, &[&str])] = &[
    ("replication", &["false", "off", "no", "0"]),
    ("gssencmode", &["disable", "prefer"]),
    ("require_auth", &[]),
    ("requirepeer", &[]),
    ("sslcrl", &[]),
    ("sslcrldir", &[]),
    ("sslpassword", &[]),
    ("sslkeylogfile", &[]),
    ("client_encoding", &["UTF8", "UTF-8", "utf8", "utf-8", "auto"]),
    ("min_protocol_version", &["3.0"]),
];

pub(super) fn resolve(
    parameters: &Parameters,
    environment: &Environment,
) -> Result<ConnectConfig, PostgresError> {
    refuse_unsupported(parameters)?;
    let user = user(parameters, environment)?;
    let (passfile, warning) = passfile(parameters, environment);
    Ok(ConnectConfig {
        hosts: hosts(parameters, environment)?,
        database: parameters.value("dbname").unwrap_or(&user).to_owned(),
        user,
        password: parameters.value("password").map(str::to_owned),
        passfile: Arc::new(passfile),
        tls: tls(parameters, environment)?,
        application_name: parameters
            .value("application_name")
            .or_else(|| parameters.value("fallback_application_name"))
            .map(str::to_owned),
        options: parameters.value("options").map(str::to_owned),
        connect_timeout: connect_timeout(parameters)?,
        tcp: tcp(parameters)?,
        target_session: target_session(parameters)?,
        channel_binding: channel_binding(parameters)?,
        shuffle_hosts: choice(
            parameters,
            "load_balance_hosts",
            &[("disable", false), ("random", true)],
        )?
        .unwrap_or(false),
        warnings: warning.into_iter().collect(),
    })
}

fn refuse_unsupported(parameters: &Parameters) -> Result<(), PostgresError> {
    for (name, harmless) in UNSUPPORTED {
        if parameters.value(name).is_some_and(|value| !harmless.contains(&value)) {
            return Err(invalid(format!(
                "the connection parameter {name} is not supported here with its value; leave it \
                 out"
            )));
        }
    }
    Ok(())
}

fn user(parameters: &Parameters, environment: &Environment) -> Result<String, PostgresError> {
    parameters
        .value("user")
        .or(environment.user.as_deref())
        .map(str::to_owned)
        .ok_or_else(|| invalid("no user is given and the operating system's user has no name"))
}

fn passfile(parameters: &Parameters, environment: &Environment) -> (PasswordFile, Option<String>) {
    let own = || environment.home.as_ref().map(|home| home.join(".pgpass"));
    match parameters.value("passfile").map(PathBuf::from).or_else(own) {
        Some(path) if parameters.value("password").is_none() => PasswordFile::read(&path),
        _ => Default::default(),
    }
}

fn hosts(
    parameters: &Parameters,
    environment: &Environment,
) -> Result<Vec<HostAddress>, PostgresError> {
    let names = list(parameters.value("host"));
    let addresses = list(parameters.value("hostaddr"));
    let ports = list(parameters.value("port"));
    let count = if addresses.is_empty() { names.len() } else { addresses.len() }.max(1);
    if !names.is_empty() && names.len() != count {
        return Err(invalid(format!("{} hosts stand beside {count} hostaddrs", names.len())));
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(invalid(format!("{} ports stand beside {count} hosts", ports.len())));
    }
    let at =
        |list: &[&str], i: usize| list.get(i).copied().filter(|s| !s.is_empty()).map(str::to_owned);
    (0..count)
        .map(|i| {
            let port = at(&ports, if ports.len() == 1 { 0 } else { i });
            let port = port.map_or(Ok(5432), |port| parse_port(&port))?;
            let address = at(&addresses, i).map(|text| parse_address(&text)).transpose()?;
            let host = at(&names, i)
                .or_else(|| address.map(|address| address.to_string()))
                .unwrap_or_else(|| default_host(port, environment));
            check_host(&host)?;
            Ok(HostAddress { host, address, port })
        })
        .collect()
}

fn list(value: Option<&str>) -> Vec<&str> {
    value.map(|value| value.split(',').map(str::trim).collect()).unwrap_or_default()
}

fn parse_port(text: &str) -> Result<u16, PostgresError> {
    text.parse().ok().filter(|port| *port > 0).ok_or_else(|| {
        // Not quoted: it may well be a piece of the password.
        invalid(
            "the port is no number from 1 to 65535; where a password stands in a URL, write ':' '/' \
             '@' '#' '?' and '%' in it as %3A %2F %40 %23 %3F %25",
        )
    })
}

fn parse_address(text: &str) -> Result<IpAddr, PostgresError> {
    text.parse().map_err(|_| invalid(format!("hostaddr {text:?} is not an IP address")))
}

fn check_host(host: &str) -> Result<(), PostgresError> {
    if host.starts_with('@') {
        return Err(invalid("abstract Unix sockets (host=@…) are not supported"));
    }
    Ok(())
}

/// The directory in which a local server's socket lies, else this machine over TCP.
fn default_host(port: u16, environment: &Environment) -> String {
    environment
        .socket_directories
        .iter()
        .find(|directory| directory.join(format!(".s.PGSQL.{port}")).exists())
        .map_or_else(|| "localhost".to_owned(), |directory| directory.display().to_string())
}

fn tls(parameters: &Parameters, environment: &Environment) -> Result<TlsSettings, PostgresError> {
    let in_home = |name: &str| {
        let path = environment.home.as_ref()?.join(".postgresql").join(name);
        path.exists().then_some(path)
    };
    let file = |name: &str| parameters.value(name).map(PathBuf::from);
    let roots = match file("sslrootcert").or_else(|| in_home("root.crt")) {
        Some(path) if path.as_os_str() == "system" => RootCertificates::System,
        Some(path) => RootCertificates::File(path),
        None => RootCertificates::Unset,
    };
    let wants_certificate = parameters.value("sslcertmode") != Some("disable");
    let certificate = file("sslcert").or_else(|| in_home("postgresql.crt"));
    let key = file("sslkey").or_else(|| in_home("postgresql.key"));
    let settings = TlsSettings {
        mode: ssl_mode(parameters, &roots)?,
        roots,
        certificate: certificate.filter(|_| wants_certificate),
        key: key.filter(|_| wants_certificate),
        send_server_name: parameters.value("sslsni") != Some("0"),
        direct: choice(parameters, "sslnegotiation", &[("postgres", false), ("direct", true)])?
            .unwrap_or(false),
        only_tls13: parameters.value("ssl_min_protocol_version") == Some("TLSv1.3"),
        only_tls12: max_is_tls12(parameters)?,
    };
    if settings.direct && settings.mode < SslMode::Require {
        return Err(invalid("sslnegotiation=direct needs sslmode=require or stricter"));
    }
    Ok(settings)
}

fn max_is_tls12(parameters: &Parameters) -> Result<bool, PostgresError> {
    let versions = [("TLSv1.2", true), ("TLSv1.3", false)];
    Ok(choice(parameters, "ssl_max_protocol_version", &versions)?.unwrap_or(false))
}

fn ssl_mode(parameters: &Parameters, roots: &RootCertificates) -> Result<SslMode, PostgresError> {
    let modes = [
        ("disable", SslMode::Disable),
        ("allow", SslMode::Allow),
        ("prefer", SslMode::Prefer),
        ("require", SslMode::Require),
        ("verify-ca", SslMode::VerifyCa),
        ("verify-full", SslMode::VerifyFull),
    ];
    let required = parameters.value("requiressl") == Some("1");
    let given = choice(parameters, "sslmode", &modes)?.or(required.then_some(SslMode::Require));
    match (roots, given) {
        // As libpq: whoever trusts every public authority must at least check the name.
        (RootCertificates::System, None | Some(SslMode::VerifyFull)) => Ok(SslMode::VerifyFull),
        (RootCertificates::System, Some(_)) => {
            Err(invalid("sslrootcert=system needs sslmode=verify-full"))
        }
        (_, given) => Ok(given.unwrap_or(SslMode::Prefer)),
    }
}

fn connect_timeout(parameters: &Parameters) -> Result<Option<Duration>, PostgresError> {
    Ok(match number::<i64>(parameters, "connect_timeout")? {
        None => Some(DEFAULT_CONNECT_TIMEOUT),
        Some(seconds) if seconds > 0 => Some(Duration::from_secs(seconds.unsigned_abs())),
        Some(_) => None,
    })
}

fn tcp(parameters: &Parameters) -> Result<TcpSettings, PostgresError> {
    let seconds = |name| {
        let given = number::<u64>(parameters, name)?;
        Ok::<_, PostgresError>(given.filter(|n| *n > 0).map(Duration::from_secs))
    };
    Ok(TcpSettings {
        keepalives: number::<i64>(parameters, "keepalives")? != Some(0),
        idle: seconds("keepalives_idle")?,
        interval: seconds("keepalives_interval")?,
        count: number(parameters, "keepalives_count")?.filter(|n: &u32| *n > 0),
        user_timeout: number::<u64>(parameters, "tcp_user_timeout")?
            .filter(|n| *n > 0)
            .map(Duration::from_millis),
    })
}

fn target_session(parameters: &Parameters) -> Result<TargetSession, PostgresError> {
    let kinds = [
        ("any", TargetSession::Any),
        ("read-write", TargetSession::ReadWrite),
        ("read-only", TargetSession::ReadOnly),
        ("primary", TargetSession::Primary),
        ("standby", TargetSession::Standby),
        ("prefer-standby", TargetSession::PreferStandby),
    ];
    Ok(choice(parameters, "target_session_attrs", &kinds)?.unwrap_or_default())
}

fn channel_binding(parameters: &Parameters) -> Result<ChannelBinding, PostgresError> {
    let kinds = [
        ("disable", ChannelBinding::Disable),
        ("prefer", ChannelBinding::Prefer),
        ("require", ChannelBinding::Require),
    ];
    Ok(choice(parameters, "channel_binding", &kinds)?.unwrap_or_default())
}

fn choice<T: Copy>(
    parameters: &Parameters,
    name: &str,
    choices: &[(&str, T)],
) -> Result<Option<T>, PostgresError> {
    let Some(given) = parameters.value(name) else { return Ok(None) };
    match choices.iter().find(|(text, _)| *text == given) {
        Some((_, choice)) => Ok(Some(*choice)),
        None => {
            let known: Vec<_> = choices.iter().map(|(text, _)| *text).collect();
            Err(invalid(format!("{name} cannot be {given:?}; it can be {}", known.join(", "))))
        }
    }
}

fn number<T: std::str::FromStr>(
    parameters: &Parameters,
    name: &str,
) -> Result<Option<T>, PostgresError> {
    parameters
        .value(name)
        .map(|text| text.trim().parse())
        .transpose()
        .map_err(|_| invalid(format!("{name} is not a whole number in its range")))
}
