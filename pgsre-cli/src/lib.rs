//! pgsre
