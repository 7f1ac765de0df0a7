//! A configuration as libpq reads it from the environment: for the client programs.

use super::{ChannelBinding, ConnectConfig, RootCertificates, SslMode, TargetSession};

impl ConnectConfig {
    /// The same for each of its servers alone, in the order in which they are to be tried: whoever
    /// shares a snapshot with another program must know that both talk to the same server.
    pub(crate) fn each_server(&self) -> Vec<Self> {
        let passes: &[TargetSession] = match self.target_session {
            TargetSession::PreferStandby => &[TargetSession::Standby, TargetSession::Any],
            ref wanted => std::slice::from_ref(wanted),
        };
        let servers = passes.iter().flat_map(|wanted| {
            self.hosts.iter().map(|host| Self {
                hosts: vec![host.clone()],
                target_session: *wanted,
                ..self.clone()
            })
        });
        servers.collect()
    }

    /// The variables by which libpq connects as we do to the first server. One of them may be the
    /// password.
    pub(in crate::postgres) fn libpq_variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("PGDATABASE", self.database.clone()),
            ("PGUSER", self.user.clone()),
            ("PGSSLMODE", ssl_mode(self.tls.mode).to_owned()),
            // Ours does not speak it.
            ("PGGSSENCMODE", "disable".to_owned()),
            ("PGAPPNAME", self.application_name.clone().unwrap_or_else(|| "pgsre".to_owned())),
            ("PGCHANNELBINDING", channel_binding(self.channel_binding).to_owned()),
        ];
        let mut set = |name, value: Option<String>| variables.extend(value.map(|v| (name, v)));
        if let Some(host) = self.hosts.first() {
            set("PGHOST", Some(host.host.clone()));
            set("PGHOSTADDR", host.address.map(|address| address.to_string()));
            set("PGPORT", Some(host.port.to_string()));
            set("PGPASSWORD", self.password_for(host).map(str::to_owned));
        }
        let path = |path: &std::path::PathBuf| path.display().to_string();
        set("PGSSLROOTCERT", self.root_certificates());
        set("PGSSLCERT", self.tls.certificate.as_ref().map(path));
        set("PGSSLKEY", self.tls.key.as_ref().map(path));
        set("PGSSLSNI", (!self.tls.send_server_name).then(|| "0".to_owned()));
        set("PGSSLNEGOTIATION", self.tls.direct.then(|| "direct".to_owned()));
        set("PGSSLMINPROTOCOLVERSION", self.tls.only_tls13.then(|| "TLSv1.3".to_owned()));
        set("PGSSLMAXPROTOCOLVERSION", self.tls.only_tls12.then(|| "TLSv1.2".to_owned()));
        set("PGOPTIONS", self.options.clone());
        set(
            "PGCONNECT_TIMEOUT",
            self.connect_timeout.map(|limit| limit.as_secs().max(2).to_string()),
        );
        variables
    }

    /// Where nothing is said we trust the system's authorities, and libpq a file in the home
    /// directory.
    fn root_certificates(&self) -> Option<String> {
        match &self.tls.roots {
            RootCertificates::File(file) => Some(file.display().to_string()),
            RootCertificates::System => Some("system".to_owned()),
            RootCertificates::Unset if self.tls.mode == SslMode::VerifyFull => {
                Some("system".to_owned())
            }
            RootCertificates::Unset => None,
        }
    }
}

const fn ssl_mode(mode: SslMode) -> &'static str {
    match mode {
        SslMode::Disable => "disable",
        SslMode::Allow => "allow",
        SslMode::Prefer => "prefer",
        SslMode::Require => "require",
        SslMode::VerifyCa => "verify-ca",
        SslMode::VerifyFull => "verify-full",
    }
}

const fn channel_binding(binding: ChannelBinding) -> &'static str {
    match binding {
        ChannelBinding::Disable => "disable",
        ChannelBinding::Prefer => "prefer",
        ChannelBinding::Require => "require",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::postgres::Environment;

    fn config(text: &str) -> ConnectConfig {
        ConnectConfig::parse_in(text, &Environment::default()).unwrap()
    }

    fn variable(text: &str, name: &str) -> Option<String> {
        let variables = config(text).libpq_variables();
        variables.into_iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    #[test]
    fn a_configuration_is_told_to_libpq_as_it_was_read() {
        let url = "postgres://ann:se%20cret@db1:5433/shop?sslmode=verify-full&sslrootcert=/ca.pem\
                   &options=-c%20work_mem%3D1MB";
        let cases = [
            ("PGHOST", "db1"),
            ("PGPORT", "5433"),
            ("PGUSER", "ann"),
            ("PGDATABASE", "shop"),
            ("PGPASSWORD", "se cret"),
            ("PGSSLMODE", "verify-full"),
            ("PGSSLROOTCERT", "/ca.pem"),
            ("PGOPTIONS", "-c work_mem=1MB"),
        ];
        for (name, value) in cases {
            assert_eq!(variable(url, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(variable("postgres://ann@db1/shop", "PGPASSWORD"), None);
    }

    #[test]
    fn several_servers_are_tried_one_by_one_standbys_first_where_they_are_preferred() {
        let url = "postgres://ann@a,b/shop?target_session_attrs=prefer-standby";
        let each: Vec<_> = config(url)
            .each_server()
            .into_iter()
            .map(|one| (one.hosts[0].host.clone(), one.target_session))
            .collect();
        use TargetSession::{Any, Standby};
        let expected = [("a", Standby), ("b", Standby), ("a", Any), ("b", Any)];
        assert_eq!(each, expected.map(|(host, kind)| (host.to_owned(), kind)));
    }
}
