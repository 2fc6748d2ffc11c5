#!/usr/bin/env bash
# Makes a standby of the primary, ready to start. As the user postgres:
#   standby.sh HOST PORT USER NAME DATA
# USER may replicate (CREATE ROLE … REPLICATION LOGIN, a line "host replication" in pg_hba.conf); NAME is this standby's, and its slot's.
set -euo pipefail
[ $# = 5 ] || { sed -n 2,4p "$0" >&2; exit 2; }
pg_basebackup -d "host=$1 port=$2 user=$3 application_name=$4" -D "$5" -X stream -c fast -R -C -S "$4"
# Made the primary, it has no standby yet and must not wait for one. Give it one, then: ALTER SYSTEM RESET synchronous_standby_names.
echo "synchronous_standby_names = ''" >>"$5/postgresql.auto.conf"
