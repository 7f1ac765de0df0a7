//! Archives through the command line: what is shown of each format, and what is said of a harmed one.
//! Each fault has its sound twin.

use std::process::Command;

use pgsre_tests::harness::archive::{Objects, Way, checksums, dump, lay_at};
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::s3::{ACCESS_KEY, S3Server, SECRET_KEY};
use pgsre_tests::harness::server::Server;
use serde_json::Value;

/// Every format with the key under which it lies.
const FORMATS: &[(Way, &str, &str)] = &[
    (Way::new(15, "c", ""), "shop.dump", "custom"),
    (Way::new(15, "t", ""), "shop.tar", "tar"),
    (Way::new(15, "d", ""), "shop", "directory"),
];

/// A server with a shop, and a command line with a directory for backups.
struct Scene {
    server: Server,
    pgsre: Pgsre,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start(15).await;
        server.create_from("shop", "", "shop.sql");
        Self { server, pgsre: Pgsre::new() }
    }

    fn dump(&self, way: Way) -> Objects {
        dump(&self.server, "shop", way)
    }

    /// Lays the objects below a new directory of this name: its path.
    fn lay(&self, name: &str, objects: &Objects) -> String {
        let root = self.pgsre.home().join(name);
        lay_at(&root, objects);
        root.to_string_lossy().into_owned()
    }

    fn drill(&self, place: &str, arguments: &[&str]) -> (i32, Value) {
        let target = self.server.uri("postgres");
        self.pgsre.json(&[&["drill", place, "--target", &target], arguments].concat())
    }
}

#[tokio::test]
async fn each_format_is_named_listed_checked_and_drilled() {
    let scene = Scene::new().await;
    for (way, key, format) in FORMATS {
        let root = scene.lay(format, &scene.dump(*way));
        let (code, listing) = scene.pgsre.json(&["backups", "list", &root]);
        assert_eq!((code, &listing["backups"][0]["key"]), (0, &Value::from(*key)), "{listing:#}");
        assert_eq!(listing["backups"].as_array().map(Vec::len), Some(1), "{listing:#}");

        let one = format!("{root}/{key}{}", if *format == "directory" { "/" } else { "" });
        for place in [&root, &one] {
            let (code, checked) = scene.pgsre.json(&["backups", "check", place]);
            assert_eq!((code, &checked["outcome"]), (0, &Value::from("passed")), "{checked:#}");
            for jobs in ["1", "3"] {
                let (code, report) = scene.drill(place, &["--jobs", jobs]);
                assert_eq!((code, &report["verdict"]), (0, &Value::from("passed")), "{report:#}");
                assert_eq!(report["archive"]["format"], *format, "{report:#}");
            }
        }
    }
}

#[tokio::test]
async fn a_person_is_told_the_format_and_the_verdict() {
    let scene = Scene::new().await;
    let target = scene.server.uri("postgres");
    for (way, _, format) in FORMATS {
        let root = scene.lay(format, &scene.dump(*way));
        let output = scene.pgsre.command(&["drill", &root, "--target", &target]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).to_lowercase();
        assert!(said.contains("passed") && said.contains(format), "{format}: {said}");
    }
}

#[tokio::test]
async fn a_member_that_is_missing_empty_cut_or_too_many_is_named() {
    type Harm = fn(&mut Objects, &str);
    let harms: &[(&str, Harm)] = &[
        ("missing", |objects, key| drop(objects.remove(key))),
        ("empty", |objects, key| objects.get_mut(key).unwrap().clear()),
        ("cut", |objects, key| {
            let content = objects.get_mut(key).unwrap();
            content.truncate(content.len() / 2);
        }),
        ("too many", |objects, key| {
            drop(objects.insert("shop/77777.dat.gz".into(), objects[key].clone()))
        }),
    ];
    let scene = Scene::new().await;
    let sound = scene.dump(Way::new(15, "d", ""));
    let members: Vec<&String> = sound.keys().filter(|key| key.ends_with(".dat.gz")).collect();
    for ((what, harm), key) in harms.iter().zip(members.iter().cycle()) {
        let mut harmed = sound.clone();
        harm(&mut harmed, key);
        let root = scene.lay(what, &harmed);
        let member = if *what == "too many" { "77777.dat.gz" } else { name(key) };
        for (code, said) in
            [scene.drill(&root, &[]), scene.pgsre.json(&["backups", "check", &root])]
        {
            assert_eq!(code, 1, "{what}: {said:#}");
            assert!(names(&said, member), "{what}: no finding names {member}: {said:#}");
        }
    }
    let root = scene.lay("sound", &sound);
    assert_eq!(scene.drill(&root, &[]).0, 0);
}

#[tokio::test]
async fn a_cut_archive_is_truncated_whatever_its_format() {
    let scene = Scene::new().await;
    for (way, key, format) in FORMATS.iter().filter(|(_, key, _)| key.contains('.')) {
        let mut objects = scene.dump(*way);
        let archive = objects.get_mut(*key).unwrap();
        archive.truncate(archive.len() / 2);
        let root = scene.lay(format, &objects);
        for (code, said) in
            [scene.drill(&root, &[]), scene.pgsre.json(&["backups", "check", &root])]
        {
            assert_eq!(
                (code, &said["findings"][0]["code"]),
                (1, &"archive.truncated".into()),
                "{said:#}"
            );
        }
    }
}

#[tokio::test]
async fn bytes_that_are_not_those_of_the_checksum_are_corrupt() {
    let scene = Scene::new().await;
    let uncompressed = [Way::new(15, "c", "0"), Way::new(15, "d", "0"), Way::new(15, "t", "")];
    for way in uncompressed {
        let sound = scene.dump(way);
        let sums = checksums(&sound);
        let mut harmed = sound.clone();
        let memo = b"\tentry 700\n";
        let one = harmed.values_mut().find_map(|content| {
            let at = content.windows(memo.len()).position(|window| window == memo)?;
            Some(&mut content[at + 7])
        });
        *one.expect("the row") = b'9';
        for (name, objects, expected) in [("sound", &sound, 0), ("harmed", &harmed, 1)] {
            let root = scene.lay(&format!("{name}{}", way.format), objects);
            lay_at(root.as_ref(), &sums);
            for (code, said) in
                [scene.drill(&root, &[]), scene.pgsre.json(&["backups", "check", &root])]
            {
                assert_eq!(code, expected, "{way}, {name}: {said:#}");
                assert_eq!(codes(&said).contains(&"archive.corrupt"), expected == 1, "{said:#}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_in_a_bucket_passes_and_its_missing_member_is_named() {
    let scene = Scene::new().await;
    let bucket = S3Server::start(&[]).await.expect("an S3 server");
    let sound = scene.dump(Way::new(15, "d", ""));
    let gone = sound.keys().find(|key| key.ends_with(".dat.gz")).expect("a member");
    for (key, content) in &sound {
        bucket.put(&format!("sound/{key}"), content).expect("an object");
        if key != gone {
            bucket.put(&format!("harmed/{key}"), content).expect("an object");
        }
    }
    let target = scene.server.uri("postgres");
    for (place, status) in [
        ("s3://backups/sound/shop/", 0),
        ("s3://backups/sound/", 0),
        ("s3://backups/harmed/shop/", 1),
    ] {
        for verb in [&["drill", "--target", &target][..], &["backups", "check"]] {
            let mut command = scene.pgsre.command(&[verb, &[place]].concat());
            let (code, said) = json(with_keys(&mut command, &bucket));
            assert_eq!(code, status, "{verb:?} {place}: {said:#}");
            let member = name(gone);
            assert_eq!(names(&said, member), status == 1, "{verb:?} {place}: {said:#}");
        }
    }
}

/// A member's name as the table of contents has it: one that is missing has no compression.
fn name(key: &str) -> &str {
    key.trim_start_matches("shop/").trim_end_matches(".gz")
}

fn with_keys<'a>(command: &'a mut Command, bucket: &S3Server) -> &'a mut Command {
    command
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL", format!("http://{}", bucket.address()))
}

fn json(command: &mut Command) -> (i32, Value) {
    let output = command.args(["--format", "json"]).output().expect("pgsre");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let object =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    (output.status.code().expect("a status"), object)
}

fn findings(said: &Value) -> &[Value] {
    said["findings"].as_array().expect("findings")
}

fn codes(said: &Value) -> Vec<&str> {
    findings(said).iter().map(|finding| finding["code"].as_str().expect("a code")).collect()
}

/// Whether a finding's subject or message has this name in it.
fn names(said: &Value, member: &str) -> bool {
    let has = |text: &Value| text.as_str().is_some_and(|text| text.contains(member));
    findings(said).iter().any(|finding| has(&finding["subject"]) || has(&finding["message"]))
}
