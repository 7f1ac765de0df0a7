//! What a check says about a backup: plain data that every seam speaks.

use std::fmt;

use serde::{Deserialize, Serialize};

mod nearest;

pub use nearest::nearest;

/// How much a [`Finding`] weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; never changes a verdict.
    Info,
    /// Worth a look; changes a verdict only where the code is about the environment.
    Warning,
    /// The backup cannot be relied upon.
    Critical,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        })
    }
}

/// Declares [`FindingCode`] from one table: variant, stable text, what it means.
macro_rules! finding_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $meaning:literal;)*) => {
        /// The stable name of a kind of finding, `area.what`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum FindingCode {
            $(#[doc = $meaning] $variant,)*
        }

        impl FindingCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it stands in reports: `area.what`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// One sentence for documentation and reports.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

finding_codes! {
    SourceUnreadable = "source.unreadable", "The object store, or an object in it, cannot be read.";
    SourceDenied = "source.denied", "The object store refuses access.";
    SourceNone = "source.none", "There is no backup where one is expected.";
    SourceStale = "source.stale", "The newest backup is older than allowed, or a copy of an older one.";
    SourceShrunk = "source.shrunk", "The backup is much smaller than its predecessors or than allowed.";
    SourceChanged = "source.changed", "The backup was replaced while it was being read.";
    ArchiveTruncated = "archive.truncated", "The backup ends before its own end mark.";
    ArchiveCorrupt = "archive.corrupt", "The backup's bytes are damaged or not what the format demands.";
    ArchiveEmpty = "archive.empty", "The backup holds nothing.";
    ArchiveForbiddenCommand = "archive.forbidden_command", "The backup holds a command that reaches out of the database.";
    ArchiveUnsupported = "archive.unsupported", "The backup's format cannot be read by this version, so it could not be judged.";
    RestoreStatementFailed = "restore.statement_failed", "The server rejected a statement of the backup.";
    RestoreTargetNotEmpty = "restore.target_not_empty", "The database to restore into already holds objects.";
    EnvironmentMissingExtension = "environment.missing_extension", "An extension that the backup needs is not installed where it is restored.";
    EnvironmentMissingRole = "environment.missing_role", "A role that the backup names does not exist where it is restored.";
    EnvironmentServerTooOld = "environment.server_too_old", "Only servers older than the backup are at hand.";
    EnvironmentCollation = "environment.collation", "A locale or collation of the source is not available where it is restored.";
    EnvironmentPrivilege = "environment.privilege", "The user that restores lacks a privilege that statements of the backup need.";
    RowsMismatch = "rows.mismatch", "A table's rows are not as many as they must be.";
    RowsBelowFloor = "rows.below_floor", "Fewer tables or rows, or a smaller size, than the least allowed.";
    ContentMismatch = "content.mismatch", "Restored content differs from the source's.";
    SchemaMissing = "schema.missing", "An object that the backup declares is not there after the restore.";
    SchemaChanged = "schema.changed", "An object is there but not as declared.";
    ConstraintMissing = "constraint.missing", "A constraint that the backup declares is not there after the restore.";
    ConstraintInvalid = "constraint.invalid", "A constraint is there but not validated, although it was declared valid.";
    IndexInvalid = "index.invalid", "An index is there but not valid.";
    IndexCorrupt = "index.corrupt", "An index disagrees with its table.";
    TableCorrupt = "table.corrupt", "A table's storage is damaged.";
    SequenceBehind = "sequence.behind", "A sequence would hand out values that its column already holds.";
    LargeObjectsMismatch = "large_objects.mismatch", "Large objects are missing or differ.";
    DataStale = "data.stale", "The newest row is older than allowed.";
    RtoExceeded = "rto.exceeded", "The restore took longer than the recovery time objective.";
    RpoExceeded = "rpo.exceeded", "The backup is older than the recovery point objective.";
    DrillOverdue = "drill.overdue", "No drill of this source passed within the time allowed.";
    CoveragePartial = "coverage.partial", "A check looked at a part only, or at nothing; it says what it left out.";
    AssertionFailed = "assertion.failed", "An assertion of the user's own does not hold.";
}

impl FindingCode {
    /// Whether the code speaks of where the backup was restored and not of the backup.
    #[must_use]
    pub fn is_environment(self) -> bool {
        self.as_str().starts_with("environment.")
    }

    /// Whether the code says that a judgement was not possible: an environment that is not
    /// faithful, or a format that cannot be read.
    #[must_use]
    pub fn is_inconclusive(self) -> bool {
        self.is_environment() || self == Self::ArchiveUnsupported
    }
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for FindingCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for FindingCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| serde::de::Error::custom(format!("unknown finding code {text:?}")))
    }
}

/// One thing that a check has to say about a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What kind of finding it is.
    pub code: FindingCode,
    /// How much it weighs.
    pub severity: Severity,
    /// What it is about: an object of the database, a key of the object store, a line of the dump.
    pub subject: String,
    /// What was found, in one sentence.
    pub message: String,
    /// What to do next; empty where nothing sensible can be said.
    pub hint: String,
}

impl Finding {
    /// A finding that makes the verdict *failed* (or *inconclusive* for
    /// [codes that say so](FindingCode::is_inconclusive)).
    #[must_use]
    pub fn critical(
        code: FindingCode,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(code, Severity::Critical, subject, message)
    }

    /// A finding that is worth a look.
    #[must_use]
    pub fn warning(
        code: FindingCode,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(code, Severity::Warning, subject, message)
    }

    /// A finding that is only worth knowing.
    #[must_use]
    pub fn info(code: FindingCode, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Info, subject, message)
    }

    fn new(
        code: FindingCode,
        severity: Severity,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity,
            subject: subject.into(),
            message: message.into(),
            hint: String::new(),
        }
    }

    /// The same finding with a hint at what to do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

/// What a drill came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The backup restores, and every check found it sound.
    Passed,
    /// Something is wrong with the backup.
    Failed,
    /// It could not be judged: a check could not run, examined nothing, or the environment is not
    /// faithful.
    Inconclusive,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Inconclusive => "inconclusive",
        })
    }
}

/// An error and its causes in one line, each said once.
///
/// Some libraries print their cause in their own `Display`; a cause that is already said is left
/// out.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !said.is_empty() && !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = inner.source();
    }
    text
}
