#!/usr/bin/env bash
# Installs what `make test` needs on Debian: a PostgreSQL server, Chromium, FFmpeg, eSpeak NG, ClamAV, nginx, PgBouncer, libfaketime, Chinese fonts.
# Further packages may be named: those whose command is missing are installed too.
# Go and Node are expected to be there. Without root it says exactly what is missing and fails.
set -euo pipefail
need=()
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need+=(postgresql)
command -v chromium >/dev/null || need+=(chromium)
command -v chromium-headless-shell >/dev/null || need+=(chromium-headless-shell)
command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null || need+=(ffmpeg)
command -v espeak-ng >/dev/null || need+=(espeak-ng)
[ -x /usr/sbin/nginx ] || need+=(nginx-light)
[ -x /usr/sbin/clamd ] || need+=(clamav-daemon)
[ -x /usr/sbin/pgbouncer ] || need+=(pgbouncer)
ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || need+=(libfaketime)
fc-list 2>/dev/null | grep -qi 'noto.*cjk' || need+=(fonts-noto-cjk fontconfig)
for extra in "$@"; do command -v "$extra" >/dev/null || [ -x "/usr/sbin/$extra" ] || need+=("$extra"); done
for tool in go node npm; do command -v "$tool" >/dev/null || { echo "missing: $tool (install Go 1.26+ and Node 20+ first)" >&2; exit 1; }; done
[ ${#need[@]} -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "missing Debian packages: ${need[*]}" >&2
  echo "as root: apt-get update && apt-get install -y --no-install-recommends ${need[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null
# A distribution's own cluster is not needed: tests make private ones.
mkdir -p /etc/postgresql-common && [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
apt-get install -y -q --no-install-recommends "${need[@]}" >/dev/null
