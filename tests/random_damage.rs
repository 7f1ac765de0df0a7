//! Dumps harmed at random, in a dozen ways: a drill beside the live source passes none whose restored
//! rows are not the source's. The seed is fixed, so every run harms alike.

use std::collections::BTreeMap;

use pgsre_core::drill::Verdict;
use pgsre_core::validate::RowTolerance;
use pgsre_tests::harness::drill::{backup, codes, drill, run, scratch};
use pgsre_tests::harness::server::Server;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

type Harm = fn(&[u8], &mut StdRng) -> Vec<u8>;

const HARMS: &[(&str, Harm)] = &[
    ("cut anywhere", |dump, random| dump[..random.random_range(0..dump.len())].to_vec()),
    ("cut at a line", |dump, random| edit(dump, |lines| lines.truncate(pick(random, lines.len())))),
    ("a line missing", |dump, random| {
        edit(dump, |lines| {
            lines.remove(pick(random, lines.len()));
        })
    }),
    ("a line twice", |dump, random| {
        edit(dump, |lines| {
            let at = pick(random, lines.len());
            lines.insert(at, lines[at]);
        })
    }),
    ("a run of lines missing", |dump, random| {
        edit(dump, |lines| {
            let at = pick(random, lines.len());
            let end = lines.len().min(at + 1 + pick(random, 300));
            lines.drain(at..end);
        })
    }),
    ("CR LF in a part", |dump, random| {
        let at = pick(random, dump.len());
        let tail = String::from_utf8_lossy(&dump[at..]).replace('\n', "\r\n");
        [&dump[..at], tail.as_bytes()].concat()
    }),
    ("a block missing", |dump, random| {
        blocks(dump, |blocks| {
            blocks.remove(pick(random, blocks.len()));
        })
    }),
    ("a block twice", |dump, random| {
        blocks(dump, |blocks| {
            let at = pick(random, blocks.len());
            blocks.insert(at, blocks[at]);
        })
    }),
    ("two blocks swapped", |dump, random| {
        blocks(dump, |blocks| {
            let (one, other) = (pick(random, blocks.len()), pick(random, blocks.len()));
            blocks.swap(one, other);
        })
    }),
    ("a block of zero bytes", |dump, random| {
        blocks(dump, |blocks| {
            let at = pick(random, blocks.len());
            blocks[at] = &[0; 4096][..blocks[at].len()];
        })
    }),
    ("a message of an error inside", |dump, random| {
        edit(dump, |lines| lines.insert(pick(random, lines.len()), b"pg_dump: error: query failed"))
    }),
    ("another dump's tail", |dump, random| {
        let (head, tail) = (pick(random, dump.len()), pick(random, dump.len()));
        [&dump[..head], &dump[tail..]].concat()
    }),
];

#[tokio::test]
async fn no_dump_harmed_at_random_passes_with_other_rows_than_the_source() {
    let server = Server::start(15).await;
    server.create_from("shop", "", "shop.sql");
    let dump = server.dump("shop", &[]);
    let sound = rows(&server, "shop");
    let mut random = StdRng::seed_from_u64(20_261_122);
    let mut found: BTreeMap<(&str, String), u32> = BTreeMap::new();
    for _ in 0..4 {
        for (what, harm) in HARMS {
            let harmed = harm(&dump, &mut random);
            let directory = backup("shop.sql", &harmed);
            let drill = drill(directory.path(), scratch(&server))
                .with_live(server.config("shop"), RowTolerance::EXACT);
            let report = run(&drill).await;
            if report.verdict == Verdict::Passed {
                server.create("again", "", &harmed);
                assert_eq!(rows(&server, "again"), sound, "{what}: passed");
                server.sql("postgres", b"drop database again");
            }
            let code = codes(&report).first().map_or("no finding".to_owned(), ToString::to_string);
            *found.entry((what, format!("{} {code}", report.verdict))).or_default() += 1;
        }
    }
    for ((what, outcome), times) in found {
        println!("{times} x {what}: {outcome}");
    }
}

/// How many rows each table has, and a hash over all of them.
fn rows(server: &Server, database: &str) -> String {
    let one = |table| {
        format!(
            "select '{table}', count(*), md5(string_agg(t::text, ';' order by t::text)) from {table} t;"
        )
    };
    let sql: String =
        ["customers", "products", "orders", "order_items", "ledger", "visits"].map(one).concat();
    let output = server.psql(database, &["-At", "-v", "ON_ERROR_STOP=1"], sql.as_bytes());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn pick(random: &mut StdRng, below: usize) -> usize {
    random.random_range(0..below)
}

fn edit(dump: &[u8], change: impl FnOnce(&mut Vec<&[u8]>)) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = dump.split(|byte| *byte == b'\n').collect();
    change(&mut lines);
    lines.join(&b'\n')
}

fn blocks(dump: &[u8], change: impl FnOnce(&mut Vec<&[u8]>)) -> Vec<u8> {
    let mut blocks: Vec<&[u8]> = dump.chunks(4096).collect();
    change(&mut blocks);
    blocks.concat()
}
