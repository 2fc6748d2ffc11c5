#!/usr/bin/env bash
# Size budgets of docs/design.md: files, components, direct dependencies, engine-specific SQL.
set -euo pipefail
cd "$(dirname "$0")/.."
fail=0
over() { echo "budget: $*" >&2; fail=1; }
while read -r n f; do
  [ "$f" = total ] && continue
  [ "$n" -le 800 ] || over "$f has $n lines (hard limit 800)"
done < <(git ls-files -co --exclude-standard '*.go' | xargs wc -l)
long=$(git ls-files -co --exclude-standard '*.go' | grep -v _test.go | xargs wc -l | awk '$2!="total" && $1>400' | wc -l)
[ "$long" -le 6 ] || over "$long Go files over 400 lines (at most 6)"
while read -r n f; do
  [ "$f" = total ] && continue
  [ "$n" -le 300 ] || over "$f has $n lines (components: at most 300)"
done < <(git ls-files -co --exclude-standard 'web/src/*.vue' | xargs -r wc -l)
direct=$(awk '/^require/{r=1} r && /^\t/ && !/indirect/{n++} END{print n+0}' go.mod)
[ "$direct" -le 45 ] || over "$direct direct Go dependencies (at most 45)"
forks=$({ git grep -n 'tx\.Engine() ==' -- '*.go' ':!*_test.go' || true; } | wc -l)
[ "$forks" -le 12 ] || over "$forks statements that ask for the engine (at most 12)"
for dep in $(awk '/^require/{r=1} r && /^\t/ && !/indirect/{print $1}' go.mod); do
  grep -qF "$dep" docs/dependencies.md || over "$dep has no reason in docs/dependencies.md"
done
exit $fail
