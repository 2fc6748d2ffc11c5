#!/usr/bin/env bash
# Ratios measured in one run, on SQLite and PostgreSQL, with all rules, the database and its fsync: bench/latest.json.
# STRICT=1 fails when a line that a release may not cross is missed.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install-test-tools.sh nginx
mkdir -p bin
go build -tags bench -o bin/load ./test/load
CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o bin/bare ./test/load/bare
go build -o bin/corpus ./test/courseware/cmd/corpus
rm -f bench/latest.json
flags=(-out bench/latest.json ${STRICT:+-strict})
missed=0
bin/load "${flags[@]}" || missed=$?
FLAGS="${flags[*]}" scripts/test-postgres.sh bash -c 'bin/load -database "$XUESHI_TEST_POSTGRES" $FLAGS' || missed=$?
exit "$missed"
