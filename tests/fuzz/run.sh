#!/usr/bin/env bash
# Fuzzes one reader for some time, on the stable toolchain: custom, tar or directory.
#   tests/fuzz/run.sh TARGET SECONDS
# The corpus lies under target/fuzz and is kept. `PGSRE_FUZZ_SEEDS=target/fuzz/corpus cargo test
# --package pgsre-tests --test archive_bytes` puts small real archives there to begin with.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=$1 seconds=$2
corpus=$PWD/target/fuzz/corpus/$target
mkdir -p "$corpus"

# What cargo-fuzz passes, but for the address sanitizer, which only a nightly toolchain has.
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1
  -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
  -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
host=$(rustc -vV | sed -n 's/^host: //p')
cargo build --quiet --release --manifest-path tests/fuzz/Cargo.toml --bin "$target" \
  --target "$host" --target-dir target/fuzz
cd target/fuzz
exec "./$host/release/$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1024 \
  -max_len=65536 -print_final_stats=1 "$corpus"
