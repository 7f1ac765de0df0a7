//! The settings of `[pgbouncer]`, from PgBouncer's `src/main.c`, and the parameters of databases and
//! users, from its `src/loader.c`.

use super::PoolerVersion;

/// What a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// As C's `strtol` reads it: also `0777` and `0x1ff`.
    Integer,
    Seconds,
    /// One of these, in any case of letters.
    Choice(&'static [&'static str]),
}

/// A setting that PgBouncer knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    /// The minor version that brought it; 18 for those that are older.
    pub(super) since: u32,
    pub(super) kind: Kind,
    /// Its value in the newest version where nobody sets it.
    default: &'static str,
}

use Kind::{Choice, Integer, Seconds, Text};

const AUTH_TYPES: &[&str] =
    &["any", "trust", "plain", "md5", "cert", "hba", "ldap", "pam", "scram-sha-256"];
const POOL_MODES: &[&str] = &["session", "transaction", "statement"];
const TLS_MODES: &[&str] = &["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

const DEFAULT_AUTH_QUERY: &str = "SELECT rolname, CASE WHEN rolvaliduntil < now() THEN NULL ELSE \
    rolpassword END FROM pg_authid WHERE rolname=$1 AND rolcanlogin";

/// Defaults that another version had: name, the minor version that brought the present one, the one
/// before.
const OLDER_DEFAULTS: &[(&str, u32, &str)] = &[
    ("auth_query", 25, "SELECT usename, passwd FROM pg_shadow WHERE usename=$1"),
    ("max_prepared_statements", 24, "0"),
    ("server_tls_sslmode", 20, "disable"),
];

pub(super) const SETTINGS: &[Setting] = &[
    setting("admin_users", 18, Text, ""),
    setting("application_name_add_host", 18, Integer, "0"),
    setting("auth_dbname", 19, Text, ""),
    setting("auth_file", 18, Text, ""),
    setting("auth_hba_file", 18, Text, ""),
    setting("auth_ident_file", 23, Text, ""),
    setting("auth_ldap_options", 25, Text, ""),
    setting("auth_query", 18, Text, DEFAULT_AUTH_QUERY),
    setting("auth_type", 18, Choice(AUTH_TYPES), "md5"),
    setting("auth_user", 18, Text, ""),
    setting("autodb_idle_timeout", 18, Seconds, "3600"),
    setting("cancel_wait_timeout", 19, Seconds, "10"),
    setting("client_idle_timeout", 18, Seconds, "0"),
    setting("client_login_timeout", 18, Seconds, "60"),
    setting("client_tls13_ciphers", 25, Text, ""),
    setting("client_tls_ca_file", 18, Text, ""),
    setting("client_tls_cert_file", 18, Text, ""),
    setting("client_tls_ciphers", 18, Text, "default"),
    setting("client_tls_dheparams", 18, Text, "auto"),
    setting("client_tls_ecdhcurve", 18, Text, "auto"),
    setting("client_tls_key_file", 18, Text, ""),
    setting("client_tls_protocols", 18, Text, "secure"),
    setting("client_tls_sslmode", 18, Choice(TLS_MODES), "disable"),
    setting("conffile", 18, Text, ""),
    setting("default_pool_size", 18, Integer, "20"),
    setting("disable_pqexec", 18, Integer, "0"),
    setting("dns_max_ttl", 18, Seconds, "15"),
    setting("dns_nxdomain_ttl", 18, Seconds, "15"),
    setting("dns_zone_check_period", 18, Seconds, "0"),
    setting("idle_transaction_timeout", 18, Seconds, "0"),
    setting("ignore_startup_parameters", 18, Text, ""),
    setting("job_name", 18, Text, "pgbouncer"),
    setting("listen_addr", 18, Text, ""),
    setting("listen_backlog", 18, Integer, "128"),
    setting("listen_port", 18, Integer, "6432"),
    setting("log_connections", 18, Integer, "1"),
    setting("log_disconnections", 18, Integer, "1"),
    setting("log_pooler_errors", 18, Integer, "1"),
    setting("log_stats", 18, Integer, "1"),
    setting("logfile", 18, Text, ""),
    setting("max_client_conn", 18, Integer, "100"),
    setting("max_db_client_connections", 24, Integer, "0"),
    setting("max_db_connections", 18, Integer, "0"),
    setting("max_packet_size", 18, Integer, "2147483647"),
    setting("max_prepared_statements", 21, Integer, "200"),
    setting("max_user_client_connections", 24, Integer, "0"),
    setting("max_user_connections", 18, Integer, "0"),
    setting("min_pool_size", 18, Integer, "0"),
    setting("peer_id", 19, Integer, "0"),
    setting("pidfile", 18, Text, ""),
    setting("pkt_buf", 18, Integer, "4096"),
    setting("pool_mode", 18, Choice(POOL_MODES), "session"),
    setting("query_timeout", 18, Seconds, "0"),
    setting("query_wait_notify", 25, Integer, "5"),
    setting("query_wait_timeout", 18, Seconds, "120"),
    setting("reserve_pool_size", 18, Integer, "0"),
    setting("reserve_pool_timeout", 18, Seconds, "5"),
    setting("resolv_conf", 18, Text, ""),
    setting("sbuf_loopcnt", 18, Integer, "5"),
    setting("scram_iterations", 25, Integer, "4096"),
    setting("server_check_delay", 18, Seconds, "30"),
    setting("server_check_query", 18, Text, "<empty>"),
    setting("server_connect_timeout", 18, Seconds, "15"),
    setting("server_fast_close", 18, Integer, "0"),
    setting("server_idle_timeout", 18, Seconds, "600"),
    setting("server_lifetime", 18, Seconds, "3600"),
    setting("server_login_retry", 18, Seconds, "15"),
    setting("server_reset_query", 18, Text, "DISCARD ALL"),
    setting("server_reset_query_always", 18, Integer, "0"),
    setting("server_round_robin", 18, Integer, "0"),
    setting("server_tls13_ciphers", 25, Text, ""),
    setting("server_tls_ca_file", 18, Text, ""),
    setting("server_tls_cert_file", 18, Text, ""),
    setting("server_tls_ciphers", 18, Text, "default"),
    setting("server_tls_key_file", 18, Text, ""),
    setting("server_tls_protocols", 18, Text, "secure"),
    setting("server_tls_sslmode", 18, Choice(TLS_MODES), "prefer"),
    setting("service_name", 18, Text, ""),
    setting("so_reuseport", 18, Integer, "0"),
    setting("stats_period", 18, Integer, "60"),
    setting("stats_users", 18, Text, ""),
    setting("suspend_timeout", 18, Seconds, "10"),
    setting("syslog", 18, Integer, "0"),
    setting("syslog_facility", 18, Text, "daemon"),
    setting("syslog_ident", 18, Text, "pgbouncer"),
    setting("tcp_defer_accept", 18, Integer, "1"),
    setting("tcp_keepalive", 18, Integer, "1"),
    setting("tcp_keepcnt", 18, Integer, "0"),
    setting("tcp_keepidle", 18, Integer, "0"),
    setting("tcp_keepintvl", 18, Integer, "0"),
    setting("tcp_socket_buffer", 18, Integer, "0"),
    setting("tcp_user_timeout", 18, Integer, "0"),
    setting("track_extra_parameters", 20, Text, "IntervalStyle"),
    setting("transaction_timeout", 25, Seconds, "0"),
    setting("unix_socket_dir", 18, Text, "/tmp"),
    setting("unix_socket_group", 18, Text, ""),
    setting("unix_socket_mode", 18, Integer, "0777"),
    setting("user", 18, Text, ""),
    setting("verbose", 18, Integer, ""),
];

/// Parameters of `[databases]` and the minor version that brought each.
pub(super) const DATABASE_PARAMETERS: &[Setting] = &[
    setting("dbname", 18, Text, ""),
    setting("host", 18, Text, ""),
    setting("port", 18, Integer, "5432"),
    setting("user", 18, Text, ""),
    setting("password", 18, Text, ""),
    setting("auth_user", 18, Text, ""),
    setting("auth_dbname", 19, Text, ""),
    setting("auth_query", 22, Text, ""),
    setting("client_encoding", 18, Text, ""),
    setting("datestyle", 18, Text, ""),
    setting("timezone", 18, Text, ""),
    setting("pool_size", 18, Integer, ""),
    setting("min_pool_size", 18, Integer, ""),
    setting("reserve_pool", 18, Integer, ""),
    setting("reserve_pool_size", 24, Integer, ""),
    setting("max_db_connections", 18, Integer, ""),
    setting("max_db_client_connections", 24, Integer, ""),
    setting("server_lifetime", 23, Seconds, ""),
    setting("load_balance_hosts", 24, Choice(&["disable", "round-robin"]), "round-robin"),
    setting("pool_mode", 18, Choice(POOL_MODES), ""),
    setting("connect_query", 18, Text, ""),
    setting("application_name", 18, Text, ""),
];

/// Parameters of `[users]`.
pub(super) const USER_PARAMETERS: &[Setting] = &[
    setting("pool_mode", 18, Choice(POOL_MODES), ""),
    setting("max_user_connections", 18, Integer, ""),
    setting("pool_size", 23, Integer, ""),
    setting("reserve_pool_size", 24, Integer, ""),
    setting("idle_transaction_timeout", 24, Seconds, ""),
    setting("query_timeout", 24, Seconds, ""),
    setting("client_idle_timeout", 24, Seconds, ""),
    setting("max_user_client_connections", 24, Integer, ""),
    setting("transaction_timeout", 25, Seconds, ""),
];

/// Parameters of `[peers]`.
pub(super) const PEER_PARAMETERS: &[Setting] = &[
    setting("host", 19, Text, ""),
    setting("port", 19, Integer, "6432"),
    setting("pool_size", 19, Integer, ""),
];

const fn setting(name: &'static str, since: u32, kind: Kind, default: &'static str) -> Setting {
    Setting { name, since, kind, default }
}

impl Setting {
    pub(super) fn default_in(&self, version: PoolerVersion) -> &'static str {
        let older = OLDER_DEFAULTS.iter().find(|(name, ..)| *name == self.name);
        match older {
            Some((_, changed, before)) if !version.is_since(1, *changed) => before,
            _ => self.default,
        }
    }
}

/// The setting of this name: names have one case.
pub(super) fn find<'s>(known: &'s [Setting], name: &str) -> Option<&'s Setting> {
    known.iter().find(|setting| setting.name == name)
}

impl Kind {
    /// What is wrong with a value; `None` where nothing is.
    pub(super) fn refuses(self, value: &str) -> Option<String> {
        match self {
            Self::Text => None,
            Self::Integer => {
                integer(value).is_none().then(|| "a whole number is expected".to_owned())
            }
            Self::Seconds => seconds(value)
                .is_none()
                .then(|| "a number of seconds, without a unit, is expected".to_owned()),
            Self::Choice(known) => {
                let is_known = known.iter().any(|known| known.eq_ignore_ascii_case(value));
                (!is_known).then(|| format!("it can be {}", known.join(", ")))
            }
        }
    }
}

/// A number as C's `strtol` with base 0 reads it.
pub(super) fn integer(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let value = match (hexadecimal, digits.strip_prefix('0')) {
        (Some(digits), _) => i64::from_str_radix(digits, 16).ok()?,
        (None, Some(digits)) if !digits.is_empty() => i64::from_str_radix(digits, 8).ok()?,
        _ => digits.parse().ok()?,
    };
    Some(sign * value)
}

pub(super) fn seconds(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_c_reads_them() {
        let read = [("10", 10), ("-1", -1), ("0777", 0o777), ("0x1F", 31), ("0", 0)];
        for (text, value) in read {
            assert_eq!(integer(text), Some(value), "{text}");
        }
        for text in ["", "ten", "10s", "08", "0x", "--1", "1.5", "99999999999999999999"] {
            assert_eq!(integer(text), None, "{text}");
        }
    }

    #[test]
    fn a_default_is_that_of_its_version() {
        let prepared = find(SETTINGS, "max_prepared_statements")
            .map(|setting| [23, 24].map(|minor| setting.default_in(PoolerVersion::new(1, minor))));
        assert_eq!(prepared, Some(["0", "200"]));
    }

    #[test]
    fn every_default_is_one_that_its_kind_accepts() {
        for setting in SETTINGS.iter().filter(|setting| !setting.default.is_empty()) {
            assert_eq!(setting.kind.refuses(setting.default), None, "{}", setting.name);
        }
    }
}
