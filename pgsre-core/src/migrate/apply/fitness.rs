//! Whether the server is fit for a run that is about to be begun.

use std::collections::BTreeSet;

use serde::Serialize;
use tokio_postgres::types::Type;

use super::Apply;
use crate::finding::chain;
use crate::migrate::error::{ApplyError, ApplyErrorKind};
use crate::migrate::plan::{Plan, Step, Work};
use crate::monitor::{Disk, Metric, Reading, Replication, Sample, ServerMonitor};
use crate::postgres::{Database, Session};

/// What makes a server unfit for a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Obstacle {
    /// In a sentence without its end.
    pub what: String,
}

/// What was seen of a server.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) obstacles: Vec<Obstacle>,
    /// What could not be looked at.
    pub(super) unseen: Vec<String>,
}

/// A vacuum against wraparound is not cancelled for those who wait for its lock.
const VACUUMED: &str = "\
    SELECT c.oid::regclass::text, a.pid FROM pg_stat_activity a \
      JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'relation' \
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
      JOIN pg_class c ON c.oid = l.relation \
     WHERE a.query LIKE '%(to prevent wraparound)%' AND a.backend_type = 'autovacuum worker' \
       AND c.oid = ANY (SELECT to_regclass(name) FROM unnest($1::text[]) AS name)";

/// What a table takes on disk: its rows, and all of it.
const SIZE: &str = "\
    SELECT sum(pg_table_size(c))::int8, sum(pg_total_relation_size(c))::int8 \
      FROM (SELECT to_regclass($1)::oid AS root) r, \
           LATERAL (SELECT root AS c UNION SELECT inhrelid FROM pg_inherits WHERE inhparent = root) t \
     WHERE root IS NOT NULL";

/// So much of what is free is left: write-ahead log is written, too.
const MARGIN: f64 = 0.8;

/// Everything that speaks against it.
pub(super) async fn look(apply: &Apply, database: &Database) -> Result<Looked, ApplyError> {
    let mut looked = Looked::default();
    of_plan(&apply.plan, &mut looked);
    let mut monitor = ServerMonitor::new("primary", database.config().clone())
        .expecting(apply.expected.clone())
        .with_probes(vec![Box::new(Replication::default()), Box::new(Disk::default())]);
    let reading = monitor.read().await;
    replicas(&reading, &mut looked);
    let session = database.session().await?;
    disk(&session, &apply.plan, &reading, &mut looked).await?;
    vacuums(&session, &apply.plan, &mut looked).await?;
    session.close().await;
    for hook in &apply.hooks {
        let said = hook.obstacles(database).await.map_err(|error| {
            let context = "whether the server is fit for it cannot be said";
            ApplyError::new(ApplyErrorKind::Unfit, context).with_cause(error)
        })?;
        looked.obstacles.extend(said.into_iter().map(|what| Obstacle { what }));
    }
    Ok(looked)
}

fn of_plan(plan: &Plan, looked: &mut Looked) {
    for step in &plan.steps {
        if let Some(caution) = &step.caution {
            let what = format!("step {} ({}): {caution}", step.number, step.title);
            looked.obstacles.push(Obstacle { what });
        }
    }
}

fn replicas(reading: &Reading, looked: &mut Looked) {
    if let Some(missing) = reading.missing.iter().find(|missing| missing.probe != "disk") {
        looked.unseen.push(format!("the replicas: {}", missing.why));
    }
    for sample in reading.samples_of(Metric::ReplicationConnected) {
        let replica = sample.labels.get("replica").map_or("", String::as_str);
        let what = match sample.value {
            Some(1.0) => continue,
            Some(_) => format!("replica {replica} is not there"),
            None => format!("whether replica {replica} is there is not known"),
        };
        looked.obstacles.push(Obstacle { what });
    }
}

async fn disk(
    session: &Session,
    plan: &Plan,
    reading: &Reading,
    looked: &mut Looked,
) -> Result<(), ApplyError> {
    let mut needed = 0;
    for step in &plan.steps {
        needed = needed.max(need(session, step).await?);
    }
    if needed == 0 {
        return Ok(());
    }
    let free = reading.samples_of(Metric::DiskFreeBytes).filter_map(|sample: &Sample| sample.value);
    match free.reduce(f64::min) {
        Some(free) if needed as f64 > free * MARGIN => {
            let what = format!(
                "the disk has {} MiB free, and a step may need {} MiB",
                (free / 1_048_576.0) as u64,
                needed.div_ceil(1 << 20)
            );
            looked.obstacles.push(Obstacle { what });
        }
        Some(_) => {}
        None => looked.unseen.push(
            "free disk space: it is seen only where the server runs on this machine".to_owned(),
        ),
    }
    Ok(())
}

/// The bytes that a step may need for a while, at most: an index as much as its table's rows, what is
/// written anew as much as all of the table.
async fn need(session: &Session, step: &Step) -> Result<u64, ApplyError> {
    let (tables, whole): (Vec<&str>, bool) = match &step.work {
        Work::Alone { index: Some(_), .. } => (objects(step), false),
        Work::Backfill { table, .. } => (vec![table], true),
        _ if step.caution.is_some() => (objects(step), true),
        _ => return Ok(0),
    };
    let mut most = 0;
    for table in tables {
        let rows = session.query_typed(SIZE, &[(&table, Type::TEXT)]).await;
        // A table that an earlier step makes, or a name that is none.
        let Ok(rows) = rows else { continue };
        let Some(row) = rows.first() else { continue };
        let bytes: Option<i64> = row.try_get(usize::from(whole))?;
        most = most.max(bytes.map_or(0, crate::migrate::state::unsigned));
    }
    Ok(most)
}

fn objects(step: &Step) -> Vec<&str> {
    step.locks.iter().map(|lock| lock.object.as_str()).collect()
}

async fn vacuums(session: &Session, plan: &Plan, looked: &mut Looked) -> Result<(), ApplyError> {
    let tables: BTreeSet<&str> = plan.steps.iter().flat_map(objects).collect();
    let tables: Vec<&str> = tables.into_iter().collect();
    let rows = match session.query_typed(VACUUMED, &[(&tables, Type::TEXT_ARRAY)]).await {
        Ok(rows) => rows,
        Err(error) => {
            let why = chain(&ApplyError::from(error));
            looked.unseen.push(format!("vacuums against wraparound: {why}"));
            return Ok(());
        }
    };
    for row in rows {
        let (table, pid): (String, i32) = (row.try_get(0)?, row.try_get(1)?);
        let what = format!(
            "{table} is being vacuumed against wraparound by process {pid}: its lock would not be had"
        );
        looked.obstacles.push(Obstacle { what });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::Linter;

    #[test]
    fn a_replica_that_is_absent_or_not_known_to_be_there_is_an_obstacle() {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let looked = |value: Option<f64>| {
            let sample = Sample::maybe(Metric::ReplicationConnected, value, at);
            let reading = Reading {
                server: crate::monitor::ServerFacts {
                    name: "primary".into(),
                    version: None,
                    role: None,
                },
                at,
                seconds: 0.0,
                samples: vec![sample.about("replica", "db2")],
                missing: Vec::new(),
                unseen: Vec::new(),
            };
            let mut looked = Looked::default();
            replicas(&reading, &mut looked);
            looked.obstacles.pop().map(|one| one.what)
        };
        assert_eq!(looked(Some(1.0)), None);
        assert_eq!(looked(Some(0.0)).as_deref(), Some("replica db2 is not there"));
        assert!(looked(None).is_some_and(|what| what.contains("not known")));
    }

    fn cautions(sql: &str) -> Vec<Obstacle> {
        let mut linter = Linter::new(17);
        linter.file("1.sql", "create table orders (id bigint primary key, note text);");
        let mut looked = Looked::default();
        of_plan(&linter.plan("2.sql", sql), &mut looked);
        looked.obstacles
    }

    #[test]
    fn a_step_that_stops_others_is_an_obstacle_and_one_that_does_not_is_none() {
        let stops = cautions("vacuum full orders;");
        assert!(stops.len() == 1 && stops[0].what.contains("orders"), "{stops:?}");
        assert_eq!(cautions("alter table orders add total int;"), []);
    }
}
