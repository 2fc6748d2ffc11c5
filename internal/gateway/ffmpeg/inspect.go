package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"xueshi/internal/gateway/ffmpeg/signal"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/media"
)

var _ media.Inspector = (*Inspector)(nil)

// The hard limits of an inspection, whatever the policy says.
const (
	maxDurationMS = 4 * 3600 * 1000
	minDurationMS = 500
	maxWidth      = 4096
	maxHeight     = 4096
	maxPixels     = 4096 * 2304
)

func limitReached(what string) error {
	return errs.New(errs.Invalid, "media.inspection_limit", "what", what)
}

// Measure implements media.Inspector.
func (t *Inspector) Measure(ctx context.Context, path string, progress func(doneMS, totalMS int64)) (*media.Measured, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	container, err := sniffFile(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	s, err := t.look(ctx, path)
	if err == nil {
		err = s.bearable()
	}
	if err != nil {
		return nil, err
	}
	p, err := t.scan(ctx, path, s)
	if err != nil {
		return nil, err
	}
	d, err := t.decode(ctx, path, s, progress)
	if err != nil {
		return nil, err
	}
	m := &media.Measured{Container: container, SizeBytes: info.Size(), Picture: d.pictureOf(s, p), Sound: d.soundOf(s, p)}
	m.DurationMS = m.Picture.EndMS
	if m.Sound != nil {
		m.DurationMS = max(m.DurationMS, m.Sound.EndMS)
		m.Sync = signal.Match(d.picture.Flashes(d.times.at), d.sound.Beeps())
	}
	return m, nil
}

// bearable refuses what would take more than an inspection may.
func (s *source) bearable() error {
	v := &s.video
	switch {
	case s.lengthMS > maxDurationMS:
		return errs.New(errs.Invalid, "media.too_long", "hours", maxDurationMS/3600000)
	case s.lengthMS < minDurationMS:
		return errs.New(errs.Invalid, "media.not_video", "seems", "picture")
	case v.Width > maxWidth || v.Height > maxHeight || v.Width*v.Height > maxPixels:
		return errs.New(errs.Invalid, "media.too_large_picture", "width", v.Width, "height", v.Height)
	}
	for _, st := range []*stream{v, s.audio} {
		if st != nil && !slices.Contains(strings.Split(decoders, ","), st.Codec) {
			return errs.New(errs.Invalid, "media.forbidden_format", "format", st.Codec)
		}
	}
	return nil
}

func (d *decoded) pictureOf(s *source, p *packetScan) media.Picture {
	w, h := s.shown()
	out := media.Picture{Codec: s.video.Codec, Width: w, Height: h, Kbps: rounded(p.kbps(0)), OutOfOrder: p.outOfOrder}
	out.Interlaced = slices.Contains([]string{"tt", "bb", "tb", "bt"}, s.video.Fields)
	d.picture.Finish(d.times.at, d.times.endMS, &out)
	out.Gaps = longest(out.Gaps)
	return out
}

// shown is the picture's size on the screen.
func (s *source) shown() (w, h int64) { return s.width, s.height }

func (d *decoded) soundOf(s *source, p *packetScan) *media.Sound {
	a := s.audio
	if a == nil || p.seen[1] == 0 {
		return nil
	}
	out := &media.Sound{Codec: a.Codec, Channels: a.Channels, Kbps: rounded(p.kbps(1)), Gaps: p.gaps,
		StartMS: int64(math.Round(max(0, p.from[1]))), EndMS: int64(math.Round(p.to[1])),
		Loudness: rounded(d.loudness.integrated), TruePeak: rounded(d.loudness.dBTP()), Range: rounded(d.loudness.lra), ShortTerm: d.loudness.short}
	out.Hz = int64(milliseconds(a.SampleRate) / 1000)
	for i, v := range out.ShortTerm {
		out.ShortTerm[i] = rounded(v)
	}
	d.sound.Finish(out)
	return out
}

// rounded keeps two digits: more are noise, and a curve has thousands of them.
func rounded(v float64) float64 { return math.Round(v*100) / 100 }

// heardKinds are findings that a waveform shows; the others are shown by a frame.
var heardKinds = []string{"loudness_low", "loudness_high", "true_peak", "loudness_range", "clipping", "silence", "sound_gap", "noise_floor", "hum", "balance", "av_edge", "no_audio"}

// maxWaveMS is the longest piece of sound that a picture can show.
const maxWaveMS = 60_000

const evidenceLimit = time.Minute

// Evidence implements media.Inspector.
func (t *Inspector) Evidence(ctx context.Context, path string, f media.Finding, out string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if out, err = filepath.Abs(out); err != nil {
		return err
	}
	if _, err := sniffFile(path); err != nil {
		return err
	}
	args := []string{"-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-y"}
	if slices.Contains(heardKinds, f.Kind) {
		from := max(0, f.FromMS-1000)
		args = append(append(args, "-ss", seconds(from), "-t", seconds(min(max(f.ToMS+1000-from, 5000), maxWaveMS))), input(path)...)
		args = append(args, "-filter_complex", "[0:a:0]aformat=channel_layouts=mono,showwavespic=s=640x160:colors=0x1f5f8b,format=rgba[w];color=white:s=640x160,format=rgba[b];[b][w]overlay=format=auto,format=yuvj420p[o]", "-map", "[o]")
	} else {
		args = append(append(args, "-threads", "2", "-ss", seconds(shownAt(f))), input(path)...)
		args = append(args, "-map", "0:v:0", "-vf", "scale=640:-2,format=yuvj420p")
	}
	args = append(args, "-frames:v", "1", "-q:v", "4", "-f", "image2", "-update", "1", "file:"+out)
	if _, _, err := t.run(ctx, program{name: t.ffmpeg, args: args, cpu: evidenceLimit}); err != nil {
		return err
	}
	if info, err := os.Stat(out); err != nil || info.Size() == 0 {
		return errors.Join(fmt.Errorf("no picture at %s", seconds(f.FromMS)), err)
	}
	return nil
}

// shownAt is a moment well inside a finding: its edges may already be good.
func shownAt(f media.Finding) int64 { return f.FromMS + (f.ToMS-f.FromMS)/3 }
