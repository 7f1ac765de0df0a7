//! Unpublished member package: examples of pgsre.
