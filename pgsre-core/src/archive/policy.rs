//! What may be sent to a server, and what not: one reason a row.
//!
//! For a dump by `pg_dump` the list is of what is allowed: what `pg_dump` and `pg_dumpall` 10 to 18
//! write. For hand-written SQL it is of what is known to reach out of the database. Neither can see
//! into functions: that is why a restore also runs with no more rights than it needs, in a server
//! that can reach nothing.

use super::ObjectName;
use super::classify::{Forbidden, Provenance, SqlDialect};
use super::cursor::Cursor;
use super::lexer::TokenKind;

/// Refused, whoever wrote it.
const REFUSED: &[(&str, &str)] = &[
    ("alter system", "changes the configuration of the whole server"),
    ("load", "loads a library into the server"),
    ("listen", "waits for other sessions"),
    ("unlisten", "is about other sessions"),
    ("notify", "signals other sessions"),
    ("import foreign schema", "connects to another server"),
    ("prepare transaction", "leaves a transaction behind that outlives the restore"),
    ("commit prepared", "ends a transaction of another session"),
    ("rollback prepared", "ends a transaction of another session"),
    ("checkpoint", "is about the whole server"),
];

/// Allowed in hand-written SQL; `pg_dump` never writes it.
const HAND_WRITTEN: &[(&str, &str)] = &[
    ("do", "runs code"),
    ("call", "calls a procedure"),
    ("prepare", "prepares a statement"),
    ("execute", "runs a prepared statement"),
    ("deallocate", "is about a prepared statement"),
    ("delete", "deletes rows"),
    ("merge", "changes rows"),
    ("with", "runs a query"),
    ("values", "runs a query"),
    ("table", "runs a query"),
    ("explain", "may run a query"),
    ("show", "reads a setting"),
    ("declare", "opens a cursor"),
    ("fetch", "reads a cursor"),
    ("move", "moves a cursor"),
    ("close", "closes a cursor"),
    ("analyze", "is maintenance"),
    ("vacuum", "is maintenance"),
    ("reindex", "is maintenance"),
    ("cluster", "is maintenance"),
    ("truncate", "deletes rows"),
    ("lock", "locks a table"),
    ("discard", "resets the session"),
    ("reassign owned", "changes owners of other objects"),
    ("drop owned", "drops objects that it does not name"),
];

/// Parameters that load code, or that let a session write to the system catalogues.
const SETTINGS: &[&str] = &[
    "allow_in_place_tablespaces",
    "allow_system_table_mods",
    "dynamic_library_path",
    "extension_control_path",
    "jit_provider",
    "local_preload_libraries",
    "session_preload_libraries",
    "shared_preload_libraries",
];

/// Functions that reach the server's files, other servers, or the server as a whole. A name that
/// ends in `*` stands for all that begin like it.
const FUNCTIONS: &[(&str, &str)] = &[
    ("pg_read_file*", "reads a file of the server"),
    ("pg_read_binary_file*", "reads a file of the server"),
    ("pg_stat_file", "looks at a file of the server"),
    ("pg_ls_*", "lists a directory of the server"),
    ("pg_file_*", "writes a file of the server"),
    ("pg_logdir_ls", "lists a directory of the server"),
    ("pg_current_logfile", "reads a file of the server"),
    ("pg_execute*", "runs a command on the server"),
    ("lo_import*", "reads a file of the server"),
    ("lo_export", "writes a file of the server"),
    ("dblink*", "connects to another server"),
    ("postgres_fdw_*", "is about connections to other servers"),
    ("pg_reload_conf", "is about the whole server"),
    ("pg_rotate_logfile*", "is about the whole server"),
    ("pg_terminate_backend", "ends other sessions"),
    ("pg_cancel_backend", "ends other sessions' statements"),
    ("pg_promote", "is about the whole server"),
    ("pg_switch_wal", "is about the whole server"),
    ("pg_create_restore_point", "is about the whole server"),
    ("pg_backup_*", "is about the whole server"),
    ("pg_start_backup", "is about the whole server"),
    ("pg_stop_backup", "is about the whole server"),
    ("pg_wal_replay_*", "is about the whole server"),
    ("pg_create_physical_replication_slot", "is about the whole server"),
    ("pg_create_logical_replication_slot", "is about the whole server"),
    ("pg_copy_*_slot", "is about the whole server"),
    ("pg_drop_replication_slot", "is about the whole server"),
    ("pg_replication_origin_*", "is about the whole server"),
    ("pg_replication_slot_advance", "is about the whole server"),
    ("pg_logical_*", "is about the whole server"),
    ("pg_notify", "signals other sessions"),
    ("binary_upgrade_*", "is pg_upgrade's, and changes the system catalogues"),
    ("query_to_xml*", "runs a query that is written as a string"),
    ("pg_stat_reset_shared", "is about the whole server"),
];

/// PostgreSQL's own tables, of version 18 and before.
const CATALOGUES: &[&str] = &[
    "pg_aggregate",
    "pg_am",
    "pg_amop",
    "pg_amproc",
    "pg_attrdef",
    "pg_attribute",
    "pg_auth_members",
    "pg_authid",
    "pg_cast",
    "pg_class",
    "pg_collation",
    "pg_constraint",
    "pg_conversion",
    "pg_database",
    "pg_db_role_setting",
    "pg_default_acl",
    "pg_depend",
    "pg_description",
    "pg_enum",
    "pg_event_trigger",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_foreign_table",
    "pg_index",
    "pg_inherits",
    "pg_init_privs",
    "pg_language",
    "pg_largeobject",
    "pg_largeobject_metadata",
    "pg_namespace",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_parameter_acl",
    "pg_partitioned_table",
    "pg_pltemplate",
    "pg_policy",
    "pg_proc",
    "pg_publication",
    "pg_publication_namespace",
    "pg_publication_rel",
    "pg_range",
    "pg_replication_origin",
    "pg_rewrite",
    "pg_seclabel",
    "pg_sequence",
    "pg_shdepend",
    "pg_shdescription",
    "pg_shseclabel",
    "pg_statistic",
    "pg_statistic_ext",
    "pg_statistic_ext_data",
    "pg_subscription",
    "pg_subscription_rel",
    "pg_tablespace",
    "pg_transform",
    "pg_trigger",
    "pg_ts_config",
    "pg_ts_config_map",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
    "pg_type",
    "pg_user_mapping",
];

/// Refuses a statement that its first words forbid.
pub(crate) fn permit_verb(at: Cursor<'_>, dialect: SqlDialect) -> Result<(), Forbidden> {
    let begins = |words: &str| {
        let mut ahead = at;
        ahead.accept_words(words)
    };
    if let Some((words, reason)) = REFUSED.iter().find(|(words, _)| begins(words)) {
        return Err(Forbidden::new(format!("{} {reason}", words.to_uppercase())));
    }
    if dialect.provenance == Provenance::HandWritten {
        return Ok(());
    }
    match HAND_WRITTEN.iter().find(|(words, _)| begins(words)) {
        Some((words, reason)) => Err(not_pg_dumps(&format!("{} {reason}", words.to_uppercase()))),
        None => Ok(()),
    }
}

/// Whether hand-written SQL may begin so.
pub(crate) fn is_known(verb: &str) -> bool {
    HAND_WRITTEN.iter().any(|(words, _)| words.split(' ').next() == Some(verb))
}

/// What to say of something that is only forbidden because `pg_dump` does not write it.
pub(crate) fn not_pg_dumps(what: &str) -> Forbidden {
    Forbidden::new(format!("{what}, which pg_dump never writes"))
}

/// Refuses a parameter that must not be set.
pub(crate) fn permit_setting(name: &str) -> Result<(), Forbidden> {
    if is_library_setting(name) {
        return Err(Forbidden::new(format!("SET {name} opens the server to foreign code")));
    }
    Ok(())
}

/// Whether the parameter loads code, or lets a session write to the system catalogues.
pub(crate) fn is_library_setting(name: &str) -> bool {
    SETTINGS.contains(&name)
}

/// Whether the table is one of PostgreSQL's own, which no dump fills.
pub(crate) fn is_system_catalog(table: &ObjectName) -> bool {
    matches!(table.schema.as_deref(), None | Some("pg_catalog"))
        && CATALOGUES.binary_search(&table.name.as_str()).is_ok()
}

/// Refuses a statement that calls a function known to reach out of the database.
pub(crate) fn permit_calls(mut at: Cursor<'_>) -> Result<(), Forbidden> {
    while let Some(token) = at.advance() {
        if token.kind == TokenKind::UnicodeQuoted && at.at("uescape") {
            return Err(Forbidden::new("a name with UESCAPE hides what it names"));
        }
        if !at.at_symbol(b'(') {
            continue;
        }
        let Some(name) = token.identifier() else { continue };
        if let Some((_, reason)) = FUNCTIONS.iter().find(|(pattern, _)| matches(pattern, &name)) {
            return Err(Forbidden::new(format!("the function {name} {reason}")));
        }
    }
    Ok(())
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((head, tail)) => {
            name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
        }
        None => pattern == name,
    }
}
