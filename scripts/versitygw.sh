#!/usr/bin/env bash
# Prints the path of versitygw, an S3 server that checks signatures; builds it from the Go module proxy once (84 MB, a minute and a
# half of one core) and keeps it in the user's cache. The slow tests of internal/gateway/s3 serve a folder with it.
set -euo pipefail
version=v1.8.0
dir=${XDG_CACHE_HOME:-$HOME/.cache}/xueshi/versitygw-$version
if [ ! -x "$dir/versitygw" ]; then
  mkdir -p "$dir"
  made=$(mktemp -d "$dir/.make-XXXXXX")
  trap 'rm -rf "$made"' EXIT
  # From a folder of its own: the project's go.mod has no part in it.
  (cd "$made" && GOFLAGS= GOBIN="$made" nice go install "github.com/versity/versitygw/cmd/versitygw@$version" >&2)
  mv -f "$made/versitygw" "$dir/versitygw"
fi
echo "$dir/versitygw"
