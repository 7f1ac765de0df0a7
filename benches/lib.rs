//! Unpublished member package: benches of pgsre.
