//! The file's shape, as serde reads it: names of keys and kinds of values, nothing of their
//! meaning. No `Debug`: values may be secrets.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

pub(super) type Text = Spanned<String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    #[serde(default)]
    pub(super) server: Vec<Server>,
    #[serde(default)]
    pub(super) rule: Vec<Rule>,
    #[serde(default)]
    pub(super) silence: Vec<Silence>,
    #[serde(default)]
    pub(super) history: History,
    #[serde(default)]
    pub(super) alerter: Vec<Spanned<Alerter>>,
    #[serde(default)]
    pub(super) report: Report,
    #[serde(default)]
    pub(super) watch: Watch,
    #[serde(default)]
    pub(super) migrate: Migrate,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Migrate {
    pub(super) pg_version: Option<Spanned<u32>>,
    pub(super) in_transaction: bool,
    pub(super) fail_on: Option<Text>,
    pub(super) severity: BTreeMap<String, Text>,
    pub(super) allow: Vec<Allow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Allow {
    pub(super) rule: Text,
    pub(super) reason: Text,
    pub(super) path: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Watch {
    pub(super) interval: Option<Text>,
    pub(super) listen: Option<Text>,
    pub(super) state: Option<Text>,
    pub(super) deadman: Option<Text>,
    pub(super) token_file: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Report {
    pub(super) sign_key: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    pub(super) name: Text,
    pub(super) url: Option<Text>,
    #[serde(default)]
    pub(super) standbys: Vec<Text>,
    #[serde(default)]
    pub(super) apply_delays: BTreeMap<String, Text>,
    pub(super) pgbouncer: Option<Text>,
    pub(super) backups: Option<Backups>,
    #[serde(default)]
    pub(super) drill: Drill,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Backups {
    pub(super) source: Text,
    pub(super) max_age: Option<Text>,
    pub(super) min_size: Option<Text>,
    pub(super) max_shrink: Option<Text>,
    pub(super) dump_format: Option<Text>,
    pub(super) compress: Option<Text>,
    pub(super) level: Option<Text>,
    #[serde(default)]
    pub(super) verify: bool,
    pub(super) keep_last: Option<Spanned<u32>>,
    pub(super) keep_hourly: Option<Spanned<u32>>,
    pub(super) keep_daily: Option<Spanned<u32>>,
    pub(super) keep_weekly: Option<Spanned<u32>>,
    pub(super) keep_monthly: Option<Spanned<u32>>,
    pub(super) keep_yearly: Option<Spanned<u32>>,
    pub(super) keep_within: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Drill {
    pub(super) target: Option<Text>,
    pub(super) schedule: Option<Text>,
    pub(super) timezone: Option<Text>,
    pub(super) compare_to: Option<Text>,
    pub(super) max_age: Option<Text>,
    pub(super) rto: Option<Text>,
    pub(super) rpo: Option<Text>,
    pub(super) jobs: Option<Spanned<u16>>,
    pub(super) timeout: Option<Text>,
    pub(super) allow_untrailed: bool,
    pub(super) expect_empty: Vec<Text>,
    pub(super) max_missing_rows: Option<u64>,
    pub(super) max_missing_ratio: Option<Text>,
    pub(super) min_tables: Option<u64>,
    pub(super) min_rows: Option<u64>,
    pub(super) min_size: Option<Text>,
    pub(super) validator: Vec<Spanned<Validator>>,
}

/// The keys of every kind of validator; which kind takes which is told in `validator.rs`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Validator {
    pub(super) kind: Text,
    pub(super) name: Option<Text>,
    pub(super) query: Option<Text>,
    pub(super) expect: Option<Text>,
    pub(super) table: Option<Text>,
    pub(super) column: Option<Text>,
    pub(super) unit: Option<Text>,
    pub(super) max_age: Option<Text>,
    pub(super) min_rows: Option<Spanned<u64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) name: Text,
    pub(super) metric: Option<Text>,
    pub(super) enabled: Option<bool>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, Text>,
    pub(super) warning: Option<Spanned<Threshold>>,
    pub(super) critical: Option<Spanned<Threshold>>,
    pub(super) needs: Option<Text>,
    pub(super) keep: Option<Text>,
    pub(super) no_data: Option<NoData>,
    pub(super) inhibits: Option<Vec<Text>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoData {
    pub(super) severity: Text,
    pub(super) r#for: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Silence {
    pub(super) rule: Option<Text>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, Text>,
    pub(super) from: Option<Text>,
    pub(super) until: Text,
    pub(super) reason: Text,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct History {
    pub(super) store: Option<Text>,
    pub(super) raw: Option<Text>,
    pub(super) medium: Option<Text>,
    pub(super) long: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Threshold {
    pub(super) above: Option<f64>,
    pub(super) below: Option<f64>,
    pub(super) r#for: Option<Text>,
    pub(super) clear_above: Option<f64>,
    pub(super) clear_below: Option<f64>,
}

/// The keys of every kind of alerter; which kind takes which is told in `alerter/keys.rs`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alerter {
    pub(super) kind: Text,
    pub(super) name: Option<Text>,
    pub(super) url: Option<Text>,
    pub(super) urls: Option<Vec<Text>>,
    pub(super) start_url: Option<Text>,
    pub(super) fail_url: Option<Text>,
    pub(super) server: Option<Text>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Text>,
    pub(super) command: Option<Vec<Text>>,
    pub(super) template: Option<Text>,
    pub(super) template_file: Option<Text>,
    pub(super) content_type: Option<Text>,
    pub(super) method: Option<Text>,
    pub(super) success: Option<Vec<Spanned<u16>>>,
    pub(super) routing_key: Option<Text>,
    pub(super) api_key: Option<Text>,
    pub(super) resend: Option<Text>,
    pub(super) host: Option<Text>,
    pub(super) port: Option<u16>,
    pub(super) tls: Option<Text>,
    pub(super) user: Option<Text>,
    pub(super) password: Option<Text>,
    pub(super) from: Option<Text>,
    pub(super) to: Option<Vec<Text>>,
    pub(super) min_severity: Option<Text>,
    pub(super) on: Option<Vec<Text>>,
    pub(super) rules: Option<Vec<Text>>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, Text>,
    pub(super) resolved: Option<bool>,
    pub(super) rate: Option<Text>,
    pub(super) repeat: Option<Text>,
    pub(super) group_by: Option<Vec<Text>>,
    pub(super) group_wait: Option<Text>,
}
