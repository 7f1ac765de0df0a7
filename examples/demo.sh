#!/usr/bin/env bash
# The demo, from nothing: installs PostgreSQL's server if there is none, builds pgsre, runs `pgsre demo`.
set -euo pipefail
cd "$(dirname "$0")/.."

need_rust() {
  command -v cargo >/dev/null && return
  echo "Rust is missing: install it (https://rustup.rs), then run this script again." >&2
  exit 2
}

has_server() {
  [ -n "${PGSRE_PG_BINDIR:-}" ] && return
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
    compgen -G '/usr/pgsql-*/bin/initdb' >/dev/null ||
    command -v initdb >/dev/null
}

install_server() {
  if command -v apt-get >/dev/null; then
    local sudo=()
    [ "$(id -u)" -eq 0 ] || sudo=(sudo)
    "${sudo[@]}" apt-get update -qq
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null
  else
    cat >&2 <<'EOF'
PostgreSQL's server programs (initdb, postgres, pg_dump, psql) are missing. Install them:
  Fedora, RHEL:  dnf install postgresql-server
  Alpine:        apk add postgresql
  Arch:          pacman -S postgresql
  macOS:         brew install postgresql@17
or name their directory: PGSRE_PG_BINDIR=/path/to/bin, then run this script again.
EOF
    exit 2
  fi
}

need_rust
has_server || install_server
cargo build --release --quiet --package pgsre-cli
exec "${CARGO_TARGET_DIR:-target}/release/pgsre" demo "$@"
