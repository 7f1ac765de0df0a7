//! The dashboard in a real browser, beside what SQL says at the same time; who may look at it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use pgsre_core::Database;
use pgsre_tests::harness::browser::Browser;
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::load::Load;
use pgsre_tests::harness::relay::Relay;
use pgsre_tests::harness::server::{PATIENCE, Server};
use pgsre_tests::harness::standby::Standby;
use pgsre_tests::harness::watching::Watching;
use reqwest::header;

/// `pgsre dashboard` under way. It is killed when dropped.
struct Shown {
    child: Child,
    address: String,
}

impl Shown {
    fn start(pgsre: &Pgsre, database: &str, more: &[&str]) -> Self {
        let mut command = pgsre.command(&["dashboard", "--listen", "127.0.0.1:0"]);
        let command = command.args(["--interval", "500ms", "--database", database]).args(more);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("pgsre");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("dashboard at ").expect("an address").to_owned();
        Self { child, address }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The figure of a panel as the page has it.
fn figure(browser: &mut Browser, panel: &str, name: &str) -> Option<f64> {
    let cell = format!("document.querySelector('#{panel} [data-figure=\"{name}\"]')");
    browser.value(&format!("{cell}?.dataset.value ?? null")).as_str()?.parse().ok()
}

/// Waits until the page and SQL say the same: they cannot look at exactly one moment.
async fn agree(browser: &mut Browser, panel: &str, name: &str, sql: &Database, query: &str) {
    let begin = Instant::now();
    loop {
        let session = sql.session().await.expect("a session");
        let row = session.query_one(query, &[]).await.expect("an answer");
        let (low, high): (f64, f64) = (row.get(0), row.get(1));
        let shown = figure(browser, panel, name);
        if shown.is_some_and(|shown| (low..=high).contains(&shown)) {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "{panel}, {name}: {shown:?}, SQL {low} to {high}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

const SETTINGS: [(&str, &str); 1] = [("shared_preload_libraries", "pg_stat_statements")];

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_what_sql_says_and_each_fault_until_it_is_mended() {
    let server = Server::start_with(15, &SETTINGS).await;
    server.sql("postgres", b"create extension pg_stat_statements");
    let mut standby = Standby::of(&server, "db2", 5433);
    let mut relay = Relay::to(&server.config("postgres")).await;
    let pgsre = Pgsre::new();
    let shown = Shown::start(&pgsre, &relay.uri("postgres"), &["--standby", "db2"]);
    let _load = Load::on(&server.config("postgres")).await;
    let sql = server.connect("postgres").await;
    let idle = server.connect("postgres").await.session().await.expect("a session");
    idle.batch_execute("begin; select 1").await.expect("a transaction");

    let mut browser = Browser::start();
    browser.open(&shown.address);
    browser.until("document.querySelectorAll('.panel .u-over').length >= 4");
    let all = "'client backend'";
    let one = |count: &str| format!("select x, x from (select {count}::float8 x) y");
    let clients = format!("(select count(*) from pg_stat_activity where backend_type = {all}");
    let saturation =
        format!("select x - 0.021, x + 0.021 from (select {clients}) / 97.0::float8 x) y");
    agree(&mut browser, "connections", "of usable", &sql, &saturation).await;
    let within = one(&format!("{clients} and state = 'idle in transaction')"));
    agree(&mut browser, "connections", "idle in transaction", &sql, &within).await;
    let size = "select x - 1e6, x + 1e6 from (select pg_database_size('postgres')::float8 x) y";
    agree(&mut browser, "disk", "database postgres", &sql, size).await;
    // Ten rows a second, and what monitoring commits itself.
    agree(&mut browser, "transactions", "commits", &sql, "select 5::float8, 60::float8").await;
    let lag = "select 0::float8, 1::float8 from pg_stat_replication where state = 'streaming'";
    agree(&mut browser, "replication", "db2", &sql, lag).await;
    assert_eq!(browser.value("document.querySelector('#replication .pill').innerText"), "ok");
    browser.until("document.querySelectorAll('.queries code').length > 0");

    for (width, dark) in [(1280, false), (390, true)] {
        browser.show_as(width, dark);
        assert_eq!(browser.axe(), [""; 0], "{width} {dark}");
        let wide = browser.value("document.documentElement.scrollWidth");
        assert!(wide.as_u64() <= Some(width.into()), "{width}: {wide}");
    }

    standby.kill();
    browser
        .until("document.querySelector('#replication .headline').innerText === 'db2 disconnected'");
    assert!(
        browser
            .value("document.querySelector('#replication').className")
            .as_str()
            .expect("a class")
            .contains("critical")
    );
    browser.until(
        "/replication.disconnected/.test(document.querySelector('[data-part=alerts]').innerText)",
    );
    standby.start_again();
    browser.until("/of 1 connected/.test(document.querySelector('#replication .caption').innerText) && document.querySelector('#replication .pill').innerText === 'ok'");
    browser.until("/Over[^]*replication.disconnected/.test(document.querySelector('[data-part=alerts]').innerText)");

    relay.shut().await;
    // What was never known is not stale: it has no data.
    browser.until("[...document.querySelectorAll('.panels .pill')].every(pill => ['stale', 'critical', 'no data'].includes(pill.innerText))");
    browser.until(
        "/last known .* ago/.test(document.querySelector('#connections .caption').innerText)",
    );
    relay.open().await;
    browser.until("document.querySelector('#connections .pill').innerText === 'ok'");

    assert_eq!(browser.complaints(), [""; 0]);
    let own = |url: &String| url.starts_with(&shown.address) || url.starts_with("data:");
    let elsewhere: Vec<_> = browser.requests().into_iter().filter(|url| !own(url)).collect();
    assert_eq!(elsewhere, ["about:blank"; 0]);
    drop(shown);
    browser.until("/connection lost/.test(document.getElementById('connection').innerText)");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_token_may_look_and_nobody_else_and_viewers_cause_no_connection() {
    let server = Server::start(15).await;
    let pgsre = Pgsre::new();
    let token = "a token of twenty letters";
    let file = pgsre.home().join("token");
    std::fs::write(&file, format!("{token}\n")).expect("a token");
    let file = file.to_str().expect("a name");
    let shown = Shown::start(&pgsre, &server.uri("postgres"), &["--token-file", file]);
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
    let client = client.expect("a client");
    let page = |path: &str| client.get(format!("{}{path}", shown.address));

    let refused = page("").send().await.expect("an answer");
    assert_eq!(refused.status(), 401);
    let policy = refused.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("a policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for path in ["server/x/live", "server/x/charts", "server/x/board.json", "server/x"] {
        assert_eq!(page(path).send().await.expect("an answer").status(), 401, "{path}");
    }
    let let_in = page("").bearer_auth(token).send().await.expect("an answer");
    assert_eq!(let_in.status(), 307);
    let path = let_in.headers()[header::LOCATION].to_str().expect("a path");
    let path = path.trim_start_matches('/');

    let login = |token: &str| {
        let form = format!("token={}", token.replace(' ', "+"));
        let kind = "application/x-www-form-urlencoded";
        client.post(format!("{}login", shown.address)).header(header::CONTENT_TYPE, kind).body(form)
    };
    assert_eq!(login("another token of mine").send().await.expect("an answer").status(), 401);
    let logged_in = login(token).send().await.expect("an answer");
    let cookie = logged_in.headers()[header::SET_COOKIE].to_str().expect("a cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().expect("a cookie");
    let whole = page(path).header(header::COOKIE, cookie).send().await.expect("an answer");
    assert_eq!(whole.status(), 200);
    assert!(whole.text().await.expect("a page").contains("Replication lag"));

    let live = format!("{path}/live");
    let mut viewers = Vec::new();
    for _ in 0..50 {
        let viewer = page(&live).header(header::COOKIE, cookie).send().await.expect("an answer");
        assert_eq!(viewer.status(), 200);
        viewers.push(viewer);
    }
    let mut first = viewers.remove(0);
    let event = first.chunk().await.expect("an event").expect("bytes");
    let event = String::from_utf8_lossy(&event);
    assert!(event.contains("event: reading") && event.contains("id: "), "{event}");
    let sql = server.connect("postgres").await;
    let ours = "select count(*) from pg_stat_activity where application_name like 'pgsre monitor%'";
    let session = sql.session().await.expect("a session");
    let count: i64 = session.query_one(ours, &[]).await.expect("an answer").get(0);
    assert_eq!(count, 1);

    // Who missed something reads its charts anew; who missed nothing goes on.
    let again = page(&live).header(header::COOKIE, cookie).header("last-event-id", "1");
    let mut again = again.send().await.expect("an answer");
    let event = again.chunk().await.expect("an event").expect("bytes");
    assert!(event.starts_with(b"event: reset"), "{event:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_has_the_same_pages_under_a_path_of_their_own() {
    let server = Server::start(15).await;
    let pgsre = Pgsre::new();
    let watching = Watching::start(&pgsre, &[&server.uri("postgres")]);
    let answer = reqwest::get(watching.page("/dashboard")).await.expect("an answer");
    let page = answer.text().await.expect("a page");
    assert!(page.contains("href=\"/dashboard/assets/dashboard.css?v="), "{page}");
    assert!(page.contains("data-live=\"/dashboard/server/"), "{page}");
    let style = reqwest::get(watching.page("/dashboard/assets/dashboard.css")).await;
    assert_eq!(style.expect("an answer").status(), 200);

    let client = reqwest::Client::new();
    let elsewhere = client.get(watching.page("/dashboard")).header(header::HOST, "evil.example");
    assert_eq!(elsewhere.send().await.expect("an answer").status(), 403, "DNS rebinding");
    let metrics = client.get(watching.page("/metrics")).header(header::HOST, "db1.example");
    assert_eq!(metrics.send().await.expect("an answer").status(), 200);
}
