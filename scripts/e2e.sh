#!/usr/bin/env bash
# Browser tests against the real program, in Chromium: three files at a time, since they mostly wait for the video.
set -euo pipefail
cd "$(dirname "$0")/.."
make --no-print-directory build
XUESHI_E2E_CITY=$(mktemp -d); export XUESHI_E2E_CITY # founded once, copied by each test
trap 'rm -rf "$XUESHI_E2E_CITY"' EXIT
bin/xueshi demo --data "$XUESHI_E2E_CITY" >/dev/null
XUESHI_TEST_PG_FSYNC=off scripts/test-postgres.sh node --test --test-concurrency=3 e2e/*.test.mjs
