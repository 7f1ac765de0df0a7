//! PgBouncer: its console, its configuration, the sizes of its pools.
