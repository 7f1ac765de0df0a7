//! Dumps by the real `pg_dump` and `pg_dumpall`, restored into real servers: every server version
//! that is installed here, or that `PGSRE_PG_BINDIR` names.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pgsre_core::archive::{ArchiveReader, ReadOptions, peek};
use pgsre_core::backup::Backup;
use pgsre_core::finding::Severity;
use pgsre_core::postgres::{Cluster, ClusterOptions, ConnectConfig, Database, ServerPrograms};
use pgsre_core::restore::{
    EphemeralCluster, LoadEvent, LoadObserver, LoadReport, RestoreInput, RestoreRequest,
    RestoreTarget, RunId, ScratchDatabase, SessionGuard, TargetErrorKind, conformance,
};
use pgsre_core::source::{BackupSource, BackupSourceExt, ObjectStoreSource};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

type Outcome = Result<(), Box<dyn std::error::Error>>;
type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

const EVERY_KIND: &str = include_str!("databases/every_kind.sql");
const GLOBALS: &str = include_str!("databases/cluster_globals.sql");
const LATIN1: &[u8] = include_bytes!("databases/latin1.sql");

#[derive(Debug)]
struct Quiet;

impl LoadObserver for Quiet {
    fn on_load(&self, _: &LoadEvent) {}
}

/// A server with something in it.
struct Origin {
    cluster: Cluster,
    programs: ServerPrograms,
    directory: TempDir,
}

impl Origin {
    async fn start(programs: &ServerPrograms) -> Fallible<Self> {
        let directory = tempfile::Builder::new().prefix("restore-").tempdir_in("/tmp")?;
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o711);
        std::fs::set_permissions(directory.path(), open)?;
        let options = ClusterOptions::new(programs.clone(), directory.path().join("origin"))
            .setting("fsync", "off")
            .setting("wal_level", "logical")
            .setting("allow_in_place_tablespaces", "on");
        let cluster = Cluster::create(options).await?;
        Ok(Self { cluster, programs: programs.clone(), directory })
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Fallible<Command> {
        let path = self.programs.program(program).ok_or(format!("{program} is not installed"))?;
        let config = self.cluster.config();
        let host = config.hosts()[0].host.clone();
        let mut command = Command::new(path);
        command.args(["-h", &host, "-U", "postgres"]).args(arguments);
        command.current_dir(self.directory.path()).env("LC_ALL", "C.UTF-8");
        Ok(command)
    }

    fn output(&self, program: &str, arguments: &[&str]) -> Fallible<Vec<u8>> {
        let output = self.command(program, arguments)?.output()?;
        if !output.status.success() {
            return Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(output.stdout)
    }

    fn run_sql(&self, database: &str, sql: &[u8]) -> Outcome {
        let file = self.directory.path().join("input.sql");
        std::fs::write(&file, sql)?;
        let file = file.display().to_string();
        let arguments =
            ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-d", database, "-f", &file];
        self.output("psql", &arguments).map(|_| ())
    }

    fn create(&self, database: &str, how: &str, sql: &[u8]) -> Outcome {
        let create = format!("CREATE DATABASE {database} TEMPLATE template0 {how}");
        self.run_sql("postgres", create.as_bytes())?;
        self.run_sql(database, sql)
    }

    fn dump(&self, arguments: &[&str]) -> Fallible<Vec<u8>> {
        self.output("pg_dump", arguments)
    }
}

/// All installed servers, at least one.
fn servers() -> Fallible<Vec<ServerPrograms>> {
    let found = ServerPrograms::discover();
    if found.is_empty() {
        return Err("no PostgreSQL server is installed: apt install postgresql".into());
    }
    Ok(found)
}

fn oldest() -> Fallible<ServerPrograms> {
    Ok(servers()?.pop().ok_or("no server")?)
}

async fn stored(dump: Vec<u8>) -> Fallible<(Arc<dyn BackupSource>, Backup)> {
    let source = ObjectStoreSource::memory();
    source.put("shop.sql", dump.into()).await?;
    let backup = source.latest().await?;
    Ok((Arc::new(source), backup))
}

/// A restored dump; dropped, it is cleaned up.
struct Restored {
    guard: SessionGuard,
    report: LoadReport,
}

impl Restored {
    async fn new(target: &dyn RestoreTarget, dump: Vec<u8>) -> Fallible<Self> {
        let (source, backup) = stored(dump).await?;
        let options = ReadOptions::default();
        let preamble = peek(source.clone(), &backup, options.clone()).await?;
        let request = RestoreRequest { run: RunId::new(Timestamp::now()), preamble, jobs: 3 };
        let mut guard = SessionGuard::new(target.session(&request)?, Duration::from_secs(60));
        let session = guard.session_mut().ok_or("no session")?;
        session.prepare().await?;
        let archive = ArchiveReader::open(source, &backup, options).await?;
        let cancel = CancellationToken::new();
        let input = RestoreInput { archive, observer: &Quiet, cancel: &cancel };
        let report = session.restore(input).await?;
        Ok(Self { guard, report })
    }

    async fn database(&self, name: &str) -> Fallible<Database> {
        Ok(self.guard.session().ok_or("no session")?.connect(name).await?)
    }

    async fn text(&self, database: &str, query: &str) -> Fallible<String> {
        text(&self.database(database).await?, query).await
    }

    /// Everything is there, and nothing was found.
    fn assert_sound(&self, what: &str) {
        let found: Vec<_> =
            self.report.findings.iter().filter(|f| f.severity != Severity::Info).collect();
        assert!(found.is_empty(), "{what}: {found:#?}\nnotes: {:#?}", self.report.notes);
        assert!(self.report.archive.is_some(), "{what}: not read to its end");
    }
}

async fn text(database: &Database, query: &str) -> Fallible<String> {
    Ok(database.client().await?.query_one(query, &[]).await?.try_get(0)?)
}

/// User tables, quoted. Rows of an enum-hashed partition may move to another leaf, because the hash
/// is of the value's OID.
const TABLES: &str = "\
    SELECT format('%I.%I', n.nspname, c.relname) \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
    AND c.relname NOT LIKE 'by_hashed_enum\\__' ORDER BY 1";

/// Every table with its number of rows.
async fn rows(database: &Database) -> Fallible<Vec<(String, i64)>> {
    let client = database.client().await?;
    let mut counted = Vec::new();
    for row in client.query(TABLES, &[]).await? {
        let table: String = row.try_get(0)?;
        let count = client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await?;
        counted.push((table, count.try_get(0)?));
    }
    assert!(!counted.is_empty());
    Ok(counted)
}

fn ephemeral(programs: &ServerPrograms) -> EphemeralCluster {
    EphemeralCluster::new().in_directory("/tmp").with_programs([programs.clone()])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_of_every_kind_of_object_restores_into_every_server() -> Outcome {
    let origin = Origin::start(&oldest()?).await?;
    origin.create("every", "ENCODING 'UTF8'", EVERY_KIND.as_bytes())?;
    let source = Database::connect(origin.cluster.config().with_database("every")).await?;
    let expected = rows(&source).await?;
    let forms: &[&[&str]] = &[
        &["every"],
        &["--inserts", "every"],
        &["--clean", "every"],
        &["--clean", "--if-exists", "every"],
        &["--rows-per-insert=7", "--on-conflict-do-nothing", "every"],
    ];
    for server in servers()? {
        for form in forms {
            let restored = Restored::new(&ephemeral(&server), origin.dump(form)?).await?;
            let what = format!("{form:?} on {}", server.version());
            restored.assert_sound(&what);
            assert_eq!(rows(&restored.database("restored").await?).await?, expected, "{what}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_that_creates_its_database_is_followed_there() -> Outcome {
    let origin = Origin::start(&oldest()?).await?;
    origin.create("every", "ENCODING 'UTF8'", EVERY_KIND.as_bytes())?;
    for server in servers()? {
        for form in [
            &["-C", "every"][..],
            &["-C", "--clean", "every"],
            &["-C", "--clean", "--if-exists", "every"],
        ] {
            let restored = Restored::new(&ephemeral(&server), origin.dump(form)?).await?;
            restored.assert_sound(&format!("{form:?} on {}", server.version()));
            let names: Vec<_> =
                restored.report.databases.iter().map(|load| load.name.as_str()).collect();
            assert_eq!(names, ["every"]);
            let orders = restored.text("every", "SELECT count(*)::text FROM main.orders").await?;
            assert_eq!(orders, "5000");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_of_a_whole_cluster_restores_with_its_roles() -> Outcome {
    let origin = Origin::start(&oldest()?).await?;
    origin.run_sql("postgres", GLOBALS.as_bytes())?;
    origin.create("every", "ENCODING 'UTF8'", EVERY_KIND.as_bytes())?;
    for server in servers()? {
        for form in [&[][..], &["--clean", "--if-exists"], &["--clean"]] {
            let dump = origin.output("pg_dumpall", form)?;
            let restored = Restored::new(&ephemeral(&server), dump).await?;
            restored.assert_sound(&format!("pg_dumpall {form:?} on {}", server.version()));
            let orders = restored.text("every", "SELECT count(*)::text FROM main.orders").await?;
            assert_eq!(orders, "5000");
            let odd = "globals \"odd\"; db";
            assert_eq!(restored.text(odd, "SELECT count(*)::text FROM in_space").await?, "10");
            let admin = "SELECT rolsuper::text FROM pg_roles WHERE rolname = 'globals_admin'";
            assert_eq!(restored.text("every", admin).await?, "true");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_latin1_database_keeps_its_letters() -> Outcome {
    let origin = Origin::start(&oldest()?).await?;
    origin.create("letters", "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'", LATIN1)?;
    let source = Database::connect(origin.cluster.config().with_database("letters")).await?;
    let expected = rows(&source).await?;
    let forms: &[&[&str]] = &[&["letters"], &["--inserts", "letters"], &["-E", "UTF8", "letters"]];
    for server in servers()? {
        for form in forms {
            let restored = Restored::new(&ephemeral(&server), origin.dump(form)?).await?;
            restored.assert_sound(&format!("{form:?} on {}", server.version()));
            let found = rows(&restored.database("restored").await?).await?;
            assert_eq!(found, expected, "{form:?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scratch_database_takes_a_dump_and_leaves_the_server_as_it_was() -> Outcome {
    let origin = Origin::start(&oldest()?).await?;
    origin.create("every", "ENCODING 'UTF8'", EVERY_KIND.as_bytes())?;
    let config = origin.cluster.config();
    let target = ScratchDatabase::new(config.clone());
    let server = Database::connect(config).await?;
    let databases = "SELECT string_agg(datname || oid, ',' ORDER BY datname) FROM pg_database";
    let before = text(&server, databases).await?;
    for form in [&["every"][..], &["-C", "--clean", "every"]] {
        let mut restored = Restored::new(&target, origin.dump(form)?).await?;
        restored.assert_sound(&format!("{form:?}"));
        let name = restored.report.databases[0].name.clone();
        assert!(name.starts_with("pgsre_drill_"), "{name}");
        let orders = restored.text(&name, "SELECT count(*)::text FROM main.orders").await?;
        assert_eq!(orders, "5000");
        assert!(target.sweep(Duration::ZERO).await?.is_empty(), "sweep touched a living run");
        restored.guard.cleanup().await?;
        assert_eq!(text(&server, databases).await?, before);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_user_restores_its_own_database_and_hears_of_missing_roles() -> Outcome {
    let origin = Origin::start(&oldest()?).await?;
    let shop = "CREATE ROLE shop_owner; CREATE TABLE public.t (id int PRIMARY KEY); \
                ALTER TABLE public.t OWNER TO shop_owner; INSERT INTO public.t VALUES (1);";
    origin.create("shop", "ENCODING 'UTF8'", shop.as_bytes())?;
    let dump = origin.dump(&["shop"])?;
    let other = Origin::start(&oldest()?).await?;
    other.run_sql("postgres", b"CREATE ROLE plain LOGIN CREATEDB; CREATE ROLE poor LOGIN")?;
    let host = other.cluster.config().hosts()[0].host.clone();
    let server =
        |user: &str| ConnectConfig::parse(&format!("host='{host}' user={user} dbname=postgres"));
    let restored = Restored::new(&ScratchDatabase::new(server("plain")?), dump.clone()).await?;
    let codes: Vec<_> = restored.report.findings.iter().map(|f| f.code.as_str()).collect();
    assert_eq!(codes, ["environment.missing_role"], "{:#?}", restored.report.findings);
    assert_eq!(restored.report.databases[0].tables[0].rows, 1);
    let poor = Restored::new(&ScratchDatabase::new(server("poor")?), dump).await;
    let Err(error) = poor else { return Err("a user without CREATEDB was let through".into()) };
    let error = error.downcast::<pgsre_core::restore::TargetError>()?;
    assert_eq!(error.kind(), TargetErrorKind::Denied);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn both_targets_conform() -> Outcome {
    let origin = Origin::start(&oldest()?).await?;
    origin.run_sql("postgres", b"CREATE TABLE public.t (id int)")?;
    let (source, backup) = stored(origin.dump(&["postgres"])?).await?;
    let preamble = peek(source, &backup, ReadOptions::default()).await?;
    let request = || RestoreRequest {
        run: RunId::new(Timestamp::now()),
        preamble: preamble.clone(),
        jobs: 3,
    };
    conformance::check(&ScratchDatabase::new(origin.cluster.config()), &request).await?;
    conformance::check(&ephemeral(&oldest()?), &request).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sweep_drops_what_a_dead_run_left_and_nothing_else() -> Outcome {
    let origin = Origin::start(&oldest()?).await?;
    let run = RunId::new(Timestamp::now());
    let dead = format!("pgsre_drill_{run}");
    let unmarked = format!("pgsre_drill_{}", RunId::new(Timestamp::now()));
    let sql = format!(
        "CREATE DATABASE {dead}; CREATE DATABASE {unmarked}; CREATE DATABASE pgsre_drill_mine; \
         COMMENT ON DATABASE {dead} IS 'a throw-away database of pgsre''s restore drill: {dead}';"
    );
    for statement in sql.split_inclusive(';') {
        origin.run_sql("postgres", statement.as_bytes())?;
    }
    let target = ScratchDatabase::new(origin.cluster.config());
    let swept = target.sweep(Duration::ZERO).await?;
    let of = |name: &str| swept.iter().find(|swept| swept.name == name);
    assert!(of(&dead).is_some_and(|swept| swept.error.is_none()), "{swept:?}");
    assert!(of(&unmarked).is_some_and(|swept| swept.error.is_some()), "{swept:?}");
    assert_eq!(swept.len(), 2);
    let server = Database::connect(origin.cluster.config()).await?;
    let left = "SELECT count(*)::text FROM pg_database WHERE datname LIKE 'pgsre%'";
    assert_eq!(text(&server, left).await?, "2");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_dropped_is_reaped() -> Outcome {
    let base = tempfile::Builder::new().prefix("restore-").tempdir_in("/tmp")?;
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o711);
    std::fs::set_permissions(base.path(), open)?;
    let origin = Origin::start(&oldest()?).await?;
    let target = ephemeral(&oldest()?).in_directory(base.path());
    let restored = Restored::new(&target, origin.dump(&["postgres"])?).await?;
    assert_eq!(entries(base.path())?.len(), 1);
    drop(restored);
    assert!(pgsre_core::restore::wait_for_reapers(Duration::from_secs(60)));
    assert_eq!(entries(base.path())?, Vec::<PathBuf>::new());
    Ok(())
}

fn entries(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    std::fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.path())).collect()
}
