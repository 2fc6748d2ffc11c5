#!/usr/bin/env bash
# Measures the demo media with ffprobe and ffmpeg, and has eSpeak NG say every caption again: do picture, sound, captions,
# slides and manifests belong together? Needs ffmpeg and espeak-ng; `go test ./demo/check` is the part that needs neither.
#   scripts/check-media.sh [lesson …]
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in ffmpeg ffprobe espeak-ng; do
  command -v "$tool" >/dev/null || { echo "missing: $tool (Debian: apt-get install ffmpeg espeak-ng)" >&2; exit 1; }
done
exec nice go run ./demo/check "$@"
