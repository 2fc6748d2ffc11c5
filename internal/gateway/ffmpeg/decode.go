package ffmpeg

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"xueshi/internal/gateway/ffmpeg/signal"
)

const maxFrames = 2_000_000

// decoded is everything that the one decode of a file gives.
type decoded struct {
	picture  *signal.Picture
	times    frameTimes
	sound    *signal.Sound // nil = none
	loudness loudness
}

// decode runs ffmpeg once: small pictures, their times, samples and loudness come through four pipes.
func (t *Inspector) decode(ctx context.Context, path string, s *source, progress func(doneMS, totalMS int64)) (*decoded, error) {
	d := &decoded{picture: signal.NewPicture(), loudness: loudness{integrated: -70, peak: 0}}
	outputs := []func(io.Reader) error{d.frames, d.times.read}
	filter := fmt.Sprintf("[0:%d]scale=%d:%d:flags=area:%s,format=yuv420p,split[small][times]", s.video.Index, signal.Width, signal.Height, s.video.toLuma())
	shown := []string{"-fps_mode", "passthrough", "-enc_time_base", "1:90000", "-f"}
	args := append([]string{"-map", "[small]"}, append(shown, "rawvideo", "pipe:3", "-map", "[times]")...)
	args = append(args, append(shown, "framecrc", "pipe:4")...)
	if a := s.audio; a != nil {
		hz, channels := a.heard()
		d.sound = signal.NewSound(hz, channels)
		layout := map[int]string{1: "mono", 2: "stereo"}[channels]
		filter += fmt.Sprintf(";[0:%d]aresample=async=1:first_pts=0:min_hard_comp=0.03,aformat=channel_layouts=%s,asplit[heard][loud];"+
			`[loud]ebur128=peak=true:metadata=1:framelog=verbose,ametadata=mode=print:file=pipe\\:6,anullsink`, a.Index, layout)
		args = append(args, "-map", "[heard]", "-ar", strconv.Itoa(hz), "-f", "s16le", "pipe:5")
		outputs = append(outputs, func(r io.Reader) error { return samples(r, d.sound, channels) }, d.loudness.read)
	}
	args = append(append([]string{"-threads", "2", "-t", strconv.Itoa(maxDurationMS / 1000)}, input(path)...), append([]string{"-filter_complex", filter}, args...)...)
	args = append([]string{"-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-progress", "pipe:1"}, args...)
	_, _, err := t.run(ctx, program{name: t.ffmpeg, args: args, cpu: limit(s.lengthMS), outputs: outputs,
		progress: func(doneMS int64) { progress(min(doneMS, s.lengthMS), s.lengthMS) }})
	if err != nil {
		return nil, damaged(err)
	}
	if d.picture.Frames() == 0 {
		return nil, unreadable(errors.New("no picture could be decoded"))
	}
	return d, nil
}

// heard is how the samples are asked for: as they are, within what can be looked at.
func (st *stream) heard() (hz, channels int) {
	hz, _ = strconv.Atoi(st.SampleRate)
	return min(max(hz, 8000), 48000), int(min(max(st.Channels, 1), 2))
}

func (d *decoded) frames(r io.Reader) error {
	frame := make([]byte, signal.FrameBytes)
	for n := 0; ; n++ {
		switch _, err := io.ReadFull(r, frame); {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		case n >= maxFrames:
			return limitReached("frames")
		}
		d.picture.Write(frame)
	}
}

// samples reads little-endian 16-bit samples.
func samples(r io.Reader, s *signal.Sound, channels int) error {
	raw := make([]byte, 4800*2*channels)
	out := make([]int16, 4800*channels)
	for {
		n, err := io.ReadFull(r, raw)
		whole := n / (2 * channels) * channels
		for i := range whole {
			out[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
		}
		s.Write(out[:whole])
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// frameTimes reads what the framecrc muxer prints: "#tb 0: 1/90000", then "0, dts, pts, duration, size, checksum".
type frameTimes struct {
	base  float64 // ms a tick
	at    []float64
	endMS float64
}

func (f *frameTimes) read(r io.Reader) error {
	f.base = 1.0 / 90
	for lines := bufio.NewScanner(r); lines.Scan(); {
		text := lines.Text()
		if rate, found := strings.CutPrefix(text, "#tb 0: "); found {
			if num, den, ok := ratio(rate, "/"); ok {
				f.base = 1000 * num / den
			}
		}
		fields := strings.Split(text, ",")
		if len(fields) < 6 || strings.HasPrefix(text, "#") {
			continue
		}
		pts, err := strconv.ParseInt(strings.TrimSpace(fields[2]), 10, 64)
		if err != nil {
			continue
		}
		long, _ := strconv.ParseInt(strings.TrimSpace(fields[3]), 10, 64)
		at := float64(pts) * f.base
		f.at = append(f.at, at)
		f.endMS = max(f.endMS, at+float64(max(0, long))*f.base)
	}
	return nil
}

// loudness reads what ametadata prints of ebur128: every tenth of a second a line "frame:… pts_time:…" and lines "key=value".
type loudness struct {
	integrated, lra, peak float64 // LUFS, LU, 1 = full scale
	short                 []float64
}

func (l *loudness) read(r io.Reader) error {
	second := -1
	for lines := bufio.NewScanner(r); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		v, err := strconv.ParseFloat(value, 64)
		if _, at, found := strings.Cut(key, "pts_time:"); found {
			if s, err := strconv.ParseFloat(strings.TrimSpace(at), 64); err == nil && s >= 0 && s < maxDurationMS/1000+60 {
				second = int(s)
			}
			continue
		}
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		switch key {
		case "lavfi.r128.S":
			l.note(second, v)
		case "lavfi.r128.I":
			l.integrated = max(v, -70)
		case "lavfi.r128.LRA":
			l.lra = v
		case "lavfi.r128.true_peak":
			l.peak = max(l.peak, v)
		}
	}
	return nil
}

// note keeps the last value of each second; a second without one sounds like the one before.
func (l *loudness) note(second int, v float64) {
	for len(l.short) <= second {
		l.short = append(l.short, -70)
		if n := len(l.short); n > 1 {
			l.short[n-1] = l.short[n-2]
		}
	}
	if second >= 0 {
		l.short[second] = max(v, -70)
	}
}

// dBTP is the true peak; -120 when there is nothing to hear.
func (l *loudness) dBTP() float64 { return 20 * math.Log10(max(l.peak, 1e-6)) }
