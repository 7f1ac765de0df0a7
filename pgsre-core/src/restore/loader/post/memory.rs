//! How much memory an index build or a key may sort in, in a server of our own.
//!
//! Measured on a database of 2 GB (`benches/server_settings.rs`): a B-tree on (text, timestamptz) of
//! 3 M rows takes 2.4 s of CPU with 8 MB and 6.6 s with the default 64 MB, because a run of the sort
//! that fits the core's own cache is made faster than a larger one; a foreign key's check is the
//! same kind of sort or hash. A GIN index wants the memory: 5.2 s with 64 MB, 6.9 s with 16 MB.

use crate::archive::{ObjectName, Subject};

/// Enough for the smallest run, and what fits a core's cache.
const LEAST: u64 = 8 << 20;
const MOST: u64 = 256 << 20;
/// What merging keeps in memory of each run (`TAPE_BUFFER_OVERHEAD` and `MERGE_BUFFER_SIZE` in
/// `tuplesort.c`).
const RUN: u64 = 272 << 10;

/// The table whose rows a statement sorts; `None` for one that sorts none or that wants all memory.
pub(super) fn sorts(subject: &Subject, sql: &str) -> Option<ObjectName> {
    match subject {
        Subject::Index { table, .. } if sql.contains(" USING btree ") => Some(table.clone()),
        Subject::Key { table, .. } if !sql.contains(" EXCLUDE ") => Some(table.clone()),
        Subject::ForeignKey { table, .. } => Some(table.clone()),
        _ => None,
    }
}

/// The setting for a statement that sorts a table of so many bytes: runs as small as can be, and
/// still few enough for one merge (runs of m bytes, of which m / 272 kB are merged at once).
pub(super) fn setting(sorted: Option<u64>) -> String {
    match sorted {
        None => "RESET maintenance_work_mem".to_owned(),
        Some(bytes) => {
            let memory = bytes.saturating_mul(RUN).isqrt().clamp(LEAST, MOST);
            format!("SET maintenance_work_mem = '{}kB'", memory >> 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(sql: &str) -> bool {
        sorts(&Subject::of(sql), sql).is_some()
    }

    #[test]
    fn b_trees_and_keys_sort_and_others_want_all_memory() {
        assert!(sorted("CREATE INDEX i ON public.t USING btree (a)"));
        assert!(sorted("ALTER TABLE ONLY public.t ADD CONSTRAINT p PRIMARY KEY (a)"));
        assert!(sorted(
            "ALTER TABLE ONLY public.t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES public.u(a)"
        ));
        assert!(!sorted("CREATE INDEX i ON public.t USING gin (a)"));
        assert!(!sorted(
            "ALTER TABLE ONLY public.t ADD CONSTRAINT e EXCLUDE USING gist (a WITH &&)"
        ));
        assert!(!sorted("CREATE TRIGGER g AFTER INSERT ON public.t EXECUTE FUNCTION public.f()"));
    }

    #[test]
    fn memory_grows_with_the_table_so_that_one_merge_is_enough() {
        assert_eq!(setting(Some(0)), "SET maintenance_work_mem = '8192kB'");
        assert_eq!(setting(Some(500 << 20)), "SET maintenance_work_mem = '11801kB'");
        assert_eq!(setting(Some(u64::MAX)), "SET maintenance_work_mem = '262144kB'");
        assert_eq!(setting(None), "RESET maintenance_work_mem");
    }
}
