#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;
use pgsre_core::drill::Verdict;
use pgsre_core::finding::Severity;

const EXAMPLE: &str = r#"
[[server]]
name = "shop"
url = "postgres://pgsre@db1/shop?sslmode=verify-full"
standbys = ["db2", "db3"]
pgbouncer = "postgres://stats@db1:6432/pgbouncer"

[server.backups]
source = "s3://acme-backups/shop/"
max_age = "26h"
min_size = "100MiB"
max_shrink = "30%"

[server.drill]
target = "ephemeral"
schedule = "0 3 * * 0"
compare_to = "live"
rto = "2h"

[[server.drill.validator]]
kind = "sql"
name = "ledger balances"
query = "select sum(debit) = sum(credit) from ledger"

[[rule]]
name = "replication.lag"
metric = "replication.replay_lag_seconds"
warning = { above = 1, for = "10s" }
critical = { above = 10, for = "10s", clear_below = 5 }

[[alerter]]
kind = "webhook"
url = "${PAGER_URL}"
min_severity = "warning"
"#;

fn parse(text: &str) -> Result<Config, ConfigError> {
    let environment = Environment::of([("PAGER_URL", "https://pager.example/s3cret")]);
    Config::parse(Path::new("pgsre.toml"), text, &environment)
}

fn wrong(text: &str) -> (String, String) {
    let error = parse(text).unwrap_err();
    (error.to_string(), error.hint().to_owned())
}

#[test]
fn the_example_of_the_design_reads_as_it_says() {
    let config = parse(EXAMPLE).unwrap();
    let server = config.server("shop").unwrap();
    let backups = server.backups.as_ref().unwrap();
    assert_eq!(backups.max_age, Some(Duration::from_secs(93_600)));
    assert_eq!(backups.min_size, Some(100 << 20));
    assert_eq!(backups.max_shrink, Some(0.3));
    assert!(matches!(server.drill.compare_to, CompareTo::Live));
    assert_eq!(server.drill.rto, Some(Duration::from_secs(7200)));
    assert_eq!(server.drill.validators.len(), 1);
    assert_eq!(config.rules[0].critical.unwrap().clear, Some(5.0));
    let alerter = &config.alerters[0];
    assert_eq!(alerter.min_severity, Severity::Warning);
    assert_eq!(alerter.on, [Verdict::Failed, Verdict::Inconclusive]);
}

#[test]
fn a_standby_that_is_late_on_purpose_has_a_delay_and_a_wrong_one_is_an_error() {
    let with = |delay: &str| {
        let delays =
            format!("standbys = [\"db2\", \"db3\"]\napply_delays = {{ db3 = \"{delay}\" }}");
        EXAMPLE.replace("standbys = [\"db2\", \"db3\"]", &delays)
    };
    let config = parse(&with("1h")).unwrap();
    let delays = &config.server("shop").unwrap().apply_delays;
    assert_eq!(delays.get("db3"), Some(&Duration::from_secs(3_600)));
    assert_eq!(delays.len(), 1);
    assert!(parse(EXAMPLE).unwrap().server("shop").unwrap().apply_delays.is_empty());
    let (message, _) = wrong(&with("soon"));
    assert!(message.starts_with("pgsre.toml:6:"), "{message}");
}

#[test]
fn secrets_never_reach_debug() {
    let shown = format!("{:?}", parse(EXAMPLE).unwrap());
    assert!(!shown.contains("s3cret") && !shown.contains("pgsre@db1"), "{shown}");
}

#[test]
fn an_unknown_key_is_an_error_with_its_line_and_the_nearest_name() {
    let (message, hint) = wrong(&EXAMPLE.replace("max_age", "max_agee"));
    assert!(message.starts_with("pgsre.toml:10: unknown field `max_agee`"), "{message}");
    assert_eq!(hint, "did you mean `max_age`?");
    let (message, hint) = wrong("[[alertr]]\nkind = 'log'\n");
    assert!(message.starts_with("pgsre.toml:1:"), "{message}");
    assert_eq!(hint, "did you mean `alerter`?");
}

#[test]
fn an_unset_variable_is_named_with_its_line() {
    let (message, hint) = wrong(&EXAMPLE.replace("PAGER_URL", "NO_SUCH"));
    assert_eq!(message, "pgsre.toml:33: the environment variable NO_SUCH is not set");
    assert!(hint.contains("export NO_SUCH"), "{hint}");
}

#[test]
fn a_value_of_the_wrong_kind_is_not_quoted() {
    let text = "[[server]]\nname='a'\n[server.drill]\nmin_rows = 's3cret \" x'\n";
    let (message, _) = wrong(text);
    assert!(message.starts_with("pgsre.toml:4: invalid type: string, expected"), "{message}");
    let (message, _) = wrong("[[server]]\nname = 'a'\nurl = 's3cret\n");
    assert!(!message.contains("s3cret"), "{message}");
}

#[test]
fn dollars_are_escaped_by_doubling() {
    let text = "[[server]]\nname = '$${x} costs $5'\n";
    assert_eq!(parse(text).unwrap().servers[0].name, "${x} costs $5");
    assert!(wrong("[[server]]\nname = 'a${b'\n").0.contains("without its"));
}

#[test]
fn a_validator_takes_the_keys_of_its_kind_only() {
    let head = "[[server]]\nname='a'\n[[server.drill.validator]]\n";
    let (message, _) = wrong(&format!("{head}kind = 'sql'\nquery = 'select true'\ncolumn = 'x'\n"));
    assert!(message.contains("takes no `column`"), "{message}");
    let (message, _) = wrong(&format!("{head}kind = 'freshness'\ntable = 't'\ncolumn = 'c'\n"));
    assert!(message.contains("needs `max_age`"), "{message}");
    let (_, hint) = wrong(&format!("{head}kind = 'freshnes'\n"));
    assert_eq!(hint, "did you mean \"freshness\"?");
}

#[test]
fn an_alerter_has_what_its_kind_needs() {
    assert!(wrong("[[alerter]]\nkind = 'slack'\n").0.contains("needs a `url`"));
    assert!(wrong("[[alerter]]\nkind = 'log'\nurl = 'https://x'\n").0.contains("takes no `url`"));
    assert!(wrong("[[alerter]]\nkind = 'command'\ncommand = []\n").0.contains("needs a `command`"));
    assert!(wrong("[[alerter]]\nkind = 'webhook'\nurl = 'ftp://s3cret'\n").0.contains("https://"));
    let on = parse("[[alerter]]\nkind='log'\non=['passed']\n").unwrap();
    assert_eq!(on.alerters[0].min_severity, Severity::Info);
}

#[test]
fn a_ping_has_urls_and_a_server_and_nothing_to_choose() {
    let head = "[[alerter]]\nkind = 'ping'\n";
    let text = format!("{head}url = 'https://hc/x'\nfail_url = 'https://hc/x/fail'\nserver = 'a'");
    let config = parse(&text).unwrap();
    let AlerterKind::Ping { start_url, fail_url, server, .. } = &config.alerters[0].kind else {
        unreachable!("a ping")
    };
    assert!(start_url.is_none() && fail_url.is_some());
    assert_eq!(server.as_deref(), Some("a"));
    assert!(wrong(head).0.contains("needs a `url`"));
    assert!(wrong(&format!("{head}url = 'https://hc/x'\non = ['failed']")).0.contains("no `on`"));
    let (message, _) = wrong("[[alerter]]\nkind = 'log'\nfail_url = 'https://hc/x'\n");
    assert!(message.contains("takes no `fail_url`"), "{message}");
}

#[test]
fn reports_are_signed_and_drills_fall_due_where_it_says_so() {
    let text =
        "[report]\nsign_key = '/k.pem'\n[[server]]\nname = 'a'\n[server.drill]\nmax_age = '8d'";
    let config = parse(text).unwrap();
    assert_eq!(config.report.sign_key.as_deref(), Some(Path::new("/k.pem")));
    assert_eq!(config.servers[0].drill.max_age, Some(Duration::from_secs(8 * 86_400)));
    assert!(wrong("[report]\nsignkey = 'x'\n").1.contains("sign_key"));
}

#[test]
fn two_servers_of_one_name_are_refused() {
    let (message, _) = wrong("[[server]]\nname = 'a'\n[[server]]\nname = 'a'\n");
    assert_eq!(message, "pgsre.toml:4: two servers have this name");
}

#[test]
fn a_threshold_has_one_side() {
    for bad in ["{}", "{ above = 1, below = 2 }", "{ above = 1, clear_below = 2 }"] {
        let text = format!("[[rule]]\nname = 'r'\nwarning = {bad}\n");
        assert!(wrong(&text).0.starts_with("pgsre.toml:3:"), "{bad}");
    }
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let error = Config::load(Some(Path::new("/no/such/pgsre.toml")), &Environment::default());
    assert!(error.unwrap_err().hint().contains("pgsre init"));
}

fn alerter(keys: &str) -> AlerterConfig {
    parse(&format!("[[alerter]]\n{keys}")).unwrap().alerters.remove(0)
}

fn wrong_alerter(keys: &str) -> String {
    let (message, hint) = wrong(&format!("[[alerter]]\n{keys}"));
    format!("{message} {hint}")
}

#[test]
fn an_alerter_says_which_alerts_it_wants_and_how_often() {
    let told = alerter(
        "kind = 'slack'\nurl = 'https://x'\nname = 'dba'\nrules = ['replication.*']\n\
         labels = { server = 'shop-*' }\nresolved = false\nrate = '30/m'\nrepeat = '4h'\n\
         group_by = []\ngroup_wait = '30s'",
    );
    assert_eq!(told.name(), "dba");
    let routing = told.routing;
    assert_eq!(routing.rules.unwrap(), ["replication.*"]);
    assert_eq!(routing.labels, [("server".to_owned(), "shop-*".to_owned())]);
    assert_eq!((routing.resolved, routing.group_by.len()), (false, 0));
    assert_eq!(routing.pace, Some(Duration::from_secs(2)));
    assert_eq!(routing.repeat, Some(Duration::from_secs(4 * 3600)));
    assert_eq!(routing.group_wait, Duration::from_secs(30));
    let usual = alerter("kind = 'log'");
    assert_eq!((usual.name(), usual.routing.resolved), ("log", true));
    assert_eq!(usual.routing.group_by, ["server"]);
}

#[test]
fn a_figure_of_an_alerter_that_cannot_be_meant_is_refused_with_an_example() {
    let head = "kind = 'slack'\nurl = 'https://x'\n";
    for rate in ["0/s", "1", "1/d", "-1/s", "x/s"] {
        let said = wrong_alerter(&format!("{head}rate = '{rate}'"));
        assert!(said.contains("a number of messages per s, m or h"), "{rate}: {said}");
    }
    assert!(wrong_alerter(&format!("{head}repeat = '5s'")).contains("a minute at least"));
    let said = wrong_alerter("kind = 'alertmanager'\nurl = 'http://x'\nresend = '0s'");
    assert!(said.contains("a second at least"), "{said}");
    let said = wrong_alerter("kind = 'webhook'\nurl = 'http://x'\nsuccess = [99]");
    assert!(said.contains("a status such as 200"), "{said}");
}

#[test]
fn each_kind_of_alerter_has_its_keys_and_no_other_s() {
    assert!(wrong_alerter("kind = 'pagerduty'").contains("needs a `routing_key`"));
    assert!(wrong_alerter("kind = 'opsgenie'").contains("needs a `api_key`"));
    assert!(wrong_alerter("kind = 'alertmanager'").contains("needs a `url`"));
    assert!(wrong_alerter("kind = 'mail'\nhost = 'x'").contains("needs a `from`"));
    assert!(wrong_alerter("kind = 'pagerduti'\n").contains("did you mean \"pagerduty\"?"));
    assert!(wrong_alerter("kind = 'log'\ngroup_wait = '1s'").contains("takes no `group_wait`"));
    assert!(wrong_alerter("kind = 'pagerduty'\nrouting_key = ' '").contains("empty"));
    assert!(wrong_alerter("kind = 'log'\nrutes = []").contains("did you mean `rules`?"));
    let two = "kind = 'log'\nname = 'a'\n";
    let (message, _) = wrong(&format!("[[alerter]]\n{two}[[alerter]]\n{two}"));
    assert!(message.contains("two alerters have this name"), "{message}");
}

#[test]
fn a_sink_that_opens_and_closes_hears_of_drills_that_passed_too() {
    let pager = alerter("kind = 'pagerduty'\nrouting_key = 'k'");
    assert!(pager.on.contains(&Verdict::Passed));
    assert_eq!(pager.min_severity, Severity::Warning);
    assert!(!alerter("kind = 'log'").on.contains(&Verdict::Passed));
}

#[test]
fn a_template_is_tried_when_it_is_read() {
    let head = "kind = 'webhook'\nurl = 'https://x'\n";
    let told = alerter(&format!("{head}template = '{{\"text\": {{{{ summary }}}} }}'"));
    assert!(matches!(told.kind, AlerterKind::Webhook { body, .. } if body.template.is_some()));
    let said = wrong_alerter(&format!("{head}template = '{{{{ sumary }}}}'"));
    assert!(said.contains("`sumary`"), "{said}");
    let said = wrong_alerter(&format!("{head}template = 'no json'"));
    assert!(said.contains("no JSON"), "{said}");
    alerter(&format!("{head}template = 'plain'\ncontent_type = 'text/plain'"));
    assert!(wrong_alerter(&format!("{head}content_type = 'text/plain'")).contains("there is none"));
    let said = wrong_alerter(&format!("{head}template_file = '/none/x'"));
    assert!(said.contains("cannot read /none/x"), "{said}");
    let said = wrong_alerter(&format!("{head}template = 'x'\ntemplate_file = 'x'"));
    assert!(said.contains("not both"), "{said}");
}

#[test]
fn a_mail_alerter_has_addresses_and_a_whole_login() {
    let head = "kind = 'mail'\nhost = 'x'\nfrom = 'a@b.org'\n";
    let told = alerter(&format!("{head}to = ['Ops <c@d.org>']\ntls = 'implicit'"));
    assert!(matches!(told.kind, AlerterKind::Mail(mail) if mail.to.len() == 1));
    assert!(wrong_alerter(&format!("{head}to = ['c']")).contains("\"c\" is no address"));
    assert!(wrong_alerter(&format!("{head}to = []")).contains("needs a `to`"));
    assert!(wrong_alerter(&format!("{head}to = ['c@d.org']\nuser = 'x'")).contains("both"));
}

#[test]
fn no_secret_of_an_alerter_is_in_its_debug() {
    let text = "[[alerter]]\nkind = 'pagerduty'\nrouting_key = 'hush1'\n\
                [[alerter]]\nkind = 'opsgenie'\napi_key = 'hush2'\n\
                [[alerter]]\nkind = 'mail'\nhost = 'x'\nfrom = 'a@b.org'\nto = ['c@d.org']\n\
                user = 'hush3'\npassword = 'hush4'\n\
                [[alerter]]\nkind = 'alertmanager'\nurl = 'http://u:hush5@x'\n\
                headers = { Authorization = 'hush6' }\n\
                [[alerter]]\nkind = 'webhook'\nurl = 'https://x'\ntemplate = '\"hush7\"'\n";
    let debug = format!("{:?}", parse(text).unwrap());
    assert!(debug.contains("PagerDuty") && !debug.contains("hush"), "{debug}");
}

#[test]
fn a_rule_says_how_many_readings_it_needs_and_what_follows_from_it() {
    let config = parse(
        r#"
        [[rule]]
        name = "replication.lag"
        needs = "3 of 5"
        keep = "5m"
        no_data = { severity = "critical", for = "1m" }
        inhibits = ["replication.paused"]
        [[rule]]
        name = "server.down"
        no_data = { severity = "ignore" }
        "#,
    )
    .unwrap();
    let [lag, down] = config.rules.as_slice() else { unreachable!() };
    assert_eq!(lag.needs, pgsre_core::monitor::Needs::new(3, 5));
    assert_eq!(lag.keep, Some(Duration::from_secs(300)));
    let told = NoData::Told(pgsre_core::finding::Severity::Critical, Duration::from_secs(60));
    assert_eq!((lag.no_data, down.no_data), (Some(told), Some(NoData::Ignore)));
    assert_eq!(lag.inhibits.as_deref(), Some(["replication.paused".to_owned()].as_slice()));
    for needs in ["3", "6 of 5", "0 of 5", "3 of 33", "three of five", "3 of 5 readings"] {
        let text = format!("[[rule]]\nname = \"replication.lag\"\nneeds = \"{needs}\"");
        let (message, _) = wrong(&text);
        assert!(message.contains("so many of the last readings"), "{needs}: {message}");
    }
}

#[test]
fn a_silence_has_an_end_and_a_reason() {
    let silence = "[[silence]]\nrule = \"replication.*\"\nlabels = { server = \"shop\" }\n";
    let until = "until = \"2026-12-01T06:00:00Z\"\n";
    let reason = "reason = \"db2 moves\"\n";
    let config = parse(&format!("{silence}{until}{reason}")).unwrap();
    assert_eq!(config.silences.len(), 1);
    assert_eq!(config.silences[0].ends_at, "2026-12-01T06:00:00Z".parse().unwrap());
    assert_eq!(
        (config.silences[0].rule.as_str(), config.silences[0].starts_at),
        ("replication.*", None)
    );
    assert!(parse(&format!("{silence}{until}")).is_err());
    assert!(parse(&format!("{silence}{reason}")).is_err());
    let (message, hint) = wrong(&format!("{silence}until = \"tomorrow\"\n{reason}"));
    assert!(message.contains("a moment with its offset"), "{message}");
    assert!(hint.contains("2026-11-30T06:00:00Z"), "{hint}");
}
