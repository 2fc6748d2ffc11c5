#!/usr/bin/env bash
# Runs a command with XUESHI_TEST_POSTGRES pointing at a private, throw-away PostgreSQL cluster on a local port.
# Usage: scripts/test-postgres.sh COMMAND [ARG...]
set -euo pipefail
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$bin" ] || { echo "PostgreSQL server is missing: run scripts/install-test-tools.sh" >&2; exit 1; }
dir=$(mktemp -d)
as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi; }
if [ "$(id -u)" = 0 ]; then chown postgres "$dir"; fi
trap 'as "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT
as "$bin/initdb" -D "$dir/data" -U xueshi --auth=trust --no-locale -E UTF8 >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
port=${XUESHI_TEST_PG_PORT:-$(( 20000 + RANDOM % 20000 ))}
# Durability stays on (benchmarks rest on it) unless the caller says that only logic is under test.
sync=${XUESHI_TEST_PG_FSYNC:-on}
as "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/server.log" -o "-p $port -k $dir -c listen_addresses=127.0.0.1 -c max_connections=300 -c fsync=$sync -c log_min_messages=fatal" start >/dev/null || { cat "$dir/server.log" >&2; exit 1; }
export XUESHI_TEST_POSTGRES="postgres://xueshi@127.0.0.1:$port/postgres?sslmode=disable"
"$@"
