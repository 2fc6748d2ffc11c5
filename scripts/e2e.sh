#!/usr/bin/env bash
# Browser tests against the real program, in Chromium: four files at a time, since they mostly wait for the video; the longest begin first.
set -euo pipefail
cd "$(dirname "$0")/.."
make --no-print-directory build
XUESHI_E2E_CITY=$(mktemp -d); export XUESHI_E2E_CITY # founded once, copied by each test
trap 'rm -rf "$XUESHI_E2E_CITY"' EXIT
bin/xueshi demo --data "$XUESHI_E2E_CITY" >/dev/null
long="e2e/study.test.mjs e2e/publication.test.mjs e2e/replaced.test.mjs e2e/renditions.test.mjs e2e/sealed.test.mjs e2e/attack.test.mjs"
rest=$(printf '%s\n' e2e/*.test.mjs | grep -vxF "$(tr ' ' '\n' <<<"$long")")
# shellcheck disable=SC2086 # lists of files
XUESHI_TEST_PG_FSYNC=off scripts/test-postgres.sh node --test --test-concurrency=4 $long $rest
