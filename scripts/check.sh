#!/usr/bin/env bash
# The one-minute loop: formatting, vet, import table, budgets, quick Go tests (SQLite half).
set -euo pipefail
cd "$(dirname "$0")/.."
unformatted=$(gofmt -l cmd internal migrations)
[ -z "$unformatted" ] || { echo "not formatted (make fmt): $unformatted" >&2; exit 1; }
go vet ./...
go vet -tags bench ./internal/... ./test/load/...
scripts/budgets.sh
go test -short ./...
