#!/usr/bin/env bash
# The simulations at full size, on both engines; each part writes its dated result under bench/. All of it takes hours.
#   scripts/soak.sh [rule|model|leases|killed|corpus …]
set -euo pipefail
cd "$(dirname "$0")/.."
export XUESHI_SOAK=1 XUESHI_TEST_ALL=1 XUESHI_TEST_PG_FSYNC=off
go_test() { scripts/test-postgres.sh go test -count=1 -v "$@"; }
rule() { # honest links and any player, against the rule alone
  go test ./internal/playback -count=1 -v -timeout 60m -run 'Honest|Invariants' -rapid.checks=20000
}
model() { # the service against the reference model
  go_test -run AnySequence -timeout 8h ./test/model
}
leases() { # histories of many callers, and whether some order explains each
  go_test -run Linearizable -timeout 8h ./test/model
}
killed() { # SIGKILL under load, again and again
  scripts/test-postgres.sh go test -count=10 -v -run Kill -timeout 2h ./test/attack
}
corpus() { # every clip with a defect, and the clean ones
  go test -count=1 -v -timeout 2h -run 'Corpus' ./test/courseware
}
[ $# -gt 0 ] || set -- rule model leases killed corpus
for part; do
  {
    date -u +%FT%TZ
    git rev-parse --short HEAD
    go version
    "$part"
  } 2>&1 | grep -v -e '^=== ' -e '^go: downloading' | tee "bench/soak-$part-$(date -u +%Y-%m-%d).txt"
done
