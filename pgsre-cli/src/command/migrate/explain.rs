//! `pgsre migrate explain`: the rules.

use pgsre_core::migrate::{RULES, Rule};

use super::unwritten;
use crate::args::ExplainArgs;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;

pub(super) fn run(args: &ExplainArgs, face: &Face) -> Result<u8, CommandError> {
    let text = match args.rule.as_deref() {
        None => RULES.iter().map(line).collect(),
        Some(name) => {
            let rule = RULES.iter().find(|rule| rule.name == name);
            explanation(rule.ok_or_else(|| {
                CommandError::usage(format!("there is no rule {name}"))
                    .with_hint("pgsre migrate explain lists them")
            })?)
        }
    };
    face.print(&text).map_err(unwritten)?;
    Ok(exit_code::PASSED)
}

fn line(rule: &Rule) -> String {
    format!("{:<32} {:<9} {:<9} {}\n", rule.name, rule.severity.to_string(), rule.kind, rule.why)
}

fn explanation(rule: &Rule) -> String {
    let (bad, good) = (rule.bad.join("\n  "), rule.good.join("\n  "));
    let sized = if rule.sized { ", less on smaller tables with --database" } else { "" };
    format!(
        "{} ({}{sized}; {})\n\n{}\n\nInstead: {}\n\nHazard:\n  {bad}\n\nSafe:\n  {good}\n",
        rule.name, rule.severity, rule.kind, rule.why, rule.fix
    )
}
