#!/usr/bin/env bash
# Browser tests against the real program, in Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."
make --no-print-directory build
exec node --test --test-concurrency=1 e2e/*.test.mjs
