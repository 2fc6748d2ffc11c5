#!/usr/bin/env bash
# The simulations at full size; writes a dated result under bench/.
set -euo pipefail
cd "$(dirname "$0")/.."
out=bench/soak-$(date -u +%Y-%m-%d).txt
{ date -u +%FT%TZ; git rev-parse --short HEAD; go version; XUESHI_SOAK=1 go test -count=1 -v -run 'Honest|Invariants' -rapid.checks=20000 -timeout 60m ./internal/playback; } | tee "$out"
