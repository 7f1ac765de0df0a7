//! The queries that make the load: windows over pg_stat_statements.
