//! `pgsre drill --dry-run`: the plan, and nothing else.

use pgsre_core::backup::Backup;
use pgsre_core::drill::DrillPlan;
use pgsre_core::finding::Finding;
use pgsre_core::manifest::Manifest;
use serde::Serialize;

use super::{Settings, assemble};
use crate::args::{DrillArgs, ResultFormat};
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::render::table::{Align, Table};
use crate::render::{clean, human, json};
use crate::units;

/// The JSON of a plan.
#[derive(Serialize)]
struct Preview<'a> {
    schema: u32,
    dry_run: bool,
    server: Option<&'a str>,
    source: &'a str,
    backup: Option<&'a Backup>,
    target: &'a str,
    place: Option<String>,
    checks: &'a [String],
    findings: &'a [Finding],
}

#[derive(Serialize)]
struct Previews<'a> {
    schema: u32,
    dry_run: bool,
    drills: Vec<Preview<'a>>,
}

/// Plans each drill and shows the plans. The status tells what they already found: a source that
/// cannot be read, a backup that is not there or too old.
pub(super) async fn run(
    args: &DrillArgs,
    all: &[Settings],
    face: &Face,
) -> Result<u8, CommandError> {
    if args.result.format == ResultFormat::Junit {
        return Err(CommandError::usage("a dry run tests nothing, so there is no JUnit of it")
            .with_hint("leave --dry-run or --format junit out"));
    }
    let mut plans = Vec::with_capacity(all.len());
    for settings in all {
        let target = assemble::target(settings.target.as_ref())?;
        let drill = assemble::drill(settings, target, None)?;
        let plan = drill.plan(&settings.request()).await.map_err(assemble::plan_error)?;
        if args.result.format == ResultFormat::Human {
            face.print(&rendered(face, settings, &plan))?;
        }
        plans.push((settings, plan));
    }
    let verdicts = plans.iter().map(|(_, plan)| exit_code::verdict_of_findings(plan.findings()));
    let status = exit_code::heaviest(verdicts.map(exit_code::of_verdict));
    if args.result.format == ResultFormat::Json {
        let mut drills: Vec<Preview<'_>> = plans.iter().map(|(s, plan)| preview(s, plan)).collect();
        let one = args.source.is_some() || args.server.is_some();
        face.print(&match drills.pop() {
            Some(only) if one => json::object(&only)?,
            last => {
                drills.extend(last);
                json::object(&Previews { schema: 1, dry_run: true, drills })?
            }
        })?;
    }
    Ok(status)
}

fn preview<'a>(settings: &'a Settings, plan: &'a DrillPlan) -> Preview<'a> {
    Preview {
        schema: 1,
        dry_run: true,
        server: settings.name.as_deref(),
        source: plan.source(),
        backup: plan.backup(),
        target: plan.target(),
        place: plan.place(),
        checks: plan.checks(),
        findings: plan.findings(),
    }
}

fn rendered(face: &Face, settings: &Settings, plan: &DrillPlan) -> String {
    let palette = face.palette();
    let title = settings.name.as_deref().unwrap_or("This drill");
    let mut table = Table::new(&[("", Align::Left), ("", Align::Left)], &palette.heading);
    let mut fact = |name: &str, value: String| {
        table.row(vec![palette.faint.apply_to(name).to_string(), value]);
    };
    fact("source", clean(plan.source()));
    fact("backup", plan.backup().map_or_else(|| "none".to_owned(), described));
    if let Some(archive) = plan.archive() {
        let version = archive.server_version.as_deref().unwrap_or("unknown");
        let what = format!("{}, {} compression", archive.format, archive.compression);
        fact("archive", format!("{what}, of a server {}", clean(version)));
    }
    if let Some(manifest) = plan.manifest() {
        fact("manifest", promised(manifest));
    }
    fact("target", clean(plan.target()));
    fact("place", plan.place().map_or_else(|| "none".to_owned(), |place| clean(&place)));
    fact("checks", plan.checks().iter().map(|check| clean(check)).collect::<Vec<_>>().join(", "));
    let heading = palette.heading.apply_to(format!("{} would do this:", clean(title)));
    let mut text = format!("{heading}\n{}", table.render());
    text.push_str(&human::findings(face, plan.findings()));
    text.push_str(&format!("  {}\n", palette.faint.apply_to("Nothing was done (--dry-run).")));
    text
}

/// What the manifest says must be restored.
fn promised(manifest: &Manifest) -> String {
    let databases = || manifest.databases.iter();
    let tables = databases().flat_map(|database| &database.tables);
    let whole = tables.filter(|table| table.partition_of.is_none());
    let (count, rows) =
        whole.fold((0, 0), |(count, rows), table| (count + 1, rows + table.rows.unwrap_or(0)));
    let objects: usize = databases().map(|database| database.objects.len()).sum();
    let (rows, count) = (units::count(rows), units::count(count));
    format!("{objects} objects, {rows} rows of {count} tables will be compared")
}

fn described(backup: &Backup) -> String {
    let modified = backup.modified.strftime("%Y-%m-%d %H:%M UTC");
    format!("{}  ({}, {modified})", clean(&backup.key), units::size(backup.size))
}
