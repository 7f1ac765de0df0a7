//! The dashboard in a real browser, beside what SQL says at the same time; who may look at it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pgsre_core::Database;
use pgsre_tests::harness::browser::Browser;
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::load::Load;
use pgsre_tests::harness::relay::Relay;
use pgsre_tests::harness::server::{PATIENCE, Server};
use pgsre_tests::harness::shown::Shown;
use pgsre_tests::harness::standby::Standby;
use pgsre_tests::harness::watching::Watching;
use reqwest::header;

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

const FAULTS: [(&str, &str, &str, &str); 3] = [
    ("cut-replica", "mend-replica", "#replication", "critical"),
    ("drop-index", "rebuild-index", "#latency", "warning"),
    ("fill-disk", "empty-disk", "#disk", "critical"),
];

/// By when each is seen: it takes 2 to 6 s where nothing else runs.
const SEEN: Duration = Duration::from_secs(15);

fn is(panel: &str, state: &str) -> String {
    format!("document.querySelector('{panel} .pill').innerText === '{state}'")
}

#[test]
fn each_button_of_the_demo_shows_in_its_panel_until_it_is_mended_and_nothing_is_left() {
    let pgsre = Pgsre::new();
    let demo = Shown::demo(&pgsre);
    let mut browser = Browser::start();
    browser.open(&demo.address);
    for panel in ["#connections", "#latency", "#replication", "#transactions", "#cache", "#disk"] {
        browser.until(&is(panel, "ok"));
    }
    assert_eq!(browser.axe(), [""; 0]);
    for (key, (fault, _, panel, state)) in [1, 3, 5].into_iter().zip(FAULTS) {
        // By its key; the others by their buttons.
        let named = format!("document.querySelector('form[action$=\"/{fault}\"] kbd').innerText");
        assert_eq!(browser.value(&named), key.to_string());
        browser.value(&format!("document.body.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true }}))"));
        browser.until_within(SEEN, &is(panel, state));
    }
    browser.until("/replica2 disconnected/.test(document.querySelector('#replication').innerText)");
    browser.until(&is("#connections", "ok"));
    for (_, mend, panel, _) in FAULTS {
        browser
            .value(&format!("document.querySelector('form[action$=\"/{mend}\"] button').click()"));
        browser.until_within(SEEN, &is(panel, "ok"));
    }
    assert_eq!(browser.complaints(), [""; 0]);
    assert_eq!(demo.interrupt(), Some(130));
    assert_eq!(pgsre.left(), Vec::<String>::new());
}

#[tokio::test]
async fn only_the_demo_has_buttons_only_its_own_page_presses_them_and_only_here() {
    let pgsre = Pgsre::new();
    let elsewhere = pgsre.command(&["demo", "--dashboard", "--listen", "0.0.0.0:0"]).output();
    let elsewhere = elsewhere.expect("pgsre");
    let said = String::from_utf8_lossy(&elsewhere.stderr).into_owned();
    assert!(elsewhere.status.code() == Some(2) && said.contains("127.0.0.1"), "{said}");
    let mut nothing = pgsre.command(&["demo", "--dashboard", "--listen", "127.0.0.1:0"]);
    let nothing = nothing.env("PGSRE_PG_BINDIR", "/nonexistent").output().expect("pgsre");
    let said = String::from_utf8_lossy(&nothing.stderr).into_owned();
    assert!(nothing.status.code() == Some(3) && said.contains("PGSRE_PG_BINDIR"), "{said}");

    let server = Server::start(15).await;
    let shown = Shown::start(&pgsre, &server.uri("postgres"), &[]);
    let press = |origin: &str| {
        let press = format!("{}control/cut-replica", shown.address);
        reqwest::Client::new().post(press).header(header::ORIGIN, origin)
    };
    let from = async |origin: &str| press(origin).send().await.expect("an answer").status();
    assert_eq!(from("http://evil.example").await, 403);
    assert_eq!(from(shown.address.trim_end_matches('/')).await, 404);
}

/// Readings until the window is long enough to say how often each statement comes in one.
const READINGS: i64 = 12;

/// How often a reading executes each statement, by what the server counts; what comes less often
/// than every second reading, as sizes that are looked at once a minute, is left out.
async fn per_reading(sql: &Database) -> BTreeMap<i64, i64> {
    const RESET: &str = "select pg_stat_statements_reset() as audited";
    const COUNTED: &str = "\
        select queryid, calls, query like 'SELECT pg_is_in_recovery(), current_setting%' \
          from pg_stat_statements as audited where query not like '%audited%'";
    let session = sql.session().await.expect("a session");
    session.batch_execute(RESET).await.expect("a reset");
    let begin = Instant::now();
    loop {
        assert!(begin.elapsed() < PATIENCE, "no readings");
        tokio::time::sleep(Duration::from_millis(100)).await;
        let rows = session.query(COUNTED, &[]).await.expect("statements");
        let readings: i64 =
            rows.iter().filter(|row| row.get(2)).map(|row| row.get::<_, i64>(1)).sum();
        if readings < READINGS {
            continue;
        }
        let rate = |calls: i64| (calls * 2 + readings) / (readings * 2);
        let all = rows.iter().map(|row| (row.get(0), rate(row.get(1))));
        return all.filter(|(_, rate)| *rate > 0).collect();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_viewers_cause_not_one_query() {
    let server = Server::start_with(15, &SETTINGS).await;
    server.sql("postgres", b"create extension pg_stat_statements");
    let pgsre = Pgsre::new();
    let shown = Shown::start(&pgsre, &server.uri("postgres"), &[]);
    let sql = server.connect("postgres").await;
    let alone = per_reading(&sql).await;
    assert!(alone.len() > 10, "{alone:?}");

    let client = reqwest::Client::new();
    let home = client.get(&shown.address).send().await.expect("an answer").url().to_string();
    let mut viewers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (client, home) = (client.clone(), home.clone());
        viewers.spawn(async move {
            let page = async |page: &str| {
                client.get(format!("{home}{page}")).send().await.expect("an answer")
            };
            let mut live = page("/live").await;
            let mut seen = 0;
            loop {
                for one in ["", "/charts", "/board.json"] {
                    assert_eq!(page(one).await.status(), 200);
                }
                live.chunk().await.expect("an event").expect("bytes");
                seen += 1;
                if seen == 3 {
                    // From then on only what is told to it.
                    while live.chunk().await.is_ok_and(|chunk| chunk.is_some()) {}
                    return;
                }
            }
        });
    }
    assert_eq!(per_reading(&sql).await, alone);
    assert_eq!(viewers.len(), 50);
    assert!(viewers.try_join_next().is_none(), "a viewer was turned away");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_are_listed_worst_first_behind_a_token_and_judged_by_the_rules_of_now() {
    let server = Server::start(15).await;
    let pgsre = Pgsre::new();
    let servers = format!(
        "[[server]]\nname = 'a well one'\nurl = '{}'\n\
         [[server]]\nname = 'gone'\nurl = 'postgres://x@127.0.0.1:1/x'\n\
         [watch]\ninterval = '500ms'\n\
         [[rule]]\nname = 'server.down'\ncritical = {{ below = 1 }}\n",
        server.uri("postgres"),
    );
    let config = pgsre.home().join("pgsre.toml");
    std::fs::write(&config, &servers).expect("a configuration");
    let token = "a token of twenty letters";
    std::fs::write(pgsre.home().join("token"), token).expect("a token");
    let watching = Watching::start(&pgsre, &["--token-file", "token"]);

    let mut browser = Browser::start();
    browser.open(&watching.page("/dashboard"));
    let answer = |browser: &mut Browser, token: &str| {
        browser.value(&format!(
            "document.querySelector('input').value = '{token}'; \
             document.querySelector('form button').click()"
        ));
    };
    answer(&mut browser, "not the token that is asked for");
    browser.until("document.querySelector('[role=alert]') !== null");
    answer(&mut browser, token);
    browser.until("[...document.querySelectorAll('.fleet h2')].map(one => one.innerText).join() === 'gone,a well one'");
    browser.until(
        "[...document.querySelectorAll('.fleet .pill')].map(one => one.innerText).join() === 'critical,ok'",
    );
    assert_eq!(browser.axe(), [""; 0]);
    browser.value("document.querySelectorAll('.fleet a')[1].click()");
    browser.until("location.pathname === '/dashboard/server/a%20well%20one' && document.querySelector('#connections .pill') !== null");
    browser.until(&is("#connections", "ok"));

    let rule =
        "[[rule]]\nname = 'mine'\nmetric = 'connections.saturation'\nwarning = { above = 0 }\n";
    std::fs::write(&config, servers + rule).expect("a configuration");
    watching.signal("HUP");
    watching.until("reloaded");
    browser.until(&is("#connections", "warning"));
    let figure = "document.querySelector('#connections [data-part^=figures]').innerHTML";
    assert!(browser.value(figure).as_str().is_some_and(|html| html.contains("warning")));

    browser.value("document.querySelector('nav[aria-label=Servers] a').click()");
    browser.until("document.querySelectorAll('.fleet h2').length === 2");
    drop(watching);
    browser.until("/No answer from pgsre for .* s: what is shown is old/.test(document.getElementById('stale').innerText) && !document.getElementById('stale').hidden");
}

#[test]
#[ignore = "writes pictures to be looked at: cargo test -p pgsre-tests --test dashboard pictures -- --ignored"]
fn pictures_of_the_demo_in_every_size_dark_and_light() {
    let pgsre = Pgsre::new();
    let demo = Shown::demo(&pgsre);
    let mut browser = Browser::start();
    browser.open(&demo.address);
    std::thread::sleep(Duration::from_secs(75));
    browser.value("document.querySelector('form[action$=\"/cut-replica\"] button').click()");
    browser.until(&is("#replication", "critical"));
    let place = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&place).expect("a directory");
    for (width, dark) in
        [390, 1280, 2560].into_iter().flat_map(|width| [(width, true), (width, false)])
    {
        browser.show_as(width, dark);
        std::thread::sleep(Duration::from_secs(1));
        let name = format!("{width}-{}.png.base64", if dark { "dark" } else { "light" });
        std::fs::write(place.join(name), browser.picture()).expect("a picture");
    }
    println!("{}", place.display());
}

/// A process's time on the processor in seconds, and its memory in MB.
fn taken(pid: u32) -> (f64, f64) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("its figures");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split(' ').collect();
    let number = |at: usize| fields[at].parse::<f64>().expect("a number");
    ((number(12) + number(13)) / 100.0, number(22) * 4_096.0 / 1e6)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures: cargo test -p pgsre-tests --test dashboard what_500 -- --ignored --nocapture"]
async fn what_500_viewers_cost() {
    let server = Server::start_with(15, &SETTINGS).await;
    server.sql("postgres", b"create extension pg_stat_statements");
    let pgsre = Pgsre::new();
    let shown = Shown::start(&pgsre, &server.uri("postgres"), &[]);
    let client = reqwest::Client::new();
    let home = client.get(&shown.address).send().await.expect("an answer").url().to_string();
    let mut viewers = tokio::task::JoinSet::new();
    for many in [0, 500] {
        for _ in 0..many {
            let mut live = client.get(format!("{home}/live")).send().await.expect("an answer");
            viewers
                .spawn(async move { while live.chunk().await.is_ok_and(|one| one.is_some()) {} });
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
        let (before, _) = taken(shown.pid());
        tokio::time::sleep(Duration::from_secs(20)).await;
        let (after, memory) = taken(shown.pid());
        assert_eq!(viewers.len(), many);
        println!("{many} viewers: {:.2} % of a core, {memory:.1} MB", (after - before) * 5.0);
    }
}
