#!/usr/bin/env bash
# Everything CI runs, in order of how fast it fails. A missing engine or browser fails; nothing skips silently.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { printf '\n== %s (%s)\n' "$1" "$(date +%T)"; }
step "tools"; scripts/install-test-tools.sh
step "web: install, types, unit tests, build"
(cd web && npm ci --no-audit --no-fund --loglevel=error && npm run --silent typecheck && npm test --silent)
make --no-print-directory web
step "format, vet, budgets, generated code"
unformatted=$(gofmt -l cmd internal migrations)
[ -z "$unformatted" ] || { echo "not formatted (make fmt): $unformatted" >&2; exit 1; }
go vet ./...
scripts/budgets.sh
scripts/generate.sh --check
step "Go tests with -race, SQLite and PostgreSQL"
XUESHI_TEST_ALL=1 XUESHI_TEST_PG_FSYNC=off scripts/test-postgres.sh go test -race -timeout 15m ./...
step "browser tests"
scripts/e2e.sh
step "done"
