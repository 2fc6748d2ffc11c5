package ffmpeg

import (
	"context"
	"math"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"xueshi/internal/media"
)

// facts are what a repair may change, and what it must keep.
type facts struct {
	length           float64 // seconds
	loudness, peak   float64
	rate, size, tags string
	channels         string
}

func factsOf(t *testing.T, file string) (f facts) {
	t.Helper()
	show := func(stream, what string) string {
		return strings.TrimSpace(tool(t, "ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", what, "-of", "csv=p=0", file))
	}
	f.length, _ = strconv.ParseFloat(show("v", "format=duration"), 64)
	f.rate, f.size, f.channels = show("v", "stream=avg_frame_rate"), show("v", "stream=width,height"), show("a", "stream=channels,sample_rate")
	f.tags = show("v", "stream=color_space,color_transfer,color_primaries")
	report := tool(t, "ffmpeg", "-hide_banner", "-nostats", "-i", file, "-map", "0:a", "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-")
	_, report, _ = strings.Cut(report, "Summary:")
	var err error
	if f.loudness, err = number(report, "I:"); err != nil {
		t.Fatal(err)
	}
	if f.peak, err = number(report, "Peak:"); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRepair(t *testing.T) {
	t.Parallel()
	tagged := []string{"-colorspace", "bt709", "-color_trc", "bt709", "-color_primaries", "bt709"}
	src := film(t, "640x360", "25", 16, "source.mp4", append(tagged, "-bf", "2", "-preset", "fast")...)
	was := factsOf(t, src)
	for _, c := range []struct {
		name   string
		plan   media.RepairPlan
		length float64
		rate   string
		first  float64 // the first flash and beep
		copied bool
	}{
		{"loudness alone leaves the picture", media.RepairPlan{Loudness: -18, TruePeak: -1}, 16, "25/1", 1, true},
		{"loudness that needs the limiter", media.RepairPlan{Loudness: -9, TruePeak: -1.5}, 16, "25/1", 1, true},
		{"head and tail", media.RepairPlan{TrimHeadMS: 4480, TrimTailMS: 1240}, 10.28, "25/1", 1.52, false},
		{"frame rate", media.RepairPlan{FrameRate: 30}, 16, "30/1", 1, false},
		{"everything at once", media.RepairPlan{TrimHeadMS: 500, TrimTailMS: 500, Loudness: -18, TruePeak: -1, FrameRate: 10}, 15, "10/1", 0.5, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "better.mp4")
			if err := NewTranscoder().Repair(context.Background(), src, out, c.plan, func(int64, int64) {}); err != nil {
				t.Fatal(err)
			}
			got := factsOf(t, out)
			t.Logf("before %+v", was)
			t.Logf("after  %+v", got)
			if math.Abs(got.length-c.length) > 0.05 || !sameRate(got.rate, c.rate) || got.size != was.size || got.tags != was.tags || got.channels != was.channels {
				t.Error("length, rate, size, colours or channels are not what was asked for")
			}
			wantLoudness, most := was.loudness, math.Inf(1)
			switch {
			case c.plan.Loudness != 0:
				wantLoudness, most = c.plan.Loudness, c.plan.TruePeak
			case !c.copied: // a piece of the file has a loudness of its own
				wantLoudness = got.loudness
			}
			if math.Abs(got.loudness-wantLoudness) > 0.5 || got.peak > most+0.05 {
				t.Errorf("%.1f LUFS with peaks of %.1f dBTP", got.loudness, got.peak)
			}
			checkTogether(t, out, c.first)
			if c.copied != (pictureHash(t, out) == pictureHash(t, src)) {
				t.Error("the picture was encoded again, or was not")
			}
		})
	}
}

// sameRate compares frame rates but for the rounding of the last frame's length to the time base.
func sameRate(a, b string) bool {
	value := func(s string) float64 {
		num, den, _ := strings.Cut(s, "/")
		n, _ := strconv.ParseFloat(num, 64)
		d, _ := strconv.ParseFloat(den, 64)
		return n / d
	}
	return math.Abs(value(a)/value(b)-1) < 0.0001
}

// checkTogether holds the first flash and beep against where they belong.
func checkTogether(t *testing.T, file string, at float64) {
	t.Helper()
	flash, beep := beginnings(t, file)
	if len(flash) == 0 || len(beep) == 0 {
		t.Fatalf("flashes %v, beeps %v", flash, beep)
	}
	if math.Abs(flash[0]-at) > 0.101 || math.Abs(beep[0]-at) > 0.025 {
		t.Errorf("first flash %g, first beep %g, want %g s", flash[0], beep[0], at)
	}
}

// pictureHash stands for the coded picture, whatever file it lies in.
func pictureHash(t *testing.T, file string) string {
	t.Helper()
	return regexp.MustCompile("MD5=[0-9a-f]+").FindString(tool(t, "ffmpeg", "-hide_banner", "-loglevel", "error", "-i", file, "-map", "0:v", "-c", "copy", "-bsf:v", "h264_mp4toannexb", "-f", "md5", "-"))
}
