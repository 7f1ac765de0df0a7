#![expect(clippy::unwrap_used, reason = "tests")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;

use super::{ConnectConfig, RootCertificates, SslMode, TargetSession};
use crate::postgres::{Environment, PostgresErrorKind};

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment {
        variables: variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        home: None,
        user: Some("osuser".into()),
        socket_directories: Vec::new(),
    }
}

fn parse(text: &str) -> ConnectConfig {
    ConnectConfig::parse_in(text, &environment(&[])).unwrap()
}

fn refusal(text: &str) -> String {
    let error = ConnectConfig::parse_in(text, &environment(&[])).unwrap_err();
    assert_eq!(error.kind(), PostgresErrorKind::Invalid);
    error.to_string()
}

fn hosts(config: &ConnectConfig) -> Vec<(&str, u16)> {
    config.hosts().iter().map(|host| (host.host.as_str(), host.port)).collect()
}

#[test]
fn a_url_is_read_with_everything_in_it() {
    let config = parse(
        "postgresql://ann%40corp:p%3Aw%2F@db1:5433,db2:5434/my%20shop?sslmode=verify-full\
         &sslrootcert=/etc/root.crt&application_name=nightly&connect_timeout=7\
         &target_session_attrs=read-write&options=-c%20geqo%3Doff",
    );
    assert_eq!((config.user(), config.database()), ("ann@corp", "my shop"));
    assert_eq!(config.password.as_deref(), Some("p:w/"));
    assert_eq!(hosts(&config), [("db1", 5433), ("db2", 5434)]);
    assert_eq!(config.ssl_mode(), SslMode::VerifyFull);
    assert_eq!(config.tls.roots, RootCertificates::File(PathBuf::from("/etc/root.crt")));
    assert_eq!(config.application_name(), Some("nightly"));
    assert_eq!(config.connect_timeout, Some(Duration::from_secs(7)));
    assert_eq!(config.target_session, TargetSession::ReadWrite);
    assert_eq!(config.options.as_deref(), Some("-c geqo=off"));
}

#[test]
fn the_forms_of_a_url_that_libpqs_own_tests_hold_are_read_alike() {
    // src/interfaces/libpq/t/001_uri.pl
    assert_eq!(hosts(&parse("postgresql://[::1]:12345/db")), [("::1", 12345)]);
    assert_eq!(hosts(&parse("postgres://[2001:db8::1234]/")), [("2001:db8::1234", 5432)]);
    assert_eq!(hosts(&parse("postgresql://%2Fvar%2Flib/db")), [("/var/lib", 5432)]);
    assert_eq!(
        hosts(&parse("postgresql:///db?host=/path/to/socket/dir&port=7")),
        [("/path/to/socket/dir", 7)]
    );
    assert_eq!(
        hosts(&parse("postgresql://otheruser@?host=/no/such&port=5433")),
        [("/no/such", 5433)]
    );
    assert_eq!(parse("postgresql://host?user=uri-user").user(), "uri-user");
    assert_eq!(parse("postgresql://uri-user@").user(), "uri-user");
    assert_eq!(parse("postgresql://host?ssl=true").ssl_mode(), SslMode::Require);
    assert_eq!(parse("postgresql://u:p:w@host/").password.as_deref(), Some("p:w"));
    for wrong in [
        "postgresql://host/db?u%7aer=no",
        "postgresql://host?uzer=",
        "postgresql://host/?port",
        "postgresql://host/?port=1=2",
        "postgresql://%zz",
        "postgresql://%1",
        "postgresql://%00",
        "postgresql://[::1",
        "postgresql://[]",
        "postgresql://[::1]z",
        "postgresql://host:port/",
        "postgresql://host:70000/",
    ] {
        assert!(!refusal(wrong).is_empty(), "{wrong}");
    }
}

#[test]
fn the_keyword_form_knows_quotes_and_escapes() {
    let config =
        parse(r"host = 'db one' port=6000  user=a\ b password='it\'s \\ secret' dbname=''");
    assert_eq!(hosts(&config), [("db one", 6000)]);
    assert_eq!(config.user(), "a b");
    assert_eq!(config.password.as_deref(), Some(r"it's \ secret"));
    assert_eq!(config.database(), "a b");
    assert!(refusal("host='db").contains("closing quote"));
    assert!(refusal("host=db user").contains("without '='"));
}

#[test]
fn a_bare_word_is_refused_with_what_was_meant() {
    assert!(refusal("shop").contains("dbname=shop"));
    assert!(refusal("mysql://db/shop").contains("postgres://"));
    assert!(refusal("database=shop").contains("did you mean \"dbname\""));
    assert!(refusal("postgres://db?ssl-mode=require").contains("sslmode"));
    assert!(refusal("host=db sslmode=verify").contains("verify-full"));
}

#[test]
fn what_would_change_a_connections_meaning_and_is_not_supported_is_refused() {
    for text in ["gssencmode=require", "sslcrl=/x", "client_encoding=LATIN1", "host=@abstract"] {
        assert!(refusal(text).contains("not supported"), "{text}");
    }
    parse("gssencmode=prefer client_encoding=UTF8 krbsrvname=postgres sslcompression=0");
}

#[test]
fn the_environment_completes_and_never_overrides() {
    let environment = environment(&[
        ("PGHOST", "envhost"),
        ("PGPORT", "6543"),
        ("PGUSER", "envuser"),
        ("PGPASSWORD", "envsecret"),
        ("PGDATABASE", "envdb"),
        ("PGSSLMODE", "require"),
        ("PGAPPNAME", "envapp"),
    ]);
    let config = ConnectConfig::parse_in("", &environment).unwrap();
    assert_eq!(hosts(&config), [("envhost", 6543)]);
    assert_eq!((config.user(), config.database()), ("envuser", "envdb"));
    assert_eq!(config.password.as_deref(), Some("envsecret"));
    assert_eq!(config.ssl_mode(), SslMode::Require);
    let config = ConnectConfig::parse_in("postgres://me:mine@db:1/x", &environment).unwrap();
    assert_eq!(config.to_string(), "postgres://me@db:1/x");
    assert_eq!(config.password.as_deref(), Some("mine"));
}

#[test]
fn the_defaults_are_the_operating_systems_user_and_a_local_socket() {
    let directory = tempfile::tempdir().unwrap();
    let mut surroundings = environment(&[]);
    surroundings.socket_directories = vec!["/no/such".into(), directory.path().into()];
    let config = ConnectConfig::parse_in("", &surroundings).unwrap();
    assert_eq!(hosts(&config), [("localhost", 5432)]);
    assert_eq!((config.user(), config.database()), ("osuser", "osuser"));
    std::fs::write(directory.path().join(".s.PGSQL.5432"), "").unwrap();
    let config = ConnectConfig::parse_in("", &surroundings).unwrap();
    assert!(config.hosts()[0].is_socket());
}

#[test]
fn hosts_addresses_and_ports_go_together() {
    assert_eq!(hosts(&parse("host=a,b,c port=7")), [("a", 7), ("b", 7), ("c", 7)]);
    assert_eq!(hosts(&parse("host=a,b port=7,")), [("a", 7), ("b", 5432)]);
    let config = parse("host=a hostaddr=10.0.0.1");
    assert_eq!(config.hosts()[0].address, Some("10.0.0.1".parse().unwrap()));
    assert_eq!(hosts(&parse("hostaddr=::1")), [("::1", 5432)]);
    refusal("host=a,b port=1,2,3");
    refusal("host=a,b hostaddr=10.0.0.1");
    refusal("hostaddr=db");
}

#[test]
fn system_roots_demand_the_strictest_mode() {
    assert_eq!(parse("sslrootcert=system").ssl_mode(), SslMode::VerifyFull);
    refusal("sslrootcert=system sslmode=require");
}

fn with_passfile(lines: &str, mode: u32) -> (tempfile::TempDir, Environment) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".pgpass");
    std::fs::write(&path, lines).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    let mut surroundings = environment(&[]);
    surroundings.home = Some(home.path().to_owned());
    (home, surroundings)
}

#[test]
fn the_first_fitting_line_of_the_password_file_counts() {
    let lines = "# comment\n\
                 db1:5432:shop:ann:first\n\
                 db1:*:*:ann:any\\:thing\\\\\n\
                 localhost:5432:*:ann:local\n\
                 *:*:*:*:last\n";
    let (_home, surroundings) = with_passfile(lines, 0o600);
    let password = |text: &str| {
        let config = ConnectConfig::parse_in(text, &surroundings).unwrap();
        config.password_for(&config.hosts()[0]).map(str::to_owned)
    };
    assert_eq!(password("postgres://ann@db1/shop").as_deref(), Some("first"));
    assert_eq!(password("postgres://ann@db1/other").as_deref(), Some(r"any:thing\"));
    assert_eq!(password("postgres://ann@/x?host=/var/run/postgresql").as_deref(), Some("local"));
    assert_eq!(password("postgres://bob@db9/x").as_deref(), Some("last"));
    assert_eq!(password("postgres://ann:given@db1/shop").as_deref(), Some("given"));
}

#[test]
fn a_password_file_that_others_can_read_is_passed_over_with_a_warning() {
    let (_home, surroundings) = with_passfile("*:*:*:*:secret\n", 0o644);
    let config = ConnectConfig::parse_in("postgres://ann@db1/shop", &surroundings).unwrap();
    assert_eq!(config.password_for(&config.hosts()[0]), None);
    assert!(config.warnings()[0].contains("0600"));
}

#[test]
fn a_service_gives_what_is_not_said_otherwise() {
    let (home, mut surroundings) = with_passfile("", 0o600);
    let file = home.path().join(".pg_service.conf");
    std::fs::write(file, "[other]\nhost=no\n[shop]\n# c\nhost=svc\nport=9\nuser=svcuser\n")
        .unwrap();
    let config = ConnectConfig::parse_in("service=shop user=me", &surroundings).unwrap();
    assert_eq!(config.to_string(), "postgres://me@svc:9/me");
    surroundings.variables.insert("PGSERVICE".into(), "none".into());
    ConnectConfig::parse_in("", &surroundings).unwrap_err();
}

#[test]
fn a_parameter_for_the_session_is_escaped() {
    let config = parse("").with_parameter("search_path", r"a b\c").with_parameter("geqo", "off");
    assert_eq!(config.options.as_deref(), Some(r"-c search_path=a\ b\\c -c geqo=off"));
}

#[test]
fn no_secret_shows_in_debug_or_display() {
    let config = parse("postgres://ann:hunter2@db1/shop");
    let shown = format!("{config} {config:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(!format!("{:?}", environment(&[("PGPASSWORD", "hunter2")])).contains("hunter2"));
    for slip in ["postgres://ann:hunter2%zz@db1/", "password=x hunter2", "password='hunter2"] {
        assert!(!refusal(slip).contains("hunter2"), "{slip}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,60}") {
        let _ = ConnectConfig::parse_in(&text, &environment(&[]));
        let _ = ConnectConfig::parse_in(&format!("postgres://{text}"), &environment(&[]));
    }

    #[test]
    fn what_is_encoded_in_a_url_comes_back(user in "[^\0]{1,20}", database in "[^\0]{1,20}") {
        let url = format!("postgres://{}@h/{}", super::uri::encode(&user), super::uri::encode(&database));
        let config = parse(&url);
        prop_assert_eq!(config.user(), user.as_str());
        prop_assert_eq!(config.database(), database.as_str());
    }

    #[test]
    fn what_is_quoted_as_a_keyword_comes_back(password in ".{1,20}") {
        let quoted = password.replace('\\', r"\\").replace('\'', r"\'");
        let config = parse(&format!("password='{quoted}' host=h"));
        prop_assert_eq!(config.password.as_deref(), Some(password.as_str()));
    }
}
