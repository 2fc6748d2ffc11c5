#!/usr/bin/env bash
# Makes a server's folder that, when it is started, goes forward from a base backup to an instant and then is a primary. As the user postgres:
#   recover.sh BASE WAL DATA '2026-11-27 03:00:00+08'
# Start it with port and folder as usual; the processes of Xueshi come last, when SELECT pg_is_in_recovery() says f.
set -euo pipefail
[ $# = 4 ] || { sed -n 2,4p "$0" >&2; exit 2; }
[ ! -e "$3" ] || { echo "$3 is there already: name a folder that is not" >&2; exit 1; }
cp -a "$1" "$3"
chmod 700 "$3"
cat >>"$3/postgresql.auto.conf" <<CONF
restore_command = 'cp "$2/%f" "%p"'
recovery_target_time = '$4'
recovery_target_action = 'promote'
archive_mode = off
synchronous_standby_names = ''
CONF
touch "$3/recovery.signal"
echo "start it, and wait until it is no longer in recovery. It archives nothing and has no standby yet: ALTER SYSTEM RESET archive_mode, with a new folder for its log; standby.sh for a standby." >&2
