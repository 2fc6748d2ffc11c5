package ffmpeg

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"xueshi/internal/media"
)

// scanned is what lines of packets say; stream 0 is the picture, 1 the sound.
func scanned(t testing.TB, startMS float64, lines ...string) *packetScan {
	t.Helper()
	p := &packetScan{video: 0, audio: 1, startMS: startMS, lastDTS: -1e18}
	if err := p.read(strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	p.end()
	return p
}

func TestPackets(t *testing.T) {
	p := scanned(t, 500,
		"0,0.500000,0.460000,0.040000,1000,K__",
		"0,0.580000,0.500000,0.040000,500,___",
		"0,0.540000,0.540000,0.040000,500,___",
		"1,0.480000,0.480000,0.020000,300,KD_", // priming
		"1,0.500000,0.500000,0.020000,400,K__",
		"1,0.520000,0.520000,0.020000,400,K__",
		"2,0.000000,0.000000,9.000000,999,K__", // subtitles
		"", "nonsense", "0,N/A,N/A,N/A,N/A,___", "1,0.54")
	if p.from != [2]float64{0, 0} || p.to != [2]float64{120, 40} || p.seen != [2]int64{3, 2} || p.bytes != [2]int64{2000, 800} || p.outOfOrder != 0 || len(p.gaps) != 0 {
		t.Errorf("%+v", p)
	}
	if got := p.kbps(0); got < 133 || got > 134 {
		t.Errorf("%g kbit/s", got)
	}
}

func TestOrderOfPackets(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		want  int64
	}{
		"as they should":           {[]string{"0,0.0,0.0,0.04,1,K", "0,0.04,0.04,0.04,1,_"}, 0},
		"decoded backwards":        {[]string{"0,0.04,0.04,0.04,1,K", "0,0.08,0.00,0.04,1,_"}, 1},
		"two at one instant":       {[]string{"0,0.04,0.00,0.04,1,K", "0,0.04,0.04,0.04,1,_"}, 1},
		"shown before it is there": {[]string{"0,0.00,0.00,0.04,1,K", "0,0.01,0.04,0.04,1,_"}, 1},
		"the sound has no order":   {[]string{"1,0.04,0.04,0.02,1,K", "1,0.00,0.00,0.02,1,K"}, 0},
	} {
		if got := scanned(t, 0, c.lines...).outOfOrder; got != c.want {
			t.Errorf("%s: %d", name, got)
		}
	}
}

func TestHolesOfTheSound(t *testing.T) {
	sound := func(long func(i int) float64, at func(i int) float64) (lines []string) {
		for i := range 20 {
			lines = append(lines, fmt.Sprintf("1,%f,%f,%f,100,K__", at(i), at(i), long(i)))
		}
		return lines
	}
	usual := func(int) float64 { return 0.02 }
	after := func(hole float64) func(i int) float64 {
		return func(i int) float64 {
			if i >= 10 {
				return 0.02*float64(i) + hole
			}
			return 0.02 * float64(i)
		}
	}
	stretched := func(i int) float64 { // as MP4 does
		if i == 9 {
			return 0.22
		}
		return 0.02
	}
	vorbis := func(i int) float64 { return []float64{0.003, 0.012}[i%2] }
	for name, c := range map[string]struct {
		lines []string
		want  []media.Span
	}{
		"none":                       {sound(usual, after(0)), nil},
		"a hole":                     {sound(usual, after(0.2)), []media.Span{{FromMS: 200, ToMS: 400}}},
		"a hole under a long packet": {sound(stretched, after(0.2)), []media.Span{{FromMS: 200, ToMS: 400}}},
		"too small to write down":    {sound(usual, after(0.03)), nil},
		"lengths that alternate":     {sound(vorbis, after(0)), nil},
		"lengths that nobody knows":  {sound(func(int) float64 { return 0 }, after(0)), nil},
	} {
		if got := scanned(t, 0, c.lines...).gaps; !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTheLongestSpansAreKept(t *testing.T) {
	var spans []media.Span
	for i := range int64(maxGaps + 10) {
		spans = append(spans, media.Span{FromMS: 1000 * i, ToMS: 1000*i + 100 + i})
	}
	got := longest(spans)
	if len(got) != maxGaps || got[0].FromMS != 10_000 || !slices.IsSortedFunc(got, func(a, b media.Span) int { return int(a.FromMS - b.FromMS) }) {
		t.Errorf("%d spans from %v", len(got), got[0])
	}
}

func FuzzPackets(f *testing.F) {
	f.Add("0,0.5,0.46,0.04,1000,K__\n1,0.5,0.5,0.02,300,KD_\n1,0.9,0.9,0.02,300,K__")
	f.Add("0,1e300,-1e300,nan,-5,K\n1,inf,inf,inf,99999999999999999999,K")
	f.Fuzz(func(t *testing.T, text string) {
		p := &packetScan{video: 0, audio: 1, lastDTS: -1e18}
		_ = p.read(strings.NewReader(text))
		p.end()
		for _, g := range p.gaps {
			if g.ToMS < g.FromMS {
				t.Errorf("%v", g)
			}
		}
		if p.outOfOrder < 0 || p.bytes[0] < 0 || p.bytes[1] < 0 {
			t.Errorf("%+v", p)
		}
	})
}
