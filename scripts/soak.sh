#!/usr/bin/env bash
# The simulations at full size, on both engines; writes a dated result under bench/. Takes hours.
set -euo pipefail
cd "$(dirname "$0")/.."
out=bench/soak-$(date -u +%Y-%m-%d).txt
export XUESHI_SOAK=1 XUESHI_TEST_ALL=1 XUESHI_TEST_PG_FSYNC=off
{
  date -u +%FT%TZ
  git rev-parse --short HEAD
  go version
  echo "== the rule: honest links and any player"
  go test -count=1 -v -run 'Honest|Invariants' -rapid.checks=20000 -timeout 60m ./internal/playback
  echo "== the service against the reference model, and lease histories of many callers"
  scripts/test-postgres.sh go test -count=1 -v -timeout 8h ./test/model
  echo "== killed with SIGKILL, again and again"
  scripts/test-postgres.sh go test -count=10 -v -run Kill -timeout 2h ./test/attack
} 2>&1 | grep -v '^=== ' | tee "$out"
