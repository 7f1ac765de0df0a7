//! `pgsre watch` as a service: what it tells and to whom, over restarts, reloads and its end; what
//! Prometheus reads of it.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::hook::Hook;
use pgsre_tests::harness::relay::Relay;
use pgsre_tests::harness::server::{PATIENCE, Server};
use pgsre_tests::harness::watching::Watching;
use serde_json::Value;

/// A server behind a way that can be shut, a sink, and a configuration that says so.
struct Scene {
    server: Server,
    relay: Relay,
    hook: Hook,
    pgsre: Pgsre,
}

/// A server that is down is told at once, so that no test waits for more than readings.
const RULES: &str = "
    [[rule]]
    name = 'server.down'
    critical = { below = 1 }
    [watch]
    interval = '200ms'\n";

impl Scene {
    async fn new() -> Self {
        let server = Server::start(15).await;
        let relay = Relay::to(&server.config("postgres")).await;
        let scene = Self { server, relay, hook: Hook::start().await, pgsre: Pgsre::new() };
        scene.configure("");
        scene
    }

    fn configure(&self, more: &str) {
        let config = format!(
            "[[server]]\nname = 'shop'\nurl = '{}'\n{RULES}\
             [[alerter]]\nkind = 'webhook'\nurl = 'http://{}/ok'\n{more}",
            self.relay.uri("postgres"),
            self.hook.address(),
        );
        self.write(&config);
    }

    fn write(&self, config: &str) {
        fs::write(self.pgsre.home().join("pgsre.toml"), config).expect("a configuration");
    }

    fn watch(&self) -> Watching {
        Watching::start(&self.pgsre, &[])
    }

    /// Every event that was posted, in order.
    fn told(&self) -> Vec<String> {
        let posted = self.hook.posted("/ok");
        posted.iter().map(|one| one["event"].as_str().expect("an event").to_owned()).collect()
    }
}

async fn get(url: &str) -> (u16, String) {
    let answer = reqwest::get(url).await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

/// Waits until so many more cycles have ended.
async fn cycles(watching: &Watching, count: usize) {
    let page = watching.page("/metrics");
    let mut seen = Vec::new();
    let begin = Instant::now();
    while seen.len() <= count {
        let (_, text) = get(&page).await;
        let line = text.lines().find(|line| line.starts_with("pgsre_watch_last_cycle"));
        if let Some(line) = line.filter(|line| seen.last().is_none_or(|last| last != line)) {
            seen.push(line.to_owned());
        }
        assert!(begin.elapsed() < PATIENCE, "{text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_down_is_told_once_and_its_return_once() {
    let mut scene = Scene::new().await;
    let watching = scene.watch();
    cycles(&watching, 3).await;
    assert_eq!(scene.told(), [""; 0], "the server is up");

    scene.relay.shut().await;
    let firing = scene.hook.until("/ok", 1).await.remove(0);
    assert_eq!((&firing["rule"], &firing["severity"]), (&"server.down".into(), &"critical".into()));
    assert_eq!(firing["labels"]["server"], "shop");
    cycles(&watching, 3).await;
    scene.relay.open().await;
    scene.hook.until("/ok", 2).await;
    cycles(&watching, 3).await;
    assert_eq!(scene.told(), ["firing", "resolved"]);
    let lines = watching.lines();
    let printed = lines.iter().filter(|line| line["rule"] == "server.down");
    assert_eq!(printed.cloned().collect::<Vec<_>>(), scene.hook.posted("/ok"));
    assert_eq!(watching.end("TERM").code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dead_man_s_switch_is_called_after_whole_cycles_and_not_while_an_alert_waits() {
    let mut scene = Scene::new().await;
    let (shop, hook) = (scene.relay.uri("postgres"), scene.hook.address().to_owned());
    scene.write(&format!(
        "[[server]]\nname = 'shop'\nurl = '{shop}'\n{RULES}deadman = 'http://{hook}/ok/switch'\n\
         [[alerter]]\nkind = 'webhook'\nurl = 'http://{hook}/broken'\n"
    ));
    let called = |scene: &Scene| scene.hook.heads().matches("GET /ok/switch").count();
    let watching = scene.watch();
    while called(&scene) < 3 {
        cycles(&watching, 1).await;
    }
    scene.relay.shut().await;
    scene.hook.until("/broken", 1).await;
    // One may have been on its way.
    cycles(&watching, 2).await;
    let before = called(&scene);
    cycles(&watching, 5).await;
    assert_eq!(called(&scene), before, "nobody was told of the server that is down");
    assert_eq!(get(&watching.page("/healthz")).await.0, 200, "the loop does its work");
    assert_eq!(watching.end("TERM").code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_is_killed_in_an_incident_tells_nothing_twice_and_forgets_nothing() {
    let mut scene = Scene::new().await;
    scene.relay.shut().await;
    let killed = scene.watch();
    scene.hook.until("/ok", 1).await;
    cycles(&killed, 2).await;
    assert_eq!(killed.end("KILL").code(), None);

    let again = scene.watch();
    cycles(&again, 3).await;
    assert_eq!(scene.told(), ["firing"], "it goes on");
    assert_eq!(again.end("KILL").code(), None);
    scene.relay.open().await;
    let after = scene.watch();
    scene.hook.until("/ok", 2).await;
    cycles(&after, 3).await;
    assert_eq!(scene.told(), ["firing", "resolved"], "it ended while nobody watched");
    assert_eq!(after.end("KILL").code(), None);
    let sound = scene.watch();
    cycles(&sound, 3).await;
    assert_eq!(scene.told().len(), 2, "nothing is left of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_in_a_database_is_kept_there_and_one_that_is_down_stops_no_watching() {
    let scene = Scene::new().await;
    scene.server.create("history", "", b"");
    let store = |url: String| format!("[history]\nstore = '{url}'\n");
    scene.configure(&store(scene.server.uri("history")));
    let watching = scene.watch();
    cycles(&watching, 3).await;
    let history = scene.server.connect("history").await;
    let rows = "SELECT count(DISTINCT at), bool_and(server = 'shop') FROM pgsre_samples.samples";
    let row = history.client().await.expect("a client").query_one(rows, &[]).await.expect("rows");
    assert!(row.get::<_, i64>(0) >= 3 && row.get::<_, bool>(1), "{row:?}");
    let troubles = watching.lines().into_iter().filter(|line| line["event"] == "trouble");
    assert_eq!(troubles.count(), 0);
    watching.end("TERM");

    scene.configure(&store("postgres://nobody:s3cret@127.0.0.1:1/history".to_owned()));
    let watching = scene.watch();
    cycles(&watching, 3).await;
    let trouble = watching.until("trouble")["what"].as_str().expect("what").to_owned();
    assert!(trouble.contains("readings are not kept"), "{trouble}");
    assert!(trouble.contains("127.0.0.1:1/history") && !trouble.contains("s3cret"), "{trouble}");
    assert_eq!(scene.told(), [""; 0], "the server is up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_is_read_again_counts_and_a_broken_one_does_not() {
    let scene = Scene::new().await;
    let watching = scene.watch();
    let shop = format!("[[server]]\nname = 'shop'\nurl = '{}'\n", scene.relay.uri("postgres"));
    let metrics = watching.page("/metrics");

    scene.write("[[server]]\nnmae = 'shop'\n");
    watching.signal("HUP");
    let trouble = watching.until("trouble");
    assert!(trouble["what"].as_str().expect("what").contains("stays as it was"), "{trouble}");
    cycles(&watching, 2).await;
    assert!(get(&metrics).await.1.contains("pgsre_server_up{server=\"shop\"} 1\n"));

    scene.configure("[[server]]\nname = 'gone'\nurl = 'postgres://x@127.0.0.1:1/x'\n");
    watching.signal("HUP");
    let added = watching.until("server_added");
    assert_eq!(added["server"], "gone");
    let firing = scene.hook.until("/ok", 1).await.remove(0);
    assert_eq!((&firing["event"], &firing["labels"]["server"]), (&"firing".into(), &"gone".into()));
    let (_, text) = get(&metrics).await;
    assert!(text.contains("pgsre_server_up{server=\"gone\"} 0\n"), "{text}");

    scene.write(&format!(
        "{shop}{RULES}[[alerter]]\nkind = 'webhook'\nurl = 'http://{}/ok'\n",
        scene.hook.address()
    ));
    watching.signal("HUP");
    watching.until("server_removed");
    scene.hook.until("/ok", 2).await;
    assert_eq!(scene.told(), ["firing", "resolved"]);
    let added: Vec<Value> =
        watching.lines().into_iter().filter(|line| line["event"] == "server_added").collect();
    assert_eq!(added.len(), 1, "the server that did not change goes on: {added:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_hangs_delays_the_end_by_seconds_only_and_a_second_watch_is_refused() {
    let mut scene = Scene::new().await;
    let hang =
        format!("[[alerter]]\nkind = 'webhook'\nurl = 'http://{}/hang'\n", scene.hook.address());
    scene.configure(&hang);
    let watching = scene.watch();
    let second = scene.pgsre.command(&["watch", "--listen", "none"]).output().expect("pgsre");
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(2), "{said}");
    assert!(said.contains("another pgsre watch"), "{said}");

    scene.relay.shut().await;
    scene.hook.until("/ok", 1).await;
    assert_eq!(watching.end("INT").code(), Some(130));
    let after = scene.watch();
    cycles(&after, 1).await;
    let (_, text) = get(&after.page("/metrics")).await;
    assert!(text.contains("pgsre_watch_alerts_waiting 1\n"), "it waits over a restart: {text}");
    assert_eq!(scene.told(), ["firing"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_look_judges_tells_and_says_how_it_is_by_its_status() {
    let mut scene = Scene::new().await;
    let once = |scene: &Scene| {
        let output = scene.pgsre.command(&["watch", "--once"]).output().expect("pgsre");
        output.status.code()
    };
    assert_eq!(once(&scene), Some(0));
    scene.relay.shut().await;
    assert_eq!(once(&scene), Some(1));
    assert_eq!(once(&scene), Some(1));
    scene.relay.open().await;
    assert_eq!(once(&scene), Some(0));
    assert_eq!(scene.told(), ["firing", "resolved"]);
}

/// Drills of a small dump every second.
async fn with_drills(scene: &Scene, more: &str) {
    scene.server.create_from("shop", "", "shop.sql");
    let backups = scene.pgsre.home().join("backups");
    fs::create_dir(&backups).expect("a directory");
    fs::write(backups.join("shop.sql"), scene.server.dump("shop", &[])).expect("a dump");
    scene.write(&format!(
        "[[server]]\nname = 'shop'\nurl = '{}'\n[server.backups]\nsource = '{}'\n\
         [server.drill]\nschedule = '* * * * * *'\n{more}{RULES}",
        scene.relay.uri("postgres"),
        backups.display()
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_runs_when_its_schedule_says_so_and_its_report_is_kept() {
    let scene = Scene::new().await;
    with_drills(&scene, "").await;
    let watching = scene.watch();
    let drill = watching.until("drill");
    assert_eq!(
        (&drill["verdict"], &drill["server"]),
        (&"passed".into(), &"shop".into()),
        "{drill}"
    );
    assert_eq!(watching.end("TERM").code(), Some(0));
    let (_, reports) = scene.pgsre.json(&["report"]);
    let ids: Vec<&Value> =
        reports["drills"].as_array().expect("drills").iter().map(|drill| &drill["id"]).collect();
    assert!(ids.contains(&&drill["id"]), "{reports:#}");
    assert_eq!(scene.pgsre.left(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_under_way_is_cancelled_and_cleaned_up_at_the_end() {
    let scene = Scene::new().await;
    let slow = "[[server.drill.validator]]\nkind = 'sql'\nname = 'slow'\n\
                query = 'select pg_sleep(60) is not null'\n";
    with_drills(&scene, slow).await;
    let watching = scene.watch();
    watching.until("drill_started");
    let begin = Instant::now();
    while scene.pgsre.left().is_empty() {
        assert!(begin.elapsed() < PATIENCE, "{:#?}", watching.lines());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(watching.end("TERM").code(), Some(0));
    assert_eq!(scene.pgsre.left(), [""; 0]);
}

/// Debian's Prometheus, which scrapes one page.
struct Prometheus {
    child: Child,
    url: String,
    _directory: tempfile::TempDir,
}

impl Prometheus {
    fn of(page: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("an address").to_string();
        drop(free);
        let target = page.trim_start_matches("http://").trim_end_matches("/metrics");
        let config = format!(
            "global: {{ scrape_interval: 1s }}\nscrape_configs:\n\
             - job_name: pgsre\n  static_configs: [ {{ targets: ['{target}'] }} ]\n"
        );
        let file = directory.path().join("prometheus.yml");
        fs::write(&file, config).expect("a configuration");
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", directory.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("no prometheus here: run tests/run.sh --parts");
        Self { child, url: format!("http://{address}"), _directory: directory }
    }

    /// Waits until a query has a value.
    async fn value(&self, query: &str) -> String {
        let begin = Instant::now();
        loop {
            let url = format!("{}/api/v1/query?query={query}", self.url);
            let answer = match reqwest::get(&url).await {
                Ok(answer) => answer.text().await.unwrap_or_default(),
                Err(error) => error.to_string(),
            };
            let parsed: Value = serde_json::from_str(&answer).unwrap_or_default();
            if let Some(value) = parsed["data"]["result"][0]["value"][1].as_str() {
                return value.to_owned();
            }
            assert!(begin.elapsed() < PATIENCE, "{query}: {answer}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_reads_what_is_served_and_promtool_has_nothing_to_say() {
    let scene = Scene::new().await;
    let watching = scene.watch();
    cycles(&watching, 2).await;
    let page = watching.page("/metrics");
    let (status, text) = get(&page).await;
    assert_eq!(status, 200);
    assert!(text.contains("pgsre_connections_usable{server=\"shop\"} 57\n"), "{text}");
    assert_eq!(get(&watching.page("/healthz")).await, (200, "ok\n".to_owned()));
    assert_eq!(get(&watching.page("/nothing")).await.0, 404);

    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("no promtool here: run tests/run.sh --parts");
    let mut stdin = promtool.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut stdin, text.as_bytes()).expect("a page");
    drop(stdin);
    let said = promtool.wait_with_output().expect("its output");
    assert!(said.status.success() && said.stderr.is_empty(), "{said:?}");

    let prometheus = Prometheus::of(&page);
    assert_eq!(prometheus.value("pgsre_connections_usable").await, "57");
    assert_eq!(prometheus.value("up").await, "1");
    assert_eq!(prometheus.value("pgsre_server_up").await, "1");
}
