package ffmpeg

import (
	"context"
	"image"
	_ "image/jpeg" // evidence is a JPEG
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"xueshi/internal/media"
)

// TestMeasure measures a film of which everything is known: two seconds of moving bars, one of black, and a tone.
func TestMeasure(t *testing.T) {
	path := made(t, "film.mkv", "-f lavfi -i testsrc2=s=640x360:r=25:d=3,drawbox=c=black:t=fill:enable='gte(t,1.999)' "+
		"-f lavfi -i aevalsrc='0.1*sin(800*2*PI*t)|0.05*sin(800*2*PI*t)':s=48000:d=3,afade=d=0.1,afade=t=out:st=2.9:d=0.1 -c:v libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p -c:a aac")
	var done, total int64
	m, err := NewInspector().Measure(context.Background(), path, func(d, all int64) { done, total = d, all })
	if err != nil {
		t.Fatal(err)
	}
	p, s := &m.Picture, m.Sound
	if m.Container != "matroska" || m.SizeBytes == 0 || p.Codec != "h264" || p.Width != 640 || p.Height != 360 || p.FPS != 25 || p.Frames != 75 || p.Lost != 0 || p.OutOfOrder != 0 || p.Interlaced {
		t.Errorf("%+v", m)
	}
	if len(p.Blacks) != 1 || p.Blacks[0].FromMS < 1990 || p.Blacks[0].FromMS > 2030 || p.Blacks[0].ToMS != p.EndMS || p.EndMS < 2990 || p.EndMS > 3040 {
		t.Errorf("blacks %v, end %d", p.Blacks, p.EndMS)
	}
	// −20 dBFS of amplitude left, 6 dB less right: −23.0 and −29.0 dBFS RMS, about −22.5 LUFS together.
	if s.Codec != "aac" || s.Hz != 48000 || s.Channels != 2 || math.Abs(s.Balance-6) > 0.2 || math.Abs(s.Speech+23) > 0.3 || math.Abs(s.TruePeak+20) > 0.5 || math.Abs(s.Loudness+22) > 1 || len(s.Gaps)+len(s.Silences) != 0 {
		t.Errorf("%+v", *s)
	}
	if len(p.Luma) < 3 || len(s.ShortTerm) < 3 || !slices.Contains(s.ShortTerm, -70) || total < 2900 || done > total {
		t.Errorf("%d and %d seconds of curves, %d of %d ms", len(p.Luma), len(s.ShortTerm), done, total)
	}
	silent, err := NewInspector().Measure(context.Background(), made(t, "silent.mp4", "-f lavfi -i testsrc2=s=320x180:r=25:d=1 "+testH264), func(int64, int64) {})
	if err != nil || silent.Sound != nil || silent.DurationMS != 1000 {
		t.Errorf("%+v %v", silent, err)
	}
}

func TestMeasureTellsOffsetsOfStreams(t *testing.T) {
	film := made(t, "film.mp4", testFilm)
	late := made(t, "late.mp4", "-i "+film+" -itsoffset 0.3 -i "+film+" -map 0:v -map 1:a -c copy")
	m, err := NewInspector().Measure(context.Background(), late, func(int64, int64) {})
	if err != nil || m.Picture.StartMS != 0 || m.Sound.StartMS < 270 || m.Sound.StartMS > 330 {
		t.Errorf("%+v %v", m, err)
	}
}

func TestMeasureStopsWithItsCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	film := made(t, "film.mp4", "-f lavfi -i testsrc2=s=320x180:r=25:d=60 "+testH264)
	_, err := NewInspector().Measure(ctx, film, func(int64, int64) { cancel() })
	if ctx.Err() == nil || err == nil {
		t.Errorf("%v", err)
	}
}

func TestEvidence(t *testing.T) {
	film := made(t, "film.mp4", testFilm)
	for _, c := range []struct {
		finding       media.Finding
		width, height int
	}{
		{media.Finding{Kind: "black_tail", FromMS: 1500, ToMS: 2000}, 640, 360},
		{media.Finding{Kind: "resolution"}, 640, 360},
		{media.Finding{Kind: "silence", FromMS: 500, ToMS: 1500}, 640, 160},
		{media.Finding{Kind: "loudness_low"}, 640, 160},
	} {
		out := filepath.Join(t.TempDir(), "evidence.jpg")
		if err := NewInspector().Evidence(context.Background(), film, c.finding, out); err != nil {
			t.Errorf("%s: %v", c.finding.Kind, err)
			continue
		}
		f, err := os.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		picture, kind, err := image.DecodeConfig(f)
		_ = f.Close()
		if err != nil || kind != "jpeg" || picture.Width != c.width || picture.Height != c.height {
			t.Errorf("%s: %s %+v %v", c.finding.Kind, kind, picture, err)
		}
	}
	nothing := filepath.Join(t.TempDir(), "nothing.jpg")
	if err := NewInspector().Evidence(context.Background(), film, media.Finding{Kind: "freeze", FromMS: 90_000, ToMS: 95_000}, nothing); err == nil {
		t.Error("a frame behind the end")
	}
}
