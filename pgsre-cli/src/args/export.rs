//! The arguments of `pgsre export`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const EXPORT_HELP: &str = "\
Examples:
  pgsre export prometheus-rules > /etc/prometheus/rules/pgsre.yml
  pgsre export prometheus-rules --output rules.yml && promtool check rules rules.yml
  pgsre export grafana-dashboard --output pgsre.json
  pgsre export prometheus-scrape --listen 10.0.0.7:8432

All are made of the tables that /metrics of `pgsre watch` is made of, with the rules of the
configuration: no rule or panel names what is not there. Prometheus 2.42 or later.

Exit status: 0 written; 2 usage, or the configuration is wrong.";

/// What other tools are given.
#[derive(Debug, Subcommand)]
#[command(after_help = EXPORT_HELP)]
pub enum ExportCommand {
    /// Alert rules for Prometheus: the default rules and the configuration's
    PrometheusRules(ExportArgs),
    /// The dashboard for Grafana 10 or later: the six panels and every other metric
    GrafanaDashboard(ExportArgs),
    /// A scrape configuration for Prometheus
    PrometheusScrape(ScrapeArgs),
}

/// Where it is written.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Where to write it; - for standard output
    #[arg(long, short, value_name = "PATH", default_value = "-")]
    pub output: PathBuf,
}

/// `pgsre export prometheus-scrape`.
#[derive(Debug, Args)]
pub struct ScrapeArgs {
    /// Where `pgsre watch` listens, as Prometheus reaches it [default: as configured, else
    /// 127.0.0.1:8432]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,

    /// Where it is written.
    #[command(flatten)]
    pub export: ExportArgs,
}
