package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"xueshi/internal/media"
)

// repair is one run of Repair.
type repair struct {
	t         *Transcoder
	path, tmp string
	src       *source
	plan      media.RepairPlan
	progress  func(doneMS, totalMS int64)
}

// lengthMS is how long the better copy is.
func (r *repair) lengthMS() int64 { return r.src.lengthMS - r.plan.TrimHeadMS - r.plan.TrimTailMS }

// Repair implements media.Transcoder: an MP4 file that differs from the one before in what the plan says and in nothing else.
// The picture is copied as it is unless it has to be cut or given another rate; the sound unless it has to be cut or levelled.
func (t *Transcoder) Repair(ctx context.Context, path, out string, plan media.RepairPlan, progress func(doneMS, totalMS int64)) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if out, err = filepath.Abs(out); err != nil {
		return err
	}
	src, err := t.look(ctx, path)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(out), ".repair-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	r := &repair{t, path, tmp, src, plan, progress}
	if plan.TrimHeadMS < 0 || plan.TrimTailMS < 0 || r.lengthMS() <= 0 {
		return errors.New("nothing would be left of the file")
	}
	sound, err := r.sound(ctx)
	if err != nil {
		return err
	}
	whole := filepath.Join(tmp, "whole.mp4")
	if err := r.mux(ctx, sound, whole); err != nil {
		return err
	}
	return os.Rename(whole, out)
}

// cut tells whether pieces of the file go.
func (r *repair) cut() bool { return r.plan.TrimHeadMS > 0 || r.plan.TrimTailMS > 0 }

// mux joins the picture, as it is or encoded again, with the sound.
func (r *repair) mux(ctx context.Context, sound, out string) error {
	args := append([]string{"-threads", "2"}, input(r.path)...)
	if sound != "" {
		args = append(args, input(sound)...)
	}
	args = append(args, r.picture()...)
	switch {
	case sound != "":
		args = append(args, "-map", "1:a:0", "-c:a", "copy")
	case r.src.audio != nil:
		args = append(args, "-map", fmt.Sprintf("0:%d", r.src.audio.Index), "-c:a", "copy")
	}
	args = append(args, "-map_metadata", "0", "-map_chapters", "-1", "-movflags", "+faststart", "-f", "mp4", out)
	_, err := r.t.encode(ctx, r.tmp, r.lengthMS(), r.progress, args...)
	return err
}

// inMP4 are the picture codecs that an MP4 file takes as they are.
var inMP4 = []string{"h264", "hevc", "mpeg4", "av1", "vp9"}

// picture is copied if it may be; otherwise it is encoded so well that packaging it afterwards does not show it twice.
func (r *repair) picture() []string {
	v := &r.src.video
	if !r.cut() && r.plan.FrameRate == 0 && slices.Contains(inMP4, v.Codec) {
		return []string{"-map", fmt.Sprintf("0:%d", v.Index), "-c:v", "copy"}
	}
	var filters []string
	if r.cut() {
		filters = append(filters, fmt.Sprintf("trim=start=%s:end=%s", seconds(r.plan.TrimHeadMS), seconds(r.src.lengthMS-r.plan.TrimTailMS)),
			fmt.Sprintf("setpts=PTS-%s/TB", seconds(r.plan.TrimHeadMS)))
	}
	mode := []string{"-fps_mode", "passthrough", "-enc_time_base", "-1"}
	if r.plan.FrameRate > 0 {
		filters = append(filters, fmt.Sprintf("fps=fps=%d:start_time=0", r.plan.FrameRate))
		mode = []string{"-fps_mode", "cfr"}
	}
	args := []string{"-map", fmt.Sprintf("0:%d", v.Index), "-c:v", "libx264", "-preset", "veryfast", "-crf", "16", "-threads", "2", "-profile:v", "high",
		"-vf", strings.Join(append(filters, v.scaled(even(r.src.width), even(r.src.height)), "format=yuv420p"), ",")}
	return append(append(args, mode...), v.colours()...)
}

func seconds(ms int64) string { return fmt.Sprintf("%d.%03d", ms/1000, ms%1000) }

// sound writes what has to be made of the sound and says where; "" when it stays as it is.
func (r *repair) sound(ctx context.Context) (file string, err error) {
	a := r.src.audio
	if a == nil || !r.cut() && r.plan.Loudness == 0 && slices.Contains([]string{"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"}, a.Codec) {
		return "", nil
	}
	file = filepath.Join(r.tmp, "sound.mp4")
	if r.plan.Loudness == 0 {
		return file, r.code(ctx, "", file)
	}
	return file, r.level(ctx, file)
}

// kept is the piece of the sound that stays, beginning at 0.
func (r *repair) kept() string {
	rate, err := strconv.ParseInt(r.src.audio.SampleRate, 10, 64)
	if err != nil || rate <= 0 {
		rate = sampling
	}
	return fmt.Sprintf("aresample=%d:async=1:first_pts=0,atrim=start_sample=%d:end_sample=%d,asetpts=N/SR/TB",
		rate, r.plan.TrimHeadMS*rate/1000, (r.src.lengthMS-r.plan.TrimTailMS)*rate/1000)
}

// code encodes the kept sound behind a filter.
func (r *repair) code(ctx context.Context, filter, out string) error {
	rate := max(128_000, int64(64_000)*r.src.audio.Channels)
	if own, err := strconv.ParseInt(r.src.audio.BitRate, 10, 64); err == nil {
		rate = min(max(rate, own), 512_000)
	}
	args := append(input(r.path), "-map", fmt.Sprintf("0:%d", r.src.audio.Index), "-af", r.kept()+filter, "-c:a", "aac", "-b:a", fmt.Sprint(rate), "-f", "mp4", out)
	_, err := r.t.encode(ctx, r.tmp, r.lengthMS(), r.quiet, args...)
	return err
}

// quiet is the progress of the passes before the last.
func (r *repair) quiet(int64, int64) { r.progress(0, r.lengthMS()) }

// level brings the sound to the wanted loudness: it is measured, moved as a whole, and measured again as it was coded. Only when
// peaks would pass the limit are they held down, and the loss is made up for in the next round; AAC overshoots a limiter.
func (r *repair) level(ctx context.Context, out string) error {
	was, err := r.measure(ctx, r.path, r.src.audio.Index, r.kept()+",")
	if err != nil {
		return err
	}
	if math.IsInf(was.integrated, 0) || was.integrated < -69 {
		return errors.New("the file is silent: there is nothing to level")
	}
	peak := r.plan.TruePeak
	if peak == 0 {
		peak = -1
	}
	gain, top := r.plan.Loudness-was.integrated, peak-0.3
	for round := 0; ; round++ {
		filter := fmt.Sprintf(",volume=%.3fdB", gain)
		if was.peak+gain > top {
			filter += fmt.Sprintf(",aresample=%d,alimiter=limit=%.6f:attack=2:release=50:level=false:latency=true,aresample=%s", 4*sampling, math.Pow(10, top/20), r.src.audio.SampleRate)
		}
		if err := r.code(ctx, filter, out); err != nil {
			return err
		}
		now, err := r.measure(ctx, out, 0, "")
		if err != nil {
			return err
		}
		over, miss := now.peak-peak, r.plan.Loudness-now.integrated
		if over <= 0 && math.Abs(miss) <= 0.3 || round == 3 {
			return nil
		}
		if over > 0 {
			top -= over + 0.1
		}
		gain += miss
	}
}

// level is what a measurement of sound says, by ITU-R BS.1770.
type level struct{ integrated, peak float64 }

func (r *repair) measure(ctx context.Context, path string, stream int64, filter string) (l level, err error) {
	args := append([]string{"-nostdin", "-hide_banner", "-nostats", "-loglevel", "info"}, input(path)...)
	args = append(args, "-map", fmt.Sprintf("0:%d", stream), "-af", filter+"ebur128=peak=true:framelog=verbose", "-f", "null", "-")
	_, report, err := r.t.run(ctx, program{name: r.t.ffmpeg, args: args, cpu: limit(r.src.lengthMS)})
	if err != nil {
		return l, err
	}
	_, summary, _ := strings.Cut(string(report), "Summary:")
	if l.integrated, err = number(summary, "I:"); err != nil {
		return l, err
	}
	l.peak, err = number(summary, "Peak:")
	return l, err
}

// number is the value after a word of a report.
func number(report, word string) (float64, error) {
	_, rest, _ := strings.Cut(report, word)
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0, fmt.Errorf("the measurement says no %q", word)
	}
	return strconv.ParseFloat(fields[0], 64)
}
