//! Tables whose rows must come in the archive's order, because the server looks at other rows when
//! it takes them.
//!
//! `psql` fills table after table, so a constraint that reads another table finds there what the
//! dump's order says. It must find the same here: such a table is filled when all before it are in,
//! over one connection, and before any behind it. `pg_restore -j` makes no such difference
//! (`pg_backup_archiver.c`, `restore_toc_entries_parallel`).

use std::collections::HashSet;

use super::large_objects::hexadecimal;
use super::{Loader, TargetError};
use crate::archive::ObjectName;

/// Tables, by schema and name, and the partitioned tables above them, where taking a row
///
/// - checks a foreign key or runs a trigger: as a schema has it that was restored before its data,
/// - or calls a function that may read tables: in a constraint of the table or of a column's type,
///   in a generated column, or in an index.
///
/// What a function reads is nowhere written down. One in SQL or PL/pgSQL that has none of the words
/// which it would need, and calls no other of the kind by its name, reads nothing; so a check of a
/// text's form is none of these.
const IN_ORDER: &str = r"
WITH RECURSIVE code AS (
    SELECT p.oid, p.proname::pg_catalog.text AS name, pg_catalog.lower(p.prosrc) AS body,
        l.lanname NOT IN ('sql', 'plpgsql') OR p.prosrc = '' OR p.prosrc OPERATOR(pg_catalog.~*)
            '\m(from|table|join|execute|perform|into|update|merge|call|lock|nextval|currval)\M'
            AS reads
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    WHERE l.lanname NOT IN ('internal', 'c')
        AND p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace
), calls AS (
    SELECT d.classid, d.objid, d.refobjid AS function FROM pg_catalog.pg_depend d
    WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    UNION ALL
    SELECT d.classid, d.objid, o.refobjid
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_depend o
        ON o.classid = d.refclassid AND o.objid = d.refobjid
    WHERE d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass
        AND o.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
), reach(start, oid) AS (
    SELECT c.oid, c.oid FROM code c WHERE c.oid IN (SELECT function FROM calls
        WHERE classid IN ('pg_catalog.pg_constraint'::pg_catalog.regclass,
            'pg_catalog.pg_attrdef'::pg_catalog.regclass, 'pg_catalog.pg_class'::pg_catalog.regclass))
    UNION
    SELECT r.start, c.oid FROM reach r JOIN code f ON f.oid = r.oid
        JOIN code c ON pg_catalog.strpos(f.body, pg_catalog.lower(c.name)) > 0
), reader AS (
    SELECT d.classid, d.objid FROM calls d WHERE d.function IN (
        SELECT r.start FROM reach r JOIN code c ON c.oid = r.oid WHERE c.reads)
), checked(oid) AS (
    SELECT c.contypid FROM pg_catalog.pg_constraint c JOIN reader r ON r.objid = c.oid
    WHERE r.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND c.contypid <> 0
    UNION
    SELECT t.oid FROM checked JOIN pg_catalog.pg_type t
        ON checked.oid IN (t.typbasetype, t.typelem) OR t.typrelid IN (
            SELECT a.attrelid FROM pg_catalog.pg_attribute a WHERE a.atttypid = checked.oid)
), found(oid) AS (
    SELECT c.conrelid FROM pg_catalog.pg_constraint c
    WHERE c.conrelid <> 0 AND (c.contype = 'f' OR c.oid IN (SELECT objid FROM reader
        WHERE classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass))
    UNION
    SELECT a.adrelid FROM pg_catalog.pg_attrdef a JOIN pg_catalog.pg_attribute g
        ON g.attrelid = a.adrelid AND g.attnum = a.adnum AND g.attgenerated <> ''
    WHERE a.oid IN (SELECT objid FROM reader
        WHERE classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass)
    UNION
    SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid IN (SELECT objid FROM reader
        WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass)
    UNION
    SELECT a.attrelid FROM pg_catalog.pg_attribute a JOIN checked ON checked.oid = a.atttypid
    UNION
    SELECT t.tgrelid FROM pg_catalog.pg_trigger t
    WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 4 <> 0
    UNION
    SELECT i.inhparent FROM found JOIN pg_catalog.pg_inherits i ON i.inhrelid = found.oid
)
SELECT pg_catalog.encode(pg_catalog.convert_to(n.nspname::pg_catalog.text, encoding), 'hex') || '.'
    || pg_catalog.encode(pg_catalog.convert_to(c.relname::pg_catalog.text, encoding), 'hex')
FROM found CROSS JOIN (SELECT CASE WHEN pg_catalog.getdatabaseencoding() = 'SQL_ASCII'
        THEN 'SQL_ASCII' ELSE 'UTF8' END AS encoding) AS names
    JOIN pg_catalog.pg_class c ON c.oid = found.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace";

/// The tables of the present database whose rows come in order. Names are in hexadecimal: those of a
/// `SQL_ASCII` database may be no text.
#[derive(Debug, Default)]
pub(super) struct InOrder(Option<Tables>);

#[derive(Debug, Default)]
struct Tables {
    /// `schema.name`.
    named: HashSet<String>,
    /// For names that an old dump writes without their schemas.
    anywhere: HashSet<String>,
}

impl InOrder {
    /// Something was defined: it must be asked again.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }
}

impl Loader<'_> {
    /// Whether a table's rows must come in the archive's order. Asked when what was handed out
    /// before its data is defined.
    pub(super) async fn comes_in_order(&mut self, table: &ObjectName) -> Result<bool, TargetError> {
        if self.in_order.0.is_none() {
            let rows = self.connection.column(IN_ORDER).await?;
            self.in_order.0 = Some(Tables::among(rows));
        }
        Ok(self.in_order.0.as_ref().is_some_and(|tables| tables.have(table)))
    }
}

impl Tables {
    fn among(rows: Vec<String>) -> Self {
        let own = |row: &String| row.split_once('.').map(|(_, name)| name.to_owned());
        let anywhere = rows.iter().filter_map(own).collect();
        Self { named: rows.into_iter().collect(), anywhere }
    }

    fn have(&self, table: &ObjectName) -> bool {
        let name = hexadecimal(table.name.as_bytes());
        match &table.schema {
            Some(schema) => {
                self.named.contains(&format!("{}.{name}", hexadecimal(schema.as_bytes())))
            }
            None => self.anywhere.contains(&name),
        }
    }
}
