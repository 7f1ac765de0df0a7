//! A real PgBouncer before a real server: each fault, and the sound twin.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use pgsre_core::monitor::{IncidentState, Incidents};
use pgsre_core::monitor::{IndependentProbe, Metric, Sample, ServerMonitor, default_rules};
use pgsre_core::pooler::{Console, PoolerProbe, PoolerVersion};
use pgsre_core::postgres::ConnectConfig;
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::pooler::{PASSWORD, Pooler};
use pgsre_tests::harness::server::{PATIENCE, Server};

const SMALL: &str = "default_pool_size = 2\nserver_login_retry = 1\nmax_client_conn = 50";

fn value(samples: &[Sample], metric: Metric) -> Option<f64> {
    samples.iter().filter(|sample| sample.metric == metric).find_map(|sample| sample.value)
}

async fn read(probe: &mut PoolerProbe) -> Vec<Sample> {
    probe.measure(Timestamp::now()).await.expect("a reading").samples
}

/// Reads until what is looked for is so.
async fn until(probe: &mut PoolerProbe, is: impl Fn(&[Sample]) -> bool) -> Vec<Sample> {
    let begin = Instant::now();
    loop {
        let samples = read(probe).await;
        if is(&samples) {
            return samples;
        }
        assert!(begin.elapsed() < PATIENCE, "{samples:#?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The rules on pools that fire, were it to go on like this.
async fn alarms(server: &Server, console: ConnectConfig) -> Vec<(String, IncidentState)> {
    let monitor = ServerMonitor::new("shop", server.config("postgres"));
    let mut monitor = monitor.beside(Box::new(PoolerProbe::new(console)));
    let reading = monitor.read().await;
    let incidents = Incidents::of_one(&default_rules(), &reading);
    let open = incidents.open().into_iter().filter(|incident| incident.rule.starts_with("pool."));
    open.map(|incident| (incident.rule.clone(), incident.state)).collect()
}

fn firing(rule: &str) -> (String, IncidentState) {
    (rule.to_owned(), IncidentState::Firing)
}

#[tokio::test]
async fn the_console_answers_by_name_and_survives_a_reload_and_a_restart() {
    let server = Server::start(15).await;
    let mut pooler = Pooler::before(&server, "", SMALL);
    assert!(pooler.sql("select 1").status.success());
    // Options would be fatal at the console: they are left out.
    let config = pooler.console().with_parameter("statement_timeout", "5s").with_database("shop");
    let console = Console::connect(&config).await.expect("the console");
    assert!(console.version() >= PoolerVersion::new(1, 18));
    let pools = console.pools().await.expect("pools");
    assert!(pools.iter().any(|pool| pool.database == "shop" && pool.servers() == 1), "{pools:?}");
    let databases = console.databases().await.expect("databases");
    let shop = databases.iter().find(|database| database.name == "shop").expect("shop");
    assert_eq!((shop.pool_size, shop.database.as_str()), (2, "postgres"));
    let stats = console.stats().await.expect("stats");
    assert!(stats.iter().any(|stats| stats.database == "shop" && stats.queries == 1), "{stats:?}");
    assert!(!console.clients().await.expect("clients").is_empty());
    assert_eq!(console.servers().await.expect("servers").len(), 1);
    assert!(console.users().await.expect("users").iter().any(|user| user.name == "web"));
    let of = |name: &str, lists: &[(String, u64)]| {
        lists.iter().find(|(list, _)| list == name).map(|(_, items)| *items)
    };
    assert!(of("used_clients", &console.lists().await.expect("lists")) > Some(0));
    let settings = console.config().await.expect("settings");
    assert!(settings.iter().any(|row| row.key == "default_pool_size" && row.value == "2"));
    assert!(!console.memory().await.expect("memory").is_empty());
    assert_eq!(console.state().await.expect("state").is_some(), console.version().is_since(1, 19));

    let mut probe = PoolerProbe::new(pooler.console());
    read(&mut probe).await;
    pooler.reload(|ini| ini.replace("default_pool_size = 2", "default_pool_size = 7"));
    let databases = console.databases().await.expect("databases");
    assert!(databases.iter().any(|database| database.pool_size == 7));
    pooler.restart();
    assert!(console.pools().await.is_err(), "its connection is gone");
    let samples = read(&mut probe).await;
    assert_eq!(value(&samples, Metric::PoolUp), Some(1.0), "it connects anew");
    assert_eq!(value(&samples, Metric::PoolConcurrency), None, "counters begin anew");
}

#[tokio::test]
async fn a_busy_pool_raises_nothing_and_a_stalled_one_does_although_no_wait_is_counted() {
    let server = Server::start(15).await;
    server.sql(
        "postgres",
        b"create table stock (item int primary key, amount int); insert into stock values (1, 5)",
    );
    let pooler = Pooler::before(&server, "", SMALL);
    assert!(pooler.sql("select 1").status.success());
    let mut probe = PoolerProbe::new(pooler.console());
    read(&mut probe).await;
    bench(&pooler, 8, 2);
    let busy = read(&mut probe).await;
    assert!(value(&busy, Metric::PoolTransactionRate) > Some(10.0), "{busy:#?}");
    assert!(value(&busy, Metric::PoolConcurrency) > Some(0.1));
    assert!(value(&busy, Metric::PoolTransactionSeconds) > Some(0.0));
    assert_eq!(alarms(&server, pooler.console()).await, []);

    // Whoever locks the table stops everybody.
    let locked = server.connect("postgres").await;
    let session = locked.session().await.expect("a session");
    session.batch_execute("begin; lock table stock").await.expect("a lock");
    let clients: Vec<_> =
        (0..6).map(|_| pooler.client("update stock set amount = 4 where item = 1")).collect();
    let stalled =
        until(&mut probe, |samples| value(samples, Metric::PoolMaxWaitSeconds) > Some(1.2));
    let stalled = stalled.await;
    assert_eq!(value(&stalled, Metric::PoolClientsWaiting), Some(4.0));
    assert_eq!(value(&stalled, Metric::PoolSaturation), Some(1.0));
    assert_eq!(value(&stalled, Metric::PoolWaitSeconds), None, "total_wait_time stands still");
    let alarms_now = alarms(&server, pooler.console()).await;
    assert!(alarms_now.contains(&firing("pool.waiting")), "{alarms_now:?}");
    session.batch_execute("rollback").await.expect("the lock let go");
    until(&mut probe, |samples| value(samples, Metric::PoolClientsWaiting) == Some(0.0)).await;
    drop(clients);
    assert_eq!(alarms(&server, pooler.console()).await, []);
}

#[tokio::test]
async fn a_paused_a_disabled_and_an_open_database_are_told_apart() {
    let server = Server::start(15).await;
    let pooler = Pooler::before(&server, "", SMALL);
    assert!(pooler.sql("select 1").status.success());
    assert_eq!(alarms(&server, pooler.console()).await, []);
    pooler.admin("PAUSE shop");
    assert_eq!(alarms(&server, pooler.console()).await, [firing("pool.paused")]);
    pooler.admin("RESUME shop");
    assert_eq!(alarms(&server, pooler.console()).await, []);
    pooler.admin("DISABLE shop");
    assert_eq!(alarms(&server, pooler.console()).await, [firing("pool.disabled")]);
    pooler.admin("ENABLE shop");
    assert_eq!(alarms(&server, pooler.console()).await, []);
}

#[tokio::test]
async fn many_clients_come_near_the_limit_and_few_do_not() {
    let server = Server::start(15).await;
    let pooler = Pooler::before(&server, "", "default_pool_size = 2\nmax_client_conn = 10");
    let few: Vec<_> = (0..3).map(|_| pooler.client("select pg_sleep(20)")).collect();
    let mut probe = PoolerProbe::new(pooler.console());
    let samples =
        until(&mut probe, |samples| value(samples, Metric::PoolClientSaturation) >= Some(0.4));
    assert!(value(&samples.await, Metric::PoolClientSaturation) <= Some(0.6));
    let many: Vec<_> = (0..6).map(|_| pooler.client("select pg_sleep(20)")).collect();
    until(&mut probe, |samples| value(samples, Metric::PoolClientSaturation) >= Some(0.9)).await;
    let open = alarms(&server, pooler.console()).await;
    assert!(open.contains(&firing("pool.clients")), "{open:?}");
    drop((few, many));
}

#[tokio::test]
async fn a_pooler_that_is_gone_is_down_and_one_that_refuses_us_has_no_data() {
    let server = Server::start(15).await;
    let mut pooler = Pooler::before(&server, "", SMALL);
    let wrong = pooler.console_as("stats", "wrong");
    let no_data = ("pool.down".to_owned(), IncidentState::NoData);
    assert_eq!(alarms(&server, wrong).await, std::slice::from_ref(&no_data));
    assert_eq!(alarms(&server, pooler.console()).await, []);
    // A PostgreSQL in the pooler's place is no pooler.
    assert_eq!(alarms(&server, server.config("postgres")).await, [no_data]);
    pooler.kill();
    assert_eq!(alarms(&server, pooler.console()).await, [firing("pool.down")]);
}

#[tokio::test]
async fn a_pooler_that_cannot_log_in_to_the_server_is_told_by_its_waiting_clients() {
    let server = Server::start(15).await;
    let pooler = Pooler::before(&server, "", SMALL);
    assert!(pooler.sql("select 1").status.success());
    assert_eq!(alarms(&server, pooler.console()).await, []);
    pooler.reload(|ini| ini.replace("dbname=postgres", "dbname=nowhere"));
    // Who waits while a login fails is sent away; who comes after that waits for the next one.
    let mut probe = PoolerProbe::new(pooler.console());
    let mut clients = Vec::new();
    let begin = Instant::now();
    while value(&read(&mut probe).await, Metric::PoolLoginFailures) == Some(0.0) {
        assert!(begin.elapsed() < PATIENCE, "{} clients, and none of them waits", clients.len());
        clients.push(pooler.client("select 1"));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn status_of_the_command_line_is_sound_then_paused_and_without_the_password_has_no_data() {
    let server = Server::start(15).await;
    let pooler = Pooler::before(&server, "", SMALL);
    assert!(pooler.sql("select 1").status.success());
    let pgsre = Pgsre::new();
    let console = pooler.url("stats", PASSWORD, "pgbouncer");
    let status = |url: &str| pgsre.json(&["pool", "status", url, "--window", "200ms"]);
    let (code, sound) = status(&console);
    assert_eq!((code, sound["state"].as_str()), (0, Some("ok")), "{sound:#}");
    assert_eq!((&sound["schema"], &sound["pools"][0]["database"]), (&1.into(), &"shop".into()));
    assert!(!sound.to_string().contains(PASSWORD));
    pooler.admin("PAUSE shop");
    let (code, paused) = status(&console);
    assert_eq!((code, paused["alerts"][0]["rule"].as_str()), (1, Some("pool.paused")));
    pooler.admin("RESUME shop");
    let (code, refused) = status(&pooler.url("stats", "wrong", "pgbouncer"));
    assert_eq!((code, refused["state"].as_str()), (3, Some("no_data")), "{refused:#}");
}

#[test]
fn lint_of_the_command_line_says_rule_line_and_fix_in_each_format() {
    let pgsre = Pgsre::new();
    let file = pgsre.home().join("bad.ini");
    let text = "[databases]\nshop = host=/tmp user=shop\n[pgbouncer]\nauth_type = any\n";
    std::fs::write(&file, text).expect("a file");
    let path = file.to_string_lossy().into_owned();
    let (code, json) = pgsre.json(&["pool", "lint", &path]);
    assert_eq!((code, &json["schema"]), (1, &1.into()));
    assert_eq!(json["files"][0], path.as_str());
    let first = &json["findings"][0];
    assert_eq!((&first["rule"], &first["line"]), (&"auth-any".into(), &4.into()));
    for key in ["severity", "path", "message", "reason", "fix"] {
        assert!(first[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {first}");
    }
    let sarif = pgsre.command(&["pool", "lint", &path, "--format", "sarif"]).output();
    let sarif: serde_json::Value =
        serde_json::from_slice(&sarif.expect("pgsre").stdout).expect("SARIF");
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), json["findings"].as_array().expect("findings").len());
    let none = pgsre.command(&["pool", "lint", "nowhere.ini"]).output().expect("pgsre");
    assert_eq!(none.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_size_writes_is_accepted_by_pgbouncer_and_by_our_lint_and_serves() {
    let server = Server::start(15).await;
    let pgsre = Pgsre::new();
    let file = pgsre.home().join("pgbouncer.ini");
    let path = file.to_string_lossy().into_owned();
    let uri = server.uri("postgres");
    let sized = pgsre.json(&[
        "pool",
        "size",
        "--services",
        "10",
        "--connections",
        "20",
        "--cores",
        "4",
        "--server-url",
        &uri,
        "--write",
        &path,
        "--pgbouncer-version",
        "1.18",
    ]);
    assert_eq!((sized.0, &sized.1["total"]), (0, &9.into()), "{:#}", sized.1);
    let lint = ["pool", "lint", &path, "--pgbouncer-version", "1.18", "--database", &uri];
    let (code, linted) = pgsre.json(&lint);
    assert_eq!(code, 0, "{linted:#}");
    let text = std::fs::read_to_string(&file).expect("what was written");
    let mut again =
        pgsre.command(&["pool", "size", "--services", "1", "--connections", "1", "--write", &path]);
    assert_eq!(again.output().expect("pgsre").status.code(), Some(2), "nothing is written over");

    let users = pgsre.home().join("userlist.txt").display().to_string();
    let pooler = Pooler::start(&server, |port, directory| {
        let own = directory.join("users.txt").display().to_string();
        text.replace("= 6432", &format!("= {port}")).replace(&users, &own).replace(
            "dbname=postgres",
            &format!("dbname=postgres user={}", server.config("postgres").user()),
        )
    });
    // 30 clients at once, in place of 200: backends counted while they work.
    let url = pooler.url("web", PASSWORD, "postgres");
    // First without the pool: it keeps its connections.
    let direct = backends_under(&server, &server.url("postgres"));
    let through = backends_under(&server, &url);
    assert!((1..=11).contains(&through), "{through} backends through the pool");
    assert_eq!(direct, 30);
}

/// The most backends of clients that a server has while 30 clients work.
fn backends_under(server: &Server, url: &str) -> u64 {
    let script = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(script.path(), "select pg_sleep(0.01);\n").expect("a script");
    let program = pgsre_tests::harness::server::programs(15).bindir().join("pgbench");
    let mut bench = Command::new(program)
        .args(["-n", "-c", "30", "-T", "600", "-f"])
        .arg(script.path())
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("pgbench");
    let count = "select count(*) from pg_stat_activity where query like '%pg_sleep(0.01)%' \
                 and pid <> pg_backend_pid() and backend_type = 'client backend'";
    let mut seen: Vec<u64> = Vec::new();
    // As often as it takes, however slow the machine: twenty times while they work.
    while seen.len() < 20 {
        assert!(bench.try_wait().expect("a status").is_none(), "pgbench ended");
        let output = server.psql("postgres", &["-At", "-c", count], b"");
        let working = String::from_utf8_lossy(&output.stdout).trim().parse::<u64>();
        seen.extend(working.ok().filter(|working| *working > 0));
    }
    bench.kill().expect("pgbench ends");
    bench.wait().expect("a status");
    seen.into_iter().max().unwrap_or_default()
}

/// pgbench through the pool, for so many seconds.
fn bench(pooler: &Pooler, clients: u32, seconds: u32) {
    let script = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(script.path(), "select amount from stock where item = 1;\n").expect("a script");
    let program = pgsre_tests::harness::server::programs(15).bindir().join("pgbench");
    let output = Command::new(program)
        .args(["-n", "-c", &clients.to_string(), "-j", "1", "-T", &seconds.to_string(), "-f"])
        .arg(script.path())
        .arg(pooler.url("web", PASSWORD, "shop"))
        .stdin(Stdio::null())
        .output()
        .expect("pgbench");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
