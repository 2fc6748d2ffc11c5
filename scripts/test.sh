#!/usr/bin/env bash
# Everything CI runs, in order of how fast it fails. A missing engine or browser fails; nothing skips silently.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { printf '\n== %s (%s)\n' "$1" "$(date +%T)"; }
# Databases, stores and programs of the tests live in memory where there is enough of it: a test that kills a process needs no disk.
if [ "$(df --output=avail -k /dev/shm 2>/dev/null | tail -1)" -gt 6000000 ]; then
  TMPDIR=$(mktemp -d /dev/shm/xueshi-test-XXXXXX); export TMPDIR; chmod 711 "$TMPDIR"
  trap 'rm -rf "$TMPDIR"' EXIT
fi
step "tools"; scripts/install-test-tools.sh
step "web: install, build"
(cd web && npm ci --no-audit --no-fund --loglevel=error)
make --no-print-directory web
# The arithmetic on pictures and sound starts no goroutine, what the tests of backups and of running platforms look at are files and other
# processes, and the matrix of permissions asks one question after the other: the race detector would only make them slower. Most of
# them wait, so the checks run beside them.
plain="xueshi/test/cluster xueshi/test/simulate xueshi/test/backup xueshi/test/authz xueshi/internal/gateway/ffmpeg/signal"
step "running platforms; beside them types, unit tests, format, vet, budgets, generated code"
beside=$(mktemp)
XUESHI_TEST_ALL=1 XUESHI_TEST_PG_FSYNC=off scripts/test-postgres.sh go test -vet=off -parallel 6 $plain >"$beside" 2>&1 &
platforms=$!
(cd web && npm run --silent typecheck && npm test --silent)
unformatted=$(gofmt -l cmd internal migrations test)
[ -z "$unformatted" ] || { echo "not formatted (make fmt): $unformatted" >&2; exit 1; }
go vet ./...
scripts/budgets.sh
scripts/generate.sh --check
wait "$platforms" || { cat "$beside"; exit 1; }
cat "$beside"
step "Go tests with -race, SQLite and PostgreSQL"
# SQLite's own code (C made into Go), that arithmetic and the hash of passwords share nothing with ours but what their instrumented neighbours pass:
# without the detector in them the tests take a fifth of the time. The longest package goes first, so that none is left over alone; many
# tests wait for real programs, so more of them run at once than there are cores. vet ran above, and nobody debugs these binaries.
without=(modernc.org/sqlite/lib=-race=false xueshi/internal/gateway/ffmpeg/signal=-race=false golang.org/x/crypto/argon2=-race=false golang.org/x/crypto/blake2b=-race=false)
XUESHI_TEST_ALL=1 XUESHI_TEST_PG_FSYNC=off scripts/test-postgres.sh go test -race "${without[@]/#/-gcflags=}" -vet=off -ldflags=-w -p 3 -parallel 4 -timeout 15m \
  xueshi/test/attack $(go list ./... | grep -vxF "$(tr ' ' '\n' <<<"$plain xueshi/test/attack")")
step "browser tests"
scripts/e2e.sh
step "done"
