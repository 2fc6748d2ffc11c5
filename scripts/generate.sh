#!/usr/bin/env bash
# Makes the OpenAPI file and the web client's types from the Go types. --check fails when the committed ones are stale.
set -euo pipefail
cd "$(dirname "$0")/.."
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
go run ./cmd/xueshi openapi >"$tmp/openapi.json"
(cd web && npx --no-install openapi-typescript "$tmp/openapi.json" -o "$tmp/schema.d.ts" >/dev/null)
if [ "${1:-}" = --check ]; then
  cmp -s "$tmp/openapi.json" docs/openapi.json && cmp -s "$tmp/schema.d.ts" web/src/api/schema.d.ts || { echo "stale: run make generate and commit" >&2; exit 1; }
else
  cp "$tmp/openapi.json" docs/openapi.json; cp "$tmp/schema.d.ts" web/src/api/schema.d.ts
fi
