#!/usr/bin/env bash
# Browser tests against the real program, in Chromium. Several files at a time, since they mostly wait for the video, and the longest
# first (node itself would take them by the alphabet); what a file has to say comes when it has ended.
set -euo pipefail
cd "$(dirname "$0")/.."
make --no-print-directory build
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
export XUESHI_E2E_CITY="$dir/city" # founded once, copied by each test
bin/xueshi demo --data "$XUESHI_E2E_CITY" >/dev/null
long="publication publication_postgres attack course pages operator account renditions sealed replaced faults"
order=$(for name in $long; do echo "e2e/$name.test.mjs"; done; ls e2e/*.test.mjs)
one() { # runs a file and says what it said
  if node --test --test-reporter=spec "$1" >"$2/log.$$" 2>&1; then sed -n '/^✔/p;/skipped [1-9]/p' "$2/log.$$"; else cat "$2/log.$$"; exit 1; fi
}
export -f one
awk '!seen[$0]++' <<<"$order" | XUESHI_TEST_PG_FSYNC=off scripts/test-postgres.sh xargs -P 4 -I{} bash -c "one {} $dir"
