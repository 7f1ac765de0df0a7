//! `pgsre status`: one reading for programs and for people, and the status it exits with.

use pgsre_core::monitor::Metric;
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::server::Server;
use serde_json::Value;

fn samples<'v>(status: &'v Value, metric: &str) -> Vec<&'v Value> {
    let all = status["samples"].as_array().expect("samples");
    all.iter().filter(|sample| sample["metric"] == metric).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_server_is_ok_and_each_sample_is_as_documented() {
    let server = Server::start(15).await;
    let pgsre = Pgsre::new();
    let (code, status) = pgsre.json(&["status", &server.uri("postgres")]);
    assert_eq!((code, &status["state"]), (0, &Value::from("ok")), "{status:#}");
    assert_eq!(status["schema"], 1);
    assert_eq!(status["server"]["role"], "primary");
    assert!(status["server"]["version"].as_str().is_some_and(|version| version.starts_with("15.")));
    assert!(status["server"]["name"].is_string());
    assert_eq!(status["alerts"], Value::Array(Vec::new()));
    for sample in status["samples"].as_array().expect("samples") {
        let metric = sample["metric"].as_str().and_then(Metric::named);
        let metric = metric.unwrap_or_else(|| panic!("{sample}"));
        assert_eq!(sample["unit"], metric.unit().as_str());
        assert!(sample["labels"].is_object() && sample["at"].is_string(), "{sample}");
        assert!(sample["value"].is_number() || sample["value"].is_null(), "{sample}");
    }
    for metric in ["connections.used", "connections.usable", "transactions.commit_rate"] {
        assert!(samples(&status, metric)[0]["value"].is_number(), "{metric}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_not_there_is_critical_and_its_lag_null() {
    let server = Server::start(15).await;
    let pgsre = Pgsre::new();
    let url = server.uri("postgres");
    let (code, status) = pgsre.json(&["status", &url, "--standby", "db2"]);
    assert_eq!((code, &status["state"]), (1, &Value::from("critical")), "{status:#}");
    let connected = samples(&status, "replication.connected")[0];
    assert_eq!(
        (&connected["labels"]["replica"], &connected["value"]),
        (&"db2".into(), &0.0.into())
    );
    assert!(samples(&status, "replication.replay_lag_seconds")[0]["value"].is_null());
    let alert = &status["alerts"][0];
    assert_eq!(alert["rule"], "replication.disconnected");
    assert_eq!((&alert["severity"], &alert["state"]), (&"critical".into(), &"firing".into()));

    let human = pgsre.command(&["status", &url, "--standby", "db2"]).output().expect("pgsre");
    let text = String::from_utf8_lossy(&human.stdout);
    assert!(text.contains("DISCONNECTED") && text.contains("unknown"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lets_nobody_in_has_no_data_and_is_not_ok() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("its address").port();
    let url = format!("postgres://nobody@127.0.0.1:{port}/postgres?sslmode=disable");
    let (code, status) = Pgsre::new().json(&["status", &url]);
    assert_eq!((code, &status["state"]), (3, &Value::from("no_data")), "{status:#}");
    assert!(status["missing"][0]["why"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_the_configuration_override_and_one_on_an_unknown_metric_is_an_error() {
    let server = Server::start(15).await;
    let pgsre = Pgsre::new();
    let file = pgsre.home().join("pgsre.toml");
    let write = |metric: &str, above: f64| {
        let text = format!(
            "[[server]]\nname = \"shop\"\nurl = \"{}\"\n\n[[rule]]\nname = \"many\"\n\
             metric = \"{metric}\"\nwarning = {{ above = {above:?}, for = \"10s\" }}\n",
            server.uri("postgres")
        );
        std::fs::write(&file, text).expect("a configuration");
    };
    let config = file.to_string_lossy().into_owned();
    let arguments = ["status", "--config", &config];

    write("connections.used", 0.0);
    let (code, status) = pgsre.json(&arguments);
    assert_eq!((code, &status["alerts"][0]["rule"]), (1, &"many".into()), "{status:#}");
    write("connections.used", 1000.0);
    assert_eq!(pgsre.json(&arguments).0, 0);

    write("connections.use", 0.0);
    let refused = pgsre.command(&arguments).output().expect("pgsre");
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("connections.used"), "the nearest name: {said}");
}
