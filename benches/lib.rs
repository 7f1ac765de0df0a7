//! Benchmarks: rivals and pgsre in turn, as ratios.
