//! Any bytes at all: the readers of archives end in a result on each of them, never in a panic or a
//! loop, and reading in line says the same as reading each table's data apart.
//!
//! The fuzz targets (`tests/fuzz`) do the same with coverage to guide them and without an end.
//! `PGSRE_FUZZ_SEEDS=DIR` writes the archives that are harmed here, for them to begin with.

use std::path::Path;
use std::time::Duration;

use pgsre_tests::harness::archive::{Objects, Way, dump, read_both_ways};
use pgsre_tests::harness::harm::{HARMS, Harm};
use pgsre_tests::harness::server::Server;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

const WAYS: &[Way] = &[
    Way::new(15, "c", ""),
    Way::new(15, "c", "0"),
    Way::new(15, "c", "0").with(&["--inserts"]),
    Way::new(16, "c", "gzip"),
    Way::new(17, "c", "lz4"),
    Way::new(17, "c", "zstd"),
    Way::new(18, "c", "none").with(&["--create"]),
    Way::new(15, "d", ""),
    Way::new(16, "d", "none"),
    Way::new(17, "d", "lz4"),
    Way::new(17, "d", "zstd"),
    Way::new(18, "d", "gzip"),
    Way::new(15, "t", ""),
    Way::new(18, "t", ""),
];

/// A few rows in every kind of place that an archive has.
const SMALL: &[u8] = b"
    create table t (id integer primary key, name text);
    insert into t values (1, 'one'), (2, E'two\\nlines'), (3, null);
    create table empty (a integer);
    create table \"odd; \"\"name\"\"\" (a serial, b numeric);
    insert into \"odd; \"\"name\"\"\" (b) select i * 1.5 from generate_series(1, 20) i;
    create view v as select * from t;
    create materialized view m as select count(*) from t;
    create function f() returns integer language sql as $$ select 1; $$;
    comment on table t is 'a comment';
    select lo_from_bytea(430001, 'one'), lo_create(430002), lo_from_bytea(430003, '\\x00ff');";

/// How long reading a few bytes may take before it counts as a loop.
const WATCHDOG: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn archives_harmed_again_and_again_are_read_to_a_result() {
    let sound = sound().await;
    let mut random = StdRng::seed_from_u64(20_261_122);
    let mut ended = [0; 2];
    for _ in 0..1500 {
        let mut objects = sound[random.random_range(0..sound.len())].clone();
        for _ in 0..random.random_range(1..=4) {
            let suiting: Vec<&Harm> = HARMS.iter().filter(|harm| harm.suits(&objects)).collect();
            suiting[random.random_range(0..suiting.len())].apply(&mut objects, &mut random);
        }
        if is_backup(&objects) {
            ended[usize::from(ends(&objects).await)] += 1;
        }
    }
    println!("{} in an error, {} as if sound", ended[0], ended[1]);
    assert!(ended[0] > 1000, "harmed archives read as if they were sound: {ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn random_bytes_behind_the_beginning_of_an_archive_are_read_to_an_error() {
    let sound = sound().await;
    let mut random = StdRng::seed_from_u64(20_261_123);
    for _ in 0..500 {
        let mut objects = sound[random.random_range(0..sound.len())].clone();
        for content in objects.values_mut() {
            let kept = random.random_range(0..=content.len().min(64));
            let mut tail = vec![0; random.random_range(1..2000)];
            random.fill_bytes(&mut tail);
            content.truncate(kept);
            content.extend_from_slice(&tail);
        }
        assert!(!ends(&objects).await, "random bytes are no archive: {objects:?}");
    }
}

/// Whether the archive reads to its end.
async fn ends(objects: &Objects) -> bool {
    match tokio::time::timeout(WATCHDOG, read_both_ways(objects)).await {
        Ok(read) => read.is_ok(),
        Err(_) => panic!("reading does not end: {objects:?}"),
    }
}

async fn sound() -> Vec<Objects> {
    let server = Server::start(15).await;
    server.create("small", "", SMALL);
    let sound: Vec<Objects> = WAYS.iter().map(|way| dump(&server, "small", *way)).collect();
    if let Some(seeds) = std::env::var_os("PGSRE_FUZZ_SEEDS") {
        write_seeds(Path::new(&seeds), &sound);
    }
    for (way, objects) in WAYS.iter().zip(&sound) {
        let read = read_both_ways(objects).await;
        assert!(read.is_ok(), "{way}: {read:?}");
    }
    sound
}

/// Without its table of contents a directory is a heap of files, each a backup of no format.
fn is_backup(objects: &Objects) -> bool {
    objects.len() == 1 || objects.contains_key("shop/toc.dat")
}

fn write_seeds(place: &Path, sound: &[Objects]) {
    for (number, (way, objects)) in WAYS.iter().zip(sound).enumerate() {
        let (target, seed) = match way.format {
            "d" => ("directory", framed(objects)),
            "t" => ("tar", objects["shop.tar"].clone()),
            _ => ("custom", objects["shop.dump"].clone()),
        };
        let target = place.join(target);
        std::fs::create_dir_all(&target).expect("a directory");
        std::fs::write(target.join(format!("sound-{number}")), seed).expect("a seed");
    }
}

/// The members of a directory as the fuzz target cuts them from its input.
fn framed(objects: &Objects) -> Vec<u8> {
    let mut input = Vec::new();
    for (key, content) in objects {
        let name = key.trim_start_matches("shop/");
        input.push(u8::try_from(name.len()).expect("a short name"));
        input.extend_from_slice(name.as_bytes());
        input.extend_from_slice(&u32::try_from(content.len()).expect("small").to_le_bytes());
        input.extend_from_slice(content);
    }
    input
}
