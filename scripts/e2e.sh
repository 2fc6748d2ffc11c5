#!/usr/bin/env bash
# Browser tests against the real program, in Chromium: three files at a time, since they mostly wait for the video.
set -euo pipefail
cd "$(dirname "$0")/.."
make --no-print-directory build
XUESHI_TEST_PG_FSYNC=off exec scripts/test-postgres.sh node --test --test-concurrency=3 e2e/*.test.mjs
