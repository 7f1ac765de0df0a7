//! The dashboard's page in trouble: lines that break, or say nothing any more, and names that are
//! made to do harm.

use std::time::{Duration, Instant};

use pgsre_tests::harness::browser::Browser;
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::relay::Relay;
use pgsre_tests::harness::server::{PATIENCE, Server};
use pgsre_tests::harness::shown::Shown;

const IS_FRESH: &str = "document.getElementById('stale').hidden \
    && document.getElementById('connection').innerText === '' \
    && document.querySelector('#connections .pill').innerText === 'ok' \
    && document.querySelector('#connections .u-over') !== null";

const IS_STALE: &str = "!document.getElementById('stale').hidden \
    && /^No reading for \\d+.s: what is shown is old/.test(document.getElementById('stale').innerText) \
    && /: stale – pgsre$/.test(document.title) \
    && document.querySelectorAll('.panels .pill.ok').length === 0 \
    && document.querySelector('.verdict strong').textContent === 'stale'";

const LOST: &str = "/connection lost/.test(document.getElementById('connection').innerText)";

/// Opens the page of the only server, with all its readings of some minutes.
fn open(browser: &mut Browser, first: &str) {
    browser.open(first);
    let page = browser.value("location.href");
    browser.open(&format!("{}?range=15m", page.as_str().expect("an address")));
    browser.until(IS_FRESH);
}

/// The seconds between one row and the next of the chart as a table, the longest of them.
const LONGEST: &str = "(() => { \
    document.querySelector('#connections .over-time').open = true; \
    const at = [...document.querySelectorAll('#connections .over-time tbody tr')] \
        .map(row => Date.parse(row.cells[0].innerText.replace(' ', 'T') + 'Z')); \
    return Math.max(...at.slice(1).map((one, i) => at[i] - one)) / 1000; })()";

/// Waits until there is none that is longer than two points: the rows of the table do not reach
/// back so far that it goes by itself.
fn without_hole(browser: &mut Browser) {
    browser.until_within(Duration::from_secs(8), &format!("{LONGEST} <= 5"));
}

/// How old the page says that it is, in seconds.
const AGE: &str = "Number(document.getElementById('age').innerText.match(/read (\\d+)/)[1])";

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_cut_or_silent_shows_what_is_old_with_its_age_and_no_hole_is_left_of_it() {
    let server = Server::start(15).await;
    let pgsre = Pgsre::new();
    let shown = Shown::start(&pgsre, &server.uri("postgres"), &[]);
    let mut relay = Relay::to_port(&shown.listen()).await;
    let mut browser = Browser::start();
    open(&mut browser, &relay.page());

    relay.shut().await;
    browser.until(LOST);
    browser.until(IS_STALE);
    let first = browser.value(AGE).as_f64().expect("an age");
    assert!(first >= 15.0, "{first}");
    browser.until(&format!("{AGE} > {first}"));
    relay.open().await;
    browser.until(IS_FRESH);
    without_hole(&mut browser);

    // What is forgotten on the way is told by nobody: neither end hears that the other is gone.
    relay.be_silent(true);
    browser.until(IS_STALE);
    assert_eq!(browser.value(LOST), false);
    relay.be_silent(false);
    // The browser has more lines than one that are dead.
    browser.until_within(PATIENCE * 2, IS_FRESH);
    without_hole(&mut browser);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_that_ends_shows_what_is_old_and_one_that_is_back_goes_on() {
    let server = Server::start(15).await;
    let pgsre = Pgsre::new();
    let shown = Shown::start(&pgsre, &server.uri("postgres"), &[]);
    let listen = shown.listen();
    let mut browser = Browser::start();
    open(&mut browser, &shown.address);
    let before = browser.value("document.title");
    assert_eq!(shown.interrupt(), Some(130));
    browser.until(LOST);
    browser.until(IS_STALE);
    let shown = Shown::at(&listen, &pgsre, &server.uri("postgres"), &[]);
    browser.until(IS_FRESH);
    assert_eq!(browser.value("document.title"), before);
    // The time in which nobody read is a gap in what was kept.
    browser.value("document.querySelector('#connections .over-time').open = true");
    browser.until(
        "[...document.querySelectorAll('#connections .over-time tbody tr')] \
         .some(row => row.cells[1].innerText === '–')",
    );
    drop(shown);
}

/// Each would change the page, or the line beside it, if it were taken for more than a name.
const NAMES: [&str; 5] = [
    "<script>document.title='owned'</script>",
    "\"><img src=x onerror=document.title='owned'>",
    "{{ 7 * 7 }}${7*7}",
    "\u{202e}drowkcab\u{2066} שלום العربية",
    "long_without_a_blank_0123456789_0123456789_0123456789_012345678",
];

#[tokio::test(flavor = "multi_thread")]
async fn names_and_queries_that_would_do_harm_are_shown_as_they_are() {
    let settings = [("shared_preload_libraries", "pg_stat_statements")];
    let server = Server::start_with(15, &settings).await;
    server.sql("postgres", b"create extension pg_stat_statements");
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    for name in NAMES {
        server.sql("postgres", format!("create database {}", quoted(name)).as_bytes());
    }
    let query = format!("select 1 as {}, 2 as {}", quoted(NAMES[0]), quoted(NAMES[1]));
    let pgsre = Pgsre::new();
    let config = format!(
        "[[server]]\nname = \"{} {}\"\nurl = '{}'\n[watch]\ninterval = '500ms'\n",
        NAMES[0],
        "n".repeat(300),
        server.uri("postgres"),
    );
    std::fs::write(pgsre.home().join("pgsre.toml"), config).expect("a configuration");
    let shown = Shown::of(&mut pgsre.command(&["dashboard", "--listen", "127.0.0.1:0"]));
    let sql = server.connect("postgres").await;
    let session = sql.session().await.expect("a session");
    let mut browser = Browser::start();
    browser.open(&shown.address);
    let has_query =
        "/<script>document.title/.test(document.querySelector('[data-part=queries]').innerText)";
    let begin = Instant::now();
    while browser.value(has_query) != true {
        assert!(begin.elapsed() < PATIENCE, "the query is not shown");
        session.batch_execute(&query).await.expect("a query");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    browser.value("document.querySelectorAll('details').forEach(one => { one.open = true })");
    browser.until("/long_without_a_blank/.test(document.querySelector('#disk').innerText)");
    for (width, dark) in [(390, true), (1280, false)] {
        browser.show_as(width, dark);
        let wide = browser.value("document.documentElement.scrollWidth");
        assert!(wide.as_u64() <= Some(width.into()), "{width}: {wide}");
        assert_eq!(browser.axe(), [""; 0], "{width}");
    }
    assert_eq!(browser.value("document.querySelectorAll('main script, img').length"), 0);
    let title = browser.value("document.title");
    assert!(title.as_str().is_some_and(|title| title.starts_with(NAMES[0])), "{title}");
    assert_eq!(browser.complaints(), [""; 0]);
}
