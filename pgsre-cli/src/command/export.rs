//! `pgsre export`: what other tools are given.

use std::path::Path;

use pgsre_core::dashboard::grafana_dashboard;
use pgsre_core::monitor::{prometheus_rules, scrape_config};

use crate::args::ExportCommand;
use crate::command::{status, watch};
use crate::config::Config;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;

pub(crate) fn run(
    command: &ExportCommand,
    config: &Config,
    face: &Face,
) -> Result<u8, CommandError> {
    let (text, output) = match command {
        ExportCommand::PrometheusRules(args) => {
            (prometheus_rules(&status::rules(&config.rules)?), &args.output)
        }
        ExportCommand::GrafanaDashboard(args) => {
            (grafana_dashboard(&status::rules(&config.rules)?), &args.output)
        }
        ExportCommand::PrometheusScrape(args) => {
            let listen = args.listen.as_deref().or(config.watch.listen.as_deref());
            let listen = listen.unwrap_or(watch::LISTEN);
            if listen == watch::NOWHERE {
                return Err(CommandError::usage("pgsre watch is configured to listen nowhere")
                    .with_hint("set `listen` in [watch], or give --listen ADDR"));
            }
            (scrape_config(listen), &args.export.output)
        }
    };
    write(&text, output, face)?;
    Ok(exit_code::PASSED)
}

fn write(text: &str, output: &Path, face: &Face) -> Result<(), CommandError> {
    if output.as_os_str() == "-" {
        return Ok(face.print(text)?);
    }
    std::fs::write(output, text).map_err(|error| {
        CommandError::usage(format!("cannot write {}", output.display())).with_cause(error)
    })
}
