#!/usr/bin/env bash
# Ratios measured in one run, on SQLite and PostgreSQL, with all rules, the database and its fsync: bench/latest.json.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install-test-tools.sh
mkdir -p bin && go build -o bin/load ./test/load
rm -f bench/latest.json
bin/load -out bench/latest.json
scripts/test-postgres.sh bash -c 'bin/load -database "$XUESHI_TEST_POSTGRES" -out bench/latest.json'
