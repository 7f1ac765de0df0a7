//! What goes wrong with servers and replicas, each fault with its sound twin, as one table: the alert
//! that it must raise, and in which time. The twin of each is the same servers before the fault, and
//! where it can be mended after it: nothing may be told of them. The table in the README is this test's
//! output.
//!
//! `PGSRE_TEST_MAJOR=18` runs it on that version.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use pgsre_core::Database;
use pgsre_core::monitor::{Metric, Reading, ServerMonitor};
use pgsre_core::postgres::{Cluster, ClusterOptions, ConnectConfig};
use pgsre_tests::harness::apart::{Apart, Claims};
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::clock::clock_off;
use pgsre_tests::harness::disk::Disk;
use pgsre_tests::harness::fault::{Fault, Outcome, Watch};
use pgsre_tests::harness::load::Load;
use pgsre_tests::harness::readme;
use pgsre_tests::harness::server::{self, Server};
use pgsre_tests::harness::standby::{Setup, Standby};
use pgsre_tests::harness::watching::Watching;
use tokio::task::JoinSet;

const DISCONNECTED: &str = "replication.disconnected";
const LAG: &str = "replication.lag";

/// Every fault, in the order of the table.
const FAULTS: &[Fault] = &[
    KILLED,
    STOPPED,
    CASCADING,
    RECEIVER_GONE,
    SLOT_HELD,
    CUT,
    CUT_WATCHED,
    CUT_IDLE,
    CUT_SEEN,
    PAUSED,
    PAUSED_SEEN,
    CONFLICT,
    DELAYED,
    IDLE,
    BUSY,
    AHEAD,
    BEHIND,
    RESTARTED,
    CRASHED,
    EXCHANGED,
    DOWN,
    RESET,
    HANGS,
    FROZEN,
    LOCKED,
    LOCKED_OUT,
    SATURATED,
    NO_SLOT,
    DISK,
];

const KILLED: Fault = Fault::critical("a standby is killed with -9", DISCONNECTED, 3);
const STOPPED: Fault = Fault::critical("a standby is stopped in good order", DISCONNECTED, 3);
const CASCADING: Fault = Fault::critical(
    "a cascading standby is killed, seen by the standby that it follows",
    DISCONNECTED,
    3,
);
const RECEIVER_GONE: Fault =
    Fault::critical("a standby runs on without its WAL receiver, seen by itself", DISCONNECTED, 3);
const SLOT_HELD: Fault = Fault::warning(
    "the same, seen by the primary, which keeps WAL for its slot",
    "slot.inactive",
    330,
)
.beside(&[DISCONNECTED]);
const CUT: Fault =
    Fault::critical("the network is cut without a word, under writes", DISCONNECTED, 15)
        .beside(&[LAG]);
const CUT_WATCHED: Fault = Fault::critical(
    "the same, as `pgsre watch` tells it, which reads every 10 s",
    DISCONNECTED,
    15,
);
const CUT_IDLE: Fault =
    Fault::critical("the network is cut with nothing to send", DISCONNECTED, 30);
const CUT_SEEN: Fault = Fault::critical(
    "the network is cut, seen by the standby (`wal_receiver_timeout = 20s`)",
    DISCONNECTED,
    15,
)
.beside(&[LAG]);
const PAUSED: Fault = Fault::warning("replay is paused", LAG, 15);
const PAUSED_SEEN: Fault =
    Fault::warning("replay is paused, seen by the standby", "replication.paused", 75)
        .beside(&[LAG]);
const CONFLICT: Fault =
    Fault::warning("replay waits for a query (`max_standby_streaming_delay = -1`)", LAG, 15);
const DELAYED: Fault =
    Fault::silent("a standby that is late on purpose (`recovery_min_apply_delay`)");
const IDLE: Fault = Fault::silent("a primary without anything to do");
const BUSY: Fault = Fault::silent("a primary under writes, read every 10 s");
const AHEAD: Fault = Fault::silent("the clock of a primary is an hour ahead of its standby's");
const BEHIND: Fault = Fault::silent("the clock of a primary is an hour behind its standby's");
const RESTARTED: Fault =
    Fault::critical("a primary is restarted: its standby is away for a moment", DISCONNECTED, 15);
const CRASHED: Fault = Fault::critical("a primary crashes and recovers", DISCONNECTED, 15);
const EXCHANGED: Fault = Fault::silent("primary and standby have exchanged their roles");
const DOWN: Fault = Fault::critical("a primary is down", "server.down", 10);
const RESET: Fault = Fault::silent("the statistics are reset");
const HANGS: Fault = Fault::unknown("a server lets nobody in and says nothing", "server.down", 30);
const FROZEN: Fault = Fault::unknown("every process of a server stands still", "server.down", 30);
const LOCKED: Fault = Fault::warning("a lock on `pg_class`: everybody waits", "locks.blocked", 45);
const LOCKED_OUT: Fault =
    Fault::unknown("a lock on `pg_class`, for a watcher that has to log in", "server.down", 30);
const SATURATED: Fault = Fault::critical(
    "`max_connections` is reached, for a watcher that is in",
    "connections.saturation",
    60,
);
const NO_SLOT: Fault = Fault::unknown(
    "`max_connections` is reached, for a watcher that has to log in",
    "server.down",
    30,
);
const DISK: Fault = Fault::critical("the disk is nearly full", "disk.full", 3);

#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn every_fault_raises_its_alert_in_time_and_no_sound_twin_raises_any() {
    // Built before anything is timed.
    let pgsre = Pgsre::new();
    let mut scenes = JoinSet::new();
    scenes.spawn(timed("standbys end", standbys_end()));
    scenes.spawn(timed("cut under writes", cut_under_writes(pgsre)));
    scenes.spawn(timed("cut when idle", cut_when_idle()));
    scenes.spawn(timed("paused", paused()));
    scenes.spawn(timed("conflict", conflict()));
    scenes.spawn(timed("late on purpose", late_on_purpose()));
    scenes.spawn(timed("sound", sound()));
    scenes.spawn(timed("clocks apart", clocks_apart()));
    scenes.spawn(timed("primary ends", primary_ends()));
    scenes.spawn(timed("stands still", stands_still()));
    scenes.spawn(timed("lock on a catalogue", lock_on_a_catalogue()));
    scenes.spawn(timed("no connection left", no_connection_left()));
    scenes.spawn(timed("disk nearly full", disk_nearly_full()));
    let outcomes = scenes.join_all().await.concat();
    let mut table = String::from(HEAD);
    for fault in FAULTS {
        let of_it = outcomes.iter().find(|outcome| outcome.fault.what == fault.what);
        let outcome = of_it.unwrap_or_else(|| panic!("not tried: {}", fault.what));
        println!("{:>6.1} s  {}", outcome.took.as_secs_f64(), fault.what);
        writeln!(table, "{fault}").expect("a line");
    }
    assert_eq!(outcomes.len(), FAULTS.len(), "each is in the table");
    println!("{table}");
    readme::assert_shows("monitor fault table", &table);
}

/// They go on side by side: the slowest of them is what the table takes.
async fn timed(name: &str, scene: impl Future<Output = Vec<Outcome>>) -> Vec<Outcome> {
    let begin = Instant::now();
    let outcomes = scene.await;
    println!("{:>6.1} s  the scene: {name}", begin.elapsed().as_secs_f64());
    outcomes
}

const HEAD: &str = "\
| what goes wrong | alert | within |
|---|---|---|
";

fn major() -> u32 {
    std::env::var("PGSRE_TEST_MAJOR").map_or(15, |major| major.parse().expect("a major version"))
}

async fn server() -> Server {
    Server::start(major()).await
}

fn watch(name: &str, config: ConnectConfig, replicas: &[&'static str]) -> Watch {
    Watch::of(ServerMonitor::new(name, config), replicas)
}

fn watch_shop(server: &Server, replicas: &[&'static str]) -> Watch {
    watch("shop", server.config("postgres"), replicas)
}

/// A primary with two standbys, and one that follows the first of them.
async fn standbys_end() -> Vec<Outcome> {
    let server = server().await;
    let db2 = Standby::of(&server, "db2", 5501);
    let mut db3 = Standby::of(&server, "db3", 5502);
    let mut db4 = Standby::of(&db2, "db4", 5503);
    let mut primary = watch_shop(&server, &["db2", "db3"]);
    let mut middle = watch("db2", db2.config(), &["db4"]);
    primary.settles().await;
    middle.settles().await;
    primary.is_silent(&KILLED, 3).await;
    middle.is_silent(&CASCADING, 3).await;

    let since = primary.now();
    db3.kill();
    let killed = primary.tells(&KILLED, since).await;
    db3.start_again();
    primary.settles().await;

    let since = primary.now();
    db3.stop();
    let stopped = primary.tells(&STOPPED, since).await;
    db3.start_again();
    primary.settles().await;

    let since = middle.now();
    db4.kill();
    let cascading = middle.tells(&CASCADING, since).await;
    drop(middle);

    let (gone, held) = receiver_gone(&db3, primary.as_if_every(60)).await;
    vec![killed, stopped, cascading, gone, held]
}

async fn receiver_gone(db3: &Standby, mut primary: Watch) -> (Outcome, Outcome) {
    let mut own = watch("db3", db3.config(), &["db3"]);
    own.settles().await;
    primary.settles().await;
    let conninfo = db3.ask("show primary_conninfo");
    let (since, since_by_primary) = (own.now(), primary.now());
    db3.ask("alter system set primary_conninfo = ''");
    db3.signal("HUP");
    let gone = own.tells(&RECEIVER_GONE, since).await;
    let held = primary.tells(&SLOT_HELD, since_by_primary).await;
    db3.ask(&format!("alter system set primary_conninfo = $${conninfo}$$"));
    db3.signal("HUP");
    own.settles().await;
    primary.settles().await;
    (gone, held)
}

/// What is commonly asked of a standby.
const USUAL: &str = "\
    select case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0 \
           else extract(epoch from now() - pg_last_xact_replay_timestamp()) end";

async fn cut_under_writes(pgsre: Pgsre) -> Vec<Outcome> {
    let mut apart = Apart::start(major()).await;
    let load = Load::on(&apart.server.config("postgres")).await;
    let mut primary = watch_shop(&apart.server, &["db2"]);
    let mut own = watch("db2", apart.db2.config(), &["db2"]);
    primary.settles().await;
    own.settles().await;
    let url = apart.server.uri("postgres");
    let config = format!("[[server]]\nname = 'shop'\nurl = '{url}'\nstandbys = ['db2']\n");
    fs::write(pgsre.home().join("pgsre.toml"), config).expect("a configuration");
    let watching = Watching::start(&pgsre, &[]);
    let mut sound = Claims::default();
    for _ in 0..5 {
        for watch in [&mut primary, &mut own] {
            sound.count(&watch.look_at_what_is_sound(&CUT).await, Timestamp::MAX, &load);
        }
    }
    assert_eq!((sound.samples, sound.unknown), (10, 0), "a lag is known while nothing is cut");
    assert!(!watching.lines().iter().any(|line| line["event"] == "firing"), "nothing is wrong");

    let cut = Timestamp::now();
    apart.network.cut();
    let (mut by_primary, mut by_standby, mut usual) = (Claims::default(), Claims::default(), 0);
    let (told, seen) = tokio::join!(
        primary.tells_seeing(&CUT, cut, |reading| by_primary.count(reading, cut, &load)),
        own.tells_seeing(&CUT_SEEN, cut, |reading| {
            by_standby.count(reading, cut, &load);
            usual += u32::from(apart.db2.ask(USUAL) == "0");
        }),
    );
    println!("cut off, by the primary: {by_primary:?}; by the standby: {by_standby:?}");
    println!("the usual query said 0 {usual} times of {}", by_standby.samples);
    assert_eq!((by_primary.below, by_standby.below), (0, 0), "a lag below the truth");
    assert!(usual > 0, "somebody is wrong about it");
    let line = watching.until_line(|line| line["rule"] == DISCONNECTED);
    let watched = began(&line).duration_since(cut);
    assert!(watched <= SignedDuration::from_secs(15), "{watched:#} after the cut: {line}");
    apart.network.join();
    // What was sent meanwhile is sent again, but later and later: nobody waits for that.
    let end = "select pg_terminate_backend(pid) from pg_stat_replication";
    apart.server.sql("postgres", end.as_bytes());
    apart.db2.kill();
    apart.db2.start_again();
    primary.settles().await;
    own.settles().await;
    vec![told, Outcome { fault: CUT_WATCHED, took: watched }, seen]
}

/// When an alert that a watcher printed began.
fn began(line: &serde_json::Value) -> Timestamp {
    line["starts_at"].as_str().expect("a time").parse().expect("a time")
}

async fn cut_when_idle() -> Vec<Outcome> {
    let apart = Apart::start(major()).await;
    let mut primary = watch_shop(&apart.server, &["db2"]);
    primary.settles().await;
    primary.is_silent(&CUT_IDLE, 3).await;
    let since = primary.now();
    apart.network.cut();
    vec![primary.tells(&CUT_IDLE, since).await]
}

async fn paused() -> Vec<Outcome> {
    let server = server().await;
    let db2 = Standby::of(&server, "db2", 5501);
    let _load = Load::on(&server.config("postgres")).await;
    let mut primary = watch_shop(&server, &["db2"]);
    let mut own = watch("db2", db2.config(), &["db2"]).as_if_every(10);
    primary.settles().await;
    own.settles().await;
    primary.is_silent(&PAUSED, 3).await;
    own.is_silent(&PAUSED_SEEN, 3).await;
    let (since, since_by_standby) = (primary.now(), own.now());
    db2.ask("select pg_wal_replay_pause()");
    let (by_primary, by_standby) =
        tokio::join!(primary.tells(&PAUSED, since), own.tells(&PAUSED_SEEN, since_by_standby),);
    db2.ask("select pg_wal_replay_resume()");
    primary.settles().await;
    own.settles().await;
    vec![by_primary, by_standby]
}

async fn conflict() -> Vec<Outcome> {
    let server = server().await;
    let settings = [("max_standby_streaming_delay", "-1"), ("hot_standby_feedback", "off")];
    let setup = Setup { settings: &settings, ..Setup::default() };
    let db2 = Standby::with(&server, "db2", 5501, &setup);
    server.sql("postgres", b"create table t as select generate_series(1, 1000)");
    let _load = Load::on(&server.config("postgres")).await;
    let mut primary = watch_shop(&server, &["db2"]);
    primary.settles().await;
    primary.is_silent(&CONFLICT, 3).await;

    let database = Database::connect(db2.config()).await.expect("a connection");
    let query = database.session().await.expect("a session");
    let snapshot = "begin isolation level repeatable read; select count(*) from t";
    query.batch_execute(snapshot).await.expect("a snapshot");
    server.sql("postgres", b"delete from t; vacuum t");
    let since = primary.now();
    let told = primary.tells(&CONFLICT, since).await;
    query.batch_execute("commit").await.expect("an end");
    primary.settles().await;
    vec![told]
}

async fn late_on_purpose() -> Vec<Outcome> {
    let server = server().await;
    let setup = Setup { settings: &[("recovery_min_apply_delay", "3s")], ..Setup::default() };
    let db2 = Standby::with(&server, "db2", 5501, &setup);
    let _load = Load::on(&server.config("postgres")).await;
    let monitor = ServerMonitor::new("shop", server.config("postgres"));
    let mut primary = Watch::of(monitor.delayed("db2", Duration::from_secs(3)), &["db2"]);
    let mut own = watch("db2", db2.config(), &["db2"]);
    primary.settles().await;
    own.settles().await;
    let (silent, _) = tokio::join!(primary.is_silent(&DELAYED, 15), own.is_silent(&DELAYED, 15));

    let fault = Fault::warning("replay is paused of a standby that is late on purpose", LAG, 20)
        .beside(&["replication.paused"]);
    let since = primary.now();
    db2.ask("select pg_wal_replay_pause()");
    tokio::join!(primary.tells(&fault, since), own.tells(&fault, since));
    vec![silent]
}

async fn sound() -> Vec<Outcome> {
    let server = server().await;
    let db2 = Standby::of(&server, "db2", 5501);
    let often = Duration::from_millis(300);
    let mut primary = watch_shop(&server, &["db2"]).every(often).as_if_every(60);
    let mut own = watch("db2", db2.config(), &["db2"]).every(often).as_if_every(60);
    primary.settles().await;
    own.settles().await;
    let (idle, _) = tokio::join!(primary.is_silent(&IDLE, 12), own.is_silent(&IDLE, 12));

    let _load = Load::on(&server.config("postgres")).await;
    let mut primary = watch_shop(&server, &["db2"]);
    primary.settles().await;
    // What counts write-ahead log is there since 14.
    let resets = "select pg_stat_reset(), pg_stat_reset_shared('bgwriter'), \
                  pg_stat_reset_shared('archiver'); \
                  select pg_stat_reset_shared('wal') \
                   where to_regclass('pg_catalog.pg_stat_wal') is not null";
    server.sql("postgres", resets.as_bytes());
    let reset = primary.is_silent(&RESET, 3).await;

    let seldom = Duration::from_secs(10);
    let mut primary = watch_shop(&server, &["db2"]).every(seldom);
    let mut own = watch("db2", db2.config(), &["db2"]).every(seldom);
    let (busy, _) = tokio::join!(primary.is_silent(&BUSY, 4), own.is_silent(&BUSY, 4));
    vec![idle, reset, busy]
}

async fn clocks_apart() -> Vec<Outcome> {
    let server = server().await;
    let (ahead, behind) = tokio::join!(
        clock_apart(&server, 5500, "+1h", &AHEAD),
        clock_apart(&server, 5510, "-1h", &BEHIND),
    );
    vec![ahead, behind]
}

/// A primary whose clock differs from its standby's. (In 15 a postmaster forks a standby's receiver in
/// a signal handler, where the library does not reach.)
async fn clock_apart(first: &Server, port: u16, by: &'static str, fault: &Fault) -> Outcome {
    let (name, environment) = (format!("shop{port}"), clock_off(by));
    let setup = Setup { environment: &environment, ..Setup::default() };
    let shop = Standby::with(first, &name, port, &setup);
    shop.promote();
    let db2 = Standby::of(&shop, "db2", port + 1);
    let differ = "select abs(extract(epoch from clock_timestamp()))::int8 / 1800";
    assert_ne!(shop.ask(differ), db2.ask(differ), "the clocks differ");
    let _load = Load::on(&shop.config()).await;
    let mut primary = watch("shop", shop.config(), &["db2"]);
    let mut own = watch("db2", db2.config(), &["db2"]);
    primary.settles().await;
    own.settles().await;
    let (outcome, _) = tokio::join!(primary.is_silent(fault, 12), own.is_silent(fault, 12));

    let since = primary.now();
    db2.ask("select pg_wal_replay_pause()");
    let late = Fault::warning("replay is paused, and clocks differ", LAG, 15);
    tokio::join!(primary.tells(&late, since), own.tells(&late, since));
    outcome
}

/// A primary that can be started again: once it was a standby of one that stays out of it.
async fn primary_ends() -> Vec<Outcome> {
    let first = server().await;
    let mut shop = Standby::of(&first, "shop", 5500);
    shop.promote();
    let db2 = Standby::of(&shop, "db2", 5501);
    let load = Load::on(&shop.config()).await;
    let mut primary = watch("shop", shop.config(), &["db2"]);
    primary.settles().await;
    primary.is_silent(&RESTARTED, 3).await;

    let since = primary.now();
    shop.stop();
    shop.start_again();
    let restarted = primary.tells(&RESTARTED, since).await;
    primary.settles().await;

    let since = primary.now();
    shop.kill();
    shop.start_again();
    let crashed = primary.tells(&CRASHED, since).await;
    primary.settles().await;
    drop(load);

    shop.stop();
    db2.promote();
    db2.ask("select pg_create_physical_replication_slot('slot_shop', true)");
    shop.follow(&db2, "slot_shop");
    shop.start_again();
    // Whoever leaves it there keeps WAL for nobody.
    shop.ask("select pg_drop_replication_slot('slot_db2')");
    let mut successor = watch("db2", db2.config(), &["shop"]);
    successor.settles().await;
    primary.settles_without_replicas().await;
    let (exchanged, _) =
        tokio::join!(primary.is_silent(&EXCHANGED, 5), successor.is_silent(&EXCHANGED, 5));

    let since = primary.now();
    shop.kill();
    let down = primary.tells(&DOWN, since).await;
    vec![restarted, crashed, exchanged, down]
}

async fn stands_still() -> Vec<Outcome> {
    let server = server().await;
    let db2 = Standby::of(&server, "db2", 5501);
    let db3 = Standby::of(&server, "db3", 5502);
    let mut outside = watch("db2", db2.config(), &["db2"]);
    let mut inside = watch("db3", db3.config(), &["db3"]);
    outside.settles().await;
    inside.settles().await;
    outside.is_silent(&HANGS, 3).await;
    inside.is_silent(&FROZEN, 3).await;

    let mut outside = watch("db2", db2.config(), &["db2"]);
    let since = inside.now();
    db2.signal("STOP");
    db3.freeze();
    let (hangs, frozen) = tokio::join!(outside.tells(&HANGS, since), inside.tells(&FROZEN, since));
    db2.signal("CONT");
    db3.thaw();
    outside.settles().await;
    inside.settles().await;
    vec![hangs, frozen]
}

async fn lock_on_a_catalogue() -> Vec<Outcome> {
    let server = server().await;
    let mut inside = watch_shop(&server, &[]);
    inside.settles().await;
    inside.is_silent(&LOCKED, 3).await;
    let database = server.connect("postgres").await;
    let locker = database.session().await.expect("a session");
    let waiter = database.session().await.expect("a session");
    let lock = "begin; lock table pg_class in access exclusive mode";
    locker.batch_execute(lock).await.expect("a lock");
    let since = inside.now();
    let waiting = tokio::spawn(async move { waiter.batch_execute("table pg_class").await });
    let mut outside = watch_shop(&server, &[]);
    let (locked, out) =
        tokio::join!(inside.tells(&LOCKED, since), outside.tells(&LOCKED_OUT, since));
    locker.batch_execute("rollback").await.expect("a rollback");
    waiting.await.expect("a task").expect("its rows");
    inside.settles().await;
    outside.settles().await;
    vec![locked, out]
}

async fn no_connection_left() -> Vec<Outcome> {
    let server = server().await;
    let roles = b"create role watcher login in role pg_monitor; create role app login";
    server.sql("postgres", roles);
    let socket = server.config("postgres").hosts()[0].host.clone();
    let of = |role: &str| ConnectConfig::socket(socket.as_ref(), 5432, role, "postgres");
    let mut inside = watch("shop", of("watcher"), &[]).as_if_every(10);
    inside.settles().await;
    inside.is_silent(&SATURATED, 3).await;
    let database = Database::connect(of("app")).await.expect("a connection");
    let mut held = Vec::new();
    while let Ok(session) = database.session().await {
        held.push(session);
    }
    let mut outside = watch("shop", of("watcher"), &[]).as_if_every(5);
    let since = inside.now();
    let saturated = inside.tells(&SATURATED, since).await;
    let since = outside.now();
    let no_slot = outside.tells(&NO_SLOT, since).await;
    drop((held, database));
    inside.settles().await;
    outside.settles().await;
    vec![saturated, no_slot]
}

async fn disk_nearly_full() -> Vec<Outcome> {
    let disk = Disk::new();
    let programs = server::programs(major());
    let options = ClusterOptions::new(programs, disk.path().join("server"));
    let cluster = Cluster::create(options.setting("fsync", "off")).await.expect("a server");
    let mut shop = watch("shop", cluster.config(), &[]);
    shop.settles().await;
    shop.is_silent(&DISK, 3).await;
    let ballast = disk.path().join("ballast");
    let free = value(&shop.look().await.reading, Metric::DiskFreeBytes) as usize;
    let since = shop.now();
    fs::write(&ballast, vec![0; free - (6 << 20)]).expect("room");
    let told = shop.tells(&DISK, since).await;
    fs::remove_file(ballast).expect("a file");
    shop.settles().await;
    drop(cluster);
    vec![told]
}

fn value(reading: &Reading, metric: Metric) -> f64 {
    let known = reading.samples_of(metric).find_map(|sample| sample.value);
    known.unwrap_or_else(|| panic!("no {metric}: {reading:#?}"))
}
