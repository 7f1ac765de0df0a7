//! What a rejected statement says: about the backup, about the environment, or nothing at all.

use std::collections::{BTreeMap, BTreeSet};

use super::rejection::Rejection;
use crate::archive::{EntryComment, LargeObjectCall, StatementKind};
use crate::finding::{Finding, FindingCode};

/// What a rejection comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It is to be expected of a sound backup in an empty place.
    Harmless,
    /// The environment is not faithful; with what was not said before.
    Environment(Vec<Finding>),
    /// It follows from an environment that is not faithful.
    Consequence,
    /// The backup cannot be restored as it is.
    Fault,
}

impl Judgement {
    /// Whether the absence of what the statement would have made says nothing about the backup.
    pub(super) fn excuses(&self) -> bool {
        matches!(self, Self::Environment(_) | Self::Consequence)
    }
}

/// What a judge must know of a rejected statement.
#[derive(Debug)]
pub(super) struct Rejected<'a> {
    pub(super) kind: &'a StatementKind,
    pub(super) sql: &'a str,
    /// `line 12: CREATE …`.
    pub(super) subject: &'a str,
    /// Roles that the statement mentions and the server does not have.
    pub(super) missing_roles: &'a [String],
    pub(super) rejection: &'a Rejection,
    /// Whether it may only be that the source's locale is another.
    pub(super) of_locale: bool,
    /// Whether it stands behind where a dump defines its tables, and nothing was defined.
    pub(super) only_data: bool,
    /// The major version of the `pg_dump` that wrote the archive, where the server is older.
    pub(super) newer_writer: Option<u32>,
}

/// What the environment lacks, of one kind, is quoted so many times; then it is said that there is
/// more.
const MOST_SAID: usize = 50;

/// Judges rejections, remembering what the environment lacks.
#[derive(Debug, Default)]
pub(super) struct Judge {
    /// Whether the environment failed in this database: then what is undefined is no wonder.
    excusing: bool,
    /// Whether COPY or INSERT failed because of the environment: then keys may point nowhere.
    rows_missing: bool,
    said: BTreeMap<FindingCode, BTreeSet<String>>,
    /// Whether something was rejected for another reason than that it names what is not there.
    faulty: bool,
    consequences: u64,
    first_consequence: Option<String>,
}

impl Judge {
    /// Forgets what belongs to one database.
    pub(super) fn next_database(&mut self) {
        self.excusing = false;
        self.rows_missing = false;
        self.faulty = false;
    }

    /// What the rejection comes to.
    pub(super) fn judge(&mut self, rejected: &Rejected<'_>) -> Judgement {
        if is_harmless(rejected) {
            return Judgement::Harmless;
        }
        let judgement = self.environment(rejected).unwrap_or_else(|| self.backup(rejected));
        if judgement.excuses() {
            // A role or a privilege that is missing makes no object undefined.
            self.excusing |= !matches!(
                rejected.kind,
                StatementKind::Owner(_) | StatementKind::Grant | StatementKind::DefaultPrivileges
            );
            self.rows_missing |=
                matches!(rejected.kind, StatementKind::CopyIn(_) | StatementKind::Insert { .. });
        }
        judgement
    }

    /// Says that a role is missing; `None` where that was said before.
    pub(super) fn missing_role(&mut self, role: &str) -> Option<Finding> {
        self.once(FindingCode::EnvironmentMissingRole, role, || {
            Finding::warning(
                FindingCode::EnvironmentMissingRole,
                role,
                "statements of the backup need this role, which the server does not have",
            )
            .with_hint(format!("create it (CREATE ROLE \"{role}\"), or use the ephemeral target"))
        })
    }

    /// Whether all that is wrong so far is that statements name what is not there: then nothing that
    /// was rejected before is the reason.
    pub(super) fn looks_like_a_part(&self, rejection: &Rejection) -> bool {
        !self.faulty && names_what_is_not_there(&rejection.code)
    }

    /// What is said once at the end: how much was excused.
    pub(super) fn summary(&self) -> Option<Finding> {
        let first = self.first_consequence.as_deref()?;
        Some(Finding::info(
            FindingCode::RestoreStatementFailed,
            first,
            format!(
                "{} statement(s) failed because of what the environment lacks; this was the first",
                self.consequences
            ),
        ))
    }

    fn environment(&mut self, rejected: &Rejected<'_>) -> Option<Judgement> {
        let code = rejected.rejection.code.as_str();
        let undefined = code == "42704";
        let finding = if !rejected.missing_roles.is_empty() && (undefined || code == "22023") {
            let roles = rejected.missing_roles.iter();
            let findings = roles.filter_map(|role| self.missing_role(role)).collect();
            return Some(Judgement::Environment(findings));
        } else if let StatementKind::CreateExtension(name) = rejected.kind {
            if matches!(code, "3F000" | "42710" | "42601" | "23505") {
                return None;
            }
            self.missing_extension(name, rejected)
        } else if code == "42501" {
            self.missing_privilege(rejected)
        } else if needs_library(rejected) {
            self.missing_extension(rejected.subject, rejected)
        } else if is_about_collation(rejected) {
            self.missing_collation(rejected)
        } else if rejected.of_locale {
            self.other_locale(rejected)
        } else if rejected.only_data && is_undefined(code, rejected.kind) {
            self.no_definitions(rejected)
        } else if let Some(writer) = rejected.newer_writer.filter(|_| is_not_known_yet(code)) {
            self.newer_writer(writer, rejected)
        } else {
            return None;
        };
        Some(Judgement::Environment(finding.into_iter().collect()))
    }

    fn backup(&mut self, rejected: &Rejected<'_>) -> Judgement {
        let code = rejected.rejection.code.as_str();
        let follows = self.excusing && is_undefined(code, rejected.kind)
            || self.rows_missing && code == "23503";
        if !follows {
            self.faulty |= !names_what_is_not_there(code);
            return Judgement::Fault;
        }
        self.consequences += 1;
        self.first_consequence
            .get_or_insert_with(|| format!("{}: {}", rejected.subject, rejected.rejection.message));
        Judgement::Consequence
    }

    fn missing_extension(&mut self, name: &str, rejected: &Rejected<'_>) -> Option<Finding> {
        self.once(FindingCode::EnvironmentMissingExtension, name, || {
            Finding::critical(
                FindingCode::EnvironmentMissingExtension,
                name,
                format!("{}: {}", rejected.subject, rejected.rejection.quoted()),
            )
            .with_hint(
                "install the extension's package for this PostgreSQL version, or restore on a \
                 server that has it",
            )
        })
    }

    fn missing_privilege(&mut self, rejected: &Rejected<'_>) -> Option<Finding> {
        self.once(FindingCode::EnvironmentPrivilege, "", || {
            Finding::warning(
                FindingCode::EnvironmentPrivilege,
                rejected.subject,
                format!("the first statement of this kind: {}", rejected.rejection.quoted()),
            )
            .with_hint("restore as a superuser, or use the ephemeral target")
        })
    }

    fn missing_collation(&mut self, rejected: &Rejected<'_>) -> Option<Finding> {
        self.once(FindingCode::EnvironmentCollation, &rejected.rejection.message, || {
            Finding::critical(
                FindingCode::EnvironmentCollation,
                rejected.subject,
                rejected.rejection.quoted(),
            )
            .with_hint("install the locale on the machine that restores, or use a server with it")
        })
    }

    fn other_locale(&mut self, rejected: &Rejected<'_>) -> Option<Finding> {
        self.once(FindingCode::EnvironmentCollation, &rejected.rejection.message, || {
            Finding::critical(
                FindingCode::EnvironmentCollation,
                rejected.subject,
                format!(
                    "{}; this may be damage, or come from restoring in another locale than the \
                     source's",
                    rejected.rejection.quoted()
                ),
            )
            .with_hint(
                "take the dump with --create, which says the locale, and restore where that \
                 locale is installed",
            )
        })
    }

    fn newer_writer(&mut self, writer: u32, rejected: &Rejected<'_>) -> Option<Finding> {
        self.once(FindingCode::EnvironmentServerTooOld, "", || {
            Finding::critical(
                FindingCode::EnvironmentServerTooOld,
                rejected.subject,
                format!(
                    "pg_dump {writer} wrote it, and this server is older: {}",
                    rejected.rejection.quoted()
                ),
            )
            .with_hint(format!(
                "install PostgreSQL {writer} or newer where drills run, or dump with the pg_dump \
                 of the server's version"
            ))
        })
    }

    fn no_definitions(&mut self, rejected: &Rejected<'_>) -> Option<Finding> {
        self.once(FindingCode::ArchiveUnsupported, "", || {
            Finding::critical(
                FindingCode::ArchiveUnsupported,
                rejected.subject,
                "the dump defines nothing that it could refer to, as after --data-only or \
                 --section: such a part of a backup restores only behind its other parts",
            )
            .with_hint("take a whole dump, or drill the parts joined into one file")
        })
    }

    fn once(
        &mut self,
        code: FindingCode,
        about: &str,
        finding: impl FnOnce() -> Finding,
    ) -> Option<Finding> {
        let said = self.said.entry(code).or_default();
        if said.len() > MOST_SAID || !said.insert(about.to_owned()) {
            return None;
        }
        let finding = finding();
        if said.len() <= MOST_SAID {
            return Some(finding);
        }
        let more = "there is more of this kind, which is not quoted";
        Some(Finding { message: more.to_owned(), ..finding })
    }
}

/// How a server rejects what a later version brought: as a syntax error, an unknown function, or an
/// unknown parameter of an object.
fn is_not_known_yet(code: &str) -> bool {
    matches!(code, "42601" | "42883" | "22023")
}

/// The narrow allow-list of what sound backups do to a place that is not quite bare: exactly these
/// names, exactly these SQLSTATEs.
fn is_harmless(rejected: &Rejected<'_>) -> bool {
    let code = rejected.rejection.code.as_str();
    match rejected.kind {
        StatementKind::CreateSchema(name) => code == "42P06" && name == "public",
        StatementKind::Global { verb: "CREATE ROLE", name } => {
            code == "42710" && name == "postgres"
        }
        StatementKind::Global { verb: "DROP ROLE", name } => {
            code == "42704" || name == "postgres" && matches!(code, "55006" | "2BP01" | "42501")
        }
        StatementKind::Database { verb: "CREATE DATABASE", name } => {
            code == "42P04" && matches!(name.as_str(), "postgres" | "template1")
        }
        StatementKind::Database { verb: "DROP DATABASE", .. } => code == "3D000",
        // `pg_dump --clean` without `--if-exists`, into an empty database.
        StatementKind::Drop => is_undefined(code, rejected.kind),
        StatementKind::Definition
            if drops_a_part(rejected.sql) || is_stand_in_view(rejected.sql) =>
        {
            is_undefined(code, rejected.kind)
        }
        StatementKind::LargeObject(LargeObjectCall::Unlink(_)) => code == "42704",
        _ => is_comment_on_plpgsql(rejected),
    }
}

/// `ALTER … DROP CONSTRAINT`, `DROP DEFAULT` and their like, of `pg_dump --clean`.
fn drops_a_part(sql: &str) -> bool {
    let shown: String = sql.chars().take(2_000).collect::<String>().to_ascii_uppercase();
    shown.starts_with("ALTER ") && shown.contains(" DROP ") && !shown.contains(" ADD ")
}

/// `CREATE OR REPLACE VIEW … AS SELECT NULL::type AS column`: `pg_dump --clean` cuts circles so,
/// before it drops the view.
fn is_stand_in_view(sql: &str) -> bool {
    let Some(rest) = sql.strip_prefix("CREATE OR REPLACE VIEW ") else { return false };
    let body = rest.split_once(" AS").map_or("", |(_, body)| body.trim_start());
    let column = body.strip_prefix("SELECT").map_or("", str::trim_start);
    column.starts_with("NULL::")
}

/// `pg_dump` before 14 writes it, and only the extension's owner may do it.
fn is_comment_on_plpgsql(rejected: &Rejected<'_>) -> bool {
    rejected.rejection.code == "42501"
        && rejected.sql.to_ascii_uppercase().starts_with("COMMENT ON EXTENSION PLPGSQL ")
}

/// Whether an entry comes behind all definitions of tables, types and functions in a dump.
pub(super) fn is_behind_definitions(entry: &EntryComment) -> bool {
    matches!(
        entry.kind.as_str(),
        "TABLE DATA"
            | "SEQUENCE SET"
            | "BLOBS"
            | "MATERIALIZED VIEW DATA"
            | "STATISTICS DATA"
            | "CONSTRAINT"
            | "CHECK CONSTRAINT"
            | "FK CONSTRAINT"
            | "INDEX"
            | "INDEX ATTACH"
            | "STATISTICS"
            | "RULE"
            | "TRIGGER"
            | "POLICY"
            | "ROW SECURITY"
            | "PUBLICATION TABLE"
            | "EVENT TRIGGER"
    )
}

/// Something that the statement names is not there, or not of the kind that it must be.
fn is_undefined(code: &str, kind: &StatementKind) -> bool {
    matches!(
        code,
        "42704" | "42P01" | "42883" | "3F000" | "42703" | "0A000" | "42P17" | "42809" | "42P13"
    ) || matches!(kind, StatementKind::Set { .. }) && code == "22023"
}

/// `CREATE FUNCTION … AS '$libdir/…'` whose library is not installed.
fn needs_library(rejected: &Rejected<'_>) -> bool {
    rejected.rejection.code == "58P01" && matches!(rejected.kind, StatementKind::Definition)
}

/// A relation, a schema, a type, a function or another object that is not there.
fn names_what_is_not_there(code: &str) -> bool {
    matches!(code, "42P01" | "3F000" | "42704" | "42883")
}

fn is_about_collation(rejected: &Rejected<'_>) -> bool {
    let sql = rejected.sql;
    match rejected.rejection.code.as_str() {
        "42704" => sql.contains("COLLATE pg_catalog."),
        "22023" | "0A000" | "58P01" => sql.starts_with("CREATE COLLATION"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, reason = "tests")]

    use super::*;

    fn rejection(code: &str) -> Rejection {
        Rejection::new(code, "no")
    }

    fn judge(judge: &mut Judge, kind: &StatementKind, sql: &str, code: &str) -> Judgement {
        judge.judge(&Rejected {
            kind,
            sql,
            subject: "line 1",
            missing_roles: &[],
            rejection: &rejection(code),
            of_locale: false,
            only_data: false,
            newer_writer: None,
        })
    }

    #[test]
    fn what_a_newer_pg_dump_wrote_and_an_older_server_does_not_know_is_no_fault_of_the_backup() {
        let rejected = |writer, code: &str| {
            Judge::default().judge(&Rejected {
                kind: &StatementKind::Definition,
                sql: "CREATE SUBSCRIPTION s WITH (connect = false, run_as_owner = true)",
                subject: "line 1",
                missing_roles: &[],
                rejection: &rejection(code),
                of_locale: false,
                only_data: false,
                newer_writer: writer,
            })
        };
        let Judgement::Environment(said) = rejected(Some(17), "42601") else {
            panic!("not of the environment")
        };
        assert_eq!(said[0].code, FindingCode::EnvironmentServerTooOld);
        assert_eq!(rejected(None, "42601"), Judgement::Fault);
        assert_eq!(rejected(Some(17), "23505"), Judgement::Fault);
    }

    #[test]
    fn only_the_public_schema_may_be_there_already() {
        let mut j = Judge::default();
        let public = StatementKind::CreateSchema("public".to_owned());
        let shop = StatementKind::CreateSchema("shop".to_owned());
        assert_eq!(judge(&mut j, &public, "CREATE SCHEMA public", "42P06"), Judgement::Harmless);
        assert_eq!(judge(&mut j, &shop, "CREATE SCHEMA shop", "42P06"), Judgement::Fault);
    }

    #[test]
    fn what_is_undefined_is_excused_only_after_the_environment_failed() {
        let mut j = Judge::default();
        let sql = "CREATE TABLE t (g public.geometry)";
        assert_eq!(judge(&mut j, &StatementKind::Definition, sql, "42704"), Judgement::Fault);
        let extension = StatementKind::CreateExtension("postgis".to_owned());
        assert!(judge(&mut j, &extension, "CREATE EXTENSION postgis", "0A000").excuses());
        assert_eq!(judge(&mut j, &StatementKind::Definition, sql, "42704"), Judgement::Consequence);
        assert_eq!(judge(&mut j, &StatementKind::Definition, sql, "23505"), Judgement::Fault);
        j.next_database();
        assert_eq!(judge(&mut j, &StatementKind::Definition, sql, "42704"), Judgement::Fault);
    }

    #[test]
    fn dropping_what_is_not_there_is_harmless() {
        let mut j = Judge::default();
        let sql = "DROP TABLE public.t";
        assert_eq!(judge(&mut j, &StatementKind::Drop, sql, "42P01"), Judgement::Harmless);
        assert_eq!(judge(&mut j, &StatementKind::Drop, sql, "2BP01"), Judgement::Fault);
        let (part, kind) = ("ALTER TABLE ONLY t DROP CONSTRAINT c", StatementKind::Definition);
        assert_eq!(judge(&mut j, &kind, part, "42P01"), Judgement::Harmless);
    }

    #[test]
    fn what_differs_each_time_is_said_so_many_times_and_remembered_no_longer() {
        let mut j = Judge::default();
        let said = (0..100_000).filter(|n| j.missing_role(&n.to_string()).is_some()).count();
        assert_eq!((said, j.said.values().map(BTreeSet::len).sum()), (51, 51));
        assert!(j.missing_role("another").is_none());
    }

    #[test]
    fn a_missing_role_is_said_once() {
        let mut j = Judge::default();
        let owner = StatementKind::Owner(Some("shop".to_owned()));
        let roles = ["shop".to_owned()];
        let rejection = rejection("42704");
        let rejected = Rejected {
            kind: &owner,
            sql: "ALTER TABLE t OWNER TO shop",
            subject: "line 1",
            missing_roles: &roles,
            rejection: &rejection,
            of_locale: false,
            only_data: false,
            newer_writer: None,
        };
        assert!(matches!(j.judge(&rejected), Judgement::Environment(said) if said.len() == 1));
        assert_eq!(j.judge(&rejected), Judgement::Environment(Vec::new()));
    }
}
