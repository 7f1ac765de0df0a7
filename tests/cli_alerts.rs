//! Alerts as a configuration asks for them: who is told what, what fails, and that no secret shows.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::hook::Hook;
use pgsre_tests::harness::smtp::{Identity, MailServer};
use serde_json::Value;

/// Backups that fail at once, and so need no server.
struct Scene {
    pgsre: Pgsre,
    hook: Hook,
}

impl Scene {
    async fn new() -> Self {
        let scene = Self { pgsre: Pgsre::new(), hook: Hook::start().await };
        fs::create_dir(scene.backups()).expect("a directory");
        fs::write(scene.backups().join("shop.sql"), b"").expect("a backup");
        scene
    }

    fn backups(&self) -> PathBuf {
        self.pgsre.home().join("backups")
    }

    /// A backup that cannot be judged.
    fn encrypt(&self) {
        fs::write(self.backups().join("shop.sql"), b"age-encryption.org/v1\n-> X25519 abc\n....")
            .expect("a backup");
    }

    fn configure(&self, alerters: &str) {
        let config = format!(
            "[[server]]\nname = 'shop'\n[server.backups]\nsource = '{}'\n{}",
            self.backups().display(),
            alerters.replace("HOOK", &format!("http://{}", self.hook.address())),
        );
        fs::write(self.pgsre.home().join("pgsre.toml"), config).expect("a configuration");
    }

    fn drill(&self) -> (i32, Value) {
        self.pgsre.json(&["drill", "--server", "shop"])
    }
}

fn outcomes(report: &Value) -> Vec<&str> {
    let alerts = report["alerts"].as_array().expect("alerts");
    alerts.iter().map(|alert| alert["outcome"].as_str().expect("an outcome")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sink_is_told_of_the_verdicts_that_it_asked_for() {
    let scene = Scene::new().await;
    scene.configure(
        "[[alerter]]\nkind = 'webhook'\nurl = 'HOOK/ok/usual'\n\
         [[alerter]]\nkind = 'slack'\nurl = 'HOOK/ok/failed'\non = ['failed']\n\
         [[alerter]]\nkind = 'webhook'\nurl = 'HOOK/ok/passed'\non = ['passed']\n\
         [[alerter]]\nkind = 'command'\ncommand = ['sh', '-c', 'cat > told; echo $PGSRE_RULE >> told']\n\
         [[alerter]]\nkind = 'log'\n",
    );
    let (code, report) = scene.drill();
    assert_eq!((code, &report["verdict"]), (1, &Value::from("failed")), "{report:#}");
    assert_eq!(outcomes(&report), ["sent", "sent", "skipped", "sent", "sent"], "{report:#}");
    let told = fs::read_to_string(scene.pgsre.home().join("told")).expect("what was told");
    assert!(told.contains("\"event\":\"drill\"") && told.contains("drill.failed"), "{told}");
    let alert = &scene.hook.posted("/ok/usual")[0];
    assert_eq!((&alert["schema"], &alert["event"]), (&Value::from(1), &Value::from("drill")));
    for key in ["fingerprint", "rule", "severity", "summary", "labels", "value", "starts_at"] {
        assert!(alert.get(key).is_some(), "{key} in {alert:#}");
    }
    assert!(scene.hook.posted("/ok/failed")[0]["text"].as_str().expect("text").contains("failed"));

    scene.encrypt();
    let (code, report) = scene.drill();
    assert_eq!(code, 3, "{report:#}");
    assert_eq!(outcomes(&report), ["sent", "skipped", "skipped", "sent", "sent"], "{report:#}");
    let (_, silent) = scene.pgsre.json(&["drill", "--server", "shop", "--no-notify"]);
    assert_eq!(outcomes(&silent), Vec::<&str>::new());
    assert_eq!(scene.hook.posted("/ok/usual").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_fails_or_hangs_is_told_and_changes_no_verdict() {
    let scene = Scene::new().await;
    scene.configure(
        "[[alerter]]\nkind = 'webhook'\nurl = 'HOOK/refused'\n\
         [[alerter]]\nkind = 'slack'\nurl = 'HOOK/broken'\n\
         [[alerter]]\nkind = 'webhook'\nurl = 'HOOK/hang'\n\
         [[alerter]]\nkind = 'webhook'\nurl = 'http://127.0.0.1:1/'\n\
         [[alerter]]\nkind = 'command'\ncommand = ['/nonexistent/program']\n\
         [[alerter]]\nkind = 'webhook'\nurl = 'HOOK/ok'\n",
    );
    let (code, report) = scene.drill();
    assert_eq!((code, &report["verdict"]), (1, &Value::from("failed")), "{report:#}");
    let expected = ["failed", "failed", "failed", "failed", "failed", "sent"];
    assert_eq!(outcomes(&report), expected, "{report:#}");
    for alert in &report["alerts"].as_array().expect("alerts")[..5] {
        assert!(!alert["error"].as_str().expect("why").is_empty(), "{alert}");
    }
    let hung = &report["alerts"][2];
    assert!(hung["error"].as_str().expect("why").contains("no answer in time"), "{hung}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_tells_each_sink_of_an_alert_and_its_end_and_fails_where_one_is_not_told() {
    let scene = Scene::new().await;
    let nobody = scene.pgsre.command(&["alert", "test"]).output().expect("pgsre");
    assert_eq!(nobody.status.code(), Some(2), "nobody is configured");
    let well = "[watch]\ndeadman = 'HOOK/ok/watch'\n\
         [[alerter]]\nkind = 'webhook'\nname = 'hook'\nurl = 'HOOK/ok/hook'\n\
         [[alerter]]\nkind = 'slack'\nurl = 'HOOK/ok/slack'\n\
         [[alerter]]\nkind = 'pagerduty'\nrouting_key = 'hush'\nurl = 'HOOK/ok/pagerduty'\n\
         [[alerter]]\nkind = 'opsgenie'\napi_key = 'hush'\nurl = 'HOOK/ok/opsgenie'\n\
         [[alerter]]\nkind = 'alertmanager'\nurl = 'HOOK/ok/alertmanager'\n\
         [[alerter]]\nkind = 'command'\ncommand = ['sh', '-c', 'echo $PGSRE_EVENT >> told']\n\
         [[alerter]]\nkind = 'log'\n\
         [[alerter]]\nkind = 'ping'\nurl = 'HOOK/ok/well'\nfail_url = 'HOOK/ok/ill'\n";
    scene.configure(well);
    let (code, tested) = scene.pgsre.json(&["alert", "test"]);
    let sinks = tested["alerters"].as_array().expect("alerters");
    assert_eq!((code, sinks.len()), (0, 9), "{tested:#}");
    for sink in sinks {
        assert_eq!(
            (&sink["firing"]["outcome"], &sink["resolved"]["outcome"]),
            (&"sent".into(), &"sent".into()),
            "{sink:#}"
        );
    }
    let events: Vec<_> =
        scene.hook.posted("/ok/hook").iter().map(|one| one["event"].clone()).collect();
    assert_eq!(events, ["firing", "resolved"]);
    let heads = scene.hook.heads();
    for called in ["GET /ok/ill", "GET /ok/well", "GET /ok/watch"] {
        assert!(heads.contains(called), "{called}: {heads}");
    }
    let (code, one) = scene.pgsre.json(&["alert", "test", "--name", "hook"]);
    assert_eq!((code, one["alerters"].as_array().map(Vec::len)), (0, Some(1)));
    let unknown =
        scene.pgsre.command(&["alert", "test", "--name", "nobody"]).output().expect("pgsre");
    assert_eq!(unknown.status.code(), Some(2));

    scene.configure(&well.replace("/ok/slack", "/broken").replace("/ok/watch", "/refused"));
    let output = scene.pgsre.command(&["alert", "test"]).output().expect("pgsre");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("NOT DELIVERED").count(), 2, "{said}");
    assert_eq!(said.matches("told of a test alert").count(), 7, "{said}");
    assert!(!said.contains("hush"), "{said}");
}

const SECRETS: &str = "hush";

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_shows_in_any_output() {
    let scene = Scene::new().await;
    let alerters = format!(
        "[server.drill]\ntarget = 'postgres://drill:{SECRETS}1@127.0.0.1:1/postgres'\n\
         compare_to = 'postgres://live:{SECRETS}2@127.0.0.1:1/shop?password={SECRETS}3'\n\
         [[alerter]]\nkind = 'webhook'\nurl = '${{PAGER_URL}}/ok/{SECRETS}4?key={SECRETS}5'\n\
         headers = {{ Authorization = 'Bearer {SECRETS}6' }}\n\
         [[alerter]]\nkind = 'webhook'\nurl = 'http://u:{SECRETS}7@127.0.0.1:1/{SECRETS}8'\n\
         [[alerter]]\nkind = 'slack'\nurl = 'HOOK/refused/{SECRETS}9'\n\
         [[alerter]]\nkind = 'command'\n\
         command = ['sh', '-c', 'echo refused: $1 >&2; exit 64', 'sh', '--token={SECRETS}10']\n",
    );
    scene.configure(&alerters);
    let evidence = scene.pgsre.home().join("evidence");
    let evidence = evidence.to_string_lossy();
    let run = |arguments: &[&str]| -> Output {
        let mut command = scene.pgsre.command(arguments);
        command
            .env("PAGER_URL", format!("http://{}", scene.hook.address()))
            .env("PGSRE_LOG", "trace");
        command.output().expect("pgsre")
    };
    let commands: [&[&str]; 7] = [
        &["drill", "--report", &evidence],
        &["drill", "--report", &evidence, "--format", "json"],
        &["drill", "--dry-run"],
        &["doctor"],
        &["backups", "check"],
        &["report", "--from", &evidence, "--html", "-"],
        &["report", "--from", &evidence, "--format", "json"],
    ];
    for arguments in commands {
        let output = run(arguments);
        for said in [&output.stdout, &output.stderr] {
            let said = String::from_utf8_lossy(said);
            assert!(!said.contains(SECRETS), "{arguments:?}:\n{said}");
        }
    }
    let mut kept = 0;
    for entry in fs::read_dir(&*evidence).expect("reports") {
        let path = entry.expect("a report").path();
        let text = fs::read_to_string(&path).expect("text");
        assert!(!text.contains(SECRETS), "{}: {text}", path.display());
        kept += 1;
    }
    assert!(kept >= 4, "{kept} files of evidence");
    assert!(scene.hook.heads().contains(&format!("Bearer {SECRETS}6")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_that_is_not_set_is_an_error_with_its_line() {
    let scene = Scene::new().await;
    scene.configure("[[alerter]]\nkind = 'webhook'\nurl = '${PGSRE_TEST_UNSET}'\n");
    let output = scene.pgsre.command(&["drill"]).output().expect("pgsre");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{said}");
    assert!(said.contains("pgsre.toml:7") && said.contains("PGSRE_TEST_UNSET"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_goes_encrypted_to_whom_it_trusts_and_to_nobody_else() {
    let identity = Identity::new();
    let server = MailServer::with_starttls(&identity).await;
    let scene = Scene::new().await;
    scene.configure(&format!(
        "[[alerter]]\nkind = 'mail'\nhost = 'localhost'\nport = {}\nuser = 'pgsre'\npassword = 'hush-hush'\n\
         from = 'pgsre@example.com'\nto = ['dba@example.com']\n",
        server.port()
    ));
    let test = |trusted: PathBuf| {
        let mut command = scene.pgsre.command(&["alert", "test", "--format", "json"]);
        let output = command.env("SSL_CERT_FILE", trusted).output().expect("pgsre");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    };
    let (code, said) = test(Identity::new().certificate());
    assert!(code != Some(0) && !said.contains("hush"), "another's certificate: {said}");
    assert_eq!(server.mails().len(), 0);
    assert!(!server.commands().iter().any(|line| line.starts_with("AUTH")), "no password");

    let (code, said) = test(identity.certificate());
    assert_eq!(code, Some(0), "{said}");
    let mails = server.mails();
    assert_eq!(mails.len(), 2, "the alert and its end");
    assert_eq!(mails[0]["head"]["to"], "dba@example.com");
    assert!(server.commands().iter().any(|line| line.starts_with("AUTH PLAIN")));
}
