package ffmpeg

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"xueshi/internal/media"
)

// flashes are the seconds at which a made film flashes and beeps at once.
const flashes = "between(mod(t,5),1,1.2)"

// film makes a source: black and silent but for the flashes. more are options of the encoders.
func film(t *testing.T, size string, rate string, seconds float64, file string, more ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), file)
	args := []string{"-loglevel", "error", "-y",
		"-f", "lavfi", "-i", fmt.Sprintf("color=black:s=%s:r=%s:d=%g,drawbox=c=white:t=fill:enable='%s'", size, rate, seconds, flashes),
		"-f", "lavfi", "-i", fmt.Sprintf("aevalsrc='0.3*sin(1000*2*PI*t)*%s':s=44100:d=%g", flashes, seconds), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"}
	tool(t, "ffmpeg", append(append(args, more...), out)...)
	return out
}

func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out.String())
	}
	return out.String()
}

// pack packages path and reads the manifest.
func pack(t *testing.T, path string) (dir string, m media.Manifest) {
	t.Helper()
	dir = t.TempDir()
	if err := NewTranscoder().Package(context.Background(), path, dir, func(int64, int64) {}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "lesson.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return dir, m
}

// whole joins the segments of a rendition as a player does.
func whole(t *testing.T, dir string, r media.Rendition, segments int64) string {
	t.Helper()
	names := []string{"init.mp4"}
	for n := range segments {
		names = append(names, fmt.Sprintf("%d.m4s", n))
	}
	var all []byte
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(dir, r.Name, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	out := filepath.Join(t.TempDir(), r.Name+".mp4")
	if err := os.WriteFile(out, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

// times are what a detecting filter says after a word, in seconds.
func times(report, word string) (out []float64) {
	for _, m := range regexp.MustCompile(word+`: ?([0-9.]+)`).FindAllStringSubmatch(report, -1) {
		v, _ := strconv.ParseFloat(m[1], 64)
		out = append(out, v)
	}
	return out
}

// beginnings are when a film's flashes and beeps begin.
func beginnings(t *testing.T, file string) (flash, beep []float64) {
	t.Helper()
	report := tool(t, "ffmpeg", "-hide_banner", "-nostats", "-copyts", "-i", file, "-filter_complex", "[0:v]blackdetect=d=0.2:pix_th=0.3[v];[0:a]silencedetect=n=-30dB:d=0.2[a]", "-map", "[v]", "-map", "[a]", "-f", "null", "-")
	return times(report, "black_end"), times(report, "silence_end")
}

// firsts gives pts and key flags of a stream's packets.
func packets(t *testing.T, file, stream string) (out []struct {
	at  float64
	key bool
}) {
	t.Helper()
	for line := range strings.Lines(tool(t, "ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0", file)) {
		f := strings.Split(strings.TrimSpace(line), ",")
		if len(f) < 2 {
			continue
		}
		at, err := strconv.ParseFloat(f[0], 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out = append(out, struct {
			at  float64
			key bool
		}{at, strings.HasPrefix(f[1], "K")})
	}
	return out
}

func TestPackage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, size, rate, file string
		seconds                float64
		more                   []string
		want                   string
		duration               int64
	}{
		{"720p with B-frames", "1280x720", "25", "a.mp4", 20.5, []string{"-bf", "3", "-preset", "fast"}, "360p 640x360, 480p 854x480, 720p 1280x720, audio", 20_520},
		{"NTSC rate, mono, in Matroska", "640x360", "30000/1001", "a.mkv", 12, []string{"-ac", "1"}, "360p 640x360, audio", 12_033},
		{"portrait of an odd size, late sound", "406x722", "24", "a.mov", 13, []string{"-vf", "setsar=1"}, "360p 360x640, audio", 13_000},
		{"smaller than the ladder", "320x180", "10", "a.mp4", 7, nil, "180p 320x180, audio", 7_000},
		{"a rung short of lines", "1912x1072", "5", "a.mp4", 7, nil, "360p 642x360, 480p 856x480, 720p 1284x720, 1080p 1912x1072, audio", 7_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src := film(t, c.size, c.rate, c.seconds, c.file, c.more...)
			dir, m := pack(t, src)
			var got []string
			for _, r := range m.Renditions {
				if r.AudioOnly {
					got = append(got, r.Name)
				} else {
					got = append(got, fmt.Sprintf("%s %dx%d", r.Name, r.Width, r.Height))
				}
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("renditions %s, want %s", s, c.want)
			}
			if d := m.DurationMS - c.duration; d < -40 || d > 40 {
				t.Errorf("%d ms long, want %d", m.DurationMS, c.duration)
			}
			for _, r := range m.Renditions {
				checkRendition(t, whole(t, dir, r, m.Segments), r, m)
			}
			checkStills(t, dir, m)
		})
	}
}

// checkRendition holds a rendition against what a player and the evidence need of it.
func checkRendition(t *testing.T, file string, r media.Rendition, m media.Manifest) {
	t.Helper()
	checkEdits(t, file, r.Name)
	sound := packets(t, file, "a:0")
	if last := sound[len(sound)-1].at; sound[0].at != 0 || last >= float64(m.DurationMS)/1000 || last < float64(m.DurationMS)/1000-0.05 {
		t.Errorf("%s: sound from %g to %g of %d ms", r.Name, sound[0].at, last, m.DurationMS)
	}
	if r.AudioOnly {
		return
	}
	picture := packets(t, file, "v:0")
	step := float64(m.DurationMS) / 1000 / float64(len(picture))
	for i, p := range picture {
		if math.Abs(p.at-float64(i)*step) > 0.001 {
			t.Fatalf("%s: picture %d at %g s: the rate is not constant", r.Name, i, p.at)
		}
		if whole := math.Abs(p.at/6-math.Round(p.at/6)) < 1e-6; whole != p.key {
			t.Errorf("%s: key frame %v at %g s", r.Name, p.key, p.at)
		}
	}
	flash, beep := beginnings(t, file)
	want := int(m.DurationMS+4000-1) / 5000
	if len(flash) < want || len(beep) < want {
		t.Fatalf("%s: flashes %v, beeps %v", r.Name, flash, beep)
	}
	for i := range want {
		at := float64(5*i + 1)
		if math.Abs(flash[i]-beep[i]) > 0.025 || math.Abs(flash[i]-at) > 0.025+step/2 || math.Abs(beep[i]-at) > 0.025 {
			t.Errorf("%s: flash at %g, beep at %g, both belong at %g s", r.Name, flash[i], beep[i], at)
		}
	}
}

// checkEdits refuses an edit list that does anything: not every player of fragments heeds one.
func checkEdits(t *testing.T, file, name string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for at := bytes.Index(raw, []byte("elst")); at >= 0; {
		if entries, start := binary.BigEndian.Uint32(raw[at+8:]), binary.BigEndian.Uint32(raw[at+16:]); raw[at+4] != 0 || entries != 1 || start != 0 {
			t.Errorf("%s: an edit list begins at %d (%x)", name, start, raw[at:at+24])
		}
		next := bytes.Index(raw[at+4:], []byte("elst"))
		if next < 0 {
			return
		}
		at += 4 + next
	}
}

func checkStills(t *testing.T, dir string, m media.Manifest) {
	t.Helper()
	vtt, err := os.ReadFile(filepath.Join(dir, "thumbs.vtt"))
	if err != nil || strings.Count(string(vtt), "-->") != int(m.DurationMS+9999)/10_000 {
		t.Errorf("%s %v", vtt, err)
	}
	for _, name := range []string{"poster.jpg", "thumbs.jpg"} {
		if size := tool(t, "ffprobe", "-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", filepath.Join(dir, name)); !strings.Contains(size, ",") {
			t.Errorf("%s: %q", name, size)
		}
	}
}
