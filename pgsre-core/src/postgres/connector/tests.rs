//! Against a real server with TLS and passwords; needs PostgreSQL and the `openssl` program.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::postgres::{
    Cluster, ClusterOptions, ConnectConfig, Database, Environment, PostgresError,
    PostgresErrorKind, ServerPrograms,
};

/// A server on 127.0.0.1 with a certificate for `localhost`, signed by an authority of its own.
struct Server {
    directory: TempDir,
    cluster: Cluster,
    port: u16,
}

impl Server {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let programs = ServerPrograms::discover().into_iter().next().unwrap();
        let mut options =
            ClusterOptions::new(programs, directory.path().join("c")).setting("fsync", "off");
        options.tcp_port = Some(port);
        options.hba_lines = vec![
            "hostssl all tls_only 127.0.0.1/32 trust".into(),
            "hostnossl all plain_only 127.0.0.1/32 trust".into(),
            "host all tls_only 127.0.0.1/32 reject".into(),
            "host all plain_only 127.0.0.1/32 reject".into(),
            "hostssl all certified 127.0.0.1/32 cert".into(),
        ];
        let cluster = Cluster::create(options).await.unwrap();
        let session = Database::connect(cluster.config()).await.unwrap().session().await.unwrap();
        session
            .batch_execute(
                "CREATE ROLE tls_only LOGIN; CREATE ROLE plain_only LOGIN; \
                 CREATE ROLE certified LOGIN; CREATE ROLE ann LOGIN PASSWORD 'hunter2'",
            )
            .await
            .unwrap();
        Self { directory, cluster, port }
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// An authority and certificates: `ca`, `other` (another authority), `server`, `client`, `self`
    /// (signed by itself, an authority at that, as PostgreSQL's documentation makes them).
    fn make_certificates(&self) {
        let subject = "-subj /CN=localhost -addext subjectAltName=DNS:localhost";
        for ca in ["ca", "other"] {
            self.openssl(&format!(
                "req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN={ca} -keyout {ca}.key -out {ca}.crt"
            ));
        }
        self.openssl(&format!(
            "req -x509 -newkey rsa:2048 -nodes -days 9 {subject} -keyout self.key -out self.crt"
        ));
        for (name, subject) in [("server", subject), ("client", "-subj /CN=certified")] {
            self.openssl(&format!(
                "req -x509 -newkey rsa:2048 -nodes -days 9 {subject} -CA ca.crt -CAkey ca.key \
                 -addext basicConstraints=critical,CA:FALSE -keyout {name}.key -out {name}.crt"
            ));
        }
    }

    fn openssl(&self, arguments: &str) {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(self.directory.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    async fn serve_certificate(&self, name: &str) {
        let data = self.cluster.data_directory();
        for (from, to) in [
            (format!("{name}.crt"), "s.crt"),
            (format!("{name}.key"), "s.key"),
            ("ca.crt".into(), "ca.crt"),
        ] {
            let to = data.join(to);
            std::fs::copy(self.path(&from), &to).unwrap();
            give_to_owner_of(data, &to);
        }
        let session =
            Database::connect(self.cluster.config()).await.unwrap().session().await.unwrap();
        for (setting, value) in [
            ("ssl_cert_file", "s.crt"),
            ("ssl_key_file", "s.key"),
            ("ssl_ca_file", "ca.crt"),
            ("ssl", "on"),
        ] {
            session
                .batch_execute(&format!("ALTER SYSTEM SET {setting} = '{value}'"))
                .await
                .unwrap();
        }
        session.batch_execute("SELECT pg_reload_conf()").await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }

    async fn connect(&self, more: &str) -> Result<bool, PostgresError> {
        self.connect_in(more, &Environment::default()).await
    }

    /// Whether the connection that is made uses TLS.
    async fn connect_in(
        &self,
        more: &str,
        environment: &Environment,
    ) -> Result<bool, PostgresError> {
        let text = format!("hostaddr=127.0.0.1 port={} dbname=postgres {more}", self.port);
        let database = Database::connect(ConnectConfig::parse_in(&text, environment)?).await?;
        let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let session = database.session().await?;
        let ssl = session.query_one(sql, &[]).await?.try_get(0)?;
        let pooled: bool = database.client().await?.query_one(sql, &[]).await?.try_get(0)?;
        assert_eq!(ssl, pooled);
        Ok(ssl)
    }

    async fn refusal(&self, more: &str) -> PostgresErrorKind {
        let error = self.connect(more).await.unwrap_err();
        assert!(!format!("{error:?} {error}").contains("hunter2"));
        error.kind()
    }
}

fn give_to_owner_of(model: &Path, path: &Path) {
    let model = std::fs::metadata(model).unwrap();
    chown(path, Some(model.uid()), Some(model.gid())).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn sslmode_means_what_it_means_to_libpq() {
    use PostgresErrorKind::{Authentication, Tls};
    let server = Server::start().await;

    // A server without TLS.
    assert!(!server.connect("user=plain_only sslmode=prefer").await.unwrap());
    assert_eq!(server.refusal("user=plain_only sslmode=require").await, Tls);
    assert_eq!(server.refusal("user=tls_only sslmode=disable").await, Authentication);

    server.make_certificates();
    server.serve_certificate("server").await;
    let ca = format!("sslrootcert={}", server.path("ca.crt"));
    let other = format!("sslrootcert={}", server.path("other.crt"));

    assert!(server.connect("user=tls_only").await.unwrap());
    assert!(server.connect("user=tls_only sslmode=require").await.unwrap());
    assert!(server.connect("user=tls_only sslmode=allow").await.unwrap());
    assert_eq!(server.refusal("user=tls_only sslmode=disable").await, Authentication);
    assert!(!server.connect("user=plain_only sslmode=prefer").await.unwrap());
    assert!(!server.connect("user=plain_only sslmode=allow").await.unwrap());
    assert_eq!(server.refusal("user=plain_only sslmode=require").await, Authentication);

    let full = "user=tls_only sslmode=verify-full";
    assert!(server.connect(&format!("{full} host=localhost {ca}")).await.unwrap());
    assert_eq!(server.refusal(&format!("{full} host=db.example.com {ca}")).await, Tls);
    assert_eq!(server.refusal(&format!("{full} host=localhost {other}")).await, Tls);
    assert_eq!(server.refusal(&format!("{full} host=localhost")).await, Tls);
    assert_eq!(server.refusal(&format!("{full} host=localhost sslrootcert=/no/such")).await, Tls);

    let verify_ca = "user=tls_only sslmode=verify-ca";
    assert!(server.connect(&format!("{verify_ca} host=db.example.com {ca}")).await.unwrap());
    assert_eq!(server.refusal(&format!("{verify_ca} host=localhost {other}")).await, Tls);
    // `require` with root certificates behaves as verify-ca.
    assert!(server.connect(&format!("user=tls_only sslmode=require {ca}")).await.unwrap());
    assert_eq!(server.refusal(&format!("user=tls_only sslmode=require {other}")).await, Tls);

    let certificate =
        format!("sslcert={} sslkey={}", server.path("client.crt"), server.path("client.key"));
    let certified = format!("user=certified sslmode=require {certificate}");
    assert!(server.connect(&certified).await.unwrap());
    assert_eq!(server.refusal("user=certified sslmode=require").await, Authentication);

    // A certificate that is its own root.
    server.serve_certificate("self").await;
    let own = format!("sslrootcert={}", server.path("self.crt"));
    assert!(server.connect(&format!("{full} host=localhost {own}")).await.unwrap());
    assert_eq!(server.refusal(&format!("{full} host=db.example.com {own}")).await, Tls);
    assert!(server.connect(&format!("{verify_ca} host=db.example.com {own}")).await.unwrap());
    assert_eq!(server.refusal(&format!("{full} host=localhost {ca}")).await, Tls);
}

#[tokio::test]
async fn a_password_is_taken_from_the_string_or_the_password_file() {
    let server = Server::start().await;
    let home = tempfile::tempdir().unwrap();
    let passfile: PathBuf = home.path().join(".pgpass");
    std::fs::write(&passfile, format!("127.0.0.1:{}:*:ann:hunter2\n", server.port)).unwrap();
    std::fs::set_permissions(&passfile, PermissionsExt::from_mode(0o600)).unwrap();
    let surroundings = Environment { home: Some(home.path().to_owned()), ..Environment::default() };

    server.connect("user=ann password=hunter2").await.unwrap();
    server.connect_in("user=ann", &surroundings).await.unwrap();
    let wrong = server.refusal("user=ann password=wrong").await;
    assert_eq!(wrong, PostgresErrorKind::Authentication);
    assert_eq!(server.refusal("user=ann").await, PostgresErrorKind::Authentication);
    let no_database = server.refusal("user=ann password=hunter2 dbname=nosuch").await;
    assert_eq!(no_database, PostgresErrorKind::NoDatabase);
}

#[tokio::test]
async fn hosts_are_tried_in_order() {
    let server = Server::start().await;
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ports = |ports: &str, more: &str| {
        let text = format!(
            "host=127.0.0.1,127.0.0.1 port={ports} dbname=postgres user=ann password=hunter2 {more}"
        );
        ConnectConfig::parse_in(&text, &Environment::default()).unwrap()
    };
    let both = format!("{dead},{}", server.port);
    Database::connect(ports(&both, "")).await.unwrap();
    Database::connect(ports(&both, "target_session_attrs=primary")).await.unwrap();
    Database::connect(ports(&both, "target_session_attrs=prefer-standby")).await.unwrap();
    for (wrong, more) in [
        (format!("{dead},{dead}"), ""),
        (both.clone(), "target_session_attrs=standby"),
        (both, "target_session_attrs=read-only"),
    ] {
        let error = Database::connect(ports(&wrong, more)).await.unwrap_err();
        assert_eq!(error.kind(), PostgresErrorKind::Unreachable);
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let text = format!("host=127.0.0.1 port={port} user=ann connect_timeout=1");
    let config = ConnectConfig::parse_in(&text, &Environment::default()).unwrap();
    let error = Database::connect(config).await.unwrap_err();
    assert_eq!(error.kind(), PostgresErrorKind::TimedOut);
}

#[tokio::test]
async fn an_error_comes_through_the_pool_as_it_was() {
    let mut server = Server::start().await;
    let database = Database::connect(server.cluster.config()).await.unwrap();
    server.cluster.stop().await.unwrap();
    let error = database.client().await.unwrap_err();
    assert_eq!(error.kind(), PostgresErrorKind::Unreachable);
    assert!(error.to_string().starts_with("cannot connect to postgres://postgres@"), "{error}");
}

#[tokio::test]
async fn a_running_statement_is_cancelled() {
    let server = Server::start().await;
    server.make_certificates();
    server.serve_certificate("server").await;
    let text = format!("host=127.0.0.1 port={} user=tls_only dbname=postgres", server.port);
    let config = ConnectConfig::parse_in(&text, &Environment::default()).unwrap();
    let session = Database::connect(config).await.unwrap().session().await.unwrap();
    let token = session.cancel_token();
    let sleeping = session.batch_execute("SELECT pg_sleep(60)");
    let cancelling = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        token.cancel().await.unwrap();
    };
    let (slept, ()) = tokio::join!(sleeping, cancelling);
    let error = PostgresError::from(slept.unwrap_err());
    assert_eq!(error.sqlstate().unwrap().code(), "57014");
    session.close().await;
}
