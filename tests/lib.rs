//! Unpublished member package: tests of pgsre.
