package ffmpeg

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"xueshi/internal/media"
)

const (
	soundGapMS = 40   // a hole of the sound's time line that is written down
	maxGaps    = 1000 // of a report
	maxPackets = 4_000_000
)

// packetScan is what the packets of a file say, before anything is decoded.
type packetScan struct {
	video, audio int64 // indices of the streams
	startMS      float64

	shown      []int64 // presentation times of pictures, µs
	lastDTS    float64
	outOfOrder int64
	bytes      [2]int64     // of picture and sound
	from, to   [2]float64   // ms; of picture and sound
	seen       [2]int64     // packets
	heard      []heard      // packets of the sound, in the order of the file
	gaps       []media.Span // of the sound
}

// heard is when a packet of sound begins and how long it says it lasts, ms.
type heard struct{ at, long float64 }

// scan reads the heads of all packets: it costs reading the file, not decoding it.
func (t *Inspector) scan(ctx context.Context, path string, s *source) (*packetScan, error) {
	p := &packetScan{video: s.video.Index, audio: -1, startMS: s.startMS, lastDTS: -1e18, gaps: []media.Span{}}
	args := append([]string{"-v", "error", "-show_entries", "packet=stream_index,pts_time,dts_time,duration_time,size,flags", "-of", "csv=p=0", "-o", "/dev/fd/3"}, input(path)...)
	if s.audio != nil {
		p.audio = s.audio.Index
	}
	_, _, err := t.run(ctx, program{name: t.ffprobe, args: args, cpu: limit(s.lengthMS), outputs: []func(io.Reader) error{p.read}})
	if err != nil {
		return nil, damaged(err)
	}
	p.end()
	return p, nil
}

func (p *packetScan) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	for n := 0; lines.Scan(); n++ {
		if n > maxPackets {
			return limitReached("packets")
		}
		p.line(lines.Text())
	}
	return lines.Err()
}

// line takes one packet: stream, presentation time, decoding time, duration (seconds or N/A), bytes, flags. What a decoder is
// told to throw away (D: the priming of an encoder) is nothing that people see or hear.
func (p *packetScan) line(text string) {
	f := strings.Split(text, ",")
	if len(f) < 6 || strings.Contains(f[5], "D") {
		return
	}
	index, err := strconv.ParseInt(f[0], 10, 64)
	which := 0
	switch {
	case err != nil:
		return
	case index == p.audio:
		which = 1
	case index != p.video:
		return
	}
	size, _ := strconv.ParseInt(f[4], 10, 64)
	p.bytes[which] += max(0, size)
	pts, known := seconds64(f[1])
	if which == 0 {
		dts, ok := seconds64(f[2])
		p.picture(pts, known, dts, ok)
	}
	if !known {
		return
	}
	at, long := pts-p.startMS, milliseconds(f[3])
	if which == 1 {
		p.heard = append(p.heard, heard{at, max(0, long)})
	}
	if p.seen[which] == 0 || at < p.from[which] {
		p.from[which] = at
	}
	p.to[which] = max(p.to[which], at+max(0, long))
	p.seen[which]++
}

func (p *packetScan) picture(pts float64, known bool, dts float64, ok bool) {
	if ok {
		if dts <= p.lastDTS || known && pts < dts-0.5 {
			p.outOfOrder++
		}
		p.lastDTS = max(p.lastDTS, dts)
	}
	if known {
		p.shown = append(p.shown, int64(pts*1000))
	}
}

// end counts pictures that are shown at one instant, and keeps the longest gaps.
func (p *packetScan) end() {
	slices.Sort(p.shown)
	p.outOfOrder += int64(len(p.shown) - len(slices.Compact(p.shown)))
	p.shown = nil
	p.gaps = longest(soundGaps(p.heard))
	p.heard = nil
}

// soundGaps are the holes of the sound's time line. An MP4 has no holes: it makes the packet before one longer, so that a packet
// much longer than the usual one is held to last as long as that.
func soundGaps(packets []heard) []media.Span {
	out := []media.Span{}
	if len(packets) == 0 {
		return out
	}
	lengths := make([]float64, len(packets))
	for i, h := range packets {
		lengths[i] = h.long
	}
	slices.Sort(lengths)
	usual, to := lengths[len(lengths)/2], packets[0].at
	for _, h := range packets {
		if h.at-to >= soundGapMS {
			out = append(out, media.Span{FromMS: int64(to), ToMS: int64(h.at)})
		}
		long := h.long
		if usual > 0 && long >= usual+soundGapMS {
			long = usual
		}
		to = max(to, h.at+long)
	}
	return out
}

// longest keeps the longest spans, in the order of time.
func longest(spans []media.Span) []media.Span {
	if len(spans) <= maxGaps {
		return spans
	}
	slices.SortStableFunc(spans, func(a, b media.Span) int { return int(b.Length() - a.Length()) })
	spans = spans[:maxGaps]
	slices.SortFunc(spans, func(a, b media.Span) int { return int(a.FromMS - b.FromMS) })
	return spans
}

// kbps is the mean bitrate of picture (0) or sound (1).
func (p *packetScan) kbps(which int) float64 {
	if length := p.to[which] - p.from[which]; length > 0 {
		return float64(p.bytes[which]) * 8 / length
	}
	return 0
}

// seconds64 is a time in ms; false for N/A.
func seconds64(s string) (ms float64, known bool) {
	v, err := strconv.ParseFloat(s, 64)
	return v * 1000, err == nil
}
