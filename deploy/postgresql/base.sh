#!/usr/bin/env bash
# Makes a base backup while the server runs; weekly is enough. As a user that may replicate:
#   base.sh HOST PORT USER FOLDER
# Base backups older than the oldest instant you may want to go back to can go, and the log before the oldest that stays
# (pg_archivecleanup WAL OLDEST).
set -euo pipefail
[ $# = 4 ] || { sed -n 2,6p "$0" >&2; exit 2; }
to=$4/$(date -u +%Y%m%dT%H%M%SZ)
pg_basebackup -d "host=$1 port=$2 user=$3" -D "$to.new" -X stream -c fast --manifest-checksums=SHA256
pg_verifybackup "$to.new" >&2
mv "$to.new" "$to"
echo "$to"
